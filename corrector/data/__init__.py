"""Data that the corrector is trained on and measured with."""

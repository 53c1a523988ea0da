"""What the corrector is compared with. Not part of the installed package."""

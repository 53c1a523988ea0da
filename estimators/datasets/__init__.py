"""Labelled pictures to train and measure on."""

"""Trains the corrector: data, simulated errors, loop, joint gain."""

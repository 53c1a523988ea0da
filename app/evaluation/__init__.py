"""Measures estimators and corrections."""

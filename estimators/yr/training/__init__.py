"""Trains a model of parts: K-means mixtures, a linear SVM per template, then the whole tree at once."""

"""Trains SFN: mixture of data sets and augmentation, registered with MMPose, loop, calibration."""

"""Data sets and augmentation for training SFN, registered with MMPose."""

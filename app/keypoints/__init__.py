"""Reads and writes files of keypoints, a file a format."""

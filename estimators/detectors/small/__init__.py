"""The built-in detector: a small network of posefix's own."""

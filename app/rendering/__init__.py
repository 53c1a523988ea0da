"""Draws joints onto frames: overlays, single pictures, contact sheets."""

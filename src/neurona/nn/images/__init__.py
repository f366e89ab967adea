"""Layers of images: their augmentation, and other sizes."""

"""Layers that turn text, categories and ranges into numbers."""

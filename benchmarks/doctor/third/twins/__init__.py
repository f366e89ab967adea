"""Healthy twins of the faults of the third part, by family."""

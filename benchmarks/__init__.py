"""Benchmarks of neurona and its peers, side by side; see README.md."""

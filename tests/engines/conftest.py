"""What needs JAX is imported by its test only."""

collect_ignore = ["xla.py"]

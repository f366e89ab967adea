"""Single ops over a grid of shapes, beside torch's libraries: `python -m benchmarks.grid`."""

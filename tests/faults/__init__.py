"""Saves that are killed or fail at each of their calls of the system: `python -m tests.faults`."""

"""Files that were damaged or forged, by the thousand: `python -m tests.mutations --help`."""

"""Recurrent layers: cells, and the loop that goes with one through a sequence."""

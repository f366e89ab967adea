"""Attention: what layers see of a sequence, and where in it they are."""

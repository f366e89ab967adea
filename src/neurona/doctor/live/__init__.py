"""Watching a training: what is measured at certain steps, and what is concluded from it."""

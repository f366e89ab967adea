"""Engines: each is a function `compile(graph) -> Program`."""

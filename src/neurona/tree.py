"""Nested structures, as in Keras: `from neurona import tree`."""

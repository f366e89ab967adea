"""The constraints, as in Keras: `from neurona import constraints`."""

from neurona.nn.constraints import Constraint, NonNeg, get

__all__ = ["Constraint", "NonNeg", "get"]

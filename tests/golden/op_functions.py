"""Functions that golden cases of `ops` hand over; each takes the module of ops to write it with."""


def double(ops):
    """x -> 2 x."""
    return lambda x: ops.multiply(x, 2.0)


def inner_plus(ops):
    """Two vectors -> their inner product, plus the sum of the first."""
    return lambda x, y: ops.sum(x * y) + ops.sum(x)

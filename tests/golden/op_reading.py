"""How arguments and results of functions of `ops` stand in JSON, for make_ops*.py and test_ops.py.

An array is ``{"array": values, "dtype": name}``, a function ``{"function": name}``; all else is
itself, but that a list of numbers alone means a tuple.
"""

import numpy as np

try:
    from . import op_functions
except ImportError:  # as a script's neighbour
    import op_functions


def encoded(value):
    """Arguments or results as JSON data."""
    if isinstance(value, dict) and "function" not in value:
        return {k: encoded(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [encoded(v) for v in value]
    if isinstance(value, np.ndarray):
        return {"array": value, "dtype": value.dtype.name}
    return value.item() if isinstance(value, np.generic) else value


def decoded(value, make, ops):
    """Arguments from JSON data; `make(values, dtype)` makes the arrays, in their order."""
    if isinstance(value, dict) and "array" in value:
        return make(value["array"], value["dtype"])
    if isinstance(value, dict) and "function" in value:
        return getattr(op_functions, value["function"])(ops)
    if isinstance(value, dict):
        return {k: decoded(v, make, ops) for k, v in value.items()}
    if isinstance(value, list):
        several = [decoded(v, make, ops) for v in value]
        return tuple(several) if all(type(v) in (int, float, tuple) for v in several) else several
    return value


def leaves(value):
    """What stands in nested lists and tuples, in order."""
    if isinstance(value, (list, tuple)):
        return [leaf for v in value for leaf in leaves(v)]
    return [value]


def weights(shape):
    """Numbers between -1 and 1 that outputs are weighted with before a gradient is taken."""
    n = int(np.prod(shape, dtype=int))
    return np.cos(np.arange(1, n + 1)).reshape(shape).astype("float32")

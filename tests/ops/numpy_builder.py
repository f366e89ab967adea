"""A Builder made of NumPy functions: the scalar rules of the lowering kinds, run on arrays."""

import math

import numpy as np

from neurona.core.shapes import as_dtype

_RENAMED = {
    "sub": "subtract", "mul": "multiply", "div": "divide", "neg": "negative", "pow": "power",
    "floordiv": "floor_divide", "eq": "equal", "ne": "not_equal", "lt": "less", "le": "less_equal",
    "gt": "greater", "ge": "greater_equal", "select": "where", "round": "rint",
    "bit_and": "bitwise_and", "bit_or": "bitwise_or", "bit_xor": "bitwise_xor",
    "shift_up": "left_shift", "shift_down": "right_shift",
}  # fmt: skip
_SAME = {
    "add", "mod", "minimum", "maximum", "logical_and", "logical_or", "logical_not", "exp", "log",
    "log1p", "expm1", "sqrt", "abs", "sign", "sin", "cos", "tanh", "floor", "isfinite",
}  # fmt: skip


class NumpyBuilder:
    def __getattr__(self, name):
        if name in _SAME or name in _RENAMED:
            return getattr(np, _RENAMED.get(name, name))
        raise AttributeError(f"the Builder has no {name}")

    def rsqrt(self, x):
        return 1 / np.sqrt(x)

    def sigmoid(self, x):
        return 1 / (1 + np.exp(-x))

    def erf(self, x):
        return np.asarray([math.erf(v) for v in x.ravel()], x.dtype).reshape(x.shape)

    def constant(self, value, like):
        return np.asarray(value, like.dtype)

    def cast(self, x, dtype):
        return x.astype(as_dtype(dtype))

    def integer(self, n):
        return np.int64(n)

    def fold(self, count, step, *values):
        for n in range(count):
            values = step(np.int64(n), *values)
        return values

    def position(self, k, size):
        assert np.all((-size <= k) & (k < size))
        return np.where(k < 0, k + np.int64(size), k).astype("int64")


class Input:
    """An array that is read at computed places, but never outside."""

    def __init__(self, array):
        self.array, self.shape, self.dtype = array, array.shape, array.dtype

    def at(self, index, where=True, otherwise=None):
        assert len(index) == len(self.shape)
        *index, where = np.broadcast_arrays(*index, where)
        for k, size in zip(index, self.shape, strict=True):
            assert k.dtype == "int64"
            assert np.all(~where | ((k >= 0) & (k < size)))
        if otherwise is None:
            return self.array[tuple(index)]
        assert otherwise.dtype == self.dtype
        if not self.array.size:
            return np.broadcast_to(otherwise, where.shape)
        return np.where(where, self.array[tuple(np.where(where, k, 0) for k in index)], otherwise)

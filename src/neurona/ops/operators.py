"""Gives Tensor its operators and methods; each is one op or composition.

The core knows no particular op, so they are put in place here, when `neurona.ops` is imported.
"""

from __future__ import annotations

from collections.abc import Callable

from neurona.core.op import Op, composition
from neurona.core.shapes import DTYPES, as_dtype
from neurona.core.tensor import Tensor
from neurona.errors import NeuronaError, absent
from neurona.frames import shorten
from neurona.ops import arithmetic as a
from neurona.ops import comparison as c
from neurona.ops import index, movement, reduce
from neurona.ops import integers as i
from neurona.ops.functions import round, sqrt
from neurona.ops.getitem import getitem
from neurona.ops.joining import repeat
from neurona.ops.matmul import matmul
from neurona.ops.notes import Mask
from neurona.ops.twins import array_function, array_ufunc


def _pow(x, y):
    if isinstance(y, int | float) and y == 2:
        return a.square(x)  # exact for negative x, and much faster than a general power
    if isinstance(y, int | float) and y == 0.5:
        return sqrt(x)
    return a.pow(x, y)


BOOL = DTYPES["bool"]


def _bits(logical, bitwise):
    """Return an operator that is logic between booleans, and works on the bits of integers."""

    def operator(x, y):
        truths = all(getattr(v, "dtype", type(v)) in (bool, BOOL) for v in (x, y))
        return logical(x, y) if truths else bitwise(x, y)

    return operator


def _inverted(x):
    """Return not x of booleans, the bits turned over of integers."""
    return c.logical_not(x) if x.dtype == BOOL else i.bitwise_not(x)


_BINARY: dict[str, Callable] = {
    "add": a.add, "sub": a.sub, "mul": a.mul, "truediv": a.div, "floordiv": a.floordiv,
    "mod": a.mod, "pow": _pow, "matmul": matmul, "and": _bits(c.logical_and, i.bitwise_and),
    "or": _bits(c.logical_or, i.bitwise_or), "xor": _bits(c.ne, i.bitwise_xor),
    "lshift": i.left_shift, "rshift": i.right_shift,
}  # fmt: skip
_COMPARISON = {"eq": c.eq, "ne": c.ne, "lt": c.lt, "le": c.le, "gt": c.gt, "ge": c.ge}
_UNARY: dict[str, Callable] = {"neg": a.neg, "abs": a.abs, "invert": _inverted}
_METHODS: dict[str, Callable] = {
    "sum": reduce.sum, "mean": reduce.mean, "var": reduce.var, "std": reduce.std,
    "max": reduce.max, "min": reduce.min, "prod": reduce.prod,
    "any": reduce.any, "all": reduce.all, "argmax": reduce.argmax,
    "argmin": reduce.argmin, "cumsum": reduce.cumsum, "clip": a.clip, "round": round,
    "squeeze": movement.squeeze, "swapaxes": movement.swapaxes, "repeat": repeat,
    "take": index.take, "dot": matmul, "__getitem__": getitem,
}  # fmt: skip


def _method(fn):
    """Return a function as a method; an Op by itself would not receive the tensor."""

    def method(self, *args, **kwargs):
        try:
            return fn(self, *args, **kwargs)
        except NeuronaError as error:
            shorten(error)
            raise

    method.__doc__ = fn.__doc__
    return method


def _binary(fn):
    """Return a function as an operator, and as that of a right operand."""

    def operator(x, y):
        try:
            return fn(x, y)
        except NeuronaError as error:
            shorten(error)
            raise

    def reflected(y, x):
        try:
            return fn(x, y)
        except NeuronaError as error:
            shorten(error)
            raise

    return operator, reflected


def _compared(fn, x, y):
    """Leave None and strings to Python, for which they are never equal to a Tensor."""
    return NotImplemented if y is None or isinstance(y, str) else fn(x, y)


def _flattened(self):
    """Return the elements in one axis."""
    return movement.reshape(self, (-1,))


def _spread(fn):
    """Let x.reshape(2, 3) mean x.reshape((2, 3))."""

    def method(self, *sizes):
        return fn(self, sizes[0] if len(sizes) == 1 else sizes)

    method.__doc__ = fn.__doc__
    return method


def _transposed(self, *axes):
    """Permute the axes; reversed by default."""
    return movement.transpose(self, (axes[0] if len(axes) == 1 else axes) if axes else None)


def _astype(self, dtype):
    """Convert to another element type; the tensor itself if it has that type."""
    return self.value if self.dtype == as_dtype(dtype) else a.cast(self, dtype=dtype)


def _absent(self, name):
    """Say what is written here for a name that a Tensor does not have."""
    raise absent(self, name)


def _install() -> None:
    for name, fn in _BINARY.items():
        fn = fn if isinstance(fn, Op) or fn is _pow else composition(fn)
        operator, reflected = _binary(fn)
        setattr(Tensor, f"__{name}__", operator)
        setattr(Tensor, f"__r{name}__", reflected)
    for name, fn in _COMPARISON.items():
        setattr(Tensor, f"__{name}__", lambda x, y, fn=fn: _compared(fn, x, y))
    for name, fn in _UNARY.items():
        setattr(Tensor, f"__{name}__", lambda x, fn=fn: fn(x))
    for name, fn in _METHODS.items():
        fn = fn if isinstance(fn, Op) else composition(fn)
        setattr(Tensor, name, _method(fn))
    own = {
        "reshape": _spread(movement.reshape),
        "transpose": _transposed,
        "astype": _astype,
        "flatten": _flattened,
        "T": property(lambda self: movement.transpose(self)),
        "__getattr__": _absent,
        "__array_function__": array_function,
        "__array_ufunc__": array_ufunc,
        "_keras_mask": property(lambda self: getattr(self.note(Mask), "steps", None)),
        "__iter__": lambda self: (self[i] for i in range(len(self))),
    }
    for name, fn in own.items():
        setattr(Tensor, name, fn)


_install()

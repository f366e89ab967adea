"""Tensors made of a few numbers: rows of numbers, matrices with ones, windows, grids."""

from __future__ import annotations

import math

import numpy as np

from neurona.core.budget import need
from neurona.core.op import as_floats, as_tensor, cast
from neurona.core.shapes import as_dtype, normalize_axis
from neurona.core.tensor import Tensor, tensor
from neurona.errors import ArgumentError, check_choice, check_integer
from neurona.ops.arithmetic import abs, sign
from neurona.ops.arithmetic import pow as power
from neurona.ops.comparison import ge
from neurona.ops.elements import alike
from neurona.ops.filled import arange, full, zeros
from neurona.ops.functions import exp, log
from neurona.ops.joining import stack
from neurona.ops.movement import broadcast_to, expand_dims, moveaxis, reshape

__all__ = [
    "array", "bartlett", "blackman", "empty", "empty_like", "eye", "full_like", "geomspace",
    "hamming", "hanning", "identity", "kaiser", "linspace", "logspace", "meshgrid", "tri", "vander",
]  # fmt: skip


def array(x, dtype=None):
    """A tensor of numbers, nested lists, an array or a tensor; through a tensor gradients flow.

    >>> array([[1, 2], [3, 4]]).shape
    (2, 2)
    """
    if isinstance(x, Tensor):
        return cast(x, dtype=as_dtype(dtype).name) if dtype is not None else as_tensor(x)
    if isinstance(x, list | tuple) and _holds_tensors(x):
        return stack([array(row, dtype) for row in x])
    return tensor(x, dtype)


def _holds_tensors(x):
    return any(
        isinstance(v, Tensor) or (isinstance(v, list | tuple) and _holds_tensors(v)) for v in x
    )


def empty(shape, dtype=None):
    """A tensor that nobody asked values of: zeros.

    >>> empty((2, 0)).shape
    (2, 0)
    """
    return zeros(shape, dtype)


def empty_like(x, dtype=None):
    """A tensor with the shape and type of x that nobody asked values of: zeros.

    >>> empty_like([1.0, 2.0]).shape
    (2,)
    """
    x = as_tensor(x)
    return zeros(x.shape, dtype or x.dtype)


def full_like(x, fill_value, dtype=None):
    """A tensor of one value with the shape and type of x.

    >>> full_like([1.0, 2.0], 7).tolist()
    [7.0, 7.0]
    """
    x = as_tensor(x)
    return full(x.shape, fill_value, dtype or x.dtype)


# --- matrices with ones ------------------------------------------------------------------------


def tri(N, M=None, k=0, dtype=None):
    """Ones at and below a diagonal, zeros above it.

    Args:
        N, M: rows and columns; as many columns as rows by default.
        k: the diagonal: 0 the main one, above it if positive.
        dtype: element type, the default float by default.

    >>> tri(2, 3).tolist()
    [[1.0, 0.0, 0.0], [1.0, 1.0, 0.0]]
    """
    return cast(below(_size("N", N), _size("M", N if M is None else M), k), dtype=dtype or float)


def below(rows, columns, k):
    """Whether a place of a matrix lies at or below the diagonal k."""
    return ge(expand_dims(arange(rows), 1) + k, arange(columns))


def eye(N, M=None, k=0, dtype=None):
    """Ones on a diagonal, zeros elsewhere; the arguments are those of `tri`.

    >>> eye(2).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    rows, columns = _size("N", N), _size("M", N if M is None else M)
    return cast(expand_dims(arange(rows), 1) + k == arange(columns), dtype=dtype or float)


def identity(n, dtype=None):
    """The matrix that leaves vectors as they are: `eye(n)`.

    >>> identity(2, "int32").tolist()
    [[1, 0], [0, 1]]
    """
    return eye(n, dtype=dtype)


def _size(name, n):
    return check_integer(name, n, minimum=0)


# --- numbers in a row --------------------------------------------------------------------------


def linspace(start, stop, num=50, endpoint=True, retstep=False, dtype=None, axis=0):
    """`num` numbers at equal distances from start to stop.

    Args:
        start, stop: numbers, or tensors of which each element gives a row.
        num: how many.
        endpoint: whether stop is the last one; else it would be the next one.
        retstep: whether the distance is returned as well.
        dtype: element type, a float by default.
        axis: where in the result the row stands.

    >>> linspace(0, 1, 5).tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    num = _size("num", num)
    need(8 * num)
    start, stop = (as_floats(x) for x in alike("linspace", start, stop))
    parts = num - 1 if endpoint else num
    step = (stop - start) / parts if parts > 0 else (stop - start) * math.nan
    share = np.arange(num) / max(parts, 1)
    span = start + 0 * stop
    turned = share.astype(span.dtype.name).reshape(num, *[1] * span.ndim)
    y = start * (1 - turned) + stop * turned  # exact at both ends
    y = moveaxis(y, 0, axis) if normalize_axis(axis, y.ndim, "linspace") else y
    y = y if dtype is None else cast(y, dtype=as_dtype(dtype).name)
    return (y, step) if retstep else y


def logspace(start, stop, num=50, endpoint=True, base=10, dtype=None, axis=0):
    """`num` powers of a base, whose exponents lie at equal distances from start to stop.

    >>> logspace(0, 2, 3).numpy().round(3).tolist()
    [1.0, 10.0, 100.0]
    """
    y = power(base, linspace(start, stop, num, endpoint, axis=axis))
    return y if dtype is None else cast(y, dtype=as_dtype(dtype).name)


def geomspace(start, stop, num=50, endpoint=True, dtype=None, axis=0):
    """`num` numbers from start to stop, each the same multiple of the one before.

    Both ends have one sign, and neither is 0.

    >>> geomspace(1, 8, 4).numpy().round(3).tolist()
    [1.0, 2.0, 4.0, 8.0]
    """
    start, stop = (as_floats(x) for x in alike("geomspace", start, stop))
    row = linspace(log(abs(start)), log(abs(stop)), num, endpoint, axis=axis)
    signs = sign(start + 0 * stop)
    y = exp(row) * (expand_dims(signs, axis) if signs.ndim else signs)
    return y if dtype is None else cast(y, dtype=as_dtype(dtype).name)


def vander(x, N=None, increasing=False):
    """Vandermonde's matrix: the powers of each x as a row, from x^(N-1) to 1, or from 1 on.

    >>> vander([1.0, 2.0], 3).tolist()
    [[1.0, 1.0, 1.0], [4.0, 2.0, 1.0]]
    """
    x = as_tensor(x)
    if x.ndim != 1:
        raise ArgumentError("vander: x is a vector.", got=f"x {x.shape}")
    n = x.shape[0] if N is None else _size("N", N)
    powers = [full(x.shape, 1, x.dtype)]
    for _ in range(n - 1):
        powers.append(powers[-1] * x)
    if not n:
        return zeros((*x.shape, 0), x.dtype)
    return stack(powers if increasing else powers[::-1], axis=1)


def meshgrid(*x, indexing="xy"):
    """Coordinates of the points of a grid, from those along each axis.

    Args:
        x: vectors.
        indexing: "ij" for arrays whose axes are in the order of the vectors; "xy" with the first
            two exchanged, as a picture's columns and rows.

    >>> [a.tolist() for a in meshgrid([1, 2], [3, 4])]
    [[[1, 2], [1, 2]], [[3, 3], [4, 4]]]
    """
    check_choice("meshgrid: indexing", indexing, ("xy", "ij"))
    rows = [reshape(as_tensor(v), (-1,)) for v in x]
    places = list(range(len(rows)))
    if indexing == "xy" and len(rows) > 1:
        places[:2] = 1, 0
    shape = [0] * len(rows)
    for v, place in zip(rows, places, strict=True):
        shape[place] = v.size
    return [
        broadcast_to(reshape(v, [v.size if a == place else 1 for a in range(len(rows))]), shape)
        for v, place in zip(rows, places, strict=True)
    ]


# --- windows -----------------------------------------------------------------------------------


def _window(name, x, *more):
    """The window of NumPy's function of that name, of so many numbers, in the default type."""
    n = _size("x", int(as_tensor(x)))
    need(8 * n)
    return Tensor(getattr(np, name)(n, *more).astype(as_dtype(float)))


def bartlett(x):
    """Bartlett's window of x numbers: a triangle from 0 to 1 and back.

    >>> bartlett(3).tolist()
    [0.0, 1.0, 0.0]
    """
    return _window("bartlett", x)


def blackman(x):
    """Blackman's window of x numbers, 0.42 - 0.5 cos(2 pi k / (x-1)) + 0.08 cos(4 pi k / (x-1)).

    >>> blackman(3).numpy().round(3).tolist()
    [-0.0, 1.0, -0.0]
    """
    return _window("blackman", x)


def hamming(x):
    """Hamming's window of x numbers, 0.54 - 0.46 cos(2 pi k / (x - 1)).

    >>> hamming(3).numpy().round(3).tolist()
    [0.08, 1.0, 0.08]
    """
    return _window("hamming", x)


def hanning(x):
    """Von Hann's window of x numbers, 0.5 - 0.5 cos(2 pi k / (x - 1)).

    >>> hanning(3).tolist()
    [0.0, 1.0, 0.0]
    """
    return _window("hanning", x)


def kaiser(x, beta):
    """Kaiser's window of x numbers, i0(beta sqrt(1 - (2 k / (x - 1) - 1)^2)) / i0(beta).

    >>> kaiser(3, 2.0).numpy().round(3).tolist()
    [0.439, 1.0, 0.439]
    """
    return _window("kaiser", x, float(beta))

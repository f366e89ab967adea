"""Medians and quantiles: what stands where in the sorted elements."""

from __future__ import annotations

import math

import numpy as np

from neurona.core.op import as_floats, as_tensor, cast
from neurona.core.shapes import normalize_axes, product
from neurona.errors import ArgumentError, check_choice
from neurona.ops.arithmetic import clip, maximum
from neurona.ops.comparison import eq, ne, where
from neurona.ops.elements import ceil
from neurona.ops.functions import floor, round
from neurona.ops.index import argsort, take_along_axis
from neurona.ops.movement import broadcast_to, expand_dims, moveaxis, reshape, transpose
from neurona.ops.reduce import any, sum

__all__ = ["median", "nanmedian", "nanpercentile", "nanquantile", "percentile", "quantile"]

METHODS = ("linear", "lower", "higher", "midpoint", "nearest")


def quantile(x, q, axis=None, method="linear", keepdims=False):
    """The element below which a share q of the others lies; NaN if one is NaN.

    Where q points between two of the sorted elements, at (n - 1) q, it is what the method says.

    Args:
        q: in [0, 1]: a number, or a vector, whose axis comes first in the result.
        axis: one or several; all by default.
        method: "linear" for between the two, "lower", "higher", "nearest" for one of them,
            "midpoint" for their mean.

    >>> quantile([1.0, 2.0, 3.0, 4.0], 0.5).item()
    2.5
    """
    rows, back = _rows("quantile", x, axis, keepdims)
    n = as_tensor(np.array(rows.shape[-1], rows.dtype))
    y = _at(rows, q, n, method)
    broken = any(ne(rows, rows), axis=-1)
    return back(where(broken, math.nan, y))


def nanquantile(x, q, axis=None, method="linear", keepdims=False):
    """The same of the elements that are not NaN; NaN where there are none. See `quantile`.

    >>> nanquantile([1.0, float("nan"), 3.0], 0.5).item()
    2.0
    """
    rows, back = _rows("nanquantile", x, axis, keepdims)
    count = cast(sum(eq(rows, rows), axis=-1), dtype=rows.dtype.name)
    y = _at(rows, q, maximum(count, 1), method)
    return back(where(eq(count, 0), math.nan, y))


def percentile(x, q, axis=None, method="linear", keepdims=False):
    """The element below which q per cent of the others lie: `quantile` of q / 100.

    >>> percentile([1.0, 2.0, 3.0], 50).item()
    2.0
    """
    return quantile(x, as_floats(q) / 100, axis, method, keepdims)


def nanpercentile(x, q, axis=None, method="linear", keepdims=False):
    """The same of the elements that are not NaN: `nanquantile` of q / 100.

    >>> nanpercentile([1.0, float("nan"), 3.0], 50).item()
    2.0
    """
    return nanquantile(x, as_floats(q) / 100, axis, method, keepdims)


def median(x, axis=None, keepdims=False):
    """The element in the middle of the sorted ones, or the mean of the two there; NaN if one is.

    >>> median([3.0, 1.0, 2.0]).item()
    2.0
    """
    return quantile(x, 0.5, axis, "linear", keepdims)


def nanmedian(x, axis=None, keepdims=False):
    """The median of the elements that are not NaN; NaN where there are none.

    >>> nanmedian([1.0, float("nan"), 3.0]).item()
    2.0
    """
    return nanquantile(x, 0.5, axis, "linear", keepdims)


def _rows(name, x, axis, keepdims):
    """Return x with the axes as its last one, and what puts a result (Q..., rest) in its shape."""
    x = as_floats(x)
    axes = normalize_axes(axis, x.ndim, name)
    rest = [a for a in range(x.ndim) if a not in axes]
    size = product([x.shape[a] for a in axes])
    if not size:
        raise ArgumentError(f"{name}: nothing has no {name}.", got=f"x {x.shape}, axis {axis}")
    rows = reshape(transpose(x, [*rest, *axes]), (*(x.shape[a] for a in rest), size))
    kept = tuple(1 if a in axes else s for a, s in enumerate(x.shape))

    def back(y):
        if not keepdims:
            return y
        return reshape(y, (*y.shape[: y.ndim - len(rest)], *kept))

    return rows, back


def _at(rows, q, count, method):
    """The sorted elements at (count - 1) q, along the last axis: (Q..., rest)."""
    check_choice("quantile: method", method, METHODS)
    q = as_tensor(q, rows.dtype)
    q = q if q.dtype == rows.dtype else cast(q, dtype=rows.dtype.name)
    if q.ndim > 1:
        raise ArgumentError("quantile: q is a number or a vector.", got=f"q {q.shape}")
    if q.data is not None and not ((q.data >= 0) & (q.data <= 1)).all():
        raise ArgumentError("quantile: q lies between 0 and 1.", got=f"{q.tolist()}"[:60])
    ordered = take_along_axis(rows, argsort(rows, axis=-1), axis=-1)  # NaN comes last
    rest = rows.shape[:-1]
    place = reshape(q, (*q.shape, *[1] * len(rest))) * (count - 1)
    place = broadcast_to(place, (*q.shape, *rest))
    place = clip(place, 0, rows.shape[-1] - 1)
    low, high = floor(place), ceil(place)
    if method == "nearest":
        low = high = round(place)
    below, above = _picked(ordered, low), _picked(ordered, high)
    if method in ("lower", "nearest"):
        return below
    if method == "higher":
        return above
    return below + (above - below) * (0.5 if method == "midpoint" else place - low)


def _picked(ordered, place):
    """The elements at places (Q..., rest) along the last axis."""
    index = cast(place, dtype="int32")
    if index.ndim == ordered.ndim - 1:
        return take_along_axis(ordered, expand_dims(index, -1), axis=-1)[..., 0]
    return moveaxis(take_along_axis(ordered, moveaxis(index, 0, -1), axis=-1), -1, 0)

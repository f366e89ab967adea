"""Sums, products, extremes and averages of the elements that are not NaN."""

from __future__ import annotations

import math

from neurona.core.op import as_tensor
from neurona.core.shapes import is_float
from neurona.ops import reduce
from neurona.ops.comparison import eq, ne, where
from neurona.ops.folding import cumprod, cumsum, prod
from neurona.ops.functions import sqrt
from neurona.ops.reduce import all, argmax, argmin, mean, sum, var

__all__ = [
    "nanargmax", "nanargmin", "nancumprod", "nancumsum", "nanmax", "nanmean", "nanmin", "nanprod",
    "nanstd", "nansum", "nanvar",
]  # fmt: skip


def _filled(x, value):
    """x with a value instead of each NaN."""
    x = as_tensor(x)
    return where(ne(x, x), value, x) if is_float(x.dtype) else x


def nansum(x, axis=None, keepdims=False):
    """Sum over axes, in which NaN counts as 0.

    >>> nansum([1.0, float("nan")]).item()
    1.0
    """
    return sum(_filled(x, 0), axis=axis, keepdims=keepdims)


def nanprod(x, axis=None, keepdims=False):
    """Product over axes, in which NaN counts as 1.

    >>> nanprod([2.0, float("nan")]).item()
    2.0
    """
    return prod(_filled(x, 1), axis=axis, keepdims=keepdims)


def nancumsum(x, axis=None, dtype=None):
    """Running sum, in which NaN counts as 0; see `cumsum`.

    >>> nancumsum([1.0, float("nan"), 2.0]).tolist()
    [1.0, 1.0, 3.0]
    """
    return cumsum(_filled(x, 0), axis, dtype)


def nancumprod(x, axis=None, dtype=None):
    """Running product, in which NaN counts as 1; see `cumprod`.

    >>> nancumprod([2.0, float("nan"), 3.0]).tolist()
    [2.0, 2.0, 6.0]
    """
    return cumprod(_filled(x, 1), axis, dtype)


def nanmax(x, axis=None, keepdims=False):
    """Largest number over axes; NaN where there is none.

    >>> nanmax([1.0, float("nan")]).item()
    1.0
    """
    return _extreme(reduce.max, -math.inf, x, axis, keepdims)


def nanmin(x, axis=None, keepdims=False):
    """Smallest number over axes; NaN where there is none.

    >>> nanmin([1.0, float("nan")]).item()
    1.0
    """
    return _extreme(reduce.min, math.inf, x, axis, keepdims)


def _extreme(fold, last, x, axis, keepdims):
    x = as_tensor(x)
    y = fold(_filled(x, last), axis=axis, keepdims=keepdims)
    if not is_float(x.dtype):
        return y
    return where(all(ne(x, x), axis=axis, keepdims=keepdims), math.nan, y)


def nanargmax(x, axis=None, keepdims=False):
    """Index of the largest number along one axis, or in the flattened tensor; -1 for none.

    >>> nanargmax([1.0, float("nan"), 3.0]).item()
    2
    """
    return _index(argmax, -math.inf, x, axis, keepdims)


def nanargmin(x, axis=None, keepdims=False):
    """Index of the smallest number along one axis, or in the flattened tensor; -1 for none.

    >>> nanargmin([1.0, float("nan"), 3.0]).item()
    0
    """
    return _index(argmin, math.inf, x, axis, keepdims)


def _index(search, last, x, axis, keepdims):
    x = as_tensor(x)
    place = search(_filled(x, last), axis=axis, keepdims=keepdims)
    return where(all(ne(x, x), axis=axis, keepdims=keepdims), -1, place)


def nanmean(x, axis=None, keepdims=False):
    """Mean over axes of what is not NaN.

    >>> nanmean([1.0, float("nan"), 3.0]).item()
    2.0
    """
    x = as_tensor(x)
    if not is_float(x.dtype):
        return mean(x, axis=axis, keepdims=keepdims)
    return nansum(x, axis, keepdims) / sum(eq(x, x), axis=axis, keepdims=keepdims)


def nanvar(x, axis=None, keepdims=False):
    """Variance over axes of what is not NaN.

    >>> nanvar([1.0, float("nan"), 3.0]).item()
    1.0
    """
    x = as_tensor(x)
    if not is_float(x.dtype):
        return var(x, axis=axis, keepdims=keepdims)
    centred = where(ne(x, x), 0, _filled(x, 0) - nanmean(x, axis, keepdims=True))
    number = sum(eq(x, x), axis=axis, keepdims=keepdims)
    return sum(centred * centred, axis=axis, keepdims=keepdims) / number


def nanstd(x, axis=None, keepdims=False):
    """Standard deviation over axes of what is not NaN.

    >>> nanstd([1.0, float("nan"), 3.0]).item()
    1.0
    """
    return sqrt(nanvar(x, axis, keepdims))

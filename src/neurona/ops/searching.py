"""Which elements, which places, how many: choices, sets and counts.

Where the number of results depends on values, they must be known: such a function works eagerly,
and says while tracing what to do.
"""

from __future__ import annotations

import builtins

import numpy as np

from neurona.core.budget import need
from neurona.core.lowering import Opaque
from neurona.core.op import as_floats, as_tensor, cast, op
from neurona.core.shapes import DTYPES, Spec, as_shape, normalize_axis
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, DtypeError, ShapeError, TraceError, check_choice
from neurona.ops import comparison, index
from neurona.ops.arithmetic import minimum
from neurona.ops.arranging import ravel
from neurona.ops.comparison import eq, ge, le, logical_and
from neurona.ops.creation import linspace
from neurona.ops.elements import alike, truth
from neurona.ops.filled import arange, full, ones, zeros
from neurona.ops.index import scatter_add
from neurona.ops.movement import flip, reshape
from neurona.ops.reduce import max, min

__all__ = [
    "bincount", "digitize", "histogram", "isin", "nonzero", "searchsorted", "select", "unique",
    "unravel_index", "where",
]  # fmt: skip


def known(name, x, hint):
    """Return the values of a tensor, of which the number of results depends."""
    x = as_tensor(x)
    if x.data is None:
        raise TraceError(
            f"{name}: how many results there are depends on values, which have no numbers yet.",
            got=f"{x.spec} while tracing",
            hint=hint,
        )
    return x.data


# --- choices -----------------------------------------------------------------------------------


def where(condition, x1=None, x2=None):
    """x1 where the condition holds (is not 0), else x2; without those the places where it holds.

    The gradient of the branch that is not taken is 0, but 0 * inf is NaN: keep that branch finite
    by a `where` on its input.

    >>> where([True, False], [1.0, 2.0], 0).tolist()
    [1.0, 0.0]
    """
    if x1 is None and x2 is None:
        return nonzero(condition)
    if x1 is None or x2 is None:
        raise ArgumentError("where: both x1 and x2, or neither.", hint="where(condition, x1, x2)")
    return comparison.where(truth(condition), x1, x2)


def select(condlist, choicelist, default=0):
    """For each element the choice of the first condition that holds, or the default.

    >>> select([[True, False], [True, True]], [[1, 2], [3, 4]]).tolist()
    [1, 4]
    """
    if len(condlist) != len(choicelist) or not condlist:
        raise ArgumentError(
            "select: one choice for each condition.",
            got=f"{len(condlist)} conditions, {len(choicelist)} choices",
        )
    *choices, y = alike("select", *choicelist, default)
    for condition, choice in zip(condlist[::-1], choices[::-1], strict=True):
        y = comparison.where(truth(condition), choice, y)
    return y


def nonzero(x):
    """The places of elements that are not 0: a tensor of int32 for each axis.

    >>> [i.tolist() for i in nonzero([[0, 1], [2, 0]])]
    [[0, 1], [1, 0]]
    """
    values = known("nonzero", x, "where(condition, x, 0) keeps the shape")
    return tuple(Tensor(i.astype("int32")) for i in np.nonzero(values))


# --- sets --------------------------------------------------------------------------------------


def _unique_shape(x, *, axis, size):
    n = x.shape[axis] if axis is not None else x.size
    shape = x.shape if axis is None else (n,)
    integers = DTYPES["int32"]
    return Spec((size,), integers), Spec(shape, integers), Spec((size,), integers)


@op(shape=_unique_shape, lower=Opaque(), types="as is")
def unique_places(xp, x, *, axis, size):
    """Of each different element the first place; for each element which it is; how often each is.

    Of as many as `size`; what there is not has a count of 0.

    >>> [y.tolist() for y in unique_places([3, 1, 3], axis=None, size=3)]
    [[1, 0, 0], [1, 0, 1], [1, 2, 0]]
    """
    asked = {"return_index": True, "return_inverse": True, "return_counts": True, "axis": axis}
    which_shape = x.shape if axis is None else (-1,)
    if xp is not np:
        _, first, which, count = xp.unique(x, **asked, equal_nan=False, size=size)
        first, count = xp.where(count > 0, first, 0).astype("int32"), count.astype("int32")
        return first, which.reshape(which_shape).astype("int32"), count
    _, first, which, count = np.unique(x, **asked, equal_nan=False)
    places, counts = np.zeros(size, "int32"), np.zeros(size, "int32")
    n = builtins.min(size, len(first))
    places[:n], counts[:n] = first[:n], count[:n]
    return places, which.reshape(which_shape).astype("int32"), counts


def unique(
    x, sorted=True, return_index=False, return_inverse=False, return_counts=False, axis=None,
    size=None, fill_value=None,
):  # fmt: skip
    """The different elements, in order; more if asked for, as a tuple.

    Args:
        sorted: they are in any case.
        return_index: also the first place of each, as int32.
        return_inverse: also for each element of x which of them it is, as int32.
        return_counts: also how often each occurs, as int32.
        axis: different slices along an axis; None for elements of the flattened tensor.
        size: how many to return: the first ones, or `fill_value` behind the last one. While
            tracing it is needed, since shapes do not depend on values.
        fill_value: 0 by default.

    >>> unique([3, 1, 3]).tolist(), unique([3, 1, 3], size=3, fill_value=-1).tolist()
    ([1, 3], [1, 3, -1])
    """
    x = as_tensor(x)
    axis = None if axis is None else normalize_axis(axis, x.ndim, "unique")
    count = size
    if size is None:
        values = known("unique", x, "give size=, how many to return")
        count = np.unique(values, axis=axis, equal_nan=False).shape[axis or 0]
    places, which, counts = unique_places(x, axis=axis, size=count)
    y = index.take(ravel(x) if axis is None else x, places, axis=axis or 0)
    if size is not None:
        shape = [1] * y.ndim
        shape[axis or 0] = size
        fill = 0 if fill_value is None else fill_value
        y = comparison.where(reshape(counts > 0, shape), y, fill)
    more = [
        found
        for found, asked in (
            (places, return_index), (which, return_inverse), (counts, return_counts),
        )
        if asked
    ]  # fmt: skip
    return (y, *more) if more else y


def isin(x1, x2, assume_unique=False, invert=False):
    """Whether each element of x1 is one of x2; the other way around if `invert`.

    >>> isin([1, 2, 3], [3, 1]).tolist()
    [True, False, True]
    """
    x1, x2 = alike("isin", x1, x2)
    if not x2.size:
        return full(x1.shape, bool(invert), "bool")
    ordered = index.sort(ravel(x2))
    place = minimum(searchsorted(ordered, x1), x2.size - 1)
    found = eq(index.take(ordered, place, axis=0), x1)
    return comparison.logical_not(found) if invert else found


# --- places among numbers in order -------------------------------------------------------------


def _searchsorted_shape(sorted_sequence, values, *, side):
    check_choice("searchsorted: side", side, ("left", "right"))
    if sorted_sequence.ndim != 1:
        raise ShapeError("searchsorted: the sequence is a vector.", got=f"{sorted_sequence.shape}")
    return Spec(values.shape, DTYPES["int32"])


@op(shape=_searchsorted_shape, lower=Opaque())
def searchsorted(xp, sorted_sequence, values, *, side="left"):
    """Where numbers would have to be put in, so that a sequence stays in order.

    Shapes: sorted_sequence (n,), values (...) -> int32 (...), from 0 to n. Before equal ones with
    the side "left", behind them with "right".

    >>> searchsorted([1.0, 2.0, 4.0], [2.0, 3.0]).tolist()
    [1, 2]
    """
    return xp.searchsorted(sorted_sequence, values, side=side).astype("int32")


def digitize(x, bins):
    """In which bin each number lies: i for bins[i - 1] <= x < bins[i].

    Decreasing bins: i for bins[i - 1] > x >= bins[i].

    >>> digitize([0.5, 1.0, 9.0], [0.0, 1.0, 2.0]).tolist()
    [1, 2, 3]
    """
    x, bins = alike("digitize", x, bins)
    rising = searchsorted(bins, x, side="right")
    if bins.size < 2:
        return rising
    falling = bins.size - searchsorted(flip(bins), x, side="right")
    return comparison.where(le(bins[0], bins[-1]), rising, cast(falling, dtype="int32"))


def bincount(x, weights=None, minlength=0, sparse=False):
    """How often each of the numbers 0, 1, 2, ... occurs, or the sum of its weights.

    Args:
        x: integers of 0 or more: a vector, or a matrix whose rows are counted each.
        weights: one for each of x.
        minlength: the least length of the result; while tracing it is the length.
        sparse: there are no sparse tensors.

    >>> bincount([0, 2, 2]).tolist()
    [1, 0, 2]
    """
    x = as_tensor(x)
    if sparse:
        raise ArgumentError("bincount: there are no sparse tensors.", hint="sparse=False")
    if x.dtype.kind not in "iu" or x.ndim not in (1, 2):
        raise DtypeError("bincount counts integers, of a vector or of rows.", got=str(x.spec))
    length = minlength
    if x.data is not None or not minlength:
        values = known("bincount", x, "give minlength=, the length of the result")
        if values.size and values.min() < 0:
            raise ArgumentError("bincount: numbers are 0 or more.", got=str(values.min()))
        length = builtins.max(minlength, int(values.max()) + 1 if values.size else 0)
    need(8 * length)
    w = ones(x.shape, "int32") if weights is None else as_tensor(weights)
    rows = x.shape[0] if x.ndim == 2 else 1
    if rows > 1:
        x = x + reshape(arange(rows), (rows, 1)) * length
    y = scatter_add(zeros((rows * length,), w.dtype), ravel(x), ravel(w))
    return reshape(y, (rows, length)) if w.ndim == 2 else y


def histogram(x, bins=10, range=None):
    """How many numbers lie in each of some bins, and the edges of those.

    A number belongs to the bin that begins with it, the last edge to the last bin. Counts are
    floats, as in Keras.

    Args:
        bins: how many of equal width, or their edges.
        range: where the first one begins and the last one ends: (low, high); that of x by default.

    >>> counts, edges = histogram([1.0, 2.0, 2.5], 2)
    >>> counts.tolist(), edges.tolist()
    ([1.0, 2.0], [1.0, 1.75, 2.5])
    """
    x = as_floats(ravel(x))
    if isinstance(bins, int):
        if bins < 1:
            raise ArgumentError("histogram: one bin or more.", got=str(bins))
        if range is not None and not range[0] <= range[1]:
            raise ArgumentError("histogram: a range is (low, high).", got=str(range))
        low, high = range if range is not None else (min(x), max(x)) if x.size else (0.0, 1.0)
        low, high = as_tensor(low, x.dtype), as_tensor(high, x.dtype)
        flat = eq(low, high)
        edges = linspace(
            comparison.where(flat, low - 0.5, low), comparison.where(flat, high + 0.5, high),
            bins + 1,
        )  # fmt: skip
    else:
        edges = cast(as_tensor(bins), dtype=x.dtype.name)
    count = edges.size - 1
    place = minimum(searchsorted(edges, x, side="right") - 1, count - 1)
    inside = logical_and(ge(x, edges[0]), le(x, edges[-1]))
    place = comparison.where(inside, place, count)
    counts = scatter_add(zeros((count + 1,), x.dtype), place, ones(x.shape, x.dtype))
    return counts[:count], edges


def unravel_index(indices, shape):
    """The index on each axis of elements that a flattened tensor of that shape has at indices.

    >>> [i.tolist() for i in unravel_index([5, 2], (2, 3))]
    [[1, 0], [2, 2]]
    """
    rest = as_tensor(indices)
    found = []
    for size in reversed(as_shape(shape)):
        found.append(rest % size)
        rest = rest // size
    return tuple(reversed(found))

"""Parts of a tensor by place: slices whose place is computed, and updates at indices."""

from __future__ import annotations

import math

from neurona.core.lowering import Opaque
from neurona.core.op import as_tensor, cast, op
from neurona.core.shapes import as_shape
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, DtypeError, IndexRangeError, ShapeError, check_choice
from neurona.ops.arithmetic import clip
from neurona.ops.comparison import eq, where
from neurona.ops.filled import arange, zeros
from neurona.ops.index import scatter_add, scatter_set, take
from neurona.ops.movement import broadcast_to, reshape, strided_slice

__all__ = ["scatter", "scatter_update", "slice", "slice_update"]


# --- slices ----------------------------------------------------------------------------------


def slice(inputs, start_indices, shape):
    """The part of a tensor that begins at some place and has a shape.

    Args:
        start_indices: an integer for each axis, or a tensor of them, which may be computed: then
            the part is moved to lie inside, if it does not.
        shape: a size for each axis; -1 for all that follows.

    Raises:
        ShapeError: if there is not one for each axis, or the part lies outside.

    >>> slice([[1, 2, 3], [4, 5, 6]], (0, 1), (2, 2)).tolist()
    [[2, 3], [5, 6]]
    """
    x = as_tensor(inputs)
    starts, known = _starts("slice", x, start_indices)
    if len(shape) != x.ndim:
        raise ShapeError("slice: one size for each axis.", got=f"{shape} for x {x.shape}")
    if -1 in shape and not known:
        raise ShapeError("slice: -1 needs places that are known.", got=str(shape))
    sizes = [
        n - start if size == -1 else size
        for n, start, size in zip(x.shape, starts, shape, strict=True)
    ]
    if any(size > n for size, n in zip(as_shape(sizes), x.shape, strict=True)):
        raise ShapeError("slice: the part is larger than x.", got=f"{shape} of x {x.shape}")
    if known:
        starts = [max(0, min(a, n - k)) for a, n, k in zip(starts, x.shape, sizes, strict=True)]
        stops = [a + k for a, k in zip(starts, sizes, strict=True)]
        return strided_slice(x, start=starts, stop=stops, step=(1,) * x.ndim)
    for axis, (start, size) in enumerate(zip(starts, sizes, strict=True)):
        if size != x.shape[axis]:
            x = take(x, clip(start, 0, x.shape[axis] - size) + arange(size), axis=axis)
    return x


def slice_update(inputs, start_indices, updates):
    """A tensor with other values in the part that begins at some place.

    Args:
        start_indices: as in `slice`.
        updates: the values, whose shape is that of the part.

    >>> slice_update([1, 2, 3, 4], (1,), [7, 8]).tolist()
    [1, 7, 8, 4]
    """
    x = as_tensor(inputs)
    values = cast(as_tensor(updates, x.dtype), dtype=x.dtype)
    starts, _ = _starts("slice_update", x, start_indices)
    if values.ndim != x.ndim or any(k > n for k, n in zip(values.shape, x.shape, strict=False)):
        raise ShapeError(
            "slice_update: the part is larger than x.", got=f"updates {values.shape}, x {x.shape}"
        )
    place = zeros((), "int32")
    for axis, (start, size) in enumerate(zip(starts, values.shape, strict=True)):
        n = x.shape[axis]
        start = clip(cast(as_tensor(start), dtype="int32"), 0, n - size)
        along = reshape(arange(size), (size,) + (1,) * (x.ndim - 1 - axis))
        place = place * n + (start + along)
    flat = scatter_set(
        reshape(x, (-1,)), reshape(broadcast_to(place, values.shape), (-1,)),
        reshape(values, (-1,)), axis=0,
    )  # fmt: skip
    return reshape(flat, x.shape)


def _starts(name, x, starts):
    """Return a start for each axis, and whether all are known as integers."""
    if isinstance(starts, Tensor) and starts.value.data is None:
        starts = starts.value
        if starts.shape != (x.ndim,):
            raise ShapeError(f"{name}: one start for each axis.", got=f"{starts.shape}")
        return [starts[a] for a in range(x.ndim)], False
    starts = list(starts) if not isinstance(starts, Tensor) else starts.tolist()
    if len(starts) != x.ndim:
        raise ShapeError(f"{name}: one start for each axis.", got=f"{len(starts)} for x {x.shape}")
    if any(isinstance(a, Tensor) and a.value.data is None for a in starts):
        return [as_tensor(a) for a in starts], False
    return [int(a) for a in starts], True


# --- updates at indices ------------------------------------------------------------------------


def scatter(indices, values, shape):
    """Zeros with values at places; values at one place add up.

    Shapes: indices (n, k), values (n, *shape[k:]) -> y (*shape).

    >>> scatter([[0, 1], [1, 1]], [1.0, 2.0], (2, 2)).tolist()
    [[0.0, 1.0], [0.0, 2.0]]
    """
    values = as_tensor(values)
    return scatter_update(zeros(as_shape(shape), values.dtype), indices, values, reduction="add")


def scatter_update(inputs, indices, updates, reduction=None):
    """A tensor with updates at places, one row of indices for each.

    Shapes: inputs (*S), indices (n, k), updates (n, *S[k:]) -> y (*S). `indices` may also have more
    leading axes, which updates have then, too.

    Args:
        reduction: None to replace what is there, the last of equal places counts; or "add", "max",
            "min" or "mul" to combine with it.

    Raises:
        ShapeError, DtypeError: for indices or updates that do not fit.
        IndexRangeError: if a place is outside.

    >>> scatter_update([1.0, 2.0, 3.0], [[0], [2]], [7.0, 8.0]).tolist()
    [7.0, 2.0, 8.0]
    """
    x, places = as_tensor(inputs), as_tensor(indices)
    values = cast(as_tensor(updates, x.dtype), dtype=x.dtype)
    if places.dtype.kind not in "iu":
        raise DtypeError("scatter_update: indices are integers.", got=places.dtype.name)
    depth = places.shape[-1] if places.ndim else 0
    if places.ndim < 1 or not 1 <= depth <= x.ndim:
        raise ShapeError(
            "scatter_update: a row of indices for each update.",
            got=f"indices {places.shape}, inputs {x.shape}",
            expected=f"(updates, k) with k from 1 to {x.ndim}",
        )
    rest = x.shape[depth:]
    if values.shape != (*places.shape[:-1], *rest):
        raise ShapeError(
            "scatter_update: one update for each row of indices.",
            got=f"updates {values.shape}, indices {places.shape}",
            expected=str((*places.shape[:-1], *rest)),
        )
    rows = _row_numbers(places, x.shape[:depth])
    flat = reshape(x, (math.prod(x.shape[:depth]), *rest))
    values = reshape(values, (rows.size, *rest))
    if reduction is None:
        y = scatter_set(flat, rows, values, axis=0)
    elif reduction == "add":
        y = scatter_add(flat, rows, values, axis=0)
    else:
        check_choice("reduction", reduction, ("add", "max", "min", "mul"))
        y = scatter_fold(flat, rows, values, fold=reduction)
    return reshape(y, x.shape)


def _row_numbers(places, sizes):
    """Return the number in row order of each place; an index outside gives one that is."""
    number = zeros(places.shape[:-1], places.dtype)
    outside = number != 0
    for k, n in enumerate(sizes):
        index = places[..., k]
        outside = outside | (index < -n) | (index >= n)
        number = number * n + where(index < 0, index + n, index)
    return reshape(where(outside, math.prod(sizes), number), (-1,))


FOLDS = {"max": "maximum", "min": "minimum", "mul": "multiply"}


def _fold_shape(x, indices, updates, *, fold):
    if fold not in FOLDS:
        raise ArgumentError("scatter_fold: unknown fold.", got=repr(fold))
    if indices.ndim != 1 or updates.shape != (*indices.shape, *x.shape[1:]):
        raise ShapeError(
            "scatter_fold: one update for each index.",
            got=f"x {x.shape}, indices {indices.shape}, updates {updates.shape}",
        )
    return x


@op(shape=_fold_shape, lower=Opaque(), types="as is")
def scatter_fold(xp, x, indices, updates, *, fold):
    """x with updates combined with what is at the indices along the first axis.

    Shapes: x (n, ...), indices (m,), updates (m, ...) -> y like x.

    Args:
        fold: "max", "min" or "mul".

    >>> scatter_fold([1.0, 5.0], [0, 0], [3.0, 2.0], fold="max").tolist()
    [3.0, 5.0]
    """
    if hasattr(x, "at"):  # jax.numpy
        place = x.at[indices]
        return {"max": place.max, "min": place.min, "mul": place.multiply}[fold](updates)
    y = xp.array(x)
    try:
        getattr(xp, FOLDS[fold]).at(y, indices, updates)
    except IndexError:
        outside = [i for i in indices.tolist() if not -len(x) <= i < len(x)]
        raise IndexRangeError(
            "scatter: an index is out of range.", got=str(outside[0]),
            expected=f"{-len(x)} to {len(x) - 1}",
        ) from None  # fmt: skip
    return y


@scatter_fold.grad
def _(g, y, x, indices, updates, *, fold):
    if fold == "mul":
        return _of_product(g, x, indices, updates)
    here, there = cast(eq(x, y), dtype=g.dtype), cast(eq(updates, take(y, indices)), dtype=g.dtype)
    share = g / scatter_add(here, indices, there)  # equal ones share the gradient
    return here * share, None, there * take(share, indices)


def _of_product(g, x, indices, updates):
    """The product of all other factors: without zeros it is y / u, else it depends on how many."""

    def apart(factor):
        none = eq(factor, 0)
        return where(none, 1, factor), cast(none, dtype=g.dtype)

    x_rest, x_none = apart(x)
    u_rest, u_none = apart(updates)
    product = scatter_fold(x_rest, indices, u_rest, fold="mul")
    zero = scatter_add(x_none, indices, u_none)

    def others(product, zero, rest, none):
        return where(eq(zero, none), product / rest, 0)

    return (
        g * others(product, zero, x_rest, x_none),
        None,
        take(g, indices) * others(take(product, indices), take(zero, indices), u_rest, u_none),
    )

"""Joining tensors and cutting them apart: concatenate, stack, split, repeat."""

from __future__ import annotations

import itertools

import numpy as np

from neurona.core.budget import spend
from neurona.core.lowering import Joined
from neurona.core.op import as_tensor, op
from neurona.core.shapes import Spec, as_shape, normalize_axis
from neurona.errors import ShapeError
from neurona.ops.movement import broadcast_to, expand_dims, reshape, strided_slice

__all__ = ["concatenate", "split", "stack", "tile", "unstack"]


def _concatenate_shape(*xs, axis):
    axis = normalize_axis(axis, xs[0].ndim, "concatenate")
    first = xs[0].shape
    for x in xs:
        if x.shape[:axis] + x.shape[axis + 1 :] != first[:axis] + first[axis + 1 :]:
            raise ShapeError(
                f"concatenate: the shapes differ outside of axis {axis}.",
                got=", ".join(str(s.shape) for s in xs),
            )
    sizes = list(first)
    sizes[axis] = sum(x.shape[axis] for x in xs)
    return Spec(as_shape(sizes), xs[0].dtype)


def _joined(b, i, *xs, axis):
    axis = normalize_axis(axis, len(i), "concatenate")
    y, start = None, sum(x.shape[axis] for x in xs)
    for x in reversed([x for x in xs if x.shape[axis]]):  # from the last piece to the first
        start -= x.shape[axis]
        k = b.sub(i[axis], b.integer(start)) if start else i[axis]
        place = (*i[:axis], k, *i[axis + 1 :])
        if y is None:
            y = x.at(place, b.ge(k, b.integer(0)), b.constant(0, x)) if start else x.at(place)
        else:
            here = b.lt(k, b.integer(x.shape[axis]))
            here = b.logical_and(here, b.ge(k, b.integer(0))) if start else here
            y = x.at(place, here, y)
    return y


@op(shape=_concatenate_shape, lower=Joined(_joined))
def concatenate(xp, *xs, axis=0):
    """Join tensors along an axis that exists.

    Shapes: k times (..., n_i, ...) -> (..., n_1 + ... + n_k, ...).

    >>> concatenate([[1, 2], [3]], axis=0).tolist()
    [1, 2, 3]
    """
    return xp.concatenate(xs, axis=axis)


@concatenate.grad
def _(g, y, *xs, axis):
    axis = normalize_axis(axis, y.ndim, "concatenate")
    pieces, start = [], 0
    for x in xs:
        pieces.append(_piece(g, axis, start, start + x.shape[axis]))
        start += x.shape[axis]
    return tuple(pieces)


def _piece(x, axis, start, stop):
    starts, stops = [0] * x.ndim, list(x.shape)
    starts[axis], stops[axis] = start, stop
    return strided_slice(x, start=starts, stop=stops, step=(1,) * x.ndim)


def stack(x, axis=0):
    """Join tensors of one shape along a new axis.

    >>> stack([[1, 2], [3, 4]], axis=1).tolist()
    [[1, 3], [2, 4]]
    """
    xs = [as_tensor(piece) for piece in x]
    if len({x.shape for x in xs}) > 1:
        raise ShapeError("stack: the shapes differ.", got=", ".join(str(x.shape) for x in xs))
    return concatenate([expand_dims(x, axis) for x in xs], axis=axis)


def split(x, indices_or_sections, axis=0):
    """Cut along an axis: into so many equal pieces, or before each index of a list.

    >>> [p.tolist() for p in split([1, 2, 3, 4], 2)]
    [[1, 2], [3, 4]]
    """
    x = as_tensor(x)
    axis = normalize_axis(axis, x.ndim, "split")
    size, parts = x.shape[axis], indices_or_sections
    if isinstance(parts, int | np.integer):
        parts = int(parts)
        if parts < 1 or size % parts:
            raise ShapeError(f"split: {size} does not divide into {parts} equal parts.")
        spend(8 * parts, parts)
        parts = list(range(size // parts, size, size // parts)) if size else [0] * (parts - 1)
    cuts = [0, *(min(c % size if c < 0 else c, size) for c in parts), size]
    return [_piece(x, axis, a, max(a, b)) for a, b in itertools.pairwise(cuts)]


def tile(x, repeats):
    """Repeat the whole tensor along its axes.

    >>> tile([1, 2], 2).tolist()
    [1, 2, 1, 2]
    """
    x = as_tensor(x)
    counts = (repeats,) if isinstance(repeats, int) else tuple(repeats)
    ndim = max(x.ndim, len(counts))
    counts = (1,) * (ndim - len(counts)) + counts
    sizes = (1,) * (ndim - x.ndim) + x.shape
    paired = [n for size in sizes for n in (1, size)]
    wide = [n for count, size in zip(counts, sizes, strict=True) for n in (count, size)]
    spread = broadcast_to(reshape(x, paired), wide)
    return reshape(spread, tuple(c * s for c, s in zip(counts, sizes, strict=True)))


def repeat(x, repeats, axis=None):
    """Repeat each element, along an axis or of the flattened tensor.

    >>> repeat([1, 2], 2).tolist()
    [1, 1, 2, 2]
    """
    x = as_tensor(x)
    if axis is None:
        x, axis = reshape(x, (-1,)), 0
    axis = normalize_axis(axis, x.ndim, "repeat")
    shape = x.shape
    wide = broadcast_to(expand_dims(x, axis + 1), (*shape[: axis + 1], repeats, *shape[axis + 1 :]))
    return reshape(wide, (*shape[:axis], shape[axis] * repeats, *shape[axis + 1 :]))


def unstack(x, num=None, axis=0):
    """The slices along an axis, without it.

    Args:
        num: how many there are, which the shape says anyway.

    >>> [p.tolist() for p in unstack([[1, 2], [3, 4]])]
    [[1, 2], [3, 4]]
    """
    x = as_tensor(x)
    axis = normalize_axis(axis, x.ndim, "unstack")
    if num not in (None, x.shape[axis]):
        raise ShapeError("unstack: the axis has another size.", got=f"num={num}, x {x.shape}")
    rest = x.shape[:axis] + x.shape[axis + 1 :]
    return [reshape(piece, rest) for piece in split(x, x.shape[axis], axis)]

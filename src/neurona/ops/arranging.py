"""Compositions that arrange elements: stacks, splits, turns, triangles, diagonals, borders."""

from __future__ import annotations

import itertools

import numpy as np

from neurona.core.budget import need
from neurona.core.op import as_tensor
from neurona.core.shapes import normalize_axis
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, ShapeError, check_choice, check_integer
from neurona.ops import joining, movement
from neurona.ops.comparison import where
from neurona.ops.creation import below
from neurona.ops.index import take
from neurona.ops.joining import concatenate, split
from neurona.ops.movement import diagonal, expand_dims, flip, reshape, swapaxes
from neurona.ops.reduce import sum

__all__ = [
    "append", "array_split", "diag", "diagflat", "dsplit", "dstack", "fliplr", "flipud",
    "hsplit", "hstack", "pad", "ravel", "repeat", "roll", "rot90", "trace", "tril", "triu",
    "vsplit", "vstack",
]  # fmt: skip


def ravel(x):
    """The elements in one axis.

    >>> ravel([[1, 2], [3, 4]]).tolist()
    [1, 2, 3, 4]
    """
    return reshape(as_tensor(x), (-1,))


# --- stacks and splits -------------------------------------------------------------------------


def append(x1, x2, axis=None):
    """x2 behind x1 along an axis; both flattened by default.

    >>> append([1, 2], [[3], [4]]).tolist()
    [1, 2, 3, 4]
    """
    if axis is None:
        x1, x2, axis = ravel(x1), ravel(x2), 0
    return concatenate([x1, x2], axis=axis)


def _at_least(x, ndim):
    """x with axes of size 1 in front, as many as are missing."""
    x = as_tensor(x)
    return reshape(x, (1,) * (ndim - x.ndim) + x.shape) if x.ndim < ndim else x


def hstack(xs):
    """Tensors side by side: vectors behind each other, others along their second axis.

    >>> hstack([[1, 2], [3]]).tolist()
    [1, 2, 3]
    """
    xs = [_at_least(x, 1) for x in xs]
    return concatenate(xs, axis=0 if xs[0].ndim == 1 else 1)


def vstack(xs):
    """Tensors below each other, along their first axis; vectors as rows.

    >>> vstack([[1, 2], [3, 4]]).tolist()
    [[1, 2], [3, 4]]
    """
    return concatenate([_at_least(x, 2) for x in xs], axis=0)


def dstack(xs):
    """Tensors behind each other along their third axis; matrices as (rows, columns, 1).

    >>> dstack([[1, 2], [3, 4]]).tolist()
    [[[1, 3], [2, 4]]]
    """
    deep = [_at_least(x, 2) for x in xs]
    return concatenate([expand_dims(x, 2) if x.ndim == 2 else x for x in deep], axis=2)


def array_split(x, indices_or_sections, axis=0):
    """Cut along an axis, as `split`; pieces that do not come out equal differ by 1 at most.

    >>> [p.tolist() for p in array_split([1, 2, 3, 4, 5], 2)]
    [[1, 2, 3], [4, 5]]
    """
    x, parts = as_tensor(x), indices_or_sections
    if isinstance(parts, int):
        check_integer("array_split: the number of pieces", parts, minimum=1)
        size, rest = divmod(x.shape[normalize_axis(axis, x.ndim, "array_split")], parts)
        sizes = [size + (k < rest) for k in range(parts)]
        parts = list(itertools.accumulate(sizes))[:-1]
    return split(x, parts, axis)


def _split_along(name, x, indices_or_sections, axis):
    x = as_tensor(x)
    if x.ndim <= axis:
        raise ShapeError(f"{name}: x has too few axes.", got=f"x {x.shape}", expected=f"{axis + 1}")
    return split(x, indices_or_sections, axis)


def hsplit(x, indices_or_sections):
    """Cut side by side: along the second axis, a vector along its only one; see `split`.

    >>> [p.tolist() for p in hsplit([[1, 2], [3, 4]], 2)]
    [[[1], [3]], [[2], [4]]]
    """
    x = as_tensor(x)
    return _split_along("hsplit", x, indices_or_sections, 0 if x.ndim == 1 else 1)


def vsplit(x, indices_or_sections):
    """Cut below each other: along the first axis; see `split`.

    >>> [p.tolist() for p in vsplit([[1, 2], [3, 4]], 2)]
    [[[1, 2]], [[3, 4]]]
    """
    x = as_tensor(x)
    if x.ndim < 2:
        raise ShapeError("vsplit: x has too few axes.", got=f"x {x.shape}", expected="2")
    return split(x, indices_or_sections, 0)


def dsplit(x, indices_or_sections):
    """Cut along the third axis; see `split`.

    >>> [p.tolist() for p in dsplit([[[1, 2]]], 2)]
    [[[[1]]], [[[2]]]]
    """
    return _split_along("dsplit", x, indices_or_sections, 2)


def repeat(x, repeats, axis=None):
    """Each element (or slice along an axis) several times, of the flattened tensor by default.

    Args:
        repeats: how often: a number, or one for each element.

    >>> repeat([1, 2], 2).tolist(), repeat([1, 2], [1, 3]).tolist()
    ([1, 1, 2, 2], [1, 2, 2, 2])
    """
    if isinstance(repeats, int | np.integer):
        return joining.repeat(x, int(repeats), axis)
    counts = np.asarray(repeats).reshape(-1)
    x, axis = (ravel(x), 0) if axis is None else (as_tensor(x), axis)
    size = x.shape[normalize_axis(axis, x.ndim, "repeat")]
    if counts.size not in (1, size) or counts.dtype.kind not in "iu":
        raise ArgumentError(
            "repeat: one whole number, or one for each element.",
            got=f"{counts.size} of {counts.dtype}",
            expected=f"{size}",
        )
    counts = np.broadcast_to(counts, (size,))
    need(4 * int(counts.sum()))
    places = np.repeat(np.arange(size, dtype="int32"), counts)
    return take(x, places, axis=axis)


# --- turns -------------------------------------------------------------------------------------


def fliplr(x):
    """Columns in reverse order, along the second axis.

    >>> fliplr([[1, 2], [3, 4]]).tolist()
    [[2, 1], [4, 3]]
    """
    return flip(x, axis=1)


def flipud(x):
    """Rows in reverse order, along the first axis.

    >>> flipud([[1, 2], [3, 4]]).tolist()
    [[3, 4], [1, 2]]
    """
    return flip(x, axis=0)


def roll(x, shift, axis=None):
    """Elements moved along axes; what leaves at the end comes in at the beginning.

    Args:
        shift: by how many places, for each axis, or one number for all of them.
        axis: one or several; the flattened tensor by default.

    >>> roll([1, 2, 3], 1).tolist()
    [3, 1, 2]
    """
    x = as_tensor(x)
    if axis is None:
        return reshape(roll(ravel(x), shift, 0), x.shape)
    axes = axis if isinstance(axis, list | tuple) else [axis]
    shifts = shift if isinstance(shift, list | tuple) else [shift] * len(axes)
    axes = axes if len(axes) == len(shifts) else list(axes) * len(shifts)
    for a, s in zip(axes, shifts, strict=True):
        x = _rolled(x, s, normalize_axis(a, x.ndim, "roll"))
    return x


def _rolled(x, shift, axis):
    n = x.shape[axis]
    if isinstance(shift, Tensor) and shift.data is None:  # known when it runs
        return take(x, (np.arange(n, dtype="int32") - shift) % n, axis=axis)
    cut = -int(shift) % n if n else 0
    if not cut:
        return x
    first, second = split(x, [cut], axis)
    return concatenate([second, first], axis=axis)


def rot90(array, k=1, axes=(0, 1)):
    """A plane turned by k right angles, from the first of two axes towards the second.

    >>> rot90([[1, 2], [3, 4]]).tolist()
    [[2, 4], [1, 3]]
    """
    x = as_tensor(array)
    if x.ndim < 2 or len(axes) != 2:
        raise ShapeError("rot90: two axes of two or more.", got=f"x {x.shape}, axes {axes}")
    a, b = (normalize_axis(axis, x.ndim, "rot90") for axis in axes)
    if a == b:
        raise ArgumentError("rot90: the two axes differ.", got=str(axes))
    if k % 4 == 0:
        return x
    if k % 4 == 2:
        return flip(x, axis=(a, b))
    return flip(swapaxes(x, a, b), axis=a) if k % 4 == 1 else flip(swapaxes(x, a, b), axis=b)


# --- triangles and diagonals -------------------------------------------------------------------


def tril(x, k=0):
    """The matrices of the last two axes with zeros above the diagonal k.

    >>> tril([[1, 2], [3, 4]]).tolist()
    [[1, 0], [3, 4]]
    """
    x = _matrices("tril", x)
    return where(below(x.shape[-2], x.shape[-1], k), x, 0)


def triu(x, k=0):
    """The matrices of the last two axes with zeros below the diagonal k.

    >>> triu([[1, 2], [3, 4]]).tolist()
    [[1, 2], [0, 4]]
    """
    x = _matrices("triu", x)
    return where(below(x.shape[-2], x.shape[-1], k - 1), 0, x)


def _matrices(name, x):
    x = as_tensor(x)
    if x.ndim < 2:
        raise ShapeError(f"{name} takes matrices.", got=f"x {x.shape}", expected="(..., M, N)")
    return x


def trace(x, offset=0, axis1=0, axis2=1):
    """The sum of a diagonal of two axes.

    >>> trace([[1.0, 2.0], [3.0, 4.0]]).item()
    5.0
    """
    return sum(diagonal(x, offset, axis1, axis2), axis=-1)


def diag(x, k=0):
    """The diagonal k of a matrix; of a vector the matrix that has it there, with zeros around it.

    >>> diag([1, 2]).tolist(), diag([[1, 2], [3, 4]]).tolist()
    ([[1, 0], [0, 2]], [1, 4])
    """
    x = as_tensor(x)
    if x.ndim == 2:
        return diagonal(x, k)
    if x.ndim != 1:
        raise ShapeError("diag takes a vector or a matrix.", got=f"x {x.shape}")
    n, size = x.shape[0], x.shape[0] + abs(k)
    if not n:
        return reshape(movement.pad(x, ((0, size * size),)), (size, size))
    first = k if k >= 0 else -k * size
    spread = movement.pad(x, ((first, size * size - first - (n - 1) * (size + 1) - 1, size),))
    return reshape(spread, (size, size))


def diagflat(x, k=0):
    """The matrix with the elements of x on its diagonal k, and zeros around them.

    >>> diagflat([[1], [2]]).tolist()
    [[1, 0], [0, 2]]
    """
    return diag(ravel(x), k)


# --- borders -----------------------------------------------------------------------------------


_BORDERS = ("constant", "edge", "reflect", "symmetric", "wrap")


def pad(x, pad_width, mode="constant", constant_values=None):
    """Surrounded by more elements.

    Args:
        pad_width: how many on each side: a number, (before, after) for all axes, or for each one.
        mode: "constant" for one value, "edge" for the last element again, "reflect" and "symmetric"
            for elements as in a mirror (without, with the last), "wrap" for those of the other end.
        constant_values: the value of "constant", 0 by default.

    >>> pad([1, 2], 1).tolist(), pad([1, 2, 3], (2, 1), "reflect").tolist()
    ([0, 1, 2, 0], [3, 2, 1, 2, 3, 2])
    """
    x = as_tensor(x)
    check_choice("pad: mode", mode, _BORDERS)
    widths = _widths(pad_width, x.ndim)
    if mode != "constant":
        if constant_values is not None:
            raise ArgumentError("pad: constant_values go with the mode 'constant'.", got=mode)
        for axis, (before, after) in enumerate(widths):
            if before or after:
                x = take(x, _around(mode, x.shape[axis], before, after), axis=axis)
        return x
    value = 0 if constant_values is None else constant_values
    if isinstance(value, Tensor) and value.data is None:
        inside = movement.pad(Tensor(np.ones(x.shape, bool)), widths)
        return where(inside, movement.pad(x, widths), value)
    return movement.pad(x, widths=widths, value=as_tensor(value, x.dtype).item())


def _widths(pad_width, ndim):
    given = np.asarray(pad_width)
    if given.dtype.kind not in "iu" or given.ndim > 2 or given.shape[-1:] not in ((), (1,), (2,)):
        raise ArgumentError(
            "pad: pad_width is a number, (before, after), or such a pair for each axis.",
            got=str(pad_width),
        )
    if given.ndim == 2 and len(given) not in (1, ndim):
        raise ShapeError("pad: one width for each axis.", got=f"{len(given)} for {ndim} axes")
    if given.size and given.min() < 0:
        raise ShapeError(
            "pad: a width is never negative.", got=str(pad_width), hint="slice instead"
        )
    return tuple(map(tuple, np.broadcast_to(given, (ndim, 2)).tolist()))


def _around(mode, n, before, after):
    """Which of n elements stand in a row that begins so many before the first."""
    if not n:
        raise ShapeError(f"pad: nothing has no {mode}.", hint='mode="constant"')
    need(8 * (before + n + after))
    place = np.arange(-before, n + after)
    if mode == "edge":
        place = np.clip(place, 0, n - 1)
    elif mode == "wrap":
        place = place % n
    else:
        period = 2 * n if mode == "symmetric" else max(2 * n - 2, 1)
        place = place % period
        place = np.where(place < n, place, period - place - (mode == "symmetric"))
    return place.astype("int32")

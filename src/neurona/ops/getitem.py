"""x[key]: NumPy's indexing, made of views and `take`."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona.core.op import as_tensor
from neurona.core.shapes import broadcast_shapes, product
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, DtypeError, IndexRangeError, ShapeError
from neurona.ops.comparison import where
from neurona.ops.index import take
from neurona.ops.movement import broadcast_to, flip, reshape, strided_slice

__all__ = ["get_item", "getitem"]


def getitem(x, key):
    """x[key]: integers, slices, None, `...`, and integer or boolean tensors.

    Basic keys are views; a tensor of integers looks rows up with `take`. A boolean mask needs
    values, since the result's size depends on them: while tracing use `where`.
    """
    x = as_tensor(x)
    keys = list(key) if isinstance(key, tuple) else [key]
    keys = [k if k is None or k is Ellipsis or _is_plain(k) else _key(k) for k in keys]
    used = [k for k in keys if k is not None and k is not Ellipsis]
    width = sum(k.ndim if isinstance(k, Tensor) and k.dtype.kind == "b" else 1 for k in used)
    if width > x.ndim:
        raise ShapeError(
            "too many indices.", got=f"{width}", expected=f"at most {x.ndim} for x {x.shape}"
        )
    if sum(k is Ellipsis for k in keys) > 1:
        raise ArgumentError("an index has at most one `...`.")
    place = next((i for i, k in enumerate(keys) if k is Ellipsis), len(keys))
    spots = [i for i, k in enumerate(keys) if isinstance(k, Tensor | int)]
    tensors = any(isinstance(k, Tensor) for k in keys)
    if tensors and spots[0] < place < spots[-1]:  # also where `...` stands for no axis at all
        raise _apart()
    keys[place : place + 1] = [slice(None)] * (x.ndim - width)
    return _advanced(x, keys) if tensors else _basic(x, keys)


get_item = getitem


def _apart():
    """NumPy would move the indexed axes to the front, which surprises; we say no."""
    return ArgumentError("index tensors must stand side by side.", hint="index in two steps")


def _is_plain(key):
    return isinstance(key, slice | int) and not isinstance(key, bool)


def _key(key):
    if isinstance(key, np.integer):
        return int(key)
    key = as_tensor(key)
    if key.dtype.kind not in "iub" or (key.ndim == 0 and key.dtype.kind == "b"):
        raise DtypeError(
            "an index is an integer, a slice or a mask.", got=f"{key.dtype.name} of {key.ndim} axes"
        )
    return int(key) if key.ndim == 0 and key.data is not None else key


def _basic(x, keys):
    start: list[int] = []
    stop: list[int] = []
    step: list[int] = []
    flipped: list[int] = []
    shape: list[int] = []
    axis = 0
    for key in keys:
        if key is None:
            shape.append(1)
            continue
        size = x.shape[axis]
        if isinstance(key, int):
            if not -size <= key < size:
                raise IndexRangeError(
                    f"index {key} is out of range for axis {axis} of size {size}.",
                    expected=f"{-size} to {size - 1}" if size else "",
                )
            a, b, s = key % size, key % size + 1, 1
        else:
            a, b, s = key.indices(size)
            if s < 0:  # the same elements from the front, then reversed
                count = len(range(a, b, s))
                a, b, s = a + (count - 1) * s, a + 1, -s
                flipped.append(axis)
                if not count:
                    a = b = 0
            a, b = min(a, size), max(min(a, size), b)
            shape.append(len(range(a, b, s)))
        start, stop, step = [*start, a], [*stop, b], [*step, s]
        axis += 1
    if start != [0] * x.ndim or tuple(stop) != x.shape or step != [1] * x.ndim:
        x = strided_slice(x, start=start, stop=stop, step=step)
    if flipped:
        x = flip(x, axis=flipped)
    return x if tuple(shape) == x.shape else reshape(x, shape)


def _advanced(x, keys):
    expanded = _without_masks(x, keys)
    places = [i for i, k in enumerate(expanded) if isinstance(k, Tensor | int)]
    first, last = places[0], places[-1] + 1
    if len(places) != last - first:
        raise _apart()
    left, group, right = expanded[:first], expanded[first:last], expanded[last:]
    x = _basic(x, left + [slice(None)] * len(group) + right)
    sizes = x.shape[first:last]
    indices = [as_tensor(k) for k in group]
    common = broadcast_shapes("indices", *[i.shape for i in indices])
    if len(indices) == 1:
        return take(x, indices[0], axis=first)
    wide = "int32" if product(sizes) < 2**31 else "int64"
    flat = Tensor(np.zeros((), wide))
    for index, size in zip(indices, sizes, strict=True):
        index = _checked(index, size).astype(wide)
        flat = flat * size + where(index < 0, index + size, index)
    joined = (*x.shape[:first], product(sizes), *x.shape[last:])
    return take(reshape(x, joined), broadcast_to(flat, common), axis=first)


def _without_masks(x, keys):
    """Replace each mask by the indices where it is true."""
    expanded: list[Any] = []
    for key in keys:
        if not (isinstance(key, Tensor) and key.dtype.kind == "b"):
            expanded.append(key)
            continue
        axis = sum(k is not None for k in expanded)
        if key.shape != x.shape[axis : axis + key.ndim]:
            raise ShapeError(
                "a mask has the shape of what it masks.",
                got=f"mask {key.shape}",
                expected=str(x.shape[axis : axis + key.ndim]),
            )
        expanded += [Tensor(i) for i in np.nonzero(np.asarray(key))]
    return expanded


def _checked(index, size):
    """Refuse an index outside of its axis: joined with others it would hit a wrong element."""
    values = index.data
    if values is not None and values.size and not (-size <= values.min() and values.max() < size):
        raise IndexRangeError(
            f"an index is out of range for an axis of size {size}.",
            got=f"{values.min()} to {values.max()}",
            expected=f"{-size} to {size - 1}",
        )
    return index

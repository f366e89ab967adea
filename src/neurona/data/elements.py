"""Elements of a Dataset: arrays, or tuples and dicts of them, and what is done with several."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from neurona.core.tensor import Tensor
from neurona.core.tree import flatten, map_leaves
from neurona.errors import DataError


class Texts(np.ndarray):
    """An array of texts; `numpy()` is there for scripts that expect a tensor."""

    def numpy(self) -> np.ndarray:
        """Return the texts as a plain array."""
        return np.asarray(self)


def as_arrays(element: Any) -> Any:
    """Return an element with arrays for what holds its numbers or texts; a list is one."""
    if isinstance(element, tuple):
        return tuple(as_arrays(part) for part in element)
    if isinstance(element, dict):
        return {key: as_arrays(part) for key, part in element.items()}
    return element if element is None else np.asarray(element)


def as_tensors(element: Any) -> Any:
    """Return an element as scripts get it: Tensors, and arrays of texts."""

    def shown(leaf: Any) -> Any:
        array = np.asarray(leaf)
        if array.dtype.kind in "biuf":
            return Tensor(array)
        return array.view(Texts) if array.dtype.kind in "USO" and array.ndim else array

    return map_leaves(shown, element)


def buffered(elements: Iterator[Any], size: int, rng: np.random.Generator) -> Iterator[Any]:
    """Yield elements in a random order: each is one of the `size` that wait."""
    waiting = list(itertools.islice(elements, size))
    for element in elements:
        place = int(rng.integers(size))
        yield waiting[place]
        waiting[place] = element
    for place in rng.permutation(len(waiting)):
        yield waiting[place]


def batches_of(length: int, size: int, drop_remainder: bool) -> int:
    """Return how many batches so many elements make; what is no number stays as it is."""
    if length < 0:
        return length
    return length // size if drop_remainder else -(-length // size)


def stacked(elements: list[Any]) -> Any:
    """Return the elements as one, along a new first axis.

    Raises:
        DataError: if they have different shapes.
    """
    leaves, structure = zip(*map(flatten, elements), strict=True)
    try:
        return structure[0].unflatten([np.stack(column) for column in zip(*leaves, strict=True)])
    except ValueError:
        shapes = sorted({str(tuple(np.shape(leaf) for leaf in found)) for found in leaves})
        raise DataError(
            "elements of different shapes make no batch.",
            got=" and ".join(shapes[:2]),
            hint="padded_batch, or map them to one shape",
        ) from None


def padded(elements: list[Any], values: Any) -> Iterator[Any]:
    """Yield the elements, all as large as the largest."""
    columns, structure = zip(*map(flatten, elements), strict=True)
    sizes = [
        np.max([np.shape(leaf) for leaf in column], axis=0) for column in zip(*columns, strict=True)
    ]
    given = values if isinstance(values, tuple) else (values,) * len(sizes)
    for leaves in columns:
        filled = []
        for leaf, size, value in zip(leaves, sizes, given, strict=True):
            missing = "" if leaf.dtype.kind in "US" else 0
            larger = np.full(size.astype(int), missing if value is None else value, leaf.dtype)
            larger[tuple(map(slice, leaf.shape))] = leaf
            filled.append(larger)
        yield structure[0].unflatten(filled)

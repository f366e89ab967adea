"""The products that an element of a contraction is the sum of, from its loops."""

from __future__ import annotations

import numpy as np

from neurona.core.lowering import Affine, Nest


def products(
    nest: Nest, index: tuple[int, ...], x: tuple[int, ...], w: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the places in x and in w that are multiplied for one element of y.

    Shapes: (number of products, axes of x) and (number of products, axes of w). What lies outside
    of x or w, in the padding, is left out.

    >>> from neurona.core.lowering import Affine, Nest
    >>> m, n, k = Affine((1, 0, 0)), Affine((0, 1, 0)), Affine((0, 0, 1))
    >>> nest = Nest((1, 2, 2), (m, k), (k, n), (m, n))
    >>> [a.tolist() for a in products(nest, (0, 1), (1, 2), (2, 2))]
    [[[0, 0], [0, 1]], [[0, 1], [1, 1]]]
    """
    loops = np.zeros((1, len(nest.sizes)), np.int64)
    bound: set[int] = set()
    for place, affine in zip(index, nest.y, strict=True):
        mine = [i for i, step in enumerate(affine.steps) if step and i not in bound]
        loops = _crossed(loops, mine, nest.sizes)
        bound.update(mine)
        loops = loops[_at(affine, loops) == place]
    loops = _crossed(loops, [i for i in range(len(nest.sizes)) if i not in bound], nest.sizes)
    places = [np.stack([_at(a, loops) for a in axes], axis=1) for axes in (nest.x, nest.w)]
    inside = np.ones(len(loops), bool)
    for found, shape in zip(places, (x, w), strict=True):
        inside &= ((found >= 0) & (found < np.asarray(shape))).all(axis=1)
    return places[0][inside], places[1][inside]


def _at(affine: Affine, loops: np.ndarray) -> np.ndarray:
    return affine.offset + loops @ np.asarray(affine.steps, np.int64)


def _crossed(loops: np.ndarray, more: list[int], sizes: tuple[int, ...]) -> np.ndarray:
    """Return each row with all values of some more loops."""
    for i in more:
        values = np.tile(np.arange(sizes[i]), len(loops))
        loops = np.repeat(loops, sizes[i], axis=0)
        loops[:, i] = values
    return loops

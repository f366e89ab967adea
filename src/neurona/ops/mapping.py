"""A function of each element along an axis: maps, and folds of which all results are kept."""

from __future__ import annotations

from neurona.core.graph import tracing
from neurona.core.op import as_tensor
from neurona.core.shapes import normalize_axis
from neurona.core.tree import flatten
from neurona.errors import ShapeError
from neurona.ops.joining import concatenate, stack
from neurona.ops.movement import flip, reshape
from neurona.ops.scan import scan

__all__ = ["associative_scan", "map", "vectorized_map"]


def map(f, xs):
    """f of each element along the first axis, stacked: y_i = f(x_i).

    While a function is traced it is a `scan`.

    Args:
        f: from an element of each tensor of xs, nested as xs is, to tensors.
        xs: tensors (n, ...), nested in tuples, lists and dicts.

    >>> import numpy as np
    >>> map(lambda x: x * x, np.arange(4)).tolist()
    [0, 1, 4, 9]
    """
    leaves, structure = flatten(xs)
    leaves = [as_tensor(x) for x in leaves]
    count = _length("map", leaves)
    if tracing() or not count:
        return scan(lambda _, x: (None, f(x)), None, structure.unflatten(leaves))[1]
    results = [f(structure.unflatten([x[i] for x in leaves])) for i in range(count)]
    columns = zip(*(flatten(y)[0] for y in results), strict=True)
    return flatten(results[0])[1].unflatten([stack(column) for column in columns])


def vectorized_map(function, elements):
    """function of each element along the first axis, stacked; the same as `map`.

    >>> import numpy as np
    >>> vectorized_map(lambda x: x * x, np.arange(4)).tolist()
    [0, 1, 4, 9]
    """
    return map(function, elements)


def _length(name, leaves, axis=0):
    sizes = {x.shape[axis] if x.ndim > axis else None for x in leaves}
    if len(sizes) != 1 or None in sizes:
        raise ShapeError(
            f"{name}: the tensors have one length along axis {axis}.",
            got=", ".join(str(x.shape) for x in leaves) or "no tensor",
        )
    return sizes.pop()


# --- all results of a fold -------------------------------------------------------------------


def associative_scan(f, elems, reverse=False, axis=0):
    """y_0 = x_0, y_k = f(y_k-1, x_k) along an axis, for an f that is associative.

    Neighbours are combined, then pairs, then pairs of pairs: log2(n) calls of f, each on many
    elements at once.

    Args:
        f: from two nests of tensors like `elems` to one, element by element along the axis.
        elems: tensors of one size along the axis, nested in tuples, lists and dicts.
        reverse: from the last element to the first.

    Source: Blelloch 1990.

    >>> import numpy as np
    >>> associative_scan(lambda a, b: a + b, np.arange(5)).tolist()
    [0, 1, 3, 6, 10]
    """
    leaves, structure = flatten(elems)
    leaves = [as_tensor(x) for x in leaves]
    axes = [normalize_axis(axis, x.ndim, "associative_scan") for x in leaves]
    if len({x.shape[a] for x, a in zip(leaves, axes, strict=True)}) != 1:
        raise ShapeError(
            f"associative_scan: the tensors have one length along axis {axis}.",
            got=", ".join(str(x.shape) for x in leaves) or "no tensor",
        )

    def combined(a, b):
        return flatten(f(structure.unflatten(a), structure.unflatten(b)))[0]

    def cut(xs, start, stop=None, step=None):
        places = ((slice(None),) * a + (slice(start, stop, step),) for a in axes)
        return [x[place] for x, place in zip(xs, places, strict=True)]

    def joined(xs, ys):
        return [concatenate([x, y], axis=a) for x, y, a in zip(xs, ys, axes, strict=True)]

    def woven(xs, ys):
        pairs = [stack([x, y], axis=a + 1) for x, y, a in zip(xs, ys, axes, strict=True)]
        return [
            reshape(p, (*p.shape[:a], 2 * p.shape[a], *p.shape[a + 2 :]))
            for p, a in zip(pairs, axes, strict=True)
        ]

    def scanned(xs):
        n = xs[0].shape[axes[0]]
        if n < 2:
            return xs
        odd = scanned(combined(cut(xs, 0, n - 1, 2), cut(xs, 1, None, 2)))  # y_1, y_3, ...
        even = cut(xs, 0, 1)
        if n > 2:
            before = odd if n % 2 else cut(odd, 0, -1)
            even = joined(even, combined(before, cut(xs, 2, None, 2)))
        if n % 2:
            return joined(woven(cut(even, 0, -1), odd), cut(even, -1))
        return woven(even, odd)

    if reverse:
        leaves = [flip(x, axis=a) for x, a in zip(leaves, axes, strict=True)]
    found = scanned(leaves)
    if reverse:
        found = [flip(y, axis=a) for y, a in zip(found, axes, strict=True)]
    return structure.unflatten(found)

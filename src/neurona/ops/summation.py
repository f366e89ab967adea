"""How forward rules add many numbers up: sums of sums, so that few roundings meet in one.

NumPy adds by halves along a last axis that lies in a row, and one after the other along all others:
of ten million floats every sum is then off by per cent.
"""

from __future__ import annotations

import numpy as np

from neurona.core.shapes import normalize_axes, product
from neurona.ops.windows import added

TERMS = 32  # of one sum
RUN = 16  # terms of one running sum
STEPS = 1024  # of one product of matrices, which BLAS adds up in few sums


def block_sum(xp, x, axis=None, keepdims=False):
    """Return the sum over axes, in the type of x: block by block, and then the sums of blocks."""
    axes = tuple(sorted(normalize_axes(axis, x.ndim, "sum")))
    if (
        product([x.shape[a] for a in axes]) <= 2 * TERMS
        or x.dtype.kind != "f"
        or _by_halves(x, axes)
    ):
        return xp.sum(x, axis=axes, keepdims=keepdims, dtype=x.dtype)
    for a in reversed(axes):
        x = _along(xp, x, a)
    return x if keepdims else xp.squeeze(x, axes)


def _by_halves(x, axes):
    """Whether the elements of a sum lie in a row, so that NumPy does it; XLA always does."""
    last = tuple(range(x.ndim - len(axes), x.ndim))
    return not isinstance(x, np.ndarray) or (axes == last and x.flags.c_contiguous)


def _along(xp, x, axis):
    """Sum along one axis, which stays with size 1."""
    n, before, behind = x.shape[axis], x.shape[:axis], x.shape[axis + 1 :]
    if n <= 2 * TERMS:
        return xp.sum(x, axis=axis, keepdims=True, dtype=x.dtype)
    blocks, rest = divmod(n, TERMS)
    x, last = xp.split(x, [n - rest], axis=axis)
    sums = xp.sum(xp.reshape(x, (*before, blocks, TERMS, *behind)), axis=axis + 1, dtype=x.dtype)
    total = _along(xp, sums, axis)
    return total + xp.sum(last, axis=axis, keepdims=True, dtype=x.dtype) if rest else total


def total(pieces):
    """Return the sum of arrays: those of two, of four, of eight ... are added as they come."""
    waiting: list = []
    for number, piece in enumerate(pieces, 1):
        while number % 2 == 0:
            piece, number = added(waiting.pop(), (...,), piece), number // 2
        waiting.append(piece)
    y = waiting.pop()
    while waiting:
        y = added(waiting.pop(), (...,), y)
    return y


def long_product(xp, x, w):
    """Return the matrix product of the last two axes; what is summed is halved while it is long."""
    n = x.shape[-1]
    if n <= STEPS or x.dtype.kind != "f":
        return xp.matmul(x, w)
    half = -(-n // STEPS) // 2 * STEPS
    first = long_product(xp, x[..., :half], w[..., :half, :])
    return first + long_product(xp, x[..., half:], w[..., half:, :])


def running_sum(xp, x, axis):
    """Return all partial sums along an axis, in the type of x; float32 is added up in float64.

    In float64 a block knows what lies before it as one number, which its own sums are added to.
    """
    if x.dtype == np.float32:
        return xp.cumsum(x, axis=axis, dtype="float64").astype(x.dtype)
    n = x.shape[axis]
    if n <= 2 * RUN or x.dtype.kind != "f":
        return xp.cumsum(x, axis=axis, dtype=x.dtype)
    axis %= x.ndim
    before, behind, rest = x.shape[:axis], x.shape[axis + 1 :], n % RUN
    head, last = xp.split(x, [n - rest], axis=axis)
    blocks = xp.reshape(head, (*before, n // RUN, RUN, *behind))
    sums, last = xp.cumsum(blocks, axis=axis + 1), xp.cumsum(last, axis=axis)
    whole = (slice(None),) * axis
    ends = [sums[(*whole, slice(None), -1)], last[(*whole, slice(-1, None))]]
    ends = running_sum(xp, xp.concatenate(ends, axis=axis), axis)
    starts = xp.concatenate([xp.zeros_like(ends[(*whole, slice(1))]), ends], axis=axis)
    first = xp.expand_dims(starts[(*whole, slice(n // RUN))], axis + 1)
    last = starts[(*whole, slice(n // RUN, n // RUN + 1))] + last
    return xp.concatenate([xp.reshape(first + sums, head.shape), last], axis=axis)

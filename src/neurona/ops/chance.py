"""What is left to chance besides plain draws: dropped values, mixed rows, counts of successes."""

from __future__ import annotations

import math

import numpy as np

from neurona.core.op import as_tensor
from neurona.core.shapes import as_dtype, as_shape, is_float
from neurona.errors import ArgumentError, TraceError, check_number
from neurona.ops.arithmetic import maximum
from neurona.ops.comparison import where
from neurona.ops.draw import bernoulli, permutation, uniform
from neurona.ops.functions import exp, log
from neurona.ops.index import take
from neurona.ops.movement import expand_dims
from neurona.ops.reduce import cumsum, sum
from neurona.ops.seeds import draws

__all__ = ["binomial", "dropout", "shuffle"]
MOST = 10_000  # trials of a binomial number: each is looked at


@draws
def dropout(inputs, rate, noise_shape=None, seed=None):
    """x / (1 - rate) with probability 1 - rate, else 0: drops values, always, and keeps the mean.

    Args:
        inputs: x, of floats.
        rate: the share that is dropped, in [0, 1).
        noise_shape: of the mask, 1 or None where x has it as it is broadcast; x's by default.
        seed: an integer, or a SeedGenerator; the thread's stream by default.

    >>> sorted(set(dropout([1.0] * 50, 0.5, seed=1).tolist()))
    [0.0, 2.0]
    """
    x = as_tensor(inputs)
    x = x if is_float(x.dtype) else x.astype(float)
    check_number("rate", rate, low=0, high=1)
    if rate == 1:
        raise ArgumentError("rate 1 would drop everything.", got="1", expected="below 1")
    shape = x.shape
    if noise_shape is not None:
        shape = tuple(s if n is None else n for n, s in zip(noise_shape, x.shape, strict=True))
    return x * bernoulli(shape, 1.0 - rate, x.dtype, seed) / (1.0 - rate)


@draws
def shuffle(x, axis=0, seed=None):
    """The slices along an axis in random order.

    >>> sorted(shuffle([3, 1, 2], seed=1).tolist())
    [1, 2, 3]
    """
    x = as_tensor(x)
    return take(x, permutation(x.shape[axis], seed), axis=axis)


@draws
def binomial(shape, counts, probabilities, dtype=None, seed=None):
    """How many of n trials succeed, each with probability p: the k with P(< k) <= u < P(<= k).

    Args:
        shape: of the result.
        counts: n, whole numbers up to 10,000 that are known; broadcast to the shape.
        probabilities: p in [0, 1], broadcast as well.
        dtype: a float type; `config.floatx()` by default.
        seed: an integer, or a SeedGenerator; the thread's stream by default.

    Raises:
        ArgumentError: if a count is below 0 or above 10,000.
        TraceError: if the counts have no values yet.

    >>> bool((binomial((99,), 3, 0.5, seed=1).numpy() <= 3.0).all())
    True
    """
    shape, counts, p = as_shape(shape), as_tensor(counts), as_tensor(probabilities)
    if counts.data is None:
        raise TraceError(
            "binomial: the counts must be known.", hint="give them as numbers or a NumPy array"
        )
    n = np.asarray(counts).astype("float64")
    most = int(n.max(initial=0))
    if n.min(initial=0) < 0 or most > MOST:
        raise ArgumentError(
            "binomial: a count is out of range.", got=f"{n.min():g} to {n.max():g}",
            expected=f"0 to {MOST:,}",
        )  # fmt: skip
    p = expand_dims(p.astype("float64"), -1)
    k = np.arange(most + 1.0)
    ways = np.vectorize(math.lgamma)(np.arange(most + 2) + 1.0)  # ln k!
    left = np.maximum(n[..., None] - k, 0.0)
    choose = ways[n.astype(int)][..., None] - ways[k.astype(int)] - ways[left.astype(int)]
    possible = k <= n[..., None]
    successes = where(k == 0, 0.0, k * log(maximum(p, 1e-300)))
    failures = where(left == 0, 0.0, left * log(maximum(1.0 - p, 1e-300)))
    chances = where(possible, exp(choose + successes + failures), 0.0)
    u = expand_dims(uniform(shape, dtype="float64", seed=seed), -1)
    above = (u >= cumsum(chances, axis=-1)) & (k < n[..., None])
    return sum(above.astype("float64"), axis=-1).astype(as_dtype(dtype))

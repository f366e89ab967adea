"""Random draws, each a pure function of (seed, step) and its number; see `core/random.py`.

`nn.random` has the functions; the ops behind them take the state as their input, so that a traced
training step has its randomness as an argument like all other state.
"""

from __future__ import annotations

import math

import numpy as np

from neurona.core import random
from neurona.core.graph import trace
from neurona.core.lowering import Random
from neurona.core.op import as_tensor, op
from neurona.core.shapes import DTYPES, Spec, as_dtype, as_shape, is_float, product
from neurona.errors import ArgumentError, DtypeError, check_integer, check_number
from neurona.ops.arithmetic import clip, maximum
from neurona.ops.comparison import where
from neurona.ops.functional import erfinv
from neurona.ops.functions import cos, exp, log, sigmoid, sin, sqrt
from neurona.ops.index import argsort
from neurona.ops.joining import concatenate
from neurona.ops.movement import moveaxis, reshape
from neurona.ops.reduce import argmax
from neurona.ops.seeds import draws

__all__ = [
    "bernoulli",
    "beta",
    "categorical",
    "gamma",
    "normal",
    "permutation",
    "randint",
    "truncated_normal",
    "uniform",
]


def _unit_shape(state, *, shape, draw, dtype):
    return Spec(as_shape(shape), as_dtype(dtype))


@op(shape=_unit_shape, lower=Random(), types="as is")
def random_unit(xp, state, *, shape, draw, dtype):
    """Uniform numbers in [0, 1): the top 24 bits of a word (float32), 53 bits of two (float64).

    Shapes: state int64 (2,), the seed and the step -> y of the given shape.

    >>> random_unit([1, 0], shape=(2,), draw=0, dtype="float64").numpy().round(4).tolist()
    [0.8903, 0.5857]
    """
    count = product(shape)
    if as_dtype(dtype) == DTYPES["float32"]:
        words = random.philox(xp, state, draw, count) >> xp.uint64(8)
        return (words.astype("float32") * np.float32(2.0**-24)).reshape(shape)
    bits = _bits(xp, random.philox(xp, state, draw, 2 * count))
    return (bits.astype("float64") * 2.0**-53).reshape(shape)


def _bits(xp, words):
    """53 random bits of two words each."""
    high, low = words[..., 0::2] >> xp.uint64(5), words[..., 1::2] >> xp.uint64(6)
    return (high << xp.uint64(26)) | low


def _unit(shape, dtype, seed):
    """Draw uniform numbers in [0, 1) from the current stream, or from a seed of one's own."""
    dtype = as_dtype(dtype)
    if not is_float(dtype):
        raise DtypeError("random numbers are floats.", got=dtype.name, hint="nn.random.randint")
    state, draw = (random.state_of(int(seed), 0), 0) if seed is not None else next_draw()
    return random_unit(state, shape=as_shape(shape), draw=draw, dtype=dtype.name)


def _plain(value):
    """Return a NumPy scalar as a Python number, whose type does not count."""
    scalar = isinstance(value, np.generic | np.ndarray) and value.ndim == 0
    return value.item() if scalar else value


def next_draw():
    """Return state and number of the next draw of the current stream, with its own seed if any."""
    state, draw = random.next_state()
    if (own := random.own_seed()) is not None:
        state = concatenate([np.array([own], np.int64), state[1:]], axis=0)
    return state, draw


@draws
def uniform(shape, minval=0.0, maxval=1.0, dtype=None, seed=None):
    """Uniform numbers in [minval, maxval).

    Args:
        shape: of the result.
        minval, maxval: the range.
        dtype: a float type; `config.floatx()` by default.
        seed: for numbers of their own, the same at each call, or a SeedGenerator; by default the
            next ones of the current stream, which `nn.utils.set_random_seed` starts.

    >>> uniform((2, 3), seed=1).shape
    (2, 3)
    """
    minval, maxval, unit = _plain(minval), _plain(maxval), _unit(shape, dtype, seed)
    return unit if (minval, maxval) == (0, 1) else unit * (maxval - minval) + minval


@draws
def normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Normal numbers, by the Box-Muller transform of two uniform ones.

    z = sqrt(-2 ln(1 - u)) * cos(2 pi v), and sin for the other half.

    Args: see `uniform`; `mean` and `stddev` of the distribution.

    >>> normal((2, 3), seed=1).shape
    (2, 3)
    """
    shape = as_shape(shape)
    half = -(-product(shape) // 2)
    u = _unit((2, half), dtype, seed)
    radius = sqrt(-2.0 * log(1.0 - u[0]))
    angle = (2.0 * math.pi) * u[1]
    z = concatenate([radius * cos(angle), radius * sin(angle)], axis=0)[: product(shape)]
    return reshape(z, shape) * _plain(stddev) + _plain(mean)


@draws
def truncated_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Normal numbers limited to two standard deviations, by the inverse of their distribution.

    z = sqrt(2) erfinv(u) with u uniform in (erf(-sqrt 2), erf(sqrt 2)). No rejection, so the
    count of random bits is known beforehand.

    Args: see `normal`.

    >>> bool(abs(truncated_normal((1000,), seed=1).numpy()).max() <= 2.0)
    True
    """
    limit = math.erf(math.sqrt(2.0))
    u = uniform(shape, -limit, limit, dtype, seed)
    return clip(math.sqrt(2.0) * erfinv(u), -2.0, 2.0) * _plain(stddev) + _plain(mean)


_TRIES = 8  # each is taken with a chance of 0.95 or more: all of them fail once in 10^10


@draws
def gamma(shape, alpha, dtype=None, seed=None):
    """Numbers with density x^(alpha - 1) e^-x / Gamma(alpha).

    Args:
        shape, dtype, seed: see `uniform`.
        alpha: above 0; a number, or a tensor that broadcasts to the shape.

    Source: Marsaglia and Tsang 2000, with a fixed number of tries, so that the count of random bits
    is known beforehand.

    >>> gamma((2, 3), 0.5, seed=1).shape
    (2, 3)
    """
    return exp(_log_gamma(as_shape(shape), alpha, dtype, seed, 0))


@draws
def beta(shape, alpha, beta, dtype=None, seed=None):
    """Numbers in [0, 1] with density proportional to x^(alpha - 1) (1 - x)^(beta - 1).

    x = g / (g + h) with g and h of the gamma distributions of alpha and beta.

    Args: see `gamma`.

    >>> bool((beta((9,), 0.2, 0.2, seed=1).numpy() <= 1.0).all())
    True
    """
    shape = as_shape(shape)
    g, h = (_log_gamma(shape, a, dtype, seed, k) for k, a in enumerate((alpha, beta)))
    return sigmoid(g - h)


def _log_gamma(shape, alpha, dtype, seed, number):
    """ln of gamma numbers, which for a small alpha are too small for a float.

    One of alpha + 1, times u^(1 / alpha), is one of alpha. Of d (1 + c z)^3 with a normal z those
    are taken for which ln u < z^2 / 2 + d - d v + d ln v.
    """
    if isinstance(alpha, int | float):
        check_number("alpha", alpha, low=0.0, high=math.inf, open=True)
    seed = None if seed is None else int(seed) + number
    dtype = as_dtype(dtype)
    u = 1.0 - _unit((_TRIES + 1, *shape), dtype, seed)  # in (0, 1]
    z = normal((_TRIES, *shape), dtype=dtype, seed=None if seed is None else seed + 2)
    alpha = as_tensor(alpha).astype(dtype)
    d = alpha + 2.0 / 3.0
    v = 1.0 + z / sqrt(9.0 * d)
    v = where(v > 0.0, v * v * v, 0.0)
    log_v = log(where(v > 0.0, v, 1.0))
    bound = where(v > 0.0, 0.5 * z * z + d * (1.0 - v + log_v), -math.inf)
    found = log_v[-1]
    for k in reversed(range(_TRIES)):
        found = where(log(u[k]) < bound[k], log_v[k], found)
    return log(d) + found + log(u[-1]) / alpha


@draws
def bernoulli(shape, p=0.5, dtype=None, seed=None):
    """1 with probability p, else 0.

    Args: see `uniform`; `p` a number in [0, 1] or a tensor that broadcasts to the shape.

    >>> bernoulli((4,), 1.0).tolist()
    [1.0, 1.0, 1.0, 1.0]
    """
    if isinstance(p, int | float):
        check_number("p", p, low=0, high=1)
    p = as_tensor(p)
    return (_unit(shape, p.dtype if is_float(p.dtype) else None, seed) < p).astype(dtype or float)


@draws
def randint(shape, minval, maxval, dtype="int32", seed=None):
    """Whole numbers from minval up to maxval, without it.

    Args: see `uniform`; the range must be below 2**53.

    >>> bool((randint((100,), 0, 3, seed=1).numpy() < 3).all())
    True
    """
    if maxval <= minval:
        raise ArgumentError("randint: empty range.", got=f"[{minval}, {maxval})")
    u = _unit(shape, "float64", seed)
    whole = (u * float(maxval - minval)).astype("int64")  # before minval: rounds towards zero
    return (whole + int(minval)).astype(dtype)


@draws
def permutation(n, seed=None):
    """The numbers 0 to n - 1 in random order, as int32.

    >>> sorted(permutation(4, seed=1).tolist())
    [0, 1, 2, 3]
    """
    return argsort(_unit((n,), "float64", seed))


def permutation_graph(n):
    """The Graph of (seed, step) -> `permutation(n)` there, as int64: for engines to draw orders.

    >>> random.set_seed(1)
    >>> state = np.array(random.get_position())
    >>> permutation_graph(5).evaluate(np, [state])[0].tolist() == permutation(5).tolist()
    True
    """

    def draw(state):
        unit = random_unit(state, shape=(n,), draw=0, dtype="float64")
        bits = (unit * 2.0**53).astype("int64")  # evenly spread, so they are sorted faster
        return argsort(bits).astype("int64")

    return trace(draw, [Spec((2,), DTYPES["int64"])])


def permutations(n, states, draws=0):
    """What `permutation(n)` gives at some states of the random stream, as int64 (N, n).

    Args:
        n: how many numbers.
        states: (seed, step) pairs, (N, 2) or (1, 2).
        draws: numbers of the draws within the step, (N,) or one for all.

    >>> state = random.get_position()
    >>> permutations(5, [state])[0].tolist() == permutation(5).tolist()
    True
    """
    pairs, draws = np.asarray(states, np.int64), np.reshape(draws, (-1, 1))
    count = max(len(pairs), len(draws))
    pairs, draws = np.broadcast_to(pairs, (count, 2)), np.broadcast_to(draws, (count, 1))
    found, some = np.empty((count, n), np.int64), max(1, _CACHED // n)
    for k in range(0, count, some):
        words = random.philox(np, pairs[k : k + some].T[..., None], draws[k : k + some], 2 * n)
        found[k : k + some] = _ranks(_bits(np, words))
    return found


_CACHED = 16384  # numbers that are worked on at a time, so that they stay near the processor


def _ranks(bits):
    """Indices that sort numbers of 53 bits along the last axis; equal ones keep their order."""
    n = bits.shape[-1]
    if n > 2048:
        return np.argsort(bits, axis=-1, stable=True)
    numbered = (bits << np.uint64(11)) | np.arange(n, dtype=np.uint64)  # in the 11 bits left
    return np.sort(numbered, axis=-1) & np.uint64(2047)


@draws
def categorical(logits, num_samples=None, dtype="int32", seed=None, shape=None):
    """Indices drawn with probabilities softmax(logits), by the Gumbel-max trick.

    Shapes: logits (..., K) -> (...), or (..., num_samples), or `shape` + (...).

    >>> categorical([[0.0, 100.0], [100.0, 0.0]]).tolist()
    [1, 0]
    >>> categorical([[0.0, 100.0]], num_samples=3).tolist()
    [[1, 1, 1]]
    """
    if num_samples is not None:
        drawn = categorical(logits, None, dtype, seed, (check_integer("num_samples", num_samples),))
        return moveaxis(drawn, 0, -1)
    logits = as_tensor(logits)
    logits = logits if is_float(logits.dtype) else logits.astype(float)
    u = _unit((*as_shape(shape or ()), *logits.shape), logits.dtype, seed)
    tiny = float(np.finfo(logits.dtype).tiny)
    return argmax(logits - log(-log(maximum(u, tiny))), axis=-1).astype(dtype)

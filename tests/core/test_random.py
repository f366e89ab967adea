"""Random numbers: the published vectors of Philox, the moments, and the same seed, same bits."""

import math

import numpy as np
import pytest

import neurona as nn
from neurona.core import random
from neurona.core.random import philox
from neurona.errors import ArgumentError, DtypeError
from neurona.ops import draw

ONES, PI = 0xFFFFFFFF, (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344)
VECTORS = [  # counter, key, result: Random123, kat_vectors, philox4x32 10
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((ONES,) * 4, (ONES,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (PI, (0xA4093822, 0x299F31D0), (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)),
]


class _From:
    """NumPy whose arange starts at a given block, to reach the vectors' counters."""

    def __init__(self, first):
        self.first = first

    def arange(self, n, dtype):
        return np.arange(n, dtype=dtype) + dtype(self.first)

    def __getattr__(self, name):
        return getattr(np, name)


@pytest.mark.parametrize(("counter", "key", "words"), VECTORS)
def test_known_answers(counter, key, words):
    state = np.uint64([key[0] | key[1] << 32, counter[2] | counter[3] << 32]).view(np.int64)
    with np.errstate(over="ignore"):
        found = philox(_From(counter[0]), state, counter[1], 4)
    assert tuple(int(w) for w in found) == words


def test_long_draws_are_made_in_pieces_without_a_seam():
    count = 4 * 9 * random.BLOCK + 3
    long = philox(np, np.array([5, 2]), 3, count)
    row = philox(np, np.array([5, 2]).reshape(2, 1, 1), np.array([[3]]), count)  # all at once
    np.testing.assert_array_equal(long, row[0])


def test_same_seed_same_bits():
    nn.random.set_seed(7)
    first = [nn.random.uniform((3,)).tolist(), nn.random.normal((2, 2)).tolist()]
    nn.random.set_seed(7)
    again = [nn.random.uniform((3,)).tolist(), nn.random.normal((2, 2)).tolist()]
    assert first == again
    assert nn.random.uniform((3,)).tolist() != nn.random.uniform((3,)).tolist()
    assert nn.random.uniform((3,), seed=1).tolist() == nn.random.uniform((3,), seed=1).tolist()


def test_a_saved_position_continues_the_stream():
    nn.random.set_seed(3)
    nn.random.uniform((2,))
    saved = random.get_position()
    expected = nn.random.uniform((2,)).tolist()
    random.set_position(*saved)
    assert nn.random.uniform((2,)).tolist() == expected


def test_draws_differ_within_a_step_and_between_steps():
    drawn = nn.jit(lambda x: (x + nn.random.uniform((4,)), x + nn.random.uniform((4,))))
    rows = [y.tolist() for _ in range(2) for y in drawn(np.float32(0))]
    assert len({tuple(row) for row in rows}) == 4
    nn.random.set_seed(5)
    first = [y.tolist() for y in drawn(np.float32(0))]
    nn.random.set_seed(5)
    assert [y.tolist() for y in drawn(np.float32(0))] == first


N = 40_000


@pytest.mark.parametrize(
    ("draw", "mean", "deviation", "low", "high"),
    [
        (lambda: nn.random.uniform((N,), -1, 3, seed=1), 1, 4 / math.sqrt(12), -1, 3),
        (lambda: nn.random.uniform((N,), dtype="float64", seed=1), 0.5, math.sqrt(1 / 12), 0, 1),
        (lambda: nn.random.normal((N,), 2, 3, seed=1), 2, 3, -14, 18),
        (lambda: nn.random.truncated_normal((N,), seed=1), 0, 0.87962566, -2, 2),
        (lambda: nn.random.bernoulli((N,), 0.3, seed=1), 0.3, math.sqrt(0.21), 0, 1),
        (lambda: nn.random.randint((N,), -2, 4, seed=1), 0.5, math.sqrt(35 / 12), -2, 3),
    ],
)
def test_moments(draw, mean, deviation, low, high):
    x = draw().numpy().astype(float)
    assert x.mean() == pytest.approx(mean, abs=4 * deviation / math.sqrt(N))
    assert x.std() == pytest.approx(deviation, rel=0.02)
    assert low <= x.min()
    assert x.max() <= high
    assert abs(np.corrcoef(x[1:], x[:-1])[0, 1]) < 0.02


def test_permutation_and_categorical():
    orders = {tuple(nn.random.permutation(3, seed=s).tolist()) for s in range(60)}
    assert len(orders) == 6
    assert sorted(nn.random.permutation(100, seed=1).tolist()) == list(range(100))
    found = nn.random.categorical(np.log([0.2, 0.5, 0.3]), shape=(N,), seed=2).numpy()
    np.testing.assert_allclose(np.bincount(found) / N, [0.2, 0.5, 0.3], atol=0.01)


def test_errors():
    with pytest.raises(DtypeError, match="random numbers are floats"):
        nn.random.uniform((2,), dtype="int32")
    with pytest.raises(ArgumentError, match="empty range"):
        nn.random.randint((2,), 3, 3)
    with pytest.raises(ArgumentError, match="p is out of range"):
        nn.random.bernoulli((2,), 1.5)
    with pytest.raises(ArgumentError, match="seed is too small"):
        nn.random.set_seed(-1)


@pytest.mark.parametrize("n", [1, 2, 5, 200, 2048, 2049])
def test_permutations_of_many_states_are_those_of_each(n):
    states = [(3, step) for step in range(40)]
    found = draw.permutations(n, states)
    for (seed, step), row in zip(states, found, strict=True):
        random.set_position(seed, step)
        assert row.tolist() == draw.permutation(n).tolist()


def test_permutations_of_several_draws_of_a_state():
    found = draw.permutations(6, [(3, 9)], np.arange(4))
    with random.use(random.state_of(3, 9)):
        assert found.tolist() == [draw.permutation(6).tolist() for _ in range(4)]


def test_equal_numbers_keep_their_order_in_permutations():
    bits = np.array([[5, 2**53 - 1, 5, 0, 5]], np.uint64)
    assert draw._ranks(bits).tolist() == [[3, 0, 2, 4, 1]]

"""Programs of the native engine as they are called: which arrays they look at."""

import numpy as np
import pytest

from neurona.core.graph import trace
from neurona.engines.native.run import executable
from neurona.engines.program import compile
from neurona.errors import DataError


@pytest.fixture
def program():
    given = np.zeros((3, 4), "float32"), np.zeros(4, "float32")
    return compile(trace(lambda x, w: [(x * w).sum(axis=1)], given), "native")


def arrays():
    rng = np.random.default_rng(0)
    return rng.random((3, 4), np.float32), rng.random(4, np.float32)


def test_the_same_array_may_change_between_calls(program):
    x, w = arrays()
    for factor in (1, 2, 3):
        x *= factor
        np.testing.assert_allclose(program(x, w)[0], x @ w, rtol=1e-6)


def test_other_arrays_take_the_place_of_those_that_are_gone(program):
    _, w = arrays()
    for seed in range(50):  # each is likely to lie where the last one lay, or at its id
        x = np.random.default_rng(seed).random((3, 4), np.float32)
        np.testing.assert_allclose(program(x, w)[0], x @ w, rtol=1e-6)
        del x


def test_arrays_with_gaps_and_without_in_turn(program):
    x, w = arrays()
    wide = np.repeat(x, 2, axis=1)
    for given in (x, wide[:, ::2], wide[:, ::2], np.asfortranarray(x), x):
        np.testing.assert_allclose(program(given, w)[0], x @ w, rtol=1e-6)
        wide[:, ::2] = x


def test_an_array_that_does_not_fit_is_no_array_of_the_next_call(program):
    x, w = arrays()
    program(x, w)
    with pytest.raises(DataError, match="another array"):
        program(x[:2], w)
    with pytest.raises(DataError, match="another array"):
        program(x, w.astype("float64"))
    np.testing.assert_allclose(program(x, w)[0], x @ w, rtol=1e-6)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0), np.arange(6.0)[2:], np.zeros((3, 0)), np.array(1.5), np.zeros((4, 5)).T,
        np.zeros((8, 8), "uint8")[::2, ::-1], np.broadcast_to(np.float32(1), (3, 4)),
        np.frombuffer(b"12345678", np.int64), np.zeros(3).view(np.recarray),
    ],
)  # fmt: skip
def test_addresses_are_those_that_arrays_tell(array):
    assert executable.address(array) == array.__array_interface__["data"][0]

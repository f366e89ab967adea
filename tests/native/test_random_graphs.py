"""Random Graphs on the native engine, held against the reference engine."""

import os
import random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from neurona.core.graph import trace
from neurona.engines.program import compile

from .random_graphs import Maker, function, inputs

FLOATS = ["float32", "float64"]


def compare(whole, floatx, nodes, describe=lambda text: None):
    """Draw a Graph and hold the engines against each other; return it."""
    maker = Maker(whole, floatx)
    arrays = inputs(maker)
    graph = trace(function(maker, nodes), arrays)
    describe(str(graph))
    want = compile(graph, "reference")(*arrays)
    before = [a.copy() for a in arrays]
    program = compile(graph, "native")
    got = program(*arrays)
    tolerance = 1e-4 if floatx == "float32" else 1e-11
    for x, y in zip(want, got, strict=True):
        assert (x.shape, x.dtype) == (y.shape, y.dtype)
        np.testing.assert_allclose(y, x, rtol=tolerance, atol=tolerance)
    for x, y in zip(before, arrays, strict=True):
        np.testing.assert_array_equal(x, y, "an input was changed")
    for x, y in zip(got, program(*arrays), strict=True):
        np.testing.assert_array_equal(x, y, "a second call gives something else")


@pytest.mark.parametrize("floatx", FLOATS)
@given(data=st.data(), nodes=st.integers(1, 20))
@settings(
    max_examples=100, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck)
)
def test_random_graphs_agree_with_the_reference(floatx, data, nodes):
    compare(lambda low, high: data.draw(st.integers(low, high)), floatx, nodes, note)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(20))
def test_twenty_thousand_random_graphs_agree_with_the_reference(block):
    first = int(os.environ.get("NEURONA_SEED", "0")) + 1000 * block
    for seed in range(first, first + 1000):
        whole = random.Random(seed).randint
        try:
            compare(whole, FLOATS[seed % 2], whole(1, 20))
        except Exception as error:
            raise AssertionError(f"seed {seed}") from error

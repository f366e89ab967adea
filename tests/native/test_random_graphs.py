"""Random Graphs on the native engine, held against the reference engine."""

import contextlib
import os
import random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from neurona.core.graph import trace
from neurona.engines.native import chain
from neurona.engines.native.kernels import loops
from neurona.engines.program import compile
from tests.first import first

from . import random_graphs
from .random_graphs import Maker, function, inputs

FLOATS = ["float32", "float64"]
# Many go row by row, some across rows.
STEPS = ["normalize"] * 4 + ["binary", "smooth"] * 2 + ["flip", "reduce", "reshape", "transpose"]


@contextlib.contextmanager
def short_blocks(wanted):
    """Let kernels go through rows together wherever they can, and often."""
    with pytest.MonkeyPatch.context() as patch:
        if wanted:
            steps = {f"{i}": random_graphs.STEPS[name] for i, name in enumerate(STEPS)}
            patch.setattr(random_graphs, "STEPS", steps)
            patch.setattr(random_graphs, "SIZES", [1, 3, 33, 48, 64, 100])
            patch.setattr(random_graphs, "axes", lambda maker, d: (-1,) if d.x.ndim else ())
            patch.setattr(chain, "NEAR", 1)
            patch.setattr(chain, "FEWEST", 2)
            patch.setattr(loops, "SINGLE", 0)
        yield


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


@pytest.mark.sampled(3)
@pytest.mark.parametrize("short", [False, True])
@pytest.mark.parametrize("floatx", FLOATS)
@given(data=st.data(), nodes=st.integers(1, 20))
@settings(
    max_examples=100, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck)
)
def test_random_graphs_agree_with_the_reference(floatx, short, data, nodes):
    with short_blocks(short):
        compare(lambda low, high: data.draw(st.integers(low, high)), floatx, nodes, note)


@pytest.mark.slow
@pytest.mark.parametrize("block", first(range(20), *range(5), mark=pytest.mark.long))
def test_twenty_thousand_random_graphs_agree_with_the_reference(block):
    begin = int(os.environ.get("NEURONA_SEED", "0")) + 1000 * block
    for seed in range(begin, begin + 1000):
        whole = random.Random(seed).randint
        try:
            with short_blocks(seed % 4 > 1):
                compare(whole, FLOATS[seed % 2], whole(1, 20))
        except Exception as error:
            raise AssertionError(f"seed {seed}") from error

"""The native engine against the reference engine: every row of the table of ops."""

import numpy as np
import pytest

from neurona.core.graph import trace
from neurona.core.op import OPS
from neurona.engines.program import compile
from tests.first import first
from tests.ops.cases import CASES
from tests.ops.test_ops import attributes


def both(fn, arrays):
    """What a function gives on the reference and on the native engine, and the native Program."""
    graph = trace(fn, arrays)
    native = compile(graph, "native")
    return compile(graph, "reference")(*arrays), native(*arrays), native


@pytest.mark.parametrize("dtype", first(["float32", "float64"], "float32"))
@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_row_agrees_with_the_reference(case, dtype):
    op = OPS[case.op]
    given = attributes(case, dtype)
    arrays = [x.numpy() for x in op._bind(tuple(case.arrays(dtype)), dict(given))[0]]
    want, got, _ = both(lambda *xs: op(*xs, **given), arrays)
    for a, b in zip(want, got, strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        tolerance = 1e-12 if dtype == "float64" else 1e-5
        np.testing.assert_allclose(b, a, rtol=tolerance, atol=tolerance * 0.1)

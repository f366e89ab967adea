"""Quotients by roots against float64, over the whole range of what they may be given."""

import numpy as np
import pytest

from neurona.core.graph import trace
from neurona.engines.native.machine import Machine
from neurona.engines.program import compile
from neurona.ops import sqrt

rng = np.random.default_rng(0)
ENDS = np.float32([0.0, -0.0, np.inf, np.nan, -1.0, 2e-38, 3e38, 1.0, 4.0])
V = np.concatenate([ENDS, np.float32(10.0) ** rng.uniform(-37, 38, 4087).astype("float32")])
X = np.concatenate([np.float32([1] * 9), rng.normal(size=4087).astype("float32")])


@pytest.mark.parametrize("c", [0.0, 1e-7, 1.0])
def test_quotients_by_roots(c):
    def fn(x, v):
        return x / (sqrt(v) + c) if c else x / sqrt(v)

    (got,) = compile(trace(fn, [X, V]), "native")(X, V)
    with np.errstate(all="ignore"):
        want = X.astype("float64") / (np.sqrt(V.astype("float64")) + c)
    np.testing.assert_array_equal(np.isnan(got), np.isnan(want))
    plain = np.isfinite(want) & (np.abs(want) > 1e-37)
    ulp = np.abs(got[plain] - want[plain]) / np.spacing(np.abs(want[plain]).astype("float32"))
    assert ulp.max() <= 2.5
    rest = ~plain & ~np.isnan(want)
    np.testing.assert_allclose(got[rest], want[rest].astype("float32"), atol=2e-37)


@pytest.mark.skipif(Machine.host().vector_bytes < 64, reason="needs AVX-512")
def test_they_are_estimates_where_the_machine_has_them():
    text = compile(trace(lambda x, v: x / sqrt(v), [X, V]), "native").run.text
    assert "rcp14" in text
    assert "rcp14" not in compile(trace(lambda x, v: x / v, [X, V]), "native").run.text

"""Contractions as machine code, against their forward rules."""

import numpy as np
import pytest

import neurona as nn
from neurona.core.lowering import Contraction
from neurona.core.op import OPS

from ..ops.cases import CASES
from .contractions import Compiled

ROWS = [case for case in CASES if isinstance(OPS[case.op].lower, Contraction)]
CLOSE = {"float64": 1e-12, "float32": 3e-5}


def check(op, x, w, attributes, target="host"):
    """One contraction on a target: the numbers of the forward rule, for any split of the units."""
    want = OPS[op](np.float64(x), np.float64(w), **attributes).numpy()
    compiled = Compiled(op, x, w, attributes, target)
    y = compiled(x, w)
    scale = max(abs(want).max(initial=0), 1)
    close = CLOSE[str(x.dtype)] * scale
    np.testing.assert_allclose(y, want, rtol=0, atol=close)
    np.testing.assert_array_equal(compiled(x, w, pieces=3), y)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("target", ["host", "avx2", "baseline"])
@pytest.mark.parametrize("case", ROWS, ids=str)
def test_row(case, target, dtype):
    check(case.op, *case.arrays(dtype), case.attributes, target)

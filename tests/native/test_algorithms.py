"""Kernels that are algorithms of their own, against the forward rules of their ops."""

import numpy as np
import pytest

from neurona.core.op import OPS
from neurona.core.shapes import Spec
from neurona.engines.native import philox
from neurona.engines.native.machine import Machine

from ..ops.cases import CASES
from .stages import TARGETS, run

MACHINES = pytest.mark.parametrize("machine", [*map(Machine.named, TARGETS)], ids=TARGETS)


def cases(*names):
    return pytest.mark.parametrize("case", [c for c in CASES if c.op in names], ids=str)


def guarded(spec):
    """An array with room around it, that must not be touched."""
    whole = np.full(spec.size * spec.dtype.itemsize + 256, 0x77, "uint8")
    inner = whole[128 : whole.size - 128].view(spec.dtype).reshape(spec.shape)
    return whole, inner


def result(planned, spec, inputs, machine, **more):
    whole, y = guarded(spec)
    run(planned, {**{str(k): a for k, a in enumerate(inputs)}, "y": y, **more}, machine)
    assert (whole[:128] == 0x77).all()
    assert (whole[whole.size - 128 :] == 0x77).all()
    return y


@MACHINES
@pytest.mark.parametrize("count", [0, 1, 15, 64, 100, 255, 256, 257, 1000, 2049])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_random_unit(dtype, count, machine):
    for state, draw in (([3, 5], 0), ([2**40 + 3, 2**33 + 1], 7), ([-1, -2], 2**31 + 9)):
        spec, state = Spec((count,), np.dtype(dtype)), np.array(state, "int64")
        want = OPS["random_unit"](state, shape=(count,), draw=draw, dtype=dtype).numpy()
        y = result(philox.plan(spec, draw, machine), spec, [state], machine)
        np.testing.assert_array_equal(y, want)

"""Arrays that are read along another axis than they are written: squares turned in registers."""

import itertools

import numpy as np
import pytest

from neurona import config, ops
from neurona.core.graph import trace
from neurona.engines.native.llvm.machine import Machine
from neurona.engines.program import compile
from tests.settings import threads_set_to

rng = np.random.default_rng(0)
SIZES = (4, 8, 16, 17, 32, 33, 65)


def turned(x):
    return [ops.swapaxes(x, -1, -2) * 1.0]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("target", ["host", "avx2", "baseline"])
def test_copies(target, dtype):
    if not Machine.named(target).runs_here:
        pytest.skip("another kind of processor")
    shapes = [*itertools.product(SIZES[::2], SIZES), (3, 33, 20), (2, 3, 16, 40)]
    before = config.target()
    try:
        config.set_target(target)
        for shape in shapes:
            x = rng.normal(size=shape).astype(dtype)
            (got,) = compile(trace(turned, [x]), "native")(x)
            np.testing.assert_array_equal(got, np.swapaxes(x, -1, -2))
    finally:
        config.set_target(before)


def test_several_arrays_and_numbers_of_a_row():
    x, y, z = (rng.normal(size=s).astype("float32") for s in ((40, 70), (70, 40), (70, 1)))

    def fn(x, y, z):
        return [x.T * y + z, (x.T - y) * y.T.T]

    graph = trace(fn, [x, y, z])
    for got, want in zip(
        compile(graph, "native")(x, y, z), compile(graph, "reference")(x, y, z), strict=True
    ):
        np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("shape", [(70, 40), (2, 6, 5, 4), (3, 16, 16, 8)])
def test_several_arrays_that_all_lie_across_the_result(shape):
    x, y = (rng.normal(size=shape).astype("float32") for _ in range(2))
    across = (0, len(shape) - 1, *range(1, len(shape) - 1)) if len(shape) > 2 else (1, 0)

    def fn(x, y):
        return [ops.transpose(x, across) * 2.0 + ops.transpose(y, across)]

    (got,) = compile(trace(fn, [x, y]), "native")(x, y)
    np.testing.assert_array_equal(got, np.transpose(2 * x + y, across))


def test_a_slice_and_a_flipped_axis():
    x = rng.normal(size=(50, 90)).astype("float32")
    graph = trace(lambda x: [x[3:45, 7:80].T + 0.0, ops.flip(x, 0).T + 0.0], [x])
    first, second = compile(graph, "native")(x)
    np.testing.assert_array_equal(first, x[3:45, 7:80].T)
    np.testing.assert_array_equal(second, x[::-1].T)


def test_threads_share_the_rows():
    x = rng.normal(size=(700, 530)).astype("float32")
    graph = trace(turned, [x])
    program = compile(graph, "native")
    (use,) = program.run.schedule.uses
    (stage,) = use.routine.stages
    assert stage.units == -(-530 // (program.run.schedule.machine.vector_bytes // 4))
    for threads in (1, 3):
        with threads_set_to(threads):
            np.testing.assert_array_equal(compile(graph, "native")(x)[0], x.T)

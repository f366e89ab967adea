"""Kernels that go through rows together."""

import numpy as np
import pytest

import neurona as nn
from neurona import ops
from neurona.core.graph import trace
from neurona.engines.native.donation import in_place
from neurona.engines.program import compile
from tests.settings import threads_set_to


def made(fn, *shapes, floatx="float32"):
    """Return a Schedule, and what the native and the reference engine compute."""
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=shape).astype(floatx) for shape in shapes]
    graph = trace(fn, arrays)
    program = compile(graph, "native")
    return program.run.schedule, program(*arrays), compile(graph, "reference")(*arrays)


def together(schedule):
    return [tuple(chain.kernels) for chain in schedule.chains]


def standardised(x):
    d = x - ops.mean(x, axis=-1, keepdims=True)
    return d * ops.rsqrt(ops.mean(d * d, axis=-1, keepdims=True) + 1e-5)


@pytest.mark.parametrize("fn", [ops.softmax, ops.log_softmax, standardised])
def test_what_a_row_needs_is_one_loop_and_no_memory(fn):
    schedule, got, want = made(lambda x: [fn(x)], (2048, 257))
    assert together(schedule) == [tuple(range(len(schedule.fusion.kernels)))]
    assert schedule.memory.size == 0
    np.testing.assert_allclose(got[0], want[0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("floatx", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(1537, 130), (7, 301, 64), (300, 9, 64)])
def test_the_last_block_may_be_shorter(shape, floatx):
    schedule, got, want = made(lambda x: [ops.softmax(x)], shape, floatx=floatx)
    (chain,) = schedule.chains
    assert chain.blocks * chain.rows > np.prod(shape[:-1])
    np.testing.assert_allclose(got[0], want[0], rtol=1e-5 if floatx == "float32" else 1e-12)


def test_gradients_go_through_rows_together():
    def loss(x, scale):
        return (ops.log_softmax(standardised(x) * scale) ** 2).mean()

    fn = nn.value_and_grad(loss, argnums=(0, 1))
    schedule, got, want = made(lambda *given: [*fn(*given)[1]], (1024, 200), (200,))
    assert len(schedule.chains) >= 2
    for x, y in zip(got, want, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-4, atol=1e-7)


def test_threads_share_blocks_and_change_nothing():
    results = []
    for threads in (1, 2, 3, 4):
        with threads_set_to(threads):
            schedule, got, _ = made(lambda x: [standardised(ops.softmax(x))], (1999, 130))
            assert schedule.shared
            results.append(got[0])
    for other in results[1:]:
        np.testing.assert_array_equal(other, results[0])


READERS = {
    "another row": lambda e: ops.flip(e, 0),
    "a column": lambda e: ops.swapaxes(e, 0, 1) + 0.0,
    "rows of another length": lambda e: ops.reshape(e, (1024, 512))[:, ::-1] + 1.0,
    "rows before": lambda e: ops.cumsum(e, axis=0),
    "any row": lambda e: ops.take(e, ops.arange(2047, -1, -1), axis=0),
    "all rows": lambda e: e / ops.sum(e, axis=0, keepdims=True),
}


@pytest.mark.parametrize("reader", READERS)
def test_who_reads_other_rows_waits_until_all_are_done(reader):
    def fn(x):
        return [READERS[reader](ops.softmax(x))]

    schedule, got, want = made(fn, (2048, 256))
    assert together(schedule)
    np.testing.assert_allclose(got[0], want[0], rtol=1e-4, atol=1e-6)


def test_what_others_read_is_kept():
    def fn(x):
        e = ops.exp(x - ops.max(x, axis=-1, keepdims=True))
        total = ops.sum(e, axis=-1, keepdims=True)
        return [e / total, total, ops.sum(e, axis=0), e[::-1]]

    schedule, got, want = made(fn, (2048, 256))
    assert together(schedule)
    for x, y in zip(got, want, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-4)


def test_inputs_are_not_overwritten_while_rows_are_read():
    schedule, _, _ = made(lambda x: [ops.softmax(x)], (2048, 256))
    assert together(schedule)
    assert in_place(schedule.fusion, schedule.chains, {0: 0}) == set()


def test_little_work_is_not_cut_into_blocks():
    schedule, _, _ = made(lambda x: [ops.softmax(x)], (128, 10))
    assert not schedule.chains


def test_explain_shows_who_goes_together():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2048, 256)).astype("float32")
    program = compile(trace(lambda x: [ops.softmax(x)], [x]), "native")
    lines = program.explain(timed=True).splitlines()
    assert sum("GF/s" in line for line in lines) == 1
    assert sum(line.count("with k0") for line in lines) == 4
    assert any("blocks of" in line for line in lines)

"""Loops in native code: what all turns have in common is prepared once, before the first."""

import numpy as np
import pytest

from neurona import config, ops
from neurona.core.graph import trace
from neurona.engines.native.llvm.machine import Machine
from neurona.engines.native.schedule import Schedule
from neurona.engines.program import compile
from neurona.gradcheck import gradcheck
from tests.settings import threads_set_to

rng = np.random.default_rng(0)


def made(fn, *shapes):
    """Return a program, and what it and the reference engine compute."""
    arrays = [rng.normal(size=shape).astype("float32") for shape in shapes]
    graph = trace(fn, arrays)
    program = compile(graph, "native")
    return program, program(*arrays), compile(graph, "reference")(*arrays)


def bodies(schedule: Schedule) -> list[Schedule]:
    return [use.routine.body for use in schedule.uses if use.routine.body is not None]


def recurrent(h, w, xs, reverse=False):
    h, hs = ops.scan(lambda h, x: (ops.tanh(h @ w + x), h), h, xs, reverse=reverse)
    return [h, hs]


@pytest.mark.parametrize("target", ["host", "avx2", "baseline"])
@pytest.mark.parametrize(("batch", "units", "length"), [(8, 192, 9), (3, 130, 40), (16, 513, 5)])
def test_a_weight_is_packed_once(target, batch, units, length):
    if not Machine.named(target).runs_here:
        pytest.skip("another kind of processor")
    before = config.target()
    try:
        config.set_target(target)
        program, got, want = made(
            lambda h, w, xs: recurrent(h * 0.1, w * 0.05, xs, reverse=length == 9),
            (batch, units), (units, units), (length, batch, units),
        )  # fmt: skip
    finally:
        config.set_target(before)
    (body,) = bodies(program.run.schedule)
    first, *rest = body.segments
    assert first.once
    assert first.calls
    assert not any(segment.once for segment in rest)
    assert not any(call.once for segment in rest for call in segment.calls)
    for x, y in zip(got, want, strict=True):
        np.testing.assert_allclose(x, y, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("length", [0, 1, 2])
def test_a_few_turns_do_not_repay_it(length):
    program, got, want = made(recurrent, (4, 192), (192, 192), (length, 4, 192))
    for body in bodies(program.run.schedule):
        assert not any(segment.once for segment in body.segments)
    for x, y in zip(got, want, strict=True):
        np.testing.assert_allclose(x, y, rtol=2e-5, atol=2e-5)


def test_a_weight_that_changes_is_packed_anew():
    def fn(h, w, xs):
        def turn(state, x):
            h, w = state
            return (ops.tanh(h @ w + x), 0.9 * w), None

        return ops.scan(turn, (h, 0.05 * w), xs)[0]

    program, got, want = made(fn, (8, 130), (130, 130), (20, 8, 130))
    assert not any(s.once for body in bodies(program.run.schedule) for s in body.segments)
    np.testing.assert_allclose(got[0], want[0], rtol=2e-5, atol=2e-5)


def test_loops_within_loops():
    def fn(h, w, v, xs):
        def outer(h, x):
            inner = ops.scan(lambda c, _: (ops.tanh(c @ w + x), None), h, length=12)[0]
            return ops.tanh(inner @ v), inner

        return ops.scan(outer, h, xs)

    program, got, want = made(
        lambda h, w, v, xs: fn(h, 0.05 * w, 0.05 * v, xs),
        (8, 130), (130, 130), (130, 130), (9, 8, 130),
    )  # fmt: skip
    (body,) = bodies(program.run.schedule)
    (inner,) = bodies(body)
    assert body.segments[0].once
    assert inner.segments[0].once
    for x, y in zip(got, want, strict=True):
        np.testing.assert_allclose(x, y, rtol=2e-5, atol=2e-5)


def test_threads_pack_together_and_change_nothing():
    arrays = [0.05 * rng.normal(size=s).astype("float32") for s in ((32, 512), (512, 512))]
    xs = rng.normal(size=(6, 32, 512)).astype("float32")
    graph = trace(recurrent, [*arrays, xs])
    (body,) = bodies(compile(graph, "native").run.schedule)
    assert body.segments[0].once
    assert body.segments[0].shared
    found = []
    for threads in (1, 2, 3):
        with threads_set_to(threads):
            found.append(compile(graph, "native")(*arrays, xs))
    for other in found[1:]:
        for a, b in zip(found[0], other, strict=True):
            assert a.tobytes() == b.tobytes()


def test_what_is_done_before_does_not_count_in_each_turn():
    program, *_ = made(recurrent, (8, 192), (192, 192), (100, 8, 192))
    (use,) = [u for u in program.run.schedule.uses if u.routine.body is not None]
    (stage,), body = use.routine.stages, use.routine.body
    products = 2 * 8 * 192 * 192
    assert products < body.flops < products + 8 * 8 * 192  # packing is as many again
    assert stage.flops == 100 * body.flops
    assert " us " in program.explain(timed=True)


def test_gradients():
    x, h, w = (rng.normal(size=s) for s in ((5, 3, 4), (3, 4), (4, 4)))
    gradcheck(lambda h, w, x: recurrent(h, w, x)[1], h, w, x)

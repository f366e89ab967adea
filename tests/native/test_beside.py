"""Loops that do not need each other run side by side, a thread each, with the same bits."""

import numpy as np
import pytest

import neurona.ops as o
from neurona.core.graph import trace
from neurona.engines.native.beside import is_loop, neighbours
from neurona.engines.native.donation import in_place
from neurona.engines.program import compile
from tests.settings import threads_set_to

RNG = np.random.default_rng(0)
WIDE, NARROW = 96, 8  # the steps of the one are shared by threads, those of the other are not


def loop(xs, w, reverse=False):
    def body(h, x):
        h = o.tanh(x + h @ w)
        return h, h

    h, hs = o.scan(body, o.zeros(xs.shape[1:]), xs, reverse=reverse)
    return h, hs


def both(xs, w, u):
    """Two loops as a bidirectional layer has them: each with a product of its own in front."""
    forth, a = loop(xs @ w, u)
    back, b = loop(xs @ u, w, reverse=True)
    return o.concatenate([a, b], axis=-1), forth - back


def in_a_row(xs, w, u):
    _, a = loop(xs @ w, u)
    return loop(a @ u, w)


def three(xs, w, u):
    _, a = loop(xs @ w, u)
    _, b = loop(xs @ u, w)
    _, c = loop(a + b, w)
    return a, b, c


def inside_another(xs, w, u):
    def body(h, x):
        y, h = both(xs + h + x[0], w, u)
        return h, y

    return o.scan(body, o.zeros(xs.shape[1:]), xs[:3])


def arguments(n, rows=64, steps=9):
    shapes = (steps, rows, n), (n, n), (n, n)
    return [(RNG.normal(size=s) / np.sqrt(n)).astype("float32") for s in shapes]


def sizes(program):
    """How many loops run side by side, of each such group in the program."""
    return [len(members) for members in neighbours(program.run.schedule.fusion.kernels)]


@pytest.mark.parametrize("n", [WIDE, NARROW])
@pytest.mark.parametrize(
    ("fn", "groups"), [(both, [2]), (in_a_row, []), (three, [2]), (inside_another, [])]
)
def test_loops_side_by_side_compute_the_same(fn, groups, n):
    given = arguments(n)
    graph = trace(fn, given)
    program, reference = compile(graph, "native"), compile(graph, "reference")
    assert sizes(program) == groups
    found = []
    for threads in (1, 2, 3):
        with threads_set_to(threads):
            found.append(program(*given))
    for one, *more in zip(*found, strict=True):
        for other in more:
            np.testing.assert_array_equal(one, other)
    for got, want in zip(found[0], reference(*given), strict=True):
        np.testing.assert_allclose(got, want, rtol=2e-4, atol=2e-5)


def test_what_comes_between_two_loops_moves_in_front_only_if_the_second_needs_it():
    def fn(xs, w, u):
        forth, a = loop(xs @ w, u)
        late = o.sum(forth * forth)
        _, b = loop(o.cumsum(xs @ u, axis=0), w)
        return a, b, late

    kernels = compile(trace(fn, arguments(NARROW)), "native").run.schedule.fusion.kernels
    (members,) = neighbours(kernels)
    assert all(is_loop(kernels[k]) for k in members)
    assert members.stop < len(kernels)  # the sum of the first comes behind both
    done = 0
    for kernel in kernels:
        assert not kernel.before & ~done & ~(1 << kernel.number)
        done |= 1 << kernel.number


def test_a_state_is_not_overwritten_while_the_other_loop_reads_it():
    def fn(state, rows):
        def body(room, row):
            return o.scatter_set(room, 0, row), o.sum(row)

        room, _ = o.scan(body, state, rows)
        return room, loop(state[:, None] * rows[:3, None], EYE)[1]

    state, rows = RNG.normal(size=(3, 8)).astype("float32"), np.ones((5, 8), "float32")
    schedule = compile(trace(fn, [state, rows]), "native").run.schedule
    assert len(neighbours(schedule.fusion.kernels)) == 1
    assert in_place(schedule.fusion, schedule.chains, {0: 0}) == set()


EYE = np.eye(8, dtype="float32")

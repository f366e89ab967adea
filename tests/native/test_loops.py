"""Loops that carry what is written a row at a time: in place where nobody reads the old value."""

import numpy as np
import pytest

import neurona as nn
import neurona.ops as o
from neurona.core.graph import trace
from neurona.engines.program import compile
from tests.settings import threads_set_to

ROOM, ROWS = np.zeros((3, 40, 8), "float32"), np.random.default_rng(0).normal(size=(30, 3, 8))
ROWS = ROWS.astype("float32")


def plain(room, t, row):
    room = o.scatter_set(room, t, row, axis=1)
    return room, o.sum(room, axis=(1, 2))


def adds(room, t, row):
    return o.scatter_add(room, o.stack([t, t // 2]), o.stack([row, row], axis=1), axis=1), row


def reads_before(room, t, row):
    y = o.tanh(o.sum(room, axis=1))
    return o.scatter_set(room, t, row + y, axis=1), y


def reads_after(room, t, row):
    new = o.scatter_set(room, t, row, axis=1)
    return new, o.sum(new * room, axis=(1, 2))


def puts_itself(room, t, row):
    return o.scatter_set(room, t, room[:, 5] + row, axis=1), row


def twice(room, t, row):
    room = o.scatter_set(room, t, row, axis=1)
    return o.scatter_set(room, t + 1, 2 * row, axis=1), o.sum(room)


def reorders(room, t, row):
    room = o.scatter_set(room, t, row, axis=1)
    return o.take(room, [2, 0, 1], axis=0), row


def written(fn, reverse=False):
    def loop(room, rows):
        def body(carry, row):
            t, room = carry
            room, y = fn(room, t, row)
            return (t + 1, room), y

        (_, room), ys = o.scan(body, (o.zeros((), "int32"), room), rows, reverse=reverse)
        return room, ys

    return loop


def works(program):
    """The bytes that the loop of a program works in, besides what a step needs."""
    (use,) = [u for u in program.run.schedule.uses if u.routine.body is not None]
    return sum(use.routine.works[1:])


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(
    ("fn", "in_place"),
    [(plain, True), (adds, True), (reads_before, True), (puts_itself, True),
     (reads_after, False), (reorders, False)],
)  # fmt: skip
def test_rows_are_written_in_place_where_that_is_right(fn, in_place, reverse):
    graph = trace(written(fn, reverse), [ROOM + 1, ROWS])
    native, reference = compile(graph, "native"), compile(graph, "reference")
    for got, want in zip(native(ROOM + 1, ROWS), reference(ROOM + 1, ROWS), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)
    assert (works(native) < ROOM.nbytes) == in_place


def test_two_writes_in_a_step_and_no_step():
    for rows in (ROWS, ROWS[:1], ROWS[:0]):
        graph = trace(written(twice), [ROOM, rows])
        native, reference = compile(graph, "native"), compile(graph, "reference")
        given = ROOM.copy()
        for got, want in zip(native(given, rows), reference(ROOM, rows), strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(given, ROOM)  # the caller's array is left alone


def test_threads_and_gradients_change_nothing():
    room = np.zeros((16, 40, 600), "float32")
    rows = np.random.default_rng(1).normal(size=(4, 16, 600)).astype("float32")
    program = compile(trace(written(plain), [room, rows]), "native")
    found = []
    for threads in (1, 3):
        with threads_set_to(threads):
            found.append(program(room, rows))
    for one, three in zip(*found, strict=True):
        np.testing.assert_array_equal(one, three)

    def loss(room, rows):
        room, ys = written(reads_before)(room, rows)
        return o.sum(room * room) + o.sum(ys)

    gradient = trace(nn.grad(loss, argnums=(0, 1)), [ROOM + 1, ROWS])
    native, reference = compile(gradient, "native"), compile(gradient, "reference")
    for got, want in zip(native(ROOM + 1, ROWS), reference(ROOM + 1, ROWS), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5)

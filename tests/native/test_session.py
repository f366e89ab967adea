"""Sessions of the native engine: state that stays, updates in place, many steps in one call."""

import numpy as np
import pytest

from neurona import ops
from neurona.core.graph import trace
from neurona.core.shapes import Spec
from neurona.engines.native.donation import in_place
from neurona.engines.native.run.executable import team
from neurona.engines.program import compile
from neurona.engines.session import Epochs, Piece
from neurona.errors import IndexRangeError
from neurona.ops.draw import permutation_graph, permutations
from tests.settings import threads_set_to

N = 40  # not a multiple of any vector


def sgd(w, v, t, x):
    v = 0.5 * v + 0.1 * x
    return [w - v, v, t + 1.0], [(w * w).sum()]


def uses_the_old_weights_later(w, v, t, x):
    new = w - 0.1 * x
    return [new, v * 0.5, t + 1.0], [ops.matmul(w, new), v.sum()]


def transposes(w, v, t, x):
    return [0.5 * (w + w.T) + 0.01 * x, v.T * 0.5, t * 1.5], []


def reverses(w, v, t, x):
    return [w[::-1] + x, w + v[:, ::-1], t - 1.0], []


def broadcasts(w, v, t, x):
    return [w - t * x, v + w.sum(axis=0), w.max()], [w[0] + 1.0]


def swaps(w, v, t, x):
    return [v, w, x.mean() + t], [w + v]


def multiplies(w, v, t, x):
    return [w - 0.01 * ops.matmul(x.T, x), 0.1 * ops.matmul(v, v), t], [ops.matmul(x, w)]


STEPS = [sgd, uses_the_old_weights_later, transposes, reverses, broadcasts, swaps, multiplies]


def made(fn):
    """A graph (seed and step, w, v, t, x) -> (new w, v, t, results), and start values."""
    rng = np.random.default_rng(3)
    w, v, x = (rng.normal(size=(N, N)).astype("float32") for _ in range(3))
    start = [w, v, np.float32(1.5)[...]]

    def pure(state, *values):
        new, results = fn(*values)
        return [*new, *results]

    graph = trace(pure, [np.zeros(2, np.int64), *start, x])
    return compile(graph, "native"), start, x


def loaded(program, start):
    session = program.session([Spec(x.shape, x.dtype) for x in start], range(len(start)))
    state = session.state
    for k, array in enumerate(start):
        state.load(k, array)
    return state, session


@pytest.mark.parametrize("fn", STEPS)
def test_state_that_stays_is_what_calls_pass_on(fn):
    program, start, x = made(fn)
    state, session = loaded(program, start)
    values = start
    for step in range(3):
        (*values,) = program(np.zeros(2, np.int64), *values, x)
        values, want = values[:3], values[3:]
        got = session.step((0, step), [x])
        for a, b in zip(want, got, strict=True):
            np.testing.assert_array_equal(a, b)
    for k, value in enumerate(values):
        np.testing.assert_array_equal(state.read(k), value)
    assert state.random.tolist() == [0, 3]


@pytest.mark.parametrize("fn", STEPS)
def test_many_steps_in_one_call_are_the_same(fn):
    program, start, x = made(fn)
    (one, first), (other, second) = loaded(program, start), loaded(program, start)
    rows = np.concatenate([np.random.default_rng(0).permutation(N) for _ in range(5)])
    for e in range(5):
        want = first.step((0, e), [x[rows[e * N : (e + 1) * N]]])
    got = other.run((0, 0), [Piece(second, 0, 5)], [x], rows)
    for a, b in zip(want, got, strict=True):
        np.testing.assert_array_equal(a, b[0])
    for k in range(3):
        np.testing.assert_array_equal(one.read(k), other.read(k))


def test_epochs_reset_and_record():
    program, start, x = made(sgd)
    state, session = loaded(program, start)
    data = np.concatenate([x, x + 1, x + 2])
    for e in range(4):
        state.load(2, start[2])
        for b in range(3):
            want = session.step((0, 0), [data[b * N : (b + 1) * N]])
        if e == 1:
            second = want
    again, other = loaded(program, start)
    epochs = Epochs(4, 0, 7, {2: np.array(start[2])})
    (got,) = again.run((0, 0), [Piece(other, 0, 3)], [data], None, epochs)
    assert got.shape == (4,)
    np.testing.assert_array_equal(got[[1, 3]], [second[0], want[0]])
    np.testing.assert_array_equal(again.read(0), state.read(0))
    assert again.read(2) == start[2] + 3
    assert again.random[1] == 4 * 3 + 4 * 7


def test_which_updates_are_made_in_place():
    def found(fn):
        program, _, _ = made(fn)
        schedule = program.run.schedule
        return in_place(schedule.fusion, schedule.chains, {0: 1, 1: 2, 2: 3})

    assert 1 in found(sgd)
    assert 0 not in found(uses_the_old_weights_later)
    assert not {0, 1} & found(transposes)
    assert 0 not in found(reverses)
    assert not {0, 1} <= found(swaps)


def test_plain_updates_take_no_second_buffer():
    def adam(w, m, v, x):
        m, v = 0.9 * m + 0.1 * x, 0.99 * v + 0.01 * x * x
        return [w - 0.1 * m / (ops.sqrt(v) + 1e-3), m, v]

    arrays = [np.ones((N, N), "float32") for _ in range(4)]
    graph = trace(lambda state, *values: adam(*values), [np.zeros(2, np.int64), *arrays])
    schedule = compile(graph, "native").run.schedule
    assert in_place(schedule.fusion, schedule.chains, {0: 1, 1: 2, 2: 3}) == {0, 1, 2}


@pytest.mark.parametrize("fn", [sgd, multiplies, broadcasts])
def test_threads_change_nothing(fn):
    rng = np.random.default_rng(1)
    big = [rng.normal(size=(300, 300)).astype("float32") for _ in range(3)]
    values = [big[0], big[1], np.float32(1.5)[...], big[2]]

    def pure(state, *values):
        new, results = fn(*values)
        return [*new, *results]

    program = compile(trace(pure, [np.zeros(2, np.int64), *values]), "native")
    assert any(entry.shared for entry in program.run.entries)
    found = []
    rows = rng.permutation(300)
    for threads in (1, 2, 3, 4):
        with threads_set_to(threads):
            state, session = loaded(program, values[:3])
            assert team(True).threads == threads
            results = state.run((0, 0), [Piece(session, 0, 1)] * 5, [big[2]], rows)
            found.append(
                [state.read(k).tobytes() for k in range(3)] + [r.tobytes() for r in results]
            )
    assert found[0] == found[1] == found[2] == found[3]


@pytest.mark.parametrize("width", [1, 2, 3, 5, 16, 17, 40])
@pytest.mark.parametrize("dtype", ["uint8", "int64", "float32", "bool"])
def test_rows_of_all_sizes_are_gathered(width, dtype):
    rng = np.random.default_rng(0)
    data = rng.integers(0, 2, (50, width)).astype(dtype)
    graph = trace(
        lambda state, total, x: [total + x.astype("float32")],
        [np.zeros(2, np.int64), np.zeros((5, width), "float32"), data[:5]],
    )
    state, session = loaded(compile(graph, "native"), [np.zeros((5, width), "float32")])
    rows = rng.integers(0, 50, 20)
    state.run((0, 0), [Piece(session, 0, 4)], [data], rows)
    want = data[rows].reshape(4, 5, width).astype("float32").sum(0)
    np.testing.assert_array_equal(state.read(0), want)


def test_an_index_out_of_range_ends_the_run():
    graph = trace(
        lambda state, total, x: [total + 1.0, ops.take(total, x, axis=0)],
        [np.zeros(2, np.int64), np.zeros(3, "float32"), np.zeros(2, np.int64)],
    )
    state, session = loaded(compile(graph, "native"), [np.zeros(3, "float32")])
    data = np.array([0, 1, 2, 0, 7, 1, 0, 0])
    with pytest.raises(IndexRangeError, match="out of range"):
        state.run((0, 0), [Piece(session, 0, 4)], [data])
    assert state.read(0).max() == 3.0  # the step with the bad index was the last one
    state.run((0, 0), [Piece(session, 0, 1)], [data])
    assert state.read(0).max() == 4.0


@pytest.mark.parametrize("n", [1, 2, 5, 64, 65, 200, 3000])
def test_orders_are_those_of_numpy(n):
    program = compile(permutation_graph(n), "native")
    for state in ([0, 0], [7, 123456789], [2**62, 3]):
        (rows,) = program(np.array(state, np.int64))
        assert rows.dtype == np.int64
        assert rows.tolist() == permutations(n, [state])[0].tolist()

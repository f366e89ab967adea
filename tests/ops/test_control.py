"""Conditions and loops: known values, traced ones on both engines, effects, gradients, errors."""

import numpy as np
import pytest

import neurona as nn
from neurona import ops
from neurona.errors import ArgumentError, GradientError, ShapeError, StateError, TraceError

F = np.float32  # a Python number would be an argument that is known
ENGINES = pytest.mark.parametrize("engine", ["reference", "native"])


def signed(x):
    return ops.cond(x.sum() > 0, lambda: {"y": x * 2.0}, lambda: {"y": -x})["y"]


@ENGINES
def test_a_condition_is_chosen_where_it_has_no_value_yet(engine):
    f = nn.jit(signed, engine=engine)
    for x, expected in (([1.0, 2.0], [2.0, 4.0]), ([-1.0, -2.0], [1.0, 2.0])):
        assert f(np.float32(x)).tolist() == signed(nn.tensor(x)).tolist() == expected


def test_a_known_condition_runs_one_branch_alone():
    def fail():
        raise AssertionError

    assert ops.cond(True, lambda: "yes", fail) == "yes"
    assert ops.cond(nn.tensor(0.0), fail, lambda: "no") == "no"
    assert nn.jit(lambda x: ops.cond(nn.tensor(2) > 1, lambda: x, fail))(F(1.0)).item() == 1.0


def test_gradients_go_through_the_branch_that_is_chosen():
    for x, slope in ((3.0, 2.0), (-3.0, -1.0)):
        assert nn.grad(lambda x: signed(x))(x).item() == slope
        assert nn.jit(nn.grad(lambda x: signed(x)))(F(x)).item() == slope


@ENGINES
def test_what_branches_assign_and_add_counts_where_they_are_chosen(engine):
    p = nn.Parameter(np.float32(1.0), "p")
    q = nn.Parameter(np.float32(5.0), "q")

    @nn.jit(engine=engine)
    def f(x):
        def yes():
            p.assign(p + x)
            return p * 1.0

        def no():
            q.assign(q - 1.0)
            return q * 1.0

        return ops.cond(x > 0, yes, no)

    assert f(F(2.0)).item() == 3.0
    assert p.item() == 3.0
    assert q.item() == 5.0
    assert f(F(-2.0)).item() == 4.0
    assert p.item() == 3.0
    assert q.item() == 4.0


class Picky(nn.layers.Layer):
    def call(self, x):
        def yes():
            self.add_loss(x.sum())
            return x

        return ops.cond(x.sum() > 0, yes, lambda: x * 0.0)


def test_a_loss_of_a_branch_is_added_where_it_is_chosen():
    model = nn.Sequential([Picky()])
    model.compile("sgd", "mse")
    ones = np.ones((2, 1), "float32")
    assert model.evaluate(ones, ones, verbose=0) == 2.0
    assert model.evaluate(-ones, -ones, verbose=0) == 1.0


def test_branches_of_symbolic_tensors_are_refused():
    x = nn.Input((3,))
    with pytest.raises(StateError, match=r"cond: a branch uses symbolic(.|\n)*try: nn.ops.where"):
        ops.cond(x.sum() > 0, lambda: x * 2.0, lambda: -x)


@ENGINES
def test_switch(engine):
    branches = [lambda x: x + 1.0, lambda x: x * 10.0, lambda x: -x]
    f = nn.jit(lambda i, x: ops.switch(i, branches, x), engine=engine)
    for i, expected in ((-5, 4.0), (0, 4.0), (1, 30.0), (2, -3.0), (9, -3.0)):
        assert f(np.int32(i), F(3.0)).item() == expected
        assert ops.switch(i, branches, nn.tensor(3.0)).item() == expected


def halved(x, most=None):
    """Halve until the sum is below 1; return how often, and what is left."""
    return ops.while_loop(lambda n, x: x.sum() >= 1.0, lambda n, x: (n + 1, x / 2.0), (0, x), most)


@ENGINES
@pytest.mark.parametrize("most", [None, 3, 20])
def test_a_loop_turns_as_often_as_its_condition_says(engine, most):
    f = nn.jit(lambda x: halved(x, most), engine=engine)
    for x in ([0.25, 0.5], [5.0, 4.0], [1.0, 0.0]):
        n, y = f(np.float32(x))
        expected = 0
        while sum(x) / 2**expected >= 1 and expected != most:
            expected += 1
        assert n.item() == expected
        assert y.tolist() == [v / 2**expected for v in x]
        n, y = halved(nn.tensor(x), most)
        assert int(n) == expected
        assert y.tolist() == [v / 2**expected for v in x]


def test_a_bounded_loop_has_a_gradient_and_an_unbounded_one_says_that_it_has_none():
    def left(x, most):
        return halved(x, most)[1].sum()

    x = np.float32([5.0, 4.0])
    expected = nn.grad(lambda x: left(x, None))(x).tolist()  # values are known
    assert expected == [1 / 16, 1 / 16]
    assert nn.jit(nn.grad(lambda x: left(x, 10)))(x).tolist() == expected
    with pytest.raises(GradientError, match=r"no gradient(.|\n)*try: maximum_iterations=100"):
        nn.jit(nn.grad(lambda x: left(x, None)))(x)


def test_a_loop_uses_its_surroundings_and_a_single_variable_stays_single():
    def f(x, step):
        return ops.while_loop(lambda y: y < 10.0, lambda y: y + step, x)

    assert nn.jit(f)(F(1.0), F(4.0)).item() == f(nn.tensor(1.0), 4.0).item() == 13.0


def test_an_unbounded_loop_refuses_what_is_no_value():
    p = nn.Parameter(np.float32(0.0), "p")

    def assigning(x):
        p.assign(x)
        return x * 2.0

    for body in (assigning, lambda x: x + nn.random.uniform(())):
        with pytest.raises(TraceError, match=r"computes values only(.|\n)*maximum_iterations"):
            nn.jit(lambda x, body=body: ops.while_loop(lambda x: x < 9.0, body, x))(F(1.0))


@ENGINES
def test_random_numbers_of_a_bounded_loop_are_new_in_each_turn(engine):
    @nn.jit(engine=engine)
    def f(x):
        return ops.while_loop(
            lambda k, x: k < 3,
            lambda k, x: (k + 1, ops.slice_update(x, (k,), nn.random.uniform((1,)))),
            (x[0].astype("int32"), x), 5,
        )[1]  # fmt: skip

    y = f(np.zeros(4, "float32")).numpy()
    assert len(set(y[:3].tolist())) == 3
    assert y[3] == 0


@ENGINES
def test_a_counted_loop(engine):
    def f(x):
        return ops.fori_loop(1, 4, lambda i, y: y * x + i, ops.zeros((), "float32"))

    expected = f(nn.tensor(2.0)).item()
    assert expected == (1.0 * 2 + 2) * 2 + 3
    assert nn.jit(f, engine=engine)(F(2.0)).item() == expected
    assert nn.jit(nn.grad(f), engine=engine)(F(2.0)).item() == 2 * 2.0 + 2.0
    g = nn.jit(lambda n: ops.fori_loop(0, n, lambda i, y: y + i, 0), engine=engine)
    assert [g(np.int32(n)).item() for n in (0, 1, 5)] == [0, 0, 10]


@ENGINES
def test_maps(engine):
    xs = {"a": np.float32([[1.0, 2.0], [3.0, 4.0]]), "b": np.float32([10.0, 20.0])}

    def f(xs):
        return ops.map(lambda x: (x["a"] * x["b"], x["a"].sum()), xs)

    for g in (f, nn.jit(f, engine=engine)):
        y, total = g(xs)
        assert y.tolist() == [[10.0, 20.0], [60.0, 80.0]]
        assert total.tolist() == [3.0, 7.0]
    rows = np.float32([[1.0, 2.0], [3.0, 4.0]])
    assert ops.vectorized_map(lambda r: r.sum(), rows).tolist() == [3.0, 7.0]
    assert ops.vectorized_map(lambda r: r[0] * r[1], [rows, rows]).tolist() == (rows**2).tolist()
    assert ops.map(lambda x: x, np.zeros((0, 2))).shape == (0, 2)


@ENGINES
@pytest.mark.parametrize("n", [1, 2, 3, 4, 7, 8])
@pytest.mark.parametrize("reverse", [False, True])
def test_all_results_of_a_fold(n, reverse, engine):
    rng = np.random.default_rng(n)
    a, b = (rng.uniform(0.5, 1.5, (2, n)).astype("float32") for _ in range(2))

    def chained(x, y):  # y -> a y + b, one map after the other
        return x[0] * y[0], y[0] * x[1] + y[1]

    def f(a, b):
        return ops.associative_scan(chained, (a, b), reverse=reverse, axis=1)

    expected, places = [], range(n - 1, -1, -1) if reverse else range(n)
    state = np.ones(2), np.zeros(2)
    for k in places:
        state = chained(state, (a[:, k], b[:, k]))
        expected.append(state)
    order = slice(None, None, -1) if reverse else slice(None)
    for g in (f, nn.jit(f, engine=engine)):
        for found, want in zip(g(a, b), zip(*expected, strict=True), strict=True):
            np.testing.assert_allclose(found, np.stack(want, 1)[:, order], rtol=1e-5)


def test_scan_has_the_arguments_of_keras():
    final, ys = ops.scan(f=lambda c, x: (c + x, c), init=0.0, xs=np.float32([1, 2]), unroll=True)
    assert final.item() == 3.0
    assert ys.tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: ops.cond(x > 0, lambda: 1, lambda: 2), ShapeError, r"cond: pred is a single"),
        (lambda x: ops.cond(x[0] > 0, lambda: x, lambda: x[0]), ShapeError, "differ in y"),
        (lambda x: ops.cond(x[0] > 0, lambda: x, lambda: (x,)), ArgumentError, "structures"),
        (lambda x: ops.switch(0, [], x), ArgumentError, "switch: there is no branch"),
        (lambda x: ops.while_loop(lambda x: x[0] < 1, lambda x: (x, x), x), ArgumentError,
         "Got 2 values; expected 1"),
        (lambda x: ops.while_loop(lambda x: x < 1, lambda x: x, x), ShapeError, "the condition is"),
        (lambda x: ops.while_loop(lambda x: x[0] < 1, lambda x: x[:1], x), ArgumentError,
         "a turn changes what the loop variables look like"),
        (lambda x: ops.map(lambda x: x, [x, x[:1]]), ShapeError, "one length along axis 0"),
        (lambda x: ops.associative_scan(lambda a, b: a, [x, x[:1]]), ShapeError,
         "associative_scan: the tensors have one length"),
    ],
)  # fmt: skip
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        nn.jit(call)(np.float32([1.0, 2.0]))

"""Walking a Graph: every node's values, in order, and the first that is not finite."""

import weakref
from pathlib import Path

import numpy as np
import pytest

import neurona as nn
from neurona import ops as o
from neurona.core.graph import trace
from neurona.core.walk import first_not_finite
from neurona.errors import IndexRangeError

X = np.array([[1, 2, 3], [4, 5, 6]], np.float32)


def turn(carry, x):
    carry = carry * x
    return carry, o.exp(carry)


def looped(x):
    return o.scan(turn, x[0], x, reverse=True)


def attention(x):
    return o.softmax(x @ o.transpose(x)) @ x


def outputs_of(walk):
    """What the generator returns, and what it yields."""
    computed = []
    try:
        while True:
            computed.append(next(walk))
    except StopIteration as end:
        return end.value, computed


@pytest.mark.parametrize(
    "fn", [lambda x: o.softmax(x) @ o.transpose(x), looped, nn.grad(lambda x: looped(x)[1].sum())]
)
def test_values_are_those_of_evaluate(fn):
    graph = trace(fn, [X])
    outputs, computed = outputs_of(graph.walk(np, [X]))
    for a, b in zip(outputs, graph.evaluate(np, [X]), strict=True):
        np.testing.assert_array_equal(a, b)
    assert [c.node for c in computed if not c.turns] == graph.nodes
    for node, values, turns in computed:
        alone = [] if turns else graph.restricted(node.outputs).evaluate(np, [X])
        for a, b in zip(values, alone, strict=not turns):
            np.testing.assert_array_equal(a, b)


def test_a_loop_yields_its_iterations_in_the_order_they_run_in_and_then_itself():
    graph = trace(looped, [X])
    computed = list(graph.walk(np, [X]))
    inner = [(c.node.op.name, c.turns) for c in computed if c.turns]
    assert inner == [("mul", (1,)), ("exp", (1,)), ("mul", (0,)), ("exp", (0,))]
    assert computed[-1].node.op.name == "loop"
    np.testing.assert_array_equal(computed[-2].values[0], np.exp(X[0] * X[1] * X[0]))


def test_loops_within_loops_say_both_iterations():
    def outer(carry, x):
        return carry + o.scan(turn, x, np.ones((3, 3), "f4"))[0], None

    graph = trace(lambda x: o.scan(outer, x[0], x)[0], [X])
    turns = [c.turns for c in graph.walk(np, [X]) if c.node.op.name == "mul"]
    assert turns == [(i, j) for i in range(2) for j in range(3)]


def test_values_go_when_nobody_needs_them():
    graph = trace(lambda x: o.tanh(o.exp(o.square(x))), [X])
    walk = graph.walk(np, [X])
    first = weakref.ref(next(walk).values[0])
    next(walk)
    assert first() is not None  # exp was yielded before the square goes
    next(walk)
    assert first() is None


def test_an_error_says_where():
    graph = trace(lambda x, i: o.take(x, i), [X, np.zeros(1, "i4")])
    with pytest.raises(IndexRangeError, match=r"Got 7.*\nin test_walk\.py:"):
        list(graph.walk(np, [X, np.array([7])]))


# --- the first that is not finite ----------------------------------------------------------------


def logs(x):
    y = x - 1.0
    return o.log(y) + o.sqrt(y)  # not of zero


def line_of(text):
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    (found,) = [i for i, line in enumerate(lines, 1) if line.endswith(f"# {text}")]
    return found


def test_the_first_value_that_is_not_finite():
    graph = trace(logs, [X])
    assert first_not_finite(graph, [X + 1]) is None
    found = first_not_finite(graph, [X])
    assert str(found).splitlines() == [
        "log: 1 of 6 numbers are not finite (1 inf), the first at (0, 0).",
        f"of test_walk.py:{line_of('not of zero')}.",
    ]
    assert found.node.op.name == "log"
    assert first_not_finite(graph, [X], infinite=False) is None
    wrong = X.copy()
    wrong[1, 2] = -1
    found = first_not_finite(graph, [wrong], infinite=False)
    assert "(1 nan, 1 inf), the first at (0, 0)" in str(found)


def test_inputs_come_first():
    found = first_not_finite(trace(logs, [X]), [X * np.float32(np.nan)])
    assert str(found) == "the input %0: 6 of 6 numbers are not finite (6 nan), the first at (0, 0)."
    assert found.node is None
    counts = trace(lambda i: i + 1, [np.zeros(2, "i4")])
    assert first_not_finite(counts, [np.zeros(2, "i4")]) is None


def test_the_iteration_of_a_loop_is_named():
    graph = trace(lambda x: o.scan(turn, x[0], x)[1], [X])
    found = first_not_finite(graph, [X * np.float32(2)])
    assert found.turns == (1,)
    assert "\nin iteration 1.\n" in str(found)
    assert found.node.op.name == "exp"


def test_in_a_gradient():
    graph = trace(nn.grad(lambda x: ((x * 1e25) ** 2).sum()), [X])
    found = first_not_finite(graph, [X * 0 + 1e-10])  # 1e30 is finite, 2e40 is not
    assert found.node.origins[0].role == "gradient of "
    assert "\nof gradient, test_walk.py:" in str(found)

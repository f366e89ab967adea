"""gradcheck finds planted errors of every kind, and says what it found."""

import numpy as np
import pytest

import neurona as nn
from neurona.core.lowering import Opaque
from neurona.core.op import OPS, Op, op
from neurona.core.shapes import Spec, same_shape
from neurona.errors import ArgumentError, GradientError

X = np.linspace(0.5, 2.0, 6).reshape(2, 3)


@pytest.fixture
def planted():
    """Declare ops for one test only."""
    before = set(OPS)

    def declare(rule, forward, shape=same_shape) -> Op:
        made = op(shape=shape, lower=Opaque())(forward)
        made.grad(rule)
        return made

    yield declare
    for name in set(OPS) - before:
        del OPS[name]


def cube(xp, x):
    return x * x * x


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (lambda g, y, x: -3 * g * x * x, "it is -1 times"),
        (lambda g, y, x: g * x * x, "it is 0.3333 times"),
        (lambda g, y, x: 0 * g, "0 everywhere"),
        (lambda g, y, x: 3 * g * x, "compare the gradient rule"),
        (lambda g, y, x: 3 * g * x * x / 0.0, "not finite"),
    ],
)
def test_wrong_rules_are_caught_with_a_guess(planted, rule, message):
    wrong = planted(rule, cube)
    with pytest.raises(GradientError, match=message):
        nn.gradcheck(wrong, X)


def test_right_rule_passes(planted):
    right = planted(lambda g, y, x: 3 * g * x * x, cube)
    result = nn.gradcheck(right, X, order=2)
    assert result.elements == 12
    assert result.error < 1e-6


def test_rule_that_is_right_only_once_is_caught_at_order_two(planted):
    once = planted(lambda g, y, x: 3 * g * nn.ops.stop_gradient(x * x), cube)
    nn.gradcheck(once, X)
    with pytest.raises(GradientError, match="second-order gradient for argument 0"):
        nn.gradcheck(once, X, order=2)


def test_transposed_gradient_is_caught(planted):
    def twice_turned(xp, x):
        return (x * x).T

    wrong = planted(lambda g, y, x: 2 * g * x, twice_turned, lambda x: Spec(x.shape[::-1], x.dtype))
    with pytest.raises(GradientError, match="is wrong in"):
        nn.gradcheck(wrong, X[:, :2])


def test_missing_sum_over_a_stretched_axis_is_caught(planted):
    def stretched_sum(xp, x):
        return xp.broadcast_to(x, (3, *x.shape))

    wrong = planted(lambda g, y, x: g[0], stretched_sum, lambda x: Spec((3, *x.shape), x.dtype))
    with pytest.raises(GradientError, match="is wrong in"):
        nn.gradcheck(wrong, X)


def test_off_by_one_in_a_scan_is_caught(planted):
    def running_product(xp, x):
        return np.cumprod(x)

    def rule(g, y, x):  # should divide y by x: here by its neighbour
        total = nn.ops.cumsum(g * y, axis=0, reverse=True)
        return total / nn.ops.concatenate([x[1:], x[:1]], axis=0)

    wrong = planted(rule, running_product)
    with pytest.raises(GradientError, match="is wrong in"):
        nn.gradcheck(wrong, X[0])


def test_message_names_argument_leaf_and_element():
    def fn(k, parameters):
        w = parameters["w"][1]
        return k * (w * w + nn.ops.stop_gradient(w) * np.array([0.0, 1.0]))

    with pytest.raises(GradientError) as caught:
        nn.gradcheck(fn, 2, {"w": [0, np.array([1.0, 3.0])]})
    text = str(caught.value)
    assert "the gradient for argument 1['w'][1] is wrong in 1 of 2 elements" in text
    assert "at element [1]; expected" in text
    assert "by central differences, relative error 1.4e-01" in text


def test_kinks_and_jumps_are_named():
    with pytest.raises(GradientError, match="kink or a jump"):
        nn.gradcheck(lambda x: nn.ops.where(x > 0, 2 * x, x), np.array([0.0, 1.0]))
    with pytest.raises(GradientError, match="kink or a jump"):
        nn.gradcheck(nn.ops.round, np.array([0.5]))


def test_what_cannot_be_checked_is_refused():
    with pytest.raises(GradientError, match="gives float32 for float64 arguments"):
        nn.gradcheck(lambda x: x.astype("float32"), X)
    with pytest.raises(GradientError, match="no argument to check has floats"):
        nn.gradcheck(lambda x: x, np.arange(3))
    with pytest.raises(GradientError, match="returns no floats"):
        nn.gradcheck(lambda x: x > 0, X)
    with pytest.raises(ArgumentError, match="order is 1 or 2"):
        nn.gradcheck(lambda x: x, X, order=3)


def test_structures_integers_and_chosen_arguments():
    def fn(tree, n, unchecked):
        return {"a": tree["x"] ** 2 * n, "none": None, "i": tree["i"]}, nn.ops.round(unchecked)

    tree = {"x": np.float32([1, 2]), "i": np.array([1, 2])}
    assert nn.gradcheck(fn, tree, 3, 0.5, argnums=0).elements == 2
    assert nn.gradcheck(fn, tree, 3, 0.5, argnums=-3).elements == 2

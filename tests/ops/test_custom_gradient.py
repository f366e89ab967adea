"""custom_gradient: eagerly, compiled, within loops, twice; and jvp."""

import numpy as np
import pytest

import neurona as nn
from neurona import ops
from neurona.errors import ArgumentError, GradientError, ShapeError


@ops.custom_gradient
def tripled(x, y):
    """x * y, whose gradient is three times what it is."""
    return x * y, lambda g: (3.0 * g * y, 3.0 * g * x)


def by_pytorch(x):
    def grad(*args, upstream):
        (x,) = args
        return upstream * 5.0 * x

    return x * 1.0, grad


def test_the_gradient_is_that_of_its_author():
    a, b = nn.tensor(2.0, requires_grad=True), nn.tensor(5.0, requires_grad=True)
    y = tripled(a, b)
    assert y.item() == 10.0
    y.backward()
    assert (a.grad.item(), b.grad.item()) == (15.0, 6.0)


@pytest.mark.parametrize("engine", ["reference", "native"])
def test_within_compiled_functions_and_loops(engine):
    def looped(x):
        return ops.scan(lambda c, _: (tripled(c, x), None), x, length=2)[0]

    f = nn.jit(nn.value_and_grad(looped), engine=engine)
    value, slope = f(np.float32(2.0))
    assert value.item() == 8.0
    # c1 = x x, c2 = c1 x; dc2 = 3 (dc1 x + c1 dx), dc1 = 3 * 2 x dx
    assert slope.item() == 3 * (12.0 * 2 + 4)
    assert nn.grad(looped)(2.0).item() == slope.item()


def test_gradients_of_its_gradient_are_those_of_the_rule():
    first = nn.grad(lambda x: tripled(x, x))  # 6 x
    assert first(2.0).item() == 12.0
    assert nn.grad(first)(2.0).item() == 6.0


def test_a_rule_may_take_the_arguments_and_be_told_its_upstream_by_name():
    assert nn.grad(ops.custom_gradient(by_pytorch))(3.0).item() == 15.0


def test_a_rule_of_keras_that_takes_either():
    @ops.custom_gradient
    def log1pexp(x):
        e = ops.exp(x)

        def grad(*args, upstream=None):
            if upstream is None:
                (upstream,) = args
            return ops.multiply(upstream, 1.0 - 1.0 / ops.add(1, e))

        return ops.log(1 + e), grad

    assert nn.grad(log1pexp)(0.0).item() == 0.5
    assert nn.jit(nn.grad(log1pexp))(np.float32(100.0)).item() == 1.0


def test_without_a_gradient_it_is_the_function():
    y = tripled(2.0, np.float32(5.0))
    assert y == 10.0
    assert not isinstance(y, nn.Tensor)


def test_several_results_and_none_for_what_has_no_gradient():
    @ops.custom_gradient
    def both(x, n):
        return {"a": x * n, "b": x}, lambda g: (g["a"] * 7.0, None)

    def f(x):
        return both(x, ops.stop_gradient(x))["a"].sum()

    assert nn.grad(f)([1.0, 2.0]).tolist() == [7.0, 7.0]


def wrong(rule):
    return ops.custom_gradient(lambda x: (x * 1.0, rule))


@pytest.mark.parametrize(
    ("f", "error", "message"),
    [
        (ops.custom_gradient(lambda x: x), ArgumentError, r"returns \(y, pull\). Got Tensor"),
        (wrong(lambda g: (g, g)), GradientError, "nested as its argument. Got 2 tensors"),
        (wrong(lambda g: g[None]), ShapeError, r"another shape.*Got \(1, 2\) for \(2,\)"),
        (ops.custom_gradient(lambda x, y=None: (x, lambda g: g)), None, ""),
    ],
)
def test_errors(f, error, message):
    if error is None:
        assert nn.grad(lambda x: f(x).sum())([1.0, 2.0]).tolist() == [1.0, 1.0]
        return
    with pytest.raises(error, match=message):
        nn.grad(lambda x: f(x).sum())([1.0, 2.0])


def test_one_gradient_for_each_argument():
    f = ops.custom_gradient(lambda x, y: (x * y, lambda g: g))
    with pytest.raises(GradientError, match=r"one gradient for each argument. Got 1 gradients"):
        nn.grad(lambda x: f(x, x))(1.0)


# --- jvp ---------------------------------------------------------------------------------------


def test_a_derivative_along_a_direction():
    x, v = np.float64([1.0, 2.0, 3.0]), np.float64([0.5, -1.0, 2.0])

    def f(x):
        return {"s": ops.sin(x) * x, "t": x.sum()}

    y, slope = ops.jvp(f, (x,), (v,))
    np.testing.assert_allclose(slope["s"], (np.cos(x) * x + np.sin(x)) * v, rtol=1e-12)
    assert slope["t"].item() == v.sum()
    assert y["t"].item() == 6.0
    assert not slope["s"].tracked
    compiled = nn.jit(lambda x, v: ops.linalg.jvp(f, (x,), (v,))[1]["s"])
    np.testing.assert_allclose(compiled(x, v), slope["s"], rtol=1e-12)


def test_of_several_arguments_with_something_beside_and_of_constants():
    y, slope, aux = ops.jvp(lambda a, b: (a * b, "aux"), (2.0, 3.0), (1.0, 10.0), has_aux=True)
    assert (y.item(), slope.item(), aux) == (6.0, 23.0, "aux")
    assert ops.jvp(lambda a: ops.ones(2), (2.0,), (1.0,))[1].tolist() == [0.0, 0.0]


def test_its_gradient_is_a_second_derivative():
    def slope(x):
        return ops.jvp(lambda t: t**3, (x,), (ops.ones_like(x),))[1].sum()

    assert nn.grad(slope)(2.0).item() == 12.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ops.jvp(ops.sin, 1.0, 1.0), "primals and tangents are tuples"),
        (lambda: ops.jvp(ops.sin, (1.0,), (1.0, 2.0)), "one tangent for each primal"),
        (lambda: ops.jvp(ops.sin, ([1.0, 2.0],), ([1.0],)), "one tangent for each primal"),
        (lambda: ops.jvp(ops.sin, (np.ones(2),), (np.ones(3),)), "a tangent is like its primal"),
        (lambda: ops.jvp(lambda x: x, (1,), (1,)), "arguments and results are floats"),
    ],
)
def test_errors_of_jvp(call, message):
    with pytest.raises(nn.errors.NeuronaError, match=message):
        call()

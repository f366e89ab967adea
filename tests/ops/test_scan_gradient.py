"""The gradient of a loop: products with weights are summed after it, what is costly is kept."""

import numpy as np
import pytest

import neurona as nn
from neurona.core.graph import trace
from neurona.nn.parameter import bound
from neurona.ops.scan import keep

o = nn.ops
rng = np.random.default_rng(0)
T, B, D, H = 3, 2, 4, 3
X, H0 = rng.normal(size=(T, B, D)), rng.normal(size=(B, H))
W, U = rng.normal(size=(D, H)), rng.normal(size=(H, H))


def plain(h, x, w, u):
    h = o.tanh(x @ w + h @ u)
    return h, h * 2.0


def both_sides(h, x, w, u):
    """u meets the body in three products, from both sides and with a factor of three axes."""
    columns = u @ o.swapaxes(h, 0, 1)  # (H, B)
    stacked = o.stack([h, 2.0 * h]) @ u  # (2, B, H)
    h = o.sigmoid(x @ w + h @ u + o.swapaxes(columns, 0, 1) + stacked.sum(axis=0))
    return h, o.sin(h)


def elsewhere_too(h, x, w, u):
    """u and w are in no product alone."""
    h = o.tanh(x @ w + h @ u + 0.1 * u.sum(axis=0))
    return h, (h, w * 1.0)


def with_itself(h, x, w, u):
    h = o.tanh(x @ w + h @ (u @ u))
    return h, h


def exponentials(h, x, w, u):
    """What is kept is read again by rules: exp, log, a quotient, a power."""
    z = o.exp(0.1 * (x @ w)) + o.log(1.0 + o.square(h @ u))
    h = z / (1.0 + z) + 0.1 * z**1.5
    return h, h * z


BODIES = [plain, both_sides, elsewhere_too, with_itself, exponentials]


def looped(body, reverse=False):
    def fn(x, h, w, u):
        h, ys = o.scan(lambda h, x: body(h, x, w, u), h, x, reverse=reverse)
        return (h**2).sum() + sum(o.sin(y).sum() for y in (ys if isinstance(ys, tuple) else (ys,)))

    return fn


def unrolled(body, reverse=False):
    def fn(x, h, w, u):
        total = 0.0
        for t in reversed(range(T)) if reverse else range(T):
            h, ys = body(h, x[t], w, u)
            total = total + sum(o.sin(y).sum() for y in (ys if isinstance(ys, tuple) else (ys,)))
        return total + (h**2).sum()

    return fn


def loops_of(fn, *arguments):
    return [n for n in trace(fn, arguments).check().nodes if n.op.name == "loop"]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("how", [lambda f: f, nn.jit])
def test_gradients_are_those_of_the_unrolled_loop(body, reverse, how):
    def squared(fn):
        slopes = nn.grad(fn, (0, 1, 2, 3))
        return lambda *a: sum((g * g).sum() for g in slopes(*a))

    for order in (lambda fn: fn, squared):
        value, found = how(nn.value_and_grad(order(looped(body, reverse)), (0, 1, 2, 3)))(
            X, H0, W, U
        )
        expected, wanted = nn.value_and_grad(order(unrolled(body, reverse)), (0, 1, 2, 3))(
            X, H0, W, U
        )
        assert value.item() == pytest.approx(expected.item(), rel=1e-12)
        for a, b in zip(found, wanted, strict=True):
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-9, atol=1e-9)


def test_products_are_summed_after_the_loop():
    """The loop back carries the state's gradient alone, and computes one product: dh = dz @ u^T."""
    _, back = loops_of(nn.grad(looped(plain), (0, 1, 2, 3)), X, H0, W, U)
    ops = [n.op.name for n in back.attributes["body"].nodes]
    assert back.attributes["carries"] == 1
    assert ops.count("matrix_product") == 1  # dx = dz @ w^T is none of the loop
    assert "tanh" not in ops  # which was kept
    _, back = loops_of(nn.grad(looped(elsewhere_too), (0, 1, 2, 3)), X, H0, W, U)
    assert back.attributes["carries"] == 3  # w and u are summed in the loop


def test_a_small_weight_with_many_rows_is_summed_in_the_loop():
    many = np.ones((T, 500, 1)), np.ones((500, 1)), np.ones((1, 1)), np.ones((1, 1))
    many = [a + 0.01 * rng.normal(size=a.shape) for a in many]

    def deep(h, x, w, u):
        h = o.tanh(o.tanh(x @ w + h @ u) @ u)  # what meets u at last, no iteration has anyway
        return h, h

    _, back = loops_of(nn.grad(looped(deep), (2, 3)), *many)
    assert back.attributes["carries"] == 2  # dh and du; w meets x before the loop
    found = nn.grad(looped(deep), (2, 3))(*many)
    for a, b in zip(found, nn.grad(unrolled(deep), (2, 3))(*many), strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-9)


def test_what_is_too_large_to_keep_is_computed_again(monkeypatch):
    expected = nn.grad(looped(plain), (0, 1, 2, 3))(X, H0, W, U)
    monkeypatch.setitem(keep.__globals__, "LARGEST", T * B * H * 8)
    forward, back = loops_of(nn.grad(looped(plain), (0, 1, 2, 3)), X, H0, W, U)
    assert "tanh" in [n.op.name for n in back.attributes["body"].nodes]
    assert forward.attributes["saved"] == 1  # the state
    for a, b in zip(nn.grad(looped(plain), (0, 1, 2, 3))(X, H0, W, U), expected, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-12)


def test_only_what_the_gradient_reads_is_kept():
    """Of an LSTM: both states before a step, the four gates and tanh(c); h is an output anyway."""
    layer = nn.layers.LSTM(5, return_sequences=True)
    x = np.ones((2, T, 4), "float32")
    layer(x)
    w = [p.numpy() for p in layer.weights]

    def loss(*values):
        with bound(layer.weights, values):
            return layer(x).sum()

    forward, _ = loops_of(nn.grad(loss, (0, 1, 2)), *w)
    assert forward.attributes["saved"] == 7
    assert sum(n.op.name == "matrix_product" for n in forward.attributes["body"].nodes) == 1
    alone = loops_of(lambda *v: loss(*v), *w)
    assert alone[0].attributes["saved"] == 0

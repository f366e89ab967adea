"""What a loop multiplies its sequences by is one product before it, and one for each gradient."""

import numpy as np
import pytest

import neurona as nn
from neurona import layers
from neurona import ops as o
from neurona.core.graph import trace, trace_open
from neurona.core.shapes import Spec
from neurona.engines.program import compile
from neurona.gradcheck import gradcheck
from neurona.ops import ahead

rng = np.random.default_rng(0)
T, B, D, H = 7, 5, 4, 6
X, START, W, U = (rng.normal(size=s) for s in ((T, B, D), (B, H), (D, H), (H, H)))


def by_hand(x, h, w, u, reverse=False):
    def step(h, x):
        h = o.tanh(x @ w + h @ u)
        return h, h

    return o.scan(step, h, x, reverse=reverse)[1]


def products(graph):
    """The shapes of the products of a Graph, and of those in the bodies of its loops."""
    outside, inside = [], []
    for node in graph.nodes:
        if node.op.name == "matrix_product":
            outside.append(graph.specs[node.outputs[0]].shape)
        if "body" in node.attributes:
            inside += [s for shapes in products(node.attributes["body"]) for s in shapes]
    return outside, inside


def gradients(*arrays):
    return nn.grad(lambda *a: (by_hand(*a) ** 2).sum(), argnums=(0, 1, 2, 3))(*arrays)


def test_one_product_each():
    assert products(trace(by_hand, [X, START, W, U])) == ([(T, B, H)], [(B, H)])
    outside, inside = products(trace(gradients, [X, START, W, U]))
    assert sorted(outside) == [(D, H), (H, H), (T, B, D), (T, B, H)]
    assert inside == [(B, H), (B, H)]  # h @ u, and its gradient for h


@pytest.mark.parametrize("reverse", [False, True])
def test_the_numbers_are_those_of_steps(reverse):
    h, want = START, np.zeros((T, B, H))
    for t in reversed(range(T)) if reverse else range(T):
        want[t] = h = np.tanh(X[t] @ W + h @ U)
    arrays = [X, START, W, U]
    graph = trace(lambda *a: [by_hand(*a, reverse=reverse)], arrays)
    for engine in ("native", "reference"):
        np.testing.assert_allclose(compile(graph, engine)(*arrays)[0], want, rtol=1e-12)
    np.testing.assert_allclose(by_hand(*arrays, reverse=reverse), want, rtol=1e-12)


def test_gradients_of_both_orders():
    gradcheck(by_hand, X, START, W, U)
    gradcheck(lambda *a: gradients(*a)[2], X[:3, :2], START[:2], W, U)


def test_engines_agree_on_gradients():
    arrays = [a.astype("float32") for a in (X, START, W, U)]
    graph = trace(gradients, arrays)
    for got, want in zip(
        compile(graph, "native")(*arrays), compile(graph, "reference")(*arrays), strict=True
    ):
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5)


def test_a_constant_matrix_and_a_second_product():
    def fn(x, v):
        def step(h, x):
            y = o.tanh((x @ W) @ v)  # both depend on x alone, the second not by a product
            return h + y, x @ W

        return o.scan(step, START, x)

    graph = trace(fn, [X, U])
    assert products(graph)[0] == [(T, B, H), (T, B, H)]
    final, rows = (np.asarray(y) for y in fn(X, U))
    np.testing.assert_allclose(rows, X @ W, rtol=1e-12)
    np.testing.assert_allclose(final, START + np.tanh(X @ W @ U).sum(0), rtol=1e-12)


def test_what_depends_on_the_state_or_the_step_stays():
    def fn(x, h, w):
        def step(state, x):
            h, w = state
            return (h + x @ w, 0.9 * w), (x + h)[:, :D] @ W

        return o.scan(step, (h, w), x)[1]

    wide = rng.normal(size=(T, B, H))
    outside, inside = products(trace(fn, [wide, START, U]))
    assert outside == []
    assert sorted(inside) == [(B, H), (B, H)]


def test_no_step_at_all():
    y = by_hand(X[:0], START, W, U)
    assert y.shape == (0, B, H)
    found = nn.grad(lambda w: by_hand(X[:0], START, w, U).sum())(W)
    np.testing.assert_array_equal(found, np.zeros_like(W))


def test_a_cell_of_ones_own():
    class Plain(layers.Layer):
        state_size = H

        def build(self, shape):
            self.kernel = self.parameter("kernel", (shape[-1], H))
            self.recurrent_kernel = self.parameter("recurrent_kernel", (H, H))

        def call(self, x, states):
            h = o.tanh(x @ self.kernel + states[0] @ self.recurrent_kernel)
            return h, [h]

    layer = layers.RNN(Plain())
    x = np.swapaxes(X, 0, 1).astype("float32")
    layer(x)
    own = layers.SimpleRNN(H, use_bias=False)
    own(x)
    own.set_weights(layer.get_weights())
    np.testing.assert_allclose(layer(x), own(x), atol=1e-6)
    graph, _ = trace_open(layer, [Spec(x.shape, x.dtype)])
    assert products(graph)[0] == [(T, B, H)]


def test_the_products_have_room_together(monkeypatch):
    monkeypatch.setattr(ahead, "LARGEST", T * B * H * 8)

    def loop(x, w):
        return o.scan(lambda h, x_t: (h + x_t @ w + x_t @ -w, None), np.zeros((B, H)), x)[0]

    graph, _ = trace_open(loop, [Spec(X.shape, X.dtype), Spec(W.shape, W.dtype)])
    assert products(graph) == ([(T, B, H)], [(B, H)])
    np.testing.assert_allclose(loop(X, W), np.zeros((B, H)), atol=1e-12)

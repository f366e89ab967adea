"""Transposes go behind what is computed element by element, where two of them meet."""

import numpy as np
import pytest

import neurona as nn
from neurona import ops
from neurona.core.graph import trace
from neurona.core.lowering import View
from neurona.engines.native.simplify import simplify
from neurona.engines.native.turn import turn

R = np.random.default_rng(0)
FIRST, LAST = (0, 3, 1, 2), (0, 2, 3, 1)


def floats(*shape):
    return R.normal(size=shape).astype("float32")


def turned(fn, *arrays):
    graph = simplify(trace(fn, arrays))
    return graph, turn(graph).check()


def order_of(graph, name):
    """The shapes of what ops of a name make."""
    return [graph.specs[n.outputs[0]].shape for n in graph.nodes if n.op.name == name]


def block(x, w, gamma):
    """A convolution, a batch normalisation, a branch and a convolution, with the channels first."""

    def conv(x):
        x = ops.transpose(x, LAST)
        return ops.transpose(ops.conv2d(x, w, padding="same"), FIRST)

    y = conv(x)
    centred = y - ops.mean(y, axis=(0, 2, 3), keepdims=True)
    variance = ops.mean(ops.square(centred), axis=(0, 2, 3), keepdims=True)
    z = centred * ops.rsqrt(variance + 1e-3) * ops.reshape(gamma, (1, -1, 1, 1))
    return conv(ops.maximum(z, 0.0) + y * ops.reshape(gamma, (-1, 1, 1)))


X, W, GAMMA = floats(2, 4, 6, 5), floats(3, 3, 4, 4), floats(4)


def test_a_block_with_the_channels_first_is_computed_with_them_last():
    graph, other = turned(lambda x, w, g: [block(x, w, g)], X, W, GAMMA)
    assert set(order_of(graph, "mul")) & {(2, 4, 6, 5)}
    for name in ("sub", "maximum", "add", "mul"):
        assert (2, 4, 6, 5) not in order_of(other, name)
    assert all(s == (1, 1, 1, 4) for s in order_of(other, "sum"))
    between = [n for n in other.nodes if isinstance(n.op.lower, View)]
    assert sum(other.specs[n.outputs[0]].size == X.size for n in between) == 2  # at both ends


def test_a_branch_from_outside_is_read_across_and_what_follows_is_not():
    def fn(x, w):
        def conv(x):
            return ops.transpose(ops.conv2d(ops.transpose(x, LAST), w, padding="same"), FIRST)

        return [conv(ops.tanh(conv(x) + x))]  # x lies with its channels first

    _, other = turned(fn, X, W)
    assert order_of(other, "add") == order_of(other, "tanh") == [(2, 6, 5, 4)]
    np.testing.assert_allclose(nn.jit(fn)(X, W)[0].numpy(), fn(X, W)[0].numpy(), atol=1e-5)


def dense_block(x, w, gamma):
    """Branches that are joined along the channels, normalised, and cut apart again."""

    def conv(x):
        return ops.transpose(ops.conv2d(ops.transpose(x, LAST), w, padding="same"), FIRST)

    y = ops.tanh(ops.concatenate([conv(x), conv(2.0 * x)], axis=1))
    a, b = ops.split(y, 2, axis=1)
    return conv(ops.maximum(a, 0.0) * b + ops.reshape(gamma, (-1, 1, 1)))


def test_joined_branches_and_their_parts_are_turned_too():
    _, other = turned(lambda x, w, g: [dense_block(x, w, g)], X, W, GAMMA)
    assert order_of(other, "concatenate") == order_of(other, "tanh") == [(2, 6, 5, 8)]
    assert order_of(other, "maximum") == order_of(other, "add") == [(2, 6, 5, 4)]


@pytest.mark.parametrize("network", [block, dense_block])
@pytest.mark.parametrize("order", [1, 2])
def test_the_numbers_and_their_gradients_stay(network, order):
    def loss(x, w, gamma):
        return (ops.tanh(network(x, w, gamma)) ** 2).sum()

    def penalty(x, w, gamma):
        return sum((g * g).sum() for g in nn.grad(loss, argnums=(0, 1))(x, w, gamma))

    step = nn.grad(loss if order == 1 else penalty, argnums=(0, 1, 2))
    for a, b in zip(nn.jit(step)(X, W, GAMMA), step(X, W, GAMMA), strict=True):
        scale = np.abs(b.numpy()).max()
        np.testing.assert_allclose(a.numpy() / scale, b.numpy() / scale, atol=2e-5)


def test_transposes_that_meet_nobody_stay():
    def heads(q, k):
        q, k = (ops.transpose(x, (0, 2, 1, 3)) * 2.0 for x in (q, k))
        return [ops.matmul(q, ops.transpose(k, (0, 1, 3, 2)))]

    graph = simplify(trace(heads, [floats(2, 5, 3, 4)] * 2))
    assert turn(graph) is graph


def test_folds_without_their_axes_and_results_that_are_asked_for():
    def fn(x, w):
        y = ops.transpose(ops.conv2d(x, w), FIRST)  # (2, 3, 5, 4)
        z = ops.exp(-y * y)
        back = ops.transpose(z, LAST)
        return [z, ops.sum(z, axis=(0, 2)), ops.max(z, axis=1), z.sum(), back * 2.0, back]

    arrays = floats(2, 5, 6, 2), floats(1, 3, 2, 3)
    _, other = turned(fn, *arrays)
    assert set(order_of(other, "exp")) == {(2, 5, 4, 3)}
    for a, b in zip(nn.jit(fn)(*arrays), fn(*map(nn.tensor, arrays)), strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("seed", range(60))
def test_random_chains_give_the_same_numbers(seed):
    rng = np.random.default_rng(seed)
    rank = int(rng.integers(3, 6))
    sizes = tuple(int(n) for n in rng.choice([1, 2, 3, 3, 4], rank))

    def fn(x, *small):
        values = [x]
        plan = np.random.default_rng(seed + 1)
        for _ in range(14):
            y = values[plan.integers(len(values))]
            kind, other = plan.integers(9), values[plan.integers(len(values))]
            if kind <= 1 and y.ndim > 2:
                axes = plan.permutation(y.ndim)
                values.append(ops.transpose(y, tuple(int(a) for a in axes)))
                if kind == 0:  # there and back, with something between
                    z = ops.tanh(values[-1] + small[0])
                    values.append(ops.transpose(z, tuple(int(a) for a in np.argsort(axes))))
            elif kind == 2:
                values.append(ops.sin(y) * 0.5)
            elif kind == 3 and y.shape == other.shape:
                values.append(y * 0.5 - other)
            elif kind == 4 and y.ndim:
                axis = int(plan.integers(y.ndim))
                values.append(y - ops.mean(y, axis=axis, keepdims=True))
            elif kind == 5 and y.ndim > 2:
                values.append(ops.max(y, axis=int(plan.integers(y.ndim))))
            elif kind == 7 and y.ndim:
                axis = int(plan.integers(y.ndim))
                values.append(ops.flip(y, axis))
                if y.shape[axis] > 1:
                    values.append(ops.split(y, [1], axis=axis)[1])
            elif kind == 8 and y.ndim and y.shape == other.shape:
                values.append(ops.concatenate([y, other], axis=int(plan.integers(y.ndim))))
            elif kind == 6 and y.ndim:
                values.append(y + ops.broadcast_to(small[0], y.shape) * small[1])
        return values[-6:]

    arrays = floats(*sizes), floats(1), np.float32(0.3)
    turn(simplify(trace(lambda *a: fn(*a), arrays))).check()
    for a, b in zip(nn.jit(fn)(*arrays), fn(*map(nn.tensor, arrays)), strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-4, atol=1e-5)

"""What the body of a scan does besides what it returns comes out as if the loop were unrolled."""

import numpy as np
import pytest

import neurona as nn
from neurona import layers, metrics, ops
from neurona.core.graph import trace
from neurona.core.shapes import Spec
from neurona.errors import StateError
from neurona.nn.context import collect_losses

rng = np.random.default_rng(0)
X = rng.normal(size=(5, 4, 3)).astype("float32")
Y = rng.normal(size=(5, 4, 2)).astype("float32")


def unrolled(fn, init, xs=None, length=None, reverse=False):
    """Loop as scan does, in Python."""
    carry, ys = init, []
    for t in range(length if xs is None else xs.shape[0]):
        carry, y = fn(carry, None if xs is None else xs[t])
        ys.append(y)
    return carry, None if ys[0] is None else ops.stack(ys)


class Steps(layers.Layer):
    """Each step of time by itself, through layers that do more than return a value."""

    def __init__(self, loop):
        self.loop = loop
        self.dense = layers.Dense(2, activity_regularizer="l2", kernel_initializer="ones")
        self.norm = layers.BatchNormalization(momentum=0.5)
        self.size = metrics.Mean("size")

    def call(self, x):  # (B, T, D)
        def step(total, x):
            y = self.norm(self.dense(x))
            self.add_loss(0.1 * ops.mean(x * y[:, :1]))
            self.size.update_state(ops.abs(x))
            return total + ops.sum(y), y

        return ops.moveaxis(self.loop(step, 0.0, ops.moveaxis(x, 1, 0))[1], 0, 1)


def trained(loop, **how):
    model = nn.Sequential([Steps(loop)])
    model.compile(nn.optimizers.SGD(0.1), "mse", **how)
    logs = [model.train_on_batch(X, Y, return_dict=True) for _ in range(3)]
    logs.append(model.evaluate(X, Y, verbose=0, return_dict=True))
    return [*[[*log.values()] for log in logs], *model.get_weights()]


@pytest.mark.parametrize(
    "how", [{"run_eagerly": True}, {"engine": "reference"}, {"engine": "native"}]
)
def test_layers_in_a_loop_train_as_in_the_unrolled_one(how):
    for ours, expected in zip(trained(ops.scan, **how), trained(unrolled, **how), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=2e-5, atol=2e-6)


def running(loop, p, x):
    """Average x into p, three times over in a loop in the loop, and count; uses p after it."""

    def outer(count, x):
        before = p.value

        def inner(c, _):
            p.assign(0.5 * p + 0.5 * x * c)
            return c + 1.0, p.value.sum()

        c, sums = loop(inner, 1.0, length=3)
        p.assign_add(0.1 * before)
        return count + c, p * sums[0]

    return loop(outer, 0.0, x)


@pytest.mark.parametrize("how", [lambda f: f, nn.jit, lambda f: nn.jit(f, engine="reference")])
def test_loops_in_loops_hand_on_what_is_assigned(how):
    x = rng.normal(size=(4, 2))
    p, q = nn.Parameter([1.0, 2.0]), nn.Parameter([1.0, 2.0])
    count, ys = how(lambda x: running(ops.scan, p, x))(x.astype("float32"))
    expected, wanted = running(unrolled, q, nn.tensor(x.astype("float32")))
    assert count.item() == expected == 16.0
    np.testing.assert_allclose(ys.numpy(), wanted.numpy(), rtol=1e-5)
    np.testing.assert_allclose(p.numpy(), q.numpy(), rtol=1e-6)


def test_gradients_flow_through_what_is_assigned():
    def final(loop, w):
        p = nn.Parameter(np.float64([0.5, 1.0]))

        def step(_, x):
            p.assign(p * w + x)
            return None, None

        loop(step, None, nn.tensor(np.float64([[1, 2], [3, 4], [5, 6]])))
        return (p * p).sum()

    w = np.float64([0.3, -0.7])
    expected, ours = (nn.jit(nn.grad(lambda w, f=f: final(f, w)))(w) for f in (unrolled, ops.scan))
    np.testing.assert_allclose(ours.numpy(), expected.numpy())
    assert np.all(expected.numpy() != 0.0)


def test_training_is_a_loop_as_well():
    def after(loop, how):
        w = nn.Parameter([1.0, 2.0])
        optimizer = nn.optimizers.Adam(0.1)
        optimizer.build([w])

        def step(_, x):
            return None, optimizer.minimize(lambda: ((w - x) ** 2).sum(), [w])

        losses = how(lambda xs: loop(step, None, xs)[1])(nn.tensor([3.0, 4.0, 5.0]))
        return losses.numpy(), w.numpy(), optimizer.iterations.numpy()

    expected = after(unrolled, lambda f: f)
    assert expected[2] == 3
    for how in (lambda f: f, nn.jit):
        for ours, wanted in zip(after(ops.scan, how), expected, strict=True):
            np.testing.assert_allclose(ours, wanted, rtol=1e-6)


@pytest.mark.parametrize("how", [lambda f: f, nn.jit])
def test_losses_come_out_in_the_sum(how):
    layer = layers.Layer()

    def step(c, x):
        layer.add_loss(x * x)
        layer.add_loss(0.5)
        return c, None

    fn = how(lambda xs: ops.scan(step, 0.0, xs)[0])
    with collect_losses() as found:
        fn(np.float32([1.0, 2.0, 3.0]))
    assert [x.item() for x in found] == [14.0, 1.5]
    fn(np.float32([1.0, 2.0]))  # nobody collects: nothing happens
    assert len(found) == 2


def test_an_empty_loop_assigns_and_adds_nothing():
    p, layer = nn.Parameter([1.0]), layers.Layer()

    def step(c, x):
        layer.add_loss(x)
        p.assign_add([1.0])
        return c, None

    with collect_losses() as found:
        ops.scan(step, 0.0, np.zeros(0, "float32"))
    assert p.tolist() == [1.0]
    assert found[0].item() == 0.0


def test_reversed_loops_assign_in_their_order():
    p = nn.Parameter([0.0])

    def step(c, x):
        p.assign(10.0 * p + x)
        return c, p.value[0]

    _, ys = ops.scan(step, 0.0, np.float32([1, 2, 3]), reverse=True)
    assert ys.tolist() == [321.0, 32.0, 3.0]
    assert p.tolist() == [321.0]


def test_what_was_taken_before_the_loop_stays():
    p = nn.Parameter([1.0])
    old = p.value

    def step(c, _):
        p.assign(p * 2.0)
        return c + old[0], None

    assert ops.scan(step, 0.0, length=3)[0].item() == 3.0
    assert p.tolist() == [8.0]


def test_a_body_without_effects_costs_nothing_more():
    read, looked = nn.Parameter([2.0]), nn.Parameter(np.zeros((3, 1), "float32"))
    traces = []

    def step(c, x):
        traces.append(x)
        return c * read[0] * float(looked.shape[0]) + looked.value.shape[1] + x, c

    jitted = nn.jit(lambda xs: ops.scan(step, 0.0, xs))
    assert jitted(np.float32([1.0, 2.0]))[0].item() == 15.0
    (found,) = jitted.programs.values()
    (loop,) = [n for n in found.function.graph.nodes if n.op.name == "loop"]
    assert len(traces) == 1
    assert len(loop.inputs) == 3  # carry, xs and the Parameter whose values are used
    assert len(loop.outputs) == 2
    body = loop.attributes["body"]
    assert "reshape" not in str(body)  # what does not depend on the state stands before the loop


def test_a_plain_trace_refuses_what_it_would_lose():
    p = nn.Parameter([1.0])

    def fn(x):
        def step(c, x):
            p.assign_add([1.0])
            return c, None

        return ops.scan(step, 0.0, x)[0]

    with pytest.raises(StateError, match="parameter is assigned to while a function is traced"):
        trace(fn, [Spec((2,), np.dtype("float32"))])
    assert p.tolist() == [1.0]


def test_layers_are_built_in_a_loop():
    dense = layers.Dense(2, kernel_initializer="ones")
    _, ys = ops.scan(lambda c, x: (c, dense(x)), 0.0, np.ones((3, 1, 4), "float32"))
    assert ys.tolist() == [[[4.0, 4.0]]] * 3
    assert dense.kernel.shape == (4, 2)


def test_parameters_of_one_iteration_stay_in_it():
    p = nn.Parameter([1.0])

    def step(c, x):
        local = nn.Parameter([0.0])
        local.assign(p * x)
        p.assign_add(local)
        return c + local[0], None

    assert ops.scan(step, 0.0, np.float32([1.0, 2.0]))[0].item() == 5.0
    assert p.tolist() == [6.0]

"""TensorFlow's tape: gradients of what was computed, in loops and steps written with it."""

import numpy as np
import pytest

import neurona as nn
from neurona import layers, ops
from neurona.errors import GradientError

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(20, 3)).astype("float32"), RNG.normal(size=(20, 1)).astype("float32")


def network(cls=nn.Sequential):
    nn.utils.set_random_seed(0)
    hidden = [layers.Dense(4, "tanh"), layers.BatchNormalization()]
    return cls([nn.Input((3,)), *hidden, layers.Dense(1)])


class Taped(nn.Sequential):
    def train_step(self, data):
        x, y = data
        with nn.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=y_pred)
        weights = self.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            else:
                metric.update_state(y, y_pred)
        return {m.name: m.result() for m in self.metrics}


@pytest.mark.parametrize("eagerly", [False, True])
def test_a_step_written_with_a_tape_is_the_usual_one(eagerly):
    taped, usual = network(Taped), network()
    histories = []
    for model in (taped, usual):
        model.compile(nn.optimizers.Adam(0.05), "mse", metrics=["mae"], run_eagerly=eagerly)
        histories.append(model.fit(X, Y, epochs=2, batch_size=10, shuffle=False, verbose=0).history)
    for name in ("loss", "mae"):
        np.testing.assert_allclose(histories[0][name], histories[1][name], rtol=1e-4)
    for a, b in zip(taped.get_weights(), usual.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5)


def test_a_loop_of_ones_own():
    model, other = network(), network()
    first, second = nn.optimizers.SGD(0.1), nn.optimizers.SGD(0.1)
    loss_fn = nn.losses.MeanSquaredError()
    for _ in range(3):
        with nn.GradientTape() as tape:
            loss = loss_fn(Y, model(X, training=True))
        gradients = tape.gradient(loss, model.trainable_weights)
        first.apply_gradients(zip(gradients, model.trainable_weights, strict=True))
        second.minimize(lambda: loss_fn(Y, other(X, training=True)), other)
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_inputs_are_watched_and_gradients_have_gradients():
    x = nn.tensor([1.0, 2.0])
    with nn.GradientTape() as outer:
        outer.watch(x)
        with nn.GradientTape(persistent=True) as inner:
            inner.watch(x)
            y = ops.sum(x**3)
        g = inner.gradient(y, x)
    np.testing.assert_allclose(g.numpy(), [3.0, 12.0], rtol=1e-6)
    np.testing.assert_allclose(outer.gradient(g, x).numpy(), [6.0, 12.0], rtol=1e-6)
    model = network()
    with nn.GradientTape() as tape:
        tape.watch(x := nn.tensor(X))
        score = model(x)[:, 0]
    saliency = tape.gradient(score, x)
    expected = nn.grad(lambda v: ops.sum(model(v)))(X)
    np.testing.assert_allclose(saliency.numpy(), expected.numpy(), rtol=1e-5)


def test_sources_are_nested_and_may_have_no_part():
    a, b = nn.Parameter([2.0], "a"), nn.Parameter([3.0], "b")
    with nn.GradientTape() as tape:
        y = a * a
    found = tape.gradient(y, {"a": a, "b": [b]})
    assert found["a"].tolist() == [4.0]
    assert found["b"] == [None]
    assert tape.gradient(y, [b], unconnected_gradients="zero")[0].tolist() == [0.0]
    assert tape.gradient(y, a, output_gradients=nn.tensor([0.5])).tolist() == [2.0]
    assert [g.tolist() for g in tape.gradient([y, y], (a,))] == [[8.0]]


def test_what_a_tape_refuses():
    with nn.GradientTape() as tape:
        with pytest.raises(GradientError, match=r"a tape watches Tensors of floats. Got array"):
            tape.watch(np.zeros(2))
        with pytest.raises(GradientError, match=r"a tape watches Tensors of floats. Got i32"):
            tape.watch(nn.tensor([1, 2]))
        w = nn.Parameter([1.0])
        with pytest.raises(GradientError, match="NumPy"):  # which would hide the gradient
            np.asarray(w * 2)
    with pytest.raises(GradientError, match=r"gradients are of floats. Got i32"):
        tape.gradient(nn.tensor([1]), w)

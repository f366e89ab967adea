"""SpectralNormalization: Keras's numbers in training, the singular value, state, resume."""

import json
from pathlib import Path

import numpy as np
import pytest

import neurona as nn
from neurona import layers, models
from neurona.errors import ArgumentError

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "spectral.json").read_text())
RNG = np.random.default_rng(0)


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: case["id"])
def test_training_agrees_with_keras(case):
    inner = getattr(layers, case["layer"])(
        **{k: tuple(v) if isinstance(v, list) else v for k, v in case["kwargs"].items()}
    )
    layer = layers.SpectralNormalization(inner, case["power_iterations"])
    x = nn.tensor(np.float32(case["x"]), requires_grad=True)
    layer(x)
    inner.set_weights([np.float32(w) for w in case["weights"]])
    layer.vector_u.assign(np.float32(case["u"]))
    tolerance = GOLDEN["tolerances"][case["tolerance"]]
    close = {k: tolerance[k] for k in ("rtol", "atol")}

    y = layer(x, training=True)
    (y * np.float32(case["cotangent"])).sum().backward()
    np.testing.assert_allclose(y.numpy(), case["output"], **close)
    np.testing.assert_allclose(layer.vector_u.numpy(), case["u_after"], **close)
    np.testing.assert_allclose(x.grad.numpy(), case["x_gradient"], **close)
    for w, expected in zip(inner.weights, case["weight_gradients"], strict=True):
        np.testing.assert_allclose(w.grad.numpy(), expected, **close)
    assert np.array_equal(inner.weights[0].numpy(), np.float32(case["weights"][0]))


def test_the_largest_singular_value_becomes_one():
    layer = layers.SpectralNormalization(layers.Dense(4, use_bias=False), 40)
    w = RNG.normal(size=(6, 4)).astype("float32")
    layer(np.ones((1, 6), "float32"))
    layer.layer.set_weights([w])
    effective = layer(np.eye(6, dtype="float32")).numpy()
    np.testing.assert_allclose(effective, w / np.linalg.svd(w)[1][0], rtol=1e-4, atol=1e-6)


def test_embeddings_are_normalised_too():
    """Keras 3.15 rounds them to the whole numbers that its input has."""
    layer = layers.SpectralNormalization(layers.Embedding(4, 3), 40)
    layer(np.array([[1]]))
    table = RNG.normal(size=(4, 3)).astype("float32")
    layer.layer.set_weights([table])
    expected = table / np.linalg.svd(table)[1][0]
    np.testing.assert_allclose(layer(np.arange(4)).numpy(), expected, rtol=1e-4, atol=1e-6)


def test_u_follows_in_training_alone():
    layer = layers.SpectralNormalization(layers.Dense(4))
    x = RNG.normal(size=(3, 6)).astype("float32")
    layer(x)
    w, values = layer.layer.kernel.numpy(), []
    for _ in range(30):
        before = layer.vector_u.numpy()
        y = layer(x).numpy()
        assert np.array_equal(layer.vector_u.numpy(), before)
        assert np.array_equal(layer(x, training=True).numpy(), y)
        values.append(np.linalg.norm(layer.vector_u.numpy() @ w.T))
    np.testing.assert_allclose(values[-1], np.linalg.svd(w)[1][0], rtol=1e-3)
    assert values[-1] > values[0]


def test_the_gradient_holds_u_and_v():
    """At the fixed point of the iteration that is the whole derivative of the first order."""
    layer = layers.SpectralNormalization(layers.Dense(3, use_bias=False, dtype="float64"), 60,
                                         dtype="float64")  # fmt: skip
    x = RNG.normal(size=(5, 4))
    layer(x)
    w = RNG.normal(size=(4, 3))

    def loss(kernel):
        return np.sin(x @ kernel / np.linalg.svd(kernel)[1][0]).sum()

    layer.layer.set_weights([w])
    _, (g,) = nn.gradients(lambda: nn.ops.sin(layer(x)).sum(), layer.trainable_weights)
    for i in np.ndindex(w.shape):
        up, down = w.copy(), w.copy()
        up[i] += 1e-6
        down[i] -= 1e-6
        assert abs(g.numpy()[i] - (loss(up) - loss(down)) / 2e-6) < 1e-6


def test_a_kernel_of_zeros_stays_as_it_is():
    layer = layers.SpectralNormalization(layers.Dense(2, kernel_initializer="zeros"))
    x = np.ones((2, 3), "float32")
    before = layer(x), layer.vector_u.numpy()
    assert before[0].tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert np.array_equal(layer(x, training=True).numpy(), before[0].numpy())
    assert np.array_equal(layer.vector_u.numpy(), before[1])
    _, grads = nn.gradients(lambda: layer(x, training=True).sum(), layer.trainable_weights)
    assert all(np.isfinite(g.numpy()).all() for g in grads)


def critic():
    return models.Sequential([
        layers.Input((6, 6, 1)),
        layers.SpectralNormalization(layers.Conv2D(3, 3, activation="relu")),
        layers.Flatten(),
        layers.SpectralNormalization(layers.Dense(1), power_iterations=2),
    ])  # fmt: skip


X, Y = RNG.normal(size=(16, 6, 6, 1)).astype("float32"), RNG.normal(size=(16, 1))


def test_both_engines_learn_the_same():
    found = []
    weights = critic().get_weights()
    for engine in ("native", "reference"):
        model = critic()
        model.set_weights(weights)
        model.compile(nn.optimizers.Adam(0.01), "mse", engine=engine)
        history = model.fit(X, Y, batch_size=4, epochs=4, shuffle=False, verbose=0)
        found.append((history.history["loss"], model.get_weights()))
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=1e-4)
    for a, b in zip(found[0][1], found[1][1], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)


def test_state_is_exact_through_save_and_resume(tmp_path):
    nn.utils.set_random_seed(3)
    model = critic()
    model.compile(nn.optimizers.Adam(0.01), "mse")
    model.fit(X, Y, batch_size=4, epochs=2, verbose=0)
    model.save(tmp_path / "critic.neurona")
    model.fit(X, Y, batch_size=4, epochs=4, initial_epoch=2, verbose=0)
    again = models.load_model(tmp_path / "critic.neurona")
    again.fit(X, Y, batch_size=4, epochs=4, initial_epoch=2, verbose=0)
    for a, b in zip(model.get_weights(), again.get_weights(), strict=True):
        assert np.array_equal(a, b)
    assert np.array_equal(model.predict(X, verbose=0), again.predict(X, verbose=0))


def test_a_frozen_layer_stays_and_its_u_is_no_weight_to_train():
    layer = layers.SpectralNormalization(layers.Dense(2))
    layer(np.ones((1, 3), "float32"))
    assert [p.name for p in layer.trainable_weights] == ["kernel", "bias"]
    assert [p.name for p in layer.non_trainable_weights] == ["vector_u"]
    layer.layer.trainable = False
    assert layer.trainable_weights == []


def test_the_state_of_what_is_wrapped_lives_on():
    class Counting(layers.Dense):
        def build(self, shape):
            super().build(shape)
            self.calls = self.add_weight((), "zeros", "calls", trainable=False)

        def call(self, x):
            self.calls.assign_add(1.0)
            return super().call(x)

    layer = layers.SpectralNormalization(Counting(2))
    x = np.ones((1, 3), "float32")
    for _ in range(3):
        layer(x, training=True)
    assert layer.layer.calls.numpy() == 3
    step = nn.jit(lambda x: layer(x, training=True))
    step(x)
    step(x)
    assert layer.layer.calls.numpy() == 5


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.SpectralNormalization(3), "SpectralNormalization takes a layer. Got 3"),
        (lambda: layers.SpectralNormalization(layers.Dense(2), 0), "power_iterations is too small"),
        (lambda: layers.SpectralNormalization(layers.Flatten())(X), "the layer has no kernel"),
    ],
)
def test_mistakes_are_explained(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()

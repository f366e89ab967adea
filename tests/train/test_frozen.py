"""What is frozen stays as it is; a frozen BatchNormalization runs as in inference, as in Keras."""

import numpy as np
import pytest

import neurona as nn
from neurona import layers
from tests.settings import engine_set_to

X = np.random.default_rng(0).normal(2.0, 3.0, (32, 6)).astype("float32")
Y = np.arange(32) % 3
LOSS = "sparse_categorical_crossentropy"


def moved_model():
    """A body with a normalisation whose moments fit X, and a new last layer."""
    nn.random.set_seed(0)
    body = nn.Sequential(
        [nn.Input((6,)), layers.Dense(8, name="widen"), layers.BatchNormalization(momentum=0.5)],
        name="body",
    )
    model = nn.Sequential([nn.Input((6,)), body, layers.Dense(3, activation="softmax")])
    model.compile(nn.optimizers.SGD(0.1), LOSS)
    model.fit(X, Y, batch_size=32, epochs=3, verbose=0)
    return model, body


def compile_and_fit(model, rate=0.1):
    model.compile(nn.optimizers.SGD(rate), LOSS)
    return model.fit(X, Y, batch_size=32, verbose=0).history["loss"][0]


@pytest.mark.parametrize("engine", ["native", "reference"])
def test_a_frozen_body_runs_as_in_inference_while_the_rest_learns(engine):
    with engine_set_to(engine):
        model, body = moved_model()
        body.trainable = False
        before = body.get_weights()
        expected = model.evaluate(X, Y, verbose=0)
        assert compile_and_fit(model) == pytest.approx(
            expected, rel=1e-6
        )  # not the batch's moments
        for now, then in zip(body.get_weights(), before, strict=True):
            np.testing.assert_array_equal(now, then)
        assert model.evaluate(X, Y, verbose=0) < expected  # the last layer has learned


@pytest.mark.parametrize("engine", ["native", "reference"])
def test_the_body_learns_and_keeps_the_moments_of_its_frozen_normalisations(engine):
    with engine_set_to(engine):
        model, body = moved_model()
        widen, norm = body.layers
        norm.trainable = False
        before = [w.numpy() for w in (norm.gamma, norm.moving_mean, norm.moving_variance)]
        kernel = widen.kernel.numpy()
        expected = model.evaluate(X, Y, verbose=0)
        assert compile_and_fit(model) == pytest.approx(expected, rel=1e-6)
        assert np.abs(widen.kernel.numpy() - kernel).max() > 0
        for w, then in zip(
            (norm.gamma, norm.moving_mean, norm.moving_variance), before, strict=True
        ):
            np.testing.assert_array_equal(w.numpy(), then)


def test_unfrozen_normalisations_take_the_moments_of_the_batch_again():
    model, body = moved_model()
    body.trainable = False
    compile_and_fit(model)
    body.trainable = True
    norm = body.layers[1]
    mean = norm.moving_mean.numpy()
    loss, expected = compile_and_fit(model, rate=0.0), model.evaluate(X, Y, verbose=0)
    assert loss != pytest.approx(expected, rel=1e-4)
    widened = X @ body.layers[0].kernel.numpy() + body.layers[0].bias.numpy()
    after = 0.5 * mean + 0.5 * widened.mean(axis=0)
    np.testing.assert_allclose(norm.moving_mean.numpy(), after, rtol=1e-4)


def test_a_layer_called_in_inference_still_learns_its_scale():
    inputs = nn.Input((6,))
    norm = layers.BatchNormalization()
    outputs = layers.Dense(3, activation="softmax")(norm(inputs, training=False))
    model = nn.Model(inputs, outputs)
    compile_and_fit(model)
    assert np.abs(norm.gamma.numpy() - 1).max() > 0
    np.testing.assert_array_equal(norm.moving_mean.numpy(), 0)

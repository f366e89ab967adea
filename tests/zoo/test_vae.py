"""The bound of a VAE, against integrals over its one-dimensional code."""

import numpy as np
import pytest

import neurona as nn
from neurona import zoo
from neurona.errors import ArgumentError, DataError

RNG = np.random.default_rng(0)
X = (RNG.random((6, 3, 2)) < 0.5).astype("float32")


@pytest.fixture(scope="module")
def model():
    nn.utils.set_random_seed(0)
    made = zoo.VAE((3, 2), latent=1, hidden=(8,))
    made.compile(nn.optimizers.Adam(0.02))
    made.fit(X, epochs=40, batch_size=6, verbose=0)
    return made


@pytest.fixture(scope="module")
def exact(model):
    """ln p(x), and E_q ln p(x|z): sums over a fine grid of codes."""
    z = np.linspace(-12, 12, 6001)[:, None]
    logits = model.decode(z.astype("float32")).numpy().reshape(len(z), -1).astype(float)
    x = X.reshape(len(X), -1)
    log_p = (x @ logits.T) - np.logaddexp(0, logits).sum(axis=1)  # (B, grid)
    prior = np.exp(-0.5 * z[:, 0] ** 2) / np.sqrt(2 * np.pi)
    mu, log_var = (t.numpy().astype(float) for t in model.encode(X))
    q = np.exp(-0.5 * (z.T - mu) ** 2 / np.exp(log_var)) / np.sqrt(2 * np.pi * np.exp(log_var))
    step = z[1, 0] - z[0, 0]
    log_q = -0.5 * (z.T - mu) ** 2 / np.exp(log_var) - 0.5 * (np.log(2 * np.pi) + log_var)
    divergence = (q * (log_q - np.log(np.maximum(prior, 1e-300)))).sum(axis=1) * step
    return np.log(np.exp(log_p) @ prior * step), -(q * log_p).sum(axis=1) * step, divergence


def test_the_bound_is_that_of_the_integral(model, exact):
    _, reconstruction, divergence = exact
    nn.utils.set_random_seed(1)
    drawn = [model.bound(np.repeat(X, 2000, axis=0))[0].numpy().reshape(len(X), -1)]
    np.testing.assert_allclose(np.mean(drawn[0], axis=1), reconstruction, atol=0.06)
    np.testing.assert_allclose(model.bound(X)[1].numpy(), divergence, rtol=1e-4, atol=1e-5)


def test_many_codes_come_near_to_the_likelihood(model, exact):
    log_p, reconstruction, divergence = exact
    nn.utils.set_random_seed(2)
    np.testing.assert_allclose(model.log_likelihood(X, 4000).numpy(), log_p, atol=0.05)
    once = model.log_likelihood(np.repeat(X, 2000, axis=0), 1).numpy().reshape(len(X), -1)
    np.testing.assert_allclose(once.mean(axis=1), -(reconstruction + divergence), atol=0.08)
    assert (log_p > -(reconstruction + divergence)).all()


def test_logs_tell_both_parts_and_beta_weighs_one():
    nn.utils.set_random_seed(0)
    model = zoo.VAE((3, 2), 2, (8,), beta=4.0)
    model.compile("adam")
    logs = model.evaluate(X, verbose=0, return_dict=True)
    assert list(logs) == ["loss", "reconstruction", "divergence"]
    assert logs["loss"] == pytest.approx(logs["reconstruction"] + 4 * logs["divergence"], rel=1e-5)
    weights = np.array([1.0, 0, 0, 0, 0, 0])
    first = model.evaluate(X[:1], verbose=0, return_dict=True)["divergence"]
    weighted = model.evaluate(X, sample_weight=weights, verbose=0, return_dict=True)
    assert weighted["divergence"] == pytest.approx(first, rel=1e-5)


def test_callbacks_watch_the_bound_on_data_that_are_held_out():
    nn.utils.set_random_seed(0)
    model = zoo.VAE((3, 2), 2, (8,))
    model.compile(nn.optimizers.Adam(0.5))  # too large: the bound gets worse
    stop = nn.callbacks.EarlyStopping("val_loss", patience=1, restore_best_weights=True)
    history = model.fit(X, validation_data=X, epochs=50, verbose=0, callbacks=[stop]).history
    assert len(history["loss"]) < 50
    assert {"val_loss", "val_reconstruction", "val_divergence"} <= set(history)


def test_pixels_without_ink_cost_what_the_formula_says():
    model = zoo.VAE((2, 2), 1, ())
    model(X[:1, :2])
    model.set_weights([np.zeros_like(w) for w in model.get_weights()])
    reconstruction, divergence = model.bound(np.zeros((3, 2, 2), "float32"))
    np.testing.assert_allclose(reconstruction.numpy(), 4 * np.log(2), rtol=1e-6)
    np.testing.assert_array_equal(divergence.numpy(), 0)  # mu = 0, sigma = 1
    weights = model.get_weights()
    weights[1][:], weights[3][:] = 3.0, 2 * np.log(2.0)  # of the mean, and of ln sigma^2
    model.set_weights(weights)
    expected = 0.5 * (9 + 4 - 1 - 2 * np.log(2))
    np.testing.assert_allclose(model.bound(X[:, :2])[1].numpy(), expected, rtol=1e-6)


def test_a_class_is_asked_for():
    nn.utils.set_random_seed(0)
    c = np.arange(64) % 2
    x = np.repeat(c[:, None].astype("float32"), 4, axis=1)  # all ink or none, as the class says
    model = zoo.VAE((4,), 2, (16,), classes=2)
    model.compile(nn.optimizers.Adam(0.02))
    model.fit((x, c), epochs=40, verbose=0)
    assert model.generate(50, c=0, seed=0).max() < 0.2
    assert model.generate(50, c=1, seed=0).min() > 0.8
    mixed = model.generate(2, c=[1, 0], seed=0)
    assert (mixed.round() == [[1], [0]]).all()


def test_samples_are_the_same_by_the_same_seed(model):
    first, again = model.generate(3, seed=5), model.generate(3, seed=5)
    np.testing.assert_array_equal(first, again)
    assert first.shape == (3, 3, 2)
    assert (model.generate(3, seed=6) != first).any()


def test_what_it_refuses(model):
    with pytest.raises(DataError, match=r"VAE: pixels are 0, 1 or between\. Got numbers from 0 to"):
        model.fit(X * 255, verbose=0)
    with pytest.raises(ArgumentError, match="latent is too small"):
        zoo.VAE((2, 2), latent=0)
    with pytest.raises(ArgumentError, match="beta is out of range"):
        zoo.VAE((2, 2), beta=-1)
    with pytest.raises(ArgumentError, match="classes is too small"):
        zoo.VAE((2, 2), classes=1)


def test_what_it_says_of_classes(model):
    told = zoo.VAE((3, 2), 1, (8,), classes=2)
    told.compile("adam")
    c = np.arange(len(X)) % 2
    for given in ((X,), (X, c)):
        with pytest.raises(
            DataError, match=r"come with their classes.*classes=2, x alone[\s\S]*\(x, c\)"
        ):
            told.fit(*given, verbose=0)
    with pytest.raises(
        DataError, match=r"come with their classes.*classes=None, \(x, c\)[\s\S]*fit\(x\)"
    ):
        model.fit((X, c), verbose=0)
    with pytest.raises(DataError, match=r"the number of a class\. Got 2 at index 1.*0 to 1"):
        told.fit((X, c + c), verbose=0)
    with pytest.raises(ArgumentError, match=r"by a model with classes.*labels=None[\s\S]*c=1"):
        told.generate(3)
    with pytest.raises(ArgumentError, match=r"by a model with classes.*classes=None, labels=1"):
        model.generate(3, c=1)
    with pytest.raises(ArgumentError, match=r"the number of a class\. Got 12 at index 0"):
        told.generate(3, c=12)
    with pytest.raises(ArgumentError, match=r"a class for each sample\. Got count=3, 2 classes"):
        told.generate(3, c=[0, 1])
    with pytest.raises(ArgumentError, match="seed is too large"):
        model.generate(3, seed=2**63)
    assert told.generate(3, c=1).shape == (3, 3, 2)

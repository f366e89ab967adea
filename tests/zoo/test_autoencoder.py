"""Autoencoders: what keeps their codes from holding all."""

import numpy as np
import pytest

import neurona as nn
from neurona import zoo
from neurona.errors import ArgumentError
from neurona.zoo.autoencoder import Sparsity

H = np.array([[0.5, 0.0, 0.1], [0.3, 0.2, 0.1]], "float32")


def penalty(layer):
    from neurona.nn.context import collect_losses

    with collect_losses() as found:
        np.testing.assert_array_equal(layer(H).numpy(), H)
    (loss,) = found
    return loss.item()


def test_penalties_are_those_of_the_formulas():
    assert penalty(Sparsity("l1", 0.5)) == pytest.approx(0.5 * (0.6 + 0.6) / 2, rel=1e-6)
    found, rho = np.array([0.4, 0.1, 0.1]), 0.1
    kl = rho * np.log(rho / found) + (1 - rho) * np.log((1 - rho) / (1 - found))
    assert penalty(Sparsity("kl", 2.0, rho)) == pytest.approx(2 * kl.sum(), rel=1e-5)


@pytest.mark.parametrize("kind", ["l1", "kl"])
def test_codes_become_sparse(kind):
    x = np.random.default_rng(0).random((64, 12)).astype("float32")

    def codes(strength):
        nn.utils.set_random_seed(0)
        model = zoo.Autoencoder((12,), 16, (), sparsity=kind, strength=strength, rho=0.05)
        model.compile(nn.optimizers.Adam(0.02), "mse")
        model.fit(x, x, epochs=60, verbose=0)
        return model.encode(x).numpy()

    free, sparse = codes(0.0), codes(0.02)
    assert sparse.mean() < 0.5 * free.mean()
    assert (sparse < 0.1).mean() > (free < 0.1).mean()


def test_noise_is_put_on_in_training_only():
    model = zoo.Autoencoder((6,), 4, (), noise=0.5)
    x = np.ones((3, 6), "float32")
    np.testing.assert_array_equal(model(x).numpy(), model(x).numpy())
    assert (model(x, training=True).numpy() != model(x, training=True).numpy()).any()


def test_a_code_as_wide_as_lines_is_principal_components():
    """A linear autoencoder with squared errors finds the plane of PCA (Baldi and Hornik 1989)."""
    from neurona.recipes.principal import principal

    rng = np.random.default_rng(0)
    x = (rng.normal(size=(200, 2)) @ rng.normal(size=(2, 5))).astype("float32")
    x += 0.3 * rng.normal(size=x.shape).astype("float32")
    nn.utils.set_random_seed(0)
    model = zoo.Autoencoder((5,), 2, (), activation=None)
    model.compile(nn.optimizers.Adam(nn.optimizers.schedules.CosineDecay(0.05, 1000)), "mse")
    model.fit(x, x, epochs=1000, batch_size=200, verbose=0)
    least = principal(x, 2).errors(x).sum() / x.size
    assert model.evaluate(x, x, verbose=0) == pytest.approx(least, rel=0.05)


def test_what_they_refuse():
    with pytest.raises(ArgumentError, match=r"halves an image.*28 x 28, 3 conv.*multiples of 8"):
        zoo.ConvolutionalAutoencoder((28, 28, 1), (8, 16, 32))
    for sparsity in ("l2", "None"):
        with pytest.raises(ArgumentError, match=rf"unknown sparsity\. Got '{sparsity}'.*kl, l1"):
            zoo.Autoencoder((4,), sparsity=sparsity)
    with pytest.raises(ArgumentError, match="noise is out of range"):
        zoo.Autoencoder((4,), noise=-1)
    with pytest.raises(ArgumentError, match="code is too small"):
        zoo.Autoencoder((4,), code=0)
    with pytest.raises(ArgumentError, match="rho is out of range"):
        Sparsity("kl", 1.0, rho=1.0)

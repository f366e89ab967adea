"""VQ-VAE: the nearest vector, gradients past the choice, and a book that follows."""

import numpy as np
import pytest

import neurona as nn
from neurona import zoo
from neurona.errors import ArgumentError

RNG = np.random.default_rng(0)
X = (RNG.random((16, 8, 8, 1)) < 0.4).astype("float32")


def made(**changes):
    nn.utils.set_random_seed(0)
    model = zoo.VQVAE((8, 8, 1), **{"codes": 8, "width": 3, "filters": (8,), **changes})
    model(X)
    return model


def test_each_place_takes_the_nearest_vector():
    model = made()
    z, e = model.encode(X).numpy(), model.book.numpy()
    distances = ((z[..., None, :] - e) ** 2).sum(axis=-1)
    k = model.indices(X).numpy()
    np.testing.assert_array_equal(k, distances.argmin(axis=-1))
    np.testing.assert_array_equal(model.tell(k).numpy(), model(X).numpy())
    assert k.shape == (16, 4, 4)


@pytest.mark.parametrize("decay", [None, 0.9])
def test_the_loss_is_that_of_the_paper(decay):
    model = made(decay=decay, beta=0.5)
    z, e = model.encode(X).numpy(), model.look_up(model.indices(X)).numpy()
    apart = ((z - e) ** 2).mean()
    error = ((X - model(X).numpy()) ** 2).mean()
    expected = error + 0.5 * apart + (apart if decay is None else 0.0)
    assert model.compute_loss(X, training=False).item() == pytest.approx(expected, rel=1e-5)


def test_gradients_go_straight_through():
    model = made(decay=None, beta=0.0)
    # of the reconstruction alone the encoder gets what the decoder's input gets
    last = model.encoder[-1].bias
    (found,) = nn.gradients(lambda: model.compute_loss(X), [last])[1]
    e = nn.tensor(model.look_up(model.indices(X)).numpy())

    def error(vectors):
        return nn.ops.mean(nn.ops.square(model.decode(vectors) - X))

    expected = nn.grad(error)(e).numpy().sum(axis=(0, 1, 2))
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-4, atol=1e-7)


def test_the_book_follows_the_means_of_what_chooses_it():
    model = made(decay=0.9)
    z, k = model.encode(X).numpy().reshape(-1, 3), model.indices(X).numpy().ravel()
    counts, sums = model.counts.numpy(), model.sums.numpy()
    model.compute_loss(X, training=False)
    np.testing.assert_array_equal(model.counts.numpy(), counts)  # not when it is only measured
    model.compute_loss(X, training=True)
    chosen = np.eye(8)[k]
    counts = 0.9 * counts + 0.1 * chosen.sum(axis=0)
    sums = 0.9 * sums + 0.1 * chosen.T @ z
    np.testing.assert_allclose(model.counts.numpy(), counts, rtol=1e-5)
    np.testing.assert_allclose(model.sums.numpy(), sums, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(model.book.numpy(), sums / counts[:, None], rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("decay", [None, 0.9])
def test_logs_tell_how_many_vectors_are_in_use(decay):
    model = made(decay=decay)
    model.compile(nn.optimizers.Adam(0.01))
    history = model.fit(X, batch_size=16, epochs=80, shuffle=False, verbose=0).history
    assert set(history) == {"loss", "reconstruction", "commitment", "perplexity"}
    assert history["reconstruction"][-1] < 0.6 * history["reconstruction"][0]
    logs = model.evaluate(X, batch_size=16, verbose=0, return_dict=True)
    p = np.bincount(model.indices(X).numpy().ravel(), minlength=8) / 256
    entropy = -(p[p > 0] * np.log(p[p > 0])).sum()
    assert logs["perplexity"] == pytest.approx(np.exp(entropy), rel=1e-4)
    assert logs["perplexity"] > 2


def test_what_it_refuses():
    with pytest.raises(ArgumentError, match=r"VQVAE halves.*30 x 28, 2 conv.*multiples of 4"):
        zoo.VQVAE((30, 28, 1))
    with pytest.raises(ArgumentError, match="codes is too small"):
        zoo.VQVAE(codes=1)
    with pytest.raises(ArgumentError, match="decay is out of range"):
        zoo.VQVAE(decay=1.5)

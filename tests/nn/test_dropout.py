"""Noise layers: statistics, masks, seeds, and what they do in a training step."""

import math

import numpy as np
import pytest

import neurona as nn
from neurona import layers
from neurona.core import random
from neurona.errors import ArgumentError, ShapeError

ONES = np.ones((200, 300), "float32")


@pytest.fixture(autouse=True)
def _same_numbers():
    nn.utils.set_random_seed(0)


def test_dropout_drops_a_share_and_keeps_the_mean():
    y = layers.Dropout(0.3)(ONES, training=True).numpy()
    np.testing.assert_allclose(np.unique(y), [0.0, 1 / 0.7], rtol=1e-6)
    assert (y == 0).mean() == pytest.approx(0.3, abs=0.01)
    assert y.mean() == pytest.approx(1.0, abs=0.02)


def test_the_gradient_passes_the_same_mask():
    layer = layers.Dropout(0.5, seed=1)
    x = nn.tensor(ONES, requires_grad=True)
    y = layer(x, training=True)
    y.sum().backward()
    assert np.array_equal(x.grad.numpy(), y.numpy())


def test_noise_shape_drops_together():
    x = np.ones((8, 50, 40), "float32")
    y = layers.Dropout(0.5, noise_shape=(None, 1, None))(x, training=True).numpy()
    assert (y == y[:, :1]).all()
    assert 0.3 < (y[:, 0] == 0).mean() < 0.7
    spatial = layers.SpatialDropout1D(0.5)(x, training=True).numpy()
    assert (spatial == spatial[:, :1]).all()
    assert 0.3 < (spatial[:, 0] == 0).mean() < 0.7
    images = np.ones((8, 3, 4, 50), "float32")
    y = layers.SpatialDropout2D(0.5)(images, training=True).numpy()
    assert (y == y[:, :1, :1]).all()
    assert 0.3 < (y[:, 0, 0] == 0).mean() < 0.7


def test_gaussian_noise_and_dropout():
    y = layers.GaussianNoise(0.5)(ONES, training=True).numpy()
    assert y.mean() == pytest.approx(1.0, abs=0.01)
    assert y.std() == pytest.approx(0.5, rel=0.02)
    y = layers.GaussianDropout(0.2)(2 * ONES, training=True).numpy()
    assert y.mean() == pytest.approx(2.0, abs=0.02)
    assert y.std() == pytest.approx(2 * math.sqrt(0.25), rel=0.02)


def test_alpha_dropout_keeps_mean_and_variance():
    x = np.random.default_rng(0).standard_normal((300, 300)).astype("float32")
    y = layers.AlphaDropout(0.4)(x, training=True).numpy()
    assert y.mean() == pytest.approx(0.0, abs=0.02)
    assert y.std() == pytest.approx(1.0, abs=0.02)
    a = (0.6 * (1 + 0.4 * 1.7580993**2)) ** -0.5
    dropped = a * -1.7580993 + a * 1.7580993 * 0.4
    assert (np.abs(y - dropped) < 1e-4).mean() == pytest.approx(0.4, abs=0.01)
    rows = layers.AlphaDropout(0.4, noise_shape=(None, 1))(x, training=True).numpy()
    whole = (np.abs(rows - dropped) < 1e-4).all(axis=1)
    assert 0.3 < whole.mean() < 0.5


NOISY = [
    lambda seed: layers.Dropout(0.5, seed=seed),
    lambda seed: layers.GaussianNoise(0.5, seed=seed),
    lambda seed: layers.GaussianDropout(0.5, seed=seed),
    lambda seed: layers.AlphaDropout(0.5, seed=seed),
]


@pytest.mark.parametrize("make", NOISY)
def test_each_call_has_its_own_numbers(make):
    for seed in (None, 3):
        layer = make(seed)
        first = layer(ONES, training=True).numpy()
        assert not np.array_equal(first, layer(ONES, training=True).numpy())


@pytest.mark.parametrize("make", NOISY)
def test_a_seed_makes_a_layer_independent_of_the_global_seed(make):
    def drawn(layer_seed, global_seed):
        nn.utils.set_random_seed(global_seed)
        return make(layer_seed)(ONES, training=True).numpy()

    assert np.array_equal(drawn(3, 0), drawn(3, 1))
    assert not np.array_equal(drawn(3, 0), drawn(4, 0))
    assert not np.array_equal(drawn(None, 0), drawn(None, 1))
    assert np.array_equal(drawn(None, 1), drawn(None, 1))


@pytest.mark.parametrize("seed", [None, 3])
def test_a_compiled_step_draws_anew_each_time_and_the_same_again(seed):
    layer = layers.Dropout(0.5, seed=seed)
    step = nn.jit(lambda x: layer(x, training=True))
    first, second = step(ONES).numpy(), step(ONES).numpy()
    assert len(step.programs) == 1
    assert not np.array_equal(first, second)
    nn.utils.set_random_seed(0)
    assert np.array_equal(step(ONES).numpy(), first)


def test_a_seeded_layer_does_not_depend_on_the_other_layers():
    def masks(*layers_before):
        with random.use(random.state_of(0, 5)):
            for other in layers_before:
                other(ONES, training=True)
            return layers.Dropout(0.5, seed=3)(ONES, training=True).numpy()

    alone = masks()
    assert np.array_equal(masks(layers.Dropout(0.5)), alone)
    assert not np.array_equal(masks(layers.Dropout(0.5, seed=3)), alone), "two of one seed differ"


@pytest.mark.parametrize("seed", [None, 3])
def test_in_a_scan_each_iteration_draws_anew(seed):
    layer = layers.Dropout(0.5, seed=seed)

    def masks():
        one = nn.ops.ones((1, 64))
        return nn.ops.scan(
            lambda c, x: (c, layer(x * one, training=True)[0]), 0.0, nn.ops.ones((4, 1))
        )[1].numpy()

    first, second = masks(), masks()
    rows = [*first, *second]
    assert all(not np.array_equal(a, b) for i, a in enumerate(rows) for b in rows[:i])
    nn.utils.set_random_seed(0)
    assert np.array_equal(masks(), first)
    nn.utils.set_random_seed(1)
    assert np.array_equal(masks(), first) == (seed is not None)


def test_whole_numbers_are_converted():
    y = layers.Dropout(0.5)(np.ones((2, 3), "int32"), training=True)
    assert y.dtype == np.float32


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: layers.Dropout(1.0),
            r"rate is out of range. Got 1.0; expected a number in \[0, 1\)",
        ),
        (lambda: layers.Dropout(1.0), "rate is the share that is dropped"),
        (lambda: layers.Dropout(-0.1), r"rate is out of range. Got -0.1"),
        (lambda: layers.Dropout("half"), r"rate must be a number. Got 'half'"),
        (lambda: layers.AlphaDropout(1), r"rate is out of range. Got 1;"),
        (lambda: layers.GaussianDropout(2), r"rate is out of range. Got 2"),
        (lambda: layers.GaussianNoise(1.5), r"stddev is out of range. Got 1.5"),
        (lambda: layers.Dropout(0.5, seed=-1), r"seed is too small. Got -1"),
        (lambda: layers.Dropout(0.5, noise_shape=3), r"noise_shape is a tuple of sizes. Got 3"),
        (lambda: layers.Dropout(0.5, noise_shape=(0,)), r"noise_shape is too small. Got 0"),
    ],
)
def test_arguments_are_checked(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()


def test_a_mask_that_does_not_fit():
    for cls in (layers.Dropout, layers.AlphaDropout):
        with pytest.raises(
            ShapeError,
            match=r"noise_shape does not fit x. Got noise_shape \(None, 2\), x \(4, 3\)",
        ):
            cls(0.5, noise_shape=(None, 2))(np.ones((4, 3), "float32"), training=True)

"""Batches that are augmented on the way."""

import copy
import pickle

import numpy as np
import pytest

import neurona as nn
from neurona import layers
from neurona.data import batches
from neurona.errors import ArgumentError, ShapeError

X = np.random.default_rng(0).random((10, 6, 6, 1)).astype("float32")
Y = np.arange(10)


def noise(x, generator):
    return x + generator.standard_normal(x.shape, dtype=np.float32)


def shifting():
    return [layers.RandomFlip("horizontal"), noise, layers.RandomTranslation(0.2, 0.2)]


def listed(made):
    return [np.copy(x) for x, _ in made]


def test_a_function_gets_a_generator_of_seed_epoch_and_batch():
    made = batches(X, batch_size=4, seed=3, augment=noise)
    list(made)
    assert np.array_equal(list(made)[1], noise(X[4:8], np.random.default_rng([3, 1, 1])))


@pytest.mark.parametrize("augment", [layers.RandomFlip(), layers.MixUp(num_classes=10), shifting()])
def test_what_a_batch_becomes_depends_on_seed_epoch_and_number_alone(augment):
    made = batches(X, Y, 4, shuffle=True, seed=3, augment=augment)
    epochs = [listed(made) for _ in range(3)]
    nn.random.set_seed(1)
    nn.random.normal((3,))
    again = batches(X, Y, 4, shuffle=True, seed=3, augment=copy.deepcopy(augment))
    again.epoch = 1
    assert all(map(np.array_equal, listed(again), epochs[1]))
    assert not all(map(np.array_equal, epochs[0], epochs[2]))
    other = listed(batches(X, Y, 4, shuffle=True, seed=4, augment=augment))
    assert not all(map(np.array_equal, epochs[0], other))


def test_the_stream_of_the_training_stays_where_it_is():
    nn.random.set_seed(5)
    before = nn.core.random.get_position()
    list(batches(X, batch_size=4, augment=[layers.RandomRotation(0.1)], seed=5))
    assert nn.core.random.get_position() == before
    first = next(iter(batches(X, seed=5, augment=layers.GaussianNoise(1.0)))) - X
    assert not np.array_equal(first, nn.random.normal(X.shape).numpy())


def test_equal_layers_draw_numbers_of_their_own():
    """Next to each other, and with a function between them."""
    for between in ([], [lambda x, generator: x]):
        steps = [layers.GaussianNoise(1.0), *between, layers.GaussianNoise(1.0)]
        (x,) = batches(np.zeros((4000, 1)), batch_size=4000, seed=0, augment=steps)
        assert abs(x.std() - np.sqrt(2)) < 0.05


def test_images_without_channels_lose_theirs_again():
    steps = [layers.ZeroPadding2D(1), layers.RandomCrop(6, 6)]
    grey = list(batches(X[..., 0], batch_size=4, seed=1, augment=steps))
    colour = list(batches(X, batch_size=4, seed=1, augment=steps))
    assert [x.shape for x in grey] == [(4, 6, 6), (4, 6, 6), (2, 6, 6)]
    assert all(map(np.array_equal, grey, (x[..., 0] for x in colour)))
    crop = nn.Sequential([layers.Input((8, 8, 1)), layers.RandomCrop(6, 6)])
    (x,) = batches(np.zeros((2, 8, 8)), augment=crop)
    assert x.shape == (2, 6, 6)


def test_labels_are_mixed_with_images():
    x = np.eye(10, dtype="float32").reshape(10, 10, 1, 1) * np.ones((1, 1, 2, 1), "float32")
    for augment in (layers.MixUp(1.0, num_classes=10), [layers.MixUp(1.0, num_classes=10)]):
        for images, labels in batches(x, Y, 5, shuffle=True, seed=2, augment=augment):
            assert labels.shape == (5, 10)
            np.testing.assert_allclose(images[:, :, 0, 0], labels, atol=1e-6)
    steps = [layers.CutMix(), layers.MixUp(), noise]
    (_, labels), *_ = batches(x, np.eye(10), 5, seed=2, augment=steps)
    np.testing.assert_allclose(labels.sum(1), 1, atol=1e-6)
    assert (labels > 0).sum() > 5
    (images,) = batches(x, augment=layers.MixUp(1.0), seed=1)
    np.testing.assert_allclose(images.sum((1, 2, 3)), 2, rtol=1e-5)


def test_layers_of_bytes_on_both_engines():
    x = (X * 255).astype("uint8")
    found = []
    for engine in ("native", "reference"):
        before = nn.config.engine()
        nn.config.set_engine(engine)
        found.append(next(iter(batches(x, seed=1, augment=layers.RandomContrast(0.5)))))
        nn.config.set_engine(before)
    assert found[0].dtype == np.float32
    np.testing.assert_allclose(*found, rtol=1e-5, atol=1e-3)


def test_batches_are_copied_and_pickled():
    made = batches(X, Y, 4, seed=3, augment=[layers.RandomFlip(), noise])
    expected = listed(made)
    for again in (pickle.loads(pickle.dumps(made)), copy.deepcopy(made)):
        again.epoch = 0
        assert all(map(np.array_equal, listed(again), expected))


def test_errors():
    with pytest.raises(ArgumentError, match=r"augment takes layers.*Got 'flip'(.|\n)*RandomFlip"):
        batches(X, augment="flip")
    with pytest.raises(ArgumentError, match=r"augment takes layers.*Got None"):
        batches(X, augment=[noise, None])
    with pytest.raises(ShapeError, match=r"the number of axes is wrong. Got x \(10, 6\)"):
        list(batches(X[:, :, 0, 0], augment=layers.RandomFlip()))
    with pytest.raises(ArgumentError, match=r"class numbers cannot be mixed"):
        list(batches(X, Y, augment=layers.MixUp()))
    for inside in (layers.MixUp(), nn.Sequential([layers.CutMix()])):  # it would lose the labels
        with pytest.raises(
            ArgumentError,
            match=r"MixUp and CutMix stand in the list themselves. Got (.|\n)*"
            r"augment=\[RandomFlip\(\), MixUp\(\)\]",
        ):
            batches(X, Y, augment=nn.Sequential([layers.RandomFlip(), inside]))

"""Tones, histograms, warps and policies of images: what may become of an image, and how often."""

import numpy as np
import pytest

import neurona as nn
from neurona import layers
from neurona.errors import ArgumentError
from neurona.nn.images.boxes import MaxNumBoundingBoxes


def pictures(count, *shape):
    rng = np.random.default_rng(0)
    return np.repeat(rng.integers(0, 256, (1, *shape)), count, axis=0).astype("float32")


def outcomes(y, expected):
    """How many images are which of the expected ones; all are one of them."""
    near = np.array([[np.abs(image - e).max() for e in expected] for image in y])
    assert near.min(axis=1).max() < 1e-2
    return np.bincount(near.argmin(axis=1), minlength=len(expected))


def test_a_chance_that_each_image_draws():
    x = pictures(2000, 2, 2, 1)
    y = layers.RandomInvert(0.8, seed=1)(x, training=True).numpy()
    inverted = outcomes(y, [x[0], 255 - x[0]])[1]
    assert 0.36 < inverted / 2000 < 0.44  # of (0, 0.8), on average


def test_negatives_in_other_ranges():
    x = np.float32([[[[-1.0], [0.5]]]])
    assert layers.RandomInvert((1, 1), (-1, 1))(x, training=True).numpy().ravel().tolist() == [
        1.0, -0.5,
    ]  # fmt: skip


def test_bits_of_a_pair_are_all_drawn():
    x = np.full((600, 1, 1, 1), 255.0, "float32")
    y = layers.RandomPosterization((2, 4), seed=1)(x, training=True).numpy().ravel()
    values, counts = np.unique(y, return_counts=True)
    assert values.tolist() == [192.0, 224.0, 240.0]
    assert counts.min() > 150


def test_a_policy_without_strength_does_one_of_five_things():
    x = pictures(1500, 4, 5, 3)
    layer = layers.RandAugment(num_ops=1, factor=0.0, seed=3)
    y = layer(x, training=True).numpy()
    one = x[:1]
    smooth = layers.RandomSharpness((0, 0))(one, training=True).numpy()
    expected = [one, smooth, 128 * (one >= 128), 255 - one]
    expected += [layers.AutoContrast()(one).numpy(), layers.Equalization()(one).numpy()]
    counts = outcomes(y, [e[0] for e in expected])
    assert counts[0] > 700  # three moves, brightness, colours and contrast leave it
    assert counts[1:].min() > 80


def test_policies_take_grey_images_and_several_changes():
    x = pictures(3, 6, 6, 1)
    for layer in (layers.RandAugment(num_ops=3, seed=1), layers.AugMix(num_chains=2, seed=1)):
        y = layer(x, training=True).numpy()
        assert y.shape == x.shape
        assert np.isfinite(y).all()
        assert y.min() >= 0
        assert y.max() <= 255
        assert np.abs(y[0] - y[1]).max() > 1  # each image draws for itself
        np.testing.assert_array_equal(layer(x).numpy(), x)


def test_a_mix_of_unchanged_chains_is_the_image():
    layer = layers.AugMix(chain_depth=1, factor=0.0, all_ops=False, seed=1)
    x = np.full(
        (4, 3, 3, 3), 128.0, "float32"
    )  # posterized it is 128 again, equalized and such too
    y = layer(x, training=True).numpy()
    assert y.max() <= 128 + 1e-4  # only solarization changes it, to 127


def test_perspective_moves_corners():
    x = pictures(2, 8, 8, 3)
    still = layers.RandomPerspective(scale=0.0)(x, training=True).numpy()
    np.testing.assert_allclose(still, x, atol=1e-2)
    never = layers.RandomPerspective(factor=0.0, scale=0.9)(x, training=True).numpy()
    np.testing.assert_array_equal(never, x)
    bent = layers.RandomPerspective((1, 1), 0.4, fill_value=7.0, seed=2)(x, training=True).numpy()
    np.testing.assert_allclose(bent[:, 0, 0], x[:, 0, 0], atol=1e-2)  # 0 + 0 u stays
    assert np.abs(bent[0] - bent[1]).max() > 1


def test_elastic_waves_bend_and_keep_what_is_flat():
    flat = np.full((2, 40, 30, 1), 9.0, "float32")
    layer = layers.RandomElasticTransform(seed=1)
    np.testing.assert_allclose(layer(flat, training=True).numpy(), flat, rtol=1e-5)
    ramp = np.broadcast_to(np.arange(30.0, dtype="float32")[:, None], (200, 40, 30, 1))
    moved = layers.RandomElasticTransform((1, 1), (1, 1), seed=1)(ramp, training=True).numpy()
    shift = (moved - ramp)[:, 20, 15, 0]  # a column's number says where a pixel came from
    # a = 4, b = 1.5: a normal number times b, blurred with sum of squares 1 / (4 pi b^2)
    expected = 4 * 1.5 * np.sqrt(1 / (4 * np.pi * 1.5**2))
    assert 0.8 < shift.std() / expected < 1.2
    assert abs(shift.mean()) < 0.4


def test_tones_of_one_image_do_not_depend_on_others():
    rng = np.random.default_rng(1)
    x = rng.integers(0, 256, (3, 9, 9, 2)).astype("float32")
    for layer in (layers.Equalization(), layers.AutoContrast()):
        together = layer(x).numpy()
        np.testing.assert_array_equal(layer(x[1:2]).numpy()[0], together[1])
    flat = np.full((1, 3, 3, 1), 77.0, "float32")
    for layer in (layers.Equalization(), layers.AutoContrast()):
        assert layer(flat).numpy().max() == 77.0


def test_boxes_are_cut_and_filled():
    boxes = np.arange(24.0).reshape(1, 6, 4)
    data = {
        "images": np.ones((1, 2, 2, 3)),
        "bounding_boxes": {"boxes": boxes, "labels": np.arange(6.0)[None]},
    }
    few = MaxNumBoundingBoxes(2)(data)["bounding_boxes"]
    assert few["boxes"].tolist() == boxes[:, :2].tolist()
    many = MaxNumBoundingBoxes(7, fill_value=-2)(data)["bounding_boxes"]
    assert many["boxes"][0, 6].tolist() == [-2.0] * 4
    assert many["labels"].tolist() == [[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, -2.0]]
    with pytest.raises(ArgumentError, match="a dict of 'boxes' and 'labels'"):
        MaxNumBoundingBoxes(2)({"bounding_boxes": {"boxes": boxes}})


def test_a_pipeline_in_a_model_and_a_wrapper_of_ones_own():
    nn.utils.set_random_seed(0)
    chain = layers.Pipeline([layers.RandomInvert(), layers.Rescaling(1 / 255)])
    model = nn.Sequential([chain, layers.Flatten(), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(pictures(4, 3, 3, 1), np.zeros(4), verbose=0)
    again = nn.models.clone_model(model)
    assert [type(layer) for layer in again.layers[0].layers] == [type(x) for x in chain.layers]

    class Doubled(layers.Wrapper):
        def call(self, x):
            return 2 * self.layer(x)

    wrapped = Doubled(layers.Dense(2))
    y = wrapped(np.ones((3, 4)))
    np.testing.assert_allclose(y.numpy(), 2 * wrapped.layer(np.ones((3, 4))).numpy())
    assert len(wrapped.trainable_weights) == 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.RandomPosterization(9), "keeps 1 to 8 bits"),
        (lambda: layers.RandomGaussianBlur(kernel_size=4), "kernel_size is odd"),
        (lambda: layers.Pipeline([3]), "takes a list of layers"),
        (lambda: layers.Wrapper(3), "takes a layer"),
        (lambda: layers.RandAugment(factor=2.0), "factor"),
        (lambda: layers.Solarization(value_range=(1, 1)), "value_range is empty"),
        (lambda: layers.RandomElasticTransform(fill_mode="round"), "fill_mode"),
    ],
)
def test_wrong_arguments_are_explained(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()

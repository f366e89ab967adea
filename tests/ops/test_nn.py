"""Keras-shaped functions for networks: layouts, gradients, messages; numbers are golden ones."""

import math

import numpy as np
import pytest

import neurona as nn
from neurona import ops
from neurona.errors import ArgumentError, NeuronaError, ShapeError

rng = np.random.default_rng(1)
IMAGES = rng.uniform(-1, 1, (2, 5, 4, 2))
KERNEL = rng.uniform(-1, 1, (3, 2, 2, 3))


def first(x):
    return np.moveaxis(np.asarray(x), -1, 1)


@pytest.mark.parametrize(
    "f",
    [
        lambda x, **form: ops.conv(x, KERNEL, 2, "same", **form),
        lambda x, **form: ops.depthwise_conv(x, KERNEL, **form),
        lambda x, **form: ops.separable_conv(x, KERNEL, np.ones((1, 1, 6, 2)), **form),
        lambda x, **form: ops.conv_transpose(x, KERNEL.swapaxes(2, 3), 2, **form),
        lambda x, **form: ops.max_pool(x, 2, **form),
        lambda x, **form: ops.average_pool(x, 2, 1, "same", **form),
        lambda x, **form: ops.adaptive_max_pool(x, (2, 3), **form),
        lambda x, **form: ops.adaptive_average_pool(x, (2, 3), **form),
        lambda x, **form: ops.image.resize(x, (3, 3), **form),
        lambda x, **form: ops.image.gaussian_blur(x, **form),
        lambda x, **form: ops.image.crop_images(x, 1, 1, 1, 1, **form),
        lambda x, **form: ops.image.pad_images(x, 1, 1, 1, 1, **form),
        lambda x, **form: ops.image.extract_patches(x, 2, **form),
        lambda x, **form: ops.image.elastic_transform(x, sigma=1.0, seed=3, **form),
    ],
    ids=lambda f: f.__code__.co_names[-1],
)
def test_channels_first_gives_the_same_with_the_channels_first(f):
    last = f(IMAGES, data_format="channels_last")
    np.testing.assert_allclose(f(first(IMAGES), data_format="channels_first"), first(last))
    nn.config.set_image_data_format("channels_first")
    try:
        np.testing.assert_allclose(f(first(IMAGES)), first(last))
    finally:
        nn.config.set_image_data_format("channels_last")
    np.testing.assert_array_equal(f(IMAGES), last)


def test_layers_do_not_follow_the_setting_of_functions():
    layer = nn.layers.AdaptiveMaxPooling2D(2, data_format="channels_last")
    resized = nn.layers.Resizing(2, 2, data_format="channels_last")
    expected = layer(IMAGES), resized(IMAGES)
    nn.config.set_image_data_format("channels_first")
    try:
        for y, want in zip((layer(IMAGES), resized(IMAGES)), expected, strict=True):
            np.testing.assert_array_equal(y, want)
    finally:
        nn.config.set_image_data_format("channels_last")


def test_normalisations():
    x, c = rng.uniform(-1, 1, (2, 3, 4)), rng.uniform(0.5, 2, (4, 3))
    nn.gradcheck(lambda x, a, b: ops.batch_normalization(x, a, b, 1, a, b), x, c[0], c[1])
    nn.gradcheck(lambda x, g: ops.layer_normalization(x, g, g, [1, 2]), x, c.T)
    nn.gradcheck(lambda x, g: ops.rms_normalization(x, g, 1), x, c[0])
    for order in (1, 2, 3):
        nn.gradcheck(lambda x, order=order: ops.normalize(x, 1, order), x)
        y = ops.normalize(x, (1, 2) if order == 2 else 1, order)
        size = (np.abs(y) ** order).sum((1, 2) if order == 2 else 1)
        np.testing.assert_allclose(size, 1, rtol=1e-6)
    assert ops.normalize(np.zeros(3)).tolist() == [0, 0, 0]
    assert np.isfinite(nn.grad(lambda x: ops.normalize(x).sum())(np.zeros(3))).all()
    assert ops.normalize(-3.0).tolist() == [-1.0]
    mean, variance = ops.moments(x, (0, 2))
    np.testing.assert_allclose(mean, x.mean((0, 2)))
    np.testing.assert_allclose(variance, x.var((0, 2)))


def test_cross_entropies():
    p, t = rng.uniform(0.1, 0.9, (3, 4)), rng.uniform(0, 1, (3, 4))
    x = np.log(p / (1 - p))
    bce = ops.binary_crossentropy
    np.testing.assert_allclose(bce(t, p), bce(t, x, from_logits=True), rtol=1e-6)
    cce = ops.categorical_crossentropy
    np.testing.assert_allclose(cce(t, p), cce(t, np.log(p), from_logits=True), rtol=1e-6)
    hot = np.eye(4)[[1, 3, 0]]
    sparse = ops.sparse_categorical_crossentropy([1, 3, 0], p)
    np.testing.assert_allclose(sparse, cce(hot, p), rtol=1e-6)
    np.testing.assert_allclose(bce([1.0, 0.0], [0.0, 1.0]), -math.log(1e-7), rtol=2e-2)
    for f in (bce, cce):
        nn.gradcheck(f, t, p)
    assert bce([1], [0.5]).item() == pytest.approx(math.log(2))


def test_top_classes():
    scores = np.float32([[0.1, 0.9, 0.8], [np.nan, 0.2, 0.3], [0.5, 0.5, 0.1]])
    assert ops.in_top_k([2, 0, 1], scores, 2).tolist() == [True, False, True]
    assert ops.in_top_k([2, 0, 1], scores, 1).tolist() == [False, False, True]


def test_scores_of_attention_may_have_a_cap():
    q, k, v = (rng.uniform(-3, 3, (1, 4, 2, 3)) for _ in range(3))
    scores = np.einsum("btnh,bsnh->bnts", q, k) / math.sqrt(3)
    scores = scores / (1 + np.abs(scores) / 0.5)
    w = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    expected = np.einsum("bnts,bsnh->btnh", w, v)
    y = ops.dot_product_attention(q, k, v, attn_logits_soft_cap=0.5)
    np.testing.assert_allclose(y, expected, rtol=1e-12)


def test_the_inverse_of_the_error_function_at_its_ends():
    assert ops.erfinv([1.0, -1.0]).tolist() == [math.inf, -math.inf]
    assert np.isnan(ops.erfinv([2.0, math.nan])).all()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ops.conv(np.ones((2, 3)), KERNEL), ShapeError, "3 or 4 or 5 axes"),
        (lambda: ops.conv(np.ones((1, 4, 4, 3)), KERNEL), ShapeError, "no multiple"),
        (lambda: ops.conv(IMAGES, KERNEL, data_format="last"), ArgumentError, "unknown data"),
        (lambda: ops.depthwise_conv(np.ones((1, 2, 2, 2, 2)), KERNEL), ShapeError, "3 or 4 axes"),
        (lambda: ops.moments(IMAGES, 0, synchronized=True), ArgumentError, "there is one device"),
        (lambda: ops.batch_normalization(IMAGES, [0.0], [1.0], 1), ShapeError,
         r"one number along axis 1. Got variance \(1,\)"),
        (lambda: ops.normalize(IMAGES, order=0.5), ArgumentError, "order must be an integer"),
        (lambda: ops.binary_crossentropy([1.0], [[0.5]]), ShapeError, "target and output have one"),
        (lambda: ops.sparse_categorical_crossentropy([1], [[[0.5]]]), ShapeError,
         "a class number for each row"),
        (lambda: ops.psnr([1.0], [[0.5]], 1), ShapeError, "psnr: target and output"),
    ],
)  # fmt: skip
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()


# --- images --------------------------------------------------------------------------------------


def test_places_between_pixels_and_outside():
    x = np.float64([1, 2, 4, 8])
    at = np.float64([[-1.5, -0.25, 0.5, 3.0, 3.5, 6.0]])
    for mode, expected in (
        ("constant", [9, 3, 1.5, 8, 8.5, 9]),
        ("nearest", [1, 1, 1.5, 8, 8, 8]),
        ("wrap", [6, 2.75, 1.5, 8, 4.5, 4]),
        ("mirror", [3, 1.25, 1.5, 8, 6, 1]),
        ("reflect", [1.5, 1, 1.5, 8, 8, 2]),
    ):
        y = ops.image.map_coordinates(x, at, 1, mode, 9.0)
        np.testing.assert_allclose(y, expected, err_msg=mode)
        nn.gradcheck(lambda x, m=mode: ops.image.map_coordinates(x, at, 1, m, 9.0), x)
    assert ops.image.map_coordinates([1, 2, 4], [[0.4, 1.6]], 0).tolist() == [1, 4]
    assert ops.image.map_coordinates(np.int32([1, 2, 4]), [[1.25]], 1).tolist() == [3]
    one = ops.image.map_coordinates([7.0], [[2.3]], 1, "mirror")
    assert one.tolist() == [7.0]


def test_an_affine_map_with_a_mirror_is_that_of_map_coordinates():
    x = rng.uniform(0, 1, (5, 4))
    t = np.float64([0.9, -0.3, -2.1, 0.4, 1.05, 2.7, 0, 0])
    i, j = np.mgrid[:5, :4]
    places = np.stack([t[3] * j + t[4] * i + t[5], t[0] * j + t[1] * i + t[2]])
    for mode in ("constant", "nearest", "wrap", "mirror", "reflect"):
        y = ops.image.affine_transform(x[..., None], t, fill_mode=mode)[..., 0]
        expected = ops.image.map_coordinates(x, places, 1, mode)
        np.testing.assert_allclose(y, expected, atol=1e-12, err_msg=mode)


def test_a_perspective_moves_its_points_and_has_gradients():
    x = np.zeros((1, 9, 9, 1))
    x[0, 2, 2] = x[0, 6, 6] = 1.0
    start = np.float64([[2, 2], [6, 2], [2, 6], [6, 6]])
    end = np.float64([[1, 1], [7, 2], [1, 7], [5, 7]])
    y = ops.image.perspective_transform(x, start, end).numpy()[0, :, :, 0]
    assert y[1, 1] == pytest.approx(1.0)
    assert y[7, 5] == pytest.approx(1.0)
    picture = rng.uniform(0, 1, (1, 4, 4, 2))
    nn.gradcheck(
        lambda x, p: ops.image.perspective_transform(x, p, p * 0.9 + 0.1), picture, start / 3 + 0.13
    )


def test_waves_are_those_of_their_seed_on_every_engine():
    x = np.float32(IMAGES)

    def waves(x):
        return ops.image.elastic_transform(x, 5.0, 1.5, seed=7)

    y = waves(x)
    assert not np.allclose(y, x)
    np.testing.assert_array_equal(waves(x), y)
    for engine in ("reference", "native"):
        np.testing.assert_allclose(nn.jit(waves, engine=engine)(x), y, atol=1e-5)
    assert not np.allclose(ops.image.elastic_transform(x, seed=8), y)


def test_filters():
    x = rng.uniform(0, 1, (1, 12, 12, 2))
    assert ops.image.ssim(x, x).numpy().round(9).tolist() == [1.0]
    assert ops.image.ssim(x[0], x[0][::-1]).shape == ()
    assert ops.image.ssim(x, 1 - x).item() < 0.5
    nn.gradcheck(lambda x: ops.image.ssim(x, x[:, ::-1] * 0.5, filter_size=3), x[:, :4, :4])
    ramp = np.tile(np.arange(5.0), (5, 1))[None, :, :, None]
    assert ops.image.sobel_edges(ramp)[0, 2, 2, 0].tolist() == [0.0, 8.0]
    blurred = ops.image.gaussian_blur(np.ones((7, 7, 1)), (5, 3), (1.0, 2.0))
    assert blurred[3, 3].numpy().round(9).tolist() == [1.0]


def test_scaled_and_moved():
    x = rng.uniform(0, 1, (4, 3))
    same = ops.image.scale_and_translate(x, (4, 3), [1.0, 1.0], [0.0, 0.0], (0, 1), "cubic")
    np.testing.assert_allclose(same, x, atol=1e-12)
    moved = ops.image.scale_and_translate(x, (4, 3), [1.0], [2.0], (0,), "linear")
    np.testing.assert_allclose(moved[2:], x[:2], atol=1e-12)
    assert moved[:2].tolist() == [[0.0] * 3] * 2
    for method in ("linear", "cubic", "lanczos3"):
        nn.gradcheck(
            lambda x, s, t, m=method: ops.image.scale_and_translate(x, (5, 3), s, t, (0,), m),
            x, np.float64([1.3]), np.float64([0.21]), rtol=1e-6, atol=1e-6,
        )  # fmt: skip


def square_points(n=4):
    return np.zeros((n, 2))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ops.image.resize(np.ones(3), (2, 2)), r"resize takes an image.*expected \(B, H"),
        (lambda: ops.image.resize(np.ones(3), (2, 2), data_format="channels_first"), r"\(B, C, H"),
        (lambda: ops.image.resize(IMAGES, (2, 2), fill_mode="wrap"), "unknown fill_mode"),
        (lambda: ops.image.affine_transform(IMAGES, np.ones(8), fill_mode="x"), "fill_mode"),
        (lambda: ops.image.crop_images(IMAGES, 1, 1, 1), "crop_images: two of what is before"),
        (lambda: ops.image.crop_images(IMAGES, 9, 0, 0, 0), "target_height is too small"),
        (lambda: ops.image.crop_images(IMAGES, 4, 0, None, 0, 3), "behind is too small"),
        (lambda: ops.image.pad_images(IMAGES, 0, 0, 0, 0, 4), "pad_images: two of what is before"),
        (lambda: ops.image.pad_images(IMAGES, 0, 0, None, 0, 4), "behind is too small"),
        (lambda: ops.image.map_coordinates([1.0], [[0.0]], 2), r"unknown order. Got 2"),
        (lambda: ops.image.map_coordinates([1.0], [0.0], 1), "places for each axis"),
        (lambda: ops.image.map_coordinates([1.0], [[0.0]], 1, "edge"), "unknown fill_mode"),
        (lambda: ops.image.perspective_transform(IMAGES, square_points(3), square_points(3)),
         "four points"),
        (lambda: ops.image.perspective_transform(IMAGES, square_points(), square_points(), "cubic"),
         "unknown interpolation"),
        (lambda: ops.image.elastic_transform(IMAGES, interpolation="cubic"), "unknown interp"),
        (lambda: ops.image.ssim(IMAGES, IMAGES[:1]), "two images of one shape"),
        (lambda: ops.image.scale_and_translate(IMAGES, (1,), [1.0], [0.0], (0,), "x"), "method"),
        (lambda: ops.image.scale_and_translate([1.0], (1,), [1.0], [0.0, 1], (0,), "linear"),
         "one number for each spatial axis"),
        (lambda: ops.image.scale_and_translate(IMAGES, (2, 9, 9, 2), [1.0], [0.0], (1,), "linear"),
         "other axes stay"),
    ],
)  # fmt: skip
def test_errors_of_images(call, message):
    with pytest.raises(NeuronaError, match=message):
        call()

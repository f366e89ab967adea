"""Layers of images: exact properties, distributions, and what all augmentations have in common."""

import numpy as np
import pytest

import neurona as nn
from neurona import layers, ops
from neurona.errors import ArgumentError, NeuronaError, ShapeError
from tests.settings import threads_set_to

MOVES = [
    lambda **k: layers.RandomRotation(0.3, **k),
    lambda **k: layers.RandomZoom(0.4, **k),
    lambda **k: layers.RandomTranslation(0.4, 0.3, **k),
    lambda **k: layers.RandomShear(0.3, 0.2, **k),
    lambda **k: layers.RandomAffine(
        [layers.RandomRotation(0.2), layers.RandomTranslation(0.3, 0.3)], **k
    ),
]
ALL = [
    *MOVES,
    lambda **k: layers.RandomFlip(**k),
    lambda **k: layers.RandomCrop(4, 3, **k),
    lambda **k: layers.RandomErasing(**k),
    lambda **k: layers.RandomContrast(0.5, (0, 1), **k),
    lambda **k: layers.RandomBrightness(0.5, (0, 1), **k),
    lambda **k: layers.RandomGrayscale(**k),
    lambda **k: layers.RandomSaturation(0.9, (0, 1), **k),
    lambda **k: layers.RandomHue(0.9, (0, 1), **k),
    lambda **k: layers.RandomColorJitter((0, 1), 0.3, 0.3, (0.3, 0.7), 0.2, **k),
    lambda **k: layers.MixUp(1.0, **k),
    lambda **k: layers.CutMix(**k),
]
every_augmentation = pytest.mark.parametrize(
    "make", ALL, ids=[type(make()).__name__ for make in ALL]
)
RAMP = np.arange(12.0, dtype="float32").reshape(1, 3, 4, 1)


def images(*shape, seed=0):
    return np.random.default_rng(seed).random(shape or (8, 6, 5, 3)).astype("float32")


def augmented(layer, x, seed=0):
    nn.random.set_seed(seed)
    return layer(x, training=True).numpy()


@every_augmentation
def test_the_seed_decides_and_a_step_has_its_own_numbers(make):
    x, layer = images(64, 6, 5, 3), make()
    first = augmented(layer, x)
    again = layer(x, training=True).numpy()
    assert np.array_equal(first, augmented(layer, x))
    assert not np.array_equal(first, augmented(layer, x, seed=1))
    assert not np.array_equal(first, again)
    own = make(seed=5)
    assert np.array_equal(augmented(own, x), augmented(own, x, seed=1))
    assert not np.array_equal(augmented(own, x), augmented(make(seed=6), x))


@every_augmentation
def test_channels_first_is_the_same_with_other_axes(make):
    x = images()
    there = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
    back = augmented(make(data_format="channels_first"), there).transpose(0, 2, 3, 1)
    np.testing.assert_allclose(back, augmented(make(), x), atol=2e-6)  # sums in another order


@every_augmentation
def test_engines_agree_and_bytes_become_floats(make):
    x = (images(16, 6, 5, 3) * 255).astype("uint8")
    layer = make()
    results = []
    for engine in ("native", "reference"):
        nn.random.set_seed(2)
        results.append(nn.jit(lambda x: layer(x, training=True), engine=engine)(x).numpy())
    assert results[0].dtype == layer(x, training=False).numpy().dtype == np.float32
    np.testing.assert_allclose(*results, rtol=1e-4, atol=2e-3)


@every_augmentation
@pytest.mark.parametrize("shape", [(0, 6, 5, 3), (2, 1, 1, 3)])
def test_no_images_and_single_pixels(make, shape):
    y = make()(images(*shape), training=True)
    assert y.shape == ((shape[0], 4, 3, 3) if "crop" in make().name else shape)
    assert np.isfinite(y.numpy()).all()


@every_augmentation
def test_the_same_bits_for_any_number_of_threads(make):
    x, layer, found = images(64, 12, 12, 3), make(), []
    for threads in (1, 3):
        nn.random.set_seed(4)
        with threads_set_to(threads):
            found.append(nn.jit(lambda x: layer(x, training=True))(x).numpy())
    assert np.array_equal(*found)


@pytest.mark.parametrize("mode", ["reflect", "wrap", "constant", "nearest"])
@pytest.mark.parametrize("interpolation", ["bilinear", "nearest"])
@pytest.mark.parametrize("make", MOVES)
def test_a_flat_image_stays_flat(make, mode, interpolation):
    layer = make(fill_mode=mode, interpolation=interpolation, fill_value=5.0)
    np.testing.assert_allclose(layer(np.full((16, 7, 7, 2), 5.0), training=True), 5.0, rtol=1e-6)


@pytest.mark.parametrize(
    ("mode", "row"),
    [
        ("constant", [9, 9, 0, 1]),
        ("nearest", [0, 0, 0, 1]),
        ("reflect", [1, 0, 0, 1]),
        ("wrap", [2, 3, 0, 1]),
    ],
)
def test_translation_to_the_right_by_hand(mode, row):
    layer = layers.RandomTranslation(0, (0.5, 0.5), fill_mode=mode, fill_value=9)
    assert layer(RAMP, training=True)[0, 0, :, 0].tolist() == row


@pytest.mark.parametrize("times", [-7, 3])
def test_far_away_each_mode_goes_on_as_it_says(times):
    """By 5 + 1/2 pixels and whole turns of the pattern."""
    far = [1, 0, 8 * times + 0.5, 0, 1, 0]
    for mode in ("reflect", "wrap"):
        y = ops.affine_transform(RAMP, far, fill_mode=mode)[0, 0, :, 0]
        last = 3.0 if mode == "reflect" else 1.5
        np.testing.assert_allclose(y, [0.5, 1.5, 2.5, last], atol=1e-5)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_rotation_by_quarters(quarters):
    square = images(2, 5, 5, 2)
    layer = layers.RandomRotation((quarters / 4, quarters / 4))
    y = layer(square, training=True).numpy()
    np.testing.assert_allclose(y, np.rot90(square, quarters, axes=(1, 2)), atol=1e-5)


def test_moves_of_one_affine_map_are_those_behind_each_other():
    """Of a plane, which interpolation does not bend, away from the borders."""
    i, j = np.mgrid[:21, :21]
    plane = np.broadcast_to((2 * i + 3 * j)[None, :, :, None], (8, 21, 21, 1)).astype("float32")
    moves = [
        layers.RandomRotation(0.05, seed=1),
        layers.RandomZoom(0.1, 0.05, seed=2),
        layers.RandomTranslation(0.05, 0.05, seed=3),
        layers.RandomShear(0.05, 0.05, seed=4),
    ]
    nn.random.set_seed(0)
    once = layers.RandomAffine(moves)
    y = nn.jit(lambda x: once(x, training=True))(plane).numpy()
    nn.random.set_seed(0)
    behind = nn.jit(lambda x: [x := move(x, training=True) for move in moves][-1])(plane).numpy()
    np.testing.assert_allclose(y[:, 7:14, 7:14], behind[:, 7:14, 7:14], atol=1e-3)
    assert np.ptp(y[:, 10, 10]) > 1


def test_translations_are_uniform():
    x = np.zeros((4000, 1, 41, 1), "float32")
    x[:, 0, 20] = 1
    layer = layers.RandomTranslation(0, 0.25, fill_mode="constant")
    moved = augmented(layer, x)[:, 0, :, 0] @ np.arange(41) - 20
    assert abs(moved).max() <= 0.25 * 41
    assert abs(moved.mean()) < 0.3
    assert abs(moved.std() - 0.5 * 41 / np.sqrt(12)) < 0.2


def test_both_flips_are_drawn_apart():
    x = images(4000, 2, 3, 1)
    y = augmented(layers.RandomFlip(), x)
    shares = [
        (y == np.flip(x, axes)).all(axis=(1, 2, 3)).mean() for axes in ((), (1,), (2,), (1, 2))
    ]
    np.testing.assert_allclose(shares, 0.25, atol=0.03)


def test_crops_are_pieces_from_every_place_evenly():
    x = np.arange(20.0, dtype="float32").reshape(1, 4, 5, 1).repeat(6000, 0)
    y = augmented(layers.RandomCrop(3, 3), x)
    corners = y[:, 0, 0, 0]
    counts = {corner: (corners == corner).mean() for corner in np.unique(corners)}
    assert set(counts) == {0, 1, 2, 5, 6, 7}
    np.testing.assert_allclose(list(counts.values()), 1 / 6, atol=0.02)
    for image, corner in zip(y[:50, ..., 0], corners, strict=False):
        top, left = divmod(int(corner), 5)
        assert np.array_equal(image, x[0, top : top + 3, left : left + 3, 0])


def test_crops_of_other_sizes():
    x = images(2, 4, 6, 1)
    whole = layers.RandomCrop(4, 6)
    assert np.array_equal(whole(x, training=True), x)
    assert np.array_equal(whole(x), x)
    larger = layers.RandomCrop(8, 12)
    np.testing.assert_array_equal(larger(x, training=True), layers.Resizing(8, 12)(x))
    middle = layers.RandomCrop(2, 2)(x)  # otherwise the middle, resized
    np.testing.assert_array_equal(middle, layers.Resizing(2, 2)(x[:, :, 1:5]))


def test_erased_boxes():
    x = np.ones((3000, 10, 10, 2), "float32")
    layer = layers.RandomErasing((0.3, 0.3), scale=(0.16, 0.36), fill_value=(2, 3))
    y = augmented(layer, x)
    holes = y[..., 0] == 2
    assert np.array_equal(holes, y[..., 1] == 3)
    covered = holes.any(axis=(1, 2))
    assert abs(covered.mean() - 0.3) < 0.03
    rows, columns = holes.any(axis=2).sum(axis=1), holes.any(axis=1).sum(axis=1)
    assert np.array_equal(holes.sum(axis=(1, 2)), rows * columns)
    assert set(rows[covered]) <= {4, 5, 6}
    assert set(columns[covered]) == {4, 5, 6}
    noise = augmented(layers.RandomErasing((1, 1), value_range=(0, 1)), x)
    assert 0.1 < (noise != 1).mean() < 0.4
    assert 0 <= noise.min() < noise.max() <= 1


def test_contrast_spreads_each_channel_about_its_mean():
    x = images(3000, 2, 2, 3) * 0.2 + 0.4
    y = augmented(layers.RandomContrast((0.25, 0.5), (0, 1)), x)
    np.testing.assert_allclose(y.mean((1, 2)), x.mean((1, 2)), atol=1e-6)
    factors = (y - y.mean((1, 2), keepdims=True)).std((1, 2, 3)) / (
        x - x.mean((1, 2), keepdims=True)
    ).std((1, 2, 3))
    assert 0.749 <= factors.min() < 0.76
    assert 1.49 < factors.max() <= 1.501
    assert abs(factors.mean() - 1.125) < 0.02
    assert layers.RandomContrast(0.5).factor == (0.5, 0.5)


def test_saturation_keeps_hue_and_value_and_stays_in_the_range():
    x = images(50, 3, 3, 3)
    y = augmented(layers.RandomSaturation((0.4, 0.9), (0, 1)), x)
    before, after = ops.rgb_to_hsv(x).numpy(), ops.rgb_to_hsv(y).numpy()
    np.testing.assert_allclose(after[..., 2], before[..., 2], atol=1e-6)
    turned = np.abs(after[..., 0] - before[..., 0])
    assert np.minimum(turned, 1 - turned).max() < 1e-4
    assert y.min() >= -1e-6
    ratio = after[..., 1] / before[..., 1]
    assert 0.666 < ratio.min() < 0.75 < 2 < ratio.max()


def test_hsv_is_that_of_the_standard_library():
    import colorsys

    x = np.concatenate(
        [
            images(1, 9, 9, 3),
            np.eye(3, dtype="float32").reshape(1, 1, 3, 3).repeat(9, 1).repeat(3, 2),
            np.zeros((1, 9, 9, 3), "float32"),
        ]
    )
    expected = [colorsys.rgb_to_hsv(*map(float, rgb)) for rgb in x.reshape(-1, 3)]
    np.testing.assert_allclose(ops.rgb_to_hsv(x).numpy().reshape(-1, 3), expected, atol=1e-5)
    np.testing.assert_allclose(ops.hsv_to_rgb(ops.rgb_to_hsv(x)), x, atol=1e-5)


def beta_moments(alpha, beta):
    return alpha / (alpha + beta), alpha * beta / ((alpha + beta) ** 2 * (alpha + beta + 1))


@pytest.mark.parametrize(("alpha", "beta"), [(0.05, 0.05), (0.2, 0.2), (1, 1), (2, 5), (40, 9)])
def test_beta_and_gamma_have_their_moments(alpha, beta):
    nn.random.set_seed(1)
    x = nn.random.beta((20000,), alpha, beta).numpy()
    mean, variance = beta_moments(alpha, beta)
    assert 0 <= x.min() <= x.max() <= 1
    assert abs(x.mean() - mean) < 5 * np.sqrt(variance / 20000)
    assert abs(x.var() / variance - 1) < 0.06
    g = nn.random.gamma((20000,), alpha).numpy()
    assert abs(g.mean() - alpha) < 5 * np.sqrt(alpha / 20000)
    assert abs(g.var() / alpha - 1) < 0.06 + 0.6 * (alpha < 0.1)
    if alpha == beta == 1:  # an even distribution, and an exponential one
        assert abs(np.quantile(x, [0.1, 0.5, 0.9]) - [0.1, 0.5, 0.9]).max() < 0.02
        assert abs(np.quantile(g, 0.5) - np.log(2)) < 0.03


def test_gamma_takes_tensors_and_refuses_zero():
    assert nn.random.gamma((3, 2), np.float32([0.5, 4.0])).shape == (3, 2)
    with pytest.raises(ArgumentError, match=r"alpha is out of range. Got 0"):
        nn.random.beta((2,), 0, 1)
    assert np.array_equal(nn.random.beta((3,), 2, 2, seed=1), nn.random.beta((3,), 2, 2, seed=1))


def test_mixup_blends_images_as_labels():
    x = np.eye(16, dtype="float32").reshape(16, 4, 4, 1)  # image k is all in its pixel k
    mixed = layers.MixUp(0.5)({"images": x, "labels": np.eye(16)}, training=True)
    assert np.array_equal(mixed["images"].numpy().reshape(16, 16), mixed["labels"].numpy())
    np.testing.assert_allclose(mixed["labels"].numpy().sum(1), 1, rtol=1e-5)
    assert ((mixed["labels"].numpy() > 0).sum(1) == 2).sum() > 5


def test_mixup_weights_are_of_the_beta_distribution():
    x = np.zeros((8000, 1, 1, 1), "float32")
    x[::2] = 1
    nn.random.set_seed(0)
    y = layers.MixUp(0.4)(x, training=True).numpy().ravel()
    w = y[(y > 0) & (y < 1)]
    assert abs(w.var() - beta_moments(0.4, 0.4)[1]) < 0.01


def test_cutmix_labels_say_how_many_pixels_stayed():
    x = np.arange(64.0, dtype="float32")[:, None, None, None] * np.ones((1, 7, 9, 2), "float32")
    nn.random.set_seed(3)
    mixed = layers.CutMix()({"images": x, "labels": np.eye(64, dtype="float32")}, training=True)
    for k, (image, weights) in enumerate(
        zip(mixed["images"].numpy(), mixed["labels"].numpy(), strict=True)
    ):
        shares = {int(v): (image == v).mean() for v in np.unique(image)}
        assert len(shares) <= 2
        expected = np.zeros(64)
        for v, share in shares.items():
            expected[v] = share
        np.testing.assert_allclose(weights, expected, atol=1e-6)
        if len(shares) == 2:  # the foreign part is a box
            there = image[..., 0] != k
            assert there.sum() == there.any(1).sum() * there.any(0).sum()
    stayed = mixed["labels"].numpy()[np.arange(64), np.arange(64)]
    assert 0.3 < stayed.mean() < 0.7


def test_labels_of_any_kind():
    x, numbers = images(6, 4, 4, 1), np.array([0, 1, 2, 0, 1, 2])
    for labels in (numbers, numbers[:, None]):
        for training in (True, False):
            given = {"images": x, "labels": labels}
            y = layers.MixUp(num_classes=3)(given, training=training)["labels"].numpy()
            assert y.shape == (6, 3)
            np.testing.assert_allclose(y.sum(1), 1, rtol=1e-6)
    assert np.array_equal(y, np.eye(3)[numbers])
    for labels in (np.eye(6, dtype="int64"), np.linspace(0, 1, 6), images(6, 4, 4, 2)):
        y = layers.CutMix()({"images": x, "labels": labels}, training=True)["labels"]
        assert y.shape == labels.shape


def test_a_model_augments_in_training_only_and_learns_from_it():
    x, y = images(64, 8, 8, 1), np.arange(64) % 2
    made = []
    for engine in ("native", "reference"):
        nn.utils.set_random_seed(1)
        model = nn.Sequential(
            [
                layers.Input((8, 8, 1)),
                layers.RandomFlip("horizontal"),
                layers.RandomRotation(0.1),
                layers.RandomContrast(0.2, (0, 1)),
                layers.RandomCrop(6, 6),
                layers.Flatten(),
                layers.Dense(2, activation="softmax"),
            ]
        )
        model.compile("adam", "sparse_categorical_crossentropy", engine=engine)
        history = model.fit(x, y, batch_size=16, epochs=2, verbose=0)
        made.append((history.history["loss"], model.get_weights()))
        assert np.array_equal(model.predict(x, verbose=0), model.predict(x, verbose=0))
    np.testing.assert_allclose(made[0][0], made[1][0], rtol=1e-4)
    for native, reference in zip(made[0][1], made[1][1], strict=True):
        np.testing.assert_allclose(native, reference, rtol=1e-3, atol=1e-5)


def test_resizing_keeps_the_type_and_the_range_of_bytes():
    x = (images(2, 6, 5, 3) * 255).astype("uint8")
    for interpolation in ("bilinear", "nearest", "bicubic", "lanczos3"):
        y = layers.Resizing(9, 4, interpolation)(x)
        assert (y.dtype, y.shape) == (np.uint8, (2, 9, 4, 3))
        floats = layers.Resizing(9, 4, interpolation)(x.astype("float32"))
        assert np.abs(np.clip(floats, 0, 255) - y.numpy()).max() <= 0.5001
    with pytest.raises(ShapeError, match=r"resize: the images have no pixels. Got images"):
        layers.Resizing(2, 2)(np.zeros((2, 0, 3, 1)))


def test_gradients_reach_images_and_maps():
    """What a network that moves its own images needs."""
    x, t = images(1, 3, 3, 1).astype("float64"), np.array([[0.9, 0.1, 0.23, -0.2, 1.1, 0.17]])
    for mode in ("constant", "nearest", "reflect", "wrap"):
        nn.gradcheck(lambda x, t, mode=mode: ops.affine_transform(x, t, fill_mode=mode), x, t)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.RandomTranslation(2, 0), r"height_factor is out of range. Got 2"),
        (lambda: layers.RandomTranslation(0, (0, 1, 2)), r"width_factor is a number or a pair"),
        (lambda: layers.RandomTranslation(0, 0, "near"), r"unknown fill_mode(.|\n)*try: .*nearest"),
        (lambda: layers.RandomRotation("a"), r"factor must be a number. Got 'a'"),
        (lambda: layers.RandomRotation(0.1, interpolation="cubic"), r"unknown interpolation"),
        (lambda: layers.RandomZoom(-1), r"height_factor is out of range. Got -1"),
        (lambda: layers.RandomZoom(0, 1.5), r"width_factor is out of range. Got 1.5"),
        (lambda: layers.RandomShear(-0.1), r"x_factor is out of range. Got -0.1"),
        (lambda: layers.RandomAffine([layers.RandomFlip()]), r"takes layers that move an image"),
        (lambda: layers.RandomAffine([]), r"RandomAffine needs a move"),
        (
            lambda: layers.RandomFlip("both"),
            r"unknown mode. Got 'both'; expected one of horizontal",
        ),
        (lambda: layers.RandomCrop(0, 2), r"height is too small. Got 0"),
        (lambda: layers.RandomErasing(2), r"factor is out of range. Got 2"),
        (lambda: layers.RandomErasing(scale=(0, 2)), r"scale is out of range. Got 2"),
        (lambda: layers.RandomBrightness(0.1, (1, 0)), r"value_range is empty. Got \(1, 0\)"),
        (lambda: layers.RandomContrast(0.1, 255), r"value_range is a pair. Got 255"),
        (lambda: layers.RandomGrayscale(-1), r"factor is out of range. Got -1"),
        (lambda: layers.RandomHue(1.1), r"factor is out of range. Got 1.1"),
        (lambda: layers.MixUp(0), r"alpha is out of range. Got 0"),
        (lambda: layers.CutMix(2), r"factor is out of range. Got 2"),
        (lambda: layers.MixUp(num_classes=0), r"num_classes is too small. Got 0"),
        (lambda: layers.Resizing(0, 2), r"height is too small. Got 0"),
        (lambda: layers.Resizing(2, 2, "cubic"), r"unknown interpolation(.|\n)*try: .*bicubic"),
        (lambda: layers.Resizing(2, 2, fill_mode="wrap"), r"unknown fill_mode. Got 'wrap'"),
        (
            lambda: layers.Resizing(2, 2, "nearest", True, True),
            r"cropped or padded, not both(.|\n)*try: choose one",
        ),
        (lambda: layers.RandomFlip(data_format="last"), r"unknown data_format. Got 'last'"),
        (lambda: layers.RandomFlip(seed=-1), r"seed is too small. Got -1"),
        (lambda: ops.resize(images(), (2, 2), "nearest", False, True, True), r"not both"),
    ],
)
def test_constructor_errors(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: layers.RandomHue(0.1)(images(2, 3, 3, 1), training=True),
            "have no colours. Got 1",
        ),
        (
            lambda: layers.RandomErasing(fill_value=(1, 2))(images(), training=True),
            "one number for each channel. Got 2 numbers",
        ),
        (
            lambda: layers.MixUp()({"images": images(), "labels": np.arange(8)}, training=True),
            r"class numbers cannot be mixed.*\n.*\ntry: MixUp\(num_classes=10\)",
        ),
        (
            lambda: layers.CutMix()({"images": images(), "labels": np.ones((3, 2))}),
            r"one label for each image. Got images \(8, 6, 5, 3\), labels \(3, 2\)",
        ),
        (lambda: layers.CutMix()({"x": images()}), "expected 'images' and 'labels'"),
        (
            lambda: ops.affine_transform(images(), np.ones((3, 6))),
            r"six numbers for each image, or for all. Got images .*transform \(3, 6\)",
        ),
        (
            lambda: ops.resize(images(5, 3), (2, 2)),
            r"resize takes an image, or a batch of them. Got images \(5, 3\)",
        ),
        (lambda: ops.rgb_to_hsv(images(1, 2, 2, 1)), r"expected \(B, H, W, 3\)"),
    ],
)
def test_errors_of_calls(call, message):
    with pytest.raises(NeuronaError, match=message):
        call()

import numpy as np
import pytest

from neurona.data import augment as A
from neurona.errors import ArgumentError, DtypeError, ShapeError

ALL = [
    A.RandomTranslation(0.2),
    A.RandomRotation(0.1),
    A.RandomZoom(0.3, 0.1),
    A.RandomFlip("horizontal_and_vertical"),
    A.RandomCrop(2),
    A.Cutout(3),
    A.RandomBrightness(0.2),
    A.RandomContrast(0.2),
    A.RandomNoise(5.0),
    A.Compose(A.RandomFlip(), A.RandomCrop(1)),
]
NAMES = [type(step).__name__ for step in ALL]
RAMP = np.arange(12.0).reshape(1, 3, 4)


def images(dtype, shape=(8, 6, 5)):
    return np.random.default_rng(0).integers(0, 256, shape).astype(dtype)


@pytest.mark.parametrize("step", ALL, ids=NAMES)
@pytest.mark.parametrize("dtype", ["uint8", "int64", "float32", "float64"])
@pytest.mark.parametrize("shape", [(8, 6, 5), (8, 6, 5, 3), (0, 6, 5), (2, 1, 1)])
def test_shape_type_and_input_stay(step, dtype, shape):
    x = images(dtype, shape)
    before = x.copy()
    result = step(x, np.random.default_rng(1))
    assert (result.shape, result.dtype) == (x.shape, x.dtype)
    assert np.array_equal(x, before)


@pytest.mark.parametrize("step", ALL, ids=NAMES)
def test_the_seed_decides(step):
    x = images("float32", (64, 6, 5))
    first, again, other = (step(x, np.random.default_rng(s)) for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("step", [s for s in ALL if not isinstance(s, A.RandomNoise)])
def test_channels_move_together(step):
    grey = images("uint8")
    colour = step(np.repeat(grey[..., None], 3, axis=-1), 3)
    assert np.array_equal(colour[..., 0], step(grey, 3))
    assert np.array_equal(colour[..., 0], colour[..., 2])


@pytest.mark.parametrize(
    "step",
    [
        A.RandomTranslation(0),
        A.RandomRotation(0),
        A.RandomZoom(0),
        A.RandomFlip(probability=0),
        A.RandomCrop(0),
        A.Cutout(3, probability=0),
        A.RandomBrightness(0),
        A.RandomContrast(0),
        A.RandomNoise(0),
        A.Compose(),
    ],
)
def test_nothing_to_do(step):
    for dtype in ("uint8", "float64"):
        assert np.allclose(step(images(dtype), 0), images(dtype))


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
    step = A.RandomTranslation(0, (0.5, 0.5), fill_mode=mode, fill_value=9)
    assert step(RAMP, 0)[0, 0].tolist() == row


def test_translation_down_and_half_pixels():
    down = A.RandomTranslation((1 / 3, 1 / 3), 0)(RAMP, 0)
    assert np.allclose(down[0, 1:], RAMP[0, :2])
    half = A.RandomTranslation(0, (0.125, 0.125), fill_mode="nearest")(RAMP, 0)
    assert np.allclose(half[0, 0], [0, 0.5, 1.5, 2.5])


def test_far_translation_leaves_only_the_fill():
    for mode, value in (("constant", 7.0), ("nearest", 0.0)):
        step = A.RandomTranslation((1, 1), (1, 1), fill_mode=mode, fill_value=7)
        assert (step(RAMP, 0) == value).all()


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_rotation_by_quarters(quarters):
    square = images("float64", (2, 5, 5))
    turned = A.RandomRotation((quarters / 4, quarters / 4), fill_mode="nearest")(square, 0)
    assert np.allclose(turned, np.rot90(square, quarters, axes=(1, 2)))


@pytest.mark.parametrize("mode", ["constant", "nearest", "reflect", "wrap"])
def test_a_flat_image_stays_flat(mode):
    flat = np.full((16, 7, 7), 5.0)
    for step in (
        A.RandomRotation(0.5, mode, 5),
        A.RandomZoom(0.5, None, mode, 5),
        A.RandomTranslation(0.9, None, mode, 5),
    ):
        assert np.allclose(step(flat, 0), 5)


def test_zoom_by_hand():
    row = np.arange(5.0).reshape(1, 1, 5)
    zoomed_in = A.RandomZoom((-0.5, -0.5))(row, 0)
    assert np.allclose(zoomed_in, [[[1, 1.5, 2, 2.5, 3]]])
    out = A.RandomZoom((1.0, 1.0), fill_value=-1)(row, 0)
    assert np.allclose(out, [[[-1, 0, 2, 4, -1]]])


def test_zoom_keeps_proportions_unless_told():
    point = np.zeros((1, 9, 9))
    point[0, 3:6, 3:6] = 1
    even = A.RandomZoom((-0.5, -0.5))(point, 0)
    assert np.allclose(even, even.transpose(0, 2, 1))
    wide = A.RandomZoom(0, (-0.5, -0.5))(point, 0)
    assert wide[0, :, 4].sum() == 3
    assert wide[0, 4].sum() > 5


def test_translation_is_uniform():
    x = np.zeros((4000, 1, 41))
    x[:, 0, 20] = 1
    moved = A.RandomTranslation(0, 0.25)(x, 0)[:, 0] @ np.arange(41) - 20
    assert abs(moved).max() <= 0.25 * 41
    assert abs(moved.mean()) < 0.3
    assert abs(moved.std() - 0.5 * 41 / np.sqrt(12)) < 0.2


def test_flips():
    x = images("uint8", (2000, 2, 3))
    mirrored = A.RandomFlip("horizontal")(x, 0)
    same = (mirrored == x).all(axis=(1, 2))
    assert np.array_equal(mirrored[~same], x[~same][:, :, ::-1])
    assert 0.45 < same.mean() < 0.55
    assert np.array_equal(A.RandomFlip("vertical", 1.0)(x, 0), x[:, ::-1])
    assert np.array_equal(A.RandomFlip("horizontal_and_vertical", 1.0)(x, 0), x[:, ::-1, ::-1])


def test_crop_takes_every_place_evenly():
    x = np.zeros((3000, 3, 3))
    x[:, 1, 1] = 1
    mean = A.RandomCrop(1)(x, 0).mean(axis=0)
    assert abs(mean - 1 / 9).max() < 0.025
    assert (A.RandomCrop(2, fill_mode="nearest")(np.ones((4, 3, 3)), 0) == 1).all()
    assert set(
        np.unique(A.RandomCrop((0, 1), fill_value=300)(np.ones((9, 2, 2), np.uint8), 0))
    ) == {
        1,
        255,
    }


def test_cutout_covers_a_square():
    holes = A.Cutout((2, 4), fill_value=-1)(np.ones((500, 9, 9)), 0) == -1
    rows, columns = holes.any(axis=2).sum(axis=1), holes.any(axis=1).sum(axis=1)
    assert (holes.sum(axis=(1, 2)) == rows * columns).all()
    assert (rows.max(), columns.max()) == (2, 4)
    assert holes.any(axis=0).all()
    some = A.Cutout(1, probability=0.3)(np.ones((2000, 3, 3)), 0)
    assert abs((some == 0).any(axis=(1, 2)).mean() - 0.3) < 0.04


def test_brightness_and_contrast():
    x = np.full((2000, 2, 2), 0.5)
    change = A.RandomBrightness(0.2, value_range=(0, 1))(x, 0)[:, 0, 0] - 0.5
    assert abs(change).max() <= 0.2
    assert abs(change.std() - 0.4 / np.sqrt(12)) < 0.01
    assert A.RandomBrightness((0.5, 0.5))(np.array([[[200, 10]]], np.uint8), 0).tolist() == [
        [[255, 138]]
    ]
    pair = np.tile([0.4, 0.6], (500, 1, 1))
    spread = A.RandomContrast(0.5, value_range=(0, 1))(pair, 0)
    assert np.allclose(spread.mean(axis=(1, 2)), 0.5)
    factors = (spread[:, 0, 1] - spread[:, 0, 0]) / 0.2
    assert 0.5 <= factors.min() < 0.55 < 1.45 < factors.max() <= 1.5


def test_noise_has_its_deviation():
    noise = A.RandomNoise(2.0)(np.zeros((50, 20, 20)), 0)
    assert abs(noise.mean()) < 0.05
    assert abs(noise.std() - 2) < 0.05
    assert A.RandomNoise(9.0, (0, 1))(np.zeros((5, 4, 4)), 0).max() == 1


def test_compose_draws_from_one_generator():
    x = images("float32")
    both = A.Compose(A.RandomNoise(1), A.RandomNoise(1))(x, 4)
    rng = np.random.default_rng(4)
    assert np.array_equal(both, A.RandomNoise(1)(A.RandomNoise(1)(x, rng), rng))


@pytest.mark.parametrize("step", ALL[:-1], ids=NAMES[:-1])
def test_wrong_batches(step):
    with pytest.raises(ShapeError, match=r"works on a batch of images. Got x \(8, 784\).*\n.*flat"):
        step(np.zeros((8, 784)), 0)
    with pytest.raises(
        DtypeError, match=r"works on numbers. Got bool; expected integers or floats"
    ):
        step(np.zeros((8, 2, 2), bool), 0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: A.RandomTranslation(2), r"height_factor is out of range. Got 2"),
        (lambda: A.RandomTranslation(0, (0.5, 0.1)), r"width_factor is out of range. Got 0.1"),
        (
            lambda: A.RandomTranslation(0.1, fill_mode="near"),
            r"unknown fill_mode.*\ntry: .*nearest",
        ),
        (lambda: A.RandomRotation("a"), r"factor must be a number. Got 'a'"),
        (lambda: A.RandomRotation(0.1, fill_mode="x"), r"unknown fill_mode. Got 'x'"),
        (lambda: A.RandomZoom(-1), r"height_factor is out of range. Got -1"),
        (lambda: A.RandomZoom(0, 11), r"width_factor is out of range. Got 11"),
        (lambda: A.RandomFlip("both"), r"unknown mode. Got 'both'; expected one of horizontal"),
        (lambda: A.RandomFlip(probability=2), r"probability is out of range. Got 2"),
        (lambda: A.RandomCrop(-1), r"padding is too small. Got -1"),
        (lambda: A.RandomCrop(1, fill_mode="x"), r"unknown fill_mode. Got 'x'"),
        (lambda: A.Cutout(0), r"size is too small. Got 0; expected 1 or more"),
        (lambda: A.RandomBrightness(0.1, (1, 0)), r"value_range is empty. Got \(1, 0\)"),
        (lambda: A.RandomContrast(0.1, 255), r"value_range must be a pair. Got 255"),
        (lambda: A.RandomNoise(-1), r"stddev is out of range. Got -1"),
        (
            lambda: A.Compose([A.RandomFlip()]),
            r"step 0 of Compose is not a function.*\ntry: Compose",
        ),
    ],
)
def test_constructor_errors(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()

"""Records of how raw things become samples: what they do, say, and keep in a model's file."""

import copy
import dataclasses

import numpy as np
import pytest
from PIL import Image

import neurona as nn
from neurona.data.preparation import Arrays, Images, Sounds, ink, read
from neurona.data.sound import write_sound
from neurona.errors import ArgumentError, DataError, FormatError, NeuronaError, StateError
from neurona.strict_json import read_json, write_json

INK = Images((28, 28), "grayscale", divide_by=255, framing="ink")


def drawn(size, *parts):
    """An image in 0 to 1 with light rectangles (top, bottom, left, right)."""
    image = np.zeros((*size, 1))
    for top, bottom, left, right in parts:
        image[top:bottom, left:right] = 1
    return image


def test_ink_is_cut_out_scaled_and_centred():
    wide = drawn((100, 200), (10, 50, 20, 60))  # a square of 40 pixels, far from the middle
    found = ink.drawing(wide, 28, 28, None)
    assert found.shape == (28, 28, 1)
    rows, columns = np.nonzero(found[..., 0] > 0.5)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (4, 23, 4, 23)
    small = ink.drawing(wide, 8, 8, None)
    assert (small > 0.5).all()  # frames under 16 pixels are filled
    heavy = drawn((40, 40), (5, 35, 10, 14), (31, 35, 10, 30))  # an L: heavy below left
    found = ink.drawing(heavy, 28, 28, False)[..., 0]
    weight = found / found.sum()
    assert abs(weight.sum(1) @ (np.arange(28) + 0.5) - 14) <= 0.51
    assert abs(weight.sum(0) @ (np.arange(28) + 0.5) - 14) <= 0.51


def test_grain_becomes_no_ink():
    grain = np.random.default_rng(0).uniform(0.75, 0.8, (60, 60, 1))
    assert ink.drawing(grain, 28, 28, None).max() == 0  # a blank sheet
    assert ink.drawing(np.zeros((50, 40, 1)), 28, 28, None).max() == 0
    grain[20:40, 28:32] = 0.4
    found = ink.drawing(grain, 28, 28, None)
    assert found.max() > 0.9  # pale ink is full ink
    assert found[:, :8].max() == 0


def test_a_long_line_fits_and_a_short_one_begins_at_the_left():
    for width, last, height in ((100, 121, 24), (2000, 205, 2)):
        image = drawn((40, width + 40), (10, 30, 20, width + 20))
        found = ink.drawing(image, 28, 208, None, line=True)[..., 0]
        rows, columns = np.nonzero(found > 0.5)
        assert (columns.min(), columns.max()) == (2, last)
        assert rows.max() - rows.min() == height - 1


def test_images_of_any_size_and_mode(tmp_path):
    photo = np.zeros((40, 80, 3), np.uint8)
    photo[:, 20:60] = (255, 128, 0)  # the middle square
    Image.fromarray(photo).save(tmp_path / "photo.png")
    crop = Images((32, 32), "rgb", divide_by=255, framing="crop")
    for raw in (tmp_path / "photo.png", photo, Image.fromarray(photo)):
        found = crop.apply(raw)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, np.broadcast_to([1, 128 / 255, 0], (32, 32, 3)), 1e-6)
    swapped = dataclasses.replace(crop, invert=True)
    np.testing.assert_allclose(swapped.apply(photo)[0, 0], [0, 127 / 255, 1], 1e-6)
    padded = dataclasses.replace(crop, framing="pad").apply(photo)
    assert padded[:8].max() == padded[-8:].max() == 0
    assert padded[16, 16, 0] == 1
    wide = dataclasses.replace(crop, framing="stretch").apply(photo)
    assert wide[:, :7].max() == 0
    assert wide[:, 10:22, 0].min() == 1
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    Image.fromarray(np.full((4, 4), 65535, np.uint16)).save(tmp_path / "deep.png")
    grey = Images((4, 4), "grayscale", divide_by=255)
    assert grey.apply(tmp_path / "clear.png").min() == 1  # on white, as a viewer shows it
    assert grey.apply(tmp_path / "deep.png").min() == 1
    assert grey.apply(np.full((4, 4, 3), (255, 0, 0))).round(2).max() == np.float32(0.3)
    assert (
        Images((4, 4), "rgb").apply(np.full((4, 4), 7)).tolist() == np.full((4, 4, 3), 7).tolist()
    )


def test_arithmetic_shapes_and_the_way_back():
    x = np.random.default_rng(0).integers(0, 256, (6, 5, 3), np.uint8)
    mean, std = (0.4, 0.5, 0.6), (0.2, 0.25, 0.3)
    rule = Images((6, 5), "rgb", divide_by=255, mean=mean, std=std)
    np.testing.assert_allclose(rule.apply(x), (x / 255 - mean) / np.array(std), 1e-4, 1e-5)
    for shape, like in (((3, 6, 5), (2, 0, 1)), ((90,), None), (None, None)):
        shaped = dataclasses.replace(rule, shape=shape)
        found = shaped.apply(x)
        assert found.shape == (shape or (6, 5, 3))
        if like:
            np.testing.assert_array_equal(found, rule.apply(x).transpose(like))
        np.testing.assert_array_equal(shaped.seen(found), x)
    assert rule.samples([x, x]).shape == (2, 6, 5, 3)
    assert str(rule) == (
        "6 x 5 pixels, in colours, stretched to the frame, values 0 to 1, less a mean, over a "
        "deviation"
    )


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (np.zeros((0, 4)), r"this is no image\. Got shape \(0, 4\); expected \(H, W\)"),
        (np.zeros((4, 4, 2)), r"this is no image\. Got shape \(4, 4, 2\)"),
        (np.full((4, 4), 0.5), r"pixels are .* 0 to 255\. Got numbers up to 0.5\.\ntry: 255 \* x"),
    ],
)  # fmt: skip
def test_arrays_that_are_no_images(raw, message):
    with pytest.raises(DataError, match=message):
        INK.apply(raw)


def test_a_large_drawing_is_looked_at_in_less_detail(tmp_path):
    pixels = np.zeros((1200, 1200), np.uint8)
    pixels[300:900, 500:700] = 255
    Image.fromarray(pixels).save(tmp_path / "a.png")
    rows = np.nonzero(INK.apply(tmp_path / "a.png")[..., 0] > 0.5)[0]
    assert (rows.min(), rows.max()) == (4, 23)


def test_arrays_and_sounds(tmp_path):
    rule = Arrays((2, 2), divide_by=16)
    assert rule.apply(range(0, 64, 16)).tolist() == [[0, 1], [2, 3]]
    with pytest.raises(DataError, match=r"no sample for the model\. Got shape \(3,\)"):
        rule.apply([1, 2, 3])
    tone = 0.5 * np.sin(np.arange(800))
    write_sound(tmp_path / "a.wav", tone, 8000)
    heard = Sounds(8000, 1000)
    np.testing.assert_allclose(heard.apply(tmp_path / "a.wav")[100:900], tone, atol=1e-4)
    np.testing.assert_allclose(heard.apply(tone.astype("float32"))[100:900], tone, atol=1e-6)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: Images((28, 28), "gray"), "unknown color_mode.*'gray'"),
        (lambda: Images((28, 28), framing="ink"), "ink is grey.*color_mode='rgb'"),
        (lambda: Images((28, 28), shape=(784,)), "shape and size do not fit together"),
        (lambda: Images((2**15, 2**15)), "numbers of a sample is too large"),
        (lambda: Images((28, 28), std=0), "std is out of range"),
        (lambda: Images((28, 28), mean=(1, 2)), "mean is a number, or one for each channel"),
        (lambda: Images((28, 28), invert="yes"), "invert is True or False"),
        (lambda: Images((28, 28), "rgba"), "only with keras=True"),
        (lambda: Arrays((2,), low=3, high=1), "low is above high"),
        (lambda: Arrays((2,), divide_by=0), "divide_by is out of range"),
        (lambda: Sounds(0, 10), "sample_rate is too small"),
    ],
)
def test_settings_that_no_record_has(made, message):
    with pytest.raises(ArgumentError, match=message):
        made()


@pytest.mark.parametrize(
    "rule", [INK, Arrays((3,), low=-1), Sounds(16000, 4000),
             Images((4, 5), mean=(1, 2, 3), keras=True, shape=(3, 4, 5))]
)  # fmt: skip
def test_a_record_is_the_same_from_json(rule):
    assert read(read_json(write_json(rule.description()), "it")) == rule


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (None, "of no known kind"),
        ({"kind": "spells"}, "of no known kind.*expected one of arrays, images, sounds"),
        ({"kind": ["images"]}, "of no known kind"),
        ({"kind": "arrays", "shape": [2], "spell": 1}, "has other settings here.*spell"),
        ({"kind": "arrays", "shape": [2**40]}, "numbers of a sample is too large"),
        ({"kind": "images", "size": [28, 28], "divide_by": "x"}, "divide_by must be a number"),
        ({"kind": "images", "size": [28, 28], "mean": {}}, "mean must be a number"),
    ],
)
def test_records_of_strangers(found, message):
    with pytest.raises(NeuronaError, match=message):
        read(found)


def network(units=2):
    return nn.Sequential([nn.Input((28, 28, 1)), nn.layers.Flatten(), nn.layers.Dense(units)])


def test_a_model_keeps_its_record_and_names(tmp_path):
    model = network()
    assert (model.preparation, model.class_names) == (None, None)
    model.preparation, model.class_names = INK, ["cat", "dog"]
    model.save(tmp_path / "m.safetensors")
    loaded = nn.models.load_model(tmp_path / "m.safetensors")
    for one in (loaded, copy.deepcopy(model), nn.models.clone_model(model)):
        assert (one.preparation, one.class_names) == (INK, ("cat", "dog"))
    loaded.preparation = loaded.class_names = None
    loaded.save(tmp_path / "m.safetensors")
    assert nn.models.load_model(tmp_path / "m.safetensors").class_names is None
    with pytest.raises(StateError, match=r"`preparation` is taken(.|\n)*Images\(\(28, 28\)"):
        model.preparation = "MNIST"
    for names in ("cat", ["cat", 3], [], 7):
        with pytest.raises(ArgumentError, match="class_names are texts"):
            model.class_names = names
    with pytest.raises(ArgumentError, match="'a' more than once"):
        model.class_names = ["a", "b", "a"]


def test_a_file_with_a_record_of_a_stranger(tmp_path, monkeypatch):
    model = network()
    model.preparation = INK
    told = {**INK.description(), "framing": "spell"}
    monkeypatch.setattr(Images, "description", lambda self: told)
    model.save(tmp_path / "m.safetensors")
    with pytest.raises(FormatError, match=r"cannot be made again\. Got .*unknown framing"):
        nn.models.load_model(tmp_path / "m.safetensors")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two classes of pictures of mixed sizes and modes."""
    root, rng = tmp_path_factory.mktemp("folder"), np.random.default_rng(0)
    for number, (name, mode) in enumerate((("cat", "L"), ("cat", "RGB"), ("dog", "RGBA"))):
        (root / name).mkdir(exist_ok=True)
        pixels = rng.integers(0, 256, (9 + 3 * number, 14 - number, 4), np.uint8)
        Image.fromarray(pixels).convert(mode).save(root / name / f"{number}.png")
    return root


@pytest.mark.parametrize("options", [{}, {"crop_to_aspect_ratio": True}, {"color_mode": "rgba"},
                                     {"color_mode": "grayscale", "interpolation": "bicubic",
                                      "pad_to_aspect_ratio": True},
                                     {"data_format": "channels_first"}])  # fmt: skip
def test_a_dataset_of_a_folder_tells_how_it_reads(folder, options):
    data = nn.utils.image_dataset_from_directory(
        folder, image_size=(6, 8), shuffle=False, batch_size=3, verbose=False, **options
    )
    x = next(data.as_numpy_iterator())[0]
    np.testing.assert_array_equal(data.preparation.samples(data.file_paths), x)
    assert data.take(1).preparation == data.preparation
    assert data.map(lambda x, y: (x / 255, y)).preparation is None
    model = network()
    model.preparation, model.class_names = data.preparation, data.class_names  # one line
    assert model.class_names == ("cat", "dog")


def test_a_folder_tells_how_it_was_read(folder):
    for mode in ("rgb", "grayscale"):
        read = nn.datasets.from_folder(folder, (7, 5), mode)
        paths = sorted(folder.rglob("*.png"))
        np.testing.assert_array_equal(read.preparation.samples(paths), read.X)

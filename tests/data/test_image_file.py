"""Image files: read as a viewer shows them, and never larger than they may be."""

import tracemalloc

import numpy as np
import pytest
from PIL import Image

from neurona.data.image_file import ALWAYS, read_image
from neurona.errors import ArgumentError, FormatError, MissingDataError


@pytest.fixture
def path(tmp_path):
    return tmp_path / "image.png"


def test_modes_and_size(path):
    Image.new("RGB", (4, 3), (255, 0, 0)).save(path)
    assert read_image(path).tolist() == np.broadcast_to([255, 0, 0], (3, 4, 3)).tolist()
    assert read_image(path, "grayscale").tolist() == np.full((3, 4, 1), 76).tolist()
    assert read_image(path, size=(5, 2)).shape == (5, 2, 3)
    with pytest.raises(ArgumentError, match="unknown color_mode"):
        read_image(path, "cmyk")
    with pytest.raises(ArgumentError, match="max_pixels is too small"):
        read_image(path, max_pixels=0)
    with pytest.raises(MissingDataError):
        read_image(path.parent / "none.png")


def test_16_bits_become_the_upper_8(path):
    ramp = np.array([[0, 255, 256, 32768, 65535]], np.uint16)
    Image.fromarray(ramp).save(path)
    assert read_image(path, "grayscale")[0, :, 0].tolist() == [0, 0, 1, 128, 255]
    assert read_image(path)[0, :, 2].tolist() == [0, 0, 1, 128, 255]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_data_turn_the_image(tmp_path, orientation):
    upright = np.arange(6, dtype=np.uint8).reshape(2, 3) * 40
    stored = {  # what a camera held like this writes
        1: upright, 2: upright[:, ::-1], 3: upright[::-1, ::-1], 4: upright[::-1],
        5: upright.T, 6: upright.T[::-1], 7: upright.T[::-1, ::-1], 8: upright.T[:, ::-1],
    }[orientation]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.ascontiguousarray(stored)).save(tmp_path / "a.png", exif=exif)
    assert read_image(tmp_path / "a.png", "grayscale")[..., 0].tolist() == upright.tolist()


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_lies_on_white(path, mode):
    clear = Image.new("RGBA", (2, 1), (0, 0, 0, 0))
    clear.putpixel((0, 0), (0, 0, 0, 255))
    if mode == "P":
        image = Image.new("P", (2, 1))
        image.putpalette([0, 0, 0, 0, 0, 0])
        image.putpixel((1, 0), 1)
        image.save(path, transparency=1)
    else:
        clear.convert(mode).save(path)
    for found in (read_image(path), read_image(path, "grayscale")):
        assert found[0, :, 0].tolist() == [0, 255]


def test_floats_are_refused(tmp_path):
    Image.fromarray(np.zeros((2, 2), np.float32)).save(tmp_path / "a.tiff")
    with pytest.raises(FormatError, match=r"holds floats.*\ntry: save it with 8 or 16 bits"):
        read_image(tmp_path / "a.tiff")


def test_other_formats_are_refused_where_only_some_are_wanted(path):
    Image.new("L", (2, 2)).save(path, format="TIFF")
    assert read_image(path).shape == (2, 2, 3)
    with pytest.raises(FormatError, match=r"cannot be read.*expected a PNG file"):
        read_image(path, formats=("PNG",))


def test_a_small_file_takes_little_memory(path):
    Image.new("L", (4000, 4000)).save(path)
    assert path.stat().st_size < 20_000
    tracemalloc.start()
    with pytest.raises(FormatError, match=rf"4000 x 4000 pixels in .*expected {ALWAYS} pixels at"):
        read_image(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 22
    assert read_image(path, "grayscale", max_pixels=16_000_000).shape == (4000, 4000, 1)


def test_a_large_file_may_hold_a_large_image(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (2100, 2100), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png", compress_level=1)
    assert read_image(tmp_path / "a.png", "grayscale").shape == (2100, 2100, 1)

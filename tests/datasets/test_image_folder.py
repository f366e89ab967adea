import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from neurona.datasets import from_folder, image_folder
from neurona.errors import ArgumentError, DataError, FormatError, MissingDataError


def put(path, height=3, width=4, color=(10, 20, 30)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (width, height), color).save(path)
    return path


@pytest.fixture
def root(tmp_path):
    put(tmp_path / "dog" / "1.png", color=(255, 0, 0))
    put(tmp_path / "cat" / "2.png")
    put(tmp_path / "cat" / "deep" / "3.PNG")
    put(tmp_path / "cat" / "1.bmp")
    (tmp_path / "cat" / "notes.txt").write_text("no image")
    put(tmp_path / "cat" / ".hidden.png")
    put(tmp_path / ".cache" / "4.png")
    return tmp_path


def test_classes_in_alphabetical_order(root):
    found = from_folder(root)
    X, y = found  # as from_csv
    assert found.class_names == ("cat", "dog")
    assert repr(found) == "ImageFolder(X (4, 3, 4, 3), y (4,), classes cat, dog)"
    assert y.tolist() == [0, 0, 0, 1]
    assert (X.shape, X.dtype, y.dtype) == ((4, 3, 4, 3), np.uint8, np.int64)
    assert X[0, 0, 0].tolist() == [10, 20, 30]
    assert X[3, 0, 0].tolist() == [255, 0, 0]


def test_grey_and_size(root):
    X = from_folder(root, image_size=(5, 6), color_mode="grayscale").X
    assert X.shape == (4, 5, 6, 1)
    assert (X[3] == 76).all()  # 0.299 of red
    assert from_folder(root, image_size=2).X.shape == (4, 2, 2, 3)


def test_chosen_classes(root):
    found = from_folder(root, class_names=["dog", "cat"])
    assert found.class_names == ("dog", "cat")
    assert found.y.tolist() == [0, 1, 1, 1]


@pytest.mark.parametrize(
    "names", [["dog", "cow"], ["dog", "dog"], []], ids=["unknown", "twice", "none"]
)
def test_bad_class_names(root, names):
    with pytest.raises(ArgumentError, match=r"class_names must be folders, each once.*of cat, dog"):
        from_folder(root, class_names=names)


def test_images_of_two_sizes(root):
    put(root / "dog" / "2.png", height=9)
    with pytest.raises(
        DataError, match=r"2.png: the image has another size. Got 9 x 4; .*\n.*\(3, 4\)"
    ):
        from_folder(root)
    assert len(from_folder(root, image_size=(3, 4)).X) == 5


@pytest.mark.parametrize("data", [b"", b"no image", b"GIF89a", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"])
def test_an_unreadable_image_is_named(root, data):
    (root / "dog" / "bad.png").write_bytes(data)
    with pytest.raises(
        FormatError, match=r"bad.png: the image cannot be read. Got .*\ntry: remove"
    ):
        from_folder(root)


def test_a_truncated_image(root):
    path = root / "dog" / "cut.png"
    noise = np.random.default_rng(0).integers(0, 256, (3, 4, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(FormatError, match=r"cut.png: the image cannot be read"):
        from_folder(root)


def huge_png(side):
    """A PNG that declares side x side pixels and holds none."""

    def chunk(name, data):
        check = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + check

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [5000, 10_000])
def test_a_huge_image_is_refused_before_it_is_unpacked(root, side):
    (root / "dog" / "huge.png").write_bytes(huge_png(side))
    with pytest.raises(
        FormatError, match=rf"huge.png: the image is too large. Got {side} x {side}"
    ):
        from_folder(root)


def test_max_pixels(root):
    with pytest.raises(
        FormatError,
        match=r"Got 3 x 4 pixels in \d+ bytes; expected 11 pixels.*\ntry: max_pixels=12",
    ):
        from_folder(root, max_pixels=11)
    assert len(from_folder(root, max_pixels=12).X) == 4


def test_too_many_images_for_memory(root, monkeypatch):
    for options in ({"max_bytes": 100}, {}):
        with pytest.raises(
            DataError, match=r"too much memory. Got 4 of \(3, 4, 3\), 144 b.*\ntry: a smal.*=144"
        ):
            from_folder(root, **options)
        monkeypatch.setattr(image_folder, "ALWAYS", 100)
        monkeypatch.setattr(image_folder, "MAX_GROWTH", 0)
    assert len(from_folder(root, max_bytes=144).X) == 4


def test_what_is_hidden_is_no_class_and_no_image(root):
    for hidden in (root / ".cache", root / "__MACOSX", root / "dog" / ".ipynb_checkpoints"):
        put(hidden / "1.png")
    put(root / "dog" / "._1.png")
    found = from_folder(root)
    assert (len(found.X), found.class_names) == (4, ("cat", "dog"))


def test_a_pipe_is_no_image(root):
    os.mkfifo(root / "dog" / "pipe.png")
    with pytest.raises(FormatError, match="a device or a pipe"):
        from_folder(root)


def test_folders_that_are_not_there(tmp_path):
    with pytest.raises(MissingDataError, match=r"none: there is no such folder"):
        from_folder(tmp_path / "none")
    with pytest.raises(
        MissingDataError, match=r"there are no folders in the folder.*\ntry: the folder"
    ):
        from_folder(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(
        MissingDataError, match=r"no images in the folders of the classes. Got .*empty"
    ):
        from_folder(tmp_path)


def test_unknown_color_mode(root):
    with pytest.raises(
        ArgumentError, match=r"unknown color_mode. Got 'grey'; expected one of grayscale, rgb"
    ):
        from_folder(root, color_mode="grey")

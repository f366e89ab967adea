"""Predictions for images, tables and arrays, and files that nobody should trust."""

import pickle
import struct

import numpy as np
import pytest
from PIL import Image

import neurona as nn
from neurona.cli import predict
from neurona.errors import DataError
from tests.cli.command import run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model that says where the ink is: class 0 left half, 1 right half; and one of rows."""
    folder = tmp_path_factory.mktemp("models")
    model = nn.Sequential(
        [nn.Input((28, 28)), nn.layers.Flatten(), nn.layers.Dense(3, activation="softmax")]
    )
    kernel = np.zeros((28, 28, 3))
    kernel[:, :14, 0], kernel[:, 14:, 1] = 0.03, 0.03
    model.set_weights([kernel.reshape(784, 3), np.zeros(3)])
    model.save(folder / "image.safetensors")
    rows = nn.Sequential([nn.Input((2,)), nn.layers.Dense(1, activation="sigmoid")])
    rows.set_weights([np.array([[10.0], [0.0]]), np.array([-5.0])])
    rows.save(folder / "rows.safetensors")
    return folder


def drawing(size=(28, 28), left=True, dark=False):
    pixels = np.full(size, 255 if dark else 0, np.uint8)
    half = size[1] // 2
    part = slice(2, half - 2) if left else slice(half + 2, -2)
    pixels[size[0] // 4 : -size[0] // 4, part] = 0 if dark else 255
    return Image.fromarray(pixels)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("left", [False, True])
def test_an_image_of_the_right_size_keeps_its_place(folder, tmp_path, capsys, left, dark):
    drawing(left=left, dark=dark).save(tmp_path / "a.png")
    code, out, _ = run(capsys, "predict", folder / "image.safetensors", tmp_path / "a.png")
    assert code == 0
    kind = 0 if left else 1
    assert out.startswith(f"{tmp_path / 'a.png'}  class {kind}  probability 0.9")
    assert f"(top 3: {kind} 0.9" in out


def test_the_ground_can_be_told(folder, tmp_path, capsys):
    drawing(dark=True).save(tmp_path / "a.png")
    model, image = folder / "image.safetensors", tmp_path / "a.png"
    assert "class 1" in run(capsys, "predict", model, image, "--no-invert")[1]
    assert "class 0" in run(capsys, "predict", model, image, "--invert")[1]


def test_rows_of_a_table(folder, tmp_path, capsys):
    (tmp_path / "x.csv").write_text("first,second\n1,0\n0,0\n\n")
    code, out, _ = run(capsys, "predict", folder / "rows.safetensors", tmp_path / "x.csv")
    assert code == 0
    first, second = out.splitlines()
    assert first == (
        f"{tmp_path / 'x.csv'} row 1  class 1  probability 0.9933  (top 2: 1 0.9933, 0 0.0067)"
    )
    assert "row 2  class 0  probability 0.9933" in second


def test_arrays_of_many_shapes(folder, tmp_path, capsys):
    one = np.asarray(drawing(), np.float32) / 255
    for name, array in {
        "one": one, "many": one[None], "flat": one.reshape(1, -1), "channel": one[None, ..., None],
    }.items():  # fmt: skip
        np.save(tmp_path / f"{name}.npy", array)
        code, out, err = run(
            capsys, "predict", folder / "image.safetensors", tmp_path / f"{name}.npy"
        )
        assert (code, err) == (0, "")
        assert "class 0" in out


def test_a_number_can_be_divided_by(folder, tmp_path, capsys):
    np.save(tmp_path / "x.npy", np.asarray(drawing()))
    model = folder / "image.safetensors"
    assert "--divide-by 255 does that" in run(capsys, "predict", model, tmp_path / "x.npy")[2]
    code, out, err = run(capsys, "predict", model, tmp_path / "x.npy", "--divide-by", "255")
    assert (code, err) == (0, "")
    assert "class 0" in out
    assert run(capsys, "predict", model, tmp_path / "x.npy", "--divide-by", "0")[0] == 2


@pytest.mark.parametrize(
    ("name", "content", "code", "text"),
    [
        ("x.txt", b"1", 2, "is of no known kind. Got '.txt'"),
        ("x.png", b"\x89PNG\r\n\x1a\nrubbish", 1, "x.png: the image cannot be read."),
        ("x.csv", b"1,2\n3\n", 1, "row 2 does not hold 2 numbers. Got 3."),
        ("x.csv", b"a,b\n1,x\n", 1, "row 1 does not hold 2 numbers."),
        ("x.csv", b"a,b\n", 1, "has no rows."),
        ("x.csv", b"\xff\xfe\x00", 1, "is no CSV file."),
        ("x.csv", b"1,nan\n", 1, "NaN"),
        ("x.csv", b"1,2,3\n", 1, "does not fit the model. Got shape (1, 3)"),
        ("x.npy", b"rubbish", 1, "is no array that can be read safely."),
        ("x.npy", b"", 1, "is no array that can be read safely."),
        ("x.npy", pickle.dumps([1]), 1, "is no array that can be read safely."),
    ],
)
def test_files_that_cannot_be_used(folder, tmp_path, capsys, name, content, code, text):
    (tmp_path / name).write_bytes(content)
    got, _, err = run(capsys, "predict", folder / "rows.safetensors", tmp_path / name)
    if name == "x.png":
        got, _, err = run(capsys, "predict", folder / "image.safetensors", tmp_path / name)
    assert got == code, err
    assert text in err
    assert "Traceback" not in err


def test_objects_in_an_array_are_never_loaded(folder, tmp_path, capsys):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    np.save(tmp_path / "x.npy", np.array([Trap()], object), allow_pickle=True)
    code, _, err = run(capsys, "predict", folder / "rows.safetensors", tmp_path / "x.npy")
    assert code == 1
    assert "is no array that can be read safely." in err
    assert not (tmp_path / "sprung").exists()


def test_a_missing_file_is_a_wrong_argument(folder, capsys):
    code, _, err = run(capsys, "predict", folder / "rows.safetensors", "nowhere.csv")
    assert (code, err) == (2, "error: there is no file nowhere.csv.\n")


def test_an_image_for_a_model_of_rows(folder, tmp_path, capsys):
    drawing().save(tmp_path / "a.png")
    code, _, err = run(capsys, "predict", folder / "rows.safetensors", tmp_path / "a.png")
    assert code == 1
    assert "this model does not take images. Got inputs of shape (2,)" in err


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"rubbish",
        struct.pack("<Q", 2**62) + b"{}",
        struct.pack("<Q", 2) + b"[]",
        struct.pack("<Q", 20) + b'{"a": {"dtype": 1}} ',
        pickle.dumps({"layers": []}),
        struct.pack("<Q", 42) + b'{"__metadata__":{"neurona":"{\\"model\\":1}"}}',
    ],
)
def test_hostile_models_get_a_clean_message(tmp_path, capsys, content):
    (tmp_path / "m.safetensors").write_bytes(content)
    for arguments in (("summary",), ("predict",)):
        files = ("x.csv",) if arguments == ("predict",) else ()
        code, out, err = run(capsys, *arguments, tmp_path / "m.safetensors", *files)
        assert (code, out) == (1, "")
        assert err.startswith("error: ")
        assert "Traceback" not in err


def test_summary(folder, capsys):
    code, out, _ = run(capsys, "summary", folder / "image.safetensors")
    assert code == 0
    assert "2,355" in out


def test_frames_that_are_not_images():
    with pytest.raises(DataError, match="this model does not take images"):
        predict.frame((3, 4, 5, 6))
    assert predict.frame((32, 32, 3)) == (32, 32, 3)

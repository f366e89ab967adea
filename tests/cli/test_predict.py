"""Predictions for images, tables and arrays, and files that nobody should trust."""

import pickle
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import neurona as nn
from neurona.cli import samples
from neurona.data.preparation import Arrays, Images, Table
from neurona.data.preparation.table import Number
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
    model.save(folder / "plain.safetensors")  # as earlier versions wrote them
    model.preparation = Images((28, 28), "grayscale", divide_by=255, framing="ink", shape=(28, 28))
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


def test_scores_are_told_as_the_classes_that_the_loss_makes_of_them(tmp_path, capsys):
    x, table = tmp_path / "x.npy", tmp_path / "x.csv"
    np.save(x, np.float32([[2.0]]))
    table.write_text("size\n2\n")
    cross, binary = nn.losses.SparseCategoricalCrossentropy, nn.losses.BinaryCrossentropy
    ones = np.array([[0.0, 0.5]]), np.log([0.25, 0.75])
    for units, loss, weights, words, row in [
        (2, cross(from_logits=True), ones, "dog  probability 0.8908  (top 2: dog", "dog  prob"),
        (1, binary(from_logits=True), ([[1.0]], [0.0]), "dog  probability 0.8808", "dog  prob"),
        (2, "mse", ones, "output -1.38629 0.712318", "cat"),
    ]:
        model = nn.Sequential([nn.Input((1,)), nn.layers.Dense(units)])
        model.compile("sgd", loss)
        model.set_weights([np.array(w) for w in weights])
        model.class_names = "cat", "dog"
        model.save(tmp_path / "model.safetensors")
        assert words in run(capsys, "predict", tmp_path / "model.safetensors", x)[1]
        if loss == "mse":
            continue
        model.preparation = Table((Number("size", 0.0, 0.0, 1.0),), "kind")
        model.save(tmp_path / "rows.safetensors")
        assert f"kind {row}" in run(capsys, "predict", tmp_path / "rows.safetensors", table)[1]


def test_a_number_can_be_divided_by(folder, tmp_path, capsys):
    np.save(tmp_path / "x.npy", np.asarray(drawing()))
    model = folder / "image.safetensors"
    told = run(capsys, "predict", model, tmp_path / "x.npy")[2]
    assert (
        "the model was trained on 0 to 1, from 0 to 255 in its data set (--divide-by 255)" in told
    )
    told = run(capsys, "predict", folder / "plain.safetensors", tmp_path / "x.npy")[2]
    assert "values up to 255; the model does not tell what it was trained on." in told
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
        ("x.csv", b"1,2,3\n", 1, "does not fit the model: 3 columns, 1 more than it takes."),
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
        samples.frame((3, 4, 5, 6))
    assert samples.frame((32, 32, 3)) == (32, 32, 3)


def test_grey_images_of_ones_own_give_what_python_gives(tmp_path, capsys):
    """Textures, in which cutting out, inverting or centring ink would lose the class."""
    rng = np.random.default_rng(0)
    model = nn.Sequential(
        [nn.Input((12, 12, 1)), nn.layers.Flatten(), nn.layers.Dense(2, activation="softmax")]
    )
    kernel = np.zeros((12, 12, 2))
    kernel[:6, :, 0] = kernel[6:, :, 1] = 0.2  # where it is lighter
    model.set_weights([kernel.reshape(144, 2), np.zeros(2)])
    files, truth = [], []
    for number in range(6):
        pixels = rng.integers(150, 200, (12, 12))
        pixels[6 * (number % 2) : 6 * (number % 2) + 6] += 40
        files.append(tmp_path / f"{number}.png")
        Image.fromarray(pixels.astype(np.uint8)).resize((24, 24), 0).save(files[-1])
        truth.append(("top", "bottom")[number % 2])
    model.save(tmp_path / "old.safetensors")
    model.preparation = Images((12, 12), "grayscale", divide_by=255)
    model.class_names = ["top", "bottom"]
    model.save(tmp_path / "new.safetensors")

    said = model.predict(model.preparation.samples(files), verbose=0)
    code, out, err = run(capsys, "predict", tmp_path / "new.safetensors", *files)
    assert (code, err) == (0, "")
    for line, name, share in zip(out.splitlines(), truth, said.max(-1), strict=True):
        assert f"class {name}  probability {share:.4f}  (top 2: {name}" in line
    code, out, err = run(capsys, "predict", tmp_path / "old.safetensors", *files)
    assert code == 0
    assert err.count("\n") == 1  # once for all files
    assert "assumed: 12 x 12 pixels, grey, stretched to the frame, values 0 to 1." in err
    for line, share in zip(out.splitlines(), said.max(-1), strict=True):
        assert f"probability {share:.4f}" in line


def test_a_broken_file_does_not_stop_the_rest_and_a_blank_one_is_told(folder, tmp_path, capsys):
    drawing().save(tmp_path / "good.png")
    (tmp_path / "broken.png").write_bytes(b"rubbish")
    Image.new("L", (40, 40), 255).save(tmp_path / "blank.png")
    files = [tmp_path / f"{name}.png" for name in ("broken", "good", "missing", "blank")]
    (tmp_path / "run").mkdir()
    shutil.copy(folder / "image.safetensors", tmp_path / "run" / "model.safetensors")
    code, out, err = run(capsys, "predict", tmp_path / "run", *files)  # a run's folder
    assert code == 1
    good, blank = out.splitlines()
    assert "good.png  class 0  probability 0.9" in good
    assert "blank" not in good.partition("  ")[2]
    assert blank.endswith("blank: one shade everywhere")
    assert f"error: {files[0]}: the image cannot be read. Got something else, or a dam" in err
    assert f"error: there is no file {files[2]}." in err
    assert err.endswith("error: 2 of 4 files could not be used.\n")
    assert run(capsys, "summary", tmp_path / "run")[0] == 0


def test_a_folder_is_the_files_in_it(folder, tmp_path, capsys):
    photos = tmp_path / "photos"
    (photos / "right").mkdir(parents=True)
    drawing().save(photos / "a2.png")
    drawing(left=False).save(photos / "a10.png")
    drawing(left=False).save(photos / "right" / "b.png")
    (photos / ".hidden.png").write_bytes(b"rubbish")
    (photos / "notes.txt").write_text("none")
    code, out, err = run(capsys, "predict", folder / "image.safetensors", photos)
    assert (code, err) == (0, "")
    first, second, third = out.splitlines()
    assert first.startswith(f"{photos / 'a2.png'}  class 0")
    assert second.startswith(f"{photos / 'a10.png'}  class 1")
    assert third.startswith(f"{photos / 'right' / 'b.png'}  class 1")
    (tmp_path / "empty").mkdir()
    code, _, err = run(capsys, "predict", folder / "image.safetensors", tmp_path / "empty")
    assert code == 2
    assert f"the folder {tmp_path / 'empty'} holds no samples. Expected files: .csv, .npy, " in err


def test_the_name_of_a_run_leads_to_its_folder(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "mine").mkdir(parents=True)
    shutil.copy(folder / "rows.safetensors", tmp_path / "runs" / "mine" / "model.safetensors")
    code, _, err = run(capsys, "predict", "mine", "rows.csv")
    assert (code, f"try: did you mean {Path('runs', 'mine')}?" in err) == (2, True)
    assert "try: neurona train digits makes one" in run(capsys, "predict", "other", "rows.csv")[2]


def test_what_the_network_saw_is_shown(folder, tmp_path, capsys):
    pixels = np.full((80, 120), 255, np.uint8)  # dark ink on paper, beside the middle
    pixels[10:30, 80:84] = 0
    (tmp_path / "other").mkdir()
    files = [tmp_path / "a.png", tmp_path / "other" / "a.png"]
    for path in files:
        Image.fromarray(pixels).save(path)
    model = folder / "image.safetensors"
    assert run(capsys, "predict", model, files[0], "--show", tmp_path / "seen.png")[0] == 0
    seen = np.asarray(Image.open(tmp_path / "seen.png"))
    assert seen.shape == (252, 252)
    assert seen[126, 126] == 255 and seen[0, 0] == 0  # noqa: PT018
    assert run(capsys, "predict", model, *files, "--show", tmp_path / "shown")[0] == 0
    assert sorted(p.name for p in (tmp_path / "shown").iterdir()) == ["a-2.png", "a.png"]
    code, _, err = run(capsys, "predict", model, *files, "--show", tmp_path / "one.png")
    assert code == 1
    assert "a .png file shows one image." in err
    code, _, err = run(capsys, "predict", model, files[0], "--show", tmp_path / "one.jpg")
    assert (code, "--show takes a .png file or a folder." in err) == (2, True)


def test_columns_of_labels_and_numbers_out_of_range(folder, tmp_path, capsys):
    rows, path = folder / "rows.safetensors", tmp_path / "x.csv"
    path.write_text("Label,first,second\nyes,1,0\nno,0,0\n")
    code, out, err = run(capsys, "predict", rows, path)
    assert (code, err) == (0, f"note: {path}: the column 'Label' is left out as the label.\n")
    assert "row 1  class 1  probability 0.9933" in out
    path.write_text("1,0,yes\n0,0,no\n")
    code, _, err = run(capsys, "predict", rows, path)
    assert code == 1
    assert "3 columns, 1 more than it takes. Got shape (2, 3); expected rows of 2 numbers." in err
    assert "leave the column of labels out, or name it label" in err

    model = nn.models.load_model(folder / "image.safetensors")
    model.preparation = Images(
        (28, 28), "grayscale", divide_by=255, framing="ink", shape=(28, 28), largest=16
    )
    model.save(tmp_path / "digits.safetensors")
    np.save(tmp_path / "x.npy", np.asarray(drawing()) / 255 * 16)
    told = run(capsys, "predict", tmp_path / "digits.safetensors", tmp_path / "x.npy")[2]
    assert "values up to 16; the model was trained on 0 to 1, from 0 to 16" in told
    assert "--divide-by 16" in told
    model = nn.models.load_model(rows)
    model.preparation = Arrays((2,), divide_by=10, low=0, high=1)
    model.save(tmp_path / "tens.safetensors")
    path.write_text("10,0\n")
    assert (
        "class 1  probability 0.9933"
        in run(capsys, "predict", tmp_path / "tens.safetensors", path)[1]
    )
    path.write_text("100,0\n")
    told = run(capsys, "predict", tmp_path / "tens.safetensors", path)[2]
    assert "values up to 10; the model was trained on 0 to 1." in told

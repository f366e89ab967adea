"""Pictures, and Datasets of folders and time series, against Keras's numbers."""

import io
import json
from pathlib import Path

import numpy as np
import pytest

import neurona as nn
from neurona.data import (
    array_to_img,
    audio_dataset_from_directory,
    image_dataset_from_directory,
    img_to_array,
    load_img,
    save_img,
    smart_resize,
    text_dataset_from_directory,
    timeseries_dataset_from_array,
)
from neurona.errors import ArgumentError, DataError, FormatError, MissingDataError

KNOWN = json.loads(Path(__file__).with_name("keras_files.json").read_text())
IMAGE = np.array(KNOWN["image"], np.float32)


# --- pictures --------------------------------------------------------------------------------


@pytest.mark.parametrize("case", KNOWN["resized"], ids=str)
def test_smart_resize(case):
    size, interpolation, batch, expected = case
    x = IMAGE[None].repeat(2, axis=0) if batch else IMAGE
    found = smart_resize(x, tuple(size), interpolation)
    assert isinstance(found, np.ndarray)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)
    first = smart_resize(np.moveaxis(x, -1, -3), size, interpolation, "channels_first")
    np.testing.assert_allclose(np.moveaxis(first, -3, -1), found, rtol=1e-5, atol=1e-4)
    assert isinstance(smart_resize(nn.tensor(x), size), nn.Tensor)


@pytest.mark.parametrize("case", KNOWN["loaded"], ids=str)
def test_load_img(tmp_path, case):
    arguments, expected = case
    save_img(tmp_path / "a.png", IMAGE, scale=False)
    found = img_to_array(load_img(tmp_path / "a.png", **arguments))
    assert found.dtype == np.float32
    assert found.tolist() == expected
    content = io.BytesIO((tmp_path / "a.png").read_bytes())
    assert img_to_array(load_img(content, **arguments)).tolist() == expected


@pytest.mark.parametrize("case", KNOWN["pictures"], ids=lambda c: str(c[0]))
def test_array_to_img(case):
    arguments, x, mode, expected = case
    picture = array_to_img(x, **arguments)
    assert picture.mode == mode
    assert np.asarray(picture).tolist() == expected


def test_save_img(tmp_path):
    rgba = np.concatenate([IMAGE, np.full((7, 10, 1), 255.0)], axis=-1)
    with pytest.warns(UserWarning, match="JPEG has no transparency"):
        save_img(tmp_path / "a.jpg", rgba, scale=False, quality=95)
    assert load_img(tmp_path / "a.jpg").size == (10, 7)
    out = io.BytesIO()
    save_img(out, IMAGE, file_format="png", scale=False)
    assert img_to_array(load_img(io.BytesIO(out.getvalue()))).tolist() == IMAGE.tolist()
    assert img_to_array(IMAGE[..., 0]).shape == (7, 10, 1)
    assert img_to_array(IMAGE, "channels_first", "uint8").shape == (3, 7, 10)
    assert img_to_array(IMAGE[..., 0], "channels_first").shape == (1, 7, 10)


def test_pictures_errors(tmp_path):
    with pytest.raises(DataError, match="a picture has two or three axes"):
        img_to_array(np.zeros(3))
    with pytest.raises(DataError, match="an image has three axes"):
        array_to_img(np.zeros((2, 2)))
    with pytest.raises(DataError, match="1, 3 or 4 channels") as caught:
        array_to_img(np.zeros((3, 2, 2)))
    assert "channels_first" in str(caught.value)
    with pytest.raises(DataError, match="takes an image or a batch"):
        smart_resize(np.zeros((2, 2)), (1, 1))
    with pytest.raises(ArgumentError, match="size is height and width"):
        smart_resize(IMAGE, 3)
    with pytest.raises(ArgumentError, match="unknown color_mode"):
        load_img("x", "red")
    with pytest.raises(ArgumentError, match="unknown data_format"):
        img_to_array(IMAGE, "last")
    with pytest.raises(MissingDataError, match="no such file"):
        load_img(tmp_path / "x.png")
    (tmp_path / "x.png").write_bytes(b"no image")
    with pytest.raises(FormatError, match="the image cannot be read"):
        load_img(tmp_path / "x.png")
    save_img(tmp_path / "large.png", np.zeros((3000, 3000, 1)), scale=False)
    with pytest.raises(FormatError, match=r"the image is too large. Got 3000 x 3000 pixels"):
        load_img(tmp_path / "large.png")


# --- folders ---------------------------------------------------------------------------------


def put_texts(root):
    for number in range(23):
        place = root / f"class_{number % 3}" / ("deep" if number % 5 == 0 else "")
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number:02}.txt").write_text(f"text {number}")
    (root / ".hidden").mkdir()
    return root


def put_images(root, classes=("cat", "dog"), count=5):
    for number, name in enumerate(classes):
        (root / name).mkdir(parents=True)
        for place in range(count):
            shade = np.full((6 + number, 8, 3), 40.0 * number + place)
            save_img(root / name / f"{place}.png", shade, scale=False)
    return root


@pytest.mark.parametrize("case", KNOWN["folders"], ids=lambda c: str(c[:4]))
def test_files_come_in_keras_order(tmp_path, case):
    shuffle, seed, split, subset, names, labels = case
    data = text_dataset_from_directory(
        put_texts(tmp_path), shuffle=shuffle, seed=seed, validation_split=split, subset=subset,
        verbose=False,
    )  # fmt: skip
    assert [Path(path).name for path in data.file_paths] == names
    assert data.class_names == ["class_0", "class_1", "class_2"]
    texts = [text for batch, _ in data for text in batch.numpy()]
    found = [label for _, batch in data for label in batch.tolist()]
    if not shuffle:
        assert texts == [f"text {int(name[:2])}" for name in names]
        assert found == labels
    assert sorted(found) == sorted(labels)


def test_images(tmp_path, capsys):
    put_images(tmp_path)
    data = image_dataset_from_directory(tmp_path, image_size=(6, 8), batch_size=4, shuffle=False)
    assert capsys.readouterr().out == "Found 10 files belonging to 2 classes.\n"
    assert (len(data), data.class_names) == (3, ["cat", "dog"])
    images, labels = next(iter(data))
    assert images.shape == (4, 6, 8, 3)
    assert images.dtype == np.float32
    assert labels.dtype == np.int32
    assert images.numpy()[:, 0, 0, 0].tolist() == [0, 1, 2, 3]
    assert [label.tolist() for _, label in data] == [[0] * 4, [0, 1, 1, 1], [1, 1]]
    assert data.class_names[labels[0]] == "cat"
    assert data.map(lambda x, y: x).take(2).class_names == ["cat", "dog"]


def test_orders_of_images(tmp_path):
    put_images(tmp_path)
    data = image_dataset_from_directory(
        tmp_path, image_size=4, batch_size=10, seed=1, verbose=False
    )
    first, second = [next(iter(data))[1].tolist() for _ in range(2)]
    assert first != second
    data.epoch = 0
    assert next(iter(data))[1].tolist() == first
    train, val = image_dataset_from_directory(
        tmp_path, validation_split=0.2, subset="both", seed=0, verbose=False
    )
    assert len(train.file_paths) == 8
    assert not set(train.file_paths) & set(val.file_paths)
    assert next(iter(val))[1].tolist() == next(iter(val))[1].tolist()


def test_labels_of_images(tmp_path, capsys):
    put_images(tmp_path)

    def first(**arguments):
        return next(iter(image_dataset_from_directory(tmp_path, shuffle=False, **arguments)))

    assert first(label_mode="binary")[1].tolist() == [[0.0]] * 5 + [[1.0]] * 5
    assert first(label_mode="categorical")[1].tolist() == [[1.0, 0.0]] * 5 + [[0.0, 1.0]] * 5
    assert first(label_mode=None).shape == (10, 256, 256, 3)
    assert first(labels=None).shape == (10, 256, 256, 3)
    assert "Found 10 files.\n" in capsys.readouterr().out
    assert first(labels=list(range(10)))[1].tolist() == list(range(10))
    assert first(class_names=["dog", "cat"])[1].tolist() == [0] * 5 + [1] * 5
    assert first(color_mode="grayscale", image_size=(5, 4))[0].shape == (10, 5, 4, 1)
    assert first(color_mode="rgba", batch_size=None)[0].shape == (256, 256, 4)
    assert first(data_format="channels_first", image_size=(5, 4))[0].shape == (10, 3, 5, 4)
    cropped = first(crop_to_aspect_ratio=True, image_size=(3, 3))[0]
    padded = first(pad_to_aspect_ratio=True, image_size=(8, 8))[0]
    assert cropped.numpy()[3, 0, 0].tolist() == [3, 3, 3]
    assert padded.numpy()[3, 0, 0].tolist() == [0, 0, 0]


def test_models_learn_from_folders(tmp_path):
    put_images(tmp_path)
    data = image_dataset_from_directory(tmp_path, image_size=(4, 4), seed=0, verbose=False)
    data = data.map(lambda x, y: (x / 255, y)).cache().shuffle(10).prefetch(nn.data.AUTOTUNE)
    model = nn.Sequential([nn.layers.Flatten(), nn.layers.Dense(2, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    history = model.fit(data, validation_data=data, epochs=2, verbose=0)
    assert len(history.history["val_accuracy"]) == 2
    assert model.predict(data, verbose=0).shape == (10, 2)


def test_texts(tmp_path):
    put_texts(tmp_path)
    data = text_dataset_from_directory(tmp_path, max_length=3, shuffle=False, verbose=False)
    texts, _ = next(iter(data))
    assert set(texts.numpy()) == {"tex"}
    (tmp_path / "class_0" / "03.txt").write_bytes(b"ab\xc3\xa9")
    cut = text_dataset_from_directory(tmp_path, max_length=3, shuffle=False, verbose=False)
    assert next(iter(cut))[0][0] == "ab"
    (tmp_path / "class_0" / "03.txt").write_bytes(b"ab\xff\xa9 and on")
    with pytest.raises(FormatError, match=r"no text of UTF-8. Got byte 0xff"):
        next(iter(text_dataset_from_directory(tmp_path, shuffle=False, verbose=False)))


def test_models_learn_from_texts(tmp_path):
    data = text_dataset_from_directory(put_texts(tmp_path), batch_size=8, seed=0, verbose=False)
    words = nn.layers.TextVectorization(max_tokens=30, output_sequence_length=4)
    words.adapt(data.map(lambda x, y: x))
    assert "text" in words.get_vocabulary()
    numbers = data.map(lambda x, y: (words(x), y))
    x, _ = next(iter(numbers))
    assert x.shape == (8, 4)
    model = nn.Sequential(
        [nn.layers.Embedding(30, 4), nn.layers.GlobalAveragePooling1D(), nn.layers.Dense(3)]
    )
    loss = nn.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss)
    model.fit(numbers, validation_data=numbers, epochs=2, verbose=0)
    whole = nn.Sequential([words, model])
    whole.compile("adam", loss)
    np.testing.assert_allclose(
        whole.evaluate(data, verbose=0), model.evaluate(numbers, verbose=0), rtol=1e-5
    )


def test_sounds(tmp_path):
    for name, count in (("a", 30), ("b", 50)):
        (tmp_path / name).mkdir()
        nn.data.sound.write_sound(tmp_path / name / "x.wav", np.full(count, 0.5), 8000)
    data = audio_dataset_from_directory(tmp_path, shuffle=False, verbose=False)
    sounds, labels = next(iter(data))
    assert sounds.shape == (2, 50, 1)
    assert sounds.numpy()[0, 28:32, 0].tolist() == [0.5, 0.5, 0, 0]
    assert labels.tolist() == [0, 1]

    def shape(**arguments):
        found = audio_dataset_from_directory(tmp_path, shuffle=False, verbose=False, **arguments)
        return next(iter(found))[0].shape

    assert shape(output_sequence_length=40) == (2, 40, 1)
    assert shape(sampling_rate=4000) == (2, 25, 1)
    assert shape(batch_size=None) == (30, 1)
    with pytest.raises(ArgumentError, match="rows have one length"):
        audio_dataset_from_directory(tmp_path, ragged=True)


def test_folders_errors(tmp_path):
    put_images(tmp_path / "in")

    def refused(error, message, folder="in", **arguments):
        with pytest.raises(error, match=message):
            image_dataset_from_directory(tmp_path / folder, **arguments)

    refused(MissingDataError, "no such folder", folder="out")
    (tmp_path / "empty" / "class").mkdir(parents=True)
    refused(MissingDataError, "there are no images in the folder", folder="empty")
    refused(ArgumentError, "labels are found in the folder", labels="guessed")
    refused(ArgumentError, "class_names are those of folders", labels=None, class_names=["cat"])
    refused(ArgumentError, "class_names must be folders", class_names=["cow"])
    refused(ArgumentError, "unknown label_mode", label_mode="one")
    refused(ArgumentError, "validation_split and subset come together", validation_split=0.2)
    refused(ArgumentError, "validation_split and subset come together", subset="training")
    refused(ArgumentError, "unknown subset", subset="test", validation_split=0.2)
    refused(ArgumentError, "out of range", subset="both", validation_split=1.2)
    refused(ArgumentError, "needs a seed", subset="both", validation_split=0.2)
    refused(
        DataError, "leaves nothing for one of the parts", subset="both", validation_split=0.01,
        seed=1,
    )  # fmt: skip
    refused(DataError, "not one label for each file. Got 2 labels, 10 files", labels=[1, 2])
    refused(ArgumentError, "not resized by 'area' here", interpolation="area")
    refused(ArgumentError, "unknown interpolation", interpolation="x")
    refused(ArgumentError, "cropped or padded", crop_to_aspect_ratio=True, pad_to_aspect_ratio=True)
    refused(ArgumentError, "unknown format", format="torch")
    refused(ArgumentError, "batch_size is too small", batch_size=0)
    put_images(tmp_path / "three", ("a", "b", "c"), 1)
    refused(DataError, "needs two classes. Got a, b, c", folder="three", label_mode="binary")
    (tmp_path / "in" / "cat" / "0.png").write_bytes(b"no image")
    with pytest.raises(FormatError, match=r"0.png: the image cannot be read"):
        list(image_dataset_from_directory(tmp_path / "in", verbose=False))


# --- time series -----------------------------------------------------------------------------


def test_windows_as_in_keras_documentation():
    data = timeseries_dataset_from_array(np.arange(99), None, 10, 3, 2, shuffle=False)
    windows = next(iter(data)).numpy()
    assert windows[0].tolist() == [0, 2, 4, 6, 8, 10, 12, 14, 16, 18]
    assert windows[1].tolist() == [3, 5, 7, 9, 11, 13, 15, 17, 19, 21]
    assert windows[-1].tolist() == [78, 80, 82, 84, 86, 88, 90, 92, 94, 96]
    steps = np.arange(100)
    data = timeseries_dataset_from_array(steps[:-10], steps[10:], sequence_length=10)
    inputs, targets = next(iter(data))
    assert np.array_equal(inputs[0], steps[:10])
    assert targets[0].item() == steps[10]


def test_windows():
    steps = np.arange(40).reshape(20, 2)
    data = timeseries_dataset_from_array(
        steps, steps[:, 0], 3, batch_size=4, start_index=5, end_index=12
    )
    batches = [(x.numpy(), y.tolist()) for x, y in data]
    assert [len(y) for _, y in batches] == [4, 1]
    assert batches[0][0][0].tolist() == steps[5:8].tolist()
    assert batches[0][1] == [10, 12, 14, 16]
    shuffled = timeseries_dataset_from_array(steps, None, 3, shuffle=True, seed=0, batch_size=18)
    first, second = (next(iter(shuffled)).numpy()[:, 0, 0].tolist() for _ in range(2))
    assert first != second
    assert sorted(first) == steps[:18, 0].tolist()
    assert next(iter(timeseries_dataset_from_array(steps, None, 3, batch_size=None))).shape == (
        3,
        2,
    )
    for arguments, error, message in (
        ((steps, None, 30), DataError, "shorter than a window. Got 20 steps; expected 30 steps"),
        ((steps, [], 3), DataError, "shorter than a window. Got 20 steps, 0 targets"),
        ((steps, None, 3, 0), ArgumentError, "sequence_stride is too small"),
        ((steps, None, 3, 1, 20), ArgumentError, "sampling_rate is too large"),
        ((steps, None, 3, 1, 1, 2, False, None, 8, 5), ArgumentError, "end_index lies behind"),
        ((3, None, 1), DataError, "a time series has steps"),
    ):
        with pytest.raises(error, match=message):
            timeseries_dataset_from_array(*arguments)

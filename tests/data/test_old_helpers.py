"""Helpers of old courses against Keras's numbers, draw for draw."""

import json
import os
import random
import warnings
from pathlib import Path

import numpy as np
import pytest

import neurona as nn
from neurona.data.old.moves import numpy_random
from neurona.errors import (
    ArgumentError,
    DataError,
    FormatError,
    IndexRangeError,
    MissingDataError,
    StateError,
)
from neurona.preprocessing import image, sequence, text
from neurona.preprocessing.image import ImageDataGenerator

KNOWN = json.loads(Path(__file__).with_name("keras_old.json").read_text())
TEXTS, MORE = KNOWN["texts"], KNOWN["more"]
IMAGE = np.array(KNOWN["image"], np.float32)
X, Y = np.array(KNOWN["x"], np.float32), np.array([0, 1, 0, 1, 1, 0, 1])


# --- words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("known", KNOWN["words"], ids=lambda k: str(k["arguments"]))
def test_tokenizer(known):
    words = text.Tokenizer(**known["arguments"])
    words.fit_on_texts(TEXTS)
    config = words.get_config()
    for name, value in known["config"].items():
        if isinstance(value, str) and value[:1] == "{":  # in any order where Keras has sets
            assert json.loads(config[name]) == json.loads(value), name
        else:
            assert config[name] == value, name
    assert list(words.word_index) == list(json.loads(known["config"]["word_index"]))
    numbers = words.texts_to_sequences(MORE)
    assert numbers == known["numbers"]
    assert words.sequences_to_texts([*numbers, [1, 3, 99]]) == known["texts"]
    for mode, matrix in known["matrices"].items():
        np.testing.assert_allclose(words.texts_to_matrix(MORE, mode), matrix, rtol=1e-5)
    again = text.tokenizer_from_json(words.to_json())
    assert again.texts_to_sequences(MORE) == numbers
    assert again.get_config() == config
    np.testing.assert_array_equal(
        again.texts_to_matrix(MORE, "tfidf"), words.texts_to_matrix(MORE, "tfidf")
    )
    again.fit_on_texts(["cat"])  # goes on counting


def test_words():
    assert text.text_to_word_sequence("A b, c!") == ["a", "b", "c"]
    assert text.text_to_word_sequence("A-b", filters="", lower=False, split="-") == ["A", "b"]
    assert text.hashing_trick(TEXTS[0], 50, "md5") == KNOWN["hashed"]
    numbers = text.one_hot("a b a", 20)
    assert numbers[0] == numbers[2]
    assert all(0 < n < 20 for n in numbers)
    assert text.hashing_trick("a b", 9, len, analyzer=list) == [2, 2, 2]
    words = text.Tokenizer(analyzer=lambda x: x.split("-"))
    words.fit_on_texts(["a-b-a"])
    assert words.texts_to_sequences(["b-a-c"]) == [[2, 1]]
    counted = text.Tokenizer(num_words=5)
    counted.fit_on_sequences([[1, 2], [2]])
    assert counted.sequences_to_matrix([[2]], "tfidf")[0, 2] == pytest.approx(np.log(1 + 2 / 3))
    with pytest.warns(UserWarning, match="nb_words is num_words now"):
        assert text.Tokenizer(nb_words=3).num_words == 3


def test_words_errors():
    with pytest.raises(ArgumentError, match=r"takes a list of texts. Got one text"):
        text.Tokenizer().fit_on_texts("one text")
    with pytest.raises(StateError, match="the number of words is not known yet"):
        text.Tokenizer().sequences_to_matrix([[1]])
    with pytest.raises(StateError, match="tfidf counts texts"):
        text.Tokenizer(5).sequences_to_matrix([[1]], "tfidf")
    with pytest.raises(ArgumentError, match="unknown mode"):
        text.Tokenizer(5).sequences_to_matrix([[1]], "counts")
    with pytest.raises(ArgumentError, match="n is too small"):
        text.one_hot("a", 1)
    good = text.Tokenizer().to_json()
    for wrong in ("[]", "{}", good.replace("num_words", "words"), good.replace('"{}"', '"[]"', 1)):
        with pytest.raises(FormatError, match="this is no Tokenizer"):
            text.tokenizer_from_json(wrong)


# --- sequences ------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", KNOWN["pairs"], ids=lambda c: str(c[1])[:60])
def test_skipgrams(case):
    numbers, arguments, (couples, labels) = case
    random.seed(5)
    found = sequence.skipgrams(numbers, 9, **arguments)
    assert [list(found[0]), list(found[1])] == [couples, labels]


def test_sampling_table():
    np.testing.assert_allclose(sequence.make_sampling_table(20), KNOWN["table"], rtol=1e-5)
    assert sequence.skipgrams([0, 0], 5) == ([], [])


@pytest.mark.parametrize("case", KNOWN["series"], ids=lambda c: str(c[0]))
def test_timeseries_generator(case):
    arguments, batches = case
    steps = np.arange(40).reshape(20, 2)
    made = sequence.TimeseriesGenerator(steps, steps[:, 1], **arguments)
    assert [[part.tolist() for part in made[i]] for i in range(len(made))] == batches
    assert json.loads(made.to_json())["config"]["length"] == arguments["length"]
    assert len(list(made)) == len(batches)


def test_timeseries_generator_at_random():
    made = sequence.TimeseriesGenerator(range(50), range(50), 5, shuffle=True, batch_size=8)
    numpy_random().seed(0)
    x, y = made[0]
    assert (x[:, -1] + 1 == y).all()
    with pytest.raises(DataError, match=r"each step of a series has a target. Got 3 steps, 2"):
        sequence.TimeseriesGenerator([1, 2, 3], [1, 2], 1)
    with pytest.raises(ArgumentError, match="no step has a whole window before it"):
        sequence.TimeseriesGenerator([1, 2, 3], [1, 2, 3], 3)


# --- images ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", KNOWN["images"], ids=lambda c: str(c[:3]))
def test_moves(case):
    mode, order, moves, expected = case
    made = ImageDataGenerator(fill_mode=mode, cval=7.0, interpolation_order=order)
    found = made.apply_transform(IMAGE, moves)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=2e-3)
    first = ImageDataGenerator(
        fill_mode=mode, cval=7.0, interpolation_order=order, data_format="channels_first"
    )
    moved = first.apply_transform(IMAGE.transpose(2, 0, 1), moves)
    np.testing.assert_array_equal(moved.transpose(1, 2, 0), found)


@pytest.mark.parametrize("case", KNOWN["colours"], ids=lambda c: str(c[0]))
def test_colours(case):
    given, expected = case
    found = ImageDataGenerator().apply_transform(IMAGE, given)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-3)


def test_brightness_beyond_the_range():
    found = image.apply_brightness_shift(IMAGE - 100, 0.5, False)
    np.testing.assert_allclose(found, KNOWN["beyond"], rtol=1e-4, atol=1e-3)


def test_images_that_are_no_squares_move_about_their_middle():
    x = np.zeros((5, 9, 1), np.float32)
    x[2, 4] = 1
    made = ImageDataGenerator(fill_mode="constant", height_shift_range=[1])
    assert made.apply_transform(x, {"theta": 90, "zx": 1.5, "zy": 1.5})[2, 4, 0] == 1
    numpy_random().seed(0)
    assert abs(made.get_random_transform(x.shape)["ty"]) == 1  # rows, as the name says
    assert made.apply_transform(x, {"ty": 1})[1, 4, 0] == 1
    assert made.apply_transform(x, {"tx": 1})[2, 3, 0] == 1


@pytest.mark.parametrize("case", KNOWN["flows"], ids=lambda c: str(c[0])[:60])
def test_flows(case):
    arguments, batches = case
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of settings that go along; see below
        made = ImageDataGenerator(**arguments)
    if "featurewise_center" in arguments or "zca_whitening" in arguments:
        made.fit(X, seed=2)
    flow = made.flow(X, Y, batch_size=3, shuffle=True, seed=4)
    found = [flow[i] for i in range(len(flow))] + [next(flow) for _ in range(2)]
    for (x, y), (known_x, known_y) in zip(found, batches, strict=True):
        assert y.tolist() == known_y
        np.testing.assert_allclose(x, known_x, rtol=1e-3, atol=5e-3)


def test_draws():
    made = ImageDataGenerator(
        rotation_range=9, width_shift_range=0.2, height_shift_range=[1, 3], shear_range=5,
        zoom_range=[0.5, 2], channel_shift_range=7, brightness_range=(0.1, 0.9),
        horizontal_flip=True,
    )  # fmt: skip
    found = made.get_random_transform((6, 10, 3), seed=11)
    expected = dict(KNOWN["drawn"])
    expected["tx"], expected["ty"] = expected["ty"], expected["tx"]  # see image_generator.py
    assert {key: float(value) for key, value in found.items()} == pytest.approx(expected, rel=1e-4)


def put_images(root):
    for number in range(13):
        (root / f"class_{number % 2}").mkdir(exist_ok=True, parents=True)
        shade = np.full((5 + number % 2, 6, 3), 10.0 * number)
        image.save_img(root / f"class_{number % 2}" / f"{number:02}.png", shade, scale=False)
    return root


@pytest.mark.parametrize("case", KNOWN["folders"], ids=lambda c: str(c[0])[:60])
def test_folders(tmp_path, case, capsys):
    arguments, filenames, indices, batch = case
    made = ImageDataGenerator(rescale=1 / 255, validation_split=0.4)
    flow = made.flow_from_directory(
        put_images(tmp_path), target_size=(4, 4), batch_size=4, **arguments
    )
    told = f"Found {len(filenames)} images belonging to {len(indices)} classes.\n"
    assert capsys.readouterr().out == told
    assert flow.filenames == filenames
    assert flow.class_indices == indices
    found = flow[0]
    found = found if isinstance(found, tuple) else (found,)
    for part, known in zip(found, batch, strict=True):
        np.testing.assert_allclose(part, known, rtol=1e-4, atol=1e-5)
    assert flow.samples == flow.n == len(filenames)


def test_tables(tmp_path, capsys):
    put_images(tmp_path)
    names = [f"class_{n % 2}/{n:02}.png" for n in range(6)] + ["gone.png", "class_0/x.txt"]
    table = {
        "file": names, "kind": ["a", "b", "a", "b", "c", "a", "a", "a"],
        "tags": [["a"], ["b", "c"], ["a"], [], ["c"], ["a"], ["a"], ["a"]],
        "age": [1.5, 2, 3, 4, 5, 6, 7, 8], "weight": [1.0] * 8,
    }  # fmt: skip
    made = ImageDataGenerator()

    def flow(**arguments):
        with pytest.warns(UserWarning, match="2 files of the column 'file' are no images"):
            return made.flow_from_dataframe(
                table, tmp_path, "file", target_size=(4, 4), shuffle=False, **arguments
            )

    found = flow(y_col="kind", class_mode="sparse", weight_col="weight")
    assert "Found 6 validated image filenames belonging to 3 classes." in capsys.readouterr().out
    assert found.class_indices == {"a": 0, "b": 1, "c": 2}
    x, y, weight = found[0]
    assert (x.shape, y.tolist(), weight.tolist()) == ((6, 4, 4, 3), [0, 1, 0, 1, 2, 0], [1] * 6)
    assert flow(y_col="kind", classes=["b", "a"])[0][1].tolist() == [[0, 1], [1, 0]] * 2 + [[0, 1]]
    several = flow(y_col="tags")
    assert several[0][1].tolist() == [[1, 0, 0], [0, 1, 1], [1, 0, 0], [0, 0, 1], [1, 0, 0]]
    assert flow(y_col="age", class_mode="raw")[0][1].tolist() == [1.5, 2, 3, 4, 5, 6]
    assert flow(y_col=["age", "weight"], class_mode="raw")[0][1].shape == (6, 2)
    outputs = flow(y_col=["age", "weight"], class_mode="multi_output")[0][1]
    assert [output.tolist() for output in outputs] == [[1.5, 2, 3, 4, 5, 6], [1] * 6]
    assert flow(class_mode=None)[0].shape == (6, 4, 4, 3)
    with pytest.raises(DataError, match="classes are texts"):
        flow(y_col="age", class_mode="sparse")
    with pytest.raises(DataError, match=r'class_mode="binary" needs two classes. Got 3 classes'):
        flow(y_col="kind", class_mode="binary")
    with pytest.raises(ArgumentError, match='class_mode="multi_output" takes columns'):
        made.flow_from_dataframe(table, tmp_path, "file", "age", class_mode="multi_output")
    with pytest.raises(DataError, match="file names are texts"):
        made.flow_from_dataframe(table, tmp_path, "age")
    with pytest.raises(TypeError, match="no argument 'x'"):
        made.flow_from_dataframe(table, x=1)


def test_models_learn_from_flows(tmp_path):
    put_images(tmp_path)
    made = ImageDataGenerator(rescale=1 / 255, validation_split=0.4, horizontal_flip=True)
    flows = [
        made.flow_from_directory(
            tmp_path, target_size=(4, 4), batch_size=4, class_mode="binary", subset=subset
        )
        for subset in ("training", "validation")
    ]
    model = nn.Sequential([nn.layers.Flatten(), nn.layers.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy", ["accuracy"])
    history = model.fit(flows[0], validation_data=flows[1], epochs=3, verbose=0)
    assert len(history.history["val_loss"]) == 3
    endless = made.flow(X, Y, batch_size=2)
    model = nn.Sequential([nn.layers.Flatten(), nn.layers.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy")
    assert len(model.fit(endless, steps_per_epoch=5, epochs=2, verbose=0).epoch) == 2
    assert model.predict(made.flow(X, batch_size=2, shuffle=False), verbose=0).shape == (7, 1)


def test_iterators(tmp_path):
    made = ImageDataGenerator(validation_split=0.3)
    flow = made.flow(X, Y, 3, shuffle=False, save_to_dir=tmp_path / "seen", save_prefix="a")
    assert [len(x) for x, _ in (next(flow) for _ in range(4))] == [3, 3, 1, 3]
    flow.reset()
    assert len(flow.next()[0]) == 3
    assert len(os.listdir(tmp_path / "seen")) > 5
    assert next(made.flow((X, Y), Y, 3))[0][1].shape == (3,)
    assert len(next(made.flow(X, Y, 3, sample_weight=Y * 1.0))) == 3
    assert made.flow(X, subset="validation").n == 2
    assert made.flow(X, Y, subset="training").n == 5
    with pytest.raises(IndexRangeError, match=r"no such batch. Got 3; expected 0 to 2"):
        flow[3]
    with pytest.raises(DataError, match="different classes"):
        made.flow(X, [0, 0, 0, 1, 1, 1, 1], subset="training")
    with pytest.raises(DataError, match=r"of one number. Got 7 images, and 6"):
        made.flow(X, Y[:6])
    with pytest.raises(DataError, match=r"images have four axes"):
        made.flow(X[..., 0], Y)
    with pytest.raises(MissingDataError, match="no such folder"):
        made.flow_from_directory(tmp_path / "gone")
    with pytest.raises(ArgumentError, match="unknown class_mode"):
        made.flow_from_directory(tmp_path, class_mode="many")
    with pytest.raises(ArgumentError, match="unknown subset"):
        made.flow(X, subset="test")
    with pytest.raises(NotImplementedError, match="Iterator gives no batches"):
        next(image.Iterator(3, 2, False, None))


def test_generator_arguments():
    for setting, along in (
        ("featurewise_std_normalization", "featurewise_center"),
        ("samplewise_std_normalization", "samplewise_center"),
        ("zca_whitening", "featurewise_center"),
    ):
        with pytest.warns(UserWarning, match=f"{setting} sets {along} too"):
            assert getattr(ImageDataGenerator(**{setting: True}), along)
    with pytest.warns(UserWarning, match="takes the place of featurewise_std_normalization"):
        ImageDataGenerator(
            featurewise_center=True, zca_whitening=True, featurewise_std_normalization=True
        )
    with pytest.warns(UserWarning, match="featurewise_center has no effect before fit"):
        ImageDataGenerator(featurewise_center=True).standardize(X[0].copy())
    made = ImageDataGenerator(preprocessing_function=lambda x: x + 1, rescale=2)
    assert made.standardize(np.ones((2, 2, 1))).tolist() == (np.ones((2, 2, 1)) * 4).tolist()
    for arguments, message in (
        ({"zoom_range": [1, 2, 3]}, "a range is two numbers"),
        ({"brightness_range": 0.5}, "a range is two numbers"),
        ({"fill_mode": "mirror"}, "unknown fill_mode"),
        ({"validation_split": 2}, "validation_split is between 0 and 1"),
        ({"interpolation_order": 3}, "interpolation_order is 0, the nearest pixel, or 1"),
        ({"data_format": "last"}, "unknown data_format"),
    ):
        with pytest.raises(ArgumentError, match=message):
            ImageDataGenerator(**arguments)
    with pytest.raises(DataError, match="fit takes images"):
        made.fit(X[0])


def test_functions_of_one_image():
    for function, arguments in (
        (image.random_rotation, (40,)), (image.random_shift, (0.2, 0.3)),
        (image.random_shear, (20,)), (image.random_zoom, ((0.5, 1.5),)),
    ):  # fmt: skip
        numpy_random().seed(3)
        found = function(IMAGE, *arguments, row_axis=0, col_axis=1, channel_axis=2)
        assert found.shape == IMAGE.shape
        assert not np.array_equal(found, IMAGE)
    assert np.array_equal(image.random_zoom(IMAGE, (1, 1), 0, 1, 2), IMAGE)
    assert image.random_channel_shift(IMAGE, 20).max() <= IMAGE.max()
    assert image.random_brightness(IMAGE, (0.1, 0.2)).mean() < IMAGE.mean()
    with pytest.raises(DataError, match="an image has three axes"):
        image.apply_affine_transform(IMAGE[0])
    with pytest.raises(ArgumentError, match="channels first or last"):
        image.apply_affine_transform(IMAGE, row_axis=0, col_axis=2, channel_axis=1)
    with pytest.raises(ArgumentError, match="order 0, the nearest pixel, or 1"):
        image.apply_affine_transform(IMAGE, order=3)

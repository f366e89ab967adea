"""Text in models: looked up before the step, from all that data may come as."""

import copy

import numpy as np
import pytest

import neurona as nn
from neurona import layers
from neurona.errors import (
    ArgumentError,
    DataError,
    DtypeError,
    FormatError,
    MissingDataError,
    ShapeError,
    StateError,
)
from neurona.nn.description import describe, rebuild

TEXTS = ["The cat sat.", "the dog sat down", "A cat ran!", "dogs don't run"] * 3
LABELS = np.arange(12) % 2


def adapted(**kwargs):
    layer = layers.TextVectorization(max_tokens=20, **kwargs)
    layer.adapt(TEXTS)
    return layer


def classifier(layer, first=()):
    model = nn.Sequential(
        [
            *first,
            layer,
            layers.Embedding(20, 4, mask_zero=True),
            layers.GlobalAveragePooling1D(),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


# --- TextVectorization -----------------------------------------------------------------------


def test_frequent_words_come_first_and_of_equal_ones_the_last():
    assert adapted().get_vocabulary()[:6] == ["", "[UNK]", "the", "sat", "cat", "run"]


@pytest.mark.parametrize(
    ("kwargs", "words"),
    [
        ({"standardize": "lower"}, ["a-b,", "é", "c!"]),
        ({"standardize": "strip_punctuation"}, ["Ab", "é", "C"]),
        ({"standardize": None}, ["A-b,", "é", "C!"]),
        ({"split": "character", "standardize": None}, list("A-b, é\tC!")),
        ({"split": None}, ["ab é\tc"]),
        ({"ngrams": 2}, ["ab", "é", "c", "ab é", "é c"]),
        ({"ngrams": (2,)}, ["ab é", "é c"]),
        ({"standardize": np.char.upper}, ["A-B,", "É", "C!"]),
        ({"split": lambda x: [s.split(",") for s in np.asarray(x)]}, ["ab é\tc"]),
    ],
)
def test_words_of_a_text(kwargs, words):
    layer = layers.TextVectorization(**kwargs)
    assert layer.words(np.array(["A-b, é\tC!"], object)) == [words]


def test_ids_are_padded_and_cut():
    layer = layers.TextVectorization(vocabulary=["a", "b"])
    assert layer(["b", "a b c"]).tolist() == [[3, 0, 0], [2, 3, 1]]
    assert layer([["b"], ["a b c"]]).tolist() == [[3, 0, 0], [2, 3, 1]]
    assert layer("a b c").tolist() == [2, 3, 1]
    cut = layers.TextVectorization(vocabulary=["a", "b"], output_sequence_length=2)
    assert cut(["b", "a b c"]).tolist() == [[3, 0], [2, 3]]


def test_bags_of_words():
    texts = ["a b a", "c"]
    multi = layers.TextVectorization(vocabulary=["a", "b"], output_mode="multi_hot")
    assert multi(texts).tolist() == [[0.0, 1.0, 1.0], [1.0, 0.0, 0.0]]
    count = layers.TextVectorization(
        max_tokens=5, vocabulary=["a", "b"], output_mode="count", pad_to_max_tokens=True
    )
    assert count(texts).tolist() == [[0.0, 2.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0, 0.0]]
    idf = layers.TextVectorization(output_mode="tf_idf")
    idf.adapt(["a b a", "a"])
    weights = np.log([1 + 2 / 3, 1 + 2 / 2])  # of a, in both texts, and b
    expected = [[0.0, 2 * weights[0], weights[1]], [weights.mean(), 0.0, 0.0]]
    np.testing.assert_allclose(idf(texts).numpy(), expected, rtol=1e-6)


def test_a_vocabulary_from_a_file(tmp_path):
    (tmp_path / "words.txt").write_text("a\nb\n")
    layer = layers.TextVectorization(vocabulary=str(tmp_path / "words.txt"))
    assert layer.get_vocabulary() == ["", "[UNK]", "a", "b"]
    again = rebuild(describe(layer))  # without the file
    (tmp_path / "words.txt").unlink()
    assert again.get_vocabulary() == layer.get_vocabulary()
    with pytest.raises(MissingDataError, match="no such vocabulary file"):
        layers.TextVectorization(vocabulary=str(tmp_path / "words.txt"))


def test_a_description_does_not_name_a_file_to_be_read():
    found = describe(layers.StringLookup(vocabulary=["a"]))
    found["arguments"]["vocabulary"] = "/etc/hostname"
    with pytest.raises(FormatError, match="names a file of a vocabulary"):
        rebuild(found)
    found = describe(adapted())
    found["table"]["tokens"][0] = 3
    with pytest.raises(FormatError, match="vocabulary in a description is malformed"):
        rebuild(found)


def test_it_learns_from_batches_and_can_learn_anew():
    layer = layers.TextVectorization()
    layer.adapt(batch for batch in (["a a b"], ["b a"]))
    assert layer.get_vocabulary(include_special_tokens=False) == ["a", "b"]
    layer.adapt(iter([["c"], ["d"]]), steps=1)
    assert layer.get_vocabulary(include_special_tokens=False) == ["c"]
    layer.adapt(nn.data.batches(np.array(["e f", "f"]), np.arange(2), batch_size=1))
    assert layer.get_vocabulary(include_special_tokens=False) == ["f", "e"]
    assert layer.vocabulary_size() == 4


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.TextVectorization(output_mode="hot"), "unknown output_mode"),
        (lambda: layers.TextVectorization(split="word"), "unknown split"),
        (lambda: layers.TextVectorization(ragged=True), "no ragged tensors"),
        (lambda: layers.StringLookup(sparse=True, output_mode="count"), "no sparse tensors"),
        (
            lambda: layers.TextVectorization(output_mode="count", output_sequence_length=3),
            'output_sequence_length is for output_mode="int"',
        ),
        (lambda: layers.StringLookup(pad_to_max_tokens=True), "needs max_tokens"),
        (lambda: layers.StringLookup(invert=True, output_mode="count"), "invert is for"),
        (lambda: layers.StringLookup(vocabulary=["a", "a"]), "a token comes twice"),
        (lambda: layers.StringLookup(vocabulary=[]), "the vocabulary is empty"),
        (lambda: layers.StringLookup(vocabulary=["a", ""], mask_token=""), "special token stands"),
        (lambda: layers.StringLookup(2, vocabulary=["a", "b"]), "larger than max_tokens"),
        (
            lambda: layers.StringLookup(vocabulary=["a"], output_mode="tf_idf"),
            "idf_weights come with",
        ),
        (lambda: layers.StringLookup(vocabulary=[1]), "a vocabulary of another type"),
        (lambda: layers.StringLookup(vocabulary=3), "a vocabulary is a list, or the name"),
        (lambda: layers.StringLookup(idf_weights=[1.0]), "idf_weights come with a vocabulary"),
        (lambda: layers.IntegerLookup(salt=3), "a salt is for"),
        (lambda: layers.Hashing(3, salt=[1, 2, 3]), "a salt is one number or two"),
        (lambda: layers.HashedCrossing(3)([["a"]]), "takes a list of two features"),
    ],
)
def test_wrong_arguments_are_explained(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()


def test_wrong_data_are_explained():
    with pytest.raises(StateError, match="has no vocabulary"):
        layers.TextVectorization()(["a"])
    with pytest.raises(StateError, match="so its output no size"):
        layers.TextVectorization(output_mode="count")(nn.Input((1,), dtype="string"))
    with pytest.raises(StateError, match="has the vocabulary that it was given"):
        layers.StringLookup(vocabulary=["a"]).adapt(["b"])
    with pytest.raises(DataError, match="no tokens to learn"):
        layers.TextVectorization().adapt([" "])
    with pytest.raises(DataError, match="adapt takes an array"):
        layers.TextVectorization().adapt(3)
    with pytest.raises(DataError, match="a token is not in the vocabulary"):
        layers.StringLookup(num_oov_indices=0, vocabulary=["a"])(["b"])
    with pytest.raises(DataError, match=r"missing values. Got None at index \(1,\)"):
        layers.StringLookup(vocabulary=["a"])(np.array(["a", None], object))
    with pytest.raises(DtypeError, match="text and other things are mixed"):
        layers.StringLookup(vocabulary=["a"])(np.array(["a", 3], object))
    with pytest.raises(ShapeError, match="one text for each sample"):
        layers.TextVectorization(vocabulary=["a"])([["a", "b"]])
    with pytest.raises(ShapeError, match="one weight for each token"):
        layers.StringLookup(vocabulary=["a"], idf_weights=[1.0, 2.0], output_mode="tf_idf")
    with pytest.raises(DtypeError, match="takes ids"):
        layers.StringLookup(vocabulary=["a"], invert=True)(["a"])


# --- lookups ---------------------------------------------------------------------------------


def test_unknown_strings_share_some_ids():
    layer = layers.StringLookup(num_oov_indices=3, mask_token="", vocabulary=["a"])
    assert layer.get_vocabulary() == ["", "[UNK]", "[UNK]", "[UNK]", "a"]
    ids = layer(["", "a", "b", "c", "d"]).tolist()
    assert ids[:2] == [0, 4]
    assert set(ids[2:]) <= {1, 2, 3}
    bins = layers.Hashing(3)(["b", "c", "d"]).numpy()
    assert ids[2:] == (1 + bins).tolist()


def test_there_and_back():
    words = ["a", "b"]
    there, back = (
        layers.StringLookup(vocabulary=words),
        layers.StringLookup(vocabulary=words, invert=True),
    )
    assert back(there([["b", "?"], ["a", "b"]])).tolist() == [["b", "[UNK]"], ["a", "b"]]
    assert layers.IntegerLookup(vocabulary=[12, 36], invert=True)([[2, 0, 9]]).tolist() == [
        [36, -1, -1]
    ]


def test_the_mask_is_counted_nowhere():
    layer = layers.StringLookup(vocabulary=["a", "b"], mask_token="", output_mode="count")
    assert layer([["a", "", "a"], ["c", "", ""]]).tolist() == [[0.0, 2.0, 0.0], [1.0, 0.0, 0.0]]
    assert layers.StringLookup(vocabulary=["a", "b"], output_mode="one_hot")(["b"]).tolist() == [
        [0.0, 0.0, 1.0]
    ]


def test_it_learns_integers_and_rows_of_different_lengths():
    layer = layers.IntegerLookup(max_tokens=3)
    layer.adapt(np.array([[5, 5, 7], [7, 5, 9]]))
    assert layer.get_vocabulary() == [-1, 5, 7]
    words = layers.StringLookup()
    words.adapt([["a", "b"], ["b"]])
    assert words.get_vocabulary() == ["[UNK]", "b", "a"]


def test_a_setting_keeps_the_vocabulary():
    layer = layers.StringLookup(vocabulary=["a", "b"])
    layer.output_mode = "count"
    assert layer([["b", "b"]]).tolist() == [[0.0, 0.0, 2.0]]
    assert copy.deepcopy(layer).get_vocabulary() == layer.get_vocabulary()


# --- in models -------------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["list", "array", "column", "bytes", "objects"])
def test_fit_evaluate_and_predict_take_text(given):
    x = {
        "list": TEXTS,
        "array": np.array(TEXTS),
        "column": [[t] for t in TEXTS],
        "bytes": np.array([t.encode() for t in TEXTS]),
        "objects": np.array(TEXTS, object),
    }[given]
    nn.utils.set_random_seed(1)
    model = classifier(adapted(output_sequence_length=6))
    history = model.fit(x, LABELS, epochs=2, validation_split=0.25, verbose=0)
    assert set(history.history) == {"accuracy", "loss", "val_accuracy", "val_loss"}
    loss, _ = model.evaluate(x, LABELS, verbose=0)
    p = model.predict(x, verbose=0)
    np.testing.assert_allclose(loss, -np.log(np.where(LABELS, p[:, 0], 1 - p[:, 0])).mean(), 1e-5)
    np.testing.assert_array_equal(model.predict_on_batch(x), p)
    np.testing.assert_allclose(model(x).numpy(), p, rtol=1e-6)


def test_text_gives_what_its_ids_give():
    layer = adapted(output_sequence_length=6)
    nn.utils.set_random_seed(1)
    whole = classifier(layer)
    whole.fit(TEXTS, LABELS, epochs=2, validation_data=(TEXTS[:4], LABELS[:4]), verbose=0)
    nn.utils.set_random_seed(1)
    behind = nn.Sequential(whole.layers[1:])
    fresh = nn.models.clone_model(behind)
    fresh.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    ids = layer(TEXTS)
    fresh.fit(ids, LABELS, epochs=2, validation_data=(ids[:4], LABELS[:4]), verbose=0)
    for a, b in zip(whole.get_weights(), fresh.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_batches_of_text():
    nn.utils.set_random_seed(1)
    model = classifier(adapted(), first=[nn.Input((1,), dtype="string")])
    rows = [(np.array(TEXTS[:6]), LABELS[:6]), (np.array(TEXTS[6:]), LABELS[6:])]
    history = model.fit(rows, epochs=2, validation_data=rows, verbose=0)
    assert len(history.history["val_loss"]) == 2
    batches = nn.data.batches(np.array(TEXTS), LABELS, batch_size=5, shuffle=True, seed=1)
    model.fit(batches, epochs=1, verbose=0)
    assert model.predict(rows[0][0], verbose=0).shape == (6, 1)
    logs = model.train_on_batch(TEXTS[:4], LABELS[:4], return_dict=True)
    assert set(logs) == {"loss", "accuracy"}


def test_text_and_numbers_together_by_position_and_by_name():
    text, number = nn.Input((1,), dtype="string", name="text"), nn.Input((2,), name="number")
    ids = adapted(output_sequence_length=4)(text)
    x = layers.GlobalAveragePooling1D()(layers.Embedding(20, 3)(ids))
    model = nn.Model([text, number], layers.Dense(1)(layers.Concatenate()([x, number])))
    model.compile("sgd", "mse")
    numbers = np.linspace(0, 1, 24).reshape(12, 2)
    model.fit([np.array(TEXTS), numbers], LABELS, verbose=0)
    model.fit({"text": TEXTS, "number": numbers}, LABELS, verbose=0)
    by_position = model.predict([TEXTS, numbers], verbose=0)
    by_name = model.predict({"number": numbers, "text": np.array(TEXTS)}, verbose=0)
    np.testing.assert_array_equal(by_position, by_name)
    with pytest.raises(DtypeError, match="the input 'number' takes numbers"):
        model.predict({"text": TEXTS, "number": np.array(TEXTS)}, verbose=0)
    with pytest.raises(ArgumentError, match="an input is missing"):
        model.predict({"text": TEXTS}, verbose=0)


def test_a_model_of_ids_becomes_one_of_text():
    layer = adapted(output_sequence_length=6)
    nn.utils.set_random_seed(1)
    inner = nn.Sequential(classifier(layer).layers[1:])
    expected = inner.predict(layer(TEXTS), verbose=0)
    chain = nn.Sequential([layer, inner])
    np.testing.assert_array_equal(chain.predict(TEXTS, verbose=0), expected)
    x = nn.Input((1,), dtype="string")
    whole = nn.Model(x, inner(layer(x)))
    np.testing.assert_array_equal(whole.predict(TEXTS, verbose=0), expected)
    outside = nn.Input((1,), dtype="string")
    nested = nn.Model(outside, whole(outside) * 2.0)
    np.testing.assert_allclose(nested.predict(TEXTS, verbose=0), 2 * expected, rtol=1e-6)
    wrapped = nn.Sequential([whole, layers.Rescaling(2.0)])
    np.testing.assert_allclose(wrapped.predict(TEXTS, verbose=0), 2 * expected, rtol=1e-6)


def test_what_a_lookup_needs_runs_before_the_step_too():
    x = nn.Input((1,))
    bins = layers.Discretization([0.0, 1.0])(x)
    text = nn.Input((1,), dtype="string")
    crossed = layers.HashedCrossing(7, output_mode="one_hot")([bins, text])
    model = nn.Model([x, text], layers.Dense(1)(crossed))
    assert model.predict([np.zeros((3, 1)), np.array(["a", "b", "a"])], verbose=0).shape == (3, 1)
    with pytest.raises(ArgumentError, match="learns, and stands in front"):
        nn.Model(x, layers.Hashing(3)(layers.Dense(1)(x)))


def test_a_model_of_lookups_alone():
    x = nn.Input((1,), dtype="string")
    model = nn.Model(x, layers.StringLookup(vocabulary=["a", "b"])(x))
    assert model.predict(np.array(["b", "?"]), verbose=0).tolist() == [[2], [0]]
    assert model(np.array(["b", "?"])).tolist() == [[2], [0]]


def test_text_does_not_go_into_the_step():
    x = nn.Input((1,), dtype="string")
    with pytest.raises(DtypeError, match="takes numbers"):
        layers.Dense(1)(x)
    ids = nn.Input((1,), dtype="int64")
    back = layers.StringLookup(vocabulary=["a"], invert=True)(ids)
    with pytest.raises(ArgumentError, match="text does not go into the step"):
        nn.Model(ids, back)
    model = nn.Sequential([layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(DataError, match="x is not made of numbers"):
        model.fit(np.array(TEXTS), LABELS, verbose=0)


def test_steps_that_are_run_eagerly_and_written_by_hand():
    class Mine(nn.Model):
        def train_step(self, data):
            return super().train_step(data)

    layer = adapted(output_sequence_length=4)
    x = nn.Input((1,), dtype="string")
    h = layers.GlobalAveragePooling1D()(layers.Embedding(20, 3)(layer(x)))
    model = Mine(x, layers.Dense(1)(h))
    model.compile("sgd", "mse", run_eagerly=True)
    model.fit(TEXTS, LABELS, verbose=0)
    model.compile("sgd", "mse")
    model.fit(TEXTS, LABELS, verbose=0)

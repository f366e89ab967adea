"""Sequences that are empty, all padding, or wrong, through fit and predict on both engines."""

import numpy as np
import pytest

import neurona as nn
from neurona import layers, zoo
from neurona.errors import DataError, IndexRangeError, ShapeError
from tests.settings import engine_set_to

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(6, 5, 4)).astype("float32"), np.array([0, 1, 0, 1, 1, 0])
WORDS = rng.integers(1, 10, (6, 5))
WORDS[2] = 0  # all padding


class Attends(layers.Layer):
    """A sequence that looks at itself, with any layer of attention."""

    supports_masking = True

    def __init__(self, attention, together=False):
        super().__init__()
        self.attention, self.together = attention, together

    def call(self, x, mask=None):
        if self.together:
            return self.attention([x, x], mask=[mask, mask])
        return self.attention(x, x, query_mask=mask, value_mask=mask)


KINDS = {
    "LSTM": lambda: [layers.LSTM(4)],
    "GRU": lambda: [layers.GRU(4)],
    "SimpleRNN": lambda: [layers.SimpleRNN(4)],
    "both ways": lambda: [layers.Bidirectional(layers.LSTM(3))],
    "average": lambda: [layers.GlobalAveragePooling1D()],
    "every step": lambda: [layers.TimeDistributed(layers.Dense(3)), layers.GRU(2)],
    "heads": lambda: [Attends(layers.MultiHeadAttention(2, 4)), layers.GlobalAveragePooling1D()],
    "groups": lambda: [
        Attends(layers.GroupQueryAttention(4, 4, 2)), layers.GlobalAveragePooling1D(),
    ],
    "dot": lambda: [Attends(layers.Attention(), True), layers.GlobalAveragePooling1D()],
    "sum": lambda: [Attends(layers.AdditiveAttention(), True), layers.GlobalAveragePooling1D()],
    "block": lambda: [layers.TransformerEncoderBlock(16, 2), layers.GlobalAveragePooling1D()],
}  # fmt: skip
each_kind = pytest.mark.parametrize("kind", KINDS)
ENGINES = ["native", "reference"]


def reader(kind, first):
    nn.random.set_seed(0)
    model = nn.Sequential([*first, *KINDS[kind](), layers.Dense(2, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


@each_kind
def test_a_sequence_of_padding_alone_gives_numbers(kind):
    found = {}
    for engine in ENGINES:
        with engine_set_to(engine):
            model = reader(kind, [layers.Embedding(10, 8, mask_zero=True)])
            history = model.fit(WORDS, Y, 3, 2, verbose=0, shuffle=False).history
            found[engine] = np.r_[history["loss"], model.predict(WORDS, verbose=0).ravel()]
            assert all(np.isfinite(w).all() for w in model.get_weights())
    assert np.isfinite(found["native"]).all()
    np.testing.assert_allclose(*found.values(), rtol=1e-4, atol=1e-5)


@each_kind
def test_a_sequence_without_a_step_gives_numbers_where_the_input_says_so(kind):
    found = []
    for engine in ENGINES:
        with engine_set_to(engine):
            model = reader(kind, [nn.Input((None, 4))])
            assert np.isfinite(model.fit(X[:, :0], Y, 3, verbose=0).history["loss"]).all()
            found.append(model.predict(X[:, :0], verbose=0))
    assert found[0].shape == (6, 2)
    np.testing.assert_allclose(*found, rtol=1e-5, atol=1e-6)


def test_a_model_that_has_no_input_refuses_empty_samples():
    model = reader("LSTM", [])
    for run in (lambda: model.fit(X[:, :0], Y, verbose=0), lambda: model.predict(X[:, :0])):
        with pytest.raises(ShapeError, match=r"an axis has size 0. Got x \(\d, 0, 4\)"):
            run()
    assert model.predict(X, verbose=0).shape == (6, 2)  # and nothing was made of them


@pytest.mark.parametrize("engine", ENGINES)
def test_words_outside_of_the_vocabulary(engine):
    with engine_set_to(engine):
        for words in (WORDS + 9, WORDS - 5):
            model = reader("GRU", [layers.Embedding(10, 8)])
            for run in (lambda m, x: m.fit(x, Y, verbose=0), lambda m, x: m.predict(x, verbose=0)):
                with pytest.raises(DataError, match="outside of the vocabulary"):
                    run(model, words)
        gpt = zoo.GPT(10, 8, 1, 2, 8, name="gpt")
        with pytest.raises(IndexRangeError, match=r"Got 1\d.*[^$]*in ReversibleEmbedding 'gpt"):
            gpt.predict(WORDS + 9, verbose=0)


class Shortens(layers.Layer):
    """Says what is padding for one step too few."""

    def call(self, x):
        return x * 1.0

    def compute_mask(self, x, mask=None):
        return nn.ops.full(x.shape[:1] + (x.shape[1] - 1,), True, "bool")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_mask_of_another_shape(engine):
    with engine_set_to(engine):
        model = reader("LSTM", [Shortens()])
        for run in (lambda: model.fit(X, Y, verbose=0), lambda: model.predict(X, verbose=0)):
            with pytest.raises(ShapeError, match=r"the mask does not fit. Got mask \(\d, 4\)"):
                run()


class Tagger(nn.Model):
    """Says something of each step, of which its class tells nothing beforehand."""

    def __init__(self):
        super().__init__()
        self.words, self.tags = layers.Embedding(10, 4), layers.Dense(10, "softmax")

    def call(self, x):
        return self.tags(self.words(x))


def tagged():
    for length in (4, 7, 4, 5, 7):
        x = np.random.default_rng(length).integers(0, 9, (8, length))
        yield x, x + 1


@pytest.mark.parametrize("doctor", [False, "full"])
@pytest.mark.parametrize("symbolic", [True, False])
def test_batches_of_other_lengths_with_a_target_for_each_step(symbolic, doctor):
    words = nn.Input((None,), dtype="int64")
    tags = layers.Dense(10, "softmax")(layers.Embedding(10, 4)(words))
    model = nn.Model(words, tags) if symbolic else Tagger()
    model.compile("adam", "sparse_categorical_crossentropy")
    history = model.fit(tagged, epochs=3, verbose=0, doctor=doctor)
    assert history.history["loss"][-1] < history.history["loss"][0]
    for x, y in tagged():
        assert model.evaluate(x, y, verbose=0) > 0
    with pytest.raises(ShapeError, match="the labels are class numbers"):
        model.fit(x, y[:, 1:], verbose=0)


class Speller(nn.Model):
    """Says a letter at each second step, of which its class tells nothing beforehand."""

    def __init__(self):
        super().__init__()
        self.look, self.letters = layers.Conv1D(8, 3, 2, "same"), layers.Dense(4)

    def call(self, x):
        return self.letters(self.look(x))


def spelt(lengths=(8, 20, 8, 14), longest=4):
    for length in lengths:
        rng = np.random.default_rng(length)
        yield rng.normal(size=(8, length, 2)), np.tile([1, 2, 3, 1, 2, 3], (8, 1))[:, :longest]


@pytest.mark.parametrize("doctor", [False, "full"])
@pytest.mark.parametrize("symbolic", [True, False])
def test_labels_in_order_of_which_there_are_fewer_than_steps(symbolic, doctor):
    frames = nn.Input((None, 2))
    letters = layers.Dense(4)(layers.Conv1D(8, 3, 2, "same")(frames))
    model = nn.Model(frames, letters) if symbolic else Speller()
    model.compile("adam", "ctc")
    for batches in (lambda: spelt(longest=3), spelt):
        history = model.fit(batches, epochs=3, verbose=0, doctor=doctor)
        assert history.history["loss"][-1] < history.history["loss"][0]
    longer = next(spelt((20,), longest=6))  # more labels than the first batch has steps
    assert np.isfinite(model.evaluate(*longer, verbose=0))
    assert np.isfinite(model.fit(lambda: iter([longer]), verbose=0).history["loss"][0])
    with pytest.raises(DataError, match="these labels are longer than the outputs"):
        model.fit(lambda: spelt((8,), longest=6), verbose=0)

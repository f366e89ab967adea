"""What is made of each row of a table by itself is made once: embedded symbols before a loop."""

import numpy as np
import pytest

import neurona as nn
from neurona import layers, ops
from neurona.nn.rows import by_rows
from neurona.ops.notes import Rows

rng = np.random.default_rng(0)
TEXT = rng.integers(0, 7, (5, 9))


class Unnoted(layers.Layer):
    """The same values, of which nothing is known."""

    def call(self, x):
        return x * 1.0


KINDS = {
    "rnn": lambda: layers.SimpleRNN(6, return_sequences=True),
    "lstm": lambda: layers.LSTM(6, return_sequences=True),
    "no bias": lambda: layers.LSTM(6, use_bias=False),
    "gru": lambda: layers.GRU(6, return_sequences=True, go_backwards=True),
    "reset before": lambda: layers.GRU(6, reset_after=False),
    "unrolled": lambda: layers.GRU(6, unroll=True),
    "stacked": lambda: layers.RNN([layers.GRUCell(4), layers.LSTMCell(3)]),
    "both ways": lambda: layers.Bidirectional(layers.LSTM(6, return_sequences=True)),
}


def network(make, *between, engine="native"):
    nn.utils.set_random_seed(3)
    model = nn.Sequential([
        layers.Input((9,), dtype="int32"), layers.Embedding(7, 4),
        *between, make(), layers.Flatten(), layers.Dense(3),
    ])  # fmt: skip
    model.compile("adam", nn.losses.SparseCategoricalCrossentropy(from_logits=True), engine=engine)
    return model


@pytest.mark.sampled(3)
@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("engine", ["native", "reference"])
def test_a_training_is_the_same(make, engine):
    classes = rng.integers(0, 3, 5)
    found = []
    for between in ((), (Unnoted(),)):
        model = network(make, *between, engine=engine)
        model.fit(TEXT, classes, epochs=3, verbose=0)
        found.append([*model.get_weights(), model.predict(TEXT, verbose=0)])
    for x, y in zip(*found, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-4, atol=2e-5)


def test_padding_is_still_known():
    embedding, layer = layers.Embedding(7, 4, mask_zero=True), layers.LSTM(6, return_sequences=True)
    longer = TEXT.copy()
    longer[:, 5:] = 0
    shorter = layer(embedding(longer[:, :5]))
    np.testing.assert_allclose(layer(embedding(longer))[:, :5], shorter, atol=1e-6)
    np.testing.assert_allclose(layer(embedding(longer))[:, 8], shorter[:, 4], atol=1e-6)


def test_products_are_of_the_table():
    def products(*between):
        model = network(KINDS["lstm"], *between)
        model.fit(TEXT, rng.integers(0, 3, 5), verbose=0)
        ((_, made),) = model.training_step().programs.items()
        nodes = made.program.graph.nodes
        return [made.program.graph.specs[n.outputs[0]].shape for n in nodes
                if n.op.name == "matrix_product"]  # fmt: skip

    assert (7, 24) in products()
    assert (9, 5, 24) in products(Unnoted())
    assert (9, 5, 24) not in products()


@pytest.mark.parametrize("text", [TEXT[:1, :1], TEXT[:1]])
def test_a_short_text_is_looked_up_first(text):
    embedding, layer = layers.Embedding(7, 4), layers.LSTM(6)
    x = embedding(text)
    assert x.note(Rows) is not None
    np.testing.assert_array_equal(layer(x).numpy(), layer(x.detach()).numpy())


def test_dropout_of_x_sees_each_step():
    model = network(lambda: layers.LSTM(6, dropout=0.5))
    model.fit(TEXT, rng.integers(0, 3, 5), verbose=0)
    ((_, made),) = model.training_step().programs.items()
    graph = made.program.graph
    shapes = [graph.specs[n.outputs[0]].shape for n in graph.nodes if n.op.name == "matrix_product"]
    assert (9, 5, 24) in shapes


def test_a_projection_of_ones_own_sees_what_it_is_given():
    class Centred(layers.LSTMCell):
        def project(self, x, noise):
            return super().project(x - ops.mean(x, axis=1, keepdims=True), noise)

    embedding, cell = layers.Embedding(7, 4), Centred(6)
    x = embedding(TEXT)
    np.testing.assert_allclose(layers.RNN(cell)(x), layers.RNN(cell)(x.detach()), atol=1e-6)


def test_the_note_follows_a_change_of_type_and_nothing_else():
    x = layers.Embedding(3, 2)(TEXT % 3)
    assert nn.layers.LSTM(4, dtype="float64")(x).shape == (5, 4)
    assert (x * 2.0).note(Rows) is None
    shapes = []

    def seen(x):
        shapes.append(x.shape)
        return 2.0 * x

    np.testing.assert_array_equal(by_rows(seen, x), 2.0 * x.numpy())
    by_rows(seen, x * 1.0)
    assert shapes == [(3, 2), (5, 9, 2)]


def test_gradients_reach_the_table():
    embedding, layer = layers.Embedding(7, 4), layers.GRU(6)
    layer(embedding(TEXT))

    def loss(known):
        x = embedding(TEXT)
        return (layer(x if known else x * 1.0) ** 2).sum()

    weights = [*embedding.trainable_weights, *layer.trainable_weights]
    _, first = nn.gradients(lambda: loss(True), weights)
    _, second = nn.gradients(lambda: loss(False), weights)
    for x, y in zip(first, second, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-4, atol=1e-6)


def test_the_gradient_of_the_vectors_can_be_observed():
    embedding, layer = layers.Embedding(7, 4, name="words"), layers.GRU(6)
    layer(embedding(TEXT))
    with nn.observing("gradient of words") as seen:
        nn.gradients(lambda: (layer(embedding(TEXT)) ** 2).sum(), [embedding, layer])
    vectors = embedding(TEXT).detach()
    want = nn.grad(lambda x: (layer(x) ** 2).sum())(vectors)
    np.testing.assert_allclose(seen["gradient of words"], want, rtol=1e-4, atol=1e-6)

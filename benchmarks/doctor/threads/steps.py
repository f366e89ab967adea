"""What people ask about series and text, read again: masks, padding, tables, the future."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.sequences import Places, attention, language, padded, words
from benchmarks.doctor.tables import layers, split
from benchmarks.doctor.threads.sequences import prices, reviews, stocks
from benchmarks.doctor.threads.tables import iris
from benchmarks.doctor.training import Training

L = nn.layers
ops = nn.ops


def text(*after: Any, length: int = 12, table: int = 20, width: int = 16, **given: Any) -> Any:
    """Return what makes a network of layers behind an Embedding."""
    return layers(
        lambda: nn.Input((length,), dtype="int64"),
        lambda: L.Embedding(table, width, **given),
        *after,
    )


def windows(*after: Any, length: int = 10) -> Any:
    """Return what makes a network of layers on windows of one number."""
    return layers(lambda: nn.Input((length, 1)), *after)


def gru(width: int = 24, **given: Any) -> Any:
    """Return what makes a GRU."""
    return lambda: L.GRU(width, **given)


def one(end: Any = None) -> Any:
    """Return what makes one output."""
    return lambda: L.Dense(1, end)


def attended() -> Training:
    """The next price, scaled, by attention over the window."""

    def model() -> Any:
        inputs = nn.Input((10, 1))
        x = Places()(L.Dense(16)(inputs))
        x = L.Add()([x, L.MultiHeadAttention(2, 8)(x, x)])
        x = L.LayerNormalization()(x)
        return nn.Model(inputs, L.Dense(1)(L.Dense(16, "relu")(L.Flatten()(x))))

    return prices().but(model=model, optimizer=adam(3e-3))


def raw_prices(t: Training) -> Training:
    """Prices near 15,000, as inputs and as what is asked for."""
    x, y = stocks()
    x, y = x * 100, y * 100
    return t.but(**split(x[:700], y[:700]), test=(x[700:], y[700:]))


class Looking(L.Layer):
    """Attention by hand; what may be seen is a triangle of ones."""

    def __init__(self, triangle: Any, **given: Any) -> None:
        super().__init__(**given)
        self.triangle = triangle
        self.query, self.key, self.value = L.Dense(32), L.Dense(32), L.Dense(32)

    def call(self, x: Any) -> Any:
        scores = ops.matmul(self.query(x), ops.transpose(self.key(x), (0, 2, 1))) / 32**0.5
        scores = scores + (1 - self.triangle) * -1e9
        return x + ops.matmul(ops.softmax(scores, axis=-1), self.value(x))


def by_hand(triangle: Any = np.tril) -> Training:
    """The grammar by attention that is written by hand."""
    seen = triangle(np.ones((12, 12), "float32"))

    def model() -> Any:
        inputs = nn.Input((12,), dtype="int64")
        x = Looking(seen)(Places()(L.Embedding(40, 32)(inputs)))
        x = L.Add()([x, L.Dense(32)(L.Dense(64, "relu")(x))])
        return nn.Model(inputs, L.Dense(40, "softmax")(Looking(seen)(x)))

    return language().but(model=model, epochs=12, score=guessed)


def guessed(model: Any, training: Training) -> float:
    """Share of next words found where the words after them are hidden."""
    x, y = training.test
    found = []
    for t in range(4, x.shape[1], 3):
        hidden = np.array(x)
        hidden[:, t + 1 :] = 0
        p = np.asarray(model.predict(hidden, verbose=0))[:, t].argmax(-1)
        found.append(np.mean(p == np.asarray(y)[:, t]))
    return float(np.mean(found))


def recurrent(both: bool = False) -> Training:
    """The grammar by a GRU, or by one in each direction."""

    def model() -> Any:
        wide = L.GRU(48, return_sequences=True)
        inputs = nn.Input((12,), dtype="int64")
        x = (L.Bidirectional(wide) if both else wide)(L.Embedding(40, 24)(inputs))
        return nn.Model(inputs, L.Dense(40, "softmax")(x))

    return language().but(model=model, epochs=10, optimizer=adam(0.01), score=guessed)


def echo(t: Training) -> Training:
    """Windows cut one step too far: the number that is asked for is the last of the window."""

    def last(x: Any) -> Any:
        return np.asarray(x)[:, -1]

    return t.but(y=last(t.x), validation=(t.validation[0], last(t.validation[0])))


def ahead() -> Training:
    """The price in three steps, of a noisy wave."""
    random = np.random.default_rng(4)
    at = np.arange(1000)
    price = np.sin(at / 5) + 0.4 * np.sin(at / 2.3) + random.normal(0, 0.05, len(at))
    rows = np.lib.stride_tricks.sliding_window_view(price, 13).astype("float32")
    x, y = rows[:, :10, None], rows[:, 12:]
    return prices().but(**split(x[:700], y[:700]), test=(x[720:], y[720:]))


def final(model: Any, training: Training) -> float:
    """R2 of the last step, if there are many."""
    x, y = training.test
    p = np.asarray(model.predict(x, verbose=0), np.float64)
    p = p[:, -1] if p.ndim == 3 else p
    return max(-1.0, float(1 - ((y - p) ** 2).mean() / y.var()))


def other_numbers(t: Training) -> Training:
    """Words were counted anew for the held-out texts, so that their numbers are others."""
    other = np.random.default_rng(0).permutation(60)
    return t.but(
        validation=(other[t.validation[0]], t.validation[1]), test=(other[t.test[0]], t.test[1])
    )


def other_side(t: Training) -> Training:
    """Zeros stand behind the training texts, before all others."""

    def turned(x: Any) -> Any:
        return np.concatenate([x[:, 12:], x[:, :12]], 1)

    return t.but(
        model=text(gru(), one("sigmoid"), length=40),
        validation=(turned(t.validation[0]), t.validation[1]),
        test=(turned(t.test[0]), t.test[1]),
    )


def tagged(mask: bool = True) -> Training:
    """A tag of three for each of 3 to 6 words; the rest of 30 is padding, with a tag of its own."""
    random = np.random.default_rng(3)
    x = random.integers(2, 40, (900, 30))
    x[np.arange(30) >= random.integers(3, 7, (900, 1))] = 0
    kind = np.r_[0, 0, random.integers(1, 4, 38)]
    y = kind[x]

    def found(model: Any, training: Training) -> float:
        p = np.asarray(model.predict(training.test[0], verbose=0)).argmax(-1)
        return float((p == training.test[1])[training.test[1] > 0].mean())

    return Training(
        text(gru(16, return_sequences=True), lambda: L.Dense(4, "softmax"), length=30, table=40,
             width=8, mask_zero=mask),
        **split(x[:700], y[:700]), test=(x[700:], y[700:]), optimizer=adam(5e-3), epochs=4,
        score=found,
    )  # fmt: skip


FAULTS = [
    # https://github.com/keras-team/keras/issues/274: iris into an Embedding
    Fault(
        "iris: measurements into an Embedding", "recurrent", iris,
        lambda t: t.but(model=layers(lambda: nn.Input((4,)), lambda: L.Embedding(4, 16),
                                     lambda: L.LSTM(16), lambda: L.Dense(3, "softmax"))),
        ("GD105",),
    ),
    # https://github.com/maxjcohen/transformer/issues/27: the loss is constant from the beginning
    Fault("attended prices: nothing scaled", "attention", attended, raw_prices,
          ("GD104", "GD113")),
    # https://github.com/jadore801120/attention-is-all-you-need-pytorch/issues/19
    Fault("language by hand: the triangle turned over", "attention", by_hand,
          lambda t: by_hand(np.triu), ("GD309",)),
    Fault("language by hand: nothing hidden", "attention", by_hand,
          lambda t: by_hand(np.ones_like), ("GD309",)),
    # stackguides.com/questions/51432661: echoes the current value
    Fault("ahead: asks for the last number it is given", "recurrent", ahead, echo,
          ("GD109", "GD309")),
    Fault(
        "prices: an answer for each step, a target for one", "recurrent",
        lambda: prices().but(score=final),
        lambda t: t.but(model=windows(gru(16, return_sequences=True), one())), ("GD103", "GD203"),
    ),
    # two Tokenizers: codemia.io, stackoverflow.com/questions/59193500
    Fault("reviews: counted anew for the held-out texts", "recurrent",
          lambda: reviews().but(epochs=4),
          other_numbers,
          ("GD111", "GD601")),
    # https://github.com/keras-team/keras/issues/20898, /34793 of TensorFlow
    Fault("padded: zeros behind, then before", "recurrent", padded, other_side,
          ("GD111", "GD114")),
    # https://github.com/keras-team/keras/issues/3325: no word was found in the file of vectors
    Fault(
        "words: vectors that are all zero, and kept", "recurrent", words,
        lambda t: t.but(model=text(gru(), one("sigmoid"), embeddings_initializer="zeros",
                                   trainable=False)),
        ("GD307", "GD208", "GD212", "GD303"),
    ),
    Fault("words: SGD as it comes", "recurrent", words, lambda t: t.but(optimizer=sgd(0.01)),
          ("GD507", "GD505")),
    Fault(
        "prices: LSTM with ReLU and a rate of 2", "recurrent", prices,
        lambda t: t.but(model=windows(lambda: L.LSTM(16, activation="relu"), one()),
                        optimizer=adam(2.0)),
        ("GD506", "GD502", "GD401", "GD505"),
    ),
    # https://github.com/keras-team/keras/issues/1539: 95 % while learning, predicts badly
    Fault("tagged: padding has a tag, and no mask", "recurrent", tagged,
          lambda t: tagged(False), ("GD114", "GD107")),
    Fault(
        "words: recurrent dropout of 0.97", "recurrent", words,
        lambda t: t.but(model=text(gru(dropout=0.9, recurrent_dropout=0.97), one("sigmoid"))),
        ("GD211",),
    ),
    Fault("language by a GRU: in both directions", "recurrent", recurrent,
          lambda t: recurrent(True), ("GD309",)),
    Fault(
        "recurrent language: softmax over time", "recurrent", recurrent,
        lambda t: t.but(model=text(
            gru(48, return_sequences=True), lambda: L.Dense(40), lambda: L.Softmax(axis=1),
            table=40, width=24)),
        ("GD214",),
    ),
    Fault(
        "words: four LSTM with sigmoids", "recurrent", words,
        lambda t: t.but(model=text(
            *[lambda: L.LSTM(16, activation="sigmoid", return_sequences=True)] * 3,
            lambda: L.LSTM(16, activation="sigmoid"), one("sigmoid")), optimizer=sgd(0.1)),
        ("GD303", "GD304", "GD307", "GD501", "GD507", "GD306", "GD504"),
    ),
    Fault("attention: SGD of 3 with momentum", "attention", attention,
          lambda t: t.but(optimizer=sgd(3.0, momentum=0.9)), ("GD506", "GD502", "GD401")),
    # https://github.com/huggingface/transformers/issues/4449: labels of the wrong place
    Fault("language: the next word but four", "attention", language,
          lambda t: t.but(y=np.roll(t.y, 17, axis=0)), ("GD510", "GD605", "GD601")),
]  # fmt: skip

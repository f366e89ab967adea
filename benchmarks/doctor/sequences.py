"""Healthy trainings on series and on tokens: recurrent networks and transformers."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.tables import layers, split
from benchmarks.doctor.training import Score, Training, explained

L = nn.layers


def waves(rows: int = 1400, length: int = 24) -> tuple[Any, Any]:
    """Return windows of a noisy sum of waves, and the number that follows each."""
    random = np.random.default_rng(0)
    time = np.arange(rows + length)
    series = np.sin(time / 4) + 0.6 * np.sin(time / 9.7 + 1) + random.normal(0, 0.1, len(time))
    windows = np.lib.stride_tricks.sliding_window_view(series, length + 1)[:rows]
    return windows[:, :-1, None].astype("float32"), windows[:, -1:].astype("float32")


def series() -> Training:
    """The next number of a series, by an LSTM."""
    x, y = waves()  # in the order of time, so that no window of the test lies in a training row
    return Training(
        layers(lambda: nn.Input((24, 1)), lambda: L.LSTM(24), lambda: L.Dense(1)),
        **split(x[:1000], y[:1000]),
        test=(x[1000:], y[1000:]),
        loss="mse",
        metrics=(),
        score=explained,
        optimizer=lambda: nn.optimizers.Adam(0.01),
        epochs=12,
    )


def remembered() -> Training:
    """Two classes by the sign of the first of twenty numbers, by a GRU."""
    random = np.random.default_rng(1)
    x = random.normal(0, 0.3, (1600, 20, 1)).astype("float32")
    y = (random.random(1600) < 0.5).astype("int64")
    x[:, 0, 0] += 2.0 * (2 * y - 1)
    return Training(
        layers(lambda: nn.Input((20, 1)), lambda: L.GRU(24), lambda: L.Dense(1, "sigmoid")),
        **split(x[:1100], y[:1100]),
        test=(x[1100:], y[1100:]),
        loss="binary_crossentropy",
        optimizer=lambda: nn.optimizers.Adam(0.01),
        epochs=25,
    )


def ordered(rows: int = 1600, length: int = 12, words: int = 20) -> tuple[Any, Any]:
    """Return ids of which two are marked, and whether the one marked 1 comes before the 2."""
    random = np.random.default_rng(2)
    x = random.integers(3, words, (rows, length))
    places = np.array([random.permutation(length)[:2] for _ in range(rows)])
    x[np.arange(rows), places[:, 0]], x[np.arange(rows), places[:, 1]] = 1, 2
    return x, (places[:, 0] < places[:, 1]).astype("int64")


def words() -> Training:
    """Which of two words comes first, by a GRU over embeddings."""
    x, y = ordered()
    return Training(
        layers(
            lambda: nn.Input((12,), dtype="int64"),
            lambda: L.Embedding(20, 16),
            lambda: L.GRU(24),
            lambda: L.Dense(1, "sigmoid"),
        ),
        **split(x[:1100], y[:1100]),
        test=(x[1100:], y[1100:]),
        loss="binary_crossentropy",
        optimizer=lambda: nn.optimizers.Adam(0.01),
        epochs=15,
    )


def padded() -> Training:
    """The same with sentences of 2 to 12 words, padded with 0 to 40, which the mask leaves out."""
    random = np.random.default_rng(3)
    x, y = ordered()
    longer = np.zeros((len(x), 40), x.dtype)
    longer[:, :12] = x
    model = layers(
        lambda: nn.Input((40,), dtype="int64"),
        lambda: L.Embedding(20, 16, mask_zero=True),
        lambda: L.GRU(24),
        lambda: L.Dense(1, "sigmoid"),
    )
    shuffled = random.permutation(len(x))
    x, y = longer[shuffled], y[shuffled]
    return words().but(model=model, **split(x[:1100], y[:1100]), test=(x[1100:], y[1100:]))


def block(
    width: int = 32,
    heads: int = 4,
    causal: bool = False,
    act: Any = "gelu",
    rate: float = 0.0,
    post: bool = False,
    skip: bool = True,
    **given: Any,
) -> Any:
    """Return a function that adds a block of a transformer."""

    def add(x: Any) -> Any:
        def joined(x: Any, y: Any) -> Any:
            return L.Add()([x, y]) if skip else y

        def attended(y: Any) -> Any:
            return L.MultiHeadAttention(heads, width // heads, **given)(
                y, y, use_causal_mask=causal
            )

        def fed(y: Any) -> Any:
            y = L.Dense(2 * width, act, **given)(y)
            return L.Dropout(rate)(L.Dense(width, **given)(y))

        for part in (attended, fed):
            x = (
                L.LayerNormalization()(joined(x, part(x)))
                if post
                else joined(x, part(L.LayerNormalization()(x)))
            )
        return x

    return add


class Places(L.Layer):
    """Adds a learnt vector to each position."""

    def build(self, shape: Any) -> None:
        self.places = self.add_weight(shape=shape[1:], initializer="normal", name="places")

    def call(self, x: Any) -> Any:
        return x + self.places


def transformer(
    *blocks: Any,
    length: int = 12,
    words: int = 20,
    width: int = 32,
    last: int = 1,
    end: Any = "sigmoid",
    places: bool = True,
    pooled: bool = True,
    mask: bool = False,
    **given: Any,
) -> Any:
    """Return what makes a transformer of blocks, over one answer or one each position."""

    def make() -> Any:
        inputs = nn.Input((length,), dtype="int64")
        x = L.Embedding(words, width, mask_zero=mask, **given)(inputs)
        x = Places()(x) if places else x
        for add in blocks:
            x = add(x)
        x = L.LayerNormalization()(x)
        x = L.GlobalAveragePooling1D()(x) if pooled else x
        return nn.Model(inputs, L.Dense(last, end)(x))

    return make


def attention() -> Training:
    """Which of two words comes first, by a transformer."""
    return words().but(
        model=transformer(block(), block()), epochs=14, optimizer=lambda: nn.optimizers.Adam(2e-3)
    )


def grammar(rows: int = 1400, length: int = 12) -> Any:
    """Return sentences, no two alike: three words of four follow from that two places before."""
    random = np.random.default_rng(4)
    shape = (2 * rows, length + 1)
    x, follows = random.integers(0, 40, shape), random.permutation(40)
    for t in range(2, length + 1):
        known = random.random(len(x)) < 0.75
        x[known, t] = follows[x[known, t - 2]]
    _, first = np.unique(x[:, :-1], axis=0, return_index=True)
    return x[np.sort(first)[:rows]]


def next_word(model: Any, training: Training) -> float:
    """Share of last words that are found from those before them, with nothing of the future."""
    x, y = training.test
    hidden = np.array(x)
    found = np.asarray(model.predict(hidden, verbose=0))[:, -1].argmax(-1)
    return float(np.mean(found == np.asarray(y)[:, -1]))


def written_from(begin: int) -> Score:
    """Return the share of words that are right if the model writes them one after the other.

    Args:
        begin: the word that it is given first.
    """

    def written(model: Any, training: Training) -> float:
        (source, _), y = training.test
        source, y = source[:80], np.asarray(y)[:80]
        done, right = np.full(y.shape, begin), []
        for t in range(y.shape[1]):
            said = np.asarray(model.predict((source, done), verbose=0))[:, t].argmax(-1)
            right.append(said == y[:, t])
            if t + 1 < y.shape[1]:
                done[:, t + 1] = said
        return float(np.mean(right))

    return written


def language() -> Training:
    """The next word of a small grammar, by a transformer that sees the past only."""
    text = grammar()
    x, y = text[:, :-1], text[:, 1:]
    return Training(
        transformer(
            block(causal=True),
            block(causal=True),
            length=12,
            words=40,
            last=40,
            end="softmax",
            pooled=False,
        ),
        **split(x[:1100], y[:1100]),
        test=(x[1100:], y[1100:]),
        epochs=15,
        batch_size=32,
        score=next_word,
        optimizer=lambda: nn.optimizers.Adam(3e-3),
    )

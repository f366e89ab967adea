"""Healthy trainings of networks with attention of the fifth part."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam
from benchmarks.doctor.second.points import parted
from benchmarks.doctor.sequences import written_from
from benchmarks.doctor.third.twins.transformers import block
from benchmarks.doctor.training import Training, explained

L = nn.layers


class Asked(nn.Model):
    """Attention by hand over words, and a pooling that weighs them; what is padding is left out.

    Attributes:
        masked: what is looked at, "words" or, which is wrong, "padding".
        axis, pool_axis: along which the two softmaxes go.
    """

    def __init__(
        self, words: int = 50, masked: str = "words", axis: int = -1, pool_axis: int = 1,
        rate: float = 0.0, end: Any = None, **given: Any,
    ) -> None:  # fmt: skip
        super().__init__()
        self.words = L.Embedding(words, 24)
        self.q, self.k, self.v = (L.Dense(24, **given) for _ in range(3))
        self.weigh, self.hidden = L.Dense(1, **given), L.Dense(32, "relu", **given)
        self.drop, self.last = L.Dropout(rate), L.Dense(4, end, **given)
        self.masked, self.axis, self.pool_axis = masked, axis, pool_axis

    def call(self, ids: Any, training: bool = False) -> Any:
        x, there = self.words(ids), nn.ops.cast(nn.ops.not_equal(ids, 0), "float32")
        there = there if self.masked == "words" else 1 - there
        score = nn.ops.matmul(self.q(x), nn.ops.transpose(self.k(x), (0, 2, 1))) / 24**0.5
        score = score - 1e4 * (1 - there[:, None, :])
        x = x + nn.ops.matmul(nn.ops.softmax(score, axis=self.axis), self.v(x))
        share = self.weigh(nn.ops.tanh(x)) - 1e4 * (1 - there[..., None])
        x = nn.ops.sum(nn.ops.softmax(share, axis=self.pool_axis) * x, axis=1)
        return self.last(self.drop(self.hidden(x), training=training))


def requested(rows: int = 1600, length: int = 16) -> tuple[Any, Any]:
    """Return questions of 4 to 16 words, padded, and which of four rooms answers them.

    One word names a pair of rooms, another says which of both.
    """
    random = np.random.default_rng(190)
    x, y = np.zeros((rows, length), "int64"), random.integers(0, 4, rows)
    for row, room in zip(x, y, strict=True):
        size = random.integers(4, length + 1)
        row[:size] = random.integers(13, 50, size)
        a, b = random.choice(size, 2, replace=False)
        row[a] = 1 + 3 * (room // 2) + random.integers(0, 3)
        row[b] = 7 + 3 * (room % 2) + random.integers(0, 3)
    return x, y


def queries() -> Training:
    """Which room answers a question, by attention by hand with a mask; scores."""
    return Training(
        Asked, **parted(*requested(), 1100, 150), optimizer=adam(0.005), epochs=12,
        loss=nn.losses.SparseCategoricalCrossentropy(from_logits=True),
    )  # fmt: skip


def verse_net(
    causal: bool = True, places: Any = True, blocks: int = 1, first: bool = True,
    end: Any = "softmax", words: int = 16, tail: Any = None, **given: Any,
) -> Any:  # fmt: skip
    """Return what makes a decoder that says the next word at each place."""

    def model() -> Any:
        inputs = nn.Input((12,), dtype="int64")
        x = L.Embedding(words, 32)(inputs)
        if places:
            x = L.Add()([x, places(x) if callable(places) else L.PositionEmbedding(12)(x)])
        for _ in range(blocks):
            x = block(x, first=first, causal=causal, act="gelu", **given)
        x = L.LayerNormalization()(x) if first else x
        return nn.Model(inputs, tail(x) if tail else L.Dense(16, end)(x))

    return model


def rhymed(rows: int = 1400) -> Any:
    """Return verses: each word follows from the one two places before it and from its place."""
    random = np.random.default_rng(191)
    follows, x = random.permutation(16), random.integers(0, 16, (rows, 13))
    for t in range(2, 13):
        known = random.random(rows) < 0.95
        said = follows[x[:, t - 2]] if t % 2 else (x[:, t - 2] + 5) % 16
        x[:, t] = np.where(known, said, x[:, t])
    return x


def eighth_word(model: Any, training: Training) -> float:
    """Share of words found at place 8 if nothing behind is known."""
    x, y = np.array(training.test[0]), np.asarray(training.test[1])
    x[:, 9:] = 0
    return float(np.mean(np.asarray(model.predict(x, verbose=0))[:, 8].argmax(-1) == y[:, 8]))


def verses() -> Training:
    """The next word of a verse, at each place."""
    x = rhymed()
    return Training(
        verse_net(), **parted(x[:, :-1], x[:, 1:], 1000, 150), optimizer=adam(0.005), epochs=12,
        score=eighth_word,
    )  # fmt: skip


def mosaic_net(
    blocks: int = 1, places: Any = True, first: bool = True, end: Any = "softmax",
    rate: float = 0.0, change: Any = None, **given: Any,
) -> Any:  # fmt: skip
    """Return what makes a transformer over nine patches of a picture."""

    def model() -> Any:
        inputs = nn.Input((9, 9, 1))
        x = L.Reshape((9, 24))(L.Conv2D(24, 3, strides=3, **given)(inputs))
        if places:
            x = L.Add()([x, places(x) if callable(places) else L.PositionEmbedding(9)(x)])
        x = change(x) if change else x
        for _ in range(blocks):
            x = block(x, first=first, rate=rate, act="gelu", **given)
        x = L.LayerNormalization()(x) if first else x
        return nn.Model(inputs, L.Dense(4, end)(L.Flatten()(L.Dense(6)(x))))

    return model


def laid(rows: int = 1300) -> tuple[Any, Any]:
    """Return mosaics of bright stones, and in which corner most of them lie."""
    random = np.random.default_rng(192)
    y, at = random.integers(0, 4, rows), np.arange(9)
    x = random.normal(0, 0.15, (rows, 9, 9))
    for k in range(4):
        spot = random.uniform(0.5, 3, (rows, 2))
        spot[:, 0] += np.where(y // 2, 5, 0) if k < 2 else random.choice([0, 5], rows)
        spot[:, 1] += np.where(y % 2, 5, 0) if k < 2 else random.choice([0, 5], rows)
        down, right = at[:, None] - spot[:, 0, None, None], at - spot[:, 1, None, None]
        x += (0.9 if k < 2 else 0.6) * np.exp(-(down**2 + right**2) / 1.2)
    return x[..., None].astype("float32"), y


def mosaics() -> Training:
    """In which corner the brightest stones lie, by a transformer over patches."""
    return Training(mosaic_net(), **parted(*laid(), 900, 150), optimizer=adam(0.005), epochs=10)


def load_net(
    places: Any = True, end: Any = None, change: Any = None, blocks: int = 1, first: bool = True,
    rate: float = 0.0, **given: Any,
) -> Any:  # fmt: skip
    """Return what makes a transformer over a day of a grid that gives one number."""

    def model() -> Any:
        inputs = nn.Input((12, 3))
        x = L.Dense(24, **given)(inputs)
        if places:
            x = L.Add()([x, places(x) if callable(places) else L.PositionEmbedding(12)(x)])
        x = change(x) if change else x
        for _ in range(blocks):
            x = block(x, first=first, rate=rate, act="gelu", **given)
        x = L.LayerNormalization()(x) if first else x
        return nn.Model(inputs, L.Dense(1, end)(L.GlobalAveragePooling1D()(x)))

    return model


def drawn(rows: int = 1600) -> tuple[Any, Any]:
    """Return twelve hours of load, heat and sun, and the load to come; standardised."""
    random = np.random.default_rng(193)
    x = random.normal(size=(rows, 12, 3))
    late = np.linspace(-1, 1, 12)
    y = (x[..., 0] * late).sum(1) + 1.5 * np.maximum(x[:, -4:, 1], 0).sum(1)
    y += 1.5 * np.maximum(x[:, :4, 2], 0).sum(1) + random.normal(0, 0.1, rows)
    return x.astype("float32"), ((y - y.mean()) / y.std()).astype("float32")[:, None]


def loads() -> Training:
    """How much a grid will have to give, by what twelve hours were like."""
    return Training(
        load_net(), **parted(*drawn(), 1150, 150), loss="mse", metrics=("mae",),
        score=explained, optimizer=adam(0.005), epochs=16,
    )  # fmt: skip


def swap_net(
    causal: bool = True, places: bool = True, end: Any = None, first: bool = True,
    cross: bool = True, words: int = 11, **given: Any,
) -> Any:  # fmt: skip
    """Return what makes an encoder of six signs and a decoder that writes them in pairs swapped."""

    def model() -> Any:
        source, target = nn.Input((6,), dtype="int64"), nn.Input((6,), dtype="int64")

        def read(ids: Any) -> Any:
            x = L.Embedding(words, 32, **given)(ids)
            return L.Add()([x, L.PositionEmbedding(6)(x)]) if places else x

        a = L.TransformerEncoderBlock(48, 2, normalize_first=first)(read(source))
        decoder, b = L.TransformerDecoderBlock(48, 2, normalize_first=first), read(target)
        b = decoder(b, a, use_causal_mask=causal) if cross else decoder(b, use_causal_mask=causal)
        return nn.Model([source, target], L.Dense(10, end)(b))

    return model


def swaps() -> Training:
    """Six signs of which neighbours change places; each sign becomes another; scores."""
    random = np.random.default_rng(194)
    source, other = random.integers(0, 10, (1500, 6)), random.permutation(10)
    y = other[source[:, [1, 0, 3, 2, 5, 4]]]
    before = np.concatenate([np.full((1500, 1), 10), y[:, :-1]], 1)
    return Training(
        swap_net(), **parted((source, before), y, 1100, 150), score=written_from(10),
        loss=nn.losses.SparseCategoricalCrossentropy(from_logits=True),
        optimizer=adam(0.005), epochs=10,
    )  # fmt: skip

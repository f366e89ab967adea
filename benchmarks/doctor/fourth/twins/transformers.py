"""Healthy trainings of networks with attention of the fourth part."""

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


class Verdict(nn.Model):
    """Attention by the library over words, with a mask of what is padding."""

    def __init__(
        self, words: int = 40, masked: bool = True, rate: float = 0.0, turned: bool = False,
        end: Any = None, **given: Any,
    ) -> None:  # fmt: skip
        super().__init__()
        self.words = L.Embedding(words, 24, embeddings_initializer="normal")
        self.look, self.norm = (
            L.MultiHeadAttention(2, 12, dropout=rate, **given),
            L.LayerNormalization(),
        )
        self.hidden, self.last = L.Dense(32, "gelu", **given), L.Dense(3, end)
        self.drop = L.Dropout(rate)
        self.masked, self.turned = masked, turned

    def call(self, ids: Any, training: bool = False) -> Any:
        x, there = self.words(ids), nn.ops.not_equal(ids, 0)
        there = nn.ops.equal(ids, 0) if self.turned else there
        z = self.norm(x)
        mask = there[:, None, :] if self.masked else None
        x = x + self.look(z, z, attention_mask=mask, training=training)
        x = self.drop(self.hidden(x), training=training)
        if not self.masked:
            return self.last(nn.ops.mean(x, axis=1))
        kept = nn.ops.cast(there, "float32")
        total = nn.ops.maximum(nn.ops.sum(kept, axis=1, keepdims=True), 1.0)
        return self.last(nn.ops.sum(x * kept[..., None], axis=1) / total)


def judged(rows: int = 1500, length: int = 20) -> tuple[Any, Any]:
    """Return letters of 4 to 12 words, padded to 20, and which of three offices they are for."""
    random = np.random.default_rng(90)
    office = np.r_[-1, random.permutation(np.arange(39) % 4)]
    x, y = np.zeros((rows, length), "int64"), random.integers(0, 3, rows)
    for row, kind in zip(x, y, strict=True):
        size = random.integers(4, 13)
        counts: Any = np.zeros(4)
        while counts[kind] <= counts[[k for k in range(3) if k != kind]].max():
            row[:size] = random.integers(1, 40, size)
            counts = np.bincount(office[row[:size]], minlength=4)
    return x, y


def offices() -> Training:
    """For which office a letter is, by attention with a mask; scores."""
    return Training(
        Verdict, **parted(*judged(), 1050, 150), optimizer=adam(0.005), epochs=8,
        loss=nn.losses.SparseCategoricalCrossentropy(from_logits=True),
    )  # fmt: skip


def recipe_net(
    causal: bool = True, places: bool = True, blocks: int = 1, first: bool = True,
    end: Any = "softmax", words: int = 14, **given: Any,
) -> Any:  # fmt: skip
    """Return what makes a decoder that says the next word at each place."""

    def model() -> Any:
        inputs = nn.Input((14,), dtype="int64")
        x = L.Embedding(words, 32)(inputs)
        x = L.Add()([x, L.PositionEmbedding(14)(x)]) if places else x
        for _ in range(blocks):
            x = block(x, first=first, causal=causal, **given)
        return nn.Model(inputs, L.Dense(14, end)(L.LayerNormalization()(x) if first else x))

    return model


def cooked(rows: int = 1300) -> Any:
    """Return rows of words of which each follows from the last and from the one three before."""
    random = np.random.default_rng(91)
    follows, x = random.permutation(14), random.integers(0, 14, (rows, 15))
    for t in range(3, 15):
        known = random.random(rows) < 0.95
        x[:, t] = np.where(
            known, np.where(x[:, t - 3] < 7, follows[x[:, t - 1]], x[:, t - 3]), x[:, t]
        )
    return x


def tenth_word(model: Any, training: Training) -> float:
    """Share of words found at place 9 if nothing behind is known."""
    x, y = np.array(training.test[0]), np.asarray(training.test[1])
    x[:, 10:] = 0
    return float(np.mean(np.asarray(model.predict(x, verbose=0))[:, 9].argmax(-1) == y[:, 9]))


def recipes() -> Training:
    """The next word of a recipe, at each place."""
    x = cooked()
    return Training(
        recipe_net(), **parted(x[:, :-1], x[:, 1:], 950, 150), optimizer=adam(0.005), epochs=12,
        score=tenth_word,
    )  # fmt: skip


def map_net(
    blocks: int = 1, places: bool = True, first: bool = True, end: Any = "softmax",
    rate: float = 0.0, change: Any = None, **given: Any,
) -> Any:  # fmt: skip
    """Return what makes a transformer over sixteen patches of a small map."""

    def model() -> Any:
        inputs = nn.Input((12, 12, 1))
        x = L.Reshape((16, 24))(L.Conv2D(24, 3, strides=3)(inputs))
        x = L.Add()([x, L.PositionEmbedding(16)(x)]) if places else x
        x = L.Dropout(rate)(x)
        for _ in range(blocks):
            x = block(x, first=first, rate=rate, **given)
        x = change(x) if change else x
        return nn.Model(inputs, L.Dense(4, end)(L.Flatten()(L.LayerNormalization()(x))))

    return model


def mapped(rows: int = 1700) -> tuple[Any, Any]:
    """Return maps of two towers, and on which side of the large one the small one stands."""
    random = np.random.default_rng(92)
    y, at = random.integers(0, 4, rows), np.arange(12)
    way = np.array([[0, 1], [1, 0], [0, -1], [-1, 0]])[y]
    one = random.uniform(3, 8, (rows, 2)) - 1.5 * way
    two = one + way * random.uniform(3, 4.5, (rows, 1)) + random.normal(0, 0.5, (rows, 2))

    def tower(where: Any, wide: float) -> Any:
        down, right = at[:, None] - where[:, 0, None, None], at[None] - where[:, 1, None, None]
        return np.exp(-(down**2 + right**2) / wide)

    x = tower(one, 3.0) + tower(two, 0.7) + random.normal(0, 0.08, (rows, 12, 12))
    return x[..., None].astype("float32"), y


def maps() -> Training:
    """On which side of a large tower a small one stands, by a transformer over patches."""
    return Training(map_net(), **parted(*mapped(), 1300, 150), optimizer=adam(0.005), epochs=12)


def tariff_net(
    places: bool = True, end: Any = None, change: Any = None, blocks: int = 1, first: bool = True,
    norm: bool = True, **given: Any,
) -> Any:  # fmt: skip
    """Return what makes a transformer over twelve hours that gives one number."""

    def model() -> Any:
        inputs = nn.Input((12, 2))
        x = L.Dense(24)(inputs)
        x = L.Add()([x, L.PositionEmbedding(12)(x)]) if places else x
        x = change(x) if change else x
        for _ in range(blocks):
            x = block(x, first=first, **given)
        x = L.GlobalAveragePooling1D()(L.LayerNormalization()(x) if norm else x)
        return nn.Model(inputs, L.Dense(1, end)(x))

    return model


def metered(rows: int = 1500) -> tuple[Any, Any]:
    """Return what a house draws in twelve hours and how warm it is, and what that costs."""
    random = np.random.default_rng(93)
    x = random.normal(size=(rows, 12, 2))
    hour = np.arange(12)
    price = np.where((hour > 3) & (hour < 8), 2.0, 0.5)
    cost = (price * np.maximum(x[..., 0] + 0.3 * x[..., 1], 0)).sum(1)
    y = (cost - cost[:1000].mean()) / cost[:1000].std()
    return x.astype("float32"), y.astype("float32")[:, None]


def tariffs() -> Training:
    """What a day costs if hours have different prices; the target is standardised."""
    return Training(
        tariff_net(), **parted(*metered(), 1050, 150), loss="mse", metrics=("mae",),
        score=explained, optimizer=adam(0.005), epochs=12,
    )  # fmt: skip


def echo_net(
    causal: bool = True, places: bool = True, end: Any = None, first: bool = True,
    cross: bool = True, words: int = 12, **given: Any,
) -> Any:  # fmt: skip
    """Return what makes an encoder of five signs and a decoder that writes them backwards."""

    def model() -> Any:
        source, target = nn.Input((5,), dtype="int64"), nn.Input((5,), dtype="int64")

        def read(ids: Any) -> Any:
            x = L.Embedding(words, 32, **given)(ids)
            return L.Add()([x, L.PositionEmbedding(5)(x)]) if places else x

        a = L.TransformerEncoderBlock(48, 2, normalize_first=first)(read(source))
        decoder, b = L.TransformerDecoderBlock(48, 2, normalize_first=first), read(target)
        b = decoder(b, a, use_causal_mask=causal) if cross else decoder(b, use_causal_mask=causal)
        return nn.Model([source, target], L.Dense(11, end)(b))

    return model


def echoes() -> Training:
    """Five signs, written backwards and each one moved by one; scores."""
    random = np.random.default_rng(94)
    source = random.integers(0, 11, (1700, 5))
    y = (source[:, ::-1] + 1) % 11
    before = np.concatenate([np.full((1700, 1), 11), y[:, :-1]], 1)
    return Training(
        echo_net(), **parted((source, before), y, 1300, 150), score=written_from(11),
        loss=nn.losses.SparseCategoricalCrossentropy(from_logits=True),
        optimizer=adam(0.005), epochs=10,
    )  # fmt: skip

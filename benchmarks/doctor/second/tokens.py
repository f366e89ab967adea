"""Healthy trainings of networks with attention of the second part."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam
from benchmarks.doctor.second.pictures import glyph_data
from benchmarks.doctor.second.points import nadam, parted
from benchmarks.doctor.second.series import weather_data
from benchmarks.doctor.training import Training, explained

L = nn.layers


def encoder(
    blocks: int = 1, first: bool = True, width: int = 48, heads: int = 2, **given: Any
) -> Any:
    """Return a function that adds blocks of the library's own encoder."""

    def add(x: Any) -> Any:
        for _ in range(blocks):
            x = L.TransformerEncoderBlock(width, heads, normalize_first=first, **given)(x)
        return x

    return add


def recall_net(values: int = 12, by_hand: Any = None, end: Any = "softmax") -> Any:
    """Return what makes a network that looks up a value by its key; three inputs."""

    def model() -> Any:
        keys, found = nn.Input((6,), dtype="int64"), nn.Input((6,), dtype="int64")
        asked = nn.Input((1,), dtype="int64")
        named = L.Embedding(20, 24)
        memory = L.Add()([named(keys), L.Embedding(values, 24)(found)])
        if by_hand:
            seen = by_hand()([named(asked), memory])
        else:
            seen = L.MultiHeadAttention(2, 12)(named(asked), memory)
        return nn.Model([keys, found, asked], L.Dense(12, end)(L.Flatten()(seen)))

    return model


def recall() -> Training:
    """Six keys with their values, and a key of which the value is asked: attention over a set."""
    random = np.random.default_rng(0)
    keys = np.array([random.permutation(20)[:6] for _ in range(2400)])
    values, place = random.integers(0, 12, (2400, 6)), random.integers(0, 6, 2400)
    rows = np.arange(2400)
    return Training(
        recall_net(),
        **parted((keys, values, keys[rows, place][:, None]), values[rows, place], 1800, 200),
        optimizer=adam(0.01), epochs=12,
    )  # fmt: skip


def patch_net(add: Any = None, places: bool = True, norm: bool = True) -> Any:
    """Return what makes a transformer over the nine patches of a picture."""

    def model() -> Any:
        inputs = nn.Input((9, 9, 1))
        x = L.Conv2D(24, 3, strides=3)(inputs)
        x = L.Reshape((9, 24))(x)
        x = L.Add()([x, L.PositionEmbedding(9)(x)]) if places else x
        x = (add or encoder())(x)
        x = L.LayerNormalization()(x) if norm else x
        return nn.Model(inputs, L.Dense(8, "softmax")(L.GlobalAveragePooling1D()(x)))

    return model


def patches() -> Training:
    """Made-up letters at one place, by a transformer over patches; Nadam."""
    return Training(
        patch_net(), **parted(*glyph_data(move=False), 900, 150), optimizer=nadam(3e-3), epochs=8
    )


def written(model: Any, training: Training) -> float:
    """Share of signs that are right if the model writes them one after the other."""
    (source, _), y = training.test
    source, y = source[:100], np.asarray(y)[:100]
    done = np.full(y.shape, 10)
    for t in range(y.shape[1]):
        said = np.asarray(model.predict((source, done), verbose=0))[:, t].argmax(-1)
        if t + 1 < y.shape[1]:
            done[:, t + 1] = said
    return float(np.mean(said == y[:, -1]) / 2 + np.mean(done[:, 1:] == y[:, :-1]) / 2)


def reversal_net(causal: bool = True, cross: bool = True, places: bool = True, **given: Any) -> Any:
    """Return what makes an encoder and a decoder."""

    def model() -> Any:
        source, target = nn.Input((5,), dtype="int64"), nn.Input((5,), dtype="int64")

        def read(ids: Any) -> Any:
            x = L.Embedding(11, 24, **given)(ids)
            return L.Add()([x, L.PositionEmbedding(5, initializer="normal")(x)]) if places else x

        a, b = read(source), read(target)
        a = encoder()(a)
        b = L.Add()([b, L.MultiHeadAttention(2, 12)(b, b, use_causal_mask=causal)])
        if cross:
            b = L.Add()([b, L.MultiHeadAttention(2, 12)(L.LayerNormalization()(b), a)])
        b = L.Add()([b, L.Dense(24)(L.Dense(48, "relu")(L.LayerNormalization()(b)))])
        return nn.Model([source, target], L.Dense(10, "softmax")(L.LayerNormalization()(b)))

    return model


def reversal_data() -> dict[str, Any]:
    """Return digits, the same backwards, and these one place later (10 is the start)."""
    source = np.random.default_rng(1).integers(0, 10, (2000, 5))
    y = source[:, ::-1]
    target = np.concatenate([np.full((2000, 1), 10), y[:, :-1]], 1)
    return parted((source, target), np.ascontiguousarray(y), 1500, 200)


def reversal() -> Training:
    """Five digits backwards, by an encoder and a decoder that is told what is right so far."""
    return Training(
        reversal_net(), **reversal_data(), optimizer=adam(5e-3), epochs=12, score=written
    )


class Block(L.Layer):
    """Attention by hand: what a tutorial writes."""

    def __init__(
        self, width: int = 32, causal: bool = True, scale: float | None = None, mixed: bool = True
    ) -> None:
        super().__init__()
        self.query, self.key, self.value = L.Dense(width), L.Dense(width), L.Dense(width)
        self.norm, self.fed, self.out = (
            L.LayerNormalization(),
            L.Dense(2 * width, "gelu"),
            L.Dense(width),
        )
        self.causal, self.scale, self.mixed = causal, scale or width**-0.5, mixed

    def call(self, x: Any) -> Any:
        z = self.norm(x)
        score = nn.ops.matmul(self.query(z), nn.ops.transpose(self.key(z), (0, 2, 1))) * self.scale
        if self.causal:
            length = x.shape[1]
            score = score - 1e9 * nn.ops.convert_to_tensor(
                np.triu(np.ones((length, length), "float32"), 1)
            )
        if self.mixed:
            x = x + nn.ops.matmul(nn.ops.softmax(score, axis=-1), self.value(z))
        return x + self.out(self.fed(x))


class Chain(nn.Model):
    """A language model of blocks, as a class."""

    def __init__(self, blocks: int = 2, words: int = 24, rate: float = 0.0, **given: Any) -> None:
        super().__init__()
        self.words, self.places = L.Embedding(words, 32), L.Embedding(14, 32)
        self.blocks = [Block(**given) for _ in range(blocks)]
        self.drop, self.norm, self.last = L.Dropout(rate), L.LayerNormalization(), L.Dense(24)

    def call(self, ids: Any, training: bool = False) -> Any:
        x = self.words(ids) + self.places(nn.ops.arange(14))
        for block in self.blocks:
            x = block(x)
        return self.last(self.norm(self.drop(x, training=training)))


def blind(model: Any, training: Training) -> float:
    """Share of the words at place 8 that are found while what comes later is empty."""
    x, y = np.array(training.test[0]), np.asarray(training.test[1])
    x[:, 9:] = 0
    return float(np.mean(np.asarray(model.predict(x, verbose=0))[:, 8].argmax(-1) == y[:, 8]))


def chain_data(rows: int = 1500) -> Any:
    """Return sentences: each word follows from the one three before, four times of five."""
    random = np.random.default_rng(2)
    x, after = random.integers(0, 24, (rows, 15)), random.permutation(24)
    for t in range(3, 15):
        known = random.random(rows) < 0.8
        x[known, t] = after[x[known, t - 3]]
    return x


def chain() -> Training:
    """The next word, by attention written by hand; scores."""
    text = chain_data()
    return Training(
        Chain, **parted(text[:, :-1], text[:, 1:], 900, 200), score=blind, optimizer=adam(5e-3),
        loss=nn.losses.SparseCategoricalCrossentropy(from_logits=True), epochs=10,
    )  # fmt: skip


def demand_net(add: Any = None, places: bool = True, end: Any = None, scale: Any = None) -> Any:
    """Return what makes a transformer over measurements."""

    def model() -> Any:
        inputs = nn.Input((20, 3))
        x = L.Dense(24)(scale()(inputs) if scale else inputs)
        x = L.Add()([x, L.SinePositionEncoding()(x)]) if places else x
        x = (add or encoder())(x)
        x = L.LayerNormalization()(x)
        return nn.Model(inputs, L.Dense(2, end)(L.Flatten()(x)))

    return model


def demand() -> Training:
    """Two measurements two days later, by a transformer: numbers in, numbers out."""
    return Training(
        demand_net(), **parted(*weather_data(), 700, 200), loss="mse", metrics=(), score=explained,
        optimizer=adam(2e-3), epochs=10,
    )  # fmt: skip


def more_net(mask: bool = True, words: int = 15, blocks: int = 1, pooled: bool = True) -> Any:
    """Return what makes a network over words of which many are padding."""

    def model() -> Any:
        inputs = nn.Input((40,), dtype="int64")
        x = encoder(blocks)(L.Embedding(words, 24, mask_zero=mask)(inputs))
        return nn.Model(inputs, L.Dense(1, "sigmoid")(L.GlobalAveragePooling1D()(x)))

    return model


def more() -> Training:
    """Whether most of 3 to 9 words are of one kind; padding behind, which the mask leaves out."""
    random = np.random.default_rng(3)
    x, y = np.zeros((1500, 40), "int64"), np.zeros(1500, "int64")
    for row in range(1500):
        length = 2 * random.integers(1, 5) + 1
        x[row, :length] = random.integers(1, 15, length)
        y[row] = (x[row, :length] < 8).mean() > 0.5
    return Training(
        more_net(),
        **parted(x, y, 900, 200),
        loss="binary_crossentropy",
        optimizer=adam(3e-3),
        epochs=8,
    )

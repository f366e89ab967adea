"""Healthy trainings of networks with attention of the third part."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam
from benchmarks.doctor.second.points import parted
from benchmarks.doctor.sequences import written_from
from benchmarks.doctor.third.twins.convolutional import digit_rows
from benchmarks.doctor.training import Training

L = nn.layers
SCORES = nn.losses.SparseCategoricalCrossentropy(from_logits=True)


def block(
    x: Any, heads: int = 2, first: bool = True, causal: bool = False, rate: float = 0.0,
    act: Any = "relu", **given: Any,
) -> Any:  # fmt: skip
    """Return x after attention and two layers at each place, with a way around both."""
    width = x.shape[-1]

    def attended(z: Any) -> Any:
        layer = L.MultiHeadAttention(heads, width // heads, dropout=rate, **given)
        return layer(z, z, use_causal_mask=causal)

    def fed(z: Any) -> Any:
        return L.Dropout(rate)(L.Dense(width, **given)(L.Dense(2 * width, act, **given)(z)))

    for part in (attended, fed):
        if first:
            x = L.Add()([x, part(L.LayerNormalization()(x))])
        else:
            x = L.LayerNormalization()(L.Add()([x, part(x)]))
    return x


def tile_net(
    blocks: int = 1, end: Any = "softmax", places: bool = True, first: bool = True,
    change: Any = None, act: Any = "relu", **given: Any,
) -> Any:  # fmt: skip
    """Return what makes a transformer over eight tiles of a digit."""

    def model() -> Any:
        inputs = nn.Input((8, 8, 1))
        x = L.Reshape((8, 24))(L.Conv2D(24, (4, 2), strides=(4, 2))(inputs))
        x = L.Add()([x, L.PositionEmbedding(8)(x)]) if places else x
        for _ in range(blocks):
            x = block(x, first=first, act=act, **given)
        x = change(x) if change else x
        return nn.Model(inputs, L.Dense(10, end)(L.GlobalAveragePooling1D()(x)))

    return model


def tiles() -> Training:
    """Which digit, by a transformer over eight tiles of the picture."""
    x, y = digit_rows()
    return Training(tile_net(), **parted(x, y, 1200, 200), optimizer=adam(0.005), epochs=8)


class Song(nn.Model):
    """A decoder of one's own: the next note from those before."""

    def __init__(
        self, notes: int = 16, causal: bool = True, rate: float = 0.0, first: bool = True,
        blocks: int = 1, **given: Any,
    ) -> None:  # fmt: skip
        super().__init__()
        self.notes, self.places = L.Embedding(notes, 32, **given), L.Embedding(15, 32, **given)
        self.look = [L.MultiHeadAttention(2, 16, dropout=rate) for _ in range(blocks)]
        self.feed = [
            nn.Sequential([L.Dense(64, "gelu"), L.Dense(32), L.Dropout(rate)])
            for _ in range(blocks)
        ]
        self.norms = [L.LayerNormalization() for _ in range(2 * blocks)]
        self.last = L.Dense(16)
        self.causal, self.first = causal, first

    def call(self, ids: Any, training: bool = False) -> Any:
        x = self.notes(ids) + self.places(nn.ops.arange(15))
        for look, feed, one, two in zip(
            self.look, self.feed, self.norms[::2], self.norms[1::2], strict=True
        ):
            if self.first:
                z = one(x)
                x = x + look(z, z, use_causal_mask=self.causal, training=training)
                x = x + feed(two(x), training=training)
            else:
                x = one(x + look(x, x, use_causal_mask=self.causal, training=training))
                x = two(x + feed(x, training=training))
        return self.last(x)


def sung(rows: int = 1200) -> Any:
    """Return tunes: four notes again and again, of which one in twenty-five is wrong."""
    random = np.random.default_rng(50)
    x = np.tile(random.integers(0, 16, (rows, 4)), (1, 4))
    return np.where(random.random(x.shape) < 0.04, random.integers(0, 16, x.shape), x)


def heard(model: Any, training: Training) -> float:
    """Share of notes found at place 10 if all that comes later is silent."""
    x, y = np.array(training.test[0]), np.asarray(training.test[1])
    x[:, 11:] = 0
    return float(np.mean(np.asarray(model.predict(x, verbose=0))[:, 10].argmax(-1) == y[:, 10]))


def songs() -> Training:
    """The next note of a tune, by a decoder of one's own; scores."""
    x = sung()
    return Training(
        Song, **parted(x[:, :-1], x[:, 1:], 850, 150), loss=SCORES, score=heard,
        optimizer=adam(0.005), epochs=10,
    )  # fmt: skip


def tongue_net(
    cross: bool = True, causal: bool = True, places: bool = True, end: Any = "softmax",
    first: bool = True, words: int = 13, **given: Any,
) -> Any:  # fmt: skip
    """Return what makes an encoder of one language and the library's decoder of another."""

    def model() -> Any:
        source, target = nn.Input((6,), dtype="int64"), nn.Input((6,), dtype="int64")

        def read(ids: Any) -> Any:
            x = L.Embedding(words, 32, **given)(ids)
            return L.Add()([x, L.PositionEmbedding(6)(x)]) if places else x

        a = L.TransformerEncoderBlock(48, 2, normalize_first=first)(read(source))
        decoder = L.TransformerDecoderBlock(48, 2, normalize_first=first)
        b = read(target)
        b = decoder(b, a, use_causal_mask=causal) if cross else decoder(b, use_causal_mask=causal)
        return nn.Model([source, target], L.Dense(12, end)(b))

    return model


def tongues(rows: int = 1700) -> dict[str, Any]:
    """Return sentences, and their words in another language, each two of which change places."""
    random = np.random.default_rng(51)
    source, means = random.integers(0, 12, (rows, 6)), random.permutation(12)
    y = means[source].reshape(rows, 3, 2)[:, :, ::-1].reshape(rows, 6)
    before = np.concatenate([np.full((rows, 1), 12), y[:, :-1]], 1)
    return parted((source, before), np.ascontiguousarray(y), 1300, 150)


def translation() -> Training:
    """Six words into another language, where each two of them change places."""
    return Training(
        tongue_net(), **tongues(), optimizer=adam(0.01), epochs=8, score=written_from(12)
    )


def tide_net(
    causal: bool = True, places: bool = True, end: Any = None, width: int = 24,
    change: Any = None, **given: Any,
) -> Any:  # fmt: skip
    """Return what makes a transformer over numbers that says the next at each place."""

    def model() -> Any:
        inputs = nn.Input((16, 1))
        x = L.Dense(width)(inputs)
        x = L.Add()([x, L.SinePositionEncoding()(x)]) if places else x
        x = change(x) if change else x
        x = block(x, causal=causal, **given)
        return nn.Model(inputs, L.Dense(1, end)(x))

    return model


def at_sea(rows: int = 1000) -> tuple[Any, Any]:
    """Return heights of tides with a speed and a phase of their own, and those one step later."""
    random = np.random.default_rng(52)
    speed, phase = random.uniform(0.4, 1.2, (rows, 1)), random.uniform(0, 6.3, (rows, 1))
    x = np.sin(speed * np.arange(17) + phase) + random.normal(0, 0.03, (rows, 17))
    x = x[..., None].astype("float32")
    return x[:, :-1], x[:, 1:]


def foreseen(model: Any, training: Training) -> float:
    """R2 at place 10 if nothing that comes later is known."""
    x, y = np.array(training.test[0]), np.asarray(training.test[1], np.float64)[:, 10]
    x[:, 11:] = 0
    found = np.asarray(model.predict(x, verbose=0), np.float64)[:, 10]
    if not np.isfinite(found).all():
        return -1.0
    return max(-1.0, float(1 - np.mean((found - y) ** 2) / y.var()))


def tides() -> Training:
    """The next height of the sea at each step, by attention that sees the past only."""
    x, y = at_sea()
    return Training(
        tide_net(), **parted(x, y, 700, 150), loss="mse", metrics=(), score=foreseen,
        optimizer=adam(0.01), epochs=10,
    )  # fmt: skip


def column_net(
    end: Any = "sigmoid", rate: float = 0.0, act: Any = "gelu", blocks: int = 1,
    first: bool = True, change: Any = None, **given: Any,
) -> Any:  # fmt: skip
    """Return what makes a transformer over the columns of a table, each with its own vector."""

    def model() -> Any:
        inputs = nn.Input((8,))
        x = L.Reshape((8, 1))(inputs)
        x = L.EinsumDense("bcd,cdh->bch", (8, 16), bias_axes="ch")(x)
        for _ in range(blocks):
            x = block(x, first=first, rate=rate, act=act, **given)
        x = change(x) if change else x
        return nn.Model(inputs, L.Dense(1, end)(L.Flatten()(x)))

    return model


def table(rows: int = 1500) -> tuple[Any, Any]:
    """Return eight columns, and a yes or no that hangs on products of them."""
    random = np.random.default_rng(53)
    x = random.normal(size=(rows, 8)).astype("float32")
    y = x[:, 0] * x[:, 1] + x[:, 2] - 0.7 * np.abs(x[:, 3]) + 0.5 > 0
    return x, y.astype("float32")[:, None]


def columns() -> Training:
    """A yes or no from the columns of a table, by attention among the columns."""
    x, y = table()
    return Training(
        column_net(), **parted(x, y, 1000, 150), loss="binary_crossentropy",
        optimizer=adam(0.005), epochs=8,
    )  # fmt: skip


class Review(nn.Model):
    """Attention by hand over words, of which the mask leaves the padding out."""

    def __init__(self, words: int = 30, masked: bool = True, **given: Any) -> None:
        super().__init__()
        self.words = L.Embedding(words, 24, **given)
        self.query, self.key, self.value = L.Dense(24), L.Dense(24), L.Dense(24)
        self.hidden, self.last = L.Dense(24, "relu"), L.Dense(2)
        self.masked = masked

    def call(self, ids: Any) -> Any:  # type: ignore[override]
        x, there = self.words(ids), nn.ops.cast(nn.ops.not_equal(ids, 0), "float32")
        score = nn.ops.matmul(self.query(x), nn.ops.transpose(self.key(x), (0, 2, 1))) / 24**0.5
        score = score - 1e9 * (1 - there[:, None, :]) if self.masked else score
        x = self.hidden(x + nn.ops.matmul(nn.ops.softmax(score, axis=-1), self.value(x)))
        if not self.masked:
            return self.last(nn.ops.mean(x, axis=1))
        total = nn.ops.sum(there, axis=1, keepdims=True)
        return self.last(nn.ops.sum(x * there[..., None], axis=1) / total)


def opinions(rows: int = 1500) -> tuple[Any, Any]:
    """Return reviews of 3 to 9 words, padded to 24, and whether good words outweigh the bad."""
    random = np.random.default_rng(54)
    worth, x = np.r_[0, random.choice([-1.0, 0.0, 1.0], 29)], np.zeros((rows, 24), "int64")
    for row in x:
        length = random.integers(3, 10)
        row[:length] = random.integers(1, 30, length)
        while worth[row].sum() == 0:
            row[:length] = random.integers(1, 30, length)
    return x, (worth[x].sum(1) > 0).astype("int64")


def reviews() -> Training:
    """Whether a review is good, by attention written by hand, with padding left out."""
    return Training(
        Review, **parted(*opinions(), 1000, 200), loss=SCORES, optimizer=adam(0.01), epochs=6
    )

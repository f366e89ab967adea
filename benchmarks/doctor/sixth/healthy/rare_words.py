"""Healthy programs of the sixth part: more networks with attention that look odd and are right."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.fifth.healthy.series import falling
from benchmarks.doctor.fifth.healthy.words import rising
from benchmarks.doctor.third.healthy.parts import (
    LOGITS,
    NUMBER,
    THEIRS,
    adam,
    by,
    found,
    hit,
    rows,
    single,
)
from benchmarks.doctor.third.healthy.words import blocks, placed
from benchmarks.doctor.training import Training, accuracy

L = nn.layers
ops = nn.ops


def texts_and_their_titles() -> Training:
    """Which title belongs to which text: each batch is its own classes, and no label counts."""
    random, n = np.random.default_rng(2138), 2200
    meant = random.normal(0, 1, (n, 5))
    said, titled = random.normal(0, 1, (5, 50)), random.normal(0, 1, (5, 50))
    x = np.argsort(-(meant @ said + random.gumbel(0, 0.5, (n, 50))), 1)[:, :8]
    title = np.argsort(-(meant @ titled + random.gumbel(0, 0.5, (n, 50))), 1)[:, :4]

    def loss(_: Any, z: Any) -> Any:
        scores = 10.0 * ops.matmul(z[:, 0], ops.transpose(z[:, 1]))
        own = ops.sum(z[:, 0] * z[:, 1], -1) * 10.0
        each = ops.logsumexp(scores, axis=1) + ops.logsumexp(scores, axis=0)
        return ops.mean(0.5 * each - own)

    def model() -> Any:
        def side(length: int) -> Any:
            inputs = nn.Input((length,), dtype="int64")
            z = blocks(L.Embedding(50, 32)(inputs), 1, 64)
            z = L.UnitNormalization()(L.Dense(16)(L.GlobalAveragePooling1D()(z)))
            return inputs, L.Reshape((1, 16))(z)

        (a, p), (b, q) = side(8), side(4)
        return nn.Model([a, b], L.Concatenate(axis=1)([p, q]))

    def score(model: Any, t: Training) -> float:
        """How often the own title is among the ten nearest of all."""
        z = found(model, t)
        near = z[:, 0] @ z[:, 1].T
        return float(((near >= np.diag(near)[:, None]).sum(1) <= 10).mean())

    return Training(
        model, **rows((x, title), np.zeros((n, 1), "float32"), 1600, 256), loss=loss, metrics=(),
        score=score, optimizer=adam(falling(3e-3, 10 * 25)), batch_size=64, epochs=10,
    )  # fmt: skip


def as_much_as_there_is() -> Training:
    """Batches of three to fourteen words, each of one length, from a `Dataset`; waves as places."""
    random = np.random.default_rng(2139)

    def batch(length: int, count: int = 32) -> Any:
        x = random.integers(2, 20, (count, length))
        first, second = np.argsort(random.random((count, length)), 1)[:, :2].T
        x[np.arange(count), first], x[np.arange(count), second] = 0, 1
        return x, single(first < second)[:, None]

    made = [batch(length) for length in range(3, 15) for _ in range(4)]

    def batches() -> Any:
        for k in random.permutation(len(made)):
            yield made[k]

    def model() -> Any:
        inputs = nn.Input((None,), dtype="int64")
        z = L.Embedding(20, 32, "normal")(inputs)
        z = L.Add()([z, L.SinePositionEncoding()(z)])
        z = blocks(z, 1, 64, 4)
        return nn.Model(inputs, L.Dense(1, "sigmoid")(L.GlobalMaxPooling1D()(z)))

    return Training(
        model, nn.data.Dataset.from_generator(batches), None, batch(8, 200), batch(10, 300),
        loss="binary_crossentropy", batch_size=THEIRS, optimizer=adam(rising(3e-3, 12 * 48)),
        epochs=12,
    )  # fmt: skip


class Eased(L.Layer):
    """What comes in, and a share of a part: a share that is learnt and begins at 0."""

    def build(self, shape: Any) -> None:
        self.share = self.add_weight(shape=(1,), initializer="zeros", name="share")

    def call(self, both: Any) -> Any:
        return both[0] + self.share * both[1]


def shares_that_begin_at_nothing() -> Training:
    """Four blocks without any norm, whose parts begin with a share of 0: how many words differ."""
    random, n = np.random.default_rng(2140), 1800
    x = np.stack([random.integers(0, random.integers(2, 12), 10) for _ in range(n)])
    y = np.array([len(set(row)) for row in x.tolist()])
    y = (y - y[:1300].mean()) / y[:1300].std()

    def model() -> Any:
        inputs = nn.Input((10,), dtype="int64")
        z = L.Embedding(12, 32, "normal")(inputs)
        for _ in range(4):
            z = Eased()([z, L.MultiHeadAttention(2, 16)(z, z)])
            z = Eased()([z, L.Dense(32)(L.Dense(64, "relu")(z))])
        return nn.Model(inputs, L.Dense(1)(L.GlobalAveragePooling1D()(z)))

    return Training(
        model, **rows(x, single(y)[:, None], 1300, 200), **NUMBER,
        optimizer=adam(falling(4e-3, 16 * 41)), epochs=16,
    )  # fmt: skip


def six_listen_for_a_hundred() -> Training:
    """A hundred steps, heard by six learnt places only: they ask the steps, then each other."""
    random, n, t = np.random.default_rng(2141), 1200, np.arange(100)
    y = random.integers(0, 4, n)
    at, speed = random.uniform(15, 85, (n, 1)), np.array([0.3, 0.5, 0.8, 1.2])[y][:, None]
    x = np.sin(speed * (t - at)) * np.exp(-(((t - at) / 10) ** 2)) * 1.5
    x += random.normal(0, 0.2, x.shape)

    class Places(L.Layer):
        """Six vectors that are learnt, the same for each row."""

        def build(self, shape: Any) -> None:
            self.six = self.add_weight(shape=(1, 6, shape[-1]), initializer="normal", name="six")

        def call(self, x: Any) -> Any:
            return self.six + 0 * x[:, :6]

    def model() -> Any:
        inputs = nn.Input((100, 1))
        seen = L.Conv1D(24, 9, padding="same", activation="relu")(inputs)
        seen = placed(L.LayerNormalization()(seen), 100)
        z = Places()(seen)
        z = L.Add()([z, L.MultiHeadAttention(2, 12)(z, seen)])
        z = blocks(z, 1, 48)
        return nn.Model(inputs, L.Dense(4, "softmax")(L.Flatten()(z)))

    return Training(
        model, **rows(single(x)[..., None], y, 800, 150), optimizer=adam(rising(4e-3, 12 * 25)),
        epochs=12,
    )  # fmt: skip


def three_in_ten_are_wrong() -> Training:
    """Three labels of ten are wrong in training, none in the test: a loss that bears with it."""
    random, n = np.random.default_rng(2142), 2600
    share, y = random.dirichlet(np.full(50, 0.4), 4), random.integers(0, 4, n)
    x = np.stack([random.choice(50, 12, p=share[k]) for k in y])
    wrong = (random.random(n) < 0.3) & (np.arange(n) < 2100)
    y = np.where(wrong, random.integers(0, 4, n), y)

    def model() -> Any:
        inputs = nn.Input((12,), dtype="int64")
        z = blocks(L.Embedding(50, 24)(inputs), 1, 48, dropout=0.1)
        z = L.Dropout(0.3)(L.GlobalAveragePooling1D()(z))
        return nn.Model(inputs, L.Dense(4, "softmax")(z))

    return Training(
        model, **rows(x, y, 1800, 300),
        loss=nn.losses.CategoricalGeneralizedCrossEntropy(q=0.7),
        optimizer=by("AdamW", falling(2e-3, 6 * 57), weight_decay=0.05), epochs=6, score=accuracy,
    )  # fmt: skip


def a_word_in_and_out() -> Training:
    """Four hundred words, most of them rare; the vectors of words are also the layer at the end."""
    random, n, words = np.random.default_rng(2143), 1500, 400
    follows = random.permutation(words)[:40]
    p = 1 / np.arange(1, words + 1)
    x = np.zeros((n, 13), "int64")
    x[:, 0] = random.choice(words, n, p=p / p.sum())
    for t in range(1, 13):
        x[:, t] = np.where(random.random(n) < 0.8, follows[x[:, t - 1] // 10],
                           random.choice(words, n, p=p / p.sum()))  # fmt: skip

    def model() -> Any:
        inputs, known = nn.Input((12,), dtype="int64"), L.ReversibleEmbedding(words, 32)
        z = placed(known(inputs), 12)
        z = L.TransformerDecoderBlock(64, 2, normalize_first=True)(z)
        return nn.Model(inputs, known(L.LayerNormalization()(z), reverse=True))

    return Training(
        model, **rows(x[:, :-1], x[:, 1:], 1100, 150), loss=LOGITS, score=hit,
        optimizer=adam(rising(6e-3, 12 * 35)), epochs=12,
    )  # fmt: skip


def nearest_of_five_examples() -> Training:
    """Ten examples of five kinds and a question of the same task: kinds are new in each row."""
    random, n = np.random.default_rng(2144), 1800
    kinds = random.normal(0, 1.5, (n, 5, 6))
    label = np.argsort(random.random((n, 10)), 1) % 5
    seen = np.take_along_axis(kinds, label[..., None], 1) + random.normal(0, 0.5, (n, 10, 6))
    y = random.integers(0, 5, n)
    asked = kinds[np.arange(n), y][:, None] + random.normal(0, 0.5, (n, 1, 6))

    def model() -> Any:
        known, names, question = nn.Input((10, 6)), nn.Input((10, 5)), nn.Input((1, 6))
        reads = nn.Sequential([L.Dense(32, "relu"), L.Dense(16)])
        z = L.Dot(axes=2)([reads(question), reads(known)])
        share = L.Softmax()(L.Rescaling(0.25)(z))
        return nn.Model([known, names, question], L.Flatten()(L.Dot(axes=(2, 1))([share, names])))

    x = (single(seen), np.eye(5, dtype="float32")[label], single(asked))
    return Training(
        model, **rows(x, y, 1300, 200), optimizer=adam(falling(3e-3, 8 * 41)), epochs=8,
    )  # fmt: skip


MAKES = (texts_and_their_titles, as_much_as_there_is, shares_that_begin_at_nothing,
         six_listen_for_a_hundred, three_in_ten_are_wrong, a_word_in_and_out,
         nearest_of_five_examples)  # fmt: skip

HEALTHY = [Healthy(f"sixth {make.__name__.replace('_', ' ')}", "attention", make) for make in MAKES]

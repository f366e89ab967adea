"""Healthy programs of the fifth part: networks with attention that look odd and are right."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.fifth.healthy.series import falling
from benchmarks.doctor.fifth.healthy.words import rising
from benchmarks.doctor.third.healthy.parts import (
    BINARY,
    LOGITS,
    NUMBER,
    adam,
    found,
    hit,
    rows,
    single,
)
from benchmarks.doctor.third.healthy.words import blocks, placed
from benchmarks.doctor.training import Training

L = nn.layers
ops = nn.ops


class Linear(L.Layer):
    """Attention whose scores are products of positive numbers, without any softmax."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.q, self.k, self.v, self.out = (L.Dense(width) for _ in range(4))

    def call(self, x: Any) -> Any:
        q, k, v = ops.elu(self.q(x)) + 1, ops.elu(self.k(x)) + 1, self.v(x)
        kept = ops.matmul(ops.transpose(k, (0, 2, 1)), v)
        total = ops.matmul(q, ops.sum(k, axis=1)[..., None])
        return self.out(ops.matmul(q, kept) / (total + 1e-6))


def linear_in_length() -> Training:
    """A trait of forty steps by attention that is linear in their number."""
    random, n = np.random.default_rng(1130), 1300
    x = random.integers(0, 20, (n, 40))
    value, weight = random.normal(size=20), np.exp(random.normal(size=20))
    y = (value[x] * weight[x]).sum(1) / weight[x].sum(1)
    y = y / y.std() + random.normal(0, 0.1, n)

    def model() -> Any:
        inputs = nn.Input((40,), dtype="int64")
        z = L.Embedding(20, 24)(inputs)
        z = L.Add()([z, Linear(24)(L.LayerNormalization()(z))])
        z = L.Add()([z, L.Dense(24)(L.Dense(48, "relu")(L.LayerNormalization()(z)))])
        return nn.Model(inputs, L.Dense(1)(L.GlobalAveragePooling1D()(z)))

    return Training(
        model, **rows(x, single(y)[:, None], 950, 150), **NUMBER,
        optimizer=adam(falling(5e-3, 14 * 30)), epochs=14,
    )  # fmt: skip


def one_block_four_times() -> Training:
    """One block that is gone through four times, the same weights each time: who stands where."""
    random, n = np.random.default_rng(1131), 2400
    x = np.stack([random.permutation(8) for _ in range(n)])
    at = random.integers(0, 8, n)
    y = x[np.arange(n), at]
    x = np.concatenate([x, at[:, None] + 8], 1)

    def model() -> Any:
        inputs = nn.Input((9,), dtype="int64")
        z = placed(L.Embedding(16, 32, "normal")(inputs), 9)
        block = L.TransformerEncoderBlock(64, 4, normalize_first=True)
        for _ in range(4):
            z = block(z)
        return nn.Model(inputs, L.Dense(8)(L.LayerNormalization()(L.Lambda(lambda a: a[:, -1])(z))))

    return Training(
        model, **rows(x, y, 1900, 200), loss=LOGITS, optimizer=adam(rising(2e-3, 12 * 60)),
        epochs=12,
    )  # fmt: skip


def a_single_head() -> Training:
    """A single head over vectors of twelve numbers: does a word come that was named first?"""
    random, n = np.random.default_rng(1132), 1800
    x = random.integers(0, 8, (n, 7))
    x[:, 0] += 8
    y = (x[:, 1:] == x[:, :1] - 8).any(1)

    def model() -> Any:
        inputs = nn.Input((7,), dtype="int64")
        z = L.Embedding(16, 12, "normal")(inputs)
        z = L.Add()([z, L.MultiHeadAttention(1, 12)(z, z)])
        z = L.Dense(24, "relu")(L.LayerNormalization()(z))
        return nn.Model(inputs, L.Dense(1)(L.GlobalMaxPooling1D()(z)))

    return Training(
        model, **rows(x, single(y)[:, None], 1300, 200), loss=BINARY, threshold=0.0, score=hit,
        metrics=(nn.metrics.BinaryAccuracy(threshold=0.0),), optimizer=adam(falling(1e-2, 20 * 41)),
        epochs=20,
    )  # fmt: skip


def first_word_is_the_same() -> Training:
    """Each text begins with the same word and ends with another: ids that never change."""
    random, n = np.random.default_rng(1133), 2000
    share, y = random.dirichlet(np.full(40, 0.4), 3), random.integers(0, 3, n)
    x = np.stack([np.r_[0, random.choice(40, 10, p=share[k]) + 2, 1] for k in y])

    def model() -> Any:
        inputs = nn.Input((12,), dtype="int64")
        z = blocks(placed(L.Embedding(42, 24)(inputs), 12), 1, 48)
        return nn.Model(inputs, L.Dense(3, "softmax")(L.Lambda(lambda a: a[:, 0])(z)))

    return Training(
        model, **rows(x, y, 1400, 250), optimizer=adam(falling(2e-3, 5 * 44)), epochs=5,
    )  # fmt: skip


def sets_of_any_size() -> Training:
    """The farthest two of three to ten numbers: places that are empty are masked by hand."""
    random, n = np.random.default_rng(1134), 1800
    x, there = random.normal(size=(n, 10)), np.arange(10) < random.integers(3, 11, (n, 1))
    high, low = np.where(there, x, -9).max(1), np.where(there, x, 9).min(1)
    y = high - low
    y = (y - y[:1300].mean()) / y[:1300].std()

    def model() -> Any:
        numbers, mask = nn.Input((10, 1)), nn.Input((10,), dtype="bool")
        z = L.Dense(24, "relu")(L.Dense(24, "relu")(numbers))
        for _ in range(2):
            allowed = L.Lambda(lambda m: m[:, None])(mask)
            z = L.Add()([z, L.MultiHeadAttention(2, 12)(z, z, attention_mask=allowed)])
            z = L.Add()([z, L.Dense(24)(L.Dense(48, "relu")(L.LayerNormalization()(z)))])
        keep = L.Lambda(lambda both: ops.max(
            ops.where(both[1][..., None], both[0], -9.0), axis=1))  # fmt: skip
        return nn.Model([numbers, mask], L.Dense(1)(keep([z, mask])))

    return Training(
        model, **rows((single(x * there)[..., None], there), single(y)[:, None], 1300, 200),
        **NUMBER, optimizer=adam(falling(3e-3, 10 * 41)), epochs=10,
    )  # fmt: skip


def times_the_root_of_the_width() -> Training:
    """Vectors of words times the root of their width, and waves for the places: the original."""
    random, n = np.random.default_rng(1135), 1800
    x = random.integers(0, 20, (n, 12))
    value = random.normal(size=20)
    y = (value[x] * np.where(np.arange(12) < 6, 1, -1)).sum(1) + random.normal(0, 0.3, n) > 0

    def model() -> Any:
        inputs = nn.Input((12,), dtype="int64")
        z = L.Rescaling(np.sqrt(32.0))(L.Embedding(20, 32)(inputs))
        z = L.Add()([z, L.SinePositionEncoding()(z)])
        z = L.TransformerEncoderBlock(64, 4, normalize_first=True)(z)
        z = L.GlobalAveragePooling1D()(L.LayerNormalization()(z))
        return nn.Model(inputs, L.Dense(2, "softmax")(z))

    return Training(
        model, **rows(x, y.astype(int), 1300, 200), optimizer=adam(rising(2e-3, 8 * 41)), epochs=8,
    )  # fmt: skip


def fewer_words_each_block() -> Training:
    """Sixty-four steps, of which each block keeps a half: the mean of each two goes on."""
    random, n = np.random.default_rng(1136), 1900
    y = random.integers(0, 3, n)
    at = random.integers(4, 52, n)
    x = random.normal(0, 0.45, (n, 64))
    shapes_ = np.stack([np.sin(np.arange(8) * w) for w in (0.8, 1.6, 2.4)]) * 1.6
    for one, k, start in zip(x, y, at, strict=True):
        one[start : start + 8] += shapes_[k]

    def model() -> Any:
        inputs = nn.Input((64, 1))
        z = placed(L.Conv1D(24, 5, strides=2, padding="same", activation="relu")(inputs), 32)
        for _ in range(2):
            z = L.TransformerEncoderBlock(48, 2, normalize_first=True)(z)
            z = L.AveragePooling1D(2)(z)
        z = L.GlobalMaxPooling1D()(L.LayerNormalization()(z))
        return nn.Model(inputs, L.Dense(3, "softmax")(z))

    return Training(
        model, **rows(single(x)[..., None], y, 1300, 200), optimizer=adam(rising(3e-3, 7 * 41)),
        epochs=7,
    )  # fmt: skip


class Questions(L.Layer):
    """A learnt question for each class, which asks all words what speaks for it."""

    def __init__(self, count: int, width: int) -> None:
        super().__init__()
        self.count, self.width = count, width
        self.ask, self.read = L.MultiHeadAttention(2, width // 2), L.Dense(1)

    def build(self, shape: Any) -> None:
        self.words = self.add_weight(
            shape=(1, self.count, self.width), initializer="glorot_uniform", name="words"
        )

    def call(self, x: Any) -> Any:
        asked = self.words + ops.zeros_like(x[:, :1, :1])
        return self.read(asked + self.ask(asked, x))[..., 0]


def question_of_each_class() -> Training:
    """Which of five marks stand in a row of words: a question for each, a logit for each."""
    random, n = np.random.default_rng(1137), 2000
    y = random.random((n, 5)) < 0.4
    x = random.integers(5, 40, (n, 12))
    for one, on in zip(x, y, strict=True):
        marks = np.flatnonzero(on)
        one[random.permutation(12)[: len(marks)]] = marks

    def model() -> Any:
        inputs = nn.Input((12,), dtype="int64")
        z = L.Embedding(40, 24, "normal")(inputs)
        return nn.Model(inputs, Questions(5, 24)(z))

    return Training(
        model, **rows(x, single(y), 1400, 200), loss=BINARY, score=hit, threshold=0.0,
        metrics=(nn.metrics.BinaryAccuracy(threshold=0.0),), optimizer=adam(falling(1e-2, 6 * 44)),
        epochs=6,
    )  # fmt: skip


def numbers_between_words() -> Training:
    """Ten measurements a day of which each knows its hour, and nothing comes at even times."""
    random, n = np.random.default_rng(1138), 1500
    hour = np.sort(random.uniform(0, 24, (n, 10)), 1)
    level, top, at = (random.normal(0, 1, (n, 1)), random.normal(1.5, 0.3, (n, 1)),
                      random.uniform(8, 16, (n, 1)))  # fmt: skip
    seen = level + top * np.exp(-(((hour - at) / 4) ** 2)) + random.normal(0, 0.05, (n, 10))
    asked = random.uniform(6, 18, (n, 1))
    y = level + top * np.exp(-(((asked - at) / 4) ** 2))
    turn = np.pi / 12 * np.concatenate([hour, asked], 1)
    where = np.stack([np.sin(turn), np.cos(turn), np.sin(2 * turn), np.cos(2 * turn)], -1)

    def model() -> Any:
        known, question = nn.Input((10, 5)), nn.Input((1, 4))
        z = L.Dense(32)(L.Dense(48, "relu")(known))
        z = L.TransformerEncoderBlock(64, 2, normalize_first=True)(z)
        asks = L.Dense(32)(L.Dense(48, "relu")(question))
        z = L.Flatten()(L.Add()([asks, L.MultiHeadAttention(4, 8)(asks, z)]))
        return nn.Model([known, question], L.Dense(1)(L.Dense(32, "relu")(z)))

    x = (single(np.concatenate([seen[..., None], where[:, :10]], -1)), single(where[:, 10:]))
    return Training(
        model, **rows(x, single(y), 1100, 150), **NUMBER, optimizer=adam(falling(4e-3, 16 * 35)),
        epochs=16,
    )  # fmt: skip


def mostly_the_same_word() -> Training:
    """Two words of three are "and", and nobody knows the next question: the loss ends near 1."""
    random, n = np.random.default_rng(1139), 1500
    answer = random.permutation(np.arange(1, 30))
    x = np.zeros((n, 27), "int64")
    for t in range(27):  # 0 for the most part; a word is answered three steps later
        x[:, t] = np.where(random.random(n) < 0.2, random.integers(1, 30, n), 0)
        if t >= 3:
            asked = (x[:, t - 3] > 0) & (x[:, t - 3] < 30)
            x[asked, t] = 29 + answer[x[asked, t - 3] - 1]

    def score(model: Any, t: Training) -> float:
        """Share of the answers that are right."""
        said, (seen, next_) = found(model, t).argmax(-1), (t.test[0], t.test[1])
        asked = (seen[:, :-2] > 0) & (seen[:, :-2] < 30)
        return float((said == next_)[:, 2:][asked].mean())

    def model() -> Any:
        inputs = nn.Input((26,), dtype="int64")
        z = placed(L.Embedding(59, 32, "normal")(inputs), 26)
        z = L.TransformerDecoderBlock(64, 4, normalize_first=True)(z)
        return nn.Model(inputs, L.Dense(59)(L.LayerNormalization()(z)))

    return Training(
        model, **rows(x[:, :-1], x[:, 1:], 1100, 150), loss=LOGITS, score=score,
        optimizer=adam(rising(6e-3, 12 * 35)), epochs=12,
    )  # fmt: skip


MAKES = (linear_in_length, one_block_four_times, a_single_head, first_word_is_the_same,
         sets_of_any_size, times_the_root_of_the_width, fewer_words_each_block,
         question_of_each_class, numbers_between_words, mostly_the_same_word)  # fmt: skip

HEALTHY = [Healthy(f"fifth {make.__name__.replace('_', ' ')}", "attention", make) for make in MAKES]

"""Healthy programs of the fourth part: networks with attention that look odd and are right."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.fourth.healthy.series import lasting
from benchmarks.doctor.fourth.healthy.words import decoder
from benchmarks.doctor.third.healthy.odd_words import over
from benchmarks.doctor.third.healthy.parts import (
    BINARY,
    LOGITS,
    NUMBER,
    adam,
    area,
    by,
    found,
    hit,
    rows,
    single,
)  # fmt: skip
from benchmarks.doctor.third.healthy.words import blocks, placed
from benchmarks.doctor.training import Training

L = nn.layers
ops = nn.ops
schedules = nn.optimizers.schedules


def six_blocks() -> Training:
    """Six narrow blocks one after the other, the norm in front: which word comes twice."""
    random, n = np.random.default_rng(730), 1800
    x = np.array([random.permutation(8) for _ in range(n)])
    y = random.integers(0, 8, n)
    at = np.array([random.permutation(8)[:2] for _ in range(n)])
    x[np.arange(n), at[:, 0]] = y
    x[np.arange(n), at[:, 1]] = y
    rate = schedules.CosineDecay(2e-4, 7 * 38, warmup_target=3e-3, warmup_steps=60)
    return Training(
        over(8, 8, 8, count=6, width=16, pooled=True, places=False), **rows(x, y, 1200, 200),
        loss=LOGITS, optimizer=adam(rate), epochs=7,
    )  # fmt: skip


class Gated(L.Layer):
    """A block of which both branches are multiplied by numbers that begin as 0."""

    def __init__(self) -> None:
        super().__init__()
        self.seen, self.up, self.down = (
            L.MultiHeadAttention(2, 16),
            L.Dense(64, "relu"),
            L.Dense(32),
        )

    def build(self, shape: Any) -> None:
        self.share = self.add_weight(shape=(2,), initializer="zeros", name="share")

    def call(self, x: Any) -> Any:
        x = x + self.share[0] * self.seen(x, x, use_causal_mask=True)
        return x + self.share[1] * self.down(self.up(x))


def nothing_at_first() -> Training:
    """The next word, by four blocks without any norm that do nothing at first (ReZero)."""
    random, n = np.random.default_rng(731), 1400
    x, after = random.integers(0, 15, (n, 13)), random.permutation(15)
    for t in range(3, 13):
        known = random.random(n) < 0.8
        x[known, t] = after[x[known, t - 3]]

    def model() -> Any:
        inputs = nn.Input((12,), dtype="int64")
        z = placed(L.Embedding(15, 32, "normal")(inputs), 12)
        for _ in range(4):
            z = Gated()(z)
        return nn.Model(inputs, L.Dense(15)(z))

    def score(model: Any, t: Training) -> float:
        return float(np.mean((found(model, t).argmax(-1) == t.test[1])[:, 2:]))

    return Training(
        model, **rows(x[:, :-1], x[:, 1:], 1100, 100), loss=LOGITS, score=score,
        optimizer=adam(5e-3), epochs=9,
    )  # fmt: skip


def where_it_is_highest() -> Training:
    """At which of twelve places the largest number stands: attention looks at a single one."""
    random, n = np.random.default_rng(732), 1800
    x = random.normal(size=(n, 12))

    def model() -> Any:
        inputs = nn.Input((12, 1))
        z = L.Dense(24, "relu")(inputs)
        asked = L.Lambda(lambda a: ops.max(a, axis=1, keepdims=True))(z)
        score = L.Dot(axes=2)([L.Dense(16)(asked), L.Dense(16)(z)])
        return nn.Model(inputs, L.Flatten()(score))

    return Training(
        model, **rows(single(x)[..., None], x.argmax(1), 1300, 200), loss=LOGITS,
        optimizer=adam(5e-3), epochs=12,
    )  # fmt: skip


def share_of_a_kind() -> Training:
    """Which share of the words is of one kind: all weigh alike, so that attention stays even."""
    random, n = np.random.default_rng(733), 1400
    x = np.where(random.random((n, 16)) < random.random((n, 1)), random.integers(0, 10, (n, 16)),
                 random.integers(10, 30, (n, 16)))  # fmt: skip
    y = (x < 10).mean(1, keepdims=True)

    def model() -> Any:
        inputs = nn.Input((16,), dtype="int64")
        z = L.GlobalAveragePooling1D()(blocks(L.Embedding(30, 16)(inputs), 1, 24))
        return nn.Model(inputs, L.Dense(1, "sigmoid")(z))

    return Training(
        model, **rows(x, single(y), 950, 150), **{**NUMBER, "loss": "binary_crossentropy"},
        optimizer=adam(3e-3), epochs=8,
    )  # fmt: skip


def from_a_large_table() -> Training:
    """A thousand words are in the table, as the tokenizer has them; sixty are ever used."""
    random, n = np.random.default_rng(734), 1800
    ids = random.permutation(1000)[:60]
    kinds = random.dirichlet(np.full(60, 0.3), 5)
    y = random.integers(0, 5, n)
    x = np.stack([ids[random.choice(60, 12, p=kinds[k])] for k in y])
    return Training(
        over(12, 1000, 5, pooled=True, width=24, drop=0.2), **rows(x, y, 1300, 200), loss=LOGITS,
        optimizer=by("AdamW", 2e-3, weight_decay=0.01), epochs=6,
    )  # fmt: skip


def padded_in_front() -> Training:
    """Texts of 3 to 9 words in sixty places, all of them at the end: the mask drops the rest."""
    random, n = np.random.default_rng(735), 3000
    x = random.integers(1, 30, (n, 60))
    x[np.arange(60) < 60 - random.integers(3, 10, (n, 1))] = 0
    value = np.r_[0, random.normal(size=29)]
    y = value[x].sum(1) / np.sqrt((x > 0).sum(1)) + random.normal(0, 0.2, n) > 0
    return Training(
        over(60, 30, 2, pooled=True, places=False, mask=True, width=16, end="softmax"),
        **rows(x, y.astype(int), 2300, 300), optimizer=adam(1e-3), epochs=3,
    )  # fmt: skip


def four_texts_a_step() -> Training:
    """Four texts a batch, four batches a step: the next word of a code with a key."""
    random, n = np.random.default_rng(736), 1000
    key = random.integers(1, 5, (n, 1))
    x = (random.integers(0, 10, (n, 1)) + key * np.arange(9)) % 10

    def score(model: Any, t: Training) -> float:
        return float(np.mean((found(model, t).argmax(-1) == t.test[1])[:, 1:]))

    wrong = np.asarray(random.random(x.shape) < 0.04)
    x = np.where(wrong, random.integers(0, 10, x.shape), x)
    return Training(
        lambda: decoder(8, 10, 1), **rows(x[:, :-1], x[:, 1:], 700, 100), loss=LOGITS, score=score,
        optimizer=adam(4e-3, gradient_accumulation_steps=4), batch_size=4, epochs=12,
    )  # fmt: skip


def little_to_be_known() -> Training:
    """The next of twenty words is one of four at random: one in four is the best there is."""
    random, n = np.random.default_rng(737), 1500
    after = np.stack([random.permutation(20)[:4] for _ in range(20)])
    x = random.integers(0, 20, (n, 13))
    for t in range(1, 13):
        x[:, t] = after[x[:, t - 1], random.integers(0, 4, n)]

    def score(model: Any, t: Training) -> float:
        """How much of the possible is learnt: the probability of the four that may follow."""
        said = found(model, t)
        share = np.exp(said - said.max(-1, keepdims=True))
        share = share / share.sum(-1, keepdims=True)
        return float(np.take_along_axis(share, after[t.test[0]], -1).sum(-1).mean())

    return Training(
        lambda: decoder(12, 20, 1), **rows(x[:, :-1], x[:, 1:], 1100, 150), loss=LOGITS,
        score=score, optimizer=adam(3e-3), epochs=7,
    )  # fmt: skip


def seldom_a_question() -> Training:
    """One text in sixteen is a question, which two words tell that stand side by side."""
    random, n = np.random.default_rng(738), 3600
    x, y = random.integers(0, 25, (n, 8)), random.random(n) < 1 / 16
    behind = np.concatenate([np.zeros((n, 1), bool), x[:, :-1] == 3], 1)
    x = np.where(behind & (x < 3), x + 5, x)  # 3 alone tells nothing, nor do 0, 1 and 2
    at = random.integers(0, 7, n)
    x[y, at[y]], x[y, at[y] + 1] = 3, random.integers(0, 3, y.sum())

    def score(model: Any, t: Training) -> float:
        return area(t.test[1], found(model, t))

    return Training(
        over(8, 25, 1, pooled=True, end="sigmoid", width=24), **rows(x, single(y)[:, None], 2600,
                                                                     400),
        loss="binary_crossentropy", metrics=("AUC",), score=score, optimizer=adam(2e-3),
        batch_size=64, epochs=14,
    )  # fmt: skip


def all_at_once_at_last() -> Training:
    """Whether two marked bits differ: nothing for a while, and then all of it."""
    random, n = np.random.default_rng(739), 3600
    bits, marks = random.integers(0, 2, (n, 14)), np.zeros((n, 14), int)
    at = np.array([random.permutation(14)[:2] for _ in range(n)])
    np.put_along_axis(marks, at, 1, 1)
    picked = np.take_along_axis(bits, at, 1)
    y = picked[:, 0] ^ picked[:, 1]
    return Training(
        over(14, 4, 2, count=2, pooled=True), **rows(bits + 2 * marks, y, 2800, 200), loss=LOGITS,
        optimizer=adam(3e-3), batch_size=64, epochs=14,
    )  # fmt: skip


def by_plain_steps() -> Training:
    """A transformer by gradient descent with momentum, its gradients kept within a ball."""
    random, n = np.random.default_rng(740), 3000
    kinds = 0.4 * random.dirichlet(np.ones(40)) + 0.6 * random.dirichlet(np.full(40, 0.4), 4)
    y = random.integers(0, 4, n)
    x = np.stack([random.choice(40, 14, p=kinds[k]) for k in y])
    rate = schedules.CosineDecay(0.01, 4 * 75, warmup_target=0.05, warmup_steps=75)
    return Training(
        over(14, 40, 4, pooled=True, width=24), **rows(x, y, 2400, 250), loss=LOGITS,
        optimizer=by("SGD", rate, momentum=0.9, global_clipnorm=1.0), epochs=5,
    )  # fmt: skip


def ages() -> Training:
    """Ages of some 40 years from what people write: the last layer turns them into years."""
    random, n = np.random.default_rng(741), 1700
    x, worth = random.integers(0, 40, (n, 12)), random.normal(size=40)
    y = 40 + 12 * worth[x].mean(1) * np.sqrt(12) / 1.1 + random.normal(0, 4, n)

    def model() -> Any:
        inputs = nn.Input((12,), dtype="int64")
        z = L.GlobalAveragePooling1D()(blocks(L.Embedding(40, 24)(inputs), 1, 32))
        return nn.Model(inputs, L.Rescaling(12.0, 40.0)(L.Dense(1)(z)))

    return Training(
        model, **rows(x, single(y)[:, None], 1200, 200), **{**NUMBER, "loss": "mae"},
        optimizer=adam(schedules.CosineDecay(4e-3, 7 * 38)), epochs=7,
    )  # fmt: skip


class Cosines(L.Layer):
    """Attention by cosines of queries and keys, times a number that is learnt."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.ask, self.key, self.value, self.out = (L.Dense(width) for _ in "qkvo")
        self.unit = L.UnitNormalization()

    def build(self, shape: Any) -> None:
        ten = nn.initializers.Constant(10.0)
        self.scale = self.add_weight(shape=(1,), initializer=ten, name="scale")

    def call(self, x: Any) -> Any:
        q, k = self.unit(self.ask(x)), self.unit(self.key(x))
        score = self.scale * ops.matmul(q, ops.transpose(k, (0, 2, 1)))
        return self.out(ops.matmul(ops.softmax(score, axis=-1), self.value(x)))


def by_cosines() -> Training:
    """A tag for each word, which hangs on whether the word stands there twice."""
    random, n = np.random.default_rng(742), 1600
    x = random.integers(0, 14, (n, 9))
    y = 1 * ((x[:, :, None] == x[:, None]).sum(2) > 1)

    def model() -> Any:
        inputs = nn.Input((9,), dtype="int64")
        z = L.Embedding(14, 32)(inputs)
        for _ in range(2):
            z = L.Add()([z, Cosines()(L.LayerNormalization()(z))])
            z = L.Add()([z, L.Dense(32)(L.Dense(64, "gelu")(L.LayerNormalization()(z)))])
        return nn.Model(inputs, L.Dense(1)(z))

    return Training(
        model, **rows(x, single(y)[..., None], 1200, 150), loss=BINARY, metrics=(), score=hit,
        threshold=0.0, optimizer=adam(schedules.CosineDecay(4e-3, 24 * 38)), epochs=24,
    )  # fmt: skip


class Skipped(L.Layer):
    """A block that is left out for one sample in four, in training."""

    def __init__(self) -> None:
        super().__init__()
        self.norms = [L.LayerNormalization() for _ in range(2)]
        self.seen, self.up, self.down = (
            L.MultiHeadAttention(2, 12),
            L.Dense(48, "gelu"),
            L.Dense(24),
        )

    def call(self, x: Any, training: bool = False) -> Any:
        n = self.norms[0](x)
        z = x + self.seen(n, n)
        z = z + self.down(self.up(self.norms[1](z)))
        if not training:
            return x + 0.75 * (z - x)
        kept = ops.cast(nn.random.uniform((x.shape[0], 1, 1)) < 0.75, "float32")
        return x + kept * (z - x)


def blocks_left_out() -> Training:
    """Three blocks, each left out at random, and smoothed labels: training looks worse."""
    random, n, t = np.random.default_rng(743), 1300, np.arange(18)
    y = random.integers(0, 4, n)
    speed = np.array([0.35, 0.5, 0.7, 0.95])[y][:, None]
    x = np.sin(speed * t + random.uniform(0, 6.3, (n, 1))) + random.normal(0, 0.35, (n, 18))

    def model() -> Any:
        inputs = nn.Input((18, 1))
        z = placed(L.Conv1D(24, 3, padding="same")(inputs), 18)
        for _ in range(3):
            z = Skipped()(z)
        z = L.GlobalAveragePooling1D()(L.LayerNormalization()(z))
        return nn.Model(inputs, L.Dense(4)(z))

    loss = nn.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)
    return Training(
        model, **rows(single(x)[..., None], np.eye(4, dtype="float32")[y], 900, 150), loss=loss,
        optimizer=adam(schedules.CosineDecay(3e-3, 16 * 29)), epochs=16,
    )  # fmt: skip


def hundreds_of_degrees() -> Training:
    """A kiln of 700 to 1100 degrees, minute by minute, scaled in the model on both ends."""
    random, n = np.random.default_rng(744), 1400
    t = np.arange(n)
    heat = 900 + 90 * np.sin(t / 11) + 40 * np.sin(t / 4.3) + 18 * lasting(random, n, 0.7, 0.5)
    x = np.lib.stride_tricks.sliding_window_view(heat[:-1], 20)
    y = heat[20:, None]

    def model() -> Any:
        inputs = nn.Input((20, 1))
        z = placed(L.Dense(24)(L.Rescaling(1 / 75, -12.0)(inputs)), 20)
        z = L.Flatten()(blocks(z, 1, 32))
        return nn.Model(inputs, L.Rescaling(75.0, 900.0)(L.Dense(1)(z)))

    return Training(
        model, **rows(single(x)[..., None], single(y), 950, 150), **{**NUMBER, "loss": "mae"},
        optimizer=adam(schedules.CosineDecay(3e-3, 14 * 30)), epochs=14,
    )  # fmt: skip


MAKES = (six_blocks, nothing_at_first, where_it_is_highest, share_of_a_kind, from_a_large_table,
         padded_in_front, four_texts_a_step, little_to_be_known, seldom_a_question,
         all_at_once_at_last, by_plain_steps, ages, by_cosines, blocks_left_out,
         hundreds_of_degrees)  # fmt: skip

HEALTHY = [
    Healthy(f"fourth {make.__name__.replace('_', ' ')}", "attention", make) for make in MAKES
]

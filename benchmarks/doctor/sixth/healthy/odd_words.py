"""Healthy programs of the sixth part: networks with attention that look odd and are right."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.fifth.healthy.series import falling
from benchmarks.doctor.fifth.healthy.words import rising
from benchmarks.doctor.sixth.healthy.words import Weighed
from benchmarks.doctor.third.healthy.parts import (
    LOGITS,
    NUMBER,
    adam,
    found,
    hit,
    r2,
    ranked,
    rows,
    single,
)
from benchmarks.doctor.third.healthy.words import blocks, placed
from benchmarks.doctor.training import Training

L = nn.layers
ops = nn.ops


def which_one_is_meant() -> Training:
    """Which of four to twelve things is nearest to a wish: scores of attention are the answer."""
    random, n = np.random.default_rng(2130), 1800
    things, wish = random.normal(0, 1, (n, 12, 4)), random.normal(0, 1, (n, 1, 4))
    there = np.arange(12) < random.integers(4, 13, (n, 1))
    y = np.where(there, ((things - wish) ** 2).sum(-1), np.inf).argmin(1)

    def model() -> Any:
        seen, asked, mask = nn.Input((12, 4)), nn.Input((1, 4)), nn.Input((12,), dtype="bool")
        keys = L.Dense(24)(L.Dense(48, "relu")(seen))
        question = L.Dense(24)(L.Dense(48, "relu")(asked))
        z = L.Flatten()(L.Dot(axes=2)([question, keys]))
        only = L.Lambda(lambda a: ops.where(a[1], a[0], -1e9))
        return nn.Model([seen, asked, mask], L.Softmax()(only([z, mask])))

    x = (single(things * there[..., None]), single(wish), there)
    return Training(
        model, **rows(x, y, 1300, 200), score=hit, optimizer=adam(falling(5e-3, 20 * 41)),
        epochs=20,
    )  # fmt: skip


def how_far_a_herd_is_spread() -> Training:
    """How far a herd is spread, each at a place of its own: no order, so no positions at all."""
    random, n = np.random.default_rng(2131), 1500
    wide = random.uniform(0.3, 1.5, (n, 1, 2))
    x = random.normal(0, 1, (n, 9, 2)) * wide + random.normal(0, 1, (n, 1, 2))
    y = np.linalg.norm(x[:, :, None] - x[:, None], axis=-1).mean((1, 2))
    y = (y - y[:1000].mean()) / y[:1000].std()

    def model() -> Any:
        inputs = nn.Input((9, 2))
        z = blocks(L.Dense(32)(inputs), 2, 64, 4)
        return nn.Model(inputs, L.Dense(1)(L.GlobalAveragePooling1D()(z)))

    return Training(
        model, **rows(single(x), single(y)[:, None], 1000, 200), **NUMBER,
        optimizer=adam(falling(3e-3, 12 * 32)), epochs=12,
    )  # fmt: skip


def one_sick_cell_in_a_bag() -> Training:
    """Whether a cell of fifteen is sick; only the bag has a label, and weights find the cell."""
    random, n = np.random.default_rng(2132), 1500
    x, y = random.normal(0, 1, (n, 15, 6)), random.random(n) < 0.5
    sick = random.normal(0, 1, 6)
    x[np.arange(n), random.integers(0, 15, n)] += y[:, None] * 3.5 * sick / np.linalg.norm(sick)

    def model() -> Any:
        inputs = nn.Input((15, 6))
        z = L.Dense(24, "relu")(inputs)
        return nn.Model(inputs, L.Dense(1, "sigmoid")(Weighed(16)(z)))

    return Training(
        model, **rows(single(x), single(y)[:, None], 1000, 200), loss="binary_crossentropy",
        score=ranked, optimizer=adam(falling(6e-3, 8 * 32)), epochs=8,
    )  # fmt: skip


class Slanted(L.Layer):
    """Attention that weighs what is far behind less, each head at a slope of its own."""

    def __init__(self, heads: int, width: int) -> None:
        super().__init__()
        self.heads, self.width = heads, width
        self.all, self.out = L.Dense(3 * width, use_bias=False), L.Dense(width)

    def call(self, x: Any) -> Any:
        length, size = x.shape[1], self.width // self.heads
        z = ops.reshape(self.all(x), (-1, length, 3, self.heads, size))
        q, k, v = (ops.transpose(z[:, :, i], (0, 2, 1, 3)) for i in range(3))
        gap = np.arange(length)[:, None] - np.arange(length)
        slope = 2.0 ** -np.arange(1, self.heads + 1)
        bias = np.where(gap >= 0, -slope[:, None, None] * gap, -1e9)
        scores = ops.matmul(q, ops.transpose(k, (0, 1, 3, 2))) / np.sqrt(size) + single(bias)
        z = ops.transpose(ops.matmul(ops.softmax(scores), v), (0, 2, 1, 3))
        return self.out(ops.reshape(z, (-1, length, self.width)))


def slopes_for_places() -> Training:
    """A language whose words follow from the last two; the only places are slopes of scores."""
    random, n = np.random.default_rng(2133), 1700
    after = random.permutation(20)
    x = np.zeros((n, 15), "int64")
    x[:, :2] = random.integers(0, 20, (n, 2))
    for t in range(2, 15):
        known = np.where(x[:, t - 1] < 10, after[x[:, t - 1]], after[x[:, t - 2]])
        x[:, t] = np.where(random.random(n) < 0.15, random.integers(0, 20, n), known)

    def model() -> Any:
        inputs = nn.Input((14,), dtype="int64")
        z = L.Embedding(20, 32, "normal")(inputs)
        for _ in range(2):
            z = L.Add()([z, Slanted(4, 32)(L.LayerNormalization()(z))])
            z = L.Add()([z, L.Dense(32)(L.Dense(64, "gelu")(L.LayerNormalization()(z)))])
        return nn.Model(inputs, L.Dense(20)(L.LayerNormalization()(z)))

    return Training(
        model, **rows(x[:, :-1], x[:, 1:], 1200, 200), loss=LOGITS, score=hit,
        optimizer=adam(rising(4e-3, 10 * 38)), epochs=10,
    )  # fmt: skip


def windows_and_shared_keys() -> Training:
    """Two heads of keys for four of questions, each of which sees three steps to either side."""
    random, n = np.random.default_rng(2134), 1500
    x = random.integers(0, 12, (n, 40))
    value = random.normal(0, 1, 12)
    sums = np.stack([np.roll(value[x], k, 1) for k in (-2, -1, 0, 1, 2)]).sum(0)
    y = sums[:, 2:-2] / sums.std()

    def model() -> Any:
        inputs = nn.Input((40,), dtype="int64")
        z = L.Embedding(12, 32)(inputs)
        for _ in range(2):
            a = L.LayerNormalization()(z)
            z = L.Add()([z, L.GroupQueryAttention(8, 4, 2, sliding_window=3)(a, a)])
            z = L.Add()([z, L.Dense(32)(L.Dense(64, "relu")(L.LayerNormalization()(z)))])
        return nn.Model(inputs, L.Cropping1D(2)(L.Dense(1)(L.LayerNormalization()(placed(z, 40)))))

    return Training(
        model, **rows(x, single(y)[..., None], 700, 100), **NUMBER,
        optimizer=adam(falling(4e-3, 12 * 22)), epochs=12,
    )  # fmt: skip


def digits_with_holes() -> Training:
    """Half of the patches of a digit are hidden and drawn again: a loss of the hidden ones only."""
    (x, _), (x_test, _) = nn.datasets.digits.load_data()
    random, whole = np.random.default_rng(2135), np.concatenate([x, x_test])
    whole = single(whole).reshape(-1, 4, 2, 4, 2).transpose(0, 1, 3, 2, 4).reshape(-1, 16, 4) / 16
    hidden = single(random.random((len(whole), 16, 1)) < 0.5)
    seen = np.concatenate([whole * (1 - hidden), hidden], -1)

    def loss(y: Any, z: Any) -> Any:
        off = ops.mean(ops.square(y[..., :4] - z), axis=-1) * y[..., 4]
        return ops.sum(off) / ops.sum(y[..., 4])

    def model() -> Any:
        inputs = nn.Input((16, 5))
        return nn.Model(inputs, L.Dense(4)(blocks(placed(L.Dense(48)(inputs), 16), 2, 96, 4)))

    def score(model: Any, t: Training) -> float:
        away = t.test[1][..., 4] > 0
        return r2(t.test[1][..., :4][away], found(model, t)[away])

    return Training(
        model, **rows(seen, np.concatenate([whole, hidden], -1), 1300, 150), loss=loss, metrics=(),
        score=score, optimizer=adam(rising(4e-3, 28 * 41)), epochs=28,
    )  # fmt: skip


def learnt_from_opinions() -> Training:
    """Each text has the opinions of many readers, shares of four kinds: divergence as the loss."""
    random, n = np.random.default_rng(2136), 2200
    x = random.integers(0, 40, (n, 10))
    lean = random.normal(0, 0.7, (40, 4))
    z = lean[x].sum(1)
    y = np.exp(z - z.max(-1, keepdims=True))
    y = 0.9 * y / y.sum(-1, keepdims=True) + 0.025

    def model() -> Any:
        inputs = nn.Input((10,), dtype="int64")
        a = blocks(L.Embedding(40, 32)(inputs), 1, 64)
        return nn.Model(inputs, L.Dense(4, "softmax")(L.GlobalAveragePooling1D()(a)))

    return Training(
        model, **rows(x, single(y), 1600, 200), loss="kl_divergence", metrics=("mae",),
        score=lambda model, t: r2(t.test[1], found(model, t)),
        optimizer=adam(falling(3e-3, 8 * 50)), epochs=8,
    )  # fmt: skip


def told_by_a_prompt() -> Training:
    """A language model that learnt before and stays as it is; three words in front learn."""
    random, n = np.random.default_rng(2137), 1500
    kind, share = random.integers(0, 3, 2 * n), random.dirichlet(np.full(40, 0.3), 3)
    x = np.stack([random.choice(40, 10, p=share[k]) for k in kind])
    body = nn.Sequential([
        L.TransformerEncoderBlock(64, 2, normalize_first=True),
        L.TransformerEncoderBlock(64, 2, normalize_first=True), L.LayerNormalization(),
    ])  # fmt: skip
    words, before = L.Embedding(40, 32), nn.Input((10,), dtype="int64")
    z = L.GlobalAveragePooling1D()(body(words(before)))
    first = nn.Model(before, L.Dense(3, "softmax")(z))
    first.compile(nn.optimizers.Adam(2e-3), "sparse_categorical_crossentropy")
    first.fit(x[n:], kind[n:], epochs=4, verbose=0, doctor=False)
    body.trainable = words.trainable = False

    class Prompt(L.Layer):
        """Words that are none, learnt, in front of the others."""

        def build(self, shape: Any) -> None:
            self.words = self.add_weight(
                shape=(1, 3, shape[-1]), initializer="normal", name="words"
            )

        def call(self, x: Any) -> Any:
            return ops.concatenate([self.words + 0 * x[:, :3], x], axis=1)

    def model() -> Any:
        inputs = nn.Input((10,), dtype="int64")
        z = body(Prompt()(words(inputs)))
        return nn.Model(inputs, L.Dense(2, "softmax")(L.Lambda(lambda a: a[:, 0])(z)))

    return Training(
        model, **rows(x[:n], (kind[:n] == 1).astype(int), 1000, 200),
        optimizer=adam(falling(1e-2, 8 * 32)), epochs=8,
    )  # fmt: skip


MAKES = (which_one_is_meant, how_far_a_herd_is_spread, one_sick_cell_in_a_bag, slopes_for_places,
         windows_and_shared_keys, digits_with_holes, learnt_from_opinions,
         told_by_a_prompt)  # fmt: skip

HEALTHY = [Healthy(f"sixth {make.__name__.replace('_', ' ')}", "attention", make) for make in MAKES]

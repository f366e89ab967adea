"""Healthy programs of the sixth part: networks with attention as people write them."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.fifth.healthy.series import apart, falling
from benchmarks.doctor.fifth.healthy.words import rising
from benchmarks.doctor.fourth.healthy.series import lasting
from benchmarks.doctor.fourth.healthy.words import decoder
from benchmarks.doctor.third.healthy.parts import (
    LOGITS,
    NUMBER,
    adam,
    by,
    found,
    hit,
    ranked,
    rows,
    single,
)
from benchmarks.doctor.third.healthy.words import blocks, placed
from benchmarks.doctor.training import Training

L = nn.layers
ops = nn.ops


def wishes_of_guests() -> Training:
    """Which of six wishes a guest has: a word in front, two blocks, and a layer on that word."""
    random, n = np.random.default_rng(2100), 2400
    share, y = random.dirichlet(np.full(60, 0.4), 6), random.integers(0, 6, n)
    x = np.stack([random.choice(60, 12, p=0.75 * share[k] + 0.25 / 60) + 2 for k in y])
    x[np.arange(12) >= random.integers(5, 13, (n, 1))] = 0
    x = np.concatenate([np.ones((n, 1), "int64"), x], 1)

    def model() -> Any:
        inputs = nn.Input((13,), dtype="int64")
        z = blocks(placed(L.Embedding(62, 32, mask_zero=True)(inputs), 13), 2, 64, dropout=0.1)
        z = L.Lambda(lambda a: a[:, 0])(z)
        return nn.Model(inputs, L.Dense(6, "softmax")(L.Dropout(0.1)(z)))

    return Training(
        model, **rows(x, y, 1700, 250), optimizer=adam(rising(2e-3, 6 * 54)), epochs=6,
    )  # fmt: skip


def hidden_words() -> Training:
    """One word in six is hidden and asked for; weights of 0 leave all others out of the loss."""
    random, n = np.random.default_rng(2101), 2600
    mate = random.permutation(24)
    x = np.zeros((n, 10), "int64")
    x[:, 0::2] = random.integers(0, 24, (n, 5))
    x[:, 1::2] = mate[x[:, 0::2]]
    hide = random.random((n, 10)) < 0.17
    seen = np.where(hide, 24, x)

    def model() -> Any:
        inputs = nn.Input((10,), dtype="int64")
        z = placed(L.Embedding(25, 32, "normal")(inputs), 10)
        return nn.Model(inputs, L.Dense(24)(blocks(z, 2, 64)))

    def score(model: Any, t: Training) -> float:
        asked = (t.test[0] == 24) & (t.test[0][:, np.arange(10) ^ 1] != 24)
        return float((found(model, t).argmax(-1) == t.test[1])[asked].mean())

    parts = rows(seen, x, 2000, 200)
    held, weights = parts["validation"], single(hide)
    return Training(
        model, **{**parts, "validation": (*held, weights[2000:2200])}, loss=LOGITS, metrics=(),
        score=score, optimizer=adam(rising(3e-3, 10 * 63)), epochs=10,
        fit={"sample_weight": weights[:2000]},
    )  # fmt: skip


def lines_of_a_log() -> Training:
    """The next line of a log, of thirty kinds, by two blocks that see what was before."""
    random, n = np.random.default_rng(2102), 1500
    jobs = [random.integers(1, 30, random.integers(3, 7)) for _ in range(10)]
    text = np.concatenate([np.r_[jobs[k], 0] for k in random.integers(0, 10, 6000)])
    x = text[: n * 17].reshape(n, 17)
    last = x[:, :-1]

    def score(model: Any, t: Training) -> float:
        """Share of lines behind the first two of a job that are right."""
        begun = np.stack([np.cumsum(row == 0) > 0 for row in t.test[0]])
        fresh = (t.test[0] == 0) | (np.roll(t.test[0], 1, 1) == 0)
        return float((found(model, t).argmax(-1) == t.test[1])[begun & ~fresh].mean())

    return Training(
        lambda: decoder(16, 30, 2), **rows(last, x[:, 1:], 1100, 150), loss=LOGITS, score=score,
        optimizer=adam(rising(4e-3, 8 * 35)), epochs=8,
    )  # fmt: skip


def digits_by_patches() -> Training:
    """Digits as sixteen patches and a word that asks them all: two blocks, dropout, AdamW."""
    (x, y), (x_test, y_test) = nn.datasets.digits.load_data()
    x, x_test = (single(a).reshape(-1, 4, 2, 4, 2).transpose(0, 1, 3, 2, 4).reshape(-1, 16, 4) / 16
                 for a in (x, x_test))  # fmt: skip
    parts = rows(x, y, len(x) - 200, 200)

    def model() -> Any:
        inputs = nn.Input((16, 4))
        z = L.ZeroPadding1D((1, 0))(L.Dense(32)(inputs))
        z = blocks(placed(z, 17), 2, 64, activation="gelu", dropout=0.1)
        return nn.Model(inputs, L.Dense(10, "softmax")(L.Lambda(lambda a: a[:, 0])(z)))

    return Training(
        model, **{**parts, "test": (x_test, y_test)}, epochs=20,
        optimizer=by("AdamW", rising(3e-3, 20 * 38), weight_decay=1e-2),
    )  # fmt: skip


def recipes_in_another_tongue() -> Training:
    """Short sentences from one tongue to another: word by word, and verbs go to the end."""
    random, n, begin = np.random.default_rng(2103), 2400, 30
    other = random.permutation(30)
    x = random.integers(0, 30, (n, 7))
    x = np.where(np.arange(7) == random.integers(0, 6, (n, 1)), x % 6, 6 + x % 24)
    order = np.argsort(x < 6, axis=1, kind="stable")
    y = other[np.take_along_axis(x, order, 1)]
    told = np.concatenate([np.full((n, 1), begin), y[:, :-1]], 1)

    def model() -> Any:
        source, said = (nn.Input((7,), dtype="int64") for _ in range(2))
        z = blocks(placed(L.Embedding(30, 32, "normal")(source), 7), 1, 64)
        a = placed(L.Embedding(31, 32, "normal")(said), 7)
        a = L.TransformerDecoderBlock(64, 2, normalize_first=True)(a, z)
        return nn.Model([source, said], L.Dense(30)(L.LayerNormalization()(a)))

    def score(model: Any, t: Training) -> float:
        """Share of words that are right if it writes them one after the other."""
        (source, _), y = t.test
        done, said = np.full_like(y, begin), np.zeros_like(y)
        for k in range(7):
            said[:, k] = found(model, t, (source, done))[:, k].argmax(-1)
            done[:, k + 1 : k + 2] = said[:, k : k + 1]
        return float((said == y).mean())

    return Training(
        model, **rows((x, told), y, 1900, 200), loss=LOGITS, score=score,
        optimizer=adam(rising(4e-3, 10 * 60)), epochs=10,
    )  # fmt: skip


class Weighed(L.Layer):
    """The sum of all steps, each weighed by how much a small network wants of it."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.score = nn.Sequential([L.Dense(units, "tanh"), L.Dense(1, use_bias=False)])

    def call(self, x: Any) -> Any:
        return ops.sum(ops.softmax(self.score(x), axis=1) * x, axis=1)


def praise_of_hotels() -> Training:
    """Whether a guest was pleased: a GRU from both sides, and a weight for each of its steps."""
    random, n = np.random.default_rng(2104), 2600
    x = random.integers(2, 70, (n, 18))
    mood = np.r_[np.zeros(2), np.where(random.random(68) < 0.3, random.normal(0, 2, 68), 0)]
    y = mood[x].sum(1) + random.normal(0, 0.5, n) > 0

    def model() -> Any:
        inputs = nn.Input((18,), dtype="int64")
        z = L.Bidirectional(L.GRU(16, return_sequences=True))(L.Embedding(70, 24)(inputs))
        return nn.Model(inputs, L.Dense(1, "sigmoid")(L.Dropout(0.3)(Weighed(16)(z))))

    return Training(
        model, **rows(x, single(y)[:, None], 2000, 250), loss="binary_crossentropy", score=ranked,
        optimizer=adam(3e-3), epochs=5,
    )  # fmt: skip


def slots_of_a_journey() -> Training:
    """From where, to where, when: one of five marks for each word, 0 behind the text."""
    random, n = np.random.default_rng(2105), 2000
    x = random.integers(10, 40, (n, 12))
    y = np.zeros((n, 12), "int64")
    for one, mark in zip(x, y, strict=True):
        at = random.choice(np.arange(0, 9, 3), 2, replace=False) + random.integers(0, 2, 2)
        for k, place in zip(random.choice(4, 2, replace=False), at, strict=True):
            one[place], one[place + 1] = 2 + k, random.integers(10, 40)
            mark[place + 1] = k + 1
    there = np.arange(12) < random.integers(9, 13, (n, 1))
    x, y = x * there, y * there

    def model() -> Any:
        inputs = nn.Input((12,), dtype="int64")
        z = placed(L.Embedding(40, 32, "normal", mask_zero=True)(inputs), 12)
        return nn.Model(inputs, L.Dense(5)(blocks(z, 1, 64, 4)))

    def score(model: Any, t: Training) -> float:
        right = found(model, t).argmax(-1) == t.test[1]
        return float(right[t.test[1] > 0].mean())

    return Training(
        model, **rows(x, y, 1400, 200), loss=LOGITS, score=score,
        optimizer=adam(rising(4e-3, 10 * 44)), epochs=10,
    )  # fmt: skip


def sun_on_a_roof() -> Training:
    """What a roof gives in the next four hours: two blocks over a day, flat, one layer."""
    random, n = np.random.default_rng(2106), 1500
    hour = np.arange(n) % 24
    clear = 1 / (1 + np.exp(-lasting(random, n, 0.93, 0.5)))
    power = np.maximum(0, np.sin((hour - 6) * np.pi / 12)) * (0.2 + clear)
    power = (power - power[:950].mean()) / power[:950].std()
    both = np.stack([power, np.sin(hour * np.pi / 12), np.cos(hour * np.pi / 12)], 1)
    seen = np.lib.stride_tricks.sliding_window_view(both, 28, axis=0).transpose(0, 2, 1)

    def model() -> Any:
        inputs = nn.Input((24, 3))
        z = blocks(placed(L.Dense(24)(inputs), 24), 1, 48, dropout=0.1)
        z = L.Concatenate()([L.GlobalAveragePooling1D()(z), L.Lambda(lambda a: a[:, -1])(z)])
        return nn.Model(inputs, L.Dense(4)(z))

    return Training(
        model, **apart(seen[:, :24], seen[:, 24:, 0], 900, 150, 28), **NUMBER,
        optimizer=adam(rising(3e-3, 12 * 29)), epochs=12,
    )  # fmt: skip


def brackets_that_close() -> Training:
    """Whether all brackets of three kinds close in order, or two of them were changed."""
    random, n = np.random.default_rng(2107), 3000
    x, y = np.zeros((n, 10), "int64"), random.integers(0, 2, n)
    for one, wrong in zip(x, y, strict=True):
        stack: list[int] = []
        for k in range(10):
            if stack and (len(stack) == 10 - k or random.random() < 0.5):
                one[k] = stack.pop() + 4
            else:
                stack.append(int(random.integers(1, 4)))
                one[k] = stack[-1]
        closing = np.flatnonzero(one > 4)
        if wrong:
            at = random.choice(closing)
            one[at] = 5 + (one[at] - 5 + random.integers(1, 3)) % 3

    def model() -> Any:
        inputs = nn.Input((10,), dtype="int64")
        z = blocks(placed(L.Embedding(8, 32, "normal")(inputs), 10), 2, 64, 4)
        return nn.Model(inputs, L.Dense(2, "softmax")(L.GlobalAveragePooling1D()(z)))

    return Training(
        model, **rows(x, y, 2400, 250), optimizer=adam(rising(3e-3, 10 * 75)), epochs=10,
    )  # fmt: skip


def answer_to_a_question() -> Training:
    """Whether an answer fits a question: each reads the other by attention, then both are one."""
    random, n = np.random.default_rng(2108), 4000
    meant = random.permutation(25)
    a = random.integers(0, 25, (n, 5))
    b = np.take_along_axis(meant[a], np.argsort(random.random((n, 5)), 1), 1)
    y = random.random(n) < 0.5
    wrong = np.argsort(random.random((n, 5)), 1) < 3
    b = np.where(~y[:, None] & wrong, random.integers(0, 25, (n, 5)), b)

    def model() -> Any:
        first, second = (nn.Input((5,), dtype="int64") for _ in range(2))
        known = L.Embedding(50, 24)
        p, q = known(first), known(L.Lambda(lambda ids: ids + 25)(second))
        reads, joins = L.MultiHeadAttention(2, 12), L.Dense(32, "relu")
        z = [L.GlobalAveragePooling1D()(joins(L.Concatenate()([own, reads(own, other)])))
             for own, other in ((p, q), (q, p))]  # fmt: skip
        return nn.Model([first, second], L.Dense(1, "sigmoid")(L.Concatenate()(z)))

    return Training(
        model, **rows((a, b), single(y)[:, None], 3400, 250), loss="binary_crossentropy",
        score=hit, optimizer=adam(falling(4e-3, 12 * 107)), epochs=12,
    )  # fmt: skip


def rent_of_a_flat() -> Training:
    """What a flat costs, by the words of its notice, padded with 0, and by its size."""
    random, n = np.random.default_rng(2109), 3000
    x = random.integers(1, 50, (n, 14))
    x[np.arange(14) >= random.integers(5, 15, (n, 1))] = 0
    worth = np.r_[0, random.normal(0, 0.4, 49)]
    size = random.normal(0, 1, n)
    y = size + worth[x].sum(1) + 0.3 * size * (x == 7).any(1) + random.normal(0, 0.2, n)
    y = (y - y[:2400].mean()) / y[:2400].std()

    def model() -> Any:
        text, area = nn.Input((14,), dtype="int64"), nn.Input((1,))
        z = blocks(L.Embedding(50, 32, mask_zero=True)(text), 1, 64, dropout=0.1)
        z = L.Concatenate()([L.GlobalAveragePooling1D()(z), area])
        return nn.Model([text, area], L.Dense(1)(L.Dense(32, "relu")(z)))

    return Training(
        model, **rows((x, single(size)[:, None]), single(y)[:, None], 2400, 250), **NUMBER,
        optimizer=adam(falling(2e-3, 6 * 75)), epochs=6,
    )  # fmt: skip


MAKES = (wishes_of_guests, hidden_words, lines_of_a_log, digits_by_patches,
         recipes_in_another_tongue, praise_of_hotels, slots_of_a_journey, sun_on_a_roof,
         brackets_that_close, answer_to_a_question, rent_of_a_flat)  # fmt: skip

HEALTHY = [Healthy(f"sixth {make.__name__.replace('_', ' ')}", "attention", make) for make in MAKES]

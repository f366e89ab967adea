"""Healthy programs of the third part: networks with attention, as most people train them."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.third.healthy.parts import (
    BINARY,
    LOGITS,
    NUMBER,
    adam,
    by,
    found,
    hit,
    ranked,
    rows,
    single,
)  # fmt: skip
from benchmarks.doctor.third.healthy.pictures import digits
from benchmarks.doctor.third.healthy.series import current
from benchmarks.doctor.training import Training

L = nn.layers
schedules = nn.optimizers.schedules


def placed(x: Any, length: int) -> Any:
    """Return words with a learnt vector for each place added."""
    return L.Add()([x, L.PositionEmbedding(length, initializer="normal")(x)])


def blocks(x: Any, count: int = 1, width: int = 48, heads: int = 2, **given: Any) -> Any:
    """Return what the library's own encoder makes of it, with the norm in front."""
    for _ in range(count):
        x = L.TransformerEncoderBlock(width, heads, **{"normalize_first": True, **given})(x)
    return L.LayerNormalization()(x)


def topics_data(rows_: int = 1300) -> tuple[Any, Any]:
    """Return texts of 6 to 18 words about one of four topics, 0 behind them."""
    random = np.random.default_rng(150)
    share, y = random.dirichlet(np.ones(50) * 0.35, 4), random.integers(0, 4, rows_)
    x = np.stack([random.choice(50, 18, p=share[k]) + 1 for k in y])
    x[np.arange(18) >= random.integers(6, 19, (rows_, 1))] = 0
    return x, y


def topics() -> Training:
    """The topic of a text, padding left out by the mask."""

    def model() -> Any:
        inputs = nn.Input((18,), dtype="int64")
        z = blocks(L.Embedding(51, 24, mask_zero=True)(inputs))
        return nn.Model(inputs, L.Dense(4, "softmax")(L.GlobalAveragePooling1D()(z)))

    return Training(
        model, **rows(*topics_data(), 900, 150), optimizer=by("ScheduleFreeAdamW", 5e-3), epochs=6
    )


def entities() -> Training:
    """A tag for each word, which hangs on the two words before it."""
    random = np.random.default_rng(151)
    x, kind = random.integers(0, 30, (1800, 10)), random.integers(0, 2, 30)
    before = np.concatenate([np.zeros((1800, 2), int), kind[x[:, :-2]]], 1)
    y = 2 * kind[x] + before

    def model() -> Any:
        inputs = nn.Input((10,), dtype="int64")
        z = blocks(placed(L.Embedding(30, 32)(inputs), 10), 2, activation="gelu")
        return nn.Model(inputs, L.Dense(4)(z))

    return Training(
        model, **rows(x, y, 1300, 150), loss=LOGITS, score=hit,
        optimizer=by("Muon", 4e-3), epochs=11,
    )  # fmt: skip


def translation() -> Training:
    """Sentences of another tongue: other words, and each two in the other order."""
    random = np.random.default_rng(152)
    source, other = random.integers(0, 16, (2400, 6)), random.permutation(16)
    y = other[source[:, [1, 0, 3, 2, 5, 4]]]
    told = np.concatenate([np.full((2400, 1), 16), y[:, :-1]], 1)

    def model() -> Any:
        a, b = nn.Input((6,), dtype="int64"), nn.Input((6,), dtype="int64")
        seen = blocks(placed(L.Embedding(17, 32)(a), 6))
        z = L.TransformerDecoderBlock(64, 2, normalize_first=True)(
            placed(L.Embedding(17, 32)(b), 6), seen
        )
        return nn.Model([a, b], L.Dense(16, "softmax")(L.LayerNormalization()(z)))

    return Training(
        model, **rows((source, told), y, 1800, 200), score=hit, optimizer=adam(4e-3),
        batch_size=40, epochs=10,
    )  # fmt: skip


class Turned(L.Layer):
    """Attention of which queries and keys are turned by their places, behind RMSNorm; SwiGLU."""

    def __init__(self, width: int = 32, heads: int = 2) -> None:
        super().__init__()
        self.heads, self.size = heads, width // heads
        self.ask, self.key, self.value, self.out = (L.Dense(width, use_bias=False) for _ in "qkvo")
        self.turn, self.norms = L.RotaryEmbedding(), [L.RMSNormalization() for _ in range(2)]
        self.gate, self.up, self.down = L.Dense(48, "silu"), L.Dense(48), L.Dense(width)

    def call(self, x: Any) -> Any:
        z, length = self.norms[0](x), x.shape[1]

        def split(part: Any) -> Any:
            return nn.ops.reshape(part(z), (-1, length, self.heads, self.size))

        q, k, v = self.turn(split(self.ask)), self.turn(split(self.key)), split(self.value)
        score = nn.ops.einsum("bqhd,bkhd->bhqk", q, k) * self.size**-0.5
        later = nn.ops.convert_to_tensor(np.triu(np.full((length, length), -1e9, "float32"), 1))
        seen = nn.ops.einsum("bhqk,bkhd->bqhd", nn.ops.softmax(score + later, axis=-1), v)
        x = x + self.out(nn.ops.reshape(seen, (-1, length, self.heads * self.size)))
        z = self.norms[1](x)
        return x + self.down(self.gate(z) * self.up(z))


def rhymes(rows_: int = 1100) -> Any:
    """Return lines: each word follows from the one two before, five times of six."""
    random = np.random.default_rng(153)
    x, after = random.integers(0, 20, (rows_, 13)), random.permutation(20)
    for t in range(2, 13):
        known = random.random(rows_) < 5 / 6
        x[known, t] = after[x[known, t - 2]]
    return x


def turned_places() -> Training:
    """The next word, by attention with turned places, RMSNorm and gated units."""
    text = rhymes()
    return Training(
        lambda: nn.Sequential(
            [
                nn.Input((12,), dtype="int64"),
                L.Embedding(20, 32),
                Turned(),
                Turned(),
                L.RMSNormalization(),
                L.Dense(20),
            ]
        ),
        **rows(text[:, :-1], text[:, 1:], 800, 120),
        loss=LOGITS,
        score=hit,
        optimizer=adam(5e-3),
        epochs=8,
    )


class Class(L.Layer):
    """Puts a learnt word in front."""

    def build(self, shape: Any) -> None:
        self.word = self.add_weight(shape=(1, 1, shape[-1]), initializer="normal", name="word")

    def call(self, x: Any) -> Any:
        front = self.word + nn.ops.zeros_like(x[:, :1])
        return nn.ops.concatenate([front, x], axis=1)


def patches() -> Training:
    """Digits in sixteen patches that overlap, with a word in front that sees them all."""

    def model() -> Any:
        inputs = nn.Input((8, 8, 1))
        z = L.Reshape((16, 32))(
            L.Conv2D(32, 3, strides=2, padding="same", activation="relu")(inputs)
        )
        z = blocks(placed(Class()(z), 17), 2, activation="gelu")
        return nn.Model(inputs, L.Dense(10, "softmax")(L.Lambda(lambda a: a[:, 0])(z)))

    rate = schedules.CosineDecay(3e-4, 380, warmup_target=4e-3, warmup_steps=40)
    return Training(
        model, **digits(), optimizer=by("AdamW", rate, weight_decay=1e-2), epochs=11,
    )  # fmt: skip


def columns() -> Training:
    """A yes or no from six columns with names for values: each value is a word."""
    random = np.random.default_rng(154)
    x = random.integers(0, 5, (2400, 6))
    like = random.normal(size=(3, 5, 5))
    z = like[0, x[:, 0], x[:, 1]] + like[1, x[:, 2], x[:, 3]] + like[2, x[:, 4], x[:, 5]]

    def model() -> Any:
        inputs = nn.Input((6,), dtype="int64")
        z = blocks(L.Embedding(30, 24)(inputs), 1)
        return nn.Model(inputs, L.Dense(1)(L.Dense(24, "relu")(L.Flatten()(z))))

    y = single(random.random(2400) < 1 / (1 + np.exp(-4 * z)))
    return Training(
        model, **rows(x + 5 * np.arange(6), y, 1700, 200), loss=BINARY, score=ranked,
        optimizer=by("Adafactor", 7e-3), epochs=8,
    )  # fmt: skip


def demand() -> Training:
    """The load of a town in the next two hours; each hour sees the past alone."""
    series = single(current(1330))
    x = np.lib.stride_tricks.sliding_window_view(series[:-2], 20, axis=0).transpose(0, 2, 1)
    y = np.lib.stride_tricks.sliding_window_view(series[20:, 0], 2)

    def model() -> Any:
        inputs = nn.Input((20, 2))
        z = L.Dense(24)(inputs)
        z = L.Add()([z, L.SinePositionEncoding()(z)])
        for _ in range(2):
            n = L.LayerNormalization()(z)
            z = L.Add()([z, L.MultiHeadAttention(2, 12)(n, n, use_causal_mask=True)])
            z = L.Add()([z, L.Dense(24)(L.Dense(48, "relu")(L.LayerNormalization()(z)))])
        last = L.Lambda(lambda a: a[:, -1])(L.LayerNormalization()(z))
        return nn.Model(inputs, L.Dense(2)(last))

    return Training(
        model, **rows(x, y, 950, 120), **{**NUMBER, "loss": "huber"}, optimizer=adam(3e-3),
        epochs=12,
    )  # fmt: skip


def spreads() -> Training:
    """How far apart the numbers of a set are: a learnt question asks all of them."""
    random = np.random.default_rng(155)
    wide = random.uniform(0.2, 1.5, (1500, 1, 1))
    x = random.normal(size=(1500, 12, 1)) * wide + random.normal(0, 0.5, (1500, 1, 1))

    def model() -> Any:
        inputs = nn.Input((12, 1))
        z = L.Dense(24, "relu")(inputs)
        z = L.Add()([z, L.MultiHeadAttention(2, 12)(z, z)])
        z = L.Dense(24, "relu")(z)
        asked = L.Lambda(lambda a: a[:, :1])(Class()(z))
        pooled = L.Flatten()(L.MultiHeadAttention(2, 12)(asked, z))
        return nn.Model(inputs, L.Dense(1)(L.Dense(24, "relu")(pooled)))

    return Training(
        model, **rows(single(x), single(x.std(1)), 1000, 200), **NUMBER, optimizer=adam(3e-3),
        epochs=18,
    )  # fmt: skip


class Pointer(L.Layer):
    """How well each place answers a question: its scores are the answer."""

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.ask, self.key = L.Dense(width), L.Dense(width)

    def call(self, pair: Any) -> Any:
        question, places = pair
        return nn.ops.sum(self.ask(question) * self.key(places), axis=-1) * 24**-0.5


def pointers() -> Training:
    """At which place stands what was asked for, behind a word that says which of two."""
    random = np.random.default_rng(156)
    x = np.array([random.permutation(20)[:9] for _ in range(2000)])
    y = random.integers(0, 8, 2000)
    asked = x[np.arange(2000), y + 1][:, None]  # y stands before the word that is asked for

    def model() -> Any:
        text, word = nn.Input((9,), dtype="int64"), nn.Input((1,), dtype="int64")
        known = L.Embedding(20, 32)
        z = blocks(placed(known(text), 9), 1)
        return nn.Model([text, word], Pointer()([known(word), z]))

    return Training(
        model, **rows((x, asked), y, 1500, 150), loss=LOGITS, optimizer=adam(5e-3), epochs=12,
    )  # fmt: skip


def gaps() -> Training:
    """Words that are hidden, from those around; the loss counts the hidden ones alone."""
    random = np.random.default_rng(157)
    start, step = random.integers(0, 12, (2800, 1, 2)), random.integers(1, 3, (2800, 1, 2))
    text = (start + step * np.arange(5)[:, None]).reshape(2800, 10) % 12  # two in turn
    away = np.asarray(random.random(text.shape) < 0.2)
    x = np.where(away, 12, text)

    def model() -> Any:
        inputs = nn.Input((10,), dtype="int64")
        z = blocks(placed(L.Embedding(13, 32)(inputs), 10), 2)
        return nn.Model(inputs, L.Dense(12)(z))

    def score(model: Any, t: Training) -> float:
        return float(np.mean((found(model, t).argmax(-1) == t.test[1])[t.test[0] == 12]))

    parts = rows(x, text, 2400, 150)
    parts["validation"] = (*parts["validation"], single(away[2400:2550]))
    return Training(
        model,
        **parts,
        loss=LOGITS,
        metrics=(),
        score=score,
        optimizer=adam(schedules.CosineDecay(5e-3, 900)),
        epochs=12,
        fit={"sample_weight": single(away[:2400])},
    )


def questions() -> Training:
    """Whether a text answers a question, by the oldest of attentions; two inputs."""
    random = np.random.default_rng(158)
    text, asked = random.integers(0, 24, (2000, 12)), random.integers(0, 24, (2000, 1))
    some = random.random(2000) < 0.35
    text[some, random.integers(0, 12, some.sum())] = asked[some, 0]
    y = (text == asked).any(1)

    def model() -> Any:
        a, b = nn.Input((12,), dtype="int64"), nn.Input((1,), dtype="int64")
        known = L.Embedding(24, 20, "normal")
        words, question = known(a), known(b)
        seen = L.AdditiveAttention()([L.Dense(20)(question), words])
        both = L.Flatten()(L.Concatenate()([seen, question, L.Multiply()([seen, question])]))
        return nn.Model([a, b], L.Dense(1, "sigmoid")(L.Dense(32, "relu")(both)))

    return Training(
        model, **rows((text, asked), single(y)[:, None], 1500, 150), loss="binary_crossentropy",
        optimizer=adam(0.01), epochs=14,
    )  # fmt: skip


def friends() -> Training:
    """What people are like, by whom they know: attention sees friends alone."""
    random = np.random.default_rng(159)
    met = np.asarray(random.random((900, 10, 10)) < 0.3)
    known = met | met.transpose(0, 2, 1) | np.eye(10, dtype=bool)
    trait = random.normal(size=(900, 10, 3))
    mean = (known[..., None] * trait[:, None]).sum(2) / known.sum(2)[..., None]
    y = mean[..., 0] + 0.5 * trait[..., 1] > 0

    def model() -> Any:
        people, seen = nn.Input((10, 3)), nn.Input((10, 10), dtype="bool")
        z = L.Dense(24)(people)
        n = L.LayerNormalization()(z)
        z = L.Add()([z, L.MultiHeadAttention(2, 12)(n, n, attention_mask=seen)])
        z = L.Add()([z, L.Dense(24)(L.Dense(48, "gelu")(L.LayerNormalization()(z)))])
        return nn.Model([people, seen], L.Dense(1)(z))

    return Training(
        model, **rows((single(trait), known), single(y)[..., None], 600, 100), loss=BINARY,
        metrics=(), score=hit, threshold=0.0, optimizer=adam(5e-3), epochs=10,
    )  # fmt: skip


class Few(L.Layer):
    """Some learnt questions that ask a long input (Jaegle et al. 2021)."""

    def __init__(self, count: int = 4, width: int = 24) -> None:
        super().__init__()
        self.count, self.width, self.seen = count, width, L.MultiHeadAttention(2, 12)

    def build(self, shape: Any) -> None:
        shape = (1, self.count, self.width)
        self.asked = self.add_weight(shape=shape, initializer="glorot_normal", name="asked")

    def call(self, x: Any) -> Any:
        asked = self.asked + nn.ops.zeros_like(x[:, : self.count])
        return asked + self.seen(asked, x)


def long_signals() -> Training:
    """Which of three waves is in a long signal: four questions ask sixty steps."""
    random = np.random.default_rng(160)
    y, at = random.integers(0, 3, 1000), np.arange(60)
    speed = np.array([0.5, 0.8, 1.2])[y][:, None]
    around = np.exp(-(((at - random.integers(15, 45, (1000, 1))) / 9) ** 2))
    x = around * np.sin(speed * at + random.uniform(0, 6.3, (1000, 1)))

    def model() -> Any:
        inputs = nn.Input((60, 1))
        z = L.Conv1D(24, 7, strides=2, activation="relu")(inputs)
        z = Few()(placed(z, 27))
        return nn.Model(inputs, L.Dense(3, "softmax")(L.Flatten()(blocks(z))))

    return Training(
        model, **rows(single(x + random.normal(0, 0.3, x.shape))[..., None], y, 700, 100),
        optimizer=by("Nadam", 3e-3), epochs=10,
    )  # fmt: skip


MAKES = (topics, entities, translation, turned_places, patches, columns, demand, spreads, pointers,
         gaps, questions, friends, long_signals)  # fmt: skip

HEALTHY = [Healthy(f"third {make.__name__.replace('_', ' ')}", "attention", make) for make in MAKES]

"""Healthy programs of the fourth part: networks with attention, in the manner of examples."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.fourth.healthy.pictures import letters
from benchmarks.doctor.fourth.healthy.series import grammar, lasting
from benchmarks.doctor.third.healthy.odd_series import windows
from benchmarks.doctor.third.healthy.parts import (
    BINARY,
    LOGITS,
    NUMBER,
    adam,
    by,
    found,
    hit,
    logistic,
    ranked,
    rows,
    single,
)  # fmt: skip
from benchmarks.doctor.third.healthy.pictures import conv, digits
from benchmarks.doctor.third.healthy.words import Class, blocks, placed
from benchmarks.doctor.training import Training

L = nn.layers
ops = nn.ops
schedules = nn.optimizers.schedules
stops = nn.callbacks.EarlyStopping


def decoder(length: int, words: int, count: int, width: int = 32, **given: Any) -> Any:
    """Return a language model: blocks that see the past, the norm in front."""
    inputs = nn.Input((length,), dtype="int64")
    z = placed(L.Embedding(words, width)(inputs), length)
    for _ in range(count):
        z = L.TransformerDecoderBlock(2 * width, 2, **{"normalize_first": True, **given})(z)
    return nn.Model(inputs, L.Dense(words)(L.LayerNormalization()(z)))


def kind_reviews() -> Training:
    """Whether a review is kind: a block with the norm behind, the mean, a layer, dropout."""
    random, n = np.random.default_rng(700), 3200
    x = random.integers(3, 60, (n, 16))
    mood = np.r_[np.zeros(23), random.normal(0, 1.0, 37)]
    y = mood[x].sum(1) + random.normal(0, 0.6, n) > 0

    def model() -> Any:
        inputs = nn.Input((16,), dtype="int64")
        z = placed(L.Embedding(60, 24)(inputs), 16)
        z = L.TransformerEncoderBlock(32, 2, dropout=0.1)(z)
        z = L.Dropout(0.1)(L.GlobalAveragePooling1D()(z))
        z = L.Dropout(0.1)(L.Dense(20, "relu")(z))
        return nn.Model(inputs, L.Dense(2, "softmax")(z))

    return Training(
        model, **rows(x, y.astype(int), 2500, 250), epochs=8,
        optimizer=adam(schedules.CosineDecay(2e-3, 8 * 79)),
    )  # fmt: skip


def small_gpt() -> Training:
    """The next letter of sentences: two blocks, a rate that warms up and follows a cosine."""
    ids, count = grammar(np.random.default_rng(701), 25 * 900)
    text = ids.reshape(900, 25)
    rate = schedules.CosineDecay(0.0, 23 * 22, warmup_target=5e-3, warmup_steps=30)
    return Training(
        lambda: decoder(24, count, 2), **rows(text[:, :-1], text[:, 1:], 700, 80), loss=LOGITS,
        score=hit, optimizer=by("AdamW", rate, weight_decay=0.01, global_clipnorm=1.0), epochs=24,
    )  # fmt: skip


def numerals() -> Training:
    """Numbers of four or five digits in words of another tongue: masks in encoder and decoder."""
    random, n = np.random.default_rng(702), 2400
    value = random.permutation(np.r_[1000:10000, random.permutation(np.r_[10000:100000])[:9000]])
    source, target = np.zeros((n, 5), "int64"), np.zeros((n, 10), "int64")
    for k, number in enumerate(value[:n]):  # 1..10 are digits, 11..14 units, 15 ends, 0 pads
        digits = [int(d) + 1 for d in str(number)]
        units = range(9 + len(digits), 10, -1)
        out = [w for pair in zip(digits, units, strict=False) for w in pair]
        out = [*out, digits[-1], 15]
        source[k, : len(digits)], target[k, : len(out)] = digits, out
    told = np.concatenate([np.full((n, 1), 16), target[:, :-1]], 1)

    def model() -> Any:
        a, b = nn.Input((5,), dtype="int64"), nn.Input((10,), dtype="int64")
        seen = placed(L.Embedding(11, 32, mask_zero=True)(a), 5)
        seen = L.TransformerEncoderBlock(48, 2, normalize_first=True)(seen)
        z = placed(L.Embedding(17, 32, mask_zero=True)(b), 10)
        z = L.TransformerDecoderBlock(48, 2, normalize_first=True)(z, seen)
        return nn.Model([a, b], L.Dense(16)(L.LayerNormalization()(z)))

    def score(model: Any, t: Training) -> float:
        return float(np.mean((found(model, t).argmax(-1) == t.test[1])[t.test[1] > 0]))

    loss = nn.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=0)
    return Training(
        model, **rows((source, told), target, 1800, 200), loss=loss, metrics=(), score=score,
        optimizer=adam(3e-3), batch_size=40, epochs=8,
    )  # fmt: skip


def pictures_in_patches() -> Training:
    """Digits in sixteen patches that do not overlap; a word in front, dropout, AdamW."""

    def model() -> Any:
        inputs = nn.Input((8, 8, 1))
        z = L.Reshape((16, 32))(L.Conv2D(32, 2, strides=2)(L.Rescaling(2.0, -1.0)(inputs)))
        z = blocks(placed(Class()(z), 17), 2, 48, activation="gelu", dropout=0.1)
        return nn.Model(inputs, L.Dense(10)(L.Lambda(lambda a: a[:, 0])(z)))

    rate = schedules.CosineDecay(3e-4, 19 * 38, warmup_target=3e-3, warmup_steps=40)
    return Training(
        model, **digits(), loss=LOGITS, optimizer=by("AdamW", rate, weight_decay=0.03), epochs=20,
    )  # fmt: skip


def engines_by_attention() -> Training:
    """Two kinds of signals, by attention over all steps, convolutions of one step, and dropout."""
    random, n, t = np.random.default_rng(704), 1800, np.arange(40)
    y = random.integers(0, 2, n)
    x = np.sin(0.5 * t + random.uniform(0, 6.3, (n, 1))) + random.normal(0, 0.4, (n, 40))
    at = random.integers(2, 34, n)
    for one, k, start in zip(x, y, at, strict=True):
        one[start : start + 4] += [1, -1, 1, -1] if k else [1, 1, -1, -1]

    def model() -> Any:
        inputs = nn.Input((40, 1))
        z = L.Conv1D(24, 5, padding="same")(inputs)
        for _ in range(2):
            n = L.LayerNormalization()(z)
            z = L.Add()([z, L.Dropout(0.1)(L.MultiHeadAttention(2, 12)(n, n))])
            n = L.Conv1D(32, 1, activation="relu")(L.LayerNormalization()(z))
            z = L.Add()([z, L.Dropout(0.1)(L.Conv1D(24, 1)(n))])
        z = L.GlobalMaxPooling1D()(L.LayerNormalization()(z))
        return nn.Model(inputs, L.Dense(2, "softmax")(L.Dropout(0.2)(z)))

    return Training(
        model, **rows(single(x)[..., None], y, 1300, 200), epochs=8,
        optimizer=adam(schedules.CosineDecay(3e-3, 8 * 41)),
    )  # fmt: skip


def patches_of_time() -> Training:
    """The next eight hours by patches of the last forty-eight, each window less its mean."""
    random, n = np.random.default_rng(705), 1500
    t = np.arange(n)
    series = np.sin(2 * np.pi * t / 24) + 0.6 * np.sin(2 * np.pi * t / 8 + 1)
    series = series * (1 + 0.3 * np.sin(t / 90)) + lasting(random, n, 0.9, 0.08)
    x, _ = windows(series[:, None], 48, 8)
    y = np.lib.stride_tricks.sliding_window_view(series[48:], 8)

    def model() -> Any:
        inputs = nn.Input((48, 1))
        mean = L.Lambda(lambda z: ops.mean(z, axis=1, keepdims=True))(inputs)
        z = L.Reshape((6, 8))(L.Subtract()([inputs, mean]))
        z = L.Flatten()(blocks(placed(L.Dense(32)(z), 6), 2, 48))
        return nn.Model(inputs, L.Add()([L.Dense(8)(L.Dropout(0.1)(z)), L.Flatten()(mean)]))

    return Training(
        model, **rows(x, single(y), 1000, 150), **NUMBER, epochs=14,
        optimizer=adam(schedules.CosineDecay(2e-3, 14 * 32)),
    )  # fmt: skip


def words_of_a_table() -> Training:
    """Five columns of kinds, which see one another, beside three numbers (TabTransformer)."""
    random, n = np.random.default_rng(706), 3000
    x, more = random.integers(0, 6, (n, 5)), random.normal(size=(n, 3))
    like = random.normal(0, 1.2, (2, 6, 2))
    z = (like[0][x[:, 0]] * like[1][x[:, 1]]).sum(1) + random.normal(0, 0.8, 6)[x[:, 2]]
    y = random.random(n) < logistic(1.6 * (z + more[:, 0] - np.abs(more[:, 1]) + 0.5))

    def model() -> Any:
        kinds, numbers = nn.Input((5,), dtype="int64"), nn.Input((3,))
        z = L.Flatten()(blocks(L.Embedding(30, 16)(kinds), 1, 32, dropout=0.1))
        z = L.Concatenate()([z, numbers])
        return nn.Model([kinds, numbers], L.Dense(1)(L.Dense(32, "relu")(L.Dropout(0.1)(z))))

    return Training(
        model, **rows((x + 6 * np.arange(5), single(more)), single(y)[:, None], 2200, 300),
        loss=BINARY, metrics=(nn.metrics.AUC(from_logits=True),), score=ranked,
        optimizer=by("AdamW", 2e-3, weight_decay=1e-3), batch_size=64, epochs=12,
    )  # fmt: skip


class Columns(L.Layer):
    """Makes a word of each number: the number times a vector of its column, and another added."""

    def build(self, shape: Any) -> None:
        self.by = self.add_weight(shape=(shape[-1], 24), initializer="glorot_uniform", name="by")
        self.add = self.add_weight(shape=(shape[-1], 24), initializer="glorot_uniform", name="add")

    def call(self, x: Any) -> Any:
        return ops.expand_dims(x, -1) * self.by + self.add


def numbers_as_words() -> Training:
    """Eight numbers, each a word, and one in front that is asked (FT-Transformer)."""
    random, n = np.random.default_rng(707), 2000
    x = random.normal(size=(n, 8))
    y = x[:, 0] * x[:, 1] + np.sin(2 * x[:, 2]) + 0.5 * x[:, 3] + random.normal(0, 0.2, n)

    def model() -> Any:
        inputs = nn.Input((8,))
        z = blocks(Class()(Columns()(inputs)), 2, 48, activation="gelu")
        return nn.Model(inputs, L.Dense(1)(L.Lambda(lambda a: a[:, 0])(z)))

    return Training(
        model, **rows(single(x), single(y / y.std())[:, None], 1500, 200), **NUMBER,
        optimizer=adam(schedules.CosineDecay(3e-3, 16 * 47)), epochs=16,
    )  # fmt: skip


def clouds_of_points() -> Training:
    """Which form sixteen points lie on, in whatever order: attention, and the largest of each."""
    random, n = np.random.default_rng(708), 1300
    y, t = random.integers(0, 3, n), random.uniform(-1, 1, (n, 16))
    ring = np.stack([np.cos(np.pi * t), np.sin(np.pi * t)], -1)
    line, bow = np.stack([t, t], -1), np.stack([t, 2 * t**2 - 1], -1)
    x = np.stack([ring, line, bow])[y, np.arange(n)]
    turn = random.uniform(0, 6.3, n)
    turns = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    x = np.einsum("npk,kjn->npj", x, turns) + random.normal(0, 0.08, x.shape)

    def model() -> Any:
        inputs = nn.Input((16, 2))
        z = L.GlobalMaxPooling1D()(blocks(L.Dense(32, "relu")(inputs), 1, 48))
        return nn.Model(inputs, L.Dense(3, "softmax")(L.Dense(24, "relu")(z)))

    return Training(
        model, **rows(single(x), y, 900, 150), epochs=14,
        optimizer=adam(schedules.CosineDecay(4e-3, 14 * 29)),
    )  # fmt: skip


def follows_or_not() -> Training:
    """Whether a second sentence says the same: both in a row, and a vector for first and second."""
    random, n = np.random.default_rng(709), 3000
    first = np.array([random.permutation(18)[:5] for _ in range(n)]) + 2
    second = np.take_along_axis(first, np.argsort(random.random((n, 5)), 1), 1)[:, :3]
    y = random.random(n) < 0.5
    second[y, random.integers(0, 3, y.sum())] = random.integers(2, 20, y.sum())
    y = ~(second[:, :, None] == first[:, None]).any(2).all(1)
    x = np.concatenate([first, np.ones((n, 1), int), second], 1)

    def model() -> Any:
        words, part = nn.Input((9,), dtype="int64"), nn.Input((9,), dtype="int64")
        z = L.Add()([L.Embedding(20, 32)(words), L.Embedding(2, 32)(part)])
        z = L.GlobalMaxPooling1D()(blocks(z, 2, 48))
        return nn.Model([words, part], L.Dense(1)(z))

    part = np.tile(np.r_[np.zeros(6, int), np.ones(3, int)], (n, 1))
    return Training(
        model, **rows((x, part), single(y)[:, None], 2300, 250), loss=BINARY, score=hit,
        metrics=(nn.metrics.BinaryAccuracy(threshold=0.0),), threshold=0.0, batch_size=40,
        optimizer=adam(schedules.CosineDecay(4e-3, 18 * 58)), epochs=18,
    )  # fmt: skip


def bought_in_turn() -> Training:
    """What is bought next, filled up in front, by blocks that see the past; top five is watched."""
    random, n = np.random.default_rng(710), 1900
    after = np.stack([random.permutation(30) for _ in range(2)]) + 1
    x = np.zeros((n, 13), "int64")
    for one, start in zip(x, random.integers(0, 5, n), strict=True):
        one[start] = random.integers(1, 31)
        for t in range(start + 1, 13):
            kind = random.choice(3, p=[0.6, 0.25, 0.15])
            one[t] = after[kind, one[t - 1] - 1] if kind < 2 else random.integers(1, 31)

    def model() -> Any:
        inputs = nn.Input((12,), dtype="int64")
        z = placed(L.Embedding(31, 32, mask_zero=True)(inputs), 12)
        for _ in range(2):
            z = L.TransformerDecoderBlock(48, 2, normalize_first=True, dropout=0.1)(z)
        return nn.Model(inputs, L.Dense(31)(L.LayerNormalization()(z)))

    def score(model: Any, t: Training) -> float:
        """How often what is likeliest is named: it comes 6 times of 10."""
        likeliest = after[0][t.test[0] - 1]
        return float(np.mean((found(model, t).argmax(-1) == likeliest)[t.test[0] > 0]))

    loss = nn.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=0)
    return Training(
        model, **rows(x[:, :-1], x[:, 1:], 1500, 200), loss=loss, metrics=(), score=score,
        optimizer=adam(2e-3), epochs=9,
    )  # fmt: skip


def turned_around() -> Training:
    """A word is written backwards, by GRUs and an attention over what was read (Bahdanau)."""
    random, n = np.random.default_rng(711), 2200
    x = random.integers(0, 10, (n, 6))
    y = x[:, ::-1].copy()
    told = np.concatenate([np.full((n, 1), 10), y[:, :-1]], 1)

    def model() -> Any:
        a, b = nn.Input((6,), dtype="int64"), nn.Input((6,), dtype="int64")
        read, last = L.GRU(32, return_sequences=True, return_state=True)(L.Embedding(10, 16)(a))
        z = L.GRU(32, return_sequences=True)(L.Embedding(11, 16)(b), initial_state=last)
        seen = L.AdditiveAttention()([z, read])
        return nn.Model([a, b], L.Dense(10, "softmax")(L.Concatenate()([z, seen])))

    return Training(
        model, **rows((x, told), y, 1600, 200), score=hit, optimizer=adam(6e-3), epochs=20,
    )  # fmt: skip


def said_of_a_picture() -> Training:
    """A picture of two letters, and the two said in their order: convolutions, then a decoder."""
    x, y = letters(3000, 712, noise=0.15)
    left, right = x[:1500], x[1500:]
    both = np.concatenate([left, right], 2)
    said = np.stack([y[:1500], y[1500:], np.full(1500, 8)], 1)
    told = np.concatenate([np.full((1500, 1), 9), said[:, :-1]], 1)

    def model() -> Any:
        picture, words = nn.Input((9, 18, 1)), nn.Input((3,), dtype="int64")
        z = conv(32)(L.MaxPooling2D()(conv(16)(picture)))
        seen = placed(L.Reshape((8, 32))(L.MaxPooling2D(2)(z)), 8)
        seen = L.TransformerEncoderBlock(48, 2, normalize_first=True)(seen)
        z = placed(L.Embedding(10, 32)(words), 3)
        z = L.TransformerDecoderBlock(48, 2, normalize_first=True)(z, seen)
        return nn.Model([picture, words], L.Dense(9)(L.LayerNormalization()(z)))

    return Training(
        model, **rows((both, told), said, 1100, 150), loss=LOGITS, score=hit, optimizer=adam(3e-3),
        epochs=12,
    )  # fmt: skip


def from_here_to_there() -> Training:
    """Where in a text an answer begins and where it ends: two softmaxes over places."""
    random, n = np.random.default_rng(713), 1800
    x = random.integers(3, 20, (n, 14))
    start = random.integers(0, 10, n)
    end = start + random.integers(1, 4, n)
    x[np.arange(n), start], x[np.arange(n), end] = 1, 2

    def model() -> Any:
        inputs = nn.Input((14,), dtype="int64")
        z = blocks(placed(L.Embedding(20, 24)(inputs), 14), 1)
        ends = [L.Softmax()(L.Flatten()(L.Dense(1)(z))) for _ in range(2)]
        return nn.Model(inputs, ends)

    def score(model: Any, t: Training) -> float:
        said = [np.argmax(p, 1) for p in model.predict(t.test[0], verbose=0)]
        return float(np.mean((said[0] == t.test[1][0]) & (said[1] == t.test[1][1])))

    loss = "sparse_categorical_crossentropy"
    return Training(
        model, **rows(x, (start, end), 1300, 150), loss=[loss, loss], metrics=(), score=score,
        optimizer=adam(1e-3), epochs=4,
    )  # fmt: skip


def molecules() -> Training:
    """A trait of a molecule: kinds of atoms, and a mask that says which are bound."""
    random, n = np.random.default_rng(714), 1500
    atom = random.integers(0, 4, (n, 8))
    bound = np.asarray(random.random((n, 8, 8)) < 0.2)
    bound = bound | bound.transpose(0, 2, 1) | np.eye(8, dtype=bool)
    value = np.array([0.5, -0.4, 1.0, -1.1])[atom]
    pair = np.array([[0, 1, 0, 0], [1, 0, 0, -1], [0, 0, 1, 0], [0, -1, 0, 0]])
    like = pair[atom[:, :, None], atom[:, None]] * bound / bound.sum(2, keepdims=True)
    y = value.sum(1) / 2 + 1.5 * like.sum((1, 2)) + random.normal(0, 0.15, n)

    def model() -> Any:
        atoms, seen = nn.Input((8,), dtype="int64"), nn.Input((8, 8), dtype="bool")
        z = L.Embedding(4, 32)(atoms)
        for _ in range(2):
            m = L.LayerNormalization()(z)
            z = L.Add()([z, L.MultiHeadAttention(2, 16)(m, m, attention_mask=seen)])
            z = L.Add()([z, L.Dense(32)(L.Dense(48, "relu")(L.LayerNormalization()(z)))])
        return nn.Model([atoms, seen], L.Dense(1)(L.GlobalAveragePooling1D()(z)))

    return Training(
        model, **rows((atom, bound), single(y / y.std())[:, None], 1100, 150), **NUMBER,
        optimizer=adam(schedules.CosineDecay(3e-3, 16 * 35)), epochs=16,
    )  # fmt: skip


class Slope(L.Layer):
    """Attention to the past whose scores fall with the distance (ALiBi)."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.ask, self.key, self.value, self.out = (L.Dense(width) for _ in "qkvo")

    def call(self, x: Any) -> Any:
        n = x.shape[1]

        def split(z: Any) -> Any:
            return ops.reshape(z, (-1, n, 2, 16))

        away = np.arange(n)[:, None] - np.arange(n)
        far = np.where(away < 0, -1e9, -away * np.array([0.25, 1.0])[:, None, None])
        score = ops.einsum("bqhd,bkhd->bhqk", split(self.ask(x)), split(self.key(x))) / 4.0
        share = ops.softmax(score + ops.convert_to_tensor(single(far)), axis=-1)
        seen = ops.einsum("bhqk,bkhd->bqhd", share, split(self.value(x)))
        return self.out(ops.reshape(seen, (-1, n, 32)))


def near_things_first() -> Training:
    """The next of twelve notes, by attention that prefers what is near, without places."""
    random, n = np.random.default_rng(715), 1200
    x, step = random.integers(0, 12, (n, 17)), random.integers(0, 12, (12, 3))
    for t in range(2, 17):
        known = random.random(n) < 0.85
        x[known, t] = (x[known, t - 1] + step[x[known, t - 2], 0]) % 12

    def model() -> Any:
        inputs = nn.Input((16,), dtype="int64")
        z = L.Embedding(12, 32)(inputs)
        for _ in range(2):
            z = L.Add()([z, Slope()(L.LayerNormalization()(z))])
            z = L.Add()([z, L.Dense(32)(L.Dense(64, "gelu")(L.LayerNormalization()(z)))])
        return nn.Model(inputs, L.Dense(12)(L.LayerNormalization()(z)))

    def score(model: Any, t: Training) -> float:
        return float(np.mean((found(model, t).argmax(-1) == t.test[1])[:, 1:]))

    return Training(
        model, **rows(x[:, :-1], x[:, 1:], 900, 100), loss=LOGITS, score=score,
        metrics=(nn.metrics.Perplexity(from_logits=True),), optimizer=adam(3e-3), epochs=20,
    )  # fmt: skip


class Rising(schedules.LearningRateSchedule):
    """The rate of the first Transformer: it rises, and falls with the root of the steps."""

    def __call__(self, step: Any) -> Any:
        step = ops.cast(step, "float32") + 1.0
        return 0.03 * ops.minimum(step**-0.5, step * 60**-1.5)

    def get_config(self) -> dict[str, Any]:
        return {}


def smoothed_translation() -> Training:
    """Sentences whose words change by what stands before them; smoothed labels, rising rate."""
    random, n = np.random.default_rng(716), 2300
    source, other = random.integers(0, 12, (n, 5)), random.permutation(24).reshape(2, 12)
    before = np.concatenate([np.zeros((n, 1), int), source[:, :-1] % 2], 1)
    y = other[before, source]
    told = np.concatenate([np.full((n, 1), 24), y[:, :-1]], 1)

    def model() -> Any:
        a, b = nn.Input((5,), dtype="int64"), nn.Input((5,), dtype="int64")
        seen = L.TransformerEncoderBlock(64, 2, dropout=0.1)(placed(L.Embedding(12, 32)(a), 5))
        z = placed(L.Embedding(25, 32)(b), 5)
        z = L.TransformerDecoderBlock(64, 2, dropout=0.1)(z, seen)
        return nn.Model([a, b], L.Dense(24)(z))

    eye = np.eye(24, dtype="float32")
    parts = rows((source, told), y, 1700, 200)
    return Training(
        model, parts["x"], eye[parts["y"]], (parts["validation"][0], eye[parts["validation"][1]]),
        parts["test"], score=hit, batch_size=40, epochs=10,
        loss=nn.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1),
        optimizer=lambda: nn.optimizers.Adam(Rising(), beta_2=0.98, epsilon=1e-9),
    )  # fmt: skip


MAKES = (kind_reviews, small_gpt, numerals, pictures_in_patches, engines_by_attention,
         patches_of_time, words_of_a_table, numbers_as_words, clouds_of_points, follows_or_not,
         bought_in_turn, turned_around, said_of_a_picture, from_here_to_there, molecules,
         near_things_first, smoothed_translation)  # fmt: skip

HEALTHY = [
    Healthy(f"fourth {make.__name__.replace('_', ' ')}", "attention", make) for make in MAKES
]

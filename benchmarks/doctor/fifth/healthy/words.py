"""Healthy programs of the fifth part: networks with attention, after examples that are public."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.fifth.healthy.series import apart, falling
from benchmarks.doctor.fourth.healthy.words import decoder
from benchmarks.doctor.third.healthy.parts import (
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
)
from benchmarks.doctor.third.healthy.pictures import conv
from benchmarks.doctor.third.healthy.words import blocks, placed
from benchmarks.doctor.training import Training

L = nn.layers
ops = nn.ops
schedules = nn.optimizers.schedules


def rising(rate: float, steps: int) -> Any:
    """Return a rate that rises for a tenth of the steps, and follows a cosine to 0."""
    first = steps // 10
    return schedules.CosineDecay(rate / 10, steps - first, warmup_target=rate, warmup_steps=first)


class Waves(L.Layer):
    """The real part of the Fourier transform over places and columns, with nothing learnt."""

    def call(self, x: Any) -> Any:
        (t, d), turn = x.shape[1:], 2 * np.pi
        places, columns = (np.outer(np.arange(k), np.arange(k)) * turn / k for k in (t, d))
        a = ops.matmul(single(np.cos(places)), ops.matmul(x, single(np.cos(columns))))
        b = ops.matmul(single(np.sin(places)), ops.matmul(x, single(np.sin(columns))))
        return (a - b) / np.sqrt(t * d)


def mixed_by_waves() -> Training:
    """The topic of a text by blocks in which a Fourier transform stands for attention.

    After https://keras.io/examples/nlp/fnet_classification_with_keras_hub/
    """
    random, n = np.random.default_rng(1100), 2200
    y, share = random.integers(0, 4, n), random.dirichlet(np.full(50, 0.5), 4)
    x = np.stack([random.choice(50, 16, p=share[k]) for k in y])

    def model() -> Any:
        inputs = nn.Input((16,), dtype="int64")
        z = placed(L.Embedding(50, 24)(inputs), 16)
        for _ in range(2):
            z = L.LayerNormalization()(L.Add()([z, Waves()(z)]))
            z = L.LayerNormalization()(L.Add()([z, L.Dense(24)(L.Dense(48, "relu")(z))]))
        z = L.Dropout(0.3)(L.GlobalAveragePooling1D()(z))
        return nn.Model(inputs, L.Dense(4, "softmax")(z))

    return Training(
        model, **rows(x, y, 1600, 250), optimizer=adam(falling(2e-3, 6 * 50)), epochs=6,
    )  # fmt: skip


def replaced_words() -> Training:
    """Which words of a text were replaced, one in seven: a yes or no for each.

    After https://github.com/google-research/electra
    """
    random, n = np.random.default_rng(1101), 2900
    after = np.stack([random.permutation(20)[:2] for _ in range(20)])
    x = np.zeros((n, 14), "int64")
    x[:, 0] = random.integers(0, 20, n)
    for t in range(1, 14):
        x[:, t] = after[x[:, t - 1], random.integers(0, 2, n)]
    wrong = random.random((n, 14)) < 0.15
    x = np.where(wrong, (x + random.integers(1, 20, (n, 14))) % 20, x)

    def model() -> Any:
        inputs = nn.Input((14,), dtype="int64")
        z = placed(L.Embedding(20, 32, "normal")(inputs), 14)
        z = L.TransformerEncoderBlock(64, 4, normalize_first=True)(z)
        return nn.Model(inputs, L.Dense(1, "sigmoid")(L.LayerNormalization()(z)))

    return Training(
        model, **rows(x, single(wrong)[..., None], 2400, 200), loss="binary_crossentropy",
        metrics=("AUC",), score=ranked, optimizer=adam(rising(5e-3, 12 * 75)), epochs=12,
    )  # fmt: skip


def compact_and_convolved() -> Training:
    """Digits by convolutions, two blocks over their places, and a mean that is weighed.

    After https://keras.io/examples/vision/cct/
    """
    (x, y), (x_test, y_test) = nn.datasets.digits.load_data()
    x, x_test = (single(a).reshape(-1, 8, 8, 1) / 16 for a in (x, x_test))
    parts = rows(x, y, len(x) - 200, 200)

    def model() -> Any:
        inputs = nn.Input((8, 8, 1))
        z = L.MaxPooling2D(3, strides=2, padding="same")(conv(32, use_bias=False)(inputs))
        z = placed(L.Reshape((16, 32))(z), 16)
        z = blocks(z, 1, 48, activation="gelu", dropout=0.1)
        share = L.Softmax(axis=1)(L.Dense(1)(z))
        z = L.Flatten()(L.Dot(axes=1)([share, z]))
        return nn.Model(inputs, L.Dense(10)(z))

    return Training(
        model, **{**parts, "test": (x_test, y_test)},
        loss=LOGITS, optimizer=by("AdamW", rising(3e-3, 14 * 38), weight_decay=1e-2), epochs=14,
    )  # fmt: skip


class Memory(L.Layer):
    """Attention to twelve keys of its own, over places first and over keys then."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.ask, self.keys, self.answer = L.Dense(width), L.Dense(12), L.Dense(width)

    def call(self, x: Any) -> Any:
        share = ops.softmax(self.keys(self.ask(x)), axis=1)
        share = share / (1e-6 + ops.sum(share, axis=-1, keepdims=True))
        return self.answer(share)


def memory_outside() -> Training:
    """Forms of points in time by attention to keys that are learnt, not to one another.

    After https://keras.io/examples/vision/eanet/
    """
    random, n, t = np.random.default_rng(1102), 1500, np.arange(16)
    y = random.integers(0, 4, n)
    turn = 2 * np.pi * t / 16 + random.uniform(0, 6.3, (n, 1))
    forms = np.stack([np.sin(turn), np.sign(np.sin(turn)), np.sin(2 * turn),
                      np.arcsin(np.sin(turn)) * np.sign(np.cos(turn))])  # fmt: skip
    x = forms[y, np.arange(n)] + random.normal(0, 0.3, (n, 16))

    def model() -> Any:
        inputs = nn.Input((16, 1))
        z = placed(L.Dense(32)(inputs), 16)
        for _ in range(2):
            z = L.Add()([z, Memory(32)(L.LayerNormalization()(z))])
            z = L.Add()([z, L.Dense(32)(L.Dense(64, "gelu")(L.LayerNormalization()(z)))])
        return nn.Model(inputs, L.Dense(4, "softmax")(L.Flatten()(L.LayerNormalization()(z))))

    return Training(
        model, **rows(single(x)[..., None], y, 1050, 150), optimizer=adam(falling(3e-3, 10 * 33)),
        epochs=10,
    )  # fmt: skip


def sums_by_a_decoder() -> Training:
    """Sums of two digits each, the answer backwards; only the answer counts.

    After https://github.com/karpathy/minGPT/tree/master/projects/adder
    """
    random = np.random.default_rng(1103)
    pair = random.permutation(10000)[:6000]
    a, b = pair // 100, pair % 100
    s = a + b
    x = np.stack([a // 10, a % 10, b // 10, b % 10, s % 10, s // 10 % 10, s // 100], 1)
    y = np.where(np.arange(6) < 3, -1, x[:, 1:])

    def score(model: Any, t: Training) -> float:
        return float(np.mean((found(model, t).argmax(-1) == t.test[1])[:, 3:]))

    loss = nn.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
    return Training(
        lambda: decoder(6, 10, 2), **rows(x[:, :-1], y, 4800, 400), loss=loss, metrics=(),
        score=score, optimizer=by("AdamW", rising(6e-3, 14 * 75), weight_decay=0.01),
        batch_size=64, epochs=14,
    )  # fmt: skip


def sorted_by_a_decoder() -> Training:
    """Six numbers of four kinds, and then the same in order: what comes first is not asked.

    After https://github.com/karpathy/minGPT/blob/master/demo.ipynb
    """
    random = np.random.default_rng(1104)
    code = random.permutation(5**6)[:2200]
    x = code[:, None] // 5 ** np.arange(6) % 5
    both = np.concatenate([x, np.sort(x, 1)], 1)
    y = np.where(np.arange(11) < 5, -1, both[:, 1:])

    def score(model: Any, t: Training) -> float:
        return float(np.mean((found(model, t).argmax(-1) == t.test[1])[:, 5:]))

    loss = nn.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
    return Training(
        lambda: decoder(11, 5, 2), **rows(both[:, :-1], y, 1700, 200), loss=loss, metrics=(),
        score=score, optimizer=adam(rising(4e-3, 6 * 54), global_clipnorm=1.0), epochs=6,
    )  # fmt: skip


def next_film() -> Training:
    """How many stars the next film gets, from four films and their stars, and by whom.

    After https://keras.io/examples/structured_data/movielens_recommendations_transformers/
    """
    random, n = np.random.default_rng(1105), 3200
    kind, good, person = (
        random.choice([-1, 1], 40),
        random.normal(0, 0.6, 40),
        random.normal(size=n),
    )
    seen = np.stack([random.permutation(40)[:6] for _ in range(n)])
    stars = person[:, None] * kind[seen] + good[seen] + random.normal(0, 0.3, (n, 6))
    stars = np.clip(stars / 2, -1, 1)
    age = np.digitize(person + random.normal(0, 0.5, n), [-1, 0, 1])

    def model() -> Any:
        film, star, years = (nn.Input((6,), dtype="int64"), nn.Input((5,)),
                             nn.Input((1,), dtype="int64"))  # fmt: skip
        z = placed(L.Embedding(40, 16, "normal")(film), 6)
        rated = L.Lambda(lambda a: ops.pad(a, ((0, 0), (0, 1)))[..., None])(star)
        z = L.Add()([z, L.Multiply()([L.Dense(16)(z), rated])])
        z = L.TransformerEncoderBlock(32, 2, dropout=0.1, activation="relu")(z)
        z = L.Concatenate()([L.Flatten()(z), L.Flatten()(L.Embedding(4, 4)(years))])
        for width in (48, 24):
            z = L.Dropout(0.1)(
                L.LeakyReLU()(L.BatchNormalization(momentum=0.95)(L.Dense(width)(z)))
            )
        return nn.Model([film, star, years], L.Dense(1)(z))

    x = (seen, single(stars[:, :5]), age[:, None])
    return Training(
        model, **rows(x, single(stars[:, 5:]), 2600, 250), **{**NUMBER, "metrics": ("mae",)},
        optimizer=adam(falling(5e-3, 18 * 82)), epochs=18,
    )  # fmt: skip


def columns_as_words() -> Training:
    """Six series: each whole series is a word, and they see one another.

    After https://github.com/thuml/iTransformer
    """
    random, n = np.random.default_rng(1106), 2400
    mix = random.normal(0, 0.08, (6, 6)) + 0.6 * np.eye(6)
    t, x = np.arange(n), np.zeros((n, 6))
    for k in range(1, n):
        x[k] = mix @ x[k - 1] + random.normal(0, 0.25, 6)
    x = x + np.sin(2 * np.pi * t[:, None] / np.array([12, 12, 24, 24, 8, 8]))
    x = (x - x[:1800].mean(0)) / x[:1800].std(0)
    seen = np.lib.stride_tricks.sliding_window_view(x, 28, axis=0)

    def model() -> Any:
        inputs = nn.Input((6, 24))
        z = L.Dense(32)(inputs)
        which = L.Embedding(6, 32)(
            L.Lambda(lambda a: ops.zeros_like(a[..., 0]) + np.arange(6))(inputs)
        )
        z = blocks(L.Add()([z, which]), 1, 64, 4)
        return nn.Model(inputs, L.Dense(4)(z))

    return Training(
        model, **apart(seen[..., :24], seen[..., 24:], 1800, 250, 28), **NUMBER,
        optimizer=adam(falling(4e-3, 16 * 57)), epochs=16,
    )  # fmt: skip


def letters_of_a_sound() -> Training:
    """What was said, letter after letter: convolutions of the sound, a decoder that asks it.

    After https://keras.io/examples/audio/transformer_asr/
    """
    random, n = np.random.default_rng(1107), 1700
    form, y = random.normal(size=(8, 12)), random.integers(0, 8, (n, 4))
    x = random.normal(0, 0.3, (n, 24, 12))
    for one, word in zip(x, y, strict=True):
        at = random.integers(0, 3)
        for k in word:
            long = random.integers(3, 6)
            one[at : at + long] += form[k]
            at += long
    told = np.concatenate([np.full((n, 1), 8), y[:, :-1]], 1)

    def model() -> Any:
        sound, said = nn.Input((24, 12)), nn.Input((4,), dtype="int64")
        seen = L.Conv1D(32, 5, strides=2, padding="same", activation="relu")(sound)
        seen = L.TransformerEncoderBlock(64, 2, normalize_first=True)(placed(seen, 12))
        z = placed(L.Embedding(9, 32)(said), 4)
        z = L.TransformerDecoderBlock(64, 2, normalize_first=True)(z, seen)
        return nn.Model([sound, said], L.Dense(8)(L.LayerNormalization()(z)))

    return Training(
        model, **rows((single(x), told), y, 1300, 150), loss=LOGITS, score=hit,
        optimizer=adam(rising(3e-3, 9 * 41)), epochs=9,
    )  # fmt: skip


def asked_of_a_picture() -> Training:
    """Which form has the colour that is asked for: a picture's parts and a word together.

    After https://keras.io/getting-started/functional-api-guide/
    """
    random, n = np.random.default_rng(1108), 2200
    colours, forms = np.eye(3), random.integers(0, 2, (4, 3, 3))
    order = np.array([random.permutation(3) for _ in range(n)])
    form, asked = random.integers(0, 4, (n, 3)), random.integers(0, 3, n)
    x = random.normal(0, 0.15, (n, 6, 6, 3))
    corners = [(0, 0), (0, 3), (3, 0)]
    for one, kinds, tints in zip(x, form, order, strict=True):
        for (row, column), k, tint in zip(corners, kinds, tints, strict=True):
            one[row : row + 3, column : column + 3] += (0.3 + forms[k])[..., None] * colours[tint]
    y = form[order == asked[:, None]]

    def model() -> Any:
        picture, word = nn.Input((6, 6, 3)), nn.Input((1,), dtype="int64")
        seen = L.Reshape((4, 32))(L.Conv2D(32, 3, strides=3)(picture))
        z = L.Concatenate(axis=1)([L.Embedding(3, 32)(word), placed(seen, 4)])
        z = L.Lambda(lambda a: a[:, 0])(blocks(z, 2, 64))
        return nn.Model([picture, word], L.Dense(4, "softmax")(z))

    return Training(
        model, **rows((single(x), asked[:, None]), y, 1700, 200),
        optimizer=adam(rising(3e-3, 9 * 54)), epochs=9,
    )  # fmt: skip


def where_is_john() -> Training:
    """Stories of five sentences, who went where, and a question: memories that are asked.

    After https://github.com/keras-team/keras/blob/keras-2/examples/babi_memnn.py
    """
    random, n = np.random.default_rng(1109), 3200
    who, where = random.integers(0, 4, (n, 5)), random.integers(0, 5, (n, 5))
    asked = who[np.arange(n), random.integers(0, 5, n)]
    last = 4 - (who == asked[:, None])[:, ::-1].argmax(1)
    y = where[np.arange(n), last]

    def model() -> Any:
        people, places, question = (nn.Input((5,), dtype="int64"), nn.Input((5,), dtype="int64"),
                                    nn.Input((1,), dtype="int64"))  # fmt: skip
        key = placed(L.Embedding(4, 24, "normal")(people), 5)
        ask = L.Embedding(4, 24, "normal")(question)
        key = L.Dense(24)(L.Dense(48, "relu")(L.Concatenate()([key, L.Multiply()([key, ask])])))
        value = L.Embedding(5, 24)(places)
        z = L.Flatten()(L.Attention(use_scale=True)([L.Dense(24)(ask), value, key]))
        return nn.Model([people, places, question], L.Dense(5, "softmax")(z))

    return Training(
        model, **rows((who, where, asked[:, None]), y, 2500, 300), optimizer=adam(5e-3),
        batch_size=64, epochs=12,
    )  # fmt: skip


def copied_out() -> Training:
    """Ten symbols are copied: an encoder, a decoder, smoothed labels and a rate that rises.

    After https://nlp.seas.harvard.edu/annotated-transformer/
    """
    random, n = np.random.default_rng(1110), 1800
    x = random.integers(1, 11, (n, 8))
    told = np.concatenate([np.zeros((n, 1), "int64"), x[:, :-1]], 1)
    eye = np.eye(10, dtype="float32")

    def model() -> Any:
        source, said = nn.Input((8,), dtype="int64"), nn.Input((8,), dtype="int64")
        table = L.Embedding(11, 32)
        seen = L.TransformerEncoderBlock(64, 4)(placed(table(source), 8))
        z = L.TransformerDecoderBlock(64, 4)(placed(table(said), 8), seen)
        return nn.Model([source, said], L.Dense(10)(z))

    def score(model: Any, t: Training) -> float:
        return float(np.mean(found(model, t).argmax(-1) == t.test[1].argmax(-1)))

    loss = nn.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)
    return Training(
        model, **rows((x, told), eye[x - 1], 1400, 150), loss=loss, score=score,
        optimizer=adam(rising(3e-3, 9 * 44), beta_2=0.98, epsilon=1e-9), epochs=9,
    )  # fmt: skip


class Switch(L.Layer):
    """Each word goes to the likelier of two small networks, by a share that is learnt."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.route = L.Dense(2)
        self.experts = [
            nn.Sequential([L.Dense(2 * width, "relu"), L.Dense(width)]) for _ in range(2)
        ]

    def call(self, x: Any) -> Any:
        share = ops.softmax(self.route(x))
        best = ops.cast(share >= ops.max(share, axis=-1, keepdims=True), "float32")
        alike = ops.mean(share, axis=(0, 1)) * ops.mean(ops.stop_gradient(best), axis=(0, 1))
        self.add_loss(0.03 * ops.sum(alike))
        said = ops.stack([expert(x) for expert in self.experts], axis=-1)
        return ops.sum(said * (share * best)[:, :, None], axis=-1)


def switched_experts() -> Training:
    """Whether a review is kind, each word through one of two networks, all used alike.

    After https://keras.io/examples/nlp/text_classification_with_switch_transformer/
    """
    random, n = np.random.default_rng(1112), 2600
    x = random.integers(1, 50, (n, 14))
    mood = np.r_[np.zeros(20), random.normal(0, 1, 30)]
    y = mood[x].sum(1) + random.normal(0, 0.6, n) > 0

    def model() -> Any:
        inputs = nn.Input((14,), dtype="int64")
        z = placed(L.Embedding(50, 24)(inputs), 14)
        z = L.Add()([z, L.MultiHeadAttention(2, 12)(*[L.LayerNormalization()(z)] * 2)])
        z = L.LayerNormalization()(L.Add()([z, Switch(24)(L.LayerNormalization()(z))]))
        z = L.Dropout(0.2)(L.GlobalAveragePooling1D()(z))
        return nn.Model(inputs, L.Dense(2, "softmax")(z))

    return Training(
        model, **rows(x, y.astype(int), 2000, 250), optimizer=adam(falling(4e-3, 4 * 40)),
        batch_size=50, epochs=4,
    )  # fmt: skip


class Kernel(L.Layer):
    """The mean of known answers, each weighed by how near it is: one number is learnt."""

    def __init__(self, x: Any, y: Any) -> None:
        super().__init__()
        self.known, self.answers = single(x), single(y)

    def build(self, shape: Any) -> None:
        self.scale = self.add_weight(shape=(1,), initializer="ones", name="scale")

    def call(self, x: Any) -> Any:
        share = ops.softmax(-0.5 * ((x - self.known[:, 0]) * self.scale) ** 2, axis=-1)
        return ops.matmul(share, self.answers)


def weighed_by_nearness() -> Training:
    """A curve as the mean of sixty known points, weighed by nearness: one weight in all.

    After https://d2l.ai/chapter_attention-mechanisms-and-transformers/attention-pooling.html
    """
    random = np.random.default_rng(1113)
    x = random.uniform(0, 5, (1000, 1))
    y = 2 * np.sin(x) + x**0.8 - 2.2 + random.normal(0, 0.4, x.shape)
    known, parts = (x[:100], y[:100]), rows(single(x[100:]), single(y[100:]), 500, 100)
    return Training(
        lambda: nn.Sequential([nn.Input((1,)), Kernel(*known)]), **parts, **NUMBER,
        optimizer=by("SGD", 0.5), batch_size=50, epochs=30,
    )  # fmt: skip


def right_next_time() -> Training:
    """Whether the next question is answered rightly, by attention to the answers before it.

    After https://www.kaggle.com/code/wangsg/a-self-attentive-model-for-knowledge-tracing
    """
    random, n = np.random.default_rng(1114), 1800
    kind, skill = random.integers(0, 5, (n, 14)), random.normal(0, 1.3, (n, 5))
    right = random.random((n, 14)) < logistic(2 * np.take_along_axis(skill, kind, 1))
    before = np.where(np.arange(14) > 0, np.roll(kind + 5 * right + 1, 1, 1), 0)

    def model() -> Any:
        seen, asked = nn.Input((14,), dtype="int64"), nn.Input((14,), dtype="int64")
        value = placed(L.Embedding(11, 32)(seen), 14)
        ask = L.Embedding(5, 32)(asked)
        z = L.MultiHeadAttention(4, 8)(ask, value, use_causal_mask=True)
        z = L.LayerNormalization()(L.Add()([z, ask]))
        z = L.LayerNormalization()(L.Add()([z, L.Dropout(0.1)(L.Dense(32, "relu")(z))]))
        return nn.Model([seen, asked], L.Dense(1, "sigmoid")(z))

    return Training(
        model, **rows((before, kind), single(right)[..., None], 1300, 200),
        loss="binary_crossentropy", metrics=("AUC",), score=ranked,
        optimizer=adam(falling(5e-3, 12 * 41)), epochs=12,
    )  # fmt: skip


MAKES = (mixed_by_waves, replaced_words, compact_and_convolved, memory_outside, sums_by_a_decoder,
         sorted_by_a_decoder, next_film, columns_as_words, letters_of_a_sound, asked_of_a_picture,
         where_is_john, copied_out, switched_experts, weighed_by_nearness,
         right_next_time)  # fmt: skip

HEALTHY = [Healthy(f"fifth {make.__name__.replace('_', ' ')}", "attention", make) for make in MAKES]

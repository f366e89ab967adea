"""Healthy programs in the manner of published examples: words, letters, things that are rated."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.sequences import grammar
from benchmarks.doctor.tables import layers, split
from benchmarks.doctor.threads.sequences import reviews
from benchmarks.doctor.training import Training, explained

L, ops = nn.layers, nn.ops


def each(model: Any, t: Training) -> float:
    """Share of the steps that are right, padding left out."""
    y = np.asarray(t.test[1])
    y = y.argmax(-1) if y.ndim == 3 else y
    right = np.asarray(model.predict(t.test[0], verbose=0)).argmax(-1) == y
    return float(right[y > 0].mean())


def opinions(front: bool = True, length: int = 40) -> Training:
    """Reviews of 8 to 30 words, filled up with zeros in front or behind."""
    t = reviews()
    random = np.random.default_rng(0)

    def filled(x: Any) -> Any:
        found = np.zeros((len(x), length), "int64")
        for row, words in zip(found, x, strict=True):
            n = random.integers(15, 31)
            row[(slice(-n, None) if front else slice(n))] = words[:n]
        return found

    return t.on(filled)


def read_by(*body: Any, length: int = 40) -> Any:
    """Return what makes a reader of embedded words."""
    return layers(
        lambda: nn.Input((length,), dtype="int64"), lambda: L.Embedding(60, 16), *body,
        lambda: L.Dense(1, "sigmoid"),
    )  # fmt: skip


def filled_in_front() -> Training:
    """Zeros in front, no mask, an LSTM with dropout."""
    return opinions().but(
        model=read_by(lambda: L.SpatialDropout1D(0.2), lambda: L.LSTM(16)), epochs=8
    )


def both_ways() -> Training:
    """Zeros behind, a mask, and two bidirectional layers."""
    model = layers(
        lambda: nn.Input((40,), dtype="int64"), lambda: L.Embedding(60, 16, mask_zero=True),
        lambda: L.Bidirectional(L.LSTM(8, return_sequences=True)),
        lambda: L.Bidirectional(L.LSTM(8)), lambda: L.Dense(1, "sigmoid"),
    )  # fmt: skip
    return opinions(front=False).but(model=model, epochs=6)


def windows_of_words() -> Training:
    """Zeros behind and no mask: convolutions, of which the largest answer counts."""
    return opinions(front=False).but(
        model=read_by(
            lambda: L.Dropout(0.2), lambda: L.Conv1D(32, 3, activation="relu"),
            lambda: L.GlobalMaxPooling1D(), lambda: L.Dense(32, "relu"), lambda: L.Dropout(0.2),
        ), epochs=10,
    )  # fmt: skip


def read_at_once() -> Training:
    """A transformer's block, norms behind, over embedded words and places, then a mean."""

    def model() -> Any:
        inputs = nn.Input((40,), dtype="int64")
        x = L.Embedding(60, 16)(inputs)
        x = L.Add()([x, L.PositionEmbedding(40)(x)])
        y = L.Dropout(0.1)(L.MultiHeadAttention(2, 16)(x, x))
        x = L.LayerNormalization(epsilon=1e-6)(L.Add()([x, y]))
        y = L.Dropout(0.1)(L.Dense(16)(L.Dense(32, "relu")(x)))
        x = L.LayerNormalization(epsilon=1e-6)(L.Add()([x, y]))
        x = L.Dropout(0.1)(L.Dense(20, "relu")(L.Dropout(0.1)(L.GlobalAveragePooling1D()(x))))
        return nn.Model(inputs, L.Dense(2, "softmax")(x))

    return opinions().but(
        model=model, loss="sparse_categorical_crossentropy", optimizer=adam(2e-3), epochs=8
    )


def known_vectors() -> Training:
    """Vectors of words that were learnt elsewhere, and stay as they are."""
    random = np.random.default_rng(1)
    vectors = random.normal(size=(60, 12)).astype("float32")
    vectors[2:12] += 1
    vectors[12:22] -= 1

    def model() -> Any:
        table = L.Embedding(60, 12, weights=[vectors], trainable=False)
        return nn.Sequential(
            [nn.Input((30,), dtype="int64"), table, L.GlobalAveragePooling1D(),
             L.Dense(16, "relu"), L.Dense(1, "sigmoid")]
        )  # fmt: skip

    return reviews().but(model=model)


def topics(rows: int = 2000) -> Training:
    """Bags of 300 words and twelve topics, the commonest of which has a third of the rows."""
    random = np.random.default_rng(2)
    share = 0.7 ** np.arange(12)
    y = random.choice(12, rows, p=share / share.sum())
    x = (random.random((rows, 300)) < 0.02).astype("float32")
    for k in range(5):
        x[np.arange(rows), 20 * y + random.integers(0, 20, rows)] = 1
        x[:, 240 + k] = random.random(rows) < 0.7
    model = layers(
        lambda: nn.Input((300,)), lambda: L.Dense(64, "relu"), lambda: L.Dropout(0.5),
        lambda: L.Dense(12, "softmax"),
    )  # fmt: skip
    return Training(
        model, **split(x[:1600], y[:1600]), test=(x[1600:], y[1600:]), optimizer=adam(3e-3),
        epochs=8,
    )  # fmt: skip


def backwards() -> Training:
    """Five letters are to be said backwards: encoder, repeated, decoder; one-hot on both sides."""
    random = np.random.default_rng(3)
    x = np.eye(8, dtype="float32")[random.integers(0, 8, (2400, 4))]
    y = np.ascontiguousarray(x[:, ::-1])
    model = layers(
        lambda: nn.Input((4, 8)), lambda: L.LSTM(48), lambda: L.RepeatVector(4),
        lambda: L.LSTM(48, return_sequences=True),
        lambda: L.TimeDistributed(L.Dense(8, "softmax")),
    )  # fmt: skip
    return Training(
        model, **split(x[:2000], y[:2000]), test=(x[2000:], y[2000:]), optimizer=adam(0.01),
        loss="categorical_crossentropy", epochs=14, score=each,
    )  # fmt: skip


def letters() -> Training:
    """The next letter of a text, from one-hot windows that overlap."""
    random = np.random.default_rng(4)
    words = ["the ", "cat ", "sat ", "on ", "a ", "mat ", "and ", "ran "]
    text = "".join(words[k] for k in random.integers(0, 8, 700))
    known = {c: k for k, c in enumerate(sorted(set(text)))}
    ids = np.array([known[c] for c in text])
    windows = np.lib.stride_tricks.sliding_window_view(ids, 11)
    x, y = np.eye(len(known), dtype="float32")[windows[:, :10]], windows[:, 10].copy()
    model = layers(
        lambda: nn.Input((10, len(known))), lambda: L.LSTM(32),
        lambda: L.Dense(len(known), "softmax"),
    )  # fmt: skip
    return Training(
        model, x[:1800], y[:1800], None, (x[1900:], y[1900:]), batch_size=64,
        optimizer=lambda: nn.optimizers.RMSprop(0.01), epochs=12,
    )  # fmt: skip


def told_the_past() -> Training:
    """Encoder and decoder: the decoder's input is its target, one step later."""
    random = np.random.default_rng(5)
    source = random.integers(2, 10, (1800, 5))
    target = 11 - source
    begun = np.concatenate([np.ones((1800, 1), "int64"), target[:, :-1]], 1)

    def model() -> Any:
        a, b = nn.Input((5,), dtype="int64"), nn.Input((5,), dtype="int64")
        table = L.Embedding(10, 12)
        seen, *state = L.LSTM(32, return_state=True, return_sequences=True)(table(a))
        said = L.LSTM(32, return_sequences=True)(table(b), initial_state=state)
        said = L.Concatenate()([said, L.Attention()([said, seen])])
        return nn.Model([a, b], L.Dense(10, "softmax")(said))

    x = [source, begun]
    return Training(
        model, [v[:1400] for v in x], target[:1400], ([v[1400:1600] for v in x],
        target[1400:1600]), ([v[1600:] for v in x], target[1600:]), optimizer=adam(0.01),
        epochs=12, score=each,
    )  # fmt: skip


def tagged() -> Training:
    """A tag for each word, most of which is 'none'; padded steps are left out by the loss."""
    random = np.random.default_rng(6)
    x = random.integers(1, 40, (1200, 14))
    y = np.where(x > 34, x - 32, 1)
    y = np.where((np.roll(x, 1, 1) == 5) & (np.arange(14) > 0), 2, y)
    length = random.integers(5, 15, (1200, 1))
    x, y = (np.where(np.arange(14) < length, v, 0) for v in (x, y))
    model = layers(
        lambda: nn.Input((14,), dtype="int64"), lambda: L.Embedding(40, 12),
        lambda: L.Conv1D(24, 3, padding="same", activation="relu"),
        lambda: L.Dense(8, "softmax"),
    )  # fmt: skip
    return Training(
        model, **split(x[:900], y[:900]), test=(x[900:], y[900:]), metrics=(),
        loss=nn.losses.SparseCategoricalCrossentropy(ignore_class=0), optimizer=adam(0.01),
        epochs=12, score=each,
    )  # fmt: skip


def hidden_words() -> Training:
    """Words that are hidden are to be told from those around; others weigh nothing."""
    random = np.random.default_rng(7)
    text = grammar(1500)
    hidden = random.random(text.shape) < 0.15
    x, y, weight = np.where(hidden, 40, text), text, hidden.astype("float32")

    def model() -> Any:
        inputs = nn.Input((13,), dtype="int64")
        v = L.Embedding(41, 32)(inputs)
        v = L.Add()([v, L.PositionEmbedding(13)(v)])
        for _ in range(2):
            y = L.LayerNormalization()(v)
            v = L.Add()([v, L.MultiHeadAttention(4, 8)(y, y)])
            v = L.Add()([v, L.Dense(32)(L.Dense(64, "gelu")(L.LayerNormalization()(v)))])
        return nn.Model(inputs, L.Dense(40)(L.LayerNormalization()(v)))

    def found(model: Any, t: Training) -> float:
        p = np.asarray(model.predict(x[1200:], verbose=0)).argmax(-1)
        return float((p == text[1200:])[hidden[1200:]].mean())

    return Training(
        model, x[:1200], y[:1200], None, (x[1200:], y[1200:]), metrics=(), optimizer=adam(3e-3),
        loss=nn.losses.SparseCategoricalCrossentropy(from_logits=True), epochs=14, score=found,
        fit={"sample_weight": weight[:1200]},
    )  # fmt: skip


def neighbours() -> Training:
    """Whether two words stand beside each other, by the product of their vectors; 1 in 5 does."""
    random = np.random.default_rng(8)
    group = random.permutation(50) % 5
    a = random.integers(0, 50, 6000)
    y = (random.random(6000) < 0.2).astype("int64")
    same = [np.flatnonzero(group == k) for k in range(5)]
    b = np.where(y, [random.choice(same[group[k]]) for k in a], random.integers(0, 50, 6000))

    def model() -> Any:
        i, j = nn.Input((1,), dtype="int64"), nn.Input((1,), dtype="int64")
        left, right = L.Embedding(50, 8)(i), L.Embedding(50, 8)(j)
        return nn.Model([i, j], L.Flatten()(L.Dot(axes=(2, 2))([left, right])))

    def ranked(model: Any, t: Training) -> float:
        p = np.asarray(model.predict(t.test[0], verbose=0))[:, 0]
        yes, no = p[t.test[1] == 1], p[t.test[1] == 0]
        return float((yes[:, None] > no).mean())

    x = [a[:, None], b[:, None]]
    return Training(
        model, [v[:5000] for v in x], y[:5000], None, ([v[5000:] for v in x], y[5000:]),
        loss=nn.losses.BinaryCrossentropy(from_logits=True), metrics=(), optimizer=adam(0.01),
        batch_size=64, epochs=12, score=ranked,
    )  # fmt: skip


def ratings() -> Training:
    """Stars from 0 to 1 by a cross-entropy, of users and films with a bias each."""
    random = np.random.default_rng(9)
    user, film = random.integers(0, 60, 5000), random.integers(0, 40, 5000)
    a, b = random.normal(size=(60, 2)), random.normal(size=(40, 2))
    star = (a[user] * b[film]).sum(1) + b[film, 0] + random.normal(0, 0.3, 5000)
    y = (np.digitize(star, [-1.5, -0.5, 0.5, 1.5]) / 4).astype("float32")[:, None]
    x = np.stack([user, film], 1)

    class Recommender(nn.Model):
        def __init__(self) -> None:
            super().__init__()
            given = {"embeddings_regularizer": nn.regularizers.L2(1e-6)}
            self.users, self.films = L.Embedding(60, 8, **given), L.Embedding(40, 8, **given)
            self.user, self.film = L.Embedding(60, 1), L.Embedding(40, 1)

        def call(self, x: Any) -> Any:
            i, j = x[:, 0], x[:, 1]
            near = ops.sum(self.users(i) * self.films(j), axis=-1, keepdims=True)
            return ops.sigmoid(near + self.user(i) + self.film(j))

    return Training(
        Recommender, x[:4000], y[:4000], (x[4000:4500], y[4000:4500]), (x[4500:], y[4500:]),
        loss="binary_crossentropy", metrics=(), optimizer=adam(0.01), batch_size=64, epochs=10,
        score=explained,
    )  # fmt: skip


def from_texts() -> Training:
    """Texts as they are, which a layer of the model cuts into words."""
    t = reviews()
    random = np.random.default_rng(10)
    spelled = np.array(["".join(random.choice(list("abcdefgh"), 5)) for _ in range(60)])

    def written(x: Any) -> Any:
        return np.array([" ".join(spelled[row]) for row in x])

    texts = t.on(written)

    def model() -> Any:
        cut = L.TextVectorization(max_tokens=62, output_sequence_length=30)
        cut.adapt(texts.x)
        return nn.Sequential(
            [cut, L.Embedding(62, 8), L.GlobalAveragePooling1D(), L.Dense(1, "sigmoid")]
        )

    return texts.but(model=model, optimizer=adam(0.02))


def alike_questions() -> Training:
    """Whether two sentences are about the same, by the angle between two means of vectors."""
    random = np.random.default_rng(11)
    y = random.integers(0, 2, 2400)
    first = random.integers(0, 6, 2400)
    second = np.where(y, first, (first + random.integers(1, 6, 2400)) % 6)
    a, b = (10 * k[:, None] + random.integers(0, 10, (2400, 8)) for k in (first, second))

    def model() -> Any:
        i, j = nn.Input((8,), dtype="int64"), nn.Input((8,), dtype="int64")
        body = nn.Sequential([L.Embedding(60, 8), L.GlobalAveragePooling1D(), L.Dense(8, "tanh")])
        near = L.Dot(axes=1, normalize=True)([body(i), body(j)])
        return nn.Model([i, j], L.Dense(1, "sigmoid", kernel_initializer="ones")(near))

    return Training(
        model, [a[:1800], b[:1800]], y[:1800], ([a[1800:2100], b[1800:2100]], y[1800:2100]),
        ([a[2100:], b[2100:]], y[2100:]), loss="binary_crossentropy", optimizer=adam(0.01),
        epochs=12,
    )  # fmt: skip


TEXTS = {
    "zeros in front, an LSTM": filled_in_front,
    "zeros behind, masked, both ways": both_ways,
    "zeros behind, convolutions": windows_of_words,
    "a block over words and places": read_at_once,
    "vectors learnt elsewhere": known_vectors,
    "topics, few and many": topics,
    "letters backwards": backwards,
    "the next letter": letters,
    "told the past": told_the_past,
    "tags, mostly none": tagged,
    "hidden words": hidden_words,
    "which words are neighbours": neighbours,
    "stars by cross-entropy": ratings,
    "texts as they are": from_texts,
    "two sentences alike": alike_questions,
}
FAMILY = {"a block over words and places": "attention", "hidden words": "attention"}
HEALTHY = [Healthy(name, FAMILY.get(name, "recurrent"), make) for name, make in TEXTS.items()]

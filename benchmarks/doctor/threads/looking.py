"""Healthy programs of attention: patches, letters, translation, series, sets, recommendations."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.sequences import Places
from benchmarks.doctor.tables import scaled, split
from benchmarks.doctor.threads import running
from benchmarks.doctor.training import Training, explained

L, ops = nn.layers, nn.ops


def right(model: Any, t: Training) -> float:
    """Share of all steps that are right."""
    p = np.asarray(model.predict(t.test[0], verbose=0)).argmax(-1)
    return float((p == t.test[1]).mean())


def digits(rows: int = 900) -> tuple[Any, Any]:
    """Return handwritten digits of 8 x 8 points from 0 to 1, and what they are."""
    (x, y), _ = nn.datasets.digits.load_data()
    return (x[:rows].reshape(-1, 8, 8, 1) / 16).astype("float32"), y[:rows].astype("int64")


class FirstToken(L.Layer):
    """Puts a learnt vector in front."""

    def build(self, shape: Any) -> None:
        self.token = self.add_weight(shape=(1, 1, shape[-1]), initializer="zeros", name="token")

    def call(self, x: Any) -> Any:
        first = ops.zeros_like(x[:, :1]) + self.token
        return ops.concatenate([first, x], 1)


def pieces() -> Training:
    """Digits in patches that overlap, a token of the class, smoothed labels, AdamW."""
    x, y = digits()

    def model() -> Any:
        image = nn.Input((8, 8, 1))
        v = L.Reshape((9, 24))(L.Conv2D(24, 3, strides=2)(image))
        v = L.Dropout(0.1)(Places()(FirstToken()(v)))
        for _ in range(2):
            v = L.TransformerEncoderBlock(48, 3, 0.1, "gelu", normalize_first=True)(v)
        v = L.LayerNormalization()(v)
        return nn.Model(image, L.Dense(10)(L.Lambda(lambda z: z[:, 0])(v)))

    loss = nn.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)
    y = np.eye(10, dtype="float32")[y]
    return Training(
        model, **split(x[:700], y[:700], 0.1), test=(x[700:], y[700:]), loss=loss, batch_size=32,
        optimizer=lambda: nn.optimizers.AdamW(3e-3, weight_decay=0.01), epochs=14,
    )  # fmt: skip


def small_gpt() -> Training:
    """Letters of a verse by two blocks of a GPT whose table of letters is also its head."""
    x, y, size = running.verse(330)

    def model() -> Any:
        letters = nn.Input((20,), dtype="int64")
        table = L.ReversibleEmbedding(size, 32, embeddings_initializer="normal")
        v = table(letters)
        v = L.Add()([v, L.PositionEmbedding(20)(v)])
        for _ in range(2):
            v = L.TransformerDecoderBlock(64, 4, activation="gelu", normalize_first=True)(v)
        return nn.Model(letters, table(L.LayerNormalization()(v), reverse=True))

    return Training(
        model, x[:280], y[:280], None, (x[280:], y[280:]), optimizer=adam(3e-3), batch_size=16,
        loss=nn.losses.SparseCategoricalCrossentropy(from_logits=True), epochs=10, score=right,
    )  # fmt: skip


def guessed_words() -> Training:
    """Words of which 15 in 100 are hidden; all others have the label -1, which doesn't count."""
    random = np.random.default_rng(41)
    x = running.logs(700, size=20, known=0.9)
    hidden = random.random(x.shape) < 0.15
    y = np.where(hidden, x, -1)

    def model() -> Any:
        words = nn.Input((13,), dtype="int64")
        v = L.Embedding(21, 32)(words)
        v = L.LayerNormalization()(L.Add()([v, L.PositionEmbedding(13)(v)]))
        for _ in range(2):
            v = L.TransformerEncoderBlock(64, 4, 0.0, "gelu", normalize_first=True)(v)
        return nn.Model(words, L.Dense(20)(L.LayerNormalization()(v)))

    def found(model: Any, t: Training) -> float:
        p = np.asarray(model.predict(t.test[0], verbose=0)).argmax(-1)
        return float((p == t.test[1])[t.test[1] >= 0].mean())

    x = np.where(hidden, 20, x)
    return Training(
        model, x[:600], y[:600], None, (x[600:], y[600:]), metrics=(), optimizer=adam(5e-3),
        loss=nn.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1),
        batch_size=32, epochs=14, score=found,
    )  # fmt: skip


def motors(rows: int = 600) -> tuple[Any, Any]:
    """Return 32 steps of the sound of a motor, and whether something in it knocks."""
    random = np.random.default_rng(42)
    y = random.integers(0, 2, rows)
    x = np.sin(np.arange(32) * 0.9 + random.uniform(0, 6, (rows, 1)))
    x += random.normal(0, 0.3, x.shape)
    at = random.integers(2, 28, rows)
    for step, high in ((0, 2.0), (1, -2.0)):
        x[np.arange(rows), at + step] += high * y
    return scaled(x, x)[..., None], y


def knocks() -> Training:
    """Motors by two blocks without places; the pooling is over features, and keeps the steps."""
    x, y = motors()

    def model() -> Any:
        inputs = nn.Input((32, 1))
        v = L.Conv1D(8, 1)(inputs)
        for _ in range(2):
            z = L.Dropout(0.1)(L.MultiHeadAttention(2, 8, dropout=0.1)(v, v))
            v = L.Add()([v, L.LayerNormalization(epsilon=1e-6)(z)])
            z = L.Conv1D(8, 1)(L.Dropout(0.1)(L.Conv1D(16, 1, activation="relu")(v)))
            v = L.Add()([v, L.LayerNormalization(epsilon=1e-6)(z)])
        v = L.GlobalAveragePooling1D(data_format="channels_first")(v)
        v = L.Dropout(0.2)(L.Dense(64, "relu")(v))
        return nn.Model(inputs, L.Dense(2, "softmax")(v))

    return Training(
        model, **split(x[:480], y[:480]), test=(x[480:], y[480:]), optimizer=adam(5e-3),
        batch_size=32, epochs=25,
    )  # fmt: skip


def sentences(rows: int = 600) -> tuple[Any, Any]:
    """Return sentences of 3 to 7 words, and the same in another language, turned over.

    0 is no word, 1 begins and 2 ends a sentence.
    """
    random = np.random.default_rng(43)
    other = np.concatenate([[0, 1, 2], 3 + random.permutation(12)])
    x, y = np.zeros((rows, 7), "int64"), np.zeros((rows, 9), "int64")
    for a, b in zip(x, y, strict=True):
        n = random.integers(3, 8)
        a[:n] = random.integers(3, 15, n)
        b[: n + 2] = [1, *other[a[:n]][::-1], 2]
    return x, y


def heard(model: Any, t: Training) -> float:
    """Share of words that are right, each told all that came before."""
    p = np.asarray(model.predict(t.test[0], verbose=0)).argmax(-1)
    return float((p == t.test[1])[np.asarray(t.test[1]) > 0].mean())


def translator(mask: bool = True, **given: Any) -> Any:
    """Return what makes an encoder and a decoder."""

    def model() -> Any:
        source, said = nn.Input((7,), dtype="int64"), nn.Input((8,), dtype="int64")
        v = L.Embedding(15, 32, mask_zero=mask)(source)
        v = L.Add()([v, L.SinePositionEncoding()(v)])
        v = L.TransformerEncoderBlock(64, 4, **given)(v)
        w = L.Embedding(15, 32, mask_zero=mask)(said)
        w = L.Add()([w, L.SinePositionEncoding()(w)])
        w = L.TransformerDecoderBlock(64, 4, **given)(w, v)
        return nn.Model([source, said], L.Dense(15, "softmax")(w))

    return model


def translated() -> Training:
    """Sentences in another language: the decoder hears what it should have said before."""
    x, y = sentences(800)
    inputs = [x, y[:, :-1]]
    return Training(
        translator(), [v[:640] for v in inputs], y[:640, 1:],
        ([v[640:700] for v in inputs], y[640:700, 1:]),
        ([v[700:] for v in inputs], y[700:, 1:]), optimizer=adam(5e-3), batch_size=32, epochs=18,
        score=heard,
    )  # fmt: skip


class Columns(L.Layer):
    """Makes a vector of each column, by a weight and a bias of its own."""

    def build(self, shape: Any) -> None:
        self.weight = self.add_weight(shape=(shape[-1], 16), name="weight")
        self.bias = self.add_weight(shape=(shape[-1], 16), initializer="normal", name="bias")

    def call(self, x: Any) -> Any:
        return x[:, :, None] * self.weight + self.bias


def table_of_tokens() -> Training:
    """Ten columns of a table as tokens: attention without places, for each has its own vector."""
    random = np.random.default_rng(44)
    x = random.normal(size=(900, 8)).astype("float32")
    y = x[:, :1] * (x[:, 1:2] > 0) + np.abs(x[:, 2:3]) + random.normal(0, 0.2, (900, 1))
    y = scaled(y, y)

    def model() -> Any:
        inputs = nn.Input((8,))
        v = Columns()(inputs)
        v = L.TransformerEncoderBlock(32, 2, normalize_first=True)(v)
        v = L.GlobalAveragePooling1D()(L.LayerNormalization()(v))
        return nn.Model(inputs, L.Dense(1)(L.Dense(16, "relu")(v)))

    return Training(
        model, **split(x[:700], y[:700]), test=(x[700:], y[700:]), loss="mse", metrics=(),
        optimizer=adam(5e-3), epochs=18, score=explained,
    )  # fmt: skip


def asks() -> Training:
    """Names by a GRU over which a learnt question looks."""
    x, y = running.names()

    def model() -> Any:
        inputs = nn.Input((12,), dtype="int64")
        v = L.Embedding(27, 8, mask_zero=True)(inputs)
        v = L.Bidirectional(L.GRU(12, return_sequences=True))(v)
        weight = L.Softmax(axis=1)(L.Dense(1)(L.Dense(12, "tanh")(v)))
        v = L.Flatten()(L.Dot(axes=(1, 1))([weight, v]))
        return nn.Model(inputs, L.Dense(3, "softmax")(v))

    return Training(
        model, **split(x[:700], y[:700]), test=(x[700:], y[700:]), optimizer=adam(0.01), epochs=8
    )


class Turned(L.Layer):
    """A block of attention in groups, with turned queries and keys, and a gate behind."""

    def __init__(self) -> None:
        super().__init__()
        self.q, self.k, self.v = (L.Dense(32, use_bias=False) for _ in range(3))
        self.turn, self.out = L.RotaryEmbedding(), L.Dense(32, use_bias=False)
        self.first, self.second = L.RMSNormalization(), L.RMSNormalization()
        self.up, self.gate, self.down = L.Dense(64), L.Dense(64, "silu"), L.Dense(32)

    def call(self, x: Any) -> Any:
        z = self.first(x)
        q, k, v = (ops.reshape(f(z), (-1, z.shape[1], 4, 8)) for f in (self.q, self.k, self.v))
        z = ops.dot_product_attention(self.turn(q), self.turn(k), v, is_causal=True)
        x = x + self.out(ops.reshape(z, (-1, x.shape[1], 32)))
        z = self.second(x)
        return x + self.down(self.up(z) * self.gate(z))


def turned() -> Training:
    """The next kind of line by blocks as of today's large models, with Lion."""
    x = running.logs(560)
    x, y = x[:, :-1], x[:, 1:]

    def model() -> Any:
        inputs = nn.Input((12,), dtype="int64")
        v = L.Embedding(60, 32, embeddings_initializer=nn.initializers.RandomNormal(stddev=0.02))(
            inputs
        )
        for _ in range(2):
            v = Turned()(v)
        return nn.Model(inputs, L.Dense(60, use_bias=False)(L.RMSNormalization()(v)))

    return Training(
        model, **split(x[:450], y[:450]), test=(x[450:], y[450:]), score=right, batch_size=16,
        loss=nn.losses.SparseCategoricalCrossentropy(from_logits=True), epochs=10,
        optimizer=lambda: nn.optimizers.Lion(1e-3, weight_decay=0.05),
    )  # fmt: skip


class Noam(nn.optimizers.schedules.LearningRateSchedule):
    """d^-1/2 min(step^-1/2, step warmup^-3/2), of the first paper on transformers."""

    def __init__(self, width: int, warmup: int, factor: float = 1.0) -> None:
        self.width, self.warmup, self.factor = width, warmup, factor

    def __call__(self, step: Any) -> Any:
        step = ops.cast(step, "float32") + 1.0
        least = ops.minimum(step**-0.5, step * self.warmup**-1.5)
        return self.factor * self.width**-0.5 * least

    def get_config(self) -> dict[str, Any]:
        return {"width": self.width, "warmup": self.warmup, "factor": self.factor}


def as_published() -> Training:
    """The translator with the first paper's schedule, Adam of 0.98, and dropout."""
    t = translated()
    return t.but(
        model=translator(dropout=0.05), epochs=22,
        optimizer=lambda: nn.optimizers.Adam(Noam(32, 80, 0.6), 0.9, 0.98, 1e-9),
    )  # fmt: skip


def every_hour() -> Training:
    """The next load at each of 16 hours, by attention that sees the past alone."""
    series = running.load(800).astype("float32")
    x = np.stack([series[k : k + 16] for k in range(0, 780, 2)])
    y = np.stack([series[k + 1 : k + 17, :1] for k in range(0, 780, 2)])

    def model() -> Any:
        inputs = nn.Input((16, 4))
        v = Places()(L.Dense(24)(inputs))
        for _ in range(2):
            v = L.TransformerDecoderBlock(48, 2, activation="gelu", normalize_first=True)(v)
        return nn.Model(inputs, L.Dense(1)(L.LayerNormalization()(v)))

    return Training(
        model, x[:300], y[:300], None, (x[310:], y[310:]), loss="mae", metrics=(), batch_size=16,
        optimizer=adam(3e-3), epochs=14, score=explained,
    )  # fmt: skip


def spelled() -> Training:
    """Lines as bytes, of 256 of which 27 occur: whether a line holds a word twice."""
    random = np.random.default_rng(45)
    y = random.integers(0, 2, 700)
    x = np.full((700, 14), 32)
    for row, twice in zip(x, y, strict=True):
        a, b = random.choice(8, 2, replace=False)
        first, second = b"abcdefgh"[a], b"abcdefgh"[a if twice else b]
        i, j = np.sort(random.choice(14, 2, replace=False))
        row[i], row[j] = first, second

    def model() -> Any:
        inputs = nn.Input((14,), dtype="int64")
        v = L.Embedding(256, 24)(inputs)
        v = L.Lambda(lambda z: z * 24**0.5)(v)
        v = L.Add()([v, L.SinePositionEncoding()(v)])
        v = L.TransformerEncoderBlock(48, 2, normalize_first=True)(v)
        v = L.TransformerEncoderBlock(48, 2, normalize_first=True)(v)
        v = L.GlobalMaxPooling1D()(L.LayerNormalization()(v))
        return nn.Model(inputs, L.Dense(1, "sigmoid")(v))

    return Training(
        model, **split(x[:550], y[:550]), test=(x[550:], y[550:]), optimizer=adam(3e-3),
        loss="binary_crossentropy", epochs=25,
    )  # fmt: skip


def baskets(rows: int = 700) -> Any:
    """Return what people bought, 4 to 10 of 40 things, filled up in front with 0, and next."""
    random = np.random.default_rng(46)
    follows = 1 + random.permutation(40)
    x = np.zeros((rows, 11), "int64")
    for row in x:
        n = random.integers(5, 12)
        row[-n] = random.integers(1, 41)
        for t in range(11 - n + 1, 11):
            row[t] = follows[row[t - 1] - 1] if random.random() < 0.7 else random.integers(1, 41)
    return x


def bought_next() -> Training:
    """The next thing somebody buys; empty places in front are hidden and don't count."""
    x = baskets()
    x, y = x[:, :-1], x[:, 1:] * (x[:, :-1] > 0)

    def model() -> Any:
        inputs = nn.Input((10,), dtype="int64")
        v = L.Embedding(41, 24, mask_zero=True)(inputs)
        v = L.Dropout(0.1)(Places()(v))
        z = L.LayerNormalization()(v)
        v = L.Add()([v, L.MultiHeadAttention(2, 12)(z, z, use_causal_mask=True)])
        v = L.Add()([v, L.Dense(24)(L.Dense(24, "relu")(L.LayerNormalization()(v)))])
        return nn.Model(inputs, L.Dense(41)(L.LayerNormalization()(v)))

    loss = nn.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=0)
    return Training(
        model, **split(x[:550], y[:550]), test=(x[550:], y[550:]), metrics=(), loss=loss,
        optimizer=adam(5e-3), epochs=12, batch_size=16, score=heard,
    )  # fmt: skip


class Question(L.Layer):
    """Gives four learnt vectors for each row."""

    def build(self, shape: Any) -> None:
        self.asked = self.add_weight(shape=(1, 4, 16), initializer="normal", name="asked")

    def call(self, x: Any) -> Any:
        return ops.zeros_like(x[:, :4, :1]) + self.asked


def clouds() -> Training:
    """Which solid thirty points lie on: learnt questions look at points, of which order is none."""
    random = np.random.default_rng(47)
    y = random.integers(0, 3, 700)
    x = random.normal(size=(700, 30, 3))
    x /= np.linalg.norm(x, axis=2, keepdims=True)
    box = x / np.abs(x).max(2, keepdims=True)
    flat = x * [1, 1, 0.2]
    x = np.where((y == 1)[:, None, None], box, np.where((y == 2)[:, None, None], flat, x))
    x = (x + random.normal(0, 0.05, x.shape)).astype("float32")

    def model() -> Any:
        inputs = nn.Input((30, 3))
        v = L.Dense(16)(L.Dense(32, "relu")(inputs))
        w = L.MultiHeadAttention(2, 8)(Question()(v), v)
        w = L.LayerNormalization()(w)
        return nn.Model(inputs, L.Dense(3, "softmax")(L.Dense(24, "relu")(L.Flatten()(w))))

    return Training(
        model, **split(x[:560], y[:560]), test=(x[560:], y[560:]), optimizer=adam(5e-3), epochs=20
    )


def sums(rows: int = 900) -> Training:
    """Sums of two numbers below 10, written as letters; only what is behind '=' counts."""
    random = np.random.default_rng(48)
    a, b = random.integers(0, 10, rows), random.integers(0, 10, rows)
    c = a + b
    text = np.stack([a, 0 * a + 10, b, 0 * a + 11, c // 10, c % 10], 1)
    x, y = text[:, :-1], text[:, 1:]
    weight = np.zeros(y.shape, "float32")
    weight[:, 3:] = 1

    def model() -> Any:
        inputs = nn.Input((5,), dtype="int64")
        v = L.Embedding(12, 32)(inputs)
        v = L.Add()([v, L.PositionEmbedding(5)(v)])
        for _ in range(2):
            v = L.TransformerDecoderBlock(64, 2, activation="gelu", normalize_first=True)(v)
        return nn.Model(inputs, L.Dense(12)(L.LayerNormalization()(v)))

    def found(model: Any, t: Training) -> float:
        p = np.asarray(model.predict(t.test[0], verbose=0)).argmax(-1)
        return float((p == t.test[1])[:, 3:].mean())

    return Training(
        model, x[:800], y[:800], None, (x[800:], y[800:]), metrics=(), optimizer=adam(5e-3),
        loss=nn.losses.SparseCategoricalCrossentropy(from_logits=True), epochs=18, score=found,
        fit={"sample_weight": weight[:800]},
    )  # fmt: skip


HEALTHY = [
    Healthy(name, "attention", make)
    for name, make in {
        "looking: digits in pieces": pieces,
        "looking: a small GPT with one table": small_gpt,
        "looking: words that are guessed, others -1": guessed_words,
        "looking: motors that knock, no places": knocks,
        "looking: sentences in another language": translated,
        "looking: columns as tokens": table_of_tokens,
        "looking: names by a question": asks,
        "looking: turned keys, gates, Lion": turned,
        "looking: the first paper's schedule": as_published,
        "looking: load at every hour": every_hour,
        "looking: bytes, mostly unused": spelled,
        "looking: what is bought next": bought_next,
        "looking: clouds of points": clouds,
        "looking: sums, the answer counts": sums,
    }.items()
]

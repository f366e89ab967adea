"""Healthy programs of the second part: pictures, series and words that look odd and are right."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.second import pictures, series, tokens
from benchmarks.doctor.second.healthy import other
from benchmarks.doctor.second.points import parted
from benchmarks.doctor.tables import layers
from benchmarks.doctor.training import Training, explained

L = nn.layers
init = nn.initializers


def minus_the_mean() -> Training:
    """Bytes minus their mean, from -100 to 200, behind a normalisation."""
    more = pictures.conv_net(16, 32)

    def model() -> Any:
        return nn.Sequential(
            [nn.Input((12, 12, 3)), L.BatchNormalization(momentum=0.9), *more().layers]
        )

    t = pictures.drawings().on(lambda x: (x * 255 - 20).astype("float32"))
    return t.but(model=model)


def turned() -> Training:
    """Pictures are turned over and moved in training only."""
    more = pictures.conv_net(16, 32)

    def model() -> Any:
        change = [L.RandomFlip("horizontal_and_vertical"), L.RandomTranslation(0.1, 0.1)]
        return nn.Sequential([nn.Input((12, 12, 3)), *change, *more().layers])

    return pictures.drawings().but(model=model, epochs=15)


def greys() -> Training:
    """Three channels that are the same: a grey picture as a colour one."""
    return pictures.drawings().on(lambda x: np.repeat(x.mean(-1, keepdims=True), 3, -1))


def black() -> Training:
    """Nearly all pixels are exactly 0, those of the border always."""
    return pictures.drawings().on(lambda x: np.where(x < 0.35, 0, x).astype("float32"))


def rare_pixels() -> Training:
    """One pixel in thirty belongs to a cell; an overlap of one's own is learnt."""
    random = np.random.default_rng(0)
    at, middle = np.arange(12), random.uniform(2, 10, (900, 2, 1, 1))
    y = (at[:, None] - middle[:, 0]) ** 2 + (at - middle[:, 1]) ** 2 < 1.6
    x = y + random.normal(0, 0.3, y.shape)

    def loss(y: Any, p: Any) -> Any:
        return 1 - (2 * nn.ops.sum(y * p) + 1) / (nn.ops.sum(y) + nn.ops.sum(p) + 1)

    return pictures.cells().but(
        **parted(x[..., None].astype("float32"), y[..., None].astype("float32"), 500, 150),
        loss=loss,
    )


def almost_its_input() -> Training:
    """The answer is nearly the input: noise is taken away, and only the noise is computed."""
    t = pictures.cells()
    x = [a.astype("float32") for a in (t.y, t.validation[1], t.test[1])]
    random = np.random.default_rng(1)
    noisy = [a + random.normal(0, 0.3, a.shape).astype("float32") for a in x]

    def model() -> Any:
        inputs = nn.Input((12, 12, 1))
        z = L.Conv2D(12, 3, padding="same", activation="relu")(inputs)
        z = L.Conv2D(12, 3, padding="same", activation="relu")(z)
        z = L.Conv2D(1, 3, padding="same", kernel_initializer="zeros")(z)
        return nn.Model(inputs, L.Subtract()([inputs, z]))

    return t.but(
        model=model, x=noisy[0], y=x[0], validation=(noisy[1], x[1]), test=(noisy[2], x[2]),
        loss="mse", score=explained,
    )  # fmt: skip


def added_up() -> Training:
    """The entropy of all pixels of a picture is added up: it begins near 100."""

    def loss(y: Any, p: Any) -> Any:
        return nn.ops.mean(nn.ops.sum(nn.ops.softplus(p) - y * p, axis=(1, 2, 3)))

    return pictures.cells().but(
        model=pictures.down_and_up(end=None), loss=loss, threshold=0.0, optimizer=adam(3e-3)
    )


def few_a_step() -> Training:
    """Four pictures a step, where group normalisation stands for the other."""
    return pictures.glyphs().but(batch_size=4, epochs=6, optimizer=sgd(0.005, momentum=0.9))


def still_table() -> Training:
    """Words as random vectors that are never trained."""
    wide = init.RandomNormal(stddev=1.0)
    return series.moods().but(
        model=layers(
            lambda: nn.Input((24,), dtype="int64"),
            lambda: L.Embedding(40, 32, wide, mask_zero=True, trainable=False),
            lambda: L.LSTM(24),
            lambda: L.Dense(1, "sigmoid"),
        ),
        epochs=14,
    )  # fmt: skip


def large_table() -> Training:
    """A table of 5,000 words, of which forty are there."""
    return series.moods().but(model=series.mood_net(words=5000))


def series_of_any_length() -> Training:
    """Series of 8 to 40 numbers, with zeros behind that Masking leaves out."""
    random = np.random.default_rng(2)
    x, y = np.zeros((1200, 40, 1), "float32"), random.integers(0, 2, 1200)
    for one, kind in zip(x, y, strict=True):
        length = random.integers(8, 30)
        one[:length, 0] = np.sin((0.4 + 0.5 * kind) * np.arange(length) + random.uniform(0, 6))
        one[:length, 0] += random.normal(0, 0.2, length)
    return Training(
        layers(lambda: nn.Input((40, 1)), L.Masking, lambda: L.GRU(16),
               lambda: L.Dense(1, "sigmoid")),
        **parted(x, y, 800, 150), loss="binary_crossentropy", optimizer=adam(0.01), epochs=10,
    )  # fmt: skip


def remembers() -> Training:
    """Forget gates that begin wide open."""

    def opened(shape: Any, dtype: Any = None) -> Any:
        bias = np.zeros(shape, "float32")
        bias[len(bias) // 4 : len(bias) // 2] = 3.0
        return nn.ops.convert_to_tensor(bias)

    return series.signals().but(
        model=series.signal_net(L.LSTM, bias_initializer=opened, unit_forget_bias=False), epochs=22
    )


def repeated() -> Training:
    """The answer is the input: a series is squeezed into twelve numbers and written again."""
    t = series.tones()

    def model() -> Any:
        inputs = nn.Input((24, 1))
        z = L.Dense(64, "relu")(L.Dense(12)(L.LSTM(32)(inputs)))
        return nn.Model(inputs, L.Reshape((24, 1))(L.Dense(24)(z)))

    return t.but(
        model=model, y=t.x, validation=(t.validation[0],) * 2, test=(t.test[0],) * 2, loss="mse",
        metrics=(), score=explained, epochs=20,
    )  # fmt: skip


def identity() -> Training:
    """A plain network with ReLU whose recurrent weights begin as the identity."""
    return series.signals().but(
        model=series.signal_net(L.SimpleRNN, "relu", recurrent_initializer="identity"),
        optimizer=adam(3e-3, clipnorm=1.0), epochs=25,
    )  # fmt: skip


def bag() -> Training:
    """The kind of a text, for which no order counts: a mean of words."""
    random = np.random.default_rng(3)
    share, y = random.dirichlet(np.ones(60) * 0.3, 4), random.integers(0, 4, 1300)
    x = np.array([random.choice(60, 25, p=share[k]) for k in y])
    return Training(
        layers(lambda: nn.Input((25,), dtype="int64"), lambda: L.Embedding(60, 12),
               L.GlobalAveragePooling1D, lambda: L.Dense(4, "softmax")),
        **parted(x, y, 900, 150), optimizer=adam(0.02), epochs=12,
    )  # fmt: skip


def hidden_words() -> Training:
    """Some words are hidden, and all are to be found again: most targets are their inputs."""
    text = tokens.chain_data(3000)[:, :14]
    shown = np.where(np.random.default_rng(4).random(text.shape) < 0.15, 24, text)

    def score(model: Any, t: Training) -> float:
        found = np.asarray(model.predict(t.test[0], verbose=0)).argmax(-1)
        return float(np.mean((found == t.test[1])[t.test[0] == 24]))

    return tokens.chain().but(
        model=lambda: tokens.Chain(words=25, causal=False), **parted(shown, text, 2400, 200),
        score=score, epochs=15, optimizer=adam(0.01),
    )  # fmt: skip


def tagged_by_all() -> Training:
    """A tag for each word from all words around: nothing is hidden from attention."""
    t = series.tagger()

    def model() -> Any:
        inputs = nn.Input((10,), dtype="int64")
        x = L.Embedding(30, 32)(inputs)
        x = L.Add()([x, L.PositionEmbedding(10, initializer="normal")(x)])
        return nn.Model(inputs, L.Dense(5, "softmax")(tokens.encoder(2)(x)))

    return t.but(model=model, optimizer=adam(3e-3), epochs=14)


def largest() -> Training:
    """The largest of a set of numbers: attention without places, as it should be."""
    x = np.random.default_rng(5).uniform(-1, 1, (1400, 8, 1)).astype("float32")

    def model() -> Any:
        inputs = nn.Input((8, 1))
        z = tokens.encoder(1)(L.Dense(24, "relu")(inputs))
        return nn.Model(inputs, L.Dense(1)(L.GlobalMaxPooling1D()(z)))

    return Training(
        model, **parted(x, x.max(1), 900, 200), loss="mse", metrics=(), score=explained,
        optimizer=adam(3e-3), epochs=12,
    )  # fmt: skip


def clip_pairs() -> Training:
    """Two towers, and each row against all others of its batch: the loss mixes rows on purpose."""
    random = np.random.default_rng(6)
    hidden = random.normal(size=(1400, 4))
    a, b = (
        np.tanh(0.5 * hidden @ random.normal(size=(4, 10))) + random.normal(0, 0.03, (1400, 10))
        for _ in "ab"
    )

    def model() -> Any:
        one, two = nn.Input((10,)), nn.Input((10,))
        towers = [nn.Sequential([L.Dense(32, "relu"), L.Dense(8)]) for _ in range(2)]
        return nn.Model([one, two], L.Concatenate()([towers[0](one), towers[1](two)]))

    def loss(y: Any, z: Any) -> Any:
        score = nn.ops.matmul(z[:, :8], nn.ops.transpose(z[:, 8:], (1, 0)))
        same = nn.ops.sum(z[:, :8] * z[:, 8:], axis=-1)
        return nn.ops.mean(nn.ops.logsumexp(score, axis=-1) - same)

    def score(model: Any, t: Training) -> float:
        z = np.asarray(model.predict(t.test[0], verbose=0))[:50]
        return float(np.mean((z[:, :8] @ z[:, 8:].T).argmax(1) == np.arange(50)))

    x = (a.astype("float32"), b.astype("float32"))
    return Training(
        model, **parted(x, np.zeros((1400, 1), "float32"), 960, 160), loss=loss, metrics=(),
        score=score, optimizer=adam(5e-3), epochs=40,
    )  # fmt: skip


PLAIN: list[tuple[str, tuple[Any, ...]]] = [
    ("images", (pictures.drawings, pictures.spots, pictures.cells, pictures.beats,
                pictures.glyphs, pictures.stamps)),
    ("recurrent", (series.tones, series.brackets, series.weather, series.moods, series.signals,
                   series.tagger, series.lit)),
    ("attention", (tokens.recall, tokens.patches, tokens.reversal, tokens.chain, tokens.demand,
                   tokens.more)),
]  # fmt: skip

ROWS: list[tuple[str, str, Any]] = [
    ("bytes minus their mean, behind a norm", "images", minus_the_mean),
    ("turned and moved in training", "images", turned),
    ("grey as colour", "images", greys),
    ("nearly all is black", "images", black),
    ("one pixel in thirty", "images", rare_pixels),
    ("nearly its input", "images", almost_its_input),
    ("the entropy of all pixels", "images", added_up),
    ("four a step, group normalisation", "images", few_a_step),
    ("a table of words that is not trained", "recurrent", still_table),
    ("a table of 5,000 words, forty used", "recurrent", large_table),
    ("series of any length", "recurrent", series_of_any_length),
    ("forget gates wide open", "recurrent", remembers),
    ("a series written again", "recurrent", repeated),
    ("ReLU that remembers by the identity", "recurrent", identity),
    ("no order needed", "recurrent", bag),
    ("words of which some are hidden", "attention", hidden_words),
    ("tags from all around", "attention", tagged_by_all),
    ("the largest of a set", "attention", largest),
    ("each row against its batch", "attention", clip_pairs),
    ("two blocks, norm behind, a small rate", "attention",
     other(tokens.patches, model=tokens.patch_net(tokens.encoder(2, first=False)),
           optimizer=adam(1e-3))),
    ("dropout in attention", "attention",
     other(tokens.patches, model=tokens.patch_net(tokens.encoder(1, dropout=0.2)))),
]  # fmt: skip

HEALTHY = [
    *(Healthy(f"plain {m.__name__}", family, m) for family, makes in PLAIN for m in makes),
    *(Healthy(name, family, make) for name, family, make in ROWS),
]

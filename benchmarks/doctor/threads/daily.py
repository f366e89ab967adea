"""What people ask day by day: sounds, cards, sensors, growing rates, losses that have no slope."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.images import cnn, conv, flat, pool, stack
from benchmarks.doctor.tables import cancer, dense, digits, layers, moons, split, wine
from benchmarks.doctor.threads.images import coder, photos
from benchmarks.doctor.threads.sequences import prices, reviews
from benchmarks.doctor.threads.steps import gru, text, windows
from benchmarks.doctor.training import Training

L = nn.layers
ops = nn.ops


def sounds() -> Training:
    """Three kinds of sounds by 20 frames of 13 coefficients."""
    t = raw_sounds()
    return t.on(lambda x: ((x - t.x.mean((0, 1))) / t.x.std((0, 1))).astype("float32"))


def raw_sounds() -> Training:
    """The same as they come out of the transform: the first from -600 to 0, others around 0."""
    random = np.random.default_rng(0)
    y = random.integers(0, 3, 900)
    shape = random.normal(size=(3, 13)) * 0.5
    wave = np.sin(np.arange(20) / np.array([2.0, 3.0, 5.0])[:, None])
    x = shape[y][:, None, :] + wave[y][:, :, None] + random.normal(size=(900, 20, 13)) * 1.2
    x = x * np.r_[120, np.full(12, 18)] + np.r_[-330, np.full(12, 8)]
    x = x.astype("float32")
    return Training(
        layers(lambda: nn.Input((20, 13)), lambda: L.LSTM(24), lambda: L.Dense(3, "softmax")),
        **split(x[:700], y[:700]), test=(x[700:], y[700:]), optimizer=adam(3e-3), epochs=10,
    )  # fmt: skip


def as_recorded(t: Training) -> Training:
    """Not scaled, by plain SGD."""
    raw = raw_sounds()
    return t.but(x=raw.x, y=raw.y, validation=raw.validation, test=raw.test)


def cards(scale: bool = True) -> Training:
    """Payments, one of sixty a fraud: time, amount and six components; weighted."""
    random = np.random.default_rng(3)
    x = random.normal(size=(4000, 8))
    y = (x[:, 2] + x[:, 3] * x[:, 4] > 3.2).astype("int64")
    if scale:
        x[:, 0], x[:, 1] = random.normal(size=4000), random.normal(size=4000)
    else:
        x[:, 0], x[:, 1] = random.uniform(0, 172_792, 4000), random.lognormal(3, 1.5, 4000)
    x = x.astype("float32")
    return Training(
        dense(8, (24,), 1, end="sigmoid"), **split(x[:3000], y[:3000]),
        test=(x[3000:], y[3000:]), loss="binary_crossentropy", optimizer=adam(0.005), epochs=12,
        fit={"class_weight": {0: 1.0, 1: 40.0}},
    )  # fmt: skip


def sensors() -> Training:
    """Six activities by 30 readings of three axes."""
    random = np.random.default_rng(1)
    y = random.integers(0, 6, 1000)
    at = np.arange(30)[:, None]
    x = np.sin(at * (0.2 + 0.15 * y[:, None, None]) + random.uniform(0, 6, (1000, 1, 3)))
    x = (x + random.normal(0, 0.2, x.shape)).astype("float32")
    return Training(
        layers(lambda: nn.Input((30, 3)), lambda: L.Conv1D(16, 5, activation="relu"),
               lambda: L.MaxPooling1D(2), lambda: L.Conv1D(16, 5, activation="relu"),
               lambda: L.GlobalMaxPooling1D(), lambda: L.Dense(6, "softmax")),
        **split(x[:800], y[:800]), test=(x[800:], y[800:]), optimizer=adam(5e-3), epochs=10,
    )  # fmt: skip


def bags() -> Training:
    """Topics by weighted words: rows of length 1, nearly all zero."""
    random = np.random.default_rng(0)
    y = random.integers(0, 4, 1500)
    x = np.zeros((1500, 300))
    for k in range(1500):
        np.add.at(x[k], random.integers(0, 300, 15), 1)
        np.add.at(x[k], random.integers(0, 20, 5) + 20 * y[k], 1)
    x = (x / np.linalg.norm(x, axis=1, keepdims=True)).astype("float32")
    return Training(
        dense(300, (32,), 4), **split(x[:1200], y[:1200]), test=(x[1200:], y[1200:]),
        optimizer=adam(5e-3), epochs=6,
    )  # fmt: skip


def ages(t: Training) -> Training:
    """A third of one column was never filled in."""
    x, held = np.array(t.x), np.array(t.validation[0])
    for part in (x, held):
        part[::3, 4] = np.nan
    return t.but(x=x, validation=(held, t.validation[1]))


def bytes_to_rebuild(t: Training) -> Training:
    """Inputs over 255, targets as bytes."""
    return t.to(lambda y: y * 255).but(
        model=layers(lambda: nn.Input((64,)), lambda: L.Dense(32, "relu"), lambda: L.Dense(64))
    )


def few_reviews(t: Training) -> Training:
    """Forty texts, each of four wrong, and a large table."""
    y = np.where(np.arange(40) % 4 == 0, 1 - t.y[:40], t.y[:40])
    return t.but(
        x=t.x[:40], y=y, epochs=120,
        model=text(lambda: L.Flatten(), lambda: L.Dense(64, "relu"), lambda: L.Dense(1, "sigmoid"),
                   length=30, table=60, width=32),
    )  # fmt: skip


def few_images(t: Training) -> Training:
    """Sixty digits, each of five of a wrong class."""
    y = np.where(np.arange(60) % 5 == 0, (t.y[:60] + 3) % 10, t.y[:60])
    return t.but(x=t.x[:60], y=y, epochs=150)


def hits(y: Any, p: Any) -> Any:
    """The share of wrong answers as a loss: it has no slope."""
    return ops.mean(ops.cast(ops.argmax(p, axis=-1), "float32") != ops.cast(y, "float32"))


def rounded(y: Any, p: Any) -> Any:
    """F1 of rounded answers as a loss."""
    y = ops.reshape(ops.cast(y, "float32"), ops.shape(p))
    p = ops.round(p)
    both = ops.sum(y * p)
    return 1 - 2 * both / (ops.sum(y) + ops.sum(p) + 1e-6)


def sigmoids(*widths: int) -> Any:
    """Return what makes an autoencoder of sigmoids."""
    return layers(lambda: nn.Input((64,)),
                  *[lambda w=w: L.Dense(w, "sigmoid") for w in (*widths, 64)])  # fmt: skip


FAULTS = [
    Fault("sounds: coefficients as they come, by SGD", "recurrent", sounds,
          lambda t: as_recorded(t).but(optimizer=sgd(0.05)), ("GD104",)),
    # https://stackoverflow.com/questions/54938815 and many kernels on fraud
    Fault("cards: seconds and amounts as they are", "dense", cards, lambda t: cards(False),
          ("GD104",)),
    Fault("cards: no weights", "dense", cards, lambda t: t.but(fit={}), ("GD107",)),
    Fault("cancer: ages that nobody filled in", "dense", cancer, ages, ("GD101",)),
    Fault("bags: SGD of 0.01", "dense", bags, lambda t: t.but(optimizer=sgd(0.01)),
          ("GD507", "GD505")),
    Fault("sensors: activities numbered from 1 to 6", "recurrent", sensors,
          lambda t: t.to(lambda y: y + 1), ("GD102",)),
    Fault(
        "photos: sigmoids, and SGD of 0.001", "images", photos,
        lambda t: t.but(optimizer=sgd(0.001), model=layers(
            lambda: nn.Input((12, 12, 3)), lambda: L.Conv2D(8, 3, activation="sigmoid"),
            lambda: L.MaxPooling2D(), lambda: L.Flatten(), lambda: L.Dense(16, "sigmoid"),
            lambda: L.Dense(1, "sigmoid"))),
        ("GD507", "GD505", "GD501", "GD304"),
    ),
    Fault(
        "cnn: eight plain convolutions by SGD", "images", cnn,
        lambda t: t.but(model=stack(*[conv(8)] * 4, pool, *[conv(8)] * 4, pool, flat),
                        optimizer=sgd(0.01)),
        ("GD507", "GD303", "GD304", "GD501", "GD510"),
    ),
    Fault("prices: one output for five steps ahead", "recurrent", prices,
          lambda t: t.but(y=np.repeat(t.y, 5, 1), validation=(t.validation[0],
                                                              np.repeat(t.validation[1], 5, 1))),
          ("GD103",)),
    Fault(
        "digits: a squared error of tanhs", "dense",
        lambda: digits().to(lambda y: np.eye(10, dtype="float32")[y]).but(
            loss="categorical_crossentropy", optimizer=sgd(0.1)),
        lambda t: t.but(model=dense(64, (64, 64), 10, act="sigmoid", end="tanh"), loss="mse",
                        optimizer=sgd(0.01)),
        ("GD203", "GD206", "GD507", "GD505"),
    ),
    Fault(
        "digits: a rate that doubles", "dense", digits,
        lambda t: t.but(optimizer=adam(nn.optimizers.schedules.ExponentialDecay(1e-3, 20, 2.0))),
        ("GD216", "GD506", "GD502", "GD401", "GD503"),
    ),
    Fault(
        "prices: L2 of 20 on the recurrent weights", "recurrent", prices,
        lambda t: t.but(model=windows(
            lambda: L.LSTM(16, kernel_regularizer=nn.regularizers.L2(20.0),
                           recurrent_regularizer=nn.regularizers.L2(20.0)), lambda: L.Dense(1))),
        ("GD211",),
    ),
    Fault(
        "sensors: nine of ten channels dropped", "recurrent", sensors,
        lambda t: t.but(model=layers(
            lambda: nn.Input((30, 3)), lambda: L.Conv1D(16, 5, activation="relu"),
            lambda: L.SpatialDropout1D(0.9), lambda: L.Conv1D(16, 5, activation="relu"),
            lambda: L.SpatialDropout1D(0.9), lambda: L.GlobalMaxPooling1D(),
            lambda: L.Dense(6, "softmax"))),
        ("GD211",),
    ),
    # https://github.com/keras-team/keras/issues/6498: a grey image
    Fault("coder: seven layers of sigmoids", "images", coder,
          lambda t: t.but(model=sigmoids(48, 32, 16, 8, 16, 32, 48)),
          ("GD303", "GD304", "GD307", "GD501", "GD510", "GD306")),
    Fault("coder: bytes to be rebuilt of shares", "images", coder, bytes_to_rebuild,
          ("GD113", "GD510", "GD507", "GD301")),
    Fault("moons: a class that counts 10,000 times", "dense", moons,
          lambda t: t.but(fit={"class_weight": {0: 1.0, 1: 10_000.0}}),
          ("GD107", "GD511", "GD506", "GD510")),
    Fault("reviews: forty texts by heart", "recurrent", reviews, few_reviews,
          ("GD601", "GD605")),
    Fault("cnn: sixty images by heart", "images", cnn, few_images, ("GD601", "GD605")),
    # https://stackoverflow.com/questions/44674847 and others: no gradients provided
    Fault("digits: the share of wrong answers as a loss", "dense", digits,
          lambda t: t.but(loss=hits), ("GD212", "GD516", "GD512", "GD510")),
    Fault("moons: F1 of rounded answers as a loss", "dense", moons,
          lambda t: t.but(loss=rounded), ("GD212", "GD516", "GD512", "GD510")),
    Fault(
        "digits: a sum of losses, SGD of 0.5", "dense",
        lambda: digits().but(optimizer=sgd(0.5)),
        lambda t: t.but(loss=nn.losses.SparseCategoricalCrossentropy(reduction="sum")),
        ("GD506", "GD502", "GD503", "GD401"),
    ),
    Fault("sensors: in thousandths", "recurrent", sensors,
          lambda t: t.on(lambda x: x * 3000), ("GD104",)),
    Fault(
        "reviews: a GRU that forgets, ahead of the words", "recurrent", reviews,
        lambda t: t.on(lambda x: np.concatenate([x, np.zeros((len(x), 90), x.dtype)], 1)).but(
            model=text(gru(16), lambda: L.Dense(1, "sigmoid"), length=120, table=60)),
        ("GD114", "GD704", "GD510"),
    ),
    Fault("wine: rows of only one class are left", "dense", wine,
          lambda t: t.but(x=t.x[t.y == 1], y=t.y[t.y == 1]), ("GD107", "GD111")),
]  # fmt: skip

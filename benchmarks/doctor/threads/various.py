"""What people ask about, of all kinds: recommenders, boxes, trends, text in tables, depth."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.images import cnn
from benchmarks.doctor.sequences import words
from benchmarks.doctor.tables import dense, digits, layers, split, wine
from benchmarks.doctor.threads.images import coder, masks
from benchmarks.doctor.threads.points import net, unit
from benchmarks.doctor.threads.sequences import prices
from benchmarks.doctor.threads.steps import gru, one, text
from benchmarks.doctor.threads.tables import houses
from benchmarks.doctor.training import Training, explained

L = nn.layers
ops = nn.ops


def liked() -> Training:
    """Whether a user likes a film, by the product of two embeddings."""
    random = np.random.default_rng(5)
    user, film = random.integers(0, 40, (3000, 1)), random.integers(0, 30, (3000, 1))
    a, b = random.normal(size=(40, 3)), random.normal(size=(30, 3))
    y = ((a[user] * b[film]).sum(-1) > 0).astype("float32")
    return Training(
        rating(lambda u, f: L.Dense(1, "sigmoid")(L.Multiply()([u, f]))),
        [user[:2200], film[:2200]], y[:2200], ([user[2200:2600], film[2200:2600]], y[2200:2600]),
        test=([user[2600:], film[2600:]], y[2600:]), loss="binary_crossentropy",
        optimizer=adam(0.01), epochs=15,
    )  # fmt: skip


def rating(answer: Any) -> Any:
    """Return what makes a model of a user's and a film's embedding."""

    def model() -> Any:
        user, film = nn.Input((1,), dtype="int64"), nn.Input((1,), dtype="int64")
        u, f = (L.Flatten()(L.Embedding(n, 6)(k)) for n, k in ((40, user), (30, film)))
        return nn.Model([user, film], answer(u, f))

    return model


def stars() -> Training:
    """One to five stars, as shares of five."""
    t = liked()
    random = np.random.default_rng(6)
    a, b = random.normal(size=40), random.normal(size=30)

    def marks(x: Any) -> Any:
        both = 3 + a[x[0]] + b[x[1]]
        return (both.clip(1, 5) / 5).astype("float32")

    return t.but(
        y=marks(t.x), validation=(t.validation[0], marks(t.validation[0])),
        test=(t.test[0], marks(t.test[0])), loss="mse", metrics=(), score=explained,
        model=rating(lambda u, f: L.Dense(1, "sigmoid")(
            L.Dense(16, "relu")(L.Concatenate()([u, f])))),
    )  # fmt: skip


def boxes(size: float = 1.0) -> Training:
    """Where a bright square is: row and column, as shares of the image."""
    random = np.random.default_rng(0)
    at = random.integers(0, 10, (1200, 2))
    x = random.uniform(0, 0.3, (1200, 14, 14, 1))
    for image, (row, column) in zip(x, at, strict=True):
        image[row : row + 4, column : column + 4] = 1
    x, y = x.astype("float32"), (at / 10 * size).astype("float32")
    return Training(
        layers(lambda: nn.Input((14, 14, 1)), lambda: L.Conv2D(8, 3, activation="relu"),
               lambda: L.MaxPooling2D(), lambda: L.Flatten(), lambda: L.Dense(32, "relu"),
               lambda: L.Dense(2)),
        **split(x[:1000], y[:1000]), test=(x[1000:], y[1000:]), loss="mse", metrics=(),
        score=explained, optimizer=adam(3e-3), epochs=10,
    )  # fmt: skip


def seldom() -> Training:
    """Six labels, each of one row in thirty; a yes counts as much as 25 noes."""
    random = np.random.default_rng(1)
    x = random.normal(size=(3000, 10)).astype("float32")
    y = (x @ random.normal(size=(10, 6)) / 10**0.5 > 1.8).astype("float32")

    def loss(y: Any, p: Any) -> Any:
        return -ops.mean(25 * y * ops.log(p + 1e-6) + (1 - y) * ops.log(1 - p + 1e-6))

    def found(model: Any, training: Training) -> float:
        x, y = training.test
        p = np.asarray(model.predict(x, verbose=0)) > 0.5
        return float((p[y > 0].mean() + (~p)[y == 0].mean()) / 2)

    return Training(
        dense(10, (24,), 6, end="sigmoid"), **split(x[:2400], y[:2400]),
        test=(x[2400:], y[2400:]), loss=loss, metrics=(), score=found, optimizer=adam(0.002),
        epochs=5,
    )  # fmt: skip


def growing(differences: bool = True) -> Training:
    """The next number of a series that grows; the test is what lies ahead."""
    random = np.random.default_rng(4)
    at = np.arange(1100)
    price = 0.02 * at + np.sin(at / 6) + random.normal(0, 0.05, len(at))
    rows = np.lib.stride_tricks.sliding_window_view(price, 11).astype("float32")
    x, y = rows[:, :10, None], rows[:, 10:]
    if differences:
        x, y = x - rows[:, 9:10, None], y - rows[:, 9:10]
    else:
        x, y = (x - x[:700].mean()) / x[:700].std(), (y - x[:700].mean()) / x[:700].std()
    return prices().but(
        **{"x": x[:700], "y": y[:700], "validation": (x[700:850], y[700:850])},
        test=(x[860:], y[860:]),
    )


def kinds(*end: Any) -> Training:
    """A class of three for each pixel: left of the blob, in it, right of it."""
    t = masks()

    def classes(x: Any, y: Any) -> Any:
        inside = y[..., 0] > 0
        column = (inside * np.arange(12)).sum((1, 2)) / inside.sum((1, 2))
        return np.where(inside, 1, 2 * (np.arange(12) > column[:, None, None]))

    def found(model: Any, training: Training) -> float:
        p = np.asarray(model.predict(training.test[0], verbose=0)).argmax(-1)
        return float((p == training.test[1]).mean())

    held, test = t.validation, t.test
    return t.but(
        model=layers(lambda: nn.Input((12, 12, 1)),
                     *[lambda: L.Conv2D(12, 5, padding="same", activation="relu")] * 2, *end),
        y=classes(t.x, t.y), validation=(held[0], classes(*held)), test=(test[0], classes(*test)),
        loss="sparse_categorical_crossentropy", score=found,
    )  # fmt: skip


def over_spread(t: Training) -> Training:
    """Each pixel over its spread, which is 0 at the border."""

    def by_spread(x: Any) -> Any:
        with np.errstate(all="ignore"):
            return ((x - t.x.mean(0)) / t.x.std(0)).astype("float32")

    return t.on(by_spread)


def logarithms(t: Training) -> Training:
    """Logarithms of amounts, some of which are 0."""

    def log(x: Any) -> Any:
        with np.errstate(all="ignore"):
            return np.log(np.maximum(x + 1, 0)).astype("float32")

    return t.on(log)


def named(t: Training) -> Training:
    """Labels as words."""
    return t.but(y=np.array(["red", "white", "rose"], object)[t.y])


def euros(t: Training) -> Training:
    """The price in another currency is one of the columns, and not known later."""

    def told(x: Any, y: Any) -> Any:
        return np.concatenate([x, 0.9 * y + 0.001 * x[:, :1]], 1).astype("float32")

    return t.but(
        model=dense(4, (32,), 1, end=None), x=told(t.x, t.y),
        validation=(told(*t.validation), t.validation[1]),
        test=(told(t.test[0], 0 * t.test[1]), t.test[1]),
    )  # fmt: skip


def frozen(make: Any) -> Any:
    """Return what makes the same model, and says that it is not to be trained."""

    def model() -> Any:
        made = make()
        made.trainable = False
        return made

    return model


def few_words(mask: bool = True) -> Training:
    """Whether good words outnumber bad ones: two to six words, and zeros up to 200."""
    random = np.random.default_rng(6)
    x = random.integers(1, 60, (1500, 200))
    x[np.arange(200) >= random.integers(2, 7, (1500, 1))] = 0
    good = np.where(x > 0, np.where(x < 30, 1, -1), 0).sum(1)
    x, good = x[good != 0], good[good != 0]
    y = (good > 0).astype("int64")
    return words().but(
        model=text(lambda: L.GlobalAveragePooling1D(), one("sigmoid"), length=200, table=60,
                   width=8, mask_zero=mask),
        **split(x[:900], y[:900]), test=(x[900:], y[900:]), epochs=6, optimizer=adam(5e-3),
    )  # fmt: skip


FAULTS = [
    # https://whosebug.com/question/5173684/why-keras-embedding-not-learning
    Fault(
        "liked: ReLU at the end, decay of 0.9", "dense", liked,
        lambda t: t.but(
            model=rating(lambda u, f: L.Dense(1, "relu")(
                L.Dense(20, "relu")(L.Concatenate()([u, f])))),
            optimizer=adam(nn.optimizers.schedules.InverseTimeDecay(1e-3, 1, 0.9))),
        ("GD202", "GD205", "GD204", "GD216", "GD203"),
    ),
    # https://forums.fast.ai/t/please-help-with-collaborative-filtering-lesson-4/3859
    Fault("liked: the product as a probability", "dense", liked,
          lambda t: t.but(model=rating(lambda u, f: L.Dot(axes=1)([u, f]))),
          ("GD202", "GD203", "GD204")),
    # https://geeksmental.com/question/why-is-using-sigmoid-in-last-layer-of-nn-for-general-...
    Fault("stars: one to five behind a sigmoid", "dense", stars, lambda t: t.to(lambda y: y * 5),
          ("GD204",)),
    Fault("stars: one to five by a binary loss", "dense", stars,
          lambda t: t.to(lambda y: y * 5).but(loss="binary_crossentropy"),
          ("GD204", "GD102", "GD203")),
    # https://stats.stackexchange.com/questions/261704: always the centre of the image
    Fault("boxes: a rate of 0.2", "images", boxes, lambda t: t.but(optimizer=adam(0.2)),
          ("GD506", "GD502", "GD503", "GD505")),
    Fault("boxes: places of up to 4,000 pixels", "images", boxes, lambda t: boxes(4000.0),
          ("GD113",)),
    # https://errorhandle.ai/multilabel-classification-converges-to-all-zeroes
    Fault("seldom: all labels are no", "dense", seldom,
          lambda t: t.but(loss="binary_crossentropy"), ("GD107", "GD511", "GD510", "GD508")),
    # ohmygoodnessjuicery.co.uk/post/why-my-lstm-model-forecasts-almost-straight-line-on
    Fault("growing: levels that training never saw", "recurrent", growing,
          lambda t: growing(False), ("GD111", "GD601")),
    Fault(
        "digits: norms, and one row a step", "dense", digits,
        lambda t: t.but(model=net(64, unit(32), lambda: L.BatchNormalization(), lambda: L.ReLU(),
                                  unit(10, "softmax")), x=t.x[:400], y=t.y[:400], batch_size=1,
                        epochs=2), ("GD112", "GD513"),
    ),
    # https://community.deeplearning.ai: 26 letters without J and Z are numbered to 24
    Fault("digits: as many outputs as there are labels in use", "dense", digits,
          lambda t: t.to(lambda y: y * 2).but(model=dense(64, (64,), 10)), ("GD102",)),
    Fault("houses: the price in euros is a column", "dense", houses, euros, ("GD109",)),
    Fault(
        "digits: a cosine of ten steps", "dense", digits,
        lambda t: t.but(optimizer=adam(nn.optimizers.schedules.CosineDecay(2e-3, 10))),
        ("GD216", "GD507"),
    ),
    Fault("cnn: RMSprop of 0.3", "images", cnn,
          lambda t: t.but(optimizer=lambda: nn.optimizers.RMSprop(0.3)),
          ("GD506", "GD502", "GD503", "GD505")),
    Fault(
        "digits: exponentials as activations", "dense", digits,
        lambda t: t.but(model=dense(64, (64,) * 4, 10, act="exponential")),
        ("GD303", "GD304", "GD301", "GD302", "GD401", "GD502", "GD506"),
    ),
    # https://github.com/MIC-DKFZ/nnUNet/issues/16: the softmax of maps
    Fault(
        "kinds: a softmax over the rows of the image", "images",
        lambda: kinds(lambda: L.Conv2D(3, 1, activation="softmax")),
        lambda t: kinds(lambda: L.Conv2D(3, 1), lambda: L.Softmax(axis=1)), ("GD214",),
    ),
    Fault("coder: pixels from -1 to 1 behind a sigmoid", "images",
          lambda: coder().on(lambda x: 2 * x - 1).to(lambda y: 2 * y - 1).but(
              model=layers(lambda: nn.Input((64,)), lambda: L.Dense(32, "relu"),
                           lambda: L.Dense(64, "tanh"))),
          lambda t: t.but(model=layers(lambda: nn.Input((64,)), lambda: L.Dense(32, "relu"),
                                       lambda: L.Dense(64, "sigmoid"))), ("GD204",)),
    # https://stackoverflow.com/questions/40050397: nan of a division by a spread of 0
    Fault("digits: over the spread of pixels that never change", "dense", digits, over_spread,
          ("GD101",)),
    Fault("wine: logarithms of nothing", "dense", wine, logarithms, ("GD101",)),
    Fault("wine: labels as words", "dense", wine, named, ("GD105", "GD102")),
    Fault("wine: one-hot rows with a place too many", "dense", wine,
          lambda t: t.but(y=np.eye(4)[t.y + 1], loss="categorical_crossentropy",
                          validation=(t.validation[0], np.eye(4)[t.validation[1] + 1])),
          ("GD103", "GD102")),
    Fault(
        "digits: forty narrow layers", "dense", digits,
        lambda t: t.but(model=dense(64, (8,) * 40, 10)),
        ("GD303", "GD304", "GD305", "GD307", "GD501", "GD503"),
    ),
    Fault("few words: a mean over two hundred zeros", "recurrent", few_words,
          lambda t: few_words(False), ("GD114",)),
    Fault("digits: a rate of 0", "dense", digits, lambda t: t.but(optimizer=adam(0.0)),
          ("GD210", "GD507", "GD505")),
    # https://github.com/keras-team/keras/issues/8372 and others: trainable of a GAN's half
    Fault("digits: frozen as a whole", "dense", digits, lambda t: t.but(model=frozen(t.model)),
          ("GD212",)),
    Fault(
        "words: the number of the step is added", "recurrent", words,
        lambda t: t.but(model=text(lambda: L.Lambda(lambda x: x + 40 * ops.reshape(
            ops.cast(ops.arange(12), "float32"), (1, 12, 1))), gru(), one("sigmoid"))),
        ("GD104", "GD306", "GD504", "GD303", "GD301", "GD307"),
    ),
]  # fmt: skip

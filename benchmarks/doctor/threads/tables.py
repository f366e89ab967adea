"""What people ask about tables: iris, wine, breast cancer, prices."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor import tables
from benchmarks.doctor.dense import adam, sgd
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.tables import cancer, dense, scaled, split, wine
from benchmarks.doctor.threads.points import net, unit
from benchmarks.doctor.training import Training, explained

L = nn.layers


def iris() -> Training:
    """Iris, three species, four lengths."""
    (x, y), (x_test, y_test) = nn.datasets.iris.load_data()
    return Training(
        dense(4, (16,), 3),
        **split(scaled(x, x), y),
        test=(scaled(x_test, x), y_test),
        optimizer=adam(0.02),
        epochs=40,
        batch_size=16,
    )


def diabetes(rows: int = 768) -> tuple[Any, Any]:
    """Return measurements as those of the Pima data: glucose near 120, insulin with many zeros."""
    random = np.random.default_rng(7)
    x = random.normal(size=(rows, 6)) * [30, 12, 8, 0.3, 11, 110]
    x = x + [120, 70, 32, 0.5, 35, 80]
    x[:, 5] = np.maximum(x[:, 5], 0)
    logit = 0.05 * (x[:, 0] - 120) + 0.09 * (x[:, 2] - 32) + random.logistic(size=rows) * 0.5
    return x.astype("float32"), (logit > 0.6).astype("int64")


def pima() -> Training:
    """Diabetes, its columns scaled."""
    x, y = diabetes()
    x = scaled(x, x)
    return Training(
        dense(6, (12, 8), 1, end="sigmoid"),
        **split(x[:600], y[:600]),
        test=(x[600:], y[600:]),
        loss="binary_crossentropy",
        optimizer=adam(0.01),
        epochs=30,
        batch_size=16,
    )


def houses() -> Training:
    """Prices by area, rooms and age; all scaled."""
    x, y = prices()
    x, y = scaled(x, x), scaled(y, y)
    return Training(
        dense(3, (32,), 1, end=None),
        **split(x[:600], y[:600]),
        test=(x[600:], y[600:]),
        loss="mse",
        metrics=(),
        score=explained,
        optimizer=adam(0.01),
        epochs=30,
    )


def prices(rows: int = 800) -> tuple[Any, Any]:
    """Return area, rooms and age of houses, and prices."""
    random = np.random.default_rng(3)
    area, age = random.uniform(40, 240, rows), random.uniform(0, 90, rows)
    rooms = np.rint(area / 28 + random.normal(0, 0.7, rows)).clip(1)
    y = 2100 * area - 900 * age + 9000 * rooms + random.normal(0, 15_000, rows)
    return np.stack([area, rooms, age], 1).astype("float32"), y.astype("float32")[:, None]


def raw_pima(t: Training) -> Training:
    """Columns as measured, by SGD."""
    x, y = diabetes()
    return t.but(**split(x[:600], y[:600]), test=(x[600:], y[600:]), optimizer=sgd(0.01))


def raw_houses(t: Training) -> Training:
    """Prices and areas as they are."""
    x, y = prices()
    return t.but(**split(x[:600], y[:600]), test=(x[600:], y[600:]))


def raw_prices(t: Training) -> Training:
    """Only the prices are as they are."""
    x, y = prices()
    return t.but(**split(scaled(x, x)[:600], y[:600]), test=(scaled(x, x)[600:], y[600:]))


def prices_by_entropy(t: Training) -> Training:
    """Prices by a cross-entropy, and its accuracy."""
    return t.but(
        model=dense(3, (32,), 1, end="sigmoid"), loss="binary_crossentropy", metrics=("accuracy",)
    )


def missing(t: Training) -> Training:
    """A column with holes, by way of pandas."""
    x = np.array(t.x)
    x[np.random.default_rng(0).random(len(x)) < 0.03, 2] = np.nan
    return t.but(x=x)


def sorted_split(t: Training) -> Training:
    """Rows sorted by class, of which the last fifth is held out."""
    x, y = np.concatenate([t.x, t.validation[0]]), np.concatenate([t.y, t.validation[1]])
    order = np.argsort(y, kind="stable")
    return t.but(**split(x[order], y[order]))


def one_hot(y: Any, classes: int = 3) -> Any:
    """Return class numbers as rows of 0 and 1."""
    return np.eye(classes, dtype="float32")[np.asarray(y)]


def hot() -> Training:
    """Iris with one-hot labels."""
    return iris().to(one_hot).but(loss="categorical_crossentropy")


def scrambled(t: Training) -> Training:
    """x is shuffled, y is not."""
    return t.but(x=np.random.default_rng(0).permutation(t.x))


def numbered(t: Training) -> Training:
    """One output and a squared error for the number of a species."""
    return t.but(
        model=dense(4, (16,), 1, end="relu"), loss="mse", metrics=("accuracy",),
        score=lambda model, training: 0.3,
    )  # fmt: skip


def doubled(t: Training) -> Training:
    """The held-out rows are the training rows."""
    return t.but(validation=(t.x[:30], t.y[:30]))


def own_scale(t: Training) -> Training:
    """Test and validation are scaled to 0..1, the training rows to mean 0."""
    (raw, _), (raw_test, _) = nn.datasets.wine.load_data()
    cut = len(t.x)

    def shrunk(part: Any) -> Any:
        low, high = raw.min(0), raw.max(0)
        return ((part - low) / (high - low) * 100).astype("float32")

    held = (shrunk(raw[cut:]), t.validation[1])
    return t.but(validation=held, test=(shrunk(raw_test), t.test[1]))


def identifier(t: Training) -> Training:
    """The label is still among the columns."""

    def told(x: Any, y: Any) -> Any:
        return np.concatenate([x, np.asarray(y, "float32").reshape(-1, 1)], 1)

    x, held = told(t.x, t.y), told(*t.validation)
    test = told(t.test[0], np.zeros(len(t.test[1])))
    return t.but(
        model=dense(7, (12, 8), 1, end="sigmoid"), x=x, validation=(held, t.validation[1]),
        test=(test, t.test[1]),
    )  # fmt: skip


def fraud() -> Training:
    """One in twenty is fraud; weighted."""
    return tables.rare()


FAULTS = [
    # https://stackoverflow.com/questions/37213388/keras-accuracy-does-not-change
    Fault("pima: raw columns and SGD", "dense", pima, raw_pima, ("GD104",)),
    Fault(
        "pima: two sigmoids and SGD of 1e-4", "dense", pima,
        lambda t: t.but(model=net(6, unit(12, "sigmoid"), unit(8, "sigmoid"), unit(1, "sigmoid")),
                        optimizer=sgd(1e-4)),
        ("GD507", "GD505"),
    ),
    Fault("pima: the label is among the columns", "dense", pima, identifier, ("GD109",)),
    Fault(
        "pima: two softmax outputs and a binary loss of one column", "dense", pima,
        lambda t: t.but(model=dense(6, (12, 8), 2), loss="binary_crossentropy"),
        ("GD203", "GD103"),
    ),
    # https://stats.stackexchange.com/revisions/2bda6552-783b-4fb7-ba2b-a03d2266e69b/view-source
    Fault(
        "pima: softmax of one unit", "dense", pima,
        lambda t: t.but(model=dense(6, (12, 8), 1)), ("GD203", "GD214"),
    ),
    # https://openillumi.com/en/en-keras-tf-fix-huge-negative-loss-regression
    Fault("houses: prices by a cross-entropy", "dense", lambda: raw_prices(houses()),
          prices_by_entropy, ("GD102", "GD203", "GD204")),
    Fault("houses: standardised prices by a cross-entropy", "dense", houses,
          prices_by_entropy, ("GD102", "GD203", "GD204")),
    # https://stackoverflow.com/questions/37232782
    Fault("houses: nothing scaled", "dense", houses, raw_houses, ("GD104", "GD113")),
    Fault("houses: only the columns are scaled", "dense", houses, raw_prices, ("GD113",)),
    # https://stackoverflow.com/questions/40050397/deep-learning-nan-loss-reasons
    Fault("houses: holes in a column", "dense", houses, missing, ("GD101",)),
    Fault(
        "houses: SGD of 2", "dense", houses, lambda t: t.but(optimizer=sgd(2.0)),
        ("GD401", "GD506", "GD502"),
    ),
    # https://github.com/keras-team/keras/issues/3753
    Fault("houses: targets of other rows", "dense", houses, scrambled,
          ("GD510", "GD605", "GD601")),
    # https://github.com/keras-team/keras/issues/8346, /4298, /7759
    Fault("iris: sorted by species, the last fifth held out", "dense", iris, sorted_split,
          ("GD111", "GD110", "GD115", "GD601", "GD107", "GD108")),
    Fault("wine: sorted by class, the last fifth held out", "dense", wine, sorted_split,
          ("GD111", "GD110", "GD115", "GD601", "GD107", "GD108")),
    # https://github.com/keras-team/keras/issues/10359
    Fault("iris: validated on its training rows", "dense", iris, doubled, ("GD108",)),
    # https://stackoverflow.com/questions/42081257
    Fault(
        "iris: a binary loss for three species", "dense", hot,
        lambda t: t.but(loss="binary_crossentropy"), ("GD203",),
    ),
    # https://github.com/keras-team/keras/issues/2711
    Fault(
        "iris: sigmoids under a categorical loss", "dense", hot,
        lambda t: t.but(model=dense(4, (16,), 3, end="sigmoid")), ("GD203", "GD205"),
    ),
    Fault(
        "iris: squared error of ReLU outputs", "dense", hot,
        lambda t: t.but(model=dense(4, (16,), 3, end="relu"), loss="mse"),
        ("GD203", "GD205", "GD206", "GD204"),
    ),
    Fault("iris: the number of a species as a target", "dense", iris, numbered, ("GD203",)),
    Fault(
        "iris: as many outputs as species, numbered from 1", "dense", iris,
        lambda t: t.to(lambda y: y + 1), ("GD102",),
    ),
    Fault(
        "iris: dropout behind the softmax", "dense", iris,
        lambda t: t.but(model=net(4, unit(16, "relu"), unit(3, "softmax"), lambda: L.Dropout(0.5))),
        ("GD211",),
    ),
    # https://discuss.pytorch.org/t/cross-entropy-loss-is-not-decreasing/43814/16
    Fault(
        "wine: softmax before a loss of scores", "dense", wine,
        lambda t: t.but(loss=nn.losses.SparseCategoricalCrossentropy(from_logits=True)),
        ("GD201",),
    ),
    Fault(
        "wine: negative weights and ReLU", "dense", wine,
        lambda t: t.on(lambda x: np.abs(x)).but(
            model=dense(13, (24, 24), 3,
                        kernel_initializer=nn.initializers.RandomUniform(-1.0, -0.1))),
        ("GD305", "GD503", "GD307", "GD209"),
    ),
    Fault("wine: validation and test scaled otherwise", "dense", wine, own_scale, ("GD111",)),
    # http://pullrequest.ru/11818227: all zero, and a softmax in the middle
    Fault(
        "wine: zeros, and a softmax in the middle", "dense", wine,
        lambda t: t.but(model=net(
            13, unit(24, "softmax", kernel_initializer="zeros"),
            unit(3, "softmax", kernel_initializer="zeros"))),
        ("GD208",),
    ),
    Fault(
        "cancer: learning rate decayed by 0.5 a step", "dense", cancer,
        lambda t: t.but(optimizer=lambda: nn.optimizers.SGD(
            nn.optimizers.schedules.ExponentialDecay(0.05, 1, 0.5))),
        ("GD216", "GD507", "GD505"),
    ),
    Fault(
        "cancer: a batch of all, two epochs", "dense", cancer,
        lambda t: t.but(batch_size=2000, epochs=2, optimizer=sgd(0.01)),
        ("GD112", "GD604", "GD507"),
    ),
    Fault(
        "cancer: L2 of 10", "dense", cancer,
        lambda t: t.but(model=dense(30, (32,), 1, end="sigmoid",
                                    kernel_regularizer=nn.regularizers.L2(10.0))),
        ("GD211",),
    ),
    # https://github.com/attilanagy234/neural-punctuator/issues/8
    Fault("fraud: always the frequent class", "dense", fraud,
          lambda t: t.but(model=net(8, unit(1, "sigmoid")), fit={}), ("GD107",)),
]  # fmt: skip

"""Healthy trainings on tables of the sixth part."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd
from benchmarks.doctor.second.points import parted, rms
from benchmarks.doctor.tables import dense, scaled
from benchmarks.doctor.third.healthy.parts import area, found, r2
from benchmarks.doctor.training import Training, explained

L = nn.layers


def penguin_net(end: Any = "softmax", act: Any = "relu", outputs: int = 4, **given: Any) -> Any:
    """Return what makes a network of two hidden layers over five columns."""
    return dense(5, (40, 40), outputs, act, end, **given)


def weighed(rows: int = 1500) -> tuple[Any, Any]:
    """Return five measurements of penguins, and which of four kinds they are, by age and sex."""
    random = np.random.default_rng(600)
    y, form = random.integers(0, 4, rows), random.integers(0, 3, rows)
    middle = random.normal(0, 1.6, (4, 3, 5))
    x = middle[y, form] + random.normal(0, 0.6, (rows, 5))
    return scaled(x, x[:900]), y


def penguins() -> Training:
    """Which of four kinds a penguin is, by five measurements."""
    return Training(penguin_net(), **parted(*weighed(), 900, 200), optimizer=adam(0.005), epochs=15)


def cheese_net(end: Any = None, act: Any = "tanh", inputs: int = 7, **given: Any) -> Any:
    """Return what makes a network that tells how ripe a cheese is."""
    return dense(inputs, (32, 32), 1, act, end, **given)


def ripened(rows: int = 1400) -> tuple[Any, Any]:
    """Return seven columns of cheeses in a cellar, all near 1, and how ripe they are."""
    random = np.random.default_rng(601)
    x = random.normal(size=(rows, 7))
    y = np.sin(1.5 * x[:, 0]) + x[:, 1] * np.tanh(x[:, 2]) + 0.5 * x[:, 3] + 0.3 * x[:, 4] ** 2
    y = y + random.normal(0, 0.1, rows)
    return x.astype("float32"), ((y - y.mean()) / y.std()).astype("float32")[:, None]


def cheeses() -> Training:
    """How ripe a cheese is; columns and target are standardised."""
    return Training(
        cheese_net(), **parted(*ripened(), 900, 200), loss="mse", metrics=("mae",),
        score=explained, optimizer=adam(0.01), epochs=20,
    )  # fmt: skip


def given_blood(rows: int = 4000) -> tuple[Any, Any]:
    """Return six columns of people, and whether they came to give blood: one of twenty."""
    random = np.random.default_rng(602)
    x = random.normal(size=(rows, 6))
    z = 1.5 * x[:, 0] + x[:, 1] * x[:, 2] - 0.8 * np.abs(x[:, 3]) + random.normal(0, 0.2, rows)
    return x.astype("float32"), (z > np.quantile(z, 0.95)).astype("int64")[:, None]


def donors() -> Training:
    """Who comes to give blood, which is rare, by weights of the classes."""
    return Training(
        dense(6, (32, 16), 1, "relu", "sigmoid"), **parted(*given_blood(), 2000, 500),
        loss="binary_crossentropy", optimizer=adam(0.005), epochs=12,
        fit={"class_weight": {0: 1.0, 1: 19.0}},
    )  # fmt: skip


def ferry_net(end: Any = "exponential", act: Any = "relu", **given: Any) -> Any:
    """Return what makes a network that says how many come aboard."""
    return dense(5, (48, 48), 1, act, end, **given)


def boarded(rows: int = 2600) -> tuple[Any, Any]:
    """Return hour, wind, cloud, degrees and day of ferries, and how many came aboard."""
    random = np.random.default_rng(603)
    low, high = (5, 0, 0, -5, 0), (23, 25, 8, 30, 6)
    x = random.uniform(low, high, (rows, 5))
    rush = sum(np.exp(-((x[:, 0] - k) ** 2) / 12) for k in (8, 17))
    many = np.exp(0.6 + 1.6 * rush + 0.03 * x[:, 3] - 0.05 * x[:, 1])
    return x.astype("float32"), random.poisson(6 * many).astype("float32")[:, None]


def ferries() -> Training:
    """How many come aboard a ferry, by the likelihood of counts."""
    x, y = boarded()
    return Training(
        ferry_net(), **parted(scaled(x, x[:1900]), y, 1900, 250), loss="poisson", metrics=(),
        score=explained, epochs=25,
        optimizer=adam(nn.optimizers.schedules.CosineDecay(0.005, 60 * 25)),
    )  # fmt: skip


def library_net(people: int = 60, books: int = 45, **given: Any) -> Any:
    """Return what makes a product of two embeddings, and what each person and book adds."""

    def model() -> Any:
        person, book = nn.Input((1,), dtype="int64"), nn.Input((1,), dtype="int64")
        a = L.Flatten()(L.Embedding(people, 5, **given)(person))
        b = L.Flatten()(L.Embedding(books, 5, **given)(book))
        sides = [L.Flatten()(L.Embedding(n, 1)(of)) for n, of in ((people, person), (books, book))]
        return nn.Model([person, book], L.Add()([L.Dot(axes=1)([a, b]), *sides]))

    return model


def rated(rows: int = 3000) -> tuple[Any, Any]:
    """Return who read which book, and how they liked it."""
    random = np.random.default_rng(604)
    people, books = random.normal(0, 0.8, (60, 3)), random.normal(0, 0.8, (45, 3))
    who, what = random.integers(0, 60, rows), random.integers(0, 45, rows)
    y = (people[who] * books[what]).sum(1) + 0.5 * random.normal(size=45)[what]
    y = (y + random.normal(0, 0.15, rows)).astype("float32")[:, None]
    return (who[:, None], what[:, None]), y


def borrowers() -> Training:
    """How people like books they borrow, by what is learnt of both."""
    return Training(
        library_net(), **parted(*rated(), 2300, 300), loss="mse", metrics=(), score=explained,
        optimizer=adam(0.02), epochs=12,
    )  # fmt: skip


def unsure(y: Any, out: Any) -> Any:
    """The negative logarithm of the likelihood of a normal distribution: middle and spread."""
    spread = nn.ops.softplus(out[:, 1:]) + 1e-3
    return nn.ops.mean(nn.ops.log(spread) + 0.5 * nn.ops.square((y - out[:, :1]) / spread))


def middle_found(model: Any, training: Training) -> float:
    """The share of variance that the middles explain."""
    return r2(training.test[1], found(model, training)[:, :1])


def dug(rows: int = 1500) -> tuple[Any, Any]:
    """Return where a well is dug, by three columns, and how deep the water lies."""
    random = np.random.default_rng(605)
    x = random.uniform(-1.7, 1.7, (rows, 3))
    y = np.cos(2 * x[:, 0]) + 0.7 * x[:, 1] + random.normal(0, 0.08, rows) * (1.2 + x[:, 2] / 2)
    return x.astype("float32"), y.astype("float32")[:, None]


def wells() -> Training:
    """How deep the water lies, and how sure that is, by a likelihood of one's own."""
    return Training(
        dense(3, (32, 32), 2, "tanh", None), **parted(*dug(), 1000, 200), loss=unsure,
        metrics=(), score=middle_found, optimizer=adam(0.01), epochs=20,
    )  # fmt: skip


def apart(ends: Any) -> Any:
    """The distance of two points."""
    return nn.ops.sqrt(nn.ops.sum(nn.ops.square(ends), axis=-1, keepdims=True) + 1e-6)


def contrast(y: Any, far: Any) -> Any:
    """The contrastive loss: alike are pulled together, others pushed away up to a margin."""
    away = nn.ops.maximum(1.0 - far, 0.0)
    return nn.ops.mean(y * nn.ops.square(far) + (1 - y) * nn.ops.square(away))


def snail_net(distance: Any = apart, act: Any = "relu", **given: Any) -> Any:
    """Return what makes one tower for both of a pair, and their distance."""

    def model() -> Any:
        one, two = nn.Input((6,)), nn.Input((6,))
        tower = nn.Sequential([L.Dense(32, act, **given), L.Dense(32, act, **given), L.Dense(4)])
        return nn.Model([one, two], L.Lambda(distance)(L.Subtract()([tower(one), tower(two)])))

    return model


def nearness(model: Any, training: Training) -> float:
    """How often a pair of one kind lies nearer than another: the area under the curve."""
    far = found(model, training)
    far = far.reshape(len(far), -1)[:, 0]
    return area(training.test[1], -far) if np.isfinite(far).all() else 0.0


def snails() -> Training:
    """Whether two shells are of one kind of snail, by the distance of what a tower says."""
    random = np.random.default_rng(606)
    forms, rows = random.normal(0, 1.2, (5, 2, 6)), 1700
    kinds = random.integers(0, 5, (2, rows))
    kinds[1] = np.where(random.random(rows) < 0.4, kinds[0], kinds[1])
    a, b = (forms[k, random.integers(0, 2, rows)] + random.normal(0, 0.5, (rows, 6))
            for k in kinds)  # fmt: skip
    y = (kinds[0] == kinds[1]).astype("float32")[:, None]
    return Training(
        snail_net(), **parted((a.astype("float32"), b.astype("float32")), y, 1100, 200),
        loss=contrast, metrics=(), score=nearness, optimizer=adam(0.005), epochs=12,
    )  # fmt: skip


def mushroom_net(momentum: float = 0.9, act: Any = "relu", **given: Any) -> Any:
    """Return what makes a network with batch normalisation over sixteen traits."""

    def model() -> Any:
        parts: list[Any] = [nn.Input((16,))]
        for _ in range(2):
            norm = L.BatchNormalization(momentum=momentum)
            parts += [L.Dense(48, **given), norm, L.Activation(act)]
        return nn.Sequential([*parts, L.Dense(3, "softmax", **given)])

    return model


def picked(rows: int = 2200) -> tuple[Any, Any]:
    """Return sixteen traits that a mushroom has or not, and if it is good, bad or deadly."""
    random = np.random.default_rng(607)
    x = random.random((rows, 16)) < random.uniform(0.3, 0.7, 16)
    z = 1.0 * (x[:, 0] ^ x[:, 1]) + 1.0 * (x[:, 2] & x[:, 3]) + 0.8 * (x[:, 4] | x[:, 5])
    z = z + 0.5 * x[:, 6:9].sum(1) + random.normal(0, 0.05, rows)
    y = np.digitize(z, np.quantile(z, (0.33, 0.67)))
    return x.astype("float32"), y


def mushrooms() -> Training:
    """Whether a mushroom is good, bad or deadly, by what it has and has not."""
    return Training(
        mushroom_net(), **parted(*picked(), 1500, 250), optimizer=adam(0.005), epochs=12
    )


class Spouting(nn.Model):
    """A regression with a step of its own, by squares."""

    def __init__(self, **given: Any) -> None:
        super().__init__()
        self.first, self.second = L.Dense(40, "gelu", **given), L.Dense(40, "gelu", **given)
        self.last = L.Dense(1, **given)

    def call(self, x: Any) -> Any:  # type: ignore[override]
        return self.last(self.second(self.first(x)))

    def train_step(self, data: Any) -> dict[str, Any]:
        x, y = data[0], data[1]
        with nn.GradientTape() as tape:
            value = nn.ops.mean(nn.ops.square(y - self(x)))
        learnt = self.trainable_variables
        slopes = tape.gradient(value, learnt)
        self.optimizer.apply_gradients(zip(slopes, learnt, strict=True))
        return {"loss": value}


def geysers() -> Training:
    """How long a geyser will be still, by a step of one's own."""
    random = np.random.default_rng(608)
    x = random.normal(size=(1500, 4))
    y = np.abs(x[:, 0]) + 0.6 * np.sin(2 * x[:, 1]) * x[:, 2] + 0.4 * x[:, 3]
    y = (y - y.mean()) / y.std() + random.normal(0, 0.05, 1500)
    return Training(
        Spouting, **parted(x.astype("float32"), y.astype("float32")[:, None], 1000, 200),
        loss="mse", metrics=(), score=explained, optimizer=rms(0.003), epochs=20,
    )  # fmt: skip


def scent_net(end: Any = "sigmoid", act: Any = "relu", rate: float = 0.0, **given: Any) -> Any:
    """Return what makes a network that squeezes twenty sensors into six numbers and back."""

    def model() -> Any:
        parts: list[Any] = [nn.Input((20,)), L.Dense(40, act, **given), L.Dense(6, **given)]
        parts += [L.Dropout(rate), L.Dense(40, act, **given)]
        return nn.Sequential([*parts, L.Dense(20, end, **given)])

    return model


def sniffed(rows: int = 1600) -> Any:
    """Return what twenty sensors of a nose made of metal say of scents, from 0 to 1."""
    random = np.random.default_rng(609)
    hidden, mix = random.normal(size=(rows, 3)), random.normal(size=(3, 20))
    x = 1 / (1 + np.exp(-2 * np.sin(hidden @ mix) + random.normal(0, 0.1, (rows, 20))))
    return x.astype("float32")


def scents() -> Training:
    """Twenty sensors, squeezed and written again, by the entropy of each."""
    x = sniffed()
    return Training(
        scent_net(), **parted(x, x, 1100, 200), loss="binary_crossentropy", metrics=(),
        score=explained, optimizer=adam(0.01), epochs=20,
    )  # fmt: skip


def roads() -> Training:
    """Which of four roads a walker takes, by plain steps with momentum; one-hot."""
    random = np.random.default_rng(610)
    x = random.uniform(-1, 1, (1500, 3))
    turn = np.arctan2(x[:, 1], x[:, 0]) + 1.5 * x[:, 2]
    y = np.floor(np.mod(turn, 2 * np.pi) / (np.pi / 2)).astype("int64")
    return Training(
        dense(3, (48, 48), 4, "relu"),
        **parted((1.7 * x).astype("float32"), np.eye(4, dtype="float32")[y], 1000, 200),
        loss="categorical_crossentropy", optimizer=sgd(0.05, momentum=0.9), epochs=20,
    )  # fmt: skip

"""What people ask about several inputs and outputs, generators and datasets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.images import cnn
from benchmarks.doctor.tables import digits, scaled
from benchmarks.doctor.threads.fine import two_outputs
from benchmarks.doctor.training import Training, explained

L = nn.layers


def rentals() -> Training:
    """Rents by four columns, scaled, and the number of a district, told by an Embedding."""
    table, district, y = raw_rentals()
    table, y = scaled(table, table), scaled(y, y)
    return Training(
        joined(),
        [table[:900], district[:900]], y[:900], ([table[900:1050], district[900:1050]],
                                                 y[900:1050]),
        test=([table[1050:], district[1050:]], y[1050:]), loss="mse", metrics=(),
        score=explained, optimizer=adam(0.005), epochs=20,
    )  # fmt: skip


def raw_rentals(rows: int = 1300) -> tuple[Any, Any, Any]:
    """Return columns, districts 0 to 11, and rents."""
    random = np.random.default_rng(2)
    table = random.normal(size=(rows, 4)) * [40, 1, 20, 300] + [90, 3, 40, 4000]
    district = random.integers(0, 12, (rows, 1))
    worth = random.normal(size=12)
    y = 0.02 * table[:, :1] - 0.02 * table[:, 2:3] + 1.5 * worth[district]
    y = y + random.normal(0, 0.2, (rows, 1))
    return table.astype("float32"), district, (y * 300 + 900).astype("float32")


def joined(size: int = 12, ahead: bool = True) -> Any:
    """Return what makes a network of both inputs; or one that joins the table with itself."""

    def model() -> Any:
        table, district = nn.Input((4,)), nn.Input((1,), dtype="int64")
        told = L.Flatten()(L.Embedding(size, 4)(district))
        both = L.Concatenate()([table, told if ahead else table])
        return nn.Model([table, district], L.Dense(1)(L.Dense(24, "relu")(both)))

    return model


def with_raw_table(t: Training) -> Training:
    """The table as it stands in the file."""
    table, _, _ = raw_rentals()
    held = ([table[900:1050], t.validation[0][1]], t.validation[1])
    return t.but(
        x=[table[:900], t.x[1]], validation=held, test=([table[1050:], t.test[0][1]], t.test[1])
    )


def raw_elsewhere(t: Training) -> Training:
    """The table is scaled for training, and for nothing else."""
    table, _, _ = raw_rentals()
    held = ([table[900:1050], t.validation[0][1]], t.validation[1])
    return t.but(validation=held, test=([table[1050:], t.test[0][1]], t.test[1]))


def turned_over(t: Training) -> Training:
    """The inputs in the other order."""

    def other(x: Any) -> Any:
        return [x[1], x[0]]

    held = (other(t.validation[0]), t.validation[1])
    return t.but(x=other(t.x), validation=held, test=(other(t.test[0]), t.test[1]))


def both_answers() -> Training:
    """A class and a number; the score is that of the number and of the class, the worse of them."""
    t = two_outputs()
    x, y = t.validation

    def worse(model: Any, training: Training) -> float:
        number, kind = (np.asarray(p) for p in model.predict(x, verbose=0))
        right = float((kind.argmax(-1) == y[1]).mean()) * 2 - 1
        return max(-1.0, min(right, 1 - float(((number - y[0]) ** 2).mean() / y[0].var())))

    return t.but(score=worse)


def large_number(t: Training) -> Training:
    """The number is a price in thousands."""
    y = [t.y[0] * 90_000, t.y[1]]
    return t.but(
        y=y, validation=(t.validation[0], [t.validation[1][0] * 90_000, t.validation[1][1]])
    )


def batches(t: Training, rows: Any, change: Any = lambda x, y: (x, y), steps: int = 36) -> Training:
    """Batches from an endless generator: `rows` gives the rows of each, from a number."""

    def made() -> Iterator[Any]:
        random = np.random.default_rng(0)
        number = 0
        while True:
            chosen = rows(number, random)
            yield change(t.x[chosen], t.y[chosen])
            number += 1

    return t.but(x=made(), y=None, fit={"steps_per_epoch": steps}, batch_size=None)


def drawn(number: int, random: Any) -> Any:
    """Return 32 rows by chance."""
    return random.integers(0, 1100, 32)


def generated() -> Training:
    """Digits from a generator."""
    return batches(digits(), drawn)


def generated_images() -> Training:
    """Images from a generator."""
    return batches(cnn(), drawn)


def by_class(t: Training) -> Training:
    """The generator goes through folders one by one: one class after the other."""
    order = np.argsort(digits().y[:1152], kind="stable")
    return batches(digits(), lambda n, _: order[32 * (n % 36) : 32 * (n % 36) + 32])


def on_their_own(t: Training) -> Training:
    """Images are shuffled in each batch, and their labels are not."""
    random = np.random.default_rng(1)
    return batches(digits(), drawn, lambda x, y: (x[random.permutation(len(x))], y))


def dataset(buffer: int, order: bool = False) -> Training:
    """A Dataset of digits, shuffled within a buffer."""
    t = digits()
    rows = np.argsort(t.y, kind="stable") if order else np.arange(len(t.y))
    data = nn.data.Dataset.from_tensor_slices((t.x[rows], t.y[rows].astype("int64")))
    return t.but(x=data.shuffle(buffer, seed=0).batch(32), y=None, batch_size=None)


class Pages(nn.utils.PyDataset):
    """Batches by their numbers."""

    def __init__(self, x: Any, y: Any, count: int) -> None:
        super().__init__()
        self.x, self.y, self.count = x, y, count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, i: int) -> Any:
        rows = slice(32 * i, 32 * i + 32)
        return self.x[rows], self.y[rows]


def pages(count: int = 35) -> Training:
    """Digits by a class of one's own."""
    t = digits()
    return t.but(x=Pages(t.x, t.y, count), y=None, batch_size=None, epochs=40)


FAULTS = [
    # blog.paperspace.com/combining-multiple-features-outputs-keras
    Fault("rentals: the table is not scaled", "dense", rentals, with_raw_table, ("GD104",)),
    Fault("rentals: scaled for training only", "dense", rentals, raw_elsewhere, ("GD111",)),
    Fault("rentals: inputs in the other order", "dense", rentals, turned_over,
          ("GD105", "GD103")),
    Fault("rentals: districts beyond the table", "dense", rentals,
          lambda t: t.but(model=joined(10)), ("GD105",)),
    Fault("rentals: the table joined with itself", "dense", rentals,
          lambda t: t.but(model=joined(ahead=False)), ("GD212", "GD307")),
    Fault("two answers: a price in thousands beside a class", "dense", both_answers, large_number,
          ("GD113",)),
    Fault(
        "two answers: targets in the other order", "dense", both_answers,
        lambda t: t.but(y=t.y[::-1], validation=(t.validation[0], t.validation[1][::-1])),
        ("GD102", "GD103", "GD203"),
    ),
    # https://github.com/keras-team/keras/issues/3985: the place is set to 0 in each round
    Fault("generated: always the first rows", "dense", generated,
          lambda t: batches(digits(), lambda n, _: np.arange(32)), ("GD601",)),
    # https://github.com/keras-team/keras/issues/12355, /2389
    Fault("generated: images shuffled on their own", "dense", generated, on_their_own,
          ("GD510", "GD605", "GD601")),
    Fault("generated: one class after the other", "dense", generated, by_class, ("GD110",)),
    # https://github.com/keras-team/keras/issues/6499: rescale of one generator only
    Fault("generated: bytes for training, 0 to 1 elsewhere", "images", generated_images,
          lambda t: batches(cnn(), drawn, lambda x, y: (x * 255, y)), ("GD104", "GD111")),
    Fault("generated: one-hot rows for class numbers", "dense", generated,
          lambda t: batches(digits(), drawn, lambda x, y: (x, np.eye(10)[y])),
          ("GD203", "GD103")),
    Fault("generated: one batch an epoch", "dense", generated,
          lambda t: batches(digits(), drawn, steps=1), ("GD216", "GD604", "GD507", "GD602")),
    Fault(
        "generated: noise that hides the images", "images", generated_images,
        lambda t: batches(cnn(), drawn, lambda x, y: (
            x + np.random.default_rng(int(x.sum())).normal(0, 4, x.shape).astype("float32"), y)),
        ("GD111", "GD510", "GD602", "GD603"),
    ),
    # https://stackoverflow.com/questions/46444018: the size of the buffer of shuffle
    Fault("dataset: sorted, and a buffer of ten", "dense", lambda: dataset(1149),
          lambda t: dataset(10, order=True), ("GD110",)),
    Fault("pages: a length of one", "dense", pages, lambda t: pages(1),
          ("GD601", "GD216", "GD604", "GD507")),
    Fault("pages: a rate of 5", "dense", pages,
          lambda t: t.but(optimizer=adam(5.0)), ("GD506", "GD502", "GD503", "GD505")),
]  # fmt: skip

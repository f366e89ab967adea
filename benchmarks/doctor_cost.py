"""What the doctor costs: the same training without it, at level "guard" and at "full", in turns.

python -m benchmarks.doctor_cost            runs of 2,000 steps and more
python -m benchmarks.doctor_cost --quick    a few steps, to see that it works

Each round runs all of them once, in an order that turns; the ratio is the median over the rounds of
the time with the doctor over the time without. Programs are compiled in a round before.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import neurona as nn

L = nn.layers
LEVELS: tuple[Any, ...] = (False, "guard", "full")


class Case(NamedTuple):
    """A training: a compiled model, a batch's worth of data many times, and steps in a run."""

    model: Any
    x: Any
    y: Any
    batch: int
    steps: int


def mlp() -> Case:
    """784-128-64-10, batches of 128: the digits' network."""
    model = nn.Sequential(
        [nn.Input((784,)), L.Dense(128, "relu"), L.Dense(64, "relu"), L.Dense(10, "softmax")]
    )
    return _classes(model, (784,), 128, 6000)


def cnn() -> Case:
    """Two convolutions with batch normalisation, 28 x 28, batches of 64."""
    model = nn.Sequential(
        [
            nn.Input((28, 28, 1)), L.Conv2D(16, 3, activation="relu"), L.BatchNormalization(),
            L.MaxPooling2D(), L.Conv2D(32, 3, activation="relu"), L.MaxPooling2D(), L.Flatten(),
            L.Dense(10, "softmax"),
        ]
    )  # fmt: skip
    return _classes(model, (28, 28, 1), 64, 2000)


def lstm() -> Case:
    """An LSTM of 64 units over 32 steps, batches of 64."""
    model = nn.Sequential([nn.Input((32, 16)), L.LSTM(64), L.Dense(10, "softmax")])
    return _classes(model, (32, 16), 64, 2000)


def gpt() -> Case:
    """Two blocks of width 128, contexts of 64, batches of 16."""
    model = nn.zoo.GPT(65, context=64, depth=2, heads=4, width=128, dropout=0.0)
    model.compile("adam", nn.losses.SparseCategoricalCrossentropy(from_logits=True))
    tokens = np.random.default_rng(0).integers(0, 65, (512, 65))
    return Case(model, tokens[:, :-1], tokens[:, 1:], 16, 2000)


def _classes(model: Any, shape: tuple[int, ...], batch: int, steps: int) -> Case:
    random = np.random.default_rng(0)
    x = random.normal(size=(50 * batch, *shape)).astype("float32")
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Case(model, x, random.integers(0, 10, len(x)), batch, steps)


CASES: dict[str, Callable[[], Case]] = {"MLP": mlp, "CNN": cnn, "LSTM": lstm, "GPT": gpt}


def seconds(case: Case, level: Any, steps: int) -> float:
    """Return how long a training of so many steps takes."""
    epochs = max(1, steps * case.batch // len(case.x))
    begin = time.perf_counter()
    case.model.fit(case.x, case.y, case.batch, epochs=epochs, verbose=0, doctor=level)
    return time.perf_counter() - begin


def ratios(case: Case, steps: int, rounds: int) -> tuple[float, float, float]:
    """Return milliseconds a step without a doctor, and the ratios at both levels."""
    for level in LEVELS:
        seconds(case, level, case.batch and len(case.x) // case.batch)
    times: list[list[float]] = []
    for turn in range(rounds):
        order = [LEVELS[(turn + i) % len(LEVELS)] for i in range(len(LEVELS))]
        found = {level: seconds(case, level, steps) for level in order}
        times.append([found[level] for level in LEVELS])
    table = np.array(times)
    guard, full = np.median(table[:, 1:] / table[:, :1], axis=0)
    return float(np.median(table[:, 0]) / steps * 1e3), float(guard), float(full)


def main() -> None:
    """Print a line for each case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few steps")
    parser.add_argument("--only", nargs="*", choices=list(CASES))
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    nn.config.disable_interactive_logging()  # findings are no part of the time
    print("case   ms/step   guard    full")
    for name in options.only or CASES:
        case = CASES[name]()
        steps, rounds = (50, 1) if options.quick else (case.steps, options.rounds)
        each, guard, full = ratios(case, steps, rounds)
        print(f"{name:5}  {each:7.3f}  {guard - 1:+6.1%}  {full - 1:+6.1%}", flush=True)


if __name__ == "__main__":
    main()

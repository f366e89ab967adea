"""What the doctor costs: the same training without it, at level "guard" and at "full", in turns.

python -m benchmarks.doctor_cost            runs of 5,000 steps: ten epochs of MNIST
python -m benchmarks.doctor_cost --quick    a few steps, to see that it works

Each round runs all of them once from the same weights, in an order that turns; what is printed is
the median over the rounds of the time with the doctor over the time without, by the clock and by
the processor's time. Programs are compiled before. "inside" is the share of a run's time on its
main thread that is spent in the doctor's callbacks: nearly all that it costs, and without the noise
of two runs that are divided. "once" is what is paid only once a model, the
time of a first short fit in a process of its own with the doctor less that without: its rules are
loaded from bytecode, as an installed package is, and the step that looks is compiled, or found in
the cache of code.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import neurona as nn

L = nn.layers
LEVELS: tuple[Any, ...] = (False, "guard", "full")


BATCHES, STEPS = 200, 5000  # in an epoch, and in a run: looks are denser where it begins


class Case(NamedTuple):
    """A training: a compiled model, and data."""

    model: Any
    x: Any
    y: Any
    batch: int


def mlp() -> Case:
    """784-128-64-10, batches of 128: the digits' network."""
    model = nn.Sequential(
        [nn.Input((784,)), L.Dense(128, "relu"), L.Dense(64, "relu"), L.Dense(10, "softmax")]
    )
    return _classes(model, (784,), 128)


def cnn() -> Case:
    """Two convolutions with batch normalisation, 28 x 28, batches of 32."""
    model = nn.Sequential(
        [
            nn.Input((28, 28, 1)), L.Conv2D(16, 3, activation="relu"), L.BatchNormalization(),
            L.MaxPooling2D(), L.Conv2D(32, 3, activation="relu"), L.MaxPooling2D(), L.Flatten(),
            L.Dense(10, "softmax"),
        ]
    )  # fmt: skip
    return _classes(model, (28, 28, 1), 32)


def lstm() -> Case:
    """An LSTM of 64 units over 32 steps, batches of 64."""
    model = nn.Sequential([nn.Input((32, 16)), L.LSTM(64), L.Dense(10, "softmax")])
    return _classes(model, (32, 16), 64)


def gpt() -> Case:
    """Two blocks of width 64, contexts of 64, batches of 8: each token follows from the last."""
    model = nn.zoo.GPT(65, context=64, depth=2, heads=4, width=64, dropout=0.0)
    model.compile("adam", nn.losses.SparseCategoricalCrossentropy(from_logits=True))
    random = np.random.default_rng(0)
    tokens = random.integers(0, 65, (8 * BATCHES, 65))
    for i in range(1, 65):
        follows = random.random(len(tokens)) < 0.7
        tokens[follows, i] = (3 * tokens[follows, i - 1] + 1) % 65
    return Case(model, tokens[:, :-1], tokens[:, 1:], 8)


def _classes(model: Any, shape: tuple[int, ...], batch: int) -> Case:
    """Return a training on ten patterns in noise: one that goes well, as most that are watched."""
    random = np.random.default_rng(0)
    y = random.integers(0, 10, BATCHES * batch)
    patterns = random.normal(size=(10, *shape))
    x = 0.3 * patterns[y] + random.normal(size=(len(y), *shape))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Case(model, x.astype("float32"), y, batch)


CASES: dict[str, Callable[[], Case]] = {"MLP": mlp, "CNN": cnn, "LSTM": lstm, "GPT": gpt}


class Timed(nn.callbacks.Doctor):
    """A Doctor that takes the time of its own calls.

    Attributes:
        inside: seconds of the calling thread.
    """

    inside = 0.0

    def __getattribute__(self, name: str) -> Any:
        """Return an attribute; one that a training calls, with a clock around it."""
        found = super().__getattribute__(name)
        return self._timed(found) if name.startswith("on_") else found

    def _timed(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any) -> Any:
            begin = time.thread_time()
            call(*args)
            self.inside += time.thread_time() - begin

        return timed


def seconds(case: Case, level: Any, steps: int) -> tuple[float, float]:
    """Return how long a training of so many steps takes, by the clock and the processor's time."""
    epochs = max(1, steps // BATCHES)
    rows = slice(min(steps, BATCHES) * case.batch)
    begin = time.perf_counter(), time.process_time()
    case.model.fit(case.x[rows], case.y[rows], case.batch, epochs=epochs, verbose=0, doctor=level)
    return time.perf_counter() - begin[0], time.process_time() - begin[1]


def measured(case: Case, steps: int, rounds: int) -> tuple[float, np.ndarray]:
    """Return milliseconds a step without a doctor, and what the levels add: (clock, CPU) each."""
    for level in LEVELS:
        seconds(case, level, 4)
    start = [p.numpy() for p in case.model.weights]
    times = np.empty((rounds, len(LEVELS), 2))
    for turn in range(rounds):
        for i in range(len(LEVELS)):
            k = (turn + i) % len(LEVELS)
            case.model.set_weights(start)
            times[turn, k] = seconds(case, LEVELS[k], steps)
    added = np.median(times[:, 1:] / times[:, :1], axis=0) - 1
    return float(np.median(times[:, 0, 0]) / steps * 1e3), added


def inside(case: Case, level: Any, steps: int) -> float:
    """Return the share of a training's time on its thread that is spent in the doctor's calls."""
    doctor, begin = Timed(level), time.thread_time()
    seconds(case, doctor, steps)
    return doctor.inside / (time.thread_time() - begin)


def once(name: str) -> float:
    """Return the seconds of CPU that a first fit takes more, in processes of their own."""
    found: dict[str, list[float]] = {"False": [], "'guard'": []}
    keeping = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    for level in [*found] * 4:  # the first of each may have to compile
        code = (
            "from benchmarks import doctor_cost as d; d.nn.config.disable_interactive_logging(); "
            f"print(d.seconds(d.CASES[{name!r}](), {level}, 4)[1])"
        )
        told = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=keeping
        )
        found[level].append(float(told.stdout))
    without, guard = (float(np.median(times[1:])) for times in found.values())
    return guard - without


def main() -> None:
    """Print a line for each case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few steps")
    parser.add_argument("--only", nargs="*", choices=list(CASES))
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    nn.config.disable_interactive_logging()  # findings are no part of the time
    print(
        "case   ms/step    guard     full   by CPU:  guard     full   inside:  guard   full    once"
    )
    for name in options.only or CASES:
        case = CASES[name]()
        steps, rounds = (50, 1) if options.quick else (STEPS, options.rounds)
        each, ((guard, guard_cpu), (full, full_cpu)) = measured(case, steps, rounds)
        print(
            f"{name:5}  {each:7.3f}  {guard:+7.1%}  {full:+7.1%}         {guard_cpu:+7.1%}  "
            f"{full_cpu:+7.1%}          {inside(case, 'guard', steps):5.1%}  "
            f"{inside(case, 'full', steps):5.1%}  {once(name):5.2f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()

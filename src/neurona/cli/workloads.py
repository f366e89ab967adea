"""What `neurona bench` times: small models on random data, through the library as users call it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

SECONDS = 0.15  # for each of the timed rounds
ROUNDS = 3


@dataclass(frozen=True)
class Workload:
    """A model that is trained, or asked, on some rows.

    Attributes:
        name: as it is shown.
        model: makes it, compiled.
        shape: of one sample.
        batch: rows of a step.
        steps: of an epoch.
        classes: how many labels there are; 0 for predictions.
    """

    name: str
    model: Callable[[], Any]
    shape: tuple[int, ...]
    batch: int
    steps: int = 1
    classes: int = 0


@dataclass(frozen=True)
class Timing:
    """How a workload went.

    Attributes:
        seconds: of a step, the best of some rounds.
        first: seconds from the model's making to the end of the first step.
        products: multiplications in the matrix products and convolutions of a step.
    """

    seconds: float
    first: float
    products: int


def measure(workload: Workload) -> Timing:
    """Time a workload with the engine and the threads of the settings."""
    begin = time.perf_counter()
    model = workload.model()
    rng, rows = np.random.default_rng(0), workload.batch * workload.steps
    x = rng.random((rows, *workload.shape), np.float32)
    if workload.classes:
        y = rng.integers(0, workload.classes, rows).astype(np.int32)
        _train(model, x, y, workload.batch, 1)
        step = model.training_step()

        def run(count: int) -> None:
            _train(model, x, y, workload.batch, count)
    else:
        _predict(model, x, 1)
        step = model.prediction_step()

        def run(count: int) -> None:
            _predict(model, x, count)

    first = time.perf_counter() - begin
    (compiled,) = step.programs.values()
    seconds = _fastest(run) / workload.steps
    return Timing(seconds, first, compiled.program.cost()["products"])


def _train(model: Any, x: np.ndarray, y: np.ndarray, batch: int, epochs: int) -> None:
    model.fit(x, y, batch_size=batch, epochs=epochs, verbose=0)


def _predict(model: Any, x: np.ndarray, times: int) -> None:
    for _ in range(times):
        model.predict(x, batch_size=len(x), verbose=0)


def _fastest(run: Callable[[int], None]) -> float:
    """Return the seconds of one of `run(count)`; counts grow until they take long enough."""
    count, seconds = 1, _seconds(run, 1)
    while seconds < SECONDS / 2:
        count = max(2 * count, int(0.8 * count * SECONDS / seconds))
        seconds = _seconds(run, count)
    return min(seconds, *(_seconds(run, count) for _ in range(ROUNDS - 1))) / count


def _seconds(run: Callable[[int], None], count: int) -> float:
    begin = time.perf_counter()
    run(count)
    return time.perf_counter() - begin


def _xor() -> Any:
    from neurona import layers, models, optimizers

    model = models.Sequential([
        layers.Input((2,)),
        layers.Dense(4, activation="sigmoid"),
        layers.Dense(1, activation="sigmoid"),
    ])  # fmt: skip
    model.compile(optimizers.SGD(0.5), "mse")
    return model


def _mlp() -> Any:
    from neurona import layers, models

    model = models.Sequential([
        layers.Input((784,)),
        layers.Dense(128, activation="relu"),
        layers.Dropout(0.2),
        layers.Dense(10, activation="softmax"),
    ])  # fmt: skip
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def _cnn() -> Any:
    from neurona import layers, models

    model = models.Sequential([
        layers.Input((28, 28, 1)),
        layers.Conv2D(16, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(32, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ])  # fmt: skip
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


WORKLOADS = (
    Workload("XOR 2-4-1, all 4 rows", _xor, (2,), 4, classes=2),
    Workload("MLP 784-128-10, batch 32", _mlp, (784,), 32, 64, classes=10),
    Workload("MLP 784-128-10, batch 128", _mlp, (784,), 128, 16, classes=10),
    Workload("CNN 28x28, batch 64", _cnn, (28, 28, 1), 64, 4, classes=10),
    Workload("MLP, predict 1 row", _mlp, (784,), 1),
    Workload("MLP, predict 10,000 rows", _mlp, (784,), 10_000),
)

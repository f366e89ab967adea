"""Predictions of the MNIST MLP for 1 row, 10,000 rows and 300 different numbers of rows.

    python -m benchmarks.serving [threads]

Beside it NumPy by hand, and PyTorch where it is installed; interleaved, minimum of the repeats.
"""

from __future__ import annotations

import importlib.util
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import neurona as nn
from neurona import config, layers, models

ROWS = 10_000


def by_hand(weights: list[np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    """Return the model as NumPy would have it."""
    k1, b1, k2, b2 = weights

    def predict(x: np.ndarray) -> np.ndarray:
        z = np.maximum(x @ k1 + b1, 0) @ k2 + b2
        e = np.exp(z - z.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    return predict


def with_torch(weights: list[np.ndarray], threads: int) -> Callable[[np.ndarray], Any] | None:
    """Return the model in PyTorch; None where there is none."""
    if importlib.util.find_spec("torch") is None:
        return None
    import torch

    torch.set_num_threads(threads)
    k1, b1, k2, b2 = (torch.tensor(w) for w in weights)

    def predict(x: np.ndarray) -> Any:
        with torch.inference_mode():
            return torch.softmax(torch.relu(torch.from_numpy(x) @ k1 + b1) @ k2 + b2, 1).numpy()

    return predict


def fastest(ways: dict[str, Callable], x: np.ndarray, calls: int, repeats: int = 9) -> dict:
    """Return the time of each way in microseconds a call."""
    found = dict.fromkeys(ways, float("inf"))
    for name in [*ways] * repeats:
        start = time.perf_counter()
        for _ in range(calls):
            ways[name](x)
        found[name] = min(found[name], (time.perf_counter() - start) / calls * 1e6)
    return found


def main(threads: int) -> None:
    """Print a table."""
    config.set_threads(threads)
    nn.utils.set_random_seed(0)
    model = models.Sequential(
        [layers.Input((784,)), layers.Dense(128, "relu"), layers.Dense(10, "softmax")]
    )
    x = np.random.default_rng(0).random((ROWS, 784), np.float32)
    weights = model.get_weights()
    ways = {"neurona": lambda x: model.predict(x, verbose=0), "numpy": by_hand(weights)}
    if (torch := with_torch(weights, threads)) is not None:
        ways["torch"] = torch
    for rows, calls in ((1, 300), (ROWS, 1)):
        for way in ways.values():
            way(x[:rows])
        times = fastest(ways, x[:rows], calls)
        print(f"{rows:6} rows:", ", ".join(f"{k} {v:,.1f} us" for k, v in times.items()))
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    for rows in range(1, 301):
        model.predict(x[:rows], verbose=0)
    seconds = time.perf_counter() - start
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"300 numbers: {seconds / 300 * 1e3:.2f} ms a call, {memory:.0f} MB more")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)

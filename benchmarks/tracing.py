"""How long tracing a training step takes, and the ratio to another version of the library.

    python -m benchmarks.tracing --other ../before/src

The step of a small ResNet: 28 layers, 1,900 nodes with gradients and Adam. Each figure is the
shortest of some tracings in a fresh process; processes of both versions take turns.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import os
import statistics
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

TRACINGS = 6  # in a process
OURS = str(Path(__file__).parents[1] / "src")


def model() -> Any:
    """Return nine residual blocks, compiled with Adam."""
    import neurona as nn

    layers = nn.layers

    def convolve(x: Any, channels: int, stride: int = 1) -> Any:
        x = layers.Conv2D(channels, 3, stride, padding="same", use_bias=False)(x)
        return layers.BatchNormalization()(x)

    inputs = nn.Input((32, 32, 3))
    x = layers.Activation("relu")(convolve(inputs, 16))
    for group, channels in enumerate((16, 32, 64)):
        for block in range(3):
            stride = 2 if group and not block else 1
            h = layers.Activation("relu")(convolve(x, channels, stride))
            x = layers.Conv2D(channels, 1, stride)(x) if stride > 1 else x
            x = layers.Activation("relu")(layers.Add()([convolve(h, channels), x]))
    made = nn.Model(inputs, layers.Dense(10, "softmax")(layers.GlobalAveragePooling2D()(x)))
    made.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return made


def shortest() -> float:
    """Return the shortest time of some tracings of the step, in milliseconds."""
    from neurona.train.steps import rehearse

    made = model()
    batch = np.zeros((8, 32, 32, 3), np.float32), np.zeros(8, np.int32), None
    rehearse(made, batch, "train")
    step = made.training_step()
    tracer = importlib.import_module("neurona.nn.pure")
    trace, times = tracer.trace, []

    class Traced(Exception):
        """Ends a step before anything is compiled."""

    def timed(*arguments: Any) -> None:
        begin = perf_counter()
        trace(*arguments)
        times.append(perf_counter() - begin)
        raise Traced

    vars(tracer)["trace"] = timed
    gc.disable()
    for _ in range(TRACINGS):
        try:
            step.program(*batch)
        except Traced:
            gc.collect()
    return min(times) * 1e3


def fresh(source: str) -> float:
    """Return what `shortest` returns, in a process of its own with this version of the library."""
    command = [sys.executable, "-m", "benchmarks.tracing", "--one"]
    environment = {**os.environ, "PYTHONPATH": source}
    found = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return float(found.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--other", help="the folder `src` of another version")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        return print(shortest(), flush=True)
    sources = [OURS] + ([options.other] if options.other else [])
    times: dict[str, list[float]] = {source: [] for source in sources}
    for number in range(options.rounds):
        for source in sources[:: 1 if number % 2 else -1]:
            times[source].append(fresh(source))
    for source, found in times.items():
        print(f"{min(found):8.1f} ms  {source}")
    if options.other:
        ours, others = times.values()
        ratios = [a / b for a, b in zip(ours, others, strict=True)]
        least, middle = min(ours) / min(others), statistics.median(ratios)
        print(f"ratio {least:.3f} of minima, {middle:.3f} median of ratios")
    return None


if __name__ == "__main__":
    main()

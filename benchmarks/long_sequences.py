"""Long sequences: seconds to the first training step, and memory, as the length grows.

    python -m benchmarks.long_sequences

Each case is a process of its own without kept code: a training step (forward, backward, Adam) of
one sequence. The seconds are those of the first step, compiling it included, and of a later one;
the memory is what the process needs beyond that of a step of the shortest sequence.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time

import numpy as np

CASES = {
    "LSTM of 64": (100, 1_000, 10_000),
    "GRU of 64": (100, 1_000, 10_000),
    "causal attention, 4 heads of 32": (256, 1_024, 4_096),
}


def step(name: str, length: int) -> tuple[float, float, float]:
    """Return the seconds of the first and of a later step, and the peak of memory in bytes."""
    import neurona as nn
    from neurona import layers

    nn.config.set_threads(1)
    x = np.random.default_rng(0).normal(size=(1, length, 32)).astype("float32")
    inputs = nn.Input((length, 32))
    if "attention" in name:
        y = layers.MultiHeadAttention(4, 32)(inputs, inputs, use_causal_mask=True)
    else:
        kind = layers.LSTM if name.startswith("LSTM") else layers.GRU
        y = layers.Dense(32)(kind(64, return_sequences=True)(inputs))
    model = nn.Model(inputs, y)
    model.compile("adam", "mse")
    seconds = []
    for _ in range(4):
        start = time.perf_counter()
        model.train_on_batch(x, x)
        seconds.append(time.perf_counter() - start)
    return seconds[0], min(seconds[1:]), 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> None:
    """Run all cases, each in a process of its own."""
    if len(sys.argv) > 1:
        print(*step(sys.argv[1], int(sys.argv[2])))
        return
    print(f"{'layer':34}{'steps':>7}{'first step':>12}{'later':>10}{'memory':>11}")
    for name, lengths in CASES.items():
        least = 0.0
        for length in lengths:
            command = [sys.executable, "-m", "benchmarks.long_sequences", name, str(length)]
            given = {**os.environ, "NEURONA_CODE_CACHE": "0"}
            out = subprocess.run(command, env=given, check=True, capture_output=True, text=True)
            first, later, peak = map(float, out.stdout.split())
            least = least or peak
            print(
                f"{name:34}{length:>7,}{first:>10.2f} s{later * 1e3:>7.1f} ms"
                f"{(peak - least) / 1e6:>8.1f} MB"
            )


if __name__ == "__main__":
    main()

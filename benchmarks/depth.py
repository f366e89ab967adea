"""How long the first step of a deep network takes: 4, 16 and 48 equal residual blocks.

    python -m benchmarks.depth --python peers/bin/python

Each figure is of a fresh process: the import, and the time from there to the end of the first step
of training, with an empty cache on disk and once more with what that process left there. A block
is two 3x3 convolutions with batch normalisation; 32 channels on images of 8x8, batch 8, Adam.
"""

from __future__ import annotations

import argparse
import importlib
import json
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.peers import PEERS, limit
from benchmarks.process import Interpreters, Process

CHANNELS, SIZE, BATCH, CLASSES = 32, 8, 8, 10
MEASURED = ("neurona", "torch", "torch-compile", "jax")


def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((BATCH, SIZE, SIZE, CHANNELS), np.float32)
    return x, rng.integers(0, CLASSES, BATCH).astype(np.int32)


def neurona(blocks: int) -> Callable[[], Any]:
    import neurona as nn

    layers = nn.layers

    def convolve(x: Any) -> Any:
        x = layers.Conv2D(CHANNELS, 3, padding="same", use_bias=False)(x)
        return layers.BatchNormalization()(x)

    inputs = x = nn.Input((SIZE, SIZE, CHANNELS))
    for _ in range(blocks):
        h = layers.Activation("relu")(convolve(x))
        x = layers.Activation("relu")(layers.Add()([convolve(h), x]))
    x = layers.Dense(CLASSES)(layers.GlobalAveragePooling2D()(x))
    model = nn.Model(inputs, x)
    loss = nn.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=nn.optimizers.Adam(1e-3), loss=loss)
    x, y = data()
    return lambda: model.fit(x, y, batch_size=BATCH, epochs=1, verbose=0)


def torch(blocks: int, compiled: bool = False) -> Callable[[], Any]:
    import torch
    from torch import nn
    from torch.nn import functional as F

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.convolutions = nn.ModuleList(
                nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1, bias=False) for _ in range(2)
            )
            self.norms = nn.ModuleList(nn.BatchNorm2d(CHANNELS) for _ in range(2))

        def forward(self, x: Any) -> Any:
            h = F.relu(self.norms[0](self.convolutions[0](x)))
            return F.relu(self.norms[1](self.convolutions[1](h)) + x)

    tail = nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(CHANNELS, CLASSES)
    model: Any = nn.Sequential(*(Block() for _ in range(blocks)), *tail)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3, fused=True)
    x, y = data()
    images = torch.from_numpy(x).permute(0, 3, 1, 2).contiguous()
    labels = torch.from_numpy(y.astype(np.int64))
    if compiled:
        model = torch.compile(model)

    def step() -> float:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        return float(loss)

    return step


def jax(blocks: int) -> Callable[[], Any]:
    import os

    import jax
    import jax.numpy as jnp

    jax.config.update("jax_compilation_cache_dir", os.environ["XDG_CACHE_HOME"])
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)

    def convolve(x: Any, kernel: Any, scale: Any, offset: Any) -> Any:
        names = ("NHWC", "HWIO", "NHWC")
        x = jax.lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=names)
        mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
        normal = (x - mean) * jax.lax.rsqrt(variance + 1e-3) * scale + offset
        return normal, (mean, variance)

    def loss_of(weights: Any, x: Any, y: Any) -> Any:
        *convolutions, (w, b) = weights
        found = []
        for first, second in zip(convolutions[::2], convolutions[1::2], strict=True):
            h, seen = convolve(x, *first)
            g, also = convolve(jax.nn.relu(h), *second)
            x = jax.nn.relu(g + x)
            found += [seen, also]
        logits = x.mean((1, 2)) @ w + b
        rows = jnp.arange(BATCH)
        return -jax.nn.log_softmax(logits)[rows, y].mean(), found

    @jax.jit
    def step(state: Any, x: Any, y: Any) -> Any:
        weights, m, v, means, t = state
        (loss, found), g = jax.value_and_grad(loss_of, has_aux=True)(weights, x, y)
        means = jax.tree.map(lambda mean, now: 0.99 * mean + 0.01 * now, means, found)
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
        rate = 1e-3 * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        weights = jax.tree.map(lambda w, m, v: w - rate * m / (jnp.sqrt(v) + 1e-7), weights, m, v)
        return (weights, m, v, means, t + 1), loss

    rng = np.random.default_rng(0)

    def normal(*shape: int) -> np.ndarray:
        return 0.05 * rng.standard_normal(shape, np.float32)

    one, zero = np.ones(CHANNELS, np.float32), np.zeros(CHANNELS, np.float32)
    convolutions = [(normal(3, 3, CHANNELS, CHANNELS), one, zero) for _ in range(2 * blocks)]
    weights = [*convolutions, (normal(CHANNELS, CLASSES), np.zeros(CLASSES, np.float32))]
    none = jax.tree.map(np.zeros_like, weights)
    state = weights, none, none, [(zero, one)] * (2 * blocks), np.float32(1)
    x, y = data()
    return lambda: float(step(state, x, y)[1])


def one(peer: str, blocks: int) -> dict[str, float]:
    """Return the seconds of the import and of the first step, in this process."""
    limit(1)
    data()
    begin = perf_counter()
    importlib.import_module(PEERS[peer].module)
    imported = perf_counter()
    build = {
        "neurona": neurona,
        "torch": torch,
        "torch-compile": lambda blocks: torch(blocks, compiled=True),
        "jax": jax,
    }
    build[peer](blocks)()
    return {"import": imported - begin, "first step": perf_counter() - imported}


def fresh(interpreters: Interpreters, peer: str, blocks: int, cache: Path) -> dict[str, Any]:
    """Return what `one` does, in a process of its own."""
    python = interpreters.ours if PEERS[peer].kind == "ours" else interpreters.peers
    command = [python, "-m", "benchmarks.depth", "--one", peer, "--blocks", str(blocks)]
    process = Process(command, cache)
    answer = process.answer()
    process.close()
    return answer


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--python", default=sys.executable, help="of the peers")
    parser.add_argument("--peers", default=",".join(MEASURED))
    parser.add_argument("--blocks", default="4,16,48")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    sizes = [int(n) for n in options.blocks.split(",")]
    if options.one:
        return print(json.dumps(one(options.one, sizes[0])), flush=True)
    interpreters = Interpreters(sys.executable, options.python)
    print("| peer | blocks | import, s | first step, cold, s | from the cache, s |")
    print("| --- | --- | --- | --- | --- |")
    for peer in options.peers.split(","):
        for blocks in sizes:
            rounds = []
            for _ in range(options.rounds):
                with tempfile.TemporaryDirectory() as folder:
                    rounds.append(
                        [fresh(interpreters, peer, blocks, Path(folder)) for _ in range(2)]
                    )
            if errors := [run["error"] for pair in rounds for run in pair if "error" in run]:
                print(f"| {peer} | {blocks} | {errors[0]} | | |", flush=True)
                continue
            imports = statistics.median(run["import"] for pair in rounds for run in pair)
            cold, cached = (statistics.median(p[k]["first step"] for p in rounds) for k in (0, 1))
            print(f"| {peer} | {blocks} | {imports:.2f} | {cold:.2f} | {cached:.2f} |", flush=True)
    return None


if __name__ == "__main__":
    main()

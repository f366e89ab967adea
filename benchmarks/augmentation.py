"""Images a second of the usual augmentation, beside torch, Keras and the training step itself.

    peers/bin/python -m benchmarks.augmentation [--rounds 5] [--sizes 28x1,32x3,224x3]

The chain: flip, rotation, zoom, translation, contrast. "One map" multiplies the three moves and
looks pixels up once. torch does what torchvision does, `affine_grid` and `grid_sample`. The last
columns are a training step of the CNN of the workload `cnn`, 32 and 64 filters, without the chain
and with it among its layers. One process and one thread, taking turns; least times of the
processor, so that others on the machine disturb little.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np

BATCH = {28: 128, 32: 128, 224: 16}
FACTOR = 0.1
Way = Callable[[np.ndarray], Any]


def chain(layers: Any, one_map: bool = False) -> list:
    """Return the layers, of neurona or of Keras."""
    moves = [
        layers.RandomRotation(FACTOR),
        layers.RandomZoom(FACTOR),
        layers.RandomTranslation(FACTOR, FACTOR),
    ]
    moves = [layers.RandomAffine(moves)] if one_map else moves
    return [layers.RandomFlip("horizontal"), *moves, layers.RandomContrast(FACTOR, (0, 1))]


def ours(one_map: bool) -> Way:
    """Return the chain as one program."""
    import neurona as nn

    steps = chain(nn.layers, one_map)

    def augment(x: Any) -> Any:
        for layer in steps:
            x = layer(x, training=True)
        return x

    return nn.jit(augment)


def torchs(one_map: bool) -> Way:
    """Return the same of torch; the images have their channels first."""
    import torch
    from torch.nn.functional import affine_grid, grid_sample

    def maps(batch: int) -> list:
        def drawn() -> Any:
            return (2 * torch.rand(batch) - 1) * FACTOR

        t, u, one, zero = drawn() * 2 * np.pi, 1 + drawn(), torch.ones(batch), torch.zeros(batch)
        cos, sin = torch.cos(t), torch.sin(t)
        rows = (
            (cos, -sin, zero, sin, cos, zero),
            (u, zero, zero, zero, u, zero),
            (one, zero, 2 * drawn(), zero, one, 2 * drawn()),
        )
        return [torch.stack(row, 1).reshape(batch, 2, 3) for row in rows]

    def product(a: Any, b: Any) -> Any:
        last = torch.tensor([0.0, 0.0, 1.0]).expand(len(a), 1, 3)
        return a @ torch.cat([b, last], 1)

    def augment(x: Any) -> Any:
        batch = len(x)
        x = torch.where(torch.rand(batch, 1, 1, 1) < 0.5, x.flip(3), x)
        several = maps(batch)
        if one_map:
            several = [product(product(several[0], several[1]), several[2])]
        for m in several:
            grid = affine_grid(m, x.shape, align_corners=False)
            x = grid_sample(x, grid, padding_mode="reflection", align_corners=False)
        d = 1 + (2 * torch.rand(batch, 1, 1, 1) - 1) * FACTOR
        mean = x.mean((2, 3), keepdim=True)
        return ((x - mean) * d + mean).clamp(0, 1)

    return lambda x: augment(torch.from_numpy(x.transpose(0, 3, 1, 2)).contiguous())


def kerass() -> Way:
    """Return Keras's layers, called as in a pipeline."""
    import keras

    steps = chain(keras.layers)

    def augment(x: Any) -> Any:
        for layer in steps:
            x = layer(x, training=True)
        return np.asarray(x)

    return augment


def training(size: int, channels: int, augmented: bool, x: np.ndarray) -> Callable[[], Any]:
    """Return an epoch of the CNN, with the chain among its layers or without."""
    import neurona as nn

    layers = nn.layers
    model = nn.Sequential([
        layers.Input((size, size, channels)),
        *(chain(layers) if augmented else []),
        layers.Conv2D(32, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(64, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dropout(0.5),
        layers.Dense(10),
    ])  # fmt: skip
    loss = nn.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(nn.optimizers.Adam(1e-3), loss)
    y = np.arange(len(x)) % 10
    return lambda: model.fit(x, y, batch_size=BATCH[size], epochs=1, verbose=0)


def timed(ways: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Return the least seconds of each, which take turns."""
    for way in ways.values():
        way()
    found = dict.fromkeys(ways, float("inf"))
    for name in [*ways] * rounds:
        start = time.process_time()
        ways[name]()
        found[name] = min(found[name], time.process_time() - start)
    return found


def measure(size: int, channels: int, rounds: int, peers: list[str]) -> str:
    """Return a row of the table."""
    batch = BATCH[size]
    x = np.random.default_rng(0).random((batch, size, size, channels), np.float32)
    chains: dict[str, Way] = {"neurona": ours(False), "one map": ours(True)}
    if "torch" in peers:
        chains |= {"torch": torchs(False), "torch, one map": torchs(True)}
    seconds = timed({name: (lambda f=f: f(x)) for name, f in chains.items()}, rounds)
    if "keras" in peers:  # apart, for it takes long
        augment = kerass()
        seconds |= timed({"keras": lambda: augment(x)}, 2)
    steps = 4
    rows = np.concatenate([x] * steps)
    epochs = {k: training(size, channels, k == "with", rows) for k in ("without", "with")}
    epoch = timed(epochs, rounds)
    cells = [f"{batch / seconds[k]:,.0f}" if k in seconds else "" for k in COLUMNS]
    without, augmented = (epoch[k] / steps * 1e3 for k in ("without", "with"))
    cells += [f"{without:.2f}", f"{augmented:.2f}", f"{100 * (augmented / without - 1):.0f} %"]
    return "| " + " | ".join([f"{size}x{size}x{channels}", *cells]) + " |"


COLUMNS = ("neurona", "one map", "torch", "torch, one map", "keras")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sizes", default="28x1,32x3,224x3")
    parser.add_argument("--peers", default="torch,keras")
    options = parser.parse_args()
    for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NEURONA_THREADS"):
        os.environ[variable] = "1"
    os.environ.setdefault("KERAS_BACKEND", "jax")
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
    peers = [p for p in options.peers.split(",") if p]
    if "torch" in peers:
        import torch

        torch.set_num_threads(1)
    head = ["images", *(f"{c}, images/s" for c in COLUMNS), "step, ms", "with it", "more"]
    print("| " + " | ".join(head) + " |\n|" + " --- |" * len(head))
    for size in options.sizes.split(","):
        side, channels = map(int, size.split("x"))
        print(measure(side, channels, options.rounds, peers), flush=True)


if __name__ == "__main__":
    main()

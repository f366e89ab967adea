"""Recurrent networks: a language model of characters, and a classifier of recordings."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from benchmarks import floor, jax_loops, loops
from benchmarks.workload import Run, Task, Workload, glorot

SYMBOLS, WIDTH, UNITS, LENGTH, BATCH = 65, 64, 128, 64, 32
FRAMES, BANDS, HALF, CLASSES = 100, 13, 64, 10
ROWS = BATCH * 20


# --- char-lstm: embedding 64, LSTM 128, 65 symbols ------------------------------------------------


@cache
def text() -> tuple[np.ndarray, np.ndarray]:
    """Random symbols, and those that follow."""
    rows = np.random.default_rng(0).integers(0, SYMBOLS, (ROWS, LENGTH + 1)).astype(np.int32)
    return rows[:, :-1].copy(), rows[:, 1:].copy()


def text_weights() -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    return [
        glorot(rng, SYMBOLS, WIDTH), *recurrent(rng, WIDTH, UNITS, 4),
        glorot(rng, UNITS, SYMBOLS), np.zeros(SYMBOLS, np.float32),
    ]  # fmt: skip


def recurrent(rng: np.random.Generator, size: int, units: int, gates: int) -> list[np.ndarray]:
    """Kernel, recurrent kernel and bias, in Keras's order."""
    bias = np.zeros((2, 3 * units) if gates == 3 else 4 * units, np.float32)
    return [glorot(rng, size, gates * units), glorot(rng, units, gates * units), bias]


def text_model(keras: Any) -> Any:
    model = keras.Sequential([
        keras.layers.Input((LENGTH,), dtype="int32"),
        keras.layers.Embedding(SYMBOLS, WIDTH),
        keras.layers.LSTM(UNITS, return_sequences=True),
        keras.layers.Dense(SYMBOLS),
    ])  # fmt: skip
    return compiled(keras, model, text_weights())


def compiled(keras: Any, model: Any, weights: list[np.ndarray]) -> Any:
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=loss)
    model.set_weights(weights)
    return model


def text_torch(task: Task, batch: int) -> Run:
    import torch

    table, *lstm, kernel, bias = text_weights()
    embed, head = torch.nn.Embedding(SYMBOLS, WIDTH), torch.nn.Linear(UNITS, SYMBOLS)
    cell = torch.nn.LSTM(WIDTH, UNITS, batch_first=True)
    with torch.no_grad():
        embed.weight.copy_(torch.from_numpy(table))
        put_torch(cell, "l0", lstm)
        head.weight.copy_(torch.from_numpy(kernel.T))
        head.bias.copy_(torch.from_numpy(bias))
    parameters = [*embed.parameters(), *cell.parameters(), *head.parameters()]

    def loss_of(x: Any, y: Any) -> Any:
        scores = head(cell(embed(x))[0])
        return torch.nn.functional.cross_entropy(scores.view(-1, SYMBOLS), y.view(-1))

    return torch_loop(task, parameters, loss_of, text(), batch)


def put_torch(cell: Any, name: str, weights: list[np.ndarray]) -> None:
    """Give a recurrent layer of torch our weights; a GRU of torch has the gates as r, z, h."""
    import torch

    kernel, state, bias = weights
    biases = (bias, np.zeros_like(bias)) if bias.ndim == 1 else bias
    for kind, w in zip(
        ("weight_ih", "weight_hh", "bias_ih", "bias_hh"), (kernel, state, *biases), strict=True
    ):
        if bias.ndim == 2:
            z, r, h = np.split(w, 3, axis=-1)
            w = np.concatenate([r, z, h], axis=-1)
        getattr(cell, f"{kind}_{name}").copy_(torch.from_numpy(np.ascontiguousarray(w.T)))


def torch_loop(task: Task, parameters: Any, loss_of: Any, data: tuple, batch: int) -> Run:
    import torch

    optimizer = torch.optim.Adam(parameters, 1e-3, eps=1e-7, fused=True)
    x, y = data
    x = x.astype(np.int64) if x.dtype.kind == "i" else x
    tensors = torch.from_numpy(x), torch.from_numpy(y.astype(np.int64))
    return loops.torch(task, loss_of, optimizer, tensors, batch, compiled=False)


def text_jax(task: Task, batch: int) -> Run:
    import jax
    import jax.numpy as jnp

    def loss_of(weights: Any, key: Any, x: Any, y: Any) -> Any:
        table, w, u, b, kernel, bias = weights
        z = table[x.T] @ w + b  # (T, B, 4 units)

        def step(state: Any, z_t: Any) -> Any:
            h, c = state
            i, f, g, o = jnp.split(z_t + h @ u, 4, axis=-1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            h = jax.nn.sigmoid(o) * jnp.tanh(c)
            return (h, c), h

        start = jnp.zeros((batch, UNITS))
        scores = jax.nn.log_softmax(jax.lax.scan(step, (start, start), z)[1] @ kernel + bias)
        return -jnp.take_along_axis(scores, y.T[..., None], axis=-1).mean()

    return jax_loops.per_step(task, loss_of, text_weights(), text(), batch, ROWS)


def text_products(task: Task, batch: int) -> Run:
    return floor.products([
        *steps(batch, LENGTH, WIDTH, UNITS, 4, first=False),
        *floor.network(batch * LENGTH, UNITS, SYMBOLS),
        ("nt", batch * LENGTH, SYMBOLS, UNITS),
    ])  # fmt: skip


def steps(
    batch: int, length: int, size: int, units: int, gates: int, first: bool
) -> list[tuple[str, int, int, int]]:
    """The products of a recurrent layer: x for all steps at once, the state step by step."""
    rows, width = batch * length, gates * units
    return [
        ("nn", rows, size, width), ("tn", size, rows, width),
        *([] if first else [("nt", rows, width, size)]),
        *[("nn", batch, units, width), ("nt", batch, width, units)] * length,
        ("tn", units, rows, width),
    ]  # fmt: skip


CHAR_LSTM = Workload(
    f"characters: embedding {WIDTH}, LSTM {UNITS}, {SYMBOLS} symbols, {LENGTH} steps, Adam",
    {f"batch {BATCH}": (BATCH, ROWS // BATCH)},
    {
        "neurona": lambda task, batch: loops.fit(text_model(task.neurona()), task, *text(), batch),
        "torch": text_torch,
        "jax": text_jax,
        "keras-jax": lambda task, batch: loops.fit(keras_text(), task, *text(), batch),
        "floor": text_products,
    },
    text,
    check=4,
    notes={
        "torch": "its fused LSTM",
        "neurona": "multiplies the table of the embedding, not each of its vectors",
        "floor": "with a product for each vector",
    },
    threads=(1, 2),
    starts=True,
)


def keras_text() -> Any:
    import keras

    return text_model(keras)


# --- speech-gru: two bidirectional GRUs of 64 on 100 frames of 13 numbers -------------------------


@cache
def speech() -> tuple[np.ndarray, np.ndarray]:
    """Random frames and classes."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, FRAMES, BANDS)).astype(np.float32)
    return x, rng.integers(0, CLASSES, ROWS).astype(np.int32)


def speech_weights() -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    sizes = (BANDS, BANDS, 2 * HALF, 2 * HALF)
    layers = [w for size in sizes for w in recurrent(rng, size, HALF, 3)]
    return [*layers, glorot(rng, 2 * HALF, CLASSES), np.zeros(CLASSES, np.float32)]


def speech_model(keras: Any) -> Any:
    layers = keras.layers
    model = keras.Sequential([
        layers.Input((FRAMES, BANDS)),
        layers.Bidirectional(layers.GRU(HALF, return_sequences=True)),
        layers.Bidirectional(layers.GRU(HALF)),
        layers.Dense(CLASSES),
    ])  # fmt: skip
    return compiled(keras, model, speech_weights())


def keras_speech() -> Any:
    import keras

    return speech_model(keras)


def speech_torch(task: Task, batch: int) -> Run:
    import torch

    *weights, kernel, bias = speech_weights()
    cell = torch.nn.GRU(BANDS, HALF, 2, batch_first=True, bidirectional=True)
    head = torch.nn.Linear(2 * HALF, CLASSES)
    with torch.no_grad():
        for number, name in enumerate(("l0", "l0_reverse", "l1", "l1_reverse")):
            put_torch(cell, name, weights[3 * number : 3 * number + 3])
        head.weight.copy_(torch.from_numpy(kernel.T))
        head.bias.copy_(torch.from_numpy(bias))

    def loss_of(x: Any, y: Any) -> Any:
        last = cell(x)[1][-2:]  # the states that both directions end with
        return torch.nn.functional.cross_entropy(head(torch.cat([last[0], last[1]], 1)), y)

    return torch_loop(task, [*cell.parameters(), *head.parameters()], loss_of, speech(), batch)


def speech_products(task: Task, batch: int) -> Run:
    return floor.products([
        *steps(batch, FRAMES, BANDS, HALF, 3, first=True) * 2,
        *steps(batch, FRAMES, 2 * HALF, HALF, 3, first=False) * 2,
        *floor.network(batch, 2 * HALF, CLASSES),
    ])  # fmt: skip


SPEECH_GRU = Workload(
    f"recordings: bidirectional GRU {HALF} twice, {FRAMES} frames of {BANDS}, Adam",
    {f"batch {BATCH}": (BATCH, ROWS // BATCH)},
    {
        "neurona": lambda task, batch: loops.fit(
            speech_model(task.neurona()), task, *speech(), batch
        ),
        "torch": speech_torch,
        "keras-jax": lambda task, batch: loops.fit(keras_speech(), task, *speech(), batch),
        "floor": speech_products,
    },
    speech,
    check=4,
    threads=(1, 2),
)

"""A language model of characters: 4 Transformer blocks of 4 heads, 128 wide, causal, AdamW."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from benchmarks import loops
from benchmarks.workload import Run, Task, Workload, glorot

BLOCKS, HEADS, WIDTH, SYMBOLS, DROPOUT, DECAY = 4, 4, 128, 65, 0.0, 0.1


class Case(NamedTuple):
    """Sequences of so many characters, and so many of them in a batch."""

    length: int
    batch: int
    steps: int


CASES = {"block 64, batch 12": Case(64, 12, 20), "block 256, batch 16": Case(256, 16, 4)}


@cache
def data(case: Case = CASES["block 64, batch 12"]) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    text = rng.integers(0, SYMBOLS, (case.steps * case.batch, case.length + 1)).astype(np.int32)
    return np.ascontiguousarray(text[:, :-1]), np.ascontiguousarray(text[:, 1:])


def weights(length: int) -> list[np.ndarray]:
    """Words, positions, blocks (norm, query, key, value, output, norm, two dense), norm, output."""
    rng = np.random.default_rng(1)

    def norm() -> list[np.ndarray]:
        return [np.ones(WIDTH, np.float32), np.zeros(WIDTH, np.float32)]

    def product(*shape: int) -> list[np.ndarray]:
        return [glorot(rng, *shape), np.zeros(shape[-1], np.float32)]

    def projection() -> list[np.ndarray]:
        w, b = product(WIDTH, WIDTH)
        return [w.reshape(WIDTH, HEADS, -1), b.reshape(HEADS, -1)]

    made = [glorot(rng, SYMBOLS, WIDTH), glorot(rng, length, WIDTH)]
    for _ in range(BLOCKS):
        made += [*norm(), *projection(), *projection(), *projection()]
        w, b = product(WIDTH, WIDTH)
        made += [w.reshape(HEADS, -1, WIDTH), b, *norm()]
        made += [*product(WIDTH, 4 * WIDTH), *product(4 * WIDTH, WIDTH)]
    return [*made, *norm(), *product(WIDTH, SYMBOLS)]


def neurona(task: Task, case: Case) -> Run:
    nn = task.neurona()
    return fitted(nn, nn.layers.PositionEmbedding(case.length), task, case)


def keras(task: Task, case: Case) -> Run:
    import keras

    class PositionEmbedding(keras.layers.Layer):
        def build(self, shape: Any) -> None:
            self.embeddings = self.add_weight(shape=(case.length, WIDTH), name="embeddings")

        def call(self, x: Any) -> Any:
            return keras.ops.broadcast_to(self.embeddings, keras.ops.shape(x))

    return fitted(keras, PositionEmbedding(), task, case)


def fitted(keras: Any, positions: Any, task: Task, case: Case) -> Run:
    """Keras's script, for us and for Keras."""
    layers = keras.layers
    words = layers.Input((case.length,), dtype="int32")
    h = layers.Embedding(SYMBOLS, WIDTH)(words)
    h = layers.Add()([h, positions(h)])
    for _ in range(BLOCKS):
        a = layers.LayerNormalization(epsilon=1e-5)(h)
        a = layers.MultiHeadAttention(HEADS, WIDTH // HEADS)(a, a, use_causal_mask=True)
        h = layers.Add()([h, a])
        a = layers.LayerNormalization(epsilon=1e-5)(h)
        a = layers.Dense(4 * WIDTH, activation="gelu")(a)
        h = layers.Add()([h, layers.Dense(WIDTH)(a)])
    h = layers.LayerNormalization(epsilon=1e-5)(h)
    model = keras.models.Model(words, layers.Dense(SYMBOLS)(h))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.AdamW(1e-3, weight_decay=DECAY), loss=loss)
    model.set_weights(weights(case.length))
    return loops.fit(model, task, *data(case), case.batch)


def torch(task: Task, case: Case, compiled: bool = False) -> Run:
    import torch
    from torch import nn
    from torch.nn import functional as F

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.before, self.between = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
            self.heads, self.together = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
            self.wide, self.narrow = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

        def forward(self, x: Any) -> Any:
            q, k, v = self.heads(self.before(x)).split(WIDTH, dim=2)
            q, k, v = (y.unflatten(2, (HEADS, -1)).transpose(1, 2) for y in (q, k, v))
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.together(y.transpose(1, 2).flatten(2))
            return x + self.narrow(F.gelu(self.wide(self.between(x))))

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words = nn.Embedding(SYMBOLS, WIDTH)
            self.positions = nn.Parameter(torch.zeros(case.length, WIDTH))
            self.blocks = nn.Sequential(*[Block() for _ in range(BLOCKS)])
            self.norm, self.output = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, SYMBOLS)

        def forward(self, x: Any) -> Any:
            return self.output(self.norm(self.blocks(self.words(x) + self.positions)))

    model = Model()
    load(model, weights(case.length))
    optimizer = torch.optim.AdamW(
        model.parameters(), 1e-3, eps=1e-7, weight_decay=DECAY, fused=True
    )

    def loss_of(x: Any, y: Any) -> Any:
        return F.cross_entropy(model(x).flatten(0, 1), y.flatten())

    tensors = tuple(torch.from_numpy(a.astype(np.int64)) for a in data(case))
    return loops.torch(task, loss_of, optimizer, tensors, case.batch, compiled)


def load(model: Any, weights: list[np.ndarray]) -> None:
    """Copy weights to torch's model, whose three projections are one."""
    import torch

    given = iter(weights)

    def put(p: Any, *arrays: np.ndarray) -> None:
        whole = np.concatenate([a.reshape(p.shape[-1], -1) for a in arrays], axis=1).T
        p.copy_(torch.from_numpy(np.ascontiguousarray(whole)).reshape(p.shape))

    def norm(m: Any) -> None:
        m.weight.copy_(torch.from_numpy(next(given)))
        m.bias.copy_(torch.from_numpy(next(given)))

    def linear(m: Any, parts: int = 1) -> None:
        pairs = [(next(given), next(given)) for _ in range(parts)]
        put(m.weight, *[w.reshape(m.in_features, -1) for w, _ in pairs])
        m.bias.copy_(torch.from_numpy(np.concatenate([b.reshape(-1) for _, b in pairs])))

    with torch.no_grad():
        model.words.weight.copy_(torch.from_numpy(next(given)))
        model.positions.copy_(torch.from_numpy(next(given)))
        for block in model.blocks:
            norm(block.before)
            linear(block.heads, 3)
            linear(block.together)
            norm(block.between)
            linear(block.wide)
            linear(block.narrow)
        norm(model.norm)
        linear(model.output)


GPT = Workload(
    "GPT of characters, 4 blocks, 4 heads, 128 wide, AdamW",
    {name: (case, case.steps) for name, case in CASES.items()},
    {
        "neurona": neurona,
        "torch": torch,
        "torch-compile": lambda task, case: torch(task, case, compiled=True),
        "keras-jax": keras,
    },
    data,
    starts=True,
)

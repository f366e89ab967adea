"""Faults of networks with attention of the second part."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd, shuffled_labels, with_
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.second import tokens
from benchmarks.doctor.second.points import nadam, rms
from benchmarks.doctor.second.tokens import (
    Chain,
    demand_net,
    encoder,
    patch_net,
    recall_net,
    reversal_net,
)
from benchmarks.doctor.training import Training

L = nn.layers
init = nn.initializers
schedules = nn.optimizers.schedules


def chained(**given: Any) -> Any:
    """Return a plant of a language model with other arguments."""
    return with_(lambda: Chain(**given))


def of_itself(t: Training) -> Training:
    """The targets were not moved by a place: each word is to be found from itself."""
    return t.but(y=t.x, validation=(t.validation[0], t.validation[0]))


def bytes_of(x: Any) -> Any:
    """As a camera gives them."""
    return np.clip(x * 100 + 90, 0, 255).astype("float32")


def untold(t: Training) -> Training:
    """What is to be written is given to the decoder without a start, at the same place."""
    return t.but(
        x=(t.x[0], t.y), validation=((t.validation[0][0], t.validation[1]), t.validation[1])
    )


def zeros() -> Any:
    """Return the network over words with all its weights zero."""
    inputs = nn.Input((40,), dtype="int64")
    x = L.Embedding(15, 24, mask_zero=True, embeddings_initializer="zeros")(inputs)
    x = L.GlobalAveragePooling1D()(encoder(kernel_initializer="zeros")(x))
    return nn.Model(inputs, L.Dense(1, "sigmoid", kernel_initializer="zeros")(x))


class Sharp(L.Layer):
    """Attention by hand without 1 / sqrt(d), and wide weights: one key gets all."""

    def __init__(self, spread: float = 3.0) -> None:
        super().__init__()
        wide = init.RandomNormal(stddev=spread)
        self.query, self.key = (L.Dense(24, kernel_initializer=wide) for _ in range(2))
        self.value = L.Dense(24)

    def call(self, both: Any) -> Any:
        asked, memory = both
        score = nn.ops.matmul(self.query(asked), nn.ops.transpose(self.key(memory), (0, 2, 1)))
        return nn.ops.matmul(nn.ops.softmax(score, axis=-1), self.value(memory))


def padded(t: Training) -> Training:
    """Padding up to 250 places, and nothing leaves it out; the words' table has wide rows."""

    def model() -> Any:
        inputs = nn.Input((250,), dtype="int64")
        x = L.Embedding(15, 24, embeddings_initializer=init.RandomNormal(stddev=1.0))(inputs)
        x = encoder(1)(x)
        return nn.Model(inputs, L.Dense(1, "sigmoid")(L.GlobalAveragePooling1D()(x)))

    return t.on(lambda x: np.pad(x, ((0, 0), (0, 210)))).but(model=model, epochs=5)


def few(rows: int, epochs: int) -> Any:
    """Return a plant of few rows, learnt by heart."""
    return lambda t: t.but(x=t.x[:rows], y=t.y[:rows], epochs=epochs)


def stopped(t: Training) -> Training:
    """The gradient is stopped in front of the last layer, behind small weights."""

    def add(x: Any) -> Any:
        x = encoder(1, kernel_initializer=init.RandomNormal(stddev=1e-3))(x)
        return L.Lambda(nn.ops.stop_gradient)(
            L.Dense(24, "relu", bias_initializer=init.Constant(-0.5))(x)
        )

    return t.but(model=patch_net(add, norm=False))


def mixed_heads(t: Training) -> Training:
    """Heads are split off by a reshape that takes rows of the batch with it."""

    class Split(L.Layer):
        def call(self, x: Any) -> Any:
            return nn.ops.reshape(nn.ops.transpose(x, (1, 0, 2)), (-1, *x.shape[1:]))

    return t.but(model=demand_net(lambda x: encoder(1)(Split()(x))))


def logs(t: Training) -> Training:
    """The logarithm of measurements that go below 0."""
    return t.but(model=demand_net(scale=lambda: L.Lambda(nn.ops.log)))


def masked_by_infinity(t: Training) -> Training:
    """A mask by hand that multiplies infinity with 0."""

    class Masked(L.Layer):
        def build(self, shape: Any) -> None:
            self.values = L.Dense(24)

        def call(self, x: Any) -> Any:
            score = nn.ops.matmul(x, nn.ops.transpose(x, (0, 2, 1)))
            score = (
                score + nn.ops.convert_to_tensor(np.tril(np.ones((9, 9), "float32")) - 1) * np.inf
            )
            return x + nn.ops.matmul(nn.ops.softmax(score, axis=-1), self.values(x))

    return t.but(model=patch_net(lambda x: Masked()(x)))


ROWS: list[tuple[str, Any, Any, tuple[str, ...]]] = [
    # data
    ("patches: bytes", tokens.patches,
     lambda t: t.on(bytes_of).but(optimizer=sgd(0.05), model=patch_net(norm=False)), ("GD104",)),
    ("demand: kilowatts as they are", tokens.demand,
     lambda t: t.on(lambda x: x * 4_000 + 50_000), ("GD104",)),
    ("demand: numbers to be met near 50,000", tokens.demand,
     lambda t: t.to(lambda y: y * 4_000 + 50_000), ("GD113",)),
    ("recall: keys beyond the table", tokens.recall,
     lambda t: t.on(lambda x: (x[0] + 5, x[1], x[2] + 5)), ("GD105",)),
    ("recall: labels from -1", tokens.recall, lambda t: t.to(lambda y: y - 1), ("GD102",)),
    ("more: labels of other rows", tokens.more, shuffled_labels, ("GD510", "GD605", "GD601")),
    ("recall: sixty by heart", tokens.recall,
     lambda t: t.but(x=tuple(p[:60] for p in t.x), y=t.y[:60], epochs=60), ("GD601",)),
    ("patches: twenty-four by heart", tokens.patches, few(24, 60), ("GD601",)),
    ("more: padding is read", tokens.more, padded, ("GD114", "GD702")),
    ("demand: other units later", tokens.demand,
     lambda t: t.but(validation=(t.validation[0] * 10 + 30, t.validation[1]),
                     test=(t.test[0] * 10 + 30, t.test[1])), ("GD111",)),
    # model and loss
    ("chain: sees what comes", tokens.chain, chained(causal=False), ("GD309",)),
    ("chain: each word from itself", tokens.chain, of_itself, ("GD309",)),
    ("reversal: the decoder is given the answer", tokens.reversal, untold, ("GD309", "GD109")),
    ("reversal: no places", tokens.reversal, with_(reversal_net(places=False)), ("GD310",)),
    ("patches: no places", tokens.patches, with_(patch_net(places=False)), ("GD310",)),
    ("recall: scores for probabilities", tokens.recall, with_(recall_net(end=None)), ("GD202",)),
    ("demand: ReLU for what goes below 0", tokens.demand, with_(demand_net(end="relu")),
     ("GD204",)),
    ("reversal: the source is never asked", tokens.reversal, with_(reversal_net(cross=False)),
     ("GD212",)),
    ("patches: dropout of 97 %", tokens.patches,
     with_(patch_net(lambda x: L.Dropout(0.97)(encoder()(x)))), ("GD211",)),
    ("patches: stopped on the way", tokens.patches, stopped,
     ("GD212", "GD512", "GD303", "GD304", "GD209", "GD305")),
    ("recall: one key gets all", tokens.recall, with_(recall_net(by_hand=lambda: Sharp(40.0))),
     ("GD701", "GD209", "GD303", "GD304", "GD306")),
    ("demand: rows and days are swapped", tokens.demand, mixed_heads, ("GD308",)),
    ("more: weights of zero", tokens.more,
     with_(zeros), ("GD208", "GD307", "GD303")),
    # numbers and steps
    ("demand: log of what is below 0", tokens.demand, logs, ("GD302", "GD401")),
    ("patches: infinity times 0", tokens.patches, masked_by_infinity, ("GD302", "GD401")),
    ("patches: norm behind, eight blocks, a large rate", tokens.patches,
     with_(patch_net(encoder(8, first=False)), optimizer=adam(0.03), epochs=3),
     ("GD703", "GD506", "GD502")),
    ("chain: Adam's rate far too large", tokens.chain, with_(optimizer=adam(1.0)),
     ("GD506", "GD502")),
    ("recall: RMSprop's rate far too large", tokens.recall, with_(optimizer=rms(1.0)),
     ("GD506", "GD502")),
    ("demand: SGD that diverges", tokens.demand, with_(optimizer=sgd(5.0, momentum=0.9)),
     ("GD506", "GD502", "GD401")),
    ("reversal: a rate far too small", tokens.reversal, with_(optimizer=nadam(2e-6)),
     ("GD507", "GD505")),
    ("more: SGD's rate far too small", tokens.more, with_(optimizer=sgd(1e-5)),
     ("GD507", "GD505")),
    ("demand: a warm-up longer than the training", tokens.demand,
     with_(optimizer=adam(schedules.CosineDecay(0.0, 200_000, warmup_target=2e-3,
                                                warmup_steps=100_000))),
     ("GD216", "GD507", "GD505")),
    ("chain: clipped to nothing", tokens.chain, with_(optimizer=sgd(0.05, global_clipnorm=1e-3)),
     ("GD514", "GD507", "GD505")),
]  # fmt: skip

FAULTS = [Fault(name, "attention", twin, plant, causes) for name, twin, plant, causes in ROWS]

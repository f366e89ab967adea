"""Faults of transformers."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd, shuffled_labels, with_
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.sequences import Places, attention, block, language, transformer
from benchmarks.doctor.training import Training

L = nn.layers
LANGUAGE: dict[str, Any] = {
    "length": 12,
    "words": 40,
    "last": 40,
    "end": "softmax",
    "pooled": False,
}


def language_of(*blocks: Any, **given: Any) -> Any:
    """Return what makes a language model of blocks."""
    return transformer(*blocks, **{**LANGUAGE, **given})


def at_any_place(model: Any, training: Training) -> float:
    """Share of the words at the middle that are found while later places are still empty."""
    x, y = np.array(training.test[0]), np.asarray(training.test[1])
    x[:, 7:] = 0
    return float(np.mean(np.asarray(model.predict(x, verbose=0))[:, 6].argmax(-1) == y[:, 6]))


def causal() -> Training:
    """The healthy language model, judged by what it writes in the middle."""
    return language().but(score=at_any_place)


def target_is_input(t: Training) -> Training:
    """The words are to be found from themselves."""
    return t.but(y=t.x, validation=(t.validation[0], t.validation[0]))


def huge(t: Training) -> Training:
    """Weights of attention ten times too large: one key gets all."""
    wide = nn.initializers.RandomNormal(stddev=3.0)
    return t.but(model=transformer(block(kernel_initializer=wide), block(kernel_initializer=wide)))


def seeing(hidden: bool) -> Training:
    """Which of two words comes first, in rows of 24 that end with padding, by a mask of one's own.

    Args:
        hidden: whether the mask hides the words, in place of the padding.
    """

    def model() -> Any:
        ids = nn.Input((24,), dtype="int64")
        mask = L.Lambda(lambda x: ((x == 0) if hidden else (x != 0))[:, None, :])(ids)
        x = Places()(L.Embedding(20, 32)(ids))
        for _ in range(2):
            y = L.LayerNormalization()(x)
            x = L.Add()([x, L.MultiHeadAttention(4, 8)(y, y, attention_mask=mask)])
            x = L.Add()([x, L.Dense(32)(L.Dense(64, "gelu")(L.LayerNormalization()(x)))])
        first = L.Lambda(lambda x: x[:, 0])(L.LayerNormalization()(x))
        return nn.Model(ids, L.Dense(1, "sigmoid")(first))

    return attention().on(lambda x: np.pad(x, ((0, 0), (0, 12)))).but(model=model)


def masked() -> Training:
    """The healthy one."""
    return seeing(False)


def few(t: Training) -> Training:
    """Sixty sentences."""
    return t.but(x=t.x[:60], y=t.y[:60], epochs=60)


def softmax_missing(t: Training) -> Training:
    """Scores that the loss takes for probabilities."""
    loss = nn.losses.SparseCategoricalCrossentropy(from_logits=False)
    return t.but(model=language_of(block(causal=True), end=None), loss=loss)


ROWS: list[tuple[str, Any, Any, tuple[str, ...]]] = [
    (
        "attention: no positions",
        attention,
        with_(transformer(block(), block(), places=False)),
        ("GD310",),
    ),
    (
        "attention: Adam's rate far too large",
        attention,
        with_(optimizer=adam(0.5)),
        ("GD506", "GD502", "GD703"),
    ),
    ("attention: a rate far too small", attention, with_(optimizer=adam(1e-6)), ("GD507", "GD505")),
    ("attention: labels of others", attention, shuffled_labels, ("GD510", "GD605", "GD601")),
    (
        "attention: dropout of 95 %",
        attention,
        with_(transformer(block(rate=0.95, skip=False), block(rate=0.95, skip=False))),
        ("GD211",),
    ),
    ("attention: one key gets all", attention, huge, ("GD209", "GD303", "GD701", "GD306", "GD301")),
    (
        "attention: norm behind, six blocks, a large rate",
        attention,
        with_(transformer(*[block(post=True) for _ in range(6)]), optimizer=adam(0.02)),
        ("GD703", "GD506", "GD502"),
    ),
    (
        "attention: no way around the blocks",
        attention,
        with_(transformer(*[block(skip=False, act="sigmoid") for _ in range(5)])),
        ("GD304", "GD501", "GD303", "GD307", "GD310"),
    ),
    (
        "attention: the mask is the wrong way around",
        masked,
        lambda t: t.but(model=seeing(True).model),
        ("GD702",),
    ),
    ("attention: sixty sentences by heart", attention, few, ("GD601",)),
    ("language: sees the future", causal, with_(language_of(block(), block())), ("GD309",)),
    ("language: its target is its input", language, target_is_input, ("GD309",)),
    ("language: scores taken for probabilities", language, softmax_missing, ("GD202",)),
    (
        "language: SGD's rate far too small",
        language,
        with_(optimizer=sgd(1e-4)),
        ("GD507", "GD505"),
    ),
    (
        "language: Adam's rate far too large",
        language,
        with_(optimizer=adam(1.0)),
        ("GD506", "GD502"),
    ),
    ("language: labels one too large", language, lambda t: t.to(lambda y: y + 1), ("GD102",)),
    (
        "language: all weights zero",
        language,
        with_(
            language_of(
                block(causal=True, kernel_initializer="zeros"), embeddings_initializer="zeros"
            )
        ),
        ("GD208", "GD307", "GD303"),
    ),
    (
        "language: a rate that is gone at once",
        language,
        with_(
            optimizer=lambda: nn.optimizers.Adam(
                nn.optimizers.schedules.ExponentialDecay(3e-3, 10, 0.5)
            )
        ),
        ("GD216", "GD507", "GD505"),
    ),
]

FAULTS = [Fault(name, "attention", twin, plant, causes) for name, twin, plant, causes in ROWS]

"""Augmentation of batches: layers, and functions of a batch and a generator, one after the other.

    train = nn.data.batches(
        x, y, 32, shuffle=True, augment=[layers.RandomFlip("horizontal"), layers.MixUp()]
    )

What a batch becomes depends on the seed, the epoch and the batch's number alone, so a run that is
resumed sees the same. Layers that follow each other are one native program.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from neurona.core import random
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError
from neurona.nn.images.augmentation import Augmentation
from neurona.nn.images.mixing import Mixing
from neurona.nn.images.resizing import CenterCrop, Resizing
from neurona.nn.jit import jit
from neurona.nn.layer import Layer

Function = Callable[[np.ndarray, np.random.Generator], np.ndarray]
Pair = tuple[np.ndarray, Any]

# Steps of the random stream that no training comes to: beyond them there are 2^9 places in a list,
# 2^23 epochs and 2^30 batches
BEYOND, PLACES, EPOCHS = 2**62, 2**53, 2**30
OF_IMAGES = (Augmentation, Mixing, Resizing, CenterCrop)


class Augmenting:
    """What is done to each batch.

    Args:
        steps: layers, called with `training=True`, and functions of (x, generator); one, or several
            in order. MixUp and CutMix are given the targets too.

    Raises:
        ArgumentError: for anything else, or if MixUp or CutMix are within a layer, such as a
            Sequential, which hands them no targets.
    """

    def __init__(self, steps: Any) -> None:
        self.steps = list(steps) if isinstance(steps, list | tuple) else [steps]
        self.parts: list[Any] = []  # a Layered for layers that follow each other, or a function
        for step in self.steps:
            if not isinstance(step, Layer):
                if not callable(step):
                    raise ArgumentError(
                        "augment takes layers, and functions of a batch and a generator.",
                        got=repr(step),
                        hint='augment=nn.layers.RandomFlip("horizontal"), or a list of them',
                    )
                self.parts.append(step)
                continue
            if any(isinstance(inner, Mixing) and inner is not step for inner in step.all_layers()):
                raise ArgumentError(
                    "MixUp and CutMix stand in the list themselves.",
                    got=f"one within {step.name!r}, where it has no labels",
                    hint="augment=[RandomFlip(), MixUp()]",
                )
            if self.parts and isinstance(self.parts[-1], Layered):
                self.parts[-1].layers.append(step)
            else:
                self.parts.append(Layered([step]))

    def __call__(self, x: np.ndarray, y: Any, seed: int, epoch: int, number: int) -> Pair:
        """Return batch `number` of an epoch after all steps."""
        generator = np.random.default_rng([seed, epoch, number])
        for place, part in enumerate(self.parts):
            if isinstance(part, Layered):
                with random.at(seed % 2**63, BEYOND + place * PLACES + epoch * EPOCHS + number):
                    x, y = part(x, y)
            else:
                x = part(x, generator)
        return x, y


class Layered:
    """Layers one after the other, as one program."""

    def __init__(self, layers: list[Layer]) -> None:
        self.layers = layers
        self.run = jit(self.change)

    def change(self, x: Tensor, y: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Return what the layers make of a batch in training."""
        for layer in self.layers:
            if isinstance(layer, Mixing) and y is not None:
                mixed = layer({"images": x, "labels": y}, training=True)
                x, y = mixed["images"], mixed["labels"]
            else:
                x = layer(x, training=True)
        return x, y

    def __call__(self, x: np.ndarray, y: Any) -> Pair:
        """Return them as arrays; images without channels (B, H, W) get one on the way."""
        mixing = y is not None and any(isinstance(layer, Mixing) for layer in self.layers)
        grey = x.ndim == 3 and any(
            isinstance(inner, OF_IMAGES) for layer in self.layers for inner in layer.all_layers()
        )
        changed, labels = self.run(x[..., None] if grey else x, y if mixing else None)
        changed = changed.numpy()
        return changed[..., 0] if grey else changed, labels.numpy() if mixing else y

    def __getstate__(self) -> dict[str, Any]:
        """Copies and pickles hold the layers; their programs are made again."""
        return {"layers": self.layers}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["layers"])  # type: ignore[misc]

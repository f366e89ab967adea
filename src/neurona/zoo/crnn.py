"""CRNN: convolutions look at an image or a spectrogram, a recurrent network reads along it.

Shi, Bai and Yao 2017, "An End-to-End Trainable Neural Network for Image-based Sequence Recognition
and Its Application to Scene Text Recognition". With CTC it reads sequences without being told where
each sign is; with `classes_only` it names what a whole recording is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from neurona import ops
from neurona.activations import relu
from neurona.core.tensor import Tensor
from neurona.layers import (
    GRU,
    BatchNormalization,
    Bidirectional,
    Conv2D,
    Dense,
    Dropout,
    GlobalAveragePooling1D,
    MaxPooling2D,
)
from neurona.models import Model
from neurona.nn.options import LayerOptions


class CRNN(Model, namespace="zoo"):
    """Scores of each sign and of the blank (class 0), step by step along the width.

    Shapes: images (B, H, W, C) -> logits (B, W', signs + 1), W' = W / 2 for each pooling that is
    not of the height alone; with classes_only (B, signs).

    Args:
        signs: how many there are, or a text of them, such as "0123456789", that the model's file
            then tells; they are numbered from 1, as CTC needs it.
        filters: of each convolution.
        pools: (height, width) of the pooling behind each; (2, 1) keeps the steps.
        units: of the recurrent layer, each direction.
        depth: number of recurrent layers.
        dropout: share of what goes into and out of the recurrent layers, dropped in training.
        classes_only: one answer for the whole, signs numbered from 0.

    >>> from neurona import ops
    >>> CRNN(10, filters=(4, 8), units=8)(ops.zeros((2, 28, 64, 1))).shape
    (2, 32, 11)
    """

    def __init__(
        self,
        signs: int | str,
        filters: Sequence[int] = (32, 64, 64),
        pools: Sequence[tuple[int, int]] = ((2, 2), (2, 1), (2, 1)),
        units: int = 64,
        depth: int = 1,
        dropout: float = 0.2,
        classes_only: bool = False,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.signs = signs if isinstance(signs, str) else ""
        count = len(signs) if isinstance(signs, str) else signs
        self.look = [
            (Conv2D(size, 3, padding="same", use_bias=False), BatchNormalization(),
             MaxPooling2D(tuple(pool)))
            for size, pool in zip(filters, pools, strict=False)
        ]  # fmt: skip
        self.read = [Bidirectional(GRU(units, return_sequences=True)) for _ in range(depth)]
        self.pool = GlobalAveragePooling1D() if classes_only else None
        self.drop = Dropout(dropout)
        self.decide = Dense(count if classes_only else count + 1)

    def call(self, x: Tensor) -> Tensor:  # (B, H, W, C)
        for convolution, norm, pool in self.look:
            x = pool(relu(norm(convolution(x))))  # (B, H', W', filters)
        batch, _, steps, _ = x.shape
        x = ops.reshape(ops.transpose(x, (0, 2, 1, 3)), (batch, steps, -1))  # (B, W', H' filters)
        for layer in self.read:
            x = layer(self.drop(x))  # (B, W', 2 units)
        if self.pool is not None:
            x = self.pool(x)
        return self.decide(self.drop(x))

"""Denoiser: a U-Net that looks at a noisy image, and at how noisy it is, and says what is noise.

The network of Ho, Jain and Abbeel 2020, "Denoising Diffusion Probabilistic Models", appendix B, in
small: residual blocks with group normalisation, told the time by sines, attention where images are
small, and what a level saw on the way down beside what comes up (Ronneberger et al. 2015).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Unpack

import numpy as np

from neurona import ops
from neurona.activations import swish
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError
from neurona.initializers import RandomNormal
from neurona.layers import (
    Conv2D,
    Dense,
    Dropout,
    Embedding,
    GroupNormalization,
    Layer,
    UpSampling2D,
)
from neurona.nn.options import LayerOptions

GROUPS = 8  # at most, of at least 8 channels: a norm of few channels hides brightness


def norm(channels: int) -> GroupNormalization:
    """Return the normalisation of so many channels."""
    return GroupNormalization(math.gcd(GROUPS, max(channels // 8, 1), channels), epsilon=1e-5)


def conv(filters: int, **options: Any) -> Conv2D:
    """Return a convolution of 3 x 3."""
    return Conv2D(filters, 3, padding="same", **options)


def waves(t: Tensor, size: int) -> Tensor:  # (B,)
    """Return sines and cosines of t at wavelengths from 2 pi to 20,000 pi: (B, size).

    Vaswani et al. 2017, section 3.5.

    >>> waves(ops.zeros((1,)), 4).tolist()
    [[0.0, 0.0, 1.0, 1.0]]
    """
    half = size // 2
    rates = np.exp(-np.log(10_000.0) * np.arange(half) / half).astype(np.float32)
    angles = t[:, None] * rates  # (B, size / 2)
    return ops.concatenate([ops.sin(angles), ops.cos(angles)], axis=-1)


class Residual(Layer, namespace="zoo.denoiser"):
    """x + conv(swish(scale * norm(conv(swish(norm(x)))) + shift)); the time says scale and shift.

    The paper adds what the time says before the norm; to scale and shift behind it is Dhariwal and
    Nichol 2021, section 3.2, and no norm takes that away.
    """

    def __init__(
        self, channels: int, filters: int, dropout: float, **common: Unpack[LayerOptions]
    ) -> None:
        super().__init__(**common)
        self.first_norm, self.first = norm(channels), conv(filters)
        self.second_norm = norm(filters)
        self.second = conv(filters, kernel_initializer="zeros")  # at first the block does nothing
        self.time, self.drop = Dense(2 * filters), Dropout(dropout)
        self.shortcut = Conv2D(filters, 1) if channels != filters else None

    def call(self, x: Tensor, time: Tensor) -> Tensor:  # (B, H, W, C), (B, D)
        h = self.first(swish(self.first_norm(x)))
        scale, shift = ops.split(self.time(time)[:, None, None, :], 2, axis=-1)
        h = swish((1 + scale) * self.second_norm(h) + shift)
        h = self.second(self.drop(h))  # (B, H, W, filters)
        return h + (x if self.shortcut is None else self.shortcut(x))


class Attention(Layer, namespace="zoo.denoiser"):
    """x + attention among all places of the image, one head."""

    def __init__(self, channels: int, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        self.norm, self.project = norm(channels), Dense(3 * channels)
        self.out = Dense(channels, kernel_initializer="zeros")

    def call(self, x: Tensor) -> Tensor:  # (B, H, W, C)
        batch, height, width, channels = x.shape
        h = ops.reshape(self.norm(x), (batch, height * width, channels))
        q, k, v = ops.split(self.project(h), 3, axis=-1)  # (B, N, C) each
        h = ops.softmax(q @ ops.transpose(k, (0, 2, 1)) * channels**-0.5) @ v
        return x + ops.reshape(self.out(h), x.shape)


class Denoiser(Layer, namespace="zoo.denoiser"):
    """What is noise in an image: a U-Net that knows the time, and the class if there are some.

    Shapes: x (B, H, W, C), t (B,), y (B,) -> noise (B, H, W, C); H and W divide by 2 for each level
    but the last.

    Args:
        channels: C of an image.
        widths: filters of each level; each sees images half as large as the one above.
        classes: how many there are; y = classes stands for "not told". 0: y is not looked at.
        attention: whether places of the lowest level attend to each other.
        dropout: share of the hidden values, dropped in training.

    >>> unet = Denoiser(1, (8, 16), classes=10)
    >>> unet(ops.zeros((2, 8, 8, 1)), ops.zeros((2,)), ops.zeros((2,), "int32")).shape
    (2, 8, 8, 1)
    """

    def __init__(
        self, channels: int = 1, widths: Sequence[int] = (32, 64, 64), classes: int = 0,
        attention: bool = True, dropout: float = 0.0, **common: Unpack[LayerOptions],
    ) -> None:  # fmt: skip
        super().__init__(**common)
        if not widths:
            raise ArgumentError("a U-Net has a level.", got="widths=()", hint="widths=(32, 64)")
        first, last = widths[0], widths[-1]
        self.first, self.size = first, 4 * first
        self.time = [Dense(self.size, "swish"), Dense(self.size)]
        start = RandomNormal(stddev=1.0)  # as loud as the time
        self.label = Embedding(classes + 1, self.size, start) if classes else None
        self.begin = conv(first)
        above = [first, *widths[:-1]]  # channels that come from the level above
        self.down = [Residual(c, w, dropout) for c, w in zip(above, widths, strict=True)]
        self.shrink = [conv(w, strides=2) for w in widths[:-1]]
        self.middle = [Residual(last, last, dropout), Residual(last, last, dropout)]
        self.attend = Attention(last) if attention else None
        below = [*widths[1:], last]  # channels that come from the level below
        self.up = [Residual(c + w, w, dropout) for c, w in zip(below, widths, strict=True)]
        self.grow = UpSampling2D(2)
        self.end_norm, self.end = norm(first), conv(channels, kernel_initializer="zeros")

    def call(self, x: Tensor, t: Tensor, y: Any = None) -> Tensor:  # (B, H, W, C), (B,), (B,)
        time = waves(t.astype(x.dtype), self.first)
        for layer in self.time:
            time = layer(time)  # (B, D)
        if self.label is not None:
            time = time + self.label(y)
        time = swish(time)

        h, seen = self.begin(x), []
        for level, block in enumerate(self.down):
            h = block(h, time)  # (B, H, W, widths[level])
            seen.append(h)
            if level < len(self.shrink):
                h = self.shrink[level](h)  # (B, H / 2, W / 2, ...)
        h = self.middle[0](h, time)
        if self.attend is not None:
            h = self.attend(h)
        h = self.middle[1](h, time)
        for level in reversed(range(len(self.up))):
            h = self.up[level](ops.concatenate([h, seen[level]], axis=-1), time)
            if level:
                h = self.grow(h)  # (B, 2 H, 2 W, ...)
        return self.end(swish(self.end_norm(h)))  # (B, H, W, C)

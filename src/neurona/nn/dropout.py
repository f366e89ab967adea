"""Noise in training, nothing otherwise: layers that keep a network from relying on single units."""

from __future__ import annotations

import math
from typing import Any, Unpack

from neurona import ops
from neurona.core import random
from neurona.core.shapes import Shape
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, ShapeError, check_integer, check_number
from neurona.nn.axes import SEQUENCES, channels_last, check_axes, set_data_format
from neurona.nn.layer import Layer
from neurona.nn.options import LayerOptions
from neurona.ops import draw


def check_rate(rate: Any, name: str = "rate") -> float:
    """Return the share of what is dropped, in [0, 1)."""
    number = check_number(name, rate)
    if not 0 <= number < 1:
        raise ArgumentError(
            f"{name} is out of range.",
            got=repr(rate),
            expected="a number in [0, 1)",
            hint=f"{name} is the share that is dropped: 0.5 drops half, 1 would drop everything",
        )
    return number


def check_seed(seed: Any) -> int | None:
    """Return the seed of a layer's own draws, or None."""
    return None if seed is None else check_integer("seed", seed, minimum=0)


def _check_noise_shape(sizes: Any) -> tuple[int | None, ...] | None:
    if sizes is None:
        return None
    if not isinstance(sizes, list | tuple):
        raise ArgumentError("noise_shape is a tuple of sizes.", got=repr(sizes))
    return tuple(None if s is None else check_integer("noise_shape", s, minimum=1) for s in sizes)


def kept(shape: Shape, rate: float, seed: int | None, like: Tensor) -> Tensor:
    """Draw 1 with probability 1 - rate, else 0."""
    with random.seeded(seed):
        return ops.cast(draw.uniform(shape, dtype=like.dtype) >= rate, dtype=like.dtype)


def _noise(x: Tensor, stddev: float, seed: int | None) -> Tensor:
    with random.seeded(seed):
        return draw.normal(x.shape, 0.0, stddev, dtype=x.dtype)


def _floats(x: Tensor, dtype: Any) -> Tensor:
    return x if x.dtype.kind == "f" else x.astype(dtype)


class Dropout(Layer):
    """In training y = x * m / (1 - rate) with m = 0 at a share `rate` of places; else y = x.

    Shapes: x (B, ...) -> y (B, ...).

    Args:
        rate: share of units to drop, in [0, 1).
        noise_shape: shape of the mask, None for a size of x; along sizes of 1 all are dropped
            together: (None, 1, None) drops a feature at all times.
        seed: for masks that do not depend on the global seed; each step has its own all the same.

    Raises:
        ShapeError: if the mask does not broadcast to x.

    Source: Srivastava et al. 2014.

    >>> Dropout(0.5)([[1.0, 2.0]]).tolist()
    [[1.0, 2.0]]
    """

    supports_masking = True

    def __init__(
        self,
        rate: float,
        noise_shape: Any = None,
        seed: int | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.rate, self.seed = check_rate(rate), check_seed(seed)
        self.noise_shape = _check_noise_shape(noise_shape)

    def call(self, x: Tensor, training: bool = False) -> Tensor:  # (B, ...)
        mask_shape = self.mask_shape(x)
        if not training or self.rate == 0.0:
            return x
        x = _floats(x, self.dtype)
        return x * kept(mask_shape, self.rate, self.seed, x) / (1.0 - self.rate)

    def mask_shape(self, x: Tensor) -> Shape:
        """Return the shape of the mask for x."""
        return _mask_shape(type(self).__name__, self.noise_shape, x)


def _mask_shape(name: str, noise_shape: Any, x: Tensor) -> Shape:
    if noise_shape is None:
        return x.shape
    sizes = tuple(noise_shape)
    if len(sizes) != x.ndim or any(
        s not in (None, 1, n) for s, n in zip(sizes, x.shape, strict=True)
    ):
        raise ShapeError(
            f"{name}: noise_shape does not fit x.",
            got=f"noise_shape {sizes}, x {x.shape}",
            expected="for each axis of x None, 1 or its size",
        )
    return tuple(n if s is None else s for s, n in zip(sizes, x.shape, strict=True))


class SpatialDropout1D(Dropout):
    """Dropout of whole channels of sequences: a channel is kept or dropped at all times.

    Shapes: x (B, T, C) -> y (B, T, C).

    Args: rate and seed, see Dropout.

    Source: Tompson et al. 2015.
    """

    def __init__(
        self, rate: float, seed: int | None = None, **common: Unpack[LayerOptions]
    ) -> None:
        super().__init__(rate, seed=seed, **common)

    def mask_shape(self, x: Tensor) -> Shape:
        """Return (B, 1, C)."""
        check_axes(self, x, SEQUENCES)
        return (x.shape[0], 1, x.shape[2])


class _SpatialDropout(Dropout):
    """SpatialDropout2D and SpatialDropout3D, by their `rank`."""

    rank = 0
    data_format: str

    def __init__(
        self,
        rate: float,
        data_format: str | None = None,
        seed: int | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(rate, seed=seed, **common)
        set_data_format(self, data_format)

    def mask_shape(self, x: Tensor) -> Shape:
        """Return the shape of a mask with a number for each channel of each sample."""
        batch, *places, channels = channels_last(self, x.shape)
        ones = (1,) * len(places)
        last = self.data_format == "channels_last"
        return (batch, *ones, channels) if last else (batch, channels, *ones)


class SpatialDropout2D(_SpatialDropout):
    """Dropout of whole channels of images: a channel is kept or dropped at all places.

    Shapes: x (B, H, W, C) -> y (B, H, W, C).

    Args: rate and seed, see Dropout; data_format is "channels_last", or "channels_first" for x
        (B, C, H, W); what `nn.config.image_data_format()` says unless it is given.

    Source: Tompson et al. 2015.
    """

    rank = 2


class SpatialDropout3D(_SpatialDropout):
    """Dropout of whole channels of volumes: a channel is kept or dropped at all places.

    Shapes: x (B, D, H, W, C) -> y (B, D, H, W, C).

    Args: see SpatialDropout2D.

    Source: Tompson et al. 2015.
    """

    rank = 3


class GaussianNoise(Layer):
    """In training y = x + n with n normal, of mean 0; else y = x.

    Shapes: x (B, ...) -> y (B, ...).

    Args:
        stddev: of the noise, in [0, 1].
        seed: see Dropout.

    Source: Bishop 1995, "Training with noise is equivalent to Tikhonov regularization".
    """

    supports_masking = True

    def __init__(
        self, stddev: float, seed: int | None = None, **common: Unpack[LayerOptions]
    ) -> None:
        super().__init__(**common)
        self.stddev = check_number("stddev", stddev, low=0, high=1)
        self.seed = check_seed(seed)

    def call(self, x: Tensor, training: bool = False) -> Tensor:  # (B, ...)
        if not training or self.stddev == 0.0:
            return x
        x = _floats(x, self.dtype)
        return x + _noise(x, self.stddev, self.seed)


class GaussianDropout(Layer):
    """In training y = x * (1 + n) with n normal, of deviation sqrt(rate / (1 - rate)); else y = x.

    Shapes: x (B, ...) -> y (B, ...).

    Args:
        rate: as of a Dropout with the same variance, in [0, 1).
        seed: see Dropout.

    Source: Srivastava et al. 2014, section 10.
    """

    supports_masking = True

    def __init__(
        self, rate: float, seed: int | None = None, **common: Unpack[LayerOptions]
    ) -> None:
        super().__init__(**common)
        self.rate, self.seed = check_rate(rate), check_seed(seed)

    def call(self, x: Tensor, training: bool = False) -> Tensor:  # (B, ...)
        if not training or self.rate == 0.0:
            return x
        x = _floats(x, self.dtype)
        return x * (1.0 + _noise(x, math.sqrt(self.rate / (1.0 - self.rate)), self.seed))


# What SELU tends to for x -> -infinity: -scale * alpha
_SELU_FLOOR = -1.7580993408473766


class AlphaDropout(Layer):
    """In training y = a * (x or -1.7581) + b, which keeps mean 0 and variance 1; else y = x.

    A dropped unit gets the value that SELU saturates at; then a = ((1 - rate) * (1 + rate *
    1.7581^2))^(-1/2) and b = a * 1.7581 * rate restore the moments.

    Shapes: x (B, ...) -> y (B, ...).

    Args: see Dropout.

    Source: Klambauer et al. 2017.
    """

    supports_masking = True

    def __init__(
        self,
        rate: float,
        noise_shape: Any = None,
        seed: int | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.rate, self.seed = check_rate(rate), check_seed(seed)
        self.noise_shape = _check_noise_shape(noise_shape)

    def call(self, x: Tensor, training: bool = False) -> Tensor:  # (B, ...)
        if not training or self.rate == 0.0:
            return x
        x, p, floor = _floats(x, self.dtype), self.rate, _SELU_FLOOR
        m = kept(_mask_shape("AlphaDropout", self.noise_shape, x), p, self.seed, x)
        a = ((1.0 - p) * (1.0 + p * floor**2)) ** -0.5
        b = -a * floor * p
        return a * (x * m + floor * (1.0 - m)) + b

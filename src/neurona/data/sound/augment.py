"""Augmentation of sounds and of their spectrograms: functions of a batch and a generator.

Each is an object `f(x, rng) -> x` that draws all its numbers from `rng`; one or a list of them goes
into `nn.data.batches(augment=)`.
"""

from __future__ import annotations

import numpy as np

from neurona.errors import DataError, check_integer, check_number


class RandomShift:
    """Begin each sound earlier or later, with silence where nothing is left.

    Shapes: x (B, N) or spectrograms (B, T, F) -> the same; shifts are along axis 1.
    Args:
        fraction: the largest shift, as a fraction of the length, in [0, 1].
        value: the silence; the lowest value of a spectrogram in decibels, 0 of samples.
    Raises:
        ArgumentError: fraction out of range.

    >>> RandomShift(0.5)(np.ones((2, 4)), np.random.default_rng(0)).tolist()
    [[0.0, 0.0, 1.0, 1.0], [0.0, 1.0, 1.0, 1.0]]
    """

    def __init__(self, fraction: float = 0.1, value: float = 0.0) -> None:
        self.fraction = check_number("fraction", fraction, low=0, high=1)
        self.value = check_number("value", value)

    def __call__(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        _check("RandomShift", x, 2)
        length = x.shape[1]
        most = int(self.fraction * length)
        shifts = rng.integers(-most, most + 1, len(x))
        result = np.full_like(x, self.value)
        for row, source, shift in zip(result, x, shifts.tolist(), strict=True):
            row[max(shift, 0) : length + min(shift, 0)] = (
                source[max(-shift, 0) : length - max(shift, 0)]
            )  # fmt: skip
        return result


class RandomVolumeNoise:
    """Another volume, and noise: y = a x + b |x|max e, e normal.

    Shapes: x (B, N) -> the same.
    Args:
        volume: a is drawn from [1 - volume, 1 + volume], in [0, 1].
        noise: b is drawn from [0, noise], 0 or more.
    Raises:
        ArgumentError: an argument out of range.
    """

    def __init__(self, volume: float = 0.2, noise: float = 0.01) -> None:
        self.volume = check_number("volume", volume, low=0, high=1)
        self.noise = check_number("noise", noise, low=0)

    def __call__(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        _check("RandomVolumeNoise", x, 2)
        one = (len(x),) + (1,) * (x.ndim - 1)
        a = rng.uniform(1 - self.volume, 1 + self.volume, one)
        b = rng.uniform(0, self.noise, one)
        loudest = np.abs(x).max(axis=tuple(range(1, x.ndim)), keepdims=True)
        return (a * x + b * loudest * rng.standard_normal(x.shape)).astype(x.dtype)


class RandomMasks:
    """SpecAugment: some bands of frequency and some stretches of time are blotted out.

    Shapes: spectrograms x (B, T, F) -> the same.
    Args:
        bands: how many bands.
        band_width: the largest, in bins; the width is drawn from 0 to it.
        stretches: how many stretches of time.
        stretch_length: the longest, in frames.
        value: what is written; None takes each spectrogram's mean.
    Raises:
        ArgumentError: a number below 0.
    Source: Park et al. 2019, "SpecAugment", eq. of section 2 without time warping, which the
        authors found to add least.
    """

    def __init__(
        self,
        bands: int = 2,
        band_width: int = 8,
        stretches: int = 2,
        stretch_length: int = 10,
        value: float | None = None,
    ) -> None:
        self.bands = check_integer("bands", bands, minimum=0)
        self.band_width = check_integer("band_width", band_width, minimum=0)
        self.stretches = check_integer("stretches", stretches, minimum=0)
        self.stretch_length = check_integer("stretch_length", stretch_length, minimum=0)
        self.value = None if value is None else check_number("value", value)

    def __call__(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        _check("RandomMasks", x, 3)
        count, time, bins = x.shape[:3]
        hidden = np.zeros((count, time, bins), bool)
        for number, width, axis in (
            (self.stretches, self.stretch_length, 1),
            (self.bands, self.band_width, 2),
        ):
            size = x.shape[axis]
            for _ in range(number):
                widths = rng.integers(0, min(width, size) + 1, count)
                starts = rng.integers(0, size - widths + 1)
                place = np.arange(size)
                inside = (place >= starts[:, None]) & (place < (starts + widths)[:, None])
                hidden |= inside[:, :, None] if axis == 1 else inside[:, None, :]
        hidden = hidden.reshape(hidden.shape + (1,) * (x.ndim - 3))
        if self.value is None:
            fill = x.mean(axis=tuple(range(1, x.ndim)), keepdims=True)
        else:
            fill = np.asarray(self.value)
        return np.where(hidden, fill, x).astype(x.dtype)


def _check(name: str, x: np.ndarray, rank: int) -> None:
    if x.ndim < rank or x.dtype.kind != "f":
        raise DataError(
            f"{name} takes a batch of floats.",
            got=f"{x.dtype} of shape {x.shape}",
            expected=f"{rank} axes or more",
        )

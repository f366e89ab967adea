"""Sequences cut into frames that overlap, their spectra, and the way back."""

from __future__ import annotations

import numpy as np

from neurona.core.budget import need
from neurona.core.op import as_floats, as_tensor, cast
from neurona.errors import ArgumentError, ShapeError, check_choice, check_integer
from neurona.ops.comparison import where
from neurona.ops.filled import ones, zeros
from neurona.ops.fourier import irfft, rfft
from neurona.ops.index import scatter_add, take
from neurona.ops.movement import pad

__all__ = ["extract_sequences", "istft", "stft"]


def extract_sequences(x, sequence_length, sequence_stride):
    """The pieces of a length that begin at 0, stride, 2 stride, ... along the last axis.

    Shapes: x (..., T) -> y (..., 1 + (T - length) // stride, length).

    >>> extract_sequences([1, 2, 3, 4, 5], 3, 2).tolist()
    [[1, 2, 3], [3, 4, 5]]
    """
    x = as_tensor(x)
    length = check_integer("sequence_length", sequence_length, minimum=1)
    stride = check_integer("sequence_stride", sequence_stride, minimum=1)
    if not x.ndim or x.shape[-1] < length:
        raise ShapeError(
            "extract_sequences: the sequence is shorter than its pieces.",
            got=f"x {x.shape}, sequence_length {length}",
        )
    return take(x, _places((x.shape[-1] - length) // stride + 1, length, stride), axis=-1)


def _places(count, length, stride):
    need(8 * count * length)
    return np.arange(count)[:, None] * stride + np.arange(length)


WINDOWS = {"hann": 0.5, "hamming": 0.54}  # a - (1 - a) cos(2 pi t / n)


def _window(window, length, fft_length, dtype):
    """The weights of a frame, with zeros around them if it is shorter than the transform."""
    if window is None:
        return ones((fft_length,), dtype)
    if isinstance(window, str):
        a = WINDOWS[check_choice("window", window, WINDOWS)]
        window = a - (1 - a) * np.cos(2 * np.pi * np.arange(length) / length)
    w = cast(as_tensor(window), dtype=dtype)
    if w.shape != (length,):
        raise ShapeError(
            "a window has one weight for each step of a sequence.",
            got=f"window {w.shape}", expected=f"({length},)",
        )  # fmt: skip
    before = (fft_length - length) // 2
    return pad(w, [(before, fft_length - length - before)])


def _sizes(sequence_length, sequence_stride, fft_length):
    length = check_integer("sequence_length", sequence_length, minimum=1)
    stride = check_integer("sequence_stride", sequence_stride, minimum=1)
    n = check_integer("fft_length", fft_length, minimum=1)
    if n < length:
        raise ArgumentError(
            "fft_length is at least sequence_length.", got=f"{n} and {length}",
        )  # fmt: skip
    return length, stride, n


def stft(x, sequence_length, sequence_stride, fft_length, window="hann", center=True):
    """Short-time Fourier transform: `rfft` of each frame, times a window.

    Shapes: x (..., T) -> real and imaginary (..., frames, fft_length // 2 + 1).

    Args:
        sequence_length: of the window.
        sequence_stride: from frame to frame.
        fft_length: of a frame, with zeros around the window; at least sequence_length.
        window: "hann", "hamming", the weights (sequence_length,), or None for ones.
        center: mirror half a frame at both ends first, so that frame k is around x_(k stride).

    >>> real, imag = stft([1.0, 2.0, 3.0, 4.0], 2, 2, 2, window=None, center=False)
    >>> real.tolist()
    [[3.0, -1.0], [7.0, -1.0]]
    """
    length, stride, n = _sizes(sequence_length, sequence_stride, fft_length)
    x = as_floats(x)
    if center:
        half, t = n // 2, x.shape[-1]
        if half >= t:
            raise ShapeError(
                "stft: center=True mirrors half a frame.", got=f"{half} of a sequence of {t}",
                hint="center=False, or a smaller fft_length",
            )  # fmt: skip
        x = take(x, np.pad(np.arange(t), half, mode="reflect"), axis=-1)
    return rfft(extract_sequences(x, n, stride) * _window(window, length, n, x.dtype))


def istft(x, sequence_length, sequence_stride, fft_length, length=None, window="hann", center=True):
    """The way back from `stft`: frames added up, divided by the sum of window^2 at each step.

    Shapes: real and imaginary (..., frames, fft_length // 2 + 1) -> y (..., T).

    Args:
        x: the pair (real, imaginary).
        length: T; by default all that frames are of, without the ends that `center` mirrored.
        sequence_length, sequence_stride, fft_length, window, center: as in `stft`.

    >>> frames = stft([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 4, 1, 4)
    >>> istft(frames, 4, 1, 4).numpy().round(4).tolist()
    [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    """
    size, stride, n = _sizes(sequence_length, sequence_stride, fft_length)
    frames = irfft(x, n)  # (..., frames, n)
    if frames.ndim < 2:
        raise ShapeError("istft: frames and frequencies.", got=f"{frames.shape}")
    w = _window(window, size, n, frames.dtype)
    count = frames.shape[-2]
    total = n + stride * (count - 1)
    places = _places(count, n, stride)
    y = scatter_add(zeros((*frames.shape[:-2], total), w.dtype), places, frames * w, axis=-1)
    square = scatter_add(zeros((total,), w.dtype), places, (w * w) + zeros((count, 1), w.dtype))
    y = y / where(square > 1e-10, square, 1.0)
    if window is None:  # then Keras has the sum of the frames
        y = y * (n / stride)
    start = n // 2 if center else 0
    if length is not None:
        return y[..., start : start + check_integer("length", length, minimum=0)]
    return y[..., start : total - n // 2] if center else y

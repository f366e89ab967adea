"""The spectrogram: how much of each frequency a sound has, moment by moment."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona.errors import DataError, check_choice, check_integer, check_number

_WINDOWS = {  # periodic: the first half of a symmetric window that is one sample longer
    "hann": (0.5, 0.5),
    "hamming": (0.54, 0.46),
    "ones": (1.0, 0.0),
}


def spectrogram(
    x: Any,
    n_fft: int = 2048,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: str = "hann",
    center: bool = True,
    power: float = 2.0,
) -> np.ndarray:
    """S[t, f] = |sum_n w[n] x[t hop + n] e^(-2 pi i f n / n_fft)|^power, frame by frame.

    Shapes: x (..., N) -> S (..., T, n_fft // 2 + 1), T = 1 + N // hop_length if centred, else
    1 + (N - n_fft) // hop_length; bin f is the frequency f sample_rate / n_fft.
    Args:
        x: samples.
        n_fft: samples a frame, 2 or more.
        hop_length: samples from one frame to the next; None takes a quarter of win_length.
        win_length: samples under the window, with zeros around up to n_fft; None takes n_fft.
        window: "hann", "hamming" or "ones".
        center: put frame t around the sample t hop_length, with zeros beyond the ends; False
            begins it there.
        power: 2 for energy, 1 for magnitude.
    Raises:
        DataError: x is no sound, or, if not centred, shorter than a frame.
        ArgumentError: an argument out of range.
    Source: librosa's `stft`, to which this is equal to rounding.

    >>> tone = np.sin(2 * np.pi * 8 * np.arange(64) / 64)
    >>> int(spectrogram(tone, n_fft=64, center=False).argmax())
    8
    """
    n_fft = check_integer("n_fft", n_fft, minimum=2)
    win_length = check_integer("win_length", n_fft if win_length is None else win_length, minimum=1)
    if hop_length is None:
        hop_length = max(win_length // 4, 1)
    hop_length = check_integer("hop_length", hop_length, minimum=1)
    check_choice("window", window, _WINDOWS)
    check_number("power", power, low=0, open=True)
    if win_length > n_fft:
        win_length = check_integer("n_fft, which is at least win_length", n_fft, minimum=win_length)
    x = as_sound(x)
    if center:
        x = np.pad(x, [(0, 0)] * (x.ndim - 1) + [(n_fft // 2, n_fft // 2)])
    if x.shape[-1] < n_fft:
        raise DataError(
            "the sound is shorter than a frame.",
            got=f"{x.shape[-1]} samples",
            expected=f"n_fft = {n_fft} or more",
            hint="a smaller n_fft, or center=True",
        )
    frames = np.lib.stride_tricks.sliding_window_view(x, n_fft, axis=-1)[..., ::hop_length, :]
    level, swing = _WINDOWS[window]
    weights = level - swing * np.cos(2 * np.pi * np.arange(win_length) / win_length)
    before = (n_fft - win_length) // 2
    weights = np.pad(weights, (before, n_fft - win_length - before)).astype(x.dtype)
    found = np.abs(np.fft.rfft(frames * weights))
    return (found if power == 1 else found**power).astype(x.dtype)


def as_sound(x: Any) -> np.ndarray:
    """Return samples as an array of floats; integers, as files have them, keep their range.

    Raises:
        DataError: if they are no numbers, or there are none.
    """
    array = np.asarray(x)
    if array.dtype.kind in "iu":
        array = array.astype(np.float32)
    if array.dtype.kind != "f" or array.ndim == 0 or array.shape[-1] == 0:
        raise DataError(
            "a sound is an array of samples.",
            got=f"{array.dtype} of shape {array.shape}",
            expected="floats (..., N), N above 0",
        )
    return array

"""Mel bands, that grow as pitch is heard, and the cepstrum of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona.data.sound.spectrum import spectrogram
from neurona.errors import ArgumentError, check_integer, check_number

# Slaney's scale: 200/3 Hz a mel up to 1000 Hz, then 27 mels for each factor 6.4.
_LINEAR, _KNEE, _FACTOR = 200 / 3, 1000.0, np.log(6.4) / 27


def mel_filters(
    sample_rate: float,
    n_fft: int,
    n_mels: int = 128,
    fmin: float = 0.0,
    fmax: float | None = None,
    htk: bool = False,
    norm: str | None = "slaney",
) -> np.ndarray:
    """Triangles over the bins of a spectrogram, of equal width on the mel scale.

    Shapes: (n_mels, n_fft // 2 + 1), float32.
    Args:
        sample_rate: of the sound, in Hz.
        n_fft: of the spectrogram.
        n_mels: how many bands.
        fmin, fmax: where the first begins and the last ends, in Hz; None is half the sample rate.
        htk: mel = 2595 log10(1 + f / 700), as HTK has it, instead of Slaney's scale.
        norm: "slaney" gives each triangle the area 1 in Hz, None the height 1.
    Raises:
        ArgumentError: an argument out of range.
    Source: librosa's `filters.mel`; Slaney 1998, "Auditory Toolbox".

    >>> mel_filters(8000, 64, n_mels=4).shape
    (4, 33)
    """
    check_number("sample_rate", sample_rate, low=0, open=True)
    n_fft = check_integer("n_fft", n_fft, minimum=2)
    n_mels = check_integer("n_mels", n_mels, minimum=1)
    top = sample_rate / 2 if fmax is None else fmax
    if not 0 <= fmin < top:
        raise ArgumentError(
            "bands lie between two frequencies.",
            got=f"fmin={fmin}, fmax={top}",
            expected="0 <= fmin < fmax",
        )
    if norm not in ("slaney", None):
        raise ArgumentError("norm is unknown.", got=repr(norm), expected="'slaney' or None")
    bins = np.arange(n_fft // 2 + 1) * (sample_rate / n_fft)
    corners = _hertz(np.linspace(_mels(fmin, htk), _mels(top, htk), n_mels + 2), htk)
    width = np.diff(corners)[:, None]
    rising = (bins - corners[:-2, None]) / width[:-1]
    falling = (corners[2:, None] - bins) / width[1:]
    weights = np.maximum(0, np.minimum(rising, falling))
    if norm == "slaney":
        weights *= 2 / (corners[2:] - corners[:-2])[:, None]
    return weights.astype(np.float32)


def mel_spectrogram(
    x: Any,
    sample_rate: float = 22050,
    n_fft: int = 2048,
    hop_length: int = 512,
    n_mels: int = 128,
    fmin: float = 0.0,
    fmax: float | None = None,
    htk: bool = False,
    norm: str | None = "slaney",
    **spectrum: Any,
) -> np.ndarray:
    """A spectrogram summed up in mel bands.

    Shapes: x (..., N) -> (..., T, n_mels).
    Args: those of `mel_filters`, and of `spectrogram` (win_length, window, center, power).
    Raises: what these raise.

    >>> mel_spectrogram(np.ones(1000), 8000, n_fft=64, hop_length=50, n_mels=8).shape
    (21, 8)
    """
    energy = spectrogram(x, n_fft, hop_length, **spectrum)
    bands = mel_filters(sample_rate, n_fft, n_mels, fmin, fmax, htk, norm)
    return energy @ bands.T.astype(energy.dtype)


def decibels(energy: Any, ref: float = 1.0, top_db: float | None = 80.0) -> np.ndarray:
    """10 log10(energy / ref), no less than `top_db` below the largest.

    Shapes: any; the largest is that of the whole array.
    Args:
        energy: 0 or more; below 1e-10 it counts as 1e-10.
        ref: what is 0 dB.
        top_db: the range kept; None keeps all.
    Source: librosa's `power_to_db`.

    >>> decibels(np.array([1.0, 0.001, 0.0])).tolist()
    [0.0, -30.0, -80.0]
    """
    check_number("ref", ref, low=0, open=True)
    energy = np.asarray(energy)
    found = 10 * np.log10(np.maximum(energy, 1e-10) / max(ref, 1e-10))
    if top_db is not None and found.size:
        check_number("top_db", top_db, low=0)
        found = np.maximum(found, found.max() - top_db)
    return found.astype(energy.dtype) if energy.dtype.kind == "f" else found


def mfcc(x: Any, sample_rate: float = 22050, n_mfcc: int = 20, **mel: Any) -> np.ndarray:
    """Mel-frequency cepstral coefficients: the discrete cosine transform of the bands' decibels.

    c[k] = s[k] sum_m dB[m] cos(pi k (m + 1/2) / M), s[0] = sqrt(1 / M), s[k] = sqrt(2 / M).

    Shapes: x (..., N) -> (..., T, n_mfcc).
    Args:
        x: samples.
        sample_rate: in Hz.
        n_mfcc: how many coefficients, at most n_mels.
        mel: arguments of `mel_spectrogram`.
    Raises:
        ArgumentError: more coefficients than bands.
    Source: Davis and Mermelstein 1980; librosa's `feature.mfcc`.

    >>> mfcc(np.ones(1000), 8000, n_mfcc=13, n_fft=64, hop_length=50, n_mels=32).shape
    (21, 13)
    """
    bands = decibels(mel_spectrogram(x, sample_rate, **mel))
    n_mels = bands.shape[-1]
    n_mfcc = check_integer("n_mfcc", n_mfcc, minimum=1)
    if n_mfcc > n_mels:
        raise ArgumentError(
            "there are no more coefficients than bands.",
            got=f"n_mfcc={n_mfcc}",
            expected=f"at most n_mels = {n_mels}",
        )
    k, m = np.arange(n_mfcc)[:, None], np.arange(n_mels) + 0.5
    cosines = np.sqrt(2 / n_mels) * np.cos(np.pi * k * m / n_mels)
    cosines[0] /= np.sqrt(2)
    return bands @ cosines.T.astype(bands.dtype)


def _mels(hertz: Any, htk: bool) -> Any:
    hertz = np.asarray(hertz, np.float64)
    if htk:
        return 2595 * np.log10(1 + hertz / 700)
    above = np.log(np.maximum(hertz, _KNEE) / _KNEE) / _FACTOR
    return np.minimum(hertz, _KNEE) / _LINEAR + above


def _hertz(mels: Any, htk: bool) -> Any:
    if htk:
        return 700 * (10 ** (mels / 2595) - 1)
    knee = _KNEE / _LINEAR
    return np.minimum(mels, knee) * _LINEAR * np.exp(np.maximum(mels - knee, 0) * _FACTOR)

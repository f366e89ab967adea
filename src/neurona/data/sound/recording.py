"""Recordings: files of sound to arrays and back, and another sample rate."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import numpy as np

from neurona.data.sound.spectrum import as_sound
from neurona.errors import DataError, FormatError, MissingDataError, check_file, check_integer
from neurona.files import replacing

MAX_BYTES = 2**30
ALWAYS, MAX_GROWTH = 2**25, 100  # bytes of samples in any case, and for each byte of the file
_HALF_WIDTH = 16  # of the interpolating kernel, in samples of the slower rate


def read_sound(
    path: Any, sample_rate: int | None = None, mono: bool = True, *, max_bytes: int | None = None
) -> tuple[np.ndarray, int]:
    """Read a WAV, FLAC, OGG or other sound file: (samples, sample rate).

    Shapes: (N,), or (N, channels) if not mono; float32 in [-1, 1].
    Args:
        path: the file, or a file object opened for reading bytes.
        sample_rate: resample to it, in Hz; None keeps the file's.
        mono: the mean of the channels.
        max_bytes: refuse more samples than that, at 4 bytes a sample of a channel, also while they
            are resampled. None takes 32 MB, or 100 for each byte of the file up to 1 GiB, since
            silence in a few kilobytes can be hours, and a file can name any sample rate.
    Raises:
        MissingDataError: no such file, or the library soundfile is not installed.
        FormatError: no sound, damaged, or too long.

    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "x.wav")
    >>> write_sound(path, [0.0, 0.5, -0.5], 8000)
    >>> samples, rate = read_sound(path)
    >>> samples.tolist(), rate
    ([0.0, 0.5, -0.5], 8000)
    """
    soundfile = _soundfile()
    if sample_rate is not None:
        sample_rate = check_integer("sample_rate", sample_rate, minimum=1)
    source = path if hasattr(path, "read") else check_file(path)
    name = getattr(source, "name", "the sound")
    if isinstance(source, Path):
        with open(source, "rb") as file:
            _check_whole(file, name)
    elif hasattr(source, "seek"):
        _check_whole(source, name)
    if max_bytes is None:
        max_bytes = min(MAX_BYTES, max(ALWAYS, MAX_GROWTH * _stored(source)))
    check_integer("max_bytes", max_bytes, minimum=1)
    try:
        with soundfile.SoundFile(source) as file:
            rate = int(file.samplerate)
            size = 4 * file.channels * _most(file.frames, rate, sample_rate or rate)
            if size > max_bytes:
                raise FormatError(
                    f"{name}: this is a very long sound.",
                    got=f"{size} bytes of samples",
                    expected=f"at most max_bytes={max_bytes}",
                    hint=f"max_bytes={size}, if you trust the file",
                )
            samples = file.read(dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, TypeError, ValueError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(
            f"{name}: this is no sound that can be read.", got=str(error) or type(error).__name__
        ) from None
    if not len(samples):
        raise FormatError(f"{name}: the sound has no samples.")
    if sample_rate is not None and sample_rate != rate:
        samples = resample(samples.T, rate, sample_rate).T
        rate = sample_rate
    return (samples.mean(axis=1) if mono else samples), rate


def _check_whole(file: Any, name: str) -> None:
    """Refuse a WAV file that was cut off, which would be read as a shorter sound."""
    start = file.tell()
    head = file.read(12)
    size = file.seek(0, os.SEEK_END) - start
    file.seek(start)
    declared = int.from_bytes(head[4:8], "little")
    streamed = declared >= 2**31 - 1 or not declared  # by a program that did not know the length
    if head[:4] == b"RIFF" and head[8:] == b"WAVE" and not streamed and declared + 8 > size:
        raise FormatError(
            f"{name}: the sound was cut off.",
            got=f"{size:,} bytes",
            expected=f"{declared + 8:,}",
            hint="copy or download it again",
        )


def _stored(source: Any) -> int:
    """Return the size of a file in bytes."""
    if isinstance(source, Path):
        return source.stat().st_size
    if not hasattr(source, "seek"):
        return 0
    place = source.tell()
    size = source.seek(0, os.SEEK_END)
    source.seek(place)
    return size


def _most(frames: int, rate: int, new_rate: int) -> int:
    """Return the largest number of samples of a channel that `resample` has at a time."""
    if rate < 1 or rate == new_rate:
        return frames
    down = rate // math.gcd(rate, new_rate)
    reach = math.ceil(_HALF_WIDTH * max(1, rate / new_rate))
    return max(frames * new_rate // rate, frames + 2 * reach + down, 8 * reach)


def write_sound(path: Any, samples: Any, sample_rate: int) -> None:
    """Write a sound as WAV of 16 bits, whole or not at all.

    Shapes: samples (N,) or (N, channels), in [-1, 1]; what is beyond is cut off.
    Raises:
        DataError: no samples, or NaN.
        StorageError: if the file cannot be written.
    """
    soundfile = _soundfile()
    check_integer("sample_rate", sample_rate, minimum=1)
    array = np.asarray(samples, np.float64)
    if array.ndim not in (1, 2) or not array.size or np.isnan(array).any():
        raise DataError(
            "a sound is an array of samples.",
            got="NaN" if array.size and np.isnan(array).any() else f"shape {array.shape}",
            expected="numbers in [-1, 1] of shape (N,) or (N, channels)",
        )
    whole = np.round(array.clip(-1, 1 - 2**-15) * 2**15).astype(np.int16)
    with replacing(Path(path), 44 + whole.nbytes) as file:
        soundfile.write(file, whole, sample_rate, format="WAV", subtype="PCM_16")


def resample(x: Any, rate: int, new_rate: int) -> np.ndarray:
    """The sound at another sample rate, y[n] = sum_k x[k] h(n rate / new_rate - k).

    h is the sinc of the slower of both rates under a Hann window: frequencies that the new rate
    cannot hold are taken out, since they would come back as others.

    Shapes: x (..., N) -> (..., ceil(N new_rate / rate)).
    Args:
        x: samples.
        rate, new_rate: in Hz.
    Raises:
        ArgumentError: a rate below 1.
        DataError: x is no sound.

    >>> resample(np.ones(80), 8000, 4000).shape
    (40,)
    """
    rate = check_integer("rate", rate, minimum=1)
    new_rate = check_integer("new_rate", new_rate, minimum=1)
    x = as_sound(x)
    divisor = math.gcd(rate, new_rate)
    down, up = rate // divisor, new_rate // divisor
    if down == up:
        return x
    number = -(-x.shape[-1] * up // down)
    cut = min(1.0, up / down)
    reach = math.ceil(_HALF_WIDTH / cut)
    padded = np.pad(x, [(0, 0)] * (x.ndim - 1) + [(reach, reach + down)])
    result = np.empty((*x.shape[:-1], number), x.dtype)
    steps = np.arange(-reach, reach + 1)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis=-1)
    for phase in range(min(up, number)):  # every `up`-th output lies alike between two inputs
        start, offset = divmod(phase * down, up)
        distance = (steps - offset / up) * cut
        kernel = cut * np.sinc(distance) * np.cos(np.pi / 2 * distance / _HALF_WIDTH) ** 2
        kernel[np.abs(distance) > _HALF_WIDTH] = 0
        kernel /= kernel.sum()  # a constant stays what it is
        places = slice(start, start + (number - phase - 1) // up * down + 1, down)
        result[..., phase::up] = windows[..., places, :] @ kernel.astype(x.dtype)
    return result


def _soundfile() -> Any:
    try:
        import soundfile
    except ImportError:
        raise MissingDataError(
            "sound files are read by the library soundfile, which is not installed.",
            hint="pip install neurona[sound]",
        ) from None
    return soundfile

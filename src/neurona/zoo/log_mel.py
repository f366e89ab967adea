"""LogMel: the ear of a model; with it in front, the file of a model says what sounds it takes.

A frame's Fourier transform is a product with waves, so that the spectrogram is a convolution of the
sound, and a model that begins with it goes from samples to an answer as one program.
"""

from __future__ import annotations

import math
from typing import Unpack

import numpy as np

from neurona import ops
from neurona.core.tensor import Tensor
from neurona.data.sound import mel_filters
from neurona.errors import ShapeError, check_integer, check_number
from neurona.layers import Layer
from neurona.nn.options import LayerOptions


class LogMel(Layer, namespace="zoo"):
    """y = max(1 + (dB - max dB) / top_db, 0): 1 is the loudest moment and band, 0 is silence.

    dB = 10 log10(mel energy) is that of `nn.data.sound.mel_spectrogram`, with its centred frames
    and Hann window. How loud a whole recording is makes no difference.

    Shapes: samples (B, N) -> (B, 1 + N // hop_length, n_mels).

    Args:
        sample_rate: of the sounds, in Hz.
        n_fft: samples a frame.
        hop_length: samples from one frame to the next.
        n_mels: how many bands.
        top_db: what is so far below the loudest counts as silence.

    Raises:
        ShapeError: if x is not (B, N).

    >>> from neurona import ops
    >>> LogMel(8000, n_fft=64, hop_length=50, n_mels=8)(ops.ones((1, 1000))).shape
    (1, 21, 8)
    """

    def __init__(
        self,
        sample_rate: int = 8000,
        n_fft: int = 256,
        hop_length: int = 100,
        n_mels: int = 40,
        top_db: float = 60.0,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.sample_rate = check_integer("sample_rate", sample_rate, minimum=1)
        self.n_fft = check_integer("n_fft", n_fft, minimum=2)
        self.hop_length = check_integer("hop_length", hop_length, minimum=1)
        self.n_mels = check_integer("n_mels", n_mels, minimum=1)
        self.top_db = check_number("top_db", top_db, low=0, open=True)
        n = np.arange(n_fft)
        angles = 2 * math.pi / n_fft * np.outer(n, np.arange(n_fft // 2 + 1))  # (n_fft, F)
        hann = 0.5 - 0.5 * np.cos(2 * math.pi * n / n_fft)
        waves = np.concatenate([np.cos(angles), np.sin(angles)], axis=1)  # (n_fft, 2 F)
        self._waves = (hann[:, None] * waves)[:, None].astype(self.dtype)  # (n_fft, 1, 2 F)
        self._bands = mel_filters(sample_rate, n_fft, n_mels).T.astype(self.dtype)  # (F, n_mels)

    def call(self, x: Tensor) -> Tensor:  # (B, N)
        if x.ndim != 2:
            raise ShapeError("LogMel takes samples.", got=f"x {x.shape}", expected="(B, N)")
        half = self.n_fft // 2
        x = ops.pad(x, [(0, 0), (half, half)])
        parts = ops.conv1d(x[..., None], self._waves, strides=self.hop_length)  # (B, T, 2 F)
        real, imaginary = parts[..., : half + 1], parts[..., half + 1 :]
        energy = (real * real + imaginary * imaginary) @ self._bands  # (B, T, n_mels)
        decibels = 10 / math.log(10) * ops.log(ops.maximum(energy, 1e-10))
        loudest = ops.max(decibels, axis=(1, 2), keepdims=True)
        return ops.maximum(1 + (decibels - loudest) / self.top_db, 0.0)

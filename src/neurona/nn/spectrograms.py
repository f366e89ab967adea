"""Sounds as spectra over time: by kernels that can learn, and on the scale of mel."""

from __future__ import annotations

import math
from typing import Any, Unpack

import numpy as np

from neurona import ops
from neurona.core.budget import need
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, ShapeError, check_choice, check_integer, check_number
from neurona.nn.axes import channels_last, set_data_format
from neurona.nn.initializers import STFT
from neurona.nn.layer import Layer
from neurona.nn.options import LayerOptions
from neurona.ops.convolve import conv1d

EPSILON = 1e-7  # Keras's: below it all is silence
MODES = ("log", "magnitude", "psd", "real", "imag", "angle", "stft")


class STFTSpectrogram(Layer):
    """Short-time Fourier transform by two kernels of waves: re = x * K_re, im = x * K_im.

    Shapes: x (B, T, C) -> y (B, T', C F), with F = fft_length / 2 + 1 frequencies of each channel;
        (B, T', F, C) for expand_dims. With the channels first (B, C, T) -> (B, C F, T'), or
        (B, C, T', F).

    Args:
        mode: "magnitude" is sqrt(re^2 + im^2), "log" its logarithm, "psd" its square, twice for
            frequencies that stand for two, "real", "imag", "angle" = atan2(im, re), and "stft" both
            parts, 2 F numbers.
        frame_length: samples of a frame.
        frame_step: from frame to frame; half a frame by default.
        fft_length: at least frame_length; the next power of 2 by default.
        window: "hann", "hamming", the weights of a frame, or None.
        periodic: whether the window is one of a periodic signal.
        scaling: "density" divides by the root of the sum of the window's squares, "spectrum" by its
            sum, None by nothing.
        padding: "valid" or "same".
        expand_dims: frequencies on an axis of their own, as images have them.
        data_format: "channels_last" or "channels_first".

    Raises:
        ArgumentError: if a size does not fit, or a name is unknown.

    The kernels learn unless trainable=False.

    >>> STFTSpectrogram("magnitude", frame_length=4, fft_length=4)(np.ones((1, 8, 1))).shape
    (1, 3, 3)
    """

    rank = 1
    data_format: str

    def __init__(
        self,
        mode: str = "log",
        frame_length: int = 256,
        frame_step: int | None = None,
        fft_length: int | None = None,
        window: Any = "hann",
        periodic: bool = False,
        scaling: str | None = "density",
        padding: str = "valid",
        expand_dims: bool = False,
        data_format: str | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.mode = check_choice("mode", mode, MODES)
        self.frame_length = check_integer("frame_length", frame_length, minimum=1)
        step = max(self.frame_length // 2, 1) if frame_step is None else frame_step
        self.frame_step = check_integer("frame_step", step, minimum=1)
        if self.frame_step > self.frame_length:
            raise ArgumentError(
                "STFTSpectrogram: frame_step is at most frame_length.",
                got=f"{self.frame_step} and {self.frame_length}",
            )
        if fft_length is None:
            fft_length = 2 ** math.ceil(math.log2(self.frame_length))
        self.fft_length = check_integer("fft_length", fft_length, minimum=1)
        if self.fft_length < self.frame_length:
            raise ArgumentError(
                "STFTSpectrogram: fft_length is at least frame_length.",
                got=f"{self.fft_length} and {self.frame_length}",
            )
        self.window, self.periodic = window, bool(periodic)
        self.scaling = scaling
        STFT("real", window, scaling, periodic)  # which checks them
        self.padding = check_choice("padding", padding, ("valid", "same"))
        self.expand_dims = bool(expand_dims)
        set_data_format(self, data_format)

    def build(self, shape: Any) -> None:
        """Create the kernels that the mode needs, (frame_length, 1, F) each."""
        sizes = self.frame_length, 1, self.fft_length // 2 + 1
        for side, other in (("real", "imag"), ("imag", "real")):
            if self.mode != other:
                waves = STFT(side, self.window, self.scaling, self.periodic)
                setattr(self, f"{side}_kernel", self.add_weight(sizes, waves, f"{side}_kernel"))

    def call(self, x: Tensor) -> Tensor:  # (B, T, C)
        x = channels_last(self, x if x.dtype.kind == "f" else x.astype(self.dtype))
        batch, time, channels = x.shape
        signals = ops.reshape(ops.transpose(x, (0, 2, 1)), (batch * channels, time, 1))

        def part(side: str) -> Tensor:  # (B, C, T', F)
            y = conv1d(signals, getattr(self, f"{side}_kernel"), self.frame_step, self.padding)
            return ops.reshape(y, (batch, channels, *y.shape[1:]))

        if self.mode in ("real", "imag"):
            return self._placed(part(self.mode))
        re, im = part("real"), part("imag")
        if self.mode == "angle":
            return self._placed(ops.arctan2(im, re))
        if self.mode == "stft":
            return self._placed(ops.concatenate([re, im], axis=-1))
        power = ops.square(re) + ops.square(im)
        if self.mode == "psd":
            twice = np.full(power.shape[-1], 2.0, power.dtype)
            twice[[0, -1]] = 1.0
            return self._placed(power * twice)
        y = self._placed(ops.sqrt(ops.maximum(power, EPSILON)))
        return y if self.mode == "magnitude" else ops.log(ops.maximum(y, EPSILON))

    def _placed(self, y: Tensor) -> Tensor:
        """Return (B, C, T', F) with its axes where they are wanted."""
        batch, channels, time, frequencies = y.shape
        last = self.data_format == "channels_last"
        if self.expand_dims:
            return ops.transpose(y, (0, 2, 3, 1)) if last else y
        if last:
            y = ops.transpose(y, (0, 2, 1, 3))
            return ops.reshape(y, (batch, time, channels * frequencies))
        return ops.reshape(ops.transpose(y, (0, 1, 3, 2)), (batch, channels * frequencies, time))


class MelSpectrogram(Layer):
    """The energy of a sound on the scale of mel: y = M |stft(x)|^p, in decibels.

    Shapes: x (T,) or (B, T) -> y (num_mel_bins, T') or (B, num_mel_bins, T').

    Args:
        fft_length: samples of a frame's transform.
        sequence_stride: from frame to frame.
        sequence_length: of the window; fft_length by default.
        window: "hann", "hamming", the weights, or None.
        sampling_rate: samples a second.
        num_mel_bins: how many bands there are, triangles on the scale 1127 ln(1 + f / 700).
        min_freq, max_freq: where they begin and end, in hertz; half of the rate by default.
        power_to_db: 10 log10(y / ref_power).
        top_db: how far below the loudest of a sound the quietest may be.
        mag_exp: p, 2 for energy.
        min_power: the least energy.
        ref_power: what 0 decibels are.

    Raises:
        ArgumentError: if a size does not fit.
        ShapeError: if x has another number of axes.

    >>> layer = MelSpectrogram(fft_length=64, sequence_stride=16, num_mel_bins=8)
    >>> layer(np.ones((2, 160))).shape
    (2, 8, 11)
    """

    def __init__(
        self,
        fft_length: int = 2048,
        sequence_stride: int = 512,
        sequence_length: int | None = None,
        window: Any = "hann",
        sampling_rate: int = 16000,
        num_mel_bins: int = 128,
        min_freq: float = 20.0,
        max_freq: float | None = None,
        power_to_db: bool = True,
        top_db: float = 80.0,
        mag_exp: float = 2.0,
        min_power: float = 1e-10,
        ref_power: float = 1.0,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.fft_length = check_integer("fft_length", fft_length, minimum=1)
        self.sequence_stride = check_integer("sequence_stride", sequence_stride, minimum=1)
        length = self.fft_length if sequence_length is None else sequence_length
        self.sequence_length = check_integer("sequence_length", length, minimum=1)
        if self.sequence_length > self.fft_length:
            raise ArgumentError(
                "MelSpectrogram: fft_length is at least sequence_length.",
                got=f"{self.fft_length} and {self.sequence_length}",
            )
        self.window = window
        self.sampling_rate = check_integer("sampling_rate", sampling_rate, minimum=1)
        self.num_mel_bins = check_integer("num_mel_bins", num_mel_bins, minimum=1)
        self.min_freq = check_number("min_freq", min_freq, low=0.0)
        highest = sampling_rate // 2 if max_freq is None else max_freq
        self.max_freq = check_number("max_freq", highest, low=self.min_freq)
        self.power_to_db = bool(power_to_db)
        self.top_db, self.mag_exp = check_number("top_db", top_db), check_number("mag_exp", mag_exp)
        self.min_power = check_number("min_power", min_power, low=0.0, open=True)
        self.ref_power = check_number("ref_power", ref_power)
        self.built = True

    def call(self, x: Tensor) -> Tensor:  # (B, T)
        if x.ndim not in (1, 2):
            raise ShapeError(
                "MelSpectrogram: the number of axes is wrong.",
                got=f"x {x.shape}",
                expected="x (batch, time) or (time,)",
            )
        x = x if x.dtype.kind == "f" else x.astype(self.dtype)
        re, im = ops.stft(
            x, self.sequence_length, self.sequence_stride, self.fft_length, self.window
        )
        power = ops.square(re) + ops.square(im)  # (B, T', F)
        if self.mag_exp != 2:
            power = ops.sqrt(power) ** self.mag_exp
        y = ops.matmul(power, self._bands(power.shape[-1]).astype(x.dtype))
        if self.power_to_db:
            decibel = 10 / math.log(10)
            y = decibel * ops.log(ops.maximum(y, self.min_power))
            y = y - decibel * math.log(max(abs(self.ref_power), self.min_power))
            y = ops.maximum(y, ops.max(y, axis=(-2, -1), keepdims=True) - self.top_db)
        return ops.swapaxes(y, -1, -2)

    def _bands(self, frequencies: int) -> np.ndarray:
        """Return the weights of frequencies in bands, (F, num_mel_bins)."""
        need(8 * frequencies * self.num_mel_bins)
        hertz = np.linspace(0, self.sampling_rate / 2, frequencies)[1:, None]
        first, last = _mel(np.array([self.min_freq, self.max_freq]))
        ends = np.linspace(first, last, self.num_mel_bins + 2)
        low, middle, high = ends[:-2], ends[1:-1], ends[2:]
        mel = _mel(hertz)
        weights = np.minimum((mel - low) / (middle - low), (high - mel) / (high - middle))
        return np.pad(np.maximum(weights, 0), ((1, 0), (0, 0)))  # what is constant has no pitch


def _mel(hertz: np.ndarray) -> np.ndarray:
    return 1127.0 * np.log(1 + hertz / 700.0)

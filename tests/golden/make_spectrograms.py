"""Write spectrograms.json: what Keras 3's layers make of sounds. Run as writing.py says."""

import os

import numpy as np
from writing import finish, label, numbers

os.environ.setdefault("KERAS_BACKEND", "jax")
import keras

TOLERANCES = {
    "sum": {"rtol": 2e-5, "atol": 2e-5, "why": "float32 sums of some 20 products of size up to 2"},
    "log": {"rtol": 1e-4, "atol": 2e-3, "why": "logarithms, in decibels, of small sums of such"},
    "angle": {"rtol": 1e-3, "atol": 2e-3, "why": "angles of small sums"},
}
CASES = []


def case(name, kwargs, *shape, tolerance="sum"):
    x = numbers(*shape, seed=len(CASES))
    y = np.asarray(getattr(keras.layers, name)(**kwargs)(x))
    if tolerance == "angle":
        y = np.where(np.abs(y) > 3.1415, np.nan, y)  # a half turn has either sign
    CASES.append(
        {
            "id": label(name, kwargs),
            "class": name,
            "kwargs": kwargs,
            "tolerance": tolerance,
            "input": x,
            "output": y,
        }
    )


FRAMES = {"frame_length": 10, "fft_length": 16}
for mode in ("log", "magnitude", "psd", "real", "imag", "angle", "stft"):
    tolerance = {"log": "log", "angle": "angle"}.get(mode, "sum")
    case("STFTSpectrogram", {"mode": mode, **FRAMES}, 2, 23, 2, tolerance=tolerance)
plain = {"mode": "magnitude", **FRAMES}
for more in (
    {"expand_dims": True}, {"padding": "same", "frame_step": 3}, {"periodic": True},
    {"window": "hamming", "scaling": "spectrum"}, {"window": None, "scaling": None},
    {"data_format": "channels_first"}, {"data_format": "channels_first", "expand_dims": True},
):  # fmt: skip
    shape = (2, 2, 23) if "data_format" in more else (2, 23, 2)
    if more.get("data_format") == "channels_first" and os.environ["KERAS_BACKEND"] != "jax":
        continue
    case("STFTSpectrogram", {**plain, **more}, *shape)
case("STFTSpectrogram", {"mode": "magnitude", "frame_length": 6}, 1, 20, 1)
small = {"fft_length": 16, "sequence_stride": 5, "num_mel_bins": 6, "sampling_rate": 4000}
case("MelSpectrogram", {**small, "power_to_db": False}, 2, 40)
for more in (
    {}, {"sequence_length": 12}, {"window": "hamming", "top_db": 10.0}, {"window": None},
    {"min_freq": 0.0, "max_freq": 1500.0, "ref_power": 2.0}, {"mag_exp": 1.0},
):  # fmt: skip
    case("MelSpectrogram", {**small, **more}, 1, 40, tolerance="log")
case("MelSpectrogram", small, 40, tolerance="log")

finish("spectrograms", TOLERANCES, CASES)

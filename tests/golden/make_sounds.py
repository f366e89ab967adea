"""Write sounds.json: spectrograms, mel bands and cepstra of librosa 0.11, in float64.

Run `python tests/golden/make_sounds.py` where librosa is installed. Time is turned to the axis
before the last one, and only every few frames and bins are kept.
"""

import json
from pathlib import Path

import librosa
import numpy as np


def sound(count):
    """Three tones that glide, and a click: what the test makes again by the same formula."""
    n = np.arange(count) / 8000
    x = np.sin(2 * np.pi * (300 + 900 * n) * n) + 0.3 * np.sin(2 * np.pi * 2500 * n)
    x[count // 3] += 5
    return x / 4


CASES = [
    ("spectrogram", 4000, {"n_fft": 256}),
    ("spectrogram", 4000, {"n_fft": 256, "hop_length": 100, "power": 1}),
    ("spectrogram", 4000, {"n_fft": 256, "win_length": 200, "window": "hamming"}),
    ("spectrogram", 4001, {"n_fft": 255, "hop_length": 77, "center": False, "window": "ones"}),
    ("mel_filters", 0, {"sample_rate": 8000, "n_fft": 256, "n_mels": 40}),
    ("mel_filters", 0, {"sample_rate": 22050, "n_fft": 512, "n_mels": 13, "htk": True}),
    ("mel_filters", 0, {"sample_rate": 8000, "n_fft": 256, "n_mels": 20, "fmin": 80, "fmax": 3500,
                        "norm": None}),
    ("mel_spectrogram", 6000, {}),
    ("mel_spectrogram", 4000, {"sample_rate": 8000, "n_fft": 256, "hop_length": 80, "n_mels": 40}),
    ("mfcc", 12000, {}),
    ("mfcc", 4000, {"sample_rate": 8000, "n_mfcc": 13, "n_fft": 256, "hop_length": 80,
                    "n_mels": 40}),
]  # fmt: skip


def compute(name, x, arguments):
    """The numbers of librosa, with its names."""
    a = {("sr" if k == "sample_rate" else k): v for k, v in arguments.items()}
    if name == "spectrogram":
        power = a.pop("power", 2)
        return np.abs(librosa.stft(x, **a)).T ** power
    if name == "mel_filters":
        return librosa.filters.mel(dtype=np.float64, **a)
    if name == "mel_spectrogram":
        return librosa.feature.melspectrogram(y=x, **a).T
    return librosa.feature.mfcc(y=x, **a).T


def main():
    """Compute and write all cases."""
    cases = []
    for name, count, arguments in CASES:
        found = compute(name, sound(count) if count else None, arguments)
        steps = [max(size // 9, 1) for size in found.shape]
        cases.append(
            {
                "function": name,
                "samples": count,
                "arguments": arguments,
                "shape": found.shape,
                "steps": steps,
                "values": np.asarray(found[:: steps[0], :: steps[1]], float).tolist(),
            }
        )
    content = {"librosa": librosa.__version__, "cases": cases}
    Path(__file__).with_name("sounds.json").write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()

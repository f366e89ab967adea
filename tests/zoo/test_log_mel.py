"""The ear of a model: the numbers of `nn.data.sound`, and a file that says what it hears."""

import numpy as np
import pytest

import neurona as nn
from neurona.data.sound import decibels, mel_spectrogram
from neurona.errors import ArgumentError, ShapeError
from neurona.zoo import LogMel
from tests.tolerances import assert_engines_agree

SOUNDS = np.random.default_rng(0).standard_normal((3, 1500)) * np.linspace(0, 1, 1500) ** 4


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "sizes", [{}, {"n_fft": 255, "hop_length": 77, "n_mels": 20, "top_db": 80.0}]
)
def test_it_has_the_numbers_of_the_spectrogram(sizes, dtype):
    ear = LogMel(8000, **sizes, dtype=dtype)
    found = ear(nn.tensor(SOUNDS.astype(dtype))).numpy()
    energy = mel_spectrogram(
        SOUNDS, 8000, n_fft=ear.n_fft, hop_length=ear.hop_length, n_mels=ear.n_mels
    )
    levels = np.stack([decibels(own, top_db=ear.top_db) for own in energy])
    levels -= levels.max(axis=(1, 2), keepdims=True)
    tolerance = 1e-5 if dtype == "float32" else 1e-6  # the bands are float32 in both
    np.testing.assert_allclose(found, 1 + levels / ear.top_db, atol=tolerance)


def test_loudness_makes_no_difference_and_silence_is_even():
    ear = LogMel(8000)
    loud, soft = (ear(nn.tensor((a * SOUNDS).astype("float32"))).numpy() for a in (1.0, 0.01))
    np.testing.assert_allclose(soft, loud, atol=1e-4)
    assert (loud.min(), loud.max()) == (0, 1)
    assert np.isfinite(ear(nn.ops.zeros((1, 1500))).numpy()).all()


def test_it_is_compiled_saved_and_loaded(tmp_path):
    x = SOUNDS.astype("float32")
    model = nn.Sequential([nn.Input((1500,)), LogMel(8000, n_mels=12), nn.layers.Flatten()])
    assert model.output_shape == (None, 16 * 12)
    y = model.predict(x, verbose=0)
    assert_engines_agree(y, LogMel(8000, n_mels=12)(nn.tensor(x)).numpy().reshape(3, -1))
    model.save(tmp_path / "m.safetensors")
    again = nn.models.load_model(tmp_path / "m.safetensors")
    assert (again.layers[0].sample_rate, again.layers[0].n_mels) == (8000, 12)
    np.testing.assert_array_equal(again.predict(x, verbose=0), y)


def test_errors():
    with pytest.raises(ShapeError, match=r"LogMel takes samples\. Got x \(2, 3, 4\)"):
        LogMel(8000)(nn.ops.zeros((2, 3, 4)))
    with pytest.raises(ArgumentError, match="hop_length"):
        LogMel(8000, hop_length=0)
    with pytest.raises(ArgumentError, match="top_db"):
        LogMel(8000, top_db=0)

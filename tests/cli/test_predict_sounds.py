"""Predictions for sounds: what a model that begins with an ear makes of a file."""

import numpy as np
import pytest

import neurona as nn
from neurona.data.sound import write_sound
from neurona.zoo import LogMel
from tests.cli.command import run

RATE, LENGTH = 8000, 2000


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A model that says whether a tone is low, class 0, or high, class 1."""
    path = tmp_path_factory.mktemp("ear") / "ear.safetensors"
    decide = nn.layers.Dense(2, activation="softmax")
    ear = LogMel(RATE, n_mels=8)
    model = nn.Sequential([nn.Input((LENGTH,)), ear, nn.layers.GlobalAveragePooling1D(), decide])
    decide.set_weights([np.repeat([[2.0, 0.0], [0.0, 2.0]], 4, axis=0), np.zeros(2)])
    model.save(path)
    return path


def tone(hertz, rate, seconds):
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)


@pytest.mark.parametrize("rate", [8000, 11025, 16000])
@pytest.mark.parametrize("seconds", [0.1, 0.25, 1.0])
@pytest.mark.parametrize(("kind", "hertz"), [(0, 300), (1, 2900)])
def test_a_sound_of_any_rate_and_length(model, tmp_path, capsys, rate, seconds, kind, hertz):
    write_sound(tmp_path / "a.wav", tone(hertz, rate, seconds), rate)
    code, out, err = run(capsys, "predict", model, tmp_path / "a.wav")
    assert (code, err) == (0, "")
    assert out.startswith(f"{tmp_path / 'a.wav'}  class {kind}  probability 0.")
    assert f"(top 2: {kind} 0." in out


def test_two_channels_and_the_loudest_part(model, tmp_path, capsys):
    sound = np.concatenate([0.01 * tone(2900, RATE, 1), tone(300, RATE, 0.25)])
    write_sound(tmp_path / "a.WAV", np.stack([sound, sound], axis=1), RATE)
    assert "class 0" in run(capsys, "predict", model, tmp_path / "a.WAV")[1]


def test_sounds_that_cannot_be_used(model, tmp_path, capsys):
    (tmp_path / "a.wav").write_bytes(b"rubbish")
    code, _, err = run(capsys, "predict", model, tmp_path / "a.wav")
    assert code == 1
    assert "this is no sound that can be read" in err
    code, _, err = run(capsys, "predict", model, tmp_path / "b.wav")
    assert (code, err) == (2, f"error: there is no file {tmp_path / 'b.wav'}.\n")


def test_a_model_without_an_ear(tmp_path, capsys):
    rows = nn.Sequential([nn.Input((2,)), nn.layers.Dense(1)])
    rows.save(tmp_path / "rows.safetensors")
    write_sound(tmp_path / "a.wav", tone(300, RATE, 0.1), RATE)
    code, _, err = run(capsys, "predict", tmp_path / "rows.safetensors", tmp_path / "a.wav")
    assert code == 1
    assert (
        "this model does not take sounds. Got Dense as its first layer, inputs of shape (2,)"
        in (err)
    )
    assert "neurona train speech makes such a model" in err

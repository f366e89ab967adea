"""Predictions of models of sequences: lines of signs that are read, texts that are written on."""

import numpy as np
import pytest
from PIL import Image

import neurona as nn
from neurona import layers, zoo
from neurona.data import CharacterTokenizer
from neurona.data.preparation import Images
from tests.cli.command import run


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """A model that reads columns of ink, above as sign 1 and below as sign 2."""
    path = tmp_path_factory.mktemp("reader") / "reader.safetensors"
    decide = layers.Dense(3)
    model = nn.Sequential(
        [nn.Input((20, 60, 1)), layers.Permute((2, 1, 3)), layers.Reshape((60, 20)), decide]
    )
    kernel = np.zeros((20, 3))
    kernel[:10, 1], kernel[10:, 2] = 4.0, 4.0
    decide.set_weights([kernel, np.array([5.0, 0.0, 0.0])])
    model.compile("adam", nn.losses.CTC())
    model.preparation = Images((20, 60), "grayscale", divide_by=255, framing="line")
    model.save(path)
    return path


def line(places, size=(20, 60)):
    """An image with a stroke at each place, above or below."""
    pixels = np.zeros(size, np.uint8)
    for at, above in places:
        pixels[2 : 9 if above else 18, at : at + 3] = 255
        pixels[2 : 9 if above else 11, at : at + 3] = 255 if above else 0
    return pixels


def test_a_line_is_read(reader, tmp_path, capsys):
    pixels = line([(5, True), (20, False), (30, True)])
    Image.fromarray(pixels).save(tmp_path / "a.png")
    Image.fromarray(255 - pixels).save(tmp_path / "b.png")  # dark ink
    Image.fromarray(np.kron(pixels, np.ones((3, 3), np.uint8))).save(tmp_path / "c.png")
    for name in ("a.png", "b.png", "c.png"):
        code, out, err = run(capsys, "predict", reader, tmp_path / name)
        assert (code, err) == (0, "")
        assert out.startswith(f"{tmp_path / name}  reads labels 1 2 1  probability 0.")
    Image.fromarray(np.zeros((20, 60), np.uint8)).save(tmp_path / "d.png")
    assert "d.png  reads nothing  probability 0." in run(
        capsys, "predict", reader, tmp_path / "d.png"
    )[1]  # fmt: skip


def test_a_crnn_tells_its_signs(tmp_path, capsys):
    model = zoo.CRNN("xy", filters=(2,), pools=((2, 2),), units=2)
    model(np.zeros((1, 8, 12, 1), "float32"))
    kernel, _ = model.decide.get_weights()
    model.decide.set_weights([0 * kernel, np.array([0.0, 0.0, 9.0])])
    model.compile("adam", nn.losses.CTC())
    model.save(tmp_path / "m.safetensors")
    np.save(tmp_path / "x.npy", np.zeros((2, 8, 12, 1)))
    out = run(capsys, "predict", tmp_path / "m.safetensors", tmp_path / "x.npy")[1]
    assert out.startswith(f"{tmp_path / 'x.npy'} row 1  reads y  probability 0.99")


@pytest.fixture(scope="module")
def writer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("writer")
    tokens = CharacterTokenizer.train("abc\n", byte_fallback=False)
    tokens.save(folder / "tokens.json")
    model = zoo.CharRNN(len(tokens), 4, 8)
    model(np.zeros((1, 3), "int32"))
    model.save(folder / "model.safetensors")
    return folder / "model.safetensors"


def test_a_prompt_is_written_on(writer, capsys):
    arguments = "predict", writer, "--prompt", "ab", "--length", 20, "--seed", 1
    code, out, err = run(capsys, *arguments)
    assert (code, err) == (0, "")
    assert out.startswith("ab")
    assert len(out) == 23  # and the end of the line
    assert run(capsys, *arguments)[1] == out
    assert len(run(capsys, *arguments[:3], "", *arguments[4:])[1]) == 22


def test_the_next_token_is_explained(writer, capsys):
    code, out, _ = run(capsys, "explain", writer, "--prompt", "ab")
    assert code == 0
    assert out.startswith("The prompt: x[0] = ")
    assert "Scores of the next token: " in out
    assert "Prediction of 'char_rnn" in out  # and a number, if there was one before
    assert "takes a prompt" in run(capsys, "explain", writer)[2]


def test_names_end_where_the_model_ends_them(tmp_path, capsys):
    tokens = CharacterTokenizer.train("ab", ["<pad>", "<end>"], byte_fallback=False)
    tokens.save(tmp_path / "tokens.json")
    model = zoo.NGramNetwork(len(tokens), 2, 4, 8)
    model(np.zeros((1, 3), "int32"))
    model.set_weights([0 * w for w in model.get_weights()])  # every token is as likely
    model.save(tmp_path / "model.safetensors")
    arguments = "predict", tmp_path / "model.safetensors", "--length", 500, "--prompt"
    out = run(capsys, *arguments, "ab", "--seed", 2)[1]
    assert out.startswith("ab")
    assert len(out) < 100


def test_what_does_not_fit(writer, reader, tmp_path, capsys):
    code, _, err = run(capsys, "predict", writer, "--prompt", "xyz")
    assert code == 1
    assert "'x'" in err
    assert "a language model takes a prompt" in run(capsys, "predict", writer)[2]
    code, _, err = run(capsys, "predict", writer, tmp_path / "a.png")
    assert code == 2
    assert "a language model takes a prompt. Got" in err
    assert 'try: --prompt "To be"' in err
    assert "this model does not write. Got Sequential" in run(
        capsys, "predict", reader, "--prompt", "a"
    )[2]  # fmt: skip
    assert "this model takes files. Got none" in run(capsys, "predict", reader)[2]
    alone = tmp_path / "alone.safetensors"
    alone.write_bytes(writer.read_bytes())
    code, _, err = run(capsys, "predict", alone, "--prompt", "a")
    assert code == 2
    assert f"there is no tokeniser {tmp_path / 'tokens.json'}" in err
    assert "temperature" in run(
        capsys, "predict", writer, "--prompt", "a", "--temperature", -1
    )[2]  # fmt: skip


def test_only_language_models_take_prompts(reader, tmp_path, capsys):
    np.save(tmp_path / "x.npy", np.zeros((1, 20, 60, 1)))
    code, _, err = run(capsys, "predict", reader, tmp_path / "x.npy", "--prompt", "a")
    assert code == 2
    assert "this model takes files and no prompt. Got --prompt 'a'" in err
    model = zoo.VAE((4, 4), 2, (8,))  # generates images
    model(np.zeros((1, 4, 4), "float32"))
    model.save(tmp_path / "m.safetensors")
    np.save(tmp_path / "x.npy", np.zeros((1, 4, 4)))
    code, out, err = run(capsys, "predict", tmp_path / "m.safetensors", tmp_path / "x.npy")
    assert (code, err) == (0, "")
    assert out.startswith(f"{tmp_path / 'x.npy'}  output ")
    assert (
        "this model takes files. Got none" in run(capsys, "predict", tmp_path / "m.safetensors")[2]
    )
    code, _, err = run(capsys, "predict", tmp_path / "m.safetensors", "--prompt", "a")
    assert "this model does not write. Got VAE" in err

"""`neurona predict`: says what a model makes of each file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from neurona.cli import rows, sounds, writing
from neurona.cli.outputs import meant
from neurona.cli.samples import Pictures, Reader, is_blank, listed, one_by_one
from neurona.data import image_file
from neurona.data.preparation import Table
from neurona.errors import ArgumentError, DataError, FormatError, check_number

BEST = 3  # classes shown besides the winner's


def model_file(path: Path) -> Path:
    """Return the file of a model, which may be named by the folder of its run."""
    return path / "model.safetensors" if path.is_dir() else path


def open_model(path: Path) -> Any:
    """Return the model in a file.

    Raises:
        ArgumentError: there is no such file.
        FormatError: it is no model file, a damaged one, or one that must not be trusted.
    """
    from neurona.models import load_model

    path = model_file(path)
    if not path.is_file():
        run = Path("runs") / path
        there = model_file(run).is_file() and run.is_dir()
        raise ArgumentError(
            f"there is no model file {path}.",
            hint=f"did you mean {run}?" if there else "neurona train digits makes one",
        )
    try:
        return load_model(path)
    except ArgumentError as error:  # what the file asks for, not what the user did
        raise FormatError(f"{path} is no model that can be loaded.", got=str(error)) from error


def write(model: Path, prompt: str, length: int, temperature: float, seed: int | None) -> None:
    """Print how a language model writes on; see `writing.written`."""
    print(writing.written(open_model(model), model_file(model), prompt, length, temperature, seed))


def predict(
    model: Path, files: list[Path], *, invert: bool | None, divide_by: float | None,
    prompt: str | None = None, out: Path | None = None, show: Path | None = None,
) -> None:  # fmt: skip
    """Print what a model makes of files: images, sounds, .csv or .npy; `out` for rows of a table.

    `show` is a .png file or a folder, for images as the network saw them.

    Raises:
        ArgumentError: no file, one that is not there, or of no known kind; or a prompt beside them.
        FormatError: a file that is damaged.
        DataError: samples that do not fit the model; or some of several files cannot be used.
    """
    if divide_by is not None:
        check_number("--divide-by", divide_by, low=0, open=True)
    network, files = open_model(model), listed(files)
    if writing.writes(network):
        raise ArgumentError(
            "a language model takes a prompt.",
            got=" ".join(map(str, files)) or "none",
            hint='--prompt "To be"',
        )
    if prompt is not None:
        raise ArgumentError(
            "this model takes files and no prompt.",
            got=f"--prompt {prompt!r}",
            hint="leave the --prompt out",
        )
    if not files:
        raise ArgumentError(
            "this model takes files.", got="none", hint="an image, a sound, a .csv or a .npy file"
        )
    if isinstance(network.preparation, Table):
        rows.predict(network, files, out)
        return
    if out is not None:
        raise ArgumentError(
            "--out is for rows of a table, of a model that was trained on one.", got=str(out)
        )
    reader = Reader(network, invert, divide_by)
    pictures = None if show is None else Pictures(show)

    def use(path: Path) -> None:
        names, samples = reader.read(path)
        if pictures is not None:
            if path.suffix.lower() in sounds.ENDINGS:
                raise DataError(f"{path} is no image: --show has nothing to show.")
            pictures.write(path, reader.images(), samples)
        words = said(network, np.asarray(network.predict(samples, verbose=0)))
        image = path.suffix.lower() in image_file.ENDINGS
        for name, sample, text in zip(names, samples, words, strict=True):
            end = "  blank: one shade everywhere" if image and is_blank(sample) else ""
            print(f"{name}  {text}{end}")

    one_by_one(files, use)


def said(model: Any, outputs: np.ndarray) -> list[str]:
    """Return what each output (N, ...) of a model says, in words."""
    if reads_lines(model):
        signs = getattr(model, "signs", "")
        return [read(output, signs if isinstance(signs, str) else "") for output in outputs]
    outputs, activation = meant(model, outputs)
    return [told(output.ravel(), activation, model.class_names) for output in outputs]


def reads_lines(model: Any) -> bool:
    """Whether a model was trained with CTC: its outputs are the signs of a line, step by step."""
    from neurona.losses import CTC

    return isinstance(getattr(model, "loss", None), CTC)


def read(scores: np.ndarray, signs: str) -> str:
    """Return what scores (T, C) of a model trained with CTC say, the likeliest at each step.

    >>> read(np.log([[0.1, 0.9, 0.0001], [0.9, 0.1, 0.0001], [0.1, 0.0001, 0.9]]), "ab")
    'reads ab  probability 0.7288'
    >>> read(np.log([[0.9, 0.05, 0.05], [0.1, 0.1, 0.8]]), "")
    'reads label 2  probability 0.7200'
    """
    from neurona import ops

    log_p = ops.log_softmax(scores[None].astype(np.float64))
    labels, score = ops.ctc_decode(log_p, [len(scores)])
    found = [n for n in labels.numpy()[0, 0].tolist() if n > 0]
    if len(signs) == scores.shape[1] - 1:
        text = "".join(signs[n - 1] for n in found)
    else:
        text = " ".join(["label" if len(found) == 1 else "labels", *map(str, found)])
    text = text if found else "nothing"
    return f"reads {text}  probability {np.exp(-score.item()):.4f}"


def told(output: np.ndarray, activation: str, names: Sequence[str] | None = None) -> str:
    """Return what an output says, in words.

    >>> told(np.array([0.1, 0.7, 0.2]), "softmax")
    'class 1  probability 0.7000  (top 3: 1 0.7000, 2 0.2000, 0 0.1000)'
    >>> told(np.array([0.9]), "sigmoid", ["cat", "dog"]), told(np.array([1.5, 2.0]), "linear")
    ('class dog  probability 0.9000  (top 2: dog 0.9000, cat 0.1000)', 'output 1.5 2')
    >>> told(np.array([1.0]), "step")  # it is sure, and knows no probabilities
    'class 1'
    """
    count = output.size + (output.size == 1)
    known = names if names is not None and len(names) == count else list(map(str, range(count)))
    if activation == "sigmoid" and output.size == 1:
        output = np.array([1 - output[0], output[0]])
    elif activation == "step" and output.size == 1:
        return f"class {known[int(output[0])]}" if output[0] in (0, 1) else f"class {output[0]:g}"
    elif activation != "softmax":
        return "output " + " ".join(f"{value:g}" for value in output)
    best = np.argsort(-output, kind="stable")[:BEST]
    top = ", ".join(f"{known[i]} {output[i]:.4f}" for i in best)
    return f"class {known[best[0]]}  probability {output[best[0]]:.4f}  (top {len(best)}: {top})"

"""`neurona predict`: reads files as samples, and says what a model makes of each."""

from __future__ import annotations

import csv
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np

from neurona.cli import rows, sounds, writing
from neurona.data.preparation import Images, Table
from neurona.errors import ArgumentError, DataError, FormatError, check_number

IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".pgm", ".ppm")
BEST = 3  # classes shown besides the winner's


def open_model(path: Path) -> Any:
    """Return the model in a file.

    Raises:
        ArgumentError: there is no such file.
        FormatError: it is no model file, a damaged one, or one that must not be trusted.
    """
    from neurona.models import load_model

    path = path / "model.safetensors" if path.is_dir() else path  # of a run
    if not path.is_file():
        raise ArgumentError(
            f"there is no model file {path}.", hint="neurona train digits makes one"
        )
    try:
        return load_model(path)
    except ArgumentError as error:  # what the file asks for, not what the user did
        raise FormatError(f"{path} is no model that can be loaded.", got=str(error)) from error


def write(model: Path, prompt: str, length: int, temperature: float, seed: int | None) -> None:
    """Print how a language model writes on; see `writing.written`."""
    print(writing.written(open_model(model), model, prompt, length, temperature, seed))


def predict(
    model: Path, files: list[Path], *, invert: bool | None, divide_by: float,
    prompt: str | None = None, out: Path | None = None,
) -> None:  # fmt: skip
    """Print what a model makes of files: images, sounds, .csv or .npy; `out` for rows of a table.

    Raises:
        ArgumentError: no file, one that is not there, or of no known kind; or a prompt beside them.
        FormatError: a file that is damaged.
        DataError: samples that do not fit the model.
    """
    check_number("--divide-by", divide_by, low=0, open=True)
    network = open_model(model)
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
    shape = input_shape(network)
    for path in files:
        if path.suffix.lower() in sounds.ENDINGS:
            names, samples = [str(path)], sounds.read(path, network, shape)
        else:
            names, samples = read_samples(path, shape, invert, divide_by, line=reads_lines(network))
        outputs = np.asarray(network.predict(samples, verbose=0))
        kind = outputs_mean(network)
        for name, output in zip(names, outputs, strict=True):
            if reads_lines(network):
                signs = getattr(network, "signs", "")
                print(f"{name}  {read(output, signs if isinstance(signs, str) else '')}")
            else:
                print(f"{name}  {told(output.ravel(), kind)}")


def reads_lines(model: Any) -> bool:
    """Whether a model was trained with CTC: its outputs are the signs of a line, step by step."""
    from neurona.losses import CTC

    return isinstance(getattr(model, "loss", None), CTC)


def input_shape(model: Any) -> tuple[int, ...]:
    """Return the shape of one sample.

    Raises:
        DataError: the model has several inputs, or does not say what it takes.
    """
    shape = model.input_shape
    if not isinstance(shape, tuple) or not shape or any(n is None for n in shape[1:]):
        raise DataError(
            "the model's input has no one fixed shape.",
            got=str(shape),
            expected="one input such as (None, 28, 28)",
            hint="load it in Python: nn.models.load_model(path).predict(...)",
        )
    return tuple(shape[1:])


def read_samples(
    path: Path, shape: tuple[int, ...], invert: bool | None, divide_by: float, line: bool = False
) -> tuple[list[str], np.ndarray]:
    """Return names and samples (N, *shape) of a file; in an image there may be a whole line."""
    if not path.is_file():
        raise ArgumentError(f"there is no file {path}.")
    ending = path.suffix.lower()
    if ending == ".csv":
        samples = _rows(path) / divide_by
    elif ending == ".npy":
        samples = _array(path) / divide_by
    elif ending in IMAGES:
        height, width, channels = frame(shape)
        grey = channels == 1
        samples = Images(
            (height, width), "grayscale" if grey else "rgb", divide_by=255, invert=invert,
            framing=("line" if line else "ink") if grey else "crop",
        ).apply(path)  # fmt: skip
    else:
        raise ArgumentError(
            f"{path} is of no known kind.",
            got=repr(ending),
            expected=f".csv, .npy, an image ({', '.join(IMAGES)}) or a sound "
            f"({', '.join(sounds.ENDINGS)})",
        )
    found = _fitted(samples, shape, path)
    if ending in (".csv", ".npy") and len(shape) > 1 and np.abs(found).max(initial=0) > 1:
        print(
            f"note: {path} has values up to {np.abs(found).max():g}; the models of the recipes "
            "take pixels in 0 to 1 (--divide-by 255 does that).",
            file=sys.stderr,
        )
    names = [str(path)]
    if len(found) > 1:
        names = [f"{path} row {number}" for number in range(1, len(found) + 1)]
    return names, found.astype(np.float32)


def frame(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Return height, width and channels of the images that a model takes.

    >>> frame((28, 28)), frame((8, 8, 1)), frame((784,))
    ((28, 28, 1), (8, 8, 1), (28, 28, 1))
    """
    side = math.isqrt(shape[0]) if len(shape) == 1 else 0
    if len(shape) == 2:
        return shape[0], shape[1], 1
    if len(shape) == 3 and shape[2] in (1, 3):
        return shape[0], shape[1], shape[2]
    if side > 3 and side * side == shape[0]:
        return side, side, 1
    raise DataError(
        "this model does not take images.",
        got=f"inputs of shape {shape}",
        expected="(H, W), (H, W, 1), (H, W, 3) or a square number of pixels",
        hint="a .csv or .npy file",
    )


def _rows(path: Path) -> np.ndarray:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            lines = [line for line in csv.reader(file) if any(cell.strip() for cell in line)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise FormatError(f"{path} is no CSV file.", got=str(error)) from None
    if lines and not _numbers(lines[0]):
        del lines[0]  # a header
    if not lines:
        raise DataError(f"{path} has no rows.")
    for number, line in enumerate(lines, start=1):
        if _numbers(line) is None or len(line) != len(lines[0]):
            raise FormatError(
                f"{path}: row {number} does not hold {len(lines[0])} numbers.",
                got=", ".join(line)[:60],
            )
    return np.array([_numbers(line) for line in lines])


def _numbers(cells: list[str]) -> list[float] | None:
    try:
        return [float(cell) for cell in cells]
    except ValueError:
        return None


def _array(path: Path) -> np.ndarray:
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError, SyntaxError, MemoryError) as error:
        raise FormatError(
            f"{path} is no array that can be read safely.", got=str(error).partition("\n")[0]
        ) from None
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf":
        raise FormatError(f"{path} holds no numbers.", got=str(getattr(array, "dtype", "archive")))
    return array.astype(np.float64)


def _fitted(samples: np.ndarray, shape: tuple[int, ...], path: Path) -> np.ndarray:
    """Return samples as (N, *shape): one or many, flat or not."""
    size = math.prod(shape)
    fits = samples.size and (samples.shape in (shape, (*shape, 1)) or samples.shape[1:] == shape)
    flat = samples.ndim <= 2 and samples.size and samples.shape[-1:] == (size,)
    rows = samples.ndim > 1 and samples.size and math.prod(samples.shape[1:]) == size
    if not (fits or flat or rows):
        raise DataError(
            f"{path} does not fit the model.",
            got=f"shape {samples.shape}",
            expected=f"samples of shape {shape}, or rows of {size} numbers",
        )
    return samples.reshape(-1, *shape)


def outputs_mean(model: Any) -> str:
    """Return what the outputs of a model are, by its last activation: the name of it, or ""."""
    layers = getattr(model, "layers", [])
    activation = getattr(layers[-1], "activation", None) if layers else None
    return getattr(activation, "__name__", "") or (
        type(layers[-1]).__name__.lower() if layers else ""
    )


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


def told(output: np.ndarray, activation: str) -> str:
    """Return what an output says, in words.

    >>> told(np.array([0.1, 0.7, 0.2]), "softmax")
    'class 1  probability 0.7000  (top 3: 1 0.7000, 2 0.2000, 0 0.1000)'
    >>> told(np.array([0.9]), "sigmoid"), told(np.array([1.5, 2.0]), "linear")
    ('class 1  probability 0.9000  (top 2: 1 0.9000, 0 0.1000)', 'output 1.5 2')
    >>> told(np.array([1.0]), "step")  # it is sure, and knows no probabilities
    'class 1'
    """
    if activation == "sigmoid" and output.size == 1:
        output = np.array([1 - output[0], output[0]])
    elif activation == "step" and output.size == 1:
        return f"class {output[0]:g}"
    elif activation != "softmax":
        return "output " + " ".join(f"{value:g}" for value in output)
    best = np.argsort(-output, kind="stable")[:BEST]
    top = ", ".join(f"{i} {output[i]:.4f}" for i in best)
    return f"class {best[0]}  probability {output[best[0]]:.4f}  (top {len(best)}: {top})"

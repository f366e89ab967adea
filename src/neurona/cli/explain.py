"""`neurona explain`: what a model computes for a sample in a file, in formulas and numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from neurona.cli.predict import open_model
from neurona.cli.samples import Reader
from neurona.data.preparation import Table
from neurona.errors import ArgumentError


def explain(
    model: Path, file: Path, row: int, target: str | None, html: Path | None, asked: dict[str, Any]
) -> str:
    """Return the explanation as text, or say where the page is.

    Args:
        model: a model file.
        file: a sample, as `neurona predict` takes them.
        row: which sample of several, from 0.
        target: the right answer, numbers apart from each other by commas; None: a prediction.
        html: where to write a page.
        asked: `of`, `neuron`, `layer` and `output` of `nn.explain`.

    Raises:
        ArgumentError: if there is no such file or row, or the target is no number.
    """
    from neurona.explanation.explain import explain

    network = open_model(model)
    samples = Reader(network).read(file)[1]
    if not 0 <= row < len(samples):
        raise ArgumentError(
            f"{file} has no such row.", got=f"--row {row}", expected=f"0 to {len(samples) - 1}"
        )
    y = None if target is None else _target(network, target)
    explanation = explain(network, samples[row : row + 1], y, **asked)
    if html is None:
        return _inputs(network, samples[row]) + explanation.text()
    explanation.save(html.with_suffix(".html"))
    return f"{explanation.title}: {html.with_suffix('.html')}"


def _inputs(model: Any, sample: np.ndarray) -> str:
    """Return what each number is that a table's row became: x[0] and so on are these."""
    if not isinstance(model.preparation, Table):
        return ""
    lines = [
        f"  x[{place}] = {value:.4g}  {name}"
        for place, (name, value) in enumerate(
            zip(model.preparation.inputs, sample.tolist(), strict=True)
        )
    ]
    return "\n".join(["The row, as the network takes it:", *lines, "", ""])


def _target(model: Any, text: str) -> np.ndarray:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        raise ArgumentError(
            "a target is a number, or several with commas.", got=f"--target {text!r}"
        ) from None
    if getattr(model.loss, "name", model.loss) == "sparse_categorical_crossentropy":
        return np.asarray(numbers, np.int64)
    return np.asarray([numbers], np.float32)

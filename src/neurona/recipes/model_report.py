"""`nn.report`: the page of a recipe's run, for any model that somebody trained."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from neurona.errors import ArgumentError, DataError, ShapeError
from neurona.files import write_text
from neurona.models import Model
from neurona.recipes import judging, page
from neurona.recipes.advice import Advice
from neurona.recipes.examine import show_dead, show_training
from neurona.recipes.explained import on_loss
from neurona.recipes.findings import Examined
from neurona.recipes.report import document, loss_name, score_text
from neurona.recipes.results import Results

# Advice is written for the command; here its options have the names that a script has.
IN_PYTHON = (
    (r"--epochs (\d+)", r"epochs=\1 in fit"),
    (r"--lr (\S*\d)", r"learning_rate=\1"),
    ("--epochs", "epochs"),
    ("--lr", "learning_rate"),
    ("--batch-size", "batch_size"),
    ("--seed", "seed"),
)


class Report:
    """A report that was written.

    Attributes:
        path: of the page.
        scores: results by name; the last is the one that counts.
    """

    def __init__(self, path: Path, scores: dict[str, float], html: str) -> None:
        self.path, self.scores, self._html = path, scores, html

    def __repr__(self) -> str:
        told = ", ".join(f"{name} {score_text(name, v)}" for name, v in self.scores.items())
        return f"<Report {self.path}{f': {told}' if told else ''}>"

    def __fspath__(self) -> str:
        return str(self.path)

    def _repr_html_(self) -> str:
        return (
            f'<iframe srcdoc="{escape(self._html)}" title="{escape(str(self.path))}" '
            'style="width: 100%; height: 40rem; border: 1px solid #8884"></iframe>'
        )


def report(
    model: Model,
    history: Any = None,
    data: Any = None,
    path: str | os.PathLike[str] = "report.html",
    *,
    class_names: Sequence[str] | None = None,
    title: str = "",
    code: str = "",
) -> Report:
    """Write a page about a trained model: curves, scores, mistakes, layers, settings, advice.

    What is shown follows from the outputs. Classes: the confusion matrix, the surest mistakes
    (as pictures, if the samples are images), and guessing the commonest class as the baseline.
    Numbers: predicted over true ones, the largest errors, and the mean as the baseline. Of several
    outputs or sequences, the scores that the model itself measures.

    Args:
        model: built, and compiled if its loss and metrics are to be shown.
        history: what `fit` returned, or logs by name; by default that of the model's last `fit`.
        data: (x, y) that the model has not seen; x and y as `evaluate` takes them. y is class
            numbers (N,), one-hot (N, K), or numbers (N,) or (N, D).
        path: of the page; if it is a folder, `report.html` in it. It replaces what is there.
        class_names: of the classes in order; by default those that the model keeps, or numbers.
        title: the model's name by default.
        code: Python that made it, to be shown; such as `Path(__file__).read_text()`.

    Returns: a `Report` with `path` and `scores`; in a notebook, it shows the page.

    Raises:
        ArgumentError: this is no model, or the names are not as many as the classes.
        DataError: the data are not (x, y).
        ShapeError: x and y, or y and the outputs, do not belong together.

    >>> import tempfile
    >>> import numpy as np
    >>> from neurona import layers, models
    >>> x = np.linspace(-1, 1, 64, dtype=np.float32)[:, None]
    >>> model = models.Sequential([layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> history = model.fit(x, 2 * x, epochs=2, verbose=0)
    >>> page = report(model, history, (x, 2 * x), tempfile.mkdtemp())
    >>> page.path.name, list(page.scores)
    ('report.html', ['test loss', 'error of the mean', 'R2', 'root mean squared error'])
    """
    if not isinstance(model, Model):
        raise ArgumentError(
            "a report is of a model.",
            got=type(model).__name__,
            expected="a neurona.models.Model, such as a Sequential",
        )
    results = Results(model, _logs(model, history))
    results.code = code
    known: Any = model.history if history is None else history
    if getattr(known, "diagnosis", None) is not None:
        results.examined = [Examined("", known.diagnosis, known.repairs)]
    if results.history:
        show_training(results)
    if data is not None:
        _test(results, *_pair(data), class_names)
    results.advice = [_in_python(advice) for advice in results.advice]
    where = Path(path)
    if where.is_dir() or not where.suffix:
        where /= "report.html"
    lead = _lead(results)
    html = document(results, title or model.name, lead, page.rows(_setup(model, results)))
    write_text(where, html)
    return Report(where, results.scores, html)


def _logs(model: Any, history: Any) -> dict[str, list[float]]:
    given = getattr(model, "history", None) if history is None else history
    logs = getattr(given, "history", given)
    if logs is None:
        return {}
    if not isinstance(logs, Mapping):
        raise ArgumentError(
            "a history is what fit returned, or logs by name.",
            got=type(history).__name__,
            expected='such as {"loss": [0.5, 0.3]}',
        )
    return {str(k): [float(v) for v in values] for k, values in logs.items() if len(values)}


def _in_python(advice: Advice) -> Advice:
    attempt = advice.attempt
    for option, name in IN_PYTHON:
        attempt = re.sub(option, name, attempt)
    return dataclasses.replace(advice, attempt=attempt)


def _pair(data: Any) -> tuple[Any, Any]:
    if isinstance(data, tuple | list) and len(data) == 2:
        return data[0], data[1]
    raise DataError(
        "the data of a report are samples and what is true of them.",
        got=f"{type(data).__name__}"
        + (f" of {len(data)}" if isinstance(data, tuple | list) else ""),
        expected="(x, y)",
        hint="report(model, history, (x_test, y_test))",
    )


def _test(results: Results, x: Any, y: Any, class_names: Sequence[str] | None) -> None:
    """Measure the model on data, and show what it makes of them."""
    model = results.model
    if getattr(model, "loss", None) is not None:
        logs = model.evaluate(x, y, verbose=0, return_dict=True)
        results.explain("loss", on_loss(model, logs.get("loss")))
        for name, value in logs.items():
            results.score(f"test {name.replace('_', ' ')}", value)
    outputs = model.predict(x, verbose=0)
    if not isinstance(outputs, np.ndarray) or isinstance(y, tuple | dict):
        results.fact("outputs", "several: their scores are shown, not single samples")
        _tell_size(results, x)
        return
    truth = np.asarray(y)
    if len(truth) != len(outputs):
        raise ShapeError(
            "each sample has one target.", got=f"{len(outputs):,} samples, {len(truth):,} targets"
        )
    _tell_size(results, x)
    names = class_names if class_names is not None else getattr(model, "class_names", None)
    read = judging.read(truth, outputs, model, names)
    if isinstance(x, np.ndarray):
        show_dead(results, x, "test samples")
    if isinstance(read, judging.Classes):
        judging.show_classes(results, x, read)
    elif isinstance(read, judging.Numbers):
        judging.show_numbers(results, x, read)
    else:
        results.fact("outputs", f"{read}: their scores are shown, not single samples")


def _tell_size(results: Results, x: Any) -> None:
    several = isinstance(x, tuple | dict) or (isinstance(x, list) and isinstance(x[0], np.ndarray))
    parts = [np.shape(p) for p in (x.values() if isinstance(x, dict) else x)] if several else []
    shapes = parts or [np.shape(x)]
    results.fact("samples", f"{shapes[0][0]:,} for testing")
    results.fact("features", "; ".join(" x ".join(map(str, s[1:])) or "1" for s in shapes))
    preparation = getattr(results.model, "preparation", None)
    if preparation is not None:
        results.fact("prepared", str(preparation))


def _lead(results: Results) -> str:
    kind = type(results.model).__name__
    epochs = max((len(values) for values in results.history.values()), default=0)
    layers = len(results.model.layers)
    told = f"A {kind} of {layers} layer{'s' * (layers != 1)}"
    return f"{told}, trained for {epochs:,} epoch{'s' * (epochs != 1)}." if epochs else f"{told}."


def _setup(model: Any, results: Results) -> dict[str, str]:
    facts = {}
    epochs = max((len(values) for values in results.history.values()), default=0)
    if epochs:
        facts["epochs"] = f"{epochs:,}"
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None:
        facts["optimizer"] = type(optimizer).__name__
        rate = optimizer.arguments.get("learning_rate")
        plain = rate is None or isinstance(rate, int | float)
        told = f"{float(np.asarray(optimizer.learning_rate)):g}" if plain else type(rate).__name__
        facts["learning rate"] = told
    if loss_name(model):
        facts["loss"] = loss_name(model)
    return facts | {"engine": results.engine}

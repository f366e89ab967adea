"""`neurona explain`: what a model computes for a sample in a file, in formulas and numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from neurona.cli.predict import model_file, open_model, said
from neurona.cli.samples import Reader
from neurona.cli.writing import END, TOKENS, writes
from neurona.data.preparation import Table
from neurona.errors import ArgumentError, DataError

LONGEST = 120  # letters of what a model says


def explain(
    model: Path, file: Path | None, row: int, target: str | None, html: Path | None,
    asked: dict[str, Any], prompt: str | None = None,
) -> str:  # fmt: skip
    """Return the explanation as text, or say where the page is.

    Args:
        model: a model file.
        file: a sample, as `neurona predict` takes them; None with a prompt.
        row: which sample of several, from 0.
        target: the right answer, numbers apart from each other by commas; None: a prediction.
        html: where to write a page.
        asked: `of`, `neuron`, `layer`, `output` and `limit` of `nn.explain`.
        prompt: for a language model: what it computes of the token behind it.

    Raises:
        ArgumentError: if there is no such file or row, or the target is no number.
        DataError: if the model takes several inputs, which no one file holds.
    """
    from neurona.explanation.explain import explain

    network = open_model(model)
    if writes(network):
        return _next_token(network, model, prompt, html, asked)
    if file is None or prompt is not None:
        raise ArgumentError(
            "this model takes a file and no prompt.", got=f"{file or 'no file'}, {prompt!r}"
        )
    if isinstance(network.input_shape, list):
        raise DataError(
            "this model takes several inputs, and a file holds one.",
            got=str(network.input_shape),
            hint="in Python: nn.explain(nn.models.load_model(path), [first, second])",
        )
    samples = Reader(network).read(file)[1]
    if not 0 <= row < len(samples):
        raise ArgumentError(
            f"{file} has no such row.", got=f"--row {row}", expected=f"0 to {len(samples) - 1}"
        )
    y = None if target is None else _target(network, target)
    x = samples[row : row + 1]
    explanation = explain(network, x, y, **asked)
    words = said(network, np.asarray(network.predict(x, verbose=0)))[0]
    if len(words) > LONGEST:  # an image, or a code
        words = ""
    head = f"The model says: {words}.\n\n" if words else ""
    return _written(explanation, html, _inputs(network, samples[row]) + head)


def _written(explanation: Any, html: Path | None, head: str = "") -> str:
    """Return an explanation as text below a head, or write the page and say where it is."""
    if html is None:
        return head + explanation.text()
    explanation.save(html.with_suffix(".html"))
    return f"{explanation.title}: {html.with_suffix('.html')}"


def _next_token(
    network: Any, path: Path, prompt: str | None, html: Path | None, asked: dict[str, Any]
) -> str:
    """Explain the scores that a language model gives to the token behind a prompt."""
    from neurona.data import load_tokenizer
    from neurona.explanation.explain import explain

    if prompt is None:
        raise ArgumentError("a language model takes a prompt.", hint='--prompt "To be"')
    beside = model_file(path).with_name(TOKENS)
    if not beside.is_file():
        raise ArgumentError(f"there is no tokeniser {beside}.")
    tokens = load_tokenizer(beside)
    start = END if END in tokens.specials else None
    numbers = np.asarray(tokens.encode(prompt, start=start))
    if not len(numbers):
        numbers = np.asarray(tokens.encode("\n"))
    numbers = numbers[-network.context :] if network.context else numbers
    scores = np.asarray(network.predict(numbers[None], verbose=0))[0, -1]
    best = np.argsort(-scores, kind="stable")[:3]
    likely = ", ".join(f"{tokens.decode([int(i)])!r} {scores[i]:.4g}" for i in best)
    seen = ", ".join(f"x[{t}] = {n} {tokens.decode([int(n)])!r}" for t, n in enumerate(numbers))
    head = f"The prompt: {seen}.\nScores of the next token: {likely}; the first is explained.\n\n"
    return _written(explain(network, numbers[None], **asked), html, head)


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
    """Return the target that a class name or numbers stand for, as `fit` takes it."""
    names = model.class_names or ()
    try:
        numbers = [float(names.index(text))] if text in names else list(map(float, text.split(",")))
    except ValueError:
        raise ArgumentError(
            "a target is a number, or several with commas, or the name of a class.",
            got=f"--target {text!r}", expected=", ".join(names[:20]),
        ) from None  # fmt: skip
    loss = str(getattr(model.loss, "name", model.loss))
    if loss.startswith("sparse"):
        return np.asarray(numbers, np.int64)
    if loss.startswith("categorical") and len(numbers) == 1:
        return np.eye(model.output_shape[-1], dtype=np.float32)[[int(numbers[0])]]
    return np.asarray([numbers], np.float32)

"""The report of a run: one HTML file that tells setup, data, training, results and what to try."""

from __future__ import annotations

import os
import platform
import shlex
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from neurona import config
from neurona.recipes import page
from neurona.recipes.results import DOTS_PER_INCH, Results
from neurona.version import __version__

if TYPE_CHECKING:
    from neurona.recipes.advice import Advice
    from neurona.recipes.run import Run

DATA = ("samples",)
MODEL = ("weights",)
TRAINING = ("history", "errors", "learning_rate")


def report(run: Run) -> str:
    """Return the report of a finished run as HTML."""
    return document(
        run,
        run.recipe.name,
        f"{run.recipe.description}.",
        page.rows(setup(run)) + _again(run),
        "<p>The same in Python, to run and to change; it stands beside this file as "
        "<code>run.py</code> and prints the same scores.</p>",
    )


def document(results: Results, name: str, lead: str, setup: str, above_code: str = "") -> str:
    """Return a report as HTML.

    Args:
        results: what is told.
        name: what was trained, in a word.
        lead: the sentence below it.
        setup: how it was trained, in HTML.
        above_code: what its code is, in HTML.
    """
    scores = [(n, score_text(n, v)) for n, v in results.scores.items()]
    numbers = [*reversed(scores), ("parameters", f"{results.model.count_params():,}")]
    if results.seconds:
        numbers.append(("training", duration(results.seconds)))
    header = f'<h1>{escape(name)}</h1><p class="lead">{escape(lead)}</p>{page.tiles(numbers)}'
    told = (*DATA, *MODEL, *TRAINING)
    pictures = [p.name for p in results.pictures if p.name not in told]
    sections = {
        "Setup": setup,
        "Data": (page.rows(results.facts) if results.facts else "") + _figures(results, DATA),
        "Model": page.preformatted(results.summary()) + _figures(results, MODEL),
        "Training": _ending(results)
        + _notes(results, "loss", "accuracy")
        + _figures(results, TRAINING),
        "Results": (page.rows(dict(scores)) if scores else "")
        + _notes(results, *(["loss"] if "test loss" in results.scores else []), "units")
        + "".join(page.table(t.title, t.columns, t.rows) for t in results.tables)
        + "".join(page.words(w.title, w.text) for w in results.texts)
        + _figures(results, pictures),
        "What the doctor says": _examined(results),
        "What to try next": _advice(results.advice),
        "The code": _code(results.code, above_code),
        "Where it was made": page.rows(surroundings()),
    }
    now = datetime.now().astimezone()
    footer = f"<p>Written by neurona {__version__} on {now:%d %B %Y at %H:%M %Z}.</p>"
    title = f"{name}: {scores[-1][0]} {scores[-1][1]}" if scores else name
    return page.page(title, header, sections, footer)


def score_text(name: str, value: float) -> str:
    """Return a score as it is read: shares as percentages, counts as whole numbers.

    >>> score_text("test accuracy", 0.98056), score_text("epochs", 4.0)
    ('98.06 %', '4')
    >>> score_text("test loss", float("nan"))
    'nan'
    """
    if "accuracy" in name:
        return f"{100 * value:.2f} %"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:.4g}"


def duration(seconds: float) -> str:
    """Return a time in words.

    >>> duration(0.25), duration(75)
    ('0.2 s', '1 min 15 s')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def loss_name(model: Any) -> str:
    """Return the name of a model's loss; "" if it has none, or one for each output."""
    loss = getattr(model, "loss", None)
    if loss is None or isinstance(loss, list | tuple | dict):
        return ""
    return str(getattr(loss, "name", "") or getattr(loss, "__name__", loss))


def setup(run: Run) -> dict[str, str]:
    """Return how the run was made, as the report lists it."""
    settings = run.settings
    model, facts = run.model, {"epochs": f"{settings.epochs:,}"}
    if settings.batch_size is not None:
        facts["batch size"] = f"{settings.batch_size}"
    shape = (("units", settings.units), ("layers", settings.layers))
    facts |= {name: str(value) for name, value in shape if value is not None}
    if settings.activation is not None:
        facts["activation"] = settings.activation
    if settings.optimizer is not None:
        facts["optimizer"] = type(model.optimizer).__name__
    facts["learning rate"] = f"{settings.learning_rate:g}"
    if loss_name(model):
        facts["loss"] = loss_name(model)
    facts |= {"seed": f"{settings.seed}", "engine": run.engine}
    if run.resumed is not None:
        facts["resumed"] = f"in epoch {run.resumed + 1}; the time above is that since then"
    return facts


def command(run: Run) -> str:
    """Return the command that makes this run again."""
    settings, words = (
        run.settings,
        ["neurona", "train", *(run.recipe.arguments or (run.recipe.name,))],
    )
    if run.quick:
        words.append("--quick")
    options = {
        "--epochs": settings.epochs,
        "--batch-size": settings.batch_size,
        "--lr": settings.learning_rate,
        "--optimizer": settings.optimizer,
        "--seed": settings.seed,
        "--units": settings.units,
        "--layers": settings.layers,
        "--activation": settings.activation,
    }
    for option, value in options.items():
        if value is not None:
            words += [option, f"{value}"]
    return shlex.join(words)


def surroundings() -> dict[str, str]:
    """Return the machine and the versions that the run was made with."""
    return {
        "neurona": __version__,
        "Python": platform.python_version(),
        "NumPy": np.__version__,
        "system": f"{platform.system()} {platform.machine()}",
        "processors": str(os.cpu_count()),
        "float type": config.floatx(),
    }


def _again(run: Run) -> str:
    return (
        f"<p>The same numbers again, bit for bit: {page.command(command(run))}</p>"
        "<p>Beside this file: <code>model.safetensors</code>, <code>history.csv</code> and the "
        "pictures in <code>plots</code>.</p>"
    )


def _code(code: str, above: str) -> str:
    lines = code.rstrip().count("\n") + 1
    return above + page.code(f"Show the {lines:,} lines", code) if code else ""


def _ending(run: Results) -> str:
    last = {name: f"{values[-1]:.4g}" for name, values in run.history.items() if values}
    return f"<h3>At the end</h3>{page.rows(last)}" if last else ""


def _notes(run: Results, *about: str) -> str:
    return "".join(f"<p>{escape(run.notes[name])}</p>" for name in about if name in run.notes)


def _figures(run: Results, names: list[str] | tuple[str, ...]) -> str:
    found = {p.name: p for p in run.pictures}
    return "".join(
        page.figure(found[n].title, found[n].alt, found[n].png, DOTS_PER_INCH)
        for n in names
        if n in found
    )


def _examined(results: Results) -> str:
    from neurona.recipes.findings import section

    return section(results.examined)


def _advice(advice: list[Advice]) -> str:
    items = (
        f'<li>{page.told(a.seen)}<br><span class="try">Try: {page.told(a.attempt)}</span></li>'
        for a in advice
    )
    return f'<ol class="advice">{"".join(items)}</ol>' if advice else ""

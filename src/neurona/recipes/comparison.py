"""Runs side by side: their settings and scores in a table, their curves over each other."""

from __future__ import annotations

import dataclasses
import io
import os
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from neurona import plots
from neurona.errors import ArgumentError
from neurona.files import write_bytes, write_text
from neurona.plots.canvas import grid_shape, new_figure
from neurona.recipes import page, record
from neurona.recipes.files import read_history
from neurona.recipes.report import duration, score_text
from neurona.recipes.results import DOTS_PER_INCH

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclasses.dataclass(frozen=True)
class Compared:
    """A run, by the name it has here: what its folder says of it, and its curves."""

    name: str
    folder: Path
    record: record.Record
    history: dict[str, list[float]]


def load(names: Sequence[str]) -> list[Compared]:
    """Return the runs of these names or folders.

    Raises:
        ArgumentError: fewer than two, the same one twice, or one that is not there.
    """
    folders = [record.find(name) for name in names]
    if len({folder.resolve() for folder in folders}) < max(len(folders), 2):
        raise ArgumentError(
            "it takes two different runs to compare.",
            got=", ".join(names),
            hint="`neurona runs` lists what there is",
        )
    short = [folder.resolve().name for folder in folders]
    shown = short if len(set(short)) == len(short) else [str(folder) for folder in folders]
    found = []
    for name, folder in zip(shown, folders, strict=True):
        run = record.read(folder)
        assert run is not None
        found.append(Compared(name, folder, run, read_history(folder / "history.csv")))
    return found


def chief(run: record.Record) -> str:
    """Return the score that counts, in words; of a run that has not ended, that."""
    if not run.finished or run.score is None:
        return "unfinished"
    name, value = run.score
    return f"{name} {score_text(name, value)}"


def columns(runs: Sequence[Compared]) -> list[tuple[str, ...]]:
    """Return the table: its head, then scores, curves at their ends, and what differs in settings.

    What is the same in all settings is one row less to read, so it is left out.
    """
    rows = [("", *(run.name for run in runs))]
    rows.append(("recipe", *(r.record.recipe + " --quick" * r.record.quick for r in runs)))
    rows.append(("finished", *(r.record.finished[:16].replace("T", " ") or "no" for r in runs)))
    for name in _all(reversed(r.record.scores) for r in runs):
        scores = [r.record.scores.get(name) for r in runs]
        rows.append((name, *("" if s is None else score_text(name, s) for s in scores)))
    ended = [duration(r.record.seconds) if r.record.finished else "" for r in runs]
    rows.append(("training", *ended))
    for name in _all(r.history for r in runs):
        curves = [r.history.get(name) or [] for r in runs]
        rows.append((f"{_word(name)} at the end", *(f"{c[-1]:.4g}" if c else "" for c in curves)))
    for name in _all(r.record.settings for r in runs):
        values = [r.record.settings.get(name) for r in runs]
        if any(v != values[0] for v in values):
            told = ("" if v is None else str(v) for v in values)
            rows.append((name.replace("_", " "), *told))
    return rows


def _all(names: Any) -> list[str]:
    """Return all names, each once, in the order of their first place."""
    return list(dict.fromkeys(name for some in names for name in some))


def _word(log: str) -> str:
    words = log.removeprefix("val_").replace("_", " ")
    return f"validation {words}" if log.startswith("val_") else f"training {words}"


def curves(runs: Sequence[Compared]) -> dict[str, Any]:
    """Return what is drawn: for each log the curves of the runs that have it, by their names."""
    return {
        log: {run.name: run.history[log] for run in runs if run.history.get(log)}
        for log in _all(run.history for run in runs)
    }


def draw(log: str, values: dict[str, list[float]], ax: Any = None) -> Figure:
    """Draw one log of all runs; a loss that falls by much is drawn on a logarithmic axis."""
    numbers = [v for one in values.values() for v in one]
    steep = "loss" in log and min(numbers) > 0 and max(numbers) > 20 * min(numbers)
    return plots.lines(values, ylabel=_word(log), log_y=steep, ax=ax)


def write(runs: Sequence[Compared], out: Path | None = None) -> Path:
    """Write a page, or the curves alone if `out` ends in .png, and return where.

    By default it is `compare.html` beside the first run.
    """
    first = runs[0].folder
    out = (first if first.name else first.resolve()).parent / "compare.html" if out is None else out
    if out.suffix == ".png":
        drawn = curves(runs)
        height, width = grid_shape(len(drawn), 2)
        figure = new_figure(6.0 * width, 4.0 * height)
        axes = figure.subplots(height, width, squeeze=False).ravel()
        for ax, (log, values) in zip(axes, drawn.items(), strict=False):
            draw(log, values, ax)
        for ax in axes[len(drawn) :]:
            ax.remove()
        write_bytes(out, png(figure))
    elif out.suffix in (".html", ".htm"):
        write_text(out, html(runs, out.parent))
    else:
        raise ArgumentError(
            "a comparison is a page or a picture.", got=str(out), expected="a name in .html or .png"
        )
    return out


def png(figure: Figure) -> bytes:
    """Return a plot as PNG."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=DOTS_PER_INCH)
    return stream.getvalue()


def html(runs: Sequence[Compared], folder: Path) -> str:
    """Return the page, with links to the reports from the folder where it will lie."""
    head, *rows = columns(runs)
    names = ", ".join(head[1:-1]) + f" and {head[-1]}"
    pictures = "".join(
        page.figure(
            _word(log).capitalize(),
            "; ".join(f"{n}: from {v[0]:.4g} to {v[-1]:.4g}" for n, v in values.items()) + ".",
            png(draw(log, values)),
            DOTS_PER_INCH,
        )
        for log, values in curves(runs).items()
    )
    reports = "".join(
        f'<li><a href="{_link(run, folder)}">{escape(run.name)}</a></li>'
        for run in runs
        if (run.folder / "report.html").exists()
    )
    sections = {
        "Side by side": page.table("Scores, and the settings that differ", head, rows),
        "Curves": pictures,
        "Reports": reports and f"<ul>{reports}</ul>",
    }
    numbers = [(run.name, score_text(*run.record.score)) for run in runs if run.record.score]
    header = (
        f'<h1>{escape(names)}</h1><p class="lead">Runs of neurona, side by side.</p>'
        f"{page.tiles(numbers)}"
    )
    return page.page(f"compare {names}", header, sections, "")


def _link(run: Compared, folder: Path) -> str:
    report = run.folder / "report.html"
    try:
        return quote(Path(os.path.relpath(report, folder)).as_posix())
    except ValueError:  # on another drive of Windows
        return report.resolve().as_uri()

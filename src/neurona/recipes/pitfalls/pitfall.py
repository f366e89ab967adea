"""Pitfall: a small program with a fault, and the same without: tried, compared and drawn."""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import difflib
import inspect
import io
import re
import textwrap
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from neurona import random
from neurona.doctor import Diagnosis, Doctor
from neurona.errors import NeuronaError
from neurona.plots.canvas import new_figure, tidy
from neurona.plots.palette import BLUE, VERMILLION

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SEED = 1


class Training:
    """What a program trains: a model, on what, and what it is tested on.

    Args:
        model: compiled.
        data: (x, y) to learn from.
        test: (x, y) that the score is of.
        fit: more arguments of `fit`.
    """

    def __init__(self, model: Any, data: tuple, test: tuple, **fit: Any) -> None:
        self.model, self.data, self.test = model, data, test
        self.fit = {"validation_data": test, **fit}


@dataclasses.dataclass(frozen=True)
class Pitfall:
    """A fault that a training can have.

    Attributes:
        name: on the command line.
        title: in a few words.
        seen: what one sees without a doctor, and why it is so.
        cured: what helps.
        finding: the id of the finding that names it.
        faulty, mended: the two programs.
    """

    name: str
    title: str
    seen: str
    cured: str
    finding: str
    faulty: Callable[[], Training]
    mended: Callable[[], Training]

    @property
    def code(self) -> str:
        """The program with the fault."""
        return _body(self.faulty)

    @property
    def difference(self) -> str:
        """The cure: lines that go, behind "- ", and lines that come, behind "+ "."""
        lines = difflib.ndiff(_body(self.faulty).splitlines(), _body(self.mended).splitlines())
        return "\n".join(line for line in lines if line[0] in "+-")


def _body(program: Callable[[], Training]) -> str:
    """Return the lines of a function as a script has them: its end is the call of `fit`."""
    source = inspect.getsource(program)
    _, *inside = ast.parse(source).body[0].body  # type: ignore[attr-defined]
    *lines, last = inside
    call: ast.Call = last.value
    _, data, test = map(ast.unparse, call.args)
    given = {k.arg: ast.unparse(k.value) for k in call.keywords}
    data = data[1:-1] if data.startswith("(") else f"*{data}"
    named = {"validation_data": test, **given}
    words = ", ".join([data, *(f"{k}={v}" for k, v in named.items())])
    first, end = lines[0].lineno - 1, lines[-1].end_lineno
    body = textwrap.dedent("\n".join(source.splitlines()[first:end]))
    return f"{body}\nmodel.fit({words})"


@dataclasses.dataclass(frozen=True)
class Tried:
    """What came of a program.

    Attributes:
        curves: the history of the training, name -> a number for each epoch.
        accuracy: on the test samples; None if the training was refused.
        diagnosis: what was found before it and in it.
        error: the message with which it was refused.
    """

    curves: dict[str, list[float]]
    accuracy: float | None
    diagnosis: Diagnosis
    error: str = ""


@dataclasses.dataclass(frozen=True)
class Shown:
    """A pitfall, tried in both ways.

    Attributes:
        pitfall: which.
        before, after: with the fault, and mended.
    """

    pitfall: Pitfall
    before: Tried
    after: Tried

    def plot(self) -> Figure:
        """Draw loss and accuracy over the epochs, before and after."""
        figure = new_figure(8.0, 3.4)
        for ax, name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
            for tried, color, word in (
                (self.before, VERMILLION, "before"), (self.after, BLUE, "after"),
            ):  # fmt: skip
                for key, style in ((name, "-"), (f"val_{name}", "--")):
                    values = np.asarray(tried.curves.get(key, ()), float)
                    label = f"{word}{', validation' if style == '--' else ''}"
                    at = np.arange(1, len(values) + 1)
                    if len(values):
                        ax.plot(at, values, style, color=color, label=label, linewidth=1.7)
            ax.set_xlabel("epoch")
            ax.set_ylabel(name)
            tidy(ax)
        figure.axes[0].set_ylim(0, self._highest())
        figure.axes[1].set_ylim(0, 1.02)
        figure.axes[1].legend(frameon=False, fontsize="small")
        figure.suptitle(self.pitfall.title)
        return figure

    def _highest(self) -> float:
        """Return up to which loss is drawn: what explodes would press all else to the floor."""
        both = [
            v for t in (self.before, self.after) for k in ("loss", "val_loss")
            for v in t.curves.get(k, ()) if np.isfinite(v)
        ]  # fmt: skip
        usual = float(np.median(both)) if both else 1.0
        return 1.05 * min(max(both, default=1.0), max(5 * usual, 3.0))

    @property
    def words(self) -> str:
        """What the doctor says of the fault; "" if it is not found."""
        named = [f for f in self.before.diagnosis if f.id == self.pitfall.finding]
        alone = [dataclasses.replace(f, because="", where=_path(f.where)) for f in named]
        return "\n\n".join(str(Diagnosis(alone)).split("\n\n")[1:-1])

    @property
    def result(self) -> str:
        """Both scores in a line."""
        before = self.before.accuracy
        told = f"{before:.1%} of the test samples right" if before is not None else "no training"
        return f"before: {told}; after: {self.after.accuracy:.1%}"

    def __str__(self) -> str:
        """Return all of it as text."""
        pitfall = self.pitfall
        parts = [
            f"{pitfall.title}: the program",
            textwrap.indent(pitfall.code, "    "),
            textwrap.fill(f"what is seen: {pitfall.seen}", 96),
            textwrap.indent(self.before.error, "    "),
            "what the doctor says",
            textwrap.indent(self.words, "    "),
            textwrap.fill(f"the cure: {pitfall.cured}", 96),
            textwrap.indent(pitfall.difference, "    "),
            self.result,
        ]
        return "\n\n".join(part for part in parts if part)


def _path(where: str) -> str:
    """Return a place without file and line, which are not the reader's."""
    return re.sub(r", \S+\.py:\d+$", "", where)


def show(pitfall: Pitfall) -> Shown:
    """Try both programs of a pitfall, with the doctor looking on."""
    return Shown(pitfall, _tried(pitfall.faulty), _tried(pitfall.mended))


def _tried(program: Callable[[], Training]) -> Tried:
    """Try a program; what the doctor says of it is told later, and in one place."""
    silent = io.StringIO()
    with (
        contextlib.redirect_stderr(silent), contextlib.redirect_stdout(silent),
        warnings.catch_warnings(),
    ):  # fmt: skip
        warnings.simplefilter("ignore")
        return _trained(program)


def _trained(program: Callable[[], Training]) -> Tried:
    random.set_seed(SEED)
    training = program()
    model, (x, y), fit = training.model, training.data, training.fit
    held = fit["validation_data"]
    planned = {k: fit[k] for k in ("batch_size", "epochs") if k in fit}
    before = model.diagnose(x, y, held, **planned)
    doctor = Doctor("full")
    fit = {**fit, "callbacks": [*fit.get("callbacks", ()), doctor], "verbose": 0}
    try:
        history = model.fit(x, y, **fit)
    except NeuronaError as error:
        found = Diagnosis([*before, *doctor.diagnosis])
        curves = model.history.history if model.history is not None else {}
        return Tried(curves, None, found, str(error))
    found = Diagnosis([*before, *doctor.diagnosis])
    return Tried(history.history, _accuracy(model, *training.test), found)


def _accuracy(model: Any, x: Any, y: Any) -> float:
    said = np.asarray(model.predict(x, verbose=0))
    classes = said.argmax(-1) if said.shape[-1] > 1 else (said[:, 0] > 0.5).astype(int)
    return float((classes == np.asarray(y).reshape(-1)).mean())

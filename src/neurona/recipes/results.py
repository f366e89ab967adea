"""Results: what is told of a trained model, in the order in which a report shows it."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from neurona import config
from neurona.recipes.advice import Advice

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from neurona.recipes.findings import Examined

DOTS_PER_INCH = 120  # of plots


@dataclasses.dataclass(frozen=True)
class Picture:
    """A plot of the report: its file's name, heading, what it shows in words, and the PNG."""

    name: str
    title: str
    alt: str
    png: bytes


@dataclasses.dataclass(frozen=True)
class Words:
    """Text of the report: its file's name, heading, and the text as it is read."""

    name: str
    title: str
    text: str


@dataclasses.dataclass(frozen=True)
class Table:
    """A table of the report: its heading, the names of its columns, and its rows."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Results:
    """What is told of a trained model.

    Args:
        model: what was trained.
        history: logs by name, a number each epoch.
        say: takes each line for the user.

    Attributes:
        scores: results by name; the last is the one that counts.
        facts: of the data, for the report, in pairs.
        pictures: the plots drawn so far.
        texts: what a model wrote, and tables.
        tables: results side by side, baselines among them.
        advice: what to try next.
        examined: what the doctor found, of each training.
        notes: sentences that explain numbers, by what they are about.
        seconds: of training.
        engine: what computed.
        code: the Python that makes the same model; "" where nobody wrote it down.
    """

    def __init__(
        self,
        model: Any = None,
        history: dict[str, list[float]] | None = None,
        say: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.model, self.history, self.say = model, history or {}, say
        self.scores: dict[str, float] = {}
        self.facts: dict[str, str] = {}
        self.pictures: list[Picture] = []
        self.texts: list[Words] = []
        self.tables: list[Table] = []
        self.advice: list[Advice] = []
        self.examined: list[Examined] = []
        self.notes: dict[str, str] = {}
        self.seconds = 0.0
        self.engine = config.engine()
        self.code = ""

    def rates(self) -> tuple[float, float]:
        """Return the learning rate and the usual one; 0 for what is not known."""
        return 0.0, 0.0

    def fact(self, name: str, value: Any) -> None:
        """Tell something of the data."""
        self.facts[name] = str(value)

    def score(self, name: str, value: float) -> None:
        """Tell a result; the last one told is the one that counts."""
        self.scores[name] = float(value)

    def picture(self, name: str, title: str, figure: Figure, alt: str) -> None:
        """Take a plot: `plots/NAME.png`, and a part of the report.

        Args:
            name: of the file.
            title: above the picture in the report.
            figure: what is drawn.
            alt: what it shows, in words and numbers, for those who do not see it.
        """
        stream = io.BytesIO()
        figure.savefig(stream, format="png", dpi=DOTS_PER_INCH)
        self.pictures.append(Picture(name, title, alt, stream.getvalue()))

    def text(self, name: str, title: str, text: str) -> None:
        """Take what a model wrote: `texts/NAME.txt`, and a part of the report.

        Args:
            name: of the file.
            title: above the text in the report.
            text: as it is to be read.
        """
        self.texts.append(Words(name, title, text))

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Take results side by side; say them, too."""
        table = Table(title, tuple(columns), tuple(tuple(map(str, row)) for row in rows))
        self.tables.append(table)
        widths = [max(map(len, cells)) for cells in zip(table.columns, *table.rows, strict=True)]
        for row in (table.columns, *table.rows):
            self.say("  ".join(f"{c:<{w}}" for c, w in zip(row, widths, strict=True)).rstrip())

    def explain(self, about: str, sentences: list[str], picture: str = "") -> None:
        """Tell what a number means, where it stands: in the report, and at the end of a run.

        Args:
            about: "loss", "accuracy" or "units"; what was told of it before is replaced.
            sentences: none if there is nothing to explain.
            picture: the name of one beside which it stands, too.
        """
        self.notes.pop(about, None)
        if not sentences:
            return
        self.notes[about] = " ".join(sentences)
        self.pictures = [
            dataclasses.replace(p, alt=f"{p.alt} {self.notes[about]}") if p.name == picture else p
            for p in self.pictures
        ]

    def advise(self, advice: list[Advice]) -> None:
        """Tell what to try next; of training that went wrong, that alone."""
        both = self.advice + advice
        self.advice = [a for a in both if a.wrong] or both

    def summary(self) -> str:
        """Return the layers of the model, as `model.summary()` prints them."""
        lines: list[str] = []
        self.model.summary(print_fn=lines.append)
        return "\n".join(lines)


def digits(value: float) -> str:
    """Return a score as it is told at the end of a run: to four places, or to four digits if small.

    >>> digits(0.98056), digits(20.0), digits(2.3612e-06)
    ('0.9806', '20', '2.361e-06')
    """
    if value > 1 and value.is_integer():
        return f"{value:.0f}"
    return f"{value:{spec(value)}}"


def spec(value: float) -> str:
    """Return the format of a score.

    >>> spec(0.5), spec(1e-5), spec(0.0)
    ('.4f', '.4g', '.4f')
    """
    return ".4g" if 0 < abs(value) < 1e-3 else ".4f"

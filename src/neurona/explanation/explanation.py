"""Explanation: the lines of a step, in sections, to print, to fold open in a browser, to read back.

hidden · Dense
  z[0] = x[0]·kernel[0, 0] + x[1]·kernel[1, 0] + bias[0]
       = 1·0.5 + 2·(-0.25) + 0.1
       = 0.1
  hidden[0] = max(0, z[0]) = max(0, 0.1) = 0.1
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from neurona.explanation import writing
from neurona.explanation.expression import Expression, Number, Operand, Rest, is_given, operands
from neurona.explanation.values import Name, place_of


class Line(NamedTuple):
    """One number and how it was computed.

    Attributes:
        name: what it is called everywhere: "hidden.z[0]".
        short: what it is called in its section: "z[0]".
        value: the number.
        expression: how it was computed.
        because: the comparisons that decided which branch was taken.
        key: id and index in the record.
    """

    name: str
    short: str
    value: Any
    expression: Expression
    because: tuple[Expression, ...]
    key: tuple[int, tuple[int, ...]]


class Section(NamedTuple):
    """The lines of one part of the step.

    Attributes:
        kind: "forward", "loss", "backward" or "update".
        part: the path of the layer or of the parameter, or "".
        title: "hidden · Dense".
        words: a sentence on what happens here.
        lines: its lines.
    """

    kind: str
    part: str
    title: str
    words: str
    lines: tuple[Line, ...]


class Explanation:
    """What `nn.explain` returns: print it, show it in a notebook, `save` it, or read `to_dict()`.

    Attributes:
        title: what is explained.
        sections: its Sections, in the order of the computation.
        notes: what is left out, and how to see it.
        digits: how many digits of a number are shown.
    """

    def __init__(
        self, title: str, sections: Sequence[Section], names: dict[int, Name],
        shapes: dict[int, tuple[int, ...]], notes: Sequence[str], digits: int,
    ) -> None:  # fmt: skip
        self.title, self.sections, self.notes = title, tuple(sections), tuple(notes)
        self.digits, self._names, self._shapes = digits, names, shapes

    def __iter__(self) -> Iterator[Line]:
        for section in self.sections:
            yield from section.lines

    def __len__(self) -> int:
        return sum(len(section.lines) for section in self.sections)

    def __getitem__(self, name: str) -> Line:
        """Return the line of a number by its name, such as "hidden.z[0]"."""
        for line in self:
            if line.name == name:
                return line
        raise KeyError(name)

    def name(self, x: Operand, part: str | None = None) -> str:
        """Return what an operand is called in the section of a part; None: everywhere."""
        name = self._names[x.id]
        return name.text(part) + place_of(name, self._shapes[x.id], x.index)

    def label(self, x: Operand) -> Name:
        """Return the Name of an operand."""
        return self._names[x.id]

    def symbol(self, x: Expression, part: str | None = None) -> str:
        """Return a leaf of a formula as a symbol; a constant is its number."""
        if isinstance(x, Operand):
            return self.name(x, part)
        return writing.rest(x) if isinstance(x, Rest) else writing.number(x.value, self.digits)

    def number(self, x: Expression) -> str:
        """Return a leaf of a formula as its number."""
        return writing.numbers(x, self.digits)

    def formula(self, line: Line, part: str | None = None) -> str:
        """Return the right side of a line in symbols."""
        return writing.plain(line.expression, lambda x: self.symbol(x, part))

    def in_numbers(self, line: Line) -> str:
        """Return the right side of a line with the numbers in it."""
        return writing.plain(line.expression, self.number)

    def reasons(self, line: Line, part: str | None = None) -> str:
        """Return the conditions that decided in a line: "z[0] > 0"."""
        shown = [writing.condition(c, lambda x: self.symbol(x, part)) for c in line.because]
        return ", ".join(dict.fromkeys(shown))

    # --- forms -----------------------------------------------------------------------------------

    def text(self, width: int = 80) -> str:
        """Return it as text for a terminal.

        Args:
            width: in characters; longer formulas are broken at a plus.
        """
        from neurona.explanation.text import text

        return text(self, width)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return self.text()

    def html(self) -> str:
        """Return it as a page that needs nothing else: sections fold, and a number says where it
        came from when the mouse is on it."""
        from neurona.explanation.page import page

        return page(self)

    def _repr_html_(self) -> str:
        from neurona.explanation.page import fragment

        return fragment(self)

    def markdown(self) -> str:
        """Return it as Markdown with formulas in LaTeX, for notebooks and pages."""
        from neurona.explanation.markup import markdown

        return markdown(self)

    def latex(self) -> str:
        """Return it as LaTeX: a section for each section, its lines aligned at the equals signs."""
        from neurona.explanation.markup import latex

        return latex(self)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values: each line with formula, numbers, operands and value.

        `formula` is in names that are unique, and `operands` says what each of them is, so that a
        program can compute the line again. What is not finite is a word: "inf", "-inf", "nan".
        """
        return {
            "title": self.title,
            "digits": self.digits,
            "notes": list(self.notes),
            "sections": [
                {
                    "kind": section.kind, "part": section.part, "title": section.title,
                    "words": section.words, "lines": [self._as_dict(x) for x in section.lines],
                }
                for section in self.sections
            ],
        }  # fmt: skip

    def _as_dict(self, line: Line) -> dict[str, Any]:
        rests = {r: f"⟨{r.count} more⟩" for r in _rests(line.expression)}
        if len(set(rests.values())) < len(rests):  # several, of as many terms
            rests = {r: f"⟨{r.count} more, {n}⟩" for n, r in enumerate(rests, 1)}

        def exact(x: Expression) -> str:
            """Return a leaf as a symbol; a constant with all its digits."""
            if isinstance(x, Rest):
                return rests[x]
            return repr(x.value) if isinstance(x, Number) else self.symbol(x)

        found: dict[str, Any] = {
            "name": line.name, "value": _json(line.value),
            "formula": writing.plain(line.expression, exact),
            "numbers": self.in_numbers(line), "result": writing.number(line.value, self.digits),
            "operands": {self.name(x): _json(x.value) for x in operands(line.expression)},
        }  # fmt: skip
        found["operands"].update({name: _json(r.value) for r, name in rests.items()})
        if line.because:
            found["because"] = self.reasons(line)
        if is_given(line.expression):
            found["given"] = True
        return found

    def save(self, path: Any) -> None:
        """Write it to a file: .html, .md, .tex, .json, or else text."""
        path = Path(path)
        form = {
            ".html": self.html, ".md": self.markdown, ".tex": self.latex,
            ".json": lambda: json.dumps(self.to_dict(), indent=1, ensure_ascii=False),
        }.get(path.suffix, self.text)  # fmt: skip
        path.write_text(form(), encoding="utf-8")


def _json(value: Any) -> Any:
    """Return a number as JSON has it: what is not finite, as a word that Python's float reads."""
    return value if not isinstance(value, float) or math.isfinite(value) else str(value)


def _rests(x: Expression) -> Iterator[Rest]:
    if isinstance(x, Rest):
        yield x
    elif not isinstance(x, Number | Operand):
        for argument in x.arguments:
            yield from _rests(argument)

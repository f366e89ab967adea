"""An explanation as LaTeX, and as Markdown with LaTeX in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from neurona.explanation import writing
from neurona.explanation.expression import Expression, Operand, Rest
from neurona.explanation.values import Name
from neurona.explanation.words import HEADINGS

if TYPE_CHECKING:
    from neurona.explanation.explanation import Explanation, Line


def markdown(explanation: Explanation) -> str:
    """Return an explanation as Markdown."""
    rows, kind = [f"# {explanation.title}", ""], ""
    for section in explanation.sections:
        if section.kind != kind:
            kind = section.kind
            rows += [f"## {HEADINGS[kind]}", ""]
        rows += [f"### {section.title}", ""] if section.title else []
        rows += [f"{section.words[:1].upper()}{section.words[1:]}.", ""] if section.words else []
        rows += [_aligned(explanation, section.lines, section.part, "$$", "$$"), ""]
    return "\n".join([*rows, *explanation.notes]).rstrip() + "\n"


def latex(explanation: Explanation) -> str:
    """Return an explanation as LaTeX, for a document with amsmath."""
    rows, kind = [rf"\section*{{{_text(explanation.title)}}}"], ""
    for section in explanation.sections:
        if section.kind != kind:
            kind = section.kind
            rows.append(rf"\subsection*{{{HEADINGS[kind]}}}")
        rows += [rf"\paragraph{{{_text(section.title)}}} {_text(section.words)}"]
        rows.append(_aligned(explanation, section.lines, section.part, r"\[", r"\]"))
    return "\n".join(rows) + "\n"


def _aligned(
    explanation: Explanation, lines: tuple[Line, ...], part: str, start: str, end: str
) -> str:
    rows = [row for line in lines for row in _line(explanation, line, part)]
    return "\n".join([start, r"\begin{aligned}", " \\\\\n".join(rows), r"\end{aligned}", end])


def _line(explanation: Explanation, line: Line, part: str) -> list[str]:
    digits = explanation.digits

    def symbol(x: Expression) -> str:
        if isinstance(x, Operand):
            return _name(explanation, x, part)
        return _rest(x, "") if isinstance(x, Rest) else _number(x.value, digits)

    def number(x: Expression) -> str:
        text = _number(x.value, digits)
        return _rest(x, text) if isinstance(x, Rest) else text

    key = Operand(*line.key, line.value)
    formula = writing.latex(line.expression, symbol)
    in_numbers = writing.latex(line.expression, number)
    result = _number(line.value, digits)
    steps = [formula] if in_numbers in (formula, result) else [formula, in_numbers]
    steps += [] if steps[-1] == result else [result]
    why = ""
    if line.because:
        shown = [writing.latex(c, symbol) for c in line.because if c.value]
        why = rf" \quad ({', '.join(dict.fromkeys(shown))})" if shown else ""
    return [f"{_name(explanation, key, part)} &= {steps[0]}", *[f"&= {s}" for s in steps[1:-1]],
            *([f"&= {steps[-1]}{why}"] if len(steps) > 1 else [])]  # fmt: skip


def _name(explanation: Explanation, x: Operand, part: str) -> str:
    plain = explanation.name(x, part)
    name: Name = explanation.label(x)
    place = re.search(r"\[([\d, ]*)\]$", plain)
    index = place.group(1).replace(" ", "") if place else ""
    core = name._replace(before="", after="", turns=()).text(part)
    core = core if len(core) == 1 else rf"\mathrm{{{_text(core)}}}"
    core += "'" if name.after else ""
    core += f"_{{{index}}}" if index else ""
    core += f"^{{({','.join(map(str, name.turns))})}}" if name.turns else ""
    loss = name.before.removeprefix("∂").partition("/")[0]
    loss = f"L_{{{loss[1:]}}}" if loss[1:] else loss
    return rf"\frac{{\partial {loss}}}{{\partial {core}}}" if name.before else core


def _rest(x: Rest, text: str) -> str:
    return rf"{text}\,\langle {x.count}\ \text{{more}} \rangle"


def _number(value: object, digits: int) -> str:
    text = writing.number(value, digits)
    if "e" in text and text[0] in "-0123456789":
        mantissa, _, exponent = text.partition("e")
        return rf"{mantissa} \cdot 10^{{{int(exponent)}}}"
    return text


def _text(text: str) -> str:
    return text.replace("_", r"\_").replace("√", r"$\surd$").replace("′", "'")

"""An explanation as text for a terminal."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from neurona.explanation import writing
from neurona.explanation.words import HEADINGS

if TYPE_CHECKING:
    from neurona.explanation.explanation import Explanation, Line, Section


def text(explanation: Explanation, width: int) -> str:
    """Return an explanation as text of this width."""
    lines = [explanation.title]
    kind = ""
    for section in explanation.sections:
        if section.kind != kind:
            kind = section.kind
            rule = "─" * max(width - len(HEADINGS[kind]) - 4, 3)
            lines += ["", f"── {HEADINGS[kind]} {rule}"]
        lines += ["", *of_section(explanation, section, width)]
    if explanation.notes:
        lines += ["", *(row for note in explanation.notes for row in textwrap.wrap(note, width))]
    return "\n".join(lines)


def of_section(explanation: Explanation, section: Section, width: int) -> list[str]:
    """Return the rows of a section."""
    rows = [section.title] if section.title else []
    if section.words:
        rows += textwrap.wrap(section.words, width - 2, initial_indent="  ", subsequent_indent="  ")
    for line in section.lines:
        rows += ["  " + row for row in of_line(explanation, line, section.part, width - 2)]
    return rows


def of_line(explanation: Explanation, line: Line, part: str, width: int) -> list[str]:
    """Return a line: in one row if it fits, else name and formula, numbers, and result below."""
    formula = explanation.formula(line, part)
    steps = [formula]
    result = writing.number(line.value, explanation.digits)
    in_numbers = explanation.in_numbers(line)
    if in_numbers not in (formula, result):
        steps.append(in_numbers)
    if steps[-1] != result:
        steps.append(result)
    reasons = explanation.reasons(line, part)
    because = f"   ({reasons})" if reasons else ""
    whole = f"{line.short} = {' = '.join(steps)}{because}"
    if len(whole) <= width:
        return [whole]
    indent = " " * min(len(line.short) + 1, 12)
    rows = _broken(f"{line.short} = ", steps[0], indent, width)
    for step in steps[1:]:
        rows += _broken(f"{indent}= ", step, indent, width)
    rows[-1] += because if len(rows[-1] + because) <= width else ""
    if because and not rows[-1].endswith(because):
        rows.append(indent + because.strip())
    return rows


def _broken(start: str, formula: str, indent: str, width: int) -> list[str]:
    """Return a formula in rows, broken before a plus, a minus or behind a comma."""
    rows, row = [], start
    whole = _pieces(formula)
    for piece in (p for long in whole for p in _shorter(long, width - len(indent) - 2)):
        if len(row) + len(piece) > width and (row != start or len(start) > width // 3):
            rows.append(row.rstrip())
            row = indent + "  " + piece.lstrip()
        else:
            row += piece
    return [*rows, row.rstrip()]


def _shorter(piece: str, width: int) -> list[str]:
    """Return a piece that is too long for a row in several, broken deeper or before a times."""
    if len(piece) <= width:
        return [piece]
    inner = _pieces(piece, 1)
    if len(inner) > 1:
        return [short for each in inner for short in _shorter(each, width)]
    cut = piece.rfind("·", 1, width)
    return [piece[:cut], *_shorter(piece[cut:], width)] if cut > 0 else [piece]


def _pieces(formula: str, outermost: int = 0) -> list[str]:
    """Return a formula in pieces that may stand in rows of their own.

    It is cut before a sign outside of all brackets; if there is none, before those inside of some.
    """
    for most in range(outermost, 4):
        pieces, depth, square, start = [], 0, 0, 0
        for i, letter in enumerate(formula):
            depth += (letter == "(") - (letter == ")")
            square += (letter == "[") - (letter == "]")
            cut = formula[i : i + 3] in (" + ", " - ") or (letter == " " and formula[i - 1] == ",")
            if cut and i and depth <= most and not square:
                pieces.append(formula[start:i])
                start = i
        if pieces:
            return [*pieces, formula[start:]]
    return [formula]

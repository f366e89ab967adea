"""How a notebook shows a History: its curves, and the last and best numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from neurona.core import markup
from neurona.train.bar import number

_WIDE, _HIGH, _LEFT, _TOP, _BELOW = 300, 150, 62, 8, 22
_COLOURS = {"": "#0072B2", "val_": "#D55E00"}  # training and validation
_MOST = 6  # charts


def page(history: Any) -> str:
    """Return a chart of each number, with that of validation, and a table of all, as HTML."""
    logged = {name: values for name, values in history.history.items() if values}
    count = len(history.epoch)
    title = f"History of {count} epoch{'' if count == 1 else 's'}"
    names = [n for n in logged if not (n.startswith("val_") and n.removeprefix("val_") in logged)]
    charts = "".join(_chart(name, history) for name in names[:_MOST]) if count > 1 else ""
    rows = [
        (name, *(number(value) for value in (values[0], values[-1], *_range(values))))
        for name, values in logged.items()
    ]
    head = ["", "first", "last", "lowest", "highest"]
    table = markup.table(head, rows, right=range(1, 5)) if rows else ""
    box = f'<div style="display:flex;flex-wrap:wrap;gap:4px 16px">{charts}</div>' if charts else ""
    return markup.titled(title, "", box + table)


def _range(values: Sequence[float]) -> tuple[float, float]:
    finite = [v for v in values if math.isfinite(v)] or list(values)
    return min(finite), max(finite)


def _chart(name: str, history: Any) -> str:
    """Return one chart: the curve of training, that of validation, and the ends of both axes."""
    curves = {
        prefix: list(
            zip(history.epochs[prefix + name], history.history[prefix + name], strict=True)
        )
        for prefix in _COLOURS
        if history.history.get(prefix + name)
    }
    points = [(e, v) for curve in curves.values() for e, v in curve if math.isfinite(v)]
    if not points:
        return ""
    epochs, values = zip(*points, strict=True)
    first, last, low, high = min(epochs), max(epochs), min(values), max(values)

    def place(epoch: float, value: float) -> str:
        x = _LEFT + (_WIDE - _LEFT - 8) * (epoch - first) / max(last - first, 1)
        y = _HIGH - _BELOW - (_HIGH - _BELOW - _TOP) * (value - low) / ((high - low) or 1)
        return f"{x:.1f},{y:.1f}"

    def text(x: float, y: float, words: str, anchor: str, colour: str = "currentColor") -> str:
        return (
            f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{colour}" font-size="11">'
            f"{markup.escaped(words)}</text>"
        )

    floor = _HIGH - _BELOW
    parts = [
        f'<path d="M{_LEFT},{_TOP}V{floor}H{_WIDE - 8}" fill="none" stroke="currentColor" '
        'stroke-opacity=".4"/>',
        text(_LEFT - 4, _TOP + 8, number(high), "end"),
        text(_LEFT - 4, floor, number(low), "end"),
        text(_LEFT, _HIGH - 6, f"epoch {first + 1}", "start"),
        text(_WIDE - 8, _HIGH - 6, f"{last + 1}", "end"),
    ]
    words = []
    for prefix, curve in curves.items():
        colour = _COLOURS[prefix]
        line = " ".join(place(e, v) for e, v in curve if math.isfinite(v))
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        words.append(f'<span style="color:{colour}">{markup.escaped(prefix + name)}</span>')
    return (
        f'<div style="max-width:100%"><div>{" &nbsp; ".join(words)}</div>'
        f'<svg viewBox="0 0 {_WIDE} {_HIGH}" width="{_WIDE}" style="max-width:100%">'
        f"{''.join(parts)}</svg></div>"
    )

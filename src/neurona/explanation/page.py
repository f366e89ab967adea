"""An explanation as HTML that needs nothing else: sections fold, numbers say whence they came.

A number in a formula is a link to the line that computed it; with the mouse on it, it shows its
name and that line. The style is in the page, there is no script and nothing is fetched.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from neurona.explanation import writing
from neurona.explanation.expression import Expression, Operand
from neurona.explanation.words import HEADINGS

if TYPE_CHECKING:
    from neurona.explanation.explanation import Explanation, Line, Section

# A notebook's own colours, where it names them, so that a dark one stays dark. Its rules for
# tables (right-aligned, striped) are outweighed by naming the class twice.
STYLE = """
.nx{--text:var(--jp-content-font-color1,var(--vscode-editor-foreground,#1b1f24));
  --soft:var(--jp-content-font-color2,var(--vscode-descriptionForeground,#57606a));
  --ground:var(--jp-layout-color0,var(--vscode-editor-background,#fff));
  --raised:var(--jp-layout-color1,var(--vscode-editorWidget-background,#f6f8fa));
  --rule:var(--jp-border-color2,var(--vscode-widget-border,#d0d7de));
  --link:var(--jp-content-link-color,var(--vscode-textLink-foreground,#0969da));
  --result:var(--jp-success-color1,var(--vscode-charts-green,#116329));
  --why:var(--jp-warn-color1,var(--vscode-charts-orange,#9a6700));
  font:15px/1.55 system-ui,sans-serif;color:var(--text);max-width:62rem;background:var(--ground);
  padding:.2rem}
.nx h1{font-size:1.3rem;margin:.4rem 0 1rem}
.nx h2{font-size:.8rem;letter-spacing:.08em;text-transform:uppercase;color:var(--soft);
  border-bottom:1px solid var(--rule);padding-bottom:.2rem;margin:1.6rem 0 .6rem}
.nx details{border:1px solid var(--rule);border-radius:8px;margin:.5rem 0}
.nx summary{cursor:pointer;padding:.5rem .8rem;font-weight:600;background:var(--raised);
  border-radius:8px}
.nx summary span{font-weight:400;color:var(--soft);margin-left:.6rem;font-size:.9em}
.nx.nx table{border-collapse:collapse;margin:.4rem .8rem .7rem;font:13.5px/1.6 ui-monospace,
  Consolas,monospace;color:var(--text)}
.nx.nx td{padding:.12rem .35rem;vertical-align:top;text-align:left;border:0}
.nx.nx td:first-child{white-space:nowrap;font-weight:600}
.nx.nx tbody tr:nth-child(n){background:none}.nx.nx tr.more td{padding-top:0}
.nx.nx tbody tr:target{background:#e3b34155}
.nx a,.nx .given{white-space:nowrap}
.nx.nx a{color:var(--link);text-decoration:none;border-bottom:1px dotted}
.nx a:hover{background:#54aeff33}.nx .given{border-bottom:1px dotted #8c959f;cursor:help}
.nx .result{color:var(--result);font-weight:600}.nx .why{color:var(--why)}
.nx p{color:var(--soft)}
"""
DARK = """
@media (prefers-color-scheme:dark){body{background:#0d1117}
.nx{--text:#e6edf3;--soft:#9198a1;--ground:#0d1117;--raised:#161b22;--rule:#3d444d;
  --link:#58a6ff;--result:#3fb950;--why:#d29922}}
"""


def page(explanation: Explanation) -> str:
    """Return a whole page."""
    title = escape(explanation.title)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"</head>\n<body>\n{fragment(explanation)}\n<style>{DARK}</style></body></html>\n"
    )


def fragment(explanation: Explanation) -> str:
    """Return what stands in the body: for notebooks, too."""
    return Page(explanation).html()


class Page:
    """Writes an explanation as HTML."""

    def __init__(self, explanation: Explanation) -> None:
        self.of = explanation
        self.mark = f"x{abs(hash(explanation.title)) % 10**6}"
        self.lines: dict[tuple, tuple[int, Line]] = {
            line.key: (i, line) for i, line in enumerate(explanation)
        }

    def html(self) -> str:
        """Return all of it."""
        parts = [f'<div class="nx"><style>{STYLE}</style><h1>{escape(self.of.title)}</h1>']
        kind = ""
        for section in self.of.sections:
            if section.kind != kind:
                kind = section.kind
                parts.append(f"<h2>{HEADINGS[kind]}</h2>")
            parts.append(self.section(section))
        parts += [f"<p>{escape(note)}</p>" for note in self.of.notes]
        return "\n".join([*parts, "</div>"])

    def section(self, section: Section) -> str:
        """Return a section, which folds."""
        opened = " open" if len(section.lines) <= 60 else ""
        rows = "\n".join(self.line(line, section.part) for line in section.lines)
        words = f"<span>{escape(section.words)}</span>" if section.words else ""
        title = escape(section.title or "model")
        return (
            f"<details{opened}><summary>{title}{words}</summary>\n<table>{rows}</table></details>"
        )

    def line(self, line: Line, part: str) -> str:
        """Return a line as rows of a table."""
        of = self.of
        formula = writing.plain(line.expression, lambda x: self.leaf(x, of.symbol(x, part)))
        in_numbers = writing.plain(line.expression, lambda x: self.leaf(x, of.number(x)))
        result = writing.number(line.value, of.digits)
        why = (
            f' <span class="why">({escape(of.reasons(line, part))})</span>' if line.because else ""
        )
        steps = [formula]
        if of.in_numbers(line) not in (of.formula(line, part), result):
            steps.append(in_numbers)
        last = f'<span class="result">{escape(result)}</span>'
        number = self.lines[line.key][0]
        rows = []
        short = len(of.formula(line, part)) + len(of.in_numbers(line)) <= 80
        if of.formula(line, part) == result:
            steps = []
        if short or not steps:
            rows.append(" = ".join([*steps, last]) + why)
        else:
            rows += [*steps[:-1], f"{steps[-1]} = {last}{why}"]
        first = (
            f'<tr id="{self.mark}-{number}"><td>{escape(line.short)}</td><td>= {rows[0]}</td></tr>'
        )
        return "".join(
            [first, *[f'<tr class="more"><td></td><td>= {row}</td></tr>' for row in rows[1:]]]
        )

    def leaf(self, x: Expression, text: str) -> str:
        """Return a leaf of a formula, with what it is and whence it came."""
        if not isinstance(x, Operand):
            return escape(text)
        name = self.of.name(x)
        value = writing.number(x.value, self.of.digits)
        if (x.id, x.index) not in self.lines:
            return (
                f'<span class="given" title="{escape(f"{name} = {value}")}">{escape(text)}</span>'
            )
        number, line = self.lines[x.id, x.index]
        tip = f"{name} = {self.of.formula(line)} = {value}"
        return f'<a href="#{self.mark}-{number}" title="{escape(tip)}">{escape(text)}</a>'

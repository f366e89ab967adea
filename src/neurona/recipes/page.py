"""The pieces of an HTML page that stands alone: no scripts, no requests, light and dark."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from html import escape

STYLE = """
:root { color-scheme: light dark;
  --page: #f6f7f9; --card: #fff; --ink: #1b1f24; --soft: #57606a; --line: #d9dee3;
  --accent: #0b62a8; --tint: #e8f1fa; }
@media (prefers-color-scheme: dark) { :root {
  --page: #14171a; --card: #1e2226; --ink: #e8eaed; --soft: #a3acb5; --line: #363c43;
  --accent: #7cbcf5; --tint: #1d3245; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 1rem/1.55 system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
header, main, footer { max-width: 60rem; margin: 0 auto; padding: 0 1rem; }
header { padding-top: 2.2rem; }
h1 { font-size: clamp(1.6rem, 5vw, 2.3rem); line-height: 1.2; margin: 0 0 .3rem; }
h2 { font-size: 1.25rem; margin: 0 0 .8rem; }
h3 { font-size: 1rem; margin: 1.4rem 0 .5rem; }
p { margin: .4rem 0; }
.lead { color: var(--soft); font-size: 1.05rem; }
.tiles { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.3rem 0 .4rem; padding: 0;
  list-style: none; }
.tiles li { background: var(--card); border: 1px solid var(--line); border-radius: .7rem;
  padding: .7rem 1.1rem; flex: 1 1 8rem; }
.tiles .main { background: var(--tint); border-color: var(--accent); }
.tiles b { display: block; font-size: 1.6rem; line-height: 1.25; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
.tiles .main b { color: var(--accent); }
.tiles span { color: var(--soft); font-size: .9rem; }
nav { margin: 1rem 0 0; display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; }
a { color: var(--accent); }
section { background: var(--card); border: 1px solid var(--line); border-radius: .7rem;
  padding: 1.2rem; margin: 1.1rem 0; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .38rem .8rem .38rem 0;
  border-top: 1px solid var(--line); overflow-wrap: anywhere; }
tr:first-child > * { border-top: 0; }
th { color: var(--soft); font-weight: 500; width: 11rem; overflow-wrap: break-word; }
td { font-variant-numeric: tabular-nums; }
@media (max-width: 30rem) { th { width: 42%; } section { padding: 1rem .85rem; } }
.wide { overflow-x: auto; }
.wide td, .wide th { width: auto; overflow-wrap: normal; padding-right: 1rem; }
pre, code { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: .85rem; }
pre { margin: 0; line-height: 1.4; }
.option { white-space: nowrap; }
code { background: var(--tint); border-radius: .3rem; padding: .1rem .3rem;
  overflow-wrap: anywhere; }
figure { margin: 1.5rem 0 0; }
figure:first-child { margin-top: 0; }
figure h3 { margin-top: 0; }
img { display: block; max-width: 100%; min-width: var(--least, 0); height: auto;
  background: #fff; border-radius: .4rem; border: 1px solid var(--line); }
figcaption { color: var(--soft); font-size: .92rem; margin-top: .45rem; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; border-left: 3px solid var(--line);
  padding-left: .9rem; }
details summary { cursor: pointer; }
details pre { margin-top: .8rem; padding-bottom: .4rem; }
.copy { margin-top: .7rem; font: inherit; font-size: .85rem;
  padding: .2rem .7rem; color: var(--accent); background: var(--card);
  border: 1px solid var(--line); border-radius: .4rem; cursor: pointer; }
ol.advice { margin: 0; padding-left: 1.3rem; }
.advice li { margin: 0 0 .9rem; padding-left: .2rem; }
.advice li:last-child { margin-bottom: 0; }
.advice .try { color: var(--soft); }
footer { color: var(--soft); font-size: .9rem; padding-bottom: 2.5rem; }
@media print { body { background: #fff; } section { break-inside: avoid; } nav { display: none; } }
"""

# Copies what stands beside the button; without it, or without scripts, the text can be marked.
SCRIPT = """
for (const button of document.querySelectorAll("button.copy")) {
  const text = button.parentElement.querySelector("pre");
  button.hidden = false;
  button.onclick = () => {
    const mark = () => getSelection().selectAllChildren(text);
    if (!navigator.clipboard) { mark(); document.execCommand("copy"); return; }
    navigator.clipboard.writeText(text.textContent)
      .then(() => { button.textContent = "Copied"; }, mark);
  };
}
"""
_KNOWN = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
MAIN = ' class="main"'
LEAST = 0.6  # of a picture's size: on a phone it scrolls in its card rather than lose its letters


def page(title: str, header: str, sections: Mapping[str, str], footer: str) -> str:
    """Return a whole page; `sections` maps headings to HTML, and those that are empty are left out.

    The policy in its head forbids the browser to ask for anything outside the page, and to run any
    script but `SCRIPT`, which is there where there is something to copy.
    """
    script = (
        f"<script>{SCRIPT}</script>\n" if any("<button" in b for b in sections.values()) else ""
    )
    present = {name: body for name, body in sections.items() if body}
    links = "".join(f'<a href="#{_anchor(name)}">{escape(name)}</a>' for name in present)
    parts = "".join(
        f'<section id="{_anchor(name)}"><h2>{escape(name)}</h2>{body}</section>\n'
        for name, body in present.items()
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{_KNOWN}'\">\n"
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f'<header>{header}<nav aria-label="Sections">{links}</nav></header>\n'
        f"<main>\n{parts}</main>\n<footer>{footer}</footer>\n{script}</body>\n</html>\n"
    )


def _anchor(name: str) -> str:
    return name.lower().replace(" ", "-")


def _parted(name: str) -> str:
    """Let a long name be broken behind its underscores, and nowhere else."""
    return escape(name).replace("_", "_<wbr>")


def command(text: str) -> str:
    """Return a command as code that is broken between its options, not within them.

    >>> command("neurona train xor --seed 0")
    '<code>neurona train xor <span class="option">--seed 0</span></code>'
    """
    first, *options = text.split(" --")
    spans = "".join(f' <span class="option">--{escape(option)}</span>' for option in options)
    return f"<code>{escape(first)}{spans}</code>"


def told(text: str) -> str:
    """Return a text in which options of the command are not broken.

    >>> told("several --seed values")
    'several <span class="option">--seed</span> values'
    """
    return re.sub(r"--[a-z][a-z-]*", r'<span class="option">\g<0></span>', escape(text))


def rows(facts: Mapping[str, object]) -> str:
    """Return a table of names and values.

    >>> rows({"epochs": 20})
    '<table><tr><th scope="row">epochs</th><td>20</td></tr></table>'
    """
    lines = (
        f'<tr><th scope="row">{_parted(name)}</th><td>{_parted(str(value))}</td></tr>'
        for name, value in facts.items()
    )
    return f"<table>{''.join(lines)}</table>"


def table(title: str, columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table under a heading.

    >>> table("Losses", ["model"], [["RNN"]])[:31]
    '<h3>Losses</h3><div class="wide'
    """
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    body = "".join(
        f"<tr>{''.join(f'<td>{_whole(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    return (
        f'<h3>{escape(title)}</h3><div class="wide" tabindex="0">'
        f"<table><tr>{head}</tr>{body}</table></div>"
    )


def _whole(cell: str) -> str:
    """Keep a number and its sign in one line."""
    return escape(cell).replace(" %", "\u00a0%")


def words(title: str, text: str) -> str:
    """Return a text under a heading, its lines as they are, broken where they are too long."""
    return f'<h3>{escape(title)}</h3><p class="text">{escape(text)}</p>'


def tiles(values: Iterable[tuple[str, str]]) -> str:
    """Return numbers side by side, (name, number), the first one set off."""
    items = (
        f"<li{MAIN if i == 0 else ''}><b>{escape(number)}</b><span>{escape(name)}</span></li>"
        for i, (name, number) in enumerate(values)
    )
    return f'<ul class="tiles">{"".join(items)}</ul>'


def figure(title: str, alt: str, png: bytes, dots: int) -> str:
    """Return a picture that is part of the page, drawn at `dots` pixels an inch.

    The alternative text also stands below it, for everyone.
    """
    width, height = (int.from_bytes(png[i : i + 4]) * 96 // dots for i in (16, 20))
    data = base64.b64encode(png).decode()
    least = round(LEAST * width)
    return (
        f'<figure><h3>{escape(title)}</h3><div class="wide" tabindex="0">'
        f'<img alt="{escape(alt)}" width="{width}" height="{height}" style="--least: {least}px" '
        f'src="data:image/png;base64,{data}"></div>'
        f"<figcaption>{escape(alt)}</figcaption></figure>"
    )


def preformatted(text: str) -> str:
    """Return text as it is, in letters of one width; it scrolls sideways where it is too wide."""
    return f'<div class="wide" tabindex="0"><pre>{escape(text)}</pre></div>'


def code(title: str, text: str) -> str:
    """Return code that unfolds, with a button that copies it.

    >>> code("run.py", "a < b")[:39]
    '<details><summary>run.py</summary><butt'
    """
    return (
        f"<details><summary>{escape(title)}</summary>"
        '<button type="button" class="copy" hidden>Copy</button>'
        f"{preformatted(text)}</details>"
    )

"""Docstrings of this library as reStructuredText, which autodoc reads.

They are plain text with `code` in single backticks: paragraphs, formulas set in, doctests, and
sections such as `Args:`. A section becomes a field, an item in it a term with its definition.

>>> print("\\n".join(to_rest(["y = x * `a_b`.", "Args:", "    a_b: a factor."])))
y = x \\* ``a_b``.
<BLANKLINE>
:Args:
    ``a_b``
        a factor.
<BLANKLINE>
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_SECTION = re.compile(r"(Shapes|Args|Args and Raises|Raises|Returns|Source|Attributes):(?: (.*))?$")
_ITEM = re.compile(r"((?:[\w*.]+|\.\.\.)(?:,? (?:and |or )?[\w*.]+)*): ?(.*)$")
_LINKED = re.compile(r"(?:nn\.)?((?:\w+\.)*[A-Z]\w+|(?:\w+\.)+\w+)(?:\(\))?$")
_NAMESPACES = (
    "activations", "callbacks", "classic", "config", "constraints", "data", "datasets", "doctor",
    "errors", "initializers", "layers", "losses", "metrics", "models", "ops", "optimizers", "plots",
    "random", "regularizers", "saving", "tree", "utils", "zoo",
)  # fmt: skip


def inline(text: str) -> str:
    """Return one paragraph's text: code as code, names that may have an entry as references."""
    pieces = re.split(r"(`+)(.+?)\1", text, flags=re.S)
    parts = []
    for prose, code in zip(pieces[::3], [*pieces[2::3], None], strict=True):
        parts.append(re.sub(r"([\\*_|`])", r"\\\1", prose))
        if code is not None:
            parts.append(_code(" ".join(code.split()), after=prose))
    return "".join(parts)


def _code(code: str, after: str) -> str:
    """Return code as a literal or, if it may be a name with an entry, as a reference to it."""
    glue = "\\ " if after and not after[-1].isspace() and after[-1] not in "([{-/:'\"<" else ""
    match = _LINKED.match(code)
    if not match:
        return f"{glue}``{code}``\\ "
    name = match[1]
    root = "neurona." if code.startswith("nn.") or name.split(".")[0] in _NAMESPACES else ""
    return f"{glue}:py:obj:`{code} <{root}{name}>`\\ "


def to_rest(lines: list[str]) -> list[str]:
    """Return the lines of a docstring as reStructuredText."""
    rest: list[str] = []
    for kind, block in _blocks(lines):
        if kind == "section":
            rest += _field(block)
        elif kind == "doctest":
            rest += [".. code-block:: pycon", "", *(f"    {line}" for line in block)]
        elif kind == "inset":
            rest += [".. code-block:: text", "", *(f"    {line}" for line in block)]
        elif kind == "list":
            rest += [f"* {inline(item)}" for item in _items_of_list(block)]
        else:
            rest.append(_tidy(inline("\n".join(block)).replace("\n", " ")))
        rest.append("")
    return rest


def _blocks(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Cut lines into paragraphs, sections, doctests, lists and what is set in."""
    i = 0
    while i < len(lines):
        if not lines[i].strip():
            i += 1
            continue
        start, line = i, lines[i]
        if line.lstrip().startswith(">>>"):
            kind, more = "doctest", lambda line: bool(line.strip())
        elif line.startswith(" "):
            kind, more = "inset", lambda line: line.startswith(" ") or not line.strip()
        elif _SECTION.match(line):
            kind, more = "section", _belongs(line)
        elif line.startswith("* "):
            kind, more = "list", lambda line: bool(line.strip())
        else:
            kind, more = "text", lambda line: bool(line.strip()) and not _SECTION.match(line)
        i += 1
        while i < len(lines) and more(lines[i]) and not (kind == "text" and lines[i][:1] == " "):
            i += 1
        block = lines[start:i]
        while not block[-1].strip():
            block.pop()
        if kind == "inset":
            margin = min(len(line) - len(line.lstrip()) for line in block if line.strip())
            block = [line[margin:] for line in block]
        yield kind, block


def _belongs(head: str):
    """Return what says whether a line is still of the section: set in, or running on."""
    if head.rstrip().endswith(":"):
        return lambda line: line.startswith(" ") or not line.strip()
    return lambda line: bool(line.strip()) and not _SECTION.match(line)


def _field(block: list[str]) -> list[str]:
    """Return a section as a field."""
    name, text = _SECTION.match(block[0]).groups()  # type: ignore[union-attr]
    if text is not None:
        whole = " ".join([text, *(line.strip() for line in block[1:])])
        return [f":{name}: {_tidy(inline(whole))}"]
    rest = [f":{name}:"]
    for term, definition in _terms(block[1:]):
        rest.append(f"    {_tidy(term)}")
        rest += [f"        {_tidy(inline(definition))}"] if definition else [""]
    return rest


def _term(word: str) -> str:
    return word if word in ("and", "or") else f"``{word}``"


def _terms(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Return the items of a section: (names, what is said of them)."""
    margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    items: list[list[str]] = []
    for line in lines:
        if not items or (line.strip() and line[margin] != " "):
            items.append([])
        items[-1].append(line.strip())
    for item in items:
        text = " ".join(filter(None, item))
        if match := _ITEM.match(text):
            yield re.sub(r"[\w*.]+", lambda m: _term(m[0]), match[1]), match[2]
        elif items[1:] and ": " in text:
            term, _, definition = text.partition(": ")
            yield inline(term), definition
        else:
            yield inline(text), ""


def _items_of_list(block: list[str]) -> list[str]:
    return [" ".join(item.split()) for item in re.split(r"^\* ", "\n".join(block), flags=re.M)[1:]]


def _tidy(text: str) -> str:
    """Take away the separators that reStructuredText does not need."""
    return re.sub(r"\\ (?=$|[\s.,;:!?)\]}'\"/-])", "", text)

"""Split a long module, so that several threads can compile it.

Functions go to the pieces, of about equal length, and see those of other pieces as declarations;
`alwaysinline` functions, constants and declarations go to every piece. The pieces depend on the
text alone, not on the number of threads, so they are found in the cache again.

Functions marked `ONLY_CALLS` get pieces of their own, which are compiled without improvements: the
time for these grows with the length of a function, and there is nothing to gain in calls.
"""

from __future__ import annotations

import re

PIECE = 16 << 10  # characters, about 10 ms of compiling; a module more costs 1 ms
MOST = 8
ONLY_CALLS = "noinline optnone"

_FUNCTION = re.compile(r"^define [^\n]*\{\n.*?^\}\n?", re.MULTILINE | re.DOTALL)
_HEAD = re.compile(
    r"define +(?:(?:internal|external) +)?([^@\n]*)@([\w.$]+)\(([^\n]*?)\)[^()\n]*\{"
)
_STATE = re.compile(r"^@[^\n]*\bglobal\b|^@[^\n]*= *(?:constant|external)\b", re.MULTILINE)
_INTERNAL = re.compile(r"^define +internal +", re.MULTILINE)


def split(ir: str) -> list[str]:
    """Return modules that together are the module `ir`; itself where it is short.

    A module with variables, or with constants that are not internal, stays whole.
    """
    if len(ir) < 2 * PIECE or _STATE.search(ir):
        return [ir]
    functions = _FUNCTION.findall(ir)
    heads = [_HEAD.match(function) for function in functions]
    if not all(heads):
        return [ir]
    shared = [f for f in functions if "alwaysinline" in f.partition("\n")[0]]
    alone = [f for f in functions if ONLY_CALLS in f.partition("\n")[0]]
    count = max(min((len(ir) - sum(map(len, alone))) // PIECE, MOST), 1)
    declared = {
        head[2]: f"declare {head[1]}@{head[2]}({_types(head[3])})"
        for head, function in zip(heads, functions, strict=True)
        if head and function not in shared
    }
    pieces = [""] * count
    for function in sorted({*functions}.difference(shared, alone), key=lambda f: (-len(f), f)):
        shortest = min(range(count), key=lambda i: len(pieces[i]))
        pieces[shortest] += _INTERNAL.sub("define ", function)
    pieces += [_INTERNAL.sub("define ", function) for function in alone]
    everywhere = [_FUNCTION.sub("", ir), *shared]
    return ["\n".join([*_foreign(piece, declared, shared), *everywhere, piece]) for piece in pieces]


def only_calls(piece: str) -> bool:
    """Whether a piece is there for a function that only calls others."""
    heads = [head for head in _HEAD.finditer(piece) if "alwaysinline" not in head[0]]
    return bool(heads) and all(ONLY_CALLS in head[0] for head in heads)


def _foreign(piece: str, declared: dict[str, str], shared: list[str]) -> list[str]:
    """The declarations of what a piece uses and does not define."""
    own = {head[2] for head in _HEAD.finditer(piece)}
    used = set(re.findall(r"@([\w.$]+)", "\n".join([piece, *shared])))
    return [declaration for name, declaration in declared.items() if name in used - own]


def _types(parameters: str) -> str:
    """The types in "ptr noalias %table, <4 x i64> %x"."""
    return ", ".join(p.rpartition(" %")[0] for p in parameters.split(", ") if p)

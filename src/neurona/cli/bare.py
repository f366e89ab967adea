"""Options that may stand bare: `--doctor` alone is `--doctor guard`."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand

BARE = {"--doctor": "guard"}


class WithBareOptions(TyperCommand):
    """A command some of whose options have a value that they stand for by themselves."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, completed(args))


def completed(args: list[str]) -> list[str]:
    """Return arguments with the value of each option that stands bare.

    >>> completed(["digits", "--doctor", "--quick"])
    ['digits', '--doctor', 'guard', '--quick']
    """
    found: list[str] = []
    for word, following in zip(args, [*args[1:], "--"], strict=False):
        found.append(word)
        if word in BARE and following.startswith("-"):
            found.append(BARE[word])
    return found

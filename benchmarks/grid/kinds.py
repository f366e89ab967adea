"""The kinds of ops that have a grid."""

from __future__ import annotations

from functools import cache

from benchmarks.grid import convolutions, networks, products
from benchmarks.grid.case import Case

KINDS = {"products": products.cases, "convolutions": convolutions.cases, "networks": networks.cases}


@cache
def every() -> dict[str, Case]:
    """All cases by name."""
    return {case.name: case for cases in KINDS.values() for case in cases()}


def named(name: str) -> Case:
    """The case of a name."""
    return every()[name]

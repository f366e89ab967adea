"""`neurona pitfalls`: what can go wrong in a training, what the doctor says, and the cure."""

from __future__ import annotations

from pathlib import Path

from neurona.cli.listings import show as listed
from neurona.errors import unknown
from neurona.recipes.pitfalls import PITFALLS, show


def pitfalls(name: str | None, out: Path) -> None:
    """Try a pitfall before and after its cure, and draw both; without a name, list all.

    Raises:
        ArgumentError: if there is no such pitfall.
    """
    if name is None:
        listed((p.name, (p.title, p.seen)) for p in PITFALLS.values())
        return
    if name not in PITFALLS:
        raise unknown("pitfall", name, list(PITFALLS))
    found = show(PITFALLS[name])
    out.mkdir(parents=True, exist_ok=True)
    picture = out / f"{name}.png"
    found.plot().savefig(picture)
    print(found)
    print(f"curves: {picture}")

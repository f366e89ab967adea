"""`neurona learn`: lists the pages of the path, and writes them as notebooks."""

from __future__ import annotations

import json
from pathlib import Path

from neurona.errors import StateError
from neurona.files import write_text
from neurona.learn.notebooks import notebook, number_of, sources, title


def learn(pages: list[str], all_pages: bool, force: bool) -> None:
    """Write notebooks of these pages into the current folder; list all if there is none.

    Raises:
        ArgumentError: there is no such page.
        StateError: a notebook is there already, and `force` is not given.
    """
    found = sources()
    if not pages and not all_pages:
        return _overview(found)
    wanted = found.values() if all_pages else [found[number_of(found, given)] for given in pages]
    targets = {page: Path(f"{page.stem}.ipynb") for page in wanted}
    there = [target for target in targets.values() if target.exists() and not force]
    if there and not all_pages:
        raise StateError(
            f"{there[0]} is here already, perhaps with work of yours in it.",
            hint="open it, or --force to write it anew",
        )
    for page, target in targets.items():
        if target in there:
            print(f"kept {target}; --force writes it anew")
            continue
        write_text(target, json.dumps(notebook(page), indent=1, ensure_ascii=False) + "\n")
        print(f"wrote {target}")
    print(
        "open: jupyter lab (if there is none: pip install jupyterlab), or an editor that knows it"
    )


def _overview(found: dict[int, Path]) -> None:
    for number, page in found.items():
        print(f"{number:02}  {title(page)}")
    print("neurona learn 01 writes the first page as a notebook, neurona learn --all all of them;")
    print("neurona check 01 writes and checks its exercises.")

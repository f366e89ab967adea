"""What a folder says of its run: `run.json`, written when training begins and when all is done."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from neurona.errors import FormatError, unknown
from neurona.files import write_text
from neurona.strict_json import read_json, write_json

NAME = "run.json"
_RESULTS = ("report.html", "model.safetensors")


@dataclasses.dataclass(frozen=True)
class Record:
    """A run, in short.

    Attributes:
        recipe: its name.
        quick: whether with --quick.
        settings: what it was told, None where the recipe has no such thing.
        defaults: the same of the recipe, at that time.
        started: when, as ISO 8601 has it.
        engine: what computed.
        neurona: the version.
        finished: when; "" while it is not.
        seconds: of training.
        scores: results by name; the last is the one that counts.
    """

    recipe: str
    quick: bool
    settings: dict[str, Any]
    defaults: dict[str, Any]
    started: str
    engine: str
    neurona: str
    finished: str = ""
    seconds: float = 0.0
    scores: dict[str, float] = dataclasses.field(default_factory=dict)

    @property
    def changed(self) -> dict[str, Any]:
        """The settings that are not the recipe's own."""
        return {k: v for k, v in self.settings.items() if v != self.defaults.get(k)}

    @property
    def score(self) -> tuple[str, float] | None:
        """The result that counts, with its name; None while there is none."""
        return next(reversed(self.scores.items()), None)

    def write(self, folder: Path) -> None:
        """Replace what the folder says."""
        write_text(folder / NAME, write_json(dataclasses.asdict(self), indent=2) + "\n")


_KINDS: dict[str, type | tuple[type, ...]] = {
    "recipe": str, "quick": bool, "settings": dict, "defaults": dict, "started": str,
    "engine": str, "neurona": str, "finished": str, "seconds": (int, float), "scores": dict,
}  # fmt: skip


def read(folder: Path) -> Record | None:
    """Return what a folder says of the run in it; None if there is nothing that can be read."""
    try:
        found = read_json((folder / NAME).read_bytes(), NAME)
    except (OSError, FormatError):
        return None
    if not isinstance(found, dict) or set(found) != set(_KINDS):
        return None
    right = all(isinstance(found[name], kind) for name, kind in _KINDS.items())
    right = right and all(isinstance(v, int | float) for v in found["scores"].values())
    return Record(**found) if right else None


def is_finished(folder: Path) -> bool:
    """Whether results lie in a folder that no training goes on to.

    A run that was stopped before anything of it was saved is not worth keeping.
    """
    before = read(folder)
    if before is None:
        return any((folder / name).exists() for name in _RESULTS)
    return bool(before.finished)


def place(folder: Path, recipe: str, settings: dict[str, Any], quick: bool) -> Path:
    """Return where a run goes: to FOLDER, or FOLDER-2, FOLDER-3, ... that holds no other one.

    A run that was stopped, with the same settings, is gone on with where it is.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp(), "digits")
    >>> place(folder, "digits", {"epochs": 2}, quick=False) == folder
    True
    """
    number = 1
    while True:
        path = folder.with_name(f"{folder.name}-{number}") if number > 1 else folder
        before = read(path)
        if before is not None and not before.finished and (path / "backup").exists():
            free = (before.recipe, before.quick, before.settings) == (recipe, quick, settings)
        else:
            free = not is_finished(path)
        if free:
            return path
        number += 1


def runs(folder: Path) -> dict[Path, Record]:
    """Return the runs in a folder, those of the folders in it, the oldest first.

    >>> runs(Path("no such folder"))
    {}
    """
    places = [folder, *folder.iterdir()] if folder.is_dir() else []
    found = {place: one for place in sorted(places) if (one := read(place)) is not None}
    return dict(sorted(found.items(), key=lambda item: item[1].started))


def find(name: str, usual: Path = Path("runs")) -> Path:
    """Return the folder of a run that is named by its path, or by its name in `runs`.

    Raises:
        ArgumentError: there is no such run; names the nearest.
    """
    for place in (Path(name), usual / name):
        if read(place) is not None:
            return place
    raise unknown("run", name, [place.name for place in runs(usual)])

"""Where a data set is: in a folder that was named, in the user's own, in the cache, or far away."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from neurona import config
from neurona.data.download import DownloadError, fetch
from neurona.datasets.card import Card
from neurona.errors import MissingDataError, StateError

Folder = str | os.PathLike[str]


def folders(name: str, folder: Folder | None = None) -> list[Path]:
    """Return the folders in which the data set `name` may be, in the order of search.

    >>> [path.name for path in folders("mnist", "here")][:2]
    ['here', 'mnist']
    """
    found = []
    if folder is not None:
        root = Path(folder).expanduser()
        found += [root, root / name]
    own = config.data_folder()
    if own is not None:
        found.append(own / name)
    with contextlib.suppress(StateError):  # of a user without a home
        found.append(config.cache_folder() / name)
    return found


def locate(
    card: Card, is_complete: Callable[[Path], bool], folder: Folder | None = None
) -> Path | None:
    """Return the first folder that has the whole data set, or None."""
    return next((place for place in folders(card.name, folder) if is_complete(place)), None)


def obtain(card: Card, is_complete: Callable[[Path], bool], folder: Folder | None = None) -> Path:
    """Return a folder with the whole data set, downloading it into the cache if there is none.

    A copy that is found is used as it is: only what is downloaded must have the known checksum.
    A folder that was named must have it: nothing else is taken in its stead.

    Raises:
        MissingDataError: the named folder has not got it; or it is nowhere and cannot be
            downloaded; names files, folders, addresses.
    """
    if folder is not None:
        return _named(card, is_complete, Path(folder).expanduser())
    place = locate(card, is_complete)
    if place is not None:
        return place
    cache = config.cache_folder() / card.name
    try:
        fetch(card.files, cache)
    except (DownloadError, OSError) as error:
        raise _missing(card, str(error)) from None
    return cache


def obtain_file(card: Card, name: str, folder: Folder | None = None, path: str = "") -> Path:
    """Return the path of one of a data set's files; the others need not be there.

    Args:
        card: the data set.
        name: of the file.
        folder: see `folders`.
        path: Keras's argument: a file of another name than the usual one is taken as it is.

    Raises:
        MissingDataError: it is nowhere and cannot be downloaded.
    """
    own = Path(path or name).expanduser()
    if own.name != name or own.is_absolute():
        if own.is_file():
            return own
        if own.name != name:
            raise MissingDataError(
                f"there is no such file of the data set {card.name}.",
                got=str(own),
                hint=f"leave path out: {name} is looked for, and downloaded",
            )
    alone = replace(card, files=tuple(file for file in card.files if file.name == name))
    return obtain(alone, lambda place: (place / name).is_file(), folder) / name


def _named(card: Card, is_complete: Callable[[Path], bool], root: Path) -> Path:
    """Return the folder itself, or the one in it that has the data set's name."""
    for place in (root, root / card.name):
        if is_complete(place):
            return place
    if not root.is_dir():
        raise MissingDataError(
            f"there is no folder {root}.",
            expected=f"the folder that holds the data set {card.name}",
        )
    raise MissingDataError(
        f"the folder {root} does not hold the data set {card.name}.",
        got=f"no complete copy in {root} or {root / card.name}",
        expected=", ".join(file.name for file in card.files),
        hint="name the folder in which these files are; without one, NEURONA_DATA and the cache "
        "are searched, and what is missing is downloaded",
    )


def _missing(card: Card, reason: str) -> MissingDataError:
    names = ", ".join(file.name for file in card.files)
    looked = ", ".join(str(place) for place in folders(card.name))
    addresses = "\n".join(f"  {url}" for file in card.files for url in file.urls)
    return MissingDataError(
        f"the data set {card.name} is neither here nor reachable.",
        got=f"no complete copy in {looked}; the download failed: {reason}",
        expected=f"{names}",
        hint=f"get the files on a machine with a network and put them into a folder {card.name}/ "
        f"in the folder that NEURONA_DATA names, or pass load_data(folder=...):\n{addresses}",
    )

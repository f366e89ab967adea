"""Downloading: several addresses, several attempts, and never a half-written file."""

from __future__ import annotations

import hashlib
import socket
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException
from pathlib import Path
from time import sleep
from typing import Any

from neurona.files import replacing

ATTEMPTS = 3
TIMEOUT = 20.0  # seconds without a byte
_CHUNK = 2**16


@dataclass(frozen=True)
class RemoteFile:
    """A file to download.

    Attributes:
        name: what it is called here.
        size: in bytes; None if it is not known.
        checksum: SHA-256, or MD5 (32 digits) where nothing else is published; or None.
        urls: addresses, the first preferred.
    """

    name: str
    size: int | None
    checksum: str | None
    urls: tuple[str, ...]


class DownloadError(Exception):
    """No address gave the file; the message says why, address by address."""


class _WrongContentError(Exception):
    """What arrived is not the file."""


def open_url(url: str) -> Any:
    """Open an address for reading; the one place where the library touches the network."""
    request = urllib.request.Request(url, headers={"User-Agent": "neurona"})
    return urllib.request.urlopen(request, timeout=TIMEOUT)


def checksum(path: Path, algorithm: str) -> str:
    """Return the checksum of a file, in hexadecimal digits; "sha256" or "md5"."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def algorithm_of(digits: str) -> str:
    """Return which checksum this is, by its length.

    >>> algorithm_of("0" * 32)
    'md5'
    """
    return "md5" if len(digits) == 32 else "sha256"


def fetch(files: tuple[RemoteFile, ...], folder: Path, anew: bool = False) -> None:
    """Download the files that `folder` lacks, showing the progress on a terminal.

    Each is written under a temporary name, checked (size, checksum), and only then given its own:
    a file with its name is whole, also if several processes download at once.

    Args:
        files: what is wanted.
        folder: where it goes to; made if needed.
        anew: also those that are there.

    Raises:
        DownloadError: a file could not be had from any address.
        OSError: the folder cannot be written.
    """
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    folder.mkdir(parents=True, exist_ok=True)
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        for file in files:
            if anew or not (folder / file.name).is_file():
                task = progress.add_task(file.name, total=file.size)
                _fetch_one(file, folder, partial(_report, progress, task))


def _report(progress: Any, task: Any, size: int) -> None:
    progress.update(task, completed=size)


def _fetch_one(file: RemoteFile, folder: Path, report: Callable[[int], Any]) -> None:
    for attempt in range(ATTEMPTS):
        if attempt:
            sleep(2.0 ** (attempt - 1))
        reasons, hopeless = [], True
        for url in file.urls:
            try:
                _download(url, file, folder, report)
            except (OSError, HTTPException, _WrongContentError) as error:
                reasons.append(f"{url}: {error}")
                hopeless = hopeless and _is_final(error)
            else:
                return
        if hopeless:
            break
    raise DownloadError("; ".join(reasons))


def _is_final(error: Exception) -> bool:
    """Tell whether another attempt is in vain: no such page, or no network at all."""
    if isinstance(error, urllib.error.HTTPError):
        return 400 <= error.code < 500 and error.code not in (408, 429)
    return isinstance(getattr(error, "reason", None), socket.gaierror)


def _download(url: str, file: RemoteFile, folder: Path, report: Callable[[int], Any]) -> None:
    algorithm = algorithm_of(file.checksum or "")
    digest, size = hashlib.new(algorithm, usedforsecurity=False), 0
    with open_url(url) as response, replacing(folder / file.name, file.size or 0) as out:
        while chunk := response.read(_CHUNK):
            size += len(chunk)
            if file.size is not None and size > file.size:
                raise _WrongContentError(f"more than the {file.size} bytes of {file.name}")
            digest.update(chunk)
            out.write(chunk)
            report(size)
        if file.size is not None and size < file.size:
            raise _WrongContentError(f"{size} bytes of {file.size}")
        if file.checksum is not None and digest.hexdigest() != file.checksum.lower():
            name = {"sha256": "SHA-256", "md5": "MD5"}[algorithm]
            raise _WrongContentError(f"{name} {digest.hexdigest()}, expected {file.checksum}")

"""Compiled objects, kept for the next process.

An object file is code that this process will run, so what is trusted matters: the user, and nobody
else. A folder or a file that belongs to another user, or that others can write, is not used (nor
repaired); links are not followed. Inside of that, the checksum of an entry finds damage, such as
a disk that was full, not an attack: who can write as the user can change the library as well.
Where any of this fails, code is compiled anew; nothing here raises.

An entry is the file `KEY`: magic, key, SHA-256 of the object, object. The key holds everything that
decides what the object is, so entries never go stale, they are only no longer asked for.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from neurona import config
from neurona.engines.native.llvm.binding import version
from neurona.engines.native.llvm.machine import Machine
from neurona.version import __version__

LIMIT = 512 << 20  # bytes
MAGIC = b"neurona object 1\n"


@dataclass(frozen=True)
class ObjectCache:
    """A folder of compiled objects.

    Args:
        folder: where they are; made when it is first written to.
        limit: bytes; beyond that, the least recently used go.
    """

    folder: Path
    limit: int = LIMIT

    @staticmethod
    def chosen() -> ObjectCache | None:
        """Return the user's cache, or None where the settings say so or there is no home."""
        with contextlib.suppress(RuntimeError):
            return ObjectCache(config.cache_folder() / "native") if config.code_cache() else None
        return None

    @staticmethod
    def key(ir: str, machine: Machine, level: int) -> str:
        """Return the name of an entry: a hash of all that decides what the object is."""
        parts = (
            version(), __version__, machine.triple, machine.cpu, machine.features, str(level), ir,
        )  # fmt: skip
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def get(self, key: str) -> bytes | None:
        """Return an object, or None if there is no entry that is whole and the user's own."""
        with contextlib.suppress(OSError):
            if not _own(os.lstat(self.folder), stat.S_ISDIR):
                return None
            path = self.folder / key
            with open(os.open(path, os.O_RDONLY | _NO_LINK), "rb") as file:
                if not _own(os.fstat(file.fileno()), stat.S_ISREG):
                    return None
                entry = file.read()
            head = MAGIC + key.encode()
            image = entry[len(head) + 32 :]
            if entry[: len(head) + 32] == head + hashlib.sha256(image).digest():
                with contextlib.suppress(OSError):
                    os.utime(path)  # the most recently used
                return image
        return None

    def put(self, key: str, image: bytes) -> None:
        """Keep an object, if the folder can be written and is the user's own."""
        with contextlib.suppress(OSError):
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            self.folder.mkdir(mode=0o700, exist_ok=True)
            if not _own(os.lstat(self.folder), stat.S_ISDIR):
                return
            partial = self.folder / f"partial-{os.urandom(8).hex()}"
            try:
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK
                with open(os.open(partial, flags, 0o600), "wb") as file:
                    file.write(MAGIC + key.encode() + hashlib.sha256(image).digest() + image)
                os.replace(partial, self.folder / key)
            except OSError:
                partial.unlink(missing_ok=True)
            if key.startswith("0"):  # looking through the folder takes time: one in 16
                self.prune()

    def size(self) -> tuple[int, int]:
        """Return how many entries there are, and their bytes."""
        sizes = [size for _, size, _ in self._entries()]
        return len(sizes), sum(sizes)

    def prune(self) -> None:
        """Delete the least recently used entries beyond the limit, and what others left behind."""
        entries = self._entries()
        total = sum(size for _, size, _ in entries)
        for _, size, path in sorted(entries):
            if total <= self.limit:
                break
            with contextlib.suppress(OSError):
                os.unlink(path)
                total -= size

    def _entries(self) -> list[tuple[int, int, str]]:
        """Return time of use, bytes and path of each file in the folder."""
        entries = []
        with contextlib.suppress(OSError), os.scandir(self.folder) as found:
            for entry in found:
                with contextlib.suppress(OSError):  # gone meanwhile
                    status = entry.stat(follow_symlinks=False)
                    entries.append((status.st_mtime_ns, status.st_size, entry.path))
        return entries


_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


def _own(status: os.stat_result, kind) -> bool:
    """Whether it is of a kind, the user's own, and not writable by others."""
    if os.name == "nt":  # access lists of the user's profile say so there
        return kind(status.st_mode)
    mine = status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return kind(status.st_mode) and mine

"""Compiled objects, kept for the next process.

An object file is code that this process will run, so what is trusted matters: the user, and nobody
else. A folder or a file that belongs to another user, or that others can write, is not used (nor
repaired); links are not followed. Inside of that, the checksum of an entry finds damage, such as
a disk that was full, not an attack: who can write as the user can change the library as well.
Where any of this fails, code is compiled anew; nothing here raises. The process tells once what it
found, for it may cost somebody the start of every program.

An entry is the file `KEY`: magic, key, SHA-256 of the object, object. The key holds everything that
decides what the object is, so entries never go stale, they are only no longer asked for.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from neurona import config
from neurona.core import origin
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
        troubles: what was found wrong, and why; see `tell`.
    """

    folder: Path
    limit: int = LIMIT
    troubles: dict[str, str] = field(default_factory=dict, compare=False)

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
        with self._noting(f"the code cache {self.folder} is not used"):
            _check(os.lstat(self.folder), stat.S_ISDIR)
            with self._noting(f"compiled code in {self.folder} is damaged"):
                return self._read(key)
        return None

    def _read(self, key: str) -> bytes:
        path, head = self.folder / key, MAGIC + key.encode()
        with open(os.open(path, os.O_RDONLY | _NO_LINK | _NO_WAIT), "rb") as file:
            status = os.fstat(file.fileno())
            _check(status, stat.S_ISREG)
            entry = file.read() if status.st_size <= self.limit else b""
        image = entry[len(head) + 32 :]
        if entry[: len(head) + 32] != head + hashlib.sha256(image).digest():
            raise OSError("its checksum differs")
        with contextlib.suppress(OSError):
            os.utime(path)  # the most recently used
        return image

    def put(self, key: str, image: bytes) -> None:
        """Keep an object, if the folder can be written and is the user's own."""
        with self._noting(f"compiled code cannot be kept in {self.folder}"):
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            self.folder.mkdir(mode=0o700, exist_ok=True)
            _check(os.lstat(self.folder), stat.S_ISDIR)
            partial = self.folder / f"partial-{os.urandom(8).hex()}"
            try:
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK
                with open(os.open(partial, flags, 0o600), "wb") as file:
                    file.write(MAGIC + key.encode() + hashlib.sha256(image).digest() + image)
                os.replace(partial, self.folder / key)
            finally:
                partial.unlink(missing_ok=True)
            if key.startswith("0"):  # looking through the folder takes time: one in 16
                self.prune()

    def refused(self, why: str) -> None:
        """Note that an object that was kept cannot be loaded."""
        with self._noting(f"compiled code in {self.folder} is damaged"):
            raise OSError(why)

    @contextlib.contextmanager
    def _noting(self, what: str) -> Iterator[None]:
        """Go on behind what is inside if it fails, with a note; what is not there is no failure."""
        try:
            yield
        except FileNotFoundError:
            pass
        except OSError as error:
            self.troubles[what] = error.strerror or str(error)

    def tell(self) -> None:
        """Warn of what was found, of each thing once in a process; for when all is mended."""
        new = [what for what in self.troubles if what not in _told]
        _told.update(new)
        if new:
            found = "; ".join(f"{what} ({self.troubles[what]})" for what in new)
            origin.warn(
                f"{found}. It is compiled anew: nothing is lost but time. "
                "NEURONA_CACHE names another folder, NEURONA_CODE_CACHE=0 goes without.",
            )

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
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)  # for a pipe
_told: set[str] = set()


def _check(status: os.stat_result, kind: Callable[[int], bool]) -> None:
    """Refuse what is not of a kind, the user's own, and closed to writing by others."""
    if not kind(status.st_mode):
        raise OSError("it is of another kind")
    if os.name == "nt":  # access lists of the user's profile say so there
        return
    if status.st_uid != os.geteuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise OSError("it belongs to another user, or others can write to it")

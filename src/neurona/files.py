"""Files that are whole or not there, and folders that one run at a time writes to."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import re
import secrets
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from neurona.errors import StateError, StorageError

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]
try:
    import msvcrt
except ImportError:
    msvcrt = None  # type: ignore[assignment]

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_UNFINISHED = re.compile(r"\.neurona-[0-9a-f]{16}\.unfinished")
_FAR = 2**30  # where Windows locks a byte, which nobody else can read or write then
_GRACE = 60.0  # seconds: what was written to more recently is not taken for a leftover
_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG}


def write_bytes(path: Path, content: bytes) -> None:
    """Replace a file as a whole; see `replacing`."""
    with replacing(path, len(content)) as file:
        file.write(content)


def write_text(path: Path, text: str) -> None:
    """Replace a text file as a whole; see `replacing`."""
    write_bytes(path, text.encode())


@contextlib.contextmanager
def replacing(path: Path, size: int) -> Iterator[BinaryIO]:
    """Replace a file as a whole: a reader, or a run that is killed, never sees a half of it.

    What is written inside goes to a new file with a random name in the same folder, is synchronised
    to the disk and moved into its place. If anything fails, the file stays as it was.

    Args:
        path: the file; its folder is made if needed.
        size: how many bytes there will be, for the message if there is no room.

    Raises:
        StorageError: if the file cannot be written; with the cause's `errno`.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "note")
    >>> with replacing(path, 5) as file:
    ...     _ = file.write(b"whole")
    >>> path.read_text()
    'whole'
    """
    unfinished = path.with_name(f".neurona-{secrets.token_hex(8)}.unfinished")
    callers = False  # whether the caller is at work, whose errors may be of anything
    target = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(path.parent, _GRACE)
        target = _Target(os.open(unfinished, _NEW | _NO_LINK, 0o666), "wb")
        with io.BufferedWriter(target) as file:
            _take(file.fileno())  # says to others that somebody is at work
            callers = True
            yield file
            callers = False
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        ours = not callers or (target is not None and target.failure is not None)
        if not isinstance(error, OSError) or not (ours or error.errno in _FULL):
            raise
        raise _explained(error, path, size) from error
    _synchronise(path.parent)


class _Target(io.FileIO):
    """A file that remembers why it could not be written."""

    failure: OSError | None = None

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError as error:
            self.failure = error
            raise


def rename(path: Path, other: Path) -> None:
    """Give a file another name, in place of what has it; nothing happens if there is no file.

    Raises:
        StorageError: if that cannot be done; then all is as it was.
    """
    try:
        if path.exists():
            os.replace(path, other)
    except OSError as error:
        raise _explained(error, other, 0) from error


def _explained(error: OSError, path: Path, size: int) -> StorageError:
    reason = error.strerror or str(error)
    if error.errno in _FULL:
        free = "an unknown number of"
        with contextlib.suppress(OSError):
            free = f"{shutil.disk_usage(path.parent).free:,}"
        told = StorageError(
            f"there is no room for {path} ({reason}); what was there before is still there.",
            got=f"{free} bytes free",
            expected=f"{size:,} bytes",
            hint="delete files that are not needed, or write to another disk",
        )
    else:
        told = StorageError(
            f"{path} cannot be written: {reason}.",
            hint="another folder, or other permissions of this one",
        )
    told.errno, told.filename = error.errno, os.fspath(path)
    return told


def remove_leftovers(folder: Path, older: float = 0.0) -> None:
    """Delete what writers that were killed have left in a folder.

    Args:
        folder: where to look.
        older: seconds since something was last written to it.
    """
    with contextlib.suppress(OSError), os.scandir(folder) as found:
        for entry in found:
            if _UNFINISHED.fullmatch(entry.name):
                with contextlib.suppress(OSError):  # gone meanwhile, or not ours
                    _remove_leftover(entry, older)


def _remove_leftover(entry: os.DirEntry[str], older: float) -> None:
    status = entry.stat(follow_symlinks=False)
    if not stat.S_ISREG(status.st_mode) or time.time() - status.st_mtime < older:
        return
    handle = os.open(entry.path, os.O_RDWR | _NO_LINK)
    try:
        free = _take(handle)
        if free and fcntl is not None:
            os.unlink(entry.path)
    finally:
        os.close(handle)
    if fcntl is None:
        os.unlink(entry.path)  # fails where somebody has it open


def _take(handle: int) -> bool:
    """Hold an open file; say whether nobody else does. The system lets go when we end."""
    try:
        if fcntl is not None:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        elif msvcrt is not None:
            place = os.lseek(handle, 0, os.SEEK_CUR)
            os.lseek(handle, _FAR, os.SEEK_SET)
            try:
                msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            finally:
                os.lseek(handle, place, os.SEEK_SET)
    except OSError as error:  # file systems without locks hold nothing, for nobody
        return error.errno not in (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES)
    return True


def _synchronise(folder: Path) -> None:
    """Write the folder's list of names to the disk, where the system can do that.

    If it cannot, the new file is in its place all the same, so that is no failure.
    """
    if os.name == "posix":
        with contextlib.suppress(OSError):
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


@contextlib.contextmanager
def alone(folder: Path, hint: str) -> Iterator[None]:
    """Keep a folder to oneself inside: two runs that write to one folder destroy each other's work.

    The folder is made if needed. A run that is killed keeps nobody out.

    Args:
        folder: the folder.
        hint: what to try if another run has it.

    Raises:
        StateError: if another run has it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = folder / ".lock"
    handle = _locked(lock)
    if handle is None:
        pid = ""
        with contextlib.suppress(OSError, UnicodeDecodeError):
            pid = lock.read_text()[:20].strip()
        raise StateError(
            f"another run is writing to {folder}.",
            got=f"a lock of the process {pid}" if pid.isdigit() else "",
            hint=hint,
        )
    try:
        yield
    finally:
        if fcntl is None:  # Windows deletes no file that is open, and so none that another has
            os.close(handle)
        with contextlib.suppress(OSError):
            lock.unlink()
        if fcntl is not None:
            os.close(handle)


def _locked(lock: Path) -> int | None:
    """Return a handle of the file that nobody else holds; None if somebody does."""
    while True:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | _NO_LINK, 0o666)
        try:
            if not _take(handle):
                os.close(handle)
                return None
            now = os.stat(lock)
            if os.path.samestat(os.fstat(handle), now):
                os.truncate(handle, 0)
                os.write(handle, str(os.getpid()).encode())
                return handle
        except FileNotFoundError:
            pass  # whoever had it deleted it just now
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)

"""`get_file`: a file from an address, kept in the cache, and unpacked if need be."""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
import urllib.parse
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any

from neurona import config
from neurona.core import origin as places
from neurona.data.download import DownloadError, RemoteFile, algorithm_of, checksum, fetch
from neurona.errors import ArgumentError, FormatError, MissingDataError, NeuronaError, check_choice

SCHEMES = ("http", "https", "ftp", "file")
ALWAYS, MAX_GROWTH = 2**28, 200  # bytes that any archive may unpack to; for each byte of it
MAX_MEMBERS = 2_000_000
_CHUNK = 2**20


def get_file(
    fname: str | os.PathLike[str] | None = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: Any = "auto",
    cache_dir: str | os.PathLike[str] | None = None,
    force_download: bool = False,
) -> str:
    """Return the path of a file, downloaded unless it is there; or of the folder it is unpacked to.

    Args:
        fname: its name here; None takes the last part of `origin`.
        origin: the address: http, https, ftp or file.
        untar: as `extract`, of a tar archive.
        md5_hash: as `file_hash`.
        file_hash: SHA-256 or MD5 of the file, in hexadecimal; a file with another one is downloaded
            anew, and refused if that does not help.
        cache_subdir: the folder within the cache, or a whole path.
        hash_algorithm: "sha256", "md5", or "auto" by the length of the checksum.
        extract: unpack a tar or zip archive, and return its folder, as Keras names it.
        archive_format: "tar", "zip", "auto" for either, a list of these, or None to unpack nothing.
        cache_dir: the cache; None takes that of neurona (`NEURONA_CACHE`). A copy in the folder
            that NEURONA_DATA names is used as it is.
        force_download: download it also if it is there.
    Raises:
        ArgumentError: no address, or a name that is a path.
        MissingDataError: it is not here and cannot be downloaded.
        FormatError: an archive that is damaged or far too large.
    """
    if not isinstance(origin, str) or not origin:
        raise ArgumentError(
            "get_file needs an address.", got=repr(origin), hint="origin='https://...'"
        )
    parts = urllib.parse.urlsplit(origin)
    check_choice("scheme of origin", parts.scheme, SCHEMES)
    check_choice("hash_algorithm", hash_algorithm, ("auto", "sha256", "md5"))
    name = os.fspath(fname) if fname else PurePosixPath(urllib.parse.unquote(parts.path)).name
    if not name or name in (".", "..") or set(name) & {"/", "\\", "\0"}:
        raise ArgumentError(
            "fname is the name of a file, and no path.",
            got=repr(name),
            hint="cache_dir and cache_subdir say where it goes to",
        )
    digits = file_hash or md5_hash
    folder = Path(cache_dir or config.cache_folder()).expanduser() / cache_subdir
    formats = _formats("tar" if untar else archive_format)
    unpacks = bool((extract or untar) and formats)
    target, unpacked = _names(folder, name, bool(fname)) if unpacks else (folder / name, folder)
    own = config.data_folder()
    if own is not None and (own / name).is_file() and not force_download:
        target = own / name
    elif force_download or not _is_whole(target, digits):
        _download(target, origin, digits)
    if not unpacks:
        return str(target)
    if force_download or not unpacked.is_dir():
        _extract(target, unpacked, formats)
    return str(unpacked)


def _names(folder: Path, name: str, given: bool) -> tuple[Path, Path]:
    """Return where an archive and what is in it go to, by Keras's rules."""
    if given and "." in name:
        return folder / name, folder / f"{name[: name.find('.')]}_extracted"
    return folder / f"{name}_archive", folder / name


def _formats(archive_format: Any) -> list[str]:
    if archive_format is None:
        return []
    if archive_format == "auto":
        return ["tar", "zip"]
    found = [archive_format] if isinstance(archive_format, str) else list(archive_format)
    return [check_choice("archive_format", kind, ("tar", "zip")) for kind in found]


def _is_whole(path: Path, digits: str | None) -> bool:
    if not path.is_file():
        return False
    return not digits or checksum(path, algorithm_of(digits)) == digits.lower()


def _download(target: Path, origin: str, digits: str | None) -> None:
    try:
        fetch((RemoteFile(target.name, None, digits, (origin,)),), target.parent, anew=True)
    except (DownloadError, OSError) as error:
        raise MissingDataError(
            f"the file {target.name} is not here, and cannot be downloaded.",
            got=str(error),
            expected=str(target),
            hint="get it on a machine with a network, and put it there",
        ) from None


def _extract(archive: Path, folder: Path, formats: list[str]) -> None:
    """Unpack an archive into a folder that is whole or not there."""
    opens: Any
    members: Any
    if "tar" in formats and tarfile.is_tarfile(archive):
        opens, members = tarfile.open, _of_tar
    elif "zip" in formats and zipfile.is_zipfile(archive):
        opens, members = zipfile.ZipFile, _of_zip
    else:
        raise FormatError(
            f"{archive}: this is no archive that can be unpacked.",
            expected=" or ".join(formats),
            hint="extract=False",
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        with opens(archive) as packed, tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            whole = Path(scratch, "whole")
            whole.mkdir()
            _write(members(packed), whole, archive)
            shutil.rmtree(folder, ignore_errors=True)
            if folder.is_file():  # of another call, without extract
                folder.unlink()
            os.replace(whole, folder)
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        if isinstance(error, NeuronaError):
            raise
        raise FormatError(
            f"{archive}: the archive is damaged.",
            got=str(error),
            hint="force_download=True gets it again",
        ) from None


def _of_tar(archive: tarfile.TarFile) -> Iterator[tuple[str, IO[bytes] | None]]:
    for member in archive:
        if member.isdir():
            yield member.name + "/", None
        elif member.isreg():
            yield member.name, archive.extractfile(member)
        else:
            places.warn(f"{member.name} in the archive is a link or a device, and left out.")


def _of_zip(archive: zipfile.ZipFile) -> Iterator[tuple[str, IO[bytes] | None]]:
    for member in archive.infolist():
        if member.is_dir():
            yield member.filename, None
        else:
            with archive.open(member) as file:
                yield member.filename, file


def _write(members: Iterator[tuple[str, IO[bytes] | None]], folder: Path, archive: Path) -> None:
    limit = max(ALWAYS, MAX_GROWTH * archive.stat().st_size)
    left = limit
    for number, (name, file) in enumerate(members):
        target = (folder / name.replace("\\", "/")).resolve()
        if not target.is_relative_to(folder.resolve()) or number >= MAX_MEMBERS:
            raise FormatError(
                f"{archive}: the archive would write outside of its folder, or too many files.",
                got=repr(name)[:99],
                hint="do not trust it",
            )
        if file is None:
            target.mkdir(parents=True, exist_ok=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(target, "wb") as out:
            while chunk := file.read(_CHUNK):
                left -= len(chunk)
                if left < 0:
                    raise FormatError(
                        f"{archive}: there is far more in the archive than expected.",
                        got=f"more than {limit:,} bytes in {archive.stat().st_size:,}",
                        hint="unpack it yourself, if you trust it",
                    )
                out.write(chunk)

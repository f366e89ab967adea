"""Files from addresses of this machine; archives that lie are refused."""

import hashlib
import io
import os
import socket
import tarfile
import urllib.error
import zipfile
from pathlib import Path

import pytest

from neurona.data import download, get_file
from neurona.errors import ArgumentError, FormatError, MissingDataError

TEXT = b"some text"
SHA, MD5 = hashlib.sha256(TEXT).hexdigest(), hashlib.md5(TEXT).hexdigest()


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    """No data of the machine, and no network but files."""
    plain = download.open_url

    def open_url(url):
        if url.startswith("file:"):
            return plain(url)
        raise urllib.error.URLError(socket.gaierror(-2, "Name or service not known"))

    monkeypatch.setenv("NEURONA_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("NEURONA_DATA", raising=False)
    monkeypatch.setattr(download, "open_url", open_url)
    (tmp_path / "text.txt").write_bytes(TEXT)


def url(path):
    return path.resolve().as_uri()


def test_a_file(tmp_path):
    origin = url(tmp_path / "text.txt")
    path = get_file("mine.txt", origin)
    assert path == str(tmp_path / "cache" / "datasets" / "mine.txt")
    assert Path(path).read_bytes() == TEXT
    (tmp_path / "text.txt").write_bytes(b"other")
    assert Path(get_file("mine.txt", origin)).read_bytes() == TEXT  # what is there is used
    assert Path(get_file("mine.txt", origin, force_download=True)).read_bytes() == b"other"
    assert get_file(origin=origin) == str(tmp_path / "cache" / "datasets" / "text.txt")
    there = get_file(None, origin, cache_subdir="x", cache_dir=tmp_path / "own")
    assert there == str(tmp_path / "own" / "x" / "text.txt")


@pytest.mark.parametrize("given", [{"file_hash": SHA}, {"file_hash": MD5}, {"md5_hash": MD5}])
def test_checksums(tmp_path, given):
    origin = url(tmp_path / "text.txt")
    path = get_file("a", origin, **given)
    Path(path).write_bytes(b"damaged")
    assert Path(get_file("a", origin, **given)).read_bytes() == TEXT
    (tmp_path / "text.txt").write_bytes(b"other")
    with pytest.raises(MissingDataError, match=r"cannot be downloaded. Got .*(SHA-256|MD5) "):
        get_file("b", origin, **given)
    assert os.listdir(tmp_path / "cache" / "datasets") == ["a"]


def test_a_copy_of_ones_own(tmp_path, monkeypatch):
    monkeypatch.setenv("NEURONA_DATA", str(tmp_path))
    assert get_file("text.txt", "https://nowhere/text.txt") == str(tmp_path / "text.txt")
    with pytest.raises(MissingDataError, match=r"the file x.txt is not here, .*Name or service"):
        get_file("x.txt", "https://nowhere/x.txt")


def pack_zip(path, **members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/"), content)


def pack_tar(path, members, kind=tarfile.REGTYPE):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.type = len(content), kind
            if kind == tarfile.SYMTYPE:
                info.linkname = "/etc/passwd"
            archive.addfile(info, io.BytesIO(content))


def test_archives(tmp_path):
    pack_zip(tmp_path / "set.zip", set__a="1", set__deep__b="2")
    origin = url(tmp_path / "set.zip")
    folder = get_file("set.zip", origin, extract=True)
    assert folder == str(tmp_path / "cache" / "datasets" / "set_extracted")
    assert Path(os.path.join(folder, "set", "deep", "b")).read_text() == "2"
    assert get_file("set", origin, extract=True).endswith("datasets/set")
    assert get_file(origin=origin, extract=True).endswith("datasets/set.zip")
    assert get_file("plain.zip", origin, extract=True, archive_format=None).endswith("plain.zip")
    pack_tar(tmp_path / "set.tgz", {"x/a": b"1"})
    folder = get_file("t", url(tmp_path / "set.tgz"), untar=True)
    assert Path(os.path.join(folder, "x", "a")).read_text() == "1"
    os.remove(tmp_path / "set.tgz")
    assert get_file("t", "file:///nowhere.tgz", untar=True) == folder  # unpacked once


def test_archives_that_lie(tmp_path):
    def refused(message, **arguments):
        with pytest.raises(FormatError, match=message):
            get_file("x", url(tmp_path / "a"), extract=True, force_download=True, **arguments)
        assert not (tmp_path / "cache" / "datasets" / "x").exists()
        assert not [name for name in os.listdir(tmp_path / "cache" / "datasets") if "tmp" in name]

    for name in ("../evil", "/evil", "a/../../evil"):
        pack_tar(tmp_path / "a", {name: b"1"})
        refused(r"would write outside of its folder")
        with zipfile.ZipFile(tmp_path / "a", "w") as archive:
            archive.writestr(name, "1")
        refused(r"would write outside of its folder")
    (tmp_path / "a").write_bytes(b"no archive")
    refused(r"no archive that can be unpacked. Expected tar or zip")
    pack_zip(tmp_path / "a", x="1")
    refused(r"no archive that can be unpacked. Expected tar", archive_format="tar")
    with zipfile.ZipFile(tmp_path / "a", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", bytes(2**28 + 1))
    refused(r"far more in the archive than expected. Got more than 268,435,456 bytes")
    pack_tar(tmp_path / "a", {"x": bytes(100_000)})
    (tmp_path / "a").write_bytes((tmp_path / "a").read_bytes()[:-30])
    refused("the archive is damaged")
    pack_tar(tmp_path / "a", {"link": b""}, tarfile.SYMTYPE)
    with pytest.warns(UserWarning, match="link in the archive is a link or a device"):
        folder = get_file("links", url(tmp_path / "a"), extract=True)
    assert os.listdir(folder) == []


def test_arguments():
    with pytest.raises(ArgumentError, match=r"get_file needs an address. Got None"):
        get_file("x")
    with pytest.raises(ArgumentError, match=r"unknown scheme of origin. Got 'gopher'"):
        get_file("x", "gopher://x/y")
    for name in ("a/b", "..", "a\\b"):
        with pytest.raises(ArgumentError, match="fname is the name of a file, and no path"):
            get_file(name, "https://x/y")
    with pytest.raises(ArgumentError, match="fname is the name of a file"):
        get_file(origin="https://x/")
    with pytest.raises(ArgumentError, match="unknown archive_format"):
        get_file("a", "https://x/y", extract=True, archive_format="rar")
    with pytest.raises(ArgumentError, match="unknown hash_algorithm"):
        get_file("a", "https://x/y", hash_algorithm="crc")

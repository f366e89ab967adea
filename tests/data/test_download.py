import hashlib
import io
import os
import socket
import urllib.error

import pytest

from neurona.data import download
from neurona.data.download import DownloadError, RemoteFile, fetch

DATA = bytes(range(256)) * 1000
FILE = RemoteFile(
    "x.bin", len(DATA), hashlib.sha256(DATA).hexdigest(), ("https://a/x", "https://b/x")
)


class Network:
    """A fake opener: each address has a list of answers, bytes or errors, the last one repeated."""

    def __init__(self, monkeypatch, **answers):
        self.answers = {f"https://{host}/x": list(found) for host, found in answers.items()}
        self.asked, self.slept = [], []
        monkeypatch.setattr(download, "open_url", self.open)
        monkeypatch.setattr(download, "sleep", self.slept.append)

    def open(self, url):
        self.asked.append(url[8])
        left = self.answers[url]
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        return io.BytesIO(answer) if isinstance(answer, bytes) else answer


class Breaking(io.BytesIO):
    """A connection that is lost after the first chunk."""

    def read(self, size=-1):
        if self.tell():
            raise ConnectionResetError("connection reset")
        return super().read(size)


def not_found():
    return urllib.error.HTTPError("https://a/x", 404, "Not Found", {}, None)


def offline():
    return urllib.error.URLError(socket.gaierror(-2, "Name or service not known"))


def test_a_good_file(tmp_path, monkeypatch):
    network = Network(monkeypatch, a=[DATA], b=[DATA])
    fetch((FILE,), tmp_path / "deep" / "folder")
    assert (tmp_path / "deep" / "folder" / "x.bin").read_bytes() == DATA
    assert network.asked == ["a"]
    assert os.listdir(tmp_path / "deep" / "folder") == ["x.bin"]


def test_a_file_that_is_there_stays(tmp_path, monkeypatch):
    network = Network(monkeypatch, a=[DATA], b=[DATA])
    (tmp_path / "x.bin").write_bytes(b"mine")
    fetch((FILE,), tmp_path)
    assert (tmp_path / "x.bin").read_bytes() == b"mine"
    assert network.asked == []


@pytest.mark.parametrize(
    "bad", [not_found(), b"<html>", DATA[:-1], DATA + b"!", DATA[::-1], TimeoutError("timed out")]
)
def test_the_second_address_helps(tmp_path, monkeypatch, bad):
    network = Network(monkeypatch, a=[bad], b=[DATA])
    fetch((FILE,), tmp_path)
    assert network.asked == ["a", "b"]
    assert network.slept == []
    assert os.listdir(tmp_path) == ["x.bin"]


def test_a_lost_connection_is_tried_again_later(tmp_path, monkeypatch):
    network = Network(
        monkeypatch, a=[Breaking(DATA), TimeoutError("timed out"), DATA], b=[not_found()]
    )
    fetch((FILE,), tmp_path)
    assert network.asked == ["a", "b", "a", "b", "a"]
    assert network.slept == [1, 2]
    assert (tmp_path / "x.bin").read_bytes() == DATA


@pytest.mark.parametrize("error", [not_found, offline])
def test_what_is_hopeless_is_tried_once(tmp_path, monkeypatch, error):
    network = Network(monkeypatch, a=[error()], b=[error()])
    with pytest.raises(
        DownloadError, match=r"https://a/x: .*(Not Found|Name or service).*; https://b"
    ):
        fetch((FILE,), tmp_path)
    assert network.asked == ["a", "b"]
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (DATA[::-1], r"a/x: SHA-256 [0-9a-f]{64}, expected [0-9a-f]{64}; https://b/x: SHA-256"),
        (b"<html>", r"a/x: 6 bytes of 256000"),
        (DATA + b"!", r"a/x: more than the 256000 bytes of x.bin"),
    ],
)
def test_wrong_content_never_gets_the_name(tmp_path, monkeypatch, bad, message):
    network = Network(monkeypatch, a=[bad], b=[bad])
    with pytest.raises(DownloadError, match=message):
        fetch((FILE,), tmp_path)
    assert len(network.asked) == 6
    assert os.listdir(tmp_path) == []


def test_an_interrupt_leaves_nothing(tmp_path, monkeypatch):
    class Interrupted(io.BytesIO):
        def read(self, size=-1):
            assert not (tmp_path / "x.bin").exists()  # never there before it is whole
            if self.tell():
                raise KeyboardInterrupt
            return super().read(size)

    Network(monkeypatch, a=[Interrupted(DATA)], b=[DATA])
    with pytest.raises(KeyboardInterrupt):
        fetch((FILE,), tmp_path)
    assert os.listdir(tmp_path) == []


def test_open_url_names_itself_and_has_a_timeout(monkeypatch):
    seen = {}

    def urlopen(request, timeout):
        seen.update(url=request.full_url, agent=request.get_header("User-agent"), timeout=timeout)

    monkeypatch.setattr(download.urllib.request, "urlopen", urlopen)
    download.open_url("https://a/x")
    assert seen == {"url": "https://a/x", "agent": "neurona", "timeout": download.TIMEOUT}


def test_the_name_is_given_in_one_step_to_a_whole_file(tmp_path, monkeypatch):
    Network(monkeypatch, a=[DATA], b=[DATA])
    replace, seen = os.replace, []

    def watched(source, target):
        seen.append((source.read_bytes() == DATA, target.exists(), source.parent == target.parent))
        replace(source, target)

    monkeypatch.setattr(os, "replace", watched)
    fetch((FILE,), tmp_path)
    assert seen == [(True, False, True)]

"""Files that are whole or not there: kills, full disks, links, and several writers at once."""

import errno
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

try:
    import fcntl
except ImportError:
    fcntl = None

import neurona as nn
from neurona import files
from neurona.errors import FormatError, StateError, StorageError, check_file
from neurona.files import alone, remove_leftovers, replacing, write_bytes, write_text

posix = pytest.mark.skipif(os.name != "posix", reason="links, signals and pipes of POSIX")
LEFT = ".neurona-0123456789abcdef.unfinished"


def test_a_file_is_replaced_and_nothing_is_left(tmp_path):
    path = tmp_path / "new folder" / ("long name " * 24)
    write_bytes(path, b"one")
    write_text(path, "twö")
    assert path.read_text(encoding="utf-8") == "twö"
    assert os.listdir(path.parent) == [path.name]


def test_what_is_given_up_inside_changes_nothing(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")

    def give_up():
        with replacing(path, 10) as file:
            file.write(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        give_up()
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize("call", ["fsync", "replace", "open", "makedirs"])
def test_a_full_disk_is_told_with_path_and_bytes(tmp_path, monkeypatch, call):
    path = tmp_path / "a"
    path.write_bytes(b"old")

    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    if call == "makedirs":
        monkeypatch.setattr(Path, "mkdir", full)
    else:
        monkeypatch.setattr(os, call, full)
    with pytest.raises(StorageError) as error:
        write_bytes(path, b"x" * 12345)
    monkeypatch.undo()
    assert error.value.errno == errno.ENOSPC
    assert f"no room for {path} (No space left on device)" in str(error.value)
    assert "bytes free; expected 12,345 bytes" in str(error.value)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


def test_a_broken_disk_is_told_and_errors_of_the_caller_are_the_callers(tmp_path):
    def fail():
        with replacing(tmp_path / "a", 5):
            raise ConnectionResetError(errno.ECONNRESET, "gone")

    with pytest.raises(ConnectionResetError, match="gone"):
        fail()

    def pull_out():
        with replacing(tmp_path / "a", 5) as file:
            os.close(file.fileno())
            file.write(b"x" * 100_000)

    with pytest.raises(StorageError, match="a cannot be written: Bad file descriptor"):
        pull_out()
    assert os.listdir(tmp_path) == []


def test_another_name_for_a_file(tmp_path):
    files.rename(tmp_path / "a", tmp_path / "b")  # there is none
    (tmp_path / "a").write_bytes(b"x")
    files.rename(tmp_path / "a", tmp_path / "b")
    assert os.listdir(tmp_path) == ["b"]
    with pytest.raises(StorageError, match=r"d cannot be written: "):
        files.rename(tmp_path / "b", tmp_path / "c" / "d")


def test_what_else_fails_names_the_file(tmp_path):
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises(StorageError, match=r"a.b cannot be written: .+"):
        write_bytes(tmp_path / "a" / "b", b"x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StorageError, match=r"folder cannot be written: .+"):
        write_bytes(tmp_path / "folder", b"x")
    assert sorted(os.listdir(tmp_path)) == ["a", "folder"]


def test_a_folder_that_cannot_be_synchronised_is_no_failure(tmp_path, monkeypatch):
    real, calls = os.fsync, []

    def second_fails(handle):
        calls.append(handle)
        if len(calls) == 2:
            raise OSError(errno.EIO, "Input/output error")
        real(handle)

    monkeypatch.setattr(os, "fsync", second_fails)
    write_bytes(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"


@posix
def test_a_link_in_the_way_is_not_followed(tmp_path, monkeypatch):
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    monkeypatch.setattr(files.secrets, "token_hex", lambda n: "0123456789abcdef")
    (tmp_path / LEFT).symlink_to(victim)
    with pytest.raises(StorageError, match="cannot be written"):
        write_bytes(tmp_path / "a", b"new")
    (tmp_path / "link").symlink_to(victim)
    monkeypatch.undo()
    write_bytes(tmp_path / "link", b"new")  # the link is replaced, not what it points to
    assert victim.read_bytes() == b"precious"


@posix
def test_leftovers_of_the_dead_go_and_work_of_the_living_stays(tmp_path):
    left, link = tmp_path / LEFT, tmp_path / LEFT.replace("0", "a")
    left.write_bytes(b"half")
    link.symlink_to(tmp_path / "elsewhere")
    write_bytes(tmp_path / "a", b"x")
    assert left.exists()  # somebody may just have begun
    os.utime(left, (time.time() - 3600,) * 2)
    with replacing(tmp_path / "b", 1) as file:
        (mine,) = (p for p in tmp_path.glob(".neurona-*") if p not in (left, link))
        os.utime(mine, (time.time() - 3600,) * 2)
        write_bytes(tmp_path / "a", b"y")
        remove_leftovers(tmp_path)
        file.write(b"z")
    assert sorted(os.listdir(tmp_path)) == sorted(["a", "b", link.name])
    remove_leftovers(tmp_path / "nowhere")


def test_writers_and_readers_at_once_see_whole_files(tmp_path):
    path, wrong, done = tmp_path / "a", [], threading.Event()
    contents = [bytes([i]) * 50_000 for i in range(4)]
    write_bytes(path, contents[0])

    def write(content):
        for _ in range(15):
            write_bytes(path, content)

    def read():
        while not done.is_set():
            if (found := path.read_bytes()) not in contents:
                wrong.append(found)

    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=write, args=(c,)) for c in contents]
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    reader.join()
    assert not wrong
    assert os.listdir(tmp_path) == ["a"]


def test_a_model_is_loaded_whole_while_it_is_replaced(tmp_path):
    path, models = tmp_path / "m", []
    for units in (2, 3):
        models.append(nn.Sequential([nn.Input((4,)), nn.layers.Dense(units)]))
        models[-1].set_weights([w * 0 + units for w in models[-1].get_weights()])
    models[0].save(path)
    done = threading.Event()

    def replace():
        while not done.is_set():
            for model in models:
                model.save(path)

    writer = threading.Thread(target=replace)
    writer.start()
    try:
        for _ in range(60):
            kernel, bias = nn.models.load_model(path).get_weights()
            assert (kernel == len(bias)).all()
            assert (bias == len(bias)).all()
    finally:
        done.set()
        writer.join()


# --- a folder for one run at a time ------------------------------------------------------------


def test_one_run_at_a_time(tmp_path):
    with (
        alone(tmp_path / "out", "wait"),
        pytest.raises(StateError, match=rf"another run is writing to .*out.*{os.getpid()}"),
        alone(tmp_path / "out", "wait"),
    ):
        pass
    with alone(tmp_path / "out", "wait"):
        pass
    assert os.listdir(tmp_path / "out") == []


class LikeWindows:
    """The function of `msvcrt` that locks, on top of POSIX's; not tried on Windows itself."""

    LK_NBLCK = 2

    def locking(self, handle, mode, count):
        assert (mode, count) == (2, 1)
        assert os.lseek(handle, 0, os.SEEK_CUR) >= 2**30  # nobody reads or writes there
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise PermissionError(errno.EACCES, "Permission denied") from None


@posix
def test_one_run_at_a_time_where_locks_are_those_of_windows(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "fcntl", None)
    monkeypatch.setattr(files, "msvcrt", LikeWindows())
    test_one_run_at_a_time(tmp_path)
    write_bytes(tmp_path / "a", b"text")
    assert (tmp_path / "a").read_bytes() == b"text"


@posix
def test_a_killed_run_keeps_nobody_out(tmp_path):
    code = (
        "import sys, pathlib, time\nfrom neurona.files import alone\n"
        "with alone(pathlib.Path(sys.argv[1]), ''):\n print('in', flush=True)\n time.sleep(60)"
    )
    source = Path(nn.__file__).parents[1]
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(source)},
        stdout=subprocess.PIPE,
    )
    with process:
        assert process.stdout.readline() == b"in\n"
        with pytest.raises(StateError, match=f"process {process.pid}"), alone(tmp_path, ""):
            pass
        process.kill()
    with alone(tmp_path, ""):
        pass


@posix
def test_pipes_and_devices_are_no_files(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/null"):
        with pytest.raises(FormatError, match="a device or a pipe"):
            check_file(path)

"""Compiled objects: found by the next process, never trusted blindly, never in the way."""

import ctypes
import os
import sys
import threading
import warnings
from pathlib import Path

import pytest

import neurona
from neurona import config
from neurona.datasets import locate
from neurona.engines.native.llvm import cache as cache_module
from neurona.engines.native.llvm.assemble import assemble, check_ir, recall
from neurona.engines.native.llvm.cache import ObjectCache
from neurona.engines.native.llvm.machine import Machine
from neurona.errors import StateError
from tests.native.test_machine import run

IR = "define i64 @answer() {\n ret i64 42\n}"
KEY = "a" * 64
posix = pytest.mark.skipif(os.name == "nt", reason="owners and modes are POSIX's")


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("NEURONA_CACHE", str(tmp_path / "home"))
    return tmp_path / "home" / "native"


@pytest.fixture
def cache(tmp_path) -> ObjectCache:
    return ObjectCache(tmp_path / "native")


def test_what_was_put_is_found(cache):
    assert cache.get(KEY) is None
    cache.put(KEY, b"object")
    assert cache.get(KEY) == b"object"
    assert [path.name for path in cache.folder.iterdir()] == [KEY]
    cache.put(KEY, b"another")
    assert cache.get(KEY) == b"another"


def test_a_second_process_loads_without_compiling(tmp_path):
    code = (
        "from neurona.engines.native.llvm.assemble import assemble; import ctypes;"
        f"code = assemble({IR!r});"
        "print(code.compiled, ctypes.CFUNCTYPE(ctypes.c_int64)(code.address('answer'))())"
    )
    home = str(tmp_path)
    assert run(code, NEURONA_CACHE=home) == "1 42\n"
    assert run(code, NEURONA_CACHE=home) == "0 42\n"
    assert run(code, NEURONA_CACHE=home, NEURONA_CODE_CACHE="0") == "1 42\n"
    assert run(code, NEURONA_CACHE=home, NEURONA_TARGET="baseline") == "1 42\n"


def test_only_the_changed_module_is_compiled_again(home):
    other = IR.replace("answer", "other")
    assert assemble([IR, other]).compiled == 2
    assert assemble([IR, other.replace("42", "43")]).compiled == 1
    assert assemble([IR, other], level=1).compiled == 2


def test_the_key_holds_everything_that_decides_the_code(monkeypatch):
    host, avx2 = Machine.named("host"), Machine.named("avx2")
    keys = {ObjectCache.key(IR, host, 2), ObjectCache.key(IR, avx2, 2)}
    keys |= {ObjectCache.key(IR + "\n", host, 2), ObjectCache.key(IR, host, 3)}
    monkeypatch.setattr(cache_module, "version", lambda: "LLVM 99")
    keys.add(ObjectCache.key(IR, host, 2))
    monkeypatch.setattr(cache_module, "__version__", "99")
    keys.add(ObjectCache.key(IR, host, 2))
    assert len(keys) == 6


@pytest.mark.parametrize(
    "damage",
    [
        lambda entry: b"",
        lambda entry: entry[:40],
        lambda entry: entry[:-1],
        lambda entry: entry[:-1] + bytes([entry[-1] ^ 1]),
        lambda entry: b"x" + entry[1:],
        lambda entry: entry + b"\0",
    ],
    ids=["empty", "head only", "cut", "a flipped bit", "other magic", "longer"],
)
def test_a_damaged_entry_is_compiled_again_and_replaced(home, damage):
    assert assemble(IR).compiled == 1
    (entry,) = home.iterdir()
    whole = entry.read_bytes()
    entry.write_bytes(damage(whole))
    with pytest.warns(UserWarning, match=r"is damaged .*its checksum differs.*nothing is lost"):
        assert assemble(IR).compiled == 1
    assert entry.read_bytes() == whole
    assert assemble(IR).compiled == 0


OBJECTS = {
    "no object": lambda: b"hello",
    "empty": lambda: b"",
    "zeros": lambda: bytes(500),
    "cut": lambda: check_ir(IR, Machine.chosen())[:200],
    "of another function": lambda: check_ir(IR.replace("answer", "other"), Machine.chosen()),
    "of another processor": lambda: check_ir(
        IR, Machine.named("neon" if Machine.host().architecture == "x86_64" else "baseline")
    ),
    "of another system": lambda: check_ir(IR, Machine.named("apple")),
}


@pytest.mark.skipif(sys.platform == "darwin", reason="objects of another system are its own")
@pytest.mark.parametrize("image", OBJECTS.values(), ids=OBJECTS)
@pytest.mark.parametrize("written_by_key", [False, True])
def test_an_object_that_llvm_refuses_is_compiled_again_and_replaced(home, image, written_by_key):
    def load():
        if written_by_key:
            return recall(lambda: "key", ["answer"], lambda: IR)
        return assemble(IR)

    assert load().compiled == 1
    (entry,) = home.iterdir()
    made = image()
    if written_by_key:
        made = len(made).to_bytes(8, "little") + made
    ObjectCache(home).put(entry.name, made)
    with pytest.warns(UserWarning, match=r"is damaged \(.*\)\. It is compiled anew") as told:
        code = load()
    assert code.compiled == 1
    assert len(told) == 1
    assert ctypes.CFUNCTYPE(ctypes.c_int64)(code.address("answer"))() == 42
    assert load().compiled == 0


def test_damage_is_told_once_and_only_what_is_damaged_costs(home):
    texts = [IR, IR.replace("answer", "other")]
    assert assemble(texts).compiled == 2
    entries = sorted(home.iterdir())
    for entry in entries:
        whole = entry.read_bytes()
        entry.write_bytes(whole[:-1])
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            assert assemble(texts).compiled == 1
        assert len(told) == (entry == entries[0])
        assert entry.read_bytes() == whole


def test_warnings_as_errors_come_when_all_is_mended(home):
    assemble(IR)
    (entry,) = home.iterdir()
    entry.write_bytes(b"")
    with pytest.raises(UserWarning, match="is damaged"):
        assemble(IR)
    assert assemble(IR).compiled == 0


@posix
def test_a_pipe_in_the_cache_is_no_entry_to_wait_for(home):
    assemble(IR)
    (entry,) = home.iterdir()
    entry.unlink()
    os.mkfifo(entry)
    with pytest.warns(UserWarning, match="is damaged .*it is of another kind"):
        assert assemble(IR).compiled == 1
    assert assemble(IR).compiled == 0


def test_a_folder_in_the_place_of_an_entry_is_lived_with(home):
    assemble(IR)
    (entry,) = home.iterdir()
    entry.unlink()
    entry.mkdir()
    with pytest.warns(UserWarning, match=r"is damaged .*; compiled code cannot be kept in"):
        assert assemble(IR).compiled == 1
    assert [path.name for path in home.iterdir()] == [entry.name]


def test_an_entry_larger_than_the_cache_is_not_read(tmp_path):
    cache = ObjectCache(tmp_path / "native", limit=5000)
    cache.put(KEY, bytes(6000))
    assert cache.get(KEY) is None
    assert "checksum" in cache.troubles[f"compiled code in {cache.folder} is damaged"]


def test_an_entry_under_the_name_of_another_is_not_taken(cache):
    cache.put(KEY, b"object")
    os.rename(cache.folder / KEY, cache.folder / ("b" * 64))
    assert cache.get("b" * 64) is None


@posix
def test_the_folder_and_its_files_are_the_users_alone(cache):
    cache.put(KEY, b"object")
    assert cache.folder.stat().st_mode & 0o777 == 0o700
    assert (cache.folder / KEY).stat().st_mode & 0o777 == 0o600


@posix
@pytest.mark.parametrize("mode", [0o722, 0o770, 0o777])
def test_a_folder_that_others_can_write_is_not_used(home, mode):
    assemble(IR)
    home.chmod(mode)
    (entry,) = home.iterdir()
    entry.unlink()
    with pytest.warns(UserWarning, match=r"is not used .*others can write.*NEURONA_CACHE names"):
        assert assemble(IR).compiled == 1
    assert assemble(IR).compiled == 1  # told once
    assert not list(home.iterdir())
    home.chmod(0o700)
    assert [assemble(IR).compiled, assemble(IR).compiled] == [1, 0]


@posix
def test_a_file_that_others_can_write_is_not_used(cache):
    cache.put(KEY, b"object")
    (cache.folder / KEY).chmod(0o666)
    assert cache.get(KEY) is None


@posix
def test_what_belongs_to_another_user_is_not_used(cache, monkeypatch):
    cache.put(KEY, b"object")
    me = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    assert cache.get(KEY) is None
    cache.put("b" * 64, b"object")
    assert len(list(cache.folder.iterdir())) == 1


@posix
def test_links_are_not_followed(cache, tmp_path):
    cache.put(KEY, b"object")
    elsewhere = tmp_path / "elsewhere"
    os.rename(cache.folder / KEY, elsewhere)
    (cache.folder / KEY).symlink_to(elsewhere)
    assert cache.get(KEY) is None
    cache.put(KEY, b"object")
    assert cache.get(KEY) == b"object"
    assert not (cache.folder / KEY).is_symlink()
    os.rename(cache.folder, tmp_path / "moved")
    cache.folder.symlink_to(tmp_path / "moved")
    assert cache.get(KEY) is None


def test_a_home_that_cannot_be_written_is_done_without(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("NEURONA_CACHE", str(tmp_path / "file" / "home"))
    with pytest.warns(UserWarning, match="cannot be kept in"):
        assert assemble(IR).compiled == 1
    assert assemble(IR).compiled == 1


@posix
def test_a_read_only_folder_is_read(home):
    assemble(IR)
    home.chmod(0o500)
    if os.access(home, os.W_OK):
        pytest.skip("root writes everywhere")
    assert assemble(IR).compiled == 0
    with pytest.warns(UserWarning, match="cannot be kept in .*Permission denied"):
        assert assemble(IR + "\n").compiled == 1
    home.chmod(0o700)
    assert len(list(home.iterdir())) == 1


def test_a_disk_that_is_full_leaves_nothing_behind(cache, monkeypatch):
    cache.put(KEY, b"object")

    def full(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "replace", full)
    cache.put("b" * 64, b"object")
    assert [path.name for path in cache.folder.iterdir()] == [KEY]
    with pytest.warns(UserWarning, match=r"cannot be kept in .* \(no space left on device\)"):
        cache.tell()


def test_an_empty_home_is_none(monkeypatch, tmp_path):
    for variable in ("NEURONA_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", "")
    with pytest.raises(StateError, match=r"there is no home folder for data.*\ntry: set NEURONA_C"):
        config.cache_folder()
    assert ObjectCache.chosen() is None
    assert [p.name for p in locate.folders("mnist", tmp_path)] == [tmp_path.name, "mnist"]


def test_without_a_home_there_is_no_cache(monkeypatch):
    for variable in ("NEURONA_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(variable, raising=False)

    def homeless(self):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", homeless)
    assert ObjectCache.chosen() is None
    assert assemble(IR).compiled == 1


def test_beyond_the_limit_the_least_recently_used_go(tmp_path):
    cache = ObjectCache(tmp_path / "native", limit=5000)
    keys = [f"{i:x}" * 64 for i in range(1, 9)]
    for age, key in enumerate(keys):
        cache.put(key, bytes(1000))
        os.utime(cache.folder / key, (1e9 + age, 1e9 + age))
    assert cache.get(keys[0]) is not None  # used now
    cache.put("0" * 64, bytes(1000))  # a key that looks through the folder
    left = {path.name for path in cache.folder.iterdir()}
    assert left == {keys[0], *keys[-2:], "0" * 64}
    assert sum(path.stat().st_size for path in cache.folder.iterdir()) <= 5000


def test_many_writers_and_readers_never_see_a_part(tmp_path):
    cache = ObjectCache(tmp_path / "native", limit=200_000)
    keys = ["0" * 63 + str(i) for i in range(8)]
    wrong = []

    def work(seed):
        for i in range(60):
            key = keys[(i * seed) % 8]
            image = key.encode() * 500
            cache.put(key, image)
            if cache.get(key) not in (image, None):
                wrong.append(key)

    team = [threading.Thread(target=work, args=(seed,)) for seed in (1, 3, 5, 7)]
    for thread in team:
        thread.start()
    for thread in team:
        thread.join()
    assert not wrong
    assert not [p for p in cache.folder.iterdir() if p.name.startswith("partial")]


def test_processes_share_one_cache(tmp_path):
    import subprocess

    code = (
        "from neurona.engines.native.llvm.assemble import assemble;"
        "print(*[assemble('define i64 @f() { ret i64 %d }' % i).address('f') > 0"
        " for i in range(40)])"
    )
    source = str(Path(neurona.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": source, "NEURONA_CACHE": str(tmp_path)}
    command = [sys.executable, "-c", code]
    team = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        for _ in range(2)
    ]
    for process in team:
        assert process.communicate()[0].split() == ["True"] * 40
        assert process.returncode == 0
    assert len(list((tmp_path / "native").iterdir())) == 40

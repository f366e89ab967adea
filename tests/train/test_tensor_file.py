"""The safetensors file: as the safetensors library reads and writes it, and safe to read."""

import json
import os
import struct
import zlib

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st

from neurona.errors import FormatError, StateError
from neurona.train.tensor_file import read_tensors, write_tensors

ARRAYS = {
    "scalar": np.array(3, "int64"),
    "matrix": np.arange(6, dtype="float32").reshape(2, 3),
    "empty": np.zeros((0, 4), "float64"),
    "flags": np.array([True, False]),
    "bytes": np.arange(5, dtype="uint8"),
    "ünï/code": np.array([1.5, -0.0, np.inf, np.nan]),
}


def bits(array):
    return array.dtype, array.shape, array.tobytes()


def test_round_trip(tmp_path):
    path = tmp_path / "folder" / "a.safetensors"
    write_tensors(path, ARRAYS, {"note": "text"})
    found, metadata = read_tensors(path)
    assert metadata == {"note": "text"}
    assert {n: bits(a) for n, a in found.items()} == {n: bits(a) for n, a in ARRAYS.items()}
    assert [p.name for p in path.parent.iterdir()] == ["a.safetensors"]


def test_files_are_those_of_the_safetensors_library(tmp_path):
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    write_tensors(ours, ARRAYS)
    found = safetensors.numpy.load_file(ours)
    assert {n: bits(a) for n, a in found.items()} == {n: bits(a) for n, a in ARRAYS.items()}
    safetensors.numpy.save_file(ARRAYS, theirs, {"format": "np"})
    with pytest.warns(UserWarning, match="theirs has no checksums.*damage would go unseen"):
        found, metadata = read_tensors(theirs)
    assert metadata == {"format": "np"}
    assert {n: bits(a) for n, a in found.items()} == {n: bits(a) for n, a in ARRAYS.items()}


def test_the_same_arrays_make_the_same_file(tmp_path):
    write_tensors(tmp_path / "a", ARRAYS)
    write_tensors(tmp_path / "b", dict(reversed(ARRAYS.items())))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_other_orders_in_memory_and_bytes(tmp_path):
    array = np.arange(12, dtype=">f4").reshape(3, 4).T[:, ::-1]
    write_tensors(tmp_path / "a", {"x": array})
    np.testing.assert_array_equal(read_tensors(tmp_path / "a")[0]["x"], array)


def raw(header, data=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def entry(dtype="F32", shape=(1,), offsets=(0, 4)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


@pytest.mark.filterwarnings("ignore:a has no checksums")
def test_bfloat16_and_half_precision_are_read(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(
        raw(
            {"b": entry("BF16", (2,), (0, 4)), "h": entry("F16", (1,), (4, 6))},
            np.array([0x3F80, 0xC000], "<u2").tobytes() + np.float16(0.5).tobytes(),
        )
    )
    found, _ = read_tensors(path)
    assert found["b"].tolist() == [1.0, -2.0]
    assert found["h"].tolist() == [0.5]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"1234567",
        raw({}, length=2**63),
        raw({}, length=3),
        raw(b"\xff\xfe"),
        raw(b"{"),
        raw(b"[]"),
        raw(b'{"a": {}, "a": {}}'),
        raw(b"[" * 200_000),
        raw(b'{"a": ' * 100_000 + b"}" * 100_000),
        raw(b'{"a": ' + b"9" * 10_000 + b"}"),
        raw({"__metadata__": 3}),
        raw({"__metadata__": {"a": 3}}),
        raw({"a": 3}),
        raw({"a": entry("F33")}, bytes(4)),
        raw({"a": entry(shape=(2,))}, bytes(4)),
        raw({"a": entry(shape=(-1,))}, bytes(4)),
        raw({"a": entry(shape=(1.0,))}, bytes(4)),
        raw({"a": entry(shape=(True,))}, bytes(4)),
        raw({"a": entry(shape=(2**62, 2**62))}, bytes(4)),
        raw({"a": entry(shape=(1,) * 65)}, bytes(4)),
        raw({"a": entry(offsets=(0, 8))}, bytes(4)),
        raw({"a": entry(offsets=(4, 0))}, bytes(4)),
        raw({"a": entry()}, bytes(3)),
        raw({"a": entry()}, bytes(5)),
        raw({"a": entry(), "b": entry()}, bytes(4)),
        raw({"a": entry(offsets=(4, 8))}, bytes(8)),
    ],
)
def test_damaged_files_are_refused(tmp_path, content):
    path = tmp_path / "bad.safetensors"
    path.write_bytes(content)
    with pytest.raises(
        FormatError, match=r"bad.safetensors is no safetensors file, or it is damaged: ."
    ):
        read_tensors(path)


METADATA = {"note": "text", "other": '{"a": [1.5, "é"]}'}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("flips") / "a"
    write_tensors(path, ARRAYS, METADATA)
    return path.read_bytes()


def flipped(content, bit):
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def check_seen(path):
    """A flipped bit is found, or means the same: \\u00e9 is \\u00E9 in JSON."""
    try:
        found, metadata = read_tensors(path)
    except (FormatError, UserWarning):  # a warning that there are no checksums
        return
    assert {n: bits(a) for n, a in found.items()} == {n: bits(a) for n, a in ARRAYS.items()}
    assert metadata == METADATA


@pytest.mark.filterwarnings("error")
@given(st.data())
@settings(max_examples=400, deadline=None)
def test_no_flipped_bit_goes_unseen(written, tmp_path_factory, data):
    path = tmp_path_factory.mktemp("flip") / "a"
    path.write_bytes(flipped(written, data.draw(st.integers(0, len(written) * 8 - 1))))
    check_seen(path)


@pytest.mark.slow
def test_no_flipped_bit_at_all_goes_unseen(written, tmp_path):
    for bit in range(len(written) * 8):
        (tmp_path / "a").write_bytes(flipped(written, bit))
        check_seen(tmp_path / "a")


@pytest.mark.parametrize("lost", [1, 30, 500])
def test_a_file_that_is_cut_off_is_told_with_its_bytes(written, tmp_path, lost):
    (tmp_path / "a").write_bytes(written[:-lost])
    whole, left = len(written), len(written) - lost
    if lost == 500:  # within the header, which then is all that is known
        whole = 8 + int.from_bytes(written[:8], "little")
    with pytest.raises(FormatError, match=f"a is no .* it is cut off, {left:,} bytes of {whole:,}"):
        read_tensors(tmp_path / "a")


@pytest.mark.parametrize("content", [b"", b"1234567", raw({}, length=2**63), b"x" * 5000])
def test_what_declares_no_size_is_not_called_cut_off(tmp_path, content):
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(FormatError) as error:
        read_tensors(tmp_path / "a")
    assert ("cut off" in str(error.value)) == (len(content) < 8)


@pytest.mark.parametrize("change", ["name", "swap", "type", "shape", "missing", "more"])
def test_arrays_that_are_not_those_that_were_written(tmp_path, change):
    x, y = np.ones(4, "float32"), np.zeros(4, "float32")
    write_tensors(tmp_path / "good", {"x": x, "y": y})
    with safetensors.safe_open(tmp_path / "good", framework="numpy") as file:
        metadata = file.metadata()
    arrays = {
        "name": {"x": x, "z": y},
        "swap": {"x": y, "y": x},
        "type": {"x": x.view("int32"), "y": y},
        "shape": {"x": x.reshape(2, 2), "y": y},
        "missing": {"x": x},
        "more": {"x": x, "y": y, "z": y},
    }[change]
    safetensors.numpy.save_file(arrays, tmp_path / "bad", metadata)
    with pytest.raises(
        FormatError, match="bad is no safetensors file, or it is damaged: the check"
    ):
        read_tensors(tmp_path / "bad")


@pytest.mark.parametrize("sums", [{}, {"checksums": "[]"}, {"checksums": "3"}])
def test_checksums_that_are_none(tmp_path, sums):
    total = str(zlib.crc32(json.dumps(sums, sort_keys=True).encode()))
    text = json.dumps({**sums, "checksum": total})
    safetensors.numpy.save_file({"x": np.ones(2)}, tmp_path / "bad", {"neurona": text})
    with pytest.raises(FormatError, match="damaged: it has no checksums of its arrays"):
        read_tensors(tmp_path / "bad")


def test_a_missing_file_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_tensors(tmp_path / "nothing")


GOOD = raw(
    {"a": entry("F32", (2, 2), (0, 16)), "b": entry("I64", (1,), (16, 24)), "__metadata__": {}},
    bytes(range(24)),
)


@pytest.mark.filterwarnings("ignore:file has no checksums")
@given(st.data())
@settings(max_examples=300, deadline=None)
def test_no_file_does_anything_but_load_or_raise_a_format_error(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("fuzz") / "file"
    content = bytearray(GOOD)
    kind = data.draw(st.sampled_from(["bytes", "cut", "flip", "header"]))
    if kind == "bytes":
        content = data.draw(st.binary(max_size=64))
    elif kind == "cut":
        content = content[: data.draw(st.integers(0, len(content)))]
    elif kind == "flip":
        for _ in range(data.draw(st.integers(1, 4))):
            place = data.draw(st.integers(0, len(content) - 1))
            content[place] = data.draw(st.integers(0, 255))
    else:
        json_values = st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["dtype", "shape", "data_offsets", "__metadata__", "a"]), inner
                )
            ),
            max_leaves=10,
        )
        content = raw(data.draw(json_values), bytes(8))
    path.write_bytes(bytes(content))
    try:
        arrays, _ = read_tensors(path)
    except FormatError:
        return
    assert all(isinstance(a, np.ndarray) for a in arrays.values())


def test_settings_that_are_too_long_for_the_format(tmp_path):
    with pytest.raises(StateError, match=r"a cannot be written: .* too long .* 1 arrays, 10\d,"):
        write_tensors(tmp_path / "a", {"x": np.zeros(3)}, {"more": "x" * 101_000_000})
    assert not os.listdir(tmp_path)


# --- a save that fails -------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["fsync", "replace"])
def test_a_failing_save_leaves_the_old_file(tmp_path, monkeypatch, place):
    path = tmp_path / "a"
    write_tensors(path, {"x": np.ones(3)})
    before = path.read_bytes()

    def fail(*args):
        raise OSError("disk full")

    monkeypatch.setattr(os, place, fail)
    with pytest.raises(OSError, match="disk full"):
        write_tensors(path, {"x": np.zeros(3)})
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["a"]


def test_data_reach_the_disk_before_the_name_changes(tmp_path, monkeypatch):
    order = []
    real_sync, real_replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda f: (order.append("sync"), real_sync(f)))
    monkeypatch.setattr(os, "replace", lambda a, b: (order.append("replace"), real_replace(a, b)))
    write_tensors(tmp_path / "a", {"x": np.zeros(3)})
    assert order[:2] == ["sync", "replace"]

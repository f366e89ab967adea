import gzip
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from neurona.datasets import read_idx, write_idx
from neurona.errors import DtypeError, FormatError

TYPES = ["u1", "i1", "<i2", ">i2", "<i4", ">i4", "<f4", ">f4", "<f8", ">f8"]
ARRAYS = st.sampled_from(TYPES).flatmap(
    lambda t: hnp.arrays(np.dtype(t), hnp.array_shapes(max_dims=4, min_side=0, max_side=4))
)
HEADER = b"\0\0\x08\x01" + struct.pack(">I", 3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("idx")


@settings(max_examples=80, deadline=None)
@given(array=ARRAYS, packed=st.booleans())
def test_round_trip(folder, array, packed):
    path = folder / ("x.idx.gz" if packed else "x.idx")
    write_idx(path, array)
    result = read_idx(path)
    np.testing.assert_array_equal(result, array)
    assert result.dtype == array.dtype.newbyteorder("=")
    assert result.flags.writeable


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=40), packed=st.booleans(), header=st.booleans())
def test_any_bytes_are_read_or_refused(folder, data, packed, header):
    path = folder / "any"
    data = b"\0\0\x08\x01" + data if header else data
    path.write_bytes(gzip.compress(data) if packed else data)
    try:
        result = read_idx(path)
    except FormatError:
        return
    assert data[:2] == b"\0\0"
    assert result.nbytes + 4 + 4 * result.ndim == len(data)


@settings(max_examples=60, deadline=None)
@given(place=st.integers(0, 60), value=st.integers(0, 255))
def test_a_flipped_byte_of_a_gzip_file_never_escapes(folder, place, value):
    data = bytearray(gzip.compress(HEADER + b"abc", mtime=0))
    data[place % len(data)] = value
    path = folder / "flipped.gz"
    path.write_bytes(data)
    try:
        assert read_idx(path).shape == (3,)
    except FormatError as error:
        assert str(path) in str(error)  # noqa: PT017


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r"this is not an IDX file. Got an empty file; expected 00 00, a type .*\ntry: a web"),
        (b"<html>", r"this is not an IDX file. Got the first bytes 3c 68 74 6d"),
        (b"\0\0\x07\x01", r"Got the first bytes 00 00 07 01; expected 00 00, a type \(08 09"),
        (b"\0\0\x08\x00", r"cannot have that many axes. Got 0; expected 1 to 8"),
        (b"\0\0\x08\xff" + b"\1" * 2000, r"cannot have that many axes. Got 255; expected 1 to 8"),
        (b"\0\0\x08\x02\0\0\0\1", r"the file ends within the sizes. Got 4 bytes; expected 8"),
        (
            HEADER + b"ab",
            r"more data than the file can hold. Got shape \(3,\) of uint8, 3 bytes, in a",
        ),
        (
            HEADER + b"abcd",
            r"more behind the data. Got trailing bytes; expected shape \(3,\) of uint8",
        ),
        (
            b"\0\0\x0e\x03" + b"\xff" * 12,
            r"more data than the file can hold. Got shape \(4294967295, 4294967295, 42949",
        ),
        (
            b"\0\0\x08\x08" + b"\xff" * 28 + bytes(4),  # a size of 0 makes no data of it
            r"more data than the file can hold. Got shape .*, 0\) of uint8, sizes that no",
        ),
    ],
)
def test_hostile_plain_files(tmp_path, data, message):
    path = tmp_path / "bad-idx1-ubyte"
    path.write_bytes(data)
    with pytest.raises(FormatError, match=message) as caught:
        read_idx(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_hostile_gzip_files(tmp_path):
    path = tmp_path / "bad.gz"
    whole = gzip.compress(HEADER + b"abc")
    path.write_bytes(whole[:-9])
    with pytest.raises(FormatError, match=r"the gzip file is damaged. Got .*\ntry: delete it"):
        read_idx(path)
    path.write_bytes(whole[:-8] + b"\0" * 8)
    with pytest.raises(FormatError, match=r"the gzip file is damaged. Got CRC check failed"):
        read_idx(path)
    path.write_bytes(gzip.compress(HEADER + b"abc")[:-11])
    with pytest.raises(
        FormatError, match=r"within the data, after 20 bytes. Got \d bytes; expected 3 bytes"
    ):
        read_idx(path)
    path.write_bytes(gzip.compress(HEADER + b"ab"))
    with pytest.raises(
        FormatError, match=r"the file ends within the data. Got 2 bytes; expected 3"
    ):
        read_idx(path)
    path.write_bytes(gzip.compress(b"\0\0\x08\x01" + struct.pack(">I", 2**31)))
    with pytest.raises(
        FormatError, match=r"more data than the file can hold. Got shape \(2147483648,"
    ):
        read_idx(path)


def test_a_bomb_is_not_unpacked(tmp_path):
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(HEADER + bytes(50_000_000)))
    with pytest.raises(FormatError, match=r"there is more behind the data. Got trailing bytes"):
        read_idx(path)


def test_memory_is_taken_as_data_come(tmp_path):
    path, size = tmp_path / "short.gz", 2**31 - 64
    packer = zlib.compressobj(9, wbits=31)
    head = b"\0\0\x08\x01" + struct.pack(">I", size)
    data = [packer.compress(part) for part in (head, bytes(1 << 20))]
    path.write_bytes(b"".join([*data, packer.flush(), b"\0" * (2 << 20)]))
    with pytest.raises(FormatError, match=r"larger than max_bytes.*\ntry: max_bytes=2147483584"):
        read_idx(path)
    tracemalloc.start()
    try:
        with pytest.raises(FormatError, match=r"short.gz: the"):
            read_idx(path, max_bytes=size)
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


def test_the_limit(tmp_path):
    path = tmp_path / "x"
    write_idx(path, np.zeros(100, np.uint8))
    assert read_idx(path, max_bytes=100).shape == (100,)
    with pytest.raises(
        FormatError, match=r"larger than max_bytes.*expected 99 at most.\ntry: max_byt"
    ):
        read_idx(path, max_bytes=99)


def test_what_cannot_be_written(tmp_path):
    for array in (np.zeros(3, np.int64), np.uint8(3), np.zeros((1,) * 9, np.uint8)):
        with pytest.raises(
            DtypeError, match=r"cannot hold this array. Got .*; expected uint8, int8"
        ):
            write_idx(tmp_path / "x", array)


def test_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_idx(tmp_path / "none")

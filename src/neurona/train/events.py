"""Event files, which TensorBoard reads: scalars, histograms and a graph, written by hand.

A file is a row of TFRecords:

    length (uint64), masked CRC-32C of the length (uint32), data, masked CRC-32C of the data

and each record's data is a protocol buffer `Event`, of which these fields are used:

    Event      1 wall_time (double)   2 step   3 file_version   4 graph_def   5 summary
    Summary    1 value, repeated      Value   1 tag   2 simple_value (float)   5 histo
    Histogram  1 min  2 max  3 num  4 sum  5 sum_squares  6 bucket_limit  7 bucket  (doubles)
    GraphDef   1 node, repeated       Node    1 name   2 op   3 input, repeated   5 attributes

Source: tensorflow/core/lib/io/record_writer.h, util/event.proto, framework/summary.proto.
"""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np


def _crc_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte >> 1) ^ (0x82F63B78 if byte & 1 else 0)  # Castagnoli's, bits reversed
        table.append(byte)
    return tuple(table)


_TABLE = _crc_table()


def crc32c(data: bytes) -> int:
    """Return the CRC-32C of bytes.

    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    """
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def record(data: bytes) -> bytes:
    """Return data as a TFRecord."""
    length = struct.pack("<Q", len(data))
    return length + _masked(length) + data + _masked(data)


def _masked(data: bytes) -> bytes:
    crc = crc32c(data)  # rotated and shifted, lest data that contain their own CRC look valid
    return struct.pack("<I", (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF)


# --- protocol buffers -------------------------------------------------------------------------


def varint(number: int) -> bytes:
    """Return a number below 2**64 in groups of 7 bits, the low ones first.

    >>> varint(300).hex()
    'ac02'
    """
    groups = []
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*groups, number])


def integer(field: int, value: int) -> bytes:
    """Return a field that holds an integer; 0, the default, is left out."""
    return varint(field << 3) + varint(value & (2**64 - 1)) if value else b""


def double(field: int, value: float) -> bytes:
    """Return a field that holds a float of 64 bits; 0, the default, is left out."""
    return varint(field << 3 | 1) + struct.pack("<d", value) if value else b""


def single(field: int, value: float) -> bytes:
    """Return a field that holds a float of 32 bits."""
    return varint(field << 3 | 5) + np.float32(value).tobytes()


def block(field: int, value: bytes | str) -> bytes:
    """Return a field that holds bytes, a text or a message."""
    data = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(data)) + data


# --- messages ---------------------------------------------------------------------------------


def scalar(tag: str, value: float) -> bytes:
    """Return a summary value that is a number."""
    with np.errstate(over="ignore"):  # larger than a float32 is infinite
        return block(1, tag) + single(2, value)


def histogram(tag: str, values: Any, bins: int = 30) -> bytes:
    """Return a summary value that is a histogram; what is not finite is left out."""
    x = np.asarray(values, np.float64).reshape(-1)
    x = x[np.isfinite(x)]
    counts, edges = np.histogram(x, bins) if x.size else (np.zeros(1), np.array([0.0, 0.0]))
    message = b"".join(
        [
            double(1, float(x.min()) if x.size else 0.0),
            double(2, float(x.max()) if x.size else 0.0),
            double(3, float(x.size)),
            double(4, float(x.sum())),
            double(5, float(x @ x)),
            # The first bucket holds what is below its limit, so an empty one goes before.
            block(6, edges.astype("<f8").tobytes()),
            block(7, np.concatenate([[0.0], counts]).astype("<f8").tobytes()),
        ]
    )
    return block(1, tag) + block(5, message)


def graph(nodes: Iterable[tuple[str, str, Iterable[str]]]) -> bytes:
    """Return a GraphDef of (name, op, names of inputs)."""
    return b"".join(
        block(1, block(1, name) + block(2, op) + b"".join(block(3, i) for i in inputs))
        for name, op, inputs in nodes
    )


class EventWriter:
    """An event file, appended to.

    Args:
        path: the file; its name must contain "tfevents". Folders are made.
        size: go on after so many bytes of it, dropping what follows; 0 starts a new one.
        clock: gives the times of the events, in seconds.
    """

    def __init__(self, path: Path, size: int = 0, clock: Callable[[], float] = time.time) -> None:
        self.path, self.clock = path, clock
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(path, "r+b" if size else "wb")  # noqa: SIM115 - closed by close()
        if size:
            self._file.truncate(size)
            self._file.seek(size)
        else:
            self._event(block(3, "brain.Event:2"))

    def _event(self, content: bytes, step: int = 0) -> None:
        head = double(1, self.clock()) + integer(2, step)
        self._file.write(record(head + content))

    def add(self, step: int, values: Iterable[bytes]) -> None:
        """Append summary values (`scalar`, `histogram`) of a step."""
        self._event(block(5, b"".join(block(1, value) for value in values)), step)

    def add_graph(self, definition: bytes) -> None:
        """Append a graph."""
        self._event(block(4, definition))

    def flush(self, sync: bool = False) -> int:
        """Hand over to the system what was written (`sync`: down to the disk); return the size."""
        self._file.flush()
        if sync:
            os.fsync(self._file.fileno())
        return self._file.tell()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

"""Text files of data sets: bounded, of UTF-8, line by line."""

from __future__ import annotations

from pathlib import Path

from neurona.datasets.packed import read_packed
from neurona.errors import FormatError


def read_text(path: Path, expected: str) -> str:
    """Return the text of a file, which may be gzip.

    Raises:
        FormatError: damaged, empty, or no UTF-8.
    """
    try:
        text = read_packed(path, expected).decode()
    except UnicodeDecodeError as error:
        raise FormatError(
            f"{path}: this is not the text that it should be.",
            got=f"no UTF-8 at byte {error.start}",
            expected=expected,
            hint="delete it and download it again",
        ) from None
    if not text.strip():
        raise FormatError(
            f"{path}: the file is empty.",
            expected=expected,
            hint="delete it and download it again",
        )
    return text


def read_lines(path: Path, expected: str) -> list[str]:
    """Return the lines of a text file, without spaces around them; the last may lack its end."""
    text = read_text(path, expected)
    return [line.strip() for line in text.removesuffix("\n").split("\n")]

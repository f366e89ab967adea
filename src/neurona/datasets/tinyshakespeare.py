"""Tiny Shakespeare: a megabyte of plays, 65 different characters."""

from __future__ import annotations

from pathlib import Path

from neurona.datasets.card import Card, remote_files
from neurona.datasets.locate import Folder, obtain
from neurona.datasets.text_lines import read_text

FILE = "input.txt"
CARD = Card(
    name="tinyshakespeare",
    description="40,000 lines of Shakespeare's plays, one text of 1,115,394 characters",
    samples=1,
    shape=(),
    classes=(),
    licence="public domain",
    homepage="https://github.com/karpathy/char-rnn",
    files=remote_files(
        ("https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/",),
        (FILE, 1_115_394, "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"),
    ),
)


def load_data(folder: Folder | None = None) -> str:
    """Return the text. Its first 90 % are usually for training, the rest for validation.

    Args:
        folder: where `input.txt`, or a `tinyshakespeare/` with it, is. None looks into
            `tinyshakespeare/` of NEURONA_DATA and of the cache, and then downloads it (1 MB).
    Raises:
        MissingDataError: no file and no network.
        FormatError: a file that is damaged.
    Source: Karpathy 2015, "The Unreasonable Effectiveness of Recurrent Neural Networks".
    """
    place = obtain(CARD, is_complete, folder)
    return read_text(place / FILE, "plays as plain text")


def is_complete(folder: Path) -> bool:
    """Tell whether the folder has the file."""
    return (folder / FILE).is_file()

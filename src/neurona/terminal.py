"""Lines for the user, on terminals that cannot show every name."""

from __future__ import annotations

import sys


def say(text: str) -> None:
    """Print a line at once; what the terminal cannot show, such as "ä" on an ASCII one, escaped.

    A name must not end a training. Whoever reads a pipe or a log file sees each line as it comes.

    >>> say("loss: 0.1")
    loss: 0.1
    """
    try:
        print(text, flush=True)
    except UnicodeEncodeError:
        encoding = sys.stdout.encoding
        print(text.encode(encoding, "backslashreplace").decode(encoding), flush=True)

"""Lines for the user, on terminals that cannot show every name."""

from __future__ import annotations

import logging
import sys

from neurona import config


def say(text: str) -> None:
    """Print a line at once; what the terminal cannot show, such as "ä" on an ASCII one, escaped.

    A name must not end a training. Whoever reads a pipe or a log file sees each line as it comes.

    >>> say("loss: 0.1")
    loss: 0.1
    """
    if not config.is_interactive_logging_enabled():
        logging.getLogger("neurona").info(text)
        return
    try:
        print(text, flush=True)
    except UnicodeEncodeError:
        print(showable(text, sys.stdout.encoding), flush=True)


def showable(text: str, encoding: str) -> str:
    """Return a text with escapes for what a terminal of this encoding cannot show.

    >>> print(showable("größe", "ascii"))
    gr\\xf6\\xdfe
    """
    return text.encode(encoding, "backslashreplace").decode(encoding)

"""What of an error a user sees: the lines of a traceback."""

import os
import traceback

import neurona
from neurona import config

PACKAGE = os.path.dirname(neurona.__file__)


def lines(text):
    """The lines of a traceback, without the marks below them."""
    return [line for line in text.splitlines() if line.strip(" ~^")]


def check_users_lines_only(error):
    """An error that a test has caught shows the user's lines, and not many."""
    if config.debug():
        return
    users = error.__traceback__.tb_next  # behind the line of the test
    text = "".join(traceback.format_exception(type(error), error, users))
    assert PACKAGE not in text
    assert len(lines(text)) <= 12
    assert text.endswith(f"{error}\n")

"""Settings of the library, for as long as a test needs them."""

import contextlib

from neurona import config


@contextlib.contextmanager
def threads_set_to(count):
    """Let work be shared by so many threads; afterwards the setting is what it was."""
    before = config.threads()
    config.set_threads(count)
    try:
        yield
    finally:
        config.set_threads(before)


@contextlib.contextmanager
def engine_set_to(name):
    """Let an engine be the default; afterwards the setting is what it was."""
    before = config.engine()
    config.set_engine(name)
    try:
        yield
    finally:
        config.set_engine(before)

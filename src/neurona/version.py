"""The version of neurona."""

__version__ = "0.1.0"


def version() -> str:
    """Return the version as text, as in Keras.

    >>> version()
    '0.1.0'
    """
    return __version__

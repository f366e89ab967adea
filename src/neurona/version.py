"""The version of neurona."""

__version__ = "0.1.0"

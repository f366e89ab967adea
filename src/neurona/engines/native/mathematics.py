"""Functions of a number as vector code, written with Lanes."""

from __future__ import annotations

from typing import Any


def floordiv(b: Any, x: Any, y: Any) -> Any:
    """floor(x / y); for integers 0 where y is 0."""
    if x.dtype.kind == "f":
        raise NotImplementedError
    raise NotImplementedError


def mod(b: Any, x: Any, y: Any) -> Any:
    """x - floor(x / y) * y, with the sign of y."""
    raise NotImplementedError


FUNCTIONS: dict[str, Any] = {}

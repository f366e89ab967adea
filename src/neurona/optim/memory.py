"""The decay rates of running means, which rules call rho or beta."""

from __future__ import annotations

from typing import Any

from neurona.errors import ArgumentError, check_number


def check_memory(name: str, value: Any) -> float:
    """Return a decay rate, a number in [0, 1), or raise: at 1 a mean would stay as it began."""
    number = check_number(name, value, low=0)
    if number >= 1:
        raise ArgumentError(
            f"{name} is out of range.", got=repr(value), expected="a number in [0, 1)"
        )
    return number

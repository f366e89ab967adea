"""The parts that many layers are given by name: initialisers, regularisers, constraints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neurona.nn import constraints, initializers, regularizers

_FAMILIES = {
    "_initializer": initializers.get,
    "_regularizer": regularizers.get,
    "_constraint": constraints.get,
}


def check_parts(arguments: Mapping[str, Any]) -> None:
    """Look the parts among a constructor's arguments up, so that a misspelt name fails there.

    Raises:
        ArgumentError: if there is none of a name.
    """
    for name, value in arguments.items():
        for ending, get in _FAMILIES.items():
            if value is not None and name.endswith(ending):
                get(value)

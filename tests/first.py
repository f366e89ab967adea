"""Some of many that behave alike: the default run tries these, the slow one all."""

from collections.abc import Iterable
from typing import Any

import pytest


def first(names: Iterable[str], *chosen: str) -> list[Any]:
    """Return names for `parametrize`, all but the chosen ones marked as slow."""
    names = list(names)
    assert set(chosen) <= set(names), f"{chosen} are not all among {names}"
    return [n if n in chosen else pytest.param(n, marks=pytest.mark.slow) for n in names]

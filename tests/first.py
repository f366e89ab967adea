"""Some of many that behave alike: the default run tries these, the slow one all."""

from collections.abc import Hashable, Iterable
from typing import Any

import pytest


def first(names: Iterable[Hashable], *chosen: Hashable, mark: Any = pytest.mark.slow) -> list[Any]:
    """Return names, or other values, for `parametrize`, all but the chosen ones marked as slow."""
    names = list(names)
    assert set(chosen) <= set(names), f"{chosen} are not all among {names}"
    return [n if n in chosen else pytest.param(n, marks=mark) for n in names]

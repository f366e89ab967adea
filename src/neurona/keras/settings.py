"""Config: values by name, as Keras's utils have it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from neurona.errors import StateError, unknown


class Config:
    """Values by name, as attributes and as items; `freeze` keeps them as they are.

    >>> settings = Config(units=3)
    >>> settings.rate = 0.1
    >>> settings["units"], settings.to_json()
    (3, '{"units": 3, "rate": 0.1}')
    """

    def __init__(self, **kwargs: Any) -> None:
        object.__setattr__(self, "_values", dict(kwargs))
        object.__setattr__(self, "_frozen", False)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._values:
            raise AttributeError(f"there is no {name!r} in it: {', '.join(self._values)}")
        return self._values[name]

    def __setattr__(self, name: str, value: Any) -> None:
        if self._frozen:
            raise StateError("a Config that is frozen cannot be changed.", got=f"{name}={value!r}")
        self._values[name] = value

    def __delattr__(self, name: str) -> None:
        del self[name]

    def __getitem__(self, name: str) -> Any:
        if name not in self._values:
            raise unknown("setting", name, self._values)
        return self._values[name]

    def __setitem__(self, name: str, value: Any) -> None:
        setattr(self, name, value)

    def __delitem__(self, name: str) -> None:
        if self._frozen:
            raise StateError("a Config that is frozen cannot be changed.", got=f"del {name}")
        del self._values[name]

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def keys(self) -> Iterable[str]:
        """Return the names."""
        return self._values.keys()

    def items(self) -> Iterable[tuple[str, Any]]:
        """Return (name, value)."""
        return self._values.items()

    def get(self, name: str, default: Any = None) -> Any:
        """Return a value, or a default."""
        return self._values.get(name, default)

    def update(self, values: Mapping[str, Any]) -> None:
        """Set several values."""
        for name, value in values.items():
            setattr(self, name, value)

    def as_dict(self) -> dict[str, Any]:
        """Return the values as a dict."""
        return dict(self._values)

    def to_json(self) -> str:
        """Return the values as JSON."""
        return json.dumps(self._values)

    def freeze(self) -> None:
        """Refuse changes from now on."""
        object.__setattr__(self, "_frozen", True)

    def unfreeze(self) -> None:
        """Allow changes again."""
        object.__setattr__(self, "_frozen", False)

    def __repr__(self) -> str:
        return f"<Config {self._values!r}>"

"""Rooms that are loaded when something in them is first named, such as by a model's file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

ROOMS: dict[str, Callable[[], Any]] = {}  # name -> what loads it; the package fills it


def load(room: str) -> Any:
    """Return a room, loaded if need be; None if there is no such one."""
    return ROOMS[room]() if room in ROOMS else None

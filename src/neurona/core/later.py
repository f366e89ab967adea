"""Rooms that are loaded when something in them is first named, such as by a model's file."""

from __future__ import annotations

from collections.abc import Callable

ROOMS: dict[str, Callable[[], object]] = {}  # name -> what loads it; the package fills it


def load(room: str) -> None:
    """Load a room, if there is such one; a second time does nothing."""
    if room in ROOMS:
        ROOMS.pop(room)()

"""JSON as its standard has it, read with suspicion: every object of a file goes through here.

Python's reader takes more than JSON: the last of two equal keys, NaN, Infinity and numbers past all
floats; each is a way to say one thing to a reader who checks, and another to one who does not.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

from neurona.errors import FormatError

_HALF_A_CHARACTER = re.compile(r"\\u[dD][89a-fA-F]")


def write_json(value: Any, **layout: Any) -> str:
    """Return a value as JSON that every reader takes; NaN and infinities are the caller's to name.

    >>> write_json({"a": [1, 2.5]})
    '{"a": [1, 2.5]}'
    """
    return json.dumps(value, allow_nan=False, **layout)


def read_json(text: bytes | str, name: str) -> Any:
    """Return the value of JSON that may come from anybody.

    Args:
        text: the JSON; bytes are UTF-8.
        name: what it is, for the message.

    Raises:
        FormatError: if it is no JSON, a key comes twice in an object, a number is not finite, or it
            is nested without end.

    >>> read_json('{"a": [1, 2.5]}', "settings")
    {'a': [1, 2.5]}
    """
    try:
        if isinstance(text, bytes):
            text = text.decode()
        found = json.loads(
            text,
            object_pairs_hook=_without_duplicates,
            parse_constant=_refused,
            parse_float=_finite,
        )
        if _HALF_A_CHARACTER.search(text):  # alone it is no text that could be shown or written
            json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        known = type(error) is ValueError
        reason = str(error) if known and len(str(error)) < 99 else type(error).__name__
        raise FormatError(
            f"{name}: this JSON cannot be read.",
            got=reason,
            expected="each key once, finite numbers",
        ) from None
    return found


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key[:40]!r} twice")
        found[key] = value
    return found


def _refused(token: str) -> NoReturn:
    raise ValueError(f"the number {token}")


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError(f"the number {text[:40]}")
    return number

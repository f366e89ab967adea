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

MAX_GROWTH, ALWAYS = 4, 2**26  # bytes of memory for each character, and in any case
_HALF_A_CHARACTER = re.compile(r"\\u[dD][89a-fA-F]")


def write_json(value: Any, **layout: Any) -> str:
    """Return a value as JSON that every reader takes; numbers that it has not are written by name.

    >>> write_json({"a": [1, 2.5, math.nan]})
    '{"a": [1, 2.5, {"float": "nan"}]}'
    """
    try:
        return json.dumps(value, allow_nan=False, **layout)
    except ValueError:
        return json.dumps(_with_names(value), allow_nan=False, **layout)


def _with_names(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _with_names(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_with_names(item) for item in value]
    return {"float": str(value)} if isinstance(value, float) and not math.isfinite(value) else value


def read_json(text: bytes | str, name: str) -> Any:
    """Return the value of JSON that may come from anybody; it reads what `write_json` wrote.

    Args:
        text: the JSON; bytes are UTF-8.
        name: what it is, for the message.

    Raises:
        FormatError: if it is no JSON, a key comes twice in an object, a number is not finite, it is
            nested without end, or made of so many empty lists and objects that they would need far
            more memory than the text.

    >>> read_json('{"a": [1, 2.5]}', "settings")
    {'a': [1, 2.5]}
    """
    try:
        if isinstance(text, bytes):
            text = text.decode()
        _check_size(text)
        found = json.loads(
            text,
            object_pairs_hook=_object,
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


def _check_size(text: str) -> None:
    """Refuse `[[],[],[],...`: 3 bytes of text, 64 of memory. What is written for a use has more."""
    needed = 32 * text.count(",") + 64 * text.count("[") + 200 * text.count("{")
    if needed > max(ALWAYS, MAX_GROWTH * len(text)):
        raise ValueError(f"some {needed:,} bytes of memory for {len(text):,} characters")


def _object(pairs: list[tuple[str, Any]]) -> Any:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key[:40]!r} twice")
        found[key] = value
    if len(pairs) == 1 and found.get("float") in ("nan", "inf", "-inf"):
        return float(found["float"])
    return found


def _refused(token: str) -> NoReturn:
    raise ValueError(f"the number {token}")


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError(f"the number {text[:40]}")
    return number

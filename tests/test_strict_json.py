"""JSON of files: what a standard reader would not take, or take otherwise, is refused."""

import json
import math

import pytest

from neurona.errors import FormatError
from neurona.strict_json import read_json, write_json


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": 1, "a": 1}', "the key 'a' twice"),
        ('[{"b": {"x": 1, "y": 2, "x": 3}}]', "the key 'x' twice"),
        ('{"a": 1, "\\u0061": 2}', "the key 'a' twice"),
        ("[NaN]", "the number NaN"),
        ('{"a": Infinity}', "the number Infinity"),
        ("-Infinity", "the number -Infinity"),
        ("[1e999]", "the number 1e999"),
        ("[-1e309]", "the number -1e309"),
        ('["\\ud800"]', "UnicodeEncodeError"),
        ('{"\\uDFFF": 1}', "UnicodeEncodeError"),
        (b'"\xff"', "UnicodeDecodeError"),
        ("[" * 100_000, "RecursionError|JSONDecodeError"),
        ("9" * 10_000, "ValueError"),
        ("", "JSONDecodeError"),
        ("{'a': 1}", "JSONDecodeError"),
    ],
)
def test_what_is_no_json_of_the_standard_is_refused(text, reason):
    with pytest.raises(FormatError, match=rf"note: this JSON cannot be read. Got ({reason})"):
        read_json(text, "note")


@pytest.mark.parametrize(
    "value", [None, {}, [[]], {"a": {"a": 1}}, "😀 ü", {"é": [1, -2.5, 1e-320, True]}]
)
def test_json_comes_back(value):
    assert read_json(write_json(value), "note") == value
    assert read_json(write_json(value, ensure_ascii=False).encode(), "note") == value


@pytest.mark.parametrize("value", [math.nan, [math.inf], {"a": (-math.inf, 1)}, [{"float": 1}]])
def test_numbers_that_json_has_not_are_written_by_name(value):
    text = write_json(value)
    assert json.dumps(json.loads(text), allow_nan=False) == text  # as the standard has it
    assert repr(read_json(text, "note")).replace("[-inf, 1]", "(-inf, 1)") == repr(value)

"""Nested values as JSON and back."""

import json

import numpy as np
import pytest

from neurona.errors import FormatError
from neurona.nn.description import describe, rebuild
from neurona.nn.nested import read_nested, write_nested
from neurona.strict_json import read_json, write_json

VALUES = [
    None,
    3,
    [],
    (),
    {},
    [1, (2.5, None), {"b": ["x"], "a": ()}],
    {1: "one", (2, 3): {"deep": [True]}, None: 0},
    {"tuple": 1, "dict": [2], "array": {"slice": 3}},
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_nested_values_come_back(value):
    for write, read in (
        (describe, rebuild),
        (
            lambda v: write_nested(v, lambda x: {"is": x}),
            lambda v: read_nested(v, lambda x: x["is"]),
        ),
    ):
        again = read(json.loads(json.dumps(write(value))))
        assert again == value
        assert repr(again) == repr(value)  # types and order, too


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf, np.float32("inf"), np.float64("nan")])
def test_numbers_that_json_has_not_come_back(number):
    value = [number, {"a": (number, 1.0)}, np.array([[1.5, number]], "float32")]
    again = rebuild(read_json(write_json(describe(value)), "it"))
    assert repr(again) == repr([float(number), {"a": (float(number), 1.0)}, value[2]])


def test_keys_may_be_numbers_of_numpy():
    assert rebuild(json.loads(json.dumps(describe({np.int64(3): 1})))) == {3: 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ({"dict": [["k"]]}, "a dict in a description is malformed"),
        ({"dict": [3]}, "a dict in a description is malformed"),
        ({"dict": [[["a list"], 1]]}, "the key of a dict is malformed"),
        ({"dict": 3}, "no description"),
        ({"tuple": 3}, "no description"),
    ],
)
def test_malformed_values_are_refused(text, message):
    with pytest.raises(FormatError, match=message):
        rebuild(text)

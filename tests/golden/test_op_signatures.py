"""Functions of `ops` take Keras's arguments by name and position, with its defaults."""

import inspect
import json
from pathlib import Path

import pytest

from neurona import ops

KERAS = json.loads(Path(__file__).with_name("op_signatures.json").read_text())


@pytest.mark.parametrize("name", [name for name in KERAS if hasattr(ops, name)])
def test_arguments_are_those_of_keras(name):
    given = inspect.signature(getattr(ops, name)).parameters.values()
    ours = [
        [p.name, None if p.default is p.empty else repr(p.default)]
        for p in given
        if p.kind is not p.VAR_KEYWORD
    ]
    assert ours[: len(KERAS[name])] == KERAS[name]
    for p in [p for p in given if p.kind is p.POSITIONAL_OR_KEYWORD][len(KERAS[name]) :]:
        assert p.default is not p.empty, "what Keras does not have must have a default"


def test_most_names_are_here():
    missing = [name for name in KERAS if not hasattr(ops, name)]
    assert len(missing) < 0.05 * len(KERAS), missing

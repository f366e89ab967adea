"""A mapping that keeps what was used last."""

import pytest

from neurona.core.recent import Recent


def test_what_was_not_looked_up_for_longest_goes():
    recent = Recent(2)
    for key in "abc":
        recent[key] = key.upper()
    assert list(recent) == ["b", "c"]
    assert recent.get("b") == "B"  # so it is the later one
    recent["d"] = "D"
    assert dict(recent) == {"b": "B", "d": "D"}
    assert recent.get("c", 0) == 0
    assert len(recent) == 2
    assert repr(recent) == "{'b': 'B', 'd': 'D'}"
    with pytest.raises(KeyError):
        recent["c"]

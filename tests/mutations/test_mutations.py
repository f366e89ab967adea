"""Damaged and forged files, in small; `python -m tests.mutations` does it by the ten thousand."""

import os

import pytest

from tests.mutations.campaign import run
from tests.mutations.targets import TARGETS

COUNT = int(os.environ.get("NEURONA_MUTATIONS", "40"))  # for each loader


@pytest.mark.parametrize("name", TARGETS)
def test_no_file_does_anything_but_load_or_raise_an_error_of_ours(name):
    """No other error, no crash, no hang, and little memory: see `campaign.py` for the limits."""
    for library in {"images": ["PIL"], "sounds": ["soundfile"]}.get(name, []):
        pytest.importorskip(library)
    report = run(name, COUNT, seed=0)
    assert not report.broken
    assert sum(report.counts.values()) == COUNT
    assert report.counts["FormatError"] > COUNT / 10, "the changes are too harmless"

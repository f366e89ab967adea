"""What several tests of the doctor need."""

import importlib

import pytest

from neurona.doctor import data, statics


@pytest.fixture
def without_probe(monkeypatch):
    """Let `diagnose` look at data and model only, which takes a tenth of the time."""
    stages = (data.CHECKS, statics.CHECKS)
    monkeypatch.setattr(importlib.import_module("neurona.doctor.diagnose"), "STAGES", stages)

"""What several tests of the doctor need."""

import pytest

from neurona.doctor import data, stages, statics


@pytest.fixture
def without_probe(monkeypatch):
    """Let `diagnose` look at data and model only, which takes a tenth of the time."""
    monkeypatch.setattr(stages, "STAGES", (data.CHECKS, statics.CHECKS))

"""Proofs are in float64, with the same random numbers each time."""

import pytest

import neurona as nn


@pytest.fixture(autouse=True)
def doubles():
    before = nn.config.floatx()
    nn.config.set_floatx("float64")
    nn.random.set_seed(3)
    yield
    nn.config.set_floatx(before)

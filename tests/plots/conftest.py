"""Every plot test draws without a display, and begins and ends with nothing in pyplot."""

import matplotlib
import pytest

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def _nothing_left_in_pyplot():
    import matplotlib.pyplot as plt

    plt.close("all")
    yield
    plt.close("all")


@pytest.fixture
def blobs():
    """Two clouds that a line parts: X (60, 2) and y (60,) of 0 and 1."""
    import numpy as np

    random = np.random.default_rng(0)
    y = np.arange(60) % 2
    return random.normal(size=(60, 2)) * 0.3 + 2 * y[:, None], y

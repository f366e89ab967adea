"""A series, its score, and what is known to be wrong."""

import numpy as np
import pytest

from neurona.errors import ShapeError
from neurona.plots import alarms


def test_channels_faults_and_the_threshold_are_drawn():
    values, score = np.zeros((20, 2)), np.linspace(0, 1, 20)
    figure = alarms(values, score, 0.5, [(3, 6, "stuck")], names=["flow", "heat"], label="error")
    figure.canvas.draw()
    top, below = figure.axes
    assert len(top.lines) == 2
    assert [t.get_text() for t in top.get_legend().get_texts()] == ["flow", "heat"]
    assert [t.get_text() for t in top.texts] == ["stuck"]
    assert below.get_ylabel() == "error"
    assert list(below.lines[1].get_ydata()) == [0.5, 0.5]
    assert [ax.patches[0].get_width() for ax in (top, below)] == [3, 3]


def test_what_does_not_fit_together():
    with pytest.raises(ShapeError, match=r"one score for each step\. Got values \(4, 1\), 3"):
        alarms(np.zeros(4), np.zeros(3), 1.0)
    with pytest.raises(ShapeError, match="a name for each channel"):
        alarms(np.zeros((4, 2)), np.zeros(4), 1.0, names=["one"])

"""Curves over a common axis."""

import numpy as np
import pytest

from neurona.errors import DataError
from neurona.plots import lines


def test_curves_have_names_places_and_bands():
    figure = lines(
        {"training": [0.9, 1.0, 1.0], "test": [0.8, 0.9]},
        [1, 2, 8],
        intervals={"test": [0.05, 0.1]},
        baselines={"a line": 0.7},
        xlabel="hidden units",
        ylabel="accuracy",
        log_x=True,
        title="Capacity",
    )
    figure.canvas.draw()
    ax = figure.axes[0]
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["training", "test", "a line"]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["1", "2", "8"]
    assert ax.lines[1].get_xydata().tolist() == [[1, 0.8], [2, 0.9]]
    (band,) = ax.collections
    assert np.allclose(band.get_paths()[0].get_extents().get_points(), [[1, 0.75], [2, 1.0]])
    assert (ax.get_ylabel(), ax.get_title()) == ("accuracy", "Capacity")


def test_places_count_from_1_and_the_scale_may_be_logarithmic():
    ax = lines({"loss": [1.0, 0.1]}, log_y=True).axes[0]
    assert ax.lines[0].get_xdata().tolist() == [1, 2]
    assert (ax.get_xscale(), ax.get_yscale(), ax.get_xlabel()) == ("linear", "log", "epoch")


def test_what_cannot_be_drawn():
    with pytest.raises(DataError, match="there are no curves to draw"):
        lines({})
    with pytest.raises(DataError, match="Got 3 numbers, 2 places"):
        lines({"a": [1, 2, 3]}, [1, 2])
    with pytest.raises(DataError, match="Got 1 intervals, 2 numbers of 'a'"):
        lines({"a": [1, 2]}, intervals={"a": [1]})

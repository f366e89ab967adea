import numpy as np
import pytest

from neurona import plots
from neurona.errors import DataError, ShapeError


def test_bars_have_names_from_above_and_their_numbers():
    figure = plots.bars({"counting": 2.45, "LSTM": 2.0, "GRU": 1.9}, "nats", title="Losses")
    ax = figure.axes[0]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["counting", "LSTM", "GRU"]
    assert ax.patches[0].get_y() > ax.patches[1].get_y()
    assert [p.get_width() for p in ax.patches] == [2.45, 2.0, 1.9]
    assert ax.patches[0].get_facecolor() != ax.patches[1].get_facecolor()
    assert ax.get_title() == "Losses"
    with pytest.raises(DataError, match="values must be a series of numbers"):
        plots.bars({}, "nats")
    with pytest.raises(DataError, match="bars show numbers"):
        plots.bars({"a": np.nan}, "nats")


def test_bars_show_how_far_they_may_be_off():
    figure = plots.bars({"one": 2.0, "two": 3.0}, "%", intervals=[0.5, 0.25])
    figure.canvas.draw()
    ax = figure.axes[0]
    assert [t.get_text() for t in ax.texts] == ["2 ± 0.5", "3 ± 0.25"]
    (lines,) = (c for c in ax.collections if hasattr(c, "get_segments"))
    assert [segment[:, 0].tolist() for segment in lines.get_segments()] == [
        [1.5, 2.5],
        [2.75, 3.25],
    ]
    with pytest.raises(DataError, match=r"each bar has its interval\. Got 1; expected 2 intervals"):
        plots.bars({"one": 2.0, "two": 3.0}, "%", intervals=[0.5])


def test_attention_has_a_row_for_each_query():
    weights = np.array([[[1.0, 0, 0], [0, 1, 0]], [[0, 1, 0], [0, 0, 1]]])
    figure = plots.attention(weights, ["der", "Hund"], ["the", "dog", "."])
    ax = figure.axes[0]
    np.testing.assert_array_equal(ax.images[0].get_array(), weights.mean(axis=0))
    assert [t.get_text() for t in ax.get_xticklabels()] == ["the", "dog", "."]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["der", "Hund"]
    with pytest.raises(ShapeError, match="one word for each row and column"):
        plots.attention(weights, ["der"], ["the", "dog", "."])


def test_forecasts_show_what_came_what_was_said_and_the_interval():
    days = np.arange("2020-01-01", "2020-01-04", dtype="datetime64[D]")
    figure = plots.forecast(days, [1, 2, 3], [1, 2, 2], [0, 1, 1], [2, 3, 3], label="degrees")
    ax = figure.axes[0]
    assert [line.get_ydata().tolist() for line in ax.lines] == [[1, 2, 3], [1, 2, 2]]
    assert len(ax.collections) == 1
    assert [t.get_text() for t in ax.get_legend().get_texts()] == [
        "interval", "measured", "forecast",
    ]  # fmt: skip
    with pytest.raises(ShapeError, match=r"one number of each for each moment. Got 2, 2, 3"):
        plots.forecast([1, 2], [1, 2], [1, 2, 3])


def test_spectrograms_stand_upright():
    sound = np.arange(12.0).reshape(4, 3)
    figure = plots.spectrograms([sound, sound], ["one", "two"], title="digits")
    assert [ax.get_title() for ax in figure.axes] == ["one", "two"]
    assert figure.axes[0].images[0].get_array().shape == (3, 4)
    assert figure.axes[0].images[0].origin == "lower"
    with pytest.raises(ShapeError, match="a caption for each"):
        plots.spectrograms([sound], ["one", "two"])

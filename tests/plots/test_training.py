"""History, loss curves, learning rates and gradient flow."""

from types import SimpleNamespace

import numpy as np
import pytest

from neurona.callbacks import History
from neurona.errors import ArgumentError, DataError
from neurona.plots import gradient_flow, history, learning_rate, loss_curve

RECORD = {
    "accuracy": [0.5, 0.7, 0.8, 0.9],
    "loss": [1.0, 0.6, 0.4, 0.3],
    "val_accuracy": [0.4, 0.6, 0.7, 0.7],
    "val_loss": [1.1, 0.8, 0.5, 0.7],
    "learning_rate": [0.1, 0.1, 0.01, 0.01],
}


def lines(ax):
    return {line.get_label(): line for line in ax.lines}


def test_history_has_the_loss_first_then_metrics_then_the_rate():
    figure = history(SimpleNamespace(history=RECORD, epoch=[0, 1, 2, 3]))
    figure.canvas.draw()
    assert [ax.get_ylabel() for ax in figure.axes] == ["loss", "accuracy", "learning rate"]
    assert {ax.get_xlabel() for ax in figure.axes} == {"epoch"}
    drawn = lines(figure.axes[0])
    assert drawn["training"].get_xydata().tolist() == [[1, 1], [2, 0.6], [3, 0.4], [4, 0.3]]
    assert drawn["validation"].get_ydata().tolist() == RECORD["val_loss"]
    assert drawn["training"].get_color() != drawn["validation"].get_color()
    assert drawn["training"].get_linestyle() != drawn["validation"].get_linestyle()
    assert figure.axes[2].lines[0].get_ydata().tolist() == RECORD["learning_rate"]


def test_the_best_val_loss_is_marked_in_every_panel():
    figure = history(RECORD)
    assert "best val_loss: epoch 3 (0.5)" in lines(figure.axes[0])
    best = lines(figure.axes[1])["epoch 3 (0.7)"]
    assert (best.get_xdata()[0], best.get_ydata()[0]) == (3, 0.7)


def test_history_goes_on_from_the_epochs_it_has():
    resumed = SimpleNamespace(history={"loss": [0.5, 0.4]}, epoch=[10, 11])
    assert history(resumed).axes[0].lines[0].get_xdata().tolist() == [11, 12]


def test_validation_every_second_epoch_stands_at_its_epochs():
    ax = history({"loss": [4, 3, 2, 1], "val_loss": [3, 2]}).axes[0]
    assert lines(ax)["validation"].get_xdata().tolist() == [2, 4]


def test_history_of_one_epoch_and_with_nan():
    one = history({"loss": [1.0]})
    one.canvas.draw()
    assert one.axes[0].lines[0].get_marker() == "o"
    broken = history({"loss": [1.0, np.nan], "val_loss": [np.nan, np.nan]})
    broken.canvas.draw()
    assert not any("best" in label for label in lines(broken.axes[0]))


def test_a_wide_loss_has_a_log_axis_and_a_narrow_one_has_not():
    assert history({"loss": [1.0, 0.001]}).axes[0].get_yscale() == "log"
    assert history({"loss": [1.0, 0.5]}).axes[0].get_yscale() == "linear"


def test_history_errors():
    with pytest.raises(DataError, match="the history is empty"):
        history({})
    with pytest.raises(DataError, match=r"Got list; expected what fit returned"):
        history([1.0])


def test_loss_curve_writes_the_last_value_and_its_axes():
    ax = loss_curve([1.0, 0.1, 0.0123]).axes[0]
    assert [t.get_text() for t in ax.texts] == ["0.0123"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "loss (log scale)")
    assert ax.lines[0].get_xdata().tolist() == [1, 2, 3]


def test_loss_curve_is_linear_on_request_or_with_zeros():
    assert loss_curve([1.0, 0.5], log=False).axes[0].get_ylabel() == "loss"
    mistakes = loss_curve([3, 1, 0]).axes[0]
    assert mistakes.get_yscale() == "linear"
    assert {0, 1, 2, 3} <= set(mistakes.get_yticks()) <= set(range(-1, 5))
    assert 0.5 in loss_curve([3.1, 1, 0]).axes[0].get_yticks()


def test_loss_curve_compares_runs():
    ax = loss_curve({"slow": [1, 0.9], "fast": [1, 0.1]}, xlabel="step").axes[0]
    assert [t.get_text() for t in ax.texts] == ["slow  0.9", "fast  0.1"]
    assert len({t.get_color() for t in ax.texts}) == 2
    assert ax.get_xlabel() == "step"
    for nothing in ([], {}):
        with pytest.raises(DataError):
            loss_curve(nothing)
    with pytest.raises(DataError, match="elements of type"):
        loss_curve(["a"])


def test_learning_rate_of_a_callable_and_a_list():
    ax = learning_rate(lambda step: 0.1 / (1 + step), steps=5).axes[0]
    assert np.allclose(ax.lines[0].get_ydata(), [0.1, 0.05, 0.1 / 3, 0.025, 0.02])
    assert ax.get_title() == "Learning rate schedule: schedule"
    ax = learning_rate([0.1, 0.05]).axes[0]
    assert ax.lines[0].get_xydata().tolist() == [[0, 0.1], [1, 0.05]]


def test_learning_rate_compares_schedules_by_name():
    class Cosine:
        def __call__(self, step):
            return np.float32(0.1)

    ax = learning_rate([Cosine(), Cosine(), [0.1, 0.2]], steps=10).axes[0]
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["Cosine", "Cosine 2", "rates"]
    assert len({line.get_color() for line in ax.lines}) == 3
    assert len(learning_rate({"a": Cosine(), "b": [1.0]}, steps=3).axes[0].lines) == 2
    with pytest.raises(ArgumentError, match="steps is too small"):
        learning_rate(Cosine(), steps=0)
    assert learning_rate(Cosine(), steps=1).axes[0].get_lines()[0].get_marker() == "."
    with pytest.raises(DataError, match="no schedule"):
        learning_rate({})


def test_learning_rate_of_a_million_steps_calls_at_most_a_thousand_times():
    calls = []
    learning_rate(lambda step: calls.append(step) or 0.1, steps=1_000_000)
    assert len(calls) <= 1000
    assert calls[-1] == 999_999


def test_gradient_flow_names_what_is_wrong():
    gradients = {
        "first": np.full((4, 4), 1e-9),
        "good": [np.full((2, 2), 0.1), np.full(2, -0.2)],
        "wild": [[1e3]],
        "dead": np.zeros(3),
        "frozen": None,
        "broken": [np.nan, 1.0],
    }
    figure = gradient_flow(gradients)
    figure.canvas.draw()
    ax = figure.axes[0]
    texts = [t.get_text() for t in ax.texts]
    assert texts[:5] == [
        "vanishing",
        "exploding",
        "all zero",
        "no gradient (None)",
        "not finite (NaN or inf)",
    ]
    assert texts[5:] == ["vanishing zone", "exploding zone"]
    assert ax.get_xscale() == "log"
    assert [t.get_text() for t in ax.get_yticklabels()] == list(gradients)
    low = ax.get_xlim()[0]
    bars = [p for p in ax.patches if round(p.get_height(), 6) in (0.66, 0.34)]
    reach = [low + bar.get_width() for bar in bars]  # largest and mean of three layers
    assert np.allclose(reach, [1e-9, 1e-9, 0.2, (0.4 + 0.4) / 6, 1e3, 1e3])


def test_gradient_flow_tells_the_ratio():
    title = gradient_flow({"a": [0.001], "b": [0.1]}).axes[0].get_title()
    assert title == "Gradient flow: 100 times smaller in the first layer than in the last"
    assert "larger" in gradient_flow({"a": [1.0], "b": [0.01]}).axes[0].get_title()
    assert "about the same" in gradient_flow({"a": [1.0], "b": [0.9]}).axes[0].get_title()
    assert "10^{8}" in gradient_flow({"a": [1e-9], "b": [0.1]}).axes[0].get_title()


def test_gradient_flow_errors():
    with pytest.raises(DataError, match="Got an empty mapping"):
        gradient_flow({})
    with pytest.raises(DataError, match="Got list"):
        gradient_flow([1.0])
    with pytest.raises(ArgumentError, match="out of order"):
        gradient_flow({"a": [1.0]}, vanishing=1.0, exploding=0.1)


def test_a_validation_is_drawn_where_it_was():
    run = History()
    for epoch in range(10):
        logs = {"loss": 1.0 - 0.05 * epoch}
        run.add(epoch, {**logs, "val_loss": 2.0} if (epoch + 1) % 4 == 0 else logs)
    line = history(run).axes[0].get_lines()[1]
    assert line.get_xdata().tolist() == [4, 8]
    run = History()
    run.extend(3, {"loss": [1.0, 0.5, 0.2]})
    run.add(6, {"loss": 0.1, "val_loss": 1.0})
    ax = history(run).axes[0]
    assert [line.get_xdata().tolist() for line in ax.get_lines()[:2]] == [[4, 5, 6, 7], [7]]

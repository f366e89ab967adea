"""Numbers explained where they stand: each sentence against the numbers that it is about."""

import numpy as np
import pytest

import neurona as nn
from neurona.layers import Conv2D, Dense, Dropout, Flatten, Input
from neurona.recipes.explained import dead_units, lowest_loss, on_accuracies, on_dead_units, on_loss


def compiled(loss, units=10, *layers):
    model = nn.Sequential([Input((4,)), *layers, Dense(units, activation="softmax")])
    model.compile("adam", loss)
    return model


@pytest.mark.parametrize(("smoothing", "classes"), [(0.1, 10), (0.3, 3), (1.0, 5)])
def test_the_lowest_loss_is_that_of_the_smoothed_targets_themselves(smoothing, classes):
    least, right = lowest_loss(smoothing, classes)
    y = np.eye(classes)
    loss = nn.losses.CategoricalCrossentropy(label_smoothing=smoothing)
    smoothed = y * (1 - smoothing) + smoothing / classes
    assert float(loss(y, smoothed).numpy()) == pytest.approx(least, 1e-5)
    assert smoothed[0, 0] == pytest.approx(right)
    assert float(loss(y, 0.999 * y + 1e-4).numpy()) > least
    binary = nn.losses.BinaryCrossentropy(label_smoothing=smoothing)
    p = 1 - smoothing / 2
    assert float(binary([[1.0]], [[p]]).numpy()) == pytest.approx(lowest_loss(smoothing, 2)[0])


def test_label_smoothing_is_named():
    smooth = compiled(nn.losses.CategoricalCrossentropy(label_smoothing=0.1))
    assert on_loss(smooth, 0.57) == [
        "The loss has label smoothing of 0.1: it asks for 91 % instead of certainty, so no model "
        "gets below 0.5003; of the loss of 0.5700, 0.0697 are due to the model."
    ]
    assert on_loss(smooth)[0].endswith("no model gets below 0.5003.")
    for loss in (None, "mse", "categorical_crossentropy"):
        assert on_loss(compiled(loss), 0.57) == []


def test_training_that_looks_worse_than_validation():
    below = {"accuracy": [0.5, 0.961], "val_accuracy": [0.5, 0.983]}
    plain, dropping = compiled("mse"), compiled("mse", 10, Dropout(0.4))
    (told,) = on_accuracies(plain, below)
    assert told == (
        "Training accuracy (96.1 %) is below validation accuracy (98.3 %), which is no fault: it "
        "is the mean over an epoch in which the network was still learning."
    )
    assert (
        "; besides, Dropout leaves units out, in training only."
        in on_accuracies(dropping, below)[0]
    )
    assert (
        "Dropout leaves units out and the samples are changed at random, in training"
        in (on_accuracies(dropping, below, augmented=True)[0])
    )
    assert on_accuracies(compiled("mse", 10, Dropout(0.0)), below) == [told]
    sparse = {"sparse_categorical_accuracy": [0.9], "val_sparse_categorical_accuracy": [0.95]}
    assert "(90.0 %) is below" in on_accuracies(plain, sparse)[0]
    for history in ({}, {"accuracy": [0.9]}, {"accuracy": [0.99], "val_accuracy": [0.98]},
                    {"accuracy": [], "val_accuracy": []}):  # fmt: skip
        assert on_accuracies(dropping, history, augmented=True) == []


def test_dead_units_are_counted():
    hidden = Dense(3, activation="relu", name="hidden")
    look = Conv2D(2, 3, activation="relu", name="look")
    model = nn.Sequential([Input((4, 4, 1)), look, Flatten(), hidden, Dense(2, "softmax")])
    kernel = np.zeros((3, 3, 1, 2))
    kernel[1, 1, 0, 0] = 1.0
    look.set_weights([kernel, np.array([0.0, -1.0])])  # the second filter never fires
    hidden.set_weights([np.ones((8, 3)), np.array([0.0, -100.0, -3.5])])
    x = np.ones((1100, 4, 4, 1), "float32")
    found = dead_units(model, x)
    assert found["look"][0].tolist() == [False, True]
    assert found["hidden"][0].tolist() == [False, True, False]  # 4 - 3.5 is above 0
    (told,) = on_dead_units(model, x)
    assert told.startswith(
        "Dead, that is 0 for all 1,100 test images: 1 of 2 filters of look, 1 of 3 units of hidden."
    )
    late = x * np.where(np.arange(1100) == 1099, 30.0, 1.0)[:, None, None, None]
    assert not dead_units(model, late)["hidden"][0].any()  # the last sample counts too
    look.set_weights([np.repeat(kernel[..., :1], 2, axis=-1), np.zeros(2)])
    assert on_dead_units(model, late, "rows") == [
        "Each of the 5 units with ReLU is above 0 for some of the rows: none is dead."
    ]
    smooth = nn.Sequential([Input((4,)), Dense(3, "tanh"), Dense(1)])
    assert on_dead_units(smooth, np.ones((2, 4))) == []


def test_a_run_says_it_and_its_report_shows_it(tmp_path):
    from neurona import recipes

    told = []
    recipe = recipes.get("digits")
    settings = recipe.settings({"epochs": 2}, quick=True)
    run = recipes.carry_out(recipe, settings, tmp_path, quick=True, verbose=0, say=told.append)
    page = (tmp_path / "report.html").read_text()
    assert set(run.notes) >= {"loss", "accuracy", "units"}
    for note in run.notes.values():
        assert note in told
        assert note in page
    assert f"of the loss of {run.scores['test loss']:.4f}" in run.notes["loss"]
    assert run.notes["units"] in next(p.alt for p in run.pictures if p.name == "weights")
    assert told[-1].startswith("test accuracy: ")

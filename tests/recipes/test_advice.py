"""What to try next, from the numbers."""

import numpy as np
import pytest

from neurona.recipes.advice import on_chance, on_classes, on_training


def seen(history):
    return " ".join(a.seen for a in on_training(history))


def test_a_loss_that_is_no_number():
    found = on_training({"loss": [1.0, float("nan"), float("nan")]})
    assert len(found) == 1
    assert "no longer a number in epoch 2" in found[0].seen
    assert "learning rate ten times smaller" in found[0].attempt


WRONG = {  # as the recipes were seen to go wrong: (history, classes, rate, the recipe's own), words
    "at chance by steps too large": (
        ({"loss": [3.9, 2.31, 2.30], "accuracy": [0.09, 0.08, 0.1]}, 10, 0.1, 0.002),
        "10.0 % of the training samples are right, no more than by guessing; the loss began at 3.9",
        "A smaller learning rate: --lr 0.002 is the recipe's own.",
    ),
    "exploded": (
        ({"loss": [6e10, 33.0, 2.3], "accuracy": [0.1, 0.1, 0.09]}, 10, 50.0, 0.002),
        "The training loss was 6e+10 in the first epoch, where guessing one of 10 classes has 2.30",
        "A smaller learning rate: --lr 0.002",
    ),
    "exploded, and better than by chance": (
        ({"loss": [9.5, 2.1, 2.0], "accuracy": [0.19, 0.2, 0.26]}, 10, 0.5, 0.5),
        "The training loss was 9.5 in the first epoch",
        "A learning rate ten times smaller: --lr 0.05.",
    ),
    "two classes": (
        ({"loss": [0.7, 0.36, 0.72], "accuracy": [0.7, 0.8, 0.5]}, 2, 0.2, 0.01),
        "The training loss was lowest in epoch 2 (0.36) and rose to 0.72",
        "A smaller learning rate: --lr 0.01 is the recipe's own, or a schedule that lowers it.",
    ),
    "rose, without classes": (
        ({"loss": [5.0, 1.0, 4.0]}, 0, 0.0, 0.0),
        "lowest in epoch 2 (1) and rose to 4",
        "A learning rate ten times smaller (--lr)",
    ),
    "steps too small": (
        ({"loss": [2.4, 2.39, 2.38], "accuracy": [0.09, 0.09, 0.08]}, 10, 1e-7, 0.002),
        "nothing was learned",
        "A larger learning rate: --lr 0.002 is the recipe's own.",
    ),
    "labels that mean nothing": (
        ({"loss": [2.4, 2.31, 2.30], "accuracy": [0.1, 0.1, 0.11]}, 10, 0.002, 0.002),
        "nothing was learned",
        "Look at some samples with their labels first",
    ),
}
RIGHT = {  # as the recipes go with their own settings
    "digits": ({"loss": [1.8, 0.97, 0.61], "accuracy": [0.46, 0.84, 0.99]}, 10, 0.002, 0.002),
    "two classes": ({"loss": [0.5, 0.2, 0.1], "accuracy": [0.8, 0.9, 0.97]}, 2, 0.01, 0.01),
    "nearly nothing left": ({"loss": [1.0, 0.001, 0.0014], "accuracy": [1.0] * 3}, 10, 0.01, 0.01),
    "many classes": ({"loss": [4.4, 3.6, 3.0], "accuracy": [0.02, 0.1, 0.2]}, 100, 0.01, 0.01),
    "no classes": ({"loss": [205.0, 100.0, 93.0]}, 0, 0.001, 0.001),
}


@pytest.mark.parametrize(("run", "words", "attempt"), WRONG.values(), ids=list(WRONG))
def test_a_run_that_went_wrong_hears_of_that_alone(run, words, attempt):
    (found,) = on_training(*run)
    assert found.wrong
    assert words in found.seen
    assert found.attempt.startswith(attempt)


@pytest.mark.parametrize("run", RIGHT.values(), ids=list(RIGHT))
def test_a_run_that_did_not_does_not_hear_of_it(run):
    assert not any(found.wrong for found in on_training(*run))


def test_who_guesses_hears_nothing_of_classes():
    assert on_classes(np.full((10, 10), 10), list("abcdefghij")) == []


def test_a_loss_that_was_still_falling():
    losses = list(np.linspace(1, 0.5, 20))
    (found,) = on_training({"loss": losses, "val_loss": losses})
    assert "validation loss was still falling when training ended: 10 % in the last 2 epochs" in (
        found.seen
    )
    assert found.attempt == "More epochs: --epochs 40."


def test_overfitting():
    history = {"loss": [1.0, 0.5, 0.2, 0.1], "val_loss": [1.0, 0.6, 0.7, 0.9]}
    found = on_training(history)[0]
    assert "lowest in epoch 2 (0.6) and rose to 0.9" in found.seen
    assert "--epochs 2" in found.attempt


def test_a_gap_between_training_and_validation():
    steady = [0.1] * 10
    history = {"loss": steady, "val_loss": steady, "accuracy": [0.99], "val_accuracy": [0.95]}
    assert "99.0 %, validation accuracy 95.0 %" in seen(history)


def test_underfitting():
    history = {"loss": [1.0] * 10, "accuracy": [0.6], "val_accuracy": [0.6]}
    assert "right in only 60.0 %" in seen(history)


def test_noise():
    loss = [1.0] * 6 + [0.5, 0.6] * 6
    assert "went up about as often as down" in seen({"loss": loss})


def test_nothing_to_say_of_a_flat_curve():
    steady = [0.1] * 10
    history = {"loss": steady, "val_loss": steady, "accuracy": [0.99], "val_accuracy": [0.98]}
    assert on_training(history) == []


def test_the_pair_and_the_class():
    counts = np.array([[10, 0, 0], [0, 10, 0], [1, 4, 5]])
    pair, weak = on_classes(counts, "abc")
    assert "c taken for b, 4 of 10 times" in pair.seen
    assert "Class c is recognised least: 50.0 % of its 10 samples" in weak.seen
    assert on_classes(np.eye(3), "abc") == []


def test_chance_is_never_nothing():
    assert "±0.28 points" in on_chance(1.0, 360).seen

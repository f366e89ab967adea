"""What to try next, from the numbers."""

import numpy as np

from neurona.recipes.advice import on_chance, on_classes, on_training


def seen(history):
    return " ".join(a.seen for a in on_training(history))


def test_a_loss_that_is_no_number():
    found = on_training({"loss": [1.0, float("nan"), float("nan")]})
    assert len(found) == 1
    assert "no longer a number in epoch 2" in found[0].seen
    assert "learning rate ten times smaller" in found[0].attempt


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

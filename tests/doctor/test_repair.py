"""Repairs: what is changed while a training runs, what is tried and taken back, what is told."""

import numpy as np
import pytest

import neurona as nn
from neurona import layers
from neurona.doctor import Doctor
from neurona.doctor.repair import race
from neurona.doctor.repair.changes import Rate, Setting, change_of
from neurona.doctor.repair.race import hindrance
from neurona.doctor.repair.saved import Best, Saved

rng = np.random.default_rng(0)
X = rng.normal(size=(300, 8)).astype("f4")
Y = (X @ rng.normal(size=(8, 3))).argmax(1)
TRAIN, HELD = (X[:200], Y[:200]), (X[200:], Y[200:])


def network(optimizer, last="softmax"):
    nn.random.set_seed(1)
    model = nn.Sequential([nn.Input((8,)), layers.Dense(16, "relu"), layers.Dense(3, last)])
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def fitted(model, repair, epochs=14, data=TRAIN, held=HELD):
    doctor = Doctor(repair=repair)
    history = model.fit(
        *data, epochs=epochs, verbose=0, callbacks=[doctor], validation_data=held
    )  # fmt: skip
    return history, doctor


@pytest.mark.slow
def test_what_cannot_harm_is_changed_told_and_written_down(capsys):
    model = network(nn.optimizers.SGD(30.0))
    history, doctor = fitted(model, "safe")
    told = capsys.readouterr().out
    assert float(model.optimizer.learning_rate) < 5
    assert model.evaluate(*HELD, verbose=0)[1] > 0.8
    assert [r.as_dict() for r in doctor.repairs] == history.repairs
    assert all(r["kept"] and r["when"].startswith("epoch") for r in history.repairs)
    rate = next(r for r in doctor.repairs if "learning_rate" in r.diff)
    assert rate.rule in ("GD506", "GD401")
    assert rate.diff.startswith("- learning_rate=30\n+ learning_rate=")
    assert "those before training again" in rate.what
    assert f"doctor: {rate.rule} repaired in epoch" in told
    assert rate.rule in doctor.diagnosis


@pytest.mark.filterwarnings("ignore:.*takes probabilities")
def test_a_loss_is_mended_before_training():
    model = network("adam", None)
    history, _ = fitted(model, "safe", 1)
    assert model._training.losses.outputs[0].loss.from_logits
    assert history.repairs[0] == {
        "rule": "GD202", "when": "before training", "what": "the loss takes scores.",
        "diff": "- loss='sparse_categorical_crossentropy'\n"
        "+ loss=nn.losses.SparseCategoricalCrossentropy(from_logits=True)", "kept": True,
    }  # fmt: skip
    model = network("adam", None)
    assert fitted(model, "off", 1)[0].repairs == []
    assert not model._training.losses.outputs[0].loss.from_logits


@pytest.mark.slow
def test_overfitting_ends_with_the_best_weights(capsys):
    model = network(nn.optimizers.Adam(0.1))
    noisy = rng.integers(0, 3, 40)
    history, doctor = fitted(model, "safe", 60, (X[:40], noisy), HELD)
    assert doctor.repairs[-1].rule == "GD601"
    assert len(history.epoch) < 60
    best = min(history.history["val_loss"])
    assert model.evaluate(*HELD, verbose=0)[0] == pytest.approx(best)
    assert "the training stops, and the best weights are put back" in capsys.readouterr().out


@pytest.mark.slow
def test_what_may_help_is_raced_and_kept_only_if_better(monkeypatch):
    slow = nn.optimizers.SGD(1e-4)
    model = network(slow)
    history, _ = fitted(model, "race", 40)
    kept = [r for r in history.repairs if r["kept"]]
    assert {r["rule"] for r in kept} == {"GD507"}
    assert "better by two standard errors" in kept[0]["what"]
    assert float(slow.learning_rate) == pytest.approx(1e-4 * 10 ** len(kept))

    # a race that is lost changes nothing: the same bits as without
    monkeypatch.setattr(race, "ERRORS", 1e9)
    model = network(nn.optimizers.SGD(1e-4))
    lost, doctor = fitted(model, "race", 40)
    assert [r["kept"] for r in lost.repairs] == [False]
    assert "not better by two standard errors" in lost.repairs[0]["what"]
    assert str(doctor.repairs[0]).startswith("GD507 tried and taken back in epoch")
    plain = network(nn.optimizers.SGD(1e-4))
    alone = plain.fit(*TRAIN, epochs=40, verbose=0, validation_data=HELD)
    assert alone.history == lost.history
    for a, b in zip(plain.get_weights(), model.get_weights(), strict=True):
        assert np.array_equal(a, b)


def test_changes_are_read_from_fixes_and_can_be_undone():
    model = network(nn.optimizers.SGD(0.4))
    rule = nn.doctor.Rule("GD502", "exploding", "warning", "why", "safe")

    def of(fix):
        return change_of(rule.found("", evidence={}, fix=fix), model)

    change = of("- learning_rate=0.4\n+ learning_rate=0.1")
    assert isinstance(change, Rate)
    change.apply()
    assert float(model.optimizer.learning_rate) == pytest.approx(0.1)
    change.undo()
    assert float(model.optimizer.learning_rate) == pytest.approx(0.4)
    change = of("+ clipnorm=2.5")
    assert isinstance(change, Setting)
    change.apply()
    assert model.optimizer.clipnorm == 2.5
    assert of("+ clipnorm=2.5") is None  # it is clipped
    change.undo()
    assert model.optimizer.clipnorm is None
    assert of("- relu\n+ gelu") is None

    model.fit(*TRAIN, verbose=0)
    best, saved = Best(model), Saved(model)
    before = model.get_weights()
    assert str(best) == "those before training"
    model.fit(*TRAIN, verbose=0)
    best.put_back()
    assert np.array_equal(model.get_weights()[0], before[0])
    best.see({"loss": 0.5}, 3, 0.4)
    assert best.epoch == 0
    best.see({"loss": 0.5, "val_loss": 0.3}, 3, 0.4)
    assert (best.epoch, best.value, str(best)) == (3, 0.3, "those of epoch 3")
    place = nn.core.random.get_position()
    saved.put_back()
    assert nn.core.random.get_position() != place


class Hindered(nn.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.why = hindrance(self.model)


def test_a_race_needs_data_that_come_again_and_validation():
    model, seen = network("sgd"), Hindered()
    for data, held, why in [
        (TRAIN, None, "there are no validation data to judge by"),
        ((nn.data.batches(*TRAIN, 50),), HELD, "the data cannot be gone through twice"),
        (TRAIN, HELD, ""),
    ]:
        model.fit(*data, verbose=0, validation_data=held, callbacks=[seen])
        assert seen.why == why

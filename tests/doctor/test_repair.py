"""Repairs: what is changed while a training runs, what is tried and taken back, what is told."""

import numpy as np
import pytest

import neurona as nn
from neurona import layers
from neurona.doctor import Doctor, fixes
from neurona.doctor.repair import anew, mending, race
from neurona.doctor.repair.changes import Both, Rate, Settings, change_of
from neurona.doctor.repair.race import hindrance
from neurona.doctor.repair.rates import tried
from neurona.doctor.repair.saved import Best, Saved
from neurona.doctor.repair.starting import change_before
from neurona.train.callbacks import CallbackList
from neurona.train.loop import Fit
from neurona.train.source import ArraySource

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
def test_a_loss_is_mended_before_training(tmp_path):
    model = network("adam", None)
    history, _ = fitted(model, "safe", 1)
    assert model._training.losses.outputs[0].loss.from_logits
    assert history.repairs[0] == {
        "rule": "GD202", "when": "before training", "what": "the loss takes scores.",
        "diff": "- loss='sparse_categorical_crossentropy'\n"
        "+ loss=nn.losses.SparseCategoricalCrossentropy(from_logits=True)", "kept": True,
        "steps": 0,
    }  # fmt: skip
    file = tmp_path / "mended.safetensors"
    model.save(file)
    again = nn.models.load_model(file)
    assert again.evaluate(*HELD, verbose=0) == model.evaluate(*HELD, verbose=0)
    model = network("adam", None)
    assert fitted(model, "off", 1)[0].repairs == []
    assert not model._training.losses.outputs[0].loss.from_logits


@pytest.mark.slow
def test_overfitting_ends_with_the_best_weights(capsys):
    model = network(nn.optimizers.Adam(0.1))
    noisy = (Y[:40] + (np.arange(40) % 5 == 0)) % 3  # every fifth is wrong
    history, doctor = fitted(model, "safe", 60, (X[:40], noisy), HELD)
    assert doctor.repairs[-1].rule == "GD601"
    assert len(history.epoch) < 60
    loss, right = model.evaluate(*HELD, verbose=0)
    assert right == pytest.approx(max(history.history["val_accuracy"]))
    assert loss < history.history["val_loss"][-1]
    told = "the training stops when it gets no better any more, and the best weights are put back"
    assert told in capsys.readouterr().out

    # not while a schedule has smaller steps to come, which find back what large ones lost
    model = network(nn.optimizers.Adam(nn.optimizers.schedules.CosineDecay(0.1, 120)))
    history, doctor = fitted(model, "safe", 60, (X[:40], noisy), HELD)
    begun = [r for r in doctor.repairs if r.rule == "GD601"]
    assert all(int(r.when.removeprefix("epoch ").split(",")[0]) > 50 for r in begun)
    assert history.epoch == list(range(60))


@pytest.mark.slow
def test_what_may_help_is_raced_and_kept_only_if_better(monkeypatch):
    slow = nn.optimizers.SGD(1e-4)
    model = network(slow)
    history, _ = fitted(model, "race", 40)
    kept = [r for r in history.repairs if r["kept"]]
    assert {r["rule"] for r in kept} == {"GD507"}
    assert "better by two standard errors" in kept[0]["what"]
    faster = float(slow.learning_rate) / 1e-4
    assert 90 < faster < 11_000
    assert f"multiplied by {faster:.2g}. After 28 steps" in kept[0]["what"]
    # without, with each of four, and with Adam of two rates; then around the best, for longer
    assert kept[0]["steps"] == 7 * 28 + 3 * 56

    # a race that is lost changes nothing: the same bits as without
    monkeypatch.setattr(race, "ERRORS", 1e9)
    monkeypatch.setattr(mending, "LEARNT", np.inf)  # as if something had been learnt
    model = network(nn.optimizers.SGD(1e-4))
    lost, doctor = fitted(model, "race", 40)
    assert [r["kept"] for r in lost.repairs] == [False, False]  # before training, and later
    assert "not better by two standard errors" in lost.repairs[0]["what"]
    assert str(doctor.repairs[0]).startswith("GD507 tried and taken back before training")
    plain = network(nn.optimizers.SGD(1e-4))
    alone = plain.fit(*TRAIN, epochs=40, verbose=0, validation_data=HELD)
    assert alone.history == lost.history
    for a, b in zip(plain.get_weights(), model.get_weights(), strict=True):
        assert np.array_equal(a, b)


def test_a_fix_is_told_and_carried_out_by_one_object_and_can_be_undone():
    model = network(nn.optimizers.SGD(0.4))
    change = change_of(fixes.Rate(0.4, 0.25), model)
    assert isinstance(change, Rate)
    assert change.diff == "- learning_rate=0.4\n+ learning_rate=0.1"
    change.apply()
    assert float(model.optimizer.learning_rate) == pytest.approx(0.1)
    change.undo()
    assert float(model.optimizer.learning_rate) == pytest.approx(0.4)
    change = change_of(fixes.Clip("clipnorm", 2.5), model)
    assert isinstance(change, Settings)
    assert change.diff == "+ clipnorm=2.5"
    change.apply()
    assert model.optimizer.clipnorm == 2.5
    assert change_of(fixes.Clip("clipnorm", 2.5), model) is None  # it is clipped
    change.undo()
    assert model.optimizer.clipnorm is None
    assert change_of(fixes.Clip("clipnorm", 5.0, 2.5), model) is None  # it is not any more
    assert change_of(None, model) is None  # a fix in words

    rule = nn.doctor.Rule("GD502", "exploding", "warning", "why", "safe")
    found = rule.found("", evidence={}, fix=fixes.Clip("clipnorm", 2.5))
    assert (found.fix, found.change) == ("+ clipnorm=2.5", fixes.Clip("clipnorm", 2.5))
    assert rule.found("", evidence={}, fix="look at x").change is None

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
    lasting = nn.Sequential(
        [nn.Input(batch_shape=(20, 8, 1)), layers.LSTM(2, stateful=True), layers.Dense(3)]
    )
    lasting.compile("sgd", "mse")
    x = X[:, :, None]
    lasting.fit(x[:40], x[:40, :3, 0], batch_size=20, shuffle=False, verbose=0, callbacks=[seen])
    assert seen.why == "a layer keeps states from batch to batch"


def test_weights_that_come_from_a_training_are_not_drawn_anew(capsys):
    model = network(nn.optimizers.SGD(0.1))
    model.fit(*TRAIN, verbose=0)
    model.layers[0].kernel.assign(np.zeros((8, 16)))
    history, _ = fitted(model, "race", 1)
    assert not [r for r in history.repairs if r["when"] == "before training" and r["steps"]]


def begun(model, x, y, repair="race", **given):
    """Train for a little, and return what was repaired before, by rule."""
    doctor = Doctor("full", repair=repair)
    cut = len(x) * 2 // 3
    model.fit(
        x[:cut], y[:cut], validation_data=(x[cut:], y[cut:]), verbose=0, callbacks=[doctor],
        **{"epochs": 10, **given},
    )  # fmt: skip
    return {r.rule: r for r in doctor.repairs if r.when == "before training"}


@pytest.mark.slow
def test_what_is_found_before_the_first_step_is_raced_there():
    # inputs in another unit: a layer in front
    model = network(nn.optimizers.Adam(0.02))
    made = begun(model, X * 1e4, Y)
    assert made["GD104"].kept
    assert type(model.layers[0]).__name__ == "Normalization"
    assert model.evaluate(X * 1e4, Y, verbose=0)[1] > 0.5

    # targets far from 0: a layer behind; what is trained is the model with it
    nn.random.set_seed(1)
    model = nn.Sequential([nn.Input((8,)), layers.Dense(16, "relu"), layers.Dense(1)])
    model.compile(nn.optimizers.Adam(0.01), "mse")
    prices = (X @ rng.normal(size=8) * 80_000 + 250_000).astype("f4")
    made = begun(model, X, prices, epochs=20)
    assert made["GD113"].diff.startswith("+ model.add(nn.layers.Rescaling(")
    assert model.evaluate(X, prices, verbose=0) < 0.2 * prices.var()

    # few of a class: they count more in training, and where it is judged
    rare = (X[:, 0] > 1.6).astype(int)
    nn.random.set_seed(1)
    model = nn.Sequential([nn.Input((8,)), layers.Dense(1, "sigmoid")])
    model.compile(nn.optimizers.Adam(0.1), "binary_crossentropy")
    made = begun(model, X, rare)
    assert made["GD107"].kept
    assert model.predict(X[rare == 1], verbose=0).mean() > 0.5

    # weights, dropout, penalty, activations, schedule
    nn.random.set_seed(1)
    small = nn.initializers.Constant(0.05)
    first = layers.Dense(16, "relu", kernel_initializer=small)
    scores = layers.Dense(3, "relu")
    model = nn.Sequential([nn.Input((8,)), first, layers.Dropout(0.95), scores, layers.Softmax()])
    fading = nn.optimizers.schedules.ExponentialDecay(1e-2, 2, 0.5)
    model.compile(nn.optimizers.Adam(fading), "sparse_categorical_crossentropy")
    made = begun(model, X, Y)
    assert {"GD208"} < set(made) <= {"GD208", "GD211", "GD205", "GD216"}
    assert np.ptp(model.layers[0].kernel.numpy(), axis=1).any()
    if "GD211" in made and made["GD211"].kept:
        assert model.layers[1].rate in (0.3, 0.1)


def test_changes_before_training_can_be_undone():
    heavy = nn.regularizers.L2(3.0)
    nn.random.set_seed(1)
    model = nn.Sequential([nn.Input((8,)), layers.Dense(4, "sigmoid", kernel_regularizer=heavy),
                           layers.Dense(4, kernel_initializer="ones"), layers.Dropout(0.9),
                           layers.Dense(3, "relu")])  # fmt: skip
    fading = nn.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)
    model.compile(nn.optimizers.SGD(fading), "mse")
    source = ArraySource(X, Y, None, 32)
    before = model.predict(X, verbose=0)

    def changed(fix):
        change = change_before(fix, model, source)
        assert change is not None
        change.apply()
        return change

    change = changed(fixes.Redraw('- Dense(4, kernel_initializer="ones")'))
    assert change.diff == "- kernel_initializer"
    assert np.ptp(model.layers[1].kernel.numpy()) > 0.1
    change.undo()
    change = changed(fixes.Rectify('- Dense(4, activation="sigmoid")'))
    assert model.layers[0].activation.__name__ == "relu"
    change.undo()
    change = changed(fixes.Penalise(10.0))
    assert float(np.asarray(model.layers[0].kernel.regularizer.l2)) == pytest.approx(1e-4)
    change.undo()
    assert model.layers[0].kernel.regularizer is heavy
    change = changed(fixes.Drop(0.9))
    assert model.layers[2].rate == 0.3
    change.undo()
    change = changed(fixes.Activate("relu", "linear", 3))
    assert model.layers[3].activation.__name__ == "linear"
    change.undo()
    change = changed(fixes.Between("- Dense(4)"))
    assert model.layers[1].activation.__name__ == "relu"
    change.undo()
    change = changed(fixes.Constant("ExponentialDecay", 0.1, "decay_steps=100"))
    assert float(np.asarray(model.optimizer.learning_rate)) == pytest.approx(0.1)
    change.undo()
    change = changed(fixes.Shuffle())
    assert source.shuffle
    change.undo()
    assert not source.shuffle
    change = changed(fixes.ClassWeights({k: 100 / (k == Y).sum() for k in range(3)}))
    sums = [source.arrays[2][k == Y].sum() for k in range(3)]
    assert sums == pytest.approx([100] * 3)
    change.undo()
    assert source.arrays[2] is None
    change = changed(fixes.Standardise())
    assert len(model.layers) == 5
    change.undo()
    assert np.array_equal(model.predict(X, verbose=0), before)


def test_losses_and_batches_are_changed_and_put_back():
    model = nn.Sequential([nn.Input((8,)), layers.Dense(4, "relu"), layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    source = ArraySource(X, Y, None, 100)
    before = model.evaluate(X, Y, verbose=0)
    fix = fixes.Pair('Dense(1), loss="mse"', "sparse_categorical_crossentropy", "softmax", 3)
    assert str(fix).endswith('+ Dense(3, "softmax"), loss="sparse_categorical_crossentropy"')
    change = Both(change_before(fix, model, source), Rate(model.optimizer, 10.0))
    change.apply()
    assert model.output_shape == (None, 3)
    saved = Saved(model)
    assert model.fit(X, Y, verbose=0).history["loss"][0] < 2
    saved.put_back()
    assert change.measured == "cross-entropy"
    assert model._training.arguments["metrics"] == ["accuracy"]
    sure, unsure = np.eye(3)[Y], np.full((300, 3), 1 / 3)
    assert change.measure(Y, sure) == pytest.approx(0, abs=1e-5)
    assert change.measure(np.eye(3)[Y], unsure) == pytest.approx(np.log(3))
    assert change.measure(Y, Y + 0.5) == pytest.approx(np.log(2))
    change.undo()
    assert model.evaluate(X, Y, verbose=0) == pytest.approx(before)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.01)

    # a model that says how it is compiled is compiled so when it is loaded
    change = change_before(fixes.Pair("", "mean_absolute_error", "linear"), model, source)
    change.apply()
    assert change.measure(Y, Y[:, None] + 2.0) == 4
    assert model._training.arguments["loss"] == "mean_absolute_error"

    def backwards(y, p):
        return -nn.ops.mean(nn.ops.square(y - p), axis=-1)

    model.compile("sgd", backwards)
    model.evaluate(X, Y, verbose=0)
    change_before(fixes.Negate(), model, source).apply()
    assert model.evaluate(X, Y, verbose=0) == pytest.approx(before[0])

    change = change_before(fixes.Batch(100, 10), model, source)
    heard = nn.callbacks.Callback()
    heard.params = {}
    model._training.run = Fit(source, CallbackList([heard], model, {"steps": 3}))
    change.apply()
    assert (source.steps, source.batch_size, heard.params) == (30, 10, {"steps": 30})
    change.undo()
    assert (source.steps, source.batch_size, heard.params) == (3, 100, {"steps": 3})
    assert change_before(fixes.Batch(32), model, source) is None  # it has other batches


def test_functional_models_get_layers_and_the_optimizer_their_slots():
    x, more = nn.Input((8,)), nn.Input((8,))
    nn.random.set_seed(1)
    hidden = layers.Dense(8, "relu")(layers.Concatenate()([x, more]))
    model = nn.Model([x, more], layers.Dense(1)(hidden))
    model.compile("adam", "mse")
    source = ArraySource((X * 100, X), Y, None, 50)
    before = model.predict((X, X), verbose=0)
    model.optimizer.build(model.trainable_weights)

    def changed(fix):
        change = change_before(fix, model, source)
        change.apply()
        return change

    change = changed(fixes.Standardise())
    assert [type(v).__name__ for v in model.layers].count("Normalization") == 2
    assert np.ptp(model.predict((X * 100, X), verbose=0)) < 10
    change.undo()
    change = changed(fixes.Unit(50.0, 2.0))
    assert np.allclose(model.predict((X, X), verbose=0), 50 + 2 * before, atol=1e-4)
    change.undo()
    fix = fixes.Pair("", "sparse_categorical_crossentropy", "softmax", 3)
    change = changed(fix)
    begun = model.layers[-1].get_weights()
    assert set(model.optimizer.parameters) == set(model.trainable_weights)
    model.fit((X, X), Y, verbose=0)
    assert change.guess(Y) == pytest.approx(-(p := np.bincount(Y) / 300) @ np.log(p))
    change.undo()
    change.apply()  # begins where it began
    assert np.array_equal(model.layers[-1].get_weights()[0], begun[0])
    change.undo()
    assert np.array_equal(model.predict((X, X), verbose=0)[:, 0].shape, (300,))


def test_steps_that_follow_the_loss_are_measured_in_the_unit_of_the_targets():
    """As if the targets themselves had been scaled: the same steps of SGD, for the same loss."""
    y = (X[:, :1] * 400 + 9_000).astype("f4")
    trained = []
    for unit in (True, False):
        nn.random.set_seed(1)
        model = nn.Sequential([nn.Input((8,)), layers.Dense(16, "relu"), layers.Dense(1)])
        model.compile(nn.optimizers.SGD(0.01), "mse")
        targets = y if unit else (y - 9_000) / 400
        source = ArraySource(X, targets, None, 50)
        if unit:
            model.optimizer.build(model.trainable_weights)
            model.evaluate(X, targets, verbose=0)
            change_before(fixes.Unit(9_000.0, 400.0), model, source).apply()
        model.fit(X, targets, 50, epochs=3, shuffle=False, verbose=0)
        trained.append(model.layers[0].get_weights()[0])
    assert np.allclose(*trained, atol=1e-4)


def test_rates_that_are_too_low_are_tried_up_to_usual_ones_and_with_adam():
    model = network(nn.optimizers.SGD(1e-3))
    plain = model.optimizer
    found = tried(Rate(plain, 100.0), model, Best(model), begins=True)
    assert [c.diff.splitlines()[-1] for c in found] == [
        "+ learning_rate=0.1", "+ learning_rate=0.01", "+ learning_rate=1",
        "+ Adam(0.001)", "+ Adam(0.01)",
    ]  # fmt: skip
    found[-1].apply()
    assert type(model.optimizer).__name__ == "Adam"
    model.fit(*TRAIN, verbose=0)
    found[-1].undo()
    assert model.optimizer is plain
    assert [c.factor for c in found[0].nearby()] == pytest.approx([100 / 3, 300])
    assert len(tried(Rate(plain, 100.0), model, Best(model), begins=False)) == 3


def test_what_cannot_be_told_yet_is_said():
    told = race.Outcome(Rate(nn.optimizers.SGD(1.0), 0.1), 0.7, 0.7, 0.1, 5, False, 10, True)
    assert str(told).endswith("Neither has learnt anything by then.")


class Racing(nn.callbacks.Callback):
    """Holds races before the first step, for a few steps from which nothing can be learnt."""

    def on_train_begin(self, logs=None):
        model, same = self.model, Settings([], "nothing is changed.", "")
        rate = Rate(model.optimizer, 1.001)
        self.outcomes = [
            race.race(model, changes, 20, begins=True)
            for changes in ([same], [rate], [Both(same, rate)], [rate, same])
        ]


def test_on_a_plateau_a_diagnosis_decides_unless_it_is_of_a_rate():
    model, racing = network(nn.optimizers.SGD(1e-6)), Racing()
    chance = np.random.default_rng(0).integers(0, 3, 300)
    model.set_weights([w * 0.01 for w in model.get_weights()])
    held = X[200:], chance[200:]
    model.fit(X[:200], chance[:200], epochs=1, verbose=0, callbacks=[racing], validation_data=held)
    assert [o.undecided for o in racing.outcomes] == [True, False, False, True]
    assert racing.outcomes[-1].change.what == "nothing is changed."
    assert racing.outcomes[-1].after == racing.outcomes[-1].before


def test_dropout_of_gates_is_set_in_the_cell():
    model = nn.Sequential([nn.Input((8, 1)), layers.LSTM(4, dropout=0.95), layers.Dense(3)])
    model.compile("sgd", "mse")
    fix = fixes.Drop(0.95, 0.2, "dropout")
    assert str(fix) == "- dropout=0.95\n+ dropout=0.2"
    change = change_before(fix, model, ArraySource(X[:, :, None], Y, None, 32))
    change.apply()
    assert model.layers[0].cell.dropout == 0.2
    change.undo()
    assert model.layers[0].cell.dropout == 0.95


def test_what_is_found_late_is_mended_where_the_training_began(monkeypatch):
    monkeypatch.setattr(mending, "diagnose", lambda case: nn.doctor.Diagnosis([]))
    model = network(nn.optimizers.SGD(1e-4))
    stop = nn.callbacks.EarlyStopping(patience=39)
    doctor = Doctor(repair="race")
    history = model.fit(
        *TRAIN, epochs=40, verbose=0, callbacks=[doctor, stop], validation_data=HELD
    )  # fmt: skip
    (repair,) = history.repairs
    assert (repair["rule"], repair["kept"]) == ("GD507", True)
    assert repair["when"] != "before training"
    assert repair["what"].endswith("The training begins anew with it.")
    gone = int(repair["when"].removeprefix("epoch "))  # epochs that are given up cost steps, too
    assert repair["steps"] == 7 * 28 + 3 * 56 + gone * 7
    assert history.epoch == list(range(40))
    rate = model.optimizer.learning_rate.numpy()
    other = network(nn.optimizers.SGD(rate))
    alone = other.fit(*TRAIN, epochs=40, verbose=0, validation_data=HELD)
    assert alone.history == history.history  # as if it had been so from the beginning
    for a, b in zip(other.get_weights(), model.get_weights(), strict=True):
        assert np.array_equal(a, b)

    # and what was given up comes back if it was better
    monkeypatch.setattr(anew, "measured", lambda model, change: np.full(20, 1e9))
    model = network(nn.optimizers.SGD(1e-4))
    history, _ = fitted(model, "race", 40)
    assert [r["kept"] for r in history.repairs] == [True, False]
    assert history.repairs[1]["what"].endswith("its weights are back.")
    assert model.optimizer.learning_rate.numpy() == pytest.approx(1e-4)
    plain = network(nn.optimizers.SGD(1e-4))
    plain.fit(*TRAIN, epochs=gone, verbose=0)
    for a, b in zip(plain.get_weights(), model.get_weights(), strict=True):
        assert np.array_equal(a, b)


def test_a_callback_that_spends_the_rate_is_left_out():
    model = network(nn.optimizers.SGD(0.3))
    falls = nn.callbacks.LearningRateScheduler(lambda epoch: 0.3 * 1e-3**epoch)
    history = model.fit(
        *TRAIN, epochs=20, verbose=0, validation_data=HELD,
        callbacks=[falls, Doctor(repair="race")],
    )  # fmt: skip
    repair = history.repairs[0]
    assert (repair["rule"], repair["kept"]) == ("GD216", True)
    assert "After 42 steps" in repair["what"]  # long enough for the rate to have fallen
    assert model.optimizer.learning_rate.numpy() == pytest.approx(0.3)
    assert repair["diff"].endswith("+ callbacks=[]")
    assert model.evaluate(*HELD, verbose=0)[1] > 0.9


def test_activations_inside_functions_of_ones_own_are_changed():
    def end(z):
        return nn.ops.softmax(nn.ops.relu(z), axis=0)

    model = network("sgd", end)
    source = ArraySource(X, Y, None, 32)
    hidden, last = model.layers
    change = change_before(fixes.Activate("relu", "linear", 3, "softmax"), model, source)
    change.apply()
    assert (hidden.activation.__name__, last.activation.__name__) == ("relu", "softmax")
    change.undo()
    assert last.activation is end
    change = change_before(fixes.Axis(0, -1), model, source)
    change.apply()
    assert np.allclose(model.predict(X, verbose=0).sum(axis=1), 1, atol=1e-5)
    change.undo()
    assert change_before(fixes.Axis(0, -1), network("sgd"), source) is None

    model = nn.Sequential([nn.Input((8,)), layers.Dense(3), layers.Softmax(0)])
    model.compile(nn.optimizers.AdamW(weight_decay=5.0), "sparse_categorical_crossentropy")
    change_before(fixes.Axis(0, -1), model, source).apply()
    assert model.layers[-1].axis == -1
    fix = fixes.Decay(5.0, 0.01)
    assert str(fix) == "- weight_decay=5\n+ weight_decay=0.01"
    change_before(fix, model, source).apply()
    assert model.optimizer.weight_decay == 0.01


def test_a_callback_that_stops_at_once_waits():
    model = network(nn.optimizers.Adam(0.01))
    stops = nn.callbacks.EarlyStopping(patience=0, min_delta=0.5)
    history = model.fit(
        *TRAIN, epochs=20, verbose=0, validation_data=HELD,
        callbacks=[stops, Doctor(repair="race")],
    )  # fmt: skip
    repair = history.repairs[0]
    assert (repair["rule"], repair["kept"], repair["steps"]) == ("GD216", True, 0)
    assert repair["diff"] == (
        "- patience=0, min_delta=0.5, restore_best_weights=False\n"
        "+ patience=5, min_delta=0, restore_best_weights=True"
    )
    assert (stops.patience, stops.min_delta, len(history.epoch)) == (5, 0, 20)
    assert model.evaluate(*HELD, verbose=0)[1] > 0.9


def test_inputs_and_targets_in_their_units_are_scaled_together():
    """Either alone is no better: small inputs tell large numbers nothing, and the other way."""
    x = 500 + 100 * X
    y = (4000 + 1000 * np.tanh(X[:, 0]) * X[:, 1]).astype("f4")
    nn.random.set_seed(1)
    model = nn.Sequential([nn.Input((8,)), layers.Dense(32, "gelu"), layers.Dense(1)])
    model.compile(nn.optimizers.Adam(0.01), "mse")
    history, _ = fitted(model, "race", 30, (x[:200], y[:200]), (x[200:], y[200:]))
    made = {r["rule"]: r for r in history.repairs}
    assert not made["GD104"]["kept"]
    assert made["GD113"]["kept"]
    assert "inputs to a mean of 0 and a spread of 1, and a layer behind" in made["GD113"]["what"]
    assert model.evaluate(x[200:], y[200:], verbose=0) < 0.5 * y.var()


def test_several_labels_get_a_sigmoid_each():
    y = (X[:, :3] > 0).astype("f4")
    nn.random.set_seed(1)
    model = nn.Sequential([nn.Input((8,)), layers.Dense(16, "relu"), layers.Dense(3, "softmax")])
    model.compile(nn.optimizers.Adam(0.03), "categorical_crossentropy")
    history, _ = fitted(model, "race", 20, (X[:200], y[:200]), (X[200:], y[200:]))
    first = history.repairs[0]
    assert (first["rule"], first["kept"]) == ("GD102", True)
    assert ((model.predict(X[200:], verbose=0) > 0.5) == y[200:]).mean() > 0.9


def test_a_training_for_nothing_begins_anew_with_what_lost_its_race(monkeypatch):
    def never(*given):
        return race.race(*given)._replace(better=False, undecided=False)

    monkeypatch.setattr(mending, "race", never)
    model = network(nn.optimizers.SGD(1e-5))
    history, _ = fitted(model, "race", 10)
    assert [(r["when"], r["kept"]) for r in history.repairs][:1] == [("before training", False)]
    assert (history.repairs[-1]["when"], history.repairs[-1]["kept"]) == ("epoch 10", True)
    assert model.evaluate(*HELD, verbose=0)[1] > 0.8


def test_a_warm_up_and_wider_limits_of_clipping():
    model = network(nn.optimizers.SGD(0.3, clipnorm=1e-4))
    source = ArraySource(X, Y, None, 32)
    fix = fixes.WarmUp(0.3, 0.1, 100)
    assert str(fix) == (
        "- learning_rate=0.3\n"
        "+ learning_rate=CosineDecay(0.0, 100, warmup_target=0.1, warmup_steps=10)"
    )
    change, smaller = change_before(fix, model, source).variants()
    assert "rises to 0.033 in 10 steps" in smaller.what
    change.apply()
    rates = []
    for _ in range(11):
        rates.append(float(np.asarray(model.optimizer.learning_rate)))
        model.train_on_batch(X[:32], Y[:32])
    assert rates == pytest.approx([0.01 * i for i in range(11)])
    assert change_before(fix, model, source) is None  # it follows a schedule
    change.undo()
    assert float(model.optimizer.learning_rate) == pytest.approx(0.3)

    limits = change_of(fixes.Clip("clipnorm", 0.2, 1e-4), model).variants()
    assert [change.what for change in limits] == [
        f"gradients are cut to a clipnorm of {limit} at most." for limit in ("0.2", "2", "20")
    ]
    limits[1].apply()
    assert model.optimizer.clipnorm == 2
    limits[1].undo()
    assert model.optimizer.clipnorm == 1e-4
    spikes = network(nn.optimizers.SGD(0.3))
    assert len(change_of(fixes.Clip("clipnorm", 0.2), spikes).variants()) == 1

"""Kill it and resume bit for bit: at every batch, in every save, by every means."""

import contextlib
import errno
import json
import os
import random
import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import neurona as nn
from neurona.errors import FormatError
from neurona.train.callbacks import backup
from tests.first import first

SCRIPT = Path(__file__).with_name("resume_script.py")
script = SimpleNamespace(**runpy.run_path(str(SCRIPT)))
BATCHES = 40  # EarlyStopping ends the script's training after 5 of 9 epochs of 8 batches


class Crash(BaseException):
    """Stands for the end of the process: nothing but `finally` may see it."""


class CrashAfter(nn.callbacks.Callback):
    """Crashes when so many batches of this process are done, before or after the backup."""

    def __init__(self, batches, before_backup):
        self.left, self.order = batches, 2 if before_backup else 9

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if self.left == 0:
            raise Crash


class CrashAtEpochEnd(CrashAfter):
    on_train_batch_end = nn.callbacks.Callback.on_train_batch_end

    def on_epoch_end(self, epoch, logs=None):
        self.left -= 1
        if self.left == 0:
            raise Crash


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("uninterrupted")
    found = script.train(folder)
    assert len(json.loads(found["history"])[0]) == 5
    assert not (folder / "backup").exists()
    return found


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Leave the disk out: a process that ends loses nothing that the system has."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)


def crash(folder, save_freq, *extra):
    with pytest.raises(Crash):
        script.train(folder, save_freq, extra)


@pytest.mark.sampled(5)
@pytest.mark.parametrize("before_backup", [True, False])
@pytest.mark.parametrize("batch", first([1, 2, 7, 8, 9, 16, 17, 30, 39, BATCHES], 1, 8, 9, BATCHES))
def test_crash_at_a_batch_with_a_backup_each_batch(tmp_path, uninterrupted, batch, before_backup):
    crash(tmp_path, 1, CrashAfter(batch, before_backup))
    seed = 3 if batch == 1 and before_backup else 99  # from the backup alone, where there is one
    assert script.train(tmp_path, 1, seed=seed) == uninterrupted


@pytest.mark.sampled(5)
@pytest.mark.parametrize("batch", first([1, 7, 8, 9, 20, 33, 40], 8, 20, 40))
@pytest.mark.parametrize("save_freq", ["epoch", 3])
def test_crash_at_a_batch_with_rarer_backups(tmp_path, uninterrupted, batch, save_freq):
    crash(tmp_path, save_freq, CrashAfter(batch, True))
    assert script.train(tmp_path, save_freq) == uninterrupted


@pytest.mark.sampled(5)
@pytest.mark.parametrize("save_freq", ["epoch", 3])
@pytest.mark.parametrize("before_backup", [True, False])
@pytest.mark.parametrize("epoch", first(range(1, 6), 1, 5))
def test_crash_at_the_end_of_an_epoch(tmp_path, uninterrupted, epoch, before_backup, save_freq):
    crash(tmp_path, save_freq, CrashAtEpochEnd(epoch, before_backup))
    assert script.train(tmp_path, save_freq) == uninterrupted


def test_many_crashes_in_one_training(tmp_path, uninterrupted):
    for batches in (3, 1, 1, 5, 9, 2):
        crash(tmp_path, 1, CrashAfter(batches, False))
    assert script.train(tmp_path, 1, seed=99) == uninterrupted


@pytest.mark.sampled(5)
@pytest.mark.parametrize("function", ["replace", "fsync"])
@pytest.mark.parametrize("number", [1, 2, 9, 17])
def test_crash_in_the_middle_of_a_save(tmp_path, uninterrupted, monkeypatch, function, number):
    original, calls = getattr(os, function), []

    def crashing(*args, **kwargs):
        calls.append(args)
        if len(calls) == number:
            raise Crash
        return original(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(os, function, crashing)
        crash(tmp_path, 2)
    assert script.train(tmp_path, 2) == uninterrupted


def test_crash_while_the_file_is_half_written(tmp_path, uninterrupted, monkeypatch):
    crash(tmp_path, 5, CrashAfter(12, True))
    path = tmp_path / "backup" / "training.backup"
    left = path.with_name(".neurona-0123456789abcdef.unfinished")  # what a kill leaves behind
    left.write_bytes(path.read_bytes()[:100])
    assert script.train(tmp_path, 5, seed=99) == uninterrupted
    assert not (tmp_path / "backup").exists()


def test_a_full_disk_leaves_the_last_backup_and_says_so(tmp_path, uninterrupted, monkeypatch):
    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    crash(tmp_path, 2, CrashAfter(5, True))
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            script.train(tmp_path, 2)
    assert script.train(tmp_path, 2, seed=99) == uninterrupted


# --- by SIGKILL -------------------------------------------------------------------------------


def run_and_kill(folder, save_freq, delays):
    """Run the script, killing it after each of the delays; return how it ended and the kills."""
    source = Path(nn.__file__).parents[1]
    kills = 0
    for delay in [*delays, None]:
        process = subprocess.Popen(
            [sys.executable, str(SCRIPT), str(folder), str(save_freq)],
            env={**os.environ, "PYTHONPATH": str(source)},
            stdout=subprocess.PIPE,
            text=True,
        )
        with process:
            assert process.stdout.readline() == "training\n"
            if delay is not None:
                time.sleep(delay)
                process.send_signal(signal.SIGKILL)
            process.communicate(timeout=120)
        kills += process.returncode == -signal.SIGKILL
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGKILL
    return json.loads((folder / "result.json").read_text()), kills


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    found, kills = run_and_kill(tmp_path_factory.mktemp("undisturbed"), 1, [])
    assert kills == 0
    return found


@pytest.mark.slow
def test_kill_at_random_moments(tmp_path, undisturbed):
    delays = random.Random(1)
    found, kills = run_and_kill(tmp_path, 1, [delays.uniform(0.02, 0.08) for _ in range(4)])
    assert kills >= 1
    assert found == undisturbed


@pytest.mark.slow
@pytest.mark.parametrize("number", range(30))
def test_kill_at_many_random_moments(tmp_path, undisturbed, number):
    draw = random.Random(number)
    delays = [draw.uniform(0, 0.1) for _ in range(5)]
    found, _ = run_and_kill(tmp_path, draw.choice([1, 2, 5]), delays)
    assert found == undisturbed


# --- what a backup does not fit ---------------------------------------------------------------


def interrupted(folder):
    crash(folder, 1, CrashAfter(10, False))
    return folder / "backup" / "training.backup"


def refit(folder, change):
    """Go on with a run in which one thing was changed."""
    (x, y), held = script.problem()
    model = script.network()
    run = {"x": x, "y": y, "batch_size": 8, "model": model, "held": held}
    run["callbacks"] = script.callbacks_in(folder, 1)
    change(run)
    run["model"].fit(
        run["x"], run["y"], run["batch_size"], 9, validation_data=run["held"], verbose=0,
        callbacks=run["callbacks"],
    )  # fmt: skip


def other_layer(run):
    run["model"] = script.network(units=9)


def other_activation(run):
    run["model"] = script.network(activation="relu")


def other_optimizer(run):
    run["model"].compile("sgd", run["model"].loss, metrics=["accuracy"])


def other_rate(run):
    run["model"].compile(nn.optimizers.Adam(0.01), run["model"].loss, metrics=["accuracy"])


def other_loss(run):
    loss = nn.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="sum")
    run["model"].compile(run["model"].optimizer, loss, metrics=["accuracy"])


def other_metrics(run):
    run["model"].compile(run["model"].optimizer, run["model"].loss)


def fewer_samples(run):
    run["x"], run["y"] = run["x"][:50], run["y"][:50]


def other_samples(run):
    run["x"] = run["x"][::-1]


def one_other_number(run):
    run["x"] = run["x"].copy()
    run["x"][17, -1] += 1e-3


def one_other_validation_number(run):
    x, y = (a.copy() for a in run["held"])
    x[1, 1] += 1e-3
    run["held"] = x, y


def no_validation(run):
    run["held"] = None


def other_engine(run):
    model = run["model"]
    model.compile(model.optimizer, model.loss, metrics=["accuracy"], engine="reference")


def other_batch_size(run):
    run["batch_size"] = 10


def other_callbacks(run):
    run["callbacks"].pop()


@pytest.mark.sampled(5)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (other_layer, r"layers\[1\]\[1\].units differs. Got 9; expected 8"),
        (other_activation, r"layers\[1\]\[1\].activation differs. Got relu; expected tanh"),
        (other_optimizer, r"optimizer\[0\] differs. Got SGD; expected Adam"),
        (other_rate, r"optimizer\[1\].learning_rate differs. Got 0.01; expected \['Exponential"),
        (other_loss, r"loss\[1\].* differs"),
        (other_metrics, r"metrics\[1\] differs. Got nothing; expected \['accuracy'"),
        (fewer_samples, r"data.arrays\[0\]\[0\]\[0\] differs. Got 50; expected 60"),
        (other_samples, r"data.checksums\[0\] differs"),
        (one_other_number, r"data.checksums\[0\] differs"),
        (one_other_validation_number, r"validation data.checksums\[0\] differs"),
        (no_validation, r"validation data differs. Got None; expected {.*"),
        (other_engine, r"engine differs. Got reference; expected native"),
        (other_batch_size, r"data.batch_size differs. Got 10; expected 8"),
        (other_callbacks, r"callbacks.ModelCheckpoint differs. Got nothing; expected present"),
    ],
)
def test_the_backup_of_another_run_is_refused(tmp_path, change, message):
    path = interrupted(tmp_path)
    before = path.read_bytes()
    with pytest.raises(nn.errors.StateError, match=message) as error:
        refit(tmp_path, change)
    assert f"the backup {path} was made by another run" in str(error.value)
    assert "try: delete the backup to start anew, or give another backup_dir" in str(error.value)
    assert path.read_bytes() == before


def forge(path, change):
    """Change the state in a backup as somebody else might, with right checksums."""
    saved = backup.read(path)
    change(saved.info)
    backup.write(path, saved)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda info: info.pop("callbacks"), "the state in the backup is malformed. Got KeyError"),
        (lambda info: info.update(callbacks=3), "the state in the backup is malformed. Got TypeE"),
        (lambda info: info["callbacks"].update(History={"dict": [["epoch", 1]]}), "of History is"),
        (lambda info: info["callbacks"].update(
            EarlyStopping={"dict": [["wait", "x"], ["stopped_epoch", 0], ["best_epoch", 0],
                                    ["best", 1.0], ["best_weights", None]]}), "Got wait 'x'"),
        (lambda info: info["callbacks"]["EarlyStopping"]["dict"].append(["on_epoch_end", 3]),
         "of EarlyStopping is malformed"),
        (lambda info: info["callbacks"].update(
            History={"dict": [["epoch", None], ["history", None], ["epochs", None]]}),
         "the state in the backup is malformed. Got TypeError"),
        (lambda info: info["model"].update(position=[]), "position in the training is malformed"),
        (lambda info: info["model"]["position"].update(logs=3), "malformed. Got logs 3"),
        (lambda info: info["model"]["position"].update(order=["x"]), "malformed. Got order"),
        (lambda info: info["model"].update(optimizers={"optimizer": [[]]}), "are malformed"),
        (lambda info: info["callbacks"]["TensorBoard"]["dict"].__setitem__(
            1, ["files", {"dict": [["train", ["../../victim.tfevents", 1]]]}]),
         r"names a file that is not one of events. Got train/../../victim"),
    ],
)  # fmt: skip
def test_a_forged_backup_does_no_harm(tmp_path, change, message):
    victim = tmp_path / "victim.tfevents"
    victim.write_text("precious")
    x, y = np.ones((4, 2)), np.ones((4, 1))

    def fit(epochs):
        model = nn.Sequential([nn.Input((2,)), nn.layers.Dense(1)])
        model.compile("sgd", "mse")
        kept = nn.callbacks.BackupAndRestore(tmp_path / "b", delete_checkpoint=False)
        stop = nn.callbacks.EarlyStopping("loss", patience=99)
        board = nn.callbacks.TensorBoard(tmp_path / "logs" / "run", write_graph=False)
        model.fit(x, y, epochs=epochs, verbose=0, callbacks=[stop, board, kept])

    fit(1)
    forge(tmp_path / "b" / "training.backup", change)
    with pytest.raises(FormatError, match=message):
        fit(2)
    assert victim.read_text() == "precious"


def test_more_epochs_and_other_patience_are_no_other_run(tmp_path):
    interrupted(tmp_path)
    refit(tmp_path, lambda run: setattr(run["callbacks"][1], "patience", 2))


@pytest.mark.sampled(5)
@pytest.mark.parametrize(
    "damage",
    [
        lambda b: b[: len(b) // 2],
        lambda b: b"",
        lambda b: b"not a backup at all",
        lambda b: b[:-5] + bytes([b[-5] ^ 1]) + b[-4:],
        lambda b: b.replace(b"neurona backup 2", b"neurona backup 9"),
        lambda b: b.replace(b"stop_training", b"stop_trainimg"),
    ],
)
def test_a_damaged_backup_is_reported(tmp_path, damage):
    path = interrupted(tmp_path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(nn.errors.FormatError, match="cannot be read") as error:
        script.train(tmp_path, 1)
    assert str(path) in str(error.value)
    assert "try: delete it to start anew, or put back a copy" in str(error.value)


def test_a_double_backup_falls_back_on_the_one_before(tmp_path, uninterrupted):
    def train(extra):
        callbacks = [*script.callbacks_in(tmp_path, 1), *extra]
        callbacks[0].double_checkpoint = True
        (x, y), held = script.problem()
        model = script.network()
        history = model.fit(x, y, 8, 9, validation_data=held, callbacks=callbacks, verbose=0)
        return script.result(tmp_path, model, history)

    with pytest.raises(Crash):
        train([CrashAfter(12, False)])
    path = tmp_path / "backup" / "training.backup"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.warns(UserWarning, match=r"cannot be read. The one before it is used instead"):
        assert train([]) == uninterrupted
    assert not (tmp_path / "backup").exists()


# --- what else has to go on -------------------------------------------------------------------


def fit_small(folder, extra=(), epochs=4, save_freq=1, optimizer=None):
    (x, y), _ = script.problem()
    model = script.network()
    if optimizer is not None:
        model.compile(optimizer(), model.loss)
    saver = nn.callbacks.BackupAndRestore(folder, save_freq, delete_checkpoint=False)
    history = model.fit(x, y, 8, epochs, callbacks=[saver, *extra], verbose=0)
    return [a.tobytes() for a in model.get_weights()], history.history, history.epoch


def both(folder, make, batch, **arguments):
    """Train without and with a crash; return both results."""
    expected = fit_small(folder / "a", make(), **arguments)
    with contextlib.suppress(Crash):
        fit_small(folder / "b", [*make(), CrashAfter(batch, False)], **arguments)
    return expected, fit_small(folder / "b", make(), **arguments)


@pytest.mark.parametrize("batch", [8, 11])
def test_a_schedule_by_the_rate_so_far_is_not_applied_twice(tmp_path, batch):
    def make():
        return [nn.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5)]

    expected, found = both(tmp_path, make, batch, optimizer=lambda: nn.optimizers.SGD(0.4))
    assert found == expected
    assert np.allclose(expected[1]["learning_rate"], [0.2, 0.1, 0.05, 0.025])


def test_a_run_that_stops_in_the_middle_of_an_epoch_still_ends_it(tmp_path):
    class StopAt(nn.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = self.model._training.position.epoch == 1 and batch == 2

    expected, found = both(tmp_path, lambda: [StopAt()], 11)
    assert found == expected
    assert found[2] == [0, 1]


@pytest.mark.parametrize("batch", [3, 31, 32])
def test_averaged_weights_replace_the_others_once(tmp_path, batch):
    def optimizer():
        return nn.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.9)

    expected, found = both(tmp_path, list, batch, optimizer=optimizer)
    assert found == expected


def test_a_finished_training_goes_on_when_its_backup_was_kept(tmp_path):
    expected = fit_small(tmp_path / "a", epochs=5, save_freq="epoch")
    fit_small(tmp_path / "b", epochs=3, save_freq="epoch")
    again = fit_small(tmp_path / "b", epochs=3, save_freq="epoch")
    assert again[2] == [0, 1, 2]
    assert fit_small(tmp_path / "b", epochs=5, save_freq="epoch") == expected


def test_a_backup_holds_the_state_and_little_more(tmp_path):
    path = interrupted(tmp_path)
    saved = backup.read(path)
    arrays = sum(a.nbytes for a in saved.arrays.values())
    assert path.stat().st_size < arrays + 12_000
    names = set(saved.arrays)
    assert {"model/dense/kernel", "model//optimizer/momentum/dense/kernel"} <= names
    assert any(name.startswith("callbacks/EarlyStopping/best_weights/0") for name in names)


def test_states_of_callbacks_come_back():
    state = {"best": [np.ones(2), (3, np.float32(0.5))], "names": {1: "a"}, "none": None}
    arrays = {}
    packed = json.loads(json.dumps(backup.pack(state, "callbacks/mine", arrays)))
    assert [*arrays] == ["callbacks/mine/best/0"]
    again = backup.unpack(packed, arrays)
    assert again["best"][0] is arrays["callbacks/mine/best/0"]
    assert again == {**state, "best": [again["best"][0], (3, 0.5)]}


def test_what_backup_and_restore_refuses():
    with pytest.raises(nn.errors.ArgumentError, match="backup_dir must name a folder"):
        nn.callbacks.BackupAndRestore("")
    with pytest.raises(nn.errors.ArgumentError, match='save_freq must be "epoch" or a number'):
        nn.callbacks.BackupAndRestore("x", save_freq="batch")
    with pytest.raises(nn.errors.ArgumentError, match="save_freq is too small"):
        nn.callbacks.BackupAndRestore("x", save_freq=0)


# --- data of all kinds ------------------------------------------------------------------------


def endless(x, y):
    while True:
        for i in range(0, len(x), 7):
            yield x[i : i + 7], y[i : i + 7]


def one_pass(x, y):
    return ((x[i : i + 7], y[i : i + 7]) for i in range(0, len(x), 7))


def mixed(x, y, seed=4):
    return nn.data.batches(x, y, 7, shuffle=True, seed=seed)


KINDS = {
    "shuffled arrays": (lambda x, y: {"x": x, "y": y}, 9),
    "arrays in order": (lambda x, y: {"x": x, "y": y, "shuffle": False}, 9),
    "shuffled arrays by steps": (lambda x, y: {"x": x, "y": y, "steps_per_epoch": 5}, 5),
    "arrays by steps": (lambda x, y: {"x": x, "y": y, "shuffle": False, "steps_per_epoch": 5}, 5),
    "generator by steps": (lambda x, y: {"x": endless(x, y), "steps_per_epoch": 4}, 4),
    "function": (lambda x, y: {"x": lambda: one_pass(x, y)}, 9),
    "function by steps": (lambda x, y: {"x": lambda: one_pass(x, y), "steps_per_epoch": 4}, 4),
    "list": (lambda x, y: {"x": list(one_pass(x, y))}, 9),
    "list by steps": (lambda x, y: {"x": list(one_pass(x, y)), "steps_per_epoch": 4}, 4),
    "mixed batches": (lambda x, y: {"x": mixed(x, y)}, 9),
    "mixed batches by steps": (lambda x, y: {"x": mixed(x, y), "steps_per_epoch": 4}, 4),
}


@pytest.mark.sampled(5)
@pytest.mark.parametrize("save_freq", ["epoch", 1])
@pytest.mark.parametrize(
    "kind", first(KINDS, "shuffled arrays", "generator by steps", "mixed batches")
)
def test_every_kind_of_data_goes_on_where_it_was(tmp_path, kind, save_freq):
    make, steps = KINDS[kind]
    (x, y), _ = script.problem()

    def run(folder, *extra):
        model = script.network()
        saver = nn.callbacks.BackupAndRestore(folder, save_freq)
        model.fit(
            **make(x, y),
            batch_size=7 if "arrays" in kind else None,
            epochs=4,
            verbose=0,
            callbacks=[saver, *extra],
        )
        return [a.tobytes() for a in model.get_weights()], model.history.history

    expected = run(tmp_path / "whole")
    for batch in (2, steps, steps + 1, 3 * steps):
        with pytest.raises(Crash):
            run(tmp_path / str(batch), CrashAfter(batch, False))
        assert run(tmp_path / str(batch)) == expected, batch


def images_model():
    """With augmentation in the model too."""
    nn.utils.set_random_seed(2)
    model = nn.Sequential(
        [
            nn.layers.Input((6, 6, 1)),
            nn.layers.RandomRotation(0.1),
            nn.layers.RandomContrast(0.3, (0, 1)),
            nn.layers.RandomErasing(fill_value=0.0),
            nn.layers.Conv2D(3, 3, activation="relu"),
            nn.layers.Flatten(),
            nn.layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile("adam", "categorical_crossentropy")
    return model


def images_batches(zoom=0.2):
    x = np.random.default_rng(1).random((50, 6, 6, 1)).astype("float32")
    steps = [nn.layers.RandomFlip(), nn.layers.RandomZoom(zoom), nn.layers.MixUp(num_classes=3)]
    return nn.data.batches(x, np.arange(50) % 3, 8, shuffle=True, seed=4, augment=steps)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("save_freq", ["epoch", 1])
def test_augmented_images_go_on_where_they_were(tmp_path, save_freq):
    def run(folder, *extra):
        model = images_model()
        saver = nn.callbacks.BackupAndRestore(folder, save_freq)
        model.fit(images_batches(), epochs=3, verbose=0, callbacks=[saver, *extra])
        return [a.tobytes() for a in model.get_weights()], model.history.history

    expected = run(tmp_path / "whole")
    for batch in (3, 7, 12):
        with pytest.raises(Crash):
            run(tmp_path / str(batch), CrashAfter(batch, False))
        assert run(tmp_path / str(batch)) == expected, batch


def test_other_augmentation_is_another_run(tmp_path):
    saver = nn.callbacks.BackupAndRestore(tmp_path, 1)
    with pytest.raises(Crash):
        images_model().fit(images_batches(), verbose=0, callbacks=[saver, CrashAfter(3, False)])
    with pytest.raises(nn.errors.StateError, match=r"data.augment.*height_factor differs. Got 0.3"):
        images_model().fit(images_batches(0.3), verbose=0, callbacks=[saver])


def test_batches_that_are_mixed_otherwise_are_another_run(tmp_path):
    (x, y), _ = script.problem()
    saver = nn.callbacks.BackupAndRestore(tmp_path, 1)
    with pytest.raises(Crash):
        script.network().fit(mixed(x, y), verbose=0, callbacks=[saver, CrashAfter(3, False)])
    with pytest.raises(nn.errors.StateError, match=r"data.seed differs. Got 5; expected 4"):
        script.network().fit(mixed(x, y, seed=5), verbose=0, callbacks=[saver])

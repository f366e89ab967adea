"""EarlyStopping, ReduceLROnPlateau and ModelCheckpoint: semantics by hand, and messages."""

from pathlib import Path

import numpy as np
import pytest

import neurona as nn
from neurona.errors import ArgumentError


class Fake:
    """As much of a model as these callbacks need."""

    def __init__(self):
        self.stop_training = False
        self.metrics = []
        self.optimizer = nn.optimizers.SGD(0.1)
        self.number, self.saved = 0, []

    def get_weights(self):
        return [np.array([self.number])]

    def set_weights(self, weights):
        self.number = int(weights[0][0])

    def save(self, path, overwrite=True):
        Path(path).write_text("model")
        self.saved.append(str(path))

    def save_weights(self, path, overwrite=True):
        Path(path).write_text("weights")
        self.saved.append(str(path))


def drive(callback, values, key="val_loss"):
    """Run epochs with these values; return the model."""
    model = Fake()
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, value in enumerate(values):
        model.number = epoch
        callback.on_epoch_begin(epoch)
        callback.on_epoch_end(epoch, {key: value})
        if model.stop_training:
            break
    callback.on_train_end()
    return model


def test_early_stopping_waits_and_restores(capsys):
    stop = nn.callbacks.EarlyStopping(patience=2, restore_best_weights=True, verbose=1)
    model = drive(stop, [3, 2, 2.5, 2.2, 1, 0])
    assert (stop.stopped_epoch, stop.best_epoch, stop.best) == (3, 1, 2)
    assert model.number == 1
    out = capsys.readouterr().out
    assert out == "Epoch 4: early stopping\nRestoring the weights of the best epoch: 2.\n"


def test_early_stopping_restores_also_when_it_did_not_stop():
    model = drive(nn.callbacks.EarlyStopping(patience=9, restore_best_weights=True), [3, 1, 2])
    assert model.number == 1


def test_early_stopping_starts_anew_in_each_fit():
    stop = nn.callbacks.EarlyStopping(patience=1)
    drive(stop, [1, 2])
    assert not drive(stop, [5, 4]).stop_training


def test_early_stopping_goes_on_from_its_state():
    values = [5, 4, 4.5, 3, 3.5, 3.6, 3.7]
    whole = nn.callbacks.EarlyStopping(patience=2, restore_best_weights=True)
    drive(whole, values)
    first = nn.callbacks.EarlyStopping(patience=2, restore_best_weights=True)
    drive(first, values[:5])
    second = nn.callbacks.EarlyStopping(patience=2, restore_best_weights=True)
    second.set_model(Fake())
    second.on_train_begin()
    second.set_state(first.get_state())
    second.on_epoch_end(5, {"val_loss": values[5]})
    assert second.get_state() == whole.get_state()
    assert second.model.stop_training


@pytest.mark.parametrize(
    ("monitor", "rising"),
    [
        ("val_accuracy", True), ("auc", True), ("val_f1_score", True), ("val_mean_io_u", None),
        ("loss", False), ("val_mean_squared_error", False), ("mae", False),
        ("cosine_similarity", True), ("kl_divergence", False), ("fancy", None),
    ],
)  # fmt: skip
def test_the_direction_is_told_by_the_name(monitor, rising):
    stop = nn.callbacks.EarlyStopping(monitor, patience=1)
    if rising is None:
        with pytest.raises(ArgumentError, match="cannot tell whether") as error:
            drive(stop, [1, 2], monitor)
        assert 'try: mode="max" if larger is better' in str(error.value)
    else:
        drive(stop, [1, 2], monitor)
        assert stop.best == (2 if rising else 1)


def test_the_direction_is_told_by_the_class_of_a_renamed_metric():
    stop = nn.callbacks.EarlyStopping("val_right", patience=1)
    stop.set_model(Fake())
    stop.model.metrics = [nn.metrics.SparseCategoricalAccuracy(name="right")]
    stop.on_epoch_end(0, {"val_right": 1})
    stop.on_epoch_end(1, {"val_right": 2})
    assert stop.best == 2


@pytest.mark.parametrize(
    ("logs", "message"),
    [
        ({"loss": 1, "val_accuracy": 1}, r"watches 'val_loss', .* there are loss, val_accuracy."),
        ({"loss": 1}, r"Numbers of the validation need validation_data or validation_split."),
        ({"val_los": 1}, r"Did you mean 'val_los'?"),
        ({}, "there are no logs"),
    ],
)
def test_a_number_that_is_not_there(logs, message):
    stop = nn.callbacks.EarlyStopping()
    with pytest.warns(UserWarning, match=message):
        stop.on_epoch_end(0, logs)


def test_reduce_lr_warns_too_and_still_logs_the_rate():
    reduce = nn.callbacks.ReduceLROnPlateau()
    reduce.set_model(Fake())
    logs = {"loss": 1.0}
    with pytest.warns(UserWarning, match="ReduceLROnPlateau watches 'val_loss'"):
        reduce.on_epoch_end(0, logs)
    assert logs["learning_rate"] == np.float32(0.1)


def test_a_number_that_is_an_array():
    stop = nn.callbacks.EarlyStopping("matrix")
    with pytest.raises(ArgumentError, match=r"a single number. Got 'matrix', which is an array"):
        stop.on_epoch_end(0, {"matrix": [[1, 2], [3, 4]]})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.callbacks.EarlyStopping(patience=-1), "patience is too small"),
        (lambda: nn.callbacks.EarlyStopping(mode="up"), "unknown mode. Got 'up'"),
        (lambda: nn.callbacks.EarlyStopping(min_delta="x"), "min_delta must be a number"),
        (lambda: nn.callbacks.EarlyStopping(baseline="x"), "baseline must be a number"),
        (lambda: nn.callbacks.EarlyStopping(start_from_epoch=-2), "start_from_epoch is too small"),
        (lambda: nn.callbacks.ReduceLROnPlateau(factor=1.0), "factor is out of range. Got 1.0"),
        (lambda: nn.callbacks.ReduceLROnPlateau(cooldown=-1), "cooldown is too small"),
        (lambda: nn.callbacks.ReduceLROnPlateau(min_lr=-1), "min_lr is out of range"),
        (lambda: nn.callbacks.ModelCheckpoint(""), "filepath must name a file"),
        (lambda: nn.callbacks.ModelCheckpoint("x", save_freq="batch"), "save_freq must be"),
        (lambda: nn.callbacks.ModelCheckpoint("x", save_freq=0), "save_freq is too small"),
    ],
)
def test_arguments(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()


# --- ReduceLROnPlateau ------------------------------------------------------------------------


def test_reduce_lr_says_what_it_does(capsys):
    drive(nn.callbacks.ReduceLROnPlateau(factor=0.5, patience=1, verbose=1), [1, 1])
    assert capsys.readouterr().out == (
        "Epoch 2: ReduceLROnPlateau reducing learning rate to 0.05.\n"
    )


def test_reduce_lr_scales_a_schedule_from_then_on():
    schedule = nn.optimizers.schedules.ExponentialDecay(0.8, 1, 0.5)
    reduce = nn.callbacks.ReduceLROnPlateau(factor=0.25, patience=1)
    model = Fake()
    model.optimizer = nn.optimizers.SGD(schedule)
    reduce.set_model(model)
    rates = []
    for epoch, value in enumerate([1, 1, 0.5]):
        logs = {"val_loss": value}
        reduce.on_epoch_end(epoch, logs)
        rates.append(logs["learning_rate"])
        model.optimizer.iterations.assign_add(1)
    assert np.allclose(rates, [0.8, 0.4, 0.25 * 0.2])


def test_reduce_lr_stops_at_min_lr():
    reduce = nn.callbacks.ReduceLROnPlateau(factor=0.1, patience=1, min_lr=0.05)
    model = drive(reduce, [1, 1, 1, 1])
    assert model.optimizer.learning_rate.item() == np.float32(0.05)


def test_reduce_lr_reaches_the_compiled_step():
    """The rate is an input of the Step, not a constant of its Program."""
    x, y = np.ones((4, 1), "float32"), np.ones((4, 1), "float32")
    model = nn.Sequential([nn.layers.Dense(1, use_bias=False)])
    model.compile(nn.optimizers.SGD(0.1), "mse")
    model.fit(x, y, verbose=0)
    before = model.get_weights()[0].copy()
    model.optimizer.scale_learning_rate(0.0)
    model.fit(x, y, verbose=0)
    assert np.array_equal(model.get_weights()[0], before)
    with pytest.raises(ArgumentError, match="factor is out of range"):
        model.optimizer.scale_learning_rate(-1)


# --- ModelCheckpoint --------------------------------------------------------------------------


def test_checkpoint_fills_its_path_and_makes_folders(tmp_path):
    path = tmp_path / "runs" / "{epoch:02d}-{val_loss:.2f}.neurona"
    model = drive(nn.callbacks.ModelCheckpoint(path), [0.5, 0.25])
    assert [Path(p).name for p in model.saved] == ["01-0.50.neurona", "02-0.25.neurona"]
    assert (tmp_path / "runs" / "01-0.50.neurona").read_text() == "model"


def test_checkpoint_saves_weights_only(tmp_path, capsys):
    path = tmp_path / "w"
    model = drive(nn.callbacks.ModelCheckpoint(path, save_weights_only=True, verbose=1), [1.0])
    assert path.read_text() == "weights"
    assert capsys.readouterr().out == f"Epoch 1: saving model to {path}\n"
    assert model.saved == [str(path)]


def test_checkpoint_says_what_it_does(tmp_path, capsys):
    path = tmp_path / "best"
    drive(nn.callbacks.ModelCheckpoint(path, save_best_only=True, verbose=1), [1.0, 2.0, 0.5])
    assert capsys.readouterr().out.splitlines() == [
        f"Epoch 1: val_loss improved from None to 1.00000, saving model to {path}",
        "Epoch 2: val_loss did not improve from 1.00000",
        f"Epoch 3: val_loss improved from 1.00000 to 0.50000, saving model to {path}",
    ]


@pytest.mark.parametrize(
    ("execution", "freq", "expected"),
    [(1, 4, [(1, 4), (2, 3), (3, 2)]), (1, 5, [(1, 5), (2, 5), (3, 5)]), (2, 4, [(1, 4), (2, 4)])],
)
def test_checkpoint_every_so_many_batches(tmp_path, execution, freq, expected):
    save = nn.callbacks.ModelCheckpoint(tmp_path / "{epoch}-{batch}", save_freq=freq)
    save.set_model(Fake())
    ends = [0, 1, 2, 3, 4] if execution == 1 else [1, 3, 4]
    for epoch in range(3):
        save.on_epoch_begin(epoch)
        for batch in ends:
            save.on_train_batch_end(batch, {"loss": 1.0})
        save.on_epoch_end(epoch, {"loss": 1.0})
    found = [tuple(map(int, Path(p).name.split("-"))) for p in save.model.saved]
    assert found[: len(expected)] == expected


def test_checkpoint_without_its_number_warns_and_saves(tmp_path):
    save = nn.callbacks.ModelCheckpoint(tmp_path / "x", save_best_only=True)
    save.set_model(Fake())
    with pytest.warns(UserWarning, match="ModelCheckpoint watches 'val_loss'"):
        save.on_epoch_end(0, {"loss": 1.0})
    assert len(save.model.saved) == 1


def test_checkpoint_paths_that_cannot_be(tmp_path):
    save = nn.callbacks.ModelCheckpoint(tmp_path / "{val_acc}")
    with pytest.raises(ArgumentError, match="a field that cannot be filled") as error:
        save.on_epoch_end(0, {"loss": 1.0, "val_loss": 2.0})
    assert "expected fields among loss, val_loss, epoch" in str(error.value)
    save = nn.callbacks.ModelCheckpoint(tmp_path)
    with pytest.raises(ArgumentError, match=r"needs the name of a file\. Got folder"):
        save.on_epoch_end(0, {"loss": 1.0})


def test_checkpoint_goes_on_from_its_state(tmp_path):
    first = nn.callbacks.ModelCheckpoint(tmp_path / "x", save_best_only=True)
    drive(first, [1.0, 0.5])
    second = nn.callbacks.ModelCheckpoint(tmp_path / "x", save_best_only=True)
    second.set_model(Fake())
    second.set_state(first.get_state())
    second.on_epoch_end(2, {"val_loss": 0.7})
    assert second.model.saved == []


# --- what is better ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("monitor", "rising"),
    [
        ("val_accel_loss", False), ("auction_error", False), ("r2d2_loss", False), ("loss", False),
        ("val_head_loss", False), ("val_head_accuracy", True), ("R2Score", True), ("AUC", True),
        ("valAcc", True), ("f1", True), ("top_acc5", True), ("val_auc1", True), ("mae2", False),
        ("macro2", None), ("true_positives", True), ("false_negatives", False),
        ("acceleration", None), ("auction", None), ("lossless", None), ("accuracy_error", None),
        ("macro", None), ("maelstrom", None),
    ],
)  # fmt: skip
def test_the_direction_is_told_by_whole_words(monitor, rising):
    test_the_direction_is_told_by_the_name(monitor, rising)


@pytest.mark.parametrize("metric", sorted(set(nn.metrics.__all__)))
def test_metrics_tell_their_direction(metric):
    found = getattr(nn.metrics, metric)
    if isinstance(found, type) and metric not in ("Metric", "Mean", "Sum", "ConfusionMatrix",
                                                  "MeanMetricWrapper"):  # fmt: skip
        assert found.direction in ("max", "min")
        rises = found.direction == "max"
        down = ("Error", "entropy", "Hinge", "False", "Diverg", "Poisson", "Perpl", "LogCosh")
        assert rises == (not any(part in metric for part in down))


def test_the_direction_of_ones_own_metric_and_of_a_loss_as_a_metric():
    class Distance(nn.metrics.Mean):
        direction = "min"

    metrics = [Distance(name="accuracy"), nn.metrics.get(nn.losses.Huber())]
    for metric in metrics:
        stop = nn.callbacks.EarlyStopping(f"val_{metric.name}", patience=1)
        stop.set_model(Fake())
        stop.model.metrics = metrics
        stop.on_epoch_end(0, {f"val_{metric.name}": 1})
        stop.on_epoch_end(1, {f"val_{metric.name}": 2})
        assert stop.best == 1


def test_nan_is_never_better(tmp_path):
    nan = float("nan")
    stop = nn.callbacks.EarlyStopping(patience=2, restore_best_weights=True)
    model = drive(stop, [nan, 3, nan, 2, nan, nan, 1])
    assert (stop.best, stop.best_epoch, model.number) == (2, 3, 3)
    stop = nn.callbacks.EarlyStopping(patience=2, restore_best_weights=True)
    drive(stop, [nan, nan, nan])
    assert (stop.best, stop.stopped_epoch, stop.best_weights) == (None, 1, None)
    save = nn.callbacks.ModelCheckpoint(str(tmp_path / "{epoch}"), save_best_only=True)
    model = drive(save, [nan, 3, nan, 2])
    assert [Path(p).name for p in model.saved] == ["2", "4"]
    save = nn.callbacks.ModelCheckpoint(
        str(tmp_path / "m"), save_best_only=True, initial_value_threshold=nan
    )
    assert len(drive(save, [3.0]).saved) == 1
    reduce = nn.callbacks.ReduceLROnPlateau(patience=2)
    model = Fake()
    model.optimizer = nn.optimizers.SGD(1.0)
    reduce.set_model(model)
    for epoch, value in enumerate([nan, 1.0, nan, nan]):
        reduce.on_epoch_end(epoch, {"val_loss": value})
    assert reduce.best == 1
    assert model.optimizer.learning_rate.item() == np.float32(0.1)


def test_numbers_that_do_not_beat_the_baseline_do_not_renew_patience():
    stop = nn.callbacks.EarlyStopping(patience=3, baseline=0.5)
    drive(stop, [4, 3, 2, 1, 0.4])
    assert stop.stopped_epoch == 2
    stop = nn.callbacks.EarlyStopping(patience=3, baseline=2.5)
    drive(stop, [4, 3, 2, 2.1, 2.2, 2.3])
    assert stop.stopped_epoch == 5


@pytest.mark.parametrize("frequency", [2, np.int64(2), [2, 4]])
def test_epochs_without_validation_are_not_missed(tmp_path, frequency):
    x, y = np.ones((8, 2), "float32"), np.ones((8, 1), "float32")
    model = nn.Sequential([nn.layers.Dense(1)])
    model.compile("sgd", "mse")
    saved = nn.callbacks.ModelCheckpoint(str(tmp_path / "{epoch}"), save_best_only=True)
    callbacks = [
        nn.callbacks.EarlyStopping(patience=9), nn.callbacks.ReduceLROnPlateau(), saved
    ]  # fmt: skip
    history = model.fit(
        x, y, epochs=5, validation_data=(x, y), validation_freq=frequency,
        callbacks=callbacks, verbose=0,
    )  # fmt: skip
    assert history.epochs["val_loss"] == [1, 3]
    assert history.epochs["loss"] == [0, 1, 2, 3, 4]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["2", "4"]
    with pytest.warns(UserWarning, match="watches 'val_loss', which is not available"):
        model.fit(x, y, epochs=1, callbacks=[nn.callbacks.EarlyStopping()], verbose=0)

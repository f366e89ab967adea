"""Write keras_callbacks.json: what Keras's callbacks do. Run where Keras is installed:

KERAS_BACKEND=jax python tests/train/make_keras_callbacks.py
"""

import itertools
import json
import tempfile
import warnings
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent


def sequences():
    """Values of a monitored number, epoch by epoch: falling, resting, rising, with ties and NaN."""
    rng = np.random.default_rng(0)
    found = [
        [1.0, 0.9, 0.8, 0.8, 0.8, 0.8, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7],
        [0.5, 0.6, 0.7, 0.4, 0.5, 0.6, 0.7, 0.3, 0.9, 0.9, 0.9, 0.9],
        [1.0, 0.9999, 0.9998, 0.9997, 0.9, 0.89995, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8],
        [1.0, float("nan"), 0.5, float("nan"), 0.6, 0.7, 0.8, 0.9, 0.9, 0.9, 0.9, 0.9],
        [float("nan"), 0.5, 0.4, 0.3, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1],
    ]
    return found + [np.round(rng.random(12), 2).tolist() for _ in range(3)]


def stopping_cases():
    """Arguments of EarlyStopping."""
    for patience, min_delta, mode in itertools.product((0, 1, 3), (0, 0.15), ("min", "max")):
        yield {"patience": patience, "min_delta": min_delta, "mode": mode}
    for baseline, start in itertools.product((None, 0.55), (0, 3)):
        yield {"patience": 2, "baseline": baseline, "start_from_epoch": start, "mode": "auto"}


def plateau_cases():
    """Arguments of ReduceLROnPlateau."""
    for patience, cooldown, mode in itertools.product((0, 1, 2), (0, 2), ("min", "max")):
        yield {"factor": 0.5, "patience": patience, "cooldown": cooldown, "mode": mode}
    yield {"factor": 0.3, "patience": 1, "min_lr": 0.02, "mode": "auto"}
    yield {"factor": 0.3, "patience": 1, "min_delta": 0.15, "mode": "auto"}


def drive_stopping(lib, model, arguments, values):
    """Return the epoch that EarlyStopping stopped in, and the best one."""
    stop = lib.callbacks.EarlyStopping("val_loss", **arguments)
    stop.set_model(model)
    stop.on_train_begin()
    model.stop_training = False
    for epoch, value in enumerate(values):
        stop.on_epoch_end(epoch, {"val_loss": value})
        if model.stop_training:
            break
    return [stop.stopped_epoch, stop.best_epoch, stop.wait]


def drive_plateau(lib, model, arguments, values):
    """Return the learning rates that ReduceLROnPlateau logged."""
    reduce = lib.callbacks.ReduceLROnPlateau("val_loss", **arguments)
    reduce.set_model(model)
    reduce.on_train_begin()
    model.optimizer.learning_rate = 0.1
    rates = []
    for epoch, value in enumerate(values):
        logs = {"val_loss": value}
        reduce.on_epoch_end(epoch, logs)
        rates.append(logs["learning_rate"])
    return rates


def drive_checkpoint(lib, model, mode, threshold, values, folder, suffix):
    """Return the epochs that ModelCheckpoint saved, best only."""
    path = str(Path(folder) / ("{epoch:02d}" + suffix))
    save = lib.callbacks.ModelCheckpoint(
        path, "val_loss", save_best_only=True, mode=mode, initial_value_threshold=threshold
    )
    save.set_model(model)
    for epoch, value in enumerate(values):
        save.on_epoch_begin(epoch)
        save.on_epoch_end(epoch, {"val_loss": value})
    return sorted(int(p.name[:2]) for p in Path(folder).iterdir())


def recorder(base, calls):
    """Return a callback that notes each call: name, number, keys of the logs."""

    def note(name, takes_number):
        def numbered(self, number, logs=None):
            calls.append([name, number, sorted(logs or {})])

        def plain(self, logs=None):
            calls.append([name, None, sorted(logs or {})])

        return numbered if takes_number else plain

    methods = {}
    for kind in ("train", "test", "predict"):
        for when in ("begin", "end"):
            methods[f"on_{kind}_{when}"] = note(f"on_{kind}_{when}", False)
            methods[f"on_{kind}_batch_{when}"] = note(f"on_{kind}_batch_{when}", True)
    for when in ("begin", "end"):
        methods[f"on_epoch_{when}"] = note(f"on_epoch_{when}", True)
    return type("Recorder", (base,), methods)()


def drive_order(lib, model, csv_path):
    """Fit, evaluate and predict; return the calls and what CSVLogger wrote in the first columns."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(10, 3)).astype("float32"), rng.integers(0, 2, size=10)
    calls = []
    watch = recorder(lib.callbacks.Callback, calls)
    extra = [
        lib.callbacks.LearningRateScheduler(lambda epoch, rate: 0.5**epoch),
        watch,
        lib.callbacks.CSVLogger(csv_path),
    ]
    history = model.fit(
        x, y, batch_size=4, epochs=2, validation_data=(x[:5], y[:5]), verbose=0, callbacks=extra,
        validation_batch_size=3,
    )  # fmt: skip
    keys = sorted(history.history)
    model.evaluate(x, y, batch_size=4, verbose=0, callbacks=[watch])
    model.predict(x, batch_size=4, verbose=0, callbacks=[watch])
    rates = history.history["learning_rate"]
    return {
        "calls": calls,
        "keys": keys,
        "rates": rates,
        "header": Path(csv_path).read_bytes().split(b"\n")[0].decode(),
        "epoch": history.epoch,
    }


def main():
    import keras

    warnings.simplefilter("ignore")

    def network(steps_per_execution=1):
        model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2)])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(
            keras.optimizers.SGD(0.1),
            loss,
            metrics=["accuracy"],
            steps_per_execution=steps_per_execution,
        )
        return model

    found = {"keras": keras.__version__, "stopping": [], "plateau": [], "checkpoint": []}
    for values in sequences():
        found["stopping"].append(
            [drive_stopping(keras, network(), c, values) for c in stopping_cases()]
        )
        found["plateau"].append(
            [drive_plateau(keras, network(), c, values) for c in plateau_cases()]
        )
        row = []
        for mode, threshold in itertools.product(("min", "max"), (None, 0.6)):
            with tempfile.TemporaryDirectory() as folder:
                row.append(
                    drive_checkpoint(keras, network(), mode, threshold, values, folder, ".keras")
                )
        found["checkpoint"].append(row)
    with tempfile.TemporaryDirectory() as folder:
        found["order"] = drive_order(keras, network(), Path(folder) / "log.csv")
        found["order_2"] = drive_order(keras, network(2), Path(folder) / "log.csv")
    (HERE / "keras_callbacks.json").write_text(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()

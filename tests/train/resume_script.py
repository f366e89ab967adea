"""A small training that is killed and run again: python resume_script.py FOLDER [SAVE_FREQ]."""

import hashlib
import json
import sys
import time
from pathlib import Path

import numpy as np

import neurona as nn
from neurona import ops
from neurona.nn.context import reset_names


class Noise(nn.layers.Layer):
    """Drops a fifth of the inputs while training."""

    def call(self, x, training=False):
        if not training:
            return x
        return ops.where(nn.random.uniform(x.shape) < 0.8, x / 0.8, 0.0)


def problem():
    rng = np.random.default_rng(7)
    x = rng.normal(size=(90, 6)).astype("float32")
    y = (x[:, 0] * x[:, 1] > 0).astype("int64")
    return (x[:60], y[:60]), (x[60:], y[60:])


def network(seed=3, units=8, activation="tanh"):
    reset_names()  # the names of layers are in the files
    nn.random.set_seed(seed)
    model = nn.Sequential(
        [nn.layers.Dense(units, activation=activation), Noise(), nn.layers.Dense(2, name="scores")]
    )
    schedule = nn.optimizers.schedules.ExponentialDecay(0.05, 40, 0.7)
    loss = nn.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(nn.optimizers.Adam(schedule), loss, metrics=["accuracy"])
    return model


def callbacks_in(folder, save_freq="epoch", patience=4):
    return [
        nn.callbacks.BackupAndRestore(folder / "backup", save_freq=save_freq),
        nn.callbacks.EarlyStopping("val_loss", patience=patience, restore_best_weights=True),
        nn.callbacks.ReduceLROnPlateau("val_loss", factor=0.5, patience=1, cooldown=1),
        nn.callbacks.CSVLogger(folder / "log.csv"),
        nn.callbacks.ModelCheckpoint(folder / "best.safetensors", save_best_only=True),
    ]


def train(folder, save_freq="epoch", extra=(), epochs=9, seed=3):
    """Train and return what must be equal, whether it was interrupted or not."""
    (x, y), held = problem()
    model = network(seed)
    callbacks = [*callbacks_in(folder, save_freq), *extra]
    history = model.fit(x, y, 8, epochs, validation_data=held, callbacks=callbacks, verbose=0)
    return result(folder, model, history)


def result(folder, model, history):
    model.save(folder / "final.safetensors")
    return {
        "final": hashlib.sha256((folder / "final.safetensors").read_bytes()).hexdigest(),
        "best": hashlib.sha256((folder / "best.safetensors").read_bytes()).hexdigest(),
        "history": json.dumps([history.epoch, history.history]),
        "csv": (folder / "log.csv").read_text(),
    }


class Slowly(nn.callbacks.Callback):
    """Gives the killer time to strike in any batch."""

    def on_train_batch_end(self, batch, logs=None):
        time.sleep(0.002)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    freq = int(sys.argv[2]) if len(sys.argv) > 2 else "epoch"
    print("training", flush=True)
    found = train(folder, freq, [Slowly()])
    (folder / "result.json").write_text(json.dumps(found))

"""A small training that is killed and run again: python making_script.py FOLDER NAME."""

import hashlib
import json
import sys
import time
from pathlib import Path

import numpy as np

import neurona as nn
from neurona import zoo
from neurona.nn.context import reset_names
from neurona.optimizers import Adam


def images():
    """Two kinds of images: a bar on the left, and one below."""
    rng = np.random.default_rng(7)
    y = np.arange(48) % 2
    x = np.where(
        y[:, None, None, None] == 0, np.eye(8)[1][None, :, None], np.eye(8)[6][:, None, None]
    )
    return (2 * x - 1 + 0.1 * rng.normal(size=(48, 8, 8, 1))).astype("float32"), y.astype("int32")


def model(name):
    reset_names()  # the names of layers are in the files
    nn.random.set_seed(3)
    if name == "DDPM":
        made = zoo.DDPM((8, 8, 1), (8, 8), classes=2, steps=20, schedule="cosine", dropout=0.1)
        made.compile(Adam(0.01, use_ema=True, ema_momentum=0.9))
        return made
    made = {
        "GAN": lambda: zoo.GAN((8, 8, 1), 4, (16, 32), classes=2),
        "DCGAN": lambda: zoo.DCGAN(8, latent=4, width=4, classes=2),
        "WGAN": lambda: zoo.WGAN(8, latent=4, width=4, classes=2, critic_steps=2),
    }[name]()
    made.compile(Adam(0.01, 0.5, use_ema=True, ema_momentum=0.9), Adam(0.01, 0.5))
    return made


class Slowly(nn.callbacks.Callback):
    """Gives the killer time to strike in any batch."""

    def on_train_batch_end(self, batch, logs=None):
        time.sleep(0.01)


def train(folder, name, extra=(), epochs=4):
    """Train and return what must be equal, whether it was interrupted or not."""
    x, y = images()
    made = model(name)
    saver = nn.callbacks.BackupAndRestore(folder / "backup", save_freq=2)
    history = made.fit(x, y, 12, epochs, callbacks=[saver, *extra], verbose=0)
    made.save(folder / "final.safetensors")
    return {
        "final": hashlib.sha256((folder / "final.safetensors").read_bytes()).hexdigest(),
        "history": json.dumps([history.epoch, history.history]),
    }


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    print("training", flush=True)
    found = train(folder, sys.argv[2], [Slowly()])
    (folder / "result.json").write_text(json.dumps(found))

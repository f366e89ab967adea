"""The loaders, each with files that it can load and the way to change them."""

import gzip
import io
import json
import tarfile
import warnings
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np

import neurona as nn
from neurona.data.image_file import read_image
from neurona.datasets import cifar10
from neurona.datasets.text_lines import read_lines
from neurona.nn.nested import write_nested
from neurona.train.callbacks import backup
from neurona.train.tensor_file import read_tensors, write_tensors
from tests.mutations.changes import changed, changed_json

layers = nn.layers


class Target:
    """A loader: `change(r)` writes a changed file and returns its size, `load()` loads it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / self.name
        self.start()

    name = "file"

    def start(self) -> None:
        """Make what is to be changed."""

    def change(self, r: Random) -> int:
        content = changed(r, r.choice(self.originals))
        self.path.write_bytes(content)
        return len(content)

    def load(self) -> None:
        raise NotImplementedError


def models() -> list[Callable]:
    x, y = np.zeros((4, 6)), np.zeros((4, 2))

    def trained(model, x=x, y=y, optimizer="adam", **settings):
        model.compile(optimizer, "mse", **settings)
        model.fit(x, y, epochs=1, batch_size=2, verbose=0)
        return model

    inner = nn.Sequential([nn.Input((6,)), layers.Dense(4, "relu"), layers.Dropout(0.5)])
    a = nn.Input((6,))
    shared = layers.Dense(2, kernel_regularizer="l2")
    functional = nn.Model(a, shared(a) + shared(layers.Reshape((6,))(a)) * 2.0)
    image = np.zeros((4, 8, 8, 1))
    convolutional = nn.Sequential(
        [nn.Input((8, 8, 1)), layers.Conv2D(2, 3), layers.BatchNormalization(),
         layers.MaxPooling2D(2), layers.Flatten(), layers.Dense(2, "softmax")]
    )  # fmt: skip
    rate = nn.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    return [
        trained(nn.Sequential([nn.Input((6,)), inner, layers.Dense(2)]), metrics=["mae"]),
        trained(functional, optimizer=nn.optimizers.SGD(rate, momentum=0.9)),
        trained(convolutional, image, metrics=[nn.metrics.AUC(), nn.metrics.F1Score()]),
    ]


class Model(Target):
    """Bytes of a saved model."""

    def start(self) -> None:
        self.originals = []
        for model in models():
            model.save(self.path)
            self.originals.append(self.path.read_bytes())

    def load(self) -> None:
        nn.models.load_model(self.path)


class SealedModel(Model):
    """The description of a saved model, with right checksums."""

    def start(self) -> None:
        self.originals = []
        for model in models():
            model.save(self.path)
            arrays, metadata = read_tensors(self.path)
            self.originals.append((arrays, json.loads(metadata["neurona"])))

    def change(self, r: Random) -> int:
        arrays, found = r.choice(self.originals)
        if r.random() < 0.2:
            name = r.choice(sorted(arrays))
            arrays = {n: a for n, a in arrays.items() if n != name or r.random() < 0.5}
            arrays |= {r.choice(sorted(arrays)): r.choice([np.zeros(3), np.zeros((0, 7), "int8")])}
        text = json.dumps(changed_json(r, found))
        write_tensors(self.path, arrays, {"neurona": text})
        return self.path.stat().st_size


class Forged(Model):
    """Models of all public classes and operations, with numbers as large as can be."""

    def start(self) -> None:
        from tests.mutations import forged

        self.originals, self.write = forged.originals(self.path), forged.write_forged

    def change(self, r: Random) -> int:
        return self.write(self.path, r, self.originals)


class Weights(Model):
    """Bytes of a saved model, of which the weights are read."""

    def start(self) -> None:
        super().start()
        self.model = models()[0]

    def load(self) -> None:
        self.model.load_weights(self.path)


class Backup(Target):
    """Bytes of the backup of a training."""

    def start(self) -> None:
        self.model = models()[0]
        stop = nn.callbacks.EarlyStopping("loss", patience=9, restore_best_weights=True)
        kept = nn.callbacks.BackupAndRestore(self.folder / "kept", delete_checkpoint=False)
        x, y = np.zeros((4, 6)), np.zeros((4, 2))
        running = nn.callbacks.LambdaCallback(on_train_begin=self.note)
        self.model.fit(x, y, epochs=2, verbose=0, callbacks=[stop, kept, running])
        self.model._training.run = self.run
        self.originals = [kept.path.read_bytes()]

    def note(self, logs=None) -> None:
        self.run, self.identity = self.model._training.run, backup.identity(self.model)

    def change(self, r: Random) -> int:
        before = self.folder / "before"
        before.write_bytes(self.originals[0])
        backup.restore(self.model, backup.read(before))  # what an earlier change had left
        return super().change(r)

    def load(self) -> None:
        saved = backup.read(self.path)
        backup.check_identity(saved, self.identity, self.path)
        backup.restore(self.model, saved)


class SealedBackup(Backup):
    """The state in a backup, with right checksums."""

    def start(self) -> None:
        super().start()
        self.path.write_bytes(self.originals[0])
        self.arrays, metadata = read_tensors(self.path)
        self.info = json.loads(metadata["state"])

    def change(self, r: Random) -> int:
        super().change(r)
        info = {**changed_json(r, {k: v for k, v in self.info.items() if k != "identity"})}
        info.setdefault("identity", self.info["identity"])
        metadata = {"format": backup.FORMAT, "state": json.dumps(info)}
        write_tensors(self.path, self.arrays, metadata)
        return self.path.stat().st_size


class Idx(Target):
    """IDX files, plain and packed."""

    def start(self) -> None:
        rng = np.random.default_rng(0)
        plain = []
        for array in (
            rng.integers(0, 255, (9, 5, 4), np.uint8),
            np.zeros(7),
            np.ones((2, 3), "i2"),
        ):
            nn.datasets.write_idx(self.path, array)
            plain.append(self.path.read_bytes())
        self.plain, self.originals = plain, [*plain, *(gzip.compress(p) for p in plain)]

    def change(self, r: Random) -> int:
        if r.random() < 0.7:
            return super().change(r)
        content = gzip.compress(changed(r, r.choice(self.plain)))
        self.path.write_bytes(content)
        return len(content)

    def load(self) -> None:
        nn.datasets.read_idx(self.path)


class Csv(Target):
    """CSV files."""

    originals = (
        b"width,height,kind\n" + b"1.5,2,cat\n-3,4e3,ant\n" * 20,
        b"1,2,3\n4,5,6\n7,8,9\n",
        '"a ""b""";"ü"\n1;2\n3;4\n'.encode(),
        b"\xef\xbb\xbfx,y\r\n1,2\r\n",
    )

    def start(self) -> None:
        self.options = [{}, {"missing": "mean"}, {"delimiter": ";"}, {"target": None},
                        {"thousands": ",", "delimiter": ";"}, {"target_kind": "class"}]  # fmt: skip

    def change(self, r: Random) -> int:
        self.chosen = r.choice(self.options)
        return super().change(r)

    def load(self) -> None:
        nn.datasets.from_csv(self.path, **self.chosen)


class Images(Target):
    """A folder of images."""

    def start(self) -> None:
        from PIL import Image

        rng = np.random.default_rng(0)
        self.originals = []
        for mode, shape in (
            ("RGB", (9, 8, 3)),
            ("L", (9, 8)),
            ("RGBA", (9, 8, 4)),
            ("I;16", (9, 8)),
        ):
            high = 2**16 if mode == "I;16" else 2**8
            pixels = rng.integers(0, high, shape).astype("uint16" if mode == "I;16" else "uint8")
            image = Image.fromarray(pixels)
            for form in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM"):
                stream = io.BytesIO()
                try:
                    image.save(stream, form)
                except (OSError, KeyError, ValueError):
                    continue
                self.originals.append(stream.getvalue())
        pngs = [c for c in self.originals if c.startswith(b"\x89PNG")]
        self.originals += pngs * 3
        self.path = self.folder / "images" / "a" / "1.png"
        self.path.parent.mkdir(parents=True)
        (self.folder / "images" / "b").mkdir()
        (self.folder / "images" / "b" / "2.png").write_bytes(pngs[0])

    def load(self) -> None:
        try:
            nn.datasets.from_folder(self.folder / "images", color_mode="rgb")
        finally:
            read_image(self.path, "grayscale", (7, 5))


class Cifar(Target):
    """CIFAR-10: the archive, and the six files."""

    def start(self) -> None:
        rng = np.random.default_rng(0)
        stream = io.BytesIO()
        self.batches = {}
        with tarfile.open(fileobj=stream, mode="w") as archive:
            for name in cifar10.TRAIN + cifar10.TEST:
                records = rng.integers(0, 255, (2, cifar10.RECORD)).astype(np.uint8)
                records[:, 0] %= 10
                info = tarfile.TarInfo(f"{cifar10.INNER}/{name}")
                info.size = records.nbytes
                archive.addfile(info, io.BytesIO(records.tobytes()))
                self.batches[name] = records.tobytes()
        self.plain = stream.getvalue()
        self.packed = gzip.compress(self.plain)
        self.path = self.folder / cifar10.ARCHIVE

    def change(self, r: Random) -> int:
        kind = r.randrange(3)
        for name in self.batches:
            (self.folder / name).unlink(missing_ok=True)
        if kind == 0:
            chosen = r.choice(sorted(self.batches))
            for name, content in self.batches.items():
                content = changed(r, content) if name == chosen else content
                (self.folder / name).write_bytes(content)
            return sum((self.folder / name).stat().st_size for name in self.batches)
        content = changed(r, self.packed) if kind == 1 else gzip.compress(changed(r, self.plain), 1)
        self.path.write_bytes(content)
        return len(content)

    def load(self) -> None:
        cifar10.load_data(self.folder)


class Sounds(Target):
    """Recordings of several formats, resampled."""

    def start(self) -> None:
        import soundfile

        self.originals = []
        samples = np.sin(np.arange(4000) / 7)
        for form in ("WAV", "FLAC", "OGG", "AIFF", "AU"):
            stream = io.BytesIO()
            soundfile.write(stream, np.stack([samples, samples], 1), 8000, format=form)
            self.originals.append(stream.getvalue())

    def load(self) -> None:
        nn.data.sound.read_sound(self.path, 16_000)


class Text(Target):
    """Texts of data sets, plain and packed."""

    def start(self) -> None:
        text = "".join(f"line {i} of a text\n" for i in range(300)).encode()
        self.originals = [text, gzip.compress(text)]

    def load(self) -> None:
        read_lines(self.path, "a text")


class Nested(Target):
    """JSON of all kinds, through the reader of nested values."""

    def start(self) -> None:
        value = {"a": [1, (2.5, None), {"b": ["x"], 3: ()}], "c": float("inf")}
        self.originals = [json.dumps(write_nested(value, lambda x: x)).encode()]

    def load(self) -> None:
        nn.models.model_from_json(self.path.read_text(errors="surrogateescape"))


TARGETS = {
    "model": Model, "sealed-model": SealedModel, "forged": Forged, "weights": Weights,
    "backup": Backup, "sealed-backup": SealedBackup, "idx": Idx, "csv": Csv, "images": Images,
    "sounds": Sounds, "text": Text, "cifar": Cifar, "json": Nested,
}  # fmt: skip


def made(name: str, folder: Path) -> Target:
    """Return a target, ready to be changed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return TARGETS[name](folder)

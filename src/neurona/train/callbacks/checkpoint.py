"""Callbacks that save the model: ModelCheckpoint for use, BackupAndRestore for an exact resume."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any, ClassVar

from neurona.errors import ArgumentError, check_integer
from neurona.files import alone
from neurona.terminal import say
from neurona.train.callbacks import backup
from neurona.train.callbacks.callback import Callback, Logs
from neurona.train.callbacks.monitor import Monitor
from neurona.train.file_names import check_ending


class Frequency:
    """Says when it is time to save: after each epoch, or every so many batches.

    Args:
        save_freq: "epoch", or a number of batches, counted across epochs.
    """

    def __init__(self, save_freq: Any) -> None:
        if save_freq != "epoch":
            if isinstance(save_freq, str):
                raise ArgumentError(
                    'save_freq must be "epoch" or a number of batches.', got=repr(save_freq)
                )
            save_freq = check_integer("save_freq", save_freq, minimum=1)
        self.every = save_freq
        self.start()

    def start(self) -> None:
        """Count from here."""
        self.seen, self.last = 0, -1

    def is_due(self, batch: int) -> bool:
        """Count up to a batch, the last of `steps_per_execution`, and say whether to save now."""
        if self.every == "epoch":
            return False
        self.seen += batch - self.last if batch > self.last else batch + 1
        self.last = batch
        if self.seen < self.every:
            return False
        self.seen = 0
        return True


class ModelCheckpoint(Monitor):
    """Save the model, or its weights, after each epoch or every so many batches.

    Args:
        filepath: where; may contain fields of the format language: `{epoch:02d}` (from 1),
            `{batch}`, and the keys of the logs, such as `{val_loss:.2f}`. Folders are made.
        monitor: key in the logs that decides what is best.
        verbose: 1 prints what it does.
        save_best_only: save only when the number is the best so far.
        save_weights_only: save the weights only.
        mode: "min", "max", or "auto" to tell by the metric.
        save_freq: "epoch", or a number of batches.
        initial_value_threshold: the number to beat first.
    """

    def __init__(
        self,
        filepath: Any,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: Any = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        super().__init__(monitor, mode, best=initial_value_threshold)
        self.filepath = os.fspath(filepath)
        if not self.filepath:
            raise ArgumentError("filepath must name a file.", got="''")
        check_ending(Path(self.filepath))  # rather than at the end of an epoch
        self.verbose, self.save_best_only = verbose, save_best_only
        self.save_weights_only = save_weights_only
        self.frequency = Frequency(save_freq)
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._epoch = epoch

    @property
    def each_batch(self) -> bool:
        """Whether it saves between batches."""
        return self.frequency.every != "epoch"

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if self.frequency.is_due(batch):
            self._save(self._epoch, logs or {}, batch)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.frequency.every == "epoch":
            self._save(epoch, logs or {}, None)

    def _save(self, epoch: int, logs: Logs, batch: int | None) -> None:
        path = self.path(epoch, logs, batch)
        if not self._is_due(epoch, logs, path):
            return
        if os.path.isdir(path):
            raise ArgumentError("ModelCheckpoint needs the name of a file.", got=f"folder {path}")
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            self.model.save(path, overwrite=True)

    def _is_due(self, epoch: int, logs: Logs, path: str) -> bool:
        if self.save_best_only and self.monitor not in logs and self.awaits(epoch):
            return False
        current = self.value(epoch, logs) if self.save_best_only else None
        if current is None:
            self._say(epoch, f"saving model to {path}")
            return True
        best = "None" if self.best is None else f"{self.best:.5f}"
        if not self.is_better(current, self.best):
            self._say(epoch, f"{self.monitor} did not improve from {best}")
            return False
        self._say(
            epoch, f"{self.monitor} improved from {best} to {current:.5f}, saving model to {path}"
        )
        self.best = current
        return True

    def _say(self, epoch: int, message: str) -> None:
        if self.verbose:
            say(f"Epoch {epoch + 1}: {message}")

    def path(self, epoch: int, logs: Logs, batch: int | None = None) -> str:
        """Return the file's name for an epoch and its logs.

        >>> ModelCheckpoint("runs/{epoch:02d}-{loss:.2f}.neurona").path(0, {"loss": 0.123})
        'runs/01-0.12.neurona'
        """
        fields = {**({} if batch is None else {"batch": batch + 1}), **logs, "epoch": epoch + 1}
        try:
            return self.filepath.format(**fields)
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise ArgumentError(
                "ModelCheckpoint: filepath has a field that cannot be filled.",
                got=f"{self.filepath!r} ({type(error).__name__}: {error})",
                expected=f"fields among {', '.join(fields)}",
            ) from None

    def get_state(self) -> dict[str, Any]:
        return {"best": self.best, "seen": self.frequency.seen, "last": self.frequency.last}

    def set_state(self, state: dict[str, Any]) -> None:
        self.best = state["best"]
        self.frequency.seen, self.frequency.last = state["seen"], state["last"]


class BackupAndRestore(Callback):
    """Back up the whole state of the training; `fit` after a crash goes on from there, bit for bit.

    Run the same script again after it was killed, at any moment: weights, optimiser, schedules,
    shuffling, dropout, metrics, History and the other callbacks go on as if nothing had happened.
    The backup is one file, `training.backup`, that is replaced as a whole; it is removed when the
    training has come to its end.

    Args:
        backup_dir: its folder, for nothing else; made if needed.
        save_freq: "epoch", or a number of batches.
        double_checkpoint: keep the backup before the last one too, and use it if the last cannot
            be read.
        delete_checkpoint: False keeps the backup of a finished training: `fit` then goes on from
            it when asked for more epochs.

    Raises:
        FormatError: at the start of `fit`, if the backup cannot be read.
        StateError: at the start of `fit`, if the backup is that of another model, other settings
            of `compile`, another engine, other data (all numbers are compared; of a generator only
            its seed) or other callbacks; or if another training uses the folder.
    """

    order = 3  # saves what all others, History too, have made of an epoch
    of_the_run: ClassVar = {"_folder": contextlib.ExitStack}

    def __init__(
        self,
        backup_dir: Any,
        save_freq: Any = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        if not os.fspath(backup_dir):
            raise ArgumentError("backup_dir must name a folder.", got=repr(backup_dir))
        self.path = Path(backup_dir) / "training.backup"
        self.previous = self.path.with_suffix(".backup.previous")
        self.frequency = Frequency(save_freq)
        self.double_checkpoint, self.delete_checkpoint = double_checkpoint, delete_checkpoint
        self._identity: dict[str, Any] = {}
        self._resumed: backup.Saved | None = None
        self._folder = contextlib.ExitStack()

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.on_exit()
        self._folder.enter_context(alone(self.path.parent, "give each training its own backup_dir"))
        self.frequency.start()
        self._identity = backup.identity(self.model)
        self._resumed = backup.read_newest([self.path, self.previous])
        if self._resumed is not None:
            backup.check_identity(self._resumed, self._identity, self.path)
            backup.restore(self.model, self._resumed)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        # The other callbacks began this epoch before the crash, and now again: take back what
        # that changed, such as a learning rate that was halved twice.
        if self._resumed is not None and self.model._training.position.batch:
            backup.restore(self.model, self._resumed)
        self._resumed = None

    @property
    def each_batch(self) -> bool:
        """Whether it saves between batches."""
        return self.frequency.every != "epoch"

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if self.frequency.is_due(batch):
            self._save()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.frequency.every == "epoch" or self.model.stop_training:
            self._save()

    def _save(self) -> None:
        previous = self.previous if self.double_checkpoint else None
        backup.write(self.path, backup.collect(self.model, self._identity), previous)

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.delete_checkpoint:
            backup.remove(self.path, self.previous)

    def on_exit(self) -> None:
        self._folder.close()
        with contextlib.suppress(OSError):  # unless the user keeps other files there
            self.path.parent.rmdir()

    def get_state(self) -> dict[str, Any]:
        return {"seen": self.frequency.seen, "last": self.frequency.last}

    def set_state(self, state: dict[str, Any]) -> None:
        self.frequency.seen, self.frequency.last = state["seen"], state["last"]

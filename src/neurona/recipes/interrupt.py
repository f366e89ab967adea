"""Ctrl-C without a loss: training stops between two batches, after a backup."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from neurona.callbacks import BackupAndRestore

SAVE_EVERY = 25  # batches
PAUSE = 0.5  # seconds between backups at least: of a small network they take longer than a batch


class Stopped(KeyboardInterrupt):
    """Ctrl-C was pressed, and the state of the run is saved; the text says where it stopped."""


class Saver(BackupAndRestore):
    """Backs up every so many batches, and once more before it stops when Ctrl-C is pressed.

    As a context it takes Ctrl-C: the first asks to stop after the batch that is being computed,
    the second stops at once.

    Args:
        folder: of the backup. It stays when training is over, until the results are written.
        told: called with epoch and batch when the training goes on from a backup.
    """

    def __init__(self, folder: Path, told: Callable[[int, int], None]) -> None:
        super().__init__(folder, save_freq=SAVE_EVERY, delete_checkpoint=False)
        self.told, self.asked, self.saved = told, False, -math.inf

    def __enter__(self) -> Saver:
        self._before: Any = None
        if threading.current_thread() is threading.main_thread():  # signals belong to it
            self._before = signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(self, *error: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _ask(self, number: int, frame: Any) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True

    def on_train_begin(self, logs: dict | None = None) -> None:
        before = self.path.exists()
        super().on_train_begin(logs)
        if before:
            position = self.model._training.position
            self.told(position.epoch, position.batch)

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        super().on_train_batch_end(batch, logs)
        self._stop_if_asked()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        super().on_epoch_end(epoch, logs)
        self._stop_if_asked()

    def _save(self) -> None:
        if self.asked or time.monotonic() - self.saved > PAUSE:
            super()._save()
            self.saved = time.monotonic()

    def _stop_if_asked(self) -> None:
        if self.asked:
            self._save()
            position = self.model._training.position
            epoch, batch = position.epoch, position.batch
            where = f"in epoch {epoch + 1} after batch {batch}" if batch else f"after epoch {epoch}"
            raise Stopped(f"stopped {where}.")

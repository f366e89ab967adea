"""A run that is asked to stop, as by Ctrl-C."""

import contextlib

import pytest

from neurona.recipes import interrupt
from neurona.recipes.interrupt import Stopped


@contextlib.contextmanager
def stopped_at(batch):
    """Ask the run within to stop in a batch of its first epoch, and expect that it does."""
    original = interrupt.Saver.on_train_batch_end

    def asked(self, number, logs=None):
        self.asked = number == batch
        original(self, number, logs)

    told = f"stopped in epoch 1 after batch {batch + 1}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(interrupt.Saver, "on_train_batch_end", asked)
        with pytest.raises(Stopped, match=told):
            yield

"""What a callback is, and how several are called as one."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import Any, ClassVar

from neurona.errors import ArgumentError

Logs = dict[str, Any]


class Callback:
    """Base of the callbacks; override the methods that you need.

        class Stopwatch(nn.callbacks.Callback):
            def on_epoch_end(self, epoch, logs=None):
                print(epoch, time.process_time(), logs["loss"])

    A callback whose decisions depend on what it saw before also overrides `get_state` and
    `set_state`, and is then resumed exactly by `BackupAndRestore`.

    Attributes:
        model: the model that is trained.
        params: settings of the run: `epochs`, `steps`, `verbose`.
        order: callbacks of a lower order are called first; within an order, as they were given.
        each_batch: whether its batch methods are called for each batch (or for each
            `steps_per_execution`), rather than some ten times a second, which leaves the engine
            undisturbed.
        in_bulk: whether its `extend` does what `on_epoch_end` does for each epoch, so that several
            may run in one call of the engine; it counts in the class that says it, not below.
        diagnoses: whether it tells what goes wrong, so that `fit` leaves out its plain warnings.
    """

    model: Any = None
    params: dict[str, Any]
    order = 0
    each_batch: Any = True
    in_bulk = False
    diagnoses = False
    of_the_run: ClassVar[dict[str, Callable]] = {}  # attribute -> what a copy has in its place

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), **{name: new() for name, new in self.of_the_run.items()}}

    def set_model(self, model: Any) -> None:
        """Take the model that is going to be trained."""
        self.model = model

    def set_params(self, params: dict[str, Any]) -> None:
        """Take the settings of the run."""
        self.params = params

    def around(self, step: Any) -> Any:
        """Return what runs a training's steps in place of a Step: itself, or what watches it."""
        return step

    def get_state(self) -> dict[str, Any]:
        """Return what an exact resume needs: numbers, strings, lists, dicts and NumPy arrays."""
        return {}

    def set_state(self, state: dict[str, Any]) -> None:
        """Put back what `get_state` returned; called after `on_train_begin`."""

    def undisturbed(self, epoch: int, batch: int) -> int:
        """Return how many steps, at least 1, may pass from a batch on without its being called.

        For callbacks that look at certain steps, while the engine is left alone between them; see
        `each_batch`.
        """
        return sys.maxsize

    def extend(self, first: int, columns: dict[str, list]) -> None:
        """Take the logs of several epochs, numbered from `first`: name -> a value for each."""

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Before the first epoch."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """After the last epoch."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Before an epoch; again after a resume in the middle of it."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """After an epoch and its validation."""

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a batch of training; another name of `on_train_batch_begin`."""

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a batch of training; another name of `on_train_batch_end`."""

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a batch (with `steps_per_execution`, the first of several)."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a batch (with `steps_per_execution`, the last of several)."""
        self.on_batch_end(batch, logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Before an evaluation."""

    def on_test_end(self, logs: Logs | None = None) -> None:
        """After an evaluation."""

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a batch of an evaluation."""

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a batch of an evaluation."""

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Before a prediction."""

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """After a prediction."""

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a batch of a prediction."""

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a batch of a prediction."""

    def on_exit(self) -> None:
        """When the run ends in any way, Ctrl-C and errors too: let go of files and the terminal."""


_SHORT = {"on_train_batch_begin": "on_batch_begin", "on_train_batch_end": "on_batch_end"}


def _overrides(callback: Callback, method: str) -> bool:
    own = method in vars(callback)
    return own or getattr(type(callback), method) is not getattr(Callback, method)


class CallbackList:
    """Several callbacks as one, called in order; methods that nobody overrides cost nothing.

    Args:
        callbacks: a callback, or a list of them.
        model: given to each of them.
        params: settings of the run, given to each of them.

    Raises:
        ArgumentError: if one of them is no Callback.
    """

    def __init__(self, callbacks: Any, model: Any, params: dict[str, Any]) -> None:
        given = callbacks if isinstance(callbacks, list | tuple) else [callbacks]
        for callback in given:
            if not isinstance(callback, Callback):
                name = callback.__name__ if inspect.isclass(callback) else ""
                raise ArgumentError(
                    "callbacks are objects of classes derived from Callback.",
                    got=f"the class {name}" if name else repr(callback),
                    hint=f"{name}()" if name else "callbacks.LambdaCallback(on_epoch_end=f)",
                )
        self.callbacks: list[Callback] = sorted(given, key=lambda c: c.order)
        self._overriding: dict[str, list[Callback]] = {}
        for callback in self.callbacks:
            callback.set_params(params)
            callback.set_model(model)

    def hold(self, callbacks: list[Callback]) -> None:
        """Call these from now on, all of which were among them."""
        self.callbacks = list(callbacks)
        self._overriding.clear()

    def wants(self, method: str) -> list[Callback]:
        """Return the callbacks that do something in a method."""
        if method not in self._overriding:
            names = [method, _SHORT[method]] if method in _SHORT else [method]
            self._overriding[method] = [
                c for c in self.callbacks if any(_overrides(c, name) for name in names)
            ]
        return self._overriding[method]

    def watch_each(self, kind: str) -> bool:
        """Say whether some callback must be called for each batch of training ("train"), ..."""
        hooks = (f"on_{kind}_batch_begin", f"on_{kind}_batch_end")
        return any(c.each_batch for hook in hooks for c in self.wants(hook))

    def undisturbed(self, epoch: int) -> Callable[[int], int] | None:
        """Return what says for how many steps from a batch on no callback looks; None: for all."""
        looking = self.wants("undisturbed")
        if not looking:
            return None
        return lambda batch: min(c.undisturbed(epoch, batch) for c in looking)

    def call(self, method: str, *args: Any) -> None:
        """Call a method of all callbacks that override it."""
        for callback in self.wants(method):
            getattr(callback, method)(*args)

    def around(self, step: Any) -> Any:
        """Return what runs a training's steps."""
        for callback in self.wants("around"):
            step = callback.around(step)
        return step

    def close(self) -> None:
        """Let all callbacks release what they hold; an error is raised after all had a go."""
        errors: list[Exception] = []
        for callback in self.wants("on_exit"):
            try:
                callback.on_exit()
            except Exception as error:
                errors.append(error)
        if errors:
            raise errors[0]


class LambdaCallback(Callback):
    """A callback made of functions.

    Args:
        on_epoch_begin, on_epoch_end: called with (epoch, logs).
        on_train_begin, on_train_end: called with (logs).
        on_train_batch_begin, on_train_batch_end: called with (batch, logs).

    >>> report = LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, logs["loss"]))
    >>> report.on_epoch_end(0, {"loss": 0.5})
    0 0.5
    """

    def __init__(
        self,
        on_epoch_begin: Callable | None = None,
        on_epoch_end: Callable | None = None,
        on_train_begin: Callable | None = None,
        on_train_end: Callable | None = None,
        on_train_batch_begin: Callable | None = None,
        on_train_batch_end: Callable | None = None,
    ) -> None:
        functions = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
        }
        for name, function in functions.items():
            if function is None:
                continue
            if not callable(function):
                raise ArgumentError(f"{name} must be a function.", got=repr(function))
            setattr(self, name, function)

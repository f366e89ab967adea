"""What older scripts say to a model: methods and arguments of Keras 1 and 2, in today's words.

Each works as it did, with a warning that names what is written now.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np

from neurona.core import origin
from neurona.errors import unknown

F = TypeVar("F", bound=Callable[..., Any])

# argument -> what it is called today; None: it was about how batches are fetched, or shown
_ARGUMENTS: dict[str, dict[str, str | None]] = {
    "fit": {
        "nb_epoch": "epochs", "samples_per_epoch": None, "nb_val_samples": None,
        "show_accuracy": None, "nb_worker": None, "pickle_safe": None, "max_q_size": None,
        "workers": None, "use_multiprocessing": None, "max_queue_size": None,
    },
    "compile": {
        "class_mode": None, "sample_weight_mode": None, "target_tensors": None,
        "experimental_steps_per_execution": "steps_per_execution",
        "experimental_run_tf_function": None,
    },
}  # fmt: skip
for _method in ("evaluate", "predict", "predict_generator"):
    _ARGUMENTS[_method] = _ARGUMENTS["fit"]
_SAYS = {
    "show_accuracy": 'compile(..., metrics=["accuracy"])',
    "samples_per_epoch": "steps_per_epoch, in batches",
    "nb_val_samples": "validation_steps, in batches",
}


def todays(method: str, given: dict[str, Any], known: list[str]) -> dict[str, Any]:
    """Return arguments of a method by today's names; those that mean nothing today are left out.

    Args:
        method: "fit", "evaluate", "predict_generator" or "compile".
        given: what it got besides the arguments that it has.
        known: the arguments that it has, for the message.

    Raises:
        ArgumentError: for a name that neither is nor was an argument.
    """
    found: dict[str, Any] = {}
    for name, value in given.items():
        if name not in _ARGUMENTS[method]:
            raise unknown(f"argument of {method}", name, known)
        today = _ARGUMENTS[method][name]
        if today is not None:
            found[today] = value
        if value not in (None, False):
            says = today or _SAYS.get(name, "")
            origin.warn(
                f"`{name}` is an older argument of {method}: "
                + (f"write {says}." if says else "it has no effect here, leave it out.")
            )
    return found


def taking_older(fn: F) -> F:
    """Let a method take the arguments of older scripts too, by name."""
    method = fn.__name__
    known = [name for name in inspect.signature(fn).parameters if name != "self"]
    names = frozenset(known)

    @functools.wraps(fn)
    def taking(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not kwargs.keys() <= names:
            older = {k: kwargs.pop(k) for k in list(kwargs) if k not in names}
            kwargs.update(todays(method, older, known))
        return fn(self, *args, **kwargs)

    return cast(F, taking)


class Older:
    """The methods of a model that are only found in older scripts."""

    fit: Callable[..., Any]
    evaluate: Callable[..., Any]
    predict: Callable[..., Any]

    def fit_generator(self, generator: Any, *args: Any, **kwargs: Any) -> Any:
        """Call `fit` on a generator: today that is what `fit` does.

        Args:
            generator: gives batches.
            args, kwargs: steps_per_epoch, epochs, verbose, callbacks, validation_data,
                validation_steps, ... in this order, as `fit_generator` had them.
        """
        _warn("fit_generator(generator)", "fit(generator)")
        names = (
            "steps_per_epoch", "epochs", "verbose", "callbacks", "validation_data",
            "validation_steps", "validation_freq", "class_weight",
        )  # fmt: skip
        return self.fit(generator, **dict(zip(names, args, strict=False)), **kwargs)

    def evaluate_generator(self, generator: Any, steps: int | None = None, **kwargs: Any) -> Any:
        """Call `evaluate` on a generator."""
        _warn("evaluate_generator(generator)", "evaluate(generator)")
        return self.evaluate(generator, steps=steps, **kwargs)

    def predict_generator(self, generator: Any, steps: int | None = None, **kwargs: Any) -> Any:
        """Call `predict` on a generator."""
        _warn("predict_generator(generator)", "predict(generator)")
        return self.predict(generator, steps=steps, **_known_to_predict(kwargs))

    def predict_proba(self, x: Any, batch_size: int | None = None, verbose: Any = 0) -> Any:
        """Call `predict`."""
        _warn("predict_proba(x)", "predict(x)")
        return self.predict(x, batch_size=batch_size, verbose=verbose)

    def predict_classes(self, x: Any, batch_size: int | None = None, verbose: Any = 0) -> Any:
        """Return the most probable class of each sample, or of one output whether it is above 1/2.

        Shapes: x of N samples -> integers (N,) of several classes, (N, 1) of one output.
        """
        _warn("predict_classes(x)", "predict(x).argmax(axis=-1), or predict(x) > 0.5 of one output")
        scores = self.predict(x, batch_size=batch_size, verbose=verbose)
        if scores.shape[-1] > 1:
            return scores.argmax(axis=-1)
        return (scores > 0.5).astype(np.int32)


def _known_to_predict(given: dict[str, Any]) -> dict[str, Any]:
    names = ("verbose", "callbacks")
    older = {k: v for k, v in given.items() if k not in names}
    rest = {k: v for k, v in given.items() if k in names}
    return {**rest, **todays("predict_generator", older, list(names))}


def _warn(older: str, today: str) -> None:
    origin.warn(f"`{older}` is an older spelling: write {today}.")

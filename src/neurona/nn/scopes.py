"""Scopes that Keras has: of names, of devices, of state, and of what is computed twice.

Each does what it can do here: a name goes into the paths of parameters, values of variables are the
thread's own, there is one device, and memory is planned by the engine.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self

from neurona.core import origin
from neurona.core.ambient import ambient, within
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, check_choice
from neurona.nn.parameter import Parameter, bound

REMAT_MODES = ("full", "activations", "larger_than", "list_of_layers")


@contextlib.contextmanager
def name_scope(name: str, caller: Any = None) -> Iterator[str]:
    """Put a name in front of the paths of parameters that are made inside; scopes nest.

    Args:
        name: without "/".
        caller: accepted as in Keras.

    Raises:
        ArgumentError: if it is no name.

    >>> with name_scope("encoder"):
    ...     Parameter([1.0], "scale").path
    'encoder/scale'
    """
    if not isinstance(name, str) or not name or "/" in name:
        raise ArgumentError("a scope's name is a string without '/'.", got=repr(name))
    with within(prefix=f"{ambient.prefix}{name}/"):
        yield name


@contextlib.contextmanager
def device(device_name: str) -> Iterator[None]:
    """Compute what is inside on a device: the processor, "cpu:0".

    Another kind of device warns once that the processor computes it: with the same numbers.

    Args:
        device_name: "cpu", "cpu:0", "/CPU:0"; or "gpu:0", "cuda:0", "tpu:0", "mps".

    Raises:
        ArgumentError: if it is no name of a device.

    >>> with device("cpu:0"):
    ...     Parameter([1.0]).numpy().tolist()
    [1.0]
    """
    found = re.fullmatch(r"/?(?:device:)?(cpu|gpu|cuda|tpu|mps)(?::\d+)?", str(device_name).lower())
    if found is None:
        raise ArgumentError(
            "there is no such device.", got=repr(device_name), hint='device("cpu:0")'
        )
    if found[1] != "cpu":
        origin.warn(f"there is no {device_name}: the processor computes it, all cores of it.")
    yield


class StatelessScope:
    """Let variables have values of their own inside, and leave what they are outside alone.

    Args:
        state_mapping: pairs (variable, value) to begin with.
        collect_losses: accepted as in Keras.
        initialize_variables: accepted as in Keras.

    >>> w = Parameter([1.0])
    >>> with StatelessScope([(w, [5.0])]) as scope:
    ...     w.assign_add([1.0])
    >>> scope.get_current_value(w).tolist(), w.numpy().tolist()
    ([6.0], [1.0])
    """

    def __init__(
        self,
        state_mapping: Iterable[tuple[Parameter, Any]] | None = None,
        collect_losses: bool = False,
        initialize_variables: bool = True,
    ) -> None:
        pairs = list(state_mapping or ())
        if wrong := [v for v, _ in pairs if not isinstance(v, Parameter)]:
            raise ArgumentError(
                "StatelessScope: a state is of variables.",
                got=repr(wrong[0])[:60],
                expected="pairs (variable, value)",
            )
        self._variables = [v for v, _ in pairs]
        self._values = [_fitting(v, value) for v, value in pairs]
        self._inside: dict[int, Any] = {}
        self._open: contextlib.AbstractContextManager[None] | None = None

    def __enter__(self) -> Self:
        self._open = bound(self._variables, self._values)
        self._open.__enter__()
        self._inside = ambient.values or {}
        return self

    def __exit__(self, *error: Any) -> None:
        assert self._open is not None
        self._open.__exit__(*error)

    def add_update(self, update: tuple[Parameter, Any]) -> None:
        """Give a variable a value within the scope."""
        variable, value = update
        self._inside[id(variable)] = _fitting(variable, value)

    def get_current_value(self, variable: Parameter) -> Tensor | None:
        """Return the value that a variable has, or had, inside; None if it was left alone."""
        return self._inside.get(id(variable))


def _fitting(variable: Parameter, value: Any) -> Tensor:
    with within(rehearsed={}, values=dict(ambient.values or {})):
        variable.assign(value)
        return variable.value


class SymbolicScope:
    """Record what is called on symbolic tensors inside, which is so everywhere."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> None:
        """Change nothing."""


class RematScope:
    """Ask that layers made inside compute their values again for the gradient, to save memory.

    Accepted: numbers are the same, and memory is what the engine plans. Nothing is computed twice.

    Args:
        mode: "full", "activations", "larger_than", "list_of_layers" or None.
        output_size_threshold: for "larger_than".
        layer_names: for "list_of_layers".

    Raises:
        ArgumentError: if the mode is unknown.
    """

    def __init__(
        self,
        mode: str | None = "full",
        output_size_threshold: int = 1024,
        layer_names: Iterable[str] | None = None,
    ) -> None:
        self.mode = mode if mode is None else check_choice("mode", mode, REMAT_MODES)
        self.output_size_threshold = output_size_threshold
        self.layer_names = list(layer_names or ())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> None:
        """Change nothing."""


def remat(f: Callable) -> Callable:
    """Return the function as it is: see `RematScope`."""
    return f

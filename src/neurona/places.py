"""Where names were: `neurona.keras.layers` is `neurona.layers`, and so are `neurona.layers.core`
and the other modules that Keras 1 and 2 had. One table; nothing is loaded before a name is used.

>>> from neurona.keras.layers.core import Dense
>>> from neurona.utils.np_utils import to_categorical
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from opcode import opmap
from types import FrameType, ModuleType
from typing import Any

from neurona.errors import AbsentError, AbsentImportError, absent

# namespaces of today -> modules that had their names
_BEFORE = {
    "layers": "layers.activation layers.advanced_activations layers.attention layers.convolutional "
    "layers.core layers.embeddings layers.experimental layers.experimental.preprocessing "
    "layers.local layers.merge layers.merging layers.noise layers.normalization layers.pooling "
    "layers.preprocessing layers.recurrent layers.regularization layers.reshaping layers.rnn "
    "layers.wrappers",
    "layers models": "engine engine.base_layer engine.functional engine.input_layer "
    "engine.input_spec engine.keras_tensor engine.network engine.sequential engine.topology "
    "engine.training legacy.layers",
    "utils": "utils.all_utils utils.conv_utils utils.data_utils utils.generic_utils "
    "utils.image_dataset utils.image_utils utils.io_utils utils.layer_utils utils.legacy "
    "utils.np_utils utils.tf_utils utils.training_utils utils.vis_utils",
    "optimizers": "optimizer_v2 optimizer_v2.adadelta optimizer_v2.adagrad optimizer_v2.adam "
    "optimizer_v2.adamax optimizer_v2.gradient_descent optimizer_v2.nadam optimizer_v2.rmsprop "
    "optimizers.adam optimizers.experimental "
    "optimizers.optimizer_v2 optimizers.rmsprop optimizers.sgd",
    "optimizers.schedules": "optimizer_v2.learning_rate_schedule",
    "ops.boxes": "utils.bounding_boxes",
    "backend": "backend.common backend.tensorflow_backend",
    "callbacks": "callbacks.callbacks callbacks.experimental callbacks.tensorboard_v1",
    "models": "models.model models.sequential",
    "saving": "legacy legacy.saving saving.hdf5_format saving.legacy saving.save",
    "losses": "losses.losses objectives",
    "metrics": "metrics.metrics",
    "initializers": "initializations initializers.initializers_v1 initializers.initializers_v2",
    "mixed_precision": "mixed_precision.experimental",
    "refusals": "distillation distribution export quantizers wrappers wrappers.scikit_learn",
    "": "_tf_keras _tf_keras.keras api api.keras src",
}
HOMES = {old: homes for homes, before in _BEFORE.items() for old in before.split()}


class Place(ModuleType):
    """A module whose names are those of others, which are loaded when one is asked for.

    Attributes:
        homes: the names of the others.
    """

    homes: Sequence[str]
    __path__: list[str] = []  # so that it may have such modules inside  # noqa: RUF012

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__all__":  # what tools ask of every module
            raise AttributeError(name, name=name, obj=self)
        if f"{self.__name__}.{name}".partition(".")[2].removeprefix("keras.") in HOMES:
            return importlib.import_module(f"{self.__name__}.{name}")
        *others, last = (importlib.import_module(home) for home in self.homes)
        found = next((m for m in others if hasattr(m, name)), last)
        if not hasattr(found, name):
            raise _no(last, name, sys._getframe(1))
        return getattr(found, name)

    def __dir__(self) -> list[str]:
        return sorted({name for home in self.homes for name in dir(importlib.import_module(home))})


class Room(ModuleType):
    """A namespace: a name that it does not have is answered with what is near.

    What is loaded in a Room, `neurona.layers` in `neurona`, becomes one.
    """

    def __getattr__(self, name: str) -> Any:
        raise _no(self, name, sys._getframe(1))

    def __setattr__(self, name: str, value: Any) -> None:
        if type(value) is ModuleType and value.__name__ == f"{self.__name__}.{name}":
            value.__class__ = Room
        super().__setattr__(name, value)


def _no(owner: ModuleType, name: str, asking: FrameType) -> Exception:
    """Return the error for a name that a module does not have, as the asking line shows it."""
    error = absent(owner, name)
    imports = asking.f_code.co_code[asking.f_lasti] == opmap["IMPORT_FROM"]
    if imports and isinstance(error, AbsentError) and f"{owner.__name__}.{name}" not in sys.modules:
        return AbsentImportError(error)
    return error


def room(name: str) -> None:
    """Make a module, and those in it that are loaded, Rooms."""
    module = sys.modules[name]
    module.__class__ = Room
    for inner, value in list(vars(module).items()):
        setattr(module, inner, value)


def old(place: str) -> Any:
    """Return an old place, to be an attribute of a namespace: `layers.experimental`."""
    return importlib.import_module(f"neurona.{place}")


class _Finder:
    """Makes the Place of a module that is not there; Python asks it last."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        package, _, inner = name.partition(".")
        if package != "neurona" or not inner:
            return None
        below = inner.removeprefix("keras.")
        homes = HOMES.get(below)
        if homes is None and below != inner and _is_there(f"neurona.{below}"):
            homes = below
        if homes is None:
            return None
        return ModuleSpec(name, _Loader(homes), is_package=True)  # type: ignore[arg-type]


class _Loader:
    def __init__(self, homes: str) -> None:
        self.homes = [f"neurona.{home}".strip(".") for home in homes.split(" ")]

    def create_module(self, spec: ModuleSpec) -> Place:
        place = Place(spec.name, f"The names of {' and '.join(self.homes)}.")
        place.homes = self.homes
        return place

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: there is no code."""


def _is_there(name: str) -> bool:
    try:
        return name in sys.modules or find_spec(name) is not None
    except ModuleNotFoundError:  # below what has no modules inside
        return False


sys.meta_path.append(_Finder)

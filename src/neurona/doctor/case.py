"""Case: what is to be examined, and facts of it that several rules need."""

from __future__ import annotations

import copy
import dataclasses
import functools
from typing import Any

import numpy as np

from neurona.core import random
from neurona.core.shapes import as_dtype
from neurona.core.tensor import as_array
from neurona.core.tree import Structure, flatten
from neurona.doctor.ends import End, ends_of
from neurona.doctor.forward import Forward, called
from neurona.doctor.parts import Part, parts_of
from neurona.doctor.scan import Scan, scan
from neurona.errors import DataError, NeuronaError
from neurona.nn.parameter import Parameter
from neurona.train.before import before_step
from neurona.train.data import unpack
from neurona.train.steps import abstract_outputs

ROWS, VALUES = 256, 1_000_000  # of x that are computed with, at most


@dataclasses.dataclass(frozen=True, eq=False)
class Case:
    """A model with its data, before training.

    Attributes:
        model: compiled, or not.
        x, y, sample_weight, class_weight: as `fit` would be given them, unchecked.
        validation: (x, y), or None.
        batch_size, epochs, shuffle: of the training that is planned.
        whole: whether x is all of the data, and not some batches of it.
        steps: batches of an epoch where that is not told by x.
        callbacks: of the training that is planned.
    """

    model: Any
    x: Any = None
    y: Any = None
    sample_weight: Any = None
    validation: Any = None
    batch_size: int = 32
    epochs: int | None = None
    shuffle: bool = True
    class_weight: Any = None
    whole: bool = True
    steps: int | None = None
    callbacks: tuple[Any, ...] = ()

    @functools.cached_property
    def worked_out(self) -> dict[str, Any]:
        """What checks have worked out once for others, by name; it goes when the case does."""
        return {}

    # --- data --------------------------------------------------------------------------------

    @functools.cached_property
    def _x(self) -> tuple[list[Part], Structure]:
        return parts_of("x", self.x)

    @property
    def x_parts(self) -> list[Part]:
        """The arrays of x, with their names."""
        return self._x[0]

    @functools.cached_property
    def _y(self) -> tuple[list[Part], Structure]:
        return parts_of("y", self.y)

    @property
    def y_parts(self) -> list[Part]:
        """The arrays of y, with their names."""
        return self._y[0]

    @functools.cached_property
    def validation_parts(self) -> tuple[list[Part], list[Part]]:
        """The arrays of x and y that are held out."""
        held = self.validation
        if held is None:
            return [], []
        x, y, _ = unpack(held) if isinstance(held, tuple | list) else (held, None, None)
        return parts_of("validation x", x)[0], parts_of("validation y", y)[0]

    @property
    def held(self) -> list[Part]:
        """The arrays that are held out, none if they come batch by batch."""
        try:
            return [*self.validation_parts[0], *self.validation_parts[1]]
        except NeuronaError:
            return []

    @property
    def inputs(self) -> list[np.ndarray]:
        """The arrays of x."""
        return [part.values for part in self.x_parts]

    @property
    def targets(self) -> list[np.ndarray]:
        """The arrays of y."""
        return [part.values for part in self.y_parts]

    @functools.cached_property
    def size(self) -> int:
        """The number of samples."""
        return min((len(a) for a in (*self.inputs, *self.targets) if a.ndim), default=0)

    @property
    def steps_in_epoch(self) -> int | None:
        """Batches of an epoch; None if that is not known."""
        return -(-self.size // self.batch_size) if self.whole else self.steps

    @functools.cached_property
    def _scans(self) -> dict[int, Scan]:
        return {}

    def scan(self, part: Part) -> Scan:
        """Return the statistics of an array, which are found once."""
        key = id(part.values)
        if key not in self._scans:
            self._scans[key] = scan(part.values)
        return self._scans[key]

    # --- rows that are computed with ---------------------------------------------------------

    @functools.cached_property
    def rows(self) -> np.ndarray:
        """Numbers of some samples, spread over all."""
        if not self.size or not all(a.ndim for a in (*self.inputs, *self.targets)):
            raise DataError("there are no samples to look at.", got=f"x={type(self.x).__name__}")
        if any(getattr(layer, "stateful", False) for layer in self.model.all_layers()):
            return np.arange(min(self.size, self.batch_size))  # such a layer takes nothing else
        each = max(sum(a[:1].size for a in self.inputs), 1)
        count = min(self.size, max(8, min(ROWS, VALUES // each)))
        return np.linspace(0, self.size - 1, count).astype(int)

    @functools.cached_property
    def some_x(self) -> Any:
        """These rows of x as the step gets them; what is not finite is 0."""
        picked = self._x[1].unflatten([a[self.rows] for a in self.inputs])
        picked = before_step(self.examined_network, picked)
        leaves, structure = flatten(picked)
        return structure.unflatten([_trainable(a) for a in leaves])

    @property
    def planned_steps(self) -> int:
        """The batches of all epochs that are planned; 0 if that is not known."""
        return (self.epochs or 0) * (self.steps_in_epoch or 0)

    # --- the model ---------------------------------------------------------------------------

    @functools.cached_property
    def examined_network(self) -> Any:
        """The model, or a copy of it if it is not built: the user's stays as it is."""
        if self.model.built:
            return self.model
        return copy.deepcopy(self.model)

    @functools.cached_property
    def examined(self) -> Any:
        """The model, or a built copy of it with the weights that it would begin with."""
        model, x = self.examined_network, self.some_x
        if model.built:
            return model
        with called(), random.undisturbed():
            abstract_outputs(model, x)
        return model

    @functools.cached_property
    def forward(self) -> Forward:
        """What the model computes in training, traced on some rows."""
        return Forward(self.examined, self.some_x)

    @functools.cached_property
    def layers(self) -> list[Any]:
        """All layers of the model, in the order of the forward pass where that is known."""
        return self.examined.all_layers()

    @property
    def custom(self) -> bool:
        """Whether the model has a training step or a loss of its own."""
        return any(self.model.overrides(name) for name in ("train_step", "compute_loss"))

    @functools.cached_property
    def trained(self) -> bool:
        """Whether the weights have been learnt already, here or elsewhere."""
        optimizer = self.model.optimizer
        if optimizer is not None and int(np.asarray(optimizer.iterations)) > 0:
            return True
        return any(learnt_bias(layer) or learnt_mean(layer) for layer in self.layers)

    @functools.cached_property
    def _ends(self) -> tuple[list[End], NeuronaError | None]:
        return ends_of(self)

    @property
    def ends(self) -> list[End]:
        """The outputs of the model, each with its loss, its metrics, and its targets."""
        return self._ends[0]

    @property
    def refused(self) -> NeuronaError | None:
        """Why y cannot be sorted to the outputs, if so."""
        return self._ends[1]


def learnt_bias(layer: Any) -> bool:
    """Say whether a layer has a bias that began at zero, and is there no more."""
    bias = getattr(layer, "bias", None)
    if not isinstance(bias, Parameter) or bias.size > VALUES:
        return False
    start = getattr(layer, "bias_initializer", None)
    began = start == "zeros" or type(start).__name__ == "Zeros"
    return began and bool(bias.numpy().any())


def learnt_mean(layer: Any) -> bool:
    """Say whether a BatchNormalization has seen batches."""
    mean = getattr(layer, "moving_mean", None)
    return isinstance(mean, Parameter) and bool(mean.numpy().any())


def _trainable(values: Any) -> np.ndarray:
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise DataError("x is not made of numbers.", got=f"{array.dtype} data")
    if array.dtype.kind != "f":
        return as_array(array)
    with np.errstate(over="ignore"):
        array = array.astype(as_dtype(None))
    return np.nan_to_num(array, posinf=0.0, neginf=0.0)

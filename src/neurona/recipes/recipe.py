"""Recipe: one task, its defaults, and the function that carries it out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from neurona.errors import ArgumentError, check_integer, check_number
from neurona.nn import activations
from neurona.optim import names

if TYPE_CHECKING:
    from neurona.recipes.run import Run


@dataclasses.dataclass(frozen=True)
class Settings:
    """What a run can be told; None where a recipe has no such thing.

    Args:
        epochs: passes over the training data, 1 or more.
        learning_rate: the largest one, where a schedule lowers it; above 0.
        batch_size: samples a step, 1 or more.
        optimizer: its name in `nn.optimizers`.
        seed: of initial weights, order of the samples and dropout; 0 or more.
        units: neurons of each hidden layer, 1 or more.
        layers: hidden layers, 0 or more.
        activation: of the hidden layers, by its name in `nn.activations`.
    """

    epochs: int
    learning_rate: float
    batch_size: int | None = None
    optimizer: str | None = None
    seed: int = 0
    units: int | None = None
    layers: int | None = None
    activation: str | None = None

    def steps(self, samples: int) -> int:
        """Return the steps of a training with so many samples.

        >>> Settings(epochs=2, learning_rate=0.1, batch_size=32).steps(100)
        8
        """
        return -(-samples // (self.batch_size or 32)) * self.epochs

    def __post_init__(self) -> None:
        check_integer("epochs", self.epochs, minimum=1)
        check_number("learning rate", self.learning_rate, low=0, open=True)
        check_integer("seed", self.seed, minimum=0)
        if self.batch_size is not None:
            check_integer("batch size", self.batch_size, minimum=1)
        if self.optimizer is not None:
            names.get(self.optimizer)  # says what there is, and what was meant
        if self.units is not None:
            check_integer("units", self.units, minimum=1)
        if self.layers is not None:
            check_integer("layers", self.layers, minimum=0)
        if self.activation is not None:
            activations.get(self.activation)


@dataclasses.dataclass(frozen=True)
class Recipe:
    """A task that `neurona train NAME` carries out.

    Args:
        name: on the command line, and of the folder in `runs`.
        description: one line.
        defaults: the settings it was made for.
        perform: loads the data, builds and trains the model, and tells the Run what came of it.
        data: what it learns from.
        model: what learns.
        reaches: the score to expect, and the time it takes on two cores.
        quick: the settings of `--quick`, which finishes in a minute on data of the package: to see
            that all works, not to learn much.
        arguments: what stands behind `neurona train`, if that is not the name.
    """

    name: str
    description: str
    defaults: Settings
    perform: Callable[[Run], None]
    data: str
    model: str
    reaches: str
    quick: Settings
    arguments: tuple[str, ...] = ()

    def settings(self, changes: Mapping[str, Any], quick: bool = False) -> Settings:
        """Return the defaults, or those of `--quick`, with the changes that are not None.

        Raises:
            ArgumentError: a value out of range, or a setting that this recipe does not have.
        """
        given = {name: value for name, value in changes.items() if value is not None}
        for name in given:
            if getattr(self.defaults, name) is None:
                have = [f.name for f in dataclasses.fields(Settings)]
                have = [n.replace("_", " ") for n in have if getattr(self.defaults, n) is not None]
                raise ArgumentError(
                    f"the recipe {self.name!r} has no {name.replace('_', ' ')}.",
                    got=repr(given[name]),
                    expected=f"settings among {', '.join(have)}",
                )
        return dataclasses.replace(self.quick if quick else self.defaults, **given)

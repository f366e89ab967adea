"""Fixes that a repair can carry out: objects, which print themselves as the code that is told."""

from __future__ import annotations

import abc
import dataclasses
from typing import Any


class Fix(abc.ABC):
    """What is to be changed; as text, code: lines that begin with "- " and "+ "."""

    @abc.abstractmethod
    def __str__(self) -> str: ...


@dataclasses.dataclass(frozen=True)
class Coded(Fix):
    """A Fix that is told by code which fits the layer that it is about."""

    code: str

    def __str__(self) -> str:
        return self.code


def replaced(before: str, after: str) -> str:
    """Return a diff of one line.

    >>> print(replaced("lr=1", "lr=0.1"))
    - lr=1
    + lr=0.1
    """
    return f"- {before}\n+ {after}"


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


# --- the optimizer and the training ---------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Rate(Fix):
    """The learning rate times a factor."""

    rate: float
    factor: float

    def __str__(self) -> str:
        return replaced(
            f"learning_rate={self.rate:.3g}", f"learning_rate={self.rate * self.factor:.2g}"
        )


@dataclasses.dataclass(frozen=True)
class Clip(Fix):
    """Another limit of the gradients' norm: `name` is the optimizer's argument."""

    name: str
    limit: float
    before: float | None = None

    def __str__(self) -> str:
        limit = f"{self.name}={self.limit:.2g}"
        before = self.before
        return f"+ {limit}" if before is None else replaced(f"{self.name}={before:.3g}", limit)


@dataclasses.dataclass(frozen=True)
class Decay(Fix):
    """Less decay of the weights."""

    before: float
    after: float

    def __str__(self) -> str:
        return replaced(f"weight_decay={self.before:g}", f"weight_decay={self.after:g}")


@dataclasses.dataclass(frozen=True)
class Constant(Fix):
    """A rate that does not change, in place of a schedule."""

    schedule: str
    rate: float
    otherwise: str

    def __str__(self) -> str:
        told = replaced(f"learning_rate={self.schedule}(...)", f"learning_rate={self.rate:g}")
        return f"{told}\n# or {self.otherwise}"


@dataclasses.dataclass(frozen=True)
class WarmUp(Fix):
    """A rate that rises from 0 to a smaller one in a tenth of the steps, and falls in the rest."""

    before: float
    rate: float
    steps: int

    def __str__(self) -> str:
        after = f"CosineDecay(0.0, {self.steps}, warmup_target={self.rate:.2g}, warmup_steps="
        return replaced(
            f"learning_rate={self.before:.3g}", f"learning_rate={after}{self.steps // 10})"
        )


@dataclasses.dataclass(frozen=True)
class Without(Fix):
    """A rate that does not change, in place of a callback that sets it."""

    callback: str
    rate: float

    def __str__(self) -> str:
        return replaced(f"callbacks=[nn.callbacks.{self.callback}(...)]", "callbacks=[]")


@dataclasses.dataclass(frozen=True)
class Setting(Fix):
    """Other settings of a callback: (name, before, after) of each."""

    callback: Any
    rows: tuple[tuple[str, Any, Any], ...]

    def __str__(self) -> str:
        before, after = (
            ", ".join(f"{row[0]}={_short(row[i])}" for row in self.rows) for i in (1, 2)
        )
        return replaced(before, after)


@dataclasses.dataclass(frozen=True)
class Stop(Fix):
    """The end of the training, at its best weights."""

    def __str__(self) -> str:
        return "+ nn.callbacks.EarlyStopping(patience=3, restore_best_weights=True)"


@dataclasses.dataclass(frozen=True)
class Shuffle(Fix):
    """Rows in another order in each epoch."""

    def __str__(self) -> str:
        return replaced("model.fit(x, y, shuffle=False)", "model.fit(x, y, shuffle=True)")


@dataclasses.dataclass(frozen=True)
class Batch(Fix):
    """Another number of samples in a batch."""

    before: int
    after: int = 32

    def __str__(self) -> str:
        return replaced(f"batch_size={self.before}", f"batch_size={self.after}")


@dataclasses.dataclass(frozen=True)
class ClassWeights(Fix):
    """Samples that count as their class says."""

    weights: dict[int, float]

    def __str__(self) -> str:
        shown = dict(list(self.weights.items())[:10])
        return replaced("model.fit(x, y)", f"model.fit(x, y, class_weight={shown})")


# --- the data, by a layer in front or behind ------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Divide(Fix):
    """Inputs divided by a number."""

    by: int = 255

    def __str__(self) -> str:
        return replaced("model.fit(x, y)", f"model.fit(x / {self.by}, y)")


@dataclasses.dataclass(frozen=True)
class Standardise(Fix):
    """Inputs with a mean of 0 and a spread of 1: each column, or all as one; more is told."""

    whole: bool = False
    more: str = ""

    def __str__(self) -> str:
        made = f"scale = nn.layers.Normalization({'axis=None' if self.whole else ''})"
        before = "model = nn.Sequential([scale, model])  # before compile"
        return f"+ {made}\n+ scale.adapt(x)\n+ {before}{self.more}"


@dataclasses.dataclass(frozen=True)
class Unit(Fix):
    """Outputs in the unit of the targets."""

    mean: float
    std: float

    def __str__(self) -> str:
        return (
            f"+ model.add(nn.layers.Rescaling({self.std:.4g}, offset={self.mean:.4g}))"
            "  # with SGD rather y = (y - mean) / std"
        )


# --- layers ---------------------------------------------------------------------------------------


class Redraw(Coded):
    """Weights that begin as they do by default."""


class Rectify(Coded):
    """ReLU, with weights that suit it, in place of sigmoids and tanhs of hidden layers."""


@dataclasses.dataclass(frozen=True)
class Activate(Fix):
    """Another activation of the last layer that has the one before; "linear" is none.

    `whole` is what is left if the one before stands in a function with another one.
    """

    before: str
    after: str
    units: int | None = None
    whole: str = ""

    def __str__(self) -> str:
        if self.after == "linear":
            return replaced(f'Dense({self.units}, "{self.before}")', f"Dense({self.units})")
        return replaced(f'activation="{self.before}"', f'activation="{self.after}"')


class Between(Coded):
    """ReLU behind hidden layers that have no activation."""


@dataclasses.dataclass(frozen=True)
class Axis(Fix):
    """A softmax over the classes."""

    before: int
    after: int

    def __str__(self) -> str:
        return replaced(f"axis={self.before}", f"axis={self.after}")


@dataclasses.dataclass(frozen=True)
class LeaveOut(Fix):
    """The last layer of a kind is left out."""

    kind: str

    def __str__(self) -> str:
        return f"- the last {self.kind}"


@dataclasses.dataclass(frozen=True)
class Drop(Fix):
    """Another rate of dropout: of Dropout layers, or `name`, an argument of others."""

    before: float
    after: float = 0.3
    name: str = "rate"

    def __str__(self) -> str:
        if self.name != "rate":
            return replaced(f"{self.name}={self.before:g}", f"{self.name}={self.after:g}")
        return replaced(f"Dropout({self.before:g})", f"Dropout({self.after:g})")


@dataclasses.dataclass(frozen=True)
class Penalise(Fix):
    """A small penalty of the weights in place of one that drowns the loss."""

    times: float
    code: str = ""
    after: float = 1e-4

    def __str__(self) -> str:
        told = f"a penalty {self.times:,.0f} times smaller"
        return f"{self.code}  # {told}" if self.code else f"# {told}, such as L2({self.after:g})"


class Mask(Coded):
    """Padding that is masked."""


@dataclasses.dataclass(frozen=True)
class Momentum(Fix):
    """Running figures of BatchNormalization that follow faster."""

    before: float
    after: float = 0.9

    def __str__(self) -> str:
        return replaced(
            f"BatchNormalization(momentum={self.before})",
            f"BatchNormalization(momentum={self.after})",
        )


# --- the loss -------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class FromLogits(Fix):
    """Whether the loss takes scores."""

    value: bool
    before: str
    after: str

    def __str__(self) -> str:
        return replaced(self.before, self.after)


@dataclasses.dataclass(frozen=True)
class Pair(Fix):
    """A loss that belongs to the task, with the last activation and so many outputs.

    `before` is what is told of how it was; `more` is told, too.
    """

    before: str
    loss: str
    activation: str
    units: int | None = None
    more: str = ""

    def __str__(self) -> str:
        last = f'"{self.activation}"' if self.activation != "linear" else ""
        if self.units is not None:
            last = f"Dense({self.units}, {last})" if last else f"Dense({self.units})"
        parts = [last, f'loss="{self.loss}"']
        return replaced(self.before, ", ".join(filter(None, parts))) + self.more


@dataclasses.dataclass(frozen=True)
class Negate(Fix):
    """A loss of the other sign."""

    def __str__(self) -> str:
        return replaced("return -loss", "return loss")

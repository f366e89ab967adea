"""Metric: a number about predictions, gathered over batches.

A metric holds its totals in Parameters, so that updating it can be part of the training step.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona import ops
from neurona.core.graph import tracing
from neurona.core.shapes import Shape, as_dtype
from neurona.core.tensor import Tensor
from neurona.errors import StateError
from neurona.nn import initializers
from neurona.nn.configurable import Configurable
from neurona.nn.context import automatic_name
from neurona.nn.description import describe_object
from neurona.nn.parameter import Parameter

EXACT = "float64"  # totals stand in it, whatever a model computes in: counts are exact to 2^53


class Metric(Configurable, namespace="metrics"):
    """Base of the metrics: `update_state` gathers, `result` computes, `reset_state` starts anew.

    Write `update_state(y_true, y_pred, sample_weight=None)`, which assigns to totals made by
    `add_total` (float64) or `add_variable`, and `result()`; both with ops on Tensors, since they
    are traced.

    Args:
        dtype: of predictions and of results, `config.floatx()` by default; this library's metrics
            keep their totals in float64, and counts stay so.
        name: the key in logs; the class's name by default: precision, precision_1, ...

    Attributes:
        direction: "max" if larger is better, "min" if smaller is; "" if that depends on what is
            measured. Callbacks with `mode="auto"` go by it.
        class_numbers: whether targets may be class numbers, with an axis less than the outputs. For
            all others a model turns (B,) and (B, 1) into one shape before it calls `update_state`.
        probabilities: whether predictions are read as probabilities. A model whose loss takes
            logits gives their sigmoid or softmax, as the loss says, to such metrics, and the
            logits to all others.
    """

    direction = ""
    class_numbers = False
    probabilities = False
    one = True
    totals: list[Parameter]
    ready: bool

    def _before_init(self) -> None:
        self.totals = []
        self.ready = False
        self.prepared_for: tuple[Shape, Shape] | None = None

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self.name = name or automatic_name(type(self).__name__)
        self.dtype = as_dtype(dtype).name

    def add_variable(
        self,
        shape: Any = (),
        initializer: Any = "zeros",
        dtype: Any = None,
        name: str = "total",
    ) -> Parameter:
        """Create a total; `reset_state` sets it to zero."""
        value = initializers.get(initializer)(tuple(shape), as_dtype(dtype or self.dtype))
        total = Parameter(value, name, trainable=False)
        total.path = f"{self.name}/{name}"
        self.totals.append(total)
        return total

    add_weight = add_variable  # its name in layers

    def add_total(self, shape: Any = (), name: str = "total") -> Parameter:
        """Create a total in float64, where float32 would stop to count at 2^24."""
        return self.add_variable(shape, dtype=EXACT, name=name)

    def build(self, y_true_shape: Shape, y_pred_shape: Shape) -> None:
        """Create the totals whose size depends on the data; most metrics have none."""

    def prepare(self, y_true_shape: Shape, y_pred_shape: Shape) -> None:
        """Call `build` once, before the first update and outside of any trace.

        Raises:
            StateError: if a function is being traced: new totals would be lost with the trace.
        """
        if self.ready:
            return
        self.prepared_for = y_true_shape, y_pred_shape
        before = len(self.totals)
        self.build(tuple(y_true_shape), tuple(y_pred_shape))
        if tracing() and len(self.totals) > before:
            del self.totals[before:]
            raise StateError(
                f"{self.name}: its totals must exist before a function that updates it is traced.",
                hint="metric.prepare(y_true.shape, y_pred.shape) first",
            )
        self.ready = True

    def build_alike(self, other: Metric) -> None:
        """Let another metric have the totals that this one has for its data."""
        if self.ready and self.prepared_for is not None:
            other.prepare(*self.prepared_for)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account."""
        raise NotImplementedError(f"{type(self).__name__} has no update_state")

    def result(self) -> Tensor:
        """Return the value for all that was seen since the start."""
        raise NotImplementedError(f"{type(self).__name__} has no result")

    def reset_state(self) -> None:
        """Forget all that was seen."""
        zeros: Any = ops.zeros if tracing() else np.zeros  # the latter in a tenth of the time
        for total in self.totals:
            total.assign(zeros(total.shape, total.dtype))

    @property
    def variables(self) -> list[Parameter]:
        """The totals."""
        return self.totals

    def description(self) -> dict[str, Any]:
        """Return class, arguments and name as JSON values, for saving."""
        return describe_object(self, {**self.arguments, "name": self.name})

    def __call__(self, *args: Any, **kwargs: Any) -> Tensor:
        """Take a batch into account and return the result so far."""
        self.update_state(*args, **kwargs)
        return self.result()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"

"""Cell: one step of a recurrent layer.

    y_t, states = cell(x_t, states)

Any layer with such a `call` and a `state_size` is a cell. Those of this library are split in two:

    z_t = project(x_t)                  what does not depend on the state: one product for all steps
    y_t, states = step(z_t, states)     the rest

and a recurrent layer goes the two halves apart: see `begin`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Unpack

from neurona import ops
from neurona.core.shapes import Shape, as_dtype
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, ShapeError, check_integer
from neurona.nn import activations
from neurona.nn.axes import VECTORS, check_axes
from neurona.nn.dropout import check_rate, check_seed, kept
from neurona.nn.layer import Layer
from neurona.nn.options import LayerOptions
from neurona.nn.rows import by_rows

States = list[Any]
Project = Callable[[Tensor], Tensor]
Step = Callable[[Tensor, States], tuple[Tensor, States]]


class Noise(NamedTuple):
    """Masks of dropout, the same at all times: none, one for all gates, or one for each."""

    inputs: tuple[Tensor, ...] = ()
    states: tuple[Tensor, ...] = ()


class Cell(Layer):
    """What the cells of this library share: a kernel for x, one for the state, a bias, dropout.

    Attributes:
        gates: how many times `units` a step computes.
        state_size: `units`, or one for each of several states.
        output_size: `units`.
    """

    gates = 1
    state_count = 1
    axes: tuple[str, ...] = VECTORS

    def __init__(
        self,
        units: int,
        activation: Any,
        use_bias: bool,
        kernel_initializer: Any,
        recurrent_initializer: Any,
        bias_initializer: Any,
        kernel_regularizer: Any,
        recurrent_regularizer: Any,
        bias_regularizer: Any,
        kernel_constraint: Any,
        recurrent_constraint: Any,
        bias_constraint: Any,
        dropout: float,
        recurrent_dropout: float,
        seed: int | None,
        implementation: int = 2,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.units = check_integer("units", units, minimum=1)
        self.activation = activations.get(activation)
        self.use_bias = bool(use_bias)
        self.kernel_initializer, self.bias_initializer = kernel_initializer, bias_initializer
        self.recurrent_initializer = recurrent_initializer
        self.kernel_regularizer, self.bias_regularizer = kernel_regularizer, bias_regularizer
        self.recurrent_regularizer = recurrent_regularizer
        self.kernel_constraint, self.bias_constraint = kernel_constraint, bias_constraint
        self.recurrent_constraint = recurrent_constraint
        self.dropout = check_rate(dropout, "dropout")
        self.recurrent_dropout = check_rate(recurrent_dropout, "recurrent_dropout")
        self.seed = check_seed(seed)
        if implementation not in (1, 2):
            raise ArgumentError("implementation is 1 or 2.", got=repr(implementation))
        self._masks_each_gate = implementation == 1 or self.recurrent_dropout > 0.0

    @property
    def state_size(self) -> Any:
        """The size of the state, or the sizes of several."""
        return self.units if self.state_count == 1 else [self.units] * self.state_count

    @property
    def output_size(self) -> int:
        """The size of the output."""
        return self.units

    def build(self, shape: Any) -> None:
        """Create kernel (D, gates * units), recurrent_kernel (units, gates * units) and bias."""
        check_axes(self, shape, self.axes)
        width = self.gates * self.units
        self.kernel = self.parameter("kernel", (shape[-1], width))
        self.recurrent_kernel = self.parameter("recurrent_kernel", (self.units, width))
        if self.use_bias:
            self.bias = self.parameter("bias", self.bias_shape())

    def bias_shape(self) -> Shape:
        """Return (gates * units,)."""
        return (self.gates * self.units,)

    def x_shape(self) -> Shape:
        """Return the shape of x, without the batch; the cell is built."""
        return self.kernel.shape[:1]

    def state_shape(self) -> Shape:
        """Return the shape of a state, without the batch."""
        return (self.units,)

    def get_initial_state(self, batch_size: int) -> States:
        """Return the states to begin with: zeros."""
        shape = (batch_size, *self.state_shape())
        return [ops.zeros(shape, self.dtype) for _ in range(self.state_count)]

    def call(  # type: ignore[override]
        self, x: Tensor, states: Any, training: bool = False
    ) -> Any:  # (B, D), (B, units)
        """Return (y, states after it), states being a list, or one alone if it is so given."""
        check_axes(self, x, self.axes)
        listed = isinstance(states, list | tuple)
        before = list(states) if listed else [states]
        _check_states(self, before, x.shape[0])
        noise = self.noise(x.shape[0], training)
        y, after = self.step(self.project(x, noise), before, noise)
        return y, after if listed else after[0]

    def project(self, x: Tensor, noise: Noise) -> Tensor:  # (..., B, D)
        """Return what a step makes of x alone, for any number of steps: x @ kernel + bias."""

        def of_rows(x: Tensor) -> Tensor:
            z = gated(x, noise.inputs, self.kernel)  # (..., B, gates * units)
            return z + self.input_bias() if self.use_bias else z

        return of_rows(x) if noise.inputs else by_rows(of_rows, x)

    def input_bias(self) -> Tensor:
        """Return the bias that is added to x @ kernel."""
        return self.bias.value

    def step(self, z: Tensor, states: States, noise: Noise) -> tuple[Tensor, States]:
        """Return (y, states after it) for the projected x of one step."""
        raise NotImplementedError

    def noise(self, batch: int, training: bool) -> Noise:
        """Draw the masks for all steps of one call."""
        if not training:
            return Noise()
        count = self.gates if self._masks_each_gate else 1

        def masks(rate: float, sizes: Shape) -> tuple[Tensor, ...]:
            if rate == 0.0:
                return ()
            like = ops.zeros((), as_dtype(self.dtype))
            shape = (batch, *sizes)
            return tuple(kept(shape, rate, self.seed, like) / (1.0 - rate) for _ in range(count))

        return Noise(
            masks(self.dropout, self.x_shape()), masks(self.recurrent_dropout, self.state_shape())
        )


def gated(x: Tensor, masks: Sequence[Tensor], kernel: Tensor) -> Tensor:
    """Return x @ kernel; with a mask of x for each gate's share of the kernel, if there are any."""
    if len(masks) <= 1:
        return (x * masks[0] if masks else x) @ kernel
    parts = zip(masks, ops.split(kernel, len(masks), axis=-1), strict=True)
    return ops.concatenate([(x * mask) @ part for mask, part in parts], axis=-1)


def _check_states(cell: Cell, states: States, batch: int) -> None:
    expected = (batch, *cell.state_shape())
    shapes = [getattr(s, "shape", None) for s in states]
    if shapes != [expected] * cell.state_count:
        raise ShapeError(
            f"{type(cell).__name__}: the states have other shapes.",
            got=", ".join(map(str, shapes)),
            expected=", ".join([str(expected)] * cell.state_count),
            hint="cell(x, cell.get_initial_state(batch_size=len(x)))",
        )


def begin(cell: Any, batch: int, training: bool) -> tuple[Project, Step]:
    """Return (project, step) of a cell, for one call of a recurrent layer.

    `project` takes the whole sequence (T, B, ...), `step` what that gives for one step. A cell
    with a `call` of its own sees each x_t as it is.
    """
    if isinstance(cell, Cell) and type(cell).call is Cell.call:
        noise = cell.noise(batch, training)
        return lambda x: cell.project(x, noise), lambda z, states: cell.step(z, states, noise)
    if hasattr(cell, "begin"):
        return cell.begin(batch, training)

    def step(x: Tensor, states: States) -> tuple[Tensor, States]:
        y, after = cell(x, states, training=training)
        return y, list(after) if isinstance(after, list | tuple) else [after]

    return lambda x: x, step

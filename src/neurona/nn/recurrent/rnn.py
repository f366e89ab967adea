"""RNN: a cell that goes through a sequence."""

from __future__ import annotations

from typing import Any, Unpack

from neurona import ops
from neurona.core.graph import infer
from neurona.core.shapes import Spec
from neurona.core.tensor import Tensor
from neurona.core.tree import flatten
from neurona.errors import ArgumentError, ShapeError
from neurona.nn.layer import Layer
from neurona.nn.options import LayerOptions
from neurona.nn.parameter import State
from neurona.nn.parts import as_inputs
from neurona.nn.recurrent import loop
from neurona.nn.recurrent.cell import Cell, States, Step, begin
from neurona.nn.recurrent.stacked import StackedRNNCells, check_cell, initial_states
from neurona.nn.rows import time_first


class RNN(Layer):
    """A cell that goes through a sequence: y_t, states = cell(x_t, states).

    The step is traced once and runs as a loop, so neither code nor compile time grow with the
    length; what a step makes of x_t alone is one product for all steps, before the loop.

    Shapes: x (B, T, ...) -> y (B, ...) of the last step, or of all steps (B, T, ...).

    Args:
        cell: a cell, or a list of cells on top of each other. Any layer is one that has a `call`
            from (x_t, states) to (y_t, states), and a `state_size`, an integer or one for each
            state; `get_initial_state(batch_size)` may give other states to begin with than zeros.
            States are a list, also if there is but one.
        return_sequences: whether y has all steps.
        return_state: whether the states after the last step are returned too: (y, *states).
        go_backwards: whether to go from the last step to the first; y then begins with the last.
        stateful: whether each call goes on with the states that the one before ended with, sample
            by sample: for sequences that are cut into pieces. They belong to one batch size, so
            that is given: `Input(batch_size=...)`. `reset_state()` makes them zeros.
        unroll: whether to write the loop down step by step: for few steps; a long one takes long
            to compile.
        zero_output_for_mask: whether a padded step gives zeros, instead of what came before.

    `call` also takes `initial_state`, tensors (or `[x, *states]` as its input), and `mask` (B, T),
    false for padded steps: such a step leaves the states as they are and repeats the output. If
    all are padded, or there is no step, the states stay and y is the output's share of them.

    Raises:
        ArgumentError: if the cell is none.
        ShapeError: if x, the states or the mask have other shapes, or a stateful layer gets another
            batch size.

    >>> class Sum(Layer):
    ...     state_size = 2
    ...     def call(self, x, states):
    ...         total = x + states[0]
    ...         return total, [total]
    >>> RNN(Sum(), return_sequences=True)([[[1.0, 1.0], [2.0, 3.0]]]).tolist()
    [[[1.0, 1.0], [3.0, 4.0]]]
    """

    supports_masking = True

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        if isinstance(cell, list | tuple):
            cell = StackedRNNCells(cell)
        check_cell(cell)
        self.cell = cell
        self.return_sequences, self.return_state = bool(return_sequences), bool(return_state)
        self.go_backwards, self.stateful = bool(go_backwards), bool(stateful)
        self.unroll, self.zero_output_for_mask = bool(unroll), bool(zero_output_for_mask)
        self.states: list[State] | None = None

    def build(self, shape: Any) -> None:
        """Build the cell for x (B, T, ...), and make the states of a stateful layer."""
        shape = shape[0] if isinstance(shape[0], list | tuple) else shape
        self._check_rank(shape)
        self.cell.ensure_built(Tensor(None, Spec((shape[0], *shape[2:]), self.dtype)))
        if self.stateful:
            zeros = flatten(initial_states(self.cell, shape[0]))[0]
            self.states = [State(s.numpy(), "state") for s in zeros]
            for state in self.states:
                state.path = f"{self.name}/{state.name}"

    def get_initial_state(self, batch_size: int) -> States:
        """Return the states to begin with, as the cell says: zeros by default."""
        return initial_states(self.cell, batch_size)

    def reset_state(self) -> None:
        """Make the states of a stateful layer zeros: what comes next begins anew."""
        for state in self.states or ():
            state.assign(ops.zeros(state.shape, state.dtype))

    reset_states = reset_state

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the mask of the outputs: with return_sequences that of the inputs."""
        mask = mask[0] if isinstance(mask, list | tuple) else mask
        mask = mask if self.return_sequences else None
        count = len(flatten(self.cell.state_size)[0])
        return [mask, *[None] * count] if self.return_state else mask

    def call(
        self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool = False
    ) -> Any:  # (B, T, ...)
        """Return y, or (y, *states)."""
        x, initial_state = apart(sequences, initial_state)
        x = as_inputs(x, self.cell.dtype)
        self._check_rank(x.shape)
        mask = self._checked_mask(x, mask)
        states = self._start(x, initial_state)
        project, step = begin(self.cell, x.shape[0], training)
        z = project(time_first(x))  # (T, B, ...)
        course = loop.Course(
            self.return_sequences, self.go_backwards, self.unroll, self.zero_output_for_mask
        )
        y, states = loop.run(step, z, states, mask, self._first(step, z, states), course)
        if self.states is not None:
            for kept, state in zip(self.states, flatten(states)[0], strict=True):
                kept.assign(ops.stop_gradient(state))
        y = ops.swapaxes(y, 0, 1) if self.return_sequences else y
        y, states = as_inputs(y, self.dtype), as_inputs(states, self.dtype)
        return (y, *states) if self.return_state else y

    def _start(self, x: Tensor, given: Any) -> States:
        """Return the states to begin with: those that are given, kept ones, or the cell's."""
        zeros, structure = flatten(initial_states(self.cell, x.shape[0]))
        states: list[Any] = zeros
        if self.states is not None:
            self._check_batch(x)
            states = [s.value for s in self.states]
        if given is not None:
            states = flatten(as_inputs(given, self.dtype))[0]
        shapes = [getattr(s, "shape", repr(s)) for s in states]
        expected = [s.shape for s in zeros]
        if shapes != expected:
            raise ShapeError(
                f"{type(self).__name__}: initial_state has another shape.",
                got=", ".join(map(str, shapes)),
                expected=", ".join(map(str, expected)),
                hint="a tensor (batch, units) for each state of the cell",
            )
        return structure.unflatten([s.astype(z.dtype) for s, z in zip(states, zeros, strict=True)])

    def _first(self, step: Step, z: Tensor, states: States) -> Tensor | None:
        """Return what comes before the first output: zeros, or None if that is a state."""
        last = self.cell
        while isinstance(last, StackedRNNCells):
            last = last.cells[-1]
        if isinstance(last, Cell) and type(last).call is Cell.call:
            return None
        leaves, structure = flatten(states)
        looks = [Spec(z.shape[1:], z.dtype), *[s.spec for s in leaves]]
        y = infer(lambda z_t, *s: step(z_t, structure.unflatten(s))[0], looks)
        return ops.zeros(y.shape, y.dtype)

    def _check_rank(self, shape: Any) -> None:
        axes = getattr(self.cell, "axes", None)
        if len(shape) < 3 or (axes is not None and len(shape) != len(axes) + 1):
            names = ("batch", "time", *(axes[1:] if axes is not None else ("...",)))
            raise ShapeError(
                f"{type(self).__name__}: the number of axes is wrong.",
                got=f"x {shape}",
                expected=f"x ({', '.join(names)})",
                hint="x[..., None] gives each step one feature; after another recurrent layer: "
                "return_sequences=True there"
                if len(shape) == 2
                else "",
            )

    def _checked_mask(self, x: Tensor, mask: Any) -> Tensor | None:
        """Return the mask as (T, B)."""
        if isinstance(mask, list | tuple) and (not mask or _is_tensor_or_none(mask[0])):
            mask = mask[0] if mask else None
        if mask is None:
            return None
        mask = ops.cast(as_inputs(mask, self.dtype), dtype=bool)
        if mask.shape != x.shape[:2]:
            raise ShapeError(
                f"{type(self).__name__}: the mask has another shape.",
                got=f"mask {mask.shape}, x {x.shape}",
                expected=f"mask {x.shape[:2]}, true for each sample and step that is real",
            )
        return ops.swapaxes(mask, 0, 1)

    def _check_batch(self, x: Tensor) -> None:
        assert self.states is not None
        if x.shape[0] != self.states[0].shape[0]:
            raise ShapeError(
                f"{type(self).__name__}: a stateful layer keeps the states of one batch size.",
                got=f"x {x.shape}",
                expected=f"a batch of {self.states[0].shape[0]}",
                hint="give data whose number is divisible by batch_size, the same everywhere",
            )

    def __getattr__(self, name: str) -> Any:
        """Find what the cell has: units, activation, ..."""
        cell = vars(self).get("cell")
        public = not name.startswith("_") and name not in ("input", "output")
        if cell is not None and public and hasattr(cell, name):
            return getattr(cell, name)
        return super().__getattr__(name)


def apart(sequences: Any, initial_state: Any) -> tuple[Tensor, Any]:
    """Return (x, initial_state) of what may be [x, *states]."""
    if not isinstance(sequences, list | tuple):
        return sequences, initial_state
    x, *states = sequences
    if states and initial_state is not None:
        raise ArgumentError(
            "the initial state is given twice.", hint="layer(x, initial_state=states)"
        )
    return x, states or initial_state


def _is_tensor_or_none(x: Any) -> bool:
    return x is None or hasattr(x, "shape")

"""Cells on top of each other as one cell."""

from __future__ import annotations

from typing import Any, Unpack

from neurona import ops
from neurona.core.shapes import Spec
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError
from neurona.nn.layer import Layer
from neurona.nn.options import LayerOptions
from neurona.nn.recurrent.cell import Project, States, Step, begin


def check_cell(cell: Any) -> None:
    """Raise an ArgumentError for what is no cell."""
    if not isinstance(cell, Layer) or not hasattr(cell, "state_size"):
        raise ArgumentError(
            "a cell is a layer with a state_size.",
            got=repr(cell),
            expected="call(x, states) -> (y, states), and state_size, an integer or a list of them",
            hint="LSTMCell(32)",
        )


def initial_states(cell: Any, batch: int) -> States:
    """Return the states that a cell begins with: what it says itself, or zeros."""
    if hasattr(cell, "get_initial_state"):
        states = cell.get_initial_state(batch_size=batch)
        return list(states) if isinstance(states, list | tuple) else [states]
    sizes = cell.state_size
    sizes = sizes if isinstance(sizes, list | tuple) else [sizes]
    return [ops.zeros((batch, size), cell.dtype) for size in sizes]


def output_size(cell: Any) -> Any:
    """Return the size of a cell's output: what it says itself, or that of its first state."""
    if getattr(cell, "output_size", None) is not None:
        return cell.output_size
    sizes = cell.state_size
    return sizes[0] if isinstance(sizes, list | tuple) else sizes


class StackedRNNCells(Layer):
    """Cells on top of each other as one cell: the output of each is the input of the next.

    Shapes: x (B, D), states a list of the states of each cell -> y (B, units of the last cell) and
    the states after it.

    Args:
        cells: a list of cells; `RNN([...])` makes a stack of a list itself.

    Raises:
        ArgumentError: if there is none, or something is no cell.

    >>> from neurona.nn.layers import RNN, LSTMCell, GRUCell
    >>> RNN(StackedRNNCells([LSTMCell(4), GRUCell(3)]))(ops.ones((2, 5, 1))).shape
    (2, 3)
    """

    def __init__(self, cells: Any, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        if not isinstance(cells, list | tuple) or not cells:
            raise ArgumentError("StackedRNNCells takes a list of cells.", got=repr(cells))
        for cell in cells:
            check_cell(cell)
        self.cells = list(cells)
        self.dtype = self.dtype if common.get("dtype") else self.cells[0].dtype

    @property
    def state_size(self) -> list[Any]:
        """The state sizes of the cells."""
        return [cell.state_size for cell in self.cells]

    @property
    def output_size(self) -> Any:
        """The size of the last cell's output."""
        return output_size(self.cells[-1])

    def get_initial_state(self, batch_size: int) -> States:
        """Return the states that the cells begin with."""
        return [initial_states(cell, batch_size) for cell in self.cells]

    def build(self, shape: Any) -> None:
        """Build the cells, each for the output of the one before."""
        for cell in self.cells:
            cell.ensure_built(Tensor(None, Spec(tuple(shape), cell.dtype)))
            shape = (shape[0], output_size(cell))

    def call(  # type: ignore[override]
        self, x: Tensor, states: States, training: bool = False
    ) -> tuple[Tensor, States]:
        """Return (y, states after it)."""
        project, step = self.begin(x.shape[0], training)
        return step(project(x), states)

    def begin(self, batch: int, training: bool) -> tuple[Project, Step]:
        """Return (project, step), see `cell.begin`; only the first cell's input is known before."""
        parts = [begin(cell, batch, training) for cell in self.cells]

        def step(z: Tensor, states: States) -> tuple[Tensor, States]:
            after = []
            for number, (project, one) in enumerate(parts):
                z, new = one(project(z) if number else z, states[number])
                after.append(new)
            return z, after

        return parts[0][0], step

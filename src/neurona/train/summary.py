"""`model.summary()`: the layers as a table, with shapes, numbers of parameters and totals."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from neurona.core.shapes import product
from neurona.errors import ArgumentError, StateError
from neurona.nn.layer import Layer
from neurona.nn.parameter import Parameter
from neurona.terminal import say

NARROWEST = 40


def print_summary(
    model: Any,
    line_length: int | None = None,
    expand_nested: bool = False,
    print_fn: Callable[[str], Any] | None = None,
    show_trainable: bool = False,
) -> None:
    """Print a table of a model's layers, or give it as text to `print_fn`.

    Raises:
        StateError: if the model has no layers yet.
        ArgumentError: if the line is too short for a table.
    """
    from rich.console import Console

    if not model.layers:
        raise StateError(
            f"{model.name!r} has no layers to show.",
            hint="model.add(layer); a subclass makes its layers in the constructor",
        )
    branching = _branching(model)
    width = line_length or min(100 if branching else 80, shutil.get_terminal_size().columns)
    if width < NARROWEST:
        raise ArgumentError(
            "line_length is too small.", got=str(width), expected=f"{NARROWEST} or more"
        )
    plain = print_fn is not None
    console = Console(
        width=width, highlight=False, force_terminal=False if plain else None, force_jupyter=False,
        color_system=None if plain else "auto",
    )  # fmt: skip
    with console.capture() as captured:
        console.print(f"[bold]Model: [cyan]{_escaped(model.name)}[/][/]")
        console.print(_table(model, branching, expand_nested, show_trainable))
        for line in _totals(model):
            console.print(line)
    text = captured.get().rstrip("\n")
    if print_fn is not None:
        print_fn(text)
    else:
        say(text)


def _table(model: Any, branching: bool, expand_nested: bool, show_trainable: bool) -> Any:
    from rich.box import ROUNDED
    from rich.table import Table

    table = Table(box=ROUNDED, expand=True, header_style="bold", border_style="dim")
    table.add_column("Layer (type)", ratio=5, overflow="fold")
    table.add_column("Output Shape", ratio=4, overflow="fold")
    listed = list(rows(model, expand_nested))
    counts = [f"{_count(n.weights):,}" if n.built else "0 (unbuilt)" for n, _ in listed]
    widest = max(map(len, counts))  # half a number would be another number
    width = widest if widest > len("Param #") else None
    ratio = 2 if width is None else None
    table.add_column("Param #", justify="right", no_wrap=True, width=width, ratio=ratio)
    if branching:
        table.add_column("Connected to", ratio=4, overflow="fold")
    if show_trainable:
        table.add_column("Trainable", justify="center", ratio=2)
    for (layer, depth), count in zip(listed, counts, strict=True):
        mark = "   " * (depth - 1) + "└─ " if depth else ""
        row = [
            f"{mark}{_escaped(layer.name)} [dim]({type(layer).__name__})[/]",
            _shape(layer),
            count.replace("(unbuilt)", "[dim](unbuilt)[/]"),
        ]
        if branching:
            row.append(_escaped(", ".join(_feeding(model, layer))) if not depth else "")
        if show_trainable:
            learns = "[green]yes[/]" if layer.trainable_weights else "[red]no[/]"
            row.append(learns if layer.weights else "-")
        table.add_row(*row)
    return table


def rows(model: Any, expand_nested: bool = False, depth: int = 0) -> Iterator[tuple[Layer, int]]:
    """Yield the layers and operations of a model, and how deep each is in nested models."""
    network = getattr(model, "_network", None)
    chain = _is_chain(model)
    for layer in model.layers if chain or network is None else network.operations:
        yield layer, depth
        if expand_nested and getattr(layer, "layers", None):
            yield from rows(layer, expand_nested, depth + 1)


def _is_chain(model: Any) -> bool:
    return getattr(model, "_network", None) is None or hasattr(model, "_chain")


def _branching(model: Any) -> bool:
    """Say whether the layers are anything but a chain, so that connections must be shown."""
    if _is_chain(model):
        return False
    network = model._network
    names = [layer.name for layer in network.operations]
    return network.edges() != list(itertools.pairwise(names))


def _feeding(model: Any, layer: Layer) -> Sequence[str]:
    """Return the names of the layers whose outputs a layer takes, in order."""
    calls = [c for c in model._network.calls if c.layer is layer]
    return [x.name for c in calls for x in c.inputs] or ["-"]


def _shape(layer: Layer) -> str:
    shape = layer.output_shape
    if shape is None:
        return "[dim]?[/]"
    several = isinstance(shape, list)
    return _escaped(", ".join(map(str, shape))) if several else _escaped(str(shape))


def _totals(model: Any) -> Iterator[str]:
    trainable, frozen = model.trainable_weights, model.non_trainable_weights
    built = model.optimizer is not None and model.optimizer.parameters
    slots = model.optimizer.variables if built else []
    if not model.built and not model.weights:
        yield "[dim]The parameters are not known yet: call the model on data, or begin with[/]"
        yield "[dim]nn.Input(shape).[/]"
        return
    everything = [*trainable, *frozen, *slots]
    rows = [("Total params", everything), ("Trainable params", trainable)]
    rows.append(("Non-trainable params", frozen))
    if slots:
        rows.append(("Optimizer params", slots))
    for name, parameters in rows:
        yield f"[bold] {name}:[/] {_count(parameters):,} [dim]({_size(parameters)})[/]"


def _count(parameters: Sequence[Parameter]) -> int:
    return sum(product(p.shape) for p in parameters)


def _size(parameters: Sequence[Parameter]) -> str:
    """Return the memory of parameters in readable units.

    >>> import numpy as np
    >>> _size([Parameter(np.zeros((256, 3), "float32"))])
    '3.00 KB'
    """
    size = float(sum(product(p.shape) * p.dtype.itemsize for p in parameters))
    if size < 1024:
        return f"{size:.0f} B"
    units = ["GB", "MB", "KB"]
    while size >= 1024 and units:
        size, unit = size / 1024, units.pop()
    return f"{size:.2f} {unit}"


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)

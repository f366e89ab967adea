"""Activation functions beside their derivatives: what passes forward, and what comes back."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from neurona import ops
from neurona.autodiff import grad
from neurona.core.tensor import Tensor, tensor
from neurona.errors import ArgumentError, DataError, ShapeError, unknown
from neurona.nn.activations import get
from neurona.plots.canvas import as_array, grid_shape, new_figure, tidy
from neurona.plots.palette import BLUE, VERMILLION

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Curve = Callable[[np.ndarray], np.ndarray]


# name: how the formula is written; function and derivative are the library's own
FORMULAS = {
    "linear": "x",
    "step": "1 if x > 0 else 0",
    "sigmoid": "1 / (1 + e⁻ˣ)",
    "log_sigmoid": "−ln(1 + e⁻ˣ)",
    "tanh": "(eˣ − e⁻ˣ) / (eˣ + e⁻ˣ)",
    "relu": "max(0, x)",
    "relu6": "max(0, x), at most 6",
    "leaky_relu": "x if x > 0 else 0.2 x",
    "elu": "x if x > 0 else eˣ − 1",
    "celu": "x if x > 0 else eˣ − 1",
    "selu": "1.05 x if x > 0 else 1.76 (eˣ − 1)",
    "gelu": "x Φ(x)",
    "silu": "x sigmoid(x)",
    "mish": "x tanh(softplus(x))",
    "softplus": "ln(1 + eˣ)",
    "softsign": "x / (1 + |x|)",
    "exponential": "eˣ",
    "hard_sigmoid": "x / 6 + 0.5, kept in [0, 1]",
    "hard_silu": "x hard_sigmoid(x)",
    "hard_tanh": "x, kept in [−1, 1]",
    "hard_shrink": "x if |x| > 0.5 else 0",
    "soft_shrink": "x − 0.5, x + 0.5, or 0 between",
    "tanh_shrink": "x − tanh(x)",
    "squareplus": "(x + √(x² + 4)) / 2",
    "sparse_plus": "0, (x + 1)² / 4, x",
    "sparse_sigmoid": "(x + 1) / 2, kept in [0, 1]",
}
JUMPS: dict[str, tuple[float, ...]] = {  # of the derivative; of the step itself, too
    "step": (0.0,),
    "relu": (0.0,),
    "relu6": (0.0, 6.0),
    "leaky_relu": (0.0,),
    "selu": (0.0,),
    "hard_sigmoid": (-3.0, 3.0),
    "hard_silu": (-3.0, 3.0),
    "hard_tanh": (-1.0, 1.0),
    "hard_shrink": (-0.5, 0.5),
    "soft_shrink": (-0.5, 0.5),
    "sparse_sigmoid": (-1.0, 1.0),
}


def activations(
    names: str | Iterable[str] | Mapping[str, Callable[[Any], Any]] = (
        "sigmoid",
        "tanh",
        "relu",
        "leaky_relu",
    ),
    x_range: tuple[float, float] = (-5.0, 5.0),
    *,
    columns: int | None = None,
) -> Figure:
    """Draw each activation function with its derivative, and say how steep it gets.

    The largest slope matters: going back through a layer of sigmoids shrinks a gradient to at most
    a quarter, through ten of them to less than a millionth.

    Args:
        names: names of known functions (see `FORMULAS`), or a mapping from a label to a function of
            an array, elementwise, or one such function or layer; its derivative is the central
            difference.
        x_range: lowest and highest input drawn.
        columns: panels a row; by default as many as make the grid nearly square.

    Raises:
        ArgumentError: if a name is unknown, or x_range is empty.
        ShapeError: if a given function does not keep the shape of its input.

    >>> figure = activations(["sigmoid"])
    >>> [line.get_label() for line in figure.axes[0].lines[:2]]
    ['f(x)', 'f ′(x), at most 0.25']
    """
    low, high = float(x_range[0]), float(x_range[1])
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ArgumentError(
            "x_range is empty.", got=str(x_range), expected="(low, high), low < high"
        )
    curves = _curves(names)
    rows, columns = grid_shape(len(curves), columns)
    figure = new_figure(max(3.5 * columns, 4.5), 3.0 * rows + 0.4)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    x = np.linspace(low, high, 1001)
    for ax, (name, (formula, f, slope)) in zip(axes, curves.items(), strict=False):
        y, g = f(x), np.asarray(slope(x), dtype=np.float64)
        shown_y, shown_g = y.astype(np.float64), g.copy()
        for jump in JUMPS.get(name, ()) if formula else ():
            near = np.abs(x - jump) < (high - low) / 2000  # a jump is a gap, not a steep line
            shown_g[near] = np.nan
            if name == "step":
                shown_y[near] = np.nan
        steepest = f"{np.nanmax(np.abs(g)):.3g}"
        ax.plot(x, shown_y, color=BLUE, linewidth=2, label="f(x)")
        at_most = f"f ′(x), at most {steepest}"
        ax.plot(x, shown_g, "--", color=VERMILLION, linewidth=2, label=at_most)
        ax.axhline(0, color="0.6", linewidth=0.8, zorder=1)
        ax.axvline(0, color="0.6", linewidth=0.8, zorder=1)
        ax.set_title(f"{name}\n{formula}" if formula else name, fontsize="medium")
        ax.set_xlim(low, high)
        tidy(ax, grid="both")
        ax.legend(frameon=False, fontsize="small", loc="upper left")
        ax.margins(y=0.05)
        bottom, top = ax.get_ylim()
        ax.set_ylim(bottom, top + 0.28 * (top - bottom))  # room for the legend
    for ax in axes[len(curves) :]:
        ax.remove()
    figure.supxlabel("input x", fontsize="medium")
    return figure


def _curves(names: Any) -> dict[str, tuple[str, Curve, Curve]]:
    if callable(names):
        names = {str(getattr(names, "__name__", "") or getattr(names, "name", "f(x)")): names}
    if isinstance(names, Mapping):
        curves = {str(name): ("", *_numeric(str(name), f)) for name, f in names.items()}
    else:
        chosen = [names] if isinstance(names, str) else list(names)
        for name in chosen:
            if name not in FORMULAS:
                raise unknown("activation", name, FORMULAS)
        curves = {name: (FORMULAS[name], *curve(name)) for name in chosen}
    if not curves:
        raise DataError("there are no functions to draw.", expected="one name or more")
    return curves


def curve(name: str) -> tuple[Curve, Curve]:
    """Return an activation of the library and its derivative, as functions of float64 arrays."""
    fn = get(name)

    def total(x: Tensor) -> Tensor:
        return ops.sum(fn(x) + 0.0 * x)  # where no gradient passes, as through a step, it is 0

    def value(x: np.ndarray) -> np.ndarray:
        return fn(tensor(x, "float64")).numpy()

    return value, lambda x: grad(total)(tensor(x, "float64")).numpy()


def _numeric(name: str, f: Any) -> tuple[Curve, Curve]:
    """A function on arrays and its central difference; h = 1e-4 keeps 7 digits in float64."""

    def value(x: np.ndarray) -> np.ndarray:
        y = as_array(f(x), name)
        if y.shape != x.shape:
            raise ShapeError(
                f"{name} must act on each element.",
                got=f"{y.shape} for an input {x.shape}",
                expected="the shape of its input",
            )
        return y.astype(np.float64)

    return value, lambda x: (value(x + 1e-4) - value(x - 1e-4)) / 2e-4

"""Where a plot is drawn: figures that never block, never pile up, and show themselves."""

from __future__ import annotations

import collections
import contextlib
import math
import os
import threading
import warnings
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from neurona.errors import ArgumentError, DataError, check_integer

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


HELD = 10  # figures that pyplot holds where nobody sees them
_held: collections.deque[weakref.ref[Figure]] = collections.deque()


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of width x height inches with constrained layout.

    It is pyplot's current figure: `plt.savefig("name.png")` writes it, `plt.show()` in a script
    opens it, and a notebook cell shows it exactly once, whether it is the last value of the cell or
    not. Without a display, or with an image backend such as Agg, pyplot holds the last of them
    alone, so thousands may be drawn. In a thread that is not the main one, as in a web server, it
    is a figure of its own: `figure.savefig("name.png")`.

    With windows, figures stay until shown or closed (`plt.close("all")`), as pyplot's own do. No
    window opens here; with `plt.ion()`, pyplot opens one because the user asked for that.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    if threading.current_thread() is threading.main_thread():
        import matplotlib.pyplot as plt

        class Picture(Figure):
            """A pyplot figure that a notebook shows once, not also at the end of the cell."""

            def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> None:
                plt.close(self)  # the notebook goes on to its own PNG or SVG of the figure

        # A window backend that was asked for by name raises ImportError where there is no display.
        # Settings are no place to silence the warning: loading a notebook's backend changes them.
        with contextlib.suppress(ImportError), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "More than .* figures", RuntimeWarning)
            figure = plt.figure(FigureClass=Picture, figsize=(width, height), layout="constrained")
            _spaced(figure)
            if not _seen():
                _held.append(weakref.ref(figure))
                while len(_held) > HELD:
                    if (oldest := _held.popleft()()) is not None:  # close(None) is the newest
                        plt.close(oldest)
            return figure
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    _spaced(figure)
    return figure


def _spaced(figure: Figure) -> None:
    """Keep titles and labels off the edge of the picture."""
    engine: Any = figure.get_layout_engine()
    engine.set(w_pad=0.06, h_pad=0.08)


def _seen() -> bool:
    """Whether a figure of pyplot's can be seen by someone, who then closes it."""
    import matplotlib.pyplot as plt
    from matplotlib.backends.registry import BackendFilter, backend_registry

    images_only = backend_registry.list_builtin(BackendFilter.NON_INTERACTIVE)
    return plt.get_backend().lower() not in images_only


def axes_for(ax: Axes | None, width: float, height: float) -> tuple[Figure, Axes]:
    """Return the given axes and its figure, or one axes on a new figure."""
    if ax is None:
        figure = new_figure(width, height)
        return figure, figure.add_subplot()
    parent: Any = ax.figure
    while getattr(parent, "_parent", None) is not None:  # a SubFigure lies inside a figure
        parent = parent._parent
    return parent, ax


def tidy(ax: Axes, *, grid: str = "y") -> None:
    """Leave two spines and a faint grid along `grid` ("x", "y", "both" or "")."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_axisbelow(True)
    if grid:
        ax.grid(True, axis=grid, color="0.5", alpha=0.25, linewidth=0.8)  # type: ignore[arg-type]


def grid_shape(count: int, columns: int | None = None) -> tuple[int, int]:
    """Return (rows, columns) for `count` tiles, about as many of each; up to three are a row.

    >>> grid_shape(10), grid_shape(10, columns=5)
    ((3, 4), (2, 5))
    """
    if columns is not None:
        columns = check_integer("columns", columns, minimum=1)
    elif count <= 3:
        columns = count
    columns = min(columns or math.ceil(math.sqrt(count)), max(count, 1))
    return math.ceil(count / columns), columns


def as_array(value: Any, name: str) -> np.ndarray:
    """Return numbers (an array, a Tensor, nested lists) as an array, or raise a DataError."""
    if callable(getattr(value, "numpy", None)):
        value = value.numpy()
    if hint := _not_numbers(value):
        raise DataError(
            f"{name} must hold numbers.", got=type(value).__name__, expected="an array", hint=hint
        )
    try:
        array = np.asarray(value)
    except ValueError:
        raise DataError(
            f"{name} has rows of different lengths.", expected="a rectangular array"
        ) from None
    if array.dtype.kind == "O":
        try:
            array = array.astype(np.float64)  # None becomes nan
        except (TypeError, ValueError):
            raise DataError(
                f"{name} must hold numbers.", got=type(value).__name__, expected="an array"
            ) from None
    return array


def _not_numbers(value: Any) -> str:
    """Return how to come to numbers from what else a user has at hand; "" if it may hold them."""
    if hasattr(value, "predict"):
        return "what a model says: model.predict(x); what it weighs: model.get_weights()"
    if isinstance(getattr(value, "history", None), Mapping):
        return 'one series of it: history.history["loss"]; nn.plots.history(history) draws all'
    if isinstance(value, tuple) and len(value) == 2 and np.ndim(value[0]) > np.ndim(value[1]) > 0:
        return "images and labels are two arguments: images, labels = data"
    if isinstance(value, str | os.PathLike):
        return f"nn.data.img_to_array(nn.data.load_img({str(value)!r})), if it is an image file"
    if not isinstance(value, Mapping) and hasattr(value, "batch_size"):
        return "one batch of it: x, y = next(iter(batches))"
    return ""


def check_mapping(value: Any, name: str, what: str) -> None:
    """Raise a DataError if what is drawn by name is not a dict."""
    if not isinstance(value, Mapping):
        raise DataError(
            f"{name} are given by name.",
            got=type(value).__name__,
            expected=f"a dict from name to {what}",
            hint=f'{{"mine": {what if " " not in what else "..."}}}',
        )


def as_numbers(value: Any, name: str) -> np.ndarray:
    """Return a series of numbers as a float64 vector, or raise a DataError."""
    array = as_array(value, name)
    if array.dtype.kind not in "biuf" or array.size == 0:
        got = "nothing" if array.size == 0 else f"elements of type {array.dtype}"
        raise DataError(f"{name} must be a series of numbers.", got=got, expected="one or more")
    return array.astype(np.float64).ravel()


def check_names(names: Any, count: int) -> list[str]:
    """Return class names as strings, or raise when there are fewer than `count`."""
    if isinstance(names, Mapping):
        names = [names[i] for i in sorted(names)]
    labels = [str(name) for name in names]
    if len(labels) < count:
        raise ArgumentError(
            "class_names is too short.",
            got=f"{len(labels)} names",
            expected=f"{count}, one for each class in order",
        )
    return labels

"""plot_model and model_to_dot: a model as cards and arrows, drawn with matplotlib alone."""

from __future__ import annotations

import io
import itertools
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurona.errors import ArgumentError, check_choice, check_number
from neurona.files import write_bytes
from neurona.plots.canvas import new_figure
from neurona.plots.layering import Layered, Node, arrange
from neurona.plots.model_cards import Card, Diagram, Shown, diagram
from neurona.plots.palette import class_colors, tint

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TITLE, ROW, GAP, LANE, MARGIN = 0.3, 0.26, 0.32, 0.3, 0.2  # inches
FONT = 9.0  # points
LETTER = 0.0088  # inches in a point, for DejaVu's wide letters
PAD = 0.18  # inches beside the text of a cell
FORMATS = ("png", "svg", "pdf", "jpg", "jpeg")
LARGEST = 2**16 - 1  # pixels along a side, says matplotlib
DIRECTIONS = ("TB", "LR", "BT", "RL")


class Drawing:
    """A model that was drawn: `write` it to a file, `create` its bytes, or let a notebook show it.

    Attributes:
        figure: matplotlib's.
        dpi: pixels per inch.
    """

    def __init__(self, figure: Figure, found: Diagram, direction: str, dpi: float) -> None:
        self.figure, self.dpi = figure, min(dpi, LARGEST / max(figure.get_size_inches()))
        self._found, self._direction = found, direction

    def create(self, prog: Any = None, format: str = "png") -> bytes:
        """Return the picture as bytes.

        Args:
            prog: accepted as in pydot; there is no such program.
            format: "png", "svg", "pdf", "jpg"; or "dot" for the text of `to_string`.
        """
        if format in ("dot", "raw"):
            return self.to_string().encode()
        memory = io.BytesIO()
        kind = check_choice("format", format, FORMATS)
        self.figure.savefig(memory, format=kind, dpi=self.dpi)
        return memory.getvalue()

    def write(self, path: Any, prog: Any = None, format: str | None = None) -> bool:
        """Write the picture to a file; the format is the name's ending, or "png".

        Returns:
            True.
        """
        ending = format or os.path.splitext(os.fspath(path))[1][1:].lower() or "png"
        write_bytes(Path(os.fspath(path)), self.create(prog, ending))
        return True

    def to_string(self) -> str:
        """Return the graph in the language of Graphviz.

        >>> import neurona as nn
        >>> model = nn.Sequential([nn.Input((3,)), nn.layers.Dense(2, name="two")])
        >>> print(model_to_dot(model).to_string())
        digraph model {
        rankdir=TB;
        "two" [shape=record, label="two (Dense)"];
        }
        """
        lines = ["digraph model {", f"rankdir={self._direction};"]
        for key, card in self._found.cards.items():
            label = "\\n".join([card.title, *("   ".join(cells) for cells in card.rows)])
            lines.append(f'"{"/".join(key)}" [shape=record, label="{label}"];')
        lines += [f'"{"/".join(a)}" -> "{"/".join(b)}";' for a, b in self._found.edges]
        return "\n".join([*lines, "}"])

    def create_png(self, prog: Any = None) -> bytes:
        """Return a PNG."""
        return self.create(prog, "png")

    def create_svg(self, prog: Any = None) -> bytes:
        """Return an SVG."""
        return self.create(prog, "svg")

    def write_png(self, path: Any, prog: Any = None) -> bool:
        """Write a PNG."""
        return self.write(path, prog, "png")

    def write_svg(self, path: Any, prog: Any = None) -> bool:
        """Write an SVG."""
        return self.write(path, prog, "svg")

    def write_pdf(self, path: Any, prog: Any = None) -> bool:
        """Write a PDF."""
        return self.write(path, prog, "pdf")

    def _repr_png_(self) -> bytes:
        return self.create()


def plot_model(
    model: Any,
    to_file: Any = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: float | None = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    layer_range: Any = None,
) -> Drawing:
    """Draw a model to a file: a card for each layer, arrows from the inputs to the outputs.

    Neither pydot nor Graphviz is needed.

    Args:
        model: a Model that is built.
        to_file: a name that ends with png, svg, pdf or jpg; None writes no file.
        show_shapes: the shapes that go in and out, with None for what is open.
        show_dtype: the element type that comes out.
        show_layer_names: the name of each layer before its class.
        rankdir: "TB" goes from top to bottom, "LR" from left to right; "BT" and "RL" backwards.
        expand_nested: the layers of models within the model, in a frame each.
        dpi: pixels per inch.
        show_layer_activations: the activation of layers that have one.
        show_trainable: whether the layer learns, where it has parameters.
        splines: accepted as in Keras.
        layer_range: refused, as in Keras.

    Returns:
        The Drawing, which a notebook shows.

    Raises:
        StateError: if the model is not built.
        ArgumentError: if an argument is none of those.

    >>> import neurona as nn
    >>> model = nn.Sequential([nn.Input((2,)), nn.layers.Dense(1)])
    >>> drawing = plot_model(model, to_file=None, show_shapes=True)
    >>> "dense" in drawing.to_string()
    True
    """
    drawing = model_to_dot(
        model, show_shapes, show_dtype, show_layer_names, rankdir, expand_nested, dpi, False,
        show_layer_activations, show_trainable, splines, layer_range,
    )  # fmt: skip
    if to_file is not None:
        drawing.write(to_file)
    return drawing


def model_to_dot(
    model: Any,
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: float | None = 200,
    subgraph: bool = False,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    layer_range: Any = None,
) -> Drawing:
    """Draw a model, and return the Drawing, which has pydot's `create`, `write` and `to_string`.

    Args: see `plot_model`; `subgraph` is accepted as in Keras.

    >>> import neurona as nn
    >>> model = nn.Sequential([nn.Input((2,)), nn.layers.Dense(1)])
    >>> model_to_dot(model).create(format="png")[1:4]
    b'PNG'
    """
    if layer_range is not None:
        raise ArgumentError("layer_range is no longer supported.", hint="draw the whole model")
    direction = check_choice("rankdir", rankdir, DIRECTIONS)
    pixels = 96.0 if dpi is None else check_number("dpi", dpi, low=1)
    shown = Shown(
        show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable,
        stacked=direction in ("LR", "RL"),
    )  # fmt: skip
    found = diagram(model, shown, expand_nested)
    return Drawing(_draw(found, direction), found, direction, pixels)


# --- drawing -----------------------------------------------------------------------------------

Point = tuple[float, float]


@dataclass
class Plan:
    """Where everything stands, in inches; y goes down.

    Attributes:
        centre: of cards, and of the waypoints that arrows pass.
        width: of all cards.
        height: of each card; of a waypoint that of its rank.
        total: width and height of the picture.
        upright: whether ranks follow each other downwards, or else to the right.
    """

    centre: dict[Node, Point]
    width: float
    height: dict[Node, float]
    total: Point
    upright: bool


def _draw(found: Diagram, direction: str) -> Figure:
    width = max(_width(card) for card in found.cards.values())
    heights = {key: TITLE + len(card.rows) * ROW for key, card in found.cards.items()}
    upright = direction in ("TB", "BT")
    depth = max((len(key) for key in found.frames), default=0) * 0.16  # room for nested frames
    across = (width if upright else max(heights.values())) + GAP + depth
    layered = arrange(found.cards, found.edges, box=across, lane=LANE)
    plan = _plan(layered, width, heights, upright, direction in ("BT", "RL"), depth)
    figure = new_figure(*plan.total)
    ax = figure.add_axes((0, 0, 1, 1))
    figure.set_layout_engine("none")
    ax.axis("off")
    ax.set_xlim(0, plan.total[0])
    ax.set_ylim(plan.total[1], 0)
    for key, name in sorted(found.frames.items()):
        _frame(ax, name, len(key), [k for k in found.cards if k[: len(key)] == key], plan)
    for path in layered.paths:
        _arrow(ax, path, plan, backwards=direction in ("BT", "RL"))
    kinds = list(dict.fromkeys(card.kind for card in found.cards.values()))
    colors = dict(zip(kinds, class_colors(len(kinds)), strict=True))
    for key, card in found.cards.items():
        _card(ax, card, plan.centre[key], (width, heights[key]), colors[card.kind])
    return figure


def _width(card: Card) -> float:
    rows = [sum(LETTER * (FONT - 1) * len(text) + PAD for text in cells) for cells in card.rows]
    return max(1.1, 1.06 * LETTER * FONT * len(card.title) + PAD, *rows)


def _plan(
    layered: Layered, width: float, heights: dict[Any, float], upright: bool, backwards: bool,
    depth: float,
) -> Plan:  # fmt: skip
    edge = MARGIN + depth / 2 + (0.1 if depth else 0.0)
    highest = max(heights.values())
    half = (width if upright else highest) / 2
    places = [layered.x[node] for row in layered.ranks for node in row]
    first = min(places) - half
    span = max(places) + half - first + 2 * edge
    high = [max((heights[n] for n in row if n in heights), default=TITLE) for row in layered.ranks]
    steps = [h if upright else width for h in high]
    length = sum(steps) + (len(steps) - 1) * (GAP + depth) + 2 * edge
    centre: dict[Node, Point] = {}
    height: dict[Node, float] = {}
    along = edge
    for row, step, most in zip(layered.ranks, steps, high, strict=True):
        middle = along + step / 2
        for node in row:
            aside = layered.x[node] - first + edge
            place = length - middle if backwards else middle
            centre[node] = (aside, place) if upright else (place, aside)
            height[node] = heights.get(node, most)
        along += step + GAP + depth
    total = (span, length) if upright else (length, span)
    return Plan(centre, width, height, total, upright)


def _card(ax: Axes, card: Card, centre: Point, size: Point, color: str) -> None:
    from matplotlib.patches import Rectangle

    left, top = centre[0] - size[0] / 2, centre[1] - size[1] / 2
    style: dict[str, Any] = {"ha": "center", "va": "center", "color": "black", "zorder": 5}

    def cell(x: float, y: float, w: float, h: float, text: str, face: Any, **more: Any) -> None:
        ax.add_patch(Rectangle((x, y), w, h, facecolor=face, edgecolor=color, lw=1.1, zorder=4))
        ax.text(x + w / 2, y + h / 2, text, **style, **more)

    cell(left, top, size[0], TITLE, card.title, tint(color, 0.3), fontsize=FONT, weight="bold")
    for number, cells in enumerate(card.rows):
        lengths = [LETTER * (FONT - 1) * len(text) + PAD for text in cells]
        x = left
        for text, length in zip(cells, lengths, strict=True):
            w = size[0] * length / sum(lengths)
            cell(x, top + TITLE + number * ROW, w, ROW, text, "white", fontsize=FONT - 1)
            x += w


def _frame(ax: Axes, name: str, level: int, keys: list[Node], plan: Plan) -> None:
    """Draw a frame around the cards of a nested model."""
    from matplotlib.patches import FancyBboxPatch

    room = 0.13 / level + 0.05
    xs = [plan.centre[key][0] for key in keys]
    left, right = min(xs) - plan.width / 2 - room, max(xs) + plan.width / 2 + room
    top = min(plan.centre[key][1] - plan.height[key] / 2 for key in keys) - room
    bottom = max(plan.centre[key][1] + plan.height[key] / 2 for key in keys) + room
    ax.add_patch(
        FancyBboxPatch(
            (left, top), right - left, bottom - top, boxstyle="round,pad=0,rounding_size=0.08",
            facecolor="0.96", edgecolor="0.55", linestyle=(0, (4, 3)), linewidth=1.0, zorder=level,
        )
    )  # fmt: skip
    ax.text(left + 0.07, top + 0.02, name, fontsize=FONT - 2, color="0.3", va="top", zorder=6)


def _arrow(ax: Axes, path: list[Node], plan: Plan, backwards: bool) -> None:
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path as Curve

    sign = -0.5 if backwards else 0.5
    half = [sign * (plan.height[node] if plan.upright else plan.width) for node in path]
    turn: Callable[[Point], Point] = (lambda p: p) if plan.upright else (lambda p: (p[1], p[0]))
    ahead = [turn(plan.centre[node]) for node in path]  # (aside, along)
    curve = [(ahead[0][0], ahead[0][1] + half[0])]
    codes = [Curve.MOVETO]
    for i, ((a0, l0), (a1, l1)) in enumerate(itertools.pairwise(ahead)):
        start, end = l0 + half[i], l1 - half[i + 1]
        bend = (end - start) * 0.6
        curve += [(a0, start + bend), (a1, end - bend), (a1, end)]
        codes += [Curve.CURVE4] * 3
        if i + 2 < len(path):  # a waypoint: straight on past the cards of its rank
            curve.append((a1, l1 + half[i + 1]))
            codes.append(Curve.LINETO)
    ax.add_patch(
        FancyArrowPatch(
            path=Curve([turn(p) for p in curve], codes), arrowstyle="-|>", mutation_scale=9,
            color="0.3", linewidth=1.2, zorder=3.5, shrinkA=0, shrinkB=0,
        )
    )  # fmt: skip

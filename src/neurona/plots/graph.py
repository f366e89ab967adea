"""A model as boxes and arrows, from its inputs at the top to its outputs at the bottom."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from neurona.errors import DataError, check_integer
from neurona.plots.canvas import new_figure
from neurona.plots.layering import Layered, Node, arrange
from neurona.plots.palette import class_colors, tint

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HEIGHT, GAP, LANE, MARGIN = 0.48, 0.3, 0.34, 0.25  # inches
FONT = 8.5  # points


@dataclass
class Box:
    """What one box says."""

    title: str
    kind: str
    detail: str


def model_graph(model: Any, *, rows: int = 20) -> Figure:
    """Draw a model's layers with their class, output shape and number of parameters.

    Branches stand side by side, and a shortcut keeps a lane of its own beside what it skips. A deep
    model goes on in a second column, and so on, where one line connects the parts.

    Args:
        model: an object with `layers`, each with a `name`, an `output_shape` and `count_params()`
            (what is missing, as before the first call, is shown as not built). If it has `edges()`,
            a list of pairs of names, they are the arrows; otherwise the layers form a chain. Names
            in `edges()` that no layer has, such as an input, become boxes too.
        rows: how many boxes a column holds before the next begins.

    Raises:
        DataError: if there are no layers, or the edges form a cycle.

    >>> from types import SimpleNamespace as Layer
    >>> layer = Layer(name="hidden", output_shape=(None, 8), count_params=lambda: 40)
    >>> figure = model_graph(Layer(name="mlp", layers=[layer]))
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['hidden : SimpleNamespace', '(None, 8)   40 params']
    """
    rows = check_integer("rows", rows, minimum=2)
    boxes, edges, total = _read(model)
    longest = max(max(len(b.title), len(b.detail)) for b in boxes.values())
    width = max(1.5, 0.0088 * FONT * longest + 0.25)  # 0.0088 in a point: DejaVu's wide letters
    layered = arrange(boxes, edges, box=width + GAP, lane=LANE)
    columns = _columns(layered, rows)
    place, size = _coordinates(layered, columns, width, set(boxes))

    figure = new_figure(max(size[0], 3.0), size[1] + 0.35)
    ax = figure.add_subplot()
    ax.axis("off")
    spare = max(3.0 - size[0], 0) / 2
    ax.set_xlim(-spare, size[0] + spare)
    ax.set_ylim(size[1], 0)
    ax.set_aspect("equal")
    column_of = {
        node: c for c, span in enumerate(columns) for r in span for node in layered.ranks[r]
    }
    for path in layered.paths:
        _arrow(ax, path, place, column_of, width)
    kinds = list(dict.fromkeys(box.kind for box in boxes.values()))
    colors = dict(zip(kinds, class_colors(len(kinds)), strict=True))
    for node, box in boxes.items():
        _draw_box(ax, box, place[node], width, colors[box.kind])
    name = getattr(model, "name", None) or type(model).__name__
    ax.set_title(
        f"{name}: {_counted(len(model.layers))}" + (f", {total:,} parameters" if total else "")
    )
    return figure


def _counted(layers: int) -> str:
    return "1 layer" if layers == 1 else f"{layers} layers"


def _read(model: Any) -> tuple[dict[Node, Box], list[tuple[Node, Node]], int | None]:
    layers = list(getattr(model, "layers", None) or [])
    if not layers:
        raise DataError(
            "there are no layers to draw.",
            got=type(model).__name__,
            expected="an object whose `layers` is a list of one or more",
        )
    branching = callable(getattr(model, "edges", None))
    boxes: dict[Node, Box] = {}
    counts: list[int | None] = []
    for i, layer in enumerate(layers):
        name = str(getattr(layer, "name", None) or f"layer {i}")
        kind = type(layer).__name__
        count = _count(layer)
        counts.append(count)
        shape = getattr(layer, "output_shape", None)
        detail = "not built yet" if shape is None else str(shape)
        if count:
            detail += f"   {count:,} params"
        boxes[name if branching else i] = Box(f"{name} : {kind}", kind, detail)
    edges: list[tuple[Node, Node]]
    if branching:
        edges = [(str(start), str(end)) for start, end in model.edges()]
        for node in dict.fromkeys(node for edge in edges for node in edge):
            boxes.setdefault(node, Box(str(node), "", ""))
    else:
        edges = [(i, i + 1) for i in range(len(layers) - 1)]
    total = _count(model)
    if total is None and None not in counts:
        total = sum(c for c in counts if c)
    return boxes, edges, total


def _count(part: Any) -> int | None:
    try:
        return int(part.count_params())
    except (AttributeError, RuntimeError, ValueError, TypeError):  # not built yet
        return None


def _columns(layered: Layered, rows: int) -> list[range]:
    """Part the ranks into columns of about equal length, cut where all arrows have one source."""
    count = len(layered.ranks)
    number = -(-count // rows)
    rank = {node: r for r, row in enumerate(layered.ranks) for node in row}
    sources: list[set[Node]] = [set() for _ in range(count)]  # of what passes above each rank
    for path in layered.paths:
        for r in range(rank[path[0]] + 1, rank[path[-1]] + 1):
            sources[r].add(path[0])
    cuts: list[int] = []
    for k in range(1, number):
        wish = k * count / number
        last = cuts[-1] if cuts else 0
        free = [r for r in range(last + 2, count - 1) if len(sources[r]) == 1]
        best = min(free, key=lambda r: abs(r - wish), default=0)
        if best and abs(best - wish) <= rows / 3:
            cuts.append(best)
    edges = [0, *cuts, count]
    return [range(a, b) for a, b in itertools.pairwise(edges)]


def _coordinates(
    layered: Layered, columns: list[range], width: float, real: set[Node]
) -> tuple[dict[Node, tuple[float, float]], tuple[float, float]]:
    """Centres in inches from the upper left, and the size of it all."""
    place: dict[Node, tuple[float, float]] = {}
    left, pitch = MARGIN, HEIGHT + GAP
    head = GAP if len(columns) > 1 else 0.0  # for the line from column to column
    for span in columns:
        nodes = [node for r in span for node in layered.ranks[r]]
        half = {node: width / 2 if node in real else LANE / 2 for node in nodes}
        low = min(layered.x[node] - half[node] for node in nodes)
        high = max(layered.x[node] + half[node] for node in nodes)
        for r in span:
            for node in layered.ranks[r]:
                y = MARGIN + HEIGHT / 2 + head + (r - span.start) * pitch
                place[node] = (left + layered.x[node] - low, y)
        left += high - low + 2 * GAP
    height = MARGIN * 2 + head * 2 + max(len(span) for span in columns) * pitch - GAP
    return place, (left - 2 * GAP + MARGIN, height)


def _draw_box(ax: Axes, box: Box, centre: tuple[float, float], width: float, color: str) -> None:
    from matplotlib.patches import FancyBboxPatch

    x, y = centre
    ax.add_patch(
        FancyBboxPatch(
            (x - width / 2, y - HEIGHT / 2),
            width,
            HEIGHT,
            boxstyle="round,pad=0,rounding_size=0.06",
            facecolor=tint(color, 0.22) if box.kind else "white",
            edgecolor=color if box.kind else "0.4",
            linewidth=1.2,
            zorder=3,
        )
    )
    lift = 0.1 if box.detail else 0.0
    style: dict[str, Any] = {"ha": "center", "va": "center", "zorder": 4, "color": "black"}
    ax.text(x, y - lift, box.title, fontsize=FONT, fontweight="bold", **style)
    if box.detail:
        ax.text(x, y + lift, box.detail, fontsize=FONT - 0.5, **style)


def _arrow(
    ax: Axes,
    path: list[Node],
    place: dict[Node, tuple[float, float]],
    column_of: dict[Node, int],
    width: float,
) -> None:
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    half = HEIGHT / 2
    points = [(place[path[0]][0], place[path[0]][1] + half)]
    codes = [Path.MOVETO]
    for here, there in itertools.pairwise(path):
        (x0, y0), (x1, y1) = place[here], place[there]
        bottom, top = y0 + half, y1 - half
        if column_of[here] != column_of[there]:
            same = [n for n, c in column_of.items() if c == column_of[there]]
            between = min(place[n][0] - width / 2 for n in same) - GAP  # left of the next column
            turns = [(x0, bottom + GAP / 2), (between, bottom + GAP / 2), (between, top - GAP)]
            points += [*turns, (x1, top - GAP), (x1, top)]
            codes += [Path.LINETO] * 5
        elif abs(x1 - x0) < 0.02:
            points.append((x1, top))
            codes.append(Path.LINETO)
        else:
            bend = (top - bottom) * 0.75
            points += [(x0, bottom + bend), (x1, top - bend), (x1, top)]
            codes += [Path.CURVE4] * 3
        if there is not path[-1]:  # a waypoint: straight down past the boxes of its rank
            points.append((x1, y1 + half))
            codes.append(Path.LINETO)
    ax.add_patch(
        FancyArrowPatch(
            path=Path(points, codes),
            arrowstyle="-|>",
            mutation_scale=9,
            color="0.35",
            linewidth=1.2,
            zorder=2,
            shrinkA=0,
            shrinkB=0,
        )
    )

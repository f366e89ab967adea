"""Where the boxes of a graph go: ranks from top to bottom, few crossings, straight main paths.

The method of Sugiyama, Tagawa and Toda (1981): rank by longest path; give an edge over several
ranks a waypoint on each, so that it keeps a lane of its own; order each rank by the mean place of
its neighbours; then move boxes as near to their neighbours as the gaps allow.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np

from neurona.errors import DataError

Node = Hashable


@dataclass
class Layered:
    """Each node's rank and centre x, waypoints too, and each edge as nodes from top to bottom."""

    ranks: list[list[Node]]
    x: dict[Node, float]
    paths: list[list[Node]]


def arrange(
    nodes: Iterable[Node], edges: Iterable[tuple[Node, Node]], *, box: float, lane: float
) -> Layered:
    """Place a graph without cycles.

    Args:
        nodes: in the order they were made; ties are broken by it.
        edges: pairs (from, to).
        box: width a node takes, its gap included.
        lane: width a waypoint takes.

    Raises:
        DataError: if the edges form a cycle.

    >>> arrange("abc", [("a", "b"), ("b", "c")], box=2.0, lane=0.5).ranks
    [['a'], ['b'], ['c']]
    """
    nodes = list(nodes)
    edges = list(dict.fromkeys(edges))
    rank = _rank(nodes, edges)
    ranks: list[list[Node]] = [[] for _ in range(max(rank.values(), default=0) + 1)]
    for node in nodes:
        ranks[rank[node]].append(node)
    paths = []
    for i, (start, end) in enumerate(edges):
        waypoints: list[Node] = [("waypoint", i, r) for r in range(rank[start] + 1, rank[end])]
        for waypoint, r in zip(waypoints, range(rank[start] + 1, rank[end]), strict=True):
            ranks[r].append(waypoint)
        paths.append([start, *waypoints, end])
    above: dict[Node, list[Node]] = {node: [] for row in ranks for node in row}
    below: dict[Node, list[Node]] = {node: [] for row in ranks for node in row}
    for path in paths:
        for upper, lower in itertools.pairwise(path):
            above[lower].append(upper)
            below[upper].append(lower)
    ranks = _order(ranks, above, below)
    return Layered(ranks, _place(ranks, above, below, set(nodes), box, lane), paths)


def _rank(nodes: list[Node], edges: list[tuple[Node, Node]]) -> dict[Node, int]:
    """Longest path from the top; a node with nothing above it moves down to what it feeds."""
    parents: dict[Node, list[Node]] = {node: [] for node in nodes}
    children: dict[Node, list[Node]] = {node: [] for node in nodes}
    for start, end in edges:
        parents[end].append(start)
        children[start].append(end)
    waiting = {node: len(parents[node]) for node in nodes}
    ready = [node for node in nodes if not waiting[node]]
    rank: dict[Node, int] = {}
    for node in ready:  # grows while it is walked
        rank[node] = 1 + max((rank[p] for p in parents[node]), default=-1)
        for child in children[node]:
            waiting[child] -= 1
            if not waiting[child]:
                ready.append(child)
    if len(rank) < len(nodes):
        stuck = ", ".join(str(node) for node in nodes if node not in rank)
        raise DataError("the layers form a cycle.", got=stuck, expected="a graph without cycles")
    for node in nodes:
        if not parents[node] and children[node]:
            rank[node] = min(rank[c] for c in children[node]) - 1
    return rank


def _order(
    ranks: list[list[Node]], above: dict[Node, list[Node]], below: dict[Node, list[Node]]
) -> list[list[Node]]:
    """Sort ranks by the mean place of their neighbours; keep the order of fewest crossings."""
    ranks = [list(row) for row in ranks]
    best, fewest = ranks, _crossings(ranks, below)
    for sweep in range(12):
        if not fewest:
            break
        ranks = [list(row) for row in ranks]
        near = above if sweep % 2 == 0 else below
        span = range(1, len(ranks)) if sweep % 2 == 0 else range(len(ranks) - 2, -1, -1)
        for r in span:
            other = ranks[r - 1] if sweep % 2 == 0 else ranks[r + 1]
            at = {node: i for i, node in enumerate(other)}
            here = {node: float(i) for i, node in enumerate(ranks[r])}
            mean = {
                n: float(np.mean([at[m] for m in near[n]])) if near[n] else here[n]
                for n in ranks[r]
            }
            ranks[r].sort(key=mean.__getitem__)
        crossings = _crossings(ranks, below)
        if crossings < fewest:
            best, fewest = ranks, crossings
    return best


def _crossings(ranks: list[list[Node]], below: dict[Node, list[Node]]) -> int:
    total = 0
    for upper, lower in itertools.pairwise(ranks):
        at = {node: i for i, node in enumerate(lower)}
        ends = [e for node in upper for e in sorted(at[m] for m in below[node])]
        total += sum(a > b for i, a in enumerate(ends) for b in ends[i + 1 :])
    return total


def _place(
    ranks: list[list[Node]],
    above: dict[Node, list[Node]],
    below: dict[Node, list[Node]],
    real: set[Node],
    box: float,
    lane: float,
) -> dict[Node, float]:
    width = {node: box if node in real else lane for row in ranks for node in row}
    x: dict[Node, float] = {}
    for row in ranks:
        offsets = np.cumsum([width[n] for n in row]) - [width[n] / 2 for n in row]
        x.update(zip(row, (offsets - offsets.mean()).tolist(), strict=True))

    def wish(node: Node, near: list[Node]) -> float:
        boxes = [m for m in near if m in real]
        # One box and one waypoint: a shortcut goes past, and the main path stays straight.
        chosen = boxes if boxes and len(near) <= 2 and node in real else near
        return float(np.mean([x[m] for m in chosen])) if chosen else x[node]

    for sweep in range(17):  # the last goes down
        rows = ranks if sweep % 2 == 0 else ranks[::-1]
        for row in rows:
            near = above if sweep % 2 == 0 else below
            wishes = np.array([wish(n, near[n]) for n in row])
            gaps = [(width[a] + width[b]) / 2 for a, b in itertools.pairwise(row)]
            weight = np.array([1e4 if n in real else 1.0 for n in row])  # waypoints give way
            x.update(zip(row, _apart(wishes, gaps, weight).tolist(), strict=True))
    return x


def _apart(wishes: np.ndarray, gaps: list[float], weight: np.ndarray) -> np.ndarray:
    """Minimise sum of weight (x - wish)^2 where x[i + 1] - x[i] >= gaps[i], by pooling."""
    offsets = np.concatenate([[0.0], np.cumsum(gaps)])
    blocks: list[list[float]] = []  # mean, weight, count
    for value, w in zip(wishes - offsets, weight, strict=True):
        blocks.append([float(value), float(w), 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            mean, total, count = blocks.pop()
            last = blocks[-1]
            last[0] = (last[0] * last[1] + mean * total) / (last[1] + total)
            last[1] += total
            last[2] += count
    return np.concatenate([np.full(int(count), mean) for mean, _, count in blocks]) + offsets

"""The floor: only the products of a step at their shapes, through the best library at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.workload import Run


def products(shapes: Iterable[tuple[str, int, int, int]]) -> Run:
    """Return a run of matrix products.

    Args:
        shapes: (kind, m, k, n) of (m, k) x (k, n); the kind says what lies transposed in memory:
            "nn" nothing, "tn" the left one, "nt" the right one.
    """
    rng = np.random.default_rng(0)

    def matrix(m: int, n: int, transposed: bool) -> np.ndarray:
        made = rng.standard_normal((n, m) if transposed else (m, n), np.float32)
        return made.T if transposed else made

    triples = [
        (matrix(m, k, kind[0] == "t"), matrix(k, n, kind[1] == "t"), np.empty((m, n), np.float32))
        for kind, m, k, n in shapes
    ]
    ways = [_ways(*triple) for triple in triples]
    chosen = [min(way, key=_seconds) for way in ways]
    # One library for all of them is faster where the threads of two would be in each other's way.
    every = [_repeat(together) for together in (chosen, *zip(*ways, strict=True))]
    return min(every, key=lambda run: _seconds(lambda: run(5)))


def _ways(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> list[Callable[[], Any]]:
    """Return one product in each library: NumPy's and, where it is installed, torch's."""
    ways: list[Callable[[], Any]] = [lambda: np.matmul(a, b, out=c)]
    try:
        import torch
    except ImportError:
        return ways
    torch.set_grad_enabled(False)
    x, y, z = (torch.from_numpy(array) for array in (a, b, c))
    return [*ways, lambda: torch.mm(x, y, out=z)]


def network(batch: int, *sizes: int) -> list[tuple[str, int, int, int]]:
    """Return the products of a dense network's step: forward, weights' and inputs' gradients."""
    shapes = []
    for number, (fan_in, fan_out) in enumerate(pairwise(sizes)):
        shapes += [("nn", batch, fan_in, fan_out), ("tn", fan_in, batch, fan_out)]
        if number:  # nobody asks for the gradient of the data
            shapes.append(("nt", batch, fan_out, fan_in))
    return shapes


def convolutions(batch: int, layers: Iterable[tuple[int, int, int, int, int, int]]) -> Run:
    """Return a run of convolutions, forward and both gradients, through oneDNN.

    Args:
        layers: (input size, channels, filters, kernel size, stride, padding); the first one's
            input is the data.
    """
    import torch
    import torch.nn.functional as F

    torch.set_grad_enabled(False)
    backward = torch.ops.aten.convolution_backward

    def one(layout: Any, first: bool, layer: tuple) -> Callable[[], Any]:
        size, channels, filters, kernel, stride, padding = layer
        x = torch.randn(batch, channels, size, size).contiguous(memory_format=layout)
        w = torch.randn(filters, channels, kernel, kernel).contiguous(memory_format=layout)
        g = torch.randn_like(F.conv2d(x, w, stride=stride, padding=padding))
        steps, pads = [stride] * 2, [padding] * 2
        mask = [not first, True, False]

        def run() -> None:
            F.conv2d(x, w, stride=stride, padding=padding)
            backward(g, x, w, None, steps, pads, [1, 1], False, [0, 0], 1, mask)

        return run

    chosen = []
    for number, layer in enumerate(layers):  # each in the layout that it is faster in
        runs = [
            one(layout, number == 0, layer)
            for layout in (torch.channels_last, torch.contiguous_format)
        ]
        chosen.append(min(runs, key=_seconds))
    return _repeat(chosen)


def both(first: Run, second: Run) -> Run:
    """Return a run of both, one after the other."""

    def repeat(count: int) -> float:
        return first(count) + second(count)

    return repeat


def _repeat(runs: Iterable[Callable[[], Any]]) -> Run:
    runs = list(runs)

    def repeat(count: int) -> float:
        for _ in range(count):
            for run in runs:
                run()
        return 0.0

    return repeat


def _seconds(run: Callable[[], Any]) -> float:
    found = []
    for _ in range(8):
        start = perf_counter()
        run()
        found.append(perf_counter() - start)
    return min(found)

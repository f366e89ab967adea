"""Matrix products: forward x @ w, and both gradients, g @ w.T and x.T @ g."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.grid.case import Case, Op

# (rows of x, inner, columns of w)
SHAPES = [
    # tiny
    (1, 1, 1), (4, 2, 4), (4, 4, 4), (8, 8, 8), (5, 7, 3), (16, 16, 16), (32, 20, 32),
    (32, 32, 2), (24, 24, 24), (32, 32, 32), (48, 48, 48),
    # odd
    (17, 31, 63), (33, 77, 191), (63, 65, 67), (100, 100, 100), (127, 129, 131), (201, 33, 517),
    (255, 257, 253), (511, 513, 509), (1000, 1000, 1000), (7, 1025, 2047),
    # square
    (64, 64, 64), (96, 96, 96), (128, 128, 128), (192, 192, 192), (256, 256, 256),
    (384, 384, 384), (512, 512, 512), (768, 768, 768), (1024, 1024, 1024), (2048, 2048, 2048),
    # dense networks
    (32, 784, 128), (128, 784, 128), (32, 128, 10), (128, 128, 10), (64, 100, 256),
    (64, 256, 256), (32, 256, 256), (64, 256, 10), (128, 784, 400), (128, 400, 20),
    (128, 20, 400), (128, 400, 784), (128, 784, 1024), (128, 1024, 1024), (128, 1024, 10),
    (64, 784, 4096), (64, 4096, 4096), (64, 4096, 10), (512, 2048, 2048), (512, 2048, 10),
    (10000, 784, 128),
    # transformers
    (256, 64, 256), (512, 768, 768), (512, 768, 3072), (197, 384, 1152), (128, 512, 2048),
    # one row, few rows, few columns, short sums, long sums
    (1, 784, 128), (1, 1024, 1024), (1, 4096, 4096), (4, 1024, 1024), (8, 512, 2048),
    (4096, 4096, 1), (4096, 288, 64), (4096, 64, 4096), (4096, 64, 64), (16384, 27, 32),
    (4096, 10, 1000), (2048, 3, 2048), (3, 4096, 3), (16, 4096, 16), (1024, 1, 1024),
    (4096, 256, 256), (256, 4096, 1024),
]  # fmt: skip


def cases() -> Iterator[Case]:
    """Each shape three times."""
    for m, k, n in SHAPES:
        name, flops = f"{m} x {k} x {n}", 2 * m * k * n
        x, w, g = (m, k), (k, n), (m, n)
        yield Op((x, w), _forward, _forward).case(f"{name} forward", flops)
        yield Op((g, w), _input, _input).case(f"{name} input", flops)
        yield Op((x, g), _kernel, _kernel).case(f"{name} kernel", flops)


def _forward(x: Any, w: Any) -> Any:
    return x @ w


def _input(g: Any, w: Any) -> Any:
    return g @ w.T


def _kernel(x: Any, g: Any) -> Any:
    return x.T @ g

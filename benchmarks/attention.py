"""Attention of long sequences, forward and backward, beside torch: one process, taking turns.

    peers/bin/python -m benchmarks.attention [--threads 1] [--rounds 7]

torch and neurona must be in one environment. A line for each case gives the least milliseconds of
both, for the forward pass alone and for both passes, and the ratios; then the memory that neurona's
program has besides its arguments and results, as a share of what all scores would take.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np

CASES = {  # samples, steps, heads, size of a head, causal
    "1 x 4,096, 4 heads of 64, causal": (1, 4096, 4, 64, True),
    "1 x 4,096, 4 heads of 64": (1, 4096, 4, 64, False),
    "1 x 1,024, 12 heads of 64, causal": (1, 1024, 12, 64, True),
    "16 x 256, 4 heads of 32, causal": (16, 256, 4, 32, True),
    "12 x 64, 4 heads of 32, causal": (12, 64, 4, 32, True),
}
Step = tuple[Callable[[], Any], Callable[[], Any]]  # forward, and forward with the gradient


def ours(case: tuple, arrays: list[np.ndarray]) -> tuple[Step, float]:
    """Return both programs, and their memory to that of the scores."""
    import neurona as nn
    from neurona.core.graph import trace
    from neurona.engines.program import compile

    batch, length, heads, _, causal = case

    def forward(q: Any, k: Any, v: Any, g: Any) -> Any:
        return nn.ops.dot_product_attention(q, k, v, is_causal=causal)

    def loss(q: Any, k: Any, v: Any, g: Any) -> Any:
        return (forward(q, k, v, g) * g).sum()

    gradient = nn.value_and_grad(loss, argnums=(0, 1, 2))
    programs: list[Any] = [
        compile(trace(f, arrays), "native")
        for f in (forward, lambda *xs: (lambda y, g: [y, *g])(*gradient(*xs)))
    ]
    arena = max(program.run.schedule.memory.size for program in programs)
    first, second = (lambda p=p: p(*arrays) for p in programs)
    return (first, second), arena / (batch * heads * length**2 * 4)


def torchs(case: tuple, arrays: list[np.ndarray]) -> Step:
    """Return the same of torch, whose heads come before the steps."""
    import torch

    q, k, v, g = (torch.from_numpy(np.ascontiguousarray(a.swapaxes(1, 2))) for a in arrays)
    inputs = [x.requires_grad_() for x in (q, k, v)]
    attention = torch.nn.functional.scaled_dot_product_attention

    def forward() -> Any:
        with torch.no_grad():
            return attention(*inputs, is_causal=case[-1])

    def both() -> Any:
        return torch.autograd.grad(attention(*inputs, is_causal=case[-1]), inputs, g)

    return forward, both


def least(steps: list[Callable[[], Any]], rounds: int) -> list[float]:
    """Return the least seconds of each, which take turns."""
    for step in steps:
        step()
    best = [float("inf")] * len(steps)
    for _ in range(rounds):
        for i, step in enumerate(steps):
            start = time.perf_counter()
            step()
            best[i] = min(best[i], time.perf_counter() - start)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NEURONA_THREADS"):
        os.environ[name] = str(options.threads)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.threads])
    print(f"{options.threads} thread(s), milliseconds: forward, forward and backward")
    for name, case in CASES.items():
        rng = np.random.default_rng(0)
        arrays = [rng.standard_normal(case[:4]).astype(np.float32) for _ in range(4)]
        steps, memory = ours(case, arrays)
        peers = torchs(case, arrays)
        a, b, c, d = (1e3 * t for t in least([*steps, *peers], options.rounds))
        print(
            f"{name:35} neurona {a:8.2f} {b:8.2f}  torch {c:8.2f} {d:8.2f}  "
            f"ratios {a / c:.2f} {b / d:.2f}  memory {memory:.3f} of the scores"
        )


if __name__ == "__main__":
    main()

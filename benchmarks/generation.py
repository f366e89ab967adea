"""Writing 500 characters with a small GPT, beside torch with a cache: one process, taking turns.

    peers/bin/python -m benchmarks.generation [--threads 1] [--rounds 5]

torch and neurona must be in one environment. The model has 4 blocks of 4 heads, 128 wide, and sees
64 or 256 characters; both keep keys and values, and both read the last half of the text again when
it outgrows what the model sees. Least times of one prompt, and of 16 at once, without compiling.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np

SYMBOLS, DEPTH, HEADS, WIDTH, LENGTH = 65, 4, 4, 128, 500


def torchs(context: int) -> Any:
    """Return a function (batch) that writes with torch."""
    import torch
    from torch import nn
    from torch.nn import functional as f

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in range(2))
            self.read, self.write = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
            self.widen, self.narrow = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

        def forward(self, x: Any, cache: Any) -> Any:
            batch, steps, _ = x.shape
            q, k, v = self.read(self.norms[0](x)).view(batch, steps, 3, HEADS, -1).unbind(2)
            q, k, v = (t.transpose(1, 2) for t in (q, k, v))
            if cache is not None:
                k, v = torch.cat([cache[0], k], 2), torch.cat([cache[1], v], 2)
            y = f.scaled_dot_product_attention(q, k, v, is_causal=cache is None)
            x = x + self.write(y.transpose(1, 2).reshape(batch, steps, WIDTH))
            h = f.gelu(self.widen(self.norms[1](x)), approximate="tanh")
            return x + self.narrow(h), (k, v)

    words, places = nn.Embedding(SYMBOLS, WIDTH), nn.Embedding(context, WIDTH)
    blocks, norm = [Block() for _ in range(DEPTH)], nn.LayerNorm(WIDTH)

    def scores(tokens: Any, begin: int, caches: list) -> Any:
        x = words(tokens) + places(torch.arange(begin, begin + tokens.shape[1]))
        for i, block in enumerate(blocks):
            x, caches[i] = block(x, caches[i])
        return norm(x[:, -1]) @ words.weight.T

    @torch.inference_mode()
    def write(batch: int) -> None:
        text = torch.zeros((batch, 1), dtype=torch.long)
        caches, seen, fresh = [None] * DEPTH, 0, text
        for _ in range(LENGTH):
            if seen + fresh.shape[1] > context:
                caches, seen, fresh = [None] * DEPTH, 0, text[:, -(context // 2) :]
            p = torch.softmax(scores(fresh, seen, caches), -1)
            seen += fresh.shape[1]
            fresh = torch.multinomial(p, 1)
            text = torch.cat([text, fresh], 1)

    return write


def ours(context: int) -> Any:
    """Return a function (batch) that writes with neurona."""
    from neurona.zoo import GPT

    model = GPT(SYMBOLS, context, DEPTH, HEADS, WIDTH, dropout=0.0)

    def write(batch: int) -> None:
        model.generate([[0]] * batch, LENGTH, seed=0)

    return write


def main() -> None:
    """Time and print all cases."""
    import torch

    from neurona import config

    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--rounds", type=int, default=5)
    given = options.parse_args()
    torch.set_num_threads(given.threads)
    config.set_threads(given.threads)
    for context in (64, 256):
        ways = {"neurona": ours(context), "torch": torchs(context)}
        for batch in (1, 16):
            least = dict.fromkeys(ways, np.inf)
            for name in [*ways] * (given.rounds + 1):
                start = time.perf_counter()
                ways[name](batch)
                least[name] = min(least[name], time.perf_counter() - start)
            ratio = least["neurona"] / least["torch"]
            print(
                f"sees {context}, {batch} at once: neurona {least['neurona'] * 1e3:.0f} ms, "
                f"torch {least['torch'] * 1e3:.0f} ms, ratio {ratio:.2f}"
            )


if __name__ == "__main__":
    main()

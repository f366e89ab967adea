"""Random tensors: `nn.random.normal((2, 3))` and so on.

The numbers come from a counter-based generator, so they are the same on every engine; within a
traced function they are drawn anew at each call. `nn.utils.set_random_seed` starts the stream.
"""

from neurona.core.random import set_seed
from neurona.ops.chance import binomial, dropout, shuffle
from neurona.ops.draw import (
    bernoulli,
    beta,
    categorical,
    gamma,
    normal,
    permutation,
    randint,
    truncated_normal,
    uniform,
)
from neurona.ops.seeds import SeedGenerator

__all__ = [
    "SeedGenerator",
    "bernoulli",
    "beta",
    "binomial",
    "categorical",
    "dropout",
    "gamma",
    "normal",
    "permutation",
    "randint",
    "set_seed",
    "shuffle",
    "truncated_normal",
    "uniform",
]

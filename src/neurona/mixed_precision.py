"""Mixed precision, as in Keras: what asks for 16 bits gets 32, with one warning."""

from neurona.config import dtype_policy, set_dtype_policy
from neurona.config import dtype_policy as global_policy
from neurona.config import set_dtype_policy as set_global_policy
from neurona.optim.loss_scale import LossScaleOptimizer
from neurona.places import old
from neurona.precision import DTypePolicy
from neurona.precision import DTypePolicy as Policy

__all__ = [
    "DTypePolicy",
    "LossScaleOptimizer",
    "Policy",
    "dtype_policy",
    "global_policy",
    "set_dtype_policy",
    "set_global_policy",
]
__path__: list[str] = []  # it has modules inside, as it had: see places.py
experimental = old("mixed_precision.experimental")

"""Mixed precision, as in Keras: what asks for 16 bits gets 32, with one warning."""

from neurona.config import dtype_policy, set_dtype_policy
from neurona.config import dtype_policy as global_policy
from neurona.config import set_dtype_policy as set_global_policy
from neurona.precision import DTypePolicy
from neurona.precision import DTypePolicy as Policy

__all__ = [
    "DTypePolicy",
    "Policy",
    "dtype_policy",
    "global_policy",
    "set_dtype_policy",
    "set_global_policy",
]

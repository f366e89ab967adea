"""The policies of element types, as in Keras: `from neurona import dtype_policies`."""

from neurona.precision import DTypePolicy, deserialize, get, serialize
from neurona.precision import DTypePolicy as FloatDTypePolicy
from neurona.refusals import (
    AWQDTypePolicy,
    DTypePolicyMap,
    GPTQDTypePolicy,
    Int4DTypePolicy,
    QuantizedDTypePolicy,
    QuantizedFloat8DTypePolicy,
)

__all__ = [
    "AWQDTypePolicy",
    "DTypePolicy",
    "DTypePolicyMap",
    "FloatDTypePolicy",
    "GPTQDTypePolicy",
    "Int4DTypePolicy",
    "QuantizedDTypePolicy",
    "QuantizedFloat8DTypePolicy",
    "deserialize",
    "get",
    "serialize",
]

"""The regularisers, as in Keras: `from neurona import regularizers`."""

from neurona.nn.regularizers import (
    L1,
    L1L2,
    L2,
    OrthogonalRegularizer,
    Regularizer,
    get,
    l1,
    l1_l2,
    l2,
    orthogonal_regularizer,
)

__all__ = [
    "L1",
    "L1L2",
    "L2",
    "OrthogonalRegularizer",
    "Regularizer",
    "get",
    "l1",
    "l1_l2",
    "l2",
    "orthogonal_regularizer",
]

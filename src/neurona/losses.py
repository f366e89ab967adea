"""The losses, as in Keras: `from neurona import losses`."""

from neurona.nn.losses import (
    Loss,
    MeanSquaredError,
    SparseCategoricalCrossentropy,
    get,
    mean_squared_error,
    sparse_categorical_crossentropy,
)

__all__ = [
    "Loss",
    "MeanSquaredError",
    "SparseCategoricalCrossentropy",
    "get",
    "mean_squared_error",
    "sparse_categorical_crossentropy",
]

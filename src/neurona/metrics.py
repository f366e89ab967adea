"""The metrics, as in Keras: `from neurona import metrics`."""

from neurona.nn.metrics import (
    Mean,
    MeanMetricWrapper,
    Metric,
    SparseCategoricalAccuracy,
    get,
    sparse_categorical_accuracy,
)

__all__ = [
    "Mean",
    "MeanMetricWrapper",
    "Metric",
    "SparseCategoricalAccuracy",
    "get",
    "sparse_categorical_accuracy",
]

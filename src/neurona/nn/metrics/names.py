"""The metrics by name: `get("accuracy")`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from neurona.core.shapes import Shape
from neurona.errors import ArgumentError, unknown
from neurona.nn import losses
from neurona.nn.context import snake_case
from neurona.nn.custom import CustomObjectScope, custom
from neurona.nn.description import looked_up, publish, published_classes
from neurona.nn.losses.crossentropy import binary_or_sparse
from neurona.nn.losses.names import NAMES as LOSSES
from neurona.nn.metrics import (  # noqa: F401 - their classes become known
    accuracy,
    auc,
    confusion,
    f_score,
    likelihood,
    matrix,
    regression,
    trade_off,
)
from neurona.nn.metrics.metric import Metric
from neurona.nn.metrics.reduction import MeanMetricWrapper
from neurona.nn.serialization import serialize as serialize

_BASES = (Metric, MeanMetricWrapper, confusion.ThresholdCounts)
CLASSES = [cls for cls in published_classes("metrics").values() if cls not in _BASES]
NAMES: dict[str, type[Metric]] = {snake_case(c.__name__): c for c in CLASSES}
NAMES.update({"kl_divergence": likelihood.KLDivergence, "r2_score": regression.R2Score})
SHORT: dict[str, type[Metric]] = {
    "bce": likelihood.BinaryCrossentropy,
    "kld": likelihood.KLDivergence,
    "mse": regression.MeanSquaredError,
    "rmse": regression.RootMeanSquaredError,
    "mae": regression.MeanAbsoluteError,
    "mape": regression.MeanAbsolutePercentageError,
    "msle": regression.MeanSquaredLogarithmicError,
}
NAMES.update(SHORT)
NAMES.update({alias.upper(): cls for alias, cls in SHORT.items()})
NAMES.update({c.__name__: c for c in CLASSES})
FUNCTIONS: dict[str, Callable] = {
    f.__name__: f
    for f in (
        accuracy.binary_accuracy, accuracy.categorical_accuracy,
        accuracy.sparse_categorical_accuracy, accuracy.top_k_categorical_accuracy,
        accuracy.sparse_top_k_categorical_accuracy,
    )
}  # fmt: skip
# what reads probabilities, unless it says from_logits: losses, and their functions
_OF_PROBABILITIES: set[Any] = {
    losses.BinaryCrossentropy, losses.BinaryFocalCrossentropy, losses.CategoricalCrossentropy,
    losses.CategoricalFocalCrossentropy, losses.CategoricalGeneralizedCrossEntropy,
    losses.Crossentropy, losses.KLDivergence, losses.SparseCategoricalCrossentropy,
}  # fmt: skip
_OF_PROBABILITIES |= {cls.function for cls in _OF_PROBABILITIES} - {None}
_OF_PROBABILITIES.add(accuracy.binary_accuracy)
publish(
    "metrics", *FUNCTIONS.values(), regression.cosine_similarity, regression.pearson_correlation,
    regression.concordance_correlation,
)  # fmt: skip


def get(
    identifier: Any,
    y_true_shape: Shape | None = None,
    y_pred_shape: Shape | None = None,
) -> Metric:
    """Return a metric by name, by class, or around a function or a loss.

    With the shapes of targets and outputs (batch axis first), as a model gives them, a metric takes
    the name that it was asked for, has its totals made, and "accuracy" (or "acc") is chosen as
    Keras does: binary for one output, sparse categorical for labels with one axis less (or a last
    axis of 1), categorical for the others. "crossentropy" (or "ce") is chosen in the same way.

    Args:
        identifier: a name, a Metric or its class, a Loss, or a function (y_true, y_pred).
        y_true_shape, y_pred_shape: of a batch, or None.

    Raises:
        ArgumentError: if there is no such metric; names the nearest.

    >>> get("accuracy", (None, 1), (None, 10)).__class__.__name__
    'SparseCategoricalAccuracy'
    """
    shaped = y_true_shape is not None and y_pred_shape is not None
    if shaped and isinstance(identifier, str) and identifier.lower() in ("accuracy", "acc"):
        metric = _accuracy(identifier, tuple(y_true_shape or ()), tuple(y_pred_shape or ()))
    else:
        metric = _find(identifier)
        if shaped and isinstance(identifier, str):
            metric.name = identifier
    if shaped:
        metric.prepare(tuple(y_true_shape or ()), tuple(y_pred_shape or ()))
    return metric


def _accuracy(name: str, y_true_shape: Shape, y_pred_shape: Shape) -> Metric:
    binary, sparse = binary_or_sparse(y_true_shape, y_pred_shape)
    if binary:
        return accuracy.BinaryAccuracy(name=name)
    if sparse:
        return accuracy.SparseCategoricalAccuracy(name=name)
    return accuracy.CategoricalAccuracy(name=name)


def check_name(name: str) -> None:
    """Raise an ArgumentError if no metric has this name."""
    if name.lower() not in ("accuracy", "acc", "crossentropy", "ce"):
        _find(name)


def _find(identifier: Any) -> Metric:
    if isinstance(identifier, str):
        if (found := custom(identifier)) is not None:
            return _find(found)
        if identifier in NAMES:
            return _made(NAMES[identifier])
        if identifier in LOSSES:
            return _of_loss(LOSSES[identifier](), identifier)
        names = {n for n in [*NAMES, *LOSSES] if n.islower()} | {"accuracy", "acc"}
        raise unknown("metric", identifier, names)
    identifier = looked_up("metric", identifier, NAMES)
    if isinstance(identifier, Metric):
        return identifier
    if isinstance(identifier, losses.Loss):
        return _of_loss(identifier, identifier.name)
    if isinstance(identifier, type) and issubclass(identifier, Metric):
        return _made(identifier)
    if isinstance(identifier, type) and issubclass(identifier, losses.Loss):
        return _find(identifier())
    if callable(identifier):
        metric = MeanMetricWrapper(identifier)
        metric.probabilities = identifier in _OF_PROBABILITIES
        return metric
    raise ArgumentError(
        "a metric is a name, a Metric or a function (y_true, y_pred).", got=repr(identifier)
    )


def _of_loss(loss: losses.Loss, name: str) -> Metric:
    metric = MeanMetricWrapper(loss.call, name)
    metric.direction, metric.class_numbers = "min", loss.class_numbers
    metric.probabilities = type(loss) in _OF_PROBABILITIES and "from_logits" not in loss.arguments
    return metric


def _made(cls: Any) -> Metric:
    """Return a metric with its default arguments, or say that it has none."""
    try:
        return cls()
    except ArgumentError as error:
        error.hint = error.hint or f"give the metric itself: metrics=[{cls.__name__}(...)]"
        raise


def deserialize(config: Any, custom_objects: Any = None) -> Metric:
    """Return the metric that `serialize` told: a name, or class and arguments.

    Args:
        config: what `serialize` gave.
        custom_objects: name -> class or function, for what is not part of neurona.
    """
    with CustomObjectScope(custom_objects):
        return get(config)

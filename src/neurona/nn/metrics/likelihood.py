"""Losses watched as metrics: cross-entropies, divergences, hinges, and perplexity.

Where `from_logits` is not given, a cross-entropy takes outputs as the model's own loss does.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from neurona import ops
from neurona.core.op import as_tensor
from neurona.core.tensor import Tensor
from neurona.nn.losses import binary, categorical, divergence, margin
from neurona.nn.losses.loss import align_weight
from neurona.nn.metrics.reduction import MeanMetricWrapper, add_to_mean, weight_of_real


class BinaryCrossentropy(MeanMetricWrapper):
    """Mean of -y ln p - (1 - y) ln(1 - p).

    Args:
        name, dtype: as in every Metric.
        from_logits, label_smoothing: as in the loss.

    >>> BinaryCrossentropy()([[1.0], [0.0]], [[0.5], [0.5]]).numpy().round(4).item()
    0.6931
    """

    direction = "min"

    def __init__(
        self,
        name: str = "binary_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
    ) -> None:
        self.from_logits, self.label_smoothing = from_logits, label_smoothing
        self.probabilities = "from_logits" not in self.arguments
        function = partial(
            binary.binary_crossentropy, from_logits=from_logits, label_smoothing=label_smoothing
        )
        super().__init__(function, name, dtype)


class CategoricalCrossentropy(MeanMetricWrapper):
    """Mean of -sum y ln p, for one-hot labels.

    Args:
        name, dtype: as in every Metric.
        from_logits, label_smoothing, axis: as in the loss.

    >>> CategoricalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]]).numpy().round(4).item()
    0.6931
    """

    direction = "min"

    def __init__(
        self,
        name: str = "categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
    ) -> None:
        self.from_logits, self.label_smoothing, self.axis = from_logits, label_smoothing, axis
        self.probabilities = "from_logits" not in self.arguments
        function = partial(
            categorical.categorical_crossentropy,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )
        super().__init__(function, name, dtype)


class SparseCategoricalCrossentropy(MeanMetricWrapper):
    """Mean of -ln p_y, for labels that are integers.

    Args:
        name, dtype: as in every Metric.
        from_logits, axis: as in the loss.
        ignore_class: a label that is left out of the mean.

    >>> SparseCategoricalCrossentropy()([1], [[0.5, 0.5]]).numpy().round(4).item()
    0.6931
    """

    direction = "min"
    class_numbers = True

    def __init__(
        self,
        name: str = "sparse_categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        self.from_logits, self.ignore_class, self.axis = from_logits, ignore_class, axis
        self.probabilities = "from_logits" not in self.arguments
        function = partial(
            categorical.sparse_categorical_crossentropy,
            from_logits=from_logits,
            ignore_class=ignore_class,
            axis=axis,
        )
        super().__init__(function, name, dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add the cross-entropies of a batch, without the labels that are left out."""
        values = self.fn(y_true, y_pred)
        if self.ignore_class is not None:
            counts = ops.reshape(as_tensor(y_true) != self.ignore_class, values.shape)
            counted = counts.astype(values.dtype)
            if sample_weight is not None:
                counted = counted * align_weight(values, sample_weight)
            sample_weight = counted
        weight = weight_of_real(y_pred, sample_weight, values)
        add_to_mean(self.total, self.count, values, weight)


class Perplexity(SparseCategoricalCrossentropy):
    """e^(mean of -ln p_y): among how many equally likely tokens a model hesitates.

    Args:
        name, dtype: as in every Metric.
        from_logits, axis: as in the sparse categorical cross-entropy.
        ignore_class: a label that is left out, such as that of padding.

    >>> Perplexity()([1, 0], [[0.25, 0.75], [0.75, 0.25]]).numpy().round(4).item()
    1.3333
    """

    def __init__(
        self,
        name: str = "perplexity",
        dtype: Any = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        super().__init__(name, dtype, from_logits, ignore_class, axis)

    def result(self) -> Tensor:
        """Return e to the mean so far."""
        return ops.exp(super().result())


class KLDivergence(MeanMetricWrapper):
    """Mean of sum y ln(y / p).

    >>> KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]]).numpy().round(4).item()
    0.1438
    """

    direction = "min"
    probabilities = True

    def __init__(self, name: str = "kl_divergence", dtype: Any = None) -> None:
        super().__init__(divergence.kl_divergence, name, dtype)


class Poisson(MeanMetricWrapper):
    """Mean of p - y ln p.

    >>> Poisson()([[2.0]], [[1.0]]).numpy().round(4).item()
    1.0
    """

    direction = "min"

    def __init__(self, name: str = "poisson", dtype: Any = None) -> None:
        super().__init__(divergence.poisson, name, dtype)


class Hinge(MeanMetricWrapper):
    """Mean of max(1 - y p, 0), for labels of -1 and 1 (or 0 and 1).

    >>> Hinge()([[1.0, -1.0]], [[0.5, 2.0]]).item()
    1.75
    """

    direction = "min"

    def __init__(self, name: str = "hinge", dtype: Any = None) -> None:
        super().__init__(margin.hinge, name, dtype)


class SquaredHinge(MeanMetricWrapper):
    """Mean of max(1 - y p, 0)^2, for labels of -1 and 1 (or 0 and 1).

    >>> SquaredHinge()([[1.0, -1.0]], [[0.5, 2.0]]).item()
    4.625
    """

    direction = "min"

    def __init__(self, name: str = "squared_hinge", dtype: Any = None) -> None:
        super().__init__(margin.squared_hinge, name, dtype)


class CategoricalHinge(MeanMetricWrapper):
    """Mean of max(largest wrong score - right score + 1, 0), for one-hot labels.

    >>> CategoricalHinge()([[0.0, 1.0]], [[0.5, 1.0]]).item()
    0.5
    """

    direction = "min"

    def __init__(self, name: str = "categorical_hinge", dtype: Any = None) -> None:
        super().__init__(margin.categorical_hinge, name, dtype)

"""What `compile` was given, sorted to the outputs of a model: losses, their weights, metrics.

A model has one output or several. Losses, weights, metrics and targets then come as lists in the
order of the outputs, or as dicts by the outputs' names; one loss alone is for every output.
"""

from __future__ import annotations

from typing import Any

from neurona.core import origin
from neurona.core.op import as_tensor
from neurona.core.tensor import Tensor
from neurona.core.tree import flatten
from neurona.errors import ArgumentError, DataError, StateError, check_number
from neurona.nn import losses
from neurona.nn import metrics as all_metrics
from neurona.nn.losses.loss import match_ranks, weighed
from neurona.nn.masking import mask_of, noted
from neurona.nn.metrics import Mean, Metric
from neurona.nn.metrics.names import check_name
from neurona.nn.metrics.reduction import add_mean
from neurona.ops.notes import Logits
from neurona.train.alarm import warn_of_scores


class Output:
    """One output of a model with its loss and metrics.

    Attributes:
        name: None for a model's only output.
        shape: batch axis first.
        loss, weight: the Loss or None, and its share of the total.
        tracker: the mean of its loss, where there are several.
        metrics, weighted_metrics: those that ignore sample weights, and those that do not.
        misread: whether it is of scores that the loss takes for probabilities.
    """

    misread = False

    def __init__(self, name: str | None, shape: tuple, loss: Any, weight: float) -> None:
        self.name, self.shape, self.loss, self.weight = name, shape, loss, weight
        self.tracker: Mean | None = None
        self.metrics: list[Metric] = []
        self.weighted_metrics: list[Metric] = []


class Compiled:
    """Losses and metrics of a model.

    Args:
        loss, loss_weights, metrics, weighted_metrics: as given to `compile`.

    Attributes:
        outputs: an Output for each output of the model, once it is known what the model returns.
        fed: the shapes of a sample of the inputs from which that was known.
    """

    def __init__(
        self,
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
    ) -> None:
        self.given = (loss, loss_weights, metrics, weighted_metrics)
        for name, value in (("metrics", metrics), ("weighted_metrics", weighted_metrics)):
            if value is not None and not isinstance(value, list | tuple | dict):
                raise ArgumentError(
                    f"{name} is a list or a dict.", got=repr(value), hint=f"{name}=[{value!r}]"
                )
        # misspelt names fail right here
        self.single = None if _nested(loss) else losses.get(loss)
        for name in flatten(loss)[0]:
            losses.get(name)
        for name in flatten([metrics, weighted_metrics])[0]:
            if isinstance(name, str):
                check_name(name)
        self.outputs: list[Output] | None = None
        self.fed: list[tuple] | None = None
        self.names: list[str] | None = None
        self.tracker = Mean("loss")

    def anew(self) -> Compiled:
        """Return the same for a model that has changed."""
        return Compiled(*self.given)

    @property
    def has_loss(self) -> bool:
        """Whether there is any loss that needs targets."""
        return any(x is not None for x in flatten(self.given[0])[0])

    def build(self, y: Any, y_pred: Any, names: list[str] | None) -> None:
        """Make losses and metrics for what the model returns, once.

        Args:
            y: targets (anything with shapes), or None.
            y_pred: the outputs.
            names: the names of the outputs, if the model has any.

        Raises:
            ArgumentError: if losses and metrics do not fit the outputs.
        """
        if self.outputs is not None:
            return
        outputs = self.outputs_of(y_pred, names)
        leaves, count = flatten(y_pred)[0], len(outputs)
        _, _, metrics, weighted = self.given
        for output, p in zip(outputs, leaves, strict=True):
            check_output(output.loss, p)
            output.misread = warn_of_scores(output.loss, p)
        if sum(output.loss is not None for output in outputs) > 1:
            for i, output in enumerate(outputs):
                if output.loss is not None:
                    output.tracker = Mean(f"{output.name or f'output_{i + 1}'}_loss")
        self.outputs = outputs
        if y is not None:
            for kind, given in (("metrics", metrics), ("weighted_metrics", weighted)):
                rows = self.metric_rows(kind, given, count)
                for output, row, t, p in zip(outputs, rows, self.targets(y), leaves, strict=True):
                    getattr(output, kind).extend(_metric(m, t, p) for m in row)

    def outputs_of(self, y_pred: Any, names: list[str] | None) -> list[Output]:
        """Return an Output, with its loss, for each of what the model returns; nothing is checked.

        Args:
            y_pred, names: see `build`.
        """
        leaves = flatten(y_pred)[0]
        if isinstance(y_pred, dict) and len(y_pred) == len(leaves):
            names = sorted(y_pred)
        self.names = names if names and len(names) == len(leaves) else None
        count = len(leaves)
        loss, weights, _, _ = self.given
        spread = loss if _nested(loss) else [self.single] * count
        chosen = [losses.get(v) for v in self.align("loss", spread, count, missing=True)]
        shares = [1.0] * count if weights is None else self.align("loss_weights", weights, count)
        return [
            Output(self._name(i, count), p.shape, loss, check_number("loss_weights", share))
            for i, (loss, share, p) in enumerate(zip(chosen, shares, leaves, strict=True))
        ]

    def _name(self, index: int, count: int) -> str | None:
        return None if count == 1 or self.names is None else self.names[index]

    def metric_rows(self, kind: str, given: Any, count: int) -> list[list[Any]]:
        """Return a list of metrics for each output."""
        if not given:
            return [[] for _ in range(count)]
        if count == 1:
            return [flatten(given)[0]]
        rows = self.align(kind, given, count, missing=True)
        return [[] if r is None else [*r] if isinstance(r, list | tuple) else [r] for r in rows]

    def align(self, kind: str, given: Any, count: int, missing: bool = False) -> list[Any]:
        """Return one entry for each output from a list, a dict by names, or a single one.

        Raises:
            ArgumentError: if there are too few or too many, or a name is unknown.
        """
        names = self.names
        if isinstance(given, dict):
            if names is None:
                raise ArgumentError(
                    f"{kind} by name needs a model with named outputs.",
                    got=repr(sorted(given)),
                    hint="return a dict from call, or use the functional API",
                )
            unknown = sorted(set(given) - set(names))
            absent = [n for n in names if n not in given]
            if unknown or (absent and not missing):
                raise ArgumentError(
                    f"{kind}: an output is {'unknown' if unknown else 'missing'}.",
                    got=", ".join(map(repr, given)),
                    expected=", ".join(map(repr, names)),
                )
            return [given.get(n) for n in names]
        if not isinstance(given, list | tuple):
            given = [given]
        if len(given) != count:
            raise ArgumentError(
                f"{kind}: one entry for each output.",
                got=f"{len(given)} for {count} outputs",
                expected=f"a list of {count}"
                + (f", or a dict by {', '.join(map(repr, names))}" if names else ""),
            )
        return list(given)

    def targets(self, y: Any) -> list[Any]:
        """Return the target of each output; None where there is no loss and none is given.

        Raises:
            DataError: if there are too few or too many, or a name is unknown.
        """
        outputs = self._built()
        if isinstance(y, dict):
            names = self.names or []
            needed = [n for n, o in zip(names, outputs, strict=False) if o.loss is not None]
            if set(y) - set(names) or set(needed) - set(y):
                raise DataError(
                    "y does not name the outputs of the model.",
                    got=", ".join(map(repr, sorted(y))),
                    expected=", ".join(map(repr, names)) or "an array for each output in a list",
                )
            return [y.get(n) for n in names]
        leaves = flatten(y)[0]
        with_loss = [o for o in outputs if o.loss is not None]
        if len(leaves) == len(outputs):
            return leaves
        if len(leaves) == len(with_loss):
            given = iter(leaves)
            return [None if o.loss is None else next(given) for o in outputs]
        raise DataError(
            "every output needs its target.",
            got=f"{len(leaves)} in y",
            expected=f"{len(outputs)}"
            + (f": {', '.join(map(repr, self.names))}" if self.names else ""),
        )

    def _built(self) -> list[Output]:
        if self.outputs is None:
            raise StateError("the outputs of the model are not known yet.", hint="call it on data")
        return self.outputs

    def _weights(self, sample_weight: Any, outputs: list[Output]) -> list[Any]:
        if sample_weight is None:
            return [None] * len(outputs)
        if isinstance(sample_weight, dict):
            unknown = sorted(set(sample_weight) - set(self.names or ()))
            if unknown:
                raise DataError(
                    "sample_weight does not name an output of the model.",
                    got=", ".join(map(repr, unknown)),
                    expected=", ".join(map(repr, self.names or ())),
                )
            return [sample_weight.get(n) for n in self.names or ()]
        leaves = flatten(sample_weight)[0]
        if len(leaves) not in (1, len(outputs)):
            raise DataError(
                "sample_weight: one array, or one for each output.",
                got=f"{len(leaves)} for {len(outputs)} outputs",
            )
        return leaves * len(outputs) if len(leaves) == 1 else leaves

    def rows(self, y: Any, y_pred: Any, sample_weight: Any) -> list[tuple[Output, Any, Any, Any]]:
        """Return (output, target, prediction, weight) for each output that has a target."""
        if y is None:
            return []
        outputs = self._built()
        predictions, weights = flatten(y_pred)[0], self._weights(sample_weight, outputs)
        rows = zip(outputs, self.targets(y), predictions, weights, strict=True)
        return [row for row in rows if row[1] is not None]

    def losses(self, y: Any, y_pred: Any, sample_weight: Any) -> list[Tensor]:
        """Return the weighted losses of the outputs; each goes into its tracker unweighted."""
        if y is None and self.has_loss:
            raise DataError("the loss needs targets.", got="y=None", hint="fit(x, y)")
        terms = []
        for output, t, p, w in self.rows(y, y_pred, sample_weight):
            if output.loss is not None:
                value = origin.inside(_scope(output, "loss", output.loss), output.loss, t, p, w)
                if output.tracker is not None:
                    add_mean(output.tracker.total, output.tracker.count, value, p.shape[0])
                terms.append(value if output.weight == 1 else weighed(output.weight, value))
        return terms

    def track(self, loss: Any, x: Any) -> None:
        """Take the total loss of a batch into its mean, weighted by the number of samples."""
        add_mean(self.tracker.total, self.tracker.count, loss, flatten(x)[0][0].shape[0])

    def update(self, y: Any, y_pred: Any, sample_weight: Any) -> None:
        """Take a batch into the metrics."""
        for output, t, p, w in self.rows(y, y_pred, sample_weight):
            target, scores = as_tensor(t), as_tensor(p)
            every = [*output.metrics, *output.weighted_metrics]
            probabilities = scores
            if output.loss is not None and any(m.probabilities for m in every):
                probabilities = noted(output.loss.probabilities(scores), mask_of(scores))
            for weight, metrics in (((), output.metrics), ((w,), output.weighted_metrics)):
                for metric in metrics:
                    scope = _scope(output, metric.name, metric)
                    prediction = probabilities if metric.probabilities else scores
                    pair = (target, prediction)
                    if not metric.class_numbers:
                        pair = match_ranks(*pair)
                    origin.inside(scope, metric.update_state, *pair, *weight)

    def named(self) -> dict[str, Metric]:
        """Return all metrics by their names in logs: `accuracy`, or `output_accuracy`."""
        outputs = self.outputs or []
        found: dict[str, Metric] = {"loss": self.tracker}
        found.update({o.tracker.name: o.tracker for o in outputs if o.tracker is not None})
        own: dict[str, Metric] = {}
        for kind in ("metrics", "weighted_metrics"):
            for output in outputs:
                prefix = f"{output.name}_" if output.name else ""
                for metric in getattr(output, kind):
                    name = prefix + metric.name
                    if name in own and kind == "weighted_metrics":
                        name = f"{prefix}weighted_{metric.name}"
                    number, start = 1, name
                    while name in own or name in found:
                        name, number = f"{start}_{number}", number + 1
                    own[name] = metric
        several = len(outputs) > 1  # Keras lists those of several outputs by name
        return {**found, **(dict(sorted(own.items())) if several else own)}


def _scope(output: Output, name: str, of: Any) -> origin.Scope:
    """Return the Scope of a loss or a metric of an output."""
    return origin.part(f"{output.name}_{name}" if output.name else name, type(of).__name__)


def _nested(value: Any) -> bool:
    return isinstance(value, list | tuple | dict)


def _metric(given: Any, target: Any, y_pred: Any) -> Metric:
    return all_metrics.get(given, getattr(target, "shape", ()), y_pred.shape)


def check_output(loss: Any, y_pred: Any) -> None:
    """Refuse a last layer that cannot work with the loss.

    Raises:
        ArgumentError: for one class where the loss needs several, a softmax over one unit, or
            probabilities that the loss would take for scores.
    """
    name, width = getattr(loss, "name", ""), y_pred.shape[-1] if y_pred.shape else 0
    shape = str(("batch", *y_pred.shape[1:])).replace("'", "")
    note = y_pred.note(Logits) if isinstance(y_pred, Tensor) else None
    if note is not None and note.axis is not None and width == 1:
        raise ArgumentError(
            "a softmax over one unit is always 1.",
            got=f"an output {shape}",
            hint="Dense(1, 'sigmoid') with 'binary_crossentropy', or Dense(2, 'softmax') with "
            "'sparse_categorical_crossentropy'",
        )
    if name in ("sparse_categorical_crossentropy", "categorical_crossentropy") and width == 1:
        raise ArgumentError(
            f"{name} needs a score for each class.",
            got=f"an output {shape}",
            hint="Dense(number_of_classes, 'softmax'), or loss='binary_crossentropy' with "
            "Dense(1, 'sigmoid')",
        )
    if note is not None and getattr(loss, "from_logits", False):
        raise ArgumentError(
            f"{name}(from_logits=True) takes scores, but the model ends in probabilities.",
            got=f"an output {shape} of an activation",
            hint="leave out from_logits=True, or the last activation",
        )

"""Totals of metrics: exact past 2^24, where float32 stops to count, on every engine."""

import numpy as np
import pytest

import neurona as nn
from neurona import metrics
from neurona.train.step import Step

from .metric_cases import CLASSES, IDS, ROWS

MANY = 2**24  # float32 knows no 2^24 + 1
ENGINES = ("eager", "reference", "native")
YES, NO = [[1.0]], [[0.0]]
COUNTERS = {
    "Accuracy": (metrics.Accuracy, YES, YES),
    "BinaryAccuracy": (metrics.BinaryAccuracy, YES, YES),
    "Sum": (metrics.Sum, None, [1.0]),
    "Mean": (metrics.Mean, None, [1.0]),
    "TruePositives": (metrics.TruePositives, YES, YES),
    "FalsePositives": (metrics.FalsePositives, NO, YES),
    "TrueNegatives": (metrics.TrueNegatives, NO, NO),
    "FalseNegatives": (metrics.FalseNegatives, YES, NO),
    "Precision": (metrics.Precision, YES, YES),
    "AUC": (metrics.AUC, YES, YES),
    "F1Score": (lambda: metrics.F1Score(threshold=0.5), YES, YES),
    "ConfusionMatrix": (lambda: metrics.ConfusionMatrix(2), YES, YES),
    "MeanIoU": (lambda: metrics.MeanIoU(2), [1], [1]),
    "BinaryIoU": (metrics.BinaryIoU, YES, YES),
    "R2Score": (metrics.R2Score, YES, YES),
    "MeanSquaredError": (metrics.MeanSquaredError, YES, NO),
    "CategoricalCrossentropy": (metrics.CategoricalCrossentropy, [[0.0, 1.0]], [[0.5, 0.5]]),
}


@pytest.mark.parametrize(("name", "case"), ROWS, ids=IDS)
def test_every_metric_of_floats_keeps_its_totals_in_float64(name, case):
    metric = CLASSES[name](**case.arguments)
    metric.prepare(case.y.shape, case.p.shape)
    assert {v.dtype.name for v in metric.variables} == {"float64"}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", COUNTERS)
def test_one_more_sample_counts_past_two_to_the_24(name, engine):
    make, y, p = COUNTERS[name]
    metric = make()
    data = [np.array(a, "int32" if name == "MeanIoU" else "float32") for a in (y, p) if a]
    if len(data) == 2:
        metric.prepare(data[0].shape, data[1].shape)

    def update(w, *data):
        metric.update_state(*data, sample_weight=w)
        return metric.result()

    step = Step(update, metric.variables, engine)
    for weight in (MANY, 1, 1, 1):
        step(np.array([weight], "float32"), *data)
    largest = max(v.numpy().max() for v in metric.variables if v.name != "residual")
    assert largest == MANY + 3


class Errors(metrics.Metric):
    def __init__(self, name="errors", dtype=None):
        super().__init__(dtype, name)
        self.total = self.add_total()

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.total.assign_add(nn.ops.sum(nn.ops.abs(y_true - y_pred)))

    def result(self):
        return self.total.value


@pytest.mark.parametrize("engine", ENGINES)
def test_ones_own_metric_may_keep_such_totals(engine):
    metric = Errors()

    def update(y, p):
        metric.update_state(y, p)
        return metric.result()

    step = Step(update, metric.variables, engine)
    for error in (MANY, 1, 1, 1):
        found = step(np.float32([error]), np.float32([0]))
    assert found == MANY + 3


def test_counts_are_exact_as_results():
    m = metrics.TruePositives()
    for weight in (MANY, 1):
        m.update_state([1], [1.0], [weight])
    assert m.result().item() == MANY + 1
    assert m.result().dtype == "float64"
    m = metrics.ConfusionMatrix(2)
    for weight in (2**52, 1):
        m.update_state([1], [1], [weight])
    assert m.result().tolist() == [[0, 0], [0, 2**52 + 1]]
    total = metrics.Sum()
    for value in (float(MANY), 1.0):
        total.update_state(value)
    assert total.result().item() == MANY + 1


def test_a_batch_past_two_to_the_24_is_counted():
    right = np.ones((MANY + 3,), bool)
    right[-1] = False
    m = metrics.Accuracy()
    m.update_state(np.ones_like(right), right)
    assert [v.item() for v in m.variables] == [MANY + 2, MANY + 3]
    m = metrics.TruePositives()
    m.update_state(np.ones_like(right), right)
    assert m.result().item() == MANY + 2


def test_the_mean_loss_of_an_epoch_is_kept_exactly_too():
    model = nn.Sequential([nn.Input((1,)), nn.layers.Dense(2)])
    loss = nn.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss, metrics=["accuracy"], weighted_metrics=["accuracy"])
    history = model.fit(np.ones((4, 1)), np.zeros(4), verbose=0)
    assert list(history.history) == ["loss", "accuracy", "weighted_accuracy"]
    assert {v.dtype.name for m in model.metrics for v in m.variables} == {"float64"}

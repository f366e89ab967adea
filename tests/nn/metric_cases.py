"""For every metric: its arguments, labels and predictions, and its definition."""

import inspect
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from neurona import metrics

from .metric_definitions import (
    adjusted,
    bce,
    best,
    chance_of_order,
    concordance,
    confusion,
    cosine,
    counts,
    each_label,
    f_scores,
    interpolated_pr,
    iou,
    mean,
    multiclass_hinge,
    picked,
    precision,
    precision_recall_gain,
    r2,
    rank_of_truth,
    recall,
    riemann,
    softmax,
    specificity,
    top,
)

N = 12
R = np.random.default_rng(11)
REAL, OTHER = R.normal(size=(N, 3)), R.normal(size=(N, 3))
POSITIVE, COUNTS = R.uniform(0.2, 2, (N, 2)), R.integers(0, 5, (N, 2)).astype(float)
BITS = np.array([0, 1, 1, 0, 1, 0, 1, 1, 0, 0, 1, 0.0])
SCORES = R.permutation(99)[:N] / 100 + 0.013  # at least 1/100 apart: each between two thresholds
MANY_BITS, MANY_SCORES = R.integers(0, 2, (N, 3)).astype(float), R.permutation(
    97)[: 3 * N].reshape(N, 3) / 97 + 0.001  # fmt: skip
LABELS, GUESSES = R.integers(0, 4, N), R.integers(0, 4, N)
ONE_HOT = np.eye(4)[LABELS]
SHARES = R.dirichlet(np.ones(4), N)
WEIGHT = np.round(R.uniform(0, 2, N), 2)
WEIGHT[3] = 0.0


class Case(NamedTuple):
    y: np.ndarray
    p: np.ndarray
    definition: Callable[[np.ndarray, np.ndarray, np.ndarray], object]
    arguments: Mapping = MappingProxyType({})


SIGNS = BITS[:, None] * 2 - 1
PERPLEXING = {"ignore_class": 2}

CASES = {
    "Accuracy": [Case(LABELS, GUESSES, mean(lambda y, p: y == p))],
    "BinaryAccuracy": [
        Case(BITS, SCORES, mean(lambda y, p: (p > 0.5) == y)),
        Case(BITS, SCORES[:, None], mean(lambda y, p: (p[:, 0] > 0.3) == y), {"threshold": 0.3}),
        Case(MANY_BITS, MANY_SCORES, mean(lambda y, p: ((p > 0.5) == y).mean(-1))),
    ],
    "CategoricalAccuracy": [Case(ONE_HOT, SHARES, mean(lambda y, p: rank_of_truth(y, p) == 0))],
    "SparseCategoricalAccuracy": [
        Case(LABELS, SHARES, mean(lambda y, p: rank_of_truth(y, p) == 0)),
        Case(LABELS[:, None], SHARES, mean(lambda y, p: rank_of_truth(y[:, 0], p) == 0)),
    ],
    "TopKCategoricalAccuracy": [
        Case(ONE_HOT, SHARES, mean(lambda y, p: rank_of_truth(y, p) < 2), {"k": 2})
    ],
    "SparseTopKCategoricalAccuracy": [
        Case(LABELS, SHARES, mean(lambda y, p: rank_of_truth(y, p) < 3), {"k": 3}),
        Case(
            LABELS, SHARES.argsort(-1)[:, ::-1].copy(),
            mean(lambda y, p: (p[:, :2] == y[:, None]).any(-1)),
            {"k": 2, "from_sorted_ids": True},
        ),
    ],
    "TruePositives": [Case(BITS, SCORES, lambda y, p, w: counts(y, p, w)["tp"])],
    "TrueNegatives": [Case(BITS, SCORES, lambda y, p, w: counts(y, p, w)["tn"])],
    "FalsePositives": [
        Case(BITS, SCORES, lambda y, p, w: counts(y, p, w)["fp"]),
        Case(
            MANY_BITS, MANY_SCORES,
            lambda y, p, w: [counts(y, p, w, t)["fp"] for t in (0.2, 0.7)],
            {"thresholds": [0.2, 0.7]},
        ),
    ],
    "FalseNegatives": [
        Case(BITS, SCORES, lambda y, p, w: counts(y, p, w, 0.8)["fn"], {"thresholds": 0.8})
    ],
    "Precision": [
        Case(BITS, SCORES, precision),
        Case(BITS, SCORES[:, None], lambda y, p, w: precision(y, p[:, 0], w)),
        Case(
            ONE_HOT, SHARES, lambda y, p, w: precision(y, top(p, 2), w, -0.5), {"top_k": 2}
        ),
        Case(
            ONE_HOT, SHARES, lambda y, p, w: precision(y[:, 1], top(p, 2)[:, 1], w, 0.1),
            {"top_k": 2, "class_id": 1, "thresholds": 0.1},
        ),
    ],
    "Recall": [
        Case(BITS, SCORES, recall),
        Case(
            MANY_BITS, MANY_SCORES, lambda y, p, w: recall(y[:, 2], p[:, 2], w), {"class_id": 2}
        ),
        Case(
            BITS, SCORES, lambda y, p, w: [recall(y, p, w, t) for t in (0.0, 0.4, 1.0)],
            {"thresholds": [0.0, 0.4, 1.0]},
        ),
    ],
    "SensitivityAtSpecificity": [
        Case(BITS, SCORES, best(recall, specificity, 0.6), {"specificity": 0.6})
    ],
    "SpecificityAtSensitivity": [
        Case(BITS, SCORES, best(specificity, recall, 0.7), {"sensitivity": 0.7})
    ],
    "PrecisionAtRecall": [Case(BITS, SCORES, best(precision, recall, 0.4), {"recall": 0.4})],
    "RecallAtPrecision": [
        Case(BITS, SCORES, best(recall, precision, 0.5), {"precision": 0.5}),
        Case(BITS, 0.98 * BITS + 0.01, best(recall, precision, 1.0), {"precision": 1.0}),
    ],
    "F1Score": [
        Case(ONE_HOT, SHARES, f_scores(a), {"average": a})
        for a in (None, "micro", "macro", "weighted")
    ]
    + [Case(MANY_BITS, MANY_SCORES, f_scores("macro", 1.0, 0.4),
            {"average": "macro", "threshold": 0.4})],
    "FBetaScore": [
        Case(ONE_HOT, SHARES, f_scores(a, 2.0), {"average": a, "beta": 2.0})
        for a in (None, "micro", "macro", "weighted")
    ],
    "AUC": [
        Case(BITS, SCORES, chance_of_order),
        Case(BITS, SCORES, riemann("ROC", min), {"summation_method": "minoring"}),
        Case(BITS, SCORES, riemann("ROC", max), {"summation_method": "majoring"}),
        Case(BITS, SCORES, interpolated_pr, {"curve": "PR"}),
        Case(BITS, SCORES, riemann("PR", min), {"curve": "PR", "summation_method": "minoring"}),
        Case(BITS, SCORES, riemann("PR", max), {"curve": "PR", "summation_method": "majoring"}),
        Case(BITS, SCORES, precision_recall_gain, {"curve": "PRGAIN"}),
        Case(BITS, np.log(SCORES / (1 - SCORES)), chance_of_order, {"from_logits": True}),
        Case(BITS, SCORES, chance_of_order,
             {"thresholds": (np.sort(SCORES)[1:] - 0.005).tolist()}),
        Case(MANY_BITS, MANY_SCORES, each_label(chance_of_order), {"multi_label": True}),
        Case(MANY_BITS, MANY_SCORES,
             lambda y, p, w: chance_of_order(y.ravel(), p.ravel(), w.repeat(3))),
        Case(MANY_BITS, MANY_SCORES,
             lambda y, p, w: chance_of_order(y[:, 1], p[:, 1], w),
             {"multi_label": True, "num_labels": 3, "label_weights": [0.0, 2.0, 0.0]}),
        Case(MANY_BITS, MANY_SCORES,
             lambda y, p, w: chance_of_order(y[:, 1], p[:, 1], w),
             {"label_weights": [0.0, 2.0, 0.0]}),
    ],
    "MeanSquaredError": [Case(REAL, OTHER, mean(lambda y, p: ((y - p) ** 2).mean(-1)))],
    "RootMeanSquaredError": [
        Case(REAL, OTHER, lambda y, p, w: np.sqrt(np.average((y - p) ** 2, 0, w).mean()))
    ],
    "MeanAbsoluteError": [Case(REAL, OTHER, mean(lambda y, p: np.abs(y - p).mean(-1)))],
    "MeanAbsolutePercentageError": [
        Case(REAL, OTHER, mean(lambda y, p: 100 * np.abs(1 - p / y).mean(-1)))
    ],
    "MeanSquaredLogarithmicError": [
        Case(COUNTS, POSITIVE, mean(lambda y, p: (np.log((1 + y) / (1 + p)) ** 2).mean(-1)))
    ],
    "LogCoshError": [Case(REAL, OTHER, mean(lambda y, p: np.log(np.cosh(p - y)).mean(-1)))],
    "CosineSimilarity": [Case(REAL, OTHER, mean(cosine))],
    "PearsonCorrelation": [
        Case(REAL, OTHER, mean(lambda y, p: np.array(
            [np.corrcoef(a, b)[0, 1] for a, b in zip(y, p, strict=True)])))
    ],
    "ConcordanceCorrelation": [Case(REAL, OTHER, mean(concordance))],
    "R2Score": [
        Case(REAL, REAL + 0.3 * OTHER, r2(lambda s, v: s.mean())),
        Case(REAL, OTHER, r2(lambda s, v: s), {"class_aggregation": None}),
        Case(REAL, OTHER, r2(lambda s, v: np.average(s, weights=v)),
             {"class_aggregation": "variance_weighted_average"}),
        Case(REAL, OTHER, r2(adjusted), {"num_regressors": 2}),
    ],
    "BinaryCrossentropy": [Case(MANY_BITS, MANY_SCORES, mean(bce))],
    "CategoricalCrossentropy": [Case(ONE_HOT, SHARES, mean(lambda y, p: -np.log(picked(y, p))))],
    "SparseCategoricalCrossentropy": [
        Case(LABELS, SHARES, mean(lambda y, p: -np.log(picked(y, p)))),
        Case(LABELS, SHARES,
             lambda y, p, w: np.average(-np.log(picked(y, p)), weights=w * (y != 2)), PERPLEXING),
    ],
    "Perplexity": [
        Case(LABELS, SHARES, lambda y, p, w: np.prod(picked(y, p) ** -(w / w.sum()))),
        Case(LABELS, 3 * SHARES,
             lambda y, x, w: np.exp(np.average(-np.log(picked(y, softmax(x))), weights=w)),
             {"from_logits": True}),
        Case(LABELS, SHARES,
             lambda y, p, w: np.exp(np.average(-np.log(picked(y, p)), weights=w * (y != 2))),
             PERPLEXING),
    ],
    "KLDivergence": [
        Case(SHARES[::-1].copy(), SHARES, mean(lambda y, p: (y * np.log(y / p)).sum(-1)))
    ],
    "Poisson": [Case(COUNTS, POSITIVE, mean(lambda y, p: (p - y * np.log(p)).mean(-1)))],
    "Hinge": [Case(SIGNS, REAL[:, :1], mean(lambda y, p: np.maximum(1 - y * p, 0)[:, 0]))],
    "SquaredHinge": [
        Case(SIGNS, REAL[:, :1], mean(lambda y, p: np.maximum(1 - y * p, 0)[:, 0] ** 2))
    ],
    "CategoricalHinge": [Case(ONE_HOT, SHARES, mean(multiclass_hinge))],
    "ConfusionMatrix": [
        Case(LABELS, GUESSES, confusion(5), {"num_classes": 5}),
        Case(LABELS, SHARES, lambda y, p, w: confusion(4)(y, p.argmax(-1), w), {"num_classes": 4}),
        Case(ONE_HOT, SHARES, lambda y, p, w: confusion(4)(y.argmax(-1), p.argmax(-1), w),
             {"num_classes": 4}),
        Case(BITS, SCORES[:, None], lambda y, p, w: confusion(2)(y, p[:, 0] > 0.3, w),
             {"num_classes": 2, "threshold": 0.3}),
        Case(BITS[:, None], SCORES[:, None],
             lambda y, p, w: confusion(2)(y[:, 0], p[:, 0] > 0.5, w), {"num_classes": 2}),
    ],
    "IoU": [
        Case(LABELS, GUESSES, iou(4, [1]), {"num_classes": 4, "target_class_ids": [1]}),
        Case(LABELS, GUESSES, iou(4, [0, 3], 1),
             {"num_classes": 4, "target_class_ids": [0, 3], "ignore_class": 1}),
    ],
    "BinaryIoU": [
        Case(BITS, SCORES, lambda y, p, w: iou(2, [0, 1])(y, p >= 0.4, w), {"threshold": 0.4}),
        Case(BITS[:, None], SCORES[:, None],
             lambda y, p, w: iou(2, [1])(y[:, 0], p[:, 0] >= 0.5, w), {"target_class_ids": (1,)}),
    ],
    "MeanIoU": [
        Case(LABELS, GUESSES, iou(4, range(4)), {"num_classes": 4}),
        Case(LABELS, GUESSES, iou(6, range(6)), {"num_classes": 6}),
    ],
    "OneHotIoU": [
        Case(ONE_HOT, SHARES, lambda y, p, w: iou(4, [0, 2])(y.argmax(-1), p.argmax(-1), w),
             {"num_classes": 4, "target_class_ids": [0, 2]}),
    ],
    "OneHotMeanIoU": [
        Case(ONE_HOT, SHARES, lambda y, p, w: iou(4, range(4))(y.argmax(-1), p.argmax(-1), w),
             {"num_classes": 4}),
    ],
}  # fmt: skip
CLASSES = {
    name: cls
    for name, cls in vars(metrics).items()
    if inspect.isclass(cls) and issubclass(cls, metrics.Metric) and cls is not metrics.Metric
}
ROWS = [(name, case) for name, cases in CASES.items() for case in cases]
IDS = [f"{name}{dict(case.arguments) or ''}{case.y.shape}" for name, case in ROWS]

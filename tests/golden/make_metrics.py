"""Write metrics.json: Keras 3 metrics over a stream of batches, with and without sample weights.

Run as writing.py says. Two metrics of ours are not Keras's: ConfusionMatrix (oracle: scikit-learn)
and Perplexity (oracle: exp of Keras's streaming mean cross-entropy).
"""

import keras
import numpy as np
from sklearn.metrics import confusion_matrix
from writing import double_precision, finish, label, numbers

double_precision()
TOLERANCES = {
    "mean": {
        "rtol": 1e-5,
        "atol": 2e-6,
        "why": "running float32 sums of some 30 terms, then one division",
    },
    "percentage": {
        "rtol": 1e-4,
        "atol": 1e-4,
        "why": "values in the hundreds: a float32 there is spaced by up to 6e-5",
    },
    "area": {
        "rtol": 2e-5,
        "atol": 1e-5,
        "why": "sums of up to 200 trapezoids of float32 ratios",
    },
    "difference": {
        "rtol": 1e-4,
        "atol": 1e-5,
        "why": "a difference of sums of squares: cancellation costs about two digits",
    },
}
CASES = []
GENERATOR = np.random.default_rng(11)
BATCHES = (5, 4, 3)


def value(result):
    return np.asarray(keras.ops.convert_to_numpy(result))


def case(name, kwargs, batches, weights=None, tolerance="mean", **more):
    """Results after every batch, then after reset_state and the first batch again."""
    metric = getattr(keras.metrics, name)(**kwargs)
    results = []
    for i, batch in enumerate(batches):
        weight = {} if weights is None else {"sample_weight": weights[i]}
        metric.update_state(*batch, **weight)
        results.append(value(metric.result()))
    add(name, kwargs, batches, weights, tolerance, results, **more)


def add(name, kwargs, batches, weights, tolerance, results, **more):
    weighted = [] if weights is None else [f"weight{list(weights[0].shape)}"]
    note = [more["note"]] if "note" in more else []
    CASES.append(
        {"id": label(name, kwargs, *weighted, *note), "metric": name, "kwargs": kwargs,
         "tolerance": tolerance, "optional": bool(more.get("optional")), "batches": batches,
         "dtypes": [str(a.dtype) for a in batches[0]], "weights": weights,
         "weight_dtype": None if weights is None else str(weights[0].dtype), "results": results}
    )  # fmt: skip


def stream(make):
    """Three batches of (y_true, y_pred), of 5, 4 and 3 samples."""
    return [tuple(np.asarray(a) for a in make(n, i)) for i, n in enumerate(BATCHES)]


def labels(*shape, classes):
    return GENERATOR.integers(0, classes, shape).astype("int32")


def one_hot(n, classes=3):
    return np.eye(classes, dtype="float32")[labels(n, classes=classes)]


def bits(*shape):
    return GENERATOR.integers(0, 2, shape).astype("float32")


def soft(n, seed, classes=3):
    p = np.exp(numbers(n, classes, seed=seed).astype("float64"))
    return np.round(p / p.sum(-1, keepdims=True), 4).astype("float32")


def unit(*shape, seed):
    return numbers(*shape, seed=seed, low=0.021, high=0.983)


PER_SAMPLE = [np.round(GENERATOR.uniform(0, 2, n), 2).astype("float32") for n in BATCHES]
PER_SAMPLE[0][1] = 0.0
COLUMN = [w[:, None] for w in PER_SAMPLE]

REAL = stream(lambda n, i: (numbers(n, 2, seed=i), numbers(n, 2, seed=i + 9)))
POSITIVE = stream(lambda n, i: (unit(n, 2, seed=i) + 0.2, unit(n, 2, seed=i + 9) + 0.1))
SCALAR = stream(lambda n, i: (numbers(n, seed=i), numbers(n, seed=i + 9)))
BINARY = stream(lambda n, i: (bits(n, 1), unit(n, 1, seed=i)))
MULTI = stream(lambda n, i: (bits(n, 3), unit(n, 3, seed=i)))
SIGNS = stream(lambda n, i: (bits(n, 2) * 2 - 1, numbers(n, 2, seed=i)))
CLASSES = stream(lambda n, i: (one_hot(n), soft(n, i)))
SPARSE = [(t.argmax(-1).astype("int32"), p) for t, p in CLASSES]
COLUMN_SPARSE = [(t[:, None], p) for t, p in SPARSE]
MANY = stream(lambda n, i: (one_hot(n, 6), soft(n, i, 6)))
MANY_SPARSE = [(t.argmax(-1).astype("int32"), p) for t, p in MANY]
EXACT = stream(lambda n, i: (labels(n, classes=3), labels(n, classes=3)))
LOGITS = [(t, np.log(p) * 2 + np.float32(0.3)) for t, p in CLASSES]
SPARSE_LOGITS = [(t, p) for (t, _), (_, p) in zip(SPARSE, LOGITS, strict=True)]
BINARY_LOGITS = [(t, np.log(p / (1 - p))) for t, p in BINARY]
DISTRIBUTIONS = stream(lambda n, i: (soft(n, i), soft(n, i + 20)))


def both(name, kwargs, batches, **more):
    case(name, kwargs, batches, **more)
    case(name, kwargs, batches, PER_SAMPLE, **more)


both("Accuracy", {}, EXACT)
both("BinaryAccuracy", {}, BINARY)
both("BinaryAccuracy", {"threshold": 0.3}, MULTI)
both("CategoricalAccuracy", {}, CLASSES)
both("SparseCategoricalAccuracy", {}, SPARSE)
case("SparseCategoricalAccuracy", {}, COLUMN_SPARSE, note="labels (n, 1)")
both("TopKCategoricalAccuracy", {"k": 2}, MANY)
case("TopKCategoricalAccuracy", {}, MANY)
both("SparseTopKCategoricalAccuracy", {"k": 3}, MANY_SPARSE)
case("SparseTopKCategoricalAccuracy", {}, MANY_SPARSE)
for name in ("Precision", "Recall"):
    case(name, {}, BINARY)
    case(name, {}, BINARY, COLUMN)
    case(name, {"thresholds": 0.3}, MULTI)
    case(name, {"thresholds": [0.2, 0.5, 0.8]}, BINARY)
    case(name, {"top_k": 2}, MANY)
    case(name, {"class_id": 1}, MULTI)
    case(name, {"thresholds": 1.0}, BINARY, note="nothing predicted")
for name in ("TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives"):
    case(name, {}, BINARY)
    case(name, {}, BINARY, COLUMN)
    case(name, {"thresholds": [0.25, 0.6]}, MULTI)
for average in (None, "micro", "macro", "weighted"):
    both("F1Score", {"average": average}, CLASSES)
    case("F1Score", {"average": average, "threshold": 0.4}, MULTI)
    both("FBetaScore", {"average": average, "beta": 2.0}, CLASSES, optional=True)
case("FBetaScore", {"average": "macro", "beta": 0.5, "threshold": 0.4}, MULTI, optional=True)
for curve in ("ROC", "PR"):
    for method in ("interpolation", "minoring", "majoring"):
        kwargs = {"curve": curve, "summation_method": method}
        case("AUC", kwargs, BINARY, tolerance="area")
        case("AUC", {**kwargs, "num_thresholds": 7}, BINARY, COLUMN, tolerance="area")
    case("AUC", {"curve": curve, "multi_label": True}, MULTI, tolerance="area")
    case("AUC", {"curve": curve, "from_logits": True}, BINARY_LOGITS, tolerance="area")
case("AUC", {}, MULTI, tolerance="area", note="flattened")
case("AUC", {"thresholds": [0.2, 0.4, 0.7]}, BINARY, tolerance="area")
PERFECT = [(np.array([[0.0], [1.0], [1.0]], "float32"), np.array([[0.1], [0.8], [0.9]], "float32"))]
case("AUC", {}, PERFECT, tolerance="area", note="perfect")

for name in ("MeanSquaredError", "RootMeanSquaredError", "MeanAbsoluteError", "LogCoshError"):
    both(name, {}, REAL)
    case(name, {}, SCALAR, note="rank 1")
both("MeanAbsolutePercentageError", {}, REAL, tolerance="percentage")
both("MeanSquaredLogarithmicError", {}, POSITIVE)
both("CosineSimilarity", {}, REAL)
both("Poisson", {}, POSITIVE)
both("KLDivergence", {}, DISTRIBUTIONS)
both("Hinge", {}, SIGNS)
both("SquaredHinge", {}, SIGNS)
both("CategoricalHinge", {}, CLASSES)
both("BinaryCrossentropy", {}, BINARY)
both("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, BINARY_LOGITS)
both("CategoricalCrossentropy", {}, CLASSES)
case("CategoricalCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, LOGITS)
both("SparseCategoricalCrossentropy", {}, SPARSE)
case("SparseCategoricalCrossentropy", {"from_logits": True}, SPARSE_LOGITS)
both(
    "R2Score",
    {},
    SCALAR_2D := [(t[:, None], p[:, None]) for t, p in SCALAR],
    tolerance="difference",
)
for aggregation in (None, "uniform_average", "variance_weighted_average"):
    case("R2Score", {"class_aggregation": aggregation}, REAL, tolerance="difference")
case("R2Score", {"num_regressors": 1}, SCALAR_2D, tolerance="difference")
# Keras counts in int32 and cuts fractions off the weights, so only whole weights mean something
WHOLE = [np.floor(w * 2) for w in PER_SAMPLE]
case("MeanIoU", {"num_classes": 3}, EXACT)
case("MeanIoU", {"num_classes": 3}, EXACT, [w.astype("int32") for w in WHOLE])
case("MeanIoU", {"num_classes": 4}, EXACT, note="an absent class")
case("MeanIoU", {"num_classes": 3, "ignore_class": 0}, EXACT)
case("MeanIoU", {"num_classes": 3, "sparse_y_true": False, "sparse_y_pred": False}, CLASSES)
case("IoU", {"num_classes": 3, "target_class_ids": [0]}, EXACT)
case("IoU", {"num_classes": 3, "target_class_ids": [0, 2]}, EXACT)
case("BinaryIoU", {"threshold": 0.4}, BINARY)
case("BinaryIoU", {"target_class_ids": [1], "threshold": 0.4}, BINARY)
case("OneHotIoU", {"num_classes": 3, "target_class_ids": [0, 2]}, CLASSES, optional=True)
case("OneHotMeanIoU", {"num_classes": 3}, CLASSES, optional=True)
case("PearsonCorrelation", {}, REAL, tolerance="difference", optional=True)
case("ConcordanceCorrelation", {}, REAL, tolerance="difference", optional=True)

VALUES = [(p,) for _, p in SCALAR]
for name in ("Mean", "Sum"):
    both(name, {}, VALUES)
case("Mean", {}, [(p,) for _, p in REAL], note="rank 2")


def case_confusion(weights=None):
    """Rows are the truth, columns the prediction, as in scikit-learn."""
    results = []
    for i in range(1, 4):
        t, p = (np.concatenate([b[j] for b in EXACT[:i]]) for j in (0, 1))
        w = None if weights is None else np.concatenate(weights[:i])
        results.append(confusion_matrix(t, p, labels=range(4), sample_weight=w))
    add("ConfusionMatrix", {"num_classes": 4}, EXACT, weights, "mean", results, optional=True)


def case_perplexity(kwargs, batches, weights=None):
    mean = keras.metrics.SparseCategoricalCrossentropy(**kwargs)
    results = []
    for i, batch in enumerate(batches):
        mean.update_state(*batch, sample_weight=None if weights is None else weights[i])
        results.append(np.exp(value(mean.result())))
    add("Perplexity", kwargs, batches, weights, "mean", results, optional=True)


case_confusion()
case_confusion(PER_SAMPLE)
case_perplexity({"from_logits": True}, SPARSE_LOGITS)
case_perplexity({"from_logits": True}, SPARSE_LOGITS, PER_SAMPLE)
finish("metrics", TOLERANCES, CASES)

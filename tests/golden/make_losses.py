"""Write losses.json: values and gradients of Keras 3 losses, as classes and as functions.

Run as writing.py says. Computed in float64, except the cases marked float32, where clipping at
``epsilon = 1e-7`` is itself rounded: 1 - 1e-7 becomes 1 - 1.19e-7, whose logarithm differs by 0.18.
"""

import keras
import numpy as np
from writing import double_precision, finish, label, numbers

double_precision()
JAX = keras.backend.backend() == "jax"
if JAX:
    import jax
else:
    import torch

TOLERANCES = {
    "value": {
        "rtol": 2e-5,
        "atol": 2e-6,
        "why": "float32 sums of at most 50 terms after a logarithm or square, in any order",
    },
    "percentage": {
        "rtol": 5e-5,
        "atol": 1e-4,
        "why": "values in the hundreds: a float32 there is spaced by up to 6e-5",
    },
    "clipped": {
        "rtol": 1e-4,
        "atol": 1e-5,
        "why": "logarithms of 1e-7 and of a rounded 1 - 1e-7 amplify one float32 ulp",
    },
}
CASES = []
GENERATOR = np.random.default_rng(7)


def one_hot(*shape, classes):
    return np.eye(classes, dtype="float32")[GENERATOR.integers(0, classes, shape)]


def probabilities(*shape, seed=0):
    p = np.exp(numbers(*shape, seed=seed).astype("float64"))
    return np.round(p / p.sum(-1, keepdims=True), 4).astype("float32")


def unit(*shape, seed=0):
    return numbers(*shape, seed=seed, low=0.03, high=0.97)


def evaluate(function, y_true, y_pred, dtype):
    """The value and the gradient of sum(value * cotangent), cotangent = 1, 2, 3, ..."""
    y_true = y_true if y_true.dtype.kind == "i" else y_true.astype(dtype)
    y_pred = y_pred.astype(dtype)
    if JAX:
        value, pull = jax.vjp(lambda p: function(y_true, p), y_pred)
        c = np.arange(1.0, value.size + 1).reshape(value.shape)
        return np.asarray(value), c, np.asarray(pull(c.astype(value.dtype))[0])
    t = torch.tensor(y_pred, requires_grad=True)
    value = function(torch.tensor(y_true), t)
    c = np.arange(1.0, value.numel() + 1).reshape(tuple(value.shape))
    (value * torch.tensor(c)).sum().backward()
    return value.detach().numpy(), c, t.grad.numpy()


def case(name, kwargs, y_true, y_pred, sample_weight=None, tolerance="value", **more):
    """A class (``MeanSquaredError``) or a function (``mean_squared_error``), by its name."""
    dtype = "float32" if more.get("float32") else "float64"
    function = getattr(keras.losses, name)
    if name[0].isupper():
        loss = function(**kwargs, dtype=dtype)
        weight = None if sample_weight is None else sample_weight.astype(dtype)

        def evaluated(t, p):
            return loss(t, p, sample_weight=weight)
    else:

        def evaluated(t, p):
            return function(t, p, **kwargs)

    value, cotangent, gradient = evaluate(evaluated, y_true, y_pred, dtype)
    weighted = [] if sample_weight is None else [f"weight{list(sample_weight.shape)}"]
    extreme = [more["note"]] if "note" in more else []
    CASES.append(
        {"id": label(name, kwargs, *weighted, *extreme), "loss": name, "kwargs": kwargs,
         "tolerance": tolerance,
         "y_true": y_true, "y_true_dtype": str(y_true.dtype), "y_pred": y_pred,
         "sample_weight": sample_weight, "value": value, "cotangent": cotangent,
         "gradient": gradient if more.get("gradient", True) else None}
    )  # fmt: skip


# shifted, so that no prediction equals its target: |y - t| has no one derivative there
SIGNED = (numbers(4, 3, seed=1), numbers(4, 3, seed=2) + np.float32(0.0532))
POSITIVE = (unit(4, 3, seed=1) + 0.2, unit(4, 3, seed=2) + 0.1)
BINARY = (GENERATOR.integers(0, 2, (4, 3)).astype("float32"), unit(4, 3, seed=3))
LOGITS = (BINARY[0], numbers(4, 3, seed=4))
CLASSES = (one_hot(4, classes=3), probabilities(4, 3, seed=5))
CLASS_LOGITS = (CLASSES[0], numbers(4, 3, seed=6, low=-4, high=4))
SPARSE = (CLASSES[0].argmax(-1).astype("int32"), CLASSES[1])
SPARSE_LOGITS = (SPARSE[0], CLASS_LOGITS[1])
DISTRIBUTIONS = (probabilities(4, 3, seed=8), probabilities(4, 3, seed=9))
SIGNS = ((BINARY[0] * 2 - 1), numbers(4, 3, seed=10))
PER_SAMPLE = np.array([1.0, 0.5, 0.0, 2.0], "float32")
PER_ELEMENT = numbers(4, 3, seed=11, low=0.1, high=2.0)

TABLE = {
    "MeanSquaredError": ("mean_squared_error", SIGNED),
    "MeanAbsoluteError": ("mean_absolute_error", SIGNED),
    "MeanAbsolutePercentageError": ("mean_absolute_percentage_error", SIGNED),
    "MeanSquaredLogarithmicError": ("mean_squared_logarithmic_error", POSITIVE),
    "LogCosh": ("log_cosh", SIGNED),
    "Huber": ("huber", SIGNED),
    "BinaryCrossentropy": ("binary_crossentropy", BINARY),
    "CategoricalCrossentropy": ("categorical_crossentropy", CLASSES),
    "SparseCategoricalCrossentropy": ("sparse_categorical_crossentropy", SPARSE),
    "BinaryFocalCrossentropy": ("binary_focal_crossentropy", BINARY),
    "CategoricalFocalCrossentropy": ("categorical_focal_crossentropy", CLASSES),
    "Hinge": ("hinge", SIGNS),
    "SquaredHinge": ("squared_hinge", SIGNS),
    "CategoricalHinge": ("categorical_hinge", (CLASSES[0], SIGNED[1])),
    "KLDivergence": ("kl_divergence", DISTRIBUTIONS),
    "Poisson": ("poisson", POSITIVE),
    "CosineSimilarity": ("cosine_similarity", SIGNED),
}
for name, (function, data) in TABLE.items():
    tolerance = "percentage" if "Percentage" in name else "value"
    for reduction in ("sum_over_batch_size", "sum", "mean", "none", None):
        kwargs = {} if reduction == "sum_over_batch_size" else {"reduction": reduction}
        case(name, kwargs, *data, tolerance=tolerance)
        if reduction is not None:
            case(name, kwargs, *data, PER_SAMPLE, tolerance=tolerance)
    case(name, {"reduction": "mean_with_sample_weight"}, *data, PER_SAMPLE, tolerance=tolerance)
    case(function, {}, *data, tolerance=tolerance)
    case(name, {}, *data, PER_SAMPLE[:, None], tolerance=tolerance)

# sample weights for every element of a sequence
SEQUENCE = (numbers(2, 3, 4, seed=1), numbers(2, 3, 4, seed=2) + np.float32(0.0532))
for reduction in ("sum_over_batch_size", "mean", "none"):
    weight = numbers(2, 3, seed=11, low=0.1, high=2.0)
    case("MeanSquaredError", {"reduction": reduction}, *SEQUENCE, weight)
    case(
        "MeanSquaredError", {"reduction": reduction}, *SEQUENCE, np.array([[0.5], [2.0]], "float32")
    )
case("Huber", {"delta": 0.3}, *SIGNED)
case("huber", {"delta": 2.5}, *SIGNED)
case("CosineSimilarity", {"axis": 0}, *SIGNED)
case("CosineSimilarity", {"axis": 1, "reduction": "none"}, *SEQUENCE)
case("Hinge", {}, *BINARY, note="labels 0 and 1")
case("SquaredHinge", {}, *BINARY, note="labels 0 and 1")

for name, data, logits in (
    ("BinaryCrossentropy", BINARY, LOGITS),
    ("BinaryFocalCrossentropy", BINARY, LOGITS),
    ("CategoricalCrossentropy", CLASSES, CLASS_LOGITS),
    ("CategoricalFocalCrossentropy", CLASSES, CLASS_LOGITS),
):
    case(name, {"from_logits": True}, *logits)
    case(name, {"from_logits": True, "reduction": "none"}, *logits)
    case(name, {"label_smoothing": 0.2}, *data)
    case(name, {"from_logits": True, "label_smoothing": 0.1}, *logits)
    case(TABLE[name][0], {"from_logits": True, "label_smoothing": 0.1}, *logits)
case("BinaryFocalCrossentropy", {"gamma": 1.0}, *BINARY)
case("BinaryFocalCrossentropy", {"gamma": 3.0, "apply_class_balancing": True}, *BINARY)
case("BinaryFocalCrossentropy", {"apply_class_balancing": True, "alpha": 0.7}, *BINARY)
case("CategoricalFocalCrossentropy", {"alpha": 0.6, "gamma": 1.5}, *CLASSES)
case("SparseCategoricalCrossentropy", {"from_logits": True}, *SPARSE_LOGITS)
case("SparseCategoricalCrossentropy", {"from_logits": True, "reduction": "none"}, *SPARSE_LOGITS)
case("sparse_categorical_crossentropy", {"from_logits": True}, *SPARSE_LOGITS)

# probabilities that do not sum to one are renormalised
UNNORMALISED = probabilities(4, 3, seed=5) * 1.5
case("CategoricalCrossentropy", {}, CLASSES[0], UNNORMALISED, note="sum 1.5")
case("SparseCategoricalCrossentropy", {}, SPARSE[0], UNNORMALISED, note="sum 1.5")
case("CategoricalCrossentropy", {}, DISTRIBUTIONS[0], CLASSES[1], note="soft labels")

# the class axis elsewhere, labels that are ignored, labels with a last axis of one
SPACE = numbers(2, 3, 4, seed=12, low=-3, high=3)
SPACE_LABELS = GENERATOR.integers(0, 3, (2, 4)).astype("int32")
SPACE_ONE_HOT = np.moveaxis(np.eye(3, dtype="float32")[SPACE_LABELS], -1, 1).copy()
for reduction in ("sum_over_batch_size", "none"):
    kwargs = {"from_logits": True, "axis": 1, "reduction": reduction}
    case("CategoricalCrossentropy", kwargs, SPACE_ONE_HOT, SPACE)
    case("SparseCategoricalCrossentropy", {k: kwargs[k] for k in kwargs if k != "axis"},
         SPACE_LABELS, np.moveaxis(SPACE, 1, -1).copy())  # fmt: skip
IGNORING = np.array([[0, -1, 2, 1], [-1, 1, -1, 0]], "int32")
IGNORED = np.moveaxis(SPACE, 1, -1).copy()
for reduction in ("sum_over_batch_size", "sum", "mean", "none"):
    kwargs = {"from_logits": True, "ignore_class": -1, "reduction": reduction}
    case("SparseCategoricalCrossentropy", kwargs, IGNORING, IGNORED)
case(
    "SparseCategoricalCrossentropy", {"from_logits": True, "ignore_class": 1}, SPACE_LABELS, IGNORED
)
case("SparseCategoricalCrossentropy", {"ignore_class": -1}, IGNORING, probabilities(2, 4, 3))
weight = numbers(2, 4, seed=11, low=0.1, high=2.0)
case(
    "SparseCategoricalCrossentropy",
    {"from_logits": True, "ignore_class": -1},
    IGNORING,
    IGNORED,
    weight,
)
case("SparseCategoricalCrossentropy", {}, SPARSE[0][:, None], SPARSE[1], note="labels (4, 1)")
case("BinaryCrossentropy", {}, BINARY[0][:, :1].copy(), BINARY[1][:, :1].copy(), note="one unit")
case("BinaryCrossentropy", {}, BINARY[0][:, 0].copy(), BINARY[1][:, :1].copy(), note="targets (4,)")
case("MeanSquaredError", {}, SIGNED[0][:, 0].copy(), SIGNED[1][:, :1].copy(), note="targets (4,)")

# extremes: finite, and with the gradient that a saturated unit must have
HUGE = np.array([[1e4, -1e4], [-1e4, 1e4], [0.0, 1e4], [50.0, -50.0]], "float32")
HUGE_TRUE = np.array([[1, 0], [1, 0], [1, 0], [0, 1]], "float32")
for reduction in ("sum_over_batch_size", "none"):
    kwargs = {"from_logits": True, "reduction": reduction}
    case("BinaryCrossentropy", kwargs, HUGE_TRUE, HUGE, note="huge")
    case("CategoricalCrossentropy", kwargs, HUGE_TRUE, HUGE, note="huge")
    labels = HUGE_TRUE.argmax(-1).astype("int32")
    case("SparseCategoricalCrossentropy", kwargs, labels, HUGE, note="huge")
CERTAIN = np.array([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5], [1e-9, 1.0]], "float32")
clipped = {"float32": True, "tolerance": "clipped", "note": "certain", "gradient": False}
for reduction in ("sum_over_batch_size", "none"):
    case("BinaryCrossentropy", {"reduction": reduction}, HUGE_TRUE, CERTAIN, **clipped)
    case("CategoricalCrossentropy", {"reduction": reduction}, HUGE_TRUE, CERTAIN, **clipped)
    case("SparseCategoricalCrossentropy", {"reduction": reduction}, labels, CERTAIN, **clipped)
    case("KLDivergence", {"reduction": reduction}, HUGE_TRUE, CERTAIN, **clipped)
case(
    "LogCosh",
    {},
    np.zeros((2, 2), "float32"),
    np.array([[100, -100], [1e4, 1e-3]], "float32"),
    note="huge",
)
case("MeanAbsolutePercentageError", {}, np.array([[0.0, 1.0]], "float32"),
     np.array([[1e-6, 1.5]], "float32"), tolerance="percentage", note="target 0",
     gradient=False)  # fmt: skip
case("CosineSimilarity", {}, np.zeros((1, 3), "float32"), numbers(1, 3), note="zero vector")

LABELS = np.array([[1, 2, 3], [2, 2, 0], [4, 0, 0], [0, 0, 0]], "int32")  # 0: blank, and padding
STEPS = numbers(4, 7, 5, seed=12, low=-3, high=3)
for reduction in ("sum_over_batch_size", "none"):
    case("CTC", {} if reduction != "none" else {"reduction": reduction}, LABELS, STEPS)
case("CTC", {}, LABELS, STEPS, PER_SAMPLE)
case("ctc", {}, LABELS, STEPS)

# losses that a library may do without
case("Dice", {}, *BINARY)
case("Tversky", {"alpha": 0.3, "beta": 0.7}, *BINARY)
case("CategoricalGeneralizedCrossEntropy", {"q": 0.4}, *SPARSE)

REGIONS = (np.round(unit(3, 2, 2, 2, seed=1)), unit(3, 2, 2, 2, seed=2))
THREE = np.array([1.0, 0.5, 2.0], "float32")
for axis in ([1, 2, 3], [1, 2], -1):
    case("Dice", {"axis": axis}, *REGIONS)
    case("Tversky", {"axis": axis, "alpha": 0.3, "beta": 0.7, "reduction": "none"}, *REGIONS)
case("Dice", {"axis": [1, 2, 3]}, *REGIONS, THREE)
case("Tversky", {"axis": [1, 2, 3], "reduction": "sum"}, *REGIONS, THREE)
case("dice", {}, *REGIONS)
case("dice", {"axis": 1}, *REGIONS)
case("tversky", {"alpha": 0.9, "beta": 0.2, "axis": [2, 3]}, *REGIONS)

POINTS = numbers(5, 3, seed=3)
POINTS = (0.98 * POINTS / np.linalg.norm(POINTS, axis=-1, keepdims=True)).astype("float32")
FIVE = np.array([1.0, 0.5, 0.0, 2.0, 1.0], "float32")
GROUPS = {"pairs": [0, 1, 1, 0, 1], "one alone": [7, 300, 7, 7, 300], "none": [1, 1, 1, 1, 1]}
for note, groups in GROUPS.items():
    groups = np.array(groups, "int32")
    case("Circle", {}, groups, POINTS, note=note)
    case("Circle", {"gamma": 8.0, "margin": 0.2, "remove_diagonal": False, "reduction": "none"},
         groups, POINTS, note=note)  # fmt: skip
    case("circle", {"gamma": 3.0}, groups, POINTS, note=note, gradient=note != "none")
lonely = np.array([0, 1, 1, 2, 1], "int32")  # 0 and 2 have no partner, and are left out
for reduction in ("sum_over_batch_size", "sum"):
    case("Circle", {"gamma": 5.0, "reduction": reduction}, lonely, POINTS, gradient=False)
    case("Circle", {"gamma": 5.0, "reduction": reduction}, lonely, POINTS, FIVE, gradient=False)
case("Circle", {"gamma": 5.0}, lonely[:, None], POINTS, note="labels (5, 1)", gradient=False)
finish("losses", TOLERANCES, CASES)

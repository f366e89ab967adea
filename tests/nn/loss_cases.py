"""For every loss: targets, predictions, and its formula once more, in NumPy, from the books."""

import inspect
import itertools
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from neurona import losses

R = np.random.default_rng(5)
REAL, OTHER = R.normal(size=(4, 3)), R.normal(size=(4, 3))
POSITIVE, COUNTS = R.uniform(0.2, 2, (4, 3)), R.integers(0, 5, (4, 3)).astype(float)
BITS = R.integers(0, 2, (4, 3)).astype(float)
UNIT = R.uniform(0.05, 0.95, (4, 3))
LABELS = R.integers(0, 3, 4)
ONE_HOT = np.eye(3)[LABELS]
SHARES = UNIT / UNIT.sum(-1, keepdims=True)
SOFT = POSITIVE / POSITIVE.sum(-1, keepdims=True)
SIGNS = BITS * 2 - 1

GROUPS, POINTS = np.array([0, 1, 1, 0]), np.random.default_rng(6).normal(size=(4, 3))
POINTS /= np.linalg.norm(POINTS, axis=-1, keepdims=True)

READABLE, STEPS = np.array([[1, 2], [2, 0], [2, 1], [1, 1]]), R.normal(size=(4, 3, 3))


class Case(NamedTuple):
    y: np.ndarray
    p: np.ndarray
    formula: Callable[[np.ndarray, np.ndarray], np.ndarray]
    arguments: Mapping = MappingProxyType({})


def alignments(labels, scores):
    out = []
    for row, x in zip(labels, scores, strict=True):
        p = softmax(x)
        total = 0.0
        for way in itertools.product(range(x.shape[1]), repeat=len(x)):
            read = [label for label, _ in itertools.groupby(way) if label != 0]
            if read == row[row > 0].tolist():
                total += np.prod(p[np.arange(len(x)), way])
        out.append(-np.log(total))
    return np.array(out)


def huber(y, p, delta=1.0):
    out = []
    for a, b in zip(y.ravel(), p.ravel(), strict=True):
        e = abs(a - b)
        out.append(e * e / 2 if e <= delta else delta * (e - delta / 2))
    return np.reshape(out, y.shape).mean(-1)


def cosine(y, p):
    return np.array([-a @ b / np.sqrt((a @ a) * (b @ b)) for a, b in zip(y, p, strict=True)])


def binary(y, p):
    return np.where(y == 1, -np.log(p), -np.log(1 - p)).mean(-1)


def binary_smooth(y, p):
    y = np.where(y == 1, 0.9, 0.1)
    return -(y * np.log(p) + (1 - y) * np.log1p(-p)).mean(-1)


def binary_focal(y, p):
    right = np.where(y == 1, p, 1 - p)
    return -((1 - right) ** 2 * np.log(right)).mean(-1)


def binary_balanced(y, p):
    right, share = np.where(y == 1, p, 1 - p), np.where(y == 1, 0.3, 0.7)
    return -(share * (1 - right) ** 1.5 * np.log(right)).mean(-1)


def picked(y, p):
    return p[np.arange(len(p)), y if y.ndim == 1 else y.argmax(-1)]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    return np.exp(x) / np.exp(x).sum(-1, keepdims=True)


def multiclass_hinge(y, p):
    out = []
    for row, k in zip(p, y.argmax(-1), strict=True):
        wrong = max(0.0, *np.delete(row, k))  # the true class counts as 0 among the wrong ones
        out.append(max(0.0, 1 + wrong - row[k]))
    return np.array(out)


def tversky(y, p, missed=0.5, invented=0.5):
    shared = (y * p).sum(-1)
    return 1 - shared / (shared + missed * (y * (1 - p)).sum(-1) + invented * ((1 - y) * p).sum(-1))


def circle(y, p, gamma=80.0, margin=0.4, itself=False):
    out = []
    for i in range(len(p)):
        near = far = 0.0
        for j in range(len(p)):
            s = p[i] @ p[j]
            if y[i] != y[j]:
                far += np.exp(gamma * max(s + margin, 0) * (s - margin))
            elif i != j or itself:
                near += np.exp(-gamma * (1 + margin - s) * (s - 1 + margin))
        out.append(np.log1p(near * far))
    return np.array(out)


CASES = {
    "MeanSquaredError": [Case(REAL, OTHER, lambda y, p: ((y - p) ** 2).mean(-1))],
    "MeanAbsoluteError": [Case(REAL, OTHER, lambda y, p: np.abs(y - p).mean(-1))],
    "MeanAbsolutePercentageError": [
        Case(REAL, OTHER, lambda y, p: 100 * np.abs(1 - p / y).mean(-1))
    ],
    "MeanSquaredLogarithmicError": [
        Case(COUNTS, POSITIVE, lambda y, p: (np.log((1 + y) / (1 + p)) ** 2).mean(-1))
    ],
    "LogCosh": [Case(REAL, OTHER, lambda y, p: np.log(np.cosh(p - y)).mean(-1))],
    "Huber": [
        Case(REAL, OTHER, huber),
        Case(REAL, OTHER, lambda y, p: huber(y, p, 0.4), {"delta": 0.4}),
    ],
    "CosineSimilarity": [Case(REAL, OTHER, cosine)],
    "BinaryCrossentropy": [
        Case(BITS, UNIT, binary),
        Case(BITS, UNIT, binary_smooth, {"label_smoothing": 0.2}),
        Case(BITS, REAL, lambda y, x: binary(y, sigmoid(x)), {"from_logits": True}),
    ],
    "BinaryFocalCrossentropy": [
        Case(BITS, UNIT, binary_focal),
        Case(
            BITS,
            UNIT,
            binary_balanced,
            {"apply_class_balancing": True, "alpha": 0.3, "gamma": 1.5},
        ),
        Case(BITS, REAL, lambda y, x: binary_focal(y, sigmoid(x)), {"from_logits": True}),
    ],
    "CategoricalCrossentropy": [
        Case(ONE_HOT, SHARES, lambda y, p: -np.log(picked(y, p))),
        Case(SOFT, 3 * SHARES, lambda y, p: -(y * np.log(p / 3)).sum(-1)),
        Case(ONE_HOT, REAL, lambda y, x: -np.log(picked(y, softmax(x))), {"from_logits": True}),
        Case(
            ONE_HOT,
            SHARES,
            lambda y, p: -0.7 * np.log(picked(y, p)) - 0.1 * np.log(p).sum(-1),
            {"label_smoothing": 0.3},
        ),
    ],
    "CategoricalFocalCrossentropy": [
        Case(
            ONE_HOT,
            SHARES,
            lambda y, p: -0.25 * (1 - picked(y, p)) ** 2 * np.log(picked(y, p)),
        ),
        Case(
            ONE_HOT,
            REAL,
            lambda y, x: -0.5 * (1 - picked(y, softmax(x))) ** 3 * np.log(picked(y, softmax(x))),
            {"from_logits": True, "alpha": 0.5, "gamma": 3.0},
        ),
    ],
    "SparseCategoricalCrossentropy": [
        Case(LABELS, SHARES, lambda y, p: -np.log(picked(y, p))),
        Case(LABELS[:, None], SHARES, lambda y, p: -np.log(picked(y[:, 0], p))),
        Case(LABELS, REAL, lambda y, x: -np.log(picked(y, softmax(x))), {"from_logits": True}),
    ],
    "CategoricalGeneralizedCrossEntropy": [
        Case(LABELS, SHARES, lambda y, p: 2 * (1 - np.sqrt(picked(y, p)))),
        Case(
            LABELS[:, None], SHARES, lambda y, p: (1 - picked(y[:, 0], p) ** 0.7) / 0.7, {"q": 0.7}
        ),
    ],
    "CTC": [Case(READABLE, STEPS, alignments)],
    "Circle": [
        Case(GROUPS, POINTS, circle),
        Case(
            GROUPS[:, None],
            0.9 * POINTS,  # of length 1 a sample itself would be on the kink
            lambda y, p: circle(y[:, 0], p, 9.0, 0.2, True),
            {"gamma": 9.0, "margin": 0.2, "remove_diagonal": False},
        ),
    ],
    "Crossentropy": [
        Case(LABELS, SHARES, lambda y, p: -np.log(picked(y, p))),
        Case(ONE_HOT, SHARES, lambda y, p: -np.log(picked(y, p))),
        Case(BITS[:, :1], UNIT[:, :1], binary),
    ],
    "Dice": [
        Case(BITS, UNIT, lambda y, p: 1 - 2 * (y * p).sum(-1) / (y + p).sum(-1), {"axis": -1})
    ],
    "Tversky": [
        Case(BITS, UNIT, tversky, {"axis": 1}),
        Case(
            BITS,
            UNIT,
            lambda y, p: tversky(y, p, 0.2, 0.7),
            {"alpha": 0.2, "beta": 0.7, "axis": [1]},
        ),
    ],
    "Hinge": [
        Case(SIGNS, OTHER, lambda y, p: np.maximum(1 - y * p, 0).mean(-1)),
        Case(BITS, OTHER, lambda y, p: np.maximum(1 - (2 * y - 1) * p, 0).mean(-1)),
    ],
    "SquaredHinge": [Case(SIGNS, OTHER, lambda y, p: (np.maximum(1 - y * p, 0) ** 2).mean(-1))],
    "CategoricalHinge": [Case(ONE_HOT, OTHER, multiclass_hinge)],
    "KLDivergence": [Case(SOFT, SHARES, lambda y, p: (y * np.log(y) - y * np.log(p)).sum(-1))],
    "Poisson": [Case(COUNTS, POSITIVE, lambda y, p: (p - y * np.log(p)).mean(-1))],
}
CLASSES = {
    name: cls
    for name, cls in vars(losses).items()
    if inspect.isclass(cls) and issubclass(cls, losses.Loss) and cls is not losses.Loss
}
ROWS = [(name, case) for name, cases in CASES.items() for case in cases]
IDS = [f"{name}{case.arguments or ''}" for name, case in ROWS]

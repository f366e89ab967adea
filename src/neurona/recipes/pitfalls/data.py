"""Pitfalls of the data: their scale, their labels, and an answer among them."""

from __future__ import annotations

import numpy as np

from neurona.datasets import breast_cancer, digits
from neurona.layers import Dense, Flatten, Input, Rescaling
from neurona.models import Sequential
from neurona.recipes.pitfalls.pitfall import Pitfall, Training


def raw_columns() -> Training:
    """Columns from 0.001 to 4000, as they are."""
    (x, y), (x_test, y_test) = breast_cancer.load_data()
    model = Sequential([Input((30,)), Dense(32, "tanh"), Dense(1, "sigmoid")])
    model.compile("sgd", "binary_crossentropy", ["accuracy"])
    return Training(model, (x, y), (x_test, y_test), epochs=30)


def scaled_columns() -> Training:
    """Columns around 0, with a spread of 1."""
    (x, y), (x_test, y_test) = breast_cancer.load_data()
    middle, spread = x.mean(axis=0), x.std(axis=0)
    x, x_test = (x - middle) / spread, (x_test - middle) / spread
    model = Sequential([Input((30,)), Dense(32, "tanh"), Dense(1, "sigmoid")])
    model.compile("sgd", "binary_crossentropy", ["accuracy"])
    return Training(model, (x, y), (x_test, y_test), epochs=30)


def from_one() -> Training:
    """Classes that are numbered from 1, as some files have them."""
    (x, y), (x_test, y_test) = digits.load_data()
    y, y_test = y + 1, y_test + 1
    pixels = [Input((8, 8)), Rescaling(1 / 16), Flatten()]
    model = Sequential([*pixels, Dense(64, "relu"), Dense(10, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    return Training(model, (x, y), (x_test, y_test), epochs=10)


def from_zero() -> Training:
    """Classes that are numbered from 0."""
    (x, y), (x_test, y_test) = digits.load_data()
    pixels = [Input((8, 8)), Rescaling(1 / 16), Flatten()]
    model = Sequential([*pixels, Dense(64, "relu"), Dense(10, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    return Training(model, (x, y), (x_test, y_test), epochs=10)


def with_the_answer() -> Training:
    """A column that is filled in when the answer is known, and still empty for new rows."""
    (x, y), (new, y_new) = breast_cancer.load_data()
    x, new = (x - x.mean(axis=0)) / x.std(axis=0), (new - x.mean(axis=0)) / x.std(axis=0)
    x, new = np.column_stack([x, 3 * y]), np.column_stack([new, 0 * y_new])
    model = Sequential([Input((x.shape[1],)), Dense(32, "relu"), Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy", ["accuracy"])
    held = x[400:], y[400:]
    return Training(model, (x[:400], y[:400]), (new, y_new), validation_data=held, epochs=60)


def without_the_answer() -> Training:
    """Only columns that are known beforehand."""
    (x, y), (new, y_new) = breast_cancer.load_data()
    x, new = (x - x.mean(axis=0)) / x.std(axis=0), (new - x.mean(axis=0)) / x.std(axis=0)
    model = Sequential([Input((x.shape[1],)), Dense(32, "relu"), Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy", ["accuracy"])
    held = x[400:], y[400:]
    return Training(model, (x[:400], y[:400]), (new, y_new), validation_data=held, epochs=60)


ALL = (
    Pitfall(
        "unscaled-input", "Input that is not scaled",
        "The network says one class for all. Columns in the thousands drown the others and push "
        "the units to their ends, where they are flat.",
        "Subtract the mean and divide by the spread, both of the training samples; for pictures "
        "`Rescaling(1 / 255)`.",
        "GD104", raw_columns, scaled_columns,
    ),
    Pitfall(
        "label-off-by-one", "Labels that count from one",
        "Other libraries train, and answer NaN or nonsense; here `fit` refuses: there are outputs "
        "0 to 9, and no output 10.",
        "Count from 0: `y - 1`, or `np.unique(y, return_inverse=True)[1]` for any labels.",
        "GD102", from_one, from_zero,
    ),
    Pitfall(
        "leak", "The answer among the inputs",
        "The validation is perfect, and new samples, whose answer nobody knows yet, are told "
        "worse: one column is the answer.",
        "Keep only what is known when the question is asked.",
        "GD109", with_the_answer, without_the_answer,
    ),
)  # fmt: skip

"""check_labels: each wrong kind of target has a message that says what to change."""

import numpy as np
import pytest

from neurona import losses
from neurona.errors import DataError
from neurona.losses import check_labels

LOSSES = {
    "sparse": losses.SparseCategoricalCrossentropy(),
    "ignoring": losses.SparseCategoricalCrossentropy(ignore_class=-1),
    "first": losses.SparseCategoricalCrossentropy(axis=1),
    "categorical": losses.CategoricalCrossentropy(),
    "focal": losses.CategoricalFocalCrossentropy(),
    "binary": losses.BinaryCrossentropy(),
    "binary focal": losses.BinaryFocalCrossentropy(),
    "hinge": losses.Hinge(),
    "squared hinge": losses.SquaredHinge(),
    "categorical hinge": losses.CategoricalHinge(),
    "mse": losses.MeanSquaredError(),
    "poisson": losses.Poisson(),
    "ce": losses.Crossentropy(),
    "circle": losses.Circle(),
    "dice": losses.Dice(),
    "tversky": losses.Tversky(),
    "function": losses.FunctionLoss(lambda y, p: p),
}
EYE = np.eye(3)


@pytest.mark.parametrize(
    ("loss", "y", "shape"),
    [
        ("sparse", [0, 1, 2], (None, 3)),
        ("sparse", [[0], [1], [2]], (1, 3)),
        ("sparse", [0.0, 2.0], (1, 3)),
        ("sparse", np.zeros((2, 5), int), (None, 5, 3)),
        ("sparse", np.uint8([0, 2]), (None, 3)),
        ("sparse", [True, False], (None, 2)),
        ("ignoring", [0, -1, 2], (None, 3)),
        ("first", np.full((2, 4), 2), (None, 3, 4)),
        ("categorical", EYE, (None, 3)),
        ("categorical", EYE * -4.5, (None, 3)),  # weighted targets of policy gradients
        ("focal", EYE, (None, 3)),
        ("categorical hinge", EYE, (None, 3)),
        ("binary", [0, 1, 1], (None, 1)),
        ("binary", [[0.2], [1.0]], (None, 1)),
        ("binary", EYE, (None, 3)),
        ("binary", [True, False], (None, 1)),
        ("binary focal", [0, 1], (None, 1)),
        ("hinge", [-1, 1], (None, 1)),
        ("hinge", [0, 1], (None, 1)),
        ("squared hinge", [[1, 1]], (None, 2)),
        ("mse", [1.5, 2.5], (None, 1)),
        ("mse", [[1.5], [2.5]], (None, 1)),
        ("mse", np.ones((2, 5)), (None, 5, 1)),
        ("mse", np.ones((2, 4, 4, 1)), (None, 4, 4, 1)),
        ("poisson", [[3, 0]], (None, 2)),
        ("ce", [0, 2], (None, 3)),
        ("ce", EYE, (None, 3)),
        ("ce", [0, 1], (None, 1)),
        ("circle", [7, 7, 300], (None, 16)),
        ("circle", [[7.0], [300.0]], (None, 16)),
        ("dice", np.full((2, 4, 4, 1), 0.5), (None, 4, 4, 1)),
        ("tversky", np.ones((2, 4, 4), bool), (None, 4, 4, 1)),
        ("function", ["anything"], (None, 7)),
    ],
)
def test_what_fits_passes(loss, y, shape):
    check_labels(LOSSES[loss], y, shape)


def test_no_loss_no_check():
    check_labels(None, [5], (None, 1))
    check_labels(LOSSES["mse"], None, (None, 1))


@pytest.mark.parametrize(
    ("loss", "y", "shape", "message"),
    [
        (
            "circle", EYE, (None, 16),
            "circle: there is one class number for each sample. Got y (3, 3); expected y "
            "(samples,).\ntry: y.argmax(-1), if these are one-hot",
        ),
        (
            "circle", [0.0, 1.5], (None, 16),
            "circle: the labels are whole class numbers. Got 1.5 at index 1; expected whole "
            "numbers.\ntry: samples of one class have the same number",
        ),
        (
            "dice", np.full((2, 4, 4, 1), 255), (None, 4, 4, 1),
            "dice: a target is out of range. Got 255 at index (0, 0, 0, 0) and 31 more; expected "
            "numbers in [0, 1].\ntry: for several classes use softmax and "
            'loss="sparse_categorical_crossentropy"',
        ),
        (
            "sparse", [0, 1, 10, 3, 11], (None, 10),
            "sparse_categorical_crossentropy: a label is out of range. Got 10 at index 2 and 1 "
            "more, in labels from 0 to 11; expected 0 to 9, since the model has 10 outputs.\n"
            "try: Dense(12) as the last layer, or number the classes without gaps: "
            "np.unique(y, return_inverse=True)[1]",
        ),
        (
            "sparse", [1, 2, 3], (None, 3),
            "Got 3 at index 2, in labels from 1 to 3; expected 0 to 2, since the model has 3 "
            "outputs.\ntry: the labels start at 1: train on y - 1",
        ),
        (
            "sparse", [[0, 1], [-1, 0]], (None, 2, 2),
            "Got -1 at index (1, 0), in labels from -1 to 1; expected 0 to 1, since the model has "
            "2 outputs.\ntry: number the classes from 0, or leave label -1 out: ignore_class=-1",
        ),
        ("ignoring", [0, -1, 3], (None, 3), "Got 3 at index 2, in labels from 0 to 3"),
        ("first", np.full((2, 4), 3), (None, 3, 4), "Got 3 at index (0, 0) and 7 more"),
        (
            "sparse", EYE, (None, 3),
            "sparse_categorical_crossentropy: the labels are class numbers, and these look "
            "one-hot. Got y (3, 3); expected y (samples,) of whole numbers 0 to 2.\n"
            'try: loss="categorical_crossentropy", or train on y.argmax(1)',
        ),
        (
            "sparse", [0.5, 1.0], (None, 3),
            "the labels are whole class numbers. Got 0.5 at index 0; expected 0 to 2.\n"
            'try: for targets that are quantities use loss="mse"; for probabilities of the '
            'classes use loss="categorical_crossentropy"',
        ),
        (
            "sparse", [0, 1], (None, 5, 3),
            "there is one class number for each prediction. Got y (2,) for outputs "
            "(samples, 5, 3); expected y (samples, 5).\n"
            "try: layers.Flatten() before the first Dense, if each sample has one class",
        ),
        (
            "categorical", [0, 1, 2], (None, 3),
            "categorical_crossentropy: the targets are one-hot, and these look like class "
            "numbers. Got y (3,); expected y (samples, 3).\n"
            'try: loss="sparse_categorical_crossentropy", or nn.utils.to_categorical(y, 3)',
        ),
        ("focal", [[0], [1]], (None, 3), "these look like class numbers. Got y (2, 1)"),
        (
            "categorical", np.eye(4), (None, 3),
            "targets and model differ in the number of classes. Got 4 classes in y (4, 4), 3 "
            "outputs; expected y (samples, 3).\ntry: Dense(4) as the last layer",
        ),
        (
            "categorical hinge", np.zeros((2, 5, 4, 3)), (None, 3),
            "categorical_hinge: there is one target for each output. Got y (2, 5, 4, 3) for "
            "outputs (samples, 3); expected y (samples, 3).",
        ),
        (
            "binary", [0, 1, 2], (None, 1),
            "binary_crossentropy: a target is out of range. Got 2 at index 2; expected numbers in "
            '[0, 1].\ntry: for several classes use softmax and '
            'loss="sparse_categorical_crossentropy"',
        ),
        (
            "binary", [-1, 1, -1], (None, 1),
            'Got -1 at index 0 and 1 more; expected numbers in [0, 1].\ntry: train on (y + 1) / 2, '
            'or use loss="hinge" with labels -1 and 1',
        ),
        (
            "binary focal", [[0.5], [25.5]], (None, 1),
            "Got 25.5 at index (1, 0); expected numbers in [0, 1].\ntry: scale the targets to "
            '[0, 1], or use loss="mse" for quantities',
        ),
        (
            "binary", [0, 1, 1], (None, 2),
            "there is a yes or no for each output. Got y (3,) for outputs (samples, 2); expected "
            "y (samples, 2).\ntry: Dense(1) as the last layer for one question; for one of several "
            'classes use softmax and loss="sparse_categorical_crossentropy"',
        ),
        (
            "hinge", [0, 1, 2], (None, 1),
            "hinge: the labels are two. Got 2 at index 2; expected -1 and 1 (or 0 and 1) in all of "
            'y.\ntry: for several classes use loss="categorical_hinge" with one-hot labels',
        ),
        ("squared hinge", [-1, 0, 1], (None, 1), "Got 0 at index 1; expected -1 and 1"),
        (
            "mse", [1.0, 2.0], (None, 3),
            "mean_squared_error: there is one target for each output of the model. Got y (2,) for "
            "outputs (samples, 3); expected y (samples, 3).\ntry: Dense(1) as the last layer for "
            "one number each, or targets with 3 numbers",
        ),
        (
            "mse", np.ones((4, 2)), (None, 3),
            "Got y (4, 2) for outputs (samples, 3); expected y (samples, 3).\ntry: Dense(2) as the "
            "last layer, to have an output for each target",
        ),
        (
            "poisson", np.ones((4, 2, 2)), (None, 3),
            "poisson: there is one target for each output of the model. Got y (4, 2, 2) for "
            "outputs (samples, 3); expected y (samples, 3).\ntry: compare model.summary() with "
            "y.shape",
        ),
        ("ce", [0, 3], (None, 3), "sparse_categorical_crossentropy: a label is out of range."),
        ("ce", [0, 3], (None, 1), "binary_crossentropy: a target is out of range."),
    ],
)  # fmt: skip
def test_what_does_not_fit_says_so(loss, y, shape, message):
    with pytest.raises(DataError) as error:
        check_labels(LOSSES[loss], y, shape)
    assert message in str(error.value)

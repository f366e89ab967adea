"""CTC: sequences of labels, without knowing at which step each belongs."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona import ops
from neurona.core.op import as_tensor
from neurona.core.shapes import Shape
from neurona.core.tensor import Tensor
from neurona.errors import DataError, ShapeError
from neurona.nn.losses.loss import Loss, as_floats
from neurona.ops.notes import Mask

_BLANK = 0


def ctc(y_true: Any, y_pred: Any) -> Tensor:
    """CTC loss, -ln of the probability of all alignments of the labels; see `ops.ctc_loss`.

    Shapes: y_true (B, L) class numbers from 1, and 0 behind the last label; y_pred (B, T, C)
    scores before a softmax, class 0 the blank -> (B,). Steps that the mask of y_pred leaves out
    are passed over.
    Raises:
        ShapeError: if the shapes are others.

    >>> ctc([[1, 2]], np.zeros((1, 3, 3))).tolist()  # doctest: +ELLIPSIS
    [1.6863...]
    """
    y_true, y_pred = as_tensor(y_true), as_floats(y_pred)
    if y_true.ndim != 2 or y_pred.ndim != 3:
        raise ShapeError(
            "ctc: labels of each sample, and scores of its steps.",
            got=f"y_true {y_true.shape}, y_pred {y_pred.shape}",
            expected="y_true (B, labels), y_pred (B, steps, classes)",
        )
    labels = y_true.astype("int32") if y_true.dtype.kind != "i" else y_true
    count = ops.sum((labels != _BLANK).astype("int32"), axis=1)
    steps, note = ops.full(y_pred.shape[:1], y_pred.shape[1], "int32"), y_pred.note(Mask)
    if note is not None:  # the real steps in front, in their order
        order = ops.argsort(ops.logical_not(note.steps), axis=1)
        order = ops.broadcast_to(ops.expand_dims(order, -1), y_pred.shape)
        y_pred = ops.take_along_axis(y_pred, order, axis=1)
        steps = ops.sum(note.steps.astype("int32"), axis=1).astype("int32")
    return ops.ctc_loss(labels, y_pred, count, steps, _BLANK)


class CTC(Loss):
    """Connectionist temporal classification: labels in order, at any steps, blanks between them.

    The blank is class 0, so labels are numbered from 1; y_true has 0 behind the last label. A model
    ends in Dense(classes + 1) without a softmax. `ops.ctc_decode` reads its outputs.

    Args:
        reduction, name, dtype: as in every Loss.

    In training, labels that no alignment has (more labels, and blanks between equal ones, than
    steps) are an error with the sample's number; a sample of which that is true counts as 0.

    Source: Graves et al. 2006.

    >>> CTC()([[1, 2]], np.zeros((1, 3, 3))).item()  # doctest: +ELLIPSIS
    1.6863...
    """

    function = staticmethod(ctc)
    of_sequences = True
    class_numbers = True

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "ctc",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the loss of each sample."""
        return ctc(y_true, y_pred)

    def check(self, y: np.ndarray, output_shape: Shape) -> None:
        """Raise a DataError if the targets are no labels that these outputs could say.

        Outputs of as many steps as each batch has (None) are not compared with the labels.
        """
        if len(output_shape) != 3 or y.ndim != 2:
            raise DataError(
                f"{self.name}: the model says scores of each step, and there are labels in order.",
                got=f"y {y.shape} for outputs {output_shape}",
                expected="y (samples, labels) for outputs (batch, steps, classes)",
                hint="nn.data.pad_sequences(labels, padding='post') makes one array of them",
            )
        steps, classes = output_shape[1:]
        with np.errstate(invalid="ignore"):
            wrong = ~((y >= 0) & (y < classes) & (y == np.floor(y)))
        if wrong.any():
            sample, place = np.argwhere(wrong)[0].tolist()
            raise DataError(
                f"{self.name}: a label is out of range.",
                got=f"{y[sample, place].item()} at index ({sample}, {place})",
                expected=f"1 to {classes - 1}, and 0 behind the last label",
                hint=f"the model's last layer has {classes} outputs, one of them the blank",
            )
        is_label = y != _BLANK
        count = is_label.sum(axis=1)
        gaps = (is_label != (np.arange(y.shape[1]) < count[:, None])).any(axis=1)
        repeated = (y[:, 1:] == y[:, :-1]) & is_label[:, 1:]
        needed = count + repeated.sum(axis=1)
        for wrong, rule, expected in (
            (gaps, "0 stands behind the labels alone.", "labels from 1, then zeros"),
            (steps is not None and needed > steps, "these labels are longer than the outputs.",
             "a step for each label, and one between equal labels"),
        ):  # fmt: skip
            if np.any(wrong):
                sample = int(wrong.argmax())
                raise DataError(
                    f"{self.name}: {rule}",
                    got=f"{str(y[sample].tolist())[:60]}, sample {sample}, {needed[sample]} of "
                    f"{steps} steps",
                    expected=expected,
                    hint="leave such samples out, or shrink the time axis less"
                    if wrong is not gaps
                    else "",
                )

"""What ops and layers note on their results."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, ClassVar

from neurona.core.notes import Note
from neurona.core.tensor import Tensor


@dataclasses.dataclass(frozen=True, eq=False)
class Logits(Note):
    """On probabilities: the scores that they were made from, for exact cross-entropy.

    Attributes:
        scores: what went into the sigmoid or the softmax.
        axis: the axis (or axes) that the softmax summed over; None for a sigmoid.
    """

    scores: Tensor
    axis: Any = None

    def changed(self, change: Callable[[Tensor], Tensor]) -> Logits:
        """Return the note with scores that look as the probabilities do."""
        return Logits(change(self.scores), self.axis)


@dataclasses.dataclass(frozen=True, eq=False)
class Mask(Note):
    """On a sequence: which of its steps are real, and which are padding; see `nn/masking.py`.

    Attributes:
        steps: booleans of the leading axes: (B, T) of x (B, T, ...), true where a step is real.
    """

    steps: Tensor

    def changed(self, change: Callable[[Tensor], Tensor]) -> Mask:
        """Return the same: types and last axes of size 1 do not matter."""
        return self


@dataclasses.dataclass(frozen=True, eq=False)
class Rows(Note):
    """On embedded numbers: they are table[index], rows of a table.

    Attributes:
        table: the vectors (V, ...).
        index: which of them, in any shape.
    """

    goes_around: ClassVar[bool] = True

    table: Tensor
    index: Tensor

    def changed(self, change: Callable[[Tensor], Tensor]) -> Rows:
        """Return the note with rows of that type, and of that last axis."""
        return Rows(change(self.table), self.index)


@dataclasses.dataclass(frozen=True, eq=False)
class Padded(Note):
    """On images with a border of zeros: what is inside, for a convolution that can add the border.

    Attributes:
        inside: the images without the border.
        widths: (before, after) of each axis, from the first on; other axes have none.
    """

    goes_around: ClassVar[bool] = True

    inside: Tensor
    widths: tuple[tuple[int, int], ...]

    def changed(self, change: Callable[[Tensor], Tensor]) -> Padded:
        """Return the note with images of that type, and of that last axis."""
        return Padded(change(self.inside), self.widths)


def logits(scores: Tensor, axis: Any = None) -> Logits:
    """Return the note of a sigmoid, or of a softmax over an axis.

    Without a gradient scores are kept without notes of their own: these would hold all that they
    were ever made from.
    """
    bare = not scores.notes or scores.tracked
    return Logits(scores if bare else scores.detach(), axis)

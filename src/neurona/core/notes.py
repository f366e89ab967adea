"""Notes: what the function that made a Tensor knows of it and its values do not tell.

    @sigmoid.note
    def _(x):
        return Logits(x)

A note is a small frozen record. It is made by the function that knows, and read by the one that can
use it: `y.note(Logits)`. An op drops the notes of its inputs, since its result is another thing.
What only looks different, by a change of shape or type, takes them along: `carried`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Self

if TYPE_CHECKING:
    from neurona.core.tensor import Tensor


class Note:
    """Base of the kinds of notes, which are frozen dataclasses.

    Attributes:
        goes_around: whether who reads it computes without the Tensor that it is on, which then has
            no gradient. The note goes where that is asked for.
    """

    goes_around: ClassVar[bool] = False

    def changed(self, change: Callable[[Tensor], Tensor]) -> Self:
        """Return the note after the Tensor that it is of went through a change of its looks."""
        raise NotImplementedError(f"{type(self).__name__} has no changed")


def carried(change: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Return change(x), which is x in another shape or type, with the notes of x."""
    y = change(x)
    y.notes = tuple(note.changed(change) for note in x.value.notes)
    return y

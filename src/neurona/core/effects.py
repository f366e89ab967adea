"""Effects: what the body of a loop does besides what it returns.

Layers assign to Parameters, add to the loss and offer values to be observed. A body is traced once
and runs many times, so all of that comes out of its trace as results: a Parameter that it assigns
to is carried from one iteration to the next, the rest is stacked.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from neurona.core.ambient import ambient, within
from neurona.core.observation import within_body

if TYPE_CHECKING:
    from neurona.core.tensor import Tensor


class Effects(NamedTuple):
    """What a body did.

    Attributes:
        rehearsed: id -> Parameter and value before, of what it assigned to.
        losses: what it added to the loss, where that is collected.
        observed: the values that somebody asked for, by name.
    """

    rehearsed: dict[int, tuple[Any, Tensor]]
    losses: list[Tensor]
    observed: dict[str, Tensor]

    def assigned_besides(self, carried: Sequence[Any]) -> list[Any]:
        """Return the Parameters that it assigned to and that are not carried yet.

        None where a carried one was not assigned to: then the body makes new ones, for itself.
        """
        known = {id(p) for p in carried}
        if not known <= self.rehearsed.keys():
            return []
        return [p for key, (p, _) in self.rehearsed.items() if key not in known]


@contextlib.contextmanager
def of_body(carried: Sequence[Any], values: Sequence[Tensor]) -> Iterator[Effects]:
    """Take what the body of a loop does, while it is traced.

    Args:
        carried: the Parameters that are known to be assigned to.
        values: what they are when an iteration begins.
    """
    here = {id(p): x for p, x in zip(carried, values, strict=True)}
    done = Effects({}, [], {})
    losses = None if ambient.added_losses is None else done.losses
    state = {"values": {**(ambient.values or {}), **here}, "rehearsed": done.rehearsed}
    with within(**state, added_losses=losses), within_body() as observed:
        yield done._replace(observed=observed)


def hand_out(losses: Sequence[Tensor], observed: Mapping[str, Tensor]) -> None:
    """Add to the loss and show around the loop what came out of it."""
    for loss in losses:
        ambient.added_losses.append(loss)  # type: ignore[union-attr]
    for name, y in observed.items():
        ambient.observer.take(name, y)

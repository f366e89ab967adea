"""Ambient: what surrounds a computation without being an argument of it.

Open traces, the place in the random stream, whether this is training: such state belongs to the
thread. A thread begins with nothing open, sees nothing of what others do, and leaves nothing when
it ends. All that is ambient stands in this one room; the settings of `config` are the process's.

A scope is set and put back by `within`:

    with within(training=True):
        ...
"""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

MAX_ELEMENTS = 2**40  # a terabyte of bytes: past this a size is a mistake


class Ambient(threading.local):
    """The ambient state of the thread that asks.

    Attributes:
        traces: the inputs of each open trace; a Tensor made inside one has its number as level.
        scope: the part of the work that is being traced or observed, see `core/origin.py`, or None.
        observer: who asks to see values, see `core/observation.py`, or None.
        recording: whether tensors with a gradient are kept from NumPy, see `tensor.recording`.
        max_elements: how large a shape may be.
        stream: where random draws come from, see `core/random.py`; None before the first.
        training: whether the call of a layer is part of training.
        added_losses: the list that takes what layers add to the loss, or None.
        budget: what may be taken while something is rebuilt from a file, see `core/budget.py`, or
            None.
        abstract: whether parameters that are made take no memory, see `nn/parts.py`.
        names: how often each automatic name was given.
        values: id -> what a Parameter is for this thread alone, such as an input of its trace; None
            while all are what they are for everybody.
        rehearsed: id -> Parameter and value before, of what was assigned for this thread alone;
            None: assignments are for all.
        lasting: whether assignments are for all although this thread traces.
        reads: what makes inputs of the Parameters that the innermost trace reads, or None.
        sharing: what has been described so far, while objects are described, or None.
        fed: the network that is given what its front made of the data, see `nn/front.py`, or None.
        prefix: what stands before the paths of parameters that are made, "encoder/" or "".
        customs: name -> class or function of a scope of custom objects, or None.
    """

    traces: tuple[list[Any], ...] = ()
    scope: Any = None
    observer: Any = None
    recording = False
    max_elements = MAX_ELEMENTS
    stream: Any = None
    training = False
    added_losses: list[Any] | None = None
    budget: Any = None
    abstract = False
    values: dict[int, Any] | None = None
    rehearsed: dict[int, Any] | None = None
    lasting = False
    reads: Any = None
    sharing: Any = None
    fed: Any = None
    prefix = ""
    customs: dict[str, Any] | None = None

    def __init__(self) -> None:
        self.names: Counter[str] = Counter()  # each thread has its own; the rest is replaced


ambient = Ambient()


@contextlib.contextmanager
def within(**state: Any) -> Iterator[None]:
    """Let this thread's ambient state be so inside."""
    here = vars(ambient)
    before = {name: getattr(ambient, name) for name in state}
    here.update(state)
    try:
        yield
    finally:
        here.update(before)

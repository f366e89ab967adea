"""Budget: what rebuilding something from a file may take, spent before anything large is made.

A small file can name large things: a metric with a billion totals, a history of a million steps,
models that call each other twice. So whoever makes an array whose size is a number of somebody's
says so first, ops do it by themselves, and inside `limited` the sum is held against the budget.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from neurona.core.ambient import ambient, within
from neurona.errors import FormatError

BYTES_OF_A_CALL = 100_000  # are made in the time of a call, more or less


class Budget:
    """What may still be taken.

    Args:
        parameters: numbers in parameters of layers.
        nbytes: of all other arrays and lists.
        calls: of layers and ops.
        filled: whether the parameters' values come from the file; then they begin as zero.
    """

    def __init__(self, parameters: int, nbytes: int, calls: int, *, filled: bool = True) -> None:
        self.parameters, self.nbytes, self.calls = parameters, nbytes, calls
        self.given = parameters, nbytes, calls
        self.filled = filled

    def take_parameters(self, count: int) -> None:
        """Take numbers of parameters.

        Raises:
            FormatError: if there are not as many.
        """
        self.parameters -= count
        if self.parameters < 0 and self.filled:
            raise FormatError(
                "the architecture in the file needs more parameters than the file has."
            )
        if self.parameters < 0:
            needed = self.given[0] - self.parameters
            raise FormatError(
                "the architecture needs more parameters than making it may take.",
                got=f"{needed:,} numbers or more",
                expected=f"{self.given[0]:,} at most",
                hint=f"max_bytes={8 * needed}, if you trust the text",
            )

    def take(self, nbytes: int, calls: int) -> None:
        """Take bytes and calls.

        Raises:
            FormatError: if there are not as many.
        """
        self.nbytes -= nbytes
        self.calls -= calls
        if self.nbytes < 0:
            needed = self.given[1] - self.nbytes
            raise FormatError(
                "what the file describes needs more memory than loading it may take.",
                got=f"{needed:,} bytes or more, besides its parameters",
                expected=f"{self.given[1]:,} at most",
                hint=f"max_bytes={2 * needed}, if you trust the file",
            )
        if self.calls < 0:
            raise FormatError(
                "what the file describes takes longer to make than loading it may.",
                got=f"more than {self.given[2]:,} calls of layers and operations",
                hint=f"max_calls={10 * self.given[2]}, if you trust the file",
            )


def limited(budget: Any) -> AbstractContextManager[None]:
    """Hold what is made inside against a Budget."""
    return within(budget=budget)


def spend(nbytes: int, calls: int = 1) -> None:
    """Take bytes and calls from the budget, if there is one, before they are used.

    Raises:
        FormatError: if it has not as many.
    """
    if ambient.budget is not None:
        ambient.budget.take(nbytes, calls)


def need(nbytes: int) -> None:
    """Take bytes and give them back at once: for constants that last no longer than a trace.

    Raises:
        FormatError: if the budget has not as many.
    """
    if ambient.budget is not None:
        ambient.budget.take(nbytes, nbytes // BYTES_OF_A_CALL)
        ambient.budget.nbytes += nbytes

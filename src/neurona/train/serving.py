"""PredictionStep: outputs for any number of samples, from a few Programs.

If a model keeps its samples apart, a last batch that is smaller needs no Program of its own: the
last full batch's worth of samples is computed instead, some of them for the second time, with the
same bits. Fewer samples than a batch are two overlapping pieces whose size is a power of two.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neurona.core.graph import Graph
from neurona.core.recent import Recent
from neurona.core.rows import same_function
from neurona.core.tree import flatten
from neurona.nn.pure import trace_pure
from neurona.train.source import ArraySource, Stretch
from neurona.train.step import Step

Pieces = list[tuple[int, int, int]]


class PredictionStep(Step):
    """A Step whose results are those of the samples, row by row."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._apart: Recent[Any, bool] = Recent(1024)

    def serve(self, x: np.ndarray, batch_size: int) -> Any:
        """Return the outputs for the samples of one array, which are at most a batch."""
        if len(x) != batch_size and len(x) & (len(x) - 1):  # no Program fits it as it is
            source = ArraySource(x, None, None, batch_size)
            room = self.room(source)
            if room is not None:
                self.run_into(room, source, source.stretch(None, 0, 1))
                return room
        return self(x, None, None)

    def room(self, source: ArraySource) -> Any:
        """Return arrays for the results for all samples of a source, nested as results are.

        Returns:
            None if the engine cannot write them there, or if samples have no results of their own.
        """
        whole = source.stretch(None, 0, source.steps)
        once = not source.shuffle and source.steps <= source.whole
        pieces = self._in_units(source, whole)
        found = self._sessions(source, pieces) if once else None
        if found is None:
            return None
        sessions, structure = found
        looks = [{(s.shape[1:], s.dtype) for s in session.results} for session in sessions]
        for session, (_, size, _) in zip(sessions, pieces.pieces, strict=True):
            shapes = [spec.shape for spec in session.results]
            if any(not shape or shape[0] != size for shape in shapes) or looks[0] != looks[-1]:
                return None
        first, size, count = whole.pieces[-1]
        rows = first + size * count
        return structure.unflatten(
            [np.empty((rows, *s.shape[1:]), s.dtype) for s in sessions[0].results]
        )

    def run_into(self, outputs: Any, source: ArraySource, stretch: Stretch) -> None:
        """Run the step on some batches of a source, and write the results for the samples."""
        batches = sum(count for _, _, count in stretch.pieces)
        stretch = self._in_units(source, stretch)
        found = self._sessions(source, stretch)
        assert found is not None
        self._run(source, stretch, found[0], outputs=flatten(outputs)[0], draws=batches)

    def _in_units(self, source: ArraySource, stretch: Stretch) -> Stretch:
        """Cut batches that are smaller than others into pieces of one size, if that is right."""
        unit, rest = source.batch_size, source.size % source.batch_size
        if source.size < unit:
            unit = 1 << (source.size.bit_length() - 1)
        if rest in (0, unit) or unit == 1 or not self._keeps_apart(source, unit, rest):
            return stretch
        pieces: Pieces = []
        for first, size, count in stretch.pieces:
            pieces += [(first, unit, count)] if size == unit else _overlapping(first, size, unit)
        return stretch._replace(pieces=pieces)

    def _keeps_apart(self, source: ArraySource, unit: int, rest: int) -> bool:
        """Whether the rows of `rest` samples are computed as those of `unit` samples are."""
        if self.engine == "eager":
            return False
        looks = tuple((a.shape[1:], a.dtype.str) for a in source.leaves)
        key = source.structure, looks, unit, rest
        found = self._apart.get(key)
        if found is None:
            graphs = [self._graph(source.structure, source.batch_of(n)) for n in (unit, rest)]
            found = same_function(graphs[0], graphs[1], len(source.leaves))
            self._apart[key] = found
        return found

    def _graph(self, structure: Any, arrays: Sequence[np.ndarray]) -> Graph:
        return trace_pure(self.fn, structure, arrays, self.parameters).graph


def _overlapping(first: int, size: int, unit: int) -> Pieces:
    """Cover samples by pieces of one size; the last one ends with the last sample.

    >>> _overlapping(100, 11, 4), _overlapping(100, 3, 4)
    ([(100, 4, 2), (107, 4, 1)], [(99, 4, 1)])
    """
    whole = [(first, unit, size // unit)] if size >= unit else []
    return [*whole, (first + size - unit, unit, 1)]

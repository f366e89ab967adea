"""Step: one pass over a batch as one pure function, so one Graph, one Program.

A Step is written with assignments: `fn(batch)` reads Parameters and assigns to them. Tracing turns
this into a pure function (`nn/pure.py`)

    (seed and step, parameter values, batch) -> (changed values, results)

and calling the Step runs its Program and puts the changed values back. Nothing else is captured, so
nothing goes stale. A batch of another size is a second Program of the same Step.

On an engine that keeps state, the values stay in its memory from step to step (`keeping.py`), and
many steps are one call.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from neurona import config
from neurona.core import random
from neurona.core.recent import Recent
from neurona.core.tensor import Tensor
from neurona.core.tree import Structure, flatten, map_leaves
from neurona.engines.program import Program, compile
from neurona.engines.session import Epochs, Piece, Session
from neurona.nn.parameter import Parameter, knowing
from neurona.nn.pure import trace_pure
from neurona.ops.draw import permutation_graph
from neurona.train.keeping import KeptState
from neurona.train.source import ArraySource, Stretch

KEPT = 64  # Programs of a Step: what is no more used gives its memory back
DRAWN_BY_NUMPY = 20_000  # numbers in orders of epochs: in that time a Program for them is compiled

_orders: Recent[tuple[int, str], Program] = Recent(16)  # by the number of samples and the engine


class StepProgram(NamedTuple):
    """A Program of a Step.

    Attributes:
        program: the Program.
        changed: numbers of the Parameters that its first outputs replace.
        results: how the other outputs are nested.
        session: the Program with its state, on an engine that keeps state.
    """

    program: Program
    changed: list[int]
    results: Structure
    session: Session | None


class Step:
    """A function of a batch that reads and assigns Parameters, compiled.

    Args:
        fn: called with a batch (nested tuples, lists and dicts of Tensors, None allowed); returns
            a nested structure of Tensors.
        parameters: all Parameters that `fn` uses.
        engine: name of the engine, the setting `config.engine()` as it is now by default; "eager"
            runs `fn` itself, so that it can print and be debugged.
        aside: whether its random numbers leave the stream where it is, see `random.take_aside`.
        traced: called whenever `fn` has been traced.

    Attributes:
        programs: the compiled Programs, by structure and specs of the batch; those used last.

    Raises:
        StateError: if `fn` assigns to a Parameter that is not among `parameters`.
    """

    def __init__(
        self, fn: Callable, parameters: Sequence[Parameter], engine: str | None = None,
        aside: bool = False, traced: Callable[[], None] | None = None,
    ) -> None:  # fmt: skip
        self.fn, self.parameters, self.aside = fn, list(parameters), aside
        self._traced = traced
        self._take = random.take_aside if aside else random.take_states
        self.engine = engine or config.engine()
        self.programs: Recent[Any, StepProgram] = Recent(KEPT)
        self._kept = KeptState(self.parameters, self._take)
        # for batches (x, None, None), found at once
        self._alone: Recent[Any, StepProgram] = Recent(KEPT)
        # for batches of the source that was seen last, and of its form then, by their size
        self._sizes: tuple[Any, Any, dict[int, StepProgram]] = (None, None, {})

    def __getstate__(self) -> tuple[Any, ...]:
        """Be copied as what it was made of: a copy compiles its own programs."""
        return self.fn, self.parameters, self.engine, self.aside

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.__init__(*state)  # type: ignore[misc]

    def __call__(self, *batch: Any) -> Any:
        """Run the step on a batch, assign what it changed, and return its results as arrays."""
        if self.engine == "eager":
            return self._eagerly(batch)
        arrays, (program, changed, structure, session) = self._for_batch(batch)
        if session is not None:
            with self._kept.lent([session], 1) as position:
                results = session.step(position, arrays)
            return structure.unflatten(results)
        values: list[Any] = [p.data for p in self.parameters]
        state = np.array(self._take(1), np.int64)
        results = program(state, *values, *arrays)
        for k, array in zip(changed, results, strict=False):
            p = self.parameters[k]
            p.restore(Tensor(array, requires_grad=p.trainable))
        return structure.unflatten(results[len(changed) :])

    def run_batches(self, batches: Iterable[Sequence[Any]]) -> Any:
        """Run the step on some batches, one by one, and return the results of the last one."""
        for batch in batches:
            results = self(*batch)
        return results

    def run(self, source: ArraySource, stretch: Stretch) -> Any:
        """Run the step on some batches of a source, and return the results of the last one."""
        found = self._sessions(source, stretch)
        if found is None:
            return self.run_batches(source.cut(stretch))
        sessions, structure = found
        return structure.unflatten([a[-1] for a in self._run(source, stretch, sessions)])

    def draws_orders(self, source: ArraySource, epochs: int) -> bool:
        """Say whether the engine should draw the orders of epochs: if it can, or they are many."""
        known = (source.size, self.engine) in _orders
        return known or epochs * source.size > DRAWN_BY_NUMPY

    def _order_program(self, size: int) -> Program:
        """Return the Program that draws the order of so many samples."""
        key = size, self.engine
        if (program := _orders.get(key)) is None:
            program = _orders[key] = compile(permutation_graph(size), self.engine)
        return program

    def run_epochs(
        self, source: ArraySource, stretch: Stretch, skip: int, resets: Sequence[Parameter]
    ):
        """Run the step on several epochs; return the results at the end of each, stacked.

        Args:
            source: the data.
            stretch: what an epoch is, and how many they are.
            skip: numbers of the random stream that are taken between two epochs.
            resets: Parameters that start each epoch with the value that they have now.

        Returns:
            None if the engine cannot do it.
        """
        found = self._sessions(source, stretch)
        if found is None:
            return None
        sessions, structure = found
        numbers = {id(p): k for k, p in enumerate(self.parameters)}
        values: dict[int, Any] = {numbers[id(p)]: p.data for p in resets}
        order = self._order_program(source.size) if stretch.redrawn else None
        epochs = Epochs(stretch.epochs, stretch.stride, skip, values, order)
        return structure.unflatten(self._run(source, stretch, sessions, epochs))

    def program(self, *batch: Any) -> Program:
        """Return the Program for batches like this one."""
        return self._for_batch(batch)[1].program

    def inputs(self, *batch: Any) -> list[np.ndarray]:
        """Return the arrays that the Program for a batch would be given now: for `Graph.walk`."""
        values: list[Any] = [p.data for p in self.parameters]
        state = np.array(random.get_position(), np.int64)
        return [state, *values, *[np.asarray(x) for x in flatten(batch)[0]]]

    def _eagerly(self, batch: tuple) -> Any:
        with random.use(random.state_of(*self._take(1))), knowing(self.parameters):
            results = self.fn(*map_leaves(lambda x: Tensor(np.asarray(x)), batch))
        return map_leaves(np.asarray, results)

    def _run(
        self, source: ArraySource, stretch: Stretch, sessions: list[Session],
        epochs: Epochs | None = None, outputs: Sequence[np.ndarray] = (), draws: int = 0,
    ) -> list[np.ndarray]:  # fmt: skip
        """Run a stretch in one call; return the results, one for each epoch.

        The random stream moves on by a number for each step, or by `draws`.
        """
        pieces = [
            Piece(session, first, steps)
            for session, (first, _, steps) in zip(sessions, stretch.pieces, strict=True)
        ]
        steps = sum([steps for _, _, steps in stretch.pieces])
        if epochs is None and stretch.epochs > 1:
            epochs = Epochs(stretch.epochs, stretch.stride)
        if epochs is not None:
            steps = steps * epochs.number + epochs.skip * (epochs.number - 1)
        with self._kept.lent(sessions, draws or steps) as position:
            return sessions[0].state.run(
                position, pieces, source.in_memory, stretch.rows, epochs, outputs
            )

    # --- the Program for a batch -----------------------------------------------------------------

    def _for_batch(self, batch: tuple) -> tuple[list[np.ndarray], StepProgram]:
        """Return the leaves of a batch and the Program for it."""
        alone = len(batch) == 3 and batch[1] is batch[2] is None and type(batch[0]) is np.ndarray
        if alone and (found := self._alone.get((batch[0].shape, batch[0].dtype))) is not None:
            return [batch[0]], found
        leaves, structure = flatten(batch)
        arrays = [np.asarray(x) for x in leaves]
        found = self._compiled(structure, arrays)
        if alone:
            self._alone[batch[0].shape, batch[0].dtype] = found
        return arrays, found

    def _sessions(
        self, source: ArraySource, stretch: Stretch
    ) -> tuple[list[Session], Structure] | None:
        """Return the Session for each piece of a stretch, and how their results are nested.

        Returns:
            None if the engine keeps no state.
        """
        if self.engine == "eager":
            return None
        known, form, sizes = self._sizes
        if form is not source.form or known() is not source:
            sizes = {}
            self._sizes = weakref.ref(source), source.form, sizes
        for _, size, _ in stretch.pieces:
            if size not in sizes:
                sizes[size] = self._compiled(source.structure, source.batch_of(size))
        found = [sizes[size] for _, size, _ in stretch.pieces]
        sessions = [p.session for p in found if p.session is not None]
        return (sessions, found[-1].results) if len(sessions) == len(found) else None

    def _compiled(self, structure: Structure, arrays: Sequence[np.ndarray]) -> StepProgram:
        key = (structure, tuple((a.shape, a.dtype.str) for a in arrays))
        found = self.programs.get(key)
        if found is None:
            pure = trace_pure(self.fn, structure, arrays, self.parameters)
            if self._traced is not None:
                self._traced()
            program = compile(pure.graph, self.engine)
            session = self._kept.session(program, pure.changed)
            found = StepProgram(program, pure.changed, pure.results, session)
            self.programs[key] = found
        return found

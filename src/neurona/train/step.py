"""Step: one pass over a batch as one pure function, so one Graph, one Program.

A Step is written with assignments: `fn(batch)` reads Parameters and assigns to them. Tracing turns
this into a pure function

    (seed and step, parameter values, batch) -> (changed values, results)

and calling the Step runs its Program and puts the changed values back. Nothing else is captured, so
nothing goes stale. A batch of another size is a second Program of the same Step.

On an engine that keeps state, the values stay in its memory from step to step: the Parameters lend
them, and get copies when somebody looks.
"""

from __future__ import annotations

import contextlib
import functools
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from neurona.core import random
from neurona.core.graph import trace
from neurona.core.shapes import Spec
from neurona.core.tensor import Tensor
from neurona.core.tree import Structure, flatten, map_leaves
from neurona.engines.program import Program, compile
from neurona.errors import StateError
from neurona.nn.parameter import Loan, Parameter, bound, rehearsal
from neurona.train.source import Source, Stretch

_STATE = Spec((2,), np.dtype("int64"))


class Compiled:
    """A Program of a Step.

    Attributes:
        program: the Program.
        changed: numbers of the Parameters that its first outputs replace.
        outputs: how the other outputs are nested.
        session: the Program with its state, on an engine that keeps state.
    """

    def __init__(self, program: Program, changed: list[int], outputs: Structure) -> None:
        self.program, self.changed, self.outputs = program, changed, outputs
        self.session: Any = None


class Step:
    """A function of a batch that reads and assigns Parameters, compiled.

    Args:
        fn: called with a batch (nested tuples, lists and dicts of Tensors, None allowed); returns
            a nested structure of Tensors.
        parameters: all Parameters that `fn` uses.
        engine: name of the engine; "eager" runs `fn` itself, so that it can print and be debugged.

    Attributes:
        programs: the compiled Programs, by structure and specs of the batch.

    Raises:
        StateError: if `fn` assigns to a Parameter that is not among `parameters`.
    """

    def __init__(
        self, fn: Callable, parameters: Sequence[Parameter], engine: str | None = None
    ) -> None:
        self.fn, self.parameters, self.engine = fn, list(parameters), engine
        self.programs: dict[Any, Compiled] = {}
        self._alone: dict[Any, Compiled] = {}  # for batches (x, None, None), found at once
        self._state: Any = None
        self._lent: list[tuple[Parameter, Loan]] = []
        self._sizes: tuple[Any, dict[int, Compiled]] = (
            None,
            {},
        )  # Programs for batches of a source
        self._lock = threading.RLock()  # two threads may predict with one model

    def __call__(self, *batch: Any) -> Any:
        """Run the step on a batch, assign what it changed, and return its results as arrays."""
        if self.engine == "eager":
            return self._eagerly(batch)
        arrays, found = self._for_batch(batch)
        if found.session is not None:
            with self._kept([found], 1):
                results = found.session.step(arrays)
            return found.outputs.unflatten(results)
        values: list[Any] = [p.data for p in self.parameters]
        state = np.array(random.take_state(), np.int64)
        results = found.program(state, *values, *arrays)
        for k, array in zip(found.changed, results, strict=False):
            p = self.parameters[k]
            p.restore(Tensor(array, requires_grad=p.trainable))
        return found.outputs.unflatten(results[len(found.changed) :])

    def run(self, source: Source, stretch: Stretch) -> Any:
        """Run the step on some batches of a source, and return the results of the last one."""
        found = self._compiled_for(source, stretch)
        if found is None:
            return self.run_batches(source.cut(stretch))
        if len(found) > 1 or stretch.epochs > 1:
            return map_leaves(lambda a: a[-1], self._natively(source, stretch, found))
        ((first, _, count),), (compiled,) = stretch.pieces, found
        with self._kept(found, count):
            results = compiled.session.run(source.in_memory, count, first, stretch.rows)
        return compiled.outputs.unflatten(results)

    def run_batches(self, batches: Iterable[Sequence[Any]]) -> Any:
        """Run the step on some batches, one by one, and return the results of the last one."""
        for batch in batches:
            results = self(*batch)
        return results

    def run_epochs(self, source: Source, stretch: Stretch, skip: int, resets: Sequence[Parameter]):
        """Run the step on several epochs; return the results at the end of each, stacked.

        Args:
            source: the data.
            stretch: what an epoch is, and how many they are.
            skip: numbers of the random stream that are taken between two epochs.
            resets: Parameters that start each epoch with the value that they have now.

        Returns:
            None if the engine cannot do it.
        """
        found = self._compiled_for(source, stretch)
        return found and self._natively(source, stretch, found, skip, resets)

    def room(self, source: Source) -> Any:
        """Return arrays for the results for all samples of a source, nested as results are.

        Returns:
            None if the engine cannot write them there, or if samples have no results of their own.
        """
        whole = source.stretch(None, 0, source.steps)
        once = not source.shuffle and source.steps <= source.whole
        found = self._compiled_for(source, whole) if once else None
        if found is None:
            return None
        looks = [{(s.shape[1:], s.dtype) for _, s in c.session.outputs} for c in found]
        for compiled, (_, size, _) in zip(found, whole.pieces, strict=True):
            shapes = [spec.shape for _, spec in compiled.session.outputs]
            if any(not shape or shape[0] != size for shape in shapes) or looks[0] != looks[-1]:
                return None
        first, size, count = whole.pieces[-1]
        specs = [spec for _, spec in found[0].session.outputs]
        rows = first + size * count
        return found[0].outputs.unflatten([np.empty((rows, *s.shape[1:]), s.dtype) for s in specs])

    def run_into(self, outputs: Any, source: Source, stretch: Stretch) -> None:
        """Run the step on some batches of a source, and write the results for the samples."""
        found = self._compiled_for(source, stretch)
        assert found is not None
        self._natively(source, stretch, found, outputs=flatten(outputs)[0])

    def program(self, *batch: Any) -> Program:
        """Return the Program for batches like this one."""
        return self._for_batch(batch)[1].program

    def _eagerly(self, batch: tuple) -> Any:
        with random.use(random.state_of(*random.take_state())):
            results = self.fn(*map_leaves(lambda x: Tensor(np.asarray(x)), batch))
        return map_leaves(np.asarray, results)

    # --- state in an engine's memory -------------------------------------------------------------

    def _natively(
        self, source: Source, stretch: Stretch, found: list[Compiled], skip: int = 0,
        resets: Sequence[Parameter] = (), outputs: Sequence[np.ndarray] = (),
    ) -> Any:  # fmt: skip
        from neurona.engines.native.run.session import Epochs, Job, run_jobs

        jobs = [
            Job(compiled.session, count, first)
            for compiled, (first, _, count) in zip(found, stretch.pieces, strict=True)
        ]
        steps = sum(job.steps for job in jobs) * stretch.epochs + skip * (stretch.epochs - 1)
        numbers = {id(p): k for k, p in enumerate(self.parameters)}
        values: dict[int, Any] = {numbers[id(p)]: p.data for p in resets}
        epochs = Epochs(stretch.epochs, stretch.stride, skip, values)
        with self._kept(found, steps):
            results = run_jobs(jobs, source.in_memory, stretch.rows, epochs, outputs)
        return found[-1].outputs.unflatten(results)

    @contextlib.contextmanager
    def _kept(self, found: list[Compiled], steps: int) -> Iterator[None]:
        """Let the values be in the engine's memory while Programs run, and stay there."""
        with self._lock:
            self._load(random.take_states(steps))
            try:
                yield
            finally:
                for compiled in found:
                    self._lend(compiled.changed)

    def _load(self, seed_and_step: tuple[int, int]) -> None:
        """Bring what was assigned meanwhile to the engine's memory."""
        state = self._state
        state.random[:] = seed_and_step
        for k, (p, loan) in enumerate(self._lent):
            if p.loan is not loan and p.value is not loan.copied:
                value = p.value
                state.load(k, value.data)
                loan.copied = value

    def _lend(self, changed: list[int]) -> None:
        """Say that the current values are in the engine's memory."""
        for k in changed:
            p, loan = self._lent[k]
            if p.loan is not loan:
                loan.copied = None
                p.lend(loan)

    def _read(self, k: int) -> np.ndarray:
        """Return a copy of the current value of a Parameter that is in the engine's memory."""
        with self._lock:
            return self._state.read(k)

    def _open(self, compiled: Compiled) -> None:
        """Let a Program keep its state, together with the others of this Step."""
        from neurona.engines.native.run.session import Session, State

        if self._state is None:
            self._state = State(len(self.parameters))
            self._lent = [
                (p, Loan(functools.partial(self._read, k), p.trainable))
                for k, p in enumerate(self.parameters)
            ]
        executable: Any = compiled.program.run
        compiled.session = Session(executable, self._state, compiled.changed)

    # --- compiling -------------------------------------------------------------------------------

    def _for_batch(self, batch: tuple) -> tuple[list[np.ndarray], Compiled]:
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

    def _compiled_for(self, source: Source, stretch: Stretch) -> list[Compiled] | None:
        """Return the Program for each piece of a stretch; None unless all of them run natively."""
        if self.engine == "eager":
            return None
        known, sizes = self._sizes
        if known is None or known() is not source:
            sizes = {}
            self._sizes = weakref.ref(source), sizes
        for _, size, _ in stretch.pieces:
            if size not in sizes:
                sizes[size] = self._compiled(source.structure, source.batch_of(size))
        found = [sizes[size] for _, size, _ in stretch.pieces]
        return found if all(c.session is not None and c.session.native for c in found) else None

    def _compiled(self, structure: Structure, arrays: Sequence[np.ndarray]) -> Compiled:
        key = (structure, tuple((a.shape, a.dtype.str) for a in arrays))
        if key not in self.programs:
            found = self.programs[key] = self._compile(structure, arrays)
            if found.program.keeps_state:
                self._open(found)
        return self.programs[key]

    def _compile(self, structure: Structure, arrays: Sequence[np.ndarray]) -> Compiled:
        count = len(self.parameters)
        changed: list[int] = []
        shape: list[Structure] = []

        def pure(state: Tensor, *values: Tensor) -> list[Tensor]:
            given = values[:count]
            with bound(self.parameters, given), rehearsal() as assigned, random.use(state):
                leaves, results = flatten(self.fn(*structure.unflatten(values[count:])))
                shape.append(results)
                own = {id(p) for p in self.parameters}
                for p, before in assigned.values():
                    if id(p) not in own and not before.level:
                        raise StateError(
                            "the step assigns to a Parameter that the model does not know.",
                            got=p.path,
                            hint="make it an attribute of the model or of one of its layers",
                        )
                values_now = [p.value for p in self.parameters]
                changed.extend(k for k in range(count) if values_now[k] is not given[k])
                return [values_now[k] for k in changed] + leaves

        graph = trace(pure, [_STATE, *[p.spec for p in self.parameters], *arrays])
        return Compiled(compile(graph, self.engine), changed, shape[0])

"""Guard: runs the steps of a training, and takes back those that are not finite.

Nothing is added to a step. At moments between two calls of the engine the guard keeps a copy of the
state that was found finite. If a loss or the state is not, it puts the copy back and runs what came
since once more, step by step, up to the first bad one: that is not committed, and is examined.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from neurona.core import random
from neurona.core.tensor import Tensor
from neurona.doctor.calls import Batches, Call, Epochs, OfArrays
from neurona.doctor.finding import Finding, reason
from neurona.doctor.not_finite import NOT_FINITE, At, examine, is_loss
from neurona.nn.parameter import Parameter
from neurona.train import state
from neurona.train.arrays import finite
from neurona.train.source import ArraySource, Stretch
from neurona.train.step import Step

SHARE = 0.002  # of the time may go into copies
LEAST = 0.5  # seconds between two copies
HELD = 2**26  # bytes of data that are held between two copies, or as much as the state itself

Treat = Callable[[Finding, At], bool]  # says whether to go on behind a step that is left out


class Guard:
    """What a training runs its steps by, in place of the Step.

    Args:
        model: that is trained.
        step: its Step.
        epochs: of the training.
        treat: told of each bad step, which is left out; says whether to go on.
    """

    def __init__(self, model: Any, step: Any, epochs: int, treat: Treat) -> None:
        self.model, self.step, self._epochs, self._treat = model, step, epochs, treat
        totals = {id(p) for m in state.metrics_of(model) for p in m.variables}
        self._plain: Step = getattr(step, "step", step)  # without what hands out observed values
        self._parameters: list[Parameter] = self._plain.parameters
        self._watched = [
            k for k, p in enumerate(self._parameters)
            if p.dtype.kind == "f" and id(p) not in totals
        ]  # fmt: skip
        self._limit = max(HELD, sum(p.spec.nbytes for p in self._parameters))
        self._copy: list[Tensor] = []
        self._cost, self._when, self._held = 0.0, 0.0, 0
        self._calls: list[Call] = []
        self._results: tuple[int, Any] = (-1, None)  # of the last good call: its epoch
        self._seen: list[Any] = []  # what the Parameters had behind the last call

    # --- what the loop asks of a Step

    def draws_orders(self, source: ArraySource, epochs: int) -> bool:
        """Do what `Step.draws_orders` says."""
        return self.step.draws_orders(source, epochs)

    def run(self, source: ArraySource, stretch: Stretch) -> Any:
        """Do what `Step.run` says."""
        return self._run(OfArrays(*self._here(), source=source, stretch=stretch))

    def run_batches(self, batches: Sequence[tuple]) -> Any:
        """Do what `Step.run_batches` says."""
        return self._run(Batches(*self._here(), batches=batches))

    def run_epochs(
        self, source: ArraySource, stretch: Stretch, skip: int, resets: Sequence[Parameter]
    ) -> Any:
        """Do what `Step.run_epochs` says; after a stop there are results of fewer epochs."""
        return self._run(
            Epochs(*self._here(), source=source, stretch=stretch, skip=skip, resets=resets)
        )

    def finish(self) -> None:
        """Look at the state at the end."""
        if self._calls and not self._keep():
            self._recover()

    # --- keeping

    def _here(self) -> tuple[int, int]:
        position = self.model._training.position
        return position.epoch, position.batch

    def _run(self, call: Call) -> Any:
        if not self._copy:
            self._begin()
        self._note(call)
        results = call.run(self.step)
        if results is None:  # the engine cannot run several epochs in one call
            self._calls.pop()
            return None
        self._seen = [p.kept for p in self._parameters]
        if not _losses_finite(results) or (self._due(call) and not self._keep()):
            results = self._recover()
        self._results = call.epoch, results
        return results

    def _begin(self) -> None:
        """Keep the first copy; what is not finite in it is how it was given."""
        self._copy = [p.value for p in self._parameters]
        self._watched = [k for k in self._watched if _finite(self._copy[k])]
        self._seen = [p.kept for p in self._parameters]
        self._keep()

    def _note(self, call: Call) -> None:
        pairs = zip(self._parameters, self._seen, strict=True)
        call.place = random.get_position()
        call.assigned = [(p, p.value) for p, seen in pairs if p.kept is not seen]
        self._held += call.nbytes + sum(p.spec.nbytes for p, _ in call.assigned)
        self._calls.append(call)

    def _due(self, call: Call) -> bool:
        if self._held > self._limit:
            return True
        passed = time.perf_counter() - self._when
        return passed > max(LEAST, self._cost / SHARE) or self._ends(call)

    def _ends(self, call: Call) -> bool:
        """Whether a call is the last one: what is bad then is found before averages are taken."""
        run = self.model._training.run
        last = call.epoch + (call.stretch.epochs if isinstance(call, Epochs) else 1)
        if run is None or run.source.steps is None or last < self._epochs:
            return False
        return call.steps >= run.source.steps

    def _keep(self) -> bool:
        """Keep a copy of the state, if it is finite; say so."""
        begin = time.perf_counter()
        values = [p.value for p in self._parameters]
        good = all(_finite(values[k]) for k in self._watched)
        if good:
            self._copy, self._calls, self._held = values, [], 0
            self._seen = [p.kept for p in self._parameters]
        self._when = time.perf_counter()
        self._cost = self._when - begin
        return good

    def _put_back(self) -> None:
        for p, value in zip(self._parameters, self._copy, strict=True):
            p.restore(value)

    # --- and once more

    def _recover(self) -> Any:
        """Run what came since the copy once more, without the bad steps; return its results."""
        calls, self._calls = self._calls, []
        self._put_back()
        results, any_bad = None, False
        for call in calls:
            results, bad, going_on = self._again(call)
            self._results = call.epoch, results
            any_bad = any_bad or bad
            if not going_on:
                break
        if not any_bad:
            self._treat(_not_again(self._plain), At(calls[-1].epoch + 1, calls[-1].batch + 1))
        return results

    def _again(self, call: Call) -> tuple[Any, bool, bool]:
        """Run a call once more; return its results, whether it was bad, and whether to go on."""
        random.set_position(*call.place)
        for p, value in call.assigned:
            p.restore(value)
        begin = [p.value for p in self._parameters]
        results = call.run(self.step)
        if _losses_finite(results) and self._keep():
            return results, False, True
        for p, value in zip(self._parameters, begin, strict=True):
            p.restore(value)
        random.set_position(*call.place)
        return self._one_by_one(call)

    def _one_by_one(self, call: Call) -> tuple[Any, bool, bool]:
        ends, bad = [], False
        for number, singles in enumerate(call.epochs()):
            if number:
                call.between()
            epoch, last = self._results
            results = last if epoch == call.epoch and not isinstance(call, Epochs) else None
            self._keep()
            for at, batch in singles:
                place = random.get_position()
                got = self.step(*batch)
                if _losses_finite(got) and self._keep():
                    results = got
                    continue
                bad = True
                self._put_back()
                finding = self._examine(batch, at, place)
                going_on = self._treat(finding, at)
                self._seen = [p.kept for p in self._parameters]
                if not going_on:
                    ends.append(got if results is None else results)
                    return call.results(ends), True, False
                self._keep()
            ends.append(got if results is None else results)
        return call.results(ends), bad, True

    def _examine(self, batch: tuple, at: At, place: tuple[int, int]) -> Finding:
        try:
            with random.at(*place):
                finding = examine(self.model, self._plain, batch, at)
        except Exception as error:  # that the step is bad is known, whatever this meets
            return NOT_FINITE.found(
                f"{at}: the step is not finite; it could not be computed op by op: {reason(error)}",
                evidence={"epoch": at.epoch, "batch": at.batch},
            )
        engine = self._plain.engine
        return finding or NOT_FINITE.found(
            f"{at}: the {engine} engine's numbers are not finite, those of the reference engine "
            "are: they are near the end of their range.",
            evidence={"epoch": at.epoch, "batch": at.batch, "engine": engine},
            fix='nn.config.set_engine("reference"), or a smaller learning rate',
        )


def _not_again(step: Any) -> Finding:
    return NOT_FINITE.found(
        "a step was not finite, but was so no more when it was repeated: the data, or a function "
        "of the model, give other numbers each time.",
        severity="warning", evidence={"engine": step.engine}, confidence=0.5,
    )  # fmt: skip


def _finite(x: Tensor) -> bool:
    assert x.data is not None
    return finite(x.data.reshape(-1))


def _losses_finite(results: Any) -> bool:
    """Whether the losses among the results are finite: a mean is not, from its first bad batch."""
    if not isinstance(results, dict):
        return True
    return all(
        math.isfinite(value) if np.ndim(value) == 0 else bool(np.isfinite(value).all())
        for name, value in results.items()
        if is_loss(name)
    )

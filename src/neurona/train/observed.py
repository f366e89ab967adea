"""Observed steps: those that hand out values inside of the model, beside their results."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neurona.core.observation import GRADIENT, Observer, matches, observing, opened
from neurona.core.tree import map_leaves
from neurona.engines.program import Program
from neurona.errors import ArgumentError, unknown
from neurona.frames import door
from neurona.nn.parameter import Parameter
from neurona.train.arrays import check_arrays, check_inputs
from neurona.train.before import before_step
from neurona.train.source import ArraySource, Stretch
from neurona.train.step import Step


class Watched:
    """The part of a model that shows the values inside of it."""

    if TYPE_CHECKING:  # what a Model has
        _training: Any

        @property
        def name(self) -> str: ...
        def __call__(self, *args: Any, training: bool | None = None, **kwargs: Any) -> Any: ...

    def observe(self, *names: str) -> None:
        """Let steps hand out values inside of the model, as `observed`; without names, none.

        Args:
            names: patterns as in `nn.observing`: "hidden" or "mlp/hidden" for what a layer returns,
                "hidden/scores" for `nn.observe("scores", x)` in its call, "gradient of hidden" for
                the gradient of the loss with respect to that, "*" for all values.

        A `fit` that is running goes on as it was. What is observed is computed and kept by each
        step; other steps cost what they did.

        Raises:
            ArgumentError: by the next training step or prediction, if it has no such value.
        """
        self._training.observed = Observation(names)

    @property
    def observed(self) -> dict[str, np.ndarray]:
        """What `observe` asked for, by full name, of the batch that a step ran on last.

        In `fit`, callbacks find it in `self.model`; one that is called for each batch sees each.
        """
        return self._training.observed.values

    @door
    def trace(self, x: Any, training: bool = False) -> dict[str, np.ndarray]:
        """Return what every layer gives for these samples, by the layer's name.

        What stands within another layer is called by its path, "encoder/attention"; values that a
        layer shows with `nn.observe` stand below its name. `nn.explain` says how they come about.

        Args:
            x: samples, as `predict` takes them.
            training: whether layers work as in training.

        >>> import neurona as nn
        >>> model = nn.Sequential([nn.Input((2,)), nn.layers.Dense(3, name="hidden")])
        >>> {name: values.shape for name, values in model.trace([[1.0, 2.0]]).items()}
        {'hidden': (1, 3)}
        """
        x, _, _ = check_arrays(before_step(self, x), None, None)
        check_inputs(self, x)
        with self._training.turns, observing() as seen:
            self(x, training=training)
        prefix = f"{self.name}/"
        return {n.removeprefix(prefix): v.numpy() for n, v in seen.items() if n != self.name}


class Observation:
    """Which values the steps of a model hand out.

    Args:
        names: patterns, see `Trainer.observe`.

    Attributes:
        values: those of the last batch that a step ran on, by name.
    """

    def __init__(self, names: Sequence[Any] = ()) -> None:
        for name in names:
            if not isinstance(name, str) or not name.removeprefix(GRADIENT):
                raise ArgumentError(
                    "observe takes names of values.",
                    got=repr(name)[:60],
                    hint='model.observe("hidden", "gradient of hidden"), or "*" for all',
                )
        self.names = tuple(names)
        self.values: dict[str, np.ndarray] = {}

    def check(self, observer: Observer, kind: str) -> None:
        """Refuse names that nothing in a step has, unless it is an evaluation within training."""
        for pattern in self.names:
            gradient = pattern.startswith(GRADIENT)
            needed = kind == "train" or (kind == "predict" and not gradient)
            if needed and not any(matches(name, pattern) for name in observer.offered):
                values = [name for name in observer.offered if not name.startswith(GRADIENT)]
                options = [GRADIENT + name for name in values] if gradient else values
                raise unknown("value to observe", pattern, options)


class ObservedStep:
    """A Step whose function also returns what is observed; it is called as a Step is.

    Args:
        fn, parameters, engine: of the Step.
        observation: what to hand out, and where to.
        kind: "train", "test" or "predict".
    """

    def __init__(
        self,
        fn: Callable,
        parameters: Sequence[Parameter],
        engine: str | None,
        observation: Observation,
        kind: str,
        traced: Callable[[], None] | None = None,
    ) -> None:
        def run(*batch: Any) -> tuple[Any, dict[str, Any]]:
            with opened(observation.names) as observer:
                results = fn(*batch)
            observation.check(observer, kind)
            return results, observer.values

        self.step, self.observation = (
            Step(run, parameters, engine, kind != "train", traced),
            observation,
        )

    def _handed(self, results: Any) -> Any:
        """Keep what was observed, and return the rest."""
        rest, self.observation.values = results
        return rest

    def __call__(self, *batch: Any) -> Any:
        """Run the step on a batch and return its results."""
        return self._handed(self.step(*batch))

    def run(self, source: ArraySource, stretch: Stretch) -> Any:
        """Run the step on some batches of a source; see `Step.run`."""
        return self._handed(self.step.run(source, stretch))

    def run_batches(self, batches: Iterable[Sequence[Any]]) -> Any:
        """Run the step on some batches, one by one; see `Step.run_batches`."""
        return self._handed(self.step.run_batches(batches))

    def draws_orders(self, source: ArraySource, epochs: int) -> bool:
        """Say whether the engine should draw the orders of epochs."""
        return self.step.draws_orders(source, epochs)

    def run_epochs(self, *arguments: Any) -> Any:
        """Run the step on several epochs; see `Step.run_epochs`."""
        found = self.step.run_epochs(*arguments)
        if found is None:
            return None
        rest, stacked = found
        self.observation.values = map_leaves(lambda a: a[-1], stacked)
        return rest

    def serve(self, x: np.ndarray, batch_size: int) -> Any:
        """Return the outputs for the samples of one array."""
        return self(x, None, None)

    def room(self, source: ArraySource) -> None:
        """Have no arrays for results of all samples: what is observed is one batch's."""

    @property
    def programs(self) -> Mapping[Any, Any]:
        """The compiled Programs."""
        return self.step.programs

    def program(self, *batch: Any) -> Program:
        """Return the Program for batches like this one."""
        return self.step.program(*batch)

    def inputs(self, *batch: Any) -> list[np.ndarray]:
        """Return the arrays that the Program for a batch would be given now."""
        return self.step.inputs(*batch)

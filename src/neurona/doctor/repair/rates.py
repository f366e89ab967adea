"""Rates that a race tries: larger ones up to what is usual, smaller ones, momentum with them."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurona.doctor import fixes
from neurona.doctor.learning_rate import ADAPTIVE, usual_rates
from neurona.doctor.repair.changes import Back, Both, Change, Rate, Settings
from neurona.doctor.repair.saved import Best
from neurona.optim.adam import Adam

DOWN = (0.3, 0.1, 0.03, 0.01, 0.001)  # factors of a rate
STEP, MOST, LARGEST = 10.0, 6, 1.0  # between rates that are tried, how many, of a rule not known
HEAVY, USUAL = 0.98, 0.9  # momentum
FOLLOWING = ("SGD", "Adagrad", "Adadelta")  # whose steps follow the scale of the gradients
ADAM = (1e-3, 1e-2)
KEPT = ("weight_decay", "clipnorm", "clipvalue", "global_clipnorm", "gradient_accumulation_steps")


class Swapped(Change):
    """Adam in place of an optimizer whose steps follow the scale of the gradients, at the start."""

    certain = False

    def __init__(self, model: Any, rate: float) -> None:
        self.model, self.rate, self.before = model, rate, model.optimizer
        self.arguments = model._training.arguments
        self.what = f"the optimizer is Adam, with a learning rate of {rate:g}."
        name, old = type(self.before).__name__, float(np.asarray(self.before.learning_rate))
        self.diff = fixes.replaced(f"{name}(learning_rate={old:.3g})", f"Adam({rate:g})")

    def apply(self) -> None:
        options = {name: getattr(self.before, name) for name in KEPT}
        adam = Adam(self.rate, **options)
        adam.ensure_built(self.model.trainable_weights)
        self._put(adam, {**self.arguments, "optimizer": adam})

    def undo(self) -> None:
        self._put(self.before, self.arguments)

    def _put(self, optimizer: Any, arguments: dict[str, Any]) -> None:
        training = self.model._training
        self.model.optimizer, training.arguments, training.steps = optimizer, arguments, {}


def tried(change: Rate, model: Any, best: Best, begins: bool) -> list[Change]:
    """Return what is raced of a rate that is to be larger or smaller, the diagnosed one first.

    Args:
        change: the one that was diagnosed.
        model: that is trained.
        best: smaller rates begin at the best weights.
        begins: whether no step was made yet.
    """
    optimizer = change.optimizer
    if change.factor > 1:
        found: list[Change] = [Rate(optimizer, factor) for factor in _larger(change)]
        if begins and type(optimizer).__name__ in FOLLOWING:
            found += [Swapped(model, rate) for rate in ADAM]
        return found
    found = [Rate(optimizer, factor) for factor in DOWN]
    momentum = getattr(optimizer, "momentum", 0.0)
    if isinstance(momentum, float) and momentum > HEAVY:  # it throws away what is gained
        diff = fixes.replaced(f"{momentum=}", f"momentum={USUAL}")
        usual = Settings([(optimizer, "momentum", USUAL)], f"momentum is {USUAL}.", diff)
        found = [usual, *(Both(usual, rate) for rate in found)]
    return [Back(best, each) for each in found]


def _larger(change: Rate) -> list[float]:
    """Return factors that lead to the largest rate that is usual."""
    optimizer = change.optimizer
    rate = float(np.asarray(optimizer.learning_rate))
    known = type(optimizer).__name__ in ("SGD", *ADAPTIVE)
    highest = usual_rates(optimizer)[1] if known else LARGEST
    count = max(1, round(np.log(highest / rate) / np.log(STEP))) if rate > 0 else 1
    factors = [STEP ** (n + 1) for n in range(count)][-MOST:]
    return sorted(factors, key=lambda f: abs(np.log(f / change.factor)))

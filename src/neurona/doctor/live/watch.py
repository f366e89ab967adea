"""Watch: looks at a training at its moments, and asks the rules what that means."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from neurona.core.tree import flatten
from neurona.data.batches import Batches
from neurona.doctor.finding import Finding, Rule, reason
from neurona.doctor.live.guess import CLASSES, FLAGS, Guess, guess_of
from neurona.doctor.live.moments import Moments
from neurona.doctor.live.probe import Probe, norm, probe_of
from neurona.doctor.live.record import Look, Record, Weight
from neurona.doctor.live.rules import CHECKS, Check
from neurona.doctor.opened import joined
from neurona.doctor.written import located
from neurona.train.source import ArraySource
from neurona.train.state import optimizers_of

EVERY = 5  # looks between two judgements within an epoch
NEW = 0.1  # of the looks: fewer that are new wait to be judged with the next
NOT_YET = ("GD508", "GD510")  # what they miss may be reached later
KNOWN = 10_000  # samples whose targets tell what guessing would reach
SAMPLED = 1 << 16  # numbers of a parameter that are remembered: enough for a root mean square


class Watch:
    """Looks at one `fit`.

    Args:
        model: that is trained.
        level: "guard" or "full".
        params: of the run: epochs, steps.

    Attributes:
        findings: what was found so far, by rule; at the end without what has passed.
        skipped: rules that cannot be looked at -> why.
    """

    def __init__(self, model: Any, level: str, params: dict[str, Any]) -> None:
        steps, epochs = params.get("steps"), int(params.get("epochs") or 1)
        total = steps * epochs if steps else None
        source = model._training.run.source
        self.model, self.moments = model, Moments(level, total)
        y, weight, whole = _targets(source)
        own = model.overrides("train_step") or model.overrides("compute_loss")
        guess = Guess() if own else guess_of(model, y, weight, whole)
        self._known: list[tuple[Any, Any]] | None = None if whole or own else []
        self.record = Record(guess, total, epochs, steps, model, own=own)
        self.record.zero_weights = _zero_weights(model, source)
        self.record.shuffled = bool(source.shuffle)
        self.findings: dict[str, Finding] = {}
        self.skipped: dict[str, str] = {}
        self._judged_at = 0  # the number of looks then
        self._begun = 0  # the batch that a group began with
        self._open: Any = None  # what was seen of the batch of a moment before its update
        self._first: dict[str, np.ndarray] = {}  # weights at the beginning
        self._began: dict[str, float] = {}  # and their norms
        self._change: dict[str, np.ndarray] = {}  # of the weights by the last step seen: one memory
        self._probe = self._made_probe()

    def _made_probe(self) -> Probe | None:
        model = self.model
        if not model.trainable_weights:
            self._skip("nothing is trained")
        elif self.record.own and len(optimizers_of(model)) != 1:
            self._skip("the model has a train_step of its own, and no optimizer or several")
        else:
            return probe_of(model)
        return None

    def _skip(self, why: str) -> None:
        needing = [rule for rules in CHECKS.values() for rule in rules]
        self.skipped = {rule.id: why for rule in needing if rule.id < "GD600"}

    def _give_up(self, error: Exception) -> None:
        """Look no more: the training itself goes on."""
        self._probe = None
        self._skip(reason(error))

    @property
    def checked(self) -> list[Rule]:
        """The rules that are looked at."""
        rules = [rule for rules in CHECKS.values() for rule in rules]
        return [rule for rule in rules if rule.id not in self.skipped]

    def undisturbed(self) -> int:
        """Return how many steps may pass before the next moment ends."""
        return self.moments.until(self.record.steps) if self._probe else 1 << 60

    def before(self, batch: int) -> None:
        """Look at the batch that is trained on next, at a moment."""
        self._begun = batch
        if self._probe is None or self.record.steps < self.moments.next:
            return
        self.moments.pass_by()
        run = self.model._training.run
        try:
            given = run.feed.coming()
            seen = self._probe(given, self.record.steps)
        except Exception as error:  # the training itself goes on, whatever a look meets
            self._give_up(error)
            return
        weights = self._probe.values()
        if not self._first:
            self._first = {path: _sampled(w).copy() for path, w in weights.items()}
            with np.errstate(over="ignore", invalid="ignore"):
                self._began = {path: norm(w) for path, w in self._first.items()}
            self._change = {path: np.empty_like(w) for path, w in weights.items()}
        self._open = given, seen, weights

    def leave_out(self) -> None:
        """Forget the step that is being looked at: it was not committed."""
        self._open = None

    def after(self, batch: int) -> list[Finding]:
        """Take notice of steps up to a batch; return what is found now."""
        steps, number = batch - self._begun + 1, self.record.steps
        self.record.steps += steps
        if self._open is None:
            return []
        (given, seen, weights), self._open = self._open, None
        if steps > 1 or self._probe is None:  # several batches a call: no step to be seen alone
            return []
        try:
            with np.errstate(over="ignore", invalid="ignore"):
                look = self._look(number, given, seen, weights)
            self._learn_guess(*given[1:])
        except Exception as error:
            self._give_up(error)
            return []
        self.record.looks.append(look)
        return self._judged_if_seen(EVERY)

    def _learn_guess(self, y: Any, weight: Any) -> None:
        """Add the targets of a look to what is known of them, where they come in batches only."""
        if self._known is None or sum(len(flatten(y)[0][0]) for y, _ in self._known) >= KNOWN:
            return
        if self._known and _shapes(self._known[0]) != _shapes((y, weight)):
            return  # sequences of another length
        self._known.append((y, weight))
        targets, weights = map(joined, zip(*self._known, strict=True))
        self.record.guess = guess_of(self.model, targets, weights, whole=False)

    def _look(self, number: int, given: Any, seen: dict[str, Any], weights: dict) -> Look:
        assert self._probe is not None
        later = self._probe.loss(given, number) if self._probe.repeats else None
        after = self._probe.values()
        change = self._change
        for path, w in weights.items():
            np.subtract(after[path], w, out=change[path])
        right, predicted = _answered(given[1], seen["answers"], self.record.guess)
        if self.record.guess.kind == FLAGS and predicted is None:
            predicted = _said_yes(given[1], seen["answers"], self.model)
        return Look(
            step=number,
            rate=_rate(self.model),
            loss=float(seen["loss"]),
            after=later,
            penalty=float(seen["penalty"]),
            slope=_along(seen["gradients"], change),
            gradient=math.hypot(*map(norm, seen["gradients"].values())),
            weights={
                path: self._weight(path, w, change[path], seen["gradients"].get(path))
                for path, w in weights.items()
            },
            samples=len(_first_leaf(given[0])),
            predicted=predicted,
            right=right,
            activity=seen["activity"],
            attention=seen["attention"],
            through_time=_by_step(seen["through_time"]),
            classes=_classes(given[1], self.record.guess),
            evaluated=None if seen["evaluated"] is None else float(seen["evaluated"]),
        )

    def _weight(self, path: str, w: np.ndarray, change: np.ndarray, g: Any) -> Weight:
        began = self._began[path]
        moved = norm(_sampled(w) - self._first[path]) / began if began > 0 else None
        size = max(w.size, 1) ** 0.5
        gradient = 0.0 if g is None else norm(g)
        length = norm(change)
        still = length == 0 and not change.any()  # squares of the smallest numbers are 0
        return Weight(norm(w) / size, length / size, gradient / size, gradient, still, moved)

    def epoch_ended(self, logs: dict[str, Any]) -> list[Finding]:
        """Take the logs of an epoch; return what is found now."""
        self.record.logs.append(logs)
        return self._judged_if_seen()

    def epochs_passed(self, columns: dict[str, list]) -> list[Finding]:
        """Take the logs of several epochs that ran in one call."""
        count = len(next(iter(columns.values()), ()))
        self.record.steps += count * (self.record.steps_per_epoch or 0)
        self.record.logs += [{name: v[i] for name, v in columns.items()} for i in range(count)]
        return self._judged_if_seen()

    def ended(self) -> list[Finding]:
        """Judge the whole training; return what is found now."""
        self.record.ended = True
        if not self.record.looks and self._probe is not None:
            self._skip("no step was looked at")
        return self._judged()

    def _judged_if_seen(self, fewest: int = 1) -> list[Finding]:
        """Judge if there are new looks: epochs may be as short as a step, and runs long."""
        count = len(self.record.looks)
        return self._judged() if count - self._judged_at >= max(fewest, NEW * count) else []

    def _judged(self) -> list[Finding]:
        """Keep what is found now; return what is new in it."""
        self._judged_at = len(self.record.looks)
        self.record.renew()
        with np.errstate(all="ignore"):
            found = {
                f.id: f for check, rules in CHECKS.items() for f in self._checked(check, rules)
            }
        new = [f for name, f in found.items() if name not in self.findings]
        self.findings.update(found)
        if self.record.ended and self.findings:
            passed = [] if self.record.struggling() else list(self.findings)
            over = [
                n for n in (*passed, *NOT_YET)
                if n in self.findings and n not in found and self.findings[n].alarm
            ]  # fmt: skip
            self.findings = {n: f for n, f in self.findings.items() if n not in over}
        return new

    def _checked(self, check: Check, rules: tuple[Rule, ...]) -> list[Finding]:
        """Return what a check finds; one that fails is told as skipped: training goes on."""
        try:
            return [
                dataclasses.replace(f, where=located(self.model, f.where))
                for f in check(self.record)
            ]
        except Exception as error:
            self.skipped.update(dict.fromkeys((rule.id for rule in rules), reason(error)))
            return []


def _targets(source: Any) -> tuple[Any, Any, bool]:
    """Return targets and weights, and whether these are all; else they are of the first batch."""
    if isinstance(source, ArraySource):
        return source.arrays[1], source.arrays[2], True
    if type(source.given) is Batches and source.class_weight is None:
        return source.given.y, None, True
    return *source.peek()[1:], False


def _zero_weights(model: Any, source: Any) -> str:
    """Say which weights of the loss are all 0; "" if none are."""
    outputs: Any = model._training.losses.outputs or ()
    if outputs and all(o.weight == 0 for o in outputs if o.loss is not None):
        return "all loss_weights are 0" if any(o.loss is not None for o in outputs) else ""
    leaves = flatten(source.arrays[2])[0] if isinstance(source, ArraySource) else []
    weights = [np.asarray(w) for w in leaves if w is not None]
    return (
        "all weights of samples or classes are 0"
        if weights and not any(map(np.any, weights))
        else ""
    )


def _by_step(gradient: Any) -> np.ndarray | None:
    """Return the size of a gradient (T, C) at each of its steps."""
    return None if gradient is None else np.sqrt(np.square(gradient).sum(axis=1))


def _shapes(batch: Any) -> list[Any]:
    """Return the shape of a sample of each array."""
    return [np.shape(leaf)[1:] for leaf in flatten(batch)[0]]


def _first_leaf(x: Any) -> Any:
    while isinstance(x, list | tuple | dict):
        x = next(iter(x.values())) if isinstance(x, dict) else x[0]
    return x


def _sampled(w: np.ndarray) -> np.ndarray:
    """Return some numbers of a parameter, evenly spread."""
    flat = w.reshape(-1)
    return flat[:: max(1, flat.size // SAMPLED)]


def _along(gradients: dict[str, np.ndarray], change: dict[str, np.ndarray]) -> float:
    """Return the derivative of the loss along a change of the weights."""
    return sum((float(np.vdot(g, change[path])) for path, g in gradients.items()), 0.0)


def _rate(model: Any) -> float:
    rate = getattr(model.optimizer, "learning_rate", None)
    return float(np.asarray(rate)) if rate is not None else 0.0


def _answered(y: Any, answers: Any, guess: Any) -> tuple[float | None, np.ndarray | None]:
    """Return the share of right classes, and how often each was predicted."""
    if answers is None or y is None or guess.kind != CLASSES or not isinstance(y, np.ndarray):
        return None, None
    if answers.dtype.kind != "i":
        return None, None
    labels = y.argmax(-1) if y.ndim == answers.ndim + 1 and y.shape[-1] > 1 else y
    if labels.size != answers.size:
        return None, None
    right = float(np.mean(labels.reshape(-1) == answers.reshape(-1)))
    return right, np.bincount(answers.reshape(-1), minlength=guess.classes)


def _classes(y: Any, guess: Any) -> np.ndarray | None:
    """Return how many samples of a batch are of each class, where each has one."""
    if guess.kind not in (CLASSES, FLAGS) or not isinstance(y, np.ndarray) or y.ndim > 2:
        return None
    labels = y.argmax(-1) if y.ndim == 2 and y.shape[1] > 1 and guess.kind == CLASSES else y
    if labels.size != len(y) or labels.min() < 0 or labels.max() >= guess.classes:
        return None
    return np.bincount(labels.reshape(-1).astype(int), minlength=guess.classes)


def _said_yes(y: Any, answers: Any, model: Any) -> np.ndarray | None:
    """Return how often no and yes were predicted, of maps with a yes or no at each place."""
    if not isinstance(y, np.ndarray) or answers is None or answers.ndim < 2:
        return None
    if answers.dtype.kind != "f" or y.size != answers.size:
        return None
    loss = model._training.losses.outputs[0].loss
    yes = int((answers > (0.0 if getattr(loss, "from_logits", False) else 0.5)).sum())
    return np.array([answers.size - yes, yes])

"""The first steps, on a copy: whether they are far too long, and how far all of them can lead.

The optimizer is the user's own, clipping and all. How far a training leads is first told by a
straight line, along the first step; if that is not far, a few long steps go the whole way instead:
to go slowly along a curve or fast is the same, as long as no step overshoots.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from neurona.core.op import as_tensor
from neurona.doctor import fixes
from neurona.doctor.anytime import PLAN
from neurona.doctor.case import Case
from neurona.doctor.data.batches import SMALL
from neurona.doctor.data.targets import SIZE, is_large, of_size, quantities
from neurona.doctor.finding import Checks, Finding, Rule
from neurona.doctor.learning_rate import ADAPTIVE, TOO_HIGH, TOO_LOW, usual_rates
from neurona.doctor.live.updates import CLIPPED, SHORTER, clip_of
from neurona.doctor.probe.probe import Probe, probe_of
from neurona.doctor.probe.traced import WORK
from neurona.doctor.probe.twin import aside, twin_of
from neurona.doctor.statics.plan import FEW, planned_rates, schedule
from neurona.doctor.statics.weights import ALIKE
from neurona.engines.program import cost_of

JUMP = 5.0  # times the first loss, or that of guessing, by a rate that is above the usual ones
RISE, AGAIN, UP = 1.5, 15, 3.0  # by any rate: once, and still so after some more steps
SHARE = 0.3  # of the loss of guessing, by the straight line; healthy programs have 1 to 1,000
LEFT, FALLEN = 0.8, 0.05  # of the loss of guessing, and of the first, behind the whole way
HAIR = 1e-3
WALKED = ("SGD", "Adagrad", "Adadelta", *ADAPTIVE)
LONG, LEAST = 12, 4  # steps that stand for all of them


def first_steps(case: Case) -> Iterator[Finding]:
    """GD506, GD507: make steps on a copy, for which nothing of the case is changed."""
    optimizer, guess = case.model.optimizer, _guess(case)
    if optimizer is None or case.custom or case.trained or guess is None:
        return
    if type(optimizer).__name__ not in WALKED:
        return
    probe = probe_of(case)
    rates = planned_rates(case)[1]
    start = float(probe.values["loss"])
    if not 0 < start < math.inf or guess <= 0:
        return
    with aside():
        walk = Walk(probe)
        slope = walk.step(rates[0] or rates.max())
        jumps = list(_jumps(walk, float(rates[0]), start, guess)) if rates[0] else []
    yield from jumps
    updates = case.planned_steps // (optimizer.gradient_accumulation_steps or 1)
    if jumps or not updates or not math.isfinite(slope):
        return
    way = float(rates.mean()) * updates
    if -slope * way * _gain(optimizer, updates) > SHARE * guess:
        return
    with aside():
        left = _left(probe, way, updates)
    if left <= start and (left > LEFT * guess or start - left < FALLEN * start):
        yield from _too_short(probe, rates, updates, start, left, guess)


LARGE, STEP = 10.0, 0.3  # rms of targets that are not near 1; a first step, beside the weights


def outrun(case: Case) -> Iterator[Finding]:
    """GD113: targets so large that the first step, which follows them, makes other weights."""
    optimizer = case.model.optimizer
    if type(optimizer).__name__ != "SGD" or clip_of(optimizer) is not None:
        return
    for end, y in quantities(case):
        if is_large(y) or float(np.sqrt(np.square(y).mean())) < LARGE:
            continue
        rate = float(planned_rates(case)[1].max())
        moved = [rate * (w.gradient or 0.0) / w.weight for w in probe_of(case).weighted if w.weight]
        if max(moved, default=0.0) > STEP:
            told = of_size(end, y)
            said = f"{told.said}: the first step is {max(moved):.1g} times as long as the weights"
            yield dataclasses.replace(told, said=said, threshold=f"a first step up to {STEP:g}")


TRIED, SHORT = 3, 1e-3  # steps, and their rate: behind zeros that begin to move, others follow


def still(case: Case) -> Iterator[Finding]:
    """GD208: matrices of zeros whose slope is 0 as well, as that of each of two that multiply."""
    if type(case.model.optimizer).__name__ not in WALKED or case.custom or case.trained:
        return
    probe = probe_of(case)
    if len([p for p in probe.twin.trainable_weights if _is_zero(p)]) < 2:
        return
    with aside():
        walk = Walk(probe, momentum=False)
        zeros = {n: p for n, p in walk.moved.items() if _is_zero(p)}
        stuck = [n for n in zeros if n in walk.values and not walk.values[n].any()]
        if len(stuck) < 2:
            return
        for _ in range(affordable(probe, TRIED)):
            walk.step(SHORT)
            walk.loss()  # and slopes
        lasting = [zeros[n].path for n in stuck if not zeros[n].numpy().any()]
    if len(lasting) > 1:
        name = lasting[0].rpartition("/")[2]
        yield ALIKE.found(
            f"all of {', '.join(map(repr, lasting[:3]))} are 0, and so are their gradients: what "
            "is made of them together keeps each of them still",
            where=lasting[0],
            evidence={"weights": lasting[:20], "steps": TRIED},
            threshold="weights that are not 0, or that get a gradient",
            fix=fixes.Redraw(
                f"- {name}_initializer='zeros'\n+ {name}_initializer='glorot_uniform'"
            ),
        )


def _is_zero(p: Any) -> bool:
    bias = "bias" in p.name  # of heads it is a matrix, and begins at 0 as others do
    return len(p.shape) > 1 and p.size > 1 and not bias and not p.numpy().any()


class Walk:
    """Weights that move, of a copy of the twin.

    Args:
        probe: whose batch and Graph are used.
        momentum: whether the steps have some, if the optimizer has.
    """

    def __init__(self, probe: Probe, momentum: bool = True) -> None:
        self.traced = probe.training
        self.arrays = self.traced.arrays(self.traced.batch)
        self.probe, self.of = probe, probe.case.model.optimizer
        self.optimizer = _anew(probe.case.model.optimizer, momentum)
        self.twin = twin_of(probe.twin)
        before, now = probe.twin.trainable_weights, self.twin.trainable_weights
        copies = {id(p): q for p, q in zip(before, now, strict=True)}
        first = len(self.arrays) - len(self.traced.found)
        self.places = {
            first + i: copies[id(p)] for i, p in enumerate(self.traced.found) if id(p) in copies
        }
        self.moved = {n: copies[id(p)] for n, p in self.traced.parameters.items()}
        self.values = probe.values

    def step(self, rate: float) -> float:
        """Make a step of a rate; return the derivative of the loss along it, for a rate of 1."""
        self.optimizer.learning_rate = rate
        known = {n: (p, self.values[n]) for n, p in self.moved.items()}
        before = {n: p.numpy().copy() for n, p in self.moved.items()}
        self.optimizer.apply(
            [as_tensor(g) for _, g in known.values()], [p for p, _ in known.values()]
        )
        along = sum(float(np.vdot(g, p.numpy() - before[n])) for n, (p, g) in known.items())
        for place, p in self.places.items():
            self.arrays[place] = p.numpy()
        self.values = {}
        return along / rate if rate else 0.0

    def loss(self) -> float:
        """Return the loss where the weights are now."""
        return float(self._seen()["loss"])

    def _seen(self) -> dict[str, np.ndarray]:
        if not self.values:
            with np.errstate(all="ignore"):
                self.values = self.traced.named(self.traced.graph.evaluate(np, self.arrays))
        return self.values


def _anew(optimizer: Any, momentum: bool) -> Any:
    """Return a new optimizer of the same rule, with a constant rate, that updates each time."""
    arguments = {**optimizer.arguments, "learning_rate": 1.0}
    left_out = ("gradient_accumulation_steps", "loss_scale_factor", "use_ema")
    for name in (*left_out, *(() if momentum else ("momentum",))):
        arguments.pop(name, None)
    return type(optimizer)(**arguments)


def _left(probe: Probe, way: float, updates: int) -> float:
    """Return the loss behind a whole way, a sum of rates; infinity if a step overshoots."""
    long = affordable(probe, LONG)
    if long < LEAST:
        return math.inf
    few = updates <= long
    walk, steps = Walk(probe, momentum=few), updates if few else long
    length = way / steps * (1.0 if few else _gain(walk.of, updates))
    loss = float(walk.values["loss"])
    for _ in range(steps):
        walk.step(length)
        loss, before = walk.loss(), loss
        if not loss <= before * (1 + HAIR):
            return math.inf
    return loss


def affordable(probe: Probe, wanted: int) -> int:
    """Return how many passes may be made: a few seconds in all."""
    cost = cost_of(probe.training.graph)
    return min(wanted, int(WORK / max(cost["products"], 50 * cost["elements"], 1)))


def _gain(optimizer: Any, updates: int) -> float:
    """Return how much further momentum leads than single steps."""
    momentum = float(getattr(optimizer, "momentum", 0.0) or 0.0)
    return min(1 / (1 - momentum), float(updates)) if momentum < 1 else 1.0


def _guess(case: Case) -> float | None:
    guesses = [end.guess for end in case.ends if end.loss is not None]
    weighted = any(o.weight != 1 for o in case.model._training.losses.outputs or ())
    weighted |= case.sample_weight is not None or case.class_weight is not None
    return None if weighted or not guesses or None in guesses else sum(g or 0.0 for g in guesses)


def _jumps(walk: Walk, rate: float, start: float, guess: float) -> Iterator[Finding]:
    """Look whether the first step, and some more, throw the loss of their own samples up."""
    usual = usual_rates(walk.of)[1] if type(walk.of).__name__ in ("SGD", *ADAPTIVE) else math.inf
    most = max(start, guess)
    after = first = walk.loss()
    if first <= RISE * most:
        return
    if not (rate > usual and first > JUMP * most):
        for _ in range(affordable(walk.probe, AGAIN)):
            if math.isfinite(after):
                walk.step(rate)
                after = walk.loss()
        if after <= UP * most:
            return
    smaller = usual / 3 if rate > usual else rate / 10
    yield TOO_HIGH.found(
        f"the first step takes the loss of its own samples from {start:.3g} to {first:.3g}"
        + ("" if after == first else f", and some more to {after:.3g}"),
        where="optimizer",
        evidence={"learning_rate": rate, "first_loss": start, "loss": first, "later": after},
        threshold=f"at most {RISE:g} times the first loss, or of guessing",
        fix=fixes.Rate(rate, smaller / rate),
    )


def _too_short(
    probe: Probe, rates: np.ndarray, updates: int, start: float, left: float, guess: float
) -> Iterator[Finding]:
    """Say what makes the way so short: a schedule, the number of steps, clipping, or the rate."""
    case, optimizer = probe.case, probe.case.model.optimizer
    per_epoch = case.steps_in_epoch or 1
    rate, known = float(rates.max()), type(optimizer).__name__ in ("SGD", *ADAPTIVE)
    low, high = usual_rates(optimizer) if known else (0.01, 1.0)
    usual = max(math.sqrt(low * high), high / 10)
    rule: Rule = TOO_LOW
    fix: fixes.Fix | str = fixes.Rate(rate, usual / rate)
    if len(rates) > 1 and rates.mean() < SPENT * rate:
        if any(True for _ in schedule(case)):
            return
        rule, fix = PLAN, f"decay_steps={updates}  # epochs * batches in an epoch"
    elif updates < FEW and rate > SLOW * high and per_epoch < MANY and case.whole:
        rule, fix = SMALL, f"- batch_size={case.batch_size}\n+ batch_size=32"
    elif updates < FEW and rate > SLOW * high:
        more = math.ceil(5 * FEW / per_epoch)
        rule, fix = PLAN, f"- epochs={case.epochs}\n+ epochs={more}"
    elif (clip := _clipped(probe)) is not None:
        rule, fix = CLIPPED, clip
    elif rate > usual:
        return  # a smaller one leads no farther
    yield rule.found(
        f"{updates:,} steps of {rates.mean():.2g} lead from a loss of {start:.3g} to {left:.3g} "
        f"or so, and guessing has {guess:.3g}",
        where="" if rule is SMALL else "optimizer",
        evidence={"first_loss": start, "loss": left, "loss of guessing": guess, "steps": updates,
                  "learning_rate": float(rates.mean())},
        threshold=f"below {LEFT:.0%} of the loss of guessing", fix=fix,
    )  # fmt: skip


def _clipped(probe: Probe) -> fixes.Clip | None:
    """Return the fix of an SGD whose first gradients are cut to a tenth or less; None if not so."""
    optimizer = probe.case.model.optimizer
    name = clip_of(optimizer)
    if name is None or type(optimizer).__name__ != "SGD":
        return None
    slopes = [probe.values[n] for n in probe.training.parameters if n in probe.values]
    norms = [float(np.linalg.norm(g)) for g in slopes] or [0.0]
    sizes = [float(np.abs(g).max()) for g in slopes if g.size] or [0.0]
    found = {"global_clipnorm": float(np.linalg.norm(norms)), "clipvalue": max(sizes)}
    size, limit = found.get(name, max(norms)), float(getattr(optimizer, name))
    return fixes.Clip(name, size, limit) if size >= SHORTER * limit else None


SPENT, SLOW, MANY = 0.3, 3e-3, 5  # of the largest rate, and of a usual one; steps of an epoch

CHECKS: Checks = {outrun: (SIZE,), still: (ALIKE,), first_steps: (TOO_HIGH, TOO_LOW, CLIPPED)}

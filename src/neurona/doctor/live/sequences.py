"""GD701, GD704: attention that has chosen for good, recurrent networks that do not remember."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from neurona.doctor.finding import INFO, WARNING, Finding, Rule
from neurona.doctor.fixes import Rate
from neurona.doctor.learning_rate import TOO_HIGH, usual_rates
from neurona.doctor.live.course import WRONG
from neurona.doctor.live.linear import FEATURES, HELD, MARGIN, ROWS, chosen_rows, linear_of
from neurona.doctor.live.middle import median
from neurona.doctor.live.record import FEWEST, Record

RECURRENT = ("RNN", "LSTM", "GRU")
STEPS = 8  # a sequence that is shorter has nothing to forget

FORGETS = Rule(
    "GD704", "it does not remember", "warning",
    "On its way back through time the gradient shrinks at every step, so what came early in a "
    "sequence can't be learnt.",
    auto="race", because=(*WRONG, "GD506"),
    accepted=("GRU", "unit_forget_bias=True", "an orthogonal recurrent_initializer",
              "Bidirectional", "shorter sequences"),
    source="Hochreiter 1991; Bengio et al. 1994",
)  # fmt: skip
LEAST = 1e-4  # of the gradient of the last steps


def is_recurrent(model: Any) -> bool:
    """Whether some layer goes through a sequence step by step."""
    kinds = [type(layer).__name__ for layer in model.all_layers()]
    return any(kind.endswith(RECURRENT) for kind in kinds)


def forgets(record: Record) -> Iterator[Finding]:
    """GD704: early steps have 1e-4 of the gradient of the last ones, and training goes badly."""
    looks = [look for look in record.recent if look.through_time is not None]
    if len(looks) < FEWEST or record.steps < 100 or record.warming:
        if record.ended and record.steps >= 100 and record.struggling():
            yield from _forgets_ids(record)
        return
    norms = median([look.through_time for look in looks])
    quarter = len(norms) // 4
    early, late = float(norms[:quarter].max()), float(norms[-quarter:].max())
    if late <= 0 or early >= LEAST * late or not (told := record.struggling()):
        return
    told_early = _told_by(record, quarter)
    yield FORGETS.found(
        f"the first {quarter} of {len(norms)} steps have {early / late:.1g} times the gradient of "
        f"the last ones; {told}",
        where="x",
        evidence={"ratio": early / late, "steps": len(norms), "linear": told_early},
        threshold=f"{LEAST} of the gradient of the last quarter",
        fix="- SimpleRNN(units)\n+ LSTM(units)",
        severity=INFO if told_early is not None and told_early < MARGIN else WARNING,
    )


def _arrays(record: Record) -> tuple[Any, Any]:
    """Return x and y if they are arrays, and no samples are weighted; else None."""
    run = record.model._training.run
    if run is None or not hasattr(run.source, "arrays"):
        return None, None
    x, y, weight = run.source.arrays
    known = isinstance(x, np.ndarray) and isinstance(y, np.ndarray) and weight is None
    return (x, y) if known else (None, None)


def _forgets_ids(record: Record) -> Iterator[Finding]:
    """Put other ids in place of the first ones of a batch, and of the last: does the loss change?

    Ids have no gradient. It is asked where a linear model of the first ones tells more than was
    learnt, as by heart from the last ones.
    """
    (x, y), rows = _arrays(record), record.looks[0].samples
    if x is None or x.ndim != 2 or x.dtype.kind not in "iu" or x.min() < 0:
        return
    if len(x) < 2 * rows or not is_recurrent(record.model):
        return
    steps, words = x.shape[1], int(x.max()) + 1
    quarter = steps // 4
    if steps < STEPS or quarter * words > FEATURES:
        return
    some = chosen_rows(len(x), ROWS + HELD)
    line = linear_of(record.guess, np.eye(words, dtype="float32")[x[some, :quarter]], y[some])
    if line is None or not line.beats(record):
        return
    probe = record.model._training.steps.get("probe")  # that looks at this training
    if probe is None or not probe.repeats:
        return
    given, other = x[:rows], x[rows : 2 * rows]

    def loss(changed: slice) -> float:
        moved = given.copy()
        moved[:, changed] = other[:, changed]
        return probe.loss((moved, y[:rows], None), 0)

    began = loss(slice(0, 0))
    early, late = (abs(loss(s) - began) for s in (slice(quarter), slice(-quarter, None)))
    if late <= LEAST * began or early >= LEAST * late:
        return
    yield FORGETS.found(
        f"other words in the first {quarter} of {steps} steps change the loss {early / late:.1g} "
        f"times as much as in the last ones, and a linear model tells {line.score:.0%} of the "
        "targets by them",
        where="x",
        evidence={"ratio": early / late, "steps": steps, "linear": line.score - line.plain},
        threshold=f"{LEAST} of what the last quarter changes",
        fix="- SimpleRNN(units)\n+ LSTM(units)",
    )


def _told_by(record: Record, steps: int) -> float | None:
    """Return what a linear model gains by the first steps; None if unknown.

    On guessing by them alone, and on the other steps if it has them, too: where they tell nothing
    of their own, nothing is lost if they are forgotten.
    """
    run = record.model._training.run
    if run is None or not hasattr(run.source, "arrays"):
        return None
    x, y, _ = run.source.arrays
    if not isinstance(x, np.ndarray) or x.ndim != 3:
        return None
    found = linear_of(record.guess, x[:, :steps], y)
    if found is None:
        return None
    rest, whole = linear_of(record.guess, x[:, steps:], y), linear_of(record.guess, x, y)
    beside = whole.score - rest.score if rest is not None and whole is not None else np.inf
    return min(found.score - found.plain, float(beside))


COLLAPSED = Rule(
    "GD701", "attention collapses", "warning",
    "Nearly all of the attention of a query is on one key, whatever the others hold, so the "
    "softmax is flat: next to no gradient tells it to look elsewhere.",
    auto="never",
    because=(*WRONG, "GD502", "GD506", "GD703"),
    accepted=("a warm-up of the learning rate", "weights as they are by default"),
    source="DEFault++; Zhai et al. 2023, Stabilizing transformer training",
)  # fmt: skip
ONE, EVEN, HEADS, EARLY = 0.1, 0.999, 0.5, 0.2  # entropies; share of heads; of the training
LEFT = 0.5  # of the loss of guessing: by unusual steps it should have learnt more


def collapsed(record: Record) -> Iterator[Finding]:
    """GD701: half of the heads look at one key, and training goes badly; at all alike is a fact."""
    looks = [look for look in record.recent if look.attention]
    if len(looks) < FEWEST or record.steps < 100 or record.warming:
        return
    layers = looks[-1].attention.keys()
    shares = {n: np.mean([look.attention[n] for look in looks], axis=0) for n in layers}
    heads = np.concatenate(list(shares.values()))
    one, even = float(np.mean(heads < ONE)), float(np.mean(heads > EVEN))
    late = record.done >= EARLY
    if not (one > HEADS or (even > HEADS and late)):
        return
    rate, usual = (
        max(look.rate for look in record.looks),
        usual_rates(getattr(record.model, "optimizer", None))[1],
    )
    told = record.struggling()
    if not told and one > HEADS and rate > usual and record.loss > LEFT * record.scale:
        told = f"the loss is still {record.loss:.3g}"
    if not told:
        return
    told_of = "one key" if one > HEADS else "all keys alike"
    began = np.concatenate(list(record.looks[0].attention.values()) or [np.zeros(1)])
    if one > HEADS and rate > usual and float(np.mean(began < ONE)) < HEADS:
        yield TOO_HIGH.found(
            f"steps of a learning rate of {rate:g} have brought {one:.0%} of the heads to look at "
            f"one key, from {np.mean(began < ONE):.0%} at first; {told}",
            where="optimizer",
            evidence={"one": one, "learning_rate": rate, "usual": usual},
            threshold=f"a learning rate of at most {usual:g}",
            fix=Rate(rate, 0.3 * usual / rate),
        )
    where = min(shares, key=lambda n: shares[n].mean() if one > HEADS else -shares[n].mean())
    yield COLLAPSED.found(
        f"{max(one, even):.0%} of {len(heads)} heads look at {told_of}: the entropy of "
        f"their weights is {heads.mean():.2f} of the largest; {told}",
        where=where.rpartition("/")[0].partition("/")[2],
        evidence={"entropy": heads, "one": one, "even": even},
        threshold=f"entropy below {ONE} of the largest in {HEADS:.0%} of the heads",
        fix="scores = query @ key.T / size**0.5",
        severity=WARNING if one > HEADS else INFO,
    )


CHECKS = {collapsed: (COLLAPSED, TOO_HIGH), forgets: (FORGETS,)}

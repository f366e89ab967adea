"""GD503, GD504, GD511: units that are dead or saturated, and answers that are all the same."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from neurona.doctor.finding import ERROR, Finding, Rule
from neurona.doctor.fixes import Rate
from neurona.doctor.live.activity import RECTIFIED
from neurona.doctor.live.course import STEPS, TRY_FEW, WRONG
from neurona.doctor.live.record import FEWEST, GUESSING, Look, Record

SAMPLES = 300  # that all of a layer's units are judged by

DEAD = Rule(
    "GD503", "dead ReLU units", "warning",
    "A unit that is 0 for every sample gets no gradient, so it never comes back: that part of the "
    "layer is lost.",
    auto="race",
    because=(*WRONG, "GD110", "GD506", "GD703"),
    accepted=("LeakyReLU", "He initial values", "BatchNormalization before it"),
    source="SageMaker Debugger (50 %)",
)  # fmt: skip
MANY, MOST = 0.4, 0.8  # of a layer
BEGUN = 50  # steps, in which something can be learnt
GROWN = 0.1  # since the first looks, without which they were born so


def dead(record: Record) -> Iterator[Finding]:
    """GD503: 40 % of a layer are 0 for all samples lately, and training goes badly.

    Not where it would without them: nothing that is known of the inputs tells the class.
    """
    looks = _enough(record)
    shares = {n: _dead_share(looks, n) for n, kind in _layers(looks) if kind in RECTIFIED}
    worst = max(shares, key=lambda n: shares[n], default="")
    if not worst or shares[worst] <= MANY or not (told := record.struggling()):
        return
    share, first = shares[worst], _dead_share(record.looks[: len(looks)], worst)
    grown = share - first >= GROWN
    if share <= MOST and (not grown or record.at_guessing()):
        return  # as many are born so in healthy networks; the others would learn what there is
    if not grown and _frozen(record):  # as they came with what was learnt elsewhere
        return
    if _idle_alive(record, worst) or record.unrelated():
        return
    since = f", {first:.0%} at the beginning" if grown else ", as at the beginning"
    yield DEAD.found(
        f"{share:.0%} of its units are 0 for all of {_samples(looks)} samples{since}; {told}",
        where=_place(worst),
        evidence={"dead": share, "at_first": first, "samples": _samples(looks),
                  "layers": [f"{_place(n)}: {s:.0%}" for n, s in shares.items() if s > MANY]},
        threshold=f"{MANY:.0%} of a layer; {MOST:.0%} is an error",
        fix=Rate(looks[-1].rate, 1 / 3)
        if grown
        else "+ kernel_initializer='he_normal', and inputs near 1",
        severity=ERROR if share > MOST and record.at_guessing() else None,
    )  # fmt: skip


def _idle_alive(record: Record, name: str) -> bool:
    """Whether nothing was learnt either while its units were alive: they did not die of a loss."""
    guessing = record.guess.loss
    if guessing is None or min(look.loss for look in record.looks) < guessing / 2:
        return False
    later = [look for look in record.looks if look.step >= BEGUN]
    windows = [later[i : i + 2 * FEWEST] for i in range(0, len(later) - 2 * FEWEST + 1, FEWEST)]
    return any(
        _dead_share(window, name) <= MANY
        and float(np.mean([look.loss for look in window])) >= GUESSING * guessing
        for window in windows
    )


def _frozen(record: Record) -> bool:
    """Whether some layers are not to be trained."""
    return any(not layer.trainable for layer in record.layers if layer.weights)


def _place(key: str) -> str:
    """Return the path of a layer below the model."""
    return key.partition(" ")[2].partition("/")[2]


def _layers(looks: list[Look]) -> list[tuple[str, str]]:
    """Return (key, activation) of each watched layer."""
    return [(name, name.partition(" ")[0]) for name in (looks[-1].activity if looks else ())]


def _enough(record: Record) -> list[Look]:
    """Return the last looks with 300 samples, at least five; none if there are too few."""
    found: list[Look] = []
    for look in reversed(record.looks):
        found.insert(0, look)
        if len(found) >= FEWEST and _samples(found) >= SAMPLES:
            return found
    return found if record.ended and len(found) >= 2 * FEWEST else []


def _samples(looks: list[Look]) -> int:
    return sum(look.samples for look in looks)


def _dead_share(looks: list[Look], name: str) -> float:
    highest = np.max([look.activity[name] for look in looks], axis=0)
    return float(np.mean(highest <= 0))


SATURATED = Rule(
    "GD504", "saturated units", "warning",
    "Where a sigmoid or tanh is flat it lets hardly any gradient through, so the layers before it "
    "stand still.",
    auto="race",
    because=(*WRONG, "GD506"),
    accepted=("ReLU", "Glorot initial values", "BatchNormalization before it"),
    source="DeepDiagnosis 2022",
)  # fmt: skip
FLAT, HALF = 0.05, 0.5  # of the largest derivative; of the units
EARLY = 0.1  # of the training: outputs may be flat before anything else is learnt


def saturated(record: Record) -> Iterator[Finding]:
    """GD504: half of a layer's units have 5 % of their derivative, and training goes badly."""
    looks = _enough(record)
    kinds = {name: kind for name, kind in _layers(looks) if kind not in RECTIFIED}
    flat = {n: float(np.mean(_mean_share(looks, n) < FLAT)) for n in kinds}
    worst = max(flat, key=lambda n: flat[n], default="")
    if not worst or flat[worst] <= HALF or not (told := record.struggling()):
        return
    if not record.ended and record.steps < max(BEGUN, EARLY * (record.total or 0)):
        return
    yield SATURATED.found(
        f"{flat[worst]:.0%} of its units have less than {FLAT:.0%} of their largest derivative; "
        f"{told}",
        where=_place(worst),
        evidence={"saturated": flat[worst],
                  "layers": [f"{_place(n)}: {s:.0%}" for n, s in flat.items() if s > HALF]},
        threshold=f"{HALF:.0%} of the units below {FLAT:.0%}",
        fix=f"- activation={kinds[worst]!r}\n+ activation='relu'",
    )  # fmt: skip


def _mean_share(looks: list[Look], name: str) -> np.ndarray:
    return np.mean([look.activity[name] for look in looks], axis=0)


COLLAPSED = Rule(
    "GD511", "one answer for all", "warning",
    "The model gives the same class for everything: its outputs do not depend on the inputs.",
    auto="never",
    because=(*WRONG, "GD107", *STEPS),
    source="TheDeepChecker 2022",
)  # fmt: skip
ALL, USUAL, SEEN, ENOUGH = 0.99, 0.9, 200, 200


def collapsed(record: Record) -> Iterator[Finding]:
    """GD511: 99 % of the answers are one class that is no large majority, and nothing is learnt."""
    predicted = [x.predicted for x in record.looks[-2 * FEWEST :] if x.predicted is not None]
    majority = record.guess.majority
    if len(predicted) < FEWEST or majority is None or majority >= USUAL or record.steps < ENOUGH:
        return
    counts = np.sum(predicted, axis=0)
    share = float(counts.max() / counts.sum())
    if counts.sum() < SEEN or share <= ALL or not (told := record.at_guessing()):
        return
    yield COLLAPSED.found(
        f"{share:.0%} of the answers are class {int(counts.argmax())}; {told}",
        evidence={"share": share, "class": int(counts.argmax()), "majority": majority},
        threshold=f"{ALL:.0%} of {SEEN} answers, where no class has {USUAL:.0%} of the samples",
        fix=TRY_FEW,
    )


CHECKS = {dead: (DEAD,), saturated: (SATURATED,), collapsed: (COLLAPSED,)}

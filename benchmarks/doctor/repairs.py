"""Repairs: what becomes of a faulty program that the doctor mends, beside random search.

A fault can be repaired if the fix of its first accepted cause may be applied, at once ("safe") or
after a race, and all samples of the twin are there: what is gone, no change of a training brings
back. A run counts if without repairs it does not reach 95 % of its healthy twin; what the library
refuses to train, with an error that says what to do, is its owner's.
"""

from __future__ import annotations

import functools
import importlib
import json
import math
import pkgutil
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

import neurona as nn
import neurona.doctor
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.record import joined
from benchmarks.doctor.training import CRASH, Training, run
from neurona.core import random
from neurona.core.tree import flatten
from neurona.doctor import Rule

REACHED = 0.95  # of the twin's score
WORSE = 0.02  # by which a score is lower: less is chance
RATES = (1e-5, 1.0)  # of the random search, as likely in each power of ten
STARTS = ("as it is", "he_normal", "glorot_uniform")
BATCHES = (8, 32, 128)


def repairable(fault: Fault) -> bool:
    """Whether the fix of the first accepted cause may be applied, and no samples are gone."""
    known = any(rule.id == fault.causes[0] and rule.auto != "never" for rule in _rules())
    return known and not _gone(fault)


@functools.cache
def _gone(fault: Fault) -> bool:
    """Whether the faulty program has fewer samples than its twin."""
    with random.undisturbed():
        twin, faulty = (_samples(make()) for make in (fault.twin, fault.faulty))
    return 0 < faulty < twin


def _samples(t: Training) -> int:
    """Return how many samples are trained on; 0 if that is not known."""
    known = (
        [len(a) for a in flatten(t.y)[0] if isinstance(a, np.ndarray)] if t.y is not None else []
    )
    return min(known, default=0)


def _rules() -> list[Rule]:
    modules = pkgutil.walk_packages(neurona.doctor.__path__, "neurona.doctor.")
    found = [v for m in modules for v in vars(importlib.import_module(m.name)).values()]
    return [rule for rule in found if isinstance(rule, Rule)]


def repaired(fault: Fault, seed: int) -> dict[str, Any]:
    """Return the scores of the twin, of the fault, of the mended one, and of random search."""
    plain = run(fault.faulty, seed)
    twin, faulty = run(fault.twin, seed).score, plain.score
    found = {"name": fault.name, "seed": seed, "twin": twin, "faulty": faulty}
    refused = plain.error and not plain.error.startswith(CRASH)
    if not refused and not reached(faulty, twin):
        mended = run(lambda: judged(fault), seed, repair="race")
        trials = math.ceil(1 + mended.raced)  # as many steps as the mended training and its races
        found |= {
            "mended": mended.score,
            "repairs": mended.repairs,
            "error": mended.error,
            "trials": trials,
            "searched": searched(fault, seed, trials),
        }
    print(_line(found), file=sys.stderr, flush=True)
    return found


def judged(fault: Fault) -> Training:
    """Return the faulty training, scored as the twin is if its model gets other outputs."""
    t, score = fault.faulty(), fault.twin().score
    begun: list[Any] = []

    def model() -> Any:
        made = t.model()
        begun.append(made.output_shape)
        return made

    def scored(mended: Any, training: Training) -> float:
        return (t.score if mended.output_shape == begun[0] else score)(mended, training)

    return t.but(model=model, score=scored)


def reached(score: float | None, twin: float | None) -> bool:
    """Whether a score is 95 % of the twin's."""
    return twin is not None and score is not None and score >= REACHED * twin


def summed(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the shares of runs: reach the twin, are made worse, reach it beyond random search."""
    runs = [f for f in found if "mended" in f]
    if not runs:
        return {"runs": 0}
    ours = np.mean([reached(f["mended"], f["twin"]) for f in runs])
    theirs = np.mean([reached(f["searched"], f["twin"]) for f in runs])
    worse = np.mean([_value(f["mended"]) < _value(f["faulty"]) - WORSE for f in runs])
    return {
        "runs": len(runs),
        "repaired": round(float(ours), 3),
        "made worse": round(float(worse), 3),
        "random search": round(float(theirs), 3),
        "above random search": round(float(ours - theirs), 3),
    }


def _value(score: float | None) -> float:
    return -1.0 if score is None or not math.isfinite(score) else score


def _line(f: dict[str, Any]) -> str:
    if "mended" not in f:
        return f"- {f['name']}: {f['faulty']} of {f['twin']}"
    mark = " " if reached(f["mended"], f["twin"]) else "X"
    worse = "!" if _value(f["mended"]) < _value(f["faulty"]) - WORSE else " "
    made = [f"{r['rule']}{'' if r['kept'] else ' lost'} {r['when']}" for r in f["repairs"]]
    scores = {k: round(_value(f[k]), 3) for k in ("twin", "faulty", "mended", "searched")}
    return f"{mark}{worse} {f['name']}: {json.dumps(scores)} {made} {f['error']}"


# --- random search --------------------------------------------------------------------------------


def searched(fault: Fault, seed: int, trials: int) -> float | None:
    """Return the score of the best of some random trials, by the loss of the validation data.

    Each has another learning rate, initial weights, scale of the inputs and size of the batches.
    """
    drawn = np.random.default_rng([seed, 7])
    best, score = math.inf, None
    for _ in range(trials):
        losses: list[float] = []
        draw = {
            "rate": float(10 ** drawn.uniform(*np.log10(RATES))),
            "start": str(drawn.choice(STARTS)),
            "scaled": bool(drawn.integers(2)),
            "batch": int(drawn.choice(BATCHES)),
        }
        result = run(lambda draw=draw, losses=losses: _trial(fault.faulty(), draw, losses), seed)
        if losses and losses[0] < best:
            best, score = losses[0], result.score
    return score


def _trial(t: Training, draw: dict[str, Any], losses: list[float]) -> Training:
    """Return a training with settings that were drawn; its validation loss goes into the list."""
    x, y, _ = joined(t)
    t = t.but(x=x, y=y, fit={k: v for k, v in t.fit.items() if k != "steps_per_epoch"})
    make, optimizer, score = t.model, t.optimizer, t.score

    def model() -> Any:
        made = make()
        for layer in made.all_layers():
            kernel = getattr(layer, "kernel", None)
            if draw["start"] != "as it is" and isinstance(kernel, nn.Parameter):
                kernel.assign(nn.initializers.get(draw["start"])(kernel.shape, kernel.dtype))
        return made

    def stepping() -> Any:
        made = optimizer()
        rate = draw["rate"]
        given = made._schedule is not None  # in place of a schedule, one that never changes
        made.learning_rate = (
            nn.optimizers.schedules.PolynomialDecay(rate, 1, rate) if given else rate
        )
        return made

    def judged(model: Any, training: Training) -> float:
        held = training.validation or (training.x, training.y)
        logs = model.evaluate(*held, batch_size=fixed, verbose=0, return_dict=True)
        losses.append(logs["loss"])
        return score(model, training)

    with random.undisturbed():
        stateful = any(getattr(layer, "stateful", False) for layer in make().all_layers())
    fixed = t.batch_size if stateful else None
    t = t.but(model=model, optimizer=stepping, batch_size=fixed or draw["batch"], score=judged)
    return t.on(_scaling(x)) if draw["scaled"] else t


def _scaling(x: Any) -> Callable[[Any], Any]:
    """Return what scales inputs as these rows ask for: those that are no floats stay."""

    def one(a: Any, like: Any) -> Any:
        like = np.asarray(like)
        if like.dtype.kind != "f":
            return a
        return ((a - like.mean(axis=0)) / (like.std(axis=0) + 1e-7)).astype("float32")

    if isinstance(x, tuple):
        return lambda parts: tuple(one(a, like) for a, like in zip(parts, x, strict=True))
    return lambda a: one(a, x)

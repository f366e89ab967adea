"""Settings: learning rate, regularisers, dropout, metrics."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from neurona.doctor import fixes
from neurona.doctor.anytime import STRONG
from neurona.doctor.case import Case
from neurona.doctor.ends import End
from neurona.doctor.finding import ERROR, Finding, Rule
from neurona.doctor.learning_rate import ADAPTIVE, usual_rates
from neurona.doctor.statics.plan import planned_rates
from neurona.doctor.written import diff, place, written_at
from neurona.regularizers import L2

RATE = Rule(
    "GD210",
    "unusual learning rate",
    "info",
    "Rates that work lie within a few powers of ten for each rule; another one is unusual, not "
    "wrong.",
    accepted=("nn.callbacks.LearningRateScheduler",),
)


def rate(case: Case) -> Iterator[Finding]:
    """Hold the learning rate against those that are common."""
    optimizer = case.model.optimizer
    if optimizer is None or case.custom or getattr(optimizer, "_schedule", None) is not None:
        return
    name, value = type(optimizer).__name__, float(np.asarray(optimizer.learning_rate))
    if name not in ("SGD", *ADAPTIVE):
        return
    low, high = usual_rates(optimizer)
    if value == 0:
        yield RATE.found(
            "the learning rate is 0: nothing will change",
            where=name,
            evidence={"learning rate": value},
            threshold=f"{low:g} to {high:g}",
            fix=f"- {name}(0)\n+ {name}({math.sqrt(low * high):.0e})",
            severity=ERROR,
        )
    elif not low <= value <= high:
        yield RATE.found(
            f"a learning rate of {value:g} is unusual for {name}",
            where=name,
            evidence={"learning rate": value},
            threshold=f"{low:g} to {high:g}",
        )


# --- regularisers ------------------------------------------------------------------------------

MOST, TIMES = 0.8, 2.0  # dropout; times the loss of guessing
HOPELESS = 20.0  # times it: no other cause matters beside it


def strong(case: Case) -> Iterator[Finding]:
    """Look at dropout rates, at noise on the output, and at penalties beside the loss."""
    for layer in case.layers:
        dropped = getattr(layer, "rate", None)
        if "Dropout" in type(layer).__name__ and isinstance(dropped, float) and dropped >= MOST:
            yield STRONG.found(
                f"{layer.name!r} drops {dropped:.0%} of its inputs",
                where=place(layer),
                evidence={"rate": dropped},
                threshold=f"below {MOST:.0%}",
                fix=fixes.Drop(dropped),
            )
        between = {n: getattr(layer, n, None) for n in ("dropout", "recurrent_dropout")}
        rates = {n: r for n, r in between.items() if isinstance(r, float)}
        name = max(rates, key=lambda n: rates[n], default="")
        most = rates.get(name, 0.0)
        if most >= MOST and "Cell" not in type(layer).__name__:
            yield STRONG.found(
                f"{layer.name!r} drops {most:.0%} of what its gates get",
                where=place(layer),
                evidence={"rate": most},
                threshold=f"below {MOST:.0%}",
                fix=fixes.Drop(most, 0.2, name),
            )
    for end in case.ends:
        source = end.tensor.value.source
        kind = source.origins[0].kind if source is not None and source.origins else ""
        if "Dropout" in kind or (kind == "BatchNormalization" and end.kind == "squared"):
            yield STRONG.found(
                f"{end.called} comes from {kind}, so what is answered is noisy in training",
                where=end.place,
                evidence={"layer": kind},
                threshold="no dropout, no BatchNorm on an output",
                fix=fixes.LeaveOut(kind),
            )
    yield from _penalty(case)
    yield from _decay(case)


def _decay(case: Case) -> Iterator[Finding]:
    """Look for a decay that no step can hold a weight against.

    A step of Adam and its kin changes a weight by its rate at most, whatever the gradient is, and
    decay takes rate * decay * weight of it. To plain steps it is a penalty on squares.
    """
    optimizer, guess = case.model.optimizer, [e.guess for e in case.ends if e.loss is not None]
    decay = float(getattr(optimizer, "weight_decay", None) or 0.0)
    if not decay or case.custom or case.trained or not guess or None in guess:
        return
    kernels = [p.numpy() for p in case.examined.trainable_weights if len(p.shape) > 1]
    way = float(planned_rates(case)[1].mean()) * case.planned_steps
    if not kernels or way * decay < 1:  # it has no time to act
        return
    size = float(np.median([np.sqrt(np.square(w).mean()) for w in kernels]))
    penalty = decay / 2 * sum(float(np.square(w).sum()) for w in kernels)
    loss = sum(g or 0.0 for g in guess)
    if type(optimizer).__name__ in ADAPTIVE and size > 1 / decay:
        said, less = f"steps hold weights up to {1 / decay:.2g}, and they begin at {size:.2g}", 0.01
    elif type(optimizer).__name__ == "SGD" and penalty > TIMES * loss:
        said, less = f"penalties are {penalty:.3g}, where guessing has a loss of {loss:.3g}", 1e-4
    else:
        return
    yield STRONG.found(
        f"with a weight_decay of {decay:g} {said}",
        where="optimizer",
        evidence={"weight_decay": decay, "weights": size, "penalty": penalty},
        threshold=f"weights that steps can hold, penalties up to {TIMES:g} times guessing",
        fix=fixes.Decay(decay, less),
    )


def _penalty(case: Case) -> Iterator[Finding]:
    guess = [end.guess for end in case.ends if end.loss is not None]
    if case.custom or case.trained or not guess or None in guess:
        return
    terms = {
        p.path: float(np.asarray(p.regularizer(p.value)))
        for p in case.examined.trainable_weights
        if p.regularizer is not None
    }
    added = case.forward.evaluate(case.forward.added)
    terms |= {f"layer that adds to the loss, {k}": float(a) for k, a in enumerate(added, 1)}
    penalty, loss = sum(terms.values()), sum(g or 0.0 for g in guess)
    if penalty > TIMES * loss:
        largest = max(terms, key=lambda path: terms[path])
        yield STRONG.found(
            f"the penalties are {penalty:.3g}, where guessing has a loss of {loss:.3g}",
            where=_where(case, largest),
            evidence={"penalty": penalty, "loss of guessing": loss, "largest": terms[largest]},
            threshold=f"at most {TIMES:g} times the loss of guessing",
            fix=fixes.Penalise(10 * penalty / loss, _lighter(case, largest)),
            severity=ERROR if penalty > HOPELESS * loss else None,
        )


def _where(case: Case, path: str) -> str:
    layer = written_at(case.layers, path)
    return path if layer is None else place(layer)


def _lighter(case: Case, path: str) -> str:
    """Return the code of the layer that a penalty is of, with a small one; "" if unknown."""
    layer = written_at(case.layers, path)
    given = [k for k in layer.arguments if k.endswith("_regularizer")] if layer is not None else []
    small = L2(1e-4)
    if layer is None or not given:
        return ""
    return diff(layer, **dict.fromkeys(given, small))


# --- metrics -----------------------------------------------------------------------------------

METRIC = Rule(
    "GD215",
    "metric that does not fit",
    "warning",
    "A metric that compares other things than the task asks for shows numbers that mean nothing, "
    "and choices are made by them.",
    auto="safe",
)


def metric(case: Case) -> Iterator[Finding]:
    """Hold each metric against the task and the output."""
    for end in case.ends:
        for given in end.metrics:
            name = type(given).__name__
            said, fix = _misfit(end, name)
            if said:
                called = getattr(given, "name", name)
                yield METRIC.found(
                    said,
                    where=called,
                    evidence={"metric": name, "task": end.task.name, "outputs": end.width},
                    threshold="a metric of the task",
                    fix=f'- metrics=["{called}"]\n+ metrics=[{fix}]',
                )


def _misfit(end: End, name: str) -> tuple[str, str]:
    task = end.task.name
    if "Accuracy" in name and task == "numbers" and end.kind == "squared":
        return "accuracy counts exact hits, and the targets are quantities", '"mae"'
    if name == "BinaryAccuracy" and task == "classes" and end.width > 2:
        return (
            f"binary accuracy of {end.width} outputs counts each 0 that is right: guessing has "
            f"{1 - 1 / end.width:.0%}",
            '"accuracy"',
        )
    if name in ("CategoricalAccuracy", "SparseCategoricalAccuracy") and end.width == 1:
        return f"{name} takes the largest of one output, which is always the first", '"accuracy"'
    signed = end.values.size and end.task.name == "binary" and float(end.values.min()) < 0
    if name == "BinaryAccuracy" and signed:
        return "accuracy compares with 0 and 1, and the labels are -1 and 1", (
            "lambda y, p: nn.ops.mean((y * p > 0).astype('float32'))"
        )
    return "", ""


CHECKS = {rate: (RATE,), strong: (STRONG,), metric: (METRIC,)}

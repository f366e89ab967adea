"""Foreseen: what a training will show that its settings say already."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from neurona.core.tree import flatten
from neurona.doctor.case import Case
from neurona.doctor.finding import WARNING, Checks, Finding
from neurona.doctor.fixes import Momentum
from neurona.doctor.live.course import NOTHING_LEARNT
from neurona.doctor.live.updates import DRIFT, STARVED, STATE, gathered, stateful
from neurona.doctor.probe.probe import Probe, probe_of
from neurona.doctor.statics.structure import UNCONNECTED, reached
from neurona.nn.parameter import Parameter

STILL = 0.7  # of what running figures began with is left when the training ends
LEAST = 20  # steps
MOST, SEVERAL = 0.5, 0.25  # of the samples may have no weight; if they are of several classes
FEW = 3  # batches
FAINT, USUAL = 0.02, 1e-3  # a mean weight; a rate that is left of it for plain SGD


def no_gradient(case: Case) -> Iterator[Finding]:
    """GD516: weights of samples or classes that are all 0, gradients that are never used."""
    classes = case.class_weight.values() if isinstance(case.class_weight, dict) else ()
    given = {"class_weight": [np.asarray(list(classes))], "sample_weight": []}
    if case.sample_weight is not None:
        given["sample_weight"] = [np.asarray(w) for w in flatten(case.sample_weight)[0]]
    for name, arrays in given.items():
        if any(a.size for a in arrays) and not any(a.any() for a in arrays):
            yield STARVED.found(
                "all weights of samples or classes are 0", where=name, evidence={},
                fix=f"- {name}=...\n+ {name}=None  # or some above 0",
            )  # fmt: skip
    yield from _ignored(case)
    yield from _faint(case, given["sample_weight"])
    if case.model.overrides("train_step") and not _moves(probe_of(case)):
        yield STARVED.found(
            "train_step gives the optimizer no gradients", where="train_step", evidence={},
            fix="+ self.optimizer.apply(grads, self)  # in train_step",
        )  # fmt: skip
    steps = case.planned_steps
    k = int(getattr(case.model.optimizer, "gradient_accumulation_steps", None) or 1)
    if 0 < steps < k:
        said, fix = gathered(k, f"{steps} are planned")
        evidence = {"steps": steps, "gathered over": k}
        yield STARVED.found(said, where="optimizer", evidence=evidence, fix=fix)


def _faint(case: Case, weights: list[np.ndarray]) -> Iterator[Finding]:
    """Look for weights of samples that make each step of plain SGD next to nothing."""
    optimizer = case.model.optimizer
    if type(optimizer).__name__ != "SGD" or len(weights) != 1 or case.custom:
        return
    mean, rate = float(np.mean(weights[0])), float(np.asarray(optimizer.learning_rate))
    if 0 < mean < FAINT and mean * rate < USUAL:
        yield STARVED.found(
            f"the weights of samples are {mean:.3g} on average, so each step of {rate:g} is "
            f"{1 / mean:,.0f} times as short as without them",
            where="sample_weight",
            evidence={"mean": mean, "learning_rate": rate},
            threshold=f"a mean of 1, or at least {FAINT:g}",
            fix="+ sample_weight = sample_weight / sample_weight.mean()",
            severity=WARNING,
        )


def _moves(probe: Probe) -> bool:
    """Whether a train_step gives gradients to an optimizer, or assigns weights by itself."""
    step, weights = probe.training, {id(p) for p in probe.twin.trainable_weights}
    return bool(step.parameters) or any(id(p) in weights for p in step.assigned)


def _ignored(case: Case) -> Iterator[Finding]:
    """Look for classes of weight 0 that most samples are of."""
    weights = case.class_weight if isinstance(case.class_weight, dict) else {}
    zero = [int(k) for k, v in weights.items() if not v]
    if len(zero) in (0, len(weights)) or case.custom or len(case.ends) != 1:
        return
    labels = case.ends[0].task.labels
    share = float(np.isin(labels, zero).mean()) if labels.ndim == 1 and labels.size else 0.0
    most = MOST if len(zero) == 1 else SEVERAL  # one may be what is to be left out
    if share > most:
        yield STARVED.found(
            f"the weight of class {', '.join(map(str, zero[:3]))} is 0, and {share:.0%}"
            " of the samples are of them: nothing is learnt of these",
            where="class_weight",
            evidence={"classes": zero, "share": share},
            threshold=f"at most {most:.0%} of the samples without a weight",
            fix="+ class_weight={k: len(y) / (classes * n) for k, n in enumerate(np.bincount(y))}",
        )  # fmt: skip


def left_out(case: Case) -> Iterator[Finding]:
    """GD212: hold what a train_step gives the optimizer against what the answers are made of.

    Weights that it assigns by itself, or that answer nothing, as those of a target network, are
    left out on purpose; so are those that were learnt before.
    """
    if not case.model.overrides("train_step") or case.trained:
        return
    step = probe_of(case).training
    given = (*step.parameters.values(), *step.assigned)
    moved = {p.path for p in given if isinstance(p, Parameter)}
    used = reached(case.forward, case.forward.outputs)
    lost = [p.path for p in case.examined.trainable_weights if id(p) in used]
    lost = [path for path in lost if path not in moved]
    if moved and lost:
        yield UNCONNECTED.found(
            f"train_step gives the optimizer no gradient of {len(lost)} weights that the answers "
            f"are made of: {', '.join(map(repr, lost[:3]))}",
            where="train_step",
            evidence={"weights": lost[:20]},
            threshold="a gradient of each weight that is to be trained",
            fix="+ value, grads = nn.value_and_grad(loss, parameters=self)()  # of all\n"
            "+ self.optimizer.apply(grads, self)",
        )


def same_targets(case: Case) -> Iterator[Finding]:
    """GD510: batches with other samples, and the very same targets each time."""
    size = case.batch_size
    if case.whole or case.custom or case.size < FEW * size:
        return
    given, wanted = (
        [a[: case.size // size * size].reshape(-1, size, *a.shape[1:]) for a in arrays]
        for arrays in (case.inputs, case.targets)
    )
    varied = any((a[0] != a[0, :1]).any() for a in wanted)
    if varied and _same(wanted) and not _same(given):
        yield NOTHING_LEARNT.found(
            f"each of {case.size // size} batches has the same {size} targets, in one order, and "
            "other samples",
            where="y", evidence={"batches": case.size // size, "size": size},
            threshold="targets that go with their samples",
            fix="print(next(iter(data)))  # look at where y is cut into batches",
        )  # fmt: skip


def _same(batches: list[np.ndarray]) -> bool:
    return all(bool((a == a[:1]).all()) for a in batches)


def states(case: Case) -> Iterator[Finding]:
    """GD706: a stateful layer, and samples in another order each epoch."""
    if case.shuffle and case.whole and not case.custom:
        yield from stateful(case.layers)


def running_figures(case: Case) -> Iterator[Finding]:
    """GD513: figures of BatchNormalization that are hardly moved by all steps together."""
    steps = case.planned_steps
    norms = [x for x in case.layers if type(x).__name__ == "BatchNormalization" and x.trainable]
    slow = [x for x in norms if float(x.momentum) ** steps > STILL]
    if steps < LEAST or case.trained or not slow:
        return
    layer = slow[0]
    left = float(layer.momentum) ** steps
    yield DRIFT.found(
        f"with a momentum of {layer.momentum:g} the running mean and spread are still {left:.0%} "
        f"what they began as when {steps:,} steps have been made",
        where=layer.name,
        evidence={"momentum": layer.momentum, "steps": steps, "left": left},
        threshold=f"at most {STILL:.0%} of the beginning",
        fix=Momentum(layer.momentum),
    )


CHECKS: Checks = {
    no_gradient: (STARVED,), left_out: (UNCONNECTED,), same_targets: (NOTHING_LEARNT,),
    states: (STATE,), running_figures: (DRIFT,),
}  # fmt: skip

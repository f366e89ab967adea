"""GD513 to GD516, GD706: what the update and its surroundings do to the gradient."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from neurona.doctor.finding import Finding, Rule
from neurona.doctor.fixes import Clip, Momentum
from neurona.doctor.live.course import WRONG
from neurona.doctor.live.middle import median
from neurona.doctor.live.record import FEWEST, Look, Record

DRIFT = Rule(
    "GD513", "BatchNormalization drifts", "warning",
    "In training it uses the batch's own mean and spread, afterwards running ones: these differ so "
    "much that the trained model answers worse than it did in training.",
    auto="race", because=(*WRONG, "GD506"),
    accepted=("a larger batch", "GroupNormalization or LayerNormalization"),
    source="TheDeepChecker 2022",
)  # fmt: skip
TIMES, LATE = 1.5, 0.5  # the loss of training; share of the run before which it may follow
MATTERS = 0.1  # of the loss of guessing
USUAL, SETTLED = 0.9, 10.0  # momentum; times as many steps as it looks back upon
LATEST = 0.9  # share of the run by which a longer memory should be right, too,
STALE = 0.1  # if more than this share of the running figures is as it was at the beginning
MOSTLY = 0.5  # or more than this of the running variance is


def drift(record: Record) -> Iterator[Finding]:
    """GD513: on batches of the training data the loss of evaluation is 1.5 times as large."""
    looks = [look for look in record.recent if look.evaluated is not None]
    layers = [x for x in record.layers if type(x).__name__ == "BatchNormalization"]
    momentum = max((layer.momentum for layer in layers), default=0.99)
    left = momentum**record.steps
    stale = record.done >= LATEST and (left > STALE or left > MOSTLY * _spread(layers))
    arrived = stale or record.steps * (1 - momentum) >= SETTLED
    if record.done < LATE or not arrived or record.steps < 20 or len(looks) < FEWEST:
        return
    training = float(median([look.loss for look in looks]))
    evaluated = float(median([look.evaluated or 0.0 for look in looks]))
    if evaluated <= TIMES * training or evaluated - training < MATTERS * record.scale:
        return
    if momentum <= USUAL and record.steps * (1 - momentum) < SETTLED:
        return  # weights move fast yet, and running figures are a few steps behind
    yield DRIFT.found(
        f"the same batches have a loss of {training:.3g} in training, and {evaluated:.3g} when "
        "they are evaluated",
        where=layers[0].name if layers else "",
        evidence={"training": training, "evaluated": evaluated, "momentum": momentum},
        threshold=f"{TIMES} times the loss of training",
        fix=Momentum(momentum) if momentum > USUAL else "+ batch_size=64",
    )


def _spread(layers: Sequence[Any]) -> float:
    """Return the least running variance of a layer: of 1, which it began as, it may be the rest."""
    return min((float(np.median(x.moving_variance.numpy())) for x in layers), default=1.0)


CLIPPED = Rule(
    "GD514", "nearly all steps are clipped", "warning",
    "Clipping is for rare spikes; if it cuts every step, it sets their length, and the learning "
    "rate does not.",
    auto="race", because=(*WRONG, "GD506"), accepted=("a larger limit of clipping",),
    source="Tuning Playbook",
)  # fmt: skip
CLIPS = {"clipnorm": "norm", "global_clipnorm": "norm", "clipvalue": "size of a number"}
MOST, SHORTER = 0.5, 10.0  # share of the steps; times: less costs little


def clip_of(optimizer: Any) -> str | None:
    """Return the name of the argument by which an optimizer clips; None if it doesn't."""
    return next((name for name in CLIPS if getattr(optimizer, name, None)), None)


def clipped(record: Record) -> Iterator[Finding]:
    """GD514: most gradients are clipped to a tenth or less, and training goes badly."""
    optimizer, looks = record.model.optimizer, record.looks
    name = clip_of(optimizer)
    if name is None or len(looks) < 2 * FEWEST or record.warming:
        return
    limit = float(getattr(optimizer, name))
    norms = [_norm(look, name) for look in looks]
    share = float(np.mean([n > limit for n in norms]))
    usual = float(median(norms))
    if share <= MOST or usual < SHORTER * limit or not (told := record.struggling()):
        return
    yield CLIPPED.found(
        f"{share:.0%} of the steps are clipped: the median {CLIPS[name]} is {usual:.2g}, and "
        f"{limit:.2g} is allowed; {told}",
        where="optimizer",
        evidence={"share": share, "median": usual, name: limit},
        threshold=f"{MOST:.0%} of the steps, to {1 / SHORTER:.0%} of their length or less",
        fix=Clip(name, float(np.percentile(norms, 90)), limit),
    )


def _norm(look: Look, name: str) -> float:
    """Return what is clipped: the norm of all gradients, or the largest, or size, of one's."""
    if name == "global_clipnorm":
        return look.gradient
    if name == "clipvalue":
        return max((w.gradient for w in look.weights.values()), default=0.0)
    return max((w.norm for w in look.weights.values()), default=0.0)


SPIKE = Rule(
    "GD515", "a spike", "info", "A single batch had a far larger loss than others; it passed.",
    accepted=("clipnorm=1.0",), source="robust z-score",
)  # fmt: skip
SCORES = 10.0


def spike(record: Record) -> Iterator[Finding]:
    """GD515: a loss lies ten times as far from its neighbours as they lie apart, and it passed."""
    if not record.ended:
        return
    losses = np.array([look.loss for look in record.looks])
    if len(losses) < 4 * FEWEST or not np.isfinite(losses).all():
        return
    for i in range(FEWEST, len(losses) - FEWEST):
        near = np.concatenate([losses[i - FEWEST : i], losses[i + 1 : i + 1 + FEWEST]])
        spread = 1.4826 * float(median(np.abs(near - median(near))))
        above = losses[i] - float(median(near))
        if spread > 0 and above > SCORES * spread and above > record.scale:
            yield SPIKE.found(
                f"the batch of step {record.looks[i].step} had a loss of {losses[i]:.3g}, and its "
                f"neighbours {median(near):.3g}",
                evidence={"step": record.looks[i].step, "loss": losses[i], "z": above / spread},
                threshold=f"{SCORES:.0f} times the spread of its neighbours",
            )
            return


STARVED = Rule(
    "GD516", "no gradient at all", "error",
    "Nothing asks the weights to change, so the model stays as it was made.",
    auto="never", because=("GD212",), source="a fact",
)  # fmt: skip


def starved(record: Record) -> Iterator[Finding]:
    """GD516: all sample or loss weights are 0, or no step has changed a single number."""
    zero = record.zero_weights
    looks = record.looks
    k = int(getattr(record.model.optimizer, "gradient_accumulation_steps", None) or 1)
    unmoved = len(looks) >= FEWEST and all(w.moved == 0 for w in looks[-1].kernels.values())
    unmoved = unmoved and bool(looks[-1].kernels) and record.steps >= 20 and not record.warming
    rates = max((look.rate for look in looks), default=0.0)
    if zero:
        given = "loss_weights" if "loss" in zero else "sample_weight"
        why, fix = zero, f"- {given}=...\n+ {given}=None  # or some above 0"
    elif unmoved and rates == 0:
        why, fix = "the learning rate is 0", "- learning_rate=0\n+ learning_rate=0.001"
    elif unmoved and k > record.steps:
        why, fix = gathered(k, f"{record.steps} were made")
    elif unmoved and all(look.gradient == 0 for look in looks):
        why, fix = "every gradient is 0", "model.diagnose(x, y)"
    else:
        return
    yield STARVED.found(why, evidence={"steps": record.steps, "rate": rates}, fix=fix)


def gathered(k: int, steps: str) -> tuple[str, str]:
    """Return what is wrong with gathering gradients over more steps than there are, and a fix."""
    fix = f"- gradient_accumulation_steps={k}\n+ gradient_accumulation_steps=None"
    return f"gradients are gathered over {k} steps, and {steps}", fix


STATE = Rule(
    "GD706", "states go on into other samples", "error",
    "A stateful layer goes on where the batch before ended, but shuffling puts other sequences "
    "into its places.",
    auto="never", source="Keras's guide to stateful RNNs",
)  # fmt: skip


def state(record: Record) -> Iterator[Finding]:
    """GD706: a stateful recurrent layer is trained on shuffled batches."""
    if record.shuffled:
        yield from stateful(record.layers)


def stateful(layers: Sequence[Any]) -> Iterator[Finding]:
    """GD706 of layers whose samples are shuffled."""
    names = [x.name for x in layers if getattr(x, "stateful", False) is True]
    if names:
        yield STATE.found(
            "it is stateful, and the samples are shuffled",
            where=names[0],
            evidence={"layers": names},
            fix="- model.fit(x, y)\n"
            "+ model.fit(x, y, shuffle=False)  # and layer.reset_states() between sequences",
        )


CHECKS = {
    starved: (STARVED,), state: (STATE,), clipped: (CLIPPED,), drift: (DRIFT,), spike: (SPIKE,),
}  # fmt: skip

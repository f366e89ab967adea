"""GD508, GD509, GD510: a training that has stopped, swings to and fro, or has not begun."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np

from neurona.core import random
from neurona.core.tree import flatten
from neurona.doctor.anytime import SIZE, STRONG
from neurona.doctor.finding import Finding, Rule
from neurona.doctor.fixes import Rate, Unit
from neurona.doctor.live.record import BARELY, Record
from neurona.nn.parameter import rehearsal

STEPS = (
    "GD701", "GD703", "GD704", "GD501", "GD503", "GD504", "GD505", "GD506", "GD507", "GD512",
    "GD514", "GD516",
)  # fmt: skip
WRONG = (
    "GD101", "GD102", "GD103", "GD104", "GD105", "GD113", "GD201", "GD202", "GD203", "GD204",
    "GD106", "GD111", "GD112", "GD114", "GD205", "GD206", "GD207", "GD208", "GD209", "GD211",
    "GD212", "GD214", "GD216", "GD301", "GD310", "GD303", "GD304", "GD305", "GD306",
    "GD307", "GD308", "GD401",
)  # fmt: skip

NOTHING_LEARNT = Rule(
    "GD510", "nothing is learnt", "warning",
    "The answers are no better than always giving the same one, so nothing of the inputs has got "
    "through to them yet.",
    auto="never", because=(*WRONG, *STEPS, "GD511", "GD513", "GD705"),
    accepted=("shuffle y and train again: the same loss says that x and y are unrelated",),
    source="Karpathy 2019 (baseline)",
)  # fmt: skip
TRY_FEW = "nn.overfit_one_batch(model, x, y)  # can it learn 16 rows by heart?"
ENOUGH = 200  # steps
EPOCHS, FEW = 10, 60  # or so many epochs, if they have so many steps in all
SHORT, SOME, BY_HEART = 5, 100, 0.9  # epochs and steps, if no more come; of guessing: learnt
LATE = 0.75  # of the training: whoever has learnt so little by then
FEWEST_SAMPLES = 300  # whose labels can be told from others'


def nothing_learnt(record: Record) -> Iterator[Finding]:
    """GD510: after an epoch and 200 steps the loss is that of always giving the same answer."""
    epochs = len(record.logs)
    over = record.ended and epochs >= SHORT and record.steps >= SOME
    enough = record.steps >= ENOUGH or (epochs >= EPOCHS and record.steps >= FEW)
    if not epochs or not (enough or over) or record.warming:
        return
    told = record.at_guessing()
    begun = enough or record.loss < BY_HEART * record.scale
    if not told and begun and record.done >= 0.5 and not _few_by_heart(record):
        told = record.held_at_guessing()
    if not told and record.done >= LATE and (enough or record.stuck()):
        told = record.unrelated()
    if not told:
        return
    unit = "R2 <= 0.02" if record.guess.squared else "98 % of it"
    yield NOTHING_LEARNT.found(
        f"after {record.steps} steps {told}",
        evidence={"loss": record.loss, "guessing": record.guess.loss, "steps": record.steps,
                  "epochs": epochs},
        threshold=f"the loss of the best answer that is always the same: {unit}",
        fix=TRY_FEW,
    )  # fmt: skip


def _few_by_heart(record: Record) -> bool:
    """Whether there are so few samples that they are learnt by heart, which tells nothing else."""
    return record.guess.samples < FEWEST_SAMPLES and record.loss < record.scale / 2


LEAST_SPREAD = 1e-12
HARDLY, LIKE = 0.1, 0.8  # spread; R2 of means
MOST_ROWS, LEAST_ROWS = 256, 32  # that are answered op by op
WIDTH, NUMBERS = 8, 1 << 20  # of one; of all


def mean_for_all(record: Record) -> Iterator[Finding]:
    """GD510, GD211: all samples are answered by the mean of what there is to be told, at the end.

    With a loss that some layer adds, this one weighs more: a code is paid for, and not used.
    """
    run = record.model._training.run
    added = bool(record.looks) and record.looks[0].penalty > 0
    known = record.guess.answer is not None and not added  # told by its loss
    if not record.ended or record.steps < ENOUGH or run is None or known:
        return
    x, y, _ = run.source.arrays if hasattr(run.source, "arrays") else (None, None, None)
    leaves = [flatten(part)[0] for part in (x, x if y is None else y)]
    if x is None or any(len(part) != 1 for part in leaves) or record.at_guessing():
        return
    fitting = NUMBERS // max(leaves[0][0][:1].size, 1)
    rows = max(LEAST_ROWS, min(MOST_ROWS, fitting))
    given, wanted = (np.asarray(part[0][:rows]) for part in leaves)
    if wanted[:1].size < WIDTH or wanted.dtype.kind not in "fiu":
        return
    with random.undisturbed(), rehearsal():
        told = np.asarray(record.model(given, training=False))
    if told.shape != wanted.shape:
        return
    p, t = (a.reshape(len(a), -1).astype(np.float64) for a in (told, wanted))
    spread = float(np.sqrt(p.var(axis=0).mean() / max(t.var(axis=0).mean(), LEAST_SPREAD)))
    off = np.square(p.mean(axis=0) - t.mean(axis=0)).mean()
    alike = float(1 - off / max(t.mean(axis=0).var(), LEAST_SPREAD))
    if spread > HARDLY or alike < LIKE:
        return
    yield (STRONG if added else NOTHING_LEARNT).found(
        f"all samples are answered by their mean: answers vary by {spread:.1%} of what there is to "
        "be told" + (", beside a loss that a layer adds" if added else ""),
        evidence={"spread": spread, "like the mean": alike, "samples": len(p)},
        threshold=f"answers that vary by {HARDLY:.0%} of the targets' spread",
        fix="- nn.ops.mean(off)\n+ nn.ops.sum(off, axis=-1)  # over pixels, as the other term is"
        if added
        else TRY_FEW,
    )


FAR = 10.0  # times the loss of guessing, at the first step
FAR_OFF = dataclasses.replace(SIZE, because=(*SIZE.because, "GD216"))


def far_off(record: Record) -> Iterator[Finding]:
    """GD113: nothing was learnt of numbers that lie far from where the answers began.

    All steps went into reaching them, and what is told by x was torn on the way.
    """
    guess = record.guess
    if not (record.ended and guess.squared and guess.loss and guess.answer is not None):
        return
    mean, std = float(np.mean(guess.answer)), guess.loss**0.5
    from_zero = float(np.mean(np.square(guess.answer))) + guess.loss  # what answers of 0 cost
    most = FAR * max(from_zero, 1.0)  # answers begin near 1: above, they are what is large
    if not FAR * guess.loss <= record.start <= most or not any(nothing_learnt(record)):
        return
    yield FAR_OFF.found(
        f"nothing is learnt of targets that are {mean:,.4g} on average and vary by {std:,.4g}; the "
        f"answers began far away, at a loss {record.start / guess.loss:,.0f} times that of "
        "always answering the same",
        evidence={"mean": mean, "std": std, "first loss": record.start, "guessing": guess.loss},
        threshold=f"a first loss up to {FAR:g} times that of guessing",
        fix=Unit(mean, std),
    )


PLATEAU = Rule(
    "GD508", "plateau", "warning",
    "The loss has stopped falling long before the data are learnt, so further epochs are spent "
    "for nothing.",
    auto="race", because=(*WRONG, *STEPS, "GD509", "GD510"),
    accepted=("a larger model", "another learning rate"), source="SageMaker Debugger",
)  # fmt: skip


def plateau(record: Record) -> Iterator[Finding]:
    """GD508: the best loss falls by less than 1 % over 3 epochs, far above what a line reaches."""
    losses = record.column("loss")
    window = record.patience
    if not record.stalled(window) or record.steps < ENOUGH or record.warming:
        return
    if not (told := record.beaten_by_line()):
        return
    yield PLATEAU.found(
        f"the loss has not fallen below {min(losses):.3g} for {window} epochs; {told}",
        evidence={"best_before": min(losses[:-window]), "best_since": min(losses[-window:]),
                  "epochs": window},
        threshold=f"{BARELY:.0%} better in {window} epochs, or as good as a linear model",
        fix="+ nn.callbacks.ReduceLROnPlateau()",
    )  # fmt: skip


OSCILLATION = Rule(
    "GD509", "oscillation", "warning",
    "The loss swings to and fro around one value: the steps are too long to settle down.",
    auto="race", because=(*WRONG, "GD506", "GD110"),
    accepted=("a larger batch", "a smaller momentum"),
    source="AutoTrainer 2021; TheDeepChecker 2022",
)  # fmt: skip
LEAST, SWINGS, AMPLITUDE = 8, 0.5, 0.1  # epochs, share of them in which it turns, part of the loss
HIGH = 0.3  # of the loss of guessing: a loss below may swing
NEAR = 1.1  # times the best of the validation: no harm is done


def oscillation(record: Record) -> Iterator[Finding]:
    """GD509: the loss of epochs turns at every other one by more than 10 %, and gets nowhere."""
    losses = np.asarray(record.column("loss"))
    tail = losses[-max(LEAST, len(losses) // 2) :]
    if record.own or len(tail) < LEAST or not np.isfinite(tail).all() or tail.mean() <= 0:
        return
    number = np.arange(len(tail)) - (len(tail) - 1) / 2
    line = tail.mean() + number * (number @ tail) / (number @ number)
    rest = tail - line
    turns = float(np.mean(np.sign(rest[1:]) != np.sign(rest[:-1])))
    swing = float(np.ptp(rest) / 2 / tail.mean())
    half = len(tail) // 2
    falls = tail[-half:].mean() < 0.9 * tail[:half].mean()
    failed = [look.rose for look in record.looks[-LEAST:]]
    shown = len(failed) == LEAST and float(np.mean(failed)) >= 0.4
    consequence = (
        tail.mean() > HIGH * record.scale and not falls and (shown or bool(record.worse()))
    )
    if turns < SWINGS or swing < AMPLITUDE or not consequence or _held_is_calm(record, len(tail)):
        return
    yield OSCILLATION.found(
        f"the loss of the last {len(tail)} epochs swings by {swing:.0%} around {tail.mean():.3g}",
        where="optimizer",
        evidence={"turns": turns, "swing": swing, "mean": tail.mean()},
        threshold=f"turns in {SWINGS:.0%} of the epochs, by {AMPLITUDE:.0%}",
        fix=Rate(record.looks[-1].rate, 0.3),
    )


def _held_is_calm(record: Record, epochs: int) -> bool:
    """Whether the loss of the validation stays near its best: epochs may have data of their own."""
    held = np.asarray(record.column("val_loss"))
    tail = held[-epochs:]
    if len(held) < epochs or not np.isfinite(held).all():
        return False
    swing = float(np.ptp(tail) / 2 / tail.mean())
    return swing < AMPLITUDE and bool(tail.mean() <= NEAR * held.min())


CHECKS = {
    nothing_learnt: (NOTHING_LEARNT,), mean_for_all: (NOTHING_LEARNT, STRONG), far_off: (FAR_OFF,),
    plateau: (PLATEAU,), oscillation: (OSCILLATION,),
}  # fmt: skip

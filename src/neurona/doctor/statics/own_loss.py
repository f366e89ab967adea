"""Own losses: a function of the user's is asked what it compares, and where it pulls answers."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator

import numpy as np

from neurona.autodiff import grad
from neurona.core import random
from neurona.core.op import as_tensor
from neurona.core.tensor import Tensor
from neurona.doctor import fixes
from neurona.doctor.case import Case
from neurona.doctor.data.labels import MIXED, RANGE, SHAPE
from neurona.doctor.ends import End
from neurona.doctor.finding import WARNING, Finding
from neurona.ops import mean

ROWS, SOME = 64, 16
LARGE = 100.0  # targets beside which answers near 1 are all the same
SAME, OTHER = 1e-5, 1e-3  # of the loss: what rounding may change, and what a change is
OPEN = ("linear", "relu", "leaky_relu")  # ends that a straight loss drives on without end
BETWEEN, SHARE = 0.05, 0.1  # targets that are neither 0 nor 1, and how many of them
WIDER = 4.0  # than targets: beyond what a margin may ask for
SQUASHED = (0.02, 0.98)  # answers of a sigmoid that are far off
FEW = 0.5  # of the rows of a batch that count at all
ZERO, LOWER = 0.01, 0.05  # parts of the loss of wrong answers


def own_loss(case: Case) -> Iterator[Finding]:
    """Try losses that are not of the library on targets of the data and made up answers."""
    for end in [] if case.custom else case.ends:
        if end.loss is None or not _of_the_user(end.loss) or not end.values.size:
            continue
        assert end.target is not None
        y = end.target.values[case.rows[:: max(1, len(case.rows) // ROWS)]][:ROWS]
        if len(y) < 4 or not np.isfinite(y).all() or not (y != y[:1]).any():
            continue
        trial = Trial(end, y, _answers(end, y))
        if trial.asks_for_targets:
            looks = (_pulls, _beyond, _in_bytes, _misplaced, _mixed_up)
            yield from next(filter(None, (list(look(trial)) for look in looks)), [])
        elif len(case.ends) == 1 and np.isfinite(trial.first):
            yield from _unasked(trial)


@dataclasses.dataclass(frozen=True)
class Trial:
    """A loss with targets, and answers that were made up.

    Attributes:
        end: whose loss it is.
        y: targets of some samples.
        answers: of the same samples, and of any scale that targets have.
    """

    end: End
    y: np.ndarray
    answers: np.ndarray

    def loss(self, y: np.ndarray, p: np.ndarray) -> float:
        """Return the mean of the loss; NaN where the user's code wants other things."""
        with random.undisturbed(), np.errstate(all="ignore"):
            try:
                return float(np.mean(np.asarray(self.end.loss(_given(y), _given(p)), np.float64)))
            except Exception:
                return float("nan")

    def pull(self, y: np.ndarray, p: np.ndarray) -> np.ndarray:
        """Return the slope of the loss in each answer; NaN where there is none."""
        with random.undisturbed(), np.errstate(all="ignore"):
            try:
                return np.asarray(grad(lambda p: mean(self.end.loss(_given(y), p)))(_given(p)))
            except Exception:
                return np.full(p.shape, np.nan)

    @functools.cached_property
    def first(self) -> float:
        """The loss of these answers."""
        return self.loss(self.y, self.answers)

    @functools.cached_property
    def moved(self) -> float:
        """The loss if targets are given to other samples."""
        return self.loss(np.roll(self.y, 1, 0), self.answers)

    @functools.cached_property
    def asks_for_targets(self) -> bool:
        """Whether the loss is another one where all targets are the same."""
        one = self.loss(np.repeat(self.y[:1], len(self.y), 0), self.answers)
        known = bool(np.isfinite([self.first, self.moved, one]).all())
        return known and abs(one - self.first) > OTHER * abs(self.first)


def _unasked(trial: Trial) -> Iterator[Finding]:
    """Look for labels that a loss does not read at all; numbers may stand there for nothing."""
    labels = trial.end.task.name in ("classes", "binary")
    if labels and trial.moved == trial.first and trial.pull(trial.y, trial.answers).any():
        yield MIXED.found(
            f"the loss is {trial.first:.4g} whatever the labels are: it never looks at them",
            where=trial.end.place,
            evidence={"loss": trial.first, "targets moved": trial.moved},
            threshold="another loss with other labels",
            fix="# in the loss: use the first argument, y_true",
        )


def _given(a: np.ndarray) -> Tensor:
    """Return an array as a step gets it: fractions in float32."""
    return as_tensor(a.astype(np.float32) if a.dtype.kind == "f" else a)


def _of_the_user(loss: object) -> bool:
    return type(loss).__name__ == "FunctionLoss" or not type(loss).__module__.startswith("neurona.")


def _answers(end: End, y: np.ndarray) -> np.ndarray:
    """Return answers to try: on both sides of targets, which else would drown them."""
    made = np.random.default_rng(0).normal(size=(len(y), *end.shape[1:]))
    if end.activation in ("softmax", "sigmoid"):
        made = 1 / (1 + np.exp(-made))
    if end.activation == "softmax":
        made = made / made.sum(axis=-1, keepdims=True)
    if end.activation not in ("softmax", "sigmoid") and (
        y.size == made.size or abs(y).max() > LARGE
    ):
        made = y.mean() + y.std() * made
    return made.astype(np.float32)


def _mixed_up(trial: Trial) -> Iterator[Finding]:
    """Give the targets to other samples: if the loss stays, it does not compare one with one."""
    y, p, first = trial.y, trial.answers, trial.first
    if abs(trial.moved - first) > SAME * abs(first):
        return
    some = np.linspace(0, len(y) - 1, SOME).astype(int)
    all_pairs = np.mean([trial.loss(np.repeat(y[i : i + 1], SOME, 0), p[some]) for i in some])
    pull = trial.pull(y, p)
    if abs(all_pairs - trial.loss(y[some], p[some])) <= OTHER * abs(first):
        said = "compares every answer with every target"
        fix = "+ y = nn.ops.reshape(y, p.shape)  # in the loss: (n,) and (n, 1) broadcast to (n, n)"
    elif pull.any() and _alike(pull, pull[:1]):
        said, fix = (
            "compares their means, and pulls all answers alike",
            (
                "- nn.ops.square(nn.ops.mean(y) - nn.ops.mean(p))\n"
                "+ nn.ops.mean(nn.ops.square(y - p))"
            ),
        )
    else:
        return  # it compares distributions, or ranks
    yield SHAPE.found(
        f"the loss stays at {first:.4g} when the targets are given to other samples, so it {said}",
        where=trial.end.place,
        evidence={"loss": first, "targets moved": trial.moved, "outputs": list(p.shape)},
        threshold="another loss with other targets",
        fix=fix,
        severity=WARNING,
    )  # fmt: skip


def _misplaced(trial: Trial) -> Iterator[Finding]:
    """Look for places in the batch that count, whichever samples stand there: rows of an index."""
    pulls = [trial.pull(np.roll(trial.y, by, 0), np.roll(trial.answers, by, 0)) for by in (0, 1, 7)]
    counts = [np.asarray(pull.reshape(len(pull), -1).any(axis=1)) for pull in pulls]
    there = counts[0]
    if not 0 < there.mean() < FEW or any((c != there).any() for c in counts):
        return
    yield SHAPE.found(
        f"the loss looks at samples {', '.join(map(str, np.flatnonzero(there)[:3]))} of each batch "
        "alone, whichever these are: the first axis is that of samples",
        where=trial.end.place,
        evidence={"samples that count": int(there.sum()), "of": len(there)},
        threshold="a slope for each sample",
        fix="- y[0], p[0]  # in the loss\n+ y[:, 0], p[:, 0]",
        severity=WARNING,
    )


def _pulls(trial: Trial) -> Iterator[Finding]:
    """Ask where answers are pulled: somewhere else for other targets, and not on without end."""
    y, p, end = trial.y, trial.answers, trial.end
    others = np.roll(y, 1, 0).reshape(p.shape) if y.size == p.size else np.roll(p, 1, 0)
    if end.activation in OPEN:
        others = others.mean() + WIDER * (others - others.mean())
    elif end.activation in ("sigmoid", "softmax"):
        others = others.clip(*SQUASHED)
    pull, elsewhere = trial.pull(y, p), trial.pull(y, others.astype(np.float32))
    unheard = trial.pull(np.roll(y, 1, 0), p)
    if not np.isfinite([pull, elsewhere, unheard]).all() or not pull.any():
        return
    said, fix = "", ""
    if _alike(pull, unheard) and abs(trial.moved - trial.first) > OTHER * abs(trial.first):
        said = "the slope of the loss is the same whatever the targets are: none is learnt"
        fix = "# in the loss: no stop_gradient, .numpy() or float() of what holds the targets"
    elif _alike(pull, elsewhere) and not np.isin(y, (-1, 1)).all():
        fix = "- nn.ops.mean(y - p)\n+ nn.ops.mean(nn.ops.square(y - p))"
        inside = float(((y > BETWEEN) & (y < 1 - BETWEEN)).mean())
        if end.activation in OPEN:
            said = "the loss is a straight line in the answers, so it falls without end"
        elif end.activation in ("sigmoid", "softmax") and y.max() <= 1 and inside > SHARE:
            said = (
                f"the loss is a straight line in the answers, so it pulls each to 0 or 1, and "
                f"{inside:.0%} of the targets are in between"
            )
            fix = "- -y * log(p), with y and p in the other order\n+ loss(y_true, y_pred)"
    if not said and (way := _one_way(trial)):
        said = f"the loss pulls each answer {way}, whatever its target is"
        if end.activation == "sigmoid":
            fix = "+ (1 - y) * nn.ops.log(1 - p)  # the other half of a cross-entropy"
    if said:
        yield MIXED.found(
            said,
            where=end.place,
            evidence={"loss": trial.first, "targets moved": trial.moved},
            threshold="a smallest loss where the answer is the target",
            fix=fix,
        )


def _beyond(trial: Trial) -> Iterator[Finding]:
    """Answer yes or no exactly, and with more than 1: a loss of shares is lost on scores."""
    end, p = trial.end, trial.answers
    if end.activation not in OPEN or trial.y.size != p.size or not np.isin(trial.y, (0, 1)).all():
        return
    y = trial.y.reshape(p.shape).astype(np.float32)
    exact, beyond, wrong = trial.loss(y, y), trial.loss(y, 2 * y), trial.loss(y, 1 - y)
    if abs(exact) > ZERO * abs(wrong) or not beyond < exact - LOWER * abs(wrong):
        return  # the best scores are large ones, and a square has its least at the target
    yield MIXED.found(
        f"the loss is {exact:.3g} for exact answers, and {beyond:.3g} for twice as much: it takes "
        f"shares, and the model ends {'with scores' if end.activation == 'linear' else 'open'}",
        where=end.place,
        evidence={"exact": exact, "twice": beyond, "wrong": wrong, "activation": end.activation},
        threshold="no loss below that of exact answers",
        fix=fixes.Activate(end.activation, "sigmoid", end.width),
    )


def _in_bytes(trial: Trial) -> Iterator[Finding]:
    """Answer a mask of 0 and 255 by itself: a loss of shares is next to nothing for 0 and 1 alone.

    A loss that divides by 255, or takes weights, has next to nothing here, too.
    """
    end, y, high = trial.end, trial.y.astype(np.float32), float(trial.y.max())
    bounded = end.activation in ("sigmoid", "softmax") and y.size == trial.answers.size
    if not bounded or high <= 1 or not np.isin(y, (0, high)).all():
        return
    mask = (y / high).reshape(trial.answers.shape)
    parts = [abs(trial.loss(given, mask) / trial.loss(given, 1 - mask)) for given in (y / high, y)]
    if not parts[0] < ZERO <= parts[1]:
        return
    yield RANGE.found(
        f"targets are 0 and {high:g}, and the loss wants shares: for 0 and 1 an exact answer has "
        f"{parts[0]:.1%} of the loss of a wrong one, for these {parts[1]:.1%}",
        where=end.place,
        evidence={"highest": high, "of 0 and 1": parts[0], "of these": parts[1]},
        threshold="next to no loss where a mask is answered exactly",
        fix=f"- model.fit(x, y)\n+ model.fit(x, y / {high:g})",
    )


def _one_way(trial: Trial) -> str:
    """Return where answers far off to both sides are pulled, if that is the same for all."""
    y, p, act = trial.y, trial.answers, trial.end.activation
    if y.size != p.size or act not in (*OPEN, "sigmoid") or np.isin(y, (-1, 1)).all():
        return ""
    far = WIDER * float(y.std())
    ends = SQUASHED if act == "sigmoid" else (y.min() - far, y.max() + far)
    pulls = [trial.pull(y, np.full(p.shape, at, np.float32)) for at in ends]
    if not np.isfinite(pulls).all() or not all(pull.any() for pull in pulls):
        return ""
    exact = y.reshape(p.shape).astype(np.float32)
    if act == "sigmoid" and trial.loss(y, exact) > trial.loss(y, 1 - exact):
        return ""  # the sign is wrong, which is told elsewhere
    return "up" if np.max(pulls) <= 0 else "down" if np.min(pulls) >= 0 else ""


def _alike(a: np.ndarray, b: np.ndarray) -> bool:
    return bool(np.allclose(a, b, rtol=1e-3, atol=1e-6 * float(np.abs(a).max())))


CHECKS = {own_loss: (SHAPE, MIXED, RANGE)}

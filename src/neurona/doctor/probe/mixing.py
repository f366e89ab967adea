"""What an output depends on: other samples, later steps.

A part of the input is replaced by that of another sample, and the predictions are compared: this
works for numbers and for ids, and for layers of any kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from neurona.core.tree import flatten, map_leaves
from neurona.doctor.case import Case
from neurona.doctor.data.labels import SHAPE
from neurona.doctor.finding import ERROR, Finding, Rule
from neurona.doctor.probe.probe import Probe, probe_of
from neurona.doctor.probe.twin import Batch
from neurona.doctor.written import located

MIXED = Rule(
    "GD308", "samples are mixed", ERROR,
    "The answer for one sample changes with the samples beside it in the batch. So it is no answer "
    "for that sample: alone, it would be another.",
    because=("GD214", "GD302"),
    accepted=("reshape that keeps the first axis", "axis=-1 in place of axis=0"),
    source="Karpathy, A Recipe for Training Neural Networks",
)  # fmt: skip
LEAK = Rule(
    "GD309", "the future leaks", ERROR,
    "The model is to say what comes next, and can see it. It learns to copy: the loss becomes "
    "small, and nothing of it remains when the future is not known.",
    because=("GD302", "GD308"), accepted=("use_causal_mask=True", 'padding="causal"'),
    source="DEFault",
)  # fmt: skip
ALIKE = 1e-5  # of a loss: what rounding may change
SAME = 1e-4  # of the size of the outputs: what rounding may change
WORDS = 10  # different ids: of fewer, a step may well be to be said again
NEXT = 0.99  # share of places at which the target is the next input


def check_samples_apart(case: Case) -> Iterator[Finding]:
    """GD308: replace the samples in the middle, and see whether the answers for others change."""
    probe = probe_of(case)
    batch, predict = probe.prediction.batch, probe.prediction
    if batch.size < 3:
        return
    first = batch.size // 4  # not as many before as behind, since a flip would hide it
    middle = np.arange(first, max(2 * batch.size // 3, first + 1))
    others = np.delete(np.arange(batch.size), middle)
    before, after = predict(batch), predict(_replaced(batch, middle))
    for name, y in before.items():
        if y.dtype.kind != "f" or not y.ndim or y.shape[0] % batch.size or y.size == 0:
            continue
        if y.ndim > 1 and batch.size in y.shape[1:]:
            continue  # pairs of samples: they are meant to meet
        change = change_of(y, after[name]).reshape(batch.size, -1).max(axis=1)[others]
        if change.max() > SAME:
            yield MIXED.found(
                f"other samples at places {middle[0]} to {middle[-1]} of the batch change the "
                f"answers for {int((change > SAME).sum())} of the {len(others)} that stay, by up "
                f"to {change.max():.1%} of their size",
                where=located(probe.twin, _mixing_layer(probe, batch, middle)) or name,
                evidence={"change": float(change.max()), "others": int((change > SAME).sum())},
                threshold=f"no change above {SAME}",
                fix="x.reshape((-1, n))  # may put several samples into one row\n"
                "x.reshape((x.shape[0], -1))  # keeps samples apart",
            )
            return


def _replaced(batch: Batch, rows: np.ndarray) -> Batch:
    """Return a batch in which some samples are other ones, with noise where there are numbers."""
    rng = np.random.default_rng(0)

    def change(a: np.ndarray) -> np.ndarray:
        a = a.copy()
        if a.dtype.kind == "f":
            spread = a.std() + 1e-3
            a[rows] = np.roll(a[rows], 1, axis=0) + spread * rng.standard_normal(a[rows].shape)
        else:
            outside = np.delete(np.arange(len(a)), rows)
            for row in rows:
                unlike = [i for i in outside if (a[i] != a[row]).any()]
                a[row] = a[unlike[row % len(unlike)]] if unlike else a[row]
        return a

    return Batch(map_leaves(change, batch.x), batch.y, batch.weight)


def change_of(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return how far numbers differ, as a share of the size of all."""
    with np.errstate(all="ignore"):
        size = float(np.abs(a[np.isfinite(a)]).max(initial=0.0)) or 1.0
        return np.nan_to_num(np.abs(a - b) / size, nan=0.0, posinf=0.0)


def _mixing_layer(probe: Probe, batch: Batch, middle: np.ndarray) -> str:
    """Return the first layer whose result for another sample changes, by its path."""
    seen = [probe.layers_of(some) for some in (batch, _replaced(batch, middle))]
    for name, y in seen[0].items():
        other = seen[1].get(name)
        if other is None or other.shape != y.shape or y.dtype.kind != "f" or not y.ndim:
            continue
        if (
            y.shape[0] == batch.size
            and np.delete(change_of(y, other), middle, axis=0).max(initial=0.0) > SAME
        ):
            return name
        if y.shape[0] != batch.size:
            return name  # where the axis of samples is lost
    return ""


def check_pairs(case: Case) -> Iterator[Finding]:
    """GD103: give targets to other samples, where a step of one's own has answers (n, 1).

    If its loss stays, shapes that merely broadcast have compared each with every other: targets
    are (n,), or the step makes them so.
    """
    if not case.custom:
        return
    probe = probe_of(case)
    batch, step = probe.training.batch, probe.training
    leaves, structure = flatten(batch.y)
    answers = list(probe.prediction(probe.prediction.batch).values())
    if len(leaves) != 1 or len(answers) != 1 or answers[0].shape[1:] != (1,):
        return
    y = leaves[0]
    if y.shape[1:] not in ((), (1,)):
        return

    def loss(y: np.ndarray) -> float:
        found = step(Batch(batch.x, structure.unflatten([y]), batch.weight))
        return float(found.get("loss", np.nan))

    first, moved, one = loss(y), loss(np.roll(y, 1)), loss(np.repeat(y[:1], len(y)))
    if abs(moved - first) <= ALIKE * abs(first) and abs(one - first) > SAME * abs(first):
        yield SHAPE.found(
            f"the loss of the step stays at {first:.4g} when the targets are given to other "
            f"samples: a row of targets, ({len(y)},), and a column of answers, ({len(y)}, 1), make "
            f"a difference of ({len(y)}, {len(y)})",
            where="train_step" if case.model.overrides("train_step") else "compute_loss",
            evidence={"loss": first, "targets moved": moved},
            threshold="another loss with other targets",
            fix="+ y = nn.ops.reshape(y, y_pred.shape)",
        )


def check_future(case: Case) -> Iterator[Finding]:
    """GD309: for a model that is to say the next step, replace later steps."""
    probe = probe_of(case)
    batch, predict = probe.prediction.batch, probe.prediction
    leaves, structure = flatten(batch.x)
    for place, target in _next_steps(case, leaves, batch):
        if target == "told":
            yield LEAK.found(
                "the words that are to be guessed are those that stand there: each place that "
                "counts has its own input as its target",
                where="y", evidence={"same": 1.0}, threshold="they are hidden in x",
                fix="+ x = np.where(counts, mask_id, x)  # before training",
            )  # fmt: skip
            return
        before = predict(batch)
        steps = leaves[place].shape[1]
        for name, y in before.items():
            if y.ndim < 2 or y.shape[:2] != leaves[place].shape[:2]:
                continue
            cut = steps // 2
            later = leaves[place].copy()
            later[:, cut:] = np.roll(later[:, cut:], 1, axis=0)
            given = [later if i == place else a for i, a in enumerate(leaves)]
            after = predict(Batch(structure.unflatten(given), batch.y, batch.weight))
            change = float(change_of(y, after[name])[:, :cut].max())
            if target == "same" and change <= SAME:
                yield LEAK.found(
                    "the target of each step is the step itself, which the model is shown",
                    where="y", evidence={"same": NEXT}, threshold="y is x, one step later",
                    fix="- model.fit(x, x)\n+ model.fit(x[:, :-1], x[:, 1:])",
                )  # fmt: skip
            elif target == "before" and change <= SAME:
                yield LEAK.found(
                    "the target of each step is the step before it, which the model is shown: y is "
                    "shifted to the wrong side",
                    where="y", evidence={"before": NEXT}, threshold="y is x, one step later",
                    fix="- model.fit(x[:, 1:], x[:, :-1])\n+ model.fit(x[:, :-1], x[:, 1:])",
                )  # fmt: skip
            elif target == "next" and change > SAME:
                yield LEAK.found(
                    f"steps from {cut} on change what it says at earlier ones, by {change:.1%}: it "
                    "can see the step that it is to predict",
                    where=name, evidence={"change": change, "from": cut},
                    threshold=f"no change above {SAME}",
                    fix="attention(x, x, use_causal_mask=True), no Bidirectional, "
                    'Conv1D(..., padding="causal")',
                )  # fmt: skip
            return


def _next_steps(case: Case, leaves: list[np.ndarray], batch: Batch) -> Iterator[tuple[int, str]]:
    """Yield inputs and how the targets are of them.

    "next" are their next steps; of ids, "same" are these, "before" those of the step before, and
    "told" these where the loss counts them, which is not everywhere.
    """
    for target in flatten(batch.y)[0]:
        for place, x in enumerate(leaves):
            t = target[..., 0] if target.ndim == x.ndim + 1 and target.shape[-1] == 1 else target
            if t.ndim == x.ndim + 1 and t.shape[:2] == x.shape[:2] and x.dtype.kind in "iu":
                t = t.argmax(axis=-1)
            if x.ndim < 2 or t.shape != x.shape or x.shape[1] < 4:
                continue
            changing = x[:, 1:] != x[:, :-1]  # where the next step is none like this
            if changing.mean() < 0.05:
                continue
            equal = np.isclose(t[:, :-1], x[:, 1:], rtol=1e-4, atol=1e-6)
            if equal.mean() >= NEXT and equal[changing].mean() >= NEXT:
                yield place, "next"
            elif x.dtype.kind in "iu" and np.array_equal(t, x):
                yield place, "same"
            elif x.dtype.kind in "iu" and _is_told(case, x, t, batch.weight):
                yield place, "told"
            elif x.dtype.kind in "iu" and _is_behind(x, t):
                yield place, "before"


def _is_behind(x: np.ndarray, t: np.ndarray) -> bool:
    """Whether each target is the id of the step before it, of many ids."""
    return len(np.unique(x)) >= WORDS and float((t[:, 1:] == x[:, :-1]).mean()) >= NEXT


def _is_told(case: Case, x: np.ndarray, t: np.ndarray, weight: Any) -> bool:
    """Whether all targets that count, some and not all, are the ids in their places."""
    counts = np.ones(t.shape, bool)
    for end in case.ends:
        ignored = getattr(end.loss, "ignore_class", None)
        counts &= ignored is None or t != ignored
    for w in flatten(weight)[0] if weight is not None else ():
        counts &= w != 0 if np.shape(w) == t.shape else True
    hidden = (x == 0) & ~counts  # padding says nothing
    some = 0 < counts.sum() < counts.size - hidden.sum()
    return bool(some and counts.sum() >= WORDS and (t == x)[counts].all())

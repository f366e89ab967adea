"""What an output depends on: other samples, later steps, the order of the steps.

A part of the input is replaced by that of another sample, and the predictions are compared: this
works for numbers and for ids, and for layers of any kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from neurona.classic.baselines import logistic
from neurona.core.tree import flatten, map_leaves
from neurona.doctor.case import Case
from neurona.doctor.finding import ERROR, WARNING, Finding, Rule
from neurona.doctor.probe.probe import Probe, probe_of
from neurona.doctor.probe.twin import Batch

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
UNORDERED = Rule(
    "GD310", "the order does not matter", WARNING,
    "Attention and means treat their inputs as a set. Without positions, 'dog bites man' and 'man "
    "bites dog' are the same to the model.",
    because=("GD302", "GD307"), accepted=("nn.layers.SinePositionEncoding", "rotary positions"),
    source="Vaswani et al. 2017",
)  # fmt: skip

SAME = 1e-4  # of the size of the outputs: what rounding may change
GAIN = 0.1  # of the share that is right, from which on the order of words matters
WIDE, MOST_ROWS = 4000, 1500  # places times words, and rows, with which that is asked
NEXT = 0.99  # share of places at which the target is the next input


def check_samples_apart(case: Case) -> Iterator[Finding]:
    """GD308: replace one sample, and see whether the answers for others change."""
    probe = probe_of(case)
    batch, predict = probe.prediction.batch, probe.prediction
    if batch.size < 3:
        return
    before, after = predict(batch), predict(_replaced(batch, batch.size // 2))
    for name, y in before.items():
        if y.dtype.kind != "f" or not y.ndim or y.shape[0] % batch.size or y.size == 0:
            continue
        if y.ndim > 1 and batch.size in y.shape[1:]:
            continue  # pairs of samples: they are meant to meet
        change = _change(y, after[name]).reshape(batch.size, -1).max(axis=1)
        others = np.delete(change, batch.size // 2)
        if others.max() > SAME:
            row = int(np.argmax(change * (np.arange(batch.size) != batch.size // 2)))
            yield MIXED.found(
                f"sample {batch.size // 2} of the batch changes the answer for sample {row}, by "
                f"{others.max():.1%} of its size; {int((others > SAME).sum())} of {len(others)} "
                "others change",
                where=_mixing_layer(probe, batch) or name,
                evidence={"change": float(others.max()), "others": int((others > SAME).sum())},
                threshold=f"no change above {SAME}",
                fix="x.reshape((-1, n))  # may put several samples into one row\n"
                "x.reshape((x.shape[0], -1))  # keeps samples apart",
            )
            return


def _replaced(batch: Batch, row: int) -> Batch:
    """Return a batch in which one sample is another one, with noise where there are numbers."""
    rng = np.random.default_rng(0)

    def change(a: np.ndarray) -> np.ndarray:
        a = a.copy()
        if a.dtype.kind == "f":
            a[row] = a[0] + (a.std() + 1e-3) * rng.standard_normal(a.shape[1:])
        else:
            others = np.flatnonzero((a != a[row]).reshape(len(a), -1).any(axis=1))
            a[row] = a[others[0]] if len(others) else a[row]
        return a

    return Batch(map_leaves(change, batch.x), batch.y, batch.weight)


def _change(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return how far numbers differ, as a share of the size of all."""
    with np.errstate(all="ignore"):
        size = float(np.abs(a[np.isfinite(a)]).max(initial=0.0)) or 1.0
        return np.nan_to_num(np.abs(a - b) / size, nan=0.0, posinf=0.0)


def _mixing_layer(probe: Probe, batch: Batch) -> str:
    """Return the first layer whose result for another sample changes, by its path."""
    row = batch.size // 2
    seen = [probe.layers_of(some) for some in (batch, _replaced(batch, row))]
    for name, y in seen[0].items():
        other = seen[1].get(name)
        if other is None or other.shape != y.shape or y.dtype.kind != "f" or not y.ndim:
            continue
        if y.shape[0] == batch.size and np.delete(_change(y, other), row, axis=0).max() > SAME:
            return name
        if y.shape[0] != batch.size:
            return name  # where the axis of samples is lost
    return ""


def check_future(case: Case) -> Iterator[Finding]:
    """GD309: for a model that is to say the next step, replace later steps."""
    probe = probe_of(case)
    batch, predict = probe.prediction.batch, probe.prediction
    leaves, structure = flatten(batch.x)
    for place, target in _next_steps(leaves, batch.y):
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
            change = float(_change(y, after[name])[:, :cut].max())
            if target == "same" and change <= SAME:
                yield LEAK.found(
                    "the target of each step is the step itself, which the model is shown",
                    where="y", evidence={"same": NEXT}, threshold="y is x, one step later",
                    fix="- model.fit(x, x)\n+ model.fit(x[:, :-1], x[:, 1:])",
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


def _next_steps(leaves: list[np.ndarray], y: Any) -> Iterator[tuple[int, str]]:
    """Yield inputs whose next steps are the targets, or ids that are: "next" or "same"."""
    for target in flatten(y)[0]:
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


def check_order(case: Case) -> Iterator[Finding]:
    """GD310: put the steps of ids into another order.

    Attention is to know it; a mean of embeddings only where the labels depend on it.
    """
    probe = probe_of(case)
    batch, predict = probe.prediction.batch, probe.prediction
    leaves, structure = flatten(batch.x)
    ids = [a for a in leaves if a.dtype.kind in "iu" and a.ndim == 2 and a.shape[1] > 3]
    if (
        len(ids) != 1
        or len(leaves) != 1
        or batch.size < 2
        or not (ids[0][:, 1:] != ids[0][:, :-1]).any()
    ):
        return
    order = np.random.default_rng(0).permutation(ids[0].shape[1])
    given = structure.unflatten([ids[0][:, order]])
    before, after = predict(batch), predict(Batch(given, batch.y, batch.weight))
    changes = []
    for name, y in before.items():
        if y.dtype.kind != "f":
            return
        same = y[:, order] if y.ndim > 1 and y.shape[1] == len(order) and y.ndim > 2 else y
        changes.append(float(_change(same, after[name]).max()))
    if not changes or max(changes) >= SAME:
        return
    gain = None if probe.attends else _gain_of_places(case.inputs, case.targets)
    if probe.attends or (gain is not None and gain > GAIN):
        more = (
            ""
            if gain is None
            else f"; with places, a linear model has {gain:.0%} more of the rows right"
        )
        yield UNORDERED.found(
            f"the answers stay as they are when the steps of x come in another order{more}",
            where="attention" if probe.attends else "x",
            evidence={"change": max(changes), "gain": gain},
            threshold=f"change above {SAME}",
            fix="+ x = x + nn.layers.SinePositionEncoding()(x)  # behind the embedding"
            if probe.attends
            else "- GlobalAveragePooling1D()\n+ GRU(32)  # reads the steps in their order",
        )


def _gain_of_places(inputs: list[np.ndarray], targets: list[np.ndarray]) -> float | None:
    """Return how much more often a linear model is right if it knows which word stands where.

    Beyond three standard errors; None if that cannot be asked.
    """
    x, y = inputs[0], targets[0] if len(targets) == 1 else np.zeros(0)
    words = int(x.max()) + 1
    if y.size != len(x) or len(x) < 100 or x.min() < 0 or words * x.shape[1] > WIDE:
        return None
    classes, y = np.unique(y.reshape(len(y)), return_inverse=True)
    if not 1 < len(classes) <= 20:
        return None
    rows = np.random.default_rng(0).permutation(len(x))[:MOST_ROWS]
    at_places = np.eye(words)[x[rows]]  # (N, T, V)
    held = len(rows) // 3
    right = []
    for features in (at_places.sum(axis=1), at_places.reshape(len(rows), -1)):
        given = features[held:], y[rows[held:]], features[:held], len(classes)
        right.append(logistic(*given).argmax(axis=1) == y[rows[:held]])
    gains = right[1].astype(float) - right[0]
    sure = 3 * float(gains.std()) / held**0.5
    return float(gains.mean()) if gains.mean() > sure else 0.0

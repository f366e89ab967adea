"""Pairing: the last activation, the loss, and what is to be learnt belong together."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from neurona.core.tensor import as_array
from neurona.doctor import fixes
from neurona.doctor.case import Case
from neurona.doctor.data.labels import MIXED
from neurona.doctor.ends import End, activation_of
from neurona.doctor.finding import ERROR, INFO, WARNING, Finding, Rule
from neurona.doctor.scan import sample
from neurona.doctor.statics.reach import HAIR, REACH, added, reach
from neurona.ops.notes import Logits

CROSSENTROPY = ("binary", "one-hot", "class numbers")
SCORES = (
    "linear", "tanh", "relu", "elu", "selu", "leaky_relu", "softplus", "softsign", "relu6",
    "exponential", "gelu", "silu",
)  # fmt: skip

DOUBLE = Rule(
    "GD201",
    "double softmax",
    "error",
    "The loss makes probabilities of scores. Given probabilities already, it squashes them twice: "
    "no answer can be sure, and gradients shrink.",
    auto="safe",
    accepted=("leave out the last activation, and keep from_logits=True",),
    source="DeepFD, ICSE 2022; TheDeepChecker, 2023",
)
MISSING = Rule(
    "GD202",
    "missing softmax",
    "error",
    "The loss takes the logarithm of probabilities. Scores are not between 0 and 1, so most of "
    "what it sees is clipped, and teaches nothing.",
    auto="safe",
    accepted=("give the last layer the activation instead",),
    source="UMLAUT, CHI 2021",
)
ON_SCORES = Rule(
    "GD205",
    "activation in the wrong place",
    "warning",
    "Scores must be able to be low and high. Behind a ReLU all wrong classes tie at 0 and get no "
    "gradient; behind a sigmoid or tanh no answer can be sure.",
    auto="race",
    source="DeepFD, ICSE 2022",
)
SLOW = Rule(
    "GD206",
    "squared error of a squashed output",
    "warning",
    "The gradient has a factor a(1 - a), which is nearly 0 where the answer is surest, also where "
    "it is surely wrong. Cross-entropy cancels it.",
    auto="race",
    source="Nielsen, Neural Networks and Deep Learning, chapter 3",
)
AXIS = Rule(
    "GD214",
    "softmax over the wrong axis",
    "error",
    "Probabilities must sum to 1 over the classes of a sample. Summed over another axis, samples "
    "or places share one answer.",
    auto="safe",
)


def pairing(case: Case) -> Iterator[Finding]:
    """Hold each output against its loss and its targets."""
    for end in [] if case.custom else case.ends:
        if end.loss is None:
            continue
        if (one := _of_one(end)) is not None:
            yield one
            continue
        yield from _scores(end)
        yield from _no_shares(case, end)
        yield from _partners(end)
        if not end.kind:
            yield from _backwards(end)
        if end.kind == "squared":
            yield from added(case, end)


def _of_one(end: End) -> Finding | None:
    """Find a loss over classes, or a softmax, that has one output only."""
    several = end.kind in ("one-hot", "class numbers") and _classes(end) == 1
    alone = end.activation == "softmax" and end.width == 1
    if not (several or alone):
        return None
    said = "a softmax over one unit is always 1" if alone else f"{end.loss.name} over one output"
    numbers = end.task.name == "numbers" or (end.kind == "squared" and end.task.name != "binary")
    right = ("mean_squared_error", "linear") if numbers else ("binary_crossentropy", "sigmoid")
    several_ = '\n# or Dense(2, "softmax"), loss="sparse_categorical_crossentropy"'
    return MIXED.found(
        f"{said}: {end.called} has the shape {end.shape[1:]}",
        where=end.place,
        evidence={"loss": end.loss.name, "outputs": 1, "activation": end.activation},
        threshold="an output for each class",
        fix=fixes.Pair(
            f'Dense(1, "{end.activation}"), loss="{end.loss.name}"',
            *right,
            units=1,
            more="" if numbers else several_,
        ),
        severity=ERROR,
    )


def _classes(end: End) -> int:
    axis = getattr(end.loss, "axis", -1)
    return end.shape[axis] if len(end.shape) > 1 else 1


def _scores(end: End) -> Iterator[Finding]:
    """Look at what the loss takes for scores, or for probabilities."""
    name, act = end.loss.name, end.activation
    twice = end.note is not None and end.note.scores.note(Logits) is not None
    squashed = act in ("softmax", "sigmoid")
    if (end.from_logits and squashed) or (twice and end.kind in CROSSENTROPY):
        what = f"{name} is given from_logits=True" if end.from_logits else "a second one follows"
        yield DOUBLE.found(
            f"the model ends in a {act}, and {what}",
            where=end.place,
            evidence={"activation": act, "loss": name, "from_logits": end.from_logits},
            threshold="one softmax or sigmoid",
            fix=fixes.FromLogits(False, "from_logits=True", "from_logits=False")
            if end.from_logits
            else fixes.LeaveOut(act),
            severity=ERROR if end.from_logits and end.note is not None else WARNING,
        )
        return
    if end.kind in CROSSENTROPY and not end.from_logits and act in SCORES:
        last = "sigmoid" if end.kind == "binary" else "softmax"
        class_ = type(end.loss).__name__
        shown = {"linear": "without an activation"}.get(act, f"with {act}")
        yield MISSING.found(
            f"the model ends {shown}, and {name} takes its outputs for probabilities",
            where=end.place,
            evidence={"activation": act, "loss": name, "from_logits": False},
            threshold=f"{last}, or from_logits=True",
            fix=fixes.FromLogits(
                True, f"loss={name!r}", f"loss=nn.losses.{class_}(from_logits=True)"
            )
            if act == "linear"
            else fixes.Activate(act, last),
        )
        return
    if end.kind not in CROSSENTROPY:
        return
    scores = end.tensor if end.note is None else end.note.scores
    before = activation_of(scores) if end.note is not None or end.from_logits else ""
    if before == "size" and end.kind == "binary" and end.note is not None:
        yield _of_sizes(end)
    if before in ("relu", "sigmoid", "tanh"):
        effect = {"relu": "no score can be below 0"}.get(before, "no score can be large")
        yield ON_SCORES.found(
            f"{before} is applied to the scores: {effect}",
            where=end.place,
            evidence={"activation": before, "loss": name},
            threshold="scores without an activation",
            fix=fixes.Activate(before, "linear", end.width, act),
        )
    note = end.note
    if note is not None and note.axis is not None:
        axes = note.axis if isinstance(note.axis, tuple | list) else (note.axis,)
        axes = tuple(a % len(end.shape) for a in axes)
        wanted = getattr(end.loss, "axis", -1) % len(end.shape)
        if 0 in axes or (end.kind != "binary" and axes != (wanted,)):
            over = "the batch" if 0 in axes else f"axis {axes[0]}"
            yield AXIS.found(
                f"the softmax sums over {over}, and the classes are on axis {wanted}",
                where=end.place,
                evidence={"softmax axis": list(axes), "class axis": wanted},
                threshold=f"axis {wanted}",
                fix=fixes.Axis(axes[0], wanted - len(end.shape)),
            )


def _of_sizes(end: End) -> Finding:
    return REACH.found(
        "the sigmoid is of a size or a distance, which is never below 0: no answer is below 0.5",
        where=end.place,
        evidence={"loss": end.loss.name, "lowest": 0.5},
        threshold="scores of both signs",
        fix='+ z = Dense(1, "sigmoid")(z)  # a weight and a bias, in place of the sigmoid alone',
    )


def _no_shares(case: Case, end: End) -> Iterator[Finding]:
    """Ask an end of an unknown kind for some answers: are they between 0 and 1?"""
    unknown = end.note is None and end.activation in ("other", "size") and not end.from_logits
    if end.kind not in CROSSENTROPY or not unknown or "Dropout" in end.place:
        return  # what dropout makes larger is told elsewhere
    at = [tensor is end.tensor for tensor in case.forward.tensors].index(True)
    answers = case.forward.evaluate([case.forward.outputs[at]])[0]
    low, high = float(answers.min()), float(answers.max())
    if low >= -(HAIR**2) and high <= 1 + HAIR:
        return
    class_ = type(end.loss).__name__
    yield MISSING.found(
        f"answers run from {low:.3g} to {high:.3g}, and {end.loss.name} takes them for "
        "probabilities",
        where=end.place,
        evidence={"lowest": low, "highest": high, "loss": end.loss.name},
        threshold="answers between 0 and 1, or from_logits=True",
        fix=fixes.FromLogits(
            True, f"loss={end.loss.name!r}", f"loss=nn.losses.{class_}(from_logits=True)"
        ),
    )


def _partners(end: End) -> Iterator[Finding]:
    """Look at loss and activation against the task."""
    task, act, name = end.task, end.activation, end.loss.name
    said = ""
    fix: str | fixes.Fix = ""
    if end.kind == "binary" and end.width > 2 and task.name == "classes":
        said = f"{name} asks {end.width} questions of yes or no, and each row of y has one answer"
        fix = fixes.Pair(f'"{act}", loss="{name}"', "categorical_crossentropy", "softmax")
    elif end.kind == "binary" and act == "softmax" and task.name == "labels":
        said = "a softmax lets the labels compete, and rows of y have several"
        fix = fixes.Activate("softmax", "sigmoid")
    elif end.kind in ("binary", "squared") and act == "softmax" and (found := _sums(end)):
        said = f"a softmax sums to 1 over its {end.width} outputs, and rows of y to {found}"
        fix = fixes.Activate("softmax", "sigmoid")
    elif end.kind in ("one-hot", "class numbers") and act == "sigmoid" and end.width > 1:
        said = f"{name} chooses one of {end.width} classes, and sigmoids answer each alone"
        fix = fixes.Activate("sigmoid", "softmax")
    elif end.kind == "hinge" and act in ("sigmoid", "softmax", "relu"):
        said = f"{name} wants scores down to -1, and a {act} has none below 0"
        fix = fixes.Activate(act, "linear", end.width)
    elif end.kind == "squared" and act == "relu" and task.name in ("classes", "binary"):
        last = "softmax" if task.name == "classes" and end.width > 1 else "sigmoid"
        right = "categorical" if last == "softmax" else "binary"
        said = f"{name} of a relu where a class is to be told: below 0 it gets no gradient"
        fix = fixes.Pair(f'"relu", loss="{name}"', f"{right}_crossentropy", last)
        if task.name == "classes" and end.values.ndim == 1:
            fix = _chosen(end, f'Dense({end.width}, "relu"), loss="{name}"')
    elif end.kind == "squared" and task.name == "classes" and end.values.ndim == 1:
        said = f"{name} takes the class numbers 0 to {task.classes - 1} for quantities"
        fix = _chosen(end, f'Dense({end.width}), loss="{name}"')
    if said:
        yield MIXED.found(
            said,
            where=end.place,
            evidence={"loss": name, "activation": act, "task": task.name, "outputs": end.width},
            threshold="loss, activation and targets of one kind",
            fix=fix,
        )
        return
    squashed = act in ("sigmoid", "softmax") and end.kind == "squared"
    if squashed and task.name in ("classes", "binary") and len(end.shape) == 2:
        several = task.name == "classes"
        right = "categorical_crossentropy" if several else "binary_crossentropy"
        last = "softmax" if several else "sigmoid"
        yield SLOW.found(
            f"{name} of a {act} where a class is to be told",
            where=end.place,
            evidence={"loss": name, "activation": act, "classes": task.classes},
            threshold="cross-entropy for classes",
            fix=fixes.Pair(f'"{act}", loss="{name}"', right, last),
            severity=None if several else INFO,
        )
    if end.kind in ("squared", ""):
        yield from reach(end)


def _chosen(end: End, before: str) -> fixes.Pair:
    """Return the cure where the classes have numbers, and the output is one."""
    return fixes.Pair(before, "sparse_categorical_crossentropy", "softmax", end.task.classes)


def _sums(end: End) -> str:
    """Return what most rows of targets sum to; "" if that is 1, as a softmax does."""
    y = sample(end.values)
    if y.ndim < 2 or y.shape[1:] != end.shape[1:]:
        return ""
    sums = y.sum(axis=-1, dtype=np.float64)
    other = abs(sums - 1) > 0.05
    return f"{np.median(sums[other]):.3g}" if other.mean() > 0.5 else ""


FAR = (0.0, 0.5, 1.0, 3.0)  # standard deviations


def _backwards(end: End) -> Iterator[Finding]:
    """Ask a loss of the user's own whether answers that are further off are worse."""
    y = end.values[:256].astype(np.float32)
    y = y.reshape(len(y), *end.shape[1:]) if y.size == len(y) * np.prod(end.shape[1:]) else y[:0]
    if not y.size:
        return
    y = np.concatenate([y, y])
    try:
        at = [float(np.mean(as_array(end.loss(y, p)))) for p in _worse(end, y)]
    except Exception:  # a loss of another kind, which wants other numbers
        return
    if len(at) < 2 or not np.isfinite(at).all():
        return
    if (np.diff(at) < -HAIR * np.abs(at).max()).all():
        yield MIXED.found(
            f"{end.loss.name} is {at[0]:.3g} for exact answers, and {at[-1]:.3g} for ones far off: "
            "training makes it smaller, and answers worse",
            where=end.place,
            evidence={"loss": end.loss.name, "of exact answers": at[0], "far off": at[-1]},
            threshold="a loss that is smallest for the right answer",
            fix=fixes.Negate(),
            severity=ERROR,
        )


def _worse(end: End, y: np.ndarray) -> Iterator[np.ndarray]:
    """Yield answers that are further and further off; none where nobody knows what is off.

    Numbers, which come twice, are off to both sides: a reward times an answer is then as it was.
    """
    if end.task.name == "numbers":
        noise = np.random.default_rng(0).normal(size=y[len(y) // 2 :].shape).astype(y.dtype)
        noise = np.concatenate([noise, -noise])
        yield from ((y + far * y.std() * noise).astype(y.dtype) for far in FAR)
    elif end.activation in ("sigmoid", "softmax") and y.min() >= 0 and y.max() <= 1:
        others = np.roll(y, 1, axis=0)
        mixed = ((y + part * (others - y)).clip(HAIR, 1 - HAIR) for part in (0.0, 0.3, 0.6, 1.0))
        yield from (p.astype(y.dtype) for p in mixed)


CHECKS = {pairing: (DOUBLE, MISSING, MIXED, REACH, ON_SCORES, SLOW, AXIS)}

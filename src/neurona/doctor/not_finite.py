"""The first number of a step that is not finite: where it is born, of what, and what to do."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from neurona.core import random
from neurona.core.graph import Graph, Node
from neurona.core.tree import flatten, paths
from neurona.doctor.cures import GROWN, cure
from neurona.doctor.finding import Finding, Rule
from neurona.doctor.replay import Birth, Replay, first
from neurona.nn.pure import Pure, trace_pure
from neurona.train import state, steps
from neurona.train.arrays import check_inputs, check_targets
from neurona.train.before import before_step

GRADIENT, UPDATE = "gradient of ", "update of "

NOT_FINITE = Rule(
    "GD401",
    "numbers that are not finite",
    "error",
    "NaN and infinity spread: whatever is computed with one becomes one, so a single such number "
    "in a step makes all weights useless in the next.",
    auto="safe",
    because=("GD101", "GD102", "GD105", "GD202"),
    accepted=("a smaller learning rate", "clipnorm=1.0 in the optimizer"),
    source="RANUM (ICSE 2023)",
)

# numbers that grew from step to step have other causes than an op that is not defined everywhere
GROWN_TOO_LARGE = dataclasses.replace(
    NOT_FINITE, because=(*NOT_FINITE.because, "GD104", "GD113", "GD506", "GD502")
)


@dataclasses.dataclass(frozen=True)
class At:
    """Which step it is.

    Attributes:
        epoch, batch: from 1; 0 if there is no training yet.
        rows: numbers of the batch's samples in the data, if known.
    """

    epoch: int = 0
    batch: int = 0
    rows: np.ndarray | None = None

    def __str__(self) -> str:
        return f"epoch {self.epoch}, batch {self.batch}" if self.epoch else "the first step"


def first_bad(
    model: Any, x: Any, y: Any = None, sample_weight: Any = None, at: At | None = None
) -> Finding | None:
    """Return the finding on the first number that is not finite in a training step, or None.

    Nothing is changed, and nothing is compiled.

    Args:
        model: a compiled model.
        x, y, sample_weight: a batch of arrays.
        at: which step it is, to be told.

    Raises:
        NeuronaError: if the batch does not fit the model.
    """
    batch = before_step(model, x), y, sample_weight
    with model._training.turns, random.undisturbed():
        check_inputs(model, batch[0])
        steps.rehearse(model, batch, "train")
        if model._training.losses.outputs is not None:
            check_targets(model, batch[0], y)
        return examine(model, steps.training_step(model), batch, at or At())


def examine(model: Any, step: Any, batch: tuple, at: At) -> Finding | None:
    """Return the finding on the first bad number that a Step would compute now, or None."""
    leaves, structure = flatten(batch)
    arrays = [np.asarray(a) for a in leaves]
    pure = trace_pure(step.fn, structure, arrays, step.parameters)
    inputs = [np.array(random.get_position(), np.int64), *[p.data for p in step.parameters]]
    found = first(pure.graph, [*inputs, *arrays], _watched(model, step, pure))
    if found is None:
        return None
    return _Told(model, step, pure, structure, arrays, *found).finding(at)


def _watched(model: Any, step: Any, pure: Pure) -> list[int]:
    """Return the outputs that must be finite: the loss and the state, but no other metric."""
    totals = {id(p) for m in state.metrics_of(model) for p in m.variables}
    kept = [i for i, k in enumerate(pure.changed) if id(step.parameters[k]) not in totals]
    names = paths(pure.results, "")
    ends = len(pure.changed)
    return [*kept, *(ends + i for i, name in enumerate(names) if is_loss(name))]


def is_loss(name: str) -> bool:
    """Say whether a result is a loss, by its name: those of a train_step of one's own too."""
    return "loss" in name


class _Told:
    """A birth in words."""

    def __init__(
        self, model: Any, step: Any, pure: Pure, structure: Any, arrays: Sequence[np.ndarray],
        birth: Birth, seen: Replay,
    ) -> None:  # fmt: skip
        self.model, self.step, self.pure, self.arrays = model, step, pure, arrays
        self.birth, self.seen = birth, seen
        self.names = [_plain(p) for p in paths(structure, "")]
        self.origin, self.node = birth.origin, birth.node
        self.phase = self._phase()
        self.op = self._op()

    def finding(self, at: At) -> Finding:
        """Return the finding."""
        if self.birth.input is not None:
            return self._of_input(at)
        cured = cure(self.birth, self.op, self.phase, self._masked(), self._smaller(at))
        if self.origin.kind.endswith("Normalization") and self.phase != "update":
            cured = cured._replace(fix=f"+ {self.origin.kind}(epsilon=1e-3)  # above 0")
        sample, row = self._sample(at)
        place = self._place()
        said = f"{at}: {self._what()} in the {self.phase} pass gives {self._kind()}"
        if self.phase == "update":
            said = f"{at}: {self._what()} gives {self._kind()} in the update of the weights"
        said += f" at {list(self.birth.index)}"
        if sample is not None:
            said += f", sample {sample} of the batch"
            said += f" (row {row} of the data)" if row is not None else ""
        if self.birth.turns:
            said += f", time step {', '.join(map(str, self.birth.turns))} of the loop"
        said += f": {cured.happens}."
        rule = NOT_FINITE
        if grown := self._grown(at):
            said += f" {grown}"
            rule = GROWN_TOO_LARGE if at.epoch > 1 or at.batch > 1 else rule
        return rule.found(
            said, where=place, fix=cured.fix, threshold="all numbers of a step are finite",
            evidence={
                **self._at(at), "phase": self.phase, "op": self.op,
                "computed_by": self.node.op.name if self.node is not None else "",
                "layer": self.origin.path, "line": self.origin.place, "file": self.origin.file,
                "index": list(self.birth.index), "sample": sample, "row": row,
                "time_steps": list(self.birth.turns),
                "operands": [_range(a) for a in self.birth.operands],
                "at_index": self.birth.at_index(),
                "value": float(self.birth.array[self.birth.index]),
                "bad": int(self.birth.new.sum()), "of": self.birth.array.size,
                "largest": self._largest(),
            },
        )  # fmt: skip

    # --- what it is of

    def _phase(self) -> str:
        """Tell what leads to the loss, what makes gradients of it, and what is done with them."""
        if self.node is None:
            return "forward"
        roles = [o.role for o in self.node.origins]
        if not all(roles) and self._leads_to_loss():
            return "forward"
        if any(r.startswith(UPDATE) for r in roles):
            return "update"
        # without a role it is a gradient rule of one's own within a layer, or clipping and the like
        gradient = any(r.startswith(GRADIENT) for r in roles) or self.origin.path
        return "backward" if gradient else "update"

    def _leads_to_loss(self) -> bool:
        graph = self.pure.graph
        if self.birth.graph is not graph:  # in a loop: the passes have bodies of their own
            return True
        losses = [graph.outputs[len(self.pure.changed) + i] for i in self._loss_places()]
        made = self.node.outputs if self.node is not None else ()
        return not graph.needed(losses).isdisjoint(made)

    def _loss_places(self) -> list[int]:
        return [i for i, name in enumerate(paths(self.pure.results, "")) if is_loss(name)]

    def _op(self) -> str:
        """Return the op; of a gradient, that of the forward pass whose gradient it is."""
        if self.node is None:
            return "input"
        if self.phase == "backward" and (forward := _forward_of(self.birth.graph, self.node)):
            return forward.op.name
        return self.node.op.name

    def _what(self) -> str:
        gradient = self.phase == "backward" and self.origin.role.startswith(GRADIENT)
        return f"{'the gradient of ' if gradient else ''}{self.op}"

    def _kind(self) -> str:
        value = float(self.birth.array[self.birth.index])
        return "NaN" if np.isnan(value) else ("infinity" if value > 0 else "-infinity")

    def _place(self) -> str:
        path = self.origin.path
        kind = f"{self.origin.kind} {path!r}".strip() if path else ""
        return ", ".join(filter(None, (kind, self.origin.place)))

    def _masked(self) -> bool:
        """Whether the loss is finite, and a gradient of 0 meets the bad number."""
        ends = len(self.pure.changed)
        losses = [self.seen.outputs[ends + i].array for i in self._loss_places()]
        if not losses or not all(np.isfinite(a).all() for a in losses):
            return False
        if self.phase == "forward":
            return True
        chooses = any(
            n.op.name == "where"
            and any(not o.role and o.path == self.origin.path for o in n.origins)
            for n in self.birth.graph.nodes
        )
        return self.phase == "backward" and chooses and self.birth.at_index() == [0.0, 0.0]

    # --- numbers

    def _sample(self, at: At) -> tuple[int | None, int | None]:
        size = len(self.arrays[0]) if self.arrays and self.arrays[0].ndim else 0
        index = self.birth.index
        if self.phase == "update" or not index or self.birth.array.shape[0] != size:
            return None, None
        row = None if at.rows is None else int(at.rows[index[0]])
        return index[0], row

    def _largest(self) -> dict[str, float]:
        top = sorted(self.seen.largest.items(), key=lambda pair: -pair[1])[:5]
        return {part: value for part, value in self.seen.largest.items() if (part, value) in top}

    def _grown(self, at: At) -> str:
        """Say which weights, or which layers' numbers, have grown too large, if any."""
        sizes = {
            p.path: float(np.abs(p.data).max())
            for p in self.model.trainable_weights
            if p.size and p.data is not None
        }
        if sizes and max(sizes.values()) > GROWN:
            name = max(sizes, key=lambda n: sizes[n])
            if at.epoch <= 1 and at.batch <= 1:
                return f"The weights begin as large as {sizes[name]:.3g} ({name})."
            return (
                f"The weights have grown to {sizes[name]:.3g} ({name}): earlier steps were too "
                "large."
            )
        if np.isinf(self.birth.array).any() and self.node is not None:
            parts = list(self._largest().items())
            if parts and max(v for _, v in parts) > GROWN:
                told = ", ".join(f"{part} {value:.3g}" for part, value in parts)
                return f"The largest numbers before: {told}."
        return ""

    def _smaller(self, at: At) -> str:
        """Return code for smaller numbers: of the steps, of the first weights, or of operands."""
        optimizer = getattr(self.model, "optimizer", None)
        large = self._grown(at).startswith("The weights")
        if self.phase == "forward" and not large:
            return "keep its operands small: divide them, clip them, or work with logarithms"
        if large and at.epoch <= 1 and at.batch <= 1:
            return '+ kernel_initializer="glorot_uniform"'
        if optimizer is None:
            return "a smaller learning_rate, and clipnorm=1.0 in the optimizer"
        name, rate = type(optimizer).__name__, float(np.asarray(optimizer.learning_rate))
        return f"- {name}({rate:.3g})\n+ {name}({rate / 10:.3g}, clipnorm=1.0)"

    def _at(self, at: At) -> dict[str, Any]:
        return {"epoch": at.epoch, "batch": at.batch} if at.epoch else {}

    # --- an input

    def _of_input(self, at: At) -> Finding:
        number, index = self.birth.input or 0, self.birth.index
        count = len(self.step.parameters)
        bad = int((~np.isfinite(self.birth.array)).sum())
        size = self.birth.array.size
        if number <= count:
            p = self.step.parameters[number - 1]
            said = f"{at}: {p.path} holds {self._kind()} at {list(index)} before the step."
            fix, what, sample, row = (
                "build the model anew, or load weights that are finite",
                p.path,
                None,
                None,
            )
        else:
            what = self.names[number - count - 1]
            sample = index[0] if index else None
            row = int(at.rows[sample]) if at.rows is not None and sample is not None else None
            tail = f" (row {row} of the data)" if row is not None else ""
            said = f"{at}: {what} holds {self._kind()} at {list(index)}: sample {sample}{tail}."
            fix = f"- {what}\n+ np.nan_to_num({what})  # or leave out these samples"
        return NOT_FINITE.found(
            said, where=what, fix=fix, threshold="all numbers of a step are finite",
            evidence={
                **self._at(at), "phase": "forward", "op": "input", "layer": "", "line": "",
                "index": list(index), "sample": sample, "row": row, "bad": bad, "of": size,
                "value": float(self.birth.array[index]), "operands": [], "input": what,
            },
        )  # fmt: skip


def _plain(path: str) -> str:
    """Return the name of an array of the batch: "x", "y", "sample_weight", or "x[1]" of several."""
    number, _, rest = path.lstrip("[").partition("]")
    return f"{('x', 'y', 'sample_weight')[int(number)]}{rest}" if number.isdigit() else path


def _range(array: np.ndarray) -> dict[str, Any]:
    """Return shape and range of an operand."""
    known = array[np.isfinite(array)] if array.dtype.kind == "f" else array
    found = {"shape": list(array.shape), "dtype": array.dtype.name}
    if known.size:
        found |= {"min": known.min(), "max": known.max()}
    return found


def _forward_of(graph: Graph, node: Node) -> Node | None:
    """Return the node of the forward pass whose gradient rule made a node.

    It has the same place in the model, and the rule uses what it computes or is computed of.
    """
    gradient = min(node.origins, key=lambda o: len(o.role))
    if not gradient.role.startswith(GRADIENT):
        return None
    forward = gradient._replace(role=gradient.role.removeprefix(GRADIENT))
    made = {v: n for n in graph.nodes for v in n.outputs}
    candidates = [n for n in graph.nodes if forward in n.origins]
    waiting, seen = list(node.inputs), set[int]()
    best: tuple[tuple[bool, int], Node] | None = None
    while waiting:
        v = waiting.pop(0)
        if v in seen:
            continue
        seen.add(v)
        for n in candidates:
            if v in n.outputs or v in n.inputs:
                rank = (n.op.name not in _EDGY, len(seen))
                if best is None or rank < best[0]:
                    best = rank, n
        if v in made and gradient in made[v].origins:
            waiting += made[v].inputs
    return None if best is None else best[1]


_EDGY = {"log", "log1p", "sqrt", "rsqrt", "div", "pow", "exp", "expm1"}  # not defined everywhere

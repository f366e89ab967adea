"""Structure: a softmax amid layers, parts that are not connected, and a useless order."""

from __future__ import annotations

import collections
import math
from collections.abc import Iterable, Iterator

from neurona.core.graph import Node
from neurona.doctor.case import Case, learnt_mean
from neurona.doctor.finding import ERROR, INFO, Finding, Rule
from neurona.doctor.forward import Forward
from neurona.doctor.probe.probe import probe_of
from neurona.doctor.statics.pairing import ON_SCORES
from neurona.doctor.written import activation_name, place, written_at
from neurona.nn.layer import Layer
from neurona.nn.parameter import Parameter
from neurona.train.model import Model

PLAIN = ("Dense", "EinsumDense", "Conv1D", "Conv2D", "Conv3D", "TimeDistributed")
WIDER = 4  # times as many features as numbers that each is made of
Product = tuple[Node, int, int]  # with the values of data and weights


def layer_of(case: Case, node: Node) -> Layer | None:
    """Return the layer that a node is of; of the library's that are made of others, the whole."""
    return written_at(case.layers, node.origins[0].path) if node.origins else None


def competing(case: Case) -> Iterator[Finding]:
    """GD205: look for a softmax between two layers, where it is no narrow code and no gate."""
    forward = case.forward
    inside = []
    for _, data, weights in forward.products:
        behind = forward.graph.specs[weights].shape
        maker = forward.made(data)
        if maker is None or len(behind) < 2 or behind[-2] < WIDE:
            continue
        layer = layer_of(case, maker)
        activation = activation_name(layer)
        if "Softmax" in type(layer).__name__ or activation == "softmax":
            inside.append((maker, behind[-2]))
    if not inside:
        return
    first, width = inside[0]
    yield ON_SCORES.found(
        f"a softmax stands between two layers: its {width} units share a sum of 1, so each says "
        f"next to nothing" + (f"; {len(inside)} layers are such" if len(inside) > 1 else ""),
        where=forward.place(first),
        evidence={"layers": [forward.place(maker) for maker, _ in inside[:10]]},
        threshold="a softmax at the end only, or on a narrow code",
        fix=f'- Dense({width}, "softmax")\n+ Dense({width}, "relu")',
    )


WIDE = 16  # units: so many share little; of fewer a gate or a code may be made


# --- what is not connected ---------------------------------------------------------------------

UNCONNECTED = Rule(
    "GD212",
    "weights that cannot learn",
    "warning",
    "No gradient reaches them, whatever the data: they stay as they began, and the network "
    "computes without them, or with noise.",
    source="TrainCheck, OSDI 2025",
)
BROKEN = ("stop_gradient", "floor", "round", "sign", "argmax", "argmin", "argsort", "floordiv")
TRUTH = ("eq", "ne", "lt", "le", "gt", "ge", "isfinite", "logical_and", "logical_or", "logical_not")


def unconnected(case: Case) -> Iterator[Finding]:
    """Look for parameters without a way to an output, layers that are not called, all frozen."""
    model = case.examined
    learnt = list(model.trainable_weights)
    if case.custom:
        yield from _without_slope(case)
        if learnt and not _twin_learns(case):
            yield from _frozen_at_random(case)
        return
    if not learnt:
        if model.weights:
            yield UNCONNECTED.found(
                f"all {len(model.weights)} weights are frozen: nothing can be learnt",
                where=model.name,
                evidence={"weights": len(model.weights)},
                threshold="something to train",
                fix=f"+ model.layers[{len(model.layers) - 1}].trainable = True",
                severity=ERROR,
            )
        return
    yield from _frozen_at_random(case)
    live = reached(case.forward, case.forward.graph.outputs)
    lost = [p for p in learnt if id(p) not in live]
    if not lost:
        yield from _without_loss(case)
    if lost:
        cut = [p for p in lost if any(p is q for q in case.forward.parameters.values())]
        how = "a step without a gradient" if len(cut) == len(lost) else "nothing"
        yield UNCONNECTED.found(
            f"{len(lost)} of {len(learnt)} weights lead to {how}: {_named(lost)}",
            where=lost[0].path,
            evidence={"weights": [p.path for p in lost[:20]], "of": len(learnt)},
            threshold="a way with a gradient from each weight to an output",
            fix="# in call: use what these layers return, and no stop_gradient, round or argmax",
        )
    yield from _never_read(case)
    unused = [
        layer
        for layer in case.layers
        if not layer.built and not layer.weights and type(layer).build is not Layer.build
    ]
    if unused and case.model._network is None:
        names = ", ".join(repr(layer.name) for layer in unused[:3])
        yield UNCONNECTED.found(
            f"{_counted(len(unused))} never called: {names}",
            where=place(unused[0]),
            evidence={"layers": [layer.name for layer in unused[:20]]},
            threshold="each layer is called",
            fix=f"+ x = self.{_attribute(model, unused[0])}(x)  # in call",
        )


def _without_slope(case: Case) -> Iterator[Finding]:
    """Look for weights that act on the outputs without a slope, in a training step of one's own.

    It gives its optimizer gradients of others, so it learns by slopes. What is behind a
    stop_gradient may be meant to learn in another way, unless the optimizer is given it, too.
    """
    forward, learnt = case.forward, case.examined.trainable_weights
    ends = forward.graph.outputs
    acts = {id(p) for v, p in forward.parameters.items() if v in forward.graph.needed(ends)}
    lost = [p for p in learnt if id(p) in acts and id(p) not in reached(forward, ends)]
    if not lost:
        return
    steps = reached(forward, ends, [name for name in (*BROKEN, *TRUTH) if name != "stop_gradient"])
    probe = probe_of(case)
    moved = {p.path for k, p in probe.training.parameters.items() if probe.values[k].any()}
    given = {p.path for p in probe.training.without}
    lost = [p for p in lost if p.path not in moved and (id(p) not in steps or p.path in given)]
    if lost and moved:
        stopped = id(lost[0]) in steps
        yield UNCONNECTED.found(
            f"{len(lost)} of {len(learnt)} weights act "
            f"{'behind a stop_gradient' if stopped else 'by steps without a slope'}, and the "
            f"training step has no gradient for them: {_named(lost)}",
            where=lost[0].path,
            evidence={"weights": [p.path for p in lost[:20]], "of": len(learnt)},
            threshold="a way with a gradient from each weight to an output",
            fix="- nn.ops.stop_gradient(x)\n+ x"
            if stopped
            else "# in call: a sigmoid in place of a comparison, round, sign or argmax",
        )


def _without_loss(case: Case) -> Iterator[Finding]:
    """Look for weights that only lead to outputs which no loss is asked of."""
    forward = case.forward
    asked = [v for v, end in zip(forward.outputs, case.ends, strict=False) if end.loss is not None]
    aside = [end for end in case.ends if end.loss is None]
    if not asked or not aside:
        return
    live = reached(forward, [*asked, *forward.added])
    lost = [p for p in case.examined.trainable_weights if id(p) not in live]
    if lost:
        yield UNCONNECTED.found(
            f"{aside[0].called} has no loss, and {len(lost)} weights only lead to it: "
            f"{_named(lost)}",
            where=aside[0].place,
            evidence={"weights": [p.path for p in lost[:20]], "outputs": [e.name for e in aside]},
            threshold="a loss for each output that has weights of its own",
            fix=f"+ loss={{..., {aside[0].name!r}: 'mse'}}  # or leave out the output",
        )


def _never_read(case: Case) -> Iterator[Finding]:
    """Look for inputs that nothing is computed from, beside others."""
    forward = case.forward
    needed = forward.graph.needed(forward.graph.outputs)
    lost = [k for k, v in enumerate(forward.inputs) if v not in needed]
    if not lost or len(lost) == len(forward.inputs) or len(case.x_parts) != len(forward.inputs):
        return
    names = [case.x_parts[k].name for k in lost]
    yield UNCONNECTED.found(
        f"{', '.join(names)} is given, and nothing is computed from it",
        where=names[0],
        evidence={"inputs": names, "of": len(forward.inputs)},
        threshold="a way from each input to an output",
        fix="# join it with the others: L.Concatenate()([a, b])",
    )


def _frozen_at_random(case: Case) -> Iterator[Finding]:
    """Look for frozen layers that have learnt nothing yet, below some that learn."""
    frozen = [v for v in case.layers if type(v).__name__ in PLAIN and not v.trainable and v.weights]
    biased = [v for v in frozen if isinstance(getattr(v, "bias", None), Parameter)]
    known = any(v.bias.numpy().any() for v in biased) or any(map(learnt_mean, case.layers))
    if biased and not known and not _draws_features(case, frozen):
        names = ", ".join(repr(layer.name) for layer in frozen[:3])
        yield UNCONNECTED.found(
            f"{_counted(len(frozen))} frozen as drawn at random: {names}",
            where=place(frozen[0]),
            evidence={"layers": [layer.name for layer in frozen[:20]]},
            threshold="what is frozen has been learnt before",
            fix=f"- model.get_layer({frozen[0].name!r}).trainable = False\n"
            f"+ model.get_layer({frozen[0].name!r}).trainable = True  # or load weights first",
        )


def _draws_features(case: Case, frozen: list[Layer]) -> bool:
    """Whether the data go through one frozen layer first, far wider than they are: by chance."""
    first = [layer_of(case, node) for node, _, _ in case.forward.first_products]
    if len(frozen) != 1 or frozen[0] not in first:
        return False
    *inside, width = frozen[0].weights[0].shape
    return width >= WIDER * math.prod(inside)


def _twin_learns(case: Case) -> bool:
    """Whether each frozen layer has a layer like it that learns: a target that follows it."""
    frozen, learnt = (
        collections.Counter(w.shape for w in weights)
        for weights in (case.examined.non_trainable_weights, case.examined.trainable_weights)
    )
    return not frozen - learnt


def reached(
    forward: Forward, ends: Iterable[int], broken: Iterable[str] = (*BROKEN, *TRUTH)
) -> set[int]:
    """Return the ids of the parameters that a gradient of some values comes to."""
    live = set(ends)
    for node in reversed(forward.graph.nodes):
        if live.intersection(node.outputs) and node.op.name not in broken:
            live.update(node.inputs)
    return {id(p) for v, p in forward.parameters.items() if v in live}


def _attribute(model: Model, layer: Layer) -> str:
    return next((name for name, value in vars(model).items() if value is layer), layer.name)


def _counted(count: int) -> str:
    return f"{count} layers are" if count > 1 else "a layer is"


def _named(parameters: list[Parameter]) -> str:
    return ", ".join(repr(p.path) for p in parameters[:3]) + (
        ", ..." if len(parameters) > 3 else ""
    )


# --- order -------------------------------------------------------------------------------------

ORDER = Rule(
    "GD213",
    "layers in a wasteful order",
    "info",
    "A bias before BatchNorm is taken away again by its mean; BatchNorm behind dropout estimates a "
    "spread that is another one at prediction.",
    source="NeuraLint, TOSEM 2021",
)


def wasteful(case: Case) -> Iterator[Finding]:
    """Look for BatchNorm behind dropout, and biases before BatchNorm."""
    forward = case.forward
    kinds = {v: n.origins[0].kind for n in forward.graph.nodes if n.origins for v in n.outputs}
    biases, dropped = set(), set()
    norms = [n for n in forward.graph.nodes if kinds.get(n.outputs[0]) == "BatchNormalization"]
    for node in norms:
        for v in node.inputs:
            if (maker := forward.maker.get(v)) is None:
                continue
            if "Dropout" in kinds[v]:
                dropped.add(node.origins[0].path)
            read = [p.name for i in maker.inputs for p in forward.weights(i)]
            if maker.op.name == "add" and kinds[v] in PLAIN and "bias" in read:
                biases.add(maker.origins[0].path)
    for names, said, fix in (
        (dropped, "BatchNorm behind dropout", "BatchNormalization() first, then Dropout()"),
        (biases, "a bias before BatchNorm, which takes it away", "use_bias=False"),
    ):
        if names:
            yield ORDER.found(
                f"{said}: {', '.join(sorted(names)[:3])}",
                where=min(names), evidence={"layers": sorted(names)}, fix=fix, severity=INFO,
            )  # fmt: skip


CHECKS = {
    competing: (ON_SCORES,),
    unconnected: (UNCONNECTED,),
    wasteful: (ORDER,),
}

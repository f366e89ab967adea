"""Depth that is none: products with weights that only linear steps lie between."""

from __future__ import annotations

from collections.abc import Iterator

from neurona.doctor import fixes
from neurona.doctor.case import Case
from neurona.doctor.finding import Finding, Rule
from neurona.doctor.forward import Forward
from neurona.doctor.statics.structure import PLAIN, Product, layer_of
from neurona.doctor.written import diff

COLLAPSED = Rule(
    "GD207",
    "collapsed depth",
    "warning",
    "A linear layer of a linear layer is one linear layer: without an activation between them, the "
    "second adds nothing that can be learnt.",
    auto="race",
    accepted=("leave out one of the two",),
    source="UMLAUT, CHI 2021",
)
LINEAR = ("add", "sub", "reshape", "transpose", "cast", "alias", "mul", "div", "sum")


def collapsed(case: Case) -> Iterator[Finding]:
    """Look for two products with weights that only linear steps lie between."""
    forward = case.forward
    found = [(p, q) for p in forward.products if (q := _next_product(forward, p)) is not None]
    pairs = [
        (p, q) for p, q in found
        if _redundant(forward, p, q) and not _mixes(case, p, q) and not _of_patches(case, p)
        and not _scores(forward, q)
    ]  # fmt: skip
    if not pairs:
        return
    (first, _, _), (second, _, _) = pairs[0]
    a, b = (forward.place(node).partition(",")[0] for node in (first, second))
    others = len(pairs) - 1
    more = "" if not others else ", and one more so" if others == 1 else f", and {others} more so"
    layer = layer_of(case, first)
    yield COLLAPSED.found(
        f"{a} feeds {b} with no activation between them{more}",
        where=forward.place(first),
        evidence={"pairs": [[forward.place(x[0]), forward.place(y[0])] for x, y in pairs[:10]]},
        threshold="an activation between two linear layers",
        fix="" if layer is None else fixes.Between(diff(layer, activation="relu")),
    )


def _next_product(forward: Forward, product: Product) -> Product | None:
    """Return the product that alone reads what this one gives, unless more than looks change."""
    value = product[0].outputs[0]
    by_node = {id(row[0]): row for row in forward.products}
    while value not in forward.outputs:
        readers = forward.readers.get(value, [])
        if len(readers) != 1:
            return None
        node = readers[0]
        if id(node) in by_node:
            row = by_node[id(node)]
            return row if row[1] == value else None
        others = [v for v in node.inputs if v != value]
        fixed = not any(v in forward.of_data for v in others)
        weighs = node.op.name in ("mul", "div") and any(v in forward.of_weights for v in others)
        if node.op.name not in LINEAR or not fixed or weighs or len(node.outputs) != 1:
            return None
        value = node.outputs[0]
    return None


def _redundant(forward: Forward, first: Product, second: Product) -> bool:
    """Say whether two products could be one: not where the middle is narrow on purpose."""
    kinds = [node.origins[0].kind if node.origins else "" for node, _, _ in (first, second)]
    paths = [node.origins[0].path if node.origins else "" for node, _, _ in (first, second)]
    if any(kind not in (*PLAIN, "") for kind in kinds) or (paths[0] and paths[0] == paths[1]):
        return False
    learnt = [p for _, _, w in (first, second) for p in forward.weights(w)]
    if not all(p.trainable for p in learnt):
        return False
    shapes = [forward.graph.specs[w].shape for _, _, w in (first, second)]
    if any(len(shape) < 2 for shape in shapes):
        return False
    inside, width, outside = shapes[0][-2], shapes[0][-1], shapes[1][-1]
    steps = max(1, shapes[1][-2] // width)  # that are laid side by side, each with weights
    return width >= min(inside, outside * steps)


def _mixes(case: Case, first: Product, second: Product) -> bool:
    """Say whether the first belongs to attention, which ends with a product, and the second not."""
    inside, outside = (
        node.origins[0].path.split("/")[:-1] if node.origins else []
        for node, _, _ in (first, second)
    )
    kinds = {layer.name: type(layer).__name__ for layer in case.layers}
    return any("Attention" in kinds.get(name, "") for name in inside if name not in outside)


def _scores(forward: Forward, product: Product) -> bool:
    """Say whether a product gives the scores of attention: shares of them weigh what comes then."""
    value = product[0].outputs[0]
    while True:
        readers = forward.readers.get(value, [])
        if len(readers) != 1 or readers[0].op.name not in LINEAR:
            break
        value = readers[0].outputs[0]
    if not {"max", "sub"} <= {node.op.name for node in readers}:  # the beginning of a softmax
        return False
    behind = forward.behind(value)
    return any(data in behind for _, data, _ in forward.products)


def _of_patches(case: Case, product: Product) -> bool:
    """Say whether a convolution makes a vector of each patch, side by side, as it is meant to."""
    layer = layer_of(case, product[0])
    size, strides = (getattr(layer, name, None) for name in ("kernel_size", "strides"))
    return size is not None and size == strides and max(size) > 1


CHECKS = {collapsed: (COLLAPSED,)}

"""Initial weights: units that begin alike, and sizes that do not suit the activation."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import numpy as np

from neurona.doctor import fixes
from neurona.doctor.anytime import SIZED
from neurona.doctor.case import Case
from neurona.doctor.finding import Finding, Rule
from neurona.doctor.forward import Forward
from neurona.doctor.learning_rate import ADAPTIVE
from neurona.doctor.probe import depth, flat, start
from neurona.doctor.probe.probe import probe_of
from neurona.doctor.statics.structure import Product, layer_of
from neurona.doctor.written import activation_name, diff
from neurona.nn.layer import Layer
from neurona.nn.parameter import Parameter

ALIKE = Rule(
    "GD208",
    "units that begin alike",
    "error",
    "Units with the same weights give the same numbers, get the same gradients, and stay copies of "
    "each other: a layer of them is one unit.",
    auto="safe",
    accepted=("glorot_uniform", "leave the initializer out: the default is random"),
    source="TheDeepChecker, 2023",
)


def alike(case: Case) -> Iterator[Finding]:
    """Look for layers whose units are all the same, with nothing behind that tells them apart."""
    forward = case.forward
    for product in (*forward.lookups, *forward.products):
        drawn = [p for p in forward.weights(product[2]) if p.trainable and len(p.shape) > 1]
        if not drawn:
            continue
        w = drawn[0].numpy()
        if w.shape[-1] < 2 or any(np.ptp(p.numpy(), axis=-1).any() for p in drawn):
            continue
        behind, relu = _behind(forward, product[0].outputs[0])
        if not behind and (w.any() or product not in forward.first_products or not _stuck(case)):
            continue
        kernels = [k.numpy() for row in behind if (k := _weight(forward, row)) is not None]
        copies = len(kernels) == len(behind) and all(
            k.ndim >= 2 and not np.ptp(k, axis=-2).any() for k in kernels
        )
        zeros = [p for p in drawn if p.name != "bias" and not p.numpy().any()]
        zero = not w.any()
        if zero and not (copies or relu or len(zeros) > 1):  # of two, each keeps the other still
            continue  # the way back tells them apart: a start at zero, such as of a residual block
        value = f"all are {w.flat[0]:g}" if np.ptp(w) == 0 else "the same weights"
        lasting = copies or zero
        layer = layer_of(case, product[0])
        units = w.shape[-1]
        yield ALIKE.found(
            f"all {units} units of {forward.place(product[0]).partition(',')[0]} begin as copies "
            f"of each other ({value})",
            where=forward.place(product[0]),
            evidence={"units": units, "value": float(w.flat[0]), "copies behind": copies},
            threshold="units that differ",
            fix=fixes.Redraw(_drawn(layer, "glorot_uniform")),
            severity=None if lasting else "warning",
        )
        return


def _stuck(case: Case) -> bool:
    """Whether all answers are one, and no matrix has a slope."""
    return next(start.check_input_matters(case), None) is not None


def _drawn(layer: Layer | None, initializer: str) -> str:
    """Return the code of a layer with other initial weights, those of its kernel or table."""
    if layer is None:
        return f'kernel_initializer="{initializer}"'
    if "kernel_initializer" in inspect.signature(type(layer).__init__).parameters:
        return diff(layer, kernel_initializer=initializer)
    if "embeddings_initializer" in inspect.signature(type(layer).__init__).parameters:
        return diff(layer, embeddings_initializer="uniform")
    return f"nn.initializers.get({initializer!r})  # in add_weight(..., initializer=)"


def _weight(forward: Forward, product: Product) -> Parameter | None:
    found = forward.weights(product[2])
    return found[0] if len(found) == 1 else None


def _behind(forward: Forward, value: int) -> tuple[list[Product], bool]:
    """Return the next products, and whether a ReLU comes first; none where paths meet."""
    by_node = {id(row[0]): row for row in forward.products}
    found: list[Product] = []
    relu, seen, waiting = False, {value}, [value]
    while waiting:
        for node in forward.readers.get(waiting.pop(), []):
            if id(node) in by_node:
                found.append(by_node[id(node)])
                continue
            if node.op.name == "where":
                relu = True
            others = {v for v in node.inputs if v in forward.of_data} - seen
            if node.op.name in ("add", "concatenate") and others:
                return [], False
            new = [v for v in node.outputs if v not in seen]
            seen.update(new)
            waiting += new
    return found, relu


# --- their size --------------------------------------------------------------------------------

FACTOR = 3.0  # beyond the smallest and the largest of the known recipes
ASLEEP, NOT_APART = 1e-2, 1e-5  # of He's spread; between the answers to all samples
HARM = (
    depth.check_signal, depth.check_gradients, flat.check_dead, flat.check_saturated,
    start.check_loss, start.check_input_matters,
)  # fmt: skip


def sized(case: Case) -> Iterator[Finding]:
    """Hold the spread of weights against He, Glorot and LeCun, where the probe shows harm."""
    if case.trained or case.custom:
        return
    forward = case.forward
    off = []
    for product in forward.products:
        weight, shape = _weight(forward, product), forward.graph.specs[product[2]].shape
        if weight is None or not weight.trainable or len(shape) < 2 or weight.size < 16:
            continue
        ahead, spread = int(np.prod(shape[:-1])), float(weight.numpy().std())
        recipes = [(2 / (ahead + shape[-1])) ** 0.5, (2 / ahead) ** 0.5, (1 / ahead) ** 0.5]
        if spread and not min(recipes) / FACTOR <= spread <= max(recipes) * FACTOR:
            off.append((product, spread, recipes[1], ahead))
    harmed = off and (any(next(check(case), None) for check in HARM) or _asleep(case, off))
    if not harmed:
        return
    product, spread, wanted, ahead = max(off, key=lambda row: abs(np.log(row[1] / row[2])))
    layer = layer_of(case, product[0])
    times = max(spread / wanted, wanted / spread)
    squashed = activation_name(layer) in ("sigmoid", "tanh")
    others = len(off) - 1
    more = f"; {others} more {'is' if others == 1 else 'are'} like it" if others else ""
    yield SIZED.found(
        f"the weights of {forward.place(product[0]).partition(',')[0]} spread by {spread:.2g}, "
        f"{times:.1f} times {'more' if spread > wanted else 'less'} than He's {wanted:.2g} for "
        f"{ahead} inputs{more}",
        where=forward.place(product[0]),
        evidence={"spread": spread, "expected": wanted, "inputs": ahead, "layers": len(off)},
        threshold=f"within a factor of {FACTOR:g} of He, Glorot and LeCun",
        fix=fixes.Redraw(_drawn(layer, "glorot_uniform" if squashed else "he_normal")),
    )


def _asleep(case: Case, off: list[tuple[Product, float, float, int]]) -> bool:
    """Whether several matrices are so small that no answer differs, and plain steps stay tiny.

    The slope of each is a product of the others; Adam and its kin make up for that.
    """
    small = [spread for _, spread, wanted, _ in off if spread < ASLEEP * wanted]
    if len(small) < 2 or type(case.model.optimizer).__name__ in ADAPTIVE:
        return False
    outputs = [y for y in probe_of(case).outputs.values() if y.dtype.kind == "f" and len(y) > 1]
    return bool(outputs) and all(0 < np.ptp(y, axis=0).max() < NOT_APART for y in outputs)


CHECKS = {alike: (ALIKE,), sized: (SIZED,)}

"""The gradient of a loop: a loop in the other direction, which pulls each iteration back.

With c, y = body(c_before, x, w), and g the gradients of the loss for the outputs:
(dc_before, dx, dw_t) = (dc, g_y) pulled through the body, dw = sum of dw_t.

What the loop kept, states and what is costly, is not computed again. Where w meets the body in
products alone, p_t = a_t @ w, the loop computes the dp_t only; dw = sum of a_t^T dp_t is one
product after it, over all iterations.
"""

from __future__ import annotations

from typing import Any

from neurona.autodiff.reverse import key_of, sweep
from neurona.core.graph import Graph, Node
from neurona.core.shapes import is_float, product
from neurona.core.tensor import Source, Tensor
from neurona.ops.arithmetic import add, alias
from neurona.ops.filled import zeros
from neurona.ops.matmul import matrix_product
from neurona.ops.movement import reshape, swapaxes
from neurona.ops.scan import keep, loop, scan

# A product waits for the end of the loop if what is kept of an iteration for it is at most so many
# times as large as its weight: else to sum the weight's gradient in the loop is as fast.
WORTH = 8


class Products:
    """The products of a body with weights that it meets in nothing else.

    Args:
        body: of the loop.
        weights: values of the body -> Tensors of the surroundings.
        free: values that all iterations have anyway.

    Attributes:
        keys: of the weights whose products they are -> their values.
        met: in the sweep, with the factor a and the gradient dp: (value, place, a, dp).
    """

    def __init__(self, body: Graph, weights: dict[int, Tensor], free: set[int]) -> None:
        uses: dict[int, list[bool]] = {v: [False] * body.outputs.count(v) for v in weights}
        for node in body.nodes:
            for place, v in enumerate(node.inputs):
                if v in weights:
                    uses[v].append(_is_worth(body, node, place, free))
        self.keys = {key_of(weights[v]): v for v, good in uses.items() if good and all(good)}
        self.met: list[tuple[int, int, Tensor, Tensor]] = []

    def take(self, source: Source, place: int, g: Tensor | None) -> bool:
        """Note a product that the sweep comes to; say whether its gradient is left for later."""
        v = self.keys.get(key_of(source.inputs[place]))
        if v is not None and g is not None:
            self.met.append((v, place, source.inputs[1 - place], g))
        return v is not None


def _is_worth(body: Graph, node: Node, place: int, free: set[int]) -> bool:
    if node.op is not matrix_product:
        return False
    a, w, p = node.inputs[1 - place], node.inputs[place], node.outputs[0]
    shapes = [body.specs[v].shape for v in (a, w, p)]
    flat = len(shapes[1]) == 2 and (place == 1 or len(shapes[0]) == 2)
    kept = product(shapes[2]) + (0 if a in free else product(shapes[0]))
    return flat and a != w and kept <= WORTH * product(shapes[1])


def _summed(place: int, a: Tensor, dp: Tensor) -> Tensor:
    """Return the sum over t of the gradient of a weight: of a_t @ w (place 1), or of w @ a_t."""
    if place == 0:
        a, dp = swapaxes(a, -1, -2), swapaxes(dp, -1, -2)  # p^T = a^T @ w^T
    a, dp = (reshape(x, (product(x.shape[:-1]), x.shape[-1])) for x in (a, dp))  # (T * ..., K)
    dw = matrix_product(swapaxes(a, 0, 1), dp)
    return dw if place == 1 else swapaxes(dw, 0, 1)


@loop.grad
def _(
    gs: Any, ys: Any, *inputs: Tensor, body: Graph, length: int, carries: int, sequences: int,
    saved: int, reverse: bool,
) -> tuple[Tensor | None, ...]:  # fmt: skip
    """Run the loop backwards, see the top of this file."""
    if carries and not saved:
        geometry = {"length": length, "carries": carries, "sequences": sequences}
        body, saved = keep(body, carries, length)
        ys = loop(*inputs, body=body, **geometry, saved=saved, reverse=reverse)
        gs = [*gs, *[None] * (len(ys) - len(gs))]
    xs = inputs[carries : carries + sequences]
    weights = dict(
        zip(body.inputs[carries + sequences :], inputs[carries + sequences :], strict=True)
    )
    floats = [k for k in range(carries) if is_float(inputs[k].dtype)]
    wanted = [k for k, x in enumerate(xs) if x.tracked and is_float(x.dtype)]
    used = {v: w for v, w in weights.items() if w.tracked and is_float(w.dtype)}
    states = ys[len(ys) - saved :][:carries]
    made = {v for node in body.nodes for v in node.outputs}
    kept = {
        v: y
        for v, y in zip(body.outputs[carries:], ys[carries:], strict=True)
        if v in made and is_float(y.dtype)
    }
    products = Products(body, used, {*body.inputs[: carries + sequences], *kept})
    inside = {v: w for v, w in used.items() if v not in products.keys.values()}
    stacks: dict[tuple[int, int], Tensor] = {}  # of what all iterations have
    emitted: list[tuple[int, int]] = []
    places: list[tuple[int, int] | None] = []  # of the gradients of xs

    def step(state: Any, slices: Any) -> Any:
        dc, dw = state
        before, x, g, again = slices
        before, x = [alias(c) for c in before], [alias(v) for v in x]

        results = body.inline([*before, *x, *weights.values()], dict(zip(kept, again, strict=True)))
        pairs = [(results[k], d) for k, d in zip(floats, dc, strict=True)]
        pairs += [(r, d) for r, d in zip(results[carries:], g, strict=True) if d is not None]
        sources = [*[before[k] for k in floats], *[x[k] for k in wanted], *used.values()]
        outputs, seeds = zip(*pairs, strict=True) if pairs else ((), ())
        found = sweep(outputs, seeds, sources, products.take)
        stacks.update((key_of(c), y) for c, y in zip(before, states, strict=True))
        stacks.update((key_of(v), y) for v, y in zip(x, xs, strict=True))
        dc = [_total([d], before[k]) for k, d in zip(floats, found, strict=False)]
        dx = found[len(floats) : len(floats) + len(wanted)]
        pulled = dict(zip(used, found[len(floats) + len(wanted) :], strict=True))
        dw = [_total([t, pulled[v]], t) for t, v in zip(dw, inside, strict=True)]
        places.extend(None if d is None else key_of(d) for d in dx)
        rows = [*dx, *[t for _, _, a, dp in products.met for t in (a, dp)]]
        recalled = {id(known): y for known, y in zip(again, kept.values(), strict=True)}
        for t in rows:
            if t is not None and t.source is not None and id(t.source.known) in recalled:
                stacks[key_of(t)] = recalled[id(t.source.known)]
        stacked = {key_of(t): t for t in rows if t is not None and key_of(t) not in stacks}
        emitted.extend(stacked)
        return (dc, dw), list(stacked.values())

    start = (
        [_total([gs[k]], ys[k]) for k in floats],
        [zeros(w.shape, w.dtype) for w in inside.values()],
    )
    slices = [*states], [*xs], [*gs[carries:]], [*kept.values()]
    (dc, dw), rows = scan(step, start, slices, length=length, reverse=not reverse)
    stacks.update(zip(emitted, rows, strict=True))
    total: dict[int, Tensor] = dict(zip(inside, dw, strict=True))
    for v, place, a, dp in products.met:
        part = _summed(place, stacks[key_of(a)], stacks[key_of(dp)])
        total[v] = add(total[v], part) if v in total else part
    dx = [None if key is None else stacks[key] for key in places]
    first, second = dict(zip(floats, dc, strict=True)), dict(zip(wanted, dx, strict=True))
    return (
        *[first.get(k) for k in range(carries)],
        *[second.get(k) for k in range(sequences)],
        *[total.get(v) for v in weights],
    )


def _total(parts: list[Tensor | None], like: Tensor) -> Tensor:
    """Return the sum of gradients of which some or all may be None."""
    known = [p for p in parts if p is not None]
    if not known:
        return zeros(like.shape, like.dtype)
    return known[0] if len(known) == 1 else add(known[0], known[1])

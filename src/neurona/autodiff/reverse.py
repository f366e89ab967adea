"""The reverse sweep: gradients from what Tensors remember of how they were made.

The sweep calls the gradient rules of the ops, which are made of ops themselves: so it works on
values, while tracing, and on the result of another sweep. Broadcasting is undone here and only
here: a rule may return a gradient of the broadcast shape.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from neurona.autodiff.slices import Slices
from neurona.core.ambient import ambient
from neurona.core.origin import known, pulled
from neurona.core.shapes import Shape, is_float
from neurona.core.tensor import Source, Tensor
from neurona.ops.arithmetic import add
from neurona.ops.movement import reshape, strided_slice
from neurona.ops.reduce import sum as sum_axes


def sweep(
    outputs: Sequence[Tensor],
    cotangents: Sequence[Tensor],
    wrt: Sequence[Tensor],
    later: Callable[[Source, int, Tensor | None], bool] | None = None,
) -> list[Tensor | None]:
    """Return for each tensor of `wrt` the sum over outputs of cotangent * d output / d tensor.

    None stands for no dependence. Tensors of `wrt` are sources of the sweep: it does not look
    behind them. What `later(source, place, cotangent)` takes on itself, the gradient of one input
    of an op, is left out.
    """
    wanted = {key_of(x) for x in wrt}
    collected: dict[tuple[int, int], Tensor] = {}
    slices = Slices()

    def collect(x: Tensor, g: Tensor) -> None:
        key = key_of(x)
        before = collected.get(key)
        collected[key] = g if before is None else add(before, g)

    def found(key: tuple[int, int]) -> Tensor | None:
        """The gradient of a tensor of which all uses were met."""
        rest, before = slices.rest(key), collected.get(key)
        if rest is not None:
            collected[key] = rest if before is None else add(before, rest)
        return collected.get(key)

    for y, seed in zip(outputs, cotangents, strict=True):
        collect(y, seed)
    with known() as scope:
        for source in reversed(_between(outputs, wanted)):
            gs = [found((source.serial, i)) for i in range(len(source.specs))]
            if all(g is None for g in gs):
                continue
            if source.level:
                scope.origins = pulled(source.origins)
            if source.op is strided_slice and slices.take(key_of(source.inputs[0]), source, gs[0]):
                continue
            for place, (x, dx) in enumerate(zip(source.inputs, _pull(source, gs), strict=True)):
                if later is not None and later(source, place, gs[0]):
                    continue
                if dx is not None and is_float(x.dtype):
                    collect(x, _unbroadcast(dx, x.shape))
    gradients = [found(key_of(x)) for x in wrt]
    if ambient.observer is not None and ambient.observer.present:
        ambient.observer.offer_gradients(key_of, collected)
    return gradients


def key_of(x: Tensor) -> tuple[int, int]:
    """Return what tells a Tensor from others, and is the same for one that stands for it."""
    return (x.source.serial, x.index) if x.source is not None else (-1, id(x))


def _between(outputs: Sequence[Tensor], wanted: set) -> list[Source]:
    """Return the sources on a path from `wanted` tensors to the outputs, in order."""
    found: dict[int, Source] = {}
    pending = [y.source for y in outputs if y.source is not None and key_of(y) not in wanted]
    while pending:
        source = pending.pop()
        if source.serial not in found:
            found[source.serial] = source
            pending += [
                x.source for x in source.inputs if x.source is not None and key_of(x) not in wanted
            ]
    useful: dict[int, Source] = {}
    for serial in sorted(found):
        if any(
            key_of(x) in wanted or (x.source is not None and x.source.serial in useful)
            for x in found[serial].inputs
        ):
            useful[serial] = found[serial]
    return list(useful.values())


def _pull(source: Source, gs: list[Tensor | None]) -> Sequence[Tensor | None]:
    """Apply the gradient rule of one op."""
    rule = source.op.vjp
    if rule is None:  # comparisons, indices, floor: flat wherever they are differentiable
        return (None,) * len(source.inputs)
    ys = [source.output(i) for i in range(len(gs))]
    if source.single:
        result = rule(gs[0], ys[0], *source.inputs, **source.attributes)
    else:  # such a rule looks itself at which outputs have a gradient
        result = rule(gs, ys, *source.inputs, **source.attributes)
    return result if isinstance(result, tuple) else (result,)


def _unbroadcast(g: Tensor, shape: Shape) -> Tensor:
    """Sum a gradient over the axes along which its input was stretched."""
    if g.shape == shape:
        return g
    extra = g.ndim - len(shape)
    axes = [
        *range(extra),
        *(extra + a for a, s in enumerate(shape) if s == 1 != g.shape[extra + a]),
    ]
    total = sum_axes(g, axis=tuple(axes))
    return total if total.shape == shape else reshape(total, shape)

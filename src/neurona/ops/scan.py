"""scan: a loop that carries state along a sequence, traced once whatever its length.

The op is `loop`; its gradient is a `scan` in the other direction and stands in
`autodiff/loops.py`, since it is the one rule that needs the reverse sweep itself.
"""

from __future__ import annotations

from typing import Any

from neurona.core import effects, random
from neurona.core.graph import trace_open
from neurona.core.lowering import Contraction, Scan
from neurona.core.op import as_tensor, cast, op
from neurona.core.shapes import DTYPES, Spec, is_float
from neurona.core.tree import flatten, paths
from neurona.errors import ArgumentError, DtypeError, ShapeError, check_integer
from neurona.ops.ahead import products_ahead
from neurona.ops.arithmetic import pow
from neurona.ops.draw import random_unit
from neurona.ops.functions import cos, erf, exp, expm1, log, log1p, sigmoid, sin, tanh
from neurona.ops.joining import concatenate, stack
from neurona.ops.movement import broadcast_to
from neurona.ops.reduce import sum as sum_axes

__all__ = ["scan"]


def _loop_shape(*inputs, body, length, carries, sequences, saved, reverse):
    specs = [body.specs[v] for v in body.outputs]
    stacked = [Spec((length, *s.shape), s.dtype) for s in specs[carries:]]
    return (*specs[:carries], *stacked)


def _narrow(attributes, used):
    carries, body = attributes["carries"], attributes["body"]
    kept = [*range(carries), *(i for i in used if i >= carries)]
    if len(kept) == len(body.outputs):
        return attributes, kept
    first = len(body.outputs) - attributes["saved"]
    states = all(i in kept for i in range(first, first + carries))
    saved = [i for i in kept if i >= first] if states else []
    narrowed = body.restricted([body.outputs[i] for i in kept])
    return {**attributes, "body": narrowed, "saved": len(saved)}, kept


def _walk(xp, inputs, turn, *, body, length, carries, sequences, saved, reverse):
    """Run the iterations one after the other; see `Scan.walk`."""
    carry, xs = inputs[:carries], inputs[carries : carries + sequences]
    surroundings = inputs[carries + sequences :]
    rows = []
    for i in reversed(range(length)) if reverse else range(length):
        results = yield from turn(i, (*carry, *[x[i] for x in xs], *surroundings))
        carry = results[:carries]
        rows.append(results[carries:])
    if not rows:
        specs = [body.specs[v] for v in body.outputs[carries:]]
        return (*carry, *[xp.zeros((0, *s.shape), s.dtype) for s in specs])
    columns = zip(*(reversed(rows) if reverse else rows), strict=True)
    return (*carry, *[xp.stack(column) for column in columns])


@op(shape=_loop_shape, lower=Scan(_narrow, _walk), types="as is")
def loop(xp, *inputs, body, length, carries, sequences, saved, reverse):
    """Run a Graph for each element of sequences, carrying state: what `scan` is made of.

    Shapes: inputs are the carried state, sequences (length, ...), and what the body uses of its
    surroundings; outputs are the final state and the stacked results (length, ...).

    Args:
        body: Graph from (state, elements, surroundings) to (next state, results).
        length: number of iterations.
        carries, sequences: how many of the inputs are state and sequences.
        saved: how many of the results, the last ones, are there for the gradient: the state before
            each iteration, and then what is costly to compute; or 0.
        reverse: run from the last element to the first.
    """

    def turn(i, arrays):
        yield from ()  # a generator, as `_walk` wants it, that looks at nothing
        return body.evaluate(xp, arrays)

    geometry = {"length": length, "carries": carries, "sequences": sequences}
    steps = _walk(xp, inputs, turn, body=body, **geometry, saved=saved, reverse=reverse)
    try:
        next(steps)  # which ends them, since no turn yields
    except StopIteration as end:
        return end.value


COSTLY = frozenset(f.name for f in (cos, erf, exp, expm1, log, log1p, pow, sigmoid, sin, tanh))
LARGEST = 2**28  # bytes that a loop keeps, beyond the states, for its gradient


def keep(body, carries, length):
    """Return the body that also results in the state before the iteration, and in what is costly.

    Products and curves are not computed again on the way back then, unless they are too large for
    all iterations to be kept.
    """
    stacked = set(body.outputs[carries:])
    costly = [
        v
        for node in body.nodes
        if isinstance(node.op.lower, Contraction) or node.op.name in COSTLY
        for v in node.outputs
        if v not in stacked and is_float(body.specs[v].dtype)
    ]
    if length * sum(body.specs[v].nbytes for v in costly) > LARGEST:
        costly = []
    saved = [*body.inputs[:carries], *costly]
    return body.restricted([*body.outputs, *saved]), len(saved)


def scan(f, init, xs=None, length=None, reverse=False, unroll=1):
    """Scan over a sequence with carried state: carry, y_t = f(carry, x_t) for t = 0, 1, ...

    The body is traced once, so a traced model's size does not grow with the length, and gradients
    flow to `init`, to `xs` and to every tensor that `f` uses of its surroundings.

    Args:
        f: from (carry, x) to (next carry, y); each may be a tensor, None, or tensors nested in
            tuples, lists and dicts. The carry keeps its structure, shapes and element types.
        init: the carry before the first iteration.
        xs: the sequence, tensors (length, ...); x_t is x[t] of each. None: only count.
        length: number of iterations; only needed if `xs` has no tensor.
        reverse: from the last element to the first; y_t keeps its place.
        unroll: of Keras; how a loop is compiled is up to the engine here.

    Returns:
        (final carry, ys) with ys stacked along a new first axis.

    Raises:
        ShapeError, DtypeError: if an iteration would change what the carry looks like.
        ArgumentError: if `f` does not return a pair, or the lengths disagree.

    What the body multiplies a sequence by, x_t @ w, is one product before the loop.
    Random numbers drawn in the body are new in each iteration. What it assigns to Parameters goes
    from one iteration to the next, and is assigned after the loop; what its layers add to the loss
    is added in the sum over iterations. Such a body is traced twice: to see what it assigns to.

    >>> from neurona import tensor
    >>> total, running = scan(lambda total, x: (total + x, total + x), 0.0, tensor([1.0, 2.0, 4.0]))
    >>> total.item(), running.tolist()
    (7.0, [1.0, 3.0, 7.0])
    """
    init, carry_structure = flatten(init)
    init = [as_tensor(c) for c in init]
    xs, xs_structure = flatten(xs)
    xs = [as_tensor(x) for x in xs]
    length = _length(xs, paths(xs_structure, "xs"), length)
    looks = [Spec(x.shape[1:], x.dtype) for x in xs]
    assigned: list = []
    notes: list = []

    def body(state, *tensors):
        carries = len(init) + len(assigned)
        carry, values = tensors[: len(init)], tensors[len(init) : carries]
        with random.use(state) as stream, effects.of_body(assigned, values) as done:
            x = xs_structure.unflatten(tensors[carries:])
            result = f(carry_structure.unflatten(carry), x)
            after = [p.value for p in assigned]
            notes[:] = done, bool(stream.draws)
        if not (isinstance(result, tuple) and len(result) == 2):
            raise ArgumentError(
                "scan: the function returns (carry, y).",
                got=type(result).__name__,
                hint="return carry, None",
            )
        carry = _next_carry(result[0], init, carry_structure)
        return (*carry, *after), result[1], done.losses, done.observed

    state = Spec((2,), DTYPES["int64"])
    while True:
        carries = [*init, *[p.value for p in assigned]]
        graph, captured = trace_open(body, [state, *[c.spec for c in carries], *looks])
        done, draws = notes
        more = done.assigned_besides(assigned)
        if not more:
            break
        assigned += more  # and trace it with them as state
    if draws:  # the state for random numbers becomes one more sequence
        xs = [*xs, _random_states(length)]
        graph.inputs.insert(1 + len(carries) + len(looks), graph.inputs[0])
    del graph.inputs[0]
    xs, captured = products_ahead(graph, len(carries), xs, captured)
    inputs = (*carries, *xs, *captured)
    structure: Any = graph.structure
    saved = 0
    if any(x.tracked or x.level for x in inputs):  # a gradient may be asked for
        graph, saved = keep(graph, len(carries), length)
    attributes = {
        "body": graph, "length": length, "carries": len(carries), "sequences": len(xs),
        "saved": saved, "reverse": bool(reverse),
    }  # fmt: skip
    results = loop(*inputs, **attributes) if inputs else loop.apply((), attributes)
    final, ys, losses, observed = structure.unflatten(results[: len(results) - saved])
    for p, value in zip(assigned, final[len(init) :], strict=True):
        p.assign(value)
    effects.hand_out([sum_axes(loss, axis=0) for loss in losses], observed)
    return carry_structure.unflatten(final[: len(init)]), ys


def _length(xs, names, length):
    if length is not None:
        length = check_integer("scan: length", length, minimum=0)
    elif not xs:
        raise ArgumentError("scan: without xs the length is needed.", hint="length=10")
    for x, name in zip(xs, names, strict=True):
        if x.ndim == 0:
            raise ShapeError(f"scan: {name} has no axis to go along.", got=str(x.spec))
        length = x.shape[0] if length is None else length
        if x.shape[0] != length:
            raise ShapeError(
                "scan: the sequences differ in length.",
                got=f"{name} of length {x.shape[0]}",
                expected=f"length {length}",
            )
    return length


def _next_carry(carry, init, structure):
    """Return the leaves of the next carry, which must look like those of `init`."""
    leaves, found = flatten(carry)
    if found != structure:
        raise ArgumentError(
            "scan: an iteration changes the structure of the carry.",
            got=repr(found),
            expected=repr(structure),
        )
    tensors = [as_tensor(new, old.dtype) for new, old in zip(leaves, init, strict=True)]
    for new, old, name in zip(tensors, init, paths(structure, "carry"), strict=True):
        error = ShapeError if new.shape != old.shape else DtypeError
        if new.spec != old.spec:
            raise error(
                f"scan: an iteration changes {name}.",
                got=f"{new.spec} after it",
                expected=f"{old.spec} as before it",
                hint="start with the final shape and type, e.g. nn.ops.zeros(shape, dtype)",
            )
    return tensors


def _random_states(length):
    """Return (seed, step) for each iteration: the seed of the stream, steps of 53 random bits.

    The bits depend on the step alone, so that draws with a seed of their own are new in each
    iteration and yet do not depend on the seed of the stream.
    """
    state, draw = random.next_state()
    seed, step = state[:1], state[1:]
    unit = random_unit(
        concatenate([seed * 0, step], axis=0), shape=(length,), draw=draw, dtype="float64"
    )
    steps = cast(unit * 2.0**53, dtype="int64")
    return stack([broadcast_to(seed, (length,)), steps], axis=1)

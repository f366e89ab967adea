"""Conditions and loops with the names of Keras: `cond`, `switch`, `while_loop`, `fori_loop`.

Where values are known, they are Python's own: the condition is looked at, and the loop runs. While
a function is traced they are not: then both branches are computed and one is chosen, and a loop is
a `scan`, or, if nothing bounds the number of its turns, an op that runs its body on NumPy.
Decision 048 says why.
"""

from __future__ import annotations

from neurona.core import effects, random
from neurona.core.graph import trace_open, tracing
from neurona.core.lowering import Opaque
from neurona.core.op import as_tensor, cast, op
from neurona.core.shapes import DTYPES
from neurona.core.tensor import Tensor
from neurona.core.tree import flatten, map_leaves, paths
from neurona.errors import (
    ArgumentError,
    GradientError,
    ShapeError,
    StateError,
    TraceError,
    check_integer,
)
from neurona.ops.comparison import le, logical_and, lt, where
from neurona.ops.filled import arange, zeros
from neurona.ops.scan import scan

__all__ = ["cond", "fori_loop", "switch", "while_loop"]


def _known(x):
    return x.value.data is not None


def _scalar(name, x):
    x = as_tensor(x)
    if x.shape != ():
        raise ShapeError(f"{name} is a single value.", got=f"shape {x.shape}", hint="x.any()")
    return x


def _truth(name, x):
    x = _scalar(name, x)
    return x if x.dtype == DTYPES["bool"] else x != 0


# --- one of several --------------------------------------------------------------------------


def cond(pred, true_fn, false_fn):
    """true_fn() if pred holds, else false_fn().

    While a function is traced, where pred has no value yet, both are computed and one result is
    chosen: then they must look alike, and each must be finite, since 0 * inf is NaN in a gradient.
    What a branch assigns to Parameters, or adds to the loss, counts where it is chosen.

    Args:
        pred: a single bool, or a number that is not 0.
        true_fn, false_fn: functions without arguments; tensors nested in tuples, lists and dicts.

    Raises:
        ShapeError: if pred is not single, or traced branches differ in shape or type.
        ArgumentError: if traced branches differ in structure.

    >>> cond(arange(2).any(), lambda: 1.0, lambda: -1.0)
    1.0
    """
    pred = _truth("cond: pred", pred)
    if _known(pred):
        return true_fn() if bool(pred) else false_fn()
    (yes, structure, set_yes, done_yes), (no, other, set_no, done_no) = map(
        _carried_out, (true_fn, false_fn)
    )
    if structure != other:
        raise ArgumentError(
            "cond: the branches return different structures.",
            got=f"{structure!r} and {other!r}",
        )
    chosen = []
    for a, b, name in zip(yes, no, paths(structure, "y"), strict=True):
        a = as_tensor(a, b.dtype if isinstance(b, Tensor) else None)
        b = as_tensor(b, a.dtype)
        if a.spec != b.spec:
            raise ShapeError(
                f"cond: the branches differ in {name}.", got=f"{a.spec} and {b.spec}",
                expected="one shape and type",
            )  # fmt: skip
        chosen.append(where(pred, a, b))
    for key in {**set_yes, **set_no}:
        p = (set_yes.get(key) or set_no[key])[0]
        after = [found[key][1] if key in found else p.value for found in (set_yes, set_no)]
        p.assign(where(pred, *after))
    effects.hand_out(
        [where(pred, loss, zeros(loss.shape, loss.dtype)) for loss in done_yes.losses]
        + [where(pred, zeros(loss.shape, loss.dtype), loss) for loss in done_no.losses],
        {**done_yes.observed, **done_no.observed},
    )
    return structure.unflatten(chosen)


def _carried_out(fn):
    """Return the leaves of what a branch returns, their structure, what it assigns, and what it did

    What it assigns is id -> (Parameter, its value after the branch).
    """
    with effects.of_body((), ()) as done:
        leaves, structure = flatten(fn())
        assigned = {key: (p, p.value) for key, (p, _) in done.rehearsed.items()}
    if any(isinstance(x, Tensor) and x.level < 0 for x in leaves):
        raise StateError(
            "cond: a branch uses symbolic tensors of a functional model, which the model that is "
            "made of them would not see.",
            hint="nn.ops.where(pred, a, b), or cond in the call of a Layer of your own",
        )
    return leaves, structure, assigned, done


def switch(index, branches, *operands):
    """branches[index](*operands); an index outside of the list means its first or last.

    While a function is traced, where the index has no value yet, all are computed as in `cond`.

    Args:
        index: a single integer.
        branches: functions of the operands.

    >>> switch(1, [lambda x: x + 1, lambda x: x * 10], 3)
    30
    """
    if not branches:
        raise ArgumentError("switch: there is no branch.", expected="a list of functions")
    index = _scalar("switch: index", index)
    if _known(index):
        return branches[max(0, min(int(index), len(branches) - 1))](*operands)

    def from_branch(k):
        if k == len(branches) - 1:
            return branches[k](*operands)
        return cond(le(index, k), lambda: branches[k](*operands), lambda: from_branch(k + 1))

    return from_branch(0)


# --- loops -----------------------------------------------------------------------------------


def while_loop(cond, body, loop_vars, maximum_iterations=None):
    """Loop variables after `loop_vars = body(*loop_vars)` for as long as cond(*loop_vars) holds.

    While a function is traced, where the condition has no value yet, a loop with
    `maximum_iterations` is a `scan` of so many turns, the last of which change nothing; it has
    gradients. One without runs its turns on NumPy within the program, and has none.

    Args:
        cond: from the variables to a single bool.
        body: from the variables to their next values, which keep shapes and types if traced.
        loop_vars: a tuple or list of variables, or a single one.
        maximum_iterations: turns after which it ends in any case.

    >>> while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * 2.0), (0, 1.0))
    (3, 8.0)
    """
    several = isinstance(loop_vars, list | tuple)
    values = tuple(loop_vars) if several else (loop_vars,)
    if maximum_iterations is not None:
        maximum_iterations = check_integer("maximum_iterations", maximum_iterations, minimum=0)

    def going_on(values):
        return _truth("while_loop: the condition", cond(*values))

    def after(values):
        found = body(*values)
        found = tuple(found) if isinstance(found, list | tuple) else (found,)
        if len(found) != len(values):
            raise ArgumentError(
                "while_loop: the body returns the loop variables.",
                got=f"{len(found)} values",
                expected=f"{len(values)}",
            )
        return found

    going, turns = going_on(values), 0
    while _known(going):
        if not bool(going) or turns == maximum_iterations:
            return values if several else values[0]
        values, turns = after(values), turns + 1
        going = going_on(values)
    if maximum_iterations is None:
        values = _until(going_on, after, values)
    else:
        values = _bounded(going, going_on, after, values, maximum_iterations - turns)
    return values if several else values[0]


def _bounded(going, going_on, after, values, turns):
    """A scan that keeps the values as they are once the condition does not hold."""

    def turn(state, _):
        going, values = state
        values = cond(going, lambda: after(values), lambda: values)
        return (logical_and(going, going_on(values)), values), None

    values = map_leaves(as_tensor, values)
    (_, values), _ = scan(turn, (going, values), length=turns)
    return values


def _until(going_on, after, values):
    """A loop of any number of turns, as an op."""
    leaves, structure = flatten(map_leaves(as_tensor, values))
    specs = [x.spec for x in leaves]

    def body(*leaves):
        state = zeros((2,), "int64")
        with random.use(state) as stream, effects.of_body((), ()) as done:
            found, kept = flatten(after(structure.unflatten(leaves)))
            draws = bool(stream.draws)
        if draws or done.rehearsed or done.losses:
            raise TraceError(
                "while_loop: a loop of any number of turns computes values only.",
                got="a body that draws random numbers, assigns to Parameters or adds to the loss",
                hint="give it maximum_iterations=",
            )
        looks = [as_tensor(x, s.dtype) for x, s in zip(found, specs, strict=False)]
        if kept != structure or [x.spec for x in looks] != specs:
            raise ArgumentError(
                "while_loop: a turn changes what the loop variables look like.",
                got=", ".join(str(x.spec) for x in looks),
                expected=", ".join(map(str, specs)),
            )
        return looks

    test, around_test = trace_open(lambda *xs: going_on(structure.unflatten(xs)), specs)
    turn, around_turn = trace_open(body, specs)
    results = repeat_while(
        *leaves, *around_test, *around_turn,
        test=test, body=turn, carries=len(leaves), read=len(around_test),
    )  # fmt: skip
    return structure.unflatten(results)


def _repeat_while_shape(*inputs, test, body, carries, read):
    return inputs[:carries]


@op(shape=_repeat_while_shape, lower=Opaque(), types="as is")
def repeat_while(xp, *inputs, test, body, carries, read):
    """Values after a Graph ran on them for as long as another says so, for `while_loop`.

    Shapes: inputs are the values, what `test` uses of its surroundings, and what `body` does.

    Args:
        test: Graph from (values, surroundings) to a bool.
        body: Graph from (values, surroundings) to the next values.
        carries, read: how many of the inputs are values, and surroundings of `test`.
    """
    values, around = list(inputs[:carries]), inputs[carries:]
    while bool(test.evaluate(xp, [*values, *around[:read]])[0]):
        values = body.evaluate(xp, [*values, *around[read:]])
    return tuple(values)


@repeat_while.grad
def _(gs, ys, *inputs, **attributes):
    raise GradientError(
        "while_loop: a traced loop of any number of turns has no gradient.",
        hint="maximum_iterations=100 makes it a scan, which has one",
    )


def fori_loop(lower, upper, body_fun, init_val):
    """The value after `value = body_fun(i, value)` for i = lower ... upper - 1.

    While a function is traced it is a `scan`; where a bound has no value yet, a `while_loop`.

    Args:
        lower, upper: single integers.
        body_fun: from the number of the turn and the value to the next value, which keeps its
            shape and type if traced.
        init_val: a tensor, or tensors nested in tuples, lists and dicts.

    >>> fori_loop(1, 4, lambda i, y: y * i, 1)
    6
    """
    first, last = _scalar("fori_loop: lower", lower), _scalar("fori_loop: upper", upper)
    if not (_known(first) and _known(last)):
        first, last = cast(first, dtype="int32"), cast(last, dtype="int32")
        _, value = while_loop(
            lambda i, value: lt(i, last),
            lambda i, value: (i + 1, body_fun(i, value)),
            (first, init_val),
        )
        return value
    first, last = int(first), int(last)
    if not tracing():
        value = init_val
        for i in range(first, last):
            value = body_fun(i, value)
        return value
    value, _ = scan(lambda value, i: (body_fun(i, value), None), init_val, arange(first, last))
    return value

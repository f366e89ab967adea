"""What few numbers need and many steps take: a function of one number, called where it is needed.

All else is vector code without branches; here one branch goes around what is rare.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from neurona.engines.native.maths.formula import F64, Term


def where_rare(
    condition: Term, name: str, write: Callable[[Any], None], inputs: Sequence[Term],
    usual: Sequence[Term],
) -> list[Term]:  # fmt: skip
    """Return usual values, but what a function makes of the inputs where a condition holds.

    Args:
        condition: a bool, which should hold for hardly any number.
        name, write: the function's, of `double %x0, ...`, the inputs, and `ptr %y0, ...`, where it
            stores 8 bytes for each of the usual values; it is written once in a module.
        inputs: floats; the function is given them in float64.
        usual: what is returned elsewhere, floats and int64.
    """
    b: Any = condition.b
    f = b.f
    parameters = [f"double %x{k}" for k in range(len(inputs))]
    parameters += [f"ptr %y{k}" for k in range(len(usual))]
    f.module.once(name, parameters, write)
    flags, *numbers = [b.spread(term.value) for term in (condition, *inputs)]
    values = [b.spread(term.value) for term in usual]
    key = " ".join([name, *(value.text for value in (flags, *numbers, *values))])
    found = f.kept(key, lambda: _branch(b, name, flags, numbers, values))
    return [Term(b, v._replace(text=t)) for v, t in zip(values, found, strict=True)]


def _branch(b: Any, name: str, flags: Any, numbers: Sequence[Any], values: Sequence[Any]) -> list:
    """Write the branch; return the names of the results."""
    f, kinds = b.f, [b.type_of(value) for value in values]
    slots = [f.slot(kind, v.text) for kind, v in zip(kinds, values, strict=True)]
    some, several = flags.text, b.width > 1
    if several:
        some = f.call(f"llvm.vector.reduce.or.v{b.width}i1", "i1", (b.type_of(flags), flags.text))
    with f.when(some):
        long = [b.cast(v, F64) if v.dtype.kind == "f" else v for v in (*numbers, *values)]
        given = [f.slot(b.type_of(v), v.text) for v in long]
        read, results = given[: len(numbers)], given[len(numbers) :]
        bytes = f"<{b.width} x i8>" if several else "i8"
        marks = f.slot(bytes, f.let(f"zext {b.type_of(flags)} {flags.text} to {bytes}"))
        with f.loop(0, b.width) as lane:
            mark = f.let(f"load i8, ptr {f.address(marks, 'i8', lane)}")
            with f.when(f.let(f"icmp ne i8 {mark}, 0")):
                at = [f.address(slot, "double", lane) for slot in read]
                numbers = [f"double {f.let(f'load double, ptr {place}')}" for place in at]
                places = [f"ptr {f.address(slot, 'i64', lane)}" for slot in results]
                f.do(f"call void @{name}({', '.join([*numbers, *places])})")
        for slot, v, full, place in zip(slots, values, long[-len(values) :], results, strict=True):
            loaded = full._replace(text=f.let(f"load {b.type_of(full)}, ptr {place}"))
            f.do(f"store {b.type_of(v)} {b.cast(loaded, v.dtype).text}, ptr {slot}")
    return [f.let(f"load {kind}, ptr {slot}") for kind, slot in zip(kinds, slots, strict=True)]

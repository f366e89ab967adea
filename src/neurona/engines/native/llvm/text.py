"""LLVM IR as text, written line by line.

A Function is a list of lines. Values are names like `%7`; what changes in a loop lives in a `slot`
on the stack, which LLVM turns into a register.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence

Count = int | str  # a number that is known now, or the name of one


class Module:
    """Functions and what they need: intrinsics that they call, read-only tables."""

    def __init__(self) -> None:
        self.functions: list[Function] = []
        self.declarations: dict[str, str] = {}
        self.parts: dict[str, str] = {}  # text of functions and globals that are written once

    def function(
        self,
        name: str,
        parameters: Sequence[str],
        attributes: str = "nounwind",
        linkage: str = "internal",
    ) -> Function:
        """Begin a function of nothing; parameters such as "ptr %table"."""
        head = f"define {linkage} void @{name}({', '.join(parameters)}) {attributes} {{"
        function = Function(self, head)
        self.functions.append(function)
        return function

    def once(self, name: str, parameters: Sequence[str], write: Callable[[Function], None]) -> None:
        """Write a function that many may call, if nobody did yet."""
        head = f"void @{name}("
        if not any(head in f.head for f in self.functions):
            write(self.function(name, parameters))

    def declare(self, name: str, result: str, *arguments: str) -> str:
        """Declare a function from outside or an intrinsic; return its name."""
        self.declarations[name] = f"declare {result} @{name}({', '.join(arguments)})"
        return f"@{name}"

    def part(self, name: str, text: str) -> str:
        """Add a global or a whole function by its text, once; return its name."""
        self.parts[name] = text
        return f"@{name}"

    def __str__(self) -> str:
        bodies = [str(f) for f in self.functions]
        return "\n".join([*self.declarations.values(), *self.parts.values(), *bodies, ""])


class Function:
    """A function that is being written.

    Attributes:
        status: address of four i64 where errors are noted that only show while it runs.
        fault: returns the number, as a pointer, of the node that is being written.
    """

    status = "%status"
    fault: Callable[[], str]

    def __init__(self, module: Module, head: str) -> None:
        self.module, self.head = module, head
        self.slots: list[str] = []
        self.lines: list[str] = []
        self._count = 0
        self._known: list[dict[str, str]] = [{}]  # pure expressions already written, by block

    def name(self, prefix: str = "") -> str:
        """Return a new name."""
        self._count += 1
        return f"%{prefix or 'v'}{self._count}"

    def let(self, expression: str) -> str:
        """Write `%v = expression` and return %v."""
        name = self.name()
        self.lines.append(f"  {name} = {expression}")
        return name

    def pure(self, expression: str) -> str:
        """The same for what has no effect and depends on values only: written once where known."""
        for known in reversed(self._known):
            if found := known.get(expression):
                return found
        name = self._known[-1][expression] = self.let(expression)
        return name

    def kept(self, key: str, write: Callable[[], Sequence[str]]) -> list[str]:
        """The same for several lines, which give values for a key."""
        for known in reversed(self._known):
            if found := known.get(key):
                return found.split()
        names = write()
        self._known[-1][key] = " ".join(names)
        return list(names)

    def do(self, line: str) -> None:
        """Write an instruction without a result."""
        self.lines.append(f"  {line}")

    def slot(self, type: str, initial: str | None = None) -> str:
        """Return the address of a place on the stack, which LLVM makes a register."""
        name = self.name("s")
        self.slots.append(f"  {name} = alloca {type}")
        if initial is not None:
            self.do(f"store {type} {initial}, ptr {name}")
        return name

    def call(self, name: str, result: str, *arguments: tuple[str, str]) -> str:
        """Call an intrinsic with (type, value) arguments; return its result."""
        target = self.module.declare(name, result, *[t for t, _ in arguments])
        given = ", ".join(f"{t} {v}" for t, v in arguments)
        if result != "void":
            return self.let(f"call {result} {target}({given})")
        self.do(f"call void {target}({given})")
        return ""

    def mark(self, label: str) -> None:
        """Begin the block `label`, after a branch."""
        self.lines.append(f"{label[1:]}:")

    @contextlib.contextmanager
    def loop(self, start: str | int, stop: str | int, step: int = 1) -> Iterator[str]:
        """Write a loop; yields the counter, an i64. A single turn needs no loop."""
        some_turns = isinstance(start, int) and isinstance(stop, int) and start < stop
        if some_turns and stop - start <= step:  # type: ignore[operator]
            yield str(start)
            return
        counter = self.slot("i64", str(start))
        body, done = self.name("body"), self.name("done")
        if some_turns:
            self.do(f"br label {body}")
        else:
            some = self.let(f"icmp slt i64 {start}, {stop}")
            self.do(f"br i1 {some}, label {body}, label {done}")
        self.mark(body)
        self._known.append({})
        i = self.let(f"load i64, ptr {counter}")
        yield i
        self._known.pop()
        following = self.let(f"add nsw i64 {i}, {step}")
        self.do(f"store i64 {following}, ptr {counter}")
        again = self.let(f"icmp slt i64 {following}, {stop}")
        self.do(f"br i1 {again}, label {body}, label {done}")
        self.mark(done)

    @contextlib.contextmanager
    def nest(self, ranges: Iterable[Count | tuple[Count, Count]]) -> Iterator[list[str]]:
        """Write loops within loops, each to a number, or from one to another; yields counters."""
        with contextlib.ExitStack() as stack:
            bounds = [r if isinstance(r, tuple) else (0, r) for r in ranges]
            yield [stack.enter_context(self.loop(start, stop)) for start, stop in bounds]

    @contextlib.contextmanager
    def when(self, condition: str) -> Iterator[None]:
        """Write what happens only if the i1 `condition` holds."""
        body, done = self.name("then"), self.name("done")
        self.do(f"br i1 {condition}, label {body}, label {done}")
        self.mark(body)
        self._known.append({})
        yield
        self._known.pop()
        self.do(f"br label {done}")
        self.mark(done)

    # --- integers that may be known --------------------------------------------------------------

    def add(self, a: str | int, b: str | int) -> str:
        """a + b as i64; numbers that are known now are added now."""
        a, b = str(a), str(b)
        if a == "0" or b == "0":
            return b if a == "0" else a
        if not (a.startswith("%") or b.startswith("%")):
            return str(int(a) + int(b))
        return self.pure(f"add i64 {a}, {b}")

    def mul(self, a: str | int, b: str | int) -> str:
        """a * b as i64."""
        a, b = str(a), str(b)
        if a == "0" or b == "0":
            return "0"
        if a == "1" or b == "1":
            return b if a == "1" else a
        if not (a.startswith("%") or b.startswith("%")):
            return str(int(a) * int(b))
        return self.pure(f"mul i64 {a}, {b}")

    def digits(self, number: str, sizes: Sequence[int]) -> list[str]:
        """Take the number of a place apart into the index along each axis, the last one fastest."""
        found: list[str] = []
        for size in reversed(sizes[1:]):
            found.append("0" if size == 1 else self.pure(f"urem i64 {number}, {size}"))
            number = number if size == 1 else self.pure(f"udiv i64 {number}, {size}")
        return [number, *reversed(found)] if sizes else []

    def smaller(self, a: str | int, b: str | int) -> str:
        """The smaller of two i64."""
        target = self.module.declare("llvm.smin.i64", "i64", "i64", "i64")
        return self.pure(f"call i64 {target}(i64 {a}, i64 {b})")

    def larger(self, a: str | int, b: str | int) -> str:
        """The larger of two i64."""
        target = self.module.declare("llvm.smax.i64", "i64", "i64", "i64")
        return self.pure(f"call i64 {target}(i64 {a}, i64 {b})")

    def address(self, pointer: str, type: str, index: str | int) -> str:
        """The address of an element."""
        if str(index) == "0":
            return pointer
        return self.pure(f"getelementptr {type}, ptr {pointer}, i64 {index}")

    def again(self, pointer: str, number: int) -> str:
        """The same address, a value of its own for each number.

        LLVM keeps what was read in a register until it is read again from that same value: good
        for few numbers, but for many there are no registers, and it stores and loads vectors.
        """
        return self.pure(f'call ptr asm "", "=r,0,i"(ptr {pointer}, i64 {number})')

    def __str__(self) -> str:
        return "\n".join([self.head, *self.slots, *self.lines, "  ret void", "}"])

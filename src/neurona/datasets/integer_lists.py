"""Lists of integers out of the pickles in which NumPy keeps arrays of them; nothing is unpickled.

A pickle is a program for a machine with a stack and a memory: it can call any function, hold a list
within itself, and name places that take gigabytes. This machine knows only the instructions that an
array of lists is written with, calls nothing, and makes lists of integers: each stands in the file
once and belongs to one array, so what is made is never more than what is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

MAX_LISTS = 10**6
MAX_RARE = 100  # texts, tuples, constants: an array has some 40, however long it is
MAX_TEXT = 64  # bytes, of "numpy.core.multiarray" and its like
MARKS = 4  # open at once; an array has 3 at most

INTEGER = re.compile(rb"K.|M..|J....", re.DOTALL)  # of one byte, of two, of four with a sign
RUN = re.compile(rb"(?:K.|M..|J....)++", re.DOTALL)


class _Values(dict):
    """What the bytes of an integer mean; texts use few of them often."""

    def __missing__(self, code: bytes) -> int:
        value = int.from_bytes(code[1:], "little", signed=code[:1] == b"J")
        if len(self) < 2**17:
            self[code] = value
        return value


class _Sign:
    """Something that stands for itself alone."""

    def __init__(self, name: str) -> None:
        self.name = name


ARRAY, RECONSTRUCT, DTYPE, ENCODE = map(_Sign, ("ndarray", "_reconstruct", "dtype", "encode"))
OBJECTS = _Sign("dtype of objects")
NAMES = {
    ("numpy", "ndarray"): ARRAY,
    ("numpy", "dtype"): DTYPE,
    ("numpy.core.multiarray", "_reconstruct"): RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): RECONSTRUCT,
    ("_codecs", "encode"): ENCODE,  # how protocol 2 writes b"b"
}
STATE_OF_OBJECTS = (3, "|", None, None, None, -1, -1, 63)


class _Array:
    """The array; it is made empty, and its contents are set later."""

    contents: list[list[int]] | None = None


def integer_lists(pickled: bytes) -> list[list[int]]:
    """Return the lists of integers of a pickled NumPy array of them, (N,) of objects.

    Raises:
        ValueError: if it is anything else, is cut off or goes on, or says another number of lists
            than it has.

    >>> import pickle
    >>> import numpy as np
    >>> array = np.empty(2, object)
    >>> array[:] = [1, 2, 300], []
    >>> integer_lists(pickle.dumps(array, protocol=4))
    [[1, 2, 300], []]
    """
    machine = _Machine(pickled)
    try:
        return machine.run()
    except (IndexError, UnicodeDecodeError) as error:
        raise ValueError(f"{error} at byte {machine.at}") from None


class _Machine:
    """A program, the place in it, the stack with its marks, and the memory of names and texts."""

    def __init__(self, program: bytes) -> None:
        self.program, self.at = program, 0
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memory: dict[int, Any] = {}
        self.stored = self.rare = self.lists = 0  # so far: stores, rare instructions, lists
        self.values = _Values()

    def run(self) -> list[list[int]]:
        """Carry out the program up to its end, and return what it made."""
        while True:
            code = self.take(1)
            if code in b"KMJ":
                self.integers()
            elif code == b".":
                return self.result()
            else:
                step = STEPS.get(code)
                if step is None:
                    raise self.refused(f"the instruction {code!r}")
                step(self)

    def refused(self, what: str) -> ValueError:
        """Return the error for what no array of lists of integers has."""
        return ValueError(f"{what} at byte {self.at}")

    def take(self, size: int) -> bytes:
        """Return so many bytes of the program, and go on behind them."""
        found = self.program[self.at : self.at + size]
        if len(found) < size:
            raise self.refused("the end too early,")
        self.at += size
        return found

    def number(self, size: int) -> int:
        """Return a length or a place of so many bytes."""
        return int.from_bytes(self.take(size), "little")

    def integers(self) -> None:
        """Put a run of integers on the stack."""
        run = RUN.match(self.program, self.at - 1)
        if run is None:
            raise self.refused("the end too early,")
        found = INTEGER.findall(self.program, run.start(), run.end())
        self.stack.extend(map(self.values.__getitem__, found))
        self.at = run.end()

    def push(self, value: Any) -> None:
        """Put on the stack what occurs a few times in a file."""
        self.rare += 1
        if self.rare > MAX_RARE:
            raise self.refused(f"more than {MAX_RARE} texts, tuples and constants")
        self.stack.append(value)

    def pop(self, count: int) -> list[Any]:
        """Take values from the stack, those above the last mark at most."""
        if count > len(self.stack) - (self.marks[-1] if self.marks else 0):
            raise self.refused("an instruction without values")
        found = self.stack[len(self.stack) - count :]
        del self.stack[len(self.stack) - count :]
        return found

    def mark(self) -> None:
        """Begin a tuple, or the elements of a list."""
        if len(self.marks) == MARKS:
            raise self.refused(f"more than {MARKS} lists within lists")
        self.marks.append(len(self.stack))

    def above_mark(self) -> list[Any]:
        """Take what stands above the last mark."""
        if not self.marks:
            raise self.refused("the end of a list that did not begin")
        found = self.pop(len(self.stack) - self.marks[-1])
        self.marks.pop()
        return found

    def text(self, size: int) -> None:
        """Put a text, or bytes, which are none but letters here, on the stack."""
        length = self.number(size)
        if length > MAX_TEXT:
            raise self.refused(f"a text of {length} bytes")
        self.push(self.take(length).decode("ascii"))

    def empty_list(self) -> None:
        """Put an empty list on the stack."""
        self.lists += 1
        if self.lists > MAX_LISTS:
            raise self.refused(f"more than {MAX_LISTS} lists")
        self.stack.append([])

    def line(self) -> str:
        """Return the text up to the next end of a line."""
        end = self.program.find(b"\n", self.at, self.at + MAX_TEXT)
        if end < 0:
            raise self.refused("a name without an end")
        return (self.take(end + 1 - self.at)[:-1]).decode("ascii")

    def name(self, module: Any, name: Any) -> None:
        """Put one of the few known names on the stack."""
        found = NAMES.get((module, name)) if isinstance(module, str) else None
        if found is None:
            raise self.refused(f"the name {module}.{name}"[:99])
        self.push(found)

    def store(self, place: int) -> None:
        """Remember the top of the stack, if it may be used again: a list may not."""
        self.stored += 1
        if isinstance(self.top(), str | _Sign):
            self.memory[place] = self.stack[-1]
            if len(self.memory) > MAX_RARE:
                raise self.refused(f"more than {MAX_RARE} places")

    def top(self) -> Any:
        """Return the top of the stack, and leave it there."""
        if not self.stack:
            raise self.refused("an instruction without values")
        return self.stack[-1]

    def recall(self, place: int) -> None:
        """Put on the stack again what was remembered."""
        if place not in self.memory:
            raise self.refused("something used twice that is no name,")
        self.push(self.memory[place])

    def frame(self) -> None:
        """Check how long the part that follows says to be."""
        if (length := self.number(8)) > len(self.program) - self.at:
            raise self.refused(f"a part of {length} bytes, more than there are,")

    def begin(self) -> None:
        """Check the version."""
        if self.at != 1 or self.number(1) > 5:
            raise self.refused("an unknown version")

    def append(self, items: list[Any]) -> None:
        """Add integers to a list of integers, or lists of integers to the list of lists."""
        target = self.top()
        if type(target) is not list:
            raise self.refused("elements of something else than a list")
        kinds = set(map(type, items)) | {type(item) for item in target[:1]}
        if len(kinds) > 1 or not kinds <= {int, list}:
            raise self.refused("a list of something else than integers")
        if kinds == {list} and any(type(inner) is list for item in items for inner in item[:1]):
            raise self.refused("lists of lists of lists")
        target.extend(items)

    def call(self) -> None:
        """Do what the known calls would do: make an empty array, a dtype, or bytes."""
        function, arguments = self.pop(2)
        if function is RECONSTRUCT and arguments == (ARRAY, (0,), "b"):
            self.push(_Array())
        elif function is DTYPE and arguments in (("O8", 0, 1), ("O", 0, 1), ("O4", 0, 1)):
            self.push(OBJECTS)
        elif function is ENCODE and arguments == ("b", "latin1"):
            self.push("b")
        else:
            raise self.refused(f"a call of {getattr(function, 'name', 'something')}")

    def build(self) -> None:
        """Set the contents of the array, or check the state of its dtype."""
        target, state = self.pop(2)
        if target is OBJECTS and state == STATE_OF_OBJECTS:
            self.stack.append(target)
            return
        if not (isinstance(target, _Array) and isinstance(state, tuple) and len(state) == 5):
            raise self.refused("an unknown state")
        version, shape, dtype, _, lists = state
        if version != 1 or dtype is not OBJECTS or type(lists) is not list:
            raise self.refused("an unknown state of an array")
        if shape != (len(lists),):
            raise self.refused(f"an array of {shape} with {len(lists)} lists,")
        if any(type(item) is not list for item in lists):
            raise self.refused("an array of integers that should be one of lists,")
        target.contents = lists
        self.stack.append(target)

    def result(self) -> list[list[int]]:
        """Return the lists, if they are all that there is."""
        if self.at != len(self.program):
            raise self.refused(f"{len(self.program) - self.at} bytes behind the end,")
        if len(self.stack) != 1 or self.marks or not isinstance(self.stack[0], _Array):
            raise self.refused("no array of lists")
        if self.stack[0].contents is None:
            raise self.refused("an array without contents")
        return self.stack[0].contents


STEPS: dict[bytes, Callable[[_Machine], None]] = {
    b"\x80": _Machine.begin,
    b"\x95": _Machine.frame,
    b"(": _Machine.mark,
    b"]": _Machine.empty_list,
    b"e": lambda m: m.append(m.above_mark()),
    b"a": lambda m: m.append(m.pop(1)),
    b"N": lambda m: m.push(None),
    b"\x88": lambda m: m.push(True),
    b"\x89": lambda m: m.push(False),
    b"\x85": lambda m: m.push(tuple(m.pop(1))),
    b"\x86": lambda m: m.push(tuple(m.pop(2))),
    b"\x87": lambda m: m.push(tuple(m.pop(3))),
    b"t": lambda m: m.push(tuple(m.above_mark())),
    b"\x8c": lambda m: m.text(1),
    b"X": lambda m: m.text(4),
    b"U": lambda m: m.text(1),  # of Python 2
    b"C": lambda m: m.text(1),
    b"c": lambda m: m.name(m.line(), m.line()),
    b"\x93": lambda m: m.name(*m.pop(2)),
    b"q": lambda m: m.store(m.number(1)),
    b"r": lambda m: m.store(m.number(4)),
    b"\x94": lambda m: m.store(m.stored),
    b"h": lambda m: m.recall(m.number(1)),
    b"j": lambda m: m.recall(m.number(4)),
    b"R": _Machine.call,
    b"b": _Machine.build,
}

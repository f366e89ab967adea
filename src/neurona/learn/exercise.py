"""An exercise: what the reader writes, what it must give, and what to say of wrong answers."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

Function = Callable[..., Any]


@dataclasses.dataclass(frozen=True)
class Exercise:
    """A function, or a value, that the reader of a page writes.

    Args:
        answer: the right function; its name, parameters and docstring are what the reader is given.
        cases: arguments to try it with. A value that the reader finds is a function without
            parameters, tried once.
        mistakes: functions that typical wrong answers compute, each with what to say of it.
        hint: what to say of any other wrong answer.
        read: what is compared of an answer, where several are right; all of it by default.
        tolerance: relative, of each number.
    """

    answer: Function
    cases: tuple[tuple[Any, ...], ...] = ((),)
    mistakes: tuple[tuple[Function, str], ...] = ()
    hint: str = ""
    read: Function = np.asarray
    tolerance: float = 1e-3

    @property
    def name(self) -> str:
        """The name that the reader gives it."""
        return self.answer.__name__

    @property
    def parameters(self) -> tuple[str, ...]:
        """Those of the function; none for a value."""
        return tuple(inspect.signature(self.answer).parameters)

    @property
    def task(self) -> str:
        """What is asked for."""
        return inspect.getdoc(self.answer) or ""

    def skeleton(self) -> str:
        """Return the Python that the reader fills in."""
        if not self.parameters:
            told = "\n".join(f"# {line}" for line in self.task.splitlines())
            return f"{told}\n{self.name} = ...\n"
        head, *rest = self.task.splitlines()
        body = "\n".join(f"    {line}".rstrip() for line in rest)
        told = f'    """{head}' + (f'\n{body}\n    """' if rest else '"""')
        return f"def {self.name}({', '.join(self.parameters)}):\n{told}\n    return ...\n"


@dataclasses.dataclass(frozen=True)
class Page:
    """A page of the path: its title, and its exercises in order."""

    title: str
    exercises: tuple[Exercise, ...]

    def skeleton(self, number: int) -> str:
        """Return the file that the reader fills in."""
        start = f'"""{number:02}: {self.title}. Fill it in, then: neurona check {number:02}."""\n'
        return "\n\n".join(
            [start + "\nimport numpy as np\n", *(e.skeleton() for e in self.exercises)]
        )

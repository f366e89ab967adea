"""Once: what is made at the first call, and the same object for everybody from then on.

`functools.cache` lets two threads that ask at the same time make two objects, and drops one: a
waste for a number, and a crash for machine code, of which somebody holds an address.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

from neurona.core.fork import Lock

F = TypeVar("F", bound=Callable)


def once(make: F) -> F:
    """Make the result for each arguments once: one thread makes it, others wait for it.

    >>> @once
    ... def double(x):
    ...     print("made")
    ...     return 2 * x
    >>> double(4), double(4)
    made
    (8, 8)
    """
    made: dict[tuple, Any] = {}
    lock = Lock()

    @functools.wraps(make)
    def get(*args: Any) -> Any:
        if args not in made:  # looked up without the lock: results only come, none goes
            with lock.now:
                if args not in made:
                    made[args] = make(*args)
        return made[args]

    return cast(F, get)

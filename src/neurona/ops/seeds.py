"""SeedGenerator: a stream of random numbers of one's own, for any `seed=`."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from neurona.core import random
from neurona.core.ambient import ambient
from neurona.core.tensor import Tensor
from neurona.errors import check_integer

F = TypeVar("F", bound=Callable)


class SeedGenerator:
    """Numbers that depend on its seed alone: others at each draw, the same in each run.

    Within a compiled step they depend on the number of the step as well, so nothing has to be
    saved to go on exactly.

    Args:
        seed: an integer; None takes one from `nn.utils.set_random_seed`'s stream.
        name: accepted as in Keras.

    >>> one, two = SeedGenerator(42), SeedGenerator(42)
    >>> [int(s) for s in one.next()], [int(s) for s in one.next()], [int(s) for s in two.next()]
    ([42, 0], [42, 1], [42, 0])
    """

    def __init__(self, seed: Any = None, name: str | None = None, **kwargs: Any) -> None:
        if seed is None:
            first, step = random.take_state()
            seed = (first * 0x9E3779B97F4A7C15 + step) % 2**31
        self.seed = check_integer("seed", seed, minimum=0)
        self.name = name or "seed_generator"
        self._draws = 0

    def __index__(self) -> int:
        return self.seed

    @property
    def state(self) -> Tensor:
        """The seed and the number of the next draw."""
        return random.state_of(self.seed, self._draws)

    def next(self, ordered: bool = True) -> Tensor:
        """Return `state`, another one at each call."""
        state = self.state
        self._draws += 1
        return state

    def drawing(self) -> AbstractContextManager[Any]:
        """Draw inside from this stream."""
        if ambient.stream is not None and ambient.stream.state is not None:
            return random.seeded(self.seed)  # a program: its steps are counted
        return _from(self.next())

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {"seed": self.seed}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> SeedGenerator:
        """Make one that begins anew."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"SeedGenerator({self.seed})"


@contextlib.contextmanager
def _from(state: Tensor) -> Iterator[None]:
    with random.use(state), random.seeded(None):
        yield


def draws(fn: F) -> F:
    """Let a function's `seed` be a SeedGenerator, too."""
    code: Any = fn
    place = code.__code__.co_varnames[: code.__code__.co_argcount].index("seed")

    @functools.wraps(fn)
    def drawn(*args: Any, **kwargs: Any) -> Any:
        given = kwargs.get("seed") if len(args) <= place else args[place]
        if type(given) is not SeedGenerator:
            return fn(*args, **kwargs)
        if len(args) > place:
            args = (*args[:place], None, *args[place + 1 :])
        else:
            kwargs["seed"] = None
        with given.drawing():
            return fn(*args, **kwargs)

    return drawn  # type: ignore[return-value]

"""observe: a value inside of a computation that others can ask to see."""

from __future__ import annotations

from neurona.core import origin
from neurona.core.ambient import ambient
from neurona.core.observation import GRADIENT, offer
from neurona.core.op import as_tensor
from neurona.core.tree import map_leaves
from neurona.errors import ArgumentError

__all__ = ["observe"]


def observe(name, x):
    """Offer a value to whoever asks for it by name: y = x.

    Nothing happens, and a compiled step computes nothing more, unless somebody asks: for the values
    of a step by `model.observe(name)`, for those of a function by `with nn.observing(name)`.

    Args:
        name: within a layer the value is called "path/of/layer/name".
        x: a tensor, or tensors nested in tuples, lists and dicts.

    Returns:
        x, as it is.

    Raises:
        ArgumentError: if the name is empty, no string, or begins like that of a gradient.

    >>> import neurona as nn
    >>> with nn.observing() as seen:
    ...     y = nn.ops.exp(observe("input", nn.tensor([0.0]) * 2.0))
    >>> seen
    {'input': Tensor([0.], dtype=float32)}
    """
    if not isinstance(name, str) or not name or name.startswith(GRADIENT):
        raise ArgumentError(
            "observe takes the name of a value, and the value.",
            got=repr(name)[:60],
            expected=f"a string that does not begin with {GRADIENT!r}",
            hint='x = nn.observe("scores", x)',
        )
    if ambient.observer is not None:
        offer(origin.named(name), map_leaves(as_tensor, x))
    return x

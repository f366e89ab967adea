"""What a model's first layers make of data before the step: text is looked up, see `nn/front.py`.

Arrays are converted once, at the door of `fit`, `evaluate` and `predict`; batches as they come.
"""

from __future__ import annotations

from typing import Any

from neurona.nn.network import Network


def with_front(model: Any, x: Any) -> Network | None:
    """Return the network of a model if some of it runs before the step.

    Args:
        model: the model; a Sequential that begins with such a layer is made for the data now.
        x: data that it is to be used on.
    """
    if hasattr(model, "begin_with"):
        model.begin_with(x)
    network = model._network
    return network if network is not None and network.front is not None else None


def before_step(model: Any, x: Any) -> Any:
    """Return data as the step takes them."""
    network = with_front(model, x)
    return x if network is None else network.before_step(x)

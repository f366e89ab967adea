"""What the outputs of a model are: probabilities, scores that its loss makes such, or numbers."""

from __future__ import annotations

from typing import Any

import numpy as np


def meant(model: Any, outputs: np.ndarray) -> tuple[np.ndarray, str]:
    """Return outputs and what they are, "softmax", "sigmoid", another activation, or "".

    Scores become probabilities where the loss says that it takes scores (`from_logits=True`).

    Shapes: outputs (N, ...) -> (N, ...).

    >>> from neurona import Input, Sequential, layers, losses
    >>> model = Sequential([Input((1,)), layers.Dense(2)])
    >>> model.compile("sgd", losses.SparseCategoricalCrossentropy(from_logits=True))
    >>> meant(model, np.log([[0.25, 0.75]]))
    (array([[0.25, 0.75]]), 'softmax')
    """
    from neurona.core.tensor import tensor
    from neurona.losses import BinaryCrossentropy, BinaryFocalCrossentropy, Loss

    loss = getattr(model, "loss", None)
    if outputs.ndim != 2 or not isinstance(loss, Loss) or not loss.from_logits:
        return outputs, last_activation(model)
    binary = outputs.shape[1] == 1 or isinstance(loss, BinaryCrossentropy | BinaryFocalCrossentropy)
    return loss.probabilities(tensor(outputs)).numpy(), "sigmoid" if binary else "softmax"


def last_activation(model: Any) -> str:
    """Return the name of the activation in which a model ends, or ""."""
    layers = getattr(model, "layers", [])
    activation = getattr(layers[-1], "activation", None) if layers else None
    return getattr(activation, "__name__", "") or (
        type(layers[-1]).__name__.lower() if layers else ""
    )

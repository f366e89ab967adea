"""A layer for each step of a sequence by itself."""

from __future__ import annotations

from typing import Any, Unpack

from neurona import ops
from neurona.core.tensor import Tensor
from neurona.core.tree import flatten, map_leaves
from neurona.errors import ArgumentError, ShapeError
from neurona.nn.layer import Layer
from neurona.nn.masking import check_mask, mask_of, masks_of, noted
from neurona.nn.merge import Concatenate
from neurona.nn.normalization import BatchNormalization
from neurona.nn.options import LayerOptions
from neurona.nn.shaping import Lambda
from neurona.nn.symbolic import Operation


class TimeDistributed(Layer):
    """The same layer, with the same parameters, for each step: y_t = layer(x_t).

    Shapes: x (B, T, ...), or several of them nested -> y (B, T, ...).

    Args:
        layer: any layer or model.

    Where the samples of a batch do not see each other, all steps are one call of B * T samples.
    Otherwise they come one after the other: with batch normalisation in training, stateful layers,
    activity regularisers, functions, and layers of one's own. What these assign goes from step to
    step, and what they add to the loss is added for each step.

    The layer is given the mask of its step if its `call` has an argument `mask`; where that is one
    value for a sample (B,) and x_t is a sequence itself, it stands for all of that. A mask (B, T,
    S) is that of the sequences (B, S) in each step.

    Raises:
        ArgumentError: if `layer` is no layer.
        ShapeError: if x has no axis of time, or the mask is not of its steps.

    >>> from neurona.nn.layers import Dense
    >>> TimeDistributed(Dense(4))(ops.ones((2, 5, 3))).shape
    (2, 5, 4)
    """

    supports_masking = True

    def __init__(self, layer: Any, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        if not isinstance(layer, Layer):
            raise ArgumentError(
                "TimeDistributed takes a layer.",
                got=repr(layer)[:60],
                hint="TimeDistributed(Dense(32))",
            )
        self.layer = layer

    def call(self, inputs: Any, training: bool = False, mask: Any = None) -> Any:  # (B, T, ...)
        leaves = flatten(inputs)[0]
        for x in leaves:
            if x.ndim < 2 or x.shape[:2] != leaves[0].shape[:2]:
                raise ShapeError(
                    "TimeDistributed: needs an axis of time, the same in all inputs.",
                    got=", ".join(f"x {x.shape}" for x in leaves),
                    expected="x (batch, time, ...)",
                )
        steps = _first(mask)
        if steps is not None:
            check_mask(steps, leaves[0])
            if steps.ndim < 2:
                raise ShapeError(
                    "TimeDistributed: the mask has no axis of time.",
                    got=f"mask {steps.shape}",
                    expected=f"mask {leaves[0].shape[:2]}",
                )
        x = inputs if mask is None else noted(inputs, mask)
        return self._together(x) if _samplewise(self.layer, training) else self._one_by_one(x)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the mask of steps; that of sequences within steps is what the layer makes."""
        steps = _first(mask)
        if steps is None or steps.ndim == 2:
            return steps
        return ops.any(steps, axis=tuple(range(2, steps.ndim)))

    def _together(self, inputs: Any) -> Any:
        """Call the layer on all steps at once."""
        batch, time = flatten(inputs)[0][0].shape[:2]

        def apart(x: Tensor) -> Tensor:  # (B T, ...)
            return ops.reshape(x, (batch, time, *x.shape[1:]))

        def joined(x: Tensor) -> Tensor:  # (B, T, ...)
            return ops.reshape(x, (batch * time, *x.shape[2:]))

        y = self._step(map_leaves(joined, inputs), map_leaves(joined, masks_of(inputs)))
        return noted(map_leaves(apart, y), map_leaves(apart, _inner_masks(y)))

    def _one_by_one(self, inputs: Any) -> Any:
        """Call the layer on one step after the other."""

        def step(carry: None, now: tuple) -> tuple:
            y = self._step(*now)
            return None, (y, _inner_masks(y))

        xs = inputs, masks_of(inputs)
        _, (y, masks) = ops.scan(step, None, map_leaves(lambda x: ops.swapaxes(x, 0, 1), xs))
        y, masks = map_leaves(lambda x: ops.swapaxes(x, 0, 1), (y, masks))
        return noted(y, masks)

    def _step(self, x: Any, mask: Any) -> Any:
        """Call the layer on samples (B, ...) with a mask of them (B,), or of their steps (B, S)."""
        if mask is None:
            return self.layer(x)
        if not self.layer._takes.mask:
            return self.layer(noted(x, map_leaves(lambda m: m if m.ndim > 1 else None, mask)))
        if isinstance(x, Tensor) and mask.ndim == 1 and x.ndim > 2:
            mask = ops.broadcast_to(ops.expand_dims(mask, 1), x.shape[:2])
        return self.layer(x, mask=mask)


def _first(mask: Any) -> Tensor | None:
    """Return the first mask of several."""
    known = flatten(mask)[0]
    return known[0] if known else None


def _inner_masks(y: Any) -> Any:
    """Return the masks of sequences (B, S) in what a layer returned for a step; or None."""
    masks = [mask_of(x) for x in flatten(y)[0]]
    return None if any(m is None or m.ndim < 2 for m in masks) else masks_of(y)


def _samplewise(layer: Layer, training: bool) -> bool:
    """Say whether samples do not see each other in a layer, and it does nothing besides."""
    for one in layer.all_layers():
        network = getattr(one, "_network", None)
        parts = [one] if network is None else [one, *network.operations]
        if any(
            not type(part).__module__.startswith("neurona.")
            or isinstance(part, Lambda | Operation)
            or part.activity_regularizer is not None
            or getattr(part, "stateful", False)
            or (isinstance(part, Concatenate) and part.axis == 0)
            or (isinstance(part, BatchNormalization) and training and part.trainable)
            for part in parts
        ):
            return False
    return True

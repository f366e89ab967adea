"""Masks: which steps of a sequence are real, and which are padding.

A mask is a note on a Tensor: booleans (B, T), true where a step of x (B, T, ...) is real. It goes
with the Tensor from layer to layer, all of it here and in `Layer.__call__`:

* a layer whose `call` has an argument `mask` gets that of its first input; one that has `value` and
  `value_mask` gets that of `value`. What the caller gives instead, wins;
* a layer with `supports_masking` hands it on, as `compute_mask(inputs, mask)` says. One that has a
  `compute_mask` of its own supports masking. Any other loses it, and says so once;
* losses and metrics leave out what is masked, see `nn/losses/loss.py`.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neurona import ops
from neurona.core import origin
from neurona.core.op import as_tensor
from neurona.core.tensor import Tensor, as_array
from neurona.core.tree import flatten, map_leaves
from neurona.errors import ShapeError
from neurona.ops.notes import Mask

if TYPE_CHECKING:
    from neurona.nn.layer import Layer

_have_said: weakref.WeakSet[Layer] = weakref.WeakSet()


def mask_of(x: Any) -> Tensor | None:
    """Return the mask that a Tensor has, or None.

    >>> import neurona as nn
    >>> x = nn.layers.Embedding(5, 2, mask_zero=True)(np.int32([[3, 1, 0]]))
    >>> mask_of(x).tolist()
    [[True, True, False]]
    """
    note = x.note(Mask) if isinstance(x, Tensor) else None
    return None if note is None else note.steps


def masks_of(value: Any) -> Any:
    """Return the masks of Tensors, nested as these are; None if none of them has one."""
    if isinstance(value, Tensor):
        return mask_of(value)
    masks = map_leaves(mask_of, value)
    return None if all(m is None for m in _flat(masks)) else masks


def as_mask(value: Any) -> Any:
    """Return what a caller gives as a mask as booleans, or as a list of them with None."""
    if isinstance(value, list | tuple) and any(
        v is None or isinstance(v, Tensor | np.ndarray) for v in value
    ):
        return [as_mask(v) for v in value]
    if value is None:
        return None
    mask = as_tensor(value if isinstance(value, Tensor) else as_array(value))
    return mask if mask.dtype.kind == "b" else mask != 0


def given(layer: Layer, inputs: list[Any], keywords: dict[str, Any], leaves: Sequence) -> Any:
    """Fill in the masks that `call` takes; return that of the first input, or what is given as it.

    Args:
        layer: what is called.
        inputs, keywords: with what.
        leaves: all that is in these.
    """
    if keywords.get("mask") is not None:
        keywords["mask"] = as_mask(keywords["mask"])
    if not any(isinstance(x, Tensor) and x.value.notes for x in leaves):
        return keywords.get("mask")
    takes = layer._takes
    first = masks_of(inputs[0]) if inputs else None
    if takes.mask and keywords.get("mask") is None and "mask" not in takes.names[: len(inputs)]:
        keywords["mask"] = first
    for name, value in [*zip(takes.names, inputs, strict=False), *keywords.items()]:
        wanted = takes.masks.get(name)
        if wanted is not None and keywords.get(wanted) is None:
            keywords[wanted] = masks_of(value)
    return first if keywords.get("mask") is None else keywords["mask"]


def handed_on(layer: Layer, inputs: list[Any], mask: Any, y: Any) -> Any:
    """Return what a layer returned with the masks that its rule gives, or say that it loses one.

    What the call itself noted on a new Tensor, stays.

    Raises:
        ShapeError: if a mask does not fit the Tensor that it is for.
    """
    leaves = flatten(y)[0]
    if not layer.supports_masking:
        knows = layer._takes.mask or layer._takes.masks
        if mask is not None and not knows and all(mask_of(x) is None for x in leaves):
            _say_lost(layer)
        return y
    same = {id(x) for x in flatten(inputs)[0]}  # the layer only passes these on
    masks = layer.compute_mask(inputs[0] if inputs else None, mask)
    return noted(y, masks, [x for x in leaves if mask_of(x) is not None and id(x) not in same])


def noted(value: Any, masks: Any, but: Sequence[Tensor] = ()) -> Any:
    """Return nested Tensors with these masks, nested alike, or without where that is None.

    Args:
        value: Tensors; if there are more of them than masks, the last ones stay as they are.
        masks: their masks.
        but: Tensors that stay as they are.
    """
    leaves, structure = flatten(value)
    kept = {id(x) for x in but}
    for i, (x, steps) in enumerate(zip(leaves, _flat(masks), strict=False)):
        if steps is not mask_of(x) and id(x) not in kept:
            leaves[i] = with_mask(x, None if steps is None else as_tensor(steps))
    return structure.unflatten(leaves)


def spread(mask: Tensor, x: Tensor) -> Tensor:
    """Return a mask (B, T) with as many axes as x (B, T, ...), of size 1.

    Raises:
        ShapeError: if it is no mask of x.
    """
    check_mask(mask, x)
    return ops.reshape(mask, mask.shape + (1,) * (x.ndim - mask.ndim))


def check_mask(mask: Tensor, x: Tensor) -> None:
    """Refuse a mask that is not of the leading axes of x.

    Raises:
        ShapeError: see there.
    """
    if not mask.ndim or mask.shape != x.shape[: mask.ndim]:
        raise ShapeError(
            "the mask does not fit.",
            got=f"mask {mask.shape}, x {x.shape}",
            expected=f"mask {x.shape[:2]}, a value for each step",
            hint="a layer that changes the time axis says in compute_mask(inputs, mask) what is "
            "padding behind it",
        )


def with_mask(x: Tensor, steps: Tensor | None) -> Tensor:
    """Return the same values with another mask, or without one.

    Raises:
        ShapeError: if the mask does not fit.
    """
    if steps is not None:
        check_mask(steps, x)
    y = ops.alias(x)
    notes = tuple(note for note in x.value.notes if not isinstance(note, Mask))
    y.notes = notes if steps is None else (*notes, Mask(steps))
    return y


def _flat(masks: Any) -> Iterator[Any]:
    """Yield masks in the order of `flatten`, which leaves None out."""
    if isinstance(masks, dict):
        masks = [masks[k] for k in sorted(masks)]
    if not isinstance(masks, list | tuple):
        yield masks
        return
    for m in masks:
        yield from _flat(m)


def _say_lost(layer: Layer) -> None:
    if layer in _have_said:
        return
    _have_said.add(layer)
    origin.warn(
        f"{type(layer).__name__} {layer.name!r} gets a sequence with a mask and does not hand it "
        "on: from here on padded steps count as real ones. A layer of your own that keeps the time "
        "axis sets supports_masking = True, or has a compute_mask(inputs, mask)."
    )

"""GradientTape: what TensorFlow's training loops are written with.

    with nn.GradientTape() as tape:
        y_pred = model(x, training=True)
        loss = loss_fn(y, y_pred)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))

Tensors remember how they were made anyway, so a tape has nothing to record: it only refuses,
inside, what would hide a gradient. `nn.value_and_grad` says the same as a function.
"""

from __future__ import annotations

from typing import Any, Self

from neurona import autodiff
from neurona.core.op import as_tensor
from neurona.core.shapes import is_float
from neurona.core.tensor import Tensor, recording
from neurona.core.tree import flatten
from neurona.errors import GradientError, check_choice
from neurona.nn.parameter import Parameter
from neurona.ops import ones, zeros


class GradientTape:
    """Takes gradients of what is computed inside of it, as TensorFlow's.

    Args:
        persistent: accepted; every tape can be asked several times.
        watch_accessed_variables: accepted; all Parameters can be asked for.

    >>> from neurona import ops, tensor
    >>> x = tensor([1.0, 2.0])
    >>> with GradientTape() as tape:
    ...     tape.watch(x)
    ...     y = ops.sum(x * x)
    >>> tape.gradient(y, x).tolist()
    [2.0, 4.0]
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        self.persistent, self.watch_accessed_variables = persistent, watch_accessed_variables

    def __enter__(self) -> Self:
        self._recording = recording()
        self._recording.__enter__()
        return self

    def __exit__(self, *exc: Any) -> None:
        self._recording.__exit__(*exc)

    def watch(self, tensor: Any) -> None:
        """Let gradients be asked with respect to tensors; Parameters need none of this.

        Raises:
            GradientError: for what is no Tensor of floats.
        """
        for x in flatten(tensor)[0]:
            if not isinstance(x, Tensor) or not is_float(x.dtype):
                raise GradientError(
                    "a tape watches Tensors of floats.",
                    got=str(x.spec) if isinstance(x, Tensor) else repr(x)[:60],
                    hint="x = nn.tensor(array), and compute with x",
                )
            if not isinstance(x, Parameter) and not x.level:
                x.requires_grad = True

    def gradient(
        self,
        target: Any,
        sources: Any,
        output_gradients: Any = None,
        unconnected_gradients: str = "none",
    ) -> Any:
        """Return the gradient of the sum of the target with respect to each source.

        Args:
            target: a Tensor, or several.
            sources: Parameters, or Tensors that are watched, in lists, tuples and dicts.
            output_gradients: where the sweep starts, like the target; ones by default.
            unconnected_gradients: what a source has that the target does not depend on: "none" for
                None, or "zero".

        Raises:
            GradientError: if the target is not made of floats.
        """
        check_choice("unconnected_gradients", unconnected_gradients, ("none", "zero"))
        targets = [as_tensor(y) for y in flatten(target)[0]]
        for y in targets:
            if not is_float(y.dtype):
                raise GradientError("gradients are of floats.", got=str(y.spec))
        if output_gradients is None:
            seeds = [ones(y.shape, y.dtype) for y in targets]
        else:
            seeds = [
                as_tensor(g, y.dtype)
                for g, y in zip(flatten(output_gradients)[0], targets, strict=True)
            ]
        leaves, structure = flatten(sources)
        found: list[Any] = autodiff.sweep(targets, seeds, [x.value for x in leaves])
        if unconnected_gradients == "zero":
            found = [
                zeros(x.shape, x.dtype) if g is None else g
                for x, g in zip(leaves, found, strict=True)
            ]
        return structure.unflatten(found)

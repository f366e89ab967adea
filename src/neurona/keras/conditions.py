"""Conditions, loops and alignments of Keras's backend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from neurona import ops
from neurona.core.op import as_tensor
from neurona.core.tensor import Tensor
from neurona.errors import ShapeError
from neurona.nn.context import is_training


def switch(condition: Any, then_expression: Any, else_expression: Any) -> Any:
    """Return one of two values, or of two functions' values, by a condition; elementwise of many.

    Raises:
        ShapeError: if the condition has more axes than the values.
    """
    condition = as_tensor(condition)
    condition = condition if condition.dtype.kind == "b" else condition.astype("bool")
    if condition.ndim == 0:
        return ops.cond(condition, _function(then_expression), _function(else_expression))
    yes, no = as_tensor(_value(then_expression)), as_tensor(_value(else_expression))
    if condition.ndim > yes.ndim:
        raise ShapeError(
            "switch: the condition has more axes than what it chooses from.",
            got=f"{condition.ndim} and {yes.ndim}",
        )
    wide = (*condition.shape, *[1] * (yes.ndim - condition.ndim))
    return ops.where(ops.reshape(condition, wide), yes, no)


def _value(x: Any) -> Any:
    return x() if callable(x) else x


def _function(x: Any) -> Callable[[], Any]:
    return x if callable(x) else lambda: as_tensor(x)


def in_train_phase(x: Any, alt: Any, training: Any = None) -> Any:
    """Return x, or its value as a function, where this is training; else `alt`."""
    training = is_training() if training is None else training
    if isinstance(training, bool | int):
        return _value(x) if training else _value(alt)
    return switch(training, x, alt)


def in_test_phase(x: Any, alt: Any, training: Any = None) -> Any:
    """Return x, or its value as a function, where this is no training; else `alt`."""
    return in_train_phase(alt, x, training)


def map_fn(fn: Callable[[Any], Any], elems: Any, name: Any = None, dtype: Any = None) -> Any:
    """Return fn of each row, stacked."""
    return ops.map(fn, elems)


def foldl(fn: Callable, elems: Any, initializer: Any = None, name: str | None = None) -> Any:
    """Return fn(... fn(fn(first, x_0), x_1) ..., x_n); the first row comes first by default."""
    elems = as_tensor(elems)
    first, rest = (elems[0], elems[1:]) if initializer is None else (as_tensor(initializer), elems)
    return ops.scan(lambda carry, x: (fn(carry, x), carry), first, rest)[0]


def foldr(fn: Callable, elems: Any, initializer: Any = None, name: str | None = None) -> Any:
    """Return `foldl` of the rows from the last one on."""
    return foldl(fn, ops.flip(as_tensor(elems), axis=0), initializer)


def print_tensor(x: Any, message: str = "", summarize: int = 3) -> Tensor:
    """Print a tensor's values, behind a message, and return it."""
    x = as_tensor(x)
    print(message, x.numpy() if x.data is not None else x.spec)
    return x


def ctc_batch_cost(y_true: Any, y_pred: Any, input_length: Any, label_length: Any) -> Tensor:
    """Return the CTC loss of each sample, (B, 1).

    Shapes: y_true (B, L) labels, y_pred (B, T, K) probabilities whose last class is the blank,
    input_length and label_length (B, 1).
    """
    y_pred = as_tensor(y_pred)
    logits = ops.log(ops.maximum(y_pred, 1e-7))
    labels, steps = (ops.reshape(as_tensor(n), (-1,)) for n in (label_length, input_length))
    loss = ops.ctc_loss(
        as_tensor(y_true).astype("int32"), logits, labels.astype("int32"), steps.astype("int32"),
        mask_index=y_pred.shape[-1] - 1,
    )  # fmt: skip
    return ops.expand_dims(loss, 1)


def ctc_decode(
    y_pred: Any, input_length: Any, greedy: bool = True, beam_width: int = 100, top_paths: int = 1
) -> tuple[list[Tensor], Tensor]:
    """Return the labels of the likeliest paths, -1 behind their end, and -ln of what they score."""
    y_pred = as_tensor(y_pred)
    logits = ops.log(ops.maximum(y_pred, 1e-7))
    found, scores = ops.ctc_decode(
        logits, input_length, "greedy" if greedy else "beam_search", beam_width, top_paths,
        mask_index=y_pred.shape[-1] - 1,
    )  # fmt: skip
    return [found[k] for k in range(found.shape[0])], scores

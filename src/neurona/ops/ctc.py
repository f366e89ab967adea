"""Connectionist temporal classification: sequences of labels without knowing when each is said."""

from __future__ import annotations

from neurona.core.op import as_tensor
from neurona.core.shapes import is_float
from neurona.errors import ArgumentError, ShapeError, check_integer
from neurona.ops.arithmetic import maximum, stop_gradient
from neurona.ops.comparison import where
from neurona.ops.filled import arange, full
from neurona.ops.functional import log_softmax
from neurona.ops.functions import exp, log
from neurona.ops.index import take_along_axis
from neurona.ops.joining import concatenate, stack
from neurona.ops.movement import broadcast_to, reshape, transpose
from neurona.ops.reduce import sum
from neurona.ops.scan import scan

__all__ = ["ctc_loss"]

_NEVER = -1e30  # ln 0, but finite: differences of two of them are no NaN


def ctc_loss(target, output, target_length, output_length, mask_index=0):
    """CTC loss, -ln of the sum over alignments a of prod_t p_t(a_t).

    An alignment has a label or the blank for each step; "-aa-b", like "ab---", reads "ab": equal
    neighbours are one label, and blanks are left out. The sum over all of them is a recursion over
    the steps, with z the labels and blanks around each, z = -a-b-:

        alpha_t(s) = (alpha_t-1(s) + alpha_t-1(s-1) + [z_s != z_s-2] alpha_t-1(s-2)) p_t(z_s)

    Shapes: target (B, L) integers, output (B, T, C) scores before a softmax, lengths (B,) -> (B,).
    Args:
        target: class numbers; behind `target_length` anything.
        output: scores of each class and the blank, step by step; behind `output_length` anything.
        target_length: labels of each sample, 0 to L.
        output_length: steps of each sample, 0 to T.
        mask_index: the class number of the blank.
    Raises:
        ShapeError: if the shapes are others.
        ArgumentError: if mask_index is no class.

    Where no alignment is possible, since there are fewer steps than labels and blanks between equal
    ones, the loss and its gradient are 0: such a sample teaches nothing.

    Source: Graves et al. 2006, eq. 6 to 8; computed in logarithms.

    >>> from neurona import tensor
    >>> ctc_loss([[1, 2]], tensor([[[0.0] * 3] * 3]), [2], [3]).item()  # doctest: +ELLIPSIS
    1.6863...
    """
    target, output = as_tensor(target), as_tensor(output)
    lengths = [as_tensor(n) for n in (target_length, output_length)]
    _check(target, output, lengths, mask_index)
    (batch, steps, _), count = output.shape, target.shape[1]
    log_p = log_softmax(output)  # (B, T, C)
    blank = full((batch, count), mask_index, target.dtype)
    spread = reshape(stack([blank, target], axis=2), (batch, 2 * count))
    z = concatenate([spread, full((batch, 1), mask_index, target.dtype)], axis=1)  # (B, S)
    size = 2 * count + 1
    inside = arange(size) <= 2 * lengths[0][:, None]
    z = where(inside, z, mask_index)
    places = broadcast_to(z[:, None], (batch, steps, size))
    emitted = transpose(take_along_axis(log_p, places, axis=2), (1, 0, 2))  # (T, B, S)
    going = (arange(steps)[:, None] < lengths[1])[:, :, None]  # (T, B, 1)
    start = where(arange(size) == 0, 0.0, _NEVER).astype(log_p.dtype)  # all before the first step
    if count > 1:
        differ = (z[:, 2:] != z[:, :-2]) & (z[:, 2:] != mask_index)
        none = full((batch, 2), False, differ.dtype)
        may_skip = concatenate([none, differ], axis=1)
    never = [full((batch, n), _NEVER, log_p.dtype) for n in (1, 2)]

    def step(alpha, at):
        log_p_z, goes_on = at
        ways = [alpha, concatenate([never[0], alpha[:, :-1]], axis=1)]
        if count > 1:
            ways.append(where(may_skip, concatenate([never[1], alpha[:, :-2]], axis=1), _NEVER))
        return where(goes_on, _log_sum(ways) + log_p_z, alpha), None

    alpha, _ = scan(step, broadcast_to(start, (batch, size)), (emitted, going))
    last = 2 * lengths[0][:, None]  # ends in the blank behind the last label, or in that label
    ends = [take_along_axis(alpha, last, axis=1)]
    before = take_along_axis(alpha, maximum(last - 1, 0), axis=1)
    ends.append(where(last > 0, before, _NEVER))
    loss = -_log_sum(ends)[:, 0]
    return where(_is_possible(target, *lengths), loss, 0.0)


def _log_sum(terms):
    """ln of the sum of exp, whose gradient is right where terms are equal, too."""
    top = terms[0]
    for term in terms[1:]:
        top = maximum(top, term)
    top = stop_gradient(top)
    total = exp(terms[0] - top)
    for term in terms[1:]:
        total = total + exp(term - top)
    return log(total) + top


def _is_possible(target, target_length, output_length):
    """Tell which samples have a step for each label, and one between equal labels."""
    count = target.shape[1]
    needed = target_length
    if count > 1:
        follows = arange(1, count) < target_length[:, None]
        repeated = (target[:, 1:] == target[:, :-1]) & follows
        needed = needed + sum(repeated.astype(needed.dtype), axis=1)
    return needed <= output_length


def _check(target, output, lengths, mask_index):
    if output.ndim != 3 or target.ndim != 2 or target.shape[0] != output.shape[0]:
        raise ShapeError(
            "ctc_loss: labels of each sample, and scores of its steps.",
            got=f"target {target.shape}, output {output.shape}",
            expected="target (B, labels), output (B, steps, classes)",
        )
    for name, length in zip(("target_length", "output_length"), lengths, strict=True):
        if length.shape != target.shape[:1]:
            raise ShapeError(
                f"ctc_loss: {name} has one number for each sample.",
                got=str(length.shape),
                expected=f"({target.shape[0]},)",
            )
    if is_float(target.dtype) or not is_float(output.dtype):
        raise ArgumentError(
            "ctc_loss: labels are class numbers, scores are floats.",
            got=f"target {target.dtype.name}, output {output.dtype.name}",
            expected="integers and floats",
        )
    mask_index = check_integer("mask_index", mask_index, minimum=0)
    if mask_index >= output.shape[2]:
        raise ArgumentError(
            "ctc_loss: mask_index is the class number of the blank.",
            got=str(mask_index),
            expected=f"0 to {output.shape[2] - 1}",
        )

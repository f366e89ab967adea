"""Compositions of ops that are not ops themselves: softmax and its kin, einsum, norms."""

from __future__ import annotations

import builtins
import math

from neurona.core.op import as_floats, as_tensor
from neurona.core.shapes import normalize_axes
from neurona.errors import ArgumentError, ShapeError
from neurona.ops.arithmetic import abs, maximum, sign, stop_gradient
from neurona.ops.comparison import isfinite, where
from neurona.ops.functions import erf, exp, log, log1p, sqrt
from neurona.ops.matmul import matrix_product
from neurona.ops.movement import diagonal, reshape, transpose
from neurona.ops.notes import logits
from neurona.ops.reduce import max, sum

__all__ = ["einsum", "erfinv", "log_softmax", "logsumexp", "softmax", "softplus", "xlogy"]


def softplus(x):
    """Smooth ReLU, y = ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|), which cannot overflow.

    >>> softplus([0.0, 1000.0]).numpy().round(4).tolist()
    [0.6931, 1000.0]
    """
    x = as_tensor(x)
    return maximum(x, 0.0) + log1p(exp(-abs(x)))


def exponentials(x, axis):
    """Return x minus its largest element, e to that (at most 1), its sum, and the largest.

    The sum is 1 or more. But of a row that is -inf as a whole it is 0, and is given as 1/2: what is
    divided by it is 0, and so is the gradient, where 0 / 0 would be NaN.
    """
    top = max(x, axis=axis, keepdims=True)
    top = stop_gradient(where(isfinite(top), top, 0.0))
    shifted = x - top
    e = exp(shifted)
    total = sum(e, axis=axis, keepdims=True)
    return shifted, e, where(total == 0.0, 0.5, total), top


def logsumexp(x, axis=None, keepdims=False):
    """y = ln(sum of e^x), without overflow; -inf where all x are, with a gradient of 0.

    >>> logsumexp([1000.0, 1000.0]).numpy().round(4).item()
    1000.6931
    """
    x = as_floats(x)
    _, _, total, top = exponentials(x, axis)
    y = where(total == 0.5, -math.inf, log(total) + top)
    if keepdims:
        return y
    axes = normalize_axes(axis, x.ndim, "logsumexp")
    return reshape(y, tuple(s for a, s in enumerate(x.shape) if a not in axes))


def softmax(x, axis=-1):
    """Probabilities, y_i = e^x_i / sum of e^x_j along the axis (or axes).

    An x_i of -inf gets 0, and so do all where a whole row is masked by -inf. It notes x as its
    logits, so that a cross-entropy can be taken exactly.

    >>> softmax([0.0, 0.0]).tolist()
    [0.5, 0.5]
    """
    x = as_floats(x)
    normalize_axes(axis, x.ndim, "softmax")
    _, e, total, _ = exponentials(x, axis)
    y = e / total
    y.notes = (logits(x, axis),)
    return y


def log_softmax(x, axis=-1):
    """y_i = x_i - ln(sum of e^x_j) along the axis: the logarithm of softmax, exact for small ones.

    An x_i of -inf gets -inf, also where a whole row is.

    >>> log_softmax([0.0, 0.0]).numpy().round(4).tolist()
    [-0.6931, -0.6931]
    """
    x = as_floats(x)
    shifted, _, total, _ = exponentials(x, axis)
    return shifted - log(total)


def xlogy(x, y):
    """x ln y, and 0 where x is 0, whatever y is (but NaN): entropy is -sum of xlogy(p, p).

    Where x is 0 and ln y infinite or none, both gradients are 0.

    >>> xlogy([0.0, 2.0], [0.0, 1.0]).tolist()
    [0.0, 0.0]
    """
    x, y = as_floats(x), as_floats(y)
    nothing = (x == 0.0) & ((y <= 0.0) | (y == math.inf))
    return x * log(where(nothing, 1.0, y))


def erfinv(x):
    """Inverse of the error function, by Winitzki's estimate and three steps of Halley's method.

    Shapes: x (...) in [-1, 1] -> y (...), infinite at both ends.

    >>> erfinv([0.0, 0.5]).numpy().round(4).tolist()
    [0.0, 0.4769]
    """
    given = as_floats(x)
    end = abs(given) >= 1
    x = where(end, 0.0, given)
    a = 0.147
    w = log1p(-x * x)
    t = 2 / (math.pi * a) + 0.5 * w
    y = sign(x) * sqrt(maximum(sqrt(maximum(t * t - w / a, 0.0)) - t, 0.0))
    for _ in range(3):
        step = (erf(y) - x) / (2 / math.sqrt(math.pi) * exp(-y * y))
        y = y - step / (1 + y * step)
    return where(end, where(abs(given) == 1, sign(given) * math.inf, math.nan), y)


def einsum(subscripts, *operands, **options):
    """Sums of products by Einstein's convention, composed of transposes, products and sums.

    Args:
        subscripts: such as "bij,bjk->bik"; without "->" the letters that occur once, sorted. `...`
            stands for leading batch axes. A letter twice within one operand: its diagonal.
        operands: tensors; several are contracted from left to right.
        options: of other libraries, such as `optimize`; they change no result, and nothing here.

    >>> einsum("ij,j->i", [[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0]).tolist()
    [3.0, 7.0]
    """
    tensors = [as_tensor(x) for x in operands]
    terms, output = _parse(subscripts, [x.ndim for x in tensors])
    pairs = [_once(x, term) for x, term in zip(tensors, terms, strict=True)]
    tensors, terms = [x for x, _ in pairs], [term for _, term in pairs]
    y, term = tensors[0], terms[0]
    for k, (x, other) in enumerate(zip(tensors[1:], terms[1:], strict=True), start=2):
        later = set(output).union(*terms[k:])
        y, term = _contract(y, term, x, other, later)
    gone = tuple(a for a, letter in enumerate(term) if letter not in output)
    y = sum(y, axis=gone) if gone else y
    term = [letter for letter in term if letter in output]
    return transpose(y, [term.index(letter) for letter in output])


def _once(x, term):
    """An operand in which each letter stands once, and its letters: diagonals of those twice."""
    term = list(term)
    while again := [c for c in dict.fromkeys(term) if term.count(c) > 1]:
        first = term.index(again[0])
        second = term.index(again[0], first + 1)
        if x.shape[first] != x.shape[second]:
            raise ShapeError(f"einsum: the sizes of {again[0]!r} differ.", got=f"{x.shape}")
        x = diagonal(x, axis1=first, axis2=second)
        term = [c for k, c in enumerate(term) if k not in (first, second)] + [again[0]]
    return x, term


def _parse(subscripts, ranks):
    inputs, arrow, output = subscripts.replace(" ", "").partition("->")
    terms = inputs.split(",")
    if len(terms) != len(ranks):
        raise ArgumentError(
            "einsum: one term for each operand.", got=f"{len(terms)} terms, {len(ranks)} operands"
        )
    extra = [rank - len(term.replace("...", "")) for term, rank in zip(terms, ranks, strict=True)]
    widest = [*(n for n, term in zip(extra, terms, strict=True) if "..." in term), 0]
    dots = [f".{i}" for i in range(builtins.max(widest))]
    lists = []
    for term, n in zip(terms, extra, strict=True):
        head, dotted, tail = term.partition("...")
        if n < 0 or (n and not dotted):
            raise ShapeError("einsum: the term does not fit its operand.", got=f"term {term!r}")
        letters = [*head, *(dots[len(dots) - n :] if dotted and n else []), *tail]
        lists.append(letters)
    if not arrow:
        flat = [letter for letters in lists for letter in letters]
        return lists, [*dots, *sorted(c for c in set(flat) if flat.count(c) == 1 and c not in dots)]
    head, dotted, tail = output.partition("...")
    wanted = [*head, *(dots if dotted else []), *tail]
    if unknown := set(wanted) - {c for letters in lists for c in letters}:
        raise ArgumentError(
            "einsum: the output has an unknown letter.", got=f"{sorted(unknown)[0]!r}"
        )
    return lists, wanted


def _contract(x, xs, y, ys, later):
    """Multiply two operands and sum the letters that nothing needs later: one matrix product."""
    shared = [c for c in xs if c in ys]
    inner = [c for c in shared if c not in later]
    batch = [c for c in shared if c in later]
    left, right = [c for c in xs if c not in ys], [c for c in ys if c not in xs]
    sizes = {**dict(zip(ys, y.shape, strict=True)), **dict(zip(xs, x.shape, strict=True))}
    for c in shared:
        if x.shape[xs.index(c)] != y.shape[ys.index(c)]:
            raise ShapeError(f"einsum: the sizes of {c!r} differ.", got=f"{x.shape} and {y.shape}")

    def matrix(t, letters, order, rows, columns):
        t = transpose(t, [letters.index(c) for c in order])
        shape = [sizes[c] for c in batch]
        return reshape(
            t, (*shape, math.prod(sizes[c] for c in rows), math.prod(sizes[c] for c in columns))
        )

    z = matrix_product(
        matrix(x, xs, [*batch, *left, *inner], left, inner),
        matrix(y, ys, [*batch, *inner, *right], inner, right),
    )
    term = [*batch, *left, *right]
    return reshape(z, tuple(sizes[c] for c in term)), term

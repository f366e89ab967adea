"""Functions of single elements, or of vectors, made ones of whole tensors."""

from __future__ import annotations

import functools
import re

from neurona.core.op import as_tensor
from neurona.core.shapes import broadcast_shapes, product
from neurona.errors import ArgumentError, ShapeError
from neurona.ops.movement import broadcast_to, reshape
from neurona.ops.scan import scan

__all__ = ["vectorize"]

_PIECE = r"\((?:\w+(?:,\w+)*)?\)"
_SIGNATURE = re.compile(rf"({_PIECE}(?:,{_PIECE})*)->({_PIECE}(?:,{_PIECE})*)")


def vectorize(pyfunc, *, excluded=None, signature=None):
    """A function that applies `pyfunc` to each element of tensors, which broadcast.

    Its body is traced once, whatever the number of elements, and gradients flow through it. A
    function that is made of functions of `ops` alone works on whole tensors as it is, and faster.

    Args:
        pyfunc: of tensors without axes, or of such as the signature says.
        excluded: places or names of arguments that are handed over as they are.
        signature: the last axes that `pyfunc` takes and gives, as "(n),(n)->()".

    >>> from neurona.ops import where
    >>> larger = vectorize(lambda a, b: where(a > b, a, b))
    >>> larger([1.0, 5.0], [[3.0], [4.0]]).tolist()
    [[3.0, 5.0], [4.0, 5.0]]
    """
    if not callable(pyfunc):
        raise ArgumentError("vectorize takes a function.", got=repr(pyfunc))
    kept = set(excluded or ())
    taken = _taken(signature)

    @functools.wraps(pyfunc, updated=())
    def vectorized(*args, **kwargs):
        places = [k for k in range(len(args)) if k not in kept]
        names = [n for n in kwargs if n not in kept]
        tensors = [as_tensor(args[k]) for k in places] + [as_tensor(kwargs[n]) for n in names]
        last = [0] * len(tensors) if taken is None else taken
        if len(last) != len(tensors):
            raise ArgumentError(
                "vectorize: one argument for each piece of the signature.",
                got=f"{len(tensors)} for {signature!r}",
            )
        for x, n in zip(tensors, last, strict=True):
            if x.ndim < n:
                raise ShapeError("vectorize: too few axes.", got=f"{x.shape} for {signature!r}")
        cuts = [x.ndim - n for x, n in zip(tensors, last, strict=True)]
        around = broadcast_shapes(
            "vectorize", *[x.shape[:c] for x, c in zip(tensors, cuts, strict=True)]
        )
        rows = [
            reshape(broadcast_to(x, (*around, *x.shape[c:])), (product(around), *x.shape[c:]))
            for x, c in zip(tensors, cuts, strict=True)
        ]

        def one(carry, row):
            given, named = list(args), dict(kwargs)
            for k, x in zip(places, row, strict=False):
                given[k] = x
            named.update(zip(names, row[len(places) :], strict=True))
            return carry, pyfunc(*given, **named)

        _, ys = scan(one, None, rows)
        several = isinstance(ys, list | tuple)
        shaped = [reshape(y, (*around, *y.shape[1:])) for y in (ys if several else [ys])]
        return tuple(shaped) if several else shaped[0]

    return vectorized


def _taken(signature):
    """Return how many axes each argument has by the signature; None if there is none."""
    if signature is None:
        return None
    found = _SIGNATURE.fullmatch(signature.replace(" ", ""))
    if found is None:
        raise ArgumentError(
            "vectorize: this is no signature.", got=repr(signature), expected='"(n),(n)->()"'
        )
    pieces = re.findall(_PIECE, found.group(1))
    return [len(p[1:-1].split(",")) if p != "()" else 0 for p in pieces]

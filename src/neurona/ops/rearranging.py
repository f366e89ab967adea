"""rearrange: axes split, permuted and merged by a pattern of names, as in einops."""

from __future__ import annotations

import math
import re

from neurona.core.op import as_tensor
from neurona.errors import ArgumentError, ShapeError
from neurona.ops.movement import reshape, transpose

__all__ = ["rearrange"]


def rearrange(tensor, pattern, **axes_lengths):
    """The same elements with axes split, permuted and merged: "b (h p) c -> (b h) p c".

    Args:
        pattern: names of the axes before and after; those in parentheses are one axis. `...` stands
            for the axes that have no name, and 1 for one of size 1.
        axes_lengths: sizes that the shape does not tell, p=2.

    Raises:
        ArgumentError: if the pattern is none, or names differ on its sides.
        ShapeError: if the sizes do not fit.

    Source: Rogozhnikov 2022, "Einops".

    >>> rearrange([[1, 2, 3, 4]], "a (b c) -> (a c) b", b=2).tolist()
    [[1, 3], [2, 4]]
    """
    x = as_tensor(tensor)
    before, arrow, after = pattern.partition("->")
    if not arrow:
        raise ArgumentError(
            "rearrange: a pattern has two sides.", got=repr(pattern), hint='"a -> a"'
        )
    left, right = _groups(before, pattern), _groups(after, pattern)
    unnamed = x.ndim - sum(group is not None for group in left)
    dots = [f".{i}" for i in range(unnamed)] if None in left else []
    if unnamed != len(dots):
        raise ShapeError(
            "rearrange: the pattern has another number of axes.", got=f"{pattern!r}, x {x.shape}"
        )
    left, right = (_without_dots(side, dots) for side in (left, right))
    names = [name for group in left for name in group]
    wanted = [name for group in right for name in group]
    if sorted(names) != sorted(wanted) or len(set(names)) != len(names):
        raise ArgumentError(
            "rearrange: both sides name the same axes, each once.", got=repr(pattern)
        )
    sizes = {name: size for name, size in axes_lengths.items() if name in names}
    if unused := set(axes_lengths) - set(names):
        raise ArgumentError("rearrange: the pattern has no such axis.", got=sorted(unused)[0])
    for group, size in zip(left, x.shape, strict=True):
        open_ones = [name for name in group if name not in sizes]
        known = math.prod(sizes[name] for name in group if name in sizes)
        if len(open_ones) > 1:
            raise ArgumentError(
                "rearrange: a size is missing.", got=repr(pattern),
                hint=", ".join(f"{name}=2" for name in open_ones[1:]),
            )  # fmt: skip
        if open_ones and known and size % known == 0:
            sizes[open_ones[0]] = size // known
        elif open_ones or known != size:
            raise ShapeError(
                "rearrange: an axis does not split so.",
                got=f"size {size} into ({' '.join(group)}) with {dict(axes_lengths)}",
            )
    split = reshape(x, tuple(sizes[name] for name in names))
    moved = transpose(split, tuple(names.index(name) for name in wanted))
    return reshape(moved, tuple(math.prod(sizes[name] for name in group) for group in right))


def _groups(side, pattern):
    """Return the names of each axis of one side, none for a size of 1; None for `...`."""
    tokens = re.findall(r"\([^()]*\)|\.\.\.|\w+|\S", side)
    groups: list = []
    for token in tokens:
        if token == "...":
            groups.append(None)
            continue
        names = token.strip("()").split()
        if not all(re.fullmatch(r"[^\W\d]\w*|1|\.\.\.", name) for name in names):
            raise ArgumentError("rearrange: an axis has a name.", got=f"{token!r} in {pattern!r}")
        groups.append([name for name in names if name != "1"])
    return groups


def _without_dots(side, dots):
    """Return the groups with the unnamed axes in the place of `...`."""
    groups = []
    for group in side:
        if group is None:
            groups += [[name] for name in dots]
        else:
            groups.append([n for name in group for n in (dots if name == "..." else [name])])
    return groups

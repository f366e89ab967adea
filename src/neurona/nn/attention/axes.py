"""Which axes an attention goes along: all others are as samples of a batch."""

from __future__ import annotations

import functools
from typing import Any

from neurona import ops
from neurona.core.op import as_tensor
from neurona.core.shapes import product
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, ShapeError


class AttentionAxes:
    """The axes of a query and its keys, as (R, T) and (R, S): R for the rest, T and S to attend.

    Args:
        name: of the layer, for errors.
        axes: those that are attended along; None for all but the first and the last.
        query, value, key: (B, ..., D) each.

    Raises:
        ShapeError: if the shapes do not fit each other.
    """

    def __init__(
        self, name: str, axes: tuple[int, ...] | None, query: Tensor, value: Tensor, key: Tensor
    ) -> None:
        rank = query.ndim
        self.name, self.got = name, f"query {query.shape}, value {value.shape}, key {key.shape}"
        if rank < 3 or not rank == value.ndim == key.ndim:
            self._refuse(
                "the number of axes is wrong",
                "query (batch, time, features), value and key (batch, time of the keys, features)",
                "x[None] makes a batch of one sample",
            )
        if value.shape[:-1] != key.shape[:-1]:
            self._refuse("there is one value for each key", "equal axes but the last")
        given = range(1, rank - 1) if axes is None else axes
        self.along = [a + rank if a < 0 else a for a in given]
        if not all(0 < a < rank - 1 for a in self.along) or len(set(self.along)) < len(self.along):
            self._refuse(f"there are no such axes to attend along, {axes}", f"1 to {rank - 2}")
        self.rest = [a for a in range(rank - 1) if a not in self.along]
        if any(query.shape[a] != value.shape[a] for a in self.rest):
            self._refuse("query and value differ outside of the axes to attend along")
        self.rows = [query.shape[a] for a in self.rest]
        self.queries = [query.shape[a] for a in self.along]
        self.keys = [value.shape[a] for a in self.along]

    def _refuse(self, rule: str, expected: str = "", hint: str = "") -> None:
        raise ShapeError(f"{self.name}: {rule}.", got=self.got, expected=expected, hint=hint)

    def lengths(self) -> tuple[int, int]:
        """Return T and S of one axis, which has an order."""
        if len(self.along) > 1:
            raise ArgumentError(
                f"{self.name}: only along one axis are some steps before others.",
                got=f"{len(self.along)} axes to attend along",
                hint="attention_axes=(1,)",
            )
        return self.queries[0], self.keys[0]

    def flat(self, x: Tensor) -> Tensor:
        """From (B, ..., N, H) to (R, T, N, H)."""
        y = ops.transpose(x, self._order(x))
        return ops.reshape(y, (product(self.rows), -1, *x.shape[-2:]))

    def unflat(self, y: Tensor) -> Tensor:
        """From (R, T, N, H) of queries to (B, ..., N, H)."""
        y = ops.reshape(y, (*self.rows, *self.queries, *y.shape[-2:]))
        order = self._order(y)
        return ops.transpose(y, [order.index(a) for a in range(y.ndim)])

    def _order(self, x: Tensor) -> list[int]:
        return [*self.rest, *self.along, *range(len(self.rest) + len(self.along), x.ndim)]

    def scores(self, weights: Tensor) -> Tensor:
        """From (R, N, T, S) to (B, ..., N, T, S), with all axes of each."""
        return ops.reshape(weights, (*self.rows, weights.shape[1], *self.queries, *self.keys))

    def merged(self, query: Any, value: Any, key: Any, attention: Any) -> Tensor | None:
        """Return where a query sees a key, to broadcast to (R, N, T, S); None for everywhere.

        Args:
            query, value, key: true at real steps, (B, ...).
            attention: true where a query sees a key: (B, ..., N, T, S) with all axes of each; the
                axis of heads and those in front may be missing.
        """
        masks = []
        if query is not None:
            masks.append(self._steps("query_mask", query, self.queries)[:, None, :, None])
        for name, mask in (("value_mask", value), ("key_mask", key)):
            if mask is not None:
                masks.append(self._steps(name, mask, self.keys)[:, None, None, :])
        if attention is not None:
            masks.append(self._pairs(attention))
        return functools.reduce(ops.logical_and, masks) if masks else None

    def _steps(self, name: str, mask: Any, along: list[int]) -> Tensor:
        """From (B, ...) to (R, T)."""
        mask = as_tensor(mask)
        sizes = dict(zip([*self.rest, *self.along], [*self.rows, *along], strict=True))
        expected = tuple(sizes[a] for a in sorted(sizes))
        if mask.shape != expected:
            raise ShapeError(
                f"{self.name}: the {name} has another shape.",
                got=f"{mask.shape}",
                expected=f"{expected}, true at real steps",
            )
        y = ops.transpose(mask, self._order(mask))
        return ops.reshape(y, (product(self.rows), product(along)))

    def _pairs(self, mask: Any) -> Tensor:
        """From (B, ..., N, T, S), or without some axes in front of T, to (R, N, T, S)."""
        mask, pairs = as_tensor(mask), [*self.queries, *self.keys]
        front = mask.shape[: max(mask.ndim - len(pairs), 0)]
        missing = len(self.rest) + 1 - len(front)
        behind = (1,) * (len(pairs) - mask.ndim) + mask.shape[len(front) :]
        fits = missing >= 0 and all(
            n in (1, size)
            for n, size in zip(
                (*front[: len(self.rest)], *behind), (*self.rows[: len(front)], *pairs), strict=True
            )
        )
        if not fits:
            raise ShapeError(
                f"{self.name}: the attention_mask has another shape.",
                got=f"{mask.shape}",
                expected=f"{(*self.rows, *pairs)}, or sizes of 1 there",
                hint="true where a query sees a key: (batch, queries, keys)",
            )
        mask = ops.reshape(mask, (*front, *(1,) * missing, *behind))
        if len(self.rest) == len(self.along) == 1:
            return mask
        heads = mask.shape[len(self.rest)]
        whole = ops.broadcast_to(mask, (*self.rows, heads, *pairs))
        return ops.reshape(
            whole, (product(self.rows), heads, product(self.queries), product(self.keys))
        )

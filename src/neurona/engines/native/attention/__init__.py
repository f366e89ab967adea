"""Attention by tiles: scores of some queries and some keys at a time, which stay in the caches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from neurona.core.lowering import Attention
from neurona.core.shapes import Spec
from neurona.engines.native.attention import backward, forward
from neurona.engines.native.attention.geometry import geometry
from neurona.engines.native.llvm.machine import Machine
from neurona.engines.native.stage import Stage


def plan(
    kind: Attention, specs: Sequence[Spec], attributes: dict[str, Any], machine: Machine
) -> tuple[list[Stage], list[int]]:
    """Return the stages of an attention or its gradient, and the bytes of their workspaces."""
    if kind.gradient:
        return backward.plan(geometry(specs, 6, attributes, machine))
    return forward.plan(geometry(specs, 3, attributes, machine))

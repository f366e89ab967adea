"""Lighten the epilogue of a product: what only later kernels need is computed there.

A value costs a store and a load for each kernel that reads it; a few operations cost next to
nothing. So nodes move from a head's kernel to the kernels that use them, if then less is stored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from neurona.core.graph import Node
from neurona.core.lowering import Elementwise, Reduction, Search

if TYPE_CHECKING:
    from neurona.engines.native.fuse import Fusion, Kernel


def lighten(fusion: Fusion, kernel: Kernel) -> None:
    """Move nodes out of a kernel with a head, if that means fewer bytes to store."""
    moving = [n for n in kernel.nodes if _movable(fusion, kernel, n, {})]
    staying = [n for n in kernel.nodes if n not in moving]
    assert kernel.head is not None
    made = [v for n in [kernel.head, *kernel.nodes] for v in n.outputs]
    kept = [v for n in [kernel.head, *staying] for v in n.outputs]
    read = {v for n in moving for v in n.inputs}
    after = [v for v in kept if v in read or _leaves(fusion, kernel, v)]
    before = [v for v in made if _leaves(fusion, kernel, v)]
    if _bytes(fusion, after) < _bytes(fusion, before):
        makers = {v: n for n in moving for v in n.outputs}
        for node in moving:
            for user in _outside(fusion, kernel, node.outputs[0]):
                _copy_to(fusion.home[user.outputs[0]], node, makers)
        kernel.nodes = staying


def _outside(fusion: Fusion, kernel: Kernel, v: int) -> list[Node]:
    """The nodes of other kernels that read a value; a view is the business of no kernel."""
    users = fusion.users.get(v, [])
    return [n for n in users if fusion.home.get(n.outputs[0]) is not kernel]


def _leaves(fusion: Fusion, kernel: Kernel, v: int) -> bool:
    return v in fusion.outputs or bool(_outside(fusion, kernel, v))


def _movable(fusion: Fusion, kernel: Kernel, node: Node, known: dict[int, bool]) -> bool:
    """Whether all that need a node can compute it themselves."""
    (y,) = node.outputs
    if y not in known:
        known[y] = y not in fusion.outputs and all(
            _computes(fusion, kernel, user, known) for user in fusion.users.get(y, [])
        )
    return known[y]


def _computes(fusion: Fusion, kernel: Kernel, user: Node, known: dict[int, bool]) -> bool:
    home = fusion.home.get(user.outputs[0])
    if home is None or home.domain != kernel.domain:
        return False
    if home is kernel:
        return user is not kernel.head and _movable(fusion, kernel, user, known)
    return user is not home.head and isinstance(user.op.lower, Elementwise | Reduction | Search)


def _copy_to(target: Kernel, node: Node, makers: dict[int, Node]) -> None:
    """Let a kernel compute a node, and what it needs of those that move."""
    if node not in target.nodes:
        target.nodes.insert(0, node)
        for v in node.inputs:
            if v in makers:
                _copy_to(target, makers[v], makers)


def _bytes(fusion: Fusion, values: list[int]) -> int:
    return sum(fusion.specs[v].dtype.itemsize for v in values)

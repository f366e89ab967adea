"""The epilogue of a product: what is made of its results while they are in registers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from neurona.core.graph import Node
from neurona.core.lowering import Elementwise, Reduction, Search
from neurona.engines.native.maths.mathematics import FUNCTIONS

if TYPE_CHECKING:
    from neurona.engines.native.fuse import Placing
    from neurona.engines.native.fusion import Kernel

CACHED = 1 << 19  # bytes of an array that may still be in the second cache a step later
LARGE = 4096  # elements of which calls are too many in an epilogue


def suits_epilogue(placing: Placing, node: Node) -> bool:
    """Whether a node had better be computed from results in registers than from memory."""
    return not (
        _only_folded(placing, node)
        or _calls_functions(placing, node)
        or _reads_from_far(placing, node)
    )


def _only_folded(placing: Placing, node: Node) -> bool:
    """Whether folds alone use a node: computed where it is folded, it need not be stored."""
    (y,) = node.outputs
    users = placing.users.get(y, [])
    folds = all(isinstance(n.op.lower, Reduction | Search) for n in users)
    return bool(users) and folds and y not in placing.kept


class _Calls:
    """A builder, and its values, that notes whether a function of `mathematics.py` is called."""

    found = False

    def __getattr__(self, name: str) -> Any:
        def call(*values: Any) -> _Calls:
            self.found = self.found or name in FUNCTIONS
            return self

        return call


def _calls_functions(placing: Placing, node: Node) -> bool:
    """Whether a large node computes functions, for which the registers would not suffice."""
    calls = _Calls()
    values = [calls] * len(node.inputs)
    if placing.specs[node.outputs[0]].size >= LARGE and isinstance(node.op.lower, Elementwise):
        node.op.lower.scalar(calls, *values, **node.attributes)
    return calls.found


def _reads_from_far(placing: Placing, node: Node) -> bool:
    """Whether a node, or what comes with it, reads inputs too large for the cache: Adam's moments.

    Tile by tile, the processor does not see which lines come next; in order, it fetches them
    ahead. That saves more than it costs to store the results of the head.
    """
    homes = [placing.home[v] for v in node.inputs if v in placing.home]
    along = [v for kernel in homes if kernel.head is None for v in kernel.inputs()]
    read = (v for v in (*node.inputs, *along) if placing.layouts[v].root in placing.given)
    return any(placing.specs[v].nbytes > CACHED for v in read)


# --- what only later kernels need is computed there -----------------------------------------------


def lighten(placing: Placing, kernel: Kernel) -> None:
    """Move nodes to the kernels that use them, if that means fewer bytes to store and to load.

    A few operations cost next to nothing. What many need, or what needs many, is better stored: a
    sum that grows from block to block of a deep network would be computed from its start in each.
    """
    own = [n for n in kernel.nodes if placing.home[n.outputs[0]] is kernel]  # none that came here
    movable = [n for n in own if _movable(placing, kernel, n, {})]
    choices = [movable[first:] for first in range(len(movable))]  # no node without its users
    costs = [_bytes(placing, kernel, movable, nodes) for nodes in choices]
    if not costs or min(costs) >= _bytes(placing, kernel, movable, []):
        return
    moving = choices[costs.index(min(costs))]
    makers = {v: n for n in moving for v in n.outputs}
    for node in moving:
        for user in _outside(placing, kernel, node.outputs[0]):
            _copy_to(placing.home[user.outputs[0]].nodes, node, makers)
    kernel.nodes = [n for n in kernel.nodes if n not in moving]


def _bytes(placing: Placing, kernel: Kernel, movable: list[Node], moving: list[Node]) -> int:
    """Return what a kernel stores, and it and those that read of it load, if nodes move."""
    assert kernel.head is not None
    staying = [kernel.head, *(n for n in kernel.nodes if n not in moving)]
    needed = {v for n in moving for v in n.inputs}
    stored = {v for n in staying for v in n.outputs if v in needed or _leaves(placing, kernel, v)}
    makers = {v: n for n in moving for v in n.outputs}
    others = {
        home.number: home
        for node in movable
        for user in _outside(placing, kernel, node.outputs[0])
        if (home := placing.home[user.outputs[0]])
    }
    total = _elements(placing, kernel, stored)
    total += _elements(placing, kernel, _read(staying).difference(kernel.head.inputs))
    for home in others.values():
        nodes = [*home.nodes, *home.folds]
        for v in _read(nodes) & makers.keys():
            _copy_to(nodes, makers[v], makers)
        total += _elements(placing, kernel, _read(nodes))
    return total


def _read(nodes: list[Node]) -> set[int]:
    """The values that nodes read and do not make."""
    return {v for n in nodes for v in n.inputs}.difference(v for n in nodes for v in n.outputs)


def _elements(placing: Placing, kernel: Kernel, values: set[int]) -> int:
    """The bytes of an element of each array that is as large as a kernel's domain."""
    size = math.prod(kernel.domain)
    roots = {placing.layouts[v].root for v in values if placing.specs[v].size == size}
    return sum(placing.specs[root].dtype.itemsize for root in roots.difference(placing.literals))


def _outside(placing: Placing, kernel: Kernel, v: int) -> list[Node]:
    """The nodes of other kernels that read a value; a view is the business of no kernel."""
    users = placing.users.get(v, [])
    return [n for n in users if placing.home.get(n.outputs[0]) is not kernel]


def _leaves(placing: Placing, kernel: Kernel, v: int) -> bool:
    return v in placing.kept or bool(_outside(placing, kernel, v))


def _movable(placing: Placing, kernel: Kernel, node: Node, known: dict[int, bool]) -> bool:
    """Whether all that need a node can compute it themselves."""
    (y,) = node.outputs
    if y not in known:
        known[y] = y not in placing.kept and all(
            _computes(placing, kernel, user, known) for user in placing.users.get(y, [])
        )
    return known[y]


def _computes(placing: Placing, kernel: Kernel, user: Node, known: dict[int, bool]) -> bool:
    home = placing.home.get(user.outputs[0])
    if home is None or home.domain != kernel.domain:
        return False
    if home is kernel:
        return user is not kernel.head and _movable(placing, kernel, user, known)
    return user is not home.head and isinstance(user.op.lower, Elementwise | Reduction | Search)


def _copy_to(target: list[Node], node: Node, makers: dict[int, Node]) -> None:
    """Let nodes have another one among them, and what it needs of those that move."""
    if node not in target:
        target.insert(0, node)
        for v in node.inputs:
            if v in makers:
                _copy_to(target, makers[v], makers)

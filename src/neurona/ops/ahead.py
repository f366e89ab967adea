"""What a loop's body makes of its sequences alone, done for all iterations before the loop.

A cell that is written out multiplies x_t by a kernel at each step: x_t @ W. Of all steps that is
one large product, several times as fast, and so are its gradients.
"""

from __future__ import annotations

from neurona.core import origin
from neurona.core.graph import Graph, Node
from neurona.core.shapes import is_float
from neurona.core.tensor import Tensor
from neurona.ops.matmul import matrix_product

LARGEST = 2**28  # bytes of all products for all iterations


def products_ahead(
    body: Graph, carries: int, xs: list[Tensor], captured: list[Tensor]
) -> tuple[list[Tensor], list[Tensor]]:
    """Take products x_t @ w out of a body, for matrices w of its surroundings.

    The body is changed: it is given the products as further sequences.

    Args:
        body: from (state, elements, surroundings) to (next state, results).
        carries: how many of its inputs are state.
        xs, captured: the sequences (length, ...) and the surroundings.

    Returns:
        Those sequences and surroundings that the body now reads.
    """
    first = carries + len(xs)
    moving = dict(zip(body.inputs[carries:first], xs, strict=True))
    fixed = dict(zip(body.inputs[first:], captured, strict=True))
    fixed |= {v: Tensor(array) for v, array in body.constants.items()}
    nodes, room = [], LARGEST
    with origin.known() as scope:
        for node in body.nodes:
            if node.op is matrix_product and _is_ahead(body, node, moving, fixed, room):
                x, w = node.inputs
                scope.origins = node.origins
                moving[node.outputs[0]] = y = matrix_product(moving[x], fixed[w])
                room -= y.spec.nbytes
            else:
                nodes.append(node)
    body.nodes = nodes
    read = {v for node in nodes for v in node.inputs} | set(body.outputs)
    moving = {v: x for v, x in moving.items() if v in read}
    around = {v: t for v, t in fixed.items() if v in read and v not in body.constants}
    body.inputs[carries:] = [*moving, *around]
    body.constants = {v: array for v, array in body.constants.items() if v in read}
    return [*moving.values()], [*around.values()]


def _is_ahead(
    body: Graph, node: Node, moving: dict[int, Tensor], fixed: dict[int, Tensor], room: int
) -> bool:
    """Whether a product is of each element of a sequence with the same matrix, and has room."""
    x, w = node.inputs
    if x not in moving or w not in fixed or len(body.specs[w].shape) != 2:
        return False
    depth, width = body.specs[w].shape
    size = moving[x].size // max(depth, 1) * width * body.specs[w].dtype.itemsize
    return is_float(body.specs[x].dtype) and size <= room

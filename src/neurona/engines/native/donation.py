"""Which outputs may be written over the inputs that they replace: a step's updates in place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from neurona.core.lowering import Contraction, Elementwise, Scatter
from neurona.engines.native.chain import Chain, ends
from neurona.engines.native.fusion import Fusion, Kernel
from neurona.engines.native.strides import contiguous


def in_place(fusion: Fusion, chains: Sequence[Chain], replaced: Mapping[int, int]) -> set[int]:
    """Return the outputs that may lie where the inputs lie that they replace.

    That is so if, when an element of the output is written, the same element of the input was read
    just before, by the same lanes, and nothing of the input is read from there on.

    Args:
        fusion: the kernels.
        chains: kernels that run together.
        replaced: number of an output -> number of the input.
    """
    home = {v: time for time, kernel in enumerate(fusion.kernels) for v in kernel.stores}
    until, found = ends(fusion, chains), set()
    for output, given in replaced.items():
        v, x = fusion.outputs[output], fusion.graph.inputs[given]
        time = home[v]
        late = {t for t in fusion.readers.get(x, []) if until[t] >= until[time]}
        if not late or (late == {time} and _element_by_element(fusion, fusion.kernels[time], v, x)):
            found.add(output)
    return found


def _element_by_element(fusion: Fusion, kernel: Kernel, v: int, x: int) -> bool:
    """Whether a kernel reads of x only the element of v that it writes next."""
    if kernel.head and isinstance(kernel.head.op.lower, Scatter):  # copies x, then reads updates
        return all(fusion.layouts[i].root != x for i in kernel.head.inputs[1:])
    if kernel.folds or (kernel.head and not isinstance(kernel.head.op.lower, Contraction)):
        return False
    if kernel.head and any(fusion.layouts[i].root == x for i in kernel.head.inputs):
        return False
    nodes = {y: node for node in kernel.nodes for y in node.outputs}
    looks = {i for node in kernel.nodes for i in node.inputs if fusion.layouts[i].root == x}
    readers = [node for node in kernel.nodes if looks.intersection(node.inputs)]
    if not all(isinstance(node.op.lower, Elementwise) for node in readers):
        return False
    if len(looks) != 1:  # two views of it would be two loads, one of them after the store
        return False
    (read,) = looks
    layout = fusion.layouts[read]
    same_place = (
        fusion.specs[read].shape == kernel.domain == fusion.specs[v].shape
        and layout.offset == 0
        and layout.strides == contiguous(kernel.domain)
    )
    return same_place and _needs(nodes, v, read)


def _needs(nodes: Mapping, v: int, read: int) -> bool:
    """Whether v is computed from the value `read`, which is then loaded before v is stored."""
    waiting, seen = [v], set()
    while waiting:
        y = waiting.pop()
        if y == read:
            return True
        if y in nodes and y not in seen:
            seen.add(y)
            waiting.extend(nodes[y].inputs)
    return False

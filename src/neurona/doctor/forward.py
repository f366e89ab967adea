"""Forward: what a model computes from x in training, as a Graph that can be read.

Layers of all kinds, the user's own and plain ops among them, are the same here: a product with
weights is a product with weights, and each node says which layer and which line it is of.
"""

from __future__ import annotations

import contextlib
import functools
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from neurona.core.graph import Graph, Node
from neurona.core.tensor import Tensor
from neurona.core.tree import flatten
from neurona.errors import NeuronaError, StateError
from neurona.nn.context import collect_losses, in_training
from neurona.nn.front import fed
from neurona.nn.parameter import Parameter
from neurona.nn.pure import trace_pure

PRODUCTS = ("matrix_product", "convolution")
LOOKS = ("reshape", "cast", "transpose", "alias")  # what changes no number
SCALING = (
    "BatchNormalization", "LayerNormalization", "GroupNormalization", "RMSNormalization",
    "UnitNormalization",
)  # fmt: skip
PARTS = ("reshape", "cast", "alias", "strided_slice", "take", "squeeze")
DROWNED = 0.01  # of the size of what it is added to


@contextlib.contextmanager
def called() -> Iterator[None]:
    """Call a model inside: without warnings, which training itself will give.

    Raises:
        StateError: in place of an error of the user's own code.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except NeuronaError:
        raise
    except Exception as error:
        raise StateError(f"the model cannot be called: {error}") from error


class Forward:
    """A traced pass.

    Args:
        model: that is built.
        x: some rows, nested as the step gets them.

    Attributes:
        graph: its inputs are the random state, the arrays of x, and the parameters; its outputs
            those of the model, then what layers add to the loss.
        parameters: value -> Parameter.
        inputs: the values of the arrays of x.
        outputs: the values of the model's outputs.
        added: those of what layers add to the loss.
        tensors: the outputs as abstract Tensors, with their notes.
        returned: these as the model returned them.

    Raises:
        StateError: if the model cannot be called on x.
    """

    def __init__(self, model: Any, x: Any) -> None:
        leaves, structure = flatten((x,))
        self.arrays = [np.asarray(a) for a in leaves]
        kept: list[Any] = []

        def run(x: Any) -> Any:
            with collect_losses() as added, in_training(True), fed(model._network):
                y = model(x, training=True)
            kept.append(y)
            return y, added

        with called():
            pure = trace_pure(run, structure, self.arrays)
        found = pure.graph.inputs[1 + len(leaves) :]
        self.returned = kept[0]
        self.tensors: list[Tensor] = [x for x in flatten(kept[0])[0] if isinstance(x, Tensor)]
        results = pure.graph.outputs[len(pure.changed) :]
        self.graph: Graph = pure.graph.restricted(results)
        self.inputs = pure.graph.inputs[1 : 1 + len(leaves)]
        self.outputs, self.added = results[: len(self.tensors)], results[len(self.tensors) :]
        pairs = zip(found, pure.found, strict=True)
        self.parameters = {v: p for v, p in pairs if isinstance(p, Parameter)}
        self._weights: dict[int, list[Parameter]] = {}

    @functools.cached_property
    def maker(self) -> dict[int, Node]:
        """Value -> the node that makes it."""
        return {v: node for node in self.graph.nodes for v in node.outputs}

    @functools.cached_property
    def readers(self) -> dict[int, list[Node]]:
        """Value -> the nodes that read it."""
        found: dict[int, list[Node]] = {}
        for node in self.graph.nodes:
            for v in set(node.inputs):
                found.setdefault(v, []).append(node)
        return found

    @functools.cached_property
    def of_data(self) -> set[int]:
        """The values that hang on x."""
        return self._from(self.inputs)

    @functools.cached_property
    def of_weights(self) -> set[int]:
        """The values that hang on parameters, and not on x."""
        return self._from(self.parameters) - self.of_data

    def made(self, value: int) -> Node | None:
        """Return the node that made a value, looks and dropout aside; None if x or weights did."""
        maker = self.maker.get(value)
        while maker is not None and (maker.op.name in LOOKS or "Dropout" in _kind(maker)):
            value = next((v for v in maker.inputs if v in self.of_data), maker.inputs[0])
            maker = self.maker.get(value)
        return maker

    def behind(self, value: int) -> set[int]:
        """Return the values that hang on a value, and itself."""
        return self._from([value])

    def _from(self, values: Iterable[int]) -> set[int]:
        found = set(values)
        for node in self.graph.nodes:
            if found.intersection(node.inputs):
                found.update(node.outputs)
        return found

    # --- products with weights ---------------------------------------------------------------

    @functools.cached_property
    def products(self) -> list[tuple[Node, int, int]]:
        """The products of data with weights: node, value of the data, value of the weights."""
        found = []
        for node in self.graph.nodes:
            if node.op.name in PRODUCTS:
                a, b = node.inputs[:2]
                if a in self.of_weights:
                    a, b = b, a
                if a in self.of_data and b in self.of_weights:
                    found.append((node, a, b))
        return found

    @property
    def factors(self) -> Iterator[Parameter]:
        """The weights that multiply something element by element, such as a norm's gamma."""
        for value, parameter in self.parameters.items():
            if any(node.op.name == "mul" for node in self._reading(value)):
                yield parameter

    def _reading(self, value: int) -> Iterator[Node]:
        """The nodes that read a value, or a part of it, in whatever shape."""
        for node in self.readers.get(value, []):
            if node.op.name in PARTS:
                yield from self._reading(node.outputs[0])
            else:
                yield node

    @functools.cached_property
    def lookups(self) -> list[tuple[Node, int, int]]:
        """The rows taken of tables of weights: node, value of the indices, value of the table."""
        return [
            (node, node.inputs[1], node.inputs[0])
            for node in self.graph.nodes
            if node.op.name == "take" and node.inputs[0] in self.of_weights
        ]

    @functools.cached_property
    def first_products(self) -> list[tuple[Node, int, int]]:
        """The products whose data have met no weights before, but for a scaling."""
        return [row for row in self.products if row[1] not in self._met]

    @property
    def joined_products(self) -> list[tuple[Node, int, int]]:
        """As `first_products`, for data that are joined with others before they meet weights."""
        found = []
        for node, data, weights in self.products:
            maker = self.maker.get(data)
            if data in self._met and maker is not None and maker.op.name == "concatenate":
                parts = [v for v in maker.inputs if v in self.of_data and v not in self._met]
                found += [(node, v, weights) for v in parts]
        return found

    @functools.cached_property
    def _met(self) -> set[int]:
        """The values that hang on a product with weights, or a lookup in them."""
        return self._from(v for node, _, _ in (*self.products, *self.lookups) for v in node.outputs)

    @property
    def first_lookups(self) -> list[tuple[Node, int, int]]:
        """The lookups whose indices have met no weights before."""
        return [row for row in self.lookups if row[1] not in self._met]

    def weights(self, value: int) -> list[Parameter]:
        """Return the parameters that a value is made from."""
        if value not in self._weights:
            needed = self.graph.needed([value])
            self._weights[value] = [p for v, p in self.parameters.items() if v in needed]
        return self._weights[value]

    def all_through(self, value: int) -> bool:
        """Say whether x has no way to the outputs but through a value."""
        reached = set(self.inputs)
        for node in self.graph.nodes:
            if reached.intersection(node.inputs):
                reached.update(v for v in node.outputs if v != value)
        return not reached.intersection(self.outputs)

    def scaled_behind(self, node: Node, kinds: Sequence[str] = SCALING) -> bool:
        """Say whether normalisations alone read what a product gives, sums with others aside.

        A residual path that nobody normalises carries large numbers to the end.
        """
        readers = self.readers.get(node.outputs[0], ())
        return bool(readers) and all(self._scales(reader, kinds) for reader in readers)

    def _scales(self, node: Node, kinds: Sequence[str]) -> bool:
        if _kind(node) in kinds:
            return not self._as_learnt(node)
        return node.op.name in ("add", "reshape", "transpose") and self.scaled_behind(node, kinds)

    def drowns(self, node: Node) -> bool:
        """Say whether to what a product gives learnt numbers are added that are far smaller.

        A norm of both together leaves nothing of them: such are places.
        """
        pairs = list(self._summed(node))
        rms = [float(np.sqrt(np.square(a, dtype=float).mean())) for a in self.evaluate(
            [v for pair in pairs for v in pair])] if pairs else []  # fmt: skip
        return any(0 < b < DROWNED * a for a, b in zip(rms[::2], rms[1::2], strict=True))

    def _summed(self, node: Node) -> Iterator[tuple[int, int]]:
        """Yield what a product gives with what is added to it and hangs on no data, on and on."""
        for reader in self.readers.get(node.outputs[0], ()):
            if reader.op.name == "add":
                a, b = reader.inputs[:2]
                a, b = (a, b) if a == node.outputs[0] else (b, a)
                if b not in self.of_data:
                    yield a, b
            if reader.op.name in ("add", "reshape", "transpose"):
                yield from self._summed(reader)

    def _as_learnt(self, node: Node) -> bool:
        """Say whether a BatchNorm is frozen: it takes running figures for those of the batch."""
        names = [p.name for v in node.inputs for p in self.weights(v)]
        return any(name.startswith("moving_") for name in names)

    def undropped(self, value: int) -> int:
        """Return what a value was before dropout, which makes up in size for what it leaves out."""
        while value in self.maker and "Dropout" in _kind(self.maker[value]):
            made = self.maker[value].inputs
            value = next((v for v in made if v in self.of_data), made[0])
        return value

    # --- numbers -----------------------------------------------------------------------------

    def evaluate(
        self, values: list[int], arrays: list[np.ndarray] | None = None
    ) -> list[np.ndarray]:
        """Return values for the rows that were traced, or for others of their shapes."""
        graph = self.graph.restricted(values)
        given: list[Any] = [np.zeros(2, np.int64), *(self.arrays if arrays is None else arrays)]
        given += [self.parameters[v].numpy() if v in self.parameters else None
                  for v in self.graph.inputs[len(given) :]]  # fmt: skip
        with np.errstate(all="ignore"):
            return [np.asarray(y) for y in graph.evaluate(np, given)]

    def place(self, node: Node) -> str:
        """Return the layer that a node is of, and the user's line."""
        return node.origins[0].described if node.origins else ""


def _kind(node: Node) -> str:
    return node.origins[0].kind if node.origins else ""


def sources(x: Tensor) -> Iterator[Tensor]:
    """Yield a Tensor and, as long as nothing but its looks was changed, what it was made of."""
    yield x
    while x.value.source is not None and x.value.source.op.name in LOOKS:
        x = x.value.source.inputs[0]
        yield x

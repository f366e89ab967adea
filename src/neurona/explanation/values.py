"""Which values of a record have a line of their own, and what they are called.

A value has a line if it is what a layer returns, a gradient or a new parameter; if several formulas
need it; or if a formula would otherwise be hard to read, as a sum inside of a function. All else is
written inside of the formulas that need it, or is the same number in another place, as a reshaped
array is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from neurona.core.lowering import (
    Attention,
    Contraction,
    Elementwise,
    Indexed,
    Opaque,
    Random,
    Reduction,
    Running,
    View,
)
from neurona.explanation.record import Made, Row, Rows
from neurona.explanation.tracing import Traced

LONGEST = 7  # operands in a formula, sums counted as one
SUM, ATOM, SMALL, TRUTH = "sum", "atom", "small", "truth"
ADDITIVE = {"add", "sub", "neg", "alias", "stop_gradient", "cast"}
GUARDS = {"isfinite", "eq", "ne", "logical_and", "logical_or", "logical_not"}
SHORT = {"learning_rate": "lr", "iterations": "t", "momentum": "m", "velocity": "v"}
GATES = {  # the parts of what is added up, what sums of gated values are, and what products are
    "LSTM": ("ifgo", "c", "h"), "LSTMCell": ("ifgo", "c", "h"),
    "GRU": ("zr", "h", "t"), "GRUCell": ("zr", "h", "t"),
}  # fmt: skip
SYMBOLS = {  # end of a layer's class -> what is said for the letters there
    "Normalization": {"z": "mean", "z2": "var", "t": "centred", "t2": "factor"},
    "Attention": {"z": "scores", "t": "weights", "z2": "mix"},
}
LETTERS = {"matrix_product": "z", "max": "m", "sum": "s", "exp": "e", "random_unit": "u"}


class Name(NamedTuple):
    """What a value is called.

    Attributes:
        part: path of the layer it belongs to, "" outside.
        symbol: within the layer; "" for what the layer returns.
        before: "∂L/∂" of a gradient; "∂L2/∂" of that of a second loss.
        after: "′" of what replaces something.
        turns: iterations of the loops around it.
        whole: whether axes of size 1 have indices, too: those of parameters.
    """

    part: str
    symbol: str
    before: str = ""
    after: str = ""
    turns: tuple[int, ...] = ()
    whole: bool = False

    def text(self, here: str | None = None) -> str:
        """Return it as written in a section of this part; None: everywhere."""
        core = self.symbol
        inside = here is not None and f"/{here}".endswith(f"/{self.part}")
        if self.part and not (inside and core):
            core = ".".join(filter(None, (self.part.replace("/", "."), core)))
        turns = f"(t={','.join(map(str, self.turns))})" if self.turns else ""
        return f"{self.before}{core}{self.after}{turns}"


def place_of(name: Name, shape: tuple[int, ...], index: tuple[int, ...]) -> str:
    """Return the index of an element as written: "[3, 1]"; without axes of size 1."""
    kept = [i for i, size in zip(index, shape, strict=True) if size != 1 or name.whole]
    return f"[{', '.join(map(str, kept))}]" if kept else ""


class Values:
    """Names and visibility of the values of a traced step.

    Args:
        traced: the step.
        model_name: the first part of all paths, which is left out.
        paths: what the parameters are called; by default, by their own paths.

    Attributes:
        names: id -> Name, of all that have one.
    """

    def __init__(self, traced: Traced, model_name: str = "", paths: Sequence[str] = ()) -> None:
        self.traced, self.record, self.model_name = traced, traced.record, model_name
        self.names: dict[int, Name] = {}
        self.paths = list(paths) or [p.path for p, _ in traced.parameters]
        self._taken: Counter[Name] = Counter()
        self._met: Counter[tuple[int, ...]] = Counter()  # gates, in each turn
        self._name_known()
        self._users = self._uses()
        self._kinds: list[str] = []
        self._leaves: list[int] = []
        self._forced: set[int] = set()
        for id in range(len(self.record.arrays)):
            self._classify(id)
        self._name_rest()

    def shown(self, id: int) -> bool:
        """Say whether a value has a line of its own."""
        return id in self.names

    def standing_for(self, id: int) -> int:
        """Return the value whose lines show this one: itself, or what it is another look of."""
        source = self.source(id)
        shown = id in self.names or source not in self.names or not self._alike(id, source)
        return id if shown or self.record.made[source] is None else source

    def part(self, path: str) -> str:
        """Return the path of a layer without the name of the model."""
        if path == self.model_name:
            return ""
        return path.removeprefix(f"{self.model_name}/")

    # --- names that are known ------------------------------------------------------------------

    def _give(self, id: int, name: Name) -> None:
        if id in self.names or id in self.record.constants:
            return
        self._taken[name] += 1
        if (number := self._taken[name]) > 1:
            name = name._replace(symbol=f"{name.symbol or 'output'}{number}")
        self.names[id] = name

    def _name_known(self) -> None:
        traced = self.traced
        for name, id in traced.inputs.items():
            self._give(id, Name("", name))
        known: dict[int, Name] = {}
        for path, (_, place) in zip(self.paths, traced.parameters, strict=True):
            part, _, symbol = path.rpartition("/")
            symbol = SHORT.get(symbol, symbol)
            known[place] = Name(part, symbol, whole=True)
            self._give(place, known[place])
        for k, id in traced.after.items():
            before = traced.parameters[k][1]
            self._give(id, self.names[before]._replace(after="′"))
        for id in traced.losses:
            self._give(id, Name("", "L"))
        for name, id in traced.values.items():
            path, _, number = self.part(name).partition("#")
            if not path:
                continue  # the model's output is its last layer's
            if self._is_same(id):  # a view is what it shows, with the same indices or not at all
                if not self._alike(id, self.source(id)):
                    continue
                id = self.source(id)
                if self.record.made[id] is None:
                    continue
            self._give(id, Name(path, "" if not number else f"call{number}"))
        for x, g in traced.gradients:
            source = self.source(x)
            if source in self.names and self._alike(x, source, exactly=source in known):
                slope, root = self.names[source]._replace(before=self._slope(g)), self.source(g)
                if source in known or not (root in self.names and self._alike(g, root)):
                    self._give(g, slope)

    def _slope(self, g: int) -> str:
        """Return what stands before the names of gradients of one loss."""
        number = self.traced.loss_of.get(g, 0)
        return f"∂L{number + 1}/∂" if number else "∂L/∂"

    def source(self, id: int) -> int:
        """Return the value that this one is, in another place or shape."""
        while isinstance(made := self.record.made[id], Made) and self._is_same(id):
            passed = self._passed(made)
            id = made.inputs[0] if passed is None else passed
        return id

    def _alike(self, id: int, other: int, exactly: bool = False) -> bool:
        """Say whether two values are the same numbers at the same places, axes of size 1 aside."""
        a, b = self.record.arrays[id], self.record.arrays[other]
        if exactly:
            return a.shape == b.shape
        a, b = a.squeeze(), b.squeeze()
        return a.shape == b.shape and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")

    def _is_same(self, id: int) -> bool:
        """Say whether a value only shows another one's numbers."""
        made = self.record.made[id]
        if isinstance(made, Row | Rows):
            return True
        if made is None:
            return False
        arrays, x = self.record.arrays, self._passed(made)
        if x is None:
            x = made.inputs[0]
            return arrays[x] is arrays[id]
        return arrays[x].size == arrays[id].size and made.node.op.name != "cast"

    # --- which values have lines ---------------------------------------------------------------

    def _uses(self) -> Counter[int]:
        """Count the steps that use each value, through views of it."""
        users: Counter[int] = Counter()
        seen: set[tuple[int, ...]] = set()
        for made in self.record.made:
            if isinstance(made, Made) and made.outputs not in seen:
                seen.add(made.outputs)
                if self._passed(made) is None:
                    users.update(self._root(v) for v in set(made.inputs))
        return users

    def _passed(self, made: Made) -> int | None:
        """Return the input that a step hands on as it is, if it does."""
        op, arrays = made.node.op, self.record.arrays
        if isinstance(op.lower, View) or op.name in ("alias", "stop_gradient", "cast"):
            return made.inputs[0]
        if op.name == "where":  # a guard against what did not happen, such as a sum of 0
            by = self.record.made[made.inputs[0]]
            guard = isinstance(by, Made) and by.node.op.name in GUARDS
            condition = arrays[made.inputs[0]]
            if guard and condition.size and condition.all() == condition.any():
                taken = made.inputs[1 if condition.flat[0] else 2]
                if arrays[taken].shape == arrays[made.outputs[0]].shape:
                    return taken
        return None

    def _root(self, id: int) -> int:
        while id not in self.names and isinstance(made := self.record.made[id], Made):
            passed = self._passed(made)
            if passed is None:
                break
            id = passed
        return id

    def _classify(self, id: int) -> None:
        """Find what a value looks like in a formula, and whether it or its inputs need lines."""
        made, record = self.record.made[id], self.record
        kind, leaves = ATOM, 1
        if isinstance(made, Made):
            kind, leaves = self._kind_of(id, made)
        elif isinstance(made, Row):
            kind, leaves = self._looks(made.of)
        elif isinstance(made, Rows) and made.rows:
            kind, leaves = SMALL, max(self._looks(r)[1] for r in made.rows)
        if record.arrays[id].dtype.kind == "b" and kind != ATOM:
            kind = TRUTH
        self._kinds.append(kind)
        self._leaves.append(leaves)
        if kind in (SUM, SMALL) and isinstance(made, Made) and self._passed(made) is None:
            often = self._users[id] > 1 and leaves > (2 if kind == SMALL else 0)
            function = kind == SMALL and self._users[id] > 1 and leaves > 1
            if often or function or leaves > LONGEST:
                self._forced.add(id)

    def _looks(self, id: int) -> tuple[str, int]:
        """Return kind and number of operands of a value inside of a formula."""
        if id in self.names or id in self._forced or id in self.record.constants:
            return ATOM, 1
        return self._kinds[id], self._leaves[id]

    def _kind_of(self, id: int, made: Made) -> tuple[str, int]:
        lower, name = made.node.op.lower, made.node.op.name
        self._force_borders(made)
        looks = [self._looks(v) for v in made.inputs]
        if (passed := self._passed(made)) is not None:
            kind, leaves = self._looks(passed)
            if name == "cast" and kind == TRUTH:
                self._forced.add(id)
            return kind, leaves
        if isinstance(lower, Random | Opaque | Attention):
            self._forced.add(id)
            return ATOM, 1
        if isinstance(lower, Contraction | Reduction | Running):
            if isinstance(lower, Reduction) and name != "sum":
                self._force(made, {SUM})
                return (SMALL, 1)
            few = all(
                self.record.arrays[v].size == self.record.arrays[id].size for v in made.inputs
            )
            if isinstance(lower, Reduction) and few:  # a sum of one number
                return looks[0]
            if made.origin.kind and made.origin.path == "loss" and not made.origin.role:
                self._force(made, {SUM, SMALL}, most=0)  # the loss of each sample
            self._force(made, {SUM}, most=1 if isinstance(lower, Contraction) else 3)
            return SUM, 1
        if isinstance(lower, Indexed):
            return (SMALL if name != "take_along_axis" else looks[0][0]), max(n for _, n in looks)
        if name in ("sigmoid", "tanh") and made.origin.kind in GATES and not made.origin.role:
            self._force(made, {SUM})
            self._forced.add(id)
            return SMALL, 1
        if not isinstance(lower, Elementwise):
            self._force(made, {SUM, SMALL})
            return SMALL, len(looks)
        constant = [v in self.record.constants for v in made.inputs]
        leaves = sum(n for (_, n), c in zip(looks, constant, strict=True) if not c) or 1
        if name in ADDITIVE:
            return (SUM if any(k == SUM for k, _ in looks) else SMALL), leaves
        if name in ("mul", "div") and any(constant):
            kinds = [k for (k, _), c in zip(looks, constant, strict=True) if not c]
            return (kinds[0] if kinds and kinds[0] == SUM else SMALL), leaves
        self._force(made, {SUM})
        leaves = sum(self._looks(v)[1] for v, c in zip(made.inputs, constant, strict=True) if not c)
        return SMALL, leaves or 1

    def _force_borders(self, made: Made) -> None:
        """Give inputs lines that another part of the model computed."""
        for v in made.inputs:
            by = self.record.made[root := self._root(v)]
            if isinstance(by, Made) and self._kinds[root] in (SUM, SMALL):
                here, there = made.origin, by.origin
                if there.path and not there.role and not here.role and there.path != here.path:
                    self._forced.add(root)

    def _force(self, made: Made, kinds: set[str], most: int = LONGEST) -> None:
        """Give those inputs of a step lines that are of some kinds, or long."""
        for v in made.inputs:
            root = self._root(v)
            kind, leaves = self._looks(root)
            hard = (kind in kinds or leaves > most) and kind != ATOM
            if hard and isinstance(self.record.made[root], Made):
                self._forced.add(root)

    # --- names of the rest ---------------------------------------------------------------------

    def _name_rest(self) -> None:
        of: dict[int, list[int]] = {}
        for x, g in self.traced.gradients:
            if self._alike(x, self.source(x)) and self._alike(g, self.source(g)):
                of.setdefault(self.source(g), []).append(self.source(x))
        letters: Counter[tuple[str, str]] = Counter()
        backward = min((g for _, g in self.traced.gradients), default=len(self.record.arrays))
        for id in sorted(self._forced):
            made = self.record.made[id]
            if id in self.names or not isinstance(made, Made) or id in self.record.constants:
                continue
            role, part = made.origin.role, self.part(made.origin.path)
            named = [self.names[x] for x in of.get(id, ()) if x in self.names]
            if role.startswith("gradient") and named:
                best = min(named, key=lambda name: (name.part == "loss", not name.part))
                self._give(id, best._replace(before=self._slope(id)))
                continue
            if role.startswith("update") and not self.record.arrays[id].shape:
                self._give(id, Name("", "lr_t"))
                continue
            letter = self._letter(id, made)
            if not role:
                part = part or ("loss" if self.traced.losses and id < backward else "")
            else:
                letter = "g" if role.startswith("gradient") else "q"
            key = part, f"{letter}{made.turns}"
            letters[key] += 1
            symbol = letter if letters[key] == 1 else f"{letter}{letters[key]}"
            for kind, symbols in SYMBOLS.items():
                if made.origin.kind.endswith(kind) and not role:
                    symbol = symbols.get(symbol, symbol)
                    if symbol == "mean" and made.node.op.name == "sub":
                        symbol = "centred"  # the mean stands within its formula
            self._give(id, Name(part, symbol, turns=made.turns))

    def _letter(self, id: int, made: Made) -> str:
        name = made.node.op.name
        if made.origin.kind in GATES and not made.origin.role:
            return self._gate(made)
        if name == "cast":
            return "mask"
        if self._kinds[id] == SUM and isinstance(made.node.op.lower, Elementwise | Contraction):
            return "z"
        return LETTERS.get(name, "t")

    def _gate(self, made: Made) -> str:
        """Return what the papers call a value of a recurrent layer with gates."""
        gates, total, product = GATES[made.origin.kind.removesuffix("Cell")]
        name = made.node.op.name
        if name == "sigmoid" and total == "h":
            self._met[made.turns] += 1
            return gates[(self._met[made.turns] - 1) % len(gates)]
        if name in ("sigmoid", "tanh"):
            by = self.record.made[made.inputs[0]]
            if isinstance(by, Made) and "start" in by.node.attributes:
                width = self.record.arrays[made.outputs[0]].shape[-1]
                return gates[by.node.attributes["start"][-1] // width % len(gates)]
            return "candidate" if total == "h" else "k"
        if self._kinds[made.outputs[0]] == SUM:
            return "a"
        return {"add": total, "mul": product}.get(name, "t")

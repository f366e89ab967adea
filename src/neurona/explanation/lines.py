"""From a traced step to the lines that explain it: what is asked for, and what that needs."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from neurona.explanation.elements import Index, Reader
from neurona.explanation.explanation import Explanation, Line, Section
from neurona.explanation.expression import Apply, Expression, Number, Operand, operands
from neurona.explanation.record import Made
from neurona.explanation.textbook import Textbook
from neurona.explanation.tracing import Traced
from neurona.explanation.values import Values, place_of
from neurona.explanation.words import sentence

Key = tuple[int, Index]
ORDER = ("forward", "loss", "backward", "update")


class Lines:
    """Makes the lines of a traced step.

    Args:
        traced: the step.
        model_name: of the model, left out of paths.
        terms: how many terms of a long sum are written out.
        paths: what the parameters are called; by default, by their own paths.
    """

    def __init__(
        self, traced: Traced, model_name: str, terms: int, paths: Sequence[str] = ()
    ) -> None:
        self.traced, self.record = traced, traced.record
        self.values = Values(traced, model_name, paths)
        self.reader = Reader(traced.record, self.values.shown, terms)
        self.textbook = Textbook(traced, self.values, self.reader)
        self.backward = min((g for _, g in traced.gradients), default=len(self.record.arrays))

        self.outputs = {  # what layers return: path -> the value that shows it
            path: self.values.standing_for(id) for path, id in traced.values.items()
        }
        self.where: dict[int, tuple[str, str]] = {}  # sections that somebody else knows
        self._updated = {  # new values of parameters -> the parameter's path
            new: self.values.paths[k]
            for k, new in traced.after.items()
            if traced.parameters[k][0].trainable
        }

    # --- what is asked for -----------------------------------------------------------------------

    def elements(self, id: int) -> list[Key]:
        """Return all elements of a value."""
        return [(id, tuple(map(int, i))) for i in np.ndindex(*self.record.arrays[id].shape)]

    def targets(self) -> list[int]:
        """Return all values that an explanation of everything leads to."""
        traced = self.traced
        gradients = [g for x, g in traced.gradients if self._is_parameter(x)]
        found = [*self.outputs.values(), *traced.losses, *gradients, *traced.after.values()]
        found += map(self.values.standing_for, traced.results)
        return sorted({id for id in found if id in self.values.names and self.record.made[id]})

    def _is_parameter(self, x: int) -> bool:
        return self.values.source(x) in {id for _, id in self.traced.parameters}

    def needed(self, asked: Iterable[Key], limit: int, inside: Callable[[int], bool] | None = None):
        """Return a Line for each element that is asked for and for what these need; what is left.

        What is nearest to what is asked for comes first. If that is too much, it is the way along
        the largest terms, back to the inputs, and then what is nearest.

        Args:
            asked: the elements.
            limit: how many lines at most.
            inside: which values may have lines; all by default.

        Returns:
            The lines, and how many elements they mention that have none.
        """
        asked = list(asked)

        def may(key: Key) -> bool:
            return self.record.made[key[0]] is not None and (inside is None or inside(key[0]))

        found, left = self._nearest(asked, limit, may, {})
        if not left:
            return found, 0
        way = {key: self.line(*key) for key in filter(may, asked[:limit])}
        ends = list(way)
        while ends and len(way) < limit:  # one step on each way in turn
            here = ends.pop(0)
            after = next(filter(may, self._leading(way[here].expression)), None)
            if after is not None and after not in way:
                way[after] = self.line(*after)
                ends.append(after)
        return self._nearest(asked, limit, may, way)

    def _nearest(
        self, asked: Iterable[Key], limit: int, may: Callable[[Key], bool], known: dict[Key, Line]
    ) -> tuple[dict[Key, Line], int]:
        """Return lines breadth first, after those that are known, and how many are left out."""
        waiting, found, met, left = deque(asked), dict(known), set[Key](), 0
        while waiting:
            key = waiting.popleft()
            if key in met or not may(key):
                continue
            met.add(key)
            if key not in found and len(found) >= limit:
                left += 1
                continue
            if key not in found:
                found[key] = self.line(*key)
            waiting.extend((x.id, x.index) for x in _mentioned(found[key]))
        return found, left

    def _leading(self, x: Expression) -> Iterator[Key]:
        """Yield the elements of a formula, those first that say most.

        Of a sum the largest term, of a product the gradient.
        """
        if isinstance(x, Operand):
            yield x.id, x.index
        elif isinstance(x, Apply):
            parts: Sequence[Any] = x.arguments
            if x.fn in ("add", "sub"):
                parts = sorted(parts, key=lambda a: -abs(a.value))
            elif x.fn == "max":
                parts = sorted(parts, key=lambda a: -a.value)
            elif x.fn == "mul":
                slopes = [any(self.values.names[o.id].before for o in operands(a)) for a in parts]
                parts = [a for _, a in sorted(zip(slopes, parts, strict=True), key=lambda p: -p[0])]
            for part in parts:
                yield from self._leading(part)

    def line(self, id: int, index: Index) -> Line:
        """Return the line of an element."""
        form = self.textbook.form(id, index)
        because: Sequence[Expression] = ()
        if form is None:
            form = self.reader.formula(id, index)
            because = [c for c in self.reader.because if self._tells(c)]
        if isinstance(form, Operand) and (form.id, form.index) == (id, index):
            form = Number(form.value)  # what was drawn
        if isinstance(form, Apply) and form.fn == "max" and not because:
            first = next(x for x in form.arguments if x.value == form.value)
            if len(list(operands(form))) == len(form.arguments) > 1:
                because = [Apply("won", (first,), True)]
        name = self.values.names[id]
        place = place_of(name, self.record.arrays[id].shape, index)
        part = self.section_of(id)[1]
        value = self.reader.value(id, index)
        return Line(
            name.text() + place, name.text(part) + place, value, form, tuple(because), (id, index)
        )

    def _tells(self, condition: Expression) -> bool:
        """Say whether a condition is about numbers of the model, and no guard of an index."""
        found = list(operands(condition))
        floats = [x for x in found if self.record.arrays[x.id].dtype.kind == "f"]
        return bool(floats) and isinstance(condition, Apply)

    # --- sections --------------------------------------------------------------------------------

    def section_of(self, id: int) -> tuple[str, str]:
        """Return kind and part of the section that a value's lines stand in."""
        if id in self.where:
            return self.where[id]
        made, name = self.record.made[id], self.values.names[id]
        origin = made.origin if isinstance(made, Made) else None
        if name.after or (origin and origin.role.startswith("update")) or name.symbol == "lr_t":
            return "update", self._updated.get(id, name.part)
        if name.before or (origin and origin.role.startswith("gradient")):
            part = self.values.part(origin.path) if origin else name.part
            return "backward", part or name.part
        path = self.values.part(origin.path) if origin else name.part
        if origin and not origin.path and self.traced.losses:
            return "loss", "loss"
        if path == "loss" or path.endswith("_loss"):
            return "loss", path
        return "forward", path or name.part

    def explanation(
        self, title: str, found: dict[Key, Line], kinds: dict[str, Any], notes: Sequence[str],
        digits: int,
    ) -> Explanation:  # fmt: skip
        """Return the lines, sorted into sections.

        Args:
            title: of all.
            found: the lines.
            kinds: path of a layer -> the layer.
            notes: what is left out.
            digits: of numbers.
        """
        groups: dict[tuple[str, str], list[Line]] = {}
        for key in sorted(found):
            groups.setdefault(self.section_of(key[0]), []).append(found[key])
        order = sorted(groups, key=lambda g: (ORDER.index(g[0]), groups[g][0].key[0]))
        sections = [
            Section(
                kind, part, *sentence(kind, part, kinds, self.traced), tuple(groups[kind, part])
            )
            for kind, part in order
        ]
        used = {x.id for line in found.values() for x in _mentioned(line)}
        used |= {id for id, _ in found}
        names = {id: self.values.names[id] for id in used}
        shapes = {id: self.record.arrays[id].shape for id in used}
        return Explanation(title, sections, names, shapes, notes, digits)


def _mentioned(line: Line) -> Iterable[Operand]:
    yield from operands(line.expression)
    for condition in line.because:
        yield from operands(condition)

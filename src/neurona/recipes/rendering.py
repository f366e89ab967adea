"""How statements of a recipe read without the Run: `run.fit(model, x)` is `model.fit(x, ...)`."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from neurona.optim import names
from neurona.recipes.plain import (
    TOLD,
    Edit,
    Function,
    Slice,
    is_run,
    loaded,
    statements,
    taken,
    takes_run,
    without_run,
)
from neurona.recipes.results import spec

if TYPE_CHECKING:
    from neurona.recipes.run import Run

WIDE = 92  # columns; what does not fit has one argument a line


class Rendering:
    """The text of one module, without the Run.

    Args:
        text: of the module.
        run: whose settings are filled in.
        find: returns the definition of a name, or None if it is imported from elsewhere.

    Attributes:
        constants: settings that were written as constants.
        imports: names that the rewriting needs, with where they are.
        fits: whether a model is trained through the Run.
    """

    def __init__(self, text: str, run: Run, find: Callable[[str], ast.AST | None]) -> None:
        self.source, self.run, self.find = text.encode(), run, find
        self.lines = [0]
        for line in self.source.splitlines(keepends=True):
            self.lines.append(self.lines[-1] + len(line))
        self.constants: dict[str, object] = {}
        self.imports: dict[str, str] = {}
        self.fits = False
        self.aliases: set[str] = set()
        self.kept: set[ast.stmt] = set()
        self.slice: Slice | None = None

    # --- functions -------------------------------------------------------------------------------

    def definition(self, node: ast.stmt) -> str:
        """Return a definition of the module; of a function that takes the Run what matters."""
        if isinstance(node, Function) and takes_run(node):
            self._cut(node)
        return self.render(node)

    def body(self, function: Function) -> str:
        """Return what matters of the body of a function, from the first column."""
        self._cut(function)
        first, last = function.body[1], function.body[-1]  # behind the docstring
        text = self._within(self.lines[first.lineno - 1], self._end(last), function)
        return re.sub(r"^ {4}", "", text, flags=re.MULTILINE)

    def _cut(self, function: Function) -> None:
        self.slice = Slice(function, self.find, self.run.quick)
        self.kept = self.slice.kept
        self.aliases = {
            target.id
            for s in statements(function)
            if isinstance(s, ast.Assign) and is_run(s.value, "settings")
            for target in s.targets
            if isinstance(target, ast.Name)
        }

    def _within(self, start: int, end: int, node: ast.AST) -> str:
        text = self.source[start:end].decode()
        edits = (edit for edit in self._edits(node) if start <= edit[0] and edit[1] <= end)
        for begin, behind, new in sorted(edits, reverse=True):
            raw = text.encode()
            text = (raw[: begin - start] + new.encode() + raw[behind - start :]).decode()
        return re.sub(r"\n\s*\n(\s*\n)+", "\n\n", text).strip("\n")

    # --- edits -----------------------------------------------------------------------------------

    def render(self, node: ast.AST) -> str:
        """Return the text of a node, with what is written otherwise in it."""
        new = self._new(node)
        return self._within(*self._span(node), node) if new is None else new

    def _span(self, node: ast.AST) -> tuple[int, int]:
        first = min([node, *getattr(node, "decorator_list", [])], key=lambda n: n.lineno)
        start = self.lines[first.lineno - 1] + first.col_offset - (first is not node)
        return start, self.lines[node.end_lineno - 1] + node.end_col_offset  # type: ignore[attr-defined]

    def _end(self, node: ast.stmt) -> int:
        """Return the end of a statement's last line, with its comment."""
        return self.lines[(node.end_lineno or node.lineno)]

    def _edits(self, node: ast.AST) -> Iterator[Edit]:
        new = self._new(node)
        if new is not None:
            yield (*self._span(node), new)
            return
        if isinstance(node, Function) and takes_run(node):
            yield from self._parameters(node)
        for child in ast.iter_child_nodes(node):
            dropped = (
                isinstance(child, ast.stmt) and isinstance(node, ast.stmt) and self._drops(child)
            )
            if dropped and isinstance(child, ast.stmt):
                yield self._line_of(child), self._end(child), ""
            elif isinstance(child, ast.arguments) and takes_run(node):
                continue
            else:
                yield from self._edits(child)

    def _drops(self, statement: ast.stmt) -> bool:
        if self.slice is None or statement in self.kept:
            return False
        return not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))

    def _line_of(self, statement: ast.stmt) -> int:
        """Return where the first line of a statement begins, or of the comment above it."""
        number = statement.lineno - 1
        while self.source[self.lines[number - 1] : self.lines[number]].lstrip().startswith(b"#"):
            number -= 1
        return self.lines[number]

    def _parameters(self, node: Function) -> Iterator[Edit]:
        first, *others = node.args.args
        start = self._span(first)[0]
        yield start, (self._span(others[0])[0] if others else self._span(first)[1]), ""

    def _new(self, node: ast.AST) -> str | None:
        """Return what stands in the place of a node; None if it stays, maybe changed within."""
        run = self.run
        if (side := taken(node, run.quick)) is not None:
            return self.render(side)
        if isinstance(node, ast.Attribute) and self._are_settings(node.value):
            return self._constant(node.attr)
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
            first = node.values[0]
            if isinstance(first, ast.Attribute) and self._are_settings(first.value):
                return self._constant(first.attr)
        if isinstance(node, ast.Attribute) and is_run(node):
            known = {"quick": repr(run.quick), "model": "model", "history": "model.history.history"}
            return known.get(node.attr)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            return self._statement(node.value, node.col_offset)
        return self._call(node) if isinstance(node, ast.Call) else None

    def _are_settings(self, node: ast.AST) -> bool:
        return is_run(node, "settings") or (isinstance(node, ast.Name) and node.id in self.aliases)

    def _constant(self, name: str) -> str:
        self.constants[name.upper()] = getattr(self.run.settings, name)
        return name.upper()

    # --- calls -----------------------------------------------------------------------------------

    def _statement(self, call: ast.Call, column: int) -> str | None:
        indent = " " * column
        if is_run(call.func, "fit"):
            return self._fit(call, indent)
        if is_run(call.func, "score"):
            return self._score(*call.args)
        if isinstance(call.func, ast.Name) and call.func.id in TOLD:
            given = [self.render(a) for a in call.args if getattr(a, "id", "") != "run"]
            return f"\n{indent}".join(TOLD[call.func.id]).format(*given)
        return None

    def _fit(self, call: ast.Call, indent: str) -> str:
        self.fits = True
        model, *data = map(self.render, call.args)
        given = {k.arg: k.value for k in call.keywords if k.arg}
        parts = list(data)
        several = len(data) > 1 or data[0].startswith("*")
        for name in ("epochs", "batch_size"):
            if name in given:
                parts.append(f"{name}={self.render(given.pop(name))}")
            elif name == "epochs" or (several and self.run.settings.batch_size is not None):
                parts.append(f"{name}={self._constant(name)}")
        for name, value in given.items():
            if name == "callbacks":
                parts += (
                    [f"callbacks=[{', '.join(map(self.render, c))}]"]
                    if (c := without_run(value))
                    else []
                )
            elif name not in ("stage", "verbose"):
                parts.append(f"{name}={self.render(value)}")
        return _spread(f"{model}.fit", parts, indent)

    def _score(self, name: ast.expr, value: ast.expr) -> str:
        told, label = self.render(value), self.render(name).removeprefix("f").strip('"')
        form = spec(self.run.scores.get(label, 1.0))
        if any(sign in told for sign in "\"'{}\\\n") or told.startswith("len("):
            shown = f'f"{label}:"' if "{" in label else f'"{label}:"'
            return f"print({shown}, round({told}, 4))"
        return f'print(f"{label}: {{{told}:{form}}}")'

    def _call(self, node: ast.Call) -> str | None:
        run = self.run
        if isinstance(node.func, ast.Attribute) and self._are_settings(node.func.value):
            self.imports["math"] = "math"
            size, epochs = self._constant("batch_size"), self._constant("epochs")
            return f"math.ceil({self.render(node.args[0])} / {size}) * {epochs}"
        if is_run(node.func, "optimizer"):
            return self._optimizer(node)
        if is_run(node.func, "warmed_up"):
            self.imports["CosineDecay"] = "neurona.optimizers.schedules"
            steps, warmup = map(self.render, node.args)
            rate = self._constant("learning_rate")
            return f"CosineDecay(0.0, {steps}, warmup_target={rate}, warmup_steps={warmup})"
        arguments: list[ast.AST] = [*node.args, *node.keywords]
        given = {
            a: f"{a.arg}=" if isinstance(a, ast.keyword) else ""
            for a in arguments
            if is_run(a.value if isinstance(a, ast.keyword) else a, "data")
        }
        if given:
            (named,) = given.values()
            folder = "" if run.data_folder is None else f"{named}{str(run.data_folder)!r}"
            return f"{self.render(node.func)}({folder})"
        if any(isinstance(a, ast.Name) and a.id == "run" for a in node.args):
            rest = [self.render(a) for a in arguments if getattr(a, "id", "") != "run"]
            return f"{self.render(node.func)}({', '.join(rest)})"
        return None

    def _optimizer(self, node: ast.Call) -> str:
        assert self.run.settings.optimizer is not None
        rule = names.NAMES[self.run.settings.optimizer.lower()].__name__
        self.imports[rule] = "neurona.optimizers"
        given: dict[str, ast.expr] = {k.arg: k.value for k in node.keywords if k.arg}
        rate, options = [*node.args, None, None][:2]
        rate, options = given.get("learning_rate", rate), given.get("options", options)
        parts = [f"learning_rate={self.render(rate) if rate else self._constant('learning_rate')}"]
        if isinstance(options, ast.Dict):
            for key, value in zip(options.keys, options.values, strict=True):
                assert isinstance(key, ast.Constant)
                parts.append(f"{key.value!s}={self.render(value)}")
        return f"{rule}({', '.join(parts)})"

    def names(self, node: ast.stmt) -> set[str]:
        """Return the names that a definition needs, of the module or of Python."""
        if self.slice is None:
            return loaded(node, self.run.quick)
        return self.slice.names


def _spread(function: str, parts: list[str], indent: str) -> str:
    """Return a call on one line, or with an argument on each."""
    one = f"{function}({', '.join(parts)})"
    if len(indent) + len(one) <= WIDE and "\n" not in one:
        return one
    inner = f",\n{indent}    ".join(parts)
    return f"{function}(\n{indent}    {inner},\n{indent})"

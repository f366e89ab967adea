"""Recipes in plain Python: which statements make the score, and how they read without the Run.

A recipe is Python already; what it does beyond a script is to tell the Run of it. So what only
tells is left out, what the Run does for it (`run.fit`, `run.optimizer`) is written as one writes it
oneself, and settings become constants. The script is the recipe's own source, and cannot drift from
it; the tests carry both out and compare the scores.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

Function = ast.FunctionDef | ast.AsyncFunctionDef
Edit = tuple[int, int, str]
_TELLS = ("fact", "picture", "text", "table", "say", "advise", "keep", "explain")  # of the Run
_NOTED = {"preparation", "class_names"}  # of a model: for its file, no score comes from them


def loaded(node: ast.AST | None, quick: bool) -> set[str]:
    """Return the names that are read; of `a if run.quick else b` those of the one that is taken.

    >>> sorted(loaded(ast.parse("f(x, a if run.quick else b, run.model)"), False))
    ['b', 'f', 'run.model', 'x']
    """
    if node is None:
        return set()
    chosen = taken(node, quick)
    if chosen is not None:
        return loaded(chosen, quick)
    if is_run(node):
        return {ast.unparse(node)}
    if isinstance(node, ast.Name):
        return set() if node.id == "run" or not isinstance(node.ctx, ast.Load) else {node.id}
    if isinstance(node, ast.keyword) and node.arg in ("callbacks", "stage"):
        return set() if node.arg == "stage" else loaded_list(without_run(node.value), quick)
    return loaded_list(ast.iter_child_nodes(node), quick)


def loaded_list(nodes: Any, quick: bool) -> set[str]:
    """Return the names that several nodes read."""
    return set().union(*(loaded(node, quick) for node in nodes))


def taken(node: ast.AST, quick: bool) -> ast.expr | None:
    """Return the side of `a if run.quick else b` that is taken; None if the node is no such."""
    if isinstance(node, ast.IfExp) and is_run(node.test, "quick"):
        return node.body if quick else node.orelse
    return None


def without_run(callbacks: ast.expr) -> list[ast.expr]:
    """Return the callbacks of a list that need no Run."""
    assert isinstance(callbacks, ast.List)
    return [c for c in callbacks.elts if "run" not in {getattr(n, "id", "") for n in ast.walk(c)}]


def takes_run(function: ast.AST) -> bool:
    """Whether the first argument of a function is the Run."""
    return (
        isinstance(function, Function)
        and bool(function.args.args)
        and function.args.args[0].arg == "run"
    )


def is_run(node: ast.AST, name: str = "") -> bool:
    """Whether a node is `run.NAME`."""
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "run"
        and name in ("", node.attr)
    )


def written(node: ast.AST) -> str:
    """Return the variable behind a target: `a` of `a[i]` and `a.b`; "run.model" of itself."""
    if is_run(node):
        return ast.unparse(node)
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Starred | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _targets(node: ast.stmt) -> set[str]:
    found: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        found = list(node.targets)
    elif isinstance(node, ast.AugAssign | ast.AnnAssign | ast.For):
        found = [node.target]
    names: set[str] = set()
    while found:
        target = found.pop()
        if isinstance(target, ast.Tuple | ast.List):
            found += target.elts
        else:
            names.add(written(target))
    return names - {""}


class Slice:
    """The statements of a function that its score and its value come from.

    Args:
        function: which takes the Run.
        find: returns the definition of a name of the module, or None if it is imported from
            elsewhere.
        quick: whether the run was.

    Attributes:
        kept: the statements, with those around them.
        names: that they read.
    """

    def __init__(
        self, function: Function, find: Callable[[str], ast.AST | None], quick: bool
    ) -> None:
        self.find, self.quick = find, quick
        self.kept: set[ast.stmt] = set()
        self.names: set[str] = {arg.arg for arg in function.args.args} - {"run"}
        self.arguments = set(self.names)
        self.local = self.names | set[str]().union(*map(_targets, statements(function)))
        self.effects = False  # on the world outside of the function
        before = -1
        while before != (before := len(self.kept) + len(self.names)):
            for statement in function.body:
                self._look(statement)

    def _look(self, statement: ast.stmt) -> bool:
        inner = [
            part
            for name in ("body", "orelse")
            for part in getattr(statement, name, [])
            if not isinstance(statement, Function | ast.ClassDef)
        ]
        looked = [self._look(part) for part in inner]  # at all of them
        kept = any(looked)
        if not inner:
            kept = self._matters(statement)
        if kept and statement not in self.kept:
            self.kept.add(statement)
            self.names |= self._read(statement)
        return statement in self.kept

    def _read(self, statement: ast.stmt) -> set[str]:
        if isinstance(statement, ast.For):
            return loaded(statement.iter, self.quick)
        if isinstance(statement, ast.If):
            return loaded(statement.test, self.quick)
        if isinstance(statement, ast.With):
            return loaded_list(statement.items, self.quick)
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            call = statement.value
            if getattr(call.func, "id", "") in TOLD:
                return loaded_list(call.args[1:3], self.quick)
        names = loaded(statement, self.quick)
        own = (n for n in ast.walk(statement) if isinstance(n, ast.Attribute | ast.Subscript))
        return names | {written(n) for n in own if isinstance(n.ctx, ast.Store)} - {""}

    def _matters(self, statement: ast.stmt) -> bool:
        if isinstance(statement, ast.Return):
            return True
        if isinstance(statement, Function | ast.ClassDef):
            return statement.name in self.names
        if isinstance(statement, ast.Expr):
            return isinstance(statement.value, ast.Call) and self._acts(statement.value)
        if isinstance(statement, ast.Assign) and is_run(statement.value, "settings"):
            return False
        stored = [n for n in ast.walk(statement) if isinstance(n, ast.Attribute)]
        if any(n.attr in _NOTED and isinstance(n.ctx, ast.Store) for n in stored):
            return False
        return bool((_targets(statement) - {"run.history"}) & self.names)  # which is for curves

    def _acts(self, call: ast.Call) -> bool:
        """Whether a call whose value nobody takes changes what the score comes from."""
        if is_run(call.func):
            acts = getattr(call.func, "attr", "") not in _TELLS
            self.effects |= acts
            return acts
        if any(is_run(n) and getattr(n, "attr", "") in ("out", "say") for n in ast.walk(call)):
            return False
        base = written(call.func)
        if isinstance(call.func, ast.Name):
            function = self.find(base)
            if function is None:
                return True  # of the library, such as set_random_seed
            if not takes_run(function):
                stored = {n.attr for n in ast.walk(function) if isinstance(n, ast.Attribute)}
                return not stored & _NOTED and bool(loaded_list(call.args, self.quick) & self.names)
            assert isinstance(function, Function)
            acts = base in TOLD or Slice(function, self.find, self.quick).effects
            self.effects |= acts
            return acts
        if base in self.names & self.local:
            self.effects |= base in self.arguments
            return True
        first = call.args[0] if call.args else None
        return (
            isinstance(first, ast.Name) and first.id in self.names and "." in ast.unparse(call.func)
        )


# What functions of recipes that only tell also do for the score, as one writes it.
TOLD = {
    "test_images": (
        "loss, accuracy = model.evaluate({0}, {1}, batch_size=512, verbose=0)",
        'print(f"test loss: {{loss:.4f}}")',
        'print(f"test accuracy: {{accuracy:.4f}}")',
    )
}


def statements(node: ast.AST) -> Iterator[ast.stmt]:
    """Yield the statements within one, at any depth, but not those within functions in it."""
    for name in ("body", "orelse"):
        for part in getattr(node, name, []):
            if isinstance(part, ast.stmt):
                yield part
                if not isinstance(part, Function | ast.ClassDef):
                    yield from statements(part)

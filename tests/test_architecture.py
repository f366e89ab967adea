"""The house rules of the code, kept true: imports point down, small files, docs."""

import ast
import importlib
import inspect
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import neurona

SOURCE = Path(neurona.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))

# Each floor may import what stands below it, and itself. Floors of one level are siblings.
FLOORS = [
    {"errors", "config", "files"},
    {"core"},
    {"ops"},
    {"autodiff", "engines", "gradcheck", "random"},
    {"nn"},
    {"optim"},
    {"data"},
    {"train"},
    # Public namespaces: only imports, so that `from neurona.layers import Dense` reads as in Keras.
    {
        "activations", "callbacks", "constraints", "initializers", "layers", "losses", "metrics",
        "models", "optimizers", "regularizers", "utils",
    },
    {"datasets", "plots", "classic", "doctor", "explain", "interop", "zoo"},
    {"recipes"},
    {"cli", "playground"},
    {"__main__"},
]  # fmt: skip
LEVEL = {name: level for level, floor in enumerate(FLOORS) for name in floor}
ENGINES_MAY_IMPORT = {"errors", "config", "files", "core", "engines"}
FORBIDDEN_NAMES = {"helpers", "common", "misc", "base", "utils"}
LONGER = {  # file -> (its own limit, why)
}


def room(path: Path) -> str:
    """The floor that a file belongs to."""
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """The rooms that a file imports, at any depth of its code, type checking aside."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            node.body = []
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("neurona"):
            parts = node.module.split(".")
            found |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("neurona.")}
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_imports_point_down(path):
    here = room(path)
    if here == "__init__":
        return
    assert here in LEVEL, f"{here} has no floor: give it one in FLOORS"
    for other in imports(path) - {here, "__version__"}:
        assert other in LEVEL, f"{other} has no floor"
        assert LEVEL[other] <= LEVEL[here], (
            f"{path.name}: {here} imports {other}, which stands above"
        )
        if here == "engines":
            assert other in ENGINES_MAY_IMPORT, (
                f"engines import {other}; they meet ops in core only"
            )


def test_there_are_no_cycles_between_rooms():
    edges = {}
    for path in FILES:
        edges.setdefault(room(path), set()).update(imports(path) - {room(path)})
    done, open_ = set(), []

    def visit(name):
        assert name not in open_, f"cycle: {' -> '.join([*open_, name])}"
        if name in done:
            return
        open_.append(name)
        for other in edges.get(name, ()):
            visit(other)
        done.add(open_.pop())

    for name in list(edges):
        if name != "__init__":
            visit(name)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_files_are_small_and_well_named(path):
    limit, _ = LONGER.get(str(path.relative_to(SOURCE)), (400, ""))
    assert len(path.read_text().splitlines()) <= limit
    if path.parent != SOURCE:  # neurona.utils is Keras's name for a public namespace
        assert path.stem not in FORBIDDEN_NAMES


@pytest.mark.parametrize("name", sorted(FLOORS[8]))
def test_public_namespaces_hold_no_code(name):
    path = SOURCE / f"{name}.py"
    tree = ast.parse((path if path.exists() else SOURCE / name / "__init__.py").read_text())
    for node in tree.body:
        names_all = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        documents = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        assert isinstance(node, ast.ImportFrom | ast.Import) or names_all or documents


def modules():
    for info in pkgutil.walk_packages([str(SOURCE)], "neurona."):
        yield info.name


@pytest.mark.parametrize("name", sorted(modules()))
def test_public_names_have_docstrings(name):
    module = importlib.import_module(name)
    assert module.__doc__, f"{name} has no docstring"
    for key, value in vars(module).items():
        mine = getattr(value, "__module__", None) == name
        if key.startswith("_") or not mine or not (inspect.isclass(value) or callable(value)):
            continue
        assert inspect.getdoc(value), f"{name}.{key} has no docstring"
        if inspect.isclass(value):
            for method, function in vars(value).items():
                inherited = any(method in vars(parent) for parent in value.__mro__[1:])
                if inspect.isfunction(function) and not method.startswith("_") and not inherited:
                    assert inspect.getdoc(function), f"{name}.{key}.{method} has no docstring"


def test_importing_is_light():
    code = "import sys, neurona; print(*sorted(m.split('.')[0] for m in sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(SOURCE.parent)},
    ).stdout.split()
    for heavy in ("matplotlib", "llvmlite", "rich", "typer", "PIL", "safetensors", "jax"):
        assert heavy not in loaded

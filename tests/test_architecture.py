"""The house rules of the code, kept true: imports point down, small files, docs."""

import ast
import functools
import importlib
import inspect
import os
import pkgutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

import neurona
from neurona import config

SOURCE = Path(neurona.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))

# Each floor may import what stands below it, and itself. Floors of one level are siblings.
FLOORS = [
    {
        "beginning", "config", "elsewhere", "errors", "files", "frames", "places", "precision",
        "refusals", "strict_json", "terminal", "version",
    },
    {"core"},
    {"ops"},
    {"autodiff", "engines", "gradcheck", "random"},
    {"nn"},
    {"optim"},
    {"data"},
    {"train"},
    # Public namespaces: only imports, so that `from neurona.layers import Dense` reads as in Keras.
    {
        "activations", "constraints", "dtype_policies", "initializers", "layers",
        "losses", "metrics", "mixed_precision", "models", "optimizers", "preprocessing",
        "regularizers", "saving",
    },
    {"datasets", "plots", "classic", "doctor", "explanation", "interop", "zoo"},
    {"keras"},  # what only Keras has, which no house of ours is for
    {"applications"},
    {"backend", "callbacks", "tree", "utils", "visualization"},  # namespaces of some of the above
    {"learn", "recipes"},
    {"cli", "playground"},
    {"__main__"},
]  # fmt: skip
LEVEL = {name: level for level, floor in enumerate(FLOORS) for name in floor}
ENGINES_MAY_IMPORT = {"errors", "config", "files", "frames", "version", "core", "engines"}
FORBIDDEN_NAMES = {"helpers", "common", "misc", "base", "utils"}
# What is loaded by a name that is put together at run time, which no other rule here can see.
LOADS_BY_NAME = {  # file -> why it may
    "__init__.py": "public names are loaded when they are first asked for",
    "ops/__init__.py": "so are families of functions",
    "engines/program.py": "the engine is chosen by the setting",
    "places.py": "old places of names are found when they are imported",
}
LONGER = {  # file -> (its own limit, why)
}


def of_all(items: Sequence[Any]) -> Callable[[Callable[[Any], None]], Callable[[], None]]:
    """One test of a rule that all items keep: hundreds of tests would take longer than the rule."""

    def of_rule(rule: Callable[[Any], None]) -> Callable[[], None]:
        def test() -> None:
            broken = []
            for item in items:
                try:
                    rule(item)
                except AssertionError as error:
                    shown = item.relative_to(SOURCE) if isinstance(item, Path) else item
                    broken.append(f"{shown}: {error}")
            assert not broken, "\n" + "\n".join(broken)

        test.__name__, test.__doc__ = rule.__name__, rule.__doc__
        return test

    return of_rule


def module_name(path: Path) -> str:
    """The dotted name of a file."""
    parts = ["neurona", *path.relative_to(SOURCE).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in FILES}
MIXED = {path.parent.parent for path in FILES}  # folders with folders in them


def room(path: Path) -> str:
    """The floor that a file belongs to."""
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def sub_room(path: Path) -> str:
    """The folder that a file lies in, or the file itself if there are folders beside it."""
    folder = path.parent
    alone = path.name == "__init__.py" or folder == SOURCE
    return module_name(path if alone or folder in MIXED else folder / "__init__.py")


@functools.cache
def parsed(path: Path) -> ast.Module:
    """The code of a file, without what is only there for type checking."""
    return runtime_code(path.read_text())


def runtime_code(text: str) -> ast.Module:
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            node.body = []
    return tree


def imports(tree: ast.Module) -> set[str]:
    """The modules that some code imports, at any depth of it; `neurona` itself if it is used."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert not node.level, "imports say the whole name: from neurona.nn.layer import Layer"
            module = node.module or ""
            names = [f"{module}.{alias.name}" for alias in node.names]
            found |= {name if name in MODULES else module for name in names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {name for name in found if name.partition(".")[0] == "neurona"}


@functools.cache  # read when it is asked for: the collection of tests need not wait
def imported_by(module: str) -> set[str]:
    """The modules that a module imports."""
    return imports(parsed(MODULES[module]))


def engines_named(tree: ast.Module) -> set[str]:
    """The engines that some code names: in imports, or as a string that is no docstring."""
    docs = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    strings = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node not in docs and isinstance(node.value, str)
    }
    modules = {part for name in imports(tree) for part in [*name.split("."), ""][2:3]}
    return (strings | modules) & set(config.ENGINES)


def loads_by_name(tree: ast.Module) -> bool:
    """Whether some code imports what it has put together the name of."""
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    names = {getattr(call, "attr", getattr(call, "id", "")) for call in calls}
    return bool(names & {"import_module", "__import__"})


def circles(edges: dict[str, set[str]]) -> list[set[str]]:
    """The sets of names, each of which leads to each other."""

    def reached(start: str) -> set[str]:
        found, waiting = set(), [*edges[start]]
        while waiting:
            if (name := waiting.pop()) not in found:
                found.add(name)
                waiting.extend(edges.get(name, ()))
        return found

    reach = {name: reached(name) for name in edges}
    rings = {
        frozenset(o for o in reach[name] if name in reach.get(o, ()))
        for name in edges
        if name in reach[name]
    }
    return [set(ring) for ring in rings]


@of_all(FILES)
def test_imports_point_down(path):
    here = room(path)
    if here == "__init__":
        return
    assert here in LEVEL, f"{here} has no floor: give it one in FLOORS"
    for name in imported_by(module_name(path)):
        assert name != "neurona", "imports name the room where a thing lives, not the package"
        other = name.split(".")[1]
        assert other in LEVEL, f"{other} has no floor"
        assert LEVEL[other] <= LEVEL[here], (
            f"{path.name}: {here} imports {other}, which stands above"
        )
        if here == "engines":
            assert other in ENGINES_MAY_IMPORT, (
                f"engines import {other}; they meet ops in core only"
            )


def between(name: Callable[[Path], str]) -> dict[str, set[str]]:
    """What each room imports of others; the top of the package, which imports all, aside."""
    edges: dict[str, set[str]] = {}
    for module, path in MODULES.items():
        if module != "neurona":
            others = {name(MODULES[other]) for other in imported_by(module) if other != "neurona"}
            edges.setdefault(name(path), set()).update(others - {name(path)})
    return edges


def test_there_are_no_cycles_between_rooms():
    assert circles(between(room)) == []


def test_there_are_no_cycles_between_files():
    assert circles(between(module_name)) == []


def test_there_are_no_cycles_between_sub_rooms():
    assert circles(between(sub_room)) == []


@of_all(FILES)
def test_engines_are_named_by_engines_and_settings_only(path):
    if room(path) not in ("engines", "config"):
        assert not engines_named(parsed(path)), "ask config.engine(), or a Program what it can do"


def test_nothing_is_loaded_by_name():
    found = {str(p.relative_to(SOURCE)) for p in FILES if loads_by_name(parsed(p))}
    assert found == set(LOADS_BY_NAME)


def test_the_rules_find_what_they_forbid():
    code = runtime_code(
        """from neurona.engines.native import cores
import neurona
if TYPE_CHECKING:
    from neurona.plots import training
def f(engine):
    "native"
    from neurona import config
    return engine == "reference" and importlib.import_module(f"neurona.{engine}")
"""
    )
    native = "neurona.engines.native.cores"
    assert imports(code) == {native, "neurona", "neurona.config"}
    assert engines_named(code) == {"native", "reference"}
    assert engines_named(ast.parse('"""native"""\nx = "natively"')) == set()
    assert loads_by_name(code)
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}) == [{"b", "c"}]
    assert sub_room(MODULES["neurona.engines.native.run.threads"]) == "neurona.engines.native.run"
    assert sub_room(MODULES["neurona.engines.native.fuse"]) == "neurona.engines.native.fuse"
    with pytest.raises(AssertionError, match="whole name"):
        imports(ast.parse("from .layer import Layer"))


@of_all(FILES)
def test_files_are_small_and_well_named(path):
    limit, _ = LONGER.get(str(path.relative_to(SOURCE)), (400, ""))
    assert len(path.read_text().splitlines()) <= limit
    if path.parent != SOURCE:  # neurona.utils is Keras's name for a public namespace
        assert path.stem not in FORBIDDEN_NAMES


@of_all(sorted(FLOORS[8] | FLOORS[11] | {"callbacks"}))
def test_public_namespaces_hold_no_code(name):
    path = SOURCE / f"{name}.py"
    tree = ast.parse((path if path.exists() else SOURCE / name / "__init__.py").read_text())
    for node in tree.body:
        names_all = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        names_all |= isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "__path__"
        names_all |= isinstance(node, ast.Assign) and "old(" in ast.unparse(node.value)
        documents = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        assert isinstance(node, ast.ImportFrom | ast.Import) or names_all or documents


# Rooms whose code is there for public names of Keras, and the namespaces that these stand in.
NAMED_IN = ["ops", "nn", "optim", "keras", "train/callbacks", "data", "datasets"]
MOST_LINES = 32  # of code for a name: that is a small class; a row of a table is one


def code_lines(path: Path) -> int:
    """The lines of a file that are neither empty, comments nor docstrings."""
    text = path.read_text()
    docs = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            docs |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return sum(
        bool(line.strip()) and not line.strip().startswith("#") and number not in docs
        for number, line in enumerate(text.splitlines(), 1)
    )


def test_what_a_public_name_costs(capsys):
    spaces = sorted(FLOORS[8] | FLOORS[11] | {"callbacks"}) + [
        "data",
        "ops",
        "random",
        "datasets",
        "optimizers.schedules",
    ]
    names = 0
    for space in spaces:
        module = importlib.import_module(f"neurona.{space}")
        own = getattr(module, "__all__", None) or [
            n for n in dir(module) if callable(getattr(module, n)) and not n.startswith("_")
        ]
        names += len(set(own))
    inside = [p for p in FILES for r in NAMED_IN if str(p.relative_to(SOURCE)).startswith(f"{r}/")]
    lines = sum(map(code_lines, inside))
    with capsys.disabled():
        print(
            f"\n{names:,} public names, {lines:,} lines of code: {lines / names:.1f} lines a name"
        )
    assert lines <= MOST_LINES * names


def modules():
    for info in pkgutil.walk_packages([str(SOURCE)], "neurona."):
        yield info.name


@of_all(sorted(modules()))
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


def loaded_by(statement: str) -> list[str]:
    """The modules that a fresh Python has after a statement."""
    return subprocess.run(
        [sys.executable, "-c", f"import sys; {statement}; print(*sorted(sys.modules))"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(SOURCE.parent)},
    ).stdout.split()


def test_importing_is_light():
    loaded = {name.partition(".")[0] for name in loaded_by("import neurona")}
    for heavy in ("matplotlib", "llvmlite", "rich", "typer", "PIL", "safetensors", "jax"):
        assert heavy not in loaded


def test_callbacks_load_no_rule_of_the_doctor():
    loaded = loaded_by("import neurona.callbacks, neurona.doctor")
    assert "neurona.doctor.callback" in loaded
    for room in ("live", "statics", "data", "probe", "guard", "stages", "not_finite"):
        assert f"neurona.doctor.{room}" not in loaded


def test_a_watched_training_loads_no_rule_that_is_looked_at_before():
    loaded = loaded_by("import neurona.doctor.live.watch")
    assert "neurona.doctor.live.rules" in loaded
    for room in ("statics", "data", "stages", "repair"):
        assert f"neurona.doctor.{room}" not in loaded

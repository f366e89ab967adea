"""The Python of a run: its recipe's own source, with the settings filled in, to run and change."""

from __future__ import annotations

import ast
import builtins
import json
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from neurona import config
from neurona.recipes.plain import Function, takes_run
from neurona.recipes.rendering import WIDE, Rendering
from neurona.recipes.results import digits

if TYPE_CHECKING:
    from neurona.recipes.run import Run

# Where everybody finds what recipes import from its home.
PUBLIC = {
    ("neurona.core.tensor", "tensor"): "neurona",
    ("neurona.nn.jit", "jit"): "neurona",
}
ORDER = (
    "EPOCHS",
    "BATCH_SIZE",
    "LEARNING_RATE",
    "OPTIMIZER",
    "UNITS",
    "LAYERS",
    "ACTIVATION",
    "SEED",
)
NOT_PLAIN = ("anomaly", "bert-mini", "embedding", "evolution", "generate-diffusion",
             "generate-gan", "generate-vae", "transfer", "translate")  # fmt: skip


def code(run: Run, command: str) -> str:
    """Return a script that makes the model of a run again, and prints its scores; "" for none.

    Args:
        run: what was done.
        command: of the command line, that does the same.

    A recipe of a task or two is written out. One that trains many models, or whose parts hand the
    Run about, is called: that is what one would do oneself.
    """
    own = bool(run.recipe.arguments)
    if not own and not _module(run).startswith("neurona.recipes."):
        return ""  # a recipe of somebody's own: the source is with them
    head = _opening(run, command)
    printed = "\n".join(f"    {name}: {digits(value)}" for name, value in run.scores.items())
    plain = run.recipe.name not in NOT_PLAIN and not own
    body = Script(run).text() if plain else called(run)
    body = body.replace("  # fmt: skip", "")  # which is for our formatter
    return f'"""{head}\n\nIt prints\n\n{printed}\n"""\n\n{body}\n'


def _opening(run: Run, command: str) -> str:
    first = f"{run.recipe.name}: {run.recipe.description[0].lower()}{run.recipe.description[1:]}."
    told = textwrap.fill(
        f"In Python, what this did: {command}", WIDE, subsequent_indent="    ",
        break_on_hyphens=False, break_long_words=False,
    )  # fmt: skip
    return f"{textwrap.fill(first, WIDE)}\n\n{told}"


def called(run: Run) -> str:
    """Return a script that carries the recipe out, with its settings."""
    quick = ", quick=True" if run.quick else ""
    if run.recipe.arguments:
        path, *options = run.recipe.arguments
        pairs = zip(options[::2], options[1::2], strict=True)
        given = [_literal(path), *(f"{k.removeprefix('--')}={_literal(v)}" for k, v in pairs)]
        imported, recipe = "carry_out, own", f"own.recipe({', '.join(given)})"
    else:
        file = _module(run).replace(".", "/")
        imported = "carry_out, get"
        recipe = f'get("{run.recipe.name}")  # its source: {file}.py'
    settings = "".join(
        f'    "{name}": {_literal(value)},\n'
        for name, value in vars(run.settings).items()
        if value is not None
    )
    data = f', data="{run.data_folder}"' if run.data_folder is not None else ""
    return "\n".join(
        _engine(
            [
                f"from neurona.recipes import {imported}",
                "",
                f"recipe = {recipe}",
                f"settings = recipe.settings({{\n{settings}}}, quick={run.quick})",
                f'folder = "runs/{run.recipe.name}-again"',
                f"carry_out(recipe, settings, folder, force=True{quick}{data})",
            ]
        )
    )


def _engine(lines: list[str]) -> list[str]:
    """Return lines, with what sets the engine and the type of floats before them if need be."""
    changed = []
    if config.engine() != config.ENGINES[0]:
        changed.append(f'config.set_engine("{config.engine()}")')
    if config.floatx() != "float32":
        changed.append(f'config.set_floatx("{config.floatx()}")')
    return ["from neurona import config", "", *changed, "", *lines] if changed else lines


def _module(run: Run) -> str:
    perform = run.recipe.perform
    return getattr(perform, "__module__", "")


class Module:
    """The definitions and imports of a file."""

    def __init__(self, name: str, run: Run) -> None:
        self.name = name
        self.text = Path(sys.modules[name].__file__ or "").read_text(encoding="utf-8")
        self.defined: dict[str, ast.stmt] = {}
        self.imported: dict[str, tuple[str, str]] = {}  # name -> where, and its name there
        self.run = run
        for node in ast.parse(self.text).body:
            if isinstance(node, Function | ast.ClassDef):
                self.defined[node.name] = node
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for name in {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}:
                    self.defined[name] = node
            elif isinstance(node, ast.ImportFrom | ast.Import):
                for alias in node.names:
                    home = getattr(node, "module", None)
                    place = (home, alias.name) if home else (alias.name, "")
                    self.imported[alias.asname or alias.name] = place

    def rendering(self, script: Script) -> Rendering:
        """Return what writes definitions of this file."""
        return Rendering(self.text, self.run, lambda name: script.find(self.name, name))


class Script:
    """A recipe written out: imports, settings, what it defines, and what it does.

    Args:
        run: whose.
    """

    def __init__(self, run: Run) -> None:
        self.run, self.modules = run, dict[str, Module]()
        self.imports: dict[str, tuple[str, str]] = {}
        self.constants: dict[str, object] = {}
        self.parts: dict[tuple[str, int], str] = {}  # (module, line) -> definition
        self.owners: dict[str, str] = {}  # name -> module that defines it
        self.fits = False

    def module(self, name: str) -> Module:
        """Return a file, read once."""
        if name not in self.modules:
            self.modules[name] = Module(name, self.run)
        return self.modules[name]

    def place(self, module: str, name: str) -> tuple[Module, str] | None:
        """Return the recipes' file that defines a name, and its name there."""
        here = self.module(module)
        if name in here.defined:
            return here, name
        home, there = here.imported.get(name, ("", ""))
        return self.place(home, there) if home.startswith("neurona.recipes.") else None

    def find(self, module: str, name: str) -> ast.stmt | None:
        """Return the definition of a name; None if it is of the library or of Python."""
        found = self.place(module, name)
        return found[0].defined[found[1]] if found else None

    def need(self, module: str, names: set[str]) -> None:
        """Write what defines names, and what that needs, before it."""
        for name in sorted(names):
            found = self.place(module, name)
            if found is not None:
                self._define(*found)
            elif name in self.module(module).imported:
                home, there = self.module(module).imported[name]
                self.imports[name] = PUBLIC.get((home, there), home), there

    def _define(self, module: Module, name: str) -> None:
        node = module.defined[name]
        key = (module.name, node.lineno)
        if key in self.parts:
            return
        if self.owners.setdefault(name, module.name) != module.name:
            raise AssertionError(f"{name} is defined in {self.owners[name]} and in {module.name}")
        self.parts[key] = ""  # it may name itself
        rendering = module.rendering(self)
        text = rendering.definition(node)
        self._take(module.name, rendering, rendering.names(node) | _annotations(node))
        del self.parts[key]
        end = module.text.splitlines()[(node.end_lineno or 1) - 1]
        comment = "" if isinstance(node, Function | ast.ClassDef) else _comment(end)
        self.parts[key] = text + comment  # behind what it needs

    def _take(self, module: str, rendering: Rendering, names: set[str]) -> None:
        self.constants |= rendering.constants
        self.fits |= rendering.fits
        self.imports |= {
            name: (home, "" if home == name else name) for name, home in rendering.imports.items()
        }
        self.need(module, names - set(dir(builtins)) - {"Run"})

    def text(self) -> str:
        """Return the script."""
        name = _module(self.run)
        perform = self.module(name).defined["perform"]
        assert isinstance(perform, Function)
        rendering = self.module(name).rendering(self)
        body = rendering.body(perform)
        assert rendering.slice is not None
        self._take(name, rendering, rendering.slice.names)
        if self.fits:
            self.constants["SEED"] = self.run.settings.seed
            self.imports["set_random_seed"] = "neurona.utils", "set_random_seed"
            body = f"set_random_seed(SEED)\n{body}"
        fixed = [
            f"{key} = {_literal(self.constants[key])}" for key in ORDER if key in self.constants
        ]
        short = {k: t for k, t in self.parts.items() if not t.startswith(("def", "class", "@"))}
        long = [text for key, text in self.parts.items() if key not in short]
        blocks = ["\n".join([*fixed, *short.values()]), *long]
        lines = "\n\n\n".join(block for block in blocks if block)
        joint = "\n\n\n" if long else "\n\n"
        return "\n".join(_engine([self._imports()])) + f"\n\n{lines}{joint}{body}"

    def _imports(self) -> str:
        groups: dict[int, list[str]] = {0: [], 1: [], 2: []}
        homes: dict[str, list[str]] = {}
        for name, (home, there) in self.imports.items():
            if not there:
                alias = "" if home == name else f" as {name}"
                groups[_group(home)].append(f"import {home}{alias}")
            else:
                homes.setdefault(home, []).append(there if there == name else f"{there} as {name}")
        for home, found in homes.items():
            names = sorted(found, key=lambda n: (not n.isupper(), not n[0].isupper(), n))
            line = f"from {home} import {', '.join(names)}"
            if len(line) > WIDE:
                inner = "".join(f"    {name},\n" for name in names)
                line = f"from {home} import (\n{inner})"
            groups[_group(home)].append(line)
        return "\n\n".join("\n".join(sorted(g, key=_order)) for g in groups.values() if g)


def _literal(value: object) -> str:
    return json.dumps(value) if isinstance(value, str) else repr(value)


def _order(line: str) -> tuple[bool, str]:
    return line.startswith("from"), line.split()[1]


def _group(home: str) -> int:
    top = home.partition(".")[0]
    return 0 if top in sys.stdlib_module_names else 2 if top == "neurona" else 1


def _comment(line: str) -> str:
    return "  #" + line.partition("  #")[2] if "  #" in line else ""


def _annotations(node: ast.stmt) -> set[str]:
    """Return the names in the annotations of a definition."""
    found = [
        part
        for n in ast.walk(node)
        for part in (getattr(n, "annotation", None), getattr(n, "returns", None))
        if isinstance(part, ast.AST)
    ]
    names = {n.id for part in found for n in ast.walk(part) if isinstance(n, ast.Name)}
    return names - ({"Run"} if takes_run(node) else set())

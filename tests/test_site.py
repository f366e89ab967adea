"""The site: every public name has an entry, links lead somewhere, docstrings are read as meant."""

import inspect
import re

import neurona as nn
from docs.site import markdown, names, reference
from docs.site.docstrings import to_rest


def test_every_public_name_has_one_entry():
    pages = reference.pages()
    entries, module = [], ""
    for line in "\n".join(pages.values()).split("\n"):
        if current := re.match(r"\.\. py:currentmodule:: (\S+)", line):
            module = current[1]
        elif entry := re.match(r"\.\. (?:autoclass|autofunction):: (\S+)", line):
            entries.append(entry[1])
        elif entry := re.match(r"\.\. py:data:: (\S+)", line):
            entries.append(f"{module}.{entry[1]}")
    assert len(entries) == len(set(entries)) > 1500
    spaces = [nn, nn.optimizers.schedules, nn.datasets.digits, nn.ops.linalg, nn.data.sound]
    spaces += [getattr(nn, name) for name in nn.__all__ if inspect.ismodule(getattr(nn, name))]
    spaces.remove(nn.keras)  # all of them once more
    for space in {id(space): space for space in spaces}.values():
        path = next(s.path for s in names.namespaces() if s.module is space)
        for name in getattr(space, "__all__", ()):
            if not inspect.ismodule(getattr(space, name)):
                assert f"{path}.{name}" in entries
    known = set(entries)
    for entry in (e for s in names.namespaces() for e in s.entries if e.same):
        assert entry.same in known  # what stands elsewhere does stand there
    assert ".. autoclass:: neurona.layers.Dense\n" in pages["layers/dense"]
    assert "\n   :members: add_loss" not in pages["layers/dense"]  # what every layer has
    assert ":members: " in pages["models"]
    assert "``--epochs``" in pages["command-line"]


def test_links_between_pages_are_right_in_the_repository_and_on_the_site(tmp_path):
    markdown.lay_out(tmp_path)
    front = (tmp_path / "index.md").read_text("utf-8")
    assert "(docs/decisions/README.md)" in front  # in the repository, the folder
    menu = "\n:hidden:\n\nLearn <docs/learn/README>\nHow to <docs/how-to/README>\n"
    assert menu in front
    path = (tmp_path / "docs" / "learn" / "01-one-neuron.md").read_text("utf-8")
    assert "\n0.5\n```\n" in path  # what ends a doctest is no line of the page
    decisions = (tmp_path / "docs" / "decisions" / "README.md").read_text("utf-8")
    assert "\n001-one-tracer\n002-element-types\n" in decisions
    for page in tmp_path.rglob("*.md"):
        for target in re.findall(r"\]\((?!\w+:|#)([^)\s#]+)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page}: {target}"


def test_docstrings_are_read_as_meant():
    def read(text):
        return "\n".join(to_rest(inspect.cleandoc(text).split("\n"))).strip()

    assert read("y = 2 * x_, where |x| < `big`.") == r"y = 2 \* x\_, where \|x\| < ``big``."
    assert read("See `Dense`, `nn.Input` and `fit`.") == (
        "See :py:obj:`Dense <Dense>`, :py:obj:`nn.Input <neurona.Input>` and ``fit``."
    )
    assert read("A cell:\n\n    h_t = tanh(h)\n\n>>> f(1)\n1") == (
        "A cell:\n\n.. code-block:: text\n\n    h_t = tanh(h)\n\n"
        ".. code-block:: pycon\n\n    >>> f(1)\n    1"
    )
    assert read(
        "Do.\n\nShapes: x (B,)\nor (B, 1).\nArgs:\n    a, b: two\n        numbers.\n"
        "    W (2,): `w`."
    ) == (
        "Do.\n\n:Shapes: x (B,) or (B, 1).\n\n:Args:\n    ``a``, ``b``\n        two numbers.\n"
        "    W (2,)\n        ``w``."
    )
    assert read("Raises:\n    ShapeError, DtypeError: if wrong.\nMore.") == (
        ":Raises:\n    ``ShapeError``, ``DtypeError``\n        if wrong.\n\nMore."
    )

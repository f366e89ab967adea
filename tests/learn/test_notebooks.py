"""`neurona learn`: pages become notebooks whose cells give what the page says."""

import ast
import base64
import contextlib
import io
import json
import re
import shutil
import tomllib
from pathlib import Path

import pytest
from _pytest.doctest import _get_checker, _get_flag_lookup

from neurona.cli.learn import learn
from neurona.errors import ArgumentError, StateError
from neurona.learn import notebooks
from neurona.learn.notebooks import notebook, sources, title

FLAGS = sum(_get_flag_lookup()[name] for name in ("NORMALIZE_WHITESPACE", "ELLIPSIS"))
OF_CELL = {
    "markdown": {"cell_type", "id", "metadata", "source"},
    "code": {"cell_type", "execution_count", "id", "metadata", "outputs", "source"},
}
OF_OUTPUT = {
    "stream": {"output_type", "name", "text"},
    "error": {"output_type", "ename", "evalue", "traceback"},
    "display_data": {"output_type", "data", "metadata"},
}


def printed(source, names):
    """What a notebook shows below a cell: what is printed, and the value of the last line."""
    tree, told = ast.parse(source), io.StringIO()
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    with contextlib.redirect_stdout(told):
        exec(compile(tree, "cell", "exec"), names)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
            if value is not None:
                print(repr(value))
    return told.getvalue()


def runs(book):
    """Run the cells in order in one namespace; a reader sees all digits, so these are compared."""
    names = {"__name__": "__main__"}
    for cell in book["cells"]:
        if cell["cell_type"] == "markdown":
            continue
        if "tags" in cell["metadata"]:
            with pytest.raises(Exception) as caught:
                printed(cell["source"], names)
            kind = type(caught.value)
            full = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
            assert full == cell["outputs"][0]["ename"]
            continue
        got = printed(cell["source"], names)
        want = "".join(output.get("text", "") for output in cell["outputs"])
        assert _get_checker().check_output(want, got, FLAGS), (cell["source"], want, got)


def test_every_page_is_a_notebook_of_the_format():
    assert list(sources())[:3] == [1, 2, 3]
    for number, page in sources().items():
        book = json.loads(json.dumps(notebook(page)))
        assert set(book) == {"cells", "metadata", "nbformat", "nbformat_minor"}
        assert (book["nbformat"], book["nbformat_minor"]) == (4, 5)
        assert book["cells"][0]["source"].startswith(f"# {number}. {title(page)}\n\n*Shift + Enter")
        ids = [cell["id"] for cell in book["cells"]]
        assert len(set(ids)) == len(ids)
        assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", one) for one in ids)
        code = 0
        for cell in book["cells"]:
            assert set(cell) - {"attachments"} == OF_CELL[cell["cell_type"]]
            assert cell["source"].strip()
            assert ">>>" not in cell["source"]
            assert "../" not in cell["source"]  # what is not in the notebook's folder
            if cell["cell_type"] == "code":
                code += 1
                for output in cell["outputs"]:
                    assert set(output) == OF_OUTPUT[output["output_type"]]
            for name in re.findall(r"\(attachment:([^)]+)\)", cell["source"]):
                content = base64.b64decode(cell["attachments"][name]["image/png"])
                assert content.startswith(b"\x89PNG")
        assert code > 5


def test_the_first_pages_give_their_numbers_as_notebooks():
    for number in (1, 2):
        runs(notebook(sources()[number]))


@pytest.mark.slow
def test_all_pages_give_their_numbers_as_notebooks():
    for page in sources().values():
        runs(notebook(page))


PAGE = """# 42. An answer

See [the gates](02-gates.md), [why](../decisions/README.md#why) and [Python](https://python.org).

```python
>>> x = 6
>>> x * 7
42
>>> for n in range(2):
...     print(n or "")
<BLANKLINE>
1
>>> 1 / 0
Traceback (most recent call last):
  ...
ZeroDivisionError: division by zero
>>> figure = None  # doctest: +SKIP

```

![A line](../images/line.png)

![A curve](../images/line.png) and ![again](../images/line.png)

```
a command
```
"""


def test_how_a_page_becomes_cells(tmp_path, monkeypatch):
    folder = tmp_path / "learn"
    folder.mkdir()
    page = folder / "42-answer.md"
    page.write_text(PAGE)
    (folder / "02-gates.md").write_text("# 2. Gates\n")
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "line.png").write_bytes(b"\x89PNG")
    monkeypatch.setattr(notebooks, "sources", lambda: {2: folder / "02-gates.md", 42: page})
    head, *code, text = notebook(page)["cells"]
    assert head["source"].endswith(
        "See [the gates](02-gates.ipynb), why and [Python](https://python.org)."
    )
    assert [cell["source"] for cell in code] == [
        "x = 6\nx * 7", 'for n in range(2):\n    print(n or "")', "1 / 0", "figure = None",
    ]  # fmt: skip
    assert [cell["outputs"][0].get("text") for cell in code] == ["42\n", "\n1\n", None, None]
    assert code[2]["metadata"]["tags"] == ["raises-exception"]
    assert code[2]["outputs"][0]["evalue"] == "division by zero"
    assert code[3]["outputs"][0]["data"] == {"image/png": "iVBORw==", "text/plain": "A line"}
    assert text["source"] == (
        "![A curve](attachment:line.png) and ![again](attachment:line.png)\n\n```\na command\n```"
    )
    assert text["attachments"] == {"line.png": {"image/png": "iVBORw=="}}


def test_an_installed_package_has_pages_and_pictures(tmp_path, monkeypatch):
    root = Path(__file__).parents[2]
    settings = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    wheel = settings["tool"]["hatch"]["build"]["targets"]["wheel"]
    for source, place in wheel["force-include"].items():
        shutil.copytree(root / source, tmp_path / place)
    package = tmp_path / "neurona" / "learn" / "notebooks.py"
    monkeypatch.setattr(notebooks, "__file__", str(package))
    pages = sources()
    assert pages[1] == package.parent / "pages" / "01-one-neuron.md"
    assert any("attachments" in cell for cell in notebook(pages[1])["cells"])
    monkeypatch.setattr(notebooks, "__file__", str(tmp_path / "a" / "b" / "c" / "notebooks.py"))
    with pytest.raises(StateError, match=r"the pages of the path are not here.\ntry: install"):
        sources()


def test_the_command(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    learn([], False, False)
    told = capsys.readouterr().out
    assert "03  A hidden layer, and backpropagation\n" in told
    assert "neurona learn 01 writes the first page as a notebook" in told
    learn(["03", "1"], False, False)
    told = capsys.readouterr().out
    assert told.startswith("wrote 03-backpropagation.ipynb\nwrote 01-one-neuron.ipynb\nopen: jup")
    file = Path("03-backpropagation.ipynb")
    whole = file.read_text("utf-8")
    assert json.loads(whole)["nbformat"] == 4
    file.write_text("mine")
    with pytest.raises(StateError, match=r"^03-backpropagation.ipynb is here already, perhaps"):
        learn(["02", "03"], False, False)
    assert not Path("02-gates.ipynb").exists()
    learn([], True, False)
    told = capsys.readouterr().out
    assert "kept 03-backpropagation.ipynb; --force writes it anew\nwrote " in told
    assert file.read_text() == "mine"
    assert len(list(tmp_path.glob("*.ipynb"))) == len(sources())
    learn(["03"], False, True)
    assert file.read_text("utf-8") == whole
    for given in ("99", "three", "-1"):
        with pytest.raises(ArgumentError, match=r"there is no such page. Got .*expected 01, 02"):
            learn([given], False, False)

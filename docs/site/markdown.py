"""Lays the Markdown pages out for the site, as in the repository.

So a link between two of them is right in both. The README is the front page.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "benchmarks/README.md", "docs/**/*.md")
_EXAMPLES = re.compile(r"^(```python\n.*?)\n+```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<=\]\()(?!\w+:|#)([^)\s#]+)((?:#[^)\s]*)?)(?=\))")


def lay_out(source: Path) -> None:
    """Copy the Markdown pages and their pictures; the README is the front page."""
    pages = sorted({path for pattern in PAGES for path in ROOT.glob(pattern)})
    for page in pages:
        target = source / place(page)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(linked(page) + contents(page, pages), "utf-8")
    shutil.copytree(ROOT / "docs" / "images", source / "docs" / "images", dirs_exist_ok=True)


def place(page: Path) -> Path:
    """Return where a page stands in the site's source."""
    relative = page.relative_to(ROOT)
    return Path("index.md") if relative == Path("README.md") else relative


def linked(page: Path) -> str:
    """Return a page's text with its links as the site has them.

    The line that a doctest needs behind its last answer, to end it, is left out.
    """
    text = _EXAMPLES.sub(r"\1\n```", page.read_text("utf-8"))
    return _LINK.sub(lambda match: _link(page, *match.groups()), text)


def _link(page: Path, target: str, anchor: str) -> str:
    """Return a link's target as the site has it: of a folder its README."""
    path = (page.parent / target).resolve()
    if not path.exists():
        sys.exit(f"{page.relative_to(ROOT)}: the link to {target} leads nowhere")
    if path.is_dir() and (path / "README.md").exists():
        path = path / "README.md"
    if path == ROOT / "README.md":
        path = ROOT / "index.md"
    return (
        Path(*[".."] * len(page.parent.relative_to(ROOT).parts), path.relative_to(ROOT)).as_posix()
        + anchor
    )


def contents(page: Path, pages: list[Path]) -> str:
    """Return the table of contents that a folder's README stands for, for the site's menus."""
    if page == ROOT / "README.md":
        entries = [
            "Learn <docs/learn/README>", "How to <docs/how-to/README>",
            "Reference <docs/reference/index>", "Zoo <docs/zoo>", "Recipes <docs/recipes>",
            "Benchmarks <docs/benchmarks>", "The doctor's trial <docs/doctor-trial>",
            "Pitfalls <docs/pitfalls>",
            "Engines <docs/engines>", "Graphs <docs/graphs>",
            "Keras's names <docs/keras-names>", "Decisions <docs/decisions/README>",
            "Comparing <benchmarks/README>", "Contributing <CONTRIBUTING>", "Changes <CHANGELOG>",
        ]  # fmt: skip
        below = [entry for entry in entries if _is_there(entry)]
        below += [name for name in map(_name, pages) if not _is_listed(name, entries)]
    elif page.name == "README.md":
        below = [p.stem for p in pages if p.parent == page.parent and p != page]
    else:
        return ""
    lines = "\n".join(below)
    return f"\n\n```{{toctree}}\n:hidden:\n\n{lines}\n```\n" if below else ""


def _is_there(entry: str) -> bool:
    page = entry.partition("<")[2].removesuffix(">")
    return page.startswith("docs/reference/") or (ROOT / f"{page}.md").exists()


def _name(page: Path) -> str:
    return page.relative_to(ROOT).with_suffix("").as_posix()


def _is_listed(name: str, entries: list[str]) -> bool:
    """Say whether a page stands in a menu: by itself, or by the README of its folder."""
    readme = (ROOT / name).parent / "README.md"
    return any(f"<{name}>" in entry for entry in entries) or readme.exists()

"""Builds the site, into build/site/html: `python -m docs.site`.

It needs `pip install -e '.[docs]'`, and no network. Any warning ends it: a link that leads nowhere,
a public name without an entry, a docstring that cannot be read.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from docs.site import reference
from docs.site.markdown import ROOT, lay_out
from docs.site.names import namespaces

TARGET = ROOT / "build" / "site"


def main() -> int:
    """Lay the pages out, write the reference, and let Sphinx build; return its exit status."""
    from sphinx.cmd.build import main as sphinx

    source, html = TARGET / "source", TARGET / "html"
    shutil.rmtree(source, ignore_errors=True)
    lay_out(source)
    reference.write(source / "docs" / "reference")
    settings = str(Path(__file__).parent)
    options = ["-q", "-W", "--keep-going", "-j", "auto", "-c", settings]
    status = sphinx([*options, str(source), str(html)]) or missing(html)
    if not status:
        print(f"{html / 'index.html'}")
    return status


def missing(html: Path) -> int:
    """Say which public names have no entry in the site's inventory; return their number."""
    from sphinx.util.inventory import InventoryFile

    with open(html / "objects.inv", "rb") as file:
        inventory = InventoryFile.load(file, "", lambda base, path: path)
    known = {name for kind, names in inventory.items() if kind.startswith("py:") for name in names}
    lacking = [e.path for s in namespaces() for e in s.entries if e.path not in known]
    for path in lacking[:20]:
        print(f"no entry: {path}", file=sys.stderr)
    return len(lacking)


if __name__ == "__main__":
    sys.exit(main())

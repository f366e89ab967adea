"""Writes docs/pitfalls.md and its pictures, by training: `python docs/pitfalls_page.py`."""

import io
import warnings
from pathlib import Path

from PIL import Image

from neurona.recipes.pitfalls import PITFALLS, Shown, show

FOLDER = Path(__file__).parent
HEAD = """# Pitfalls of training

What the textbooks warn of, each as a program that falls in: what is seen, what the doctor says,
and the cure as lines that go and come, with the curves before and after. `neurona pitfalls NAME`
carries one out in seconds; this page is what `python docs/pitfalls_page.py` wrote. How to ask the
doctor about your own model: [Find out why it does not learn](how-to/doctor.md).
"""


def section(shown: Shown) -> str:
    """Return the part of the page about a pitfall."""
    p, before = shown.pitfall, shown.before
    error = f"\n```text\n{before.error}\n```\n" if before.error else ""
    return f"""
## {p.title}

`neurona pitfalls {p.name}`

```python
{p.code}
```

**What is seen.** {p.seen}
{error}
**What the doctor says.**

```text
{shown.words}
```

**The cure.** {p.cured}

```diff
{p.difference}
```

{shown.result[0].upper()}{shown.result[1:]}.

![{p.title}: loss and accuracy before and after](images/pitfall-{p.name}.png)
"""


def main() -> None:
    """Try all, draw them, write the page."""
    warnings.simplefilter("ignore")
    parts = [HEAD]
    for pitfall in PITFALLS.values():
        shown = show(pitfall)
        file = io.BytesIO()
        shown.plot().savefig(file, dpi=100)
        with Image.open(file) as image:
            small = image.convert("RGB").quantize(256)
            small.save(FOLDER / "images" / f"pitfall-{pitfall.name}.png", optimize=True)
        parts.append(section(shown))
    (FOLDER / "pitfalls.md").write_text("".join(parts))


if __name__ == "__main__":
    main()

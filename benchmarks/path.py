"""How long the way is from a line of Python to machine code: functions, lines and files.

    python -m benchmarks.path

Counts what runs of neurona when a jitted relu(x @ k + b) is called for the first time, with an
empty cache of code and once more with a filled one. That is what a newcomer would have to read.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import numpy as np

ROOT = Path(__file__).parent.parent


def count() -> str:
    """Return how many functions, lines of them and files run."""
    import neurona as nn

    def layer(x: Any, k: Any, b: Any) -> Any:
        return nn.activations.relu(x @ k + b)

    seen: set[CodeType] = set()
    house = str(Path(nn.__file__).parent)

    def note(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(house):
            seen.add(frame.f_code)

    nn.jit(nn.ops.tanh, engine="native")(np.ones(3, "float32"))  # what is started once
    arrays = [np.ones(shape, "float32") for shape in ((8, 4), (4, 3), (3,))]
    jitted = nn.jit(layer, engine="native")
    sys.setprofile(note)
    jitted(*arrays)
    sys.setprofile(None)
    functions = [code for code in seen if code.co_name == "<lambda>" or code.co_name[0] != "<"]
    lines = sum(
        max(line for *_, line in code.co_lines() if line) - code.co_firstlineno + 1
        for code in functions
    )
    files = {code.co_filename for code in functions}
    return f"{len(functions)} functions, {lines:,} lines, {len(files)} files"


def main() -> None:
    if sys.argv[1:] == ["once"]:
        return print(count())
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("an empty cache", "code in the cache"):
            environment = {
                **os.environ,
                "NEURONA_CACHE": folder,
                "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")]),
            }
            command = [sys.executable, "-m", "benchmarks.path", "once"]
            run = subprocess.run(
                command, env=environment, cwd=ROOT, text=True, stdout=-1, check=True
            )
            print(f"{kind}: {run.stdout.strip()}")
    return None


if __name__ == "__main__":
    main()

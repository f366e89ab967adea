"""Keras's import lines: `import neurona.keras as keras`, `from neurona.keras.layers import Dense`.

The names are those of `neurona` itself; `neurona/places.py` finds the modules, old ones too.
What only Keras has lives here: its old backend functions, and the names that are refused.
"""

import sys
from typing import Any


def __getattr__(name: str) -> Any:
    return getattr(sys.modules["neurona"], name)


def __dir__() -> list[str]:
    return dir(sys.modules["neurona"])

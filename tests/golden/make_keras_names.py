"""Writes keras_names.json: the public names of the installed Keras, by module.

Run as the other make_*.py scripts are: `KERAS_BACKEND=jax python tests/golden/make_keras_names.py`;
then `python docs/keras_names.py`, which says of each name whether it is here.
"""

import json
import os
import types
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")
NOT_PUBLIC = {"src"}  # where Keras's own code lies


def main() -> None:
    """Write the file."""
    import keras

    found: dict[str, list[str]] = {}

    def walk(module: types.ModuleType, name: str) -> None:
        if name in found:
            return
        found[name] = []
        for key in sorted(vars(module)):
            value = getattr(module, key)
            if key.startswith("_") or key in NOT_PUBLIC:
                continue
            if not isinstance(value, types.ModuleType):
                found[name].append(key)
            elif value.__name__.startswith("keras"):
                walk(value, f"{name}.{key}")

    walk(keras, "keras")
    rows = [
        f"{json.dumps(module)}: {json.dumps(' '.join(names))}" for module, names in found.items()
    ]
    path = Path(__file__).parent / "keras_names.json"
    path.write_text(
        f'{{"made_with": {{"keras": "{keras.__version__}"}},\n"names": {{\n'
        + ",\n".join(rows)
        + "\n}}\n"
    )
    print(f"{sum(map(len, found.values()))} names in {len(found)} modules")


if __name__ == "__main__":
    main()

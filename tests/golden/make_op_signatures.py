"""Write op_signatures.json: names, order and defaults of the arguments of every function of ops."""

import inspect
import json
from pathlib import Path

import keras

FOUND = {}
for room in (keras.ops, keras.ops.image, keras.ops.linalg, keras.ops.nn, keras.ops.numpy):
    for name, function in vars(room).items():
        if inspect.isfunction(function):
            FOUND[name] = [
                [p.name, None if p.default is p.empty else repr(p.default)]
                for p in inspect.signature(function).parameters.values()
                if p.kind is p.POSITIONAL_OR_KEYWORD
            ]
lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(FOUND[name])}" for name in sorted(FOUND))
path = Path(__file__).with_name("op_signatures.json")
path.write_text("{\n" + lines + "\n}\n")
print(f"{path.name}: {len(FOUND)} functions of Keras {keras.__version__}")

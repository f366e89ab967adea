"""Models that nobody saved: every public class and operation, with numbers as large as can be."""

import contextlib
import inspect
import json
from random import Random

import numpy as np

import neurona as nn
from neurona import ops
from neurona.nn.description import published_classes
from neurona.train.tensor_file import read_tensors, write_tensors
from tests.mutations.changes import HUGE, changed_json
from tests.nn.test_layer_contract import ROWS

SIZES = [*HUGE, 2, 3, 5000, 10**5, 2**20, 2**24, 2**28, 2**30, 0.5, 1e6, 1e9]


def made_somehow(cls):
    """An object of a class with whatever arguments it needs, or None."""
    for arguments in (
        (),
        (3,),
        (0.5,),
        (3, [0]),
        (0.1, 10, 0.9),
        ([1, 2], [0.1, 0.2, 0.3]),
        (0.1, 9),
    ):
        with contextlib.suppress(Exception):
            return cls(*arguments)
    return None


def every(namespace):
    found = (made_somehow(cls) for cls in published_classes(namespace).values())
    return [x for x in found if x is not None]


def networks():
    """A model for each layer, and one for each initialiser, regulariser and constraint."""
    for name, row in ROWS.items():
        with contextlib.suppress(Exception):
            inputs = [nn.Input(shape[1:]) for shape in row.shapes]
            layer = getattr(nn.layers, name)(**row.kwargs)
            yield nn.Model(inputs, layer(inputs if len(inputs) > 1 else inputs[0]))
    for namespace, argument in (
        ("initializers", "kernel_initializer"), ("regularizers", "kernel_regularizer"),
        ("constraints", "kernel_constraint"),
    ):  # fmt: skip
        for part in every(namespace):
            with contextlib.suppress(Exception):
                dense = nn.layers.Dense(3, **{argument: part})
                yield nn.Sequential([nn.Input((3,)), dense])


def compiled():
    """Arguments of `compile` with each optimiser, schedule, loss and metric."""
    for optimizer in every("optimizers"):
        yield {"optimizer": optimizer, "loss": "mse"}
    for schedule in every("optimizers.schedules") + every("schedules"):
        yield {"optimizer": nn.optimizers.SGD(schedule), "loss": "mse"}
    for loss in every("losses"):
        yield {"optimizer": "sgd", "loss": loss}
    for metric in every("metrics"):
        yield {"optimizer": "sgd", "loss": "mse", "metrics": [metric]}


def originals(path):
    """(arrays, description) of files to change."""
    found = []
    for model in networks():
        model.save(path)
        found.append(_read(path))
    x, y = np.zeros((4, 3)), np.zeros((4, 2))
    for settings in compiled():
        model = nn.Sequential([nn.Input((3,)), nn.layers.Dense(2, name="d")])
        with contextlib.suppress(Exception):
            model.compile(**settings)
            model.save(path)
            if "metrics" not in settings and settings["loss"] == "mse":
                model.fit(x, y, verbose=0)
                model.save(path)
            found.append(_read(path))
    return found


def _read(path):
    arrays, metadata = read_tensors(path)
    return arrays, json.loads(metadata["neurona"])


FUNCTIONS = sorted(
    name for name, f in vars(ops).items()
    if not name.startswith("_") and (inspect.isfunction(f) or type(f).__name__ == "Op")
)  # fmt: skip


def operations(r: Random):
    """A description of a network of a few operations on an input, with any arguments."""
    size = r.choice([2, 3, 4, 1000, 2**20, 2**27])
    places, calls, names = [{"at": [-1, 0]}], [], []
    for k in range(r.choice((1, 1, 2, 3))):
        names.append({"operation": r.choice(FUNCTIONS), "name": f"f{k}"})
        arguments = [r.choice(places)]
        for _ in range(r.choice((0, 1, 1, 2, 3))):
            number = r.choice([*SIZES, 0, 1, -1, None, "same"])
            several = {"tuple": [{"is": number}, {"is": r.choice(SIZES)}]}
            arguments.append(r.choice([{"is": number}, {"is": number}, several, r.choice(places)]))
        if r.random() < 0.2:
            r.shuffle(arguments)
        calls.append([k, {"tuple": [{"tuple": arguments}, {"dict": []}]}])
        places.append({"at": [k, 0]})
    network = {
        "tensors": [[[None, size, *r.choice([[], [2], [2, 2]])], "float32", "x"]],
        "inputs": {"at": [-1, 0]}, "layers": names, "calls": calls, "outputs": places[-1],
    }  # fmt: skip
    return {"object": "models.Model", "arguments": {"name": "m"}, "network": network}


def numbers(value, path=()):
    """The paths of the numbers in a JSON value."""
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from numbers(item, (*path, key))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path


def forged(r: Random, found):
    """A description with one to three of its numbers changed, or something else."""
    if r.random() < 0.3:
        return changed_json(r, found)
    found = json.loads(json.dumps(found))
    for part in [("model",), ("model", "compile")][:: r.choice((1, -1))]:
        every = [p for p in numbers(found) if p[0] in part]
        for _ in range(r.choice((1, 1, 2, 3)) if every else 0):
            *way, last = r.choice(every)
            owner = found
            for key in way:
                owner = owner[key]
            owner[last] = r.choice(SIZES)
        break
    return found


def write_forged(path, r: Random, files) -> int:
    """Write a file and return its size."""
    arrays, found = r.choice(files)
    if r.random() < 0.3:
        arrays, found = {}, {"format": 1, "model": operations(r), "state": {}}
    else:
        found = forged(r, found)
    write_tensors(path, arrays, {"neurona": json.dumps(found)})
    return path.stat().st_size

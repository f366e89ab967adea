"""`explain`: a model's step, or a part of it, in formulas and numbers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from neurona.errors import ArgumentError, DataError, TraceError, check_integer, unknown
from neurona.explanation.explanation import Explanation
from neurona.explanation.lines import Key, Lines
from neurona.explanation.tracing import Traced, traced
from neurona.frames import door
from neurona.nn.context import in_training
from neurona.nn.parameter import Parameter
from neurona.nn.recurrent.rnn import RNN
from neurona.train import state, steps
from neurona.train.arrays import check_arrays, check_inputs, check_targets
from neurona.train.before import before_step
from neurona.train.model import Model

WHOLE = 400  # elements of a network that is explained as a whole,
WEIGHTS = 100  # and weights of one that is, if nobody says how many lines
PATH = 16  # lines of a path through a larger one: a screen
LAYER = 120  # lines of one layer
TERMS, TERMS_OF_PATH = 6, 4  # of a sum
SAMPLES = 64  # more are no small batch


@door
def explain(
    model: Any,
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    of: Any = None,
    neuron: str | None = None,
    layer: str | None = None,
    output: int | None = None,
    training: bool | None = None,
    terms: int | None = None,
    digits: int = 4,
    limit: int | None = None,
) -> Explanation:
    """Explain what a model computes for one sample or a small batch, number by number.

    With targets it is a training step: forward pass, loss, chain rule back to the weights, and the
    optimiser's update; without, a prediction. Each line is a formula, the formula with the numbers
    in it, and the result. All is read from the Graph that `fit` runs, with the values, the mask of
    dropout and the moments of Adam that the next step would have; nothing is changed.

    Args:
        model: a built or compiled model, or a `Perceptron` or `NeuralNetwork` of `nn.classic`.
        x: one sample with a batch axis, or a few.
        y: targets, for a training step; the model is compiled then.
        sample_weight: weights of the samples in the loss.
        of: one number to lead back to what it came from: "dense/kernel[3, 1]", a weight; without an
            index, its element with the largest gradient. A list of several is allowed.
        neuron: one neuron, "hidden[2]": what it computes, and with targets its gradient.
        layer: all lines of one layer.
        output: the number of one output, and the path to it; of a sequence, its last step's.
        training: whether layers work as in training; by default, whether there are targets. True
            without targets is a training step, if the model has a loss of its own (`add_loss`) or a
            `train_step` of its own.
        terms: how many terms of a sum are written out, if it is longer the largest, and what the
            rest adds up to; 6, and 4 on a path through a larger network.
        digits: how many digits of a number count.
        limit: how many lines at most.

    Without `of`, `neuron`, `layer` or `output`, a small network is explained as a whole; of a large
    one a path: to its most probable output, or back to the weight with the largest gradient.

    Raises:
        ArgumentError: if the model has no such weight, neuron, layer or output, or more than one of
            them is asked for.
        DataError: if there are too many samples, or they do not fit the model.

    >>> import neurona as nn
    >>> model = nn.Sequential([nn.Input((2,)), nn.layers.Dense(1, "relu", name="out")])
    >>> model.set_weights([[[0.5], [-1.0]], [0.25]])
    >>> for row in nn.explain(model, [[1.0, 0.5]]).text().splitlines()[6:]:
    ...     print(row)
      z = x[0]·kernel[0, 0] + x[1]·kernel[1, 0] + bias[0]
        = 1·0.5 + 0.5·(-1) + 0.25
        = 0.25
      out = max(0, z) = max(0, 0.25) = 0.25
    """
    if not isinstance(model, Model):
        from neurona.explanation.classic import explain_classic

        return explain_classic(model, x, y, terms or TERMS, digits)
    asked = [n for n, v in zip(("of", "neuron", "layer", "output"), (of, neuron, layer, output),
                               strict=True) if v is not None]  # fmt: skip
    if len(asked) > 1:
        raise ArgumentError(
            "explain takes one of `of`, `neuron`, `layer` and `output`.", got=" and ".join(asked)
        )
    if terms is not None:
        terms = check_integer("terms", terms, minimum=2)
    digits = check_integer("digits", digits, minimum=1)
    if limit is not None:
        limit = check_integer("limit", limit, minimum=1)
    with model._training.turns:
        try:
            step = traced_step(model, x, y, sample_weight, training)
        except TraceError as error:
            raise error.within(
                "explain: it reads the Graph of a step, and what only runs with run_eagerly=True "
                "has none"
            ) from None
    small = sum(p.size for p in model.weights) <= WEIGHTS
    terms = terms or (TERMS if small or layer else TERMS_OF_PATH)
    lines = Lines(step, model.name, terms, list(map(paths_of(model), step.parameters)))
    chosen = _Chosen(model, lines)
    notes: list[str] = []
    most = limit or PATH
    inside = None
    if of is not None:
        keys = [
            k
            for path in (of if isinstance(of, list | tuple) else [of])
            for k in chosen.weight(path)
        ]
    elif neuron is not None:
        keys = chosen.neuron(neuron)
    elif layer is not None:
        keys, inside = chosen.layer(layer)
        most = limit or LAYER
    elif output is not None:
        keys = chosen.output(check_integer("output", output, minimum=0))
    else:
        keys, most = chosen.everything(limit, small)
        if most == PATH and limit is None:
            notes.append(
                "The network is too large to show as a whole: this is one path through it. Others: "
                'of="layer/kernel[3, 1]", neuron="layer[2]", layer="layer", output=0.'
            )
    found, left = lines.needed(keys, most, inside)
    if left:
        notes.append(f"{left} more numbers were used that have no line here; limit={8 * most}.")
    what = "Training step" if step.gradients else ("Evaluation" if y is not None else "Prediction")
    count = len(step.record.arrays[next(iter(step.inputs.values()))])
    title = f"{what} of {model.name!r}, {count} sample{'s' if count > 1 else ''}"
    return lines.explanation(title, found, _kinds(model, lines), notes, digits)


def traced_step(model: Any, x: Any, y: Any, weight: Any, training: bool | None) -> Traced:
    """Return the step of a model, traced and evaluated."""
    x, y, weight = check_arrays(before_step(model, x), y, weight)
    check_inputs(model, x)
    samples = len(x if isinstance(x, np.ndarray) else steps.flatten(x)[0][0])
    if samples > SAMPLES:
        raise DataError(
            "explain takes one sample or a small batch.",
            got=f"{samples} samples", expected=f"at most {SAMPLES}", hint="x[:1], y[:1]",
        )  # fmt: skip
    names = ("x", "y", "weight")
    own = model.overrides("train_step") or (model.compiled and model.loss is None)
    learns = y is not None or (own and training is True)  # a loss of its own needs no targets
    training = (y is not None) if training is None else bool(training)
    if learns and not (model.compiled or own):
        raise ArgumentError(
            "a training step needs a compiled model.",
            hint="model.compile(optimizer, loss), or explain(model, x) for a prediction",
        )
    kind = ("train" if training else "test") if learns else "predict"
    if y is not None:
        model.check_samples(x, y)
    steps.rehearse(model, (x, y, weight), kind)
    if y is not None:
        check_targets(model, x, y)
    batch = (x, y, weight)
    if kind == "train":
        steps.training_step(model)  # so that all slots exist
        slots = [p for o in state.optimizers_of(model).values() for p in o.variables]
        parameters = [*steps.held(model), *slots]
        totals = {id(p) for m in state.metrics_of(model) for p in m.variables}
        run = steps.runner(model, "train")
        return traced(run, batch, names, parameters, lambda p: id(p) not in totals, True, False)

    def forward(x: Any, y: Any = None, weight: Any = None) -> Any:
        with steps.collect_losses(), in_training(training), steps.fed(model._network):
            y_pred = model(x, training=training)
            return (
                y_pred if y is None else model._total_loss(x, y, y_pred, weight, training=training)
            )

    def changes(p: Parameter) -> bool:
        return False

    found = traced(forward, batch, names, steps.held(model), changes, training, True)
    return found if y is None else found._replace(losses=found.results)


def paths_of(model: Any) -> Callable[[tuple[Parameter, int]], str]:
    """Return what says how a parameter is called: by its path.

    The cell of LSTM, GRU and their kin is the layer's own: its automatic name, as in
    "lstm_cell_3/kernel", would tell nothing.
    """
    found: dict[int, str] = {}
    for each in model.all_layers():
        if isinstance(each, RNN) and type(each) is not RNN:
            for p in each.cell.weights:
                before, _, symbol = p.path.rpartition("/")
                owner = "/".join([*before.split("/")[:-1], each.name])
                found[id(p)] = f"{owner}/{symbol}"
    return lambda p: found.get(id(p[0]), p[0].path)


def _kinds(model: Any, lines: Lines) -> dict[str, Any]:
    """Return the layers by the paths that sections have, and the names of loss and optimiser."""
    found: dict[str, Any] = {}
    by_name: dict[str, Any] = {}
    for path, each in state.layer_paths(model).items():
        found[path] = each
        by_name.setdefault(each.name, each)
    for name in lines.values.names.values():
        if name.part not in found and (last := name.part.rpartition("/")[2]) in by_name:
            found[name.part] = by_name[last]
    if model.compiled:
        single = model._training.losses.single
        own = single is None or model.overrides("train_step")
        found["/loss"] = "" if own else type(single).__name__
    called = paths_of(model)
    for optimizer in state.optimizers_of(model).values():
        for p in getattr(optimizer, "parameters", ()):
            found[f"/optimizer of {called((p, 0))}"] = type(optimizer).__name__
    return found


class _Chosen:
    """Finds the elements that somebody asks for by a name."""

    def __init__(self, model: Any, lines: Lines) -> None:
        self.model, self.lines, self.record = model, lines, lines.record
        self.traced, self.names = lines.traced, lines.values.names

    def weight(self, path: Any) -> list[Key]:
        """Return gradient, slots and new value of a weight, and the loss."""
        name, index = _parsed(path)
        named = zip(self.lines.values.paths, self.traced.parameters, strict=True)
        known = {path: (k, p) for k, (path, (p, _)) in enumerate(named) if p.trainable}
        stable = {id(p): n for n, p in state.parameter_paths(self.model).items()}
        options = {**{stable[id(p)]: (k, p) for k, p in known.values() if id(p) in stable}, **known}
        options |= {p.path: (k, p) for k, p in known.values()}
        wanted = name.replace(".", "/")
        hits = [v for n, v in options.items() if n == wanted or n.endswith(f"/{wanted}")]
        if not hits:
            layers = set(self.lines.outputs)
            if any(path.split("/")[-1] == wanted.split("/")[-1] for path in layers):
                return self.neuron(path)
            raise unknown("weight", name, list(known))
        k, p = hits[0]
        before = self.traced.parameters[k][1]
        slopes = [
            g for x, g in self.traced.gradients
            if self.lines.values.source(x) == before and g in self.names
        ]  # fmt: skip
        if index is None:
            size = np.abs(self.record.arrays[slopes[0]] if slopes else p.numpy())
            index = tuple(map(int, np.unravel_index(int(np.argmax(size)), size.shape)))
        self._check(index, p.shape, name)
        keys = [(g, index) for g in slopes]
        if k in self.traced.after:
            keys.append((self.traced.after[k], index))
        keys += [(id, ()) for id in self.traced.losses if id in self.names]
        if not keys:  # a prediction: the numbers that the weight goes into
            raise ArgumentError(
                f"{name!r} has no gradient in a prediction.", hint="explain(model, x, y, of=...)"
            )
        return keys

    def neuron(self, path: Any) -> list[Key]:
        """Return what a layer gives at an index, for the first sample, and its gradient."""
        name, index = _parsed(path)
        id = self._output_of(name)
        shape = self.record.arrays[id].shape
        if index is None:
            raise ArgumentError(
                "neuron is a layer and an index.", got=repr(path), hint=f"{name}[0]"
            )
        if len(index) < len(shape):
            index = (*(0,) * (len(shape) - len(index)), *index)
        self._check(index, shape, name)
        of = self.lines.values.standing_for
        slopes = [g for x, g in self.traced.gradients if of(x) == id and g in self.names]
        return [(id, index), *[(g, index) for g in slopes]]

    def layer(self, name: str) -> tuple[list[Key], Any]:
        """Return all elements of a layer's values, and which values are its own."""
        if not isinstance(name, str):
            raise ArgumentError("layer is a name.", got=repr(name)[:60])
        self._output_of(name)
        parts = {n.part for n in self.names.values() if n.part}
        mine = {p for p in parts if _is_in(p, name)}

        def inside(id: int) -> bool:
            return self.names[id].part in mine

        ids = [id for id in sorted(self.names) if inside(id) and self.record.made[id] is not None]
        return [key for id in ids for key in self.lines.elements(id)], inside

    def output(self, number: int) -> list[Key]:
        """Return one element of the model's output, for the first sample; the last of its steps."""
        id = self._final()
        shape = self.record.arrays[id].shape
        if not shape or number >= shape[-1]:
            raise ArgumentError(
                "there is no such output.", got=str(number), expected=f"0 to {shape[-1] - 1}"
            )
        before = (0, shape[1] - 1) if len(shape) == 3 else (0,) * (len(shape) - 1)
        return [(id, (*before, number))]

    def everything(self, limit: int | None, small: bool) -> tuple[list[Key], int]:
        """Return all that can be asked for if it is not too much, else a path."""
        targets = self.lines.targets()
        count = sum(self.record.arrays[id].size for id in targets)
        if count <= (limit or (WHOLE if small else 0)):
            return [key for id in targets for key in self.lines.elements(id)], limit or 4 * WHOLE
        if not self.traced.gradients:
            out = self.record.arrays[self._final()]
            first = out[0, -1] if out.ndim == 3 else out.reshape(-1, out.shape[-1])[0]
            return self.output(int(np.argmax(first))), limit or PATH
        kernels = [p for k, (p, _) in enumerate(self.traced.parameters)
                   if k in self.traced.after and p.trainable and p.ndim > 1]  # fmt: skip
        chosen = [kernels[-1], kernels[0]] if kernels else []
        return [key for p in chosen for key in self.weight(p.path)], limit or PATH

    def _final(self) -> int:
        results = map(self.lines.values.standing_for, self.traced.results)
        ids = [id for id in results if id in self.names]
        if ids and not self.traced.losses:
            return ids[0]
        return max((id for id in self.lines.outputs.values() if id in self.names), default=0)

    def _output_of(self, name: str) -> int:
        wanted = name.replace(".", "/")
        for path, id in self.lines.outputs.items():
            if _is_in(path, wanted, exactly=True) and id in self.names:
                return id
        known = [self.names[id].part for id in self.lines.outputs.values() if id in self.names]
        raise unknown("layer", name, set(known))

    def _check(self, index: tuple[int, ...], shape: tuple[int, ...], name: str) -> None:
        if len(index) != len(shape) or any(
            not 0 <= i < n for i, n in zip(index, shape, strict=True)
        ):
            raise ArgumentError(
                f"{name!r} has no such element.", got=str(list(index)), expected=f"shape {shape}"
            )


def _is_in(path: str, name: str, exactly: bool = False) -> bool:
    """Say whether a path is that of a layer, by the end of it, or of what is inside of it."""
    if path == name or path.endswith(f"/{name}"):
        return True
    return not exactly and f"/{name}/" in f"/{path}/"


def _parsed(path: Any) -> tuple[str, tuple[int, ...] | None]:
    """Return name and index of "dense/kernel[3, 1]"."""
    match = re.fullmatch(r"([^\[\]]+?)(?:\[([\d\s,]*)\])?", path) if isinstance(path, str) else None
    if match is None:
        raise ArgumentError(
            "a number of a model is named by layer, weight and index.", got=repr(path)[:60],
            hint='"dense/kernel[3, 1]", or "dense[2]" for a neuron',
        )  # fmt: skip
    name, index = match.groups()
    if index is None:
        return name, None
    return name, tuple(int(i) for i in index.replace(",", " ").split())

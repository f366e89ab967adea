"""Write recurrent.json: outputs, states and gradients of Keras 3 recurrent layers, in float64.

Run as writing.py says. Masks of dropout are drawn here and given to the cells of either library,
so that what they do is compared, and not how they are drawn.
"""

import os

import numpy as np
from recurrent_problem import cells, flat, made
from writing import double_precision, finish, numbers

os.environ.setdefault("KERAS_BACKEND", "jax")
import jax
import keras

double_precision()
TOLERANCES = {
    "steps": {
        "rtol": 3e-5,
        "atol": 1e-5,
        "why": "float32 sums of some ten terms, passed through at most eight steps",
    },
}
CASES = []
PADDED = [[1, 1, 1, 0, 0], [0, 0, 1, 1, 1], [0, 1, 0, 1, 1], [0, 0, 0, 0, 0]]


def case(described, shape=(2, 4, 2), mask=None, states=(), rates=None, twice=False):
    """Compute one case.

    mask: rows of 0 and 1; states: shapes of the initial states; rates: a list of [masks of the
    inputs, masks of the state] by shape and number for each cell; twice: the layer is called on a
    second input, whose outputs are kept too.
    """
    number = len(CASES)
    x = numbers(*shape, seed=number)
    initial = [numbers(*s, seed=number + 3 + i, low=-1.0, high=1.0) for i, s in enumerate(states)]
    layer = made(keras.layers, described)
    layer.build(shape)
    weights = [
        numbers(*w.shape, seed=number + 50 + i, low=-1.0, high=1.0)
        for i, w in enumerate(layer.weights)
    ]
    layer.set_weights(weights)
    drawn = [
        [[bits(*s, seed=number + 100 + j) for j in range(count)] for s, count in pair]
        for pair in rates or []
    ]
    for cell, (inputs, hidden) in zip(cells(layer) if drawn else (), drawn, strict=True):
        cell.get_dropout_mask = lambda x, m=inputs: one_or_all(m)
        cell.get_recurrent_dropout_mask = lambda x, m=hidden: one_or_all(m)
    kwargs = {} if mask is None else {"mask": np.array(mask, bool)}
    if drawn:
        kwargs["training"] = True
    fixed = [w.value for w in layer.non_trainable_variables]

    def forward(x, initial, ws):
        more = {**kwargs, "initial_state": initial} if initial else kwargs
        return flat(layer.stateless_call(ws, fixed, x, **more)[0])

    given = [a.astype("float64") for a in (x, *initial)]
    ws = [w.value for w in layer.trainable_variables]
    outputs = forward(given[0], given[1:], ws)
    cotangents = [
        numbers(*y.shape, seed=1000 + number + i, low=-1.0, high=1.0) for i, y in enumerate(outputs)
    ]

    def scalar(x, initial, ws):
        pairs = zip(forward(x, initial, ws), cotangents, strict=True)
        return sum((y * c.astype("float64")).sum() for y, c in pairs)

    gx, gs, gw = jax.grad(scalar, (0, 1, 2))(given[0], given[1:], ws)
    record = {
        "id": f"{number}-{label(described)}" + ("-mask" if mask else "")
        + ("-states" if states else ""),
        "class": described[0],
        "layer": described,
        "tolerance": "steps",
        "x": x,
        "mask": mask,
        "states": initial,
        "noise": drawn,
        "weights": weights,
        "outputs": outputs,
        "cotangents": cotangents,
        "x_gradient": gx,
        "state_gradients": gs,
        "weight_gradients": gw,
        "second": None,
    }  # fmt: skip
    if twice:
        layer.reset_state()
        second = numbers(*shape, seed=number + 9)
        layer(x.astype("float64"))
        kept = flat(layer(second.astype("float64")))
        record["second"] = {"x": second, "outputs": [np.asarray(y) for y in kept]}
    CASES.append(plain(record))


def plain(value):
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return np.asarray(value) if hasattr(value, "shape") else value


def label(described):
    name, kwargs = described
    inside = ",".join(f"{k}={label(v) if is_layer(v) else v}" for k, v in kwargs.items())
    return f"{name}({inside})".replace(" ", "").replace("'", "").replace("[", "").replace("]", "")


def is_layer(value):
    return isinstance(value, list) and len(value) == 2 and isinstance(value[1], dict)


def bits(*shape, seed):
    """A mask of dropout at a rate of a half: 0 or 2."""
    return np.random.default_rng(seed).integers(0, 2, shape).astype("float32") * 2


def one_or_all(masks):
    if not masks:
        return None
    return masks[0] if len(masks) == 1 else masks


# --- the cases ---------------------------------------------------------------------------------

ALL = {"return_sequences": True, "return_state": True}
KINDS = [
    ("SimpleRNN", {}, 1, 1), ("LSTM", {}, 2, 4), ("GRU", {}, 1, 3),
    ("GRU", {"reset_after": False}, 1, 3),
]  # fmt: skip
for name, kwargs, count, gates in KINDS:
    u3, u2 = {"units": 3, **kwargs}, {"units": 2, **kwargs}
    case([name, u3])
    case([name, {**u2, "return_sequences": True}])
    case([name, {**u2, "return_state": True}])
    case([name, {**u2, **ALL, "go_backwards": True}])
    case([name, {**u2, "go_backwards": True, "return_state": True}])
    case([name, {**u2, "use_bias": False}])
    case([name, {**u2, **ALL, "unroll": True}])
    case([name, {**u2, **ALL, "unroll": True, "go_backwards": True}])
    case([name, {**u2, "activation": "relu"}])
    case([name, {**u2, "activation": "linear"}], (1, 3, 2))
    case([name, {**u2, **ALL}], states=[(2, 2)] * count)
    case([name, {**u2, **ALL, "go_backwards": True}], states=[(2, 2)] * count)
    case([name, {**u2, "return_state": True}], (4, 5, 2), PADDED)
    case([name, {**u2, **ALL}], (4, 5, 2), PADDED)
    case([name, {**u2, **ALL}], (4, 5, 2), PADDED, [(4, 2)] * count)
    case([name, {**u2, **ALL, "go_backwards": True}], (4, 5, 2), PADDED)
    case([name, {**u2, **ALL, "unroll": True}], (4, 5, 2), PADDED)
    case([name, {**u2, **ALL, "zero_output_for_mask": True}], (4, 5, 2), PADDED)
    case([name, {**u2, "zero_output_for_mask": True}], (4, 5, 2), PADDED)
    case([name, {**u2, "dropout": 0.5}], rates=[[[(2, 2), 1], [(2, 2), 0]]])
    both = {**u2, "dropout": 0.5, "recurrent_dropout": 0.5}
    case([name, both], (2, 3, 3), rates=[[[(2, 3), gates], [(2, 2), gates]]])
    case([name, {**u2, "recurrent_dropout": 0.5}], rates=[[[(2, 2), 0], [(2, 2), gates]]])
    case([name, {**u2, **ALL, "stateful": True}], twice=True)
case(["LSTM", {"units": 2, "recurrent_activation": "hard_sigmoid"}])
case(["GRU", {"units": 2, "recurrent_activation": "hard_sigmoid"}])
case(["LSTM", {"units": 2, "unit_forget_bias": False}])
# Keras 3.15's LSTM layer fails with implementation=1 and dropout alone; its cell does not
apart = ["LSTMCell", {"units": 2, "dropout": 0.5, "implementation": 1}]
case(["RNN", {"cell": apart}], rates=[[[(2, 2), 4], [(2, 2), 0]]])

lstm, gru, rnn = (
    ["LSTMCell", {"units": 3}],
    ["GRUCell", {"units": 2}],
    ["SimpleRNNCell", {"units": 2}],
)
for cell in (lstm, gru, rnn):
    case(["RNN", {"cell": cell}])
case(["RNN", {"cell": [lstm, gru], **ALL}])
case(["RNN", {"cell": [gru, lstm], **ALL, "go_backwards": True}])
case(["RNN", {"cell": ["StackedRNNCells", {"cells": [rnn, gru, rnn]}], "return_sequences": True}])
case(["RNN", {"cell": [rnn, gru], "return_sequences": True, "unroll": True}])

for mode in ("concat", "sum", "ave", "mul", None):
    case(["Bidirectional", {"layer": ["LSTM", {"units": 2}], "merge_mode": mode}])
    both = {"layer": ["GRU", {"units": 2, **ALL}], "merge_mode": mode}
    case(["Bidirectional", both])
    case(["Bidirectional", both], (4, 5, 2), PADDED)
case(["Bidirectional", {"layer": ["LSTM", {"units": 2, **ALL}]}], states=[(2, 2)] * 4)
case(["Bidirectional", {"layer": ["GRU", {"units": 2}]}], (4, 5, 2), PADDED)
back = ["GRU", {"units": 3, "go_backwards": True, "return_sequences": True}]
seq = ["LSTM", {"units": 2, "return_sequences": True}]
case(["Bidirectional", {"layer": seq, "backward_layer": back}])
case(["Bidirectional", {"layer": ["RNN", {"cell": [rnn, gru], "return_sequences": True}]}])

for rank, x in ((1, (2, 3, 5, 2)), (2, (2, 3, 4, 3, 2))):
    name, more = f"ConvLSTM{rank}D", {"filters": 2, "kernel_size": 2}
    case([name, {**more, **ALL}], x)
    case([name, {**more, "padding": "same", "return_state": True}], x)
    case([name, {**more, "strides": 2, "padding": "same", **ALL, "go_backwards": True}], x)
    case([name, {**more, "dilation_rate": 2, "use_bias": False}], x)
    # Keras 3.15 on JAX has masks of images in unrolled loops only
    case([name, {**more, **ALL, "unroll": True}], x, [[1, 0, 1], [0, 1, 0]])
    case([name, {**more, "padding": "same"}], x, states=[(*x[:1], *x[2:-1], 2)] * 2)
    sizes = [[(*x[:1], *x[2:]), 4], [(*x[:1], *x[2:-1], 2), 4]]
    rates = {"dropout": 0.5, "recurrent_dropout": 0.5}
    case([name, {**more, "padding": "same", **rates}], x, rates=[sizes])
case(["ConvLSTM2D", {"filters": 2, "kernel_size": [3, 1], "activation": "relu"}], (1, 2, 4, 3, 1))
small = {"filters": 1, "kernel_size": 2, "padding": "same"}
case(["ConvLSTM3D", {**small, "return_state": True}], (1, 2, 2, 3, 2, 1))
first = {"data_format": "channels_first"}
case(["ConvLSTM1D", {**small, **ALL, **first}], (2, 2, 2, 4))
case(["ConvLSTM2D", {**small, **ALL, **first, "strides": 2}], (1, 2, 2, 4, 3))
states = [(1, 1, 4, 3)] * 2
case(["ConvLSTM2D", {**small, **first, "return_state": True}], (1, 2, 2, 4, 3), states=states)
case(["ConvLSTM3D", {**small, **first}], (1, 2, 2, 2, 1, 2))

finish("recurrent", TOLERANCES, CASES)

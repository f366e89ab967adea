"""Write attention.json: outputs, weights and gradients of attention layers, in float64.

Run as writing.py says, on PyTorch: on JAX most of the time would go into compiling every operation
of every case. keras-hub 0.32.0 is needed too, `pip install --no-deps keras-hub`: it has what Keras
lacks, blocks and positions.
"""

import importlib
import importlib.util
import os
import sys
import types
from pathlib import Path

import numpy as np
from writing import double_precision, finish, label, numbers

os.environ["KERAS_BACKEND"] = "torch"
import keras
import torch

double_precision()
TOLERANCES = {
    "one": {
        "rtol": 2e-6,
        "atol": 1e-6,
        "why": "one or two float32 roundings (6e-8 each) per number, and libm within a few ulp",
    },
    "sum": {
        "rtol": 2e-5,
        "atol": 5e-6,
        "why": "float32 sums of at most 200 terms of size up to 4, in any order",
    },
    "deep": {
        "rtol": 1e-4,
        "atol": 3e-5,
        "why": "products, a softmax and norms one after the other cost about two digits of float32",
    },
}
HUB = {
    "SinePositionEncoding": "sine_position_encoding.SinePositionEncoding",
    "PositionEmbedding": "position_embedding.PositionEmbedding",
    "RotaryEmbedding": "rotary_embedding.RotaryEmbedding",
    "TransformerEncoderBlock": "transformer_encoder.TransformerEncoder",
    "TransformerDecoderBlock": "transformer_decoder.TransformerDecoder",
}
CASES = []


HOME = Path(importlib.util.find_spec("keras_hub").origin).parent
for package in ("", "src", "src/layers", "src/layers/modeling", "src/utils"):
    bare = types.ModuleType(f"keras_hub/{package}".rstrip("/").replace("/", "."))
    bare.__path__ = [str(HOME / package)]  # without all that the package itself would import
    sys.modules[bare.__name__] = bare


def found(name):
    if name in HUB:
        module, _, made = HUB[name].partition(".")
        return getattr(importlib.import_module(f"keras_hub.src.layers.modeling.{module}"), made)
    return getattr(keras.layers, name)


def case(name, kwargs, *shapes, tolerance="deep", integers=0, call=None, listed=False):
    """Compute one case: call holds arguments of `call`, listed says that inputs come in a list."""
    seed, call = len(CASES), call or {}
    if integers:
        rng = np.random.default_rng(seed)
        inputs = [rng.integers(0, integers, s).astype("int32") for s in shapes]
    else:
        inputs = [numbers(*s, seed=seed + i, low=-1.0, high=1.0) for i, s in enumerate(shapes)]
    layer = found(name)(**{k: tuple(v) if isinstance(v, list) else v for k, v in kwargs.items()})
    more = {
        k: [None if m is None else np.array(m) for m in v] if k == "mask"
        else np.array(v) if isinstance(v, list) else v
        for k, v in call.items()
    }  # fmt: skip
    given = [x if integers else x.astype("float64") for x in inputs]
    arguments = (lambda xs: [list(xs)]) if listed else (lambda xs: list(xs))
    xs = [torch.tensor(x, requires_grad=not integers) for x in given]
    layer(*arguments(xs), **more)  # builds it
    weights = [
        numbers(*w.shape, seed=seed + 50 + i, low=-1.0, high=1.0)
        for i, w in enumerate(layer.weights)
    ]
    layer.set_weights(weights)
    outputs = layer(*arguments(xs), **more)
    output, scores = outputs if isinstance(outputs, tuple) else (outputs, None)
    cotangent = numbers(*output.shape, seed=1000 + seed, low=-1.0, high=1.0)
    layer.zero_grad()
    if output.requires_grad:
        (output * torch.tensor(cotangent.astype("float64"))).sum().backward()

    def pulled(x):
        return np.zeros(x.shape) if x.grad is None else x.grad.numpy()

    CASES.append(
        {
            "id": label(name, kwargs, *call),
            "class": name,
            "kwargs": kwargs,
            "call": call,
            "listed": listed,
            "tolerance": tolerance,
            "integers": bool(integers),
            "inputs": inputs,
            "weights": weights,
            "output": output.detach().numpy(),
            "scores": None if scores is None else scores.detach().numpy(),
            "cotangent": cotangent,
            "input_gradients": [] if integers else [pulled(x) for x in xs],
            "weight_gradients": [pulled(w.value) for w in layer.trainable_weights],
        }
    )


# --- the cases ---------------------------------------------------------------------------------

# true at real steps; pairs that a query may see, in which each sees one at least
REAL = [[True, True, False, True, False], [True, False, True, True, True]]
PAIRS = [
    [[True, False, True, False, True], [False, True, False, False, True], [True] * 5],
    [[True, True, False, False, True], [False, False, True, False, False], [True] * 5],
]
SCORES = {"return_attention_scores": True}
self_, cross = [(2, 3, 4), (2, 3, 4)], [(2, 3, 4), (2, 5, 6)]

for layer, size in (
    ("MultiHeadAttention", {"num_heads": 2, "key_dim": 3}),
    ("GroupQueryAttention", {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2}),
):
    case(layer, size, *self_)
    case(layer, size, *cross)
    case(layer, size, *cross, (2, 5, 3))
    case(layer, {**size, "use_bias": False}, *cross)
    case(layer, {**size, "use_gate": True}, *cross)
    case(layer, {**size, "use_gate": True, "use_bias": False}, *self_, call=SCORES)
    case(layer, size, *cross, call=SCORES)
    case(layer, size, *self_, call={"use_causal_mask": True})
    case(layer, size, *cross, call={"use_causal_mask": True, **SCORES})
    case(layer, size, *cross, call={"attention_mask": PAIRS})
    case(layer, size, *cross, call={"attention_mask": PAIRS, "use_causal_mask": True, **SCORES})
    case(layer, size, *cross, call={"attention_mask": PAIRS[0]})
    case(layer, size, *cross, call={"value_mask": REAL})
    case(layer, size, *cross, call={"key_mask": REAL, **SCORES})
    case(layer, size, *cross, call={"value_mask": REAL, "attention_mask": [[[True] * 5] * 3]})
    case(layer, {**size, "sliding_window": 2}, (2, 6, 4), (2, 6, 4))
    case(layer, {**size, "sliding_window": 1}, *self_, call={"use_causal_mask": True, **SCORES})
    case(layer, {**size, "dropout": 0.5, "seed": 1}, *cross, call=SCORES)
case("GroupQueryAttention", {"head_dim": 2, "num_query_heads": 3, "num_key_value_heads": 1}, *cross)
heads = {"num_heads": 2, "key_dim": 3}
case("MultiHeadAttention", {**heads, "value_dim": 2}, *cross, call=SCORES)
case("MultiHeadAttention", {**heads, "value_dim": 4, "use_gate": True}, *cross, call=SCORES)
case("MultiHeadAttention", {**heads, "output_shape": 5}, *cross)
case("MultiHeadAttention", {**heads, "output_shape": [2, 3]}, *cross)
by_heads = np.random.default_rng(5).random((2, 2, 3, 5)) < 0.5
by_heads[..., 0] = True
case("MultiHeadAttention", heads, *cross, call={"attention_mask": by_heads.tolist()})
images = [(2, 2, 3, 4), (2, 2, 3, 4)]
case("MultiHeadAttention", heads, *images, call=SCORES)
case("MultiHeadAttention", {**heads, "attention_axes": [2]}, *images, call=SCORES)
case("MultiHeadAttention", {**heads, "attention_axes": 1}, *images)
case(
    "MultiHeadAttention", {**heads, "attention_axes": [-2]}, (2, 2, 3, 4), (2, 2, 5, 4), call=SCORES
)
both = np.random.default_rng(6).random((2, 2, 3, 2, 3)) < 0.5
both[..., 0, 0] = True
case("MultiHeadAttention", heads, *images, call={"attention_mask": both.tolist(), **SCORES})

for layer in ("Attention", "AdditiveAttention"):
    listed = {"listed": True, "tolerance": "sum"}
    three = [(2, 3, 4), (2, 5, 6), (2, 5, 4)]
    pair = [(2, 3, 4), (2, 5, 4)]
    modes = [{}, {"use_scale": layer == "Attention"}]
    if layer == "Attention":
        modes += [{"score_mode": "concat"}, {"score_mode": "concat", "use_scale": True}]
    for mode in modes:
        case(layer, mode, *pair, **listed)
        case(layer, mode, *three, call=SCORES, **listed)
        case(layer, mode, *three, call={"use_causal_mask": True, **SCORES}, **listed)
    for mask in (
        [None, REAL],
        [[[True, False, True]] * 2, None],
        [[[True, True, False]] * 2, REAL],
    ):
        case(layer, {}, *pair, call={"mask": mask, **SCORES}, **listed)
        case(layer, {}, *three, call={"mask": mask, "use_causal_mask": True}, **listed)
    case(layer, {"dropout": 0.5, "seed": 1}, *pair, **listed)

case("EinsumDense", {"equation": "ab,bc->ac", "output_shape": 3}, (4, 5), tolerance="sum")
bias = {"bias_axes": "c", "activation": "tanh"}
case("EinsumDense", {"equation": "ab,bc->ac", "output_shape": 3, **bias}, (4, 5), tolerance="sum")
forms = [
    ("abc,cd->abd", [None, 3], "d", (2, 3, 4)),
    ("abc,cde->abde", [None, 2, 3], "de", (2, 3, 4)),
    ("abc,cde->abde", [None, 2, 3], "d", (2, 3, 4)),
    ("abcd,cde->abe", [None, 5], "e", (2, 3, 2, 4)),
    ("...x,xy->...y", 3, "y", (2, 3, 4)),
    ("...x,xy->...y", 3, "y", (2, 2, 2, 4)),
    ("ab...,bc->ac...", 3, "c", (2, 4, 3)),
    ("ab...,bc->ac...", 3, "c", (2, 4, 2, 2)),
    ("abc,bd->acd", [4, 3], "d", (2, 3, 4)),
    ("abc,abd->adc", [3, 4], None, (2, 3, 4)),
    ("abc,bc->abc", [3, 4], "bc", (2, 3, 4)),
    ("abc,bcd->ad", 5, "d", (2, 3, 4)),
]
for equation, sizes, axes, shape in forms:
    kwargs = {"equation": equation, "output_shape": sizes, "bias_axes": axes}
    case("EinsumDense", kwargs, shape, tolerance="sum")

for tied in (True, False):
    words = {"input_dim": 7, "output_dim": 3, "tie_weights": tied}
    case("ReversibleEmbedding", words, (2, 4), integers=7, tolerance="one")
    case("ReversibleEmbedding", words, (2, 4, 3), call={"reverse": True}, tolerance="sum")
    capped = {**words, "logit_soft_cap": 1.5}
    case("ReversibleEmbedding", capped, (2, 4, 3), call={"reverse": True}, tolerance="sum")

waves = {"tolerance": "sum"}
case("SinePositionEncoding", {}, (2, 5, 4), **waves)
case("SinePositionEncoding", {"max_wavelength": 50}, (2, 5, 3), call={"start_index": 3}, **waves)
case("SinePositionEncoding", {}, (2, 3, 4), call={"positions": [0, 4, 2]}, **waves)
case("SinePositionEncoding", {}, (2, 3, 4), call={"positions": [[0, 4, 2], [1, 1, 0]]}, **waves)
case("PositionEmbedding", {"sequence_length": 6}, (2, 4, 3), tolerance="one")
case(
    "PositionEmbedding", {"sequence_length": 6}, (2, 4, 3), call={"start_index": 2}, tolerance="one"
)
places = {"call": {"positions": [[0, 4, 2], [1, 1, 0]]}, "tolerance": "one"}
case("PositionEmbedding", {"sequence_length": 6}, (2, 3, 3), **places)
case("RotaryEmbedding", {}, (2, 5, 4), **waves)
case("RotaryEmbedding", {}, (2, 5, 2, 4), **waves)
case("RotaryEmbedding", {"max_wavelength": 50}, (2, 5, 3, 4), call={"start_index": 3}, **waves)
case("RotaryEmbedding", {"scaling_factor": 2.0}, (2, 5, 4), **waves)
case("RotaryEmbedding", {"scaling_factor": 2.0, "rope_type": "dynamic"}, (2, 5, 6), **waves)
case("RotaryEmbedding", {"denominator_dim": 8}, (2, 5, 4), **waves)
case("RotaryEmbedding", {"sequence_axis": 2}, (2, 3, 5, 4), **waves)
case("RotaryEmbedding", {"sequence_axis": -1, "feature_axis": 1}, (2, 4, 5), **waves)
case("RotaryEmbedding", {}, (2, 3, 2, 4), call={"positions": [[0, 4, 2], [1, 1, 0]]}, **waves)

SQUARE = [[[True, False, True], [True, True, False], [True] * 3]] * 2
PADDED = [[True, True, False], [True, False, True]]
for first in (False, True):
    block = {"intermediate_dim": 5, "num_heads": 2, "normalize_first": first}
    case("TransformerEncoderBlock", block, (2, 3, 4))
    smooth = {**block, "activation": "gelu", "layer_norm_epsilon": 1e-3}
    case("TransformerEncoderBlock", smooth, (2, 3, 4), call={"padding_mask": PADDED})
    masks = {"padding_mask": PADDED, "attention_mask": SQUARE}
    case("TransformerEncoderBlock", block, (2, 3, 4), call={**masks, **SCORES})
    case("TransformerDecoderBlock", block, (2, 3, 4))
    case("TransformerDecoderBlock", block, (2, 3, 4), call={"use_causal_mask": False})
    case("TransformerDecoderBlock", smooth, *cross)
    masks = {"decoder_attention_mask": SQUARE, "encoder_padding_mask": REAL}
    case("TransformerDecoderBlock", block, *cross, call=masks)
    masks = {"decoder_padding_mask": [[True, True, False]] * 2, "encoder_attention_mask": PAIRS}
    case("TransformerDecoderBlock", block, *cross, call=masks)

finish("attention", TOLERANCES, CASES)

"""Write layers.json: outputs, gradients and updated state of Keras 3 layers, in float64.

Run as writing.py says. Keras on JAX computes the file; Keras on PyTorch is a second implementation
of every convolution, pooling, padding and gradient (``--check``), and PyTorch's own layers are a
third witness where they exist (``cross_check``).
"""

import numpy as np
import torch
import torch.nn.functional as F
from layer_problem import CASES, JAX, TOLERANCES, case, tuples
from writing import finish

case("Dense", {"units": 3}, (4, 5))
case("Dense", {"units": 3, "use_bias": False}, (4, 5))
case("Dense", {"units": 2, "activation": "relu"}, (3, 4))
case("Dense", {"units": 4, "activation": "softmax"}, (3, 2))
case("Dense", {"units": 3, "activation": "tanh"}, (2, 3, 4))
case("Activation", {"activation": "relu"}, (3, 4), tolerance="exact")
case("Activation", {"activation": "sigmoid"}, (2, 2, 3), tolerance="one")
case("Flatten", {}, (2, 3, 2), tolerance="exact")
case("Flatten", {}, (3, 4), tolerance="exact")
case("Flatten", {}, (3,), tolerance="exact")
case("Reshape", {"target_shape": [3, 4]}, (2, 12), tolerance="exact")
case("Reshape", {"target_shape": [2, -1]}, (2, 3, 4), tolerance="exact")
case("Permute", {"dims": [2, 1]}, (2, 3, 4), tolerance="exact")
case("Permute", {"dims": [3, 1, 2]}, (2, 2, 3, 4), tolerance="exact")
case("RepeatVector", {"n": 3}, (2, 4), tolerance="one")

# layers that act in training only are the identity in inference
case("Dropout", {"rate": 0.5}, (3, 4), tolerance="exact", training=False)
case("SpatialDropout1D", {"rate": 0.5}, (2, 3, 4), tolerance="exact", training=False, optional=1)
case("SpatialDropout2D", {"rate": 0.5}, (2, 2, 2, 3), tolerance="exact", training=False, optional=1)
case("GaussianNoise", {"stddev": 0.5}, (3, 4), tolerance="exact", training=False, optional=1)
case("GaussianDropout", {"rate": 0.5}, (3, 4), tolerance="exact", training=False, optional=1)
case("AlphaDropout", {"rate": 0.5}, (3, 4), tolerance="exact", training=False, optional=1)
case("Dropout", {"rate": 0.0}, (3, 4), tolerance="exact", training=True)
case("Identity", {}, (3, 4), tolerance="exact", optional=1)

for training in (True, False):
    norm = {"tolerance": "normal", "training": training}
    case("BatchNormalization", {}, (6, 3), **norm)
    case("BatchNormalization", {"momentum": 0.9, "epsilon": 1e-5}, (4, 3, 2), **norm)
    case("BatchNormalization", {"momentum": 0.5}, (2, 3, 3, 2), **norm)
    case("BatchNormalization", {"center": False}, (5, 3), **norm)
    case("BatchNormalization", {"scale": False}, (5, 3), **norm)
    case("BatchNormalization", {"axis": 1}, (3, 2, 4), **norm)
    case("BatchNormalization", {"center": False, "scale": False}, (5, 2), **norm)
frozen = {"tolerance": "normal", "training": True}
case("BatchNormalization", {"trainable": False}, (5, 3), **frozen)

case("LayerNormalization", {}, (4, 5), tolerance="normal")
case("LayerNormalization", {"epsilon": 1e-6}, (2, 3, 4), tolerance="normal")
case("LayerNormalization", {"axis": [1, 2]}, (2, 3, 4), tolerance="normal")
case("LayerNormalization", {"axis": 1}, (2, 3, 4), tolerance="normal")
case("LayerNormalization", {"center": False}, (3, 4), tolerance="normal")
case("LayerNormalization", {"scale": False}, (3, 4), tolerance="normal")
case("LayerNormalization", {"center": False, "scale": False}, (3, 4), tolerance="normal")
case("GroupNormalization", {"groups": 2}, (2, 3, 4), tolerance="normal")
case("GroupNormalization", {"groups": 1}, (3, 4), tolerance="normal")
case("GroupNormalization", {"groups": -1}, (2, 3, 3, 2), tolerance="normal")
case("GroupNormalization", {"groups": 4, "epsilon": 1e-5}, (2, 2, 2, 4), tolerance="normal")
case("GroupNormalization", {"groups": 2, "center": False}, (2, 3, 4), tolerance="normal")
case("GroupNormalization", {"groups": 3, "scale": False}, (2, 2, 6), tolerance="normal")
case("RMSNormalization", {}, (4, 5), tolerance="normal")
case("RMSNormalization", {"epsilon": 1e-3}, (2, 3, 4), tolerance="normal")
case("RMSNormalization", {"axis": [1, 2]}, (2, 3, 4), tolerance="normal")
case("UnitNormalization", {}, (4, 5), tolerance="normal")
case("UnitNormalization", {"axis": 1}, (2, 3, 4), tolerance="normal")
case("UnitNormalization", {"axis": [1, 2]}, (2, 3, 4), tolerance="normal")

case("Embedding", {"input_dim": 7, "output_dim": 3}, (4,), integers=7)
case("Embedding", {"input_dim": 5, "output_dim": 2}, (3, 6), integers=5)

for padding in ("valid", "same", "causal"):
    case("Conv1D", {"filters": 3, "kernel_size": 3, "padding": padding}, (2, 7, 2))
    case("Conv1D", {"filters": 2, "kernel_size": 2, "padding": padding}, (2, 6, 3))
    case("Conv1D", {"filters": 2, "kernel_size": 3, "strides": 2, "padding": padding}, (2, 8, 2))
    case("Conv1D", {"filters": 2, "kernel_size": 4, "strides": 3, "padding": padding}, (1, 11, 2))
    dilated = {"kernel_size": 3, "dilation_rate": 2, "padding": padding}
    case("Conv1D", {"filters": 2, **dilated}, (2, 8, 2))
case("Conv1D", {"filters": 4, "kernel_size": 3, "groups": 2}, (2, 6, 4))
case("Conv1D", {"filters": 3, "kernel_size": 1, "use_bias": False}, (2, 4, 2))
case("Conv1D", {"filters": 3, "kernel_size": 3, "activation": "tanh"}, (2, 5, 2))
for padding in ("valid", "same"):
    case("Conv2D", {"filters": 3, "kernel_size": 3, "padding": padding}, (2, 5, 4, 2))
    case("Conv2D", {"filters": 2, "kernel_size": [2, 3], "padding": padding}, (1, 4, 5, 2))
    case("Conv2D", {"filters": 2, "kernel_size": 3, "strides": 2, "padding": padding}, (2, 6, 5, 1))
    case(
        "Conv2D",
        {"filters": 2, "kernel_size": 2, "strides": [1, 3], "padding": padding},
        (1, 4, 7, 2),
    )
    case(
        "Conv2D",
        {"filters": 2, "kernel_size": 3, "dilation_rate": 2, "padding": padding},
        (1, 6, 7, 2),
    )
    case("Conv2D", {"filters": 4, "kernel_size": 3, "groups": 2, "padding": padding}, (1, 4, 4, 4))
    case("DepthwiseConv2D", {"kernel_size": 3, "padding": padding}, (2, 4, 5, 2))
    case(
        "DepthwiseConv2D",
        {"kernel_size": 2, "depth_multiplier": 2, "padding": padding},
        (1, 4, 4, 3),
    )
    case("DepthwiseConv2D", {"kernel_size": 3, "strides": 2, "padding": padding}, (1, 6, 5, 2))
    case("SeparableConv2D", {"filters": 3, "kernel_size": 3, "padding": padding}, (1, 4, 5, 2))
    separable = {"filters": 2, "kernel_size": 2, "depth_multiplier": 2, "strides": 2}
    case("SeparableConv2D", {**separable, "padding": padding}, (1, 5, 4, 2))
case("Conv2D", {"filters": 5, "kernel_size": 1, "use_bias": False}, (2, 2, 3, 3))
case("Conv2D", {"filters": 3, "kernel_size": 1, "strides": 2}, (1, 4, 5, 2))
case("Conv2D", {"filters": 2, "kernel_size": 3, "activation": "sigmoid"}, (1, 4, 4, 2))
case("DepthwiseConv2D", {"kernel_size": 2, "dilation_rate": 2, "use_bias": False}, (1, 5, 5, 2))
case("DepthwiseConv1D", {"kernel_size": 3, "depth_multiplier": 2}, (2, 6, 2), optional=1)
case("SeparableConv1D", {"filters": 3, "kernel_size": 3, "padding": "same"}, (2, 6, 2), optional=1)
case("Conv3D", {"filters": 2, "kernel_size": 2, "padding": "same"}, (1, 3, 3, 3, 2), optional=1)

for padding in ("valid", "same"):
    case("Conv1DTranspose", {"filters": 2, "kernel_size": 3, "padding": padding}, (2, 4, 3))
    for kernel, stride in ((3, 2), (2, 3), (4, 2), (2, 2), (5, 3)):
        size = {"kernel_size": kernel, "strides": stride, "padding": padding}
        case("Conv1DTranspose", {"filters": 2, **size}, (1, 4, 2))
    case("Conv2DTranspose", {"filters": 2, "kernel_size": 3, "padding": padding}, (1, 3, 4, 2))
    case(
        "Conv2DTranspose",
        {"filters": 3, "kernel_size": 3, "strides": 2, "padding": padding},
        (1, 3, 3, 2),
    )
    case(
        "Conv2DTranspose",
        {"filters": 2, "kernel_size": [2, 4], "strides": [3, 2], "padding": padding},
        (1, 2, 3, 2),
    )
    extra = {"kernel_size": 3, "strides": 2, "output_padding": 1, "padding": padding}
    case("Conv1DTranspose", {"filters": 2, **extra}, (1, 4, 2))
    case("Conv2DTranspose", {"filters": 1, **extra}, (1, 3, 2, 2))
case(
    "Conv2DTranspose",
    {"filters": 2, "kernel_size": 2, "strides": 2, "use_bias": False},
    (2, 2, 2, 3),
)
case("Conv1DTranspose", {"filters": 2, "kernel_size": 3, "activation": "relu"}, (1, 4, 2))

for padding in ("valid", "same"):
    for kind, tolerance in (("Max", "one"), ("Average", "sum")):
        tol = {"tolerance": tolerance}
        # Keras gives MaxPooling a default pool_size of 2, AveragePooling none
        size = {} if kind == "Max" else {"pool_size": 2}
        case(f"{kind}Pooling1D", {**size, "padding": padding}, (2, 7, 2), **tol)
        case(
            f"{kind}Pooling1D", {"pool_size": 3, "strides": 1, "padding": padding}, (2, 6, 2), **tol
        )
        case(
            f"{kind}Pooling1D", {"pool_size": 3, "strides": 2, "padding": padding}, (1, 8, 2), **tol
        )
        case(f"{kind}Pooling2D", {**size, "padding": padding}, (2, 5, 4, 2), **tol)
        case(
            f"{kind}Pooling2D",
            {"pool_size": 3, "strides": 2, "padding": padding},
            (1, 6, 7, 2),
            **tol,
        )
        case(f"{kind}Pooling2D", {"pool_size": [2, 3], "padding": padding}, (1, 5, 7, 2), **tol)
        case(
            f"{kind}Pooling2D",
            {"pool_size": 3, "strides": 1, "padding": padding},
            (1, 4, 4, 2),
            **tol,
        )
case("MaxPooling2D", {"pool_size": 2, "strides": 3}, (1, 7, 8, 2), tolerance="one")
# all negative: a maximum that counts the padding as zero gives itself away
case(
    "MaxPooling2D",
    {"pool_size": 3, "padding": "same"},
    (1, 4, 5, 2),
    tolerance="one",
    low=-3.0,
    high=-1.0,
)
for kind, tolerance in (("Max", "one"), ("Average", "sum")):
    for keepdims in (False, True):
        kwargs = {"keepdims": True} if keepdims else {}
        case(f"Global{kind}Pooling1D", kwargs, (2, 5, 3), tolerance=tolerance)
        case(f"Global{kind}Pooling2D", kwargs, (2, 3, 4, 2), tolerance=tolerance)

case("UpSampling1D", {}, (2, 3, 2), tolerance="one")
case("UpSampling1D", {"size": 3}, (2, 3, 2), tolerance="one")
case("UpSampling2D", {}, (2, 2, 3, 2), tolerance="one")
case("UpSampling2D", {"size": [3, 2]}, (1, 2, 3, 2), tolerance="one")
case("UpSampling2D", {"interpolation": "bilinear"}, (1, 3, 4, 2))
case("UpSampling2D", {"size": [2, 3], "interpolation": "bilinear"}, (2, 3, 2, 1))
case("UpSampling2D", {"size": 4, "interpolation": "bilinear"}, (1, 2, 2, 1))
case("ZeroPadding1D", {}, (2, 3, 2), tolerance="exact")
case("ZeroPadding1D", {"padding": [2, 1]}, (2, 3, 2), tolerance="exact")
case("ZeroPadding2D", {}, (1, 2, 3, 2), tolerance="exact")
case("ZeroPadding2D", {"padding": [1, 2]}, (1, 2, 3, 2), tolerance="exact")
case("ZeroPadding2D", {"padding": [[1, 0], [2, 3]]}, (1, 2, 3, 2), tolerance="exact")
case("Cropping1D", {}, (2, 5, 2), tolerance="exact")
case("Cropping1D", {"cropping": [2, 0]}, (2, 5, 2), tolerance="exact")
case("Cropping2D", {"cropping": 1}, (1, 4, 5, 2), tolerance="exact")
case("Cropping2D", {"cropping": [1, 2]}, (1, 4, 6, 2), tolerance="exact")
case("Cropping2D", {"cropping": [[1, 0], [2, 1]]}, (1, 4, 6, 2), tolerance="exact")

for name in ("Add", "Multiply", "Average", "Maximum", "Minimum"):
    case(name, {}, (3, 4), (3, 4), tolerance="one")
    case(name, {}, (2, 3, 2), (2, 3, 2), (2, 3, 2), tolerance="one")
    case(name, {}, (2, 3, 4), (2, 1, 4), tolerance="one")
case("Add", {}, (2, 3, 4), (2, 4), tolerance="one", optional=1)
case("Subtract", {}, (3, 4), (3, 4), tolerance="one")
case("Subtract", {}, (2, 3, 4), (2, 1, 4), tolerance="one")
case("Concatenate", {}, (3, 2), (3, 4), tolerance="exact")
case("Concatenate", {"axis": 1}, (2, 3, 4), (2, 1, 4), (2, 2, 4), tolerance="exact")
case("Concatenate", {"axis": -2}, (2, 3, 4), (2, 1, 4), tolerance="exact")
case("Dot", {"axes": 1}, (3, 4), (3, 4))
case("Dot", {"axes": -1, "normalize": True}, (3, 4), (3, 4), tolerance="normal")
case("Dot", {"axes": [2, 1]}, (2, 3, 4), (2, 4, 5))
case("Dot", {"axes": [1, 2]}, (2, 4, 3), (2, 5, 4))
case("Dot", {"axes": 2}, (2, 3, 4), (2, 5, 4))
case("Dot", {"axes": [2, 1], "normalize": True}, (2, 3, 4), (2, 4, 2), tolerance="normal")

case("Rescaling", {"scale": 0.00392156862745098}, (3, 4), tolerance="one", low=0.0, high=255.0)
case("Rescaling", {"scale": 2.0, "offset": -1.0}, (3, 4), tolerance="one")
normal = {"tolerance": "normal"}
case("Normalization", {}, (4, 3), adapt=(6, 3), **normal)
case("Normalization", {"invert": True}, (4, 3), adapt=(6, 3), **normal)
case("Normalization", {"axis": None}, (4, 3), adapt=(6, 3), **normal)
case("Normalization", {"axis": 1}, (2, 3, 2), adapt=(4, 3, 2), **normal)
case("Normalization", {"axis": [1, 2]}, (2, 3, 2), adapt=(5, 3, 2), **normal)
case("Normalization", {"axis": -1}, (1, 2, 2, 3), adapt=(2, 2, 2, 3), **normal)
case("Normalization", {"mean": [1.0, -2.0, 0.5], "variance": [4.0, 0.25, 1.0]}, (4, 3), **normal)
case("Normalization", {"mean": 0.5, "variance": 0.0, "axis": None}, (4, 3), **normal)
case(
    "Normalization", {"mean": 3.0, "variance": 2.0, "axis": None, "invert": True}, (4, 3), **normal
)

case("ReLU", {}, (3, 4), tolerance="one")
case("ReLU", {"max_value": 1.0}, (3, 6), tolerance="one")
case("ReLU", {"negative_slope": 0.2}, (3, 4), tolerance="one")
case("ReLU", {"threshold": 0.5}, (3, 6), tolerance="one")
case("ReLU", {"max_value": 1.5, "negative_slope": 0.1, "threshold": 0.25}, (4, 6), tolerance="one")
case("LeakyReLU", {}, (3, 4), tolerance="one")
case("LeakyReLU", {"negative_slope": 0.01}, (3, 4), tolerance="one")
case("PReLU", {}, (3, 4), tolerance="one")
case("PReLU", {"shared_axes": [1]}, (2, 3, 4), tolerance="one")
case("PReLU", {"shared_axes": [1, 2]}, (2, 3, 3, 2))
case("ELU", {}, (3, 4), tolerance="one")
case("ELU", {"alpha": 0.5}, (3, 4), tolerance="one")
case("Softmax", {}, (3, 4), tolerance="sum")
case("Softmax", {"axis": 1}, (2, 3, 4), tolerance="sum")
case("Softmax", {"axis": [1, 2]}, (2, 3, 4), tolerance="sum")

# recurrent and attention layers: judged where the library has them
for name in ("SimpleRNN", "LSTM", "GRU"):
    case(name, {"units": 3}, (2, 4, 2), optional=1)
    case(name, {"units": 2, "return_sequences": True}, (2, 4, 3), optional=1)
    backwards = {"units": 2, "go_backwards": True, "return_sequences": True}
    case(name, backwards, (1, 3, 2), optional=1)
    case(name, {"units": 2, "use_bias": False}, (1, 3, 2), optional=1)
case("GRU", {"units": 2, "reset_after": False}, (1, 4, 2), optional=1)
heads = {"num_heads": 2, "key_dim": 3}
case("MultiHeadAttention", heads, (2, 3, 4), (2, 5, 4), optional=1, tolerance="normal")
case(
    "MultiHeadAttention",
    {**heads, "use_bias": False},
    (1, 3, 4),
    (1, 3, 4),
    optional=1,
    tolerance="normal",
)
case("Attention", {}, (2, 3, 4), (2, 5, 4), optional=1)
case("AdditiveAttention", {}, (2, 3, 4), (2, 5, 4), optional=1)


def average_same(x, size, stride):
    """Average over the real samples of each window; an odd sample of padding goes on the right."""
    out = -(-x.shape[1] // stride)
    left = max((out - 1) * stride + size - x.shape[1], 0) // 2
    starts = [stride * i - left for i in range(out)]
    return torch.stack([x[:, max(s, 0) : s + size].mean(1) for s in starts], 1)


def cross_check():
    """PyTorch's own layers, in their own layout, must agree where they can express a case."""
    done = 0
    for c in CASES:
        if "inputs" not in c or (c["class"] == "AveragePooling1D" and not JAX):
            continue  # Keras 3.15 on PyTorch pads "same" averages on the wrong side
        t = [torch.tensor(np.asarray(x, "float64")) for x in c["inputs"]]
        w = [torch.tensor(np.asarray(x, "float64")) for x in c["weights"] or []]
        x, k, name = t[0], c["kwargs"], c["class"]
        last = (0, -1, *range(1, x.ndim - 1))  # channels to PyTorch's place
        back = (0, *range(2, x.ndim), 1)
        if name == "Dense" and "activation" not in k:
            y = F.linear(x, w[0].T, w[1] if len(w) > 1 else None)
        elif (
            name in ("Conv1D", "Conv2D") and k.get("padding") != "causal" and "activation" not in k
        ):
            f = getattr(F, name.lower())
            if k.get("padding") == "same" and k.get("strides", 1) != 1:
                continue  # PyTorch refuses this one
            kernel = w[0].permute(-1, -2, *range(w[0].ndim - 2))
            y = (
                f(
                    x.permute(last),
                    kernel,
                    w[1] if len(w) > 1 else None,
                    padding=k.get("padding", 0),
                    stride=tuples(k).get("strides", 1),
                    dilation=k.get("dilation_rate", 1),
                    groups=k.get("groups", 1),
                ).permute(back)
                if k.get("padding") != "valid"
                else f(
                    x.permute(last),
                    kernel,
                    w[1],
                    stride=tuples(k).get("strides", 1),
                    dilation=k.get("dilation_rate", 1),
                    groups=k.get("groups", 1),
                ).permute(back)
            )
        elif (
            name.endswith("Transpose")
            and k.get("padding", "valid") == "valid"
            and not {"output_padding", "activation"} & set(k)
        ):
            f = F.conv_transpose1d if "1D" in name else F.conv_transpose2d
            kernel = w[0].permute(-1, -2, *range(w[0].ndim - 2))
            y = f(
                x.permute(last), kernel, w[1] if len(w) > 1 else None, tuples(k).get("strides", 1)
            ).permute(back)
            if y.shape != np.shape(c["output"]):
                continue  # Keras pads the output where the stride exceeds the kernel
        elif name == "LayerNormalization" and not {"axis", "center", "scale"} & set(k):
            y = F.layer_norm(x, x.shape[-1:], w[0], w[1], k.get("epsilon", 1e-3))
        elif name == "LayerNormalization" and k == {"axis": 1}:
            y = F.layer_norm(x.movedim(1, -1), (x.shape[1],), w[0], w[1], 1e-3).movedim(-1, 1)
        elif name == "AveragePooling1D" and k["padding"] == "same":
            y = average_same(x, k["pool_size"], k.get("strides", k["pool_size"]))
        elif name == "GroupNormalization" and not {"center", "scale"} & set(k) and k["groups"] > 0:
            y = F.group_norm(
                x.permute(last), k["groups"], w[0], w[1], k.get("epsilon", 1e-3)
            ).permute(back)
        elif name == "RMSNormalization" and "axis" not in k:
            y = F.rms_norm(x, x.shape[-1:], w[0], k.get("epsilon", 1e-6))
        elif name == "BatchNormalization" and not {"axis", "center", "scale", "trainable"} & set(k):
            flat = x.permute(last) if x.ndim > 2 else x
            y = F.batch_norm(
                flat,
                w[2].clone(),
                w[3].clone(),
                w[0],
                w[1],
                c["training"],
                0.0,
                k.get("epsilon", 1e-3),
            )
            y = y.permute(back) if x.ndim > 2 else y
        elif name == "Embedding":
            y = F.embedding(x.long(), w[0])
        elif name == "MaxPooling2D" and k.get("padding", "valid") == "valid":
            size = tuples(k).get("pool_size", 2)
            y = F.max_pool2d(x.permute(last), size, k.get("strides", size)).permute(back)
        elif name == "LSTM" and k == {"units": 3}:
            cell = torch.nn.LSTM(2, 3, batch_first=True, dtype=torch.float64)
            with torch.no_grad():
                cell.weight_ih_l0.copy_(w[0].T)
                cell.weight_hh_l0.copy_(w[1].T)
                cell.bias_ih_l0.copy_(w[2])
                cell.bias_hh_l0.zero_()
                y = cell(x)[0][:, -1]
        else:
            continue
        np.testing.assert_allclose(y.numpy(), c["output"], rtol=1e-9, atol=1e-9, err_msg=c["id"])
        done += 1
    print(f"PyTorch's own layers agree in {done} cases")


cross_check()
finish("layers", TOLERANCES, CASES)

"""Write ops_nn.json: Keras's ops beside its NumPy family, see `op_cases.py`."""

import math

from op_cases import array, case, floats, function, ints, write

X = floats(3, 4)
POSITIVE = floats(2, 3, low=0.1, high=2.0)
SQUARE = array([[4.0, 1.0, -0.5], [0.5, 3.0, 0.25], [1.0, -1.0, 2.0]])
TWO = array([[[4.0, 1.0], [0.5, 3.0]], [[1.0, 2.0], [-2.0, 0.5]]])
DEFINITE = array([[4.0, 1.0, 0.5], [1.0, 3.0, -0.5], [0.5, -0.5, 2.0]])
LOWER = array([[2.0, 0.0, 0.0], [0.5, 1.5, 0.0], [0.25, -0.5, 1.0]])
WIDE = array([[3.0, 0.5, -1.0, 0.25], [0.5, 2.0, 0.75, -0.5], [1.0, -0.25, 1.0, 0.5]])
IMAGES = floats(2, 5, 4, 2)
SHAPES = {"channels_last": IMAGES, "channels_first": IMAGES.transpose(0, 3, 1, 2)}

# --- activations ---
for name in (
    "relu", "relu6", "sigmoid", "sparse_sigmoid", "softplus", "softsign", "soft_shrink",
    "sparse_plus", "silu", "swish", "squareplus", "log_sigmoid", "leaky_relu", "hard_sigmoid",
    "hard_silu", "hard_swish", "elu", "selu", "gelu", "celu", "tanh_shrink", "hard_tanh",
    "hard_shrink", "softmax", "log_softmax", "glu",
):  # fmt: skip
    case(name, X)
case("gelu", X, approximate=False)
case("soft_shrink", X, threshold=0.75)
case("hard_shrink", X, threshold=0.75)
case("threshold", X, 0.5, -1.0)
case("squareplus", X, b=1)
case("leaky_relu", X, negative_slope=0.3)
case("elu", X, alpha=0.5)
case("celu", X, alpha=2.0)
case("glu", X, axis=1)
case("softmax", X, axis=0)
case("log_softmax", X, axis=0)

# --- classes and losses ---
case("one_hot", ints(2, 3), 5)
case("one_hot", ints(4), 3, axis=0, dtype="int32")
case("one_hot", array([-1, 7, 1], "int32"), num_classes=3)
case("multi_hot", ints(3), num_classes=5)
case("multi_hot", ints(2, 3), 5, dtype="int32")
P, T = floats(3, 4, low=0.05, high=0.95), floats(3, 4, seed=1, low=0.0, high=1.0)
case("binary_crossentropy", T, P)
case("binary_crossentropy", T, X, from_logits=True)
case("categorical_crossentropy", T, P)
case("categorical_crossentropy", T, X, from_logits=True)
case("categorical_crossentropy", T, P, axis=0)
case("sparse_categorical_crossentropy", ints(3, high=4), P)
case("sparse_categorical_crossentropy", ints(3, 1, high=4), X, from_logits=True)
case("psnr", P, T, 1.0)
case("in_top_k", ints(3, high=4), X, k=2)
case("top_k", X, 2)
case("ctc_loss", array([[1, 2, 1], [2, 0, 0]], "int32"), floats(2, 5, 3),
     array([3, 1], "int32"), array([5, 4], "int32"), tolerance="wide")  # fmt: skip
case("ctc_decode", floats(2, 5, 3), array([5, 4], "int32"), traced=False, grad=False)

# --- normalisation ---
case("moments", X, axes=[0])
case("moments", floats(2, 3, 4), axes=[0, 2], keepdims=True)
V = floats(4, seed=2, low=0.5, high=2.0)
case("batch_normalization", X, floats(4, seed=1), V, axis=-1)
case("batch_normalization", floats(2, 3, 4), floats(3, seed=1), floats(3, low=0.5, high=2.0), 1,
     offset=floats(3, seed=3), scale=floats(3, seed=4), epsilon=0.01)  # fmt: skip
case("layer_normalization", X, tolerance="wide")
case("layer_normalization", X, floats(4, seed=1), floats(4, seed=2), tolerance="wide")
case("layer_normalization", floats(2, 3, 4), floats(3, 4), None, axis=[1, 2], epsilon=1e-3,
     tolerance="wide")  # fmt: skip
case("rms_normalization", X, tolerance="wide")
case("rms_normalization", X, floats(4, seed=1), axis=-1, epsilon=0.1)
case("normalize", X)
case("normalize", X, axis=0, order=1)
case("normalize", X, order=3, epsilon=1e-3)

# --- convolution and pooling ---
for form, x in SHAPES.items():  # with strides, for Keras on JAX fails to make them of pool_size
    kernel = floats(3, 2, 2, 3, seed=1)
    case("conv", x, kernel, data_format=form)
    case("conv", x, kernel, strides=2, padding="same", data_format=form)
    case("depthwise_conv", x, floats(2, 2, 2, 2), padding="same", data_format=form)
    case("separable_conv", x, floats(2, 2, 2, 2), floats(1, 1, 4, 3), strides=2, data_format=form)
    case("conv_transpose", x, floats(3, 3, 3, 2), strides=2, data_format=form)
    case("conv_transpose", x, floats(2, 2, 3, 2), padding="same", data_format=form)
    case("max_pool", x, 2, 2, data_format=form)
    case("max_pool", x, (3, 2), strides=1, padding="same", data_format=form)
    case("average_pool", x, 2, 2, data_format=form)
    case("average_pool", x, 3, 2, "same", data_format=form)
    case("adaptive_average_pool", x, (2, 3), data_format=form)
    case("adaptive_max_pool", x, 2, data_format=form)
case("conv", floats(1, 5, 4), floats(2, 2, 6), dilation_rate=2)
case("conv", floats(1, 3, 3, 3, 1), floats(2, 2, 2, 1, 2))
case("max_pool", floats(2, 6, 1), 3, 3)
case("average_pool", floats(1, 4, 4, 2, 1), (2, 2, 1), (2, 1, 1))
case("adaptive_average_pool", floats(1, 5, 2), 2)
case("dot_product_attention", floats(1, 3, 2, 4), floats(1, 5, 2, 4), floats(1, 5, 2, 4, seed=1))
case("dot_product_attention", floats(1, 3, 2, 4), floats(1, 3, 2, 4, seed=1), floats(1, 3, 2, 4),
     scale=0.3, is_causal=True)  # fmt: skip
case("unfold", floats(1, 2, 4, 5), (2, 3))
case("unfold", floats(1, 2, 4, 5), 2, dilation=2, padding=1, stride=2)
case("fold", floats(1, 12, 9), (4, 5), (2, 3))
case("fold", floats(1, 8, 6), (4, 5), 2, dilation=2, padding=1, stride=2)
case("depth_to_space", floats(1, 2, 3, 8), 2, tolerance="same")
case("depth_to_space", floats(1, 8, 2, 3), 2, data_format="channels_first", tolerance="same")
case("space_to_depth", floats(1, 4, 6, 2), 2, tolerance="same")
case("space_to_depth", floats(1, 2, 4, 6), 2, data_format="channels_first", tolerance="same")

# --- parts and folds ---
case("scatter", array([[0, 1], [1, 1], [0, 1]], "int32"), floats(3), (2, 3))
case("scatter", array([[0], [2]], "int32"), floats(2, 3), (4, 3))
case("scatter_update", floats(4, 3), array([[0, 1], [3, 2]], "int32"), floats(2, seed=1))
for reduction in ("add", "max", "min", "mul"):
    case("scatter_update", floats(4), array([[0], [2], [0]], "int32"), floats(3, seed=1),
         reduction=reduction, grad=reduction != "mul")  # fmt: skip
case("slice", floats(3, 4), (1, 1), (2, 3), tolerance="same")
case("slice", floats(3, 4), array([1, 0], "int32"), (2, 2), tolerance="same")
case("slice_update", floats(3, 4), (1, 2), floats(2, 2, seed=1), tolerance="same")
case("unstack", floats(3, 2), axis=1, tolerance="same")
case("unstack", floats(3, 2), 3, tolerance="same")
case("rearrange", floats(2, 4, 3), "a (b c) d -> (a c) d b", b=2, tolerance="same")
IDS = array([2, 0, 2, 1, 0], "int32")
for name in ("segment_sum", "segment_max", "segment_min", "segment_prod"):
    grad = name != "segment_prod"  # of which JAX has none
    case(name, floats(5, 2), IDS, num_segments=4, grad=grad)
    case(name, floats(5), array([0, 0, 1, 1, 2], "int32"), 3, sorted=True, grad=grad)
case("segment_sum", ints(5), IDS, num_segments=3)
case("stop_gradient", X, tolerance="same")
case("cast", X, "int32")

# --- control flow ---
case("cond", array(True, "bool"), function("constant_one"), function("constant_two"), grad=False)
case("switch", array(1, "int32"), [function("double"), function("squared")], floats(3))
case("while_loop", function("below_four"), function("counted_double"),
     (array(0, "int32"), floats(2)), grad=False, traced=False)  # fmt: skip
case("fori_loop", 0, 3, function("plus_index"), floats(2))
case("map", function("squared"), floats(3, 2))
case("vectorized_map", function("squared"), floats(3, 2))
case("scan", function("running"), floats(2), floats(3, 2, seed=1))
case("associative_scan", function("added"), floats(5))
case("associative_scan", function("multiplied"), floats(2, 4), reverse=True, axis=1)
case("jvp", function("squared"), (floats(3),), (floats(3, seed=1),), grad=False)

# --- Fourier ---
PAIR = (floats(2, 6), floats(2, 6, seed=1))
case("fft", PAIR, tolerance="wide")
case("fft2", (floats(3, 4), floats(3, 4, seed=1)), tolerance="wide")
case("ifft2", (floats(3, 4), floats(3, 4, seed=1)), tolerance="wide")
case("rfft", floats(2, 6), tolerance="wide")
case("rfft", floats(2, 5), fft_length=8, tolerance="wide")
case("rfft", floats(2, 7), 4, tolerance="wide")
case("irfft", (floats(2, 4), floats(2, 4, seed=1)), tolerance="wide")
case("irfft", (floats(2, 4), floats(2, 4, seed=1)), fft_length=9, tolerance="wide")
case("irfft", (floats(2, 4), floats(2, 4, seed=1)), 5, tolerance="wide")
case("stft", floats(2, 16), 4, 2, 4, tolerance="wide")
case("stft", floats(16), 3, 2, 6, window="hamming", center=False, tolerance="wide")
case("stft", floats(12), 4, 3, 5, window=None, tolerance="wide")
case("istft", (floats(2, 5, 3), floats(2, 5, 3, seed=1)), 4, 2, 4, tolerance="wide")
case("istft", (floats(4, 4), floats(4, 4, seed=1)), 4, 2, 6, length=8, window="hamming",
     tolerance="wide")  # fmt: skip
case("istft", (floats(4, 3), floats(4, 3, seed=1)), 4, 2, 4, window=None, center=False,
     tolerance="wide")  # fmt: skip
case("extract_sequences", floats(2, 7), 3, 2, tolerance="same")
case("logsumexp", X)
case("logsumexp", X, axis=0, keepdims=True)
case("erf", X)
case("erfc", X)
case("erfinv", floats(2, 3, low=-0.9, high=0.9), tolerance="wide")
case("rsqrt", POSITIVE)
case("cdist", floats(3, 2), floats(4, 2, seed=1))

# --- linear algebra ---
case("det", SQUARE)
case("det", TWO)
case("slogdet", SQUARE)
case("logdet", DEFINITE)
case("inv", TWO)
case("solve", SQUARE, floats(3, 2))
case("solve", SQUARE, floats(3))
case("solve_triangular", LOWER, floats(3, 2), lower=True)
case("solve_triangular", SQUARE, floats(3, 2))
case("cholesky", DEFINITE)
case("cholesky", DEFINITE, upper=True)
case("cholesky_inverse", LOWER)
case("cholesky_inverse", array(LOWER.T), upper=True)
case("lu_factor", SQUARE)
case("qr", SQUARE, tolerance="wide")
case("qr", array(WIDE.T), tolerance="wide")
case("qr", SQUARE, mode="complete", tolerance="wide")
case("svd", WIDE, full_matrices=False, compute_uv=False, tolerance="wide")
case("eigh", DEFINITE, grad=False, tolerance="wide")
case("lstsq", array(WIDE.T), floats(4), tolerance="wide")
case("lstsq", array(WIDE.T), floats(4, 2), tolerance="wide")
case("pinv", WIDE, tolerance="wide")
case("matrix_rank", array([[1.0, 2.0], [2.0, 4.0]]))
case("matrix_rank", SQUARE)
case("norm", X)
case("norm", floats(4))
for ord in (1, 2, 3, math.inf, -math.inf, 0):
    case("norm", X, ord=ord, axis=1, grad=ord != 0)
for ord in ("fro", "nuc", 1, -1, 2, -2):
    case("norm", SQUARE, ord=ord, axis=(0, 1), tolerance="wide")
case("norm", X, axis=0, keepdims=True)
case("norm", floats(2, 3, 3), ord="nuc", axis=(1, 2), keepdims=True, tolerance="wide")

# --- images ---
RGB = floats(2, 3, 4, 3, low=0.05, high=0.95)
case("image.rgb_to_grayscale", RGB)
case("image.rgb_to_grayscale", array(RGB[0].transpose(2, 0, 1)), data_format="channels_first")
case("image.rgb_to_hsv", RGB)
case("image.hsv_to_rgb", RGB)
case("image.hsv_to_rgb", array(RGB.transpose(0, 3, 1, 2)), data_format="channels_first")
for how in ("nearest", "bilinear", "bicubic", "lanczos3"):
    case("image.resize", IMAGES, (3, 6), interpolation=how, tolerance="wide")
case("image.resize", array(IMAGES[0]), (2, 2), antialias=True, tolerance="wide")
case("image.resize", IMAGES, (4, 6), crop_to_aspect_ratio=True)
case("image.resize", IMAGES, (4, 6), pad_to_aspect_ratio=True, fill_value=0.5)
case("image.resize", SHAPES["channels_first"], (3, 6), data_format="channels_first")
TURN = [0.9, -0.3, 1.1, 0.4, 1.05, -0.65, 0.0, 0.0]  # a list: no gradient of what is not read
for mode in ("constant", "nearest", "wrap", "mirror", "reflect"):
    case("image.affine_transform", array(IMAGES[:1]), [TURN], fill_mode=mode,
         tolerance="wide")  # fmt: skip
case("image.affine_transform", array(IMAGES[0]), TURN, "nearest", fill_value=0.5)
CORNERS = array([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0], [3.0, 4.0]])
MOVED = array([[0.3, 0.2], [2.6, -0.4], [0.1, 3.7], [3.3, 4.2]])
case("image.perspective_transform", array(IMAGES[0]), CORNERS, MOVED, tolerance="wide", grad=False)
case("image.perspective_transform", IMAGES, array([CORNERS, MOVED]), array([MOVED, CORNERS]),
     fill_value=0.5, tolerance="wide", grad=False)  # fmt: skip
PLACES = array([[-1.3, 0.2, 2.7, 5.1], [0.4, -0.6, 1.5, 3.8]])
for mode in ("constant", "nearest", "wrap", "mirror", "reflect"):
    case("image.map_coordinates", floats(4, 3), PLACES, 1, fill_mode=mode, tolerance="wide")
case("image.map_coordinates", floats(4, 3), PLACES, 0, fill_mode="nearest")
case("image.map_coordinates", floats(4), array([[0.3, 2.6, 3.4]]), 1, fill_value=0.5)
case("image.crop_images", IMAGES, 1, 1, 0, 2)
case("image.crop_images", IMAGES, top_cropping=1, left_cropping=0, target_height=2, target_width=3)
case("image.pad_images", IMAGES, 1, 0, 2, 1)
case("image.pad_images", array(IMAGES[0]), bottom_padding=1, right_padding=2, target_height=8,
     target_width=9)  # fmt: skip
case("image.extract_patches", IMAGES, (2, 2))
case("image.extract_patches", IMAGES, 3, strides=1, padding="same")
case("image.extract_patches", array(IMAGES[0]), (2, 3), strides=(1, 1), dilation_rate=1)
case("image.extract_patches_3d", floats(1, 3, 4, 4, 1), 2)
case("image.gaussian_blur", IMAGES, data_format="channels_last")
case("image.gaussian_blur", IMAGES, (3, 5), (0.7, 1.5), data_format="channels_last")
case("image.scale_and_translate", IMAGES, (2, 7, 5, 2), array([1.3, 0.8]), array([0.5, -0.25]),
     (1, 2), "linear", tolerance="wide")  # fmt: skip
case("image.scale_and_translate", IMAGES, (2, 4, 4, 2), array([0.6, 1.0]), array([0.0, 0.3]),
     (1, 2), "cubic", antialias=False, tolerance="wide")  # fmt: skip
case("image.scale_and_translate", IMAGES, (2, 8, 4, 2), array([1.7]), array([0.1]), (1,),
     "lanczos3", tolerance="wide")  # fmt: skip
case("image.sobel_edges", IMAGES, data_format="channels_last")
case("image.ssim", RGB, array(RGB[::-1]), filter_size=3, data_format="channels_last",
     tolerance="wide")  # fmt: skip
case("image.ssim", array(RGB[0]), array(RGB[1]), 2.0, 2, 1.0, tolerance="wide")

if __name__ == "__main__":
    write("ops_nn")

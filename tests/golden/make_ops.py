"""Write ops.json: NumPy's family of functions in Keras, one line a case; see op_cases.py.

    KERAS_BACKEND=jax python tests/golden/make_ops.py

Values that Keras draws or that depend on its backend have no case. `here=` says where our result
is of another type on purpose: sums of integers are int64, and so on (docs/decisions/002).
"""

import math

from op_cases import array, bools, case, floats, ints, write

INF, NAN = math.inf, math.nan
SPECIAL = array([-INF, -1.5, -0.0, 0.0, 0.5, INF, NAN])
HOLES = array([[1.0, NAN, 3.0], [4.0, 0.5, NAN], [2.0, 7.0, -1.0]])
BYTES, MORE = ints(2, 3, high=200, dtype="uint8"), ints(3, seed=1, high=200, dtype="uint8")

# --- functions of one number -----------------------------------------------------------------
ANY = [
    "arctan",
    "arcsinh",
    "cbrt",
    "ceil",
    "cos",
    "cosh",
    "deg2rad",
    "exp",
    "exp2",
    "expm1",
    "floor",
    "negative",
    "rad2deg",
    "round",
    "sign",
    "sin",
    "sinc",
    "sinh",
    "square",
    "tan",
    "tanh",
    "trunc",
    "abs",
    "absolute",
    "fabs",
    "isfinite",
    "isinf",
    "isnan",
    "isneginf",
    "isposinf",
    "signbit",
    "real",
    "imag",
    "conj",
    "conjugate",
    "isreal",
    "angle",
    "nan_to_num",
    "reciprocal",
    "i0",
    "copy",
]
for name in ANY:
    case(name, floats(2, 3))
    case(name, SPECIAL, grad=False)
for name in ("log", "log2", "log10", "log1p", "sqrt"):
    case(name, floats(2, 3, low=0.3, high=3))
    case(name, SPECIAL, grad=False)
for name, low, high in (
    ("arcsin", -1, 1),
    ("arccos", -1, 1),
    ("arctanh", -1, 1),
    ("arccosh", 1, 4),
):
    case(name, floats(2, 3, low=low, high=high))
    case(name, SPECIAL, grad=False)
for name in ("cos", "sqrt", "exp", "floor", "ceil", "trunc", "round", "sign", "abs", "negative",
             "square", "arctan", "log1p", "isnan", "isfinite", "exp2", "cbrt", "deg2rad", "angle",
             "real", "imag"):  # fmt: skip
    case(name, ints(2, 3))
case("round", floats(2, 3, low=-20, high=20), decimals=1, tolerance="wide", grad=False)
case("round", array([14.0, -26.0, 35.0]), -1, grad=False)
case("nan_to_num", SPECIAL, nan=7.0, posinf=8.0, neginf=-9.0, grad=False)
case("logical_not", bools(2, 3))
case("logical_not", floats(2, 3), grad=False)
case("bitwise_not", ints(2, 3, low=-5))
case("bitwise_invert", BYTES)
case("clip", floats(2, 3), -1.0, 0.5)
case("clip", floats(2, 3), x_min=floats(3, low=-1.9, high=0.05), x_max=1.0)
case("clip", ints(2, 3), 1, 3)
case("saturate_cast", array([-3.7, 1.2, 300.0]), "uint8", grad=False)
case("saturate_cast", ints(3, low=-100, high=500), "uint8")
case("cast", floats(2, 3), "int32", grad=False)
case("cast", ints(2, 3), "float32")

# --- functions of two ------------------------------------------------------------------------
for name in [
    "add",
    "subtract",
    "multiply",
    "maximum",
    "minimum",
    "arctan2",
    "hypot",
    "logaddexp",
    "logaddexp2",
    "fmax",
    "fmin",
    "divide",
    "true_divide",
    "divide_no_nan",
    "fmod",
    "mod",
    "equal",
    "not_equal",
    "less",
    "less_equal",
    "greater",
    "greater_equal",
    "isclose",
    "heaviside",
]:
    case(name, floats(2, 3), floats(3, seed=1))
    case(name, x1=floats(2, 1), x2=floats(3, seed=2))
for name in [
    "add",
    "subtract",
    "multiply",
    "maximum",
    "minimum",
    "equal",
    "less",
    "mod",
    "floor_divide",
    "power",
]:
    case(name, ints(2, 3, low=1), ints(3, seed=1, low=1))
    case(name, ints(2, 3, low=1), floats(3, seed=1, low=0.5, high=2))
case("divide", ints(2, 3), ints(3, seed=1, low=1))
case("floor_divide", floats(2, 3), floats(3, seed=1), grad=False)
case("power", floats(2, 3, low=0.5, high=2), floats(3, seed=1))
case("power", floats(2, 3), 2)
case("power", x1=ints(2, 3, low=-3), x2=3)
case("divide_no_nan", floats(3), array([1.0, 0.0, -2.0]))
case("fmax", SPECIAL, SPECIAL[::-1].copy(), grad=False)
case("fmin", SPECIAL, SPECIAL[::-1].copy(), grad=False)
case("logaddexp", SPECIAL, SPECIAL[::-1].copy(), grad=False)
case("heaviside", array([-1.0, 0.0, 2.0]), 0.5, grad=False)
case("isclose", array([1.0, NAN, INF]), array([1.00001, NAN, INF]), equal_nan=True, grad=False)
case("isclose", floats(3), floats(3, seed=1), rtol=0.5, atol=0.1, grad=False)
case("nextafter", floats(2, 3), floats(3, seed=1), grad=False)
case("nextafter", x1=floats(2, 1), x2=floats(3, seed=2), grad=False)
case("allclose", floats(3), floats(3), traced=False)
case("allclose", floats(3), floats(3, seed=4), rtol=1e-3, traced=False)
case("ldexp", floats(2, 3), ints(3))
case("gcd", ints(2, 3, high=40), ints(3, seed=1, high=40))
case("lcm", ints(2, 3, high=40), ints(3, seed=1, high=40))
for name in ("bitwise_and", "bitwise_or", "bitwise_xor"):
    case(name, ints(2, 3, low=-9, high=9), ints(3, seed=1, high=9))
    case(name, BYTES, MORE)
    case(name, x=bools(2, 3), y=bools(3, seed=1))
for name in ("left_shift", "bitwise_left_shift", "right_shift", "bitwise_right_shift"):
    case(name, ints(2, 3, low=-9, high=9), ints(3, seed=1))
for name in ("logical_and", "logical_or", "logical_xor"):
    case(name, bools(2, 3), bools(3, seed=1))
    case(name, ints(2, 3, high=2), floats(3), grad=False)
case("where", bools(2, 3), floats(2, 3), floats(3, seed=1))
case("where", ints(2, 3, high=2), x1=ints(2, 3), x2=1.5, grad=False)
case("where", bools(2, 3), traced=False)
case(
    "select", [bools(2, 3), bools(2, 3, seed=1)], [floats(2, 3), floats(2, 3, seed=1)], default=7.0
)

# --- making tensors --------------------------------------------------------------------------
case("arange", 5)
case("arange", 1, 7, 2)
case("arange", 0.0, 1.0, step=0.25)
case("arange", 3, dtype="float32")
case("zeros", (2, 3))
case("ones", (2, 3), "int32")
case("empty", (2, 0), dtype="float32")
case("full", (2, 3), 7)
case("full", (2, 3), fill_value=floats(3), dtype="float32")
case("full", (2, 3), 2.5)
case("zeros_like", floats(2, 3))
case("ones_like", ints(2, 3), dtype="float32")
case("empty_like", floats(2, 0))
case("full_like", floats(2, 3), 7.5)
case("full_like", ints(2, 3), fill_value=2)
case("eye", 3)
case("eye", 2, 4, k=1, dtype="int32")
case("eye", 3, k=-1)
case("identity", 3)
case("identity", 2, "int32")
case("tri", 3)
case("tri", 2, 4, k=1, dtype="int32")
case("linspace", 0.0, 1.0, 5)
case("linspace", 1, 2, num=4, endpoint=False)
case("linspace", floats(2), 3.0, num=3, axis=-1)
case("linspace", 0.0, 2.0, 3, retstep=True)
case("logspace", 0.0, 2.0, 4, tolerance="wide")
case("logspace", 0.0, 3.0, num=4, base=2, endpoint=False)
case("geomspace", 1.0, 1000.0, 4, tolerance="wide")
case("geomspace", -1.0, -16.0, num=3, tolerance="wide")
for name in ("bartlett", "blackman", "hamming", "hanning"):
    case(name, 5)
    case(name, 1)
case("kaiser", 5, 3.0)
case("meshgrid", floats(3), floats(2))
case("meshgrid", floats(3), ints(2), floats(2), indexing="ij")
case("vander", floats(3))
case("vander", floats(3), N=4, increasing=True)
case("array", [[1, 2], [3, 4]])
case("array", [1.5, 2.0], dtype="int32")
case("convert_to_tensor", [1.5, 2.0])
case("convert_to_tensor", ints(3), dtype="float32")
case("view", ints(2, 3), dtype="float32")
case("view", floats(2), "uint8", grad=False)

# --- asking ----------------------------------------------------------------------------------
case("shape", floats(2, 3))
case("ndim", floats(2, 3), traced=False)
case("size", floats(2, 3), traced=False)
case("is_tensor", floats(2), traced=False)
case("is_tensor", 3, traced=False)

# --- arranging -------------------------------------------------------------------------------
case("append", floats(2, 3), floats(2))
case("append", floats(2, 3), floats(1, 3), axis=0)
case("broadcast_to", floats(3), (2, 3))
case("concatenate", [floats(2, 3), floats(1, 3)])
case("concatenate", [floats(2, 3), floats(2, 1)], axis=-1)
case("concatenate", xs=[ints(2), floats(3)], axis=0)
case("stack", [floats(3), floats(3, seed=1)])
case("stack", [floats(2, 3), floats(2, 3, seed=1)], axis=-1)
case("hstack", [floats(3), floats(2)])
case("hstack", [floats(2, 3), floats(2, 1)])
case("vstack", [floats(3), floats(3, seed=1)])
case("dstack", [floats(2, 3), floats(2, 3, seed=1)])
case("split", floats(6, 2), 3)
case("split", floats(6, 2), [1, 4])
case("split", floats(2, 6), indices_or_sections=2, axis=1)
case("array_split", floats(7), 3)
case("array_split", floats(2, 5), indices_or_sections=2, axis=1)
case("hsplit", floats(2, 4), 2)
case("hsplit", floats(4), [1])
case("vsplit", floats(4, 2), 2)
case("dsplit", floats(1, 2, 4), 2)
case("expand_dims", floats(2, 3), 1)
case("expand_dims", floats(2, 3), axis=(0, -1))
case("squeeze", floats(1, 3, 1))
case("squeeze", floats(1, 3, 1), axis=0)
case("flip", floats(2, 3))
case("flip", floats(2, 3), axis=1)
case("fliplr", floats(2, 3))
case("flipud", floats(2, 3))
case("moveaxis", floats(2, 3, 4), 0, -1)
case("moveaxis", floats(2, 3, 4), source=(0, 1), destination=(-1, 0))
case("swapaxes", floats(2, 3, 4), axis1=0, axis2=2)
case("transpose", floats(2, 3))
case("transpose", floats(2, 3, 4), axes=(1, 0, 2))
case("reshape", floats(2, 3), (3, 2))
case("reshape", floats(2, 3), newshape=(-1,))
case("ravel", floats(2, 3))
case("repeat", floats(2, 3), 2)
case("repeat", floats(2, 3), 2, axis=1)
case("repeat", floats(2, 3), repeats=array([1, 2], "int32"), axis=0, traced=False)
case("tile", floats(2, 3), 2)
case("tile", floats(2, 3), repeats=(2, 1, 2))
case("roll", floats(2, 3), 1)
case("roll", floats(2, 3), shift=-1, axis=1)
case("roll", floats(2, 3), (1, 2), axis=(0, 1))
case("rot90", floats(2, 3))
case("rot90", floats(2, 3, 2), k=3, axes=(0, 2))
case("pad", floats(2, 3), 1)
case("pad", floats(2, 3), ((1, 0), (0, 2)), constant_values=3.0)
case("pad", floats(2, 3), pad_width=((1, 2), (2, 1)), mode="reflect")
case("pad", floats(2, 3), ((1, 2), (2, 1)), "symmetric")
case("pad", floats(2, 3), (1, 2), mode="edge")
case("pad", ints(5), ((2, 3),), mode="wrap")
case("tril", floats(3, 3))
case("tril", floats(2, 3, 4), k=1)
case("triu", floats(3, 3), k=-1)
case("triu", ints(2, 3, 4))
case("diag", floats(3))
case("diag", floats(3, 4), k=1)
case("diag", floats(2), k=-1)
case("diagflat", floats(2, 2), k=1)
case("diagonal", floats(3, 4))
case("diagonal", floats(2, 3, 4), offset=-1, axis1=1, axis2=2)
case("trace", floats(3, 4))
case("trace", floats(2, 3, 4), offset=1, axis1=1, axis2=2)
case("get_item", floats(3, 4), 1)

# --- looking up and ordering -----------------------------------------------------------------
case("take", floats(3, 4), ints(2, high=3), axis=0)
case("take", floats(3, 4), array([[1, -1], [0, 5]], "int32"))
case("take", floats(3, 4), 1, axis=1)
case("take_along_axis", floats(2, 3), ints(2, 2, high=3), axis=1)
case("take_along_axis", floats(2, 3), ints(4, high=6))
case("argmax", floats(2, 3))
case("argmax", floats(2, 3), axis=1, keepdims=True)
case("argmin", floats(2, 3), axis=0)
case("argmin", ints(2, 3))
case("nanargmax", HOLES, axis=1, grad=False)
case("nanargmin", HOLES, grad=False)
case("sort", floats(2, 3))
case("sort", floats(2, 3), axis=0)
case("argsort", floats(2, 3))
case("argsort", floats(2, 3), axis=0)
case("argsort", floats(2, 3), axis=None)

case("nonzero", array([[0, 1], [2, 0]], "int32"), traced=False)
case("unique", ints(8), traced=False)
case("unique", ints(8), return_index=True, return_inverse=True, return_counts=True, traced=False)
case("unique", ints(5, 2, high=2), axis=0, traced=False)
case("unique", ints(8), size=6, fill_value=-1)
case("isin", ints(2, 3), ints(2, seed=1))
case("isin", ints(2, 3), array([1, 2], "int32"), invert=True)
case("searchsorted", array([1.0, 2.0, 2.0, 5.0]), floats(2, 3, low=0, high=6), grad=False)
case("searchsorted", array([1, 2, 2, 5], "int32"), ints(6, high=7), side="right")
case("digitize", floats(2, 3), array([-1.0, 0.0, 1.0]), grad=False)
case("bincount", ints(8), traced=False)
case("bincount", ints(8), weights=floats(8), minlength=7, grad=False, traced=False)
case("histogram", array([0.1, 0.9, 1.2, 2.7, 3.3, 3.4, 0.2]), 4, grad=False)
case("histogram", floats(9), bins=3, range=(-1.0, 1.0), grad=False)
case("unravel_index", array([5, 2], "int32"), (2, 3))

# --- products --------------------------------------------------------------------------------
case("matmul", floats(2, 3), floats(3, 2))
case("matmul", x1=floats(2, 2, 3), x2=floats(3))
case("matmul", ints(2, 3), ints(3, 2), here="int64")
case("dot", floats(3), floats(3, seed=1))
case("dot", floats(2, 3), floats(3, 2))
case("dot", floats(2, 2, 3), floats(2, 3, 2))
case("dot", x1=floats(2, 3), x2=2.0)
case("inner", floats(2, 3), floats(4, 3))
case("inner", floats(3), floats(3, seed=1))
case("vdot", floats(2, 3), floats(2, 3, seed=1))
case("outer", floats(2), floats(3))
case("outer", x1=floats(2, 2), x2=floats(3))
case("tensordot", floats(2, 3, 4), floats(3, 4, 2))
case("tensordot", floats(2, 3), floats(3, 2), axes=1)
case("tensordot", floats(2, 3, 4), floats(4, 2, 5), axes=((0, 2), (1, 0)))
case("cross", floats(2, 3), floats(3, seed=1))
case("cross", floats(3, 2), floats(3, 2, seed=1), axis=0)
case("cross", floats(2), floats(2, seed=1))
case("kron", floats(2, 2), floats(1, 3))
case("kron", floats(2), floats(3, 2))
case("correlate", floats(5), floats(3))
case("correlate", floats(5), floats(3), mode="same")
case("correlate", floats(3), floats(4), "full")
case("einsum", "ij,jk->ik", floats(2, 3), floats(3, 2))
case("einsum", "bij,bj->b", floats(2, 3, 4), floats(2, 4))
case("einsum", "ii->i", floats(3, 3))
case("einsum", "...ij->...ji", floats(2, 3, 4))

# --- sums and statistics ---------------------------------------------------------------------
FOLDS = ["sum", "mean", "prod", "max", "min", "amax", "amin", "std", "var", "ptp", "median"]
for name in [*FOLDS, "nansum", "nanmean", "nanprod", "nanmax", "nanmin", "nanstd", "nanvar",
             "nanmedian"]:  # fmt: skip
    x = HOLES if name.startswith("nan") else floats(3, 3)
    case(name, x)
    case(name, x, axis=1, keepdims=True)
    case(name, floats(2, 3, 2), axis=(0, 2))
case("sum", ints(2, 3), here="int64")
case("prod", ints(2, 3, low=1), axis=0, here="int64")
case("prod", floats(2, 3), dtype="float32")
case("mean", ints(2, 3))
case("var", ints(2, 3))
case("max", floats(2, 3), axis=1, initial=1.0)
case("min", floats(2, 3), initial=-5.0)
case("all", bools(2, 3), axis=1)
case("any", floats(2, 3), axis=0, keepdims=True)
case("count_nonzero", ints(2, 3))
case("count_nonzero", ints(2, 3), axis=1)
for name in ("cumsum", "cumprod", "nancumsum", "nancumprod"):
    x = HOLES if name.startswith("nan") else floats(3, 3)
    case(name, x)
    case(name, x, axis=1)
case("cumsum", ints(2, 3), axis=0, here="int64")
case("cumprod", ints(2, 3), axis=0, dtype="float32")
case("average", floats(2, 3))
case("average", floats(2, 3), axis=1, weights=floats(3, low=0.5, high=1))
case("average", floats(2, 3), weights=floats(2, 3, low=0.5, high=1))
for name in ("quantile", "nanquantile"):
    x = HOLES if name == "nanquantile" else floats(3, 4)
    case(name, x, 0.3)
    case(name, x, array([0.25, 0.5]), axis=1)
    case(name, floats(3, 4), q=0.4, axis=(0, 1), keepdims=True)
    for method in ("lower", "higher", "nearest", "midpoint"):
        case(name, x, 0.4, axis=0, method=method)
case("percentile", floats(3, 4), 30.0, axis=1)
case("percentile", floats(5), array([10.0, 60.0]), method="nearest")
case("nanpercentile", HOLES, 30.0, axis=1)
case("diff", floats(2, 4))
case("diff", floats(4, 2), n=2, axis=0)
case("trapezoid", floats(2, 4))
case("trapezoid", floats(2, 4), x=floats(4), axis=1)
case("trapezoid", floats(4, 2), dx=0.5, axis=0)
case("corrcoef", floats(3, 5))
case("logsumexp", floats(2, 3))
case("logsumexp", floats(2, 3), axis=1, keepdims=True)

if __name__ == "__main__":
    write("ops")

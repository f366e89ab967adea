"""Products and convolutions past the sizes of blocks: right, and the same bits for any threads."""

import random

import numpy as np
import pytest

import neurona as nn
from neurona import ops
from tests.settings import threads_set_to

FORMS = {
    "forward": (lambda m, k, n: ((m, k), (k, n)), lambda a, b: a @ b),
    "input": (lambda m, k, n: ((m, k), (n, k)), lambda a, b: a @ ops.swapaxes(b, 0, 1)),
    "kernel": (lambda m, k, n: ((k, m), (k, n)), lambda a, b: ops.swapaxes(a, 0, 1) @ b),
}
# around the edges of blocks (384 steps, 384 columns, 512 rows), of tiles, and of pages
SIZES = [1, 3, 14, 33, 64, 127, 383, 384, 385, 513, 777, 1024, 1025, 1600]
PRODUCTS = [(64, 784, 1025), (513, 1025, 385), (1, 1600, 1024), (1025, 33, 1025), (385, 2050, 129)]


def operands(shapes, dtype, seed):
    rng = np.random.default_rng(seed)
    return [nn.tensor(rng.standard_normal(shape).astype(dtype)) for shape in shapes]


def by_threads(function, given):
    """The result with 1 to 4 threads, the same to the bit."""
    found = []
    for threads in (1, 2, 3, 4):
        with threads_set_to(threads):
            found.append([y.numpy() for y in nn.jit(function, engine="native")(*given)])
    for other in found[1:]:
        for a, b in zip(found[0], other, strict=True):
            assert a.tobytes() == b.tobytes()
    return found[0]


def check_product(form, m, k, n, dtype, seed):
    shapes, function = FORMS[form]
    given = operands(shapes(m, k, n), dtype, seed)
    (found,) = by_threads(lambda a, b: (function(a, b),), given)
    a, b = (x.numpy().astype("float64") for x in given)
    a = a.T if form == "kernel" else a
    b = b.T if form == "input" else b
    bound = 4 * np.finfo(dtype).eps * (np.abs(a) @ np.abs(b)) + 1e-30
    assert (np.abs(found - a @ b) <= bound * max(1, k**0.5 / 8)).all(), (form, m, k, n)


@pytest.mark.parametrize("form", FORMS)
def test_a_large_product(form):
    check_product(form, 130, 1025, 517, "float32", 0)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("form", FORMS)
def test_large_products(form, dtype):
    draw = random.Random(f"{form} {dtype}")
    drawn = [tuple(draw.choice(SIZES) for _ in range(3)) for _ in range(12)]
    for seed, (m, k, n) in enumerate(PRODUCTS + drawn):
        check_product(form, m, k, n, dtype, seed)


def check_convolution(x_shape, kernel, filters, options, dtype, seed):
    groups = options.get("groups", 1)
    w_shape = (*kernel, x_shape[-1] // groups, filters)
    x, w = operands([x_shape, w_shape], dtype, seed)

    def all_three(x, w):
        y, pull = ops.convolution(x, w, **options), lambda g: nn.grad(
            lambda x, w: (ops.convolution(x, w, **options) * g).sum(), argnums=(0, 1)
        )(x, w)  # fmt: skip
        return (y, *pull(ops.stop_gradient(y)))

    found = by_threads(all_three, [x, w])
    wide = nn.jit(all_three, engine="reference")(x.astype("float64"), w.astype("float64"))
    for y, want in zip(found, wide, strict=True):
        want = want.numpy()
        tolerance = (1e-5 if dtype == "float32" else 1e-13) * np.abs(want).max()
        np.testing.assert_allclose(y, want, rtol=0, atol=tolerance, err_msg=f"{x_shape} {kernel}")


CONVOLUTIONS = [
    ((2, 14, 14, 256), (3, 3), 256, {}),
    ((1, 56, 56, 64), (3, 3), 128, {}),
    ((2, 57, 55, 3), (7, 7), 64, {"strides": (2, 2)}),
    ((3, 28, 28, 192), (1, 1), 65, {}),
    ((2, 28, 28, 96), (3, 3), 96, {"groups": 96}),
    ((2, 29, 27, 64), (3, 3), 64, {"groups": 4, "dilation": (2, 2)}),
    ((1, 7, 7, 512), (3, 3), 512, {}),
    ((2, 1000, 40), (9,), 48, {}),
]


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", CONVOLUTIONS, ids=lambda case: "x".join(map(str, case[0])))
def test_large_convolutions(case, dtype):
    x_shape, kernel, filters, options = case
    rank = len(kernel)
    whole = {"strides": (1,) * rank, "padding": ((1, 1),) * rank, "dilation": (1,) * rank,
             "groups": 1, **options}  # fmt: skip
    check_convolution(x_shape, kernel, filters, whole, dtype, 1)

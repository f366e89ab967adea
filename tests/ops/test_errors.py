"""Every way to misuse an op, and what it says. Those of convolutions, pooling and scan stand
with their tests."""

import numpy as np
import pytest

import neurona as nn
from neurona.core.lowering import Opaque
from neurona.core.op import OPS, op
from neurona.core.shapes import same_shape
from neurona.errors import ArgumentError, DtypeError, IndexRangeError, ShapeError
from neurona.ops import comparison

o = nn.ops
A, GRID, B = np.ones((2, 3), "float32"), np.int32([[0, 1], [1, 0]]), np.array([True, False])

ROWS = [
    # shapes
    (lambda: o.add(A, np.ones((2, 2), "float32")), ShapeError,
     r"do not broadcast. Got \(2, 3\) and \(2, 2\); expected sizes that are equal or 1"),
    (lambda: A @ nn.tensor(A), ShapeError, "matmul: the inner sizes differ, 3 and 2"),
    (lambda: o.matmul(A, 2.0), ShapeError, "matmul: a scalar has no inner size"),
    (lambda: o.matrix_product(A, A[0]), ShapeError, "matmul: needs matrices"),
    (lambda: o.matrix_product(np.ones((2, 1, 3)), np.ones((3, 3, 1))), ShapeError,
     "matmul: the shapes do not broadcast"),
    (lambda: o.reshape(A, (4, -1)), ShapeError,
     r"number of elements would change. Got x \(2, 3\) with 6 elements, shape \(4, -1\)"),
    (lambda: o.reshape(A, (5,)), ShapeError, "expected sizes whose product is 6"),
    (lambda: o.reshape(A, (-1, -1)), ShapeError, "at most one size may be -1"),
    (lambda: o.reshape(A[:0], (0, -1)), ShapeError, "number of elements would change"),
    (lambda: o.transpose(A, (0, 0)), ShapeError, "axes must name each axis once"),
    (lambda: o.transpose(A, (0, 2)), ShapeError, "transpose: there is no axis 2"),
    (lambda: o.broadcast_to(A, (3,)), ShapeError, "x does not stretch to the shape"),
    (lambda: o.broadcast_to(A, (4, 3)), ShapeError, "broadcast_to: the shapes do not broadcast"),
    (lambda: o.broadcast_to(A, (2**41, 2, 3)), ShapeError, "the tensor would be too large"),
    (lambda: o.zeros((-1,)), ShapeError, "a size is never negative"),
    (lambda: o.strided_slice(A, start=(0,), stop=(1,), step=(1,)), ArgumentError, "for each axis"),
    (lambda: o.strided_slice(A, start=(0, 0), stop=(1, 4), step=(1, 1)), ShapeError,
     "outside of the axis. Got 0:4:1 of 3"),
    (lambda: o.pad(A, [(1, 1)] * 3), ShapeError, "pad: one width for each axis. Got 3 for 2 axes"),
    (lambda: o.pad(A, [(1, -1), (0, 0)]), ShapeError, "pad: a width is never negative"),
    (lambda: o.squeeze(A, 0), ShapeError, "squeeze: only axes of size 1 can go"),
    (lambda: o.concatenate([A, A[:, :2]], axis=0), ShapeError, "differ outside of axis 0"),
    (lambda: o.concatenate([]), ArgumentError, "concatenate takes at least one tensor"),
    (lambda: o.stack([A, A[0]]), ShapeError, "stack: the shapes differ"),
    (lambda: o.split(A, 2, axis=1), ShapeError, "3 does not divide into 2 equal parts"),
    (lambda: o.flip(A, 2), ShapeError,
     "flip: there is no axis 2. Got 2 axes; expected an axis from -2 to 1"),
    # axes
    (lambda: o.sum(A, axis=(0, -2)), ShapeError, "sum: an axis is named twice"),
    (lambda: o.sum(A, axis=1.5), ArgumentError, "sum: an axis is an integer. Got 1.5"),
    (lambda: o.sum(np.float32(1), axis=0), ShapeError, "Got 0 axes; expected no axis"),
    (lambda: o.max(A[:0]), ShapeError, "max: nothing has no max"),
    (lambda: o.argmin(A[:0]), ShapeError, "argmin: nothing has no argmin"),
    (lambda: o.argmax(A, axis=(0, 1)), ArgumentError, "argmax: one axis, or None for all"),
    (lambda: o.cumsum(A, axis=2), ShapeError, "cumsum: there is no axis 2"),
    (lambda: o.argsort(A, axis=2), ShapeError, "argsort: there is no axis 2"),
    # types
    (lambda: o.add(A, np.ones(3)), DtypeError,
     "add: float32 and float64 do not mix. Got float32, float64; expected one float type"),
    (lambda: o.add(B, B), DtypeError, "add: booleans have no arithmetic"),
    (lambda: o.max(B), DtypeError, "max: booleans have no max"),
    (lambda: comparison.logical_and(B, A[0]), DtypeError, "logical_and takes booleans. Got"),
    (lambda: comparison.where(A, 1.0, 2.0), DtypeError, "where: the condition is bool. Got"),
    (lambda: o.cast(A, dtype="float16"), ArgumentError, "unknown dtype. Got 'float16'"),
    (lambda: o.cast(A, dtype="floaty"), ArgumentError, "unknown dtype. Got 'floaty'"),
    (lambda: nn.tensor(["a"]), DtypeError, "a Tensor holds numbers"),
    (lambda: nn.tensor(np.ones(2, complex)), DtypeError, "Got complex128 data"),
    (lambda: nn.tensor([[1, 2], [3]]), ArgumentError, "the rows have different lengths"),
    # indices
    (lambda: o.take(A, A), DtypeError, "take: indices are integers. Got float32"),
    (lambda: o.scatter_add(A, GRID, A, axis=1), ShapeError, "one update for each index"),
    (lambda: o.scatter_add(A[0], [0], np.ones(1), axis=0), DtypeError, "are of one type"),
    (lambda: o.scatter_set(A, GRID, A, axis=1), ShapeError, "scatter_set: one update for each"),
    (lambda: o.scatter_set(A[0], [7], A[0, :1]), IndexRangeError, "scatter_set: an index is out"),
    (lambda: o.take_along_axis(A, [0, 1], axis=1), ShapeError, "as many axes in x as in"),
    (lambda: o.take_along_axis(A[:1], GRID, axis=1), ShapeError, "the other axes must agree"),
    (lambda: o.add_along_axis(A, GRID, A, axis=1), ShapeError,
     r"one update of x's type for each index. Got updates f32\[2,3\]; expected f32\[2,2\]"),
    (lambda: o.top_k(A, 4), ArgumentError, "k is out of range. Got 4; expected 1 to 3"),
    (lambda: nn.tensor(A)[0, 0, 0], ShapeError, "too many indices. Got 3; expected at most 2"),
    (lambda: nn.tensor(A)[..., ...], ArgumentError, "at most one `...`"),
    (lambda: nn.tensor(A)[1.5], DtypeError, "an index is an integer, a slice or a mask"),
    (lambda: nn.tensor(A)[True], DtypeError, "Got bool of 0 axes"),
    (lambda: nn.tensor(A)[np.array([True, False, True])], ShapeError,
     r"a mask has the shape of what it masks. Got mask \(3,\); expected \(2,\)"),
    (lambda: nn.tensor(np.ones((2, 3, 4)))[[0], :, [1]], ArgumentError, "stand side by side"),
    (lambda: nn.tensor(np.ones((2, 3, 4)))[0, :, [1]], ArgumentError, "must stand side by side"),
    (lambda: nn.tensor(np.ones((2, 3, 4)))[:, 0, ..., [1]], ArgumentError, "stand side by side"),
    (lambda: nn.tensor(A)[2], IndexError, "index 2 is out of range for axis 0 of size 2"),
    (lambda: nn.tensor(A)[[0], [3]], IndexError, "an index is out of range for an axis of size 3"),
    (lambda: nn.tensor(A)[[2]], IndexError, "take: an index is out of range. Got 2; expected -2"),
    # compositions
    (lambda: o.norm(A, ord=3), ArgumentError, "norm: unknown order. Got 3"),
    (lambda: o.einsum("ij,jk", A), ArgumentError, "one term for each operand. Got 2 terms"),
    (lambda: o.einsum("i", A), ShapeError, "the term does not fit its operand"),
    (lambda: o.einsum("ii", A), ShapeError, "einsum: the sizes of 'i' differ"),
    (lambda: o.einsum("ij->k", A), ArgumentError, "the output has an unknown letter. Got 'k'"),
    (lambda: o.einsum("ij,ij->i", A, A[:1]), ShapeError, "einsum: the sizes of 'i' differ"),
    # calls
    (lambda: o.tanh(), ArgumentError, r"tanh takes 1 tensor. Got 0; expected tanh\(x\)"),
    (lambda: o.add(1), ArgumentError, r"add takes 2 tensors. Got 1; expected add\(x1, x2\)"),
    (lambda: o.sum(A, axes=1), ArgumentError, "sum has no argument 'axes'"),
    (lambda: o.reshape(A), ArgumentError, "reshape needs the argument 'newshape'"),
    (lambda: o.zeros(1.5), ArgumentError, "a shape is made of integers. Got 1.5"),
    (lambda: len(nn.tensor(1.0)), ArgumentError, "a scalar Tensor has no length"),
    (lambda: op(shape=same_shape, lower=Opaque())(OPS["tanh"].forward), ArgumentError,
     "the op 'tanh' exists already"),
]  # fmt: skip


@pytest.mark.parametrize(("run", "error", "message"), ROWS, ids=[row[2][:50] for row in ROWS])
def test_message(run, error, message):
    with pytest.raises(error, match=message):
        run()


def test_parts_and_places():
    with pytest.raises(ShapeError) as caught:
        nn.tensor(A) @ nn.tensor(A)
    error = caught.value.within("Dense 'hidden'")
    assert str(error).splitlines() == [
        "matmul: the inner sizes differ, 3 and 2. Got x (2, 3), w (2, 3); "
        "expected x (..., K) and w (K, N).",
        "in Dense 'hidden'",
    ]

"""The functions of `ops` for matrices, as Keras has them: `ops.linalg.solve(a, b)`."""

from neurona import ops as _ops

_NAMES = [
    "cholesky", "cholesky_inverse", "det", "eig", "eigh", "inv", "jvp", "lstsq", "lu_factor",
    "matrix_rank", "norm", "pinv", "qr", "solve", "solve_triangular", "svd",
]  # fmt: skip

globals().update({name: getattr(_ops, name) for name in _NAMES})
__all__ = _NAMES

"""Constants have the digits of their own type."""

import pytest

from neurona import ops


@pytest.mark.parametrize(
    ("value", "dtype", "expected"),
    [(0.1, "float64", 0.1), (2**53 + 1, "int64", 2**53 + 1), (2.7, "int32", 2), (1, "bool", True)],
)
def test_full_keeps_every_digit(value, dtype, expected):
    made = ops.full((2,), value, dtype)
    assert made.dtype.name == dtype
    assert made.tolist() == [expected] * 2

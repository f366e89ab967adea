"""The names that NumPy and Keras use for the same operations, so that their users feel at home."""

from neurona.ops.arithmetic import abs as absolute
from neurona.ops.arithmetic import div as divide
from neurona.ops.arithmetic import div as true_divide
from neurona.ops.arithmetic import floordiv as floor_divide
from neurona.ops.arithmetic import mul as multiply
from neurona.ops.arithmetic import neg as negative
from neurona.ops.arithmetic import sub as subtract
from neurona.ops.comparison import eq as equal
from neurona.ops.comparison import ge as greater_equal
from neurona.ops.comparison import gt as greater
from neurona.ops.comparison import le as less_equal
from neurona.ops.comparison import lt as less
from neurona.ops.comparison import ne as not_equal

__all__ = [
    "absolute",
    "divide",
    "equal",
    "floor_divide",
    "greater",
    "greater_equal",
    "less",
    "less_equal",
    "multiply",
    "negative",
    "not_equal",
    "subtract",
    "true_divide",
]

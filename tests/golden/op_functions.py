"""Functions that golden cases of `ops` hand over; each takes the module of ops to write it with."""


def double(ops):
    """x -> 2 x."""
    return lambda x: ops.multiply(x, 2.0)


def inner_plus(ops):
    """Two vectors -> their inner product, plus the sum of the first."""
    return lambda x, y: ops.sum(x * y) + ops.sum(x)


def squared(ops):
    """x -> x^2."""
    return lambda x: x * x


def added(ops):
    """Two numbers -> their sum."""
    return lambda x, y: x + y


def multiplied(ops):
    """Two numbers -> their product."""
    return lambda x, y: x * y


def constant_one(ops):
    """-> a one."""
    return lambda: ops.ones((2,))


def constant_two(ops):
    """-> a two."""
    return lambda: ops.ones((2,)) * 2.0


def below_four(ops):
    """(number of the turn, x) -> whether there is another one."""
    return lambda i, x: i < 4


def counted_double(ops):
    """(number of the turn, x) -> those of the next."""
    return lambda i, x: (i + 1, x * 2.0)


def plus_index(ops):
    """(number of the turn, x) -> the next x."""
    return lambda i, x: x * 2.0 + ops.cast(i, "float32")


def running(ops):
    """(state, x) -> the next state, and a result."""
    return lambda state, x: (state * x, state + x)

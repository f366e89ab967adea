"""Random Graphs: what any program may look like, drawn by any source of integers.

Values are kept near 1, and a step that jumps (a comparison, a search, a conversion to integers)
is only taken of values that both engines compute to the bit, so that engines which round
differently must still agree on all of it.
"""

from dataclasses import dataclass

import numpy as np

import neurona.ops as o
from neurona.autodiff import grad
from neurona.core.shapes import Spec
from neurona.core.tensor import Tensor
from neurona.errors import NeuronaError
from neurona.ops.attend import attend
from neurona.ops.draw import random_unit
from neurona.ops.joining import concatenate as joined
from neurona.ops.movement import strided_slice

SIZES = [0, 1, 1, 2, 2, 3, 3, 7, 16, 17, 33, 64, 100]
LARGEST = 20_000  # elements of a tensor
INTEGERS = ["int32", "int64", "uint8"]


@dataclass
class Drawn:
    """A tensor of the graph; `exact` if all engines compute the same bits."""

    x: Tensor
    exact: bool


class Maker:
    """Draws nodes one after the other; what does not fit together is left out.

    Args:
        whole: (low, high) -> an integer from low to high.
        floatx: the float type of all floats.
    """

    def __init__(self, whole, floatx):
        self.whole, self.floatx = whole, floatx
        self.values: list[Drawn] = []

    # --- choices ---

    def one_of(self, options):
        return options[self.whole(0, len(options) - 1)]

    def flag(self):
        return bool(self.whole(0, 1))

    def shape(self, low=0, high=4):
        shape = []
        for _ in range(self.whole(low, high)):
            size = self.one_of(SIZES)
            shape.append(size if np.prod([*shape, size], dtype=int) <= LARGEST else 1)
        return tuple(shape)

    def value(self, accept=lambda d: True):
        """One of the values, the latest ones more often."""
        found = [d for d in self.values if accept(d)]
        if not found:
            return None
        return found[max(self.whole(0, len(found) - 1), self.whole(0, len(found) - 1))]

    def array(self, shape, dtype, seed):
        rng = np.random.default_rng(seed)
        if dtype == "bool":
            return rng.random(shape) < 0.5
        if dtype in INTEGERS:
            return rng.integers(0 if dtype == "uint8" else -9, 10, shape).astype(dtype)
        array = np.asarray(rng.normal(size=shape)).astype(dtype)
        if seed % 5 == 0 and array.size > 2:  # among them what is no number
            array.flat[rng.integers(array.size, size=2)] = rng.choice([np.inf, np.nan, 0.0], 2)
        if seed % 5 == 1:
            array = np.round(array)  # ties
        return array

    def dtype(self):
        return self.one_of([self.floatx] * 4 + [*INTEGERS, "bool"])

    # --- steps ---

    def step(self):
        """Add a value, or nothing if what was drawn does not fit."""
        name = self.one_of(sorted(STEPS))
        d = self.value()
        try:
            made = STEPS[name](self, d)
        except NeuronaError:
            return
        for y in made if isinstance(made, list) else [made]:
            if y is not None and y.x.size <= LARGEST:
                self.values.append(y)

    def outputs(self):
        """Some of the values: the last one, others, also twice."""
        chosen = [self.values[-1].x]
        return chosen + [self.value().x for _ in range(self.whole(0, 5))]


def is_float(d):
    return d.x.dtype.kind == "f"


def constant(m, d):
    shape = d.x.shape if m.flag() else m.shape()
    array = m.array(shape, m.dtype(), m.whole(0, 99))
    if m.whole(0, 2) == 0 and array.size:
        array = np.broadcast_to(array.reshape(-1)[0], array.shape)
    return Drawn(Tensor(array), True)


def smooth(m, d):
    if not is_float(d):
        return None
    rules = {
        "tanh": o.tanh, "sigmoid": o.sigmoid, "sin": o.sin, "cos": o.cos, "erf": o.erf,
        "exp": lambda x: o.exp(o.clip(x, -3.0, 1.0)), "square": lambda x: o.square(o.tanh(x)),
        "log1p": lambda x: o.log1p(o.abs(x)), "sqrt": lambda x: o.sqrt(o.abs(x) + 0.5),
        "rsqrt": lambda x: o.rsqrt(o.abs(x) + 0.5), "expm1": lambda x: o.expm1(o.minimum(x, 1.0)),
        "log": lambda x: o.log(o.abs(x) + 0.5), "pow": lambda x: (o.abs(x) + 0.5) ** 0.3,
        "softplus": o.softplus, "scale": lambda x: x * 0.75 + 0.25,
    }  # fmt: skip
    return Drawn(rules[m.one_of(sorted(rules))](d.x), False)


def exact_unary(m, d):
    kind = d.x.dtype.kind
    rules = [o.neg, o.abs, o.alias] if kind in "if" else [o.alias]
    if d.exact and kind == "f":
        rules += [o.sign, o.floor, o.round, o.isfinite]
    if kind == "b":
        rules += [o.logical_not]
    return Drawn(m.one_of(rules)(d.x), d.exact)


def binary(m, d):
    e = m.value(lambda e: e.x.dtype == d.x.dtype)
    x, y = (d.x, e.x) if m.flag() else (e.x, d.x)
    both = d.exact and e.exact
    if d.x.dtype.kind == "b":
        return Drawn(m.one_of([o.logical_and, o.logical_or, o.eq])(x, y), True)
    if d.x.dtype.kind == "f":
        rules = [
            lambda x, y: (x + y) * 0.5, lambda x, y: x - 0.5 * y,
            lambda x, y: o.tanh(x) * o.tanh(y), lambda x, y: x / (1.0 + y * y),
            lambda x, y: o.where(o.isfinite(x), x, y),
        ]  # fmt: skip
        if m.flag():
            return Drawn(m.one_of(rules)(x, y), False)
        return Drawn(m.one_of([o.maximum, o.minimum])(x, y), both)
    rules = [o.add, o.sub, o.mul, o.maximum, o.minimum]
    if d.x.dtype.name != "uint8":
        rules += [lambda x, y: x // (o.abs(y % 7) + 1), lambda x, y: x % (o.abs(y % 5) + 1)]
    return Drawn(m.one_of(rules)(x, y), both)


def compare(m, d):
    e = m.value(lambda e: e.x.dtype == d.x.dtype and e.exact)
    if not d.exact or e is None or d.x.dtype.kind == "b":
        return None
    return Drawn(m.one_of([o.eq, o.ne, o.lt, o.le, o.gt, o.ge])(d.x, e.x), True)


def where(m, d):
    c, e = m.value(lambda c: c.x.dtype.kind == "b"), m.value(lambda e: e.x.dtype == d.x.dtype)
    return None if c is None else Drawn(o.where(c.x, d.x, e.x), d.exact and e.exact)


def convert(m, d):
    to = m.dtype()
    if d.x.dtype.kind == "f" and to != m.floatx:
        if not d.exact:
            return None
        x = o.where(o.isfinite(d.x), o.clip(o.abs(d.x), 0.0, 99.0), 0.0)
        return Drawn(o.cast(x, dtype=to), True)
    y = o.cast(d.x, dtype=to)
    if to == m.floatx and d.x.dtype.kind in "iu":
        y = y / 16.0  # near 1 again, without rounding of small numbers
        return Drawn(o.clip(y, -4.0, 4.0), True)
    return Drawn(y, d.exact)


def reshape(m, d):
    rest, shape = d.x.size, []
    while rest > 1 and len(shape) < 4:
        parts = [n for n in range(1, rest + 1) if rest % n == 0]
        size = m.one_of(parts)
        shape.append(size)
        rest //= size
    return Drawn(o.reshape(d.x, (*shape, rest)), d.exact)


def transpose(m, d):
    axes, rest = [], list(range(d.x.ndim))
    while rest:
        axes.append(rest.pop(m.whole(0, len(rest) - 1)))
    return Drawn(o.transpose(d.x, tuple(axes)), d.exact)


def broadcast(m, d):
    shape = [m.one_of([1, 2, 5, 17]) if n == 1 else n for n in d.x.shape]
    if len(shape) < 4 and m.flag():
        shape = [m.one_of([1, 3, 16]), *shape]
    if np.prod(shape, dtype=int) > LARGEST:
        return None
    return Drawn(o.broadcast_to(d.x, tuple(shape)), d.exact)


def cut(m, d):
    start, stop, step = [], [], []
    for n in d.x.shape:
        low = m.whole(0, n)
        high = m.whole(low, n)
        start.append(low)
        stop.append(high if m.flag() else n)
        step.append(m.one_of([1, 1, 2, 3]))
    return Drawn(
        strided_slice(d.x, start=tuple(start), stop=tuple(stop), step=tuple(step)), d.exact
    )


def flip(m, d):
    return Drawn(o.flip(d.x, axes(m, d) if m.flag() else None), d.exact)


def axes(m, d):
    if not d.x.ndim:
        return ()
    chosen = [axis for axis in range(d.x.ndim) if m.flag()]
    return tuple(chosen or [d.x.ndim - 1])


def reduce(m, d):
    given = {"axis": axes(m, d) if m.flag() else None, "keepdims": m.flag()}
    kind = d.x.dtype.kind
    if kind == "b":
        return Drawn(m.one_of([o.any, o.all])(d.x, **given), True)
    if kind in "iu":
        rules = [o.max, o.min] if kind == "u" else [o.sum, o.max, o.min, o.prod]
        return Drawn(m.one_of(rules)(d.x, **given), d.exact)
    if m.flag():
        return Drawn(m.one_of([o.max, o.min])(d.x, **given), d.exact)
    smooth = [
        lambda x, **g: o.tanh(o.mean(o.tanh(x), **g)), lambda x, **g: o.prod(o.cos(x * 0.1), **g),
        lambda x, **g: o.sum(o.tanh(x), **g) * 0.02, lambda x, **g: o.logsumexp(o.tanh(x), **g),
    ]  # fmt: skip
    return Drawn(m.one_of(smooth)(d.x, **given), False)


def normalize(m, d):
    if not is_float(d) or not d.x.ndim:
        return None
    axis = m.whole(-d.x.ndim, -1)
    x = o.tanh(d.x)
    rules = [
        lambda: o.softmax(x, axis=axis), lambda: o.log_softmax(x, axis=axis),
        lambda: (x - o.mean(x, axis=axis, keepdims=True))
        / o.sqrt(o.mean(o.square(x), axis=axis, keepdims=True) + 0.5),
    ]  # fmt: skip
    return Drawn(m.one_of(rules)(), False)


def search(m, d):
    if not d.exact or d.x.dtype.kind == "b":
        return None
    axis = None if not d.x.ndim or m.flag() else m.whole(-d.x.ndim, -1)
    return Drawn(m.one_of([o.argmax, o.argmin])(d.x, axis=axis, keepdims=m.flag()), True)


def order(m, d):
    if not d.exact or d.x.dtype.kind == "b" or not d.x.ndim:
        return None
    axis, descending = m.whole(-d.x.ndim, -1), m.flag()
    return Drawn(m.one_of([o.argsort, o.sort])(d.x, axis=axis, descending=descending), True)


def running(m, d):
    if d.x.dtype.kind == "b" or not d.x.ndim:
        return None
    x = o.tanh(d.x) * 0.1 if is_float(d) else d.x
    y = o.cumsum(x, axis=m.whole(-d.x.ndim, -1), reverse=m.flag())
    return Drawn(y, d.exact and not is_float(d))


def product(m, d):
    if not is_float(d) or d.x.ndim < 1:
        return None
    k = d.x.shape[-1]
    e = m.value(lambda e: e.x.dtype == d.x.dtype and e.x.ndim >= 1 and k in e.x.shape[-2:])
    x, w = o.tanh(d.x), o.tanh(e.x)
    if w.ndim >= 2 and w.shape[-2] != k:
        w = o.swapaxes(w, -1, -2)
    if m.flag() and x.ndim >= 2 and w.ndim >= 2:
        return Drawn(o.swapaxes(w, -1, -2) @ o.swapaxes(x, -1, -2) / max(k, 1), False)
    return Drawn(x @ w / max(k, 1), False)


def convolve(m, d):
    if not is_float(d) or d.x.ndim not in (3, 4):
        return None
    x, c = o.tanh(d.x), d.x.shape[-1]
    spatial = d.x.ndim - 2
    kernel = [m.whole(1, 3) for _ in range(spatial)]
    w = Tensor(m.array((*kernel, c, m.one_of([1, 2, 16, 17])), m.floatx, 5 * m.whole(0, 9) + 2))
    fn = o.conv1d if spatial == 1 else o.conv2d
    padding, strides = m.one_of(["same", "valid"]), m.one_of([1, 1, 2])
    return Drawn(fn(x, w, strides=strides, padding=padding) / max(c, 1), False)


def pool(m, d):
    if not is_float(d) or d.x.ndim not in (3, 4):
        return None
    given = {"pool_size": m.whole(1, 3), "padding": m.one_of(["same", "valid"])}
    one = d.x.ndim == 3
    if m.flag():
        return Drawn((o.max_pool1d if one else o.max_pool2d)(d.x, **given), d.exact)
    return Drawn((o.average_pool1d if one else o.average_pool2d)(d.x, **given), False)


def indices(m, shape, size):
    array = np.random.default_rng(m.whole(0, 99)).integers(-size, size, shape)
    return Tensor(array.astype(m.one_of(["int32", "int64"])))


def gather(m, d):
    if not d.x.ndim or not d.x.size:
        return None
    axis = m.whole(0, d.x.ndim - 1)
    if m.flag():
        return Drawn(o.take(d.x, indices(m, m.shape(0, 2), d.x.shape[axis]), axis=axis), d.exact)
    shape = list(d.x.shape)
    shape[axis] = m.one_of([0, 1, 3, 17])
    return Drawn(o.take_along_axis(d.x, indices(m, shape, d.x.shape[axis]), axis=axis), d.exact)


def scatter(m, d):
    if not d.x.ndim or not d.x.size or d.x.dtype.kind == "b":
        return None
    axis, count = m.whole(0, d.x.ndim - 1), m.one_of([0, 1, 3, 17])
    shape = list(d.x.shape)
    shape[axis] = count
    updates = Tensor(m.array(shape, d.x.dtype.name, 5 * m.whole(0, 9) + 2))
    x = o.zeros_like(d.x) if m.flag() else d.x
    size = d.x.shape[axis]
    if m.flag():
        put = o.scatter_set if m.flag() else o.scatter_add
        y = put(x, indices(m, (count,), size), updates, axis=axis)
    else:
        y = o.add_along_axis(x, indices(m, shape, size), updates, axis=axis)
    return Drawn(y, d.exact and not is_float(d))


def join(m, d):
    if not d.x.ndim:
        return None
    axis = m.whole(0, d.x.ndim - 1)

    def fits(e):
        return (
            e.x.dtype == d.x.dtype
            and e.x.ndim == d.x.ndim
            and all(
                a == b or i == axis
                for i, (a, b) in enumerate(zip(e.x.shape, d.x.shape, strict=True))
            )
        )

    parts = [d, *[m.value(fits) for _ in range(m.whole(1, 2))]]
    return Drawn(joined([p.x for p in parts], axis=axis), all(p.exact for p in parts))


def pad(m, d):
    if d.x.dtype.kind == "b":
        return None
    widths = [(m.whole(0, 2), m.whole(0, 2)) for _ in d.x.shape]
    return Drawn(o.pad(d.x, widths, constant_values=m.one_of([0, 1])), d.exact)


def chance(m, d):
    state = Tensor(np.array([m.whole(0, 9), m.whole(0, 9)], np.int64))
    y = random_unit(state, shape=m.shape(), draw=m.whole(0, 3), dtype=m.floatx)
    return Drawn(y, True)


def attention(m, d):
    if not is_float(d) or d.x.ndim != 4 or not d.x.size:
        return None
    q = o.where(o.isfinite(d.x), o.tanh(d.x), 0.0)  # 0 * NaN would be seen from far
    k = o.flip(q, 1) if m.flag() else q
    given = {"scale": 0.5, "is_causal": m.flag(), "masked": False, "dropout": 0.0, "draw": 0}
    return [Drawn(y, False) for y in attend(q, k, k, **given)]


def scan(m, d):
    if not is_float(d) or not d.x.ndim or d.x.shape[0] > 33:
        return None
    xs, rule = o.tanh(d.x), m.whole(0, 4)
    rows = d.x.shape[1:]
    k = rows[-1] if rows else 0
    w = Tensor(m.array((k, k), m.floatx, 5 * m.whole(0, 9) + 2)) if k else None
    init = Tensor(m.array(rows, m.floatx, 5 * m.whole(0, 9) + 2))

    def body(carry, x):
        if rule == 0:
            carry = o.tanh(carry * 0.5 + x)
            return carry, o.sum(carry) * 0.1
        if rule == 1 and k:
            carry = o.tanh(carry @ w / k + x)
            return carry, (carry, x)
        if rule == 2:
            return x, carry  # what is carried is an input
        if rule == 3 and k:
            carry = o.maximum(o.flip(carry, -1), x)
            return carry, o.argmax(x, axis=-1) if d.exact else carry
        return carry, carry * x

    final, rest = o.scan(body, init, xs, reverse=m.flag())
    rest = rest if isinstance(rest, tuple) else (rest,)
    return [Drawn(final, False), *[Drawn(y, y.dtype.kind != "f") for y in rest]]


def slope(m, d):
    """The gradient of a gradient through a loop: products that share what lies between them."""
    if not is_float(d) or d.x.ndim != 2 or not d.x.size:
        return None
    x = o.where(o.isfinite(d.x), o.tanh(d.x), 0.0)
    k, rule, reverse = x.shape[1], m.whole(0, 2), m.flag()
    w = Tensor(m.array((k, k), m.floatx, 5 * m.whole(0, 9) + 2) / k)

    def height(x, w):
        def body(carry, row):
            z = carry @ w + row
            if rule == 0:
                return o.tanh(z), carry
            if rule == 1:
                return o.sigmoid(z) * carry, z
            return z / (1.0 + z * z), o.exp(-o.square(z))

        carry, ys = o.scan(body, 0.5 * x, o.stack([x, -0.5 * x]), reverse=reverse)
        return o.mean(o.square(carry)) + o.mean(ys * 0.5)

    def steepness(x, w):
        return sum(o.sum(o.square(g)) for g in grad(height, (0, 1))(x, w))

    return [Drawn(g, False) for g in grad(m.one_of([height, steepness]), (0, 1))(x, w)]


STEPS = {
    f.__name__: f
    for f in (
        constant, smooth, exact_unary, binary, compare, where, convert, reshape, transpose,
        broadcast, cut, flip, reduce, normalize, search, order, running, product, convolve, pool,
        gather, scatter, join, pad, chance, scan, slope, attention,
    )
}  # fmt: skip


def function(m, nodes):
    """A function of any number of tensors that draws its nodes when it is called."""

    def fn(*inputs):
        m.values = [Drawn(x, True) for x in inputs]
        for _ in range(nodes):
            m.step()
        return tuple(m.outputs())

    return fn


def inputs(m):
    """Arrays for the inputs of a graph."""
    shape = m.shape(1)
    shapes = [shape, shape if m.flag() else m.shape()]
    return [m.array(s, m.dtype(), m.whole(0, 99)) for s in shapes]


def specs(arrays):
    return [Spec(a.shape, a.dtype) for a in arrays]

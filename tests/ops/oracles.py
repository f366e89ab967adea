"""What each op should give, in plain loops and Python's `math`: slow, and easy to believe."""

import itertools
import math
import operator

import numpy as np


def each(f):
    """Python's function on every element, after broadcasting."""

    def oracle(*arrays, **attributes):
        stretched = np.broadcast_arrays(*arrays)
        values = [f(*[x[i].item() for x in stretched]) for i in np.ndindex(stretched[0].shape)]
        return np.asarray(values).reshape(stretched[0].shape)

    return oracle


def moved_up(x, y):
    """The last bits of x * 2^y, as many as its type has."""
    limits = np.iinfo(x.dtype)
    count, low = int(limits.max) - int(limits.min) + 1, int(limits.min)
    return each(lambda x, y: (x * 2**y - low) % count + low)(x, y)


def places_among(sequence, values, side):
    """How many of the sequence lie before each value."""
    before = operator.lt if side == "left" else operator.le
    return each(lambda v: sum(before(s, v) for s in sequence.tolist()))(values)


def first_of_each(x, axis, size):
    rows = x.reshape(-1).tolist()
    kinds = sorted(set(rows))
    found = np.zeros((2, size), int)
    for k, kind in enumerate(kinds[:size]):
        found[:, k] = rows.index(kind), rows.count(kind)
    return found[0], each(kinds.index)(x), found[1]


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def clip(x, low, high):
    return min(max(x, low), high)


def fold(f, start):
    """A loop over the elements that fall on each output element."""

    def oracle(x, axis=None, keepdims=False):
        axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        axes = {a % x.ndim for a in axes}
        y = np.full([1 if a in axes else n for a, n in enumerate(x.shape)], start, object)
        for i in np.ndindex(x.shape):
            place = tuple(0 if a in axes else k for a, k in enumerate(i))
            y[place] = f(y[place], x[i].item())
        return y if keepdims else y.reshape([n for a, n in enumerate(x.shape) if a not in axes])

    return oracle


def best(better):
    """The first index that no other is better than."""

    def oracle(x, axis=None, keepdims=False):
        rows = x.reshape(-1) if axis is None else np.moveaxis(x, axis, -1)
        found = np.zeros(rows.shape[:-1], int)
        for i in np.ndindex(found.shape):
            for k in range(rows.shape[-1]):
                if better(rows[i][k], rows[i][found[i]]):
                    found[i] = k
        return np.expand_dims(found, axis) if keepdims else found

    return oracle


def running(x, axis=-1, reverse=False):
    rows = np.moveaxis(x, axis, 0)
    y = np.zeros_like(rows)
    for i in range(len(rows)):
        for k in range(i, len(rows)) if reverse else range(i + 1):
            y[i] = y[i] + rows[k]
    return np.moveaxis(y, 0, axis)


def order(x, axis=-1, descending=False):
    rows, sign = np.moveaxis(x, axis, -1), -1 if descending else 1
    y = np.zeros(rows.shape, int)
    for i in np.ndindex(rows.shape[:-1]):
        y[i] = sorted(range(rows.shape[-1]), key=lambda k, i=i: sign * rows[i][k])
    return np.moveaxis(y, -1, axis)


def reshaped(x, newshape):
    return np.array([x[i] for i in np.ndindex(x.shape)]).reshape(newshape)


def permuted(x, axes=None):
    axes = tuple(range(x.ndim))[::-1] if axes is None else tuple(a % x.ndim for a in axes)
    y = np.zeros([x.shape[a] for a in axes], x.dtype)
    for i in np.ndindex(x.shape):
        y[tuple(i[a] for a in axes)] = x[i]
    return y


def stretched(x, shape):
    y = np.zeros(shape, x.dtype)
    for i in np.ndindex(y.shape):
        tail = i[len(shape) - x.ndim :]
        y[i] = x[tuple(0 if n == 1 else k for k, n in zip(tail, x.shape, strict=True))]
    return y


def sliced(x, start, stop, step):
    ranges = [range(a, b, s) for a, b, s in zip(start, stop, step, strict=True)]
    return np.array([x[i] for i in itertools.product(*ranges)]).reshape([len(r) for r in ranges])


def surrounded(x, widths, value=0):
    parts = [(*w, 0)[:3] for w in widths]
    sizes = [a + b + n + k * max(n - 1, 0) for n, (a, b, k) in zip(x.shape, parts, strict=True)]
    y = np.full(sizes, value, x.dtype)
    for i in np.ndindex(x.shape):
        y[tuple(a + k * (c + 1) for k, (a, _, c) in zip(i, parts, strict=True))] = x[i]
    return y


def flipped(x, axis=None):
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = {a % x.ndim for a in axes}
    y = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        y[tuple(x.shape[a] - 1 - k if a in axes else k for a, k in enumerate(i))] = x[i]
    return y


def joined(*xs, axis=0):
    axis = axis % xs[0].ndim
    sizes = list(xs[0].shape)
    sizes[axis] = sum(x.shape[axis] for x in xs)
    y, start = np.zeros(sizes, xs[0].dtype), 0
    for x in xs:
        for i in np.ndindex(x.shape):
            y[(*i[:axis], i[axis] + start, *i[axis + 1 :])] = x[i]
        start += x.shape[axis]
    return y


def looked_up(x, indices, axis=0):
    axis = axis % x.ndim
    y = np.zeros((*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]), x.dtype)
    for i in np.ndindex(y.shape):
        inner = i[axis : axis + indices.ndim]
        y[i] = x[(*i[:axis], int(indices[inner]), *i[axis + indices.ndim :])]
    return y


def scattered(x, indices, updates, axis=0):
    y = x.copy()
    for i in np.ndindex(updates.shape):
        inner = i[axis : axis + indices.ndim]
        y[(*i[:axis], int(indices[inner]), *i[axis + indices.ndim :])] += updates[i]
    return y


def replaced(x, indices, updates, axis=0):
    y = x.copy()
    for i in np.ndindex(updates.shape):  # the last one stays
        inner = i[axis : axis + indices.ndim]
        y[(*i[:axis], int(indices[inner]), *i[axis + indices.ndim :])] = updates[i]
    return y


def along(x, indices, axis=-1):
    y = np.zeros(indices.shape, x.dtype)
    for i in np.ndindex(indices.shape):
        place = list(i)
        place[axis] = indices[i]
        y[i] = x[tuple(place)]
    return y


def added_along(x, indices, updates, axis=-1):
    y = x.copy()
    for i in np.ndindex(indices.shape):
        place = list(i)
        place[axis] = indices[i]
        y[tuple(place)] += updates[i]
    return y


def products(x, w):
    batch = np.broadcast_shapes(x.shape[:-2], w.shape[:-2])
    x = np.broadcast_to(x, (*batch, *x.shape[-2:]))
    w = np.broadcast_to(w, (*batch, *w.shape[-2:]))
    y = np.zeros((*batch, x.shape[-2], w.shape[-1]))
    for *b, m, n in np.ndindex(y.shape):
        y[(*b, m, n)] = sum(x[(*b, m, k)] * w[(*b, k, n)] for k in range(x.shape[-1]))
    return y


def meetings(x_shape, w_shape, strides, padding, dilation, groups):
    """All (index of x, index of w, index of y) that a convolution multiplies, and y's shape."""
    kernel, (per_group, filters) = w_shape[:-2], w_shape[-2:]
    axes = list(zip(x_shape[1:-1], kernel, strides, padding, dilation, strict=True))
    sizes = [(n + low + high - (k - 1) * d - 1) // s + 1 for n, k, s, (low, high), d in axes]
    found = []
    for b, f, c in np.ndindex(x_shape[0], filters, per_group):
        channel = f // (filters // groups) * per_group + c
        for out, k in itertools.product(np.ndindex(*sizes), np.ndindex(*kernel)):
            place = [
                i * s + j * d - low
                for i, j, (_, _, s, (low, _), d) in zip(out, k, axes, strict=True)
            ]
            if all(0 <= p < n for p, n in zip(place, x_shape[1:-1], strict=True)):
                found.append(((b, *place, channel), (*k, c, f), (b, *out, f)))
    return found, (x_shape[0], *sizes, filters)


def convolved(x, w, **geometry):
    found, shape = meetings(x.shape, w.shape, **geometry)
    y = np.zeros(shape)
    for i, j, k in found:
        y[k] += x[i] * w[j]
    return y


def input_gradient(g, w, *, size, **geometry):
    dx = np.zeros((g.shape[0], *size, w.shape[-2] * geometry["groups"]))
    for i, j, k in meetings(dx.shape, w.shape, **geometry)[0]:
        dx[i] += g[k] * w[j]
    return dx


def kernel_gradient(x, g, *, kernel_size, **geometry):
    dw = np.zeros((*kernel_size, x.shape[-1] // geometry["groups"], g.shape[-1]))
    for i, j, k in meetings(x.shape, dw.shape, **geometry)[0]:
        dw[j] += x[i] * g[k]
    return dw


def firsts(x, pool_size, strides, padding):
    """The shape of the result, and for each window the place of its first largest element."""
    axes = list(zip(x.shape[1:-1], pool_size, strides, padding, strict=True))
    sizes = [(n + low + high - k) // s + 1 for n, k, s, (low, high) in axes]
    places = {}
    for b, *out, c in np.ndindex(x.shape[0], *sizes, x.shape[-1]):
        first = None
        for k in np.ndindex(*pool_size):
            place = [
                i * s + j - low for i, j, (_, _, s, (low, _)) in zip(out, k, axes, strict=True)
            ]
            inside = all(0 <= p < n for p, n in zip(place, x.shape[1:-1], strict=True))
            if inside and (first is None or x[(b, *place, c)] > x[first]):
                first = (b, *place, c)
        places[b, *out, c] = first
    return (x.shape[0], *sizes, x.shape[-1]), places


def pooled(x, **windows):
    shape, places = firsts(x, **windows)
    return np.reshape([x[first] for first in places.values()], shape)


def pool_won(x, y, *, pool_size, strides, padding):
    """The number, in its window, of each first largest element."""
    shape, places = firsts(x, pool_size, strides, padding)
    winner = np.zeros(shape, "int32")
    for out, first in places.items():
        offset = [
            p + low - o * s
            for p, o, s, (low, _) in zip(first[1:-1], out[1:-1], strides, padding, strict=True)
        ]
        winner[out] = np.ravel_multi_index(offset, pool_size)
    return winner


def won(winner, pool_size, strides, padding):
    """Each window and the place of its winner."""
    for out, number in np.ndenumerate(winner):
        offset = np.unravel_index(number, pool_size)
        yield out, (out[0], *(
            o * s + k - low
            for o, k, s, (low, _) in zip(out[1:-1], offset, strides, padding, strict=True)
        ), out[-1])  # fmt: skip


def pool_scattered(g, winner, *, size, **windows):
    dx = np.zeros((g.shape[0], *size, g.shape[-1]))
    for out, first in won(winner, **windows):
        dx[first] += g[out]
    return dx


def pool_gathered(h, winner, **windows):
    taken = np.zeros(winner.shape)
    for out, first in won(winner, **windows):
        taken[out] = h[first]
    return taken


def philox(counter, key):
    """Philox 4x32-10 in Python integers, as in the paper."""
    c, k = list(counter), list(key)
    for _ in range(10):
        p, q = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(q >> 32) ^ c[1] ^ k[0], q & 0xFFFFFFFF, (p >> 32) ^ c[3] ^ k[1], p & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def unit(state, *, shape, draw, dtype):
    seed, step = (int(v) % 2**64 for v in state)
    count, low = math.prod(shape), 0xFFFFFFFF
    words = [
        word
        for block in range(count // 2 + 1)
        for word in philox((block, draw, step & low, step >> 32), (seed & low, seed >> 32))
    ]
    if dtype == "float32":
        return np.array([(w >> 8) / 2**24 for w in words[:count]]).reshape(shape)
    pairs = list(zip(words[::2], words[1::2], strict=True))[:count]
    return np.array([((a >> 5) * 2**26 + (b >> 6)) / 2**53 for a, b in pairs]).reshape(shape)


def looped(c, xs, w, *, reverse, **rest):
    ys, before = np.zeros_like(xs), np.zeros_like(xs)
    for t in reversed(range(len(xs))) if reverse else range(len(xs)):
        ys[t], before[t] = c * xs[t], c
        c = c * w + xs[t] * xs[t]
    return c, ys, before


def _weights(q, k, mask, c, scale, is_causal):
    """For each sample, query and head: place, keys that are seen, their weights, log of the sum."""
    mask = np.broadcast_to(
        True if mask is None else mask, (len(q), q.shape[2], q.shape[1], k.shape[1])
    )
    for b, t, n in np.ndindex(q.shape[:3]):
        seen = [s for s in range(k.shape[1]) if mask[b, n, t, s] and not (is_causal and s > t)]
        scores = [
            scale * sum(x * y for x, y in zip(q[b, t, n], k[b, s, n], strict=True)) for s in seen
        ]
        total = math.log(sum(map(math.exp, scores))) if seen else 0.0
        total = total if c is None else c[b, n, t]
        yield (b, t, n), seen, [math.exp(x - total) for x in scores], total


def attended(q, k, v, *more, scale, is_causal, **rest):
    y, c = np.zeros((*q.shape[:3], v.shape[3])), np.zeros((len(q), q.shape[2], q.shape[1]))
    for (b, t, n), seen, weights, total in _weights(
        q, k, *(more or [None]), None, scale, is_causal
    ):
        c[b, n, t] = total
        for s, w in zip(seen, weights, strict=True):
            y[b, t, n] += w * v[b, s, n]
    return y, c


def attended_back(q, k, v, c, g, d, *more, scale, is_causal, **rest):
    dq, dk, dv = np.zeros(q.shape), np.zeros(k.shape), np.zeros(v.shape)
    for (b, t, n), seen, weights, _ in _weights(q, k, *(more or [None]), c, scale, is_causal):
        for s, w in zip(seen, weights, strict=True):
            dv[b, s, n] += w * g[b, t, n]
            ds = scale * w * (g[b, t, n] @ v[b, s, n] - d[b, n, t])
            dq[b, t, n] += ds * k[b, s, n]
            dk[b, s, n] += ds * q[b, t, n]
    return dq, dk, dv

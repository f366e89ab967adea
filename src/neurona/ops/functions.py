"""Functions of one variable on each element: exponentials, roots, waves, rounding."""

from __future__ import annotations

import functools
import math

from neurona.core.lowering import Elementwise, Opaque
from neurona.core.op import op
from neurona.core.shapes import same_shape
from neurona.ops.comparison import eq, where
from neurona.ops.notes import logits

__all__ = [
    "cos", "erf", "erfc", "exp", "expm1", "floor", "log", "log1p", "rsqrt", "sigmoid", "sin",
    "sqrt", "tanh",
]  # fmt: skip


@op(shape=same_shape, lower=Elementwise(lambda b, x: b.exp(x)), types="float")
def exp(xp, x):
    """Exponential, e^x.

    >>> exp([0.0, 1.0]).numpy().round(4).tolist()
    [1.0, 2.7183]
    """
    return xp.exp(x)


@exp.grad
def _(g, y, x):
    return g * y


@op(shape=same_shape, lower=Elementwise(lambda b, x: b.log(x)), types="float")
def log(xp, x):
    """Natural logarithm, ln x; -inf at 0, NaN below.

    >>> log([1.0, 2.0]).numpy().round(4).tolist()
    [0.0, 0.6931]
    """
    return xp.log(x)


@log.grad
def _(g, y, x):
    return g / x


@op(shape=same_shape, lower=Elementwise(lambda b, x: b.log1p(x)), types="float")
def log1p(xp, x):
    """ln(1 + x), exact where x is small.

    >>> log1p([0.0, 1e-6]).numpy().round(9).tolist()
    [0.0, 9.99999997475e-07]
    """
    return xp.log1p(x)


@log1p.grad
def _(g, y, x):
    return g / (1 + x)


@op(shape=same_shape, lower=Elementwise(lambda b, x: b.expm1(x)), types="float")
def expm1(xp, x):
    """e^x - 1, exact where x is small.

    >>> expm1([0.0, 1.0]).numpy().round(4).tolist()
    [0.0, 1.7183]
    """
    return xp.expm1(x)


@expm1.grad
def _(g, y, x):
    return g * (y + 1)


@op(shape=same_shape, lower=Elementwise(lambda b, x: b.sqrt(x)), types="float")
def sqrt(xp, x):
    """Square root; NaN below 0. Its gradient at 0 is 0, so that of sqrt(sum of x^2) is 0 there too.

    >>> sqrt([4.0, 9.0]).tolist()
    [2.0, 3.0]
    """
    return xp.sqrt(x)


@sqrt.grad
def _(g, y, x):
    zero = eq(y, 0)
    return where(zero, 0, g * 0.5 / where(zero, 1, y))


@op(shape=same_shape, lower=Elementwise(lambda b, x: b.rsqrt(x)), types="float")
def rsqrt(xp, x):
    """Reciprocal square root, 1 / sqrt(x).

    >>> rsqrt([4.0, 16.0]).tolist()
    [0.5, 0.25]
    """
    return 1 / xp.sqrt(x)


@rsqrt.grad
def _(g, y, x):
    return g * -0.5 * y / x


@op(shape=same_shape, lower=Elementwise(lambda b, x: b.sin(x)), types="float")
def sin(xp, x):
    """Sine of an angle in radians.

    >>> sin([0.0, 1.0]).numpy().round(4).tolist()
    [0.0, 0.8415]
    """
    return xp.sin(x)


@sin.grad
def _(g, y, x):
    return g * cos(x)


@op(shape=same_shape, lower=Elementwise(lambda b, x: b.cos(x)), types="float")
def cos(xp, x):
    """Cosine of an angle in radians.

    >>> cos([0.0, 1.0]).numpy().round(4).tolist()
    [1.0, 0.5403]
    """
    return xp.cos(x)


@cos.grad
def _(g, y, x):
    return g * -sin(x)


@op(shape=same_shape, lower=Elementwise(lambda b, x: b.tanh(x)), types="float")
def tanh(xp, x):
    """Hyperbolic tangent, y = (e^x - e^-x) / (e^x + e^-x).

    Shapes: x (...) -> y (...), in (-1, 1); saturates past |x| = 9 in float32.

    >>> tanh([0.0, 1.0]).numpy().round(4).tolist()
    [0.0, 0.7616]
    """
    return xp.tanh(x)


@tanh.grad
def _(g, y, x):
    return g * (1 - y * y)  # from y: no second tanh


@op(shape=same_shape, lower=Elementwise(lambda b, x: b.sigmoid(x)), types="float")
def sigmoid(xp, x):
    """Logistic function, y = 1 / (1 + e^-x).

    Shapes: x (...) -> y (...), in (0, 1). Exact to a few units in the last place on both sides,
    since only e^-|x| is taken, which cannot overflow. It notes x as its logits, so that a
    cross-entropy can be taken exactly.

    >>> sigmoid([0.0, 2.0]).numpy().round(4).tolist()
    [0.5, 0.8808]
    """
    e = xp.exp(-xp.abs(x))
    return xp.where(x >= 0, x.dtype.type(1), e) / (1 + e)


@sigmoid.grad
def _(g, y, x):
    return g * y * (1 - y)


sigmoid.note(logits)


# Rational approximations of erf and erfc for double precision: Cephes, S. L. Moshier, ndtr.c.
_ERF = (
    (9.60497373987051638749e0, 9.00260197203842689217e1, 2.23200534594684319226e3,
     7.00332514112805075473e3, 5.55923013010394962768e4),
    (1.0, 3.35617141647503099647e1, 5.21357949780152679795e2, 4.59432382970980127987e3,
     2.26290000613890934246e4, 4.92673942608635921086e4),
)  # fmt: skip
_ERFC = (
    (2.46196981473530512524e-10, 5.64189564831068821977e-1, 7.46321056442269912687e0,
     4.86371970985681366614e1, 1.96520832956077098242e2, 5.26445194995477358631e2,
     9.34528527171957607540e2, 1.02755188689515710272e3, 5.57535335369399327526e2),
    (1.0, 1.32281951154744992508e1, 8.67072140885989742329e1, 3.54937778887819891062e2,
     9.75708501743205489753e2, 1.82390916687909736289e3, 2.24633760818710981792e3,
     1.65666309194161350182e3, 5.57535340817727675546e2),
)  # fmt: skip


def _ratio(x, coefficients):
    above, below = (functools.reduce(lambda y, c: y * x + c, cs) for cs in coefficients)
    return above / below


@op(shape=same_shape, lower=Elementwise(lambda b, x: b.erf(x)), types="float")
def erf(xp, x):
    """Error function, y = 2 / sqrt(pi) * integral of e^(-t^2) from 0 to x.

    Shapes: x (...) -> y (...), in (-1, 1). Within 2e-16 of the true value in float64.

    Source: the rational approximations of Cephes (S. L. Moshier), after Cody 1969.

    >>> erf([0.0, 1.0]).numpy().round(4).tolist()
    [0.0, 0.8427]
    """
    a = xp.minimum(xp.abs(x.astype("float64")), 8)  # from 6 on it is 1; NaN stays NaN
    inner = xp.minimum(a, 1)
    near = inner * _ratio(inner * inner, _ERF)
    outer = xp.maximum(a, 1)
    far = 1 - xp.exp(-outer * outer) * _ratio(outer, _ERFC)
    return xp.copysign(xp.where(a <= 1, near, far), x).astype(x.dtype)


@erf.grad
def _(g, y, x):
    return g * (2 / math.sqrt(math.pi)) * exp(-x * x)


_ERFC_FAR = (
    (5.64189583547755073984e-1, 1.27536670759978104416e0, 5.01905042251180477414e0,
     6.16021097993053585195e0, 7.40974269950448939160e0, 2.97886665372100240670e0),
    (1.0, 2.26052863220117276590e0, 9.39603524938001434673e0, 1.20489539808096656605e1,
     1.70814450747565897222e1, 9.60896809063285878198e0, 3.36907645100081516050e0),
)  # fmt: skip


@op(shape=same_shape, lower=Opaque(), types="float")
def erfc(xp, x):
    """1 - erf(x), exact where erf(x) is nearly 1.

    >>> erfc([0.0, 1.0]).numpy().round(4).tolist()
    [1.0, 0.1573]
    """
    a = xp.abs(x.astype("float64"))
    near = xp.minimum(a, 1)
    far = xp.clip(a, 1, 28)  # from there on it is 0
    ratio = xp.where(far < 8, _ratio(far, _ERFC), _ratio(far, _ERFC_FAR))
    y = xp.where(a <= 1, 1 - near * _ratio(near * near, _ERF), xp.exp(-far * far) * ratio)
    return xp.where(xp.isnan(x), x, xp.where(x < 0, 2 - y, y)).astype(x.dtype)


@erfc.grad
def _(g, y, x):
    return g * (-2 / math.sqrt(math.pi)) * exp(-x * x)


@op(shape=same_shape, lower=Elementwise(lambda b, x: b.floor(x)), types="float")
def floor(xp, x):
    """Largest whole number that is not above x. Its gradient is zero.

    >>> floor([1.7, -1.2]).tolist()
    [1.0, -2.0]
    """
    return xp.floor(x)


@op(shape=same_shape, lower=Elementwise(lambda b, x: b.round(x)), types="float")
def round(xp, x):
    """Nearest whole number, halves to the even one. Its gradient is zero.

    >>> round([0.5, 1.5, -1.2]).tolist()
    [0.0, 2.0, -1.0]
    """
    return xp.rint(x)

"""Forty planted numbers that are not finite: in the forward pass, the backward pass, the update."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import neurona as nn
from neurona import layers, ops

INF = float("inf")


class Plant(NamedTuple):
    """A fault, and where its origin is.

    Attributes:
        phase, op: of the first bad number.
        make: returns (model, x, y), compiled.
        where: the function whose line it is; None if it is in code of ours.
        sample: in the batch, if it is one.
        turns: the time step of the loop it is in.
        layer: the end of the path of the layer, or of the parameter.
    """

    phase: str
    op: str
    make: Callable[[], tuple[Any, Any, Any]]
    where: Callable | None = None
    sample: int | None = None
    turns: tuple[int, ...] = ()
    layer: str = ""


def data(features: int = 3, **special: float) -> tuple[np.ndarray, np.ndarray]:
    """Eight samples between 0.1 and 1; `r2=v` sets the first feature of row 2."""
    rng = np.random.default_rng(0)
    x = rng.uniform(0.1, 1, (8, features)).astype("f4")
    for name, value in special.items():
        x[int(name[1:]), 0] = value
    return x, x.sum(1, keepdims=True)


def net(*middle: Any, x: Any = None, y: Any = None, loss: Any = "mse", optimizer: Any = "sgd",
        first: bool = False, head: int = 1) -> tuple[Any, Any, Any]:  # fmt: skip
    """A model with functions in the middle, or first of all, of all that it computes."""
    own = [layers.Lambda(f, name=f"own{i}") if not isinstance(f, nn.layers.Layer) else f
           for i, f in enumerate(middle)]  # fmt: skip
    x = ROWS if x is None else x
    y = x.reshape(len(x), -1).sum(1, keepdims=True) if y is None else y
    begin = [] if first else [layers.Dense(4, name="hidden")]
    model = nn.Sequential([nn.Input(x.shape[1:]), *begin, *own, layers.Dense(head, name="out")])
    model.compile(optimizer, loss)
    return model, x, y


def lossy(loss: Callable, x: Any = None, y: Any = None, **given: Any) -> tuple[Any, Any, Any]:
    return net(x=x, y=y, loss=loss, **given)


def forward(op: str, f: Callable, sample: int | None = None, **special: float) -> Plant:
    """A function of the inputs that is not defined for one of them."""
    return Plant("forward", op, lambda: net(f, x=data(**special)[0], first=True), f, sample,
                 layer="own0")  # fmt: skip


def backward(op: str, f: Callable, x: Any, loss: str = "mse", sample: int | None = None) -> Plant:
    """A function whose gradient alone is bad; it comes behind a layer that lets all through."""

    return Plant("backward", op, lambda: net(through(), f, x=x, first=True, loss=loss), f, sample)


def masked(op: str, f: Callable, x: Any, sample: int) -> Plant:
    """A number that is born in the forward pass, but does harm in the backward pass alone."""
    return Plant("forward", op, lambda: net(through(), f, x=x, first=True), f, sample)


def through() -> Any:
    return layers.Dense(3, kernel_initializer="identity", use_bias=False, name="through")


def update(op: str, make: Callable, layer: str = "") -> Plant:
    return Plant("update", op, make, layer=layer)


def chain(
    *functions: Callable, bad: int, op: str, sample: int | None = None, **special: float
) -> Plant:
    return Plant("forward", op, lambda: net(*functions, x=data(**special)[0], first=True),
                 functions[bad], sample, layer=f"own{bad}")  # fmt: skip


def in_loss(op: str, f: Callable, phase: str = "forward", **given: Any) -> Plant:
    return Plant(phase, op, lambda: lossy(f, **given), f)


class Gate(layers.Layer):
    """A layer of one's own, with a weight, in which a number is born."""

    def build(self, shape: Any) -> None:
        self.gain = self.add_weight((shape[-1],), "ones", name="gain")

    def call(self, x: Any) -> Any:
        gate = ops.log(self.gain - 1.0)
        return x * gate


@nn.jit
def jitted(x: Any) -> Any:
    return ops.sqrt(x - 2.0)


def looped(x: Any) -> Any:
    """Divide by what becomes 0 in the third step."""

    def step(state: Any, row: Any) -> Any:
        return state - 1.0, row / state

    return ops.scan(step, x * 0.0 + 2.0, ops.stack([x] * 5))[1].sum(0)


def squaring(x: Any) -> Any:
    """Grow by squaring, from step to step, beyond all numbers."""
    return ops.scan(lambda s, _: (s * s, s), x, length=9)[0]


def softmax_by_hand(x: Any) -> Any:
    e = ops.exp(x * 1000.0)
    return e / e.sum(-1, keepdims=True)


def all_masked(x: Any) -> Any:
    scores = ops.where(x > 9, x, -INF)
    return ops.exp(scores - scores.max(-1, keepdims=True))


class Broken(nn.optimizers.Optimizer):
    """A rule of one's own."""

    def update(self, w: Any, g: Any, lr: Any, t: Any) -> Any:
        return w - lr * ops.log(g * 0.0)


SEQUENCE = np.random.default_rng(1).uniform(0.1, 1, (8, 5, 3)).astype("f4")
ROWS = data()[0]
HALVES = np.full((8, 3), 0.5, "f4")
ZERO = data(r2=0.0)[0] * (np.arange(8) != 2)[:, None].astype("f4")

PLANTED: dict[str, Plant] = {
    # --- forward
    "sqrt then sqrt": chain(lambda x: ops.sqrt(x - 2.0), lambda x: ops.sqrt(x), bad=0, op="sqrt"),
    "log of minus x": in_loss("log", lambda y, p: ops.log(-abs(p)).mean()),
    "log of 0": forward("log", lambda x: ops.log(x), 3, r3=0.0),
    "x / 0": forward("div", lambda x: 1.0 / x, 5, r5=0.0),
    "0 / 0": forward("div", lambda x: x / x, 4, r4=0.0),
    "exp of 100": forward("exp", lambda x: ops.exp(x), 6, r6=100.0),
    "softmax by hand": forward("exp", softmax_by_hand),
    "square": forward("square", lambda x: ops.square(x), 1, r1=1e20),
    "product": forward("mul", lambda x: x * x[:, ::-1] * 1e30, 1, r1=1e20),
    "power below 0": forward("pow", lambda x: x**0.3, 7, r7=-1.0),
    "0 to the -1": forward("pow", lambda x: x**-1.5, 7, r7=0.0),
    "rsqrt of 0": forward("rsqrt", lambda x: ops.rsqrt(x), 2, r2=0.0),
    "log1p below -1": forward("log1p", lambda x: ops.log1p(x), 2, r2=-3.0),
    "0 times log 0": forward("log", lambda p: p * ops.log(p), 0, r0=0.0),
    "normalisation": forward("div", lambda x: (x - x.mean(0)) / (ops.sqrt(x.var(0)) * 0.0)),
    "second of three": chain(
        lambda x: x * 2.0, lambda x: ops.log(x - x), lambda x: ops.exp(x) * x, bad=1, op="log"
    ),
    "sum of large ones": forward("sum", lambda x: (x * 3e38).sum(-1, keepdims=True)),
    "matrix product": forward("matrix_product", lambda x: (x * 1e30) @ (ops.eye(3) * 1e30)),
    "layer of one's own": Plant("forward", "log", lambda: net(Gate(name="gate")), Gate.call,
                                layer="gate"),
    "nn.jit": Plant("forward", "sqrt", lambda: net(jitted, first=True), jitted, layer="own0"),
    "loop": Plant("forward", "div", lambda: net(looped, first=True), looped, turns=(2,),
                  layer="own0"),
    "growing in a loop": Plant("forward", "mul", lambda: net(
        squaring, x=data(r1=1e3)[0], first=True), squaring, sample=1, turns=(3,), layer="own0"),
    "cross-entropy by hand": in_loss(
        "log", lambda y, p: -(y * ops.log(ops.relu(p) * 0.0)).sum(-1).mean()
    ),
    "mask that leaves nothing": forward("sub", all_masked),
    "bad row of a generator": Plant("forward", "input", lambda: net(
        x=data(r3=np.nan)[0], y=np.ones((8, 1), "f4")), sample=3),
    "infinite target": Plant("forward", "input", lambda: net(
        y=np.where(np.arange(8) == 5, INF, 1.0).astype("f4")[:, None]), sample=5),
    "weights that grew": Plant("forward", "square", lambda: net(
        layers.Dense(4, kernel_initializer=nn.initializers.Constant(1e25), name="large"))),
    # --- backward
    "gradient of where": backward(
        "log", lambda x: ops.where(x > 0, ops.log(x), 0.0), ZERO, sample=2
    ),
    "quotient not taken": masked("div", lambda x: ops.where(x > 0, 1.0 / x, 0.0), ZERO, 2),
    "exp not taken": masked(
        "exp", lambda x: ops.where(x < 50, ops.exp(x), 1.0), data(r2=99.0)[0], 2
    ),
    "gradient of arcsin": backward("arcsin", lambda x: ops.arcsin(x), np.ones((8, 3), "f4")),
    "gradient of arctanh": backward("log1p", lambda x: ops.where(
        abs(x) < 1, ops.log1p(-x), 0.0), np.ones((8, 3), "f4")),
    "gradient that overflows": backward("mul", lambda x: x * 1e20 * 1e20, ROWS * 1e-30, "mae"),
    "gradient of a small divisor": backward("div", lambda x: 1.0 / x, ROWS * 1e-30, "mae"),
    # --- update
    "epsilon 0": update("div", lambda: net(
        y=np.zeros((8, 1), "f4"), x=np.zeros((8, 3), "f4"),
        optimizer=nn.optimizers.Adam(epsilon=0.0)), "kernel"),
    "rmsprop without epsilon": update("div", lambda: net(
        x=np.zeros((8, 3), "f4"), y=np.zeros((8, 1), "f4"),
        optimizer=nn.optimizers.RMSprop(epsilon=0.0)), "kernel"),
    "rule of one's own": update("log", lambda: net(optimizer=Broken(0.1))),
    "step beyond all numbers": update("mul", lambda: net(
        optimizer=nn.optimizers.SGD(3e38), y=ROWS[:, :1] * 1e6)),
    "adagrad": update("div", lambda: net(
        x=np.zeros((8, 3), "f4"), y=np.zeros((8, 1), "f4"),
        optimizer=nn.optimizers.Adagrad(initial_accumulator_value=0.0, epsilon=0.0)), "kernel"),
    "squares of gradients": update("square", lambda: net(
        optimizer="adam", loss=lambda y, p: (p * 1e20).mean()), "kernel"),
}  # fmt: skip

"""L-BFGS: Newton's method with a Hessian that is remembered from the last few steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Unpack

import numpy as np

from neurona import ops
from neurona.core.shapes import product, promote
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, StateError, check_choice, check_integer
from neurona.nn.gradients import chosen, gradients
from neurona.nn.parameter import Parameter
from neurona.optim.line_search import LineSearch, begin, judge
from neurona.optim.optimizer import Optimizer, OptimizerOptions

_AROUND = (
    "weight_decay", "clipnorm", "clipvalue", "global_clipnorm", "use_ema", "loss_scale_factor",
    "gradient_accumulation_steps",
)  # fmt: skip


class LBFGS(Optimizer):
    """w <- w + t d, d = -H g, with H the inverse Hessian that the last few steps suggest.

    For small models and the full batch: `fit` with a batch_size of all samples, where it needs
    far fewer passes over the data than gradient descent. The loss must be the same function in
    every step, so it does not go with mini-batches or dropout.

    Each training step evaluates loss and gradient once, at the weights as they are, and judges
    them: did the loss fall enough? If so, this is the new base, and the next weights are a step
    of learning_rate * d away. If not, the weights go back and try another step along d; so the
    reported loss may jump for one step. `fit` ends with the best base.

    Args:
        learning_rate: the first step t to try along d; 1 is Newton's. Before anything is known
            of the Hessian it is divided by the sum of |g|, if that is larger than 1.
        history_size: how many steps are remembered; each takes twice the memory of the weights.
        line_search: "strong_wolfe" also demands that the slope has flattened, which keeps H good;
            "backtracking" only that the loss has fallen; None takes every step.
        max_evaluations: after so many steps along one d it gives up and starts anew from -g.

    Raises:
        ArgumentError: for options that would change the gradient that H is made of, such as
            clipnorm; use a regulariser in place of weight_decay.

    Source: Nocedal 1980; Nocedal and Wright 2006, algorithms 7.4 and 7.5, with the scaling of
    eq. 7.20. One evaluation a step, so that a step can be traced, is ours: PyTorch and SciPy do
    the whole search within a step.

    >>> from neurona import Parameter
    >>> w, optimizer = Parameter([5.0, 5.0]), LBFGS()
    >>> for _ in range(9):
    ...     loss = optimizer.minimize(lambda: ((w - [1.0, 2.0]) ** 2).sum(), [w])
    >>> w.numpy().round(3)
    array([1., 2.], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: Any = 1.0,
        history_size: int = 10,
        line_search: str | None = "strong_wolfe",
        max_evaluations: int = 20,
        **common: Unpack[OptimizerOptions],
    ) -> None:
        super().__init__(learning_rate, **common)
        self.history_size = check_integer("history_size", history_size, minimum=1)
        if line_search is not None:
            check_choice("line_search", line_search, ("strong_wolfe", "backtracking"))
        self.line_search = line_search
        self.max_evaluations = check_integer("max_evaluations", max_evaluations, minimum=2)
        if given := [name for name in _AROUND if getattr(self, name)]:
            raise ArgumentError(
                f"LBFGS does not go with {given[0]}.",
                hint="kernel_regularizer=L2(...)" if given[0] == "weight_decay" else "leave it out",
            )

    def build(self, parameters: Any) -> None:
        """Create the state, on all parameters laid end to end."""
        parameters = chosen(parameters)
        if self.parameters:
            if [id(p) for p in parameters] != [id(p) for p in self.parameters]:
                raise StateError(
                    "LBFGS changes the same parameters in every step.",
                    hint="compile with a new optimizer",
                )
            return
        super().build(parameters)
        dtype = promote([p.dtype for p in parameters], "LBFGS")
        n = sum(product(p.shape) for p in parameters)
        shapes: dict[str, tuple[int, ...]] = dict.fromkeys(LineSearch._fields, ())
        shapes |= dict.fromkeys(("trial", "base", "base_gradient", "direction"), (n,))
        shapes |= dict.fromkeys(("moves", "changes"), (self.history_size, n))
        for name, shape in shapes.items():
            self.state[name] = [Parameter(ops.zeros(shape, dtype), name, trainable=False)]
        self.state["high"][0].assign(-1.0)
        # no weights equal NaN, so the first step takes them for weights that it did not choose
        self.state["trial"][0].assign(ops.full((n,), np.nan, dtype))

    def ensure_built(self, parameters: Any) -> None:
        """Create the state; the parameters are always the same, all of them."""
        self.build(parameters)

    def apply(self, grads: Sequence[Any], trainable_variables: Any = None) -> None:
        """Refuse: gradients alone are not enough."""
        raise StateError(
            "LBFGS needs the loss besides the gradients.",
            hint="optimizer.minimize(closure, parameters), where closure() returns the loss",
        )

    def scale_learning_rate(self, factor: float, parameters: Any = None) -> None:
        """Multiply the rate, of all parameters: they move along one direction."""
        if parameters is not None:
            raise StateError(
                "LBFGS moves all parameters by one rate.",
                hint="another optimizer, or freeze layers: layer.trainable = False",
            )
        super().scale_learning_rate(factor)

    def minimize(self, closure: Callable[[], Any], parameters: Any) -> Any:
        """Evaluate the closure once and move the parameters; return what it returned."""
        self.build(parameters)
        result, gs = gradients(closure, parameters)
        x, g = _flat([p.value for p in self.parameters]), _flat(gs)
        f = (result[0] if isinstance(result, tuple) else result).astype(x.dtype)
        self._move(self._next(x, f, g))
        self._iterations.assign_add(1)
        return result

    def _next(self, x: Tensor, f: Tensor, g: Tensor) -> Tensor:
        """Return the next weights to try, given loss and gradient at those that are tried now."""
        state = {name: slot.value for name, (slot,) in self.state.items()}
        search = LineSearch(*[state[name] for name in LineSearch._fields])
        fresh = ops.any(x != state["trial"])  # somebody set them: a new base, whatever the loss
        if self.line_search is None:
            accept, give_up = ~fresh, fresh & ~fresh
        else:
            strong = self.line_search == "strong_wolfe"
            slope = _dot(g, state["direction"])
            accept, give_up, search = judge(search, f, slope, strong, self.max_evaluations)
        accept, give_up = accept & ~fresh, give_up & ~fresh

        s, y = x - state["base"], g - state["base_gradient"]
        curved = _dot(s, y) > float(np.finfo(x.dtype).eps) * ops.norm(s) * ops.norm(y)
        moves, changes = (
            ops.where(accept & curved, _pushed(history, row), ops.where(give_up, 0.0, history))
            for history, row in ((state["moves"], s), (state["changes"], y))
        )
        arrived = accept | fresh
        base = ops.where(arrived, x, state["base"])
        base_gradient = ops.where(arrived, g, state["base_gradient"])
        loss = ops.where(arrived, f, search.loss)
        d = _direction(base_gradient, moves, changes)
        slope = _dot(base_gradient, d)
        rate = self._rate_now().astype(x.dtype)
        known = ops.any(moves != 0.0)
        cautious = rate / ops.maximum(ops.sum(ops.abs(base_gradient)), 1.0)
        new = begin(loss, slope, ops.where(known, rate, cautious))
        turn = arrived | give_up
        search = LineSearch(*[ops.where(turn, a, b) for a, b in zip(new, search, strict=True)])
        state = {
            "base": base, "base_gradient": base_gradient, "moves": moves, "changes": changes,
            "direction": ops.where(turn, d, state["direction"]), **search._asdict(),
        }  # fmt: skip
        for name, value in state.items():
            self.state[name][0].assign(value)
        return base + search.step * state["direction"]

    def _move(self, x: Tensor) -> None:
        """Set the parameters, within their constraints, and remember what they were set to."""
        begin = 0
        for p in self.parameters:
            size = product(p.shape)
            w = x[begin : begin + size].reshape(p.shape).astype(p.dtype)
            p.assign(w if p.constraint is None else p.constraint(w))
            begin += size
        self.state["trial"][0].assign(_flat([p.value for p in self.parameters]))

    def finalize_variable_values(self, var_list: Sequence[Parameter] | None = None) -> None:
        """Go back from weights that were to be tried next to the best ones that were tried."""
        if self.line_search is not None and int(self._iterations) > 0:
            trial = self.state["trial"][0].numpy()
            self._move(self.state["base"][0].value)
            self.state["trial"][0].assign(trial)


def _flat(tensors: Sequence[Tensor]) -> Tensor:
    return ops.concatenate([t.reshape(-1) for t in tensors], axis=0)


def _dot(x: Tensor, y: Tensor) -> Tensor:
    return ops.sum(x * y)


def _pushed(history: Tensor, row: Tensor) -> Tensor:
    """Return the history without its oldest row and with a newest, the last."""
    return ops.concatenate([history[1:], row.reshape(1, -1)], axis=0)


def _direction(g: Tensor, moves: Tensor, changes: Tensor) -> Tensor:
    """Return -H g by the two-loop recursion; rows of zeros, not yet filled, change nothing."""
    pairs = [(moves[i], changes[i]) for i in range(moves.shape[0])]
    rhos = []
    for s, y in pairs:
        sy = _dot(s, y)
        rhos.append(ops.where(sy > 0.0, 1 / ops.where(sy > 0.0, sy, 1.0), 0.0))
    q, alphas = -g, []
    for (s, y), rho in zip(reversed(pairs), reversed(rhos), strict=True):
        alpha = rho * _dot(s, q)
        q = q - alpha * y
        alphas.append(alpha)
    s, y = pairs[-1]
    yy = _dot(y, y)
    q = q * ops.where(yy > 0.0, _dot(s, y) / ops.where(yy > 0.0, yy, 1.0), 1.0)
    for (s, y), rho, alpha in zip(pairs, rhos, reversed(alphas), strict=True):
        q = q + s * (alpha - rho * _dot(y, q))
    return q

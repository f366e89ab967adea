"""gradcheck: a gradient held against finite differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from neurona.autodiff import grad
from neurona.core.op import as_tensor
from neurona.core.shapes import is_float
from neurona.core.tensor import Tensor
from neurona.core.tree import flatten, map_leaves, paths
from neurona.errors import ArgumentError, GradientError, check_number
from neurona.ops.arithmetic import cast

__all__ = ["GradientCheck", "gradcheck"]


class GradientCheck(NamedTuple):
    """What a passed `gradcheck` found.

    Attributes:
        error: the largest |analytic - numeric| / max(1, |numeric|).
        elements: how many partial derivatives were compared.
    """

    error: float
    elements: int


def gradcheck(
    fn: Callable,
    *args: Any,
    order: int = 1,
    eps: float = 1e-5,
    rtol: float = 1e-6,
    atol: float = 1e-7,
    argnums: Sequence[int] | int | None = None,
) -> GradientCheck:
    """Compare gradients with central differences, (f(x + eps) - f(x - eps)) / (2 eps), in float64.

    Each float of each argument is moved in turn, so keep the arguments small. An output that is no
    scalar is multiplied by fixed random numbers and summed.

    Args:
        fn: a pure function of tensors, to tensors nested in tuples, lists and dicts.
        args: its arguments; floats in them become float64, anything else is passed as it is.
        order: 2 to check the gradient of the gradient as well.
        eps: how far to move.
        rtol, atol: an element passes if |analytic - numeric| <= atol + rtol * |numeric|.
        argnums: the arguments to check; all that have floats by default.

    Raises:
        GradientError: if they differ, with the element that differs most, and a guess why.

    >>> gradcheck(lambda x: x * x, np.array([1.0, 2.0])).elements
    2
    """
    if order not in (1, 2):
        raise ArgumentError("gradcheck: order is 1 or 2.", got=repr(order))
    eps = check_number("eps", eps, low=0, open=True)
    prepared = [_as_doubles(a) for a in args]
    wanted = [argnums] if isinstance(argnums, int) else argnums
    chosen = [n for n in range(len(args)) if _has_floats(prepared[n])]
    if wanted is not None:
        chosen = [n for n in chosen if n in wanted or n - len(args) in wanted]
    if not chosen:
        raise GradientError("gradcheck: no argument to check has floats.", hint="argnums")
    tolerance = eps, rtol, atol
    scalar = _projected(fn)
    result = _compare(scalar, prepared, chosen, tolerance, "gradient")
    if order == 2:
        slopes = grad(scalar, tuple(chosen))
        second = _compare(_projected(slopes), prepared, chosen, tolerance, "second-order gradient")
        result = GradientCheck(max(result.error, second.error), result.elements + second.elements)
    return result


def _as_doubles(arg: Any) -> Any:
    """Return an argument with its floats as float64 tensors; a list of numbers is one array."""
    leaves, _ = flatten(arg)
    if isinstance(arg, list | tuple) and leaves and all(isinstance(x, int | float) for x in leaves):
        arg = np.asarray(arg)

    def double(x: Any) -> Any:
        if isinstance(x, Tensor | np.ndarray | np.generic | float):
            x = as_tensor(x)
            return cast(x.detach(), dtype="float64") if is_float(x.dtype) else x
        return x

    return map_leaves(double, arg)


def _is_double(x: Any) -> bool:
    return isinstance(x, Tensor) and is_float(x.dtype)


def _has_floats(arg: Any) -> bool:
    return any(map(_is_double, flatten(arg)[0]))


def _projected(fn: Callable) -> Callable:
    """Return fn's float outputs as one scalar: each times fixed random numbers, summed."""

    def scalar(*args: Any) -> Tensor:
        numbers = np.random.default_rng(0)
        total = as_tensor(np.float64(0))
        outputs = [as_tensor(y) for y in flatten(fn(*args))[0]]
        floats = [y for y in outputs if is_float(y.dtype)]
        if not floats:
            raise GradientError("gradcheck: the function returns no floats.")
        for y in floats:
            if y.dtype != np.float64:
                raise GradientError(
                    "gradcheck: the function gives float32 for float64 arguments.",
                    got=str(y.spec),
                    expected="float64, since differences in float32 are mostly rounding",
                    hint="keep the type, e.g. nn.ops.zeros(shape, x.dtype)",
                )
            total = total + (y * (numbers.random(y.shape) + 0.5)).sum()
        return total

    return scalar


def _compare(
    scalar: Callable, args: list, chosen: list[int], tolerance: tuple, what: str
) -> GradientCheck:
    eps, rtol, atol = tolerance
    floats_only = [_only_floats(args[n]) for n in chosen]

    def of_floats(*parts: Any) -> Tensor:
        filled = list(args)
        for n, part, (_, put) in zip(chosen, parts, floats_only, strict=True):
            filled[n] = put(part)
        return scalar(*filled)

    starts = [part for part, _ in floats_only]
    slopes = grad(of_floats, tuple(range(len(chosen))))(*starts)
    error, elements = 0.0, 0
    for k, n in enumerate(chosen):
        names = paths(flatten(args[n])[1], f"argument {n}")
        places = [name for name, x in zip(names, flatten(args[n])[0], strict=True) if _is_double(x)]
        for i, name in enumerate(places):
            analytic = slopes[k][i].numpy()
            numeric, left, right = _differences(of_floats, starts, k, i, eps)
            distance = np.abs(analytic - numeric)
            scaled = distance / np.maximum(1.0, np.abs(numeric))
            bad = ~(distance <= atol + rtol * np.abs(numeric))
            if bad.any():
                kink = np.abs(left - right) > 1e3 * eps * np.maximum(1.0, np.abs(numeric))
                kink |= np.abs(numeric) > 0.01 / eps  # a jump
                raise _failure(what, name, analytic, numeric, bad, kink)
            error = max(error, float(scaled.max(initial=0.0)))
            elements += analytic.size
    return GradientCheck(error, elements)


def _only_floats(arg: Any) -> tuple[list[Tensor], Callable]:
    """Return the float leaves of an argument, and a function that puts others in their place."""
    leaves, structure = flatten(arg)
    places = [i for i, x in enumerate(leaves) if _is_double(x)]

    def put(floats: Sequence[Tensor]) -> Any:
        filled = list(leaves)
        for i, x in zip(places, floats, strict=True):
            filled[i] = x
        return structure.unflatten(filled)

    return [leaves[i] for i in places], put


def _differences(
    fn: Callable, starts: list[list[Tensor]], k: int, i: int, eps: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the central, left and right difference quotients for leaf i of argument k."""
    x = starts[k][i].numpy()
    here = fn(*starts).item()
    left, right = np.zeros_like(x), np.zeros_like(x)
    for place in np.ndindex(x.shape):
        for side, out in ((eps, right), (-eps, left)):
            moved = x.copy()
            moved[place] += side
            leaves = [*starts[k][:i], Tensor(moved), *starts[k][i + 1 :]]
            out[place] = (fn(*starts[:k], leaves, *starts[k + 1 :]).item() - here) / side
    return (left + right) / 2, left, right


def _failure(
    what: str,
    name: str,
    analytic: np.ndarray,
    numeric: np.ndarray,
    bad: np.ndarray,
    kink: np.ndarray,
) -> GradientError:
    distance = np.abs(analytic - numeric)
    score = np.where(np.isfinite(distance), distance, np.inf)
    place = np.unravel_index(np.argmax(score), score.shape)
    a, n = float(analytic[place]), float(numeric[place])
    relative = float(distance[place]) / max(abs(n), 1e-300)
    index = ", ".join(str(int(j)) for j in place)
    return GradientError(
        f"gradcheck: the {what} for {name} is wrong in {int(bad.sum())} of {bad.size} elements.",
        got=f"{a:.9g} at element [{index}]",
        expected=f"{n:.9g} by central differences, relative error {relative:.1e}",
        hint=_guess(analytic, numeric, bool(kink[place])),
    )


def _guess(analytic: np.ndarray, numeric: np.ndarray, kink: bool) -> str:
    if not np.isfinite(analytic).all():
        return "the gradient is not finite: look for a division by zero or a log or root at 0"
    if kink:
        return "the function has a kink or a jump there: check it at another point"
    if not analytic.any():
        return "the gradient is 0 everywhere: look for stop_gradient, a cast to integers or numpy()"
    large = np.abs(numeric) > 1e-3 * np.abs(numeric).max()
    ratios = analytic[large] / numeric[large]
    if ratios.size and np.allclose(ratios, ratios.flat[0], rtol=1e-4):
        ratio = float(ratios.flat[0])
        return f"it is {ratio:.4g} times what it should be: look for a sign or a factor"
    return "compare the gradient rule with the derivative on paper, one input at a time"

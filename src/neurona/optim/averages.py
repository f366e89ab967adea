"""Averages of weights: what an optimiser with `use_ema` keeps beside them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from neurona import ops
from neurona.core.tensor import Tensor
from neurona.errors import StateError
from neurona.nn.parameter import Parameter, unchanged


class Averages:
    """The part of an optimiser that averages weights."""

    name: str
    use_ema: bool
    ema_momentum: float
    ema_overwrite_frequency: int | None
    parameters: list[Parameter]
    state: dict[str, list[Parameter]]
    _iterations: Parameter
    _index: dict[Parameter, int]

    if TYPE_CHECKING:

        @property
        def iterations(self) -> Tensor: ...
        def all_optimizers(self) -> list[Any]: ...

    def _update_averages(self) -> None:
        """Move the averages; the first one is the weights as they are, not the start from zero."""
        done = self.iterations
        for p, average in zip(self.parameters, self.state["average"], strict=True):
            momentum = ops.where(done > 0, self.ema_momentum, 0.0).astype(p.dtype)
            average.assign(momentum * average.value + (1 - momentum) * p.value)
            if self.ema_overwrite_frequency:
                due = (done + 1) % self.ema_overwrite_frequency == 0
                p.assign(ops.where(due, average.value, p.value))

    def finalize_variable_values(self, var_list: Sequence[Parameter] | None = None) -> None:
        """Replace the weights by their averages, if these are kept; `fit` ends with it.

        Args:
            var_list: the parameters, by default all.
        """
        if not self.use_ema or int(self._iterations) == 0:
            return
        for p in self.parameters if var_list is None else var_list:
            p.assign(self.state["average"][self._index[p]].value)

    @contextlib.contextmanager
    def averaged(self) -> Iterator[None]:
        """Let the parameters be their averages inside, to look at what these do meanwhile.

        Raises:
            StateError: without `use_ema`.
        """
        self.averaging()
        with unchanged(self.parameters):
            self.finalize_variable_values()
            yield

    def averaging(self) -> list[Any]:
        """Return those that average, of this one and what it hands the work to.

        Raises:
            StateError: without `use_ema`.
        """
        averaging = [o for o in self.all_optimizers() if o.use_ema]
        if not averaging:
            raise StateError(f"{self.name} keeps no averages.", hint="use_ema=True")
        return averaging

"""What an optimiser of one's own needs that is written as Keras's guides write them.

    class Momentum(nn.optimizers.Optimizer):
        def build(self, variables):
            super().build(variables)
            self.momentums = self.add_optimizer_variables(variables, "momentum")

        def update_step(self, gradient, variable, learning_rate):
            m = self.momentums[self._get_variable_index(variable)]
            self.assign(m, 0.9 * m - learning_rate * gradient)
            self.assign_add(variable, m)

`slots` and `update` say the same in fewer words, see `Optimizer`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from neurona import ops
from neurona.core.shapes import as_dtype, as_shape
from neurona.core.tensor import Tensor
from neurona.nn import initializers
from neurona.nn.parameter import Parameter


class Written:
    """The part of an optimiser by which a subclass keeps variables of its own and assigns them."""

    _added: list[Parameter]  # variables of a subclass
    _index: dict[Parameter, int]

    def update_step(self, gradient: Tensor, variable: Parameter, learning_rate: Tensor) -> None:
        """Assign to one variable what its gradient makes of it; in place of `update`."""
        raise NotImplementedError(f"{type(self).__name__} has no update_step")

    def add_variable(
        self, shape: Any, initializer: Any = "zeros", dtype: Any = None, name: str | None = None
    ) -> Parameter:
        """Return a new variable of the optimizer, which is saved with it."""
        value = initializers.get(initializer)(as_shape(shape), as_dtype(dtype))
        variable = Parameter(value, name or "variable", trainable=False)
        self._added.append(variable)
        return variable

    def add_variable_from_reference(
        self, reference_variable: Parameter, name: str | None = None, initializer: Any = "zeros"
    ) -> Parameter:
        """Return a new variable with the shape and type of another."""
        like = reference_variable
        variable = self.add_variable(like.shape, initializer, like.dtype, name or "var")
        variable.path = f"{like.path}/{variable.name}"
        return variable

    def add_optimizer_variables(
        self, trainable_variables: Sequence[Parameter], name: Any, initializer: Any = "zeros"
    ) -> Any:
        """Return a list with a new variable for each of others; for several names a list each."""
        names = [name] if isinstance(name, str) else list(name)
        several = isinstance(initializer, list | tuple)
        starts = list(initializer) if several else [initializer] * len(names)
        rows = tuple(
            [self.add_variable_from_reference(v, n, start) for v in trainable_variables]
            for n, start in zip(names, starts, strict=True)
        )
        return rows[0] if isinstance(name, str) else rows

    def assign(self, variable: Parameter, value: Any) -> None:
        """Give a variable a new value."""
        variable.assign(value)

    def assign_add(self, variable: Parameter, value: Any) -> None:
        """Add to a variable."""
        variable.assign_add(value)

    def assign_sub(self, variable: Parameter, value: Any) -> None:
        """Subtract from a variable."""
        variable.assign_sub(value)

    def _get_variable_index(self, variable: Parameter) -> int:
        """Return the number of a variable among those that the optimizer was built for."""
        return self._index[variable]

    def _step_where(self, now: Any, p: Parameter, w: Tensor, g: Tensor, lr: Tensor) -> None:
        """Run `update_step` on a parameter that decay has made w; unless `now`, take all back."""
        kept = [p, *self._added]
        before = [v.value for v in kept]
        if w is not p.value:
            p.assign(w)
        self.update_step(g, p, lr)
        for v, value in zip(kept, before, strict=True):
            if now is not None and v.value is not value:
                v.assign(ops.where(now, v.value, value))

"""The two-layer network of the textbooks, with its weights and gradients laid open."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from neurona import ops
from neurona.autodiff import sweep
from neurona.classic.samples import as_floats
from neurona.core.tensor import Tensor
from neurona.errors import (
    ArgumentError,
    DataError,
    ShapeError,
    absent,
    check_choice,
    check_integer,
    check_number,
    checking_names,
)
from neurona.frames import door
from neurona.nn import activations
from neurona.nn.parameter import Parameter
from neurona.train.step import Step

LOSSES = ("binary_crossentropy", "half_mse", "mse")

# Scale of the random start, from the numbers of inputs and outputs of a layer.
INITS = {
    "he": lambda n_in, n_out: math.sqrt(2.0 / n_in),
    "xavier": lambda n_in, n_out: math.sqrt(2.0 / (n_in + n_out)),
    "lecun": lambda n_in, n_out: math.sqrt(1.0 / n_in),
    "small": lambda n_in, n_out: 0.01,
}


class NeuralNetwork:
    """One hidden layer: a1 = f(X W1 + b1), a2 = g(a1 W2 + b2), in float64.

    Args:
        input_size, hidden_size, output_size: numbers of neurons.
        learning_rate: of plain gradient descent on all samples at once.
        hidden_activation, output_activation: names of f and g, such as "sigmoid", "tanh", "relu".
        loss: what is minimised, always summed over outputs and averaged over samples.
            "binary_crossentropy": with a sigmoid its gradient at z2 is a2 - y. "half_mse":
            (a2 - y)^2 / 2, with the gradient (a2 - y) g'(z2). "mse": (a2 - y)^2.
        init: scale of the normal start: "he" sqrt(2 / inputs), "xavier"
            sqrt(2 / (inputs + outputs)), "lecun" sqrt(1 / inputs), "small" 0.01, with biases 0;
            or "uniform": weights and biases uniform in [0, 1).
        random_state: seed of the start. By default NumPy's global generator is used, so that
            `np.random.seed(42)` before it has the effect that the textbooks show.

    Attributes:
        W1 (input, hidden), b1 (1, hidden), W2 (hidden, output), b2 (1, output): read and write.
        losses: mean squared error of each epoch, whatever the loss.
        z1, a1, z2, a2: of the last `forward`.
        dW1, db1, dW2, db2, dz1, dz2: gradients of the last `backward`.

    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]]
    >>> network = NeuralNetwork(2, 4, 1, learning_rate=0.5, random_state=1)
    >>> network.train(X, y, epochs=10000, verbose=False)
    >>> network.predict(X).ravel().tolist()
    [0, 1, 1, 0]
    """

    z1: np.ndarray
    a1: np.ndarray
    z2: np.ndarray
    a2: np.ndarray
    dW1: np.ndarray
    db1: np.ndarray
    dW2: np.ndarray
    db2: np.ndarray
    dz1: np.ndarray
    dz2: np.ndarray

    @checking_names
    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        output_size: int,
        learning_rate: float = 0.1,
        hidden_activation: str = "sigmoid",
        output_activation: str = "sigmoid",
        loss: str = "binary_crossentropy",
        init: str = "he",
        random_state: int | None = None,
    ) -> None:
        sizes = {"input_size": input_size, "hidden_size": hidden_size, "output_size": output_size}
        i, h, o = (check_integer(name, size, minimum=1) for name, size in sizes.items())
        self.learning_rate = check_number("learning_rate", learning_rate, low=0, open=True)
        self.f, self.g = activations.get(hidden_activation), activations.get(output_activation)
        self.loss = check_choice("loss", loss, LOSSES)
        if loss == "binary_crossentropy" and output_activation != "sigmoid":
            raise ArgumentError(
                "binary_crossentropy needs probabilities.",
                got=f"output_activation={output_activation!r}",
                expected="'sigmoid'",
                hint="loss='half_mse' suits any output",
            )
        check_choice("init", init, (*INITS, "uniform"))
        generator: Any = np.random if random_state is None else np.random.RandomState(random_state)
        start = {}
        for layer, (n_in, n_out) in enumerate([(i, h), (h, o)], start=1):
            if init == "uniform":
                start[f"W{layer}"] = generator.rand(n_in, n_out)
                start[f"b{layer}"] = generator.rand(1, n_out)
            else:
                start[f"W{layer}"] = generator.randn(n_in, n_out) * INITS[init](n_in, n_out)
                start[f"b{layer}"] = np.zeros((1, n_out))
        self._parameters = {name: Parameter(value, name) for name, value in start.items()}
        self._rate = Parameter(np.float64(learning_rate), "learning_rate", trainable=False)
        self._step = Step(self._learn, [*self._parameters.values(), self._rate])
        self.losses: list[float] = []

    def __getattr__(self, name: str) -> Any:
        raise absent(self, name)

    def __repr__(self) -> str:
        values = {name: p.numpy() for name, p in self._parameters.items()}
        (inputs, hidden), outputs = values["W1"].shape, values["W2"].shape[1]
        lines = [f"{name} {value.shape}\n{value}" for name, value in values.items()]
        functions = f"{self.f.__name__} and {self.g.__name__}"
        title = f"NeuralNetwork {inputs}-{hidden}-{outputs}, {functions}"
        return "\n".join([f"<{title}", *lines]) + ">"

    @property
    def W1(self) -> np.ndarray:
        """Weights from the inputs to the hidden neurons, (input, hidden)."""
        return self._read("W1")

    @W1.setter
    def W1(self, value: Any) -> None:
        self._write("W1", value)

    @property
    def b1(self) -> np.ndarray:
        """Biases of the hidden neurons, (1, hidden)."""
        return self._read("b1")

    @b1.setter
    def b1(self, value: Any) -> None:
        self._write("b1", value)

    @property
    def W2(self) -> np.ndarray:
        """Weights from the hidden neurons to the outputs, (hidden, output)."""
        return self._read("W2")

    @W2.setter
    def W2(self, value: Any) -> None:
        self._write("W2", value)

    @property
    def b2(self) -> np.ndarray:
        """Biases of the outputs, (1, output)."""
        return self._read("b2")

    @b2.setter
    def b2(self, value: Any) -> None:
        self._write("b2", value)

    def _read(self, name: str) -> np.ndarray:
        data = self._parameters[name].data
        assert data is not None
        return data

    def _write(self, name: str, value: Any) -> None:
        array = np.asarray(value, float)
        shape = self._parameters[name].shape
        self._parameters[name].assign(
            array.reshape(shape) if array.size == math.prod(shape) else array
        )

    # --- the network -------------------------------------------------------------------------

    def _forward(self, X: Tensor) -> dict[str, Tensor]:
        W1, b1, W2, b2 = (self._parameters[n].value for n in ("W1", "b1", "W2", "b2"))
        z1 = X @ W1 + b1  # (N, hidden)
        a1 = self.f(z1)
        z2 = a1 @ W2 + b2  # (N, output)
        return {"z1": z1, "a1": a1, "z2": z2, "a2": self.g(z2)}

    def _objective(self, values: dict[str, Tensor], y: Tensor) -> Tensor:
        if self.loss == "binary_crossentropy":  # from z2: ln(1 + e^z) - y z, exact for any z
            each = ops.softplus(values["z2"]) - y * values["z2"]
        else:
            each = ops.square(values["a2"] - y) * (0.5 if self.loss == "half_mse" else 1.0)
        return ops.sum(each) / each.shape[0]

    def _gradients(self, X: Tensor, y: Tensor) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        values = self._forward(X)
        loss = self._objective(values, y)
        W1, b1, W2, b2 = (self._parameters[n].value for n in ("W1", "b1", "W2", "b2"))
        z1, z2 = values["z1"], values["z2"]
        (dz2,) = sweep([loss], [ops.ones_like(loss)], [z2])  # backwards, layer by layer
        assert dz2 is not None
        dW2, db2, dz1 = sweep([z2], [dz2], [W2, b2, z1])
        assert dz1 is not None
        dW1, db1 = sweep([z1], [dz1], [W1, b1])
        slopes = {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2, "dz1": dz1, "dz2": dz2}
        return values, {name: slope for name, slope in slopes.items() if slope is not None}

    def _learn(self, X: Tensor, y: Tensor) -> Tensor:
        values, slopes = self._gradients(X, y)
        for name, p in self._parameters.items():
            p.assign(p.value - self._rate * slopes[f"d{name}"])
        return ops.mean(ops.square(values["a2"] - y))

    # --- the textbooks' methods --------------------------------------------------------------

    def forward(self, X: Any) -> np.ndarray:
        """Return the outputs a2 for samples X, and keep z1, a1, z2, a2.

        Shapes: X (N, input) -> (N, output).
        """
        for name, value in self._forward(Tensor(self._samples(X))).items():
            setattr(self, name, value.numpy())
        return self.a2

    def backward(self, X: Any, y: Any, output: Any = None) -> None:
        """Compute the gradients on samples X with targets y and take one step down.

        Args:
            X: samples (N, input).
            y: targets (N, output).
            output: what `forward(X)` returned; it is computed again from X.
        """
        X, y = self._pair(X, y)
        _, slopes = self._gradients(Tensor(X), Tensor(y))
        for name, slope in slopes.items():
            setattr(self, name, slope.numpy())
        for name, p in self._parameters.items():
            p.assign(p.value.detach() - self.learning_rate * slopes[f"d{name}"].detach())

    @checking_names
    @door
    def train(self, X: Any, y: Any, epochs: int = 10000, verbose: bool = True) -> None:
        """Take one step on all samples in each epoch, and append each epoch's error to `losses`.

        Args:
            X: samples (N, input).
            y: targets (N, output).
            epochs: number of steps.
            verbose: print the mean squared error every 1000 epochs.
        """
        X, y = self._pair(X, y)
        self._rate.assign(np.float64(self.learning_rate))
        for epoch in range(check_integer("epochs", epochs, minimum=0)):
            loss = float(self._step(X, y))
            self.losses.append(loss)
            if verbose and epoch % 1000 == 0:
                print(f"Epoch {epoch}, Loss: {loss:.4f}")

    def predict(self, X: Any) -> np.ndarray:
        """Return 1 where the output is above 0.5, else 0.

        Shapes: X (N, input) -> integers (N, output).
        """
        return (self.forward(X) > 0.5).astype(int)

    def visualize_training(self) -> Any:
        """Draw the error of each epoch on a logarithmic axis; returns the Figure."""
        from neurona import plots

        return plots.loss_curve(self.losses)

    def visualize_decision_boundary(self, X: Any, y: Any) -> Any:
        """Draw two-dimensional samples over the network's output; returns the Figure."""
        from neurona import plots

        return plots.decision_boundary(self.forward, np.asarray(X, float), np.asarray(y).ravel())

    def _samples(self, X: Any) -> np.ndarray:
        rows = np.atleast_2d(as_floats("X", X))
        features = self._parameters["W1"].shape[0]
        if rows.ndim != 2 or rows.shape[1] != features:
            raise ShapeError(
                "NeuralNetwork: wrong number of features.",
                got=f"X {np.shape(X)}",
                expected=f"(N, {features})",
            )
        return rows

    def _pair(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        samples, targets = self._samples(X), as_floats("y", y)
        if not len(samples):
            raise DataError("NeuralNetwork: there are no samples.", got=f"X {np.shape(X)}")
        outputs = self._parameters["W2"].shape[1]
        if targets.ndim == 1 and outputs == 1:
            targets = targets[:, None]
        if targets.shape != (len(samples), outputs):
            raise ShapeError(
                "NeuralNetwork: one row of targets for each sample.",
                got=f"y {np.shape(y)}",
                expected=f"({len(samples)}, {outputs})",
                hint="y.reshape(-1, 1)" if outputs == 1 else "",
            )
        if self.loss == "binary_crossentropy" and not ((targets >= 0) & (targets <= 1)).all():
            raise DataError(
                "NeuralNetwork: binary_crossentropy takes targets from 0 to 1.",
                got=f"y from {targets.min():g} to {targets.max():g}",
                hint="loss='half_mse' with another output_activation, for quantities",
            )
        return samples, targets

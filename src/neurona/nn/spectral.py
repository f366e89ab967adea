"""Spectral normalisation: a layer whose kernel stretches nothing by more than a factor of 1."""

from __future__ import annotations

from typing import Any, Unpack

from neurona import ops
from neurona.core.shapes import Spec
from neurona.core.tensor import Tensor
from neurona.errors import ArgumentError, check_integer
from neurona.nn.initializers import TruncatedNormal
from neurona.nn.layer import Layer
from neurona.nn.options import LayerOptions
from neurona.nn.parameter import Parameter, standing_in

EPSILON = 1e-7  # Keras's: vectors are divided by no less


class SpectralNormalization(Layer):
    """A layer with W / s for its kernel W, where s is the largest singular value of W.

        v = u W^T / |u W^T|,  u = v W / |v W|;  s = v W u^T

    W is the kernel as a matrix (-1, its last size), u is kept from call to call and follows W as it
    is trained: one step of the power iteration in each call is enough. Gradients reach W through
    W / s, with u and v held. A layer so wrapped is 1-Lipschitz, which keeps the critic of a GAN
    from growing steep.

    Shapes: those of the layer; vector_u (1, last size of the kernel).

    Args:
        layer: with a `kernel` (Dense, Conv2D, ...) or `embeddings`.
        power_iterations: steps in each call; more make s exact from the first batch on.

    Raises:
        ArgumentError: if `layer` is no layer, or has no kernel.

    In training the new u is kept; otherwise it is computed and forgotten, and the output is that of
    W / s all the same. The layer's own kernel stays W: that is trained, penalised and saved. A
    kernel of zeros stays zeros. How Keras differs: docs/decisions/041-channels-and-volumes.md.

    Source: Miyato et al. 2018, "Spectral normalization for generative adversarial networks".

    >>> from neurona.nn.layers import Dense
    >>> layer = SpectralNormalization(Dense(1, kernel_initializer="ones"), power_iterations=3)
    >>> layer([[3.0, 3.0, 3.0, 3.0]]).numpy().round(4).tolist()
    [[6.0]]
    """

    supports_masking = True

    def __init__(
        self, layer: Any, power_iterations: int = 1, **common: Unpack[LayerOptions]
    ) -> None:
        super().__init__(**common)
        if not isinstance(layer, Layer):
            raise ArgumentError(
                "SpectralNormalization takes a layer.",
                got=repr(layer)[:60],
                hint="SpectralNormalization(Dense(32))",
            )
        self.layer = layer
        self.power_iterations = check_integer("power_iterations", power_iterations, minimum=1)

    def build(self, shape: Any) -> None:
        """Build the layer, and create vector_u (1, last size of its kernel)."""
        self.layer.ensure_built(Tensor(None, Spec(tuple(shape), self.dtype)))
        kernel = self._kernel()
        self.vector_u = self.add_weight(
            (1, kernel.shape[-1]), TruncatedNormal(stddev=0.02), "vector_u",
            dtype=kernel.dtype, trainable=False,
        )  # fmt: skip

    def _kernel(self) -> Parameter:
        for name in ("kernel", "embeddings"):
            if isinstance(found := getattr(self.layer, name, None), Parameter):
                return found
        raise ArgumentError(
            "SpectralNormalization: the layer has no kernel.",
            got=type(self.layer).__name__,
            expected="a layer with a kernel, or embeddings",
        )

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        kernel, u = self._kernel(), self.vector_u.value
        w = ops.reshape(kernel, (-1, kernel.shape[-1]))  # (K, F)
        fixed = ops.stop_gradient(w)
        for _ in range(self.power_iterations):
            v = _unit(u @ ops.transpose(fixed))  # (1, K)
            u = _unit(v @ fixed)  # (1, F)
        s = ops.sum(v * (u @ ops.transpose(w)))
        some = ops.stop_gradient(s) > 0.0  # not so for a kernel of zeros
        if training:
            self.vector_u.assign(ops.where(some, u, self.vector_u))
        with standing_in(kernel, kernel / ops.where(some, s, 1.0)):
            return self.layer(x)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the mask that the layer makes."""
        return self.layer.compute_mask(inputs, mask)


def _unit(x: Tensor) -> Tensor:
    """Return x / |x|."""
    return x / ops.maximum(ops.norm(x), EPSILON)

"""WGAN-GP: the discriminator becomes a critic, whose slope is held at 1.

Arjovsky, Chintala and Bottou 2017, "Wasserstein GAN"; Gulrajani et al. 2017, "Improved Training of
Wasserstein GANs". The critic estimates how far what is made lies from what is real; it gets several
steps for one of the generator, and its loss falls as the images get better.
"""

from __future__ import annotations

from typing import Any, Unpack

from neurona import ops, random
from neurona.autodiff import grad
from neurona.core.tensor import Tensor
from neurona.errors import ShapeError, check_integer, check_number
from neurona.nn.options import LayerOptions
from neurona.optimizers import Adam
from neurona.zoo.dcgan import Discriminator, Generator
from neurona.zoo.gan import Game
from neurona.zoo.making import images_and_labels


class WGAN(Game, namespace="zoo"):
    """A Wasserstein GAN of convolutions with a penalty on the gradient; images from -1 to 1.

        D:  min  mean D(G(z)) - mean D(x) + penalty * mean (|grad D(m)| - 1)^2
        G:  min  -mean D(G(z))

    where m = e x + (1 - e) G(z) lies between a real and a made image, e uniform in 0 to 1. The loss
    of D without the penalty is -W, W its estimate of the distance.

    Shapes: z (B, Z), with classes (z, y (B,)) -> images (B, size, size, channels) in -1 to 1.

    Args:
        size, channels, latent, width, classes: see DCGAN; the critic is not normalised.
        critic_steps: of the critic for one of the generator. A batch is cut into as many pieces,
            one for each: its size must be a multiple.
        penalty: strength of the penalty, lambda in the paper.

    Source: algorithm 1 of Gulrajani et al.

    >>> WGAN(8, latent=4, width=2).sample(2).shape
    (2, 8, 8, 1)
    """

    def __init__(
        self, size: int = 28, channels: int = 1, latent: int = 100, width: int = 64,
        classes: int = 0, critic_steps: int = 5, penalty: float = 10.0,
        **common: Unpack[LayerOptions],
    ) -> None:  # fmt: skip
        generator = Generator(size, channels, width, classes)
        critic = Discriminator(size, width, classes, normalized=False)
        super().__init__(generator, critic, latent, classes, **common)
        self.critic_steps = check_integer("critic_steps", critic_steps, minimum=1)
        self.penalty = check_number("penalty", penalty, low=0)

    def compile(self, g_optimizer: Any = None, d_optimizer: Any = None, **options: Any) -> None:
        """Choose how each learns; by default Adam as the paper sets it."""
        super().compile(
            Adam(1e-4, beta_1=0.0, beta_2=0.9) if g_optimizer is None else g_optimizer,
            Adam(1e-4, beta_1=0.0, beta_2=0.9) if d_optimizer is None else d_optimizer,
            **options,
        )

    def train_step(self, data: Any) -> dict[str, Any]:
        """Let the critic learn from each piece of the batch, and then G from the critic."""
        x, y = images_and_labels(self, data)
        pieces = self.critic_steps
        if x.shape[0] % pieces:
            raise ShapeError(
                "each step of the critic gets a piece of the batch.",
                got=f"{x.shape[0]} images, critic_steps={pieces}",
                hint=f"batch_size={max(1, x.shape[0] // pieces) * pieces}, and leave out the rest",
            )
        batch = x.shape[0] // pieces
        xs = ops.reshape(x, (pieces, batch, *x.shape[1:]))
        ys = None if y is None else ops.reshape(y, (pieces, batch))

        def turn(_: Any, piece: Any) -> tuple[Any, Tensor]:
            x, y = piece
            made = self.generator(random.normal((batch, self.latent)), y)
            loss = self.d_optimizer.minimize(lambda: self.judged(x, made, y), self.discriminator)
            return None, loss

        _, losses = ops.scan(turn, None, (xs, ys))  # (pieces,)
        y = None if ys is None else ys[0]
        z = random.normal((batch, self.latent))
        g_loss = self.g_optimizer.minimize(
            lambda: self.fooled(self.generator(z, y), y), self.generator
        )
        self.d_loss.update_state(losses)
        self.g_loss.update_state(g_loss)
        return self.get_metrics_result()

    def judged(self, x: Tensor, made: Tensor, y: Any) -> Tensor:  # (B, H, W, C), twice; (B,)
        """Return the critic's loss: -W and the penalty."""
        score = self.discriminator
        mix = random.uniform((x.shape[0], 1, 1, 1))
        between = mix * x + (1 - mix) * made
        slope = grad(lambda m: ops.sum(score(m, y)))(between)  # (B, H, W, C), of each image
        length = ops.sqrt(ops.sum(slope * slope, axis=(1, 2, 3)))  # (B,)
        penalty = ops.mean((length - 1) ** 2)
        return ops.mean(score(made, y)) - ops.mean(score(x, y)) + self.penalty * penalty

    def fooled(self, made: Tensor, y: Any) -> Tensor:  # (B, H, W, C), (B,)
        """Return the generator's loss."""
        return -ops.mean(self.discriminator(made, y))

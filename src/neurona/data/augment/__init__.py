"""Augmentation on the fly: functions of a batch of images and a random generator.

Each is an object `f(x, rng) -> x` for images x (B, H, W) or (B, H, W, C), of the same type as they
came; it draws all its numbers from `rng`, so the same generator gives the same images. Pass one,
or several in a `Compose`, as `augment=` to `nn.data.batches`. Names and factors are those of
Keras's layers; fractions are of the image, turns are of a full circle.
"""

from neurona.data.augment.compose import Compose
from neurona.data.augment.cut import Cutout, RandomCrop, RandomFlip
from neurona.data.augment.move import RandomRotation, RandomTranslation, RandomZoom
from neurona.data.augment.pixels import RandomBrightness, RandomContrast, RandomNoise

__all__ = [
    "Compose",
    "Cutout",
    "RandomBrightness",
    "RandomContrast",
    "RandomCrop",
    "RandomFlip",
    "RandomNoise",
    "RandomRotation",
    "RandomTranslation",
    "RandomZoom",
]

"""The functions of `ops` for images, as Keras has them: `ops.image.resize(x, (8, 8))`."""

from neurona import ops as _ops

_NAMES = [
    "affine_transform", "crop_images", "elastic_transform", "extract_patches",
    "extract_patches_3d", "gaussian_blur", "hsv_to_rgb", "map_coordinates", "pad_images",
    "perspective_transform", "resize", "rgb_to_grayscale", "rgb_to_hsv", "scale_and_translate",
    "sobel_edges", "ssim",
]  # fmt: skip

globals().update({name: getattr(_ops, name) for name in _NAMES})
__all__ = _NAMES

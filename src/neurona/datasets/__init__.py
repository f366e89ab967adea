"""Data sets: found, downloaded or made; real ones are modules with a `load_data`."""

from neurona.datasets import (
    cifar10,
    digits,
    fashion_mnist,
    fsdd,
    mnist,
    multi30k,
    names,
    series,
    tinyshakespeare,
)
from neurona.datasets.catalog import catalog
from neurona.datasets.clusters import make_blobs, make_gaussian_quantiles
from neurona.datasets.curves import make_circles, make_moons, make_spirals
from neurona.datasets.gates import gates
from neurona.datasets.idx import read_idx, write_idx
from neurona.datasets.image_folder import from_folder
from neurona.datasets.regression import make_regression
from neurona.datasets.table import from_csv

__all__ = [
    "catalog",
    "cifar10",
    "digits",
    "fashion_mnist",
    "from_csv",
    "from_folder",
    "fsdd",
    "gates",
    "make_blobs",
    "make_circles",
    "make_gaussian_quantiles",
    "make_moons",
    "make_regression",
    "make_spirals",
    "mnist",
    "multi30k",
    "names",
    "read_idx",
    "series",
    "tinyshakespeare",
    "write_idx",
]

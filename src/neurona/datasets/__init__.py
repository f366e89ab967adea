"""Data sets: found, downloaded or made; real ones are modules with a `load_data`."""

from neurona.datasets import (
    boston_housing,
    breast_cancer,
    california_housing,
    cifar10,
    cifar100,
    digits,
    fashion_mnist,
    fsdd,
    imdb,
    iris,
    mnist,
    multi30k,
    names,
    reuters,
    series,
    tinyshakespeare,
    wine,
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
    "boston_housing",
    "breast_cancer",
    "california_housing",
    "catalog",
    "cifar10",
    "cifar100",
    "digits",
    "fashion_mnist",
    "from_csv",
    "from_folder",
    "fsdd",
    "gates",
    "imdb",
    "iris",
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
    "reuters",
    "series",
    "tinyshakespeare",
    "wine",
    "write_idx",
]

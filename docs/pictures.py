"""Draws the pictures of the documentation: `python docs/pictures.py`."""

from pathlib import Path

from neurona.classic import compare_capacities
from neurona.datasets import make_moons

FOLDER = Path(__file__).parent / "images"


def main() -> None:
    """Write all pictures."""
    points, classes = make_moons(n_samples=200, noise=0.2, random_state=42)
    figure = compare_capacities(points, classes)
    figure.savefig(FOLDER / "capacity.png", dpi=80)


if __name__ == "__main__":
    main()

"""Colours and markers that tell classes apart for every kind of colour vision, and in grey."""

from __future__ import annotations

import numpy as np

# Okabe and Ito, "Color Universal Design" (2008), without black and with yellow last: it is the
# one that is hard to see on white.
OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#F0E442")
BLUE, VERMILLION, GREEN, PINK, SKY, ORANGE, YELLOW = OKABE_ITO
MARKERS = ("o", "^", "s", "D", "v", "P", "X", "<", ">", "p", "h")
DIVERGING = "RdBu_r"  # blue below 0, white at 0, red above: also for red-green blindness


def rgb(color: str) -> np.ndarray:
    """Return a "#RRGGBB" colour as three numbers in [0, 1]."""
    return np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])


def tint(color: str, strength: float) -> tuple[float, float, float]:
    """Return the colour mixed with white: strength 1 is the colour, 0 is white.

    >>> tint("#000000", 0.5)
    (0.5, 0.5, 0.5)
    """
    red, green, blue = (1 - strength * (1 - rgb(color))).tolist()
    return red, green, blue


def class_colors(count: int) -> list[str]:
    """Return `count` colours, all different: the seven, then darker rounds of the same seven.

    >>> class_colors(2)
    ['#0072B2', '#D55E00']
    """
    colors = []
    for i in range(count):
        dark = 0.72 ** (i // len(OKABE_ITO))
        values = np.round(rgb(OKABE_ITO[i % len(OKABE_ITO)]) * dark * 255).astype(int)
        colors.append("#" + "".join(f"{v:02X}" for v in values))
    return colors


def class_marker(index: int) -> str:
    """Return the marker of class `index`; colours and markers repeat at different lengths."""
    return MARKERS[index % len(MARKERS)]


def ink_on(background: np.ndarray) -> str:
    """Return black or white, whichever can be read on an RGB background in [0, 1]."""
    return "black" if float(background[:3] @ [0.299, 0.587, 0.114]) > 0.5 else "white"

"""word2vec: words that stand in the same company get similar vectors.

Mikolov et al. 2013, "Distributed Representations of Words and Phrases and their Compositionality":
the skip-gram model with negative sampling.
"""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np

from neurona import ops
from neurona.core.tensor import Tensor
from neurona.errors import DataError, check_integer
from neurona.layers import Embedding
from neurona.models import Model
from neurona.nn.options import LayerOptions


class SkipGram(Model, namespace="zoo"):
    """Scores of words as neighbours of a word: v_word . u_neighbour.

    Shapes: (words (B,), neighbours (B, K)) -> logits (B, K).

    Args:
        vocabulary_size: number V of words.
        width: size D of a vector.

    Train it with `BinaryCrossentropy(from_logits=True)` on what `skip_grams` makes of a text.

    >>> import numpy as np
    >>> SkipGram(50, 8)((np.array([3, 4]), np.array([[1, 2, 3], [4, 5, 6]]))).shape
    (2, 3)
    """

    def __init__(
        self, vocabulary_size: int, width: int = 100, **common: Unpack[LayerOptions]
    ) -> None:
        super().__init__(**common)
        self.words = Embedding(vocabulary_size, width)
        self.neighbours = Embedding(vocabulary_size, width, embeddings_initializer="zeros")

    def call(self, inputs: Any) -> Tensor:
        words, neighbours = inputs  # (B,), (B, K)
        v, u = self.words(words), self.neighbours(neighbours)  # (B, D), (B, K, D)
        return ops.sum(v[:, None] * u, axis=-1)

    def nearest(self, word: int, count: int = 10) -> list[tuple[int, float]]:
        """Return the words whose vectors point most nearly the same way, with the cosine."""
        vectors = self.words.get_weights()[0]
        vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        cosines = vectors @ vectors[word]
        order = [i for i in np.argsort(-cosines).tolist() if i != word][:count]
        return [(i, float(cosines[i])) for i in order]


def skip_grams(
    tokens: np.ndarray,
    vocabulary_size: int,
    window: int = 5,
    negatives: int = 5,
    subsample: float | None = 1e-3,
    seed: int = 0,
) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
    """Return pairs of words that stand near each other, each with words that were drawn instead.

    Frequent words are left out with probability 1 - sqrt(subsample / f); the window of each word is
    drawn from 1 to `window`; negatives are drawn in proportion to frequency^(3/4).

    Shapes: tokens (N,) -> ((words (P,), neighbours (P, 1 + negatives)), y (P, 1 + negatives)),
        where y is 1 for the true neighbour, which comes first, and 0 for the others.
    Raises:
        DataError: fewer than two words are left.

    >>> (words, near), y = skip_grams(np.arange(6) % 3, 3, window=1, negatives=2, subsample=None)
    >>> near.shape == y.shape, set(np.abs(words - near[:, 0]).tolist()) <= {1, 2}
    (True, True)
    """
    window = check_integer("window", window, minimum=1)
    negatives = check_integer("negatives", negatives, minimum=1)
    rng = np.random.default_rng(seed)
    counts = np.bincount(tokens, minlength=vocabulary_size).astype(np.float64)
    if subsample is not None:
        frequency = counts / max(len(tokens), 1)
        keep = np.sqrt(subsample / np.maximum(frequency, 1e-12))
        tokens = tokens[rng.random(len(tokens)) < keep[tokens]]
    if len(tokens) < 2:
        raise DataError("a text of two words or more is needed.", got=f"{len(tokens)} are left")
    reach = rng.integers(1, window + 1, len(tokens))
    words, near = [], []
    for distance in range(1, min(window, len(tokens) - 1) + 1):
        left, right = tokens[:-distance], tokens[distance:]
        for one, other, own in (
            (left, right, reach[:-distance]),
            (right, left, reach[distance:]),
        ):
            words.append(one[own >= distance])
            near.append(other[own >= distance])
    word, neighbour = np.concatenate(words), np.concatenate(near)
    order = rng.permutation(len(word))
    chances = counts**0.75 / (counts**0.75).sum()
    drawn = np.searchsorted(chances.cumsum(), rng.random((len(word), negatives)))
    neighbours = np.concatenate([neighbour[:, None], drawn.clip(max=vocabulary_size - 1)], axis=1)
    y = np.zeros(neighbours.shape, np.float32)
    y[:, 0] = 1
    return (word[order].astype(np.int32), neighbours[order].astype(np.int32)), y

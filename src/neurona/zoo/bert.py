"""BERT: an encoder that learns a language by guessing words that were hidden from it.

Devlin et al. 2019. The encoder reads in both directions; a head on top guesses hidden words
(pre-training), another one names the class of a text (fine-tuning). `BERT()` with a
classifier's first layer is the paper's base model of 110 million numbers.
"""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np

from neurona import ops
from neurona.activations import gelu
from neurona.core.tensor import Tensor
from neurona.errors import ShapeError, check_number
from neurona.initializers import RandomNormal
from neurona.layers import (
    Dense,
    Dropout,
    Embedding,
    Layer,
    LayerNormalization,
    PositionEmbedding,
    ReversibleEmbedding,
)
from neurona.models import Model
from neurona.nn.options import LayerOptions
from neurona.zoo.attention import SelfAttention

PAD, IGNORED = 0, -1
START = RandomNormal(stddev=0.02)


class Block(Layer, namespace="zoo.bert"):
    """norm(x + attention(x)), then norm(x + network(x))."""

    def __init__(
        self, width: int, hidden: int, heads: int, dropout: float, **common: Unpack[LayerOptions]
    ) -> None:
        super().__init__(**common)
        self.attention = SelfAttention(width, heads, dropout, START)
        self.attention_norm = LayerNormalization(epsilon=1e-12)
        self.widen = Dense(hidden, kernel_initializer=START)
        self.narrow = Dense(width, kernel_initializer=START)
        self.network_norm = LayerNormalization(epsilon=1e-12)
        self.drop = Dropout(dropout)

    def call(self, x: Tensor, mask: Any = None) -> Tensor:  # (B, T, D), (B, T)
        x = self.attention_norm(x + self.drop(self.attention(x, mask=mask)))
        h = self.narrow(gelu(self.widen(x)))  # (B, T, hidden) -> (B, T, D)
        return self.network_norm(x + self.drop(h))


class BERT(Model, namespace="zoo"):
    """A vector for each token of a text, that knows of all the others.

    Shapes: tokens (B, T), 0 behind the end, or (tokens, segments) (B, T) each -> (B, T, D).

    Args:
        vocabulary_size: number V of tokens.
        depth, width, hidden, heads: blocks, size D of a vector, of the network, number of heads.
        context: tokens of a text at most.
        segments: kinds of parts that a text may have, such as question and answer.
        dropout: share of what blocks add, and of attention, dropped in training.

    >>> model = BERT(50, depth=1, width=16, hidden=32, heads=2, context=8)
    >>> model([[1, 2, 3]]).shape
    (1, 3, 16)
    """

    def __init__(
        self,
        vocabulary_size: int = 30522,
        depth: int = 12,
        width: int = 768,
        hidden: int = 3072,
        heads: int = 12,
        context: int = 512,
        segments: int = 2,
        dropout: float = 0.1,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        self.context, self.width = context, width
        self.words = ReversibleEmbedding(vocabulary_size, width, embeddings_initializer=START)
        self.places = PositionEmbedding(context, initializer=START)
        self.kinds = Embedding(segments, width, embeddings_initializer=START)
        self.norm = LayerNormalization(epsilon=1e-12)
        self.drop = Dropout(dropout)
        self.blocks = [Block(width, hidden, heads, dropout) for _ in range(depth)]

    def call(self, inputs: Any) -> Tensor:
        tokens, segments = inputs if isinstance(inputs, tuple | list) else (inputs, None)
        if tokens.shape[1] > self.context:
            raise ShapeError(
                "BERT: the text is longer than what it sees at once.",
                got=f"{tokens.shape[1]} tokens",
                expected=f"at most context={self.context}",
            )
        x = self.words(tokens)  # (B, T, D)
        kinds = self.kinds(ops.zeros_like(tokens) if segments is None else segments)
        x = self.drop(self.norm(x + self.places(x) + kinds))
        for block in self.blocks:
            x = block(x, mask=tokens != PAD)
        return x


class MaskedLanguageModel(Model, namespace="zoo"):
    """Scores of the word at each place, by a BERT that sees what is around it.

    Shapes: as of BERT -> logits (B, T, V).

    Args:
        bert: the encoder, which learns along.

    Train it on what `hide_words` makes of texts, with
    `SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)`.

    >>> bert = BERT(50, depth=1, width=16, hidden=32, heads=2)
    >>> MaskedLanguageModel(bert)([[1, 2, 3]]).shape
    (1, 3, 50)
    """

    def __init__(self, bert: BERT, **common: Unpack[LayerOptions]) -> None:
        super().__init__(**common)
        self.bert = bert
        self.dense = Dense(bert.width, kernel_initializer=START)
        self.norm = LayerNormalization(epsilon=1e-12)
        self.bias = self.add_weight((bert.words.input_dim,), "zeros", "bias")

    def call(self, inputs: Any) -> Tensor:
        h = self.norm(gelu(self.dense(self.bert(inputs))))  # (B, T, D)
        return self.bert.words(h, reverse=True) + self.bias  # (B, T, V)


class TextClassifier(Model, namespace="zoo"):
    """Scores of each class of a text: of what its first token knows of all the others.

    Shapes: as of BERT -> logits (B, classes).

    Args:
        bert: the encoder, which learns along unless `bert.trainable = False`.
        classes: how many there are.
        dropout: share of the vector dropped in training.

    >>> bert = BERT(50, depth=1, width=16, hidden=32, heads=2)
    >>> TextClassifier(bert, 3)([[1, 2, 3]]).shape
    (1, 3)
    """

    def __init__(
        self, bert: BERT, classes: int, dropout: float = 0.1, **common: Unpack[LayerOptions]
    ) -> None:
        super().__init__(**common)
        self.bert = bert
        self.pool = Dense(bert.width, "tanh", kernel_initializer=START)
        self.drop = Dropout(dropout)
        self.decide = Dense(classes, kernel_initializer=START)

    def call(self, inputs: Any) -> Tensor:
        first = self.bert(inputs)[:, 0]  # (B, D)
        return self.decide(self.drop(self.pool(first)))


def hide_words(
    tokens: np.ndarray,
    rng: np.random.Generator,
    mask: int,
    words: range,
    share: float = 0.15,
) -> tuple[np.ndarray, np.ndarray]:
    """Return texts in which some words are hidden, and what they were.

    Of the chosen places 80 % show the token `mask`, 10 % any word, 10 % what was there: so the
    model cannot know which of the words it sees are right.

    Shapes: tokens (B, T) -> inputs and targets (B, T); a target is -1 where nothing was chosen.
    Args:
        tokens: token numbers.
        rng: draws the places.
        mask: the token that hides a word.
        words: the tokens that are words; others, such as padding, are never hidden.
        share: of the words.
    Source: Devlin et al. 2019, section 3.1.

    >>> x, y = hide_words(np.full((1, 8), 5), np.random.default_rng(1), 4, range(5, 9), share=0.5)
    >>> ((y == -1) | (y == 5)).all(), (x[y == -1] == 5).all()
    (np.True_, np.True_)
    """
    share = check_number("share", share, low=0, high=1)
    chosen = (rng.random(tokens.shape) < share) & (tokens >= words.start) & (tokens < words.stop)
    fate = rng.random(tokens.shape)
    shown = np.where(fate < 0.8, mask, rng.integers(words.start, words.stop, tokens.shape))
    inputs = np.where(chosen & (fate < 0.9), shown, tokens)
    return inputs.astype(tokens.dtype), np.where(chosen, tokens, IGNORED)

"""Faulty programs of attention: those of `looking` with what people do to them."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, with_
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.sequences import Places
from benchmarks.doctor.tables import split
from benchmarks.doctor.threads import looking, running
from benchmarks.doctor.training import Training

L, ops = nn.layers, nn.ops


def cut_by_hand(right: bool) -> Any:
    """Return what makes a reader of digits in patches of 4 x 4, cut by a reshape.

    Args:
        right: whether the batch stays in front.
    """

    def cut(z: Any) -> Any:
        z = ops.reshape(z, (-1, 2, 4, 2, 4))
        z = ops.transpose(z, (0, 1, 3, 2, 4) if right else (1, 3, 0, 2, 4))
        return ops.reshape(z, (-1, 4, 16))

    def model() -> Any:
        image = nn.Input((8, 8, 1))
        v = Places()(L.Dense(32)(L.Lambda(cut)(image)))
        for _ in range(2):
            v = L.TransformerEncoderBlock(64, 4, normalize_first=True)(v)
        v = L.Flatten()(L.LayerNormalization()(v))
        return nn.Model(image, L.Dense(10, "softmax")(v))

    return model


def patches() -> Training:
    """Digits in four patches."""
    x, y = looking.digits()
    return Training(
        cut_by_hand(True), **split(x[:700], y[:700], 0.1), test=(x[700:], y[700:]),
        optimizer=adam(3e-3), epochs=10,
    )  # fmt: skip


def gpt(block: Any, past: bool = True) -> Any:
    """Return what makes a GPT of a verse, of any length up to 20, of blocks.

    Args:
        block: makes a block, a function of a tensor.
        past: whether it is to be judged by what came before alone.
    """
    _, _, size = running.verse(330)

    class At(L.Layer):
        def build(self, shape: Any) -> None:
            self.places = self.add_weight(shape=(20, 32), initializer="normal", name="places")

        def call(self, x: Any) -> Any:
            return x + self.places[: x.shape[1]]

    def model() -> Any:
        letters = nn.Input((20,), dtype="int64")
        v = At()(L.Embedding(size, 32)(letters))
        for _ in range(2):
            v = block()(v)
        return nn.Model(letters, L.Dense(size, "softmax")(L.LayerNormalization()(v)))

    return model


def decoder() -> Any:
    """Return a block that sees the past."""
    return L.TransformerDecoderBlock(64, 4, normalize_first=True)


def encoder() -> Any:
    """Return a block that sees all."""
    return L.TransformerEncoderBlock(64, 4, normalize_first=True)


def unseen(model: Any, t: Training) -> float:
    """Share of letters in the middle that are found while nothing is behind them."""
    x, y = np.array(t.test[0]), np.asarray(t.test[1])
    x[:, 11:] = 0
    p = np.asarray(model.predict(x, verbose=0))[:, 10].argmax(-1)
    return float((p == y[:, 10]).mean())


def verse() -> Training:
    """The next letter of a verse."""
    x, y, _ = running.verse(330)
    return Training(
        gpt(decoder), x[:280], y[:280], None, (x[280:], y[280:]), optimizer=adam(3e-3),
        batch_size=16, epochs=10, score=unseen,
    )  # fmt: skip


def backwards(t: Training) -> Training:
    """The target is shifted to the wrong side: each letter's is the one before it."""
    y = np.concatenate([t.x[:, :1], t.x[:, :-1]], 1)
    return t.but(y=y)


def nothing_hidden(t: Training) -> Training:
    """The words that should be guessed are not taken out of what is given for training."""
    rows = running.logs(700, size=20, known=0.9)[:600]
    return t.but(x=rows)


def by_hand(axis: int = -1, scale: float = 8**-0.5) -> Any:
    """Return what makes a reader of two equal letters, its attention written out.

    Args:
        axis: of the softmax.
        scale: what the scores are multiplied by.
    """

    class Heads(L.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.q, self.k, self.v, self.out = (L.Dense(24) for _ in range(4))

        def call(self, x: Any) -> Any:
            q, k, v = (
                ops.transpose(ops.reshape(f(x), (-1, 14, 3, 8)), (0, 2, 1, 3))
                for f in (self.q, self.k, self.v)
            )
            share = ops.softmax(ops.matmul(q, ops.transpose(k, (0, 1, 3, 2))) * scale, axis)
            z = ops.transpose(ops.matmul(share, v), (0, 2, 1, 3))
            return self.out(ops.reshape(z, (-1, 14, 24)))

    def model() -> Any:
        inputs = nn.Input((14,), dtype="int64")
        v = Places()(L.Embedding(256, 24, embeddings_initializer="normal")(inputs))
        for _ in range(2):
            v = L.Add()([v, Heads()(L.LayerNormalization()(v))])
            v = L.Add()([v, L.Dense(24)(L.Dense(48, "relu")(L.LayerNormalization()(v)))])
        v = L.GlobalMaxPooling1D()(L.LayerNormalization()(v))
        return nn.Model(inputs, L.Dense(1, "sigmoid")(v))

    return model


def twice() -> Training:
    """Whether a line holds a letter twice, by attention that is written out."""
    return looking.spelled().but(model=by_hand())


def orders(rows: int = 700) -> Training:
    """Whether a machine warms up before it shakes, or after; places of one's own."""
    random = np.random.default_rng(49)
    y = random.integers(0, 2, rows)
    x = random.normal(0, 0.3, (rows, 20, 2))
    early, late = random.integers(0, 9, rows), random.integers(11, 20, rows)
    row = np.arange(rows)
    x[row, np.where(y, early, late), 0] += 2
    x[row, np.where(y, late, early), 1] += 2
    x = x.astype("float32")
    return Training(
        machine(True), **split(x[:560], y[:560]), test=(x[560:], y[560:]), optimizer=adam(5e-3),
        loss="binary_crossentropy", epochs=18, batch_size=16,
    )  # fmt: skip


def machine(places: bool) -> Any:
    """Return what makes a reader of machines, with places or without."""

    def model() -> Any:
        inputs = nn.Input((20, 2))
        v = L.Dense(24)(inputs)
        v = Places()(v) if places else v
        v = L.TransformerEncoderBlock(48, 2, normalize_first=True)(v)
        v = L.TransformerEncoderBlock(48, 2, normalize_first=True)(v)
        v = L.GlobalAveragePooling1D()(L.LayerNormalization()(v))
        return nn.Model(inputs, L.Dense(1, "sigmoid")(v))

    return model


def filled(length: int, mask: bool) -> Any:
    """Return what makes a reader of names, the mean over all places, with a mask or without."""

    def model() -> Any:
        inputs = nn.Input((length,), dtype="int64")
        v = L.Embedding(27, 24, mask_zero=mask)(inputs)
        v = L.Add()([v, L.SinePositionEncoding()(v)])
        v = L.TransformerEncoderBlock(48, 2, normalize_first=True)(v)
        v = L.GlobalAveragePooling1D()(L.LayerNormalization()(v))
        return nn.Model(inputs, L.Dense(3, "softmax")(v))

    return model


def letters() -> Training:
    """Names of 5 to 9 letters in front of 140 places, all of which the mask leaves out."""
    t = running.named().on(lambda x: np.pad(x, ((0, 0), (0, 128))))
    return t.but(model=filled(140, True), epochs=4, optimizer=adam(3e-3))


def first_of_the_past(pick: int) -> Any:
    """Return what makes a classifier of machines by blocks that see the past, and one step.

    Args:
        pick: the step: the last has seen all, the first itself alone.
    """

    def model() -> Any:
        inputs = nn.Input((20, 2))
        v = Places()(L.Dense(24)(inputs))
        for _ in range(2):
            v = L.TransformerDecoderBlock(48, 2, normalize_first=True)(v)
        v = L.Lambda(lambda z: z[:, pick])(L.LayerNormalization()(v))
        return nn.Model(inputs, L.Dense(1, "sigmoid")(v))

    return model


def from_the_end() -> Training:
    """Machines by blocks that see the past, and the last step; each row begins with a mark."""

    def marked(x: Any) -> Any:
        x = np.array(x)
        x[:, 0] = 1.0
        return x

    return orders().on(marked).but(model=first_of_the_past(-1), epochs=16)


def numbers_as_they_are(t: Training) -> Training:
    """Numbers of letters go into a dense layer, in place of a table."""

    def model() -> Any:
        inputs = nn.Input((14, 1))
        v = Places()(L.Dense(24)(inputs))
        for _ in range(2):
            v = L.TransformerEncoderBlock(48, 2, normalize_first=True)(v)
        v = L.GlobalMaxPooling1D()(L.LayerNormalization()(v))
        return nn.Model(inputs, L.Dense(1, "sigmoid")(v))

    return t.on(lambda x: x[..., None].astype("float32")).but(model=model)


def unasked(t: Training) -> Training:
    """The decoder is called with what was said alone: the source reaches nothing."""

    def model() -> Any:
        source, said = nn.Input((7,), dtype="int64"), nn.Input((8,), dtype="int64")
        v = L.Embedding(15, 32, mask_zero=True)(source)
        v = L.TransformerEncoderBlock(64, 4)(L.Add()([v, L.SinePositionEncoding()(v)]))
        w = L.Embedding(15, 32, mask_zero=True)(said)
        w = L.Add()([w, L.SinePositionEncoding()(w)])
        w = L.TransformerDecoderBlock(64, 4)(w)
        return nn.Model([source, said], L.Dense(15, "softmax")(w))

    return t.but(model=model)


def small_table(t: Training) -> Training:
    """The table has a row for each thing, and none for 'nothing'."""

    def model() -> Any:
        inputs = nn.Input((10,), dtype="int64")
        v = Places()(L.Embedding(40, 24)(inputs))
        v = L.TransformerDecoderBlock(24, 2, normalize_first=True)(v)
        return nn.Model(inputs, L.Dense(41)(L.LayerNormalization()(v)))

    return t.but(model=model)


ROWS: list[tuple[str, Any, Any, tuple[str, ...]]] = [
    ("blind: patches cut across the batch", patches, with_(cut_by_hand(False)),
     ("GD308", "GD103")),
    ("blind: a GPT of encoders", verse, with_(gpt(encoder)), ("GD309",)),
    ("blind: a GPT that is to say what was", verse, backwards, ("GD309", "GD109")),
    ("blind: words to be guessed stand there", looking.guessed_words, nothing_hidden,
     ("GD309", "GD109", "GD111")),
    ("blind: a softmax over the batch", twice, with_(by_hand(0)), ("GD308", "GD214")),
    ("blind: scores times 200", twice, with_(by_hand(scale=200.0)), ("GD701", "GD303", "GD306")),
    ("blind: machines, no places", orders, with_(machine(False)), ("GD310",)),
    ("blind: names before a hundred zeros, no mask", letters, with_(filled(140, False)),
     ("GD114", "GD702")),
    ("blind: the first step of those that see the past", from_the_end,
     with_(first_of_the_past(0)), ("GD307",)),
    ("blind: letters as numbers", looking.spelled, numbers_as_they_are, ("GD104",)),
    ("blind: the source is never read", looking.translated, unasked, ("GD212",)),
    ("blind: a table without 'nothing'", looking.bought_next, small_table, ("GD105",)),
    ("blind: a schedule for 4,000 steps of warm-up", looking.as_published,
     with_(optimizer=lambda: nn.optimizers.Adam(looking.Noam(512, 4000), 0.9, 0.98, 1e-9)),
     ("GD216", "GD507", "GD505")),
    ("blind: a verse by Adam of 0.1", verse, with_(optimizer=adam(0.1)),
     ("GD506", "GD502", "GD703")),
]  # fmt: skip
FAULTS = [Fault(name, "attention", twin, plant, causes) for name, twin, plant, causes in ROWS]

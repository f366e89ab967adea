"""What people ask about series and text, again: their programs, and what the answer mends."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd, with_
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.sequences import Places, words
from benchmarks.doctor.tables import layers, split
from benchmarks.doctor.threads import blind, examples_sequences
from benchmarks.doctor.threads.sequences import prices
from benchmarks.doctor.training import Training, explained

L, ops = nn.layers, nn.ops
asked = examples_sequences


# --- series ---------------------------------------------------------------------------------------


def level() -> Training:
    """The next of a series whose level wanders, from twelve of it."""
    random = np.random.default_rng(82)
    s = np.sin(np.arange(1400) / 3) * 0.3 + random.normal(0, 0.1, 1400)
    wander = random.normal(size=1400)
    for k in range(1, 1400):
        wander[k] += 0.98 * wander[k - 1]
    s = s + wander / wander.std()
    x, y = asked.cut(s, s, 12)
    return Training(
        layers(lambda: nn.Input((12, 1)), lambda: L.LSTM(16), lambda: L.Dense(1)),
        **asked.by_time(x[..., None], y, 12), loss="mse", metrics=(), optimizer=adam(0.01),
        epochs=10, score=explained,
    )  # fmt: skip


def each_by_itself(t: Training) -> Training:
    """Each window is scaled by its own mean and spread, and the target isn't."""
    return t.on(lambda x: (x - x.mean(1, keepdims=True)) / (x.std(1, keepdims=True) + 1e-6))


def spectra() -> Training:
    """What a wave is by its spectrum in 8 pieces, scaled; LSTM."""
    t = asked.shapes_of_waves()
    model = layers(lambda: nn.Input((8, 13)), lambda: L.LSTM(24), lambda: L.Dense(3, "softmax"))

    def pieces(x: Any) -> Any:
        part = np.stack([x[:, k : k + 10, 0] for k in range(0, 16, 2)], 1)
        return (np.abs(np.fft.rfft(part, 24)) / 6).astype("float32")

    return t.on(pieces).but(model=model, optimizer=adam(5e-3), epochs=12)


def bits() -> Training:
    """The next of a row of bits: whether the second and the fifth before it differ."""
    random = np.random.default_rng(80)
    b = list(random.integers(0, 2, 5))
    while len(b) < 1800:
        b.append(b[-2] ^ b[-5] if random.random() < 0.9 else random.integers(0, 2))
    x, y = asked.cut(np.array(b), np.array(b), 8)
    y = y[:, 0].astype("int64")
    return Training(
        layers(lambda: nn.Input((8, 1)), lambda: L.LSTM(24), lambda: L.Dense(1, "sigmoid")),
        **split(x[:1200, :, None], y[:1200]), test=(x[1210:, :, None], y[1210:]),
        loss="binary_crossentropy", optimizer=adam(0.01), epochs=20,
    )  # fmt: skip


def by_attention(width: int | None) -> Any:
    """Return what makes an encoder of 24 hours, of some width or of that of the series."""

    def model() -> Any:
        inputs = nn.Input((24, 1))
        v = Places()(L.Dense(width)(inputs) if width else inputs)
        v = L.LayerNormalization()(L.Add()([v, L.MultiHeadAttention(1, width or 1)(v, v)]))
        w = L.Dense(width or 1)(L.Dense(32, "relu")(v))
        v = L.LayerNormalization()(L.Add()([v, w]))
        return nn.Model(inputs, L.Dense(1)(L.Flatten()(v)))

    return model


def hours() -> Training:
    """The next hour of a house by an encoder, norms behind."""
    return asked.quantiles().but(
        model=by_attention(16), loss="mse", score=explained, optimizer=adam(3e-3), epochs=6
    )


# --- words ----------------------------------------------------------------------------------------


def both_ends(mixed: bool) -> Any:
    """Return what makes a reader of headlines by its last states, forwards and backwards.

    Args:
        mixed: whether the two states are joined by a reshape with the batch in the middle.
    """

    def join(states: Any) -> Any:
        if mixed:
            return ops.reshape(ops.stack(states), (-1, 24))
        return ops.concatenate(states, -1)

    def model() -> Any:
        inputs = nn.Input((50,), dtype="int64")
        v = L.Embedding(200, 16)(inputs)
        states = [L.GRU(12)(v), L.GRU(12, go_backwards=True)(v)]
        return nn.Model(inputs, L.Dense(5, "softmax")(L.Lambda(join)(states)))

    return model


def headlines_from_both_ends() -> Training:
    """Topics from both ends of a headline; numbers of topics."""
    x, y = asked.news()
    x = np.where(x == 0, 1, x)
    return asked.looked_through().but(
        **split(x[:800], y[:800]), test=(x[800:], y[800:]), model=both_ends(False), epochs=10,
        loss="sparse_categorical_crossentropy",
    )  # fmt: skip


def with_mask(turned: bool) -> Any:
    """Return what makes an encoder of headlines with a mask of what is looked at.

    Args:
        turned: whether it is True where nothing is, as another library wants it.
    """

    def model() -> Any:
        inputs = nn.Input((50,), dtype="int64")
        real = L.Lambda(lambda z: ops.not_equal(z, 0))(inputs)
        seen = L.Lambda(lambda z: ops.logical_not(z) if turned else z)(real)
        v = L.Embedding(200, 24)(inputs)
        for _ in range(2):
            w = L.LayerNormalization()(v)
            w = L.MultiHeadAttention(2, 12)(w, w, key_mask=seen)
            v = L.Add()([v, w])
        v = L.LayerNormalization()(v)
        last = L.Lambda(lambda z: z[:, -1])(v)
        return nn.Model(inputs, L.Dense(5, "softmax")(last))

    return model


def headlines_by_attention() -> Training:
    """Topics by attention; the last word, a mark, has seen all."""
    t = headlines_from_both_ends()
    x, y = asked.news()
    x[:, -1] = 1
    return t.but(
        **split(x[:800], y[:800]), test=(x[800:], y[800:]), model=with_mask(False),
        optimizer=adam(3e-3), epochs=8,
    )  # fmt: skip


def missing_vectors(t: Training) -> Training:
    """Vectors learnt elsewhere, and kept: nearly no word is found among them, the others are 0."""
    random = np.random.default_rng(81)
    table = random.normal(size=(200, 16)) * (np.arange(200) > 195)[:, None]

    def model() -> Any:
        words = L.Embedding(200, 16, weights=[table.astype("float32")], trainable=False)
        return nn.Sequential([nn.Input((50,), dtype="int64"), words, L.LSTM(24),
                              L.Dense(5, "softmax")])  # fmt: skip

    return t.but(model=model)


def a_word_for_nothing(t: Training) -> Training:
    """Words are counted from 0, and 0 is masked."""
    return t.on(lambda x: x - 1).but(model=layers(
        lambda: nn.Input((12,), dtype="int64"), lambda: L.Embedding(20, 16, mask_zero=True),
        lambda: L.GRU(24), lambda: L.Dense(1, "sigmoid"),
    ))  # fmt: skip


# --- letters --------------------------------------------------------------------------------------


def written(low: float = -1e9, axis: int = -1) -> Any:
    """Return what makes a small GPT whose attention is written out.

    Args:
        low: what is added to scores of what comes later.
        axis: of the softmax.
    """

    class Past(L.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.q, self.k, self.v, self.out = (L.Dense(32) for _ in range(4))

        def call(self, x: Any) -> Any:
            q, k, v = self.q(x), self.k(x), self.v(x)
            score = ops.matmul(q, ops.transpose(k, (0, 2, 1))) / np.sqrt(32).astype("float32")
            later = np.triu(np.ones((24, 24), "float32"), 1)
            return self.out(ops.matmul(ops.softmax(score + low * later, axis), v))

    _, size = asked.lines()

    def model() -> Any:
        letters = nn.Input((24,), dtype="int64")
        v = Places()(L.Embedding(size, 32)(letters))
        for _ in range(2):
            v = L.Add()([v, Past()(L.LayerNormalization()(v))])
            v = L.Add()([v, L.Dense(32)(L.Dense(64, "gelu")(L.LayerNormalization()(v)))])
        return nn.Model(letters, L.Dense(size)(L.LayerNormalization()(v)))

    return model


def written_gpt() -> Training:
    """Letters by attention that is written out."""
    return asked.letters_at_once().but(model=written())


def places_of_rows(t: Training) -> Training:
    """Places are counted along the batch: each row has a vector of its own."""

    class Rows(L.Layer):
        def build(self, shape: Any) -> None:
            at = np.arange(4096)[:, None] / 10 ** (np.arange(shape[-1]) / shape[-1] * 4)
            self.table = np.sin(at + (np.arange(shape[-1]) % 2) * np.pi / 2).astype("float32")

        def call(self, x: Any) -> Any:
            return x + self.table[: x.shape[0] or 1, None]

    def model() -> Any:
        inputs = nn.Input((20, 2))
        v = Rows()(L.Dense(24)(inputs))
        for _ in range(2):
            v = L.TransformerEncoderBlock(48, 2, normalize_first=True)(v)
        v = L.GlobalAveragePooling1D()(L.LayerNormalization()(v))
        return nn.Model(inputs, L.Dense(1, "sigmoid")(v))

    return t.but(model=model)


def steps_first(t: Training) -> Training:
    """The blocks are fed with the steps in front: they look from row to row."""

    def model() -> Any:
        def turn(z: Any) -> Any:
            return ops.transpose(z, (1, 0, 2))

        inputs = nn.Input((20, 2))
        v = L.Lambda(turn)(Places()(L.Dense(24)(inputs)))
        for _ in range(2):
            v = L.TransformerEncoderBlock(48, 2, normalize_first=True)(v)
        v = L.GlobalAveragePooling1D()(L.LayerNormalization()(L.Lambda(turn)(v)))
        return nn.Model(inputs, L.Dense(1, "sigmoid")(v))

    return t.but(model=model)


def said_alone(model: Any, t: Training) -> float:
    """Share of figures that are right when each is told what it said itself."""
    (text, _), y = t.test
    said = np.full((len(text), 6), 11)
    for k in range(6):
        p = np.asarray(model.predict([text, said], verbose=0))[:, k].argmax(-1)
        if k < 5:
            said[:, k + 1] = p
    return float((p == y[:, -1]).mean())


def dates_alone() -> Training:
    """Dates in figures, judged as they will be used."""
    return asked.dates_read().but(score=said_alone)


def told_the_answer(t: Training) -> Training:
    """The decoder is given its target, not shifted."""
    (a, _), (b, _) = t.x, t.validation[0]
    return t.but(x=[a, t.y], validation=([b, t.validation[1]], t.validation[1]))


SERIES: list[tuple[str, Any, Any, tuple[str, ...]]] = [
    # https://github.com/keras-team/keras/issues/2321, nicodjimenez/lstm/issues/37
    ("prices: the last layer is an LSTM", prices, with_(layers(
        lambda: nn.Input((10, 1)), lambda: L.LSTM(16, return_sequences=True), lambda: L.LSTM(1))),
     ("GD204",)),
    # https://stackoverflow.com/questions/60306255
    ("a house: a sigmoid for what is standardised", hours, lambda t: t.but(model=layers(
        lambda: nn.Input((24, 1)), lambda: L.LSTM(16), lambda: L.Dense(1, "sigmoid"))),
     ("GD204",)),
    # https://stackguides.com/questions/46620813
    ("bits: one unit and a softmax of one", bits, with_(layers(
        lambda: nn.Input((8, 1)), lambda: L.LSTM(1), lambda: L.Dense(1, "softmax")),
        optimizer=lambda: nn.optimizers.Adagrad(1e-3)), ("GD203", "GD214")),
    # https://datascience.stackexchange.com/questions/67599
    ("bits: zeros are masked", bits, with_(layers(
        lambda: nn.Input((8, 1)), lambda: L.Masking(0.0), lambda: L.LSTM(24),
        lambda: L.Dense(1, "sigmoid"))), ("GD114", "GD702", "GD510", "GD602")),
    ("a level: each window scaled by itself", level, each_by_itself,
     ("GD510", "GD602", "GD508", "GD601", "GD605")),
    # https://github.com/keras-team/keras/issues/9889
    ("spectra: as they come", spectra, lambda t: t.on(lambda x: 4000 * x), ("GD104",)),
    # https://datascience.stackexchange.com/questions/76826
    ("a share: a rate of 4e-5", asked.opening_price, with_(optimizer=adam(4e-5)),
     ("GD507", "GD505")),
    # https://taourl.com/read-2677698.html
    ("prices: all weights of the LSTM begin at one", prices, with_(layers(
        lambda: nn.Input((10, 1)),
        lambda: L.LSTM(16, kernel_initializer="ones", recurrent_initializer="ones"),
        lambda: L.Dense(1, kernel_initializer="ones"))), ("GD208",)),
    # https://stats.stackexchange.com/posts/487195/revisions
    ("waves: a large rate, nothing clipped", asked.shapes_of_waves,
     with_(optimizer=sgd(1.0, momentum=0.9)), ("GD506", "GD502", "GD401", "GD505", "GD504")),
    ("sold: a Poisson loss and no end", asked.sold, with_(layers(
        lambda: nn.Input((21, 1)), lambda: L.GRU(16), lambda: L.Dense(1))),
     ("GD203", "GD204", "GD202", "GD401", "GD302")),
]  # fmt: skip
WORDS: list[tuple[str, Any, Any, tuple[str, ...]]] = [
    # https://medium.com/mcgill-artificial-intelligence-review, "The dangers of reshaping"
    ("headlines: two ends joined by a reshape", headlines_from_both_ends,
     with_(both_ends(True)), ("GD308",)),
    # https://datascience.stackexchange.com/questions/93074
    ("headlines: a softmax of one for each word", headlines_from_both_ends, with_(layers(
        lambda: nn.Input((50,), dtype="int64"), lambda: L.Embedding(200, 16),
        lambda: L.Dense(1, "softmax"))), ("GD103", "GD203", "GD214", "GD102")),
    ("headlines: five topics, one sigmoid", headlines_from_both_ends, lambda t: t.but(
        loss="binary_crossentropy", model=layers(
            lambda: nn.Input((50,), dtype="int64"), lambda: L.Embedding(200, 16),
            lambda: L.GRU(24), lambda: L.Dense(1, "sigmoid"))), ("GD102", "GD203")),
    # https://example-a.com/answer/79425201
    ("headlines: vectors of which most are missing", headlines_from_both_ends, missing_vectors,
     ("GD208", "GD307", "GD212", "GD303", "GD705", "GD510")),
    # https://forums.fast.ai/t/stability-of-lstm-training-in-lesson-4/10961
    ("headlines: Adam of 0.5", headlines_from_both_ends, with_(optimizer=adam(0.5)),
     ("GD506", "GD502", "GD504", "GD505", "GD511", "GD510")),
    ("words: counted from 0, which is masked", words, a_word_for_nothing,
     ("GD114", "GD105", "GD510", "GD601")),
    # https://stats.stackexchange.com/questions/342170
    ("named things: nothing weighs more", asked.named_things, with_(fit={}, epochs=3),
     ("GD107",)),
    ("parts of speech: a squared error of numbers", asked.parts_of_speech, with_(
        layers(lambda: nn.Input((18,), dtype="int64"),
               lambda: L.Embedding(80, 16, mask_zero=True),
               lambda: L.Bidirectional(L.LSTM(24, return_sequences=True)),
               lambda: L.TimeDistributed(L.Dense(5, "softmax"))), loss="mse"),
     ("GD203", "GD103", "GD206")),
    ("dates: the decoder begins with nothing", dates_alone, with_(asked.read_dates(False)),
     ("GD212",)),
    # https://github.com/YueDongCS/EditNTS/issues/9, huggingface/transformers/issues/16940
    ("dates: the decoder is told its target", dates_alone, told_the_answer, ("GD309", "GD109")),
    ("dates: scores for shares", dates_alone, with_(loss="sparse_categorical_crossentropy"),
     ("GD202",)),
    ("letters: one-hot for a sparse loss", asked.next_letters, lambda t: t.to(
        lambda y: np.eye(asked.lines()[1], dtype="float32")[y]), ("GD103", "GD203")),
]  # fmt: skip
LOOKING: list[tuple[str, Any, Any, tuple[str, ...]]] = [
    # https://discuss.pytorch.org/t/184454
    ("a house: one feature through LayerNormalization", hours, with_(by_attention(None)),
     ("GD307", "GD212", "GD304")),
    # https://discuss.pytorch.org/t/142900
    ("machines: places counted along the batch", blind.orders, places_of_rows,
     ("GD310", "GD308")),
    # https://discuss.pytorch.org/t/62364
    ("machines: steps in front of the batch", blind.orders, steps_first, ("GD308",)),
    # https://stackoverflow.com/questions/62170439
    ("headlines: the mask turned over", headlines_by_attention, with_(with_mask(True)),
     ("GD702", "GD114", "GD307", "GD510")),
    # https://github.com/karpathy/minGPT/issues/75
    ("letters: what is later gets one less", written_gpt, with_(written(low=-1.0)), ("GD309",)),
    # https://theorempath.com/labs/proof-tasks/softmax-axis
    ("letters: shares over those who ask", written_gpt, with_(written(axis=1)),
     ("GD309", "GD214")),
    # https://github.com/tensorflow/tensor2tensor/issues/105, OpenNMT/OpenNMT-py/issues/227
    ("letters: Adam of 0.1, no warm-up", asked.letters_at_once, with_(optimizer=adam(0.1)),
     ("GD506", "GD502", "GD703", "GD505")),
    ("letters: SGD as it comes", asked.letters_at_once, with_(optimizer=sgd(0.01)),
     ("GD507", "GD505")),
    ("letters: AdamW with a decay of 20", asked.letters_at_once,
     with_(optimizer=lambda: nn.optimizers.AdamW(5e-3, weight_decay=20.0)), ("GD211",)),
    # https://ai.stackexchange.com/questions/18234
    ("pairs: Adam of 0.05", asked.pairs, with_(optimizer=adam(0.05)),
     ("GD506", "GD502", "GD703", "GD505", "GD510")),
]  # fmt: skip
FAULTS = [
    Fault(f"asked: {name}", family, twin, plant, causes)
    for rows, family in ((SERIES, "recurrent"), (WORDS, "recurrent"), (LOOKING, "attention"))
    for name, twin, plant, causes in rows
]

"""Healthy programs in the manner of published examples: series and text, as people begin."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.tables import layers, split
from benchmarks.doctor.threads.examples_series import by_time, cut
from benchmarks.doctor.training import Training, explained

L, ops = nn.layers, nn.ops
SCORES = nn.losses.SparseCategoricalCrossentropy(from_logits=True)


def found(model: Any, t: Training) -> float:
    """Share of the steps that are right, those left out of which the target is 0."""
    y = np.asarray(t.test[1])
    return float((np.asarray(model.predict(t.test[0], verbose=0)).argmax(-1) == y)[y > 0].mean())


def share() -> Any:
    """Return a price that wanders, from 0 to 1 by its years of training."""
    random = np.random.default_rng(60)
    price = 100 * np.exp(np.cumsum(random.normal(0.0002, 0.01, 1100)) + random.normal(0, 0.03))
    price = np.convolve(price, np.ones(5) / 5, "valid")
    low, high = price[:700].min(), price[:700].max()
    return ((price - low) / (high - low)).astype("float32")


def opening_price() -> Training:
    """The next price from 20 of them, by three LSTM layers with dropout."""
    p = share()
    x, y = cut(p, p, 20)
    model = layers(
        lambda: nn.Input((20, 1)), lambda: L.LSTM(24, return_sequences=True),
        lambda: L.Dropout(0.2), lambda: L.LSTM(24, return_sequences=True), lambda: L.Dropout(0.2),
        lambda: L.LSTM(24), lambda: L.Dropout(0.2), lambda: L.Dense(1),
    )  # fmt: skip
    return Training(
        model, **by_time(x[..., None], y), loss="mse", metrics=(), optimizer=adam(2e-3), epochs=14,
        score=explained,
    )  # fmt: skip


def travellers(rows: int = 240) -> Any:
    """Return how many travel each month, as parts of the most."""
    random = np.random.default_rng(61)
    t = np.arange(rows)
    y = (100 + 1.2 * t) * (1 + 0.25 * np.sin(2 * np.pi * t / 12)) + random.normal(0, 6, rows)
    return (y / y.max()).astype("float32")


def one_month() -> Training:
    """The next month from one, one row a step, four units; the first that many people write."""
    s = travellers()
    x, y = cut(s, s, 1)
    model = layers(lambda: nn.Input((1, 1)), lambda: L.LSTM(4), lambda: L.Dense(1))
    return Training(
        model, x[:160, :, None], y[:160], None, (x[:160, :, None], y[:160]), loss="mse",
        metrics=(), optimizer=adam(5e-3), batch_size=1, epochs=15, score=explained,
    )  # fmt: skip


def differences() -> Training:
    """Changes from month to month between -1 and 1, by an LSTM that keeps its state."""
    s = np.diff(travellers(410))
    s = (s / np.abs(s).max()).astype("float32")
    x, y = s[:-1].reshape(8, 51, 1), s[1:].reshape(8, 51, 1)
    x, y = (np.concatenate([a[:, k : k + 17] for k in (0, 17, 34)]) for a in (x, y))
    model = layers(
        lambda: nn.Input(batch_shape=(8, 17, 1)),
        lambda: L.LSTM(16, stateful=True, return_sequences=True), lambda: L.Dense(1),
    )  # fmt: skip

    class Anew(nn.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            for layer in self.model.layers[:1]:
                layer.reset_states()

    return Training(
        model, x, y, None, (x, y), loss="mse", metrics=(), optimizer=adam(0.01), batch_size=8,
        epochs=30, fit={"shuffle": False, "callbacks": [Anew()]},
        score=lambda m, t: explained_in_batches(m, t, 8),
    )  # fmt: skip


def explained_in_batches(model: Any, t: Training, size: int) -> float:
    """R2 of predictions in batches of a size."""
    p = np.asarray(model.predict(t.test[0], batch_size=size, verbose=0))
    return float(1 - ((p - t.test[1]) ** 2).mean() / t.test[1].var())


def house(rows: int = 2400) -> tuple[Any, Any]:
    """Return what a house takes each hour, scaled, and the weekday."""
    random = np.random.default_rng(62)
    t = np.arange(rows)
    day = t // 24 % 7
    y = np.sin(2 * np.pi * t / 24) + 0.8 * (day > 4) + 0.5 * np.sin(2 * np.pi * t / 12)
    y = y + np.convolve(random.normal(0, 0.4, rows + 5), np.ones(6) / 3, "valid")
    return ((y - y[:1600].mean()) / y[:1600].std()).astype("float32"), day


def calendar() -> Training:
    """Six hours at once from 24, with an embedding of the weekday beside the GRU."""
    y, day = house()
    starts = np.arange(0, len(y) - 30, 2)
    x = np.stack([y[s : s + 24] for s in starts])[..., None]
    target = np.stack([y[s + 24 : s + 30] for s in starts])
    days = day[starts + 24][:, None]

    def model() -> Any:
        hours, weekday = nn.Input((24, 1)), nn.Input((1,), dtype="int64")
        v = L.Concatenate()([L.GRU(24)(hours), L.Flatten()(L.Embedding(7, 3)(weekday))])
        return nn.Model([hours, weekday], L.Dense(6)(L.Dense(24, "relu")(v)))

    def part(a: int, b: int) -> tuple[Any, Any]:
        return [x[a:b], days[a:b]], target[a:b]

    return Training(
        model, *part(0, 800), part(815, 980), part(995, 1180), loss="mse", metrics=("mae",),
        optimizer=adam(5e-3), epochs=12, score=explained,
    )  # fmt: skip


def pinball(y: Any, p: Any) -> Any:
    """The mean pinball loss of three quantiles."""
    q = np.array([0.1, 0.5, 0.9], "float32")
    return ops.mean(ops.maximum(q * (y - p), (q - 1) * (y - p)))


def quantiles() -> Training:
    """Three quantiles of the next hour."""
    y, _ = house()
    x, y = cut(y, y, 24)

    def middle(model: Any, t: Training) -> float:
        p = np.asarray(model.predict(t.test[0], verbose=0))[:, 1:2]
        return float(1 - ((p - t.test[1]) ** 2).mean() / t.test[1].var())

    return Training(
        layers(lambda: nn.Input((24, 1)), lambda: L.GRU(24), lambda: L.Dense(3)),
        **by_time(x[..., None], y), loss=pinball, metrics=(), optimizer=adam(5e-3), epochs=8,
        score=middle,
    )  # fmt: skip


def rebuilt() -> Training:
    """Days said again from eight numbers by two LSTM, one behind the other."""
    y, _ = house(4800)
    x = y.reshape(-1, 24, 1)
    model = layers(
        lambda: nn.Input((24, 1)), lambda: L.LSTM(16), lambda: L.RepeatVector(24),
        lambda: L.LSTM(16, return_sequences=True), lambda: L.TimeDistributed(L.Dense(1)),
    )  # fmt: skip
    return Training(
        model, x[:160], x[:160], None, (x[165:], x[165:]), loss="mae", metrics=(), batch_size=8,
        optimizer=adam(5e-3), epochs=25, fit={"validation_split": 0.1}, score=explained,
    )  # fmt: skip


def sold() -> Training:
    """How many are sold tomorrow, by a GRU on logarithms and a Poisson loss."""
    random = np.random.default_rng(63)
    t = np.arange(1500)
    level = np.exp(1.2 + 0.7 * np.sin(2 * np.pi * t / 7) + 0.5 * np.sin(2 * np.pi * t / 60))
    n = random.poisson(level)
    x, y = cut(np.log1p(n), n, 21)
    model = layers(
        lambda: nn.Input((21, 1)), lambda: L.GRU(16), lambda: L.Dense(1, "exponential")
    )  # fmt: skip
    return Training(
        model, **by_time(x[..., None], y), loss="poisson", metrics=(), optimizer=adam(5e-3),
        epochs=12, score=explained,
    )  # fmt: skip


def shapes_of_waves() -> Training:
    """Sine, square or saw, by a SimpleRNN, SGD with momentum and clipped gradients."""
    random = np.random.default_rng(64)
    y = random.integers(0, 3, 1200)
    at = (np.arange(24) / random.uniform(6, 12, (1200, 1)) + random.random((1200, 1))) % 1
    forms = np.stack([np.sin(2 * np.pi * at), np.sign(at - 0.5), 2 * at - 1])
    x = forms[y, np.arange(1200)] + random.normal(0, 0.2, (1200, 24))
    x = x[..., None].astype("float32")
    return Training(
        layers(lambda: nn.Input((24, 1)), lambda: L.SimpleRNN(32), lambda: L.Dense(3, "softmax")),
        **split(x[:900], y[:900]), test=(x[900:], y[900:]), epochs=20,
        optimizer=lambda: nn.optimizers.SGD(0.05, momentum=0.9, clipnorm=1.0),
    )  # fmt: skip


def chords() -> Training:
    """Which of 24 keys sound next, several at once, at each step."""
    random = np.random.default_rng(65)
    bars = (random.random((6, 24)) < 0.15).astype("float32")
    follows = random.permutation(6)
    x = np.zeros((600, 17), "int64")
    x[:, 0] = random.integers(0, 6, 600)
    for k in range(1, 17):
        again = random.random(600) < 0.1
        x[:, k] = np.where(again, x[:, k - 1], follows[x[:, k - 1]])
    notes = bars[x] * (random.random((600, 17, 24)) < 0.9).astype("float32")

    def score(model: Any, t: Training) -> float:
        p = np.asarray(model.predict(t.test[0], verbose=0)) > 0.5
        y = t.test[1] > 0.5
        return float(2 * (p & y).sum() / (p.sum() + y.sum()))

    model = layers(
        lambda: nn.Input((16, 24)), lambda: L.LSTM(32, return_sequences=True),
        lambda: L.TimeDistributed(L.Dense(24, "sigmoid")),
    )  # fmt: skip
    x, y = notes[:, :-1], notes[:, 1:]
    return Training(
        model, **split(x[:480], y[:480]), test=(x[480:], y[480:]), loss="binary_crossentropy",
        metrics=(), optimizer=adam(0.01), batch_size=16, epochs=12, score=score,
    )  # fmt: skip


def news(rows: int = 1000, length: int = 50) -> tuple[Any, Any]:
    """Return headlines of 8 to 30 words of a vocabulary of 200, filled up in front, and topics."""
    random = np.random.default_rng(66)
    y = random.choice(5, rows, p=[0.35, 0.25, 0.2, 0.1, 0.1])
    x = np.zeros((rows, length), "int64")
    for row, kind in zip(x, y, strict=True):
        n = random.integers(8, 31)
        words = 102 + (98 * random.random(n) ** 2).astype("int64")
        told = random.random(n) < 0.2
        words[told] = 2 + 20 * kind + random.integers(0, 20, told.sum())
        row[-n:] = words
    return x, y


def headlines() -> Training:
    """Topics by windows of words, the largest answer, and dropout; one-hot topics."""
    x, y = news()
    y = np.eye(5, dtype="float32")[y]
    model = layers(
        lambda: nn.Input((50,), dtype="int64"), lambda: L.Embedding(200, 24),
        lambda: L.Conv1D(32, 4, activation="relu"), lambda: L.GlobalMaxPooling1D(),
        lambda: L.Dropout(0.3), lambda: L.Dense(5, "softmax"),
    )  # fmt: skip
    return Training(
        model, **split(x[:800], y[:800]), test=(x[800:], y[800:]), optimizer=adam(5e-3), epochs=10,
        loss="categorical_crossentropy",
    )  # fmt: skip


class Looks(L.Layer):
    """The mean of all steps, weighted by a learnt score of each; padding weighs nothing."""

    def build(self, shape: Any) -> None:
        self.inner, self.score = L.Dense(16, "tanh"), L.Dense(1, use_bias=False)

    def call(self, x: Any, mask: Any = None) -> Any:
        score = self.score(self.inner(x))
        if mask is not None:
            score = ops.where(ops.expand_dims(mask, -1), score, -1e9)
        return ops.sum(ops.softmax(score, 1) * x, 1)


def looked_through() -> Training:
    """Topics by a bidirectional GRU and one question over all its steps."""
    x, y = news()
    model = layers(
        lambda: nn.Input((50,), dtype="int64"), lambda: L.Embedding(200, 16, mask_zero=True),
        lambda: L.Bidirectional(L.GRU(12, return_sequences=True)), lambda: Looks(),
        lambda: L.Dense(5),
    )  # fmt: skip
    return Training(
        model, **split(x[:800], y[:800]), test=(x[800:], y[800:]), optimizer=adam(5e-3), epochs=6,
        loss=SCORES,
    )  # fmt: skip


def speech(rows: int = 900, length: int = 18) -> tuple[Any, Any]:
    """Return sentences of 6 to 18 words, 0 behind, and the part of speech of each word.

    A word's part hangs on the word for half of the words, and on the part before for the others.
    """
    random = np.random.default_rng(67)
    x, y = random.integers(1, 80, (rows, length)), np.zeros((rows, length), "int64")
    for k in range(length):
        known = 1 + x[:, k] % 4
        turned = 1 + y[:, k - 1] % 4 if k else known
        y[:, k] = np.where(x[:, k] > 40, turned, known)
    inside = np.arange(length) < random.integers(6, length + 1, (rows, 1))
    return x * inside, y * inside


def parts_of_speech() -> Training:
    """The part of speech of each word, both ways; what is empty is masked and doesn't count."""
    x, y = speech()
    model = layers(
        lambda: nn.Input((18,), dtype="int64"), lambda: L.Embedding(80, 16, mask_zero=True),
        lambda: L.Bidirectional(L.LSTM(24, return_sequences=True)),
        lambda: L.TimeDistributed(L.Dense(5, "softmax")),
    )  # fmt: skip
    return Training(
        model, **split(x[:720], y[:720]), test=(x[720:], y[720:]), optimizer=adam(0.01), epochs=10,
        score=found,
    )  # fmt: skip


def named_things() -> Training:
    """Names of people among words of which nine in ten are none; names weigh ten times."""
    random = np.random.default_rng(68)
    x = random.integers(3, 90, (900, 20))
    y = ((x < 40) & (np.roll(x, 1, 1) > 75) & (np.arange(20) > 0)).astype("int64")
    weight = np.where(y, 10.0, 1.0).astype("float32")
    model = layers(
        lambda: nn.Input((20,), dtype="int64"), lambda: L.Embedding(90, 16),
        lambda: L.GRU(24, return_sequences=True), lambda: L.Dense(2, "softmax"),
    )  # fmt: skip

    def both(model: Any, t: Training) -> float:
        p, y = np.asarray(model.predict(t.test[0], verbose=0)).argmax(-1), t.test[1]
        return float(np.mean([(p == y)[y == k].mean() for k in (0, 1)]))

    return Training(
        model, x[:700], y[:700], None, (x[700:], y[700:]), optimizer=adam(0.01), epochs=10,
        fit={"sample_weight": weight[:700]}, metrics=(), score=both,
    )  # fmt: skip


def dates(rows: int = 1500) -> tuple[Any, Any]:
    """Return dates as people write them, as ids of letters, and as year, month and day."""
    random = np.random.default_rng(69)
    months = "jan,feb,mar,apr,may,jun,jul,aug,sep,oct,nov,dec"
    names = months.split(",")
    day, month, year = (random.integers(a, b, rows) for a, b in ((1, 29), (0, 12), (10, 30)))
    known = {c: k + 1 for k, c in enumerate(sorted(set("0123456789 " + "".join(names))))}
    x = np.zeros((rows, 9), "int64")
    for row, d, m, a in zip(x, day, month, year, strict=True):
        text = f"{d} {names[m]} {a}"
        row[: len(text)] = [known[c] for c in text]
    digits = [f"{a:02d}{m + 1:02d}{d:02d}" for d, m, a in zip(day, month, year, strict=True)]
    return x, np.array([[int(c) + 1 for c in text] for text in digits])


def read_dates(state: bool = True) -> Any:
    """Return what makes an encoder, and a decoder that looks at what it has read.

    Args:
        state: whether the decoder begins with the encoder's state, and looks at its steps.
    """

    def model() -> Any:
        text, said = nn.Input((9,), dtype="int64"), nn.Input((6,), dtype="int64")
        read, last = L.GRU(48, return_sequences=True, return_state=True)(L.Embedding(34, 16)(text))
        begun = L.Embedding(12, 16)(said)
        if not state:
            return nn.Model([text, said], L.Dense(12)(L.GRU(48, return_sequences=True)(begun)))
        told = L.GRU(48, return_sequences=True)(begun, initial_state=last)
        seen = L.AdditiveAttention()([told, read])
        return nn.Model([text, said], L.Dense(12)(L.Concatenate()([told, seen])))

    return model


def dates_read() -> Training:
    """Dates in figures: an encoder, and a decoder that is told what it should have said."""
    x, y = dates()
    begun = np.concatenate([np.full((len(y), 1), 11), y[:, :-1]], 1)

    def part(a: int, b: int) -> tuple[Any, Any]:
        return [x[a:b], begun[a:b]], y[a:b]

    return Training(
        read_dates(), *part(0, 1100), part(1100, 1250), part(1250, 1500), loss=SCORES,
        optimizer=adam(0.01), epochs=10, score=found,
    )  # fmt: skip


def lines(rows: int = 800, length: int = 24) -> Any:
    """Return lines of a text as ids of its letters, one letter longer than they are read."""
    random = np.random.default_rng(70)
    said = "the,old,man,and,sea,saw,a,great,fish,he,could,not,hold,it,for,long"
    words = said.split(",")
    text = " ".join(words[k] for k in random.integers(0, len(words), 6000))
    known = {c: k for k, c in enumerate(sorted(set(text)))}
    ids = np.array([known[c] for c in text])
    return np.stack([ids[k * length : k * length + length + 1] for k in range(rows)]), len(known)


def next_letters() -> Training:
    """The next letter at each step, by a GRU; scores, and a loss that is told so."""
    ids, size = lines()
    model = layers(
        lambda: nn.Input((24,), dtype="int64"), lambda: L.Embedding(size, 16),
        lambda: L.GRU(64, return_sequences=True), lambda: L.Dense(size),
    )  # fmt: skip
    x, y = ids[:, :-1], ids[:, 1:]
    return Training(
        model, **split(x[:640], y[:640], 0.1), test=(x[640:], y[640:]), loss=SCORES, batch_size=16,
        optimizer=adam(5e-3), epochs=8, score=found,
    )  # fmt: skip


def little_gpt(size: int, wide: int = 32) -> Any:
    """Return what makes two blocks that see the past, over letters and places."""

    def model() -> Any:
        letters = nn.Input((24,), dtype="int64")
        v = L.Embedding(size, wide)(letters)
        v = L.Add()([v, L.PositionEmbedding(24)(v)])
        for _ in range(2):
            w = L.LayerNormalization()(v)
            w = L.MultiHeadAttention(4, wide // 4)(w, w, use_causal_mask=True)
            v = L.Add()([v, w])
            w = L.Dense(wide)(L.Dense(2 * wide, "gelu")(L.LayerNormalization()(v)))
            v = L.Add()([v, w])
        return nn.Model(letters, L.Dense(size)(L.LayerNormalization()(v)))

    return model


def letters_at_once() -> Training:
    """A small GPT with AdamW, a warm-up and a cosine."""
    ids, size = lines()
    x, y = ids[:, :-1], ids[:, 1:]
    rate = nn.optimizers.schedules.CosineDecay(0.0, 300, warmup_target=5e-3, warmup_steps=40)
    return Training(
        little_gpt(size), **split(x[:640], y[:640], 0.1), test=(x[640:], y[640:]), loss=SCORES,
        batch_size=16, epochs=9, score=ahead,
        optimizer=lambda: nn.optimizers.AdamW(rate, weight_decay=0.01),
    )  # fmt: skip


def ahead(model: Any, t: Training) -> float:
    """Share of letters in the middle that are found while nothing is known of those behind."""
    x, y = np.array(t.test[0]), np.asarray(t.test[1])
    x[:, 13:] = 0
    return float((np.asarray(model.predict(x, verbose=0))[:, 12].argmax(-1) == y[:, 12]).mean())


def sums_that_turn() -> Training:
    """(a + b) mod 7, all of them again and again: what is read at '='."""
    a, b = (np.tile(v.ravel(), 12) for v in np.mgrid[0:7, 0:7])
    x = np.stack([a, b, np.full(len(a), 7)], 1)
    y = (x[:, 0] + x[:, 1]) % 7

    def model() -> Any:
        inputs = nn.Input((3,), dtype="int64")
        v = L.Embedding(8, 32)(inputs)
        v = L.Add()([v, L.PositionEmbedding(3)(v)])
        v = L.TransformerDecoderBlock(64, 4, activation="relu", normalize_first=True)(v)
        return nn.Model(inputs, L.Dense(7)(L.Lambda(lambda z: z[:, -1])(v)))

    return Training(model, x, y, None, (x, y), loss=SCORES, optimizer=adam(5e-3), epochs=25)


def questions(rows: int) -> tuple[Any, Any]:
    """Return pairs of sentences with a mark in front, and the kind of a word in the second."""
    random = np.random.default_rng(72)
    y = random.integers(0, 2, rows)
    x = random.integers(20, 60, (rows, 15))
    x[:, 0], x[:, 7], x[:, 14] = 1, 2, 2
    row = np.arange(rows)
    for begin, kind in ((1, random.integers(0, 2, rows)), (8, y)):
        x[row, begin + random.integers(0, 6, rows)] = 3 + 8 * kind + random.integers(0, 8, rows)
    return x, y


def encoder() -> Any:
    """Return what makes an encoder of words, places and segments, read at its first token."""

    def model() -> Any:
        words, parts = nn.Input((20,), dtype="int64"), nn.Input((20,), dtype="int64")
        v = L.Embedding(60, 32, mask_zero=True)(words)
        v = L.Add()([v, L.PositionEmbedding(20)(v), L.Embedding(2, 32)(parts)])
        v = L.LayerNormalization()(v)
        for _ in range(2):
            v = L.TransformerEncoderBlock(64, 4, 0.0, "gelu", normalize_first=True)(v)
        first = L.Lambda(lambda z: z[:, 0])(v)
        return nn.Model([words, parts], L.Dense(1, "sigmoid")(L.Dense(32, "tanh")(first)))

    return model


def pairs() -> Training:
    """What the second of two sentences says: segments, a first token, zeros behind, masked."""
    x, y = questions(1200)
    x = np.pad(x, ((0, 0), (0, 5)))
    parts = np.tile((np.arange(20) > 7) & (np.arange(20) < 15), (len(x), 1)).astype("int64")

    def part(a: int, b: int) -> tuple[Any, Any]:
        return [x[a:b], parts[a:b]], y[a:b]

    return Training(
        encoder(), *part(0, 800), part(800, 950), part(950, 1200), loss="binary_crossentropy",
        optimizer=adam(2e-3), epochs=8,
    )  # fmt: skip


def hidden_anew() -> Training:
    """Letters that are hidden anew in each batch, without an end; others weigh nothing."""
    ids, size = lines()
    random = np.random.default_rng(73)

    def hide(x: Any) -> tuple[Any, Any, Any]:
        at = random.random(x.shape) < 0.2
        return np.where(at, size, x), x, at.astype("float32")

    def batches() -> Any:
        while True:
            yield hide(ids[random.integers(0, 700, 32), :-1])

    def model() -> Any:
        letters = nn.Input((24,), dtype="int64")
        v = L.Embedding(size + 1, 32)(letters)
        v = L.Add()([v, L.PositionEmbedding(24)(v)])
        for _ in range(2):
            v = L.TransformerEncoderBlock(64, 4, 0.0, "gelu", normalize_first=True)(v)
        return nn.Model(letters, L.Dense(size)(L.LayerNormalization()(v)))

    x, y, at = hide(ids[700:, :-1])

    def hit(model: Any, t: Training) -> float:
        return float((np.asarray(model.predict(x, verbose=0)).argmax(-1) == y)[at > 0].mean())

    return Training(
        model, batches(), None, None, (x, y), loss=SCORES, metrics=(), batch_size=None,
        optimizer=adam(5e-3), epochs=10, fit={"steps_per_epoch": 25}, score=hit,
    )  # fmt: skip


ROWS = {
    "a share's price, three layers": (opening_price, "recurrent"),
    "one month from one": (one_month, "recurrent"),
    "changes, the state kept": (differences, "recurrent"),
    "a house, with its calendar": (calendar, "recurrent"),
    "quantiles of an hour": (quantiles, "recurrent"),
    "days said again": (rebuilt, "recurrent"),
    "sold tomorrow": (sold, "recurrent"),
    "shapes of waves": (shapes_of_waves, "recurrent"),
    "chords": (chords, "recurrent"),
    "headlines by windows": (headlines, "recurrent"),
    "headlines looked through": (looked_through, "recurrent"),
    "words and their parts": (parts_of_speech, "recurrent"),
    "named things weigh more": (named_things, "recurrent"),
    "dates as figures": (dates_read, "recurrent"),
    "letters one by one": (next_letters, "recurrent"),
    "letters all at once": (letters_at_once, "attention"),
    "sums that turn": (sums_that_turn, "attention"),
    "pairs of sentences": (pairs, "attention"),
    "letters hidden anew": (hidden_anew, "attention"),
}
HEALTHY = [Healthy(f"asked: {name}", family, make) for name, (make, family) in ROWS.items()]

"""Healthy programs of the fifth part: recurrent networks, after examples that are public."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.fourth.healthy.series import lasting
from benchmarks.doctor.third.healthy.odd_series import windows
from benchmarks.doctor.third.healthy.parts import (
    LOGITS,
    NUMBER,
    adam,
    area,
    by,
    found,
    hit,
    logistic,
    rows,
    single,
)
from benchmarks.doctor.third.healthy.series import read
from benchmarks.doctor.training import Training, accuracy

L = nn.layers
ops = nn.ops
schedules = nn.optimizers.schedules
stops, calms = nn.callbacks.EarlyStopping, nn.callbacks.ReduceLROnPlateau


def falling(rate: float, steps: int) -> Any:
    """Return a rate that follows a cosine to 0."""
    return schedules.CosineDecay(rate, steps)


def apart(x: Any, y: Any, train: int, held: int, gap: int) -> dict[str, Any]:
    """Return the parts with a gap between each two, since windows of time overlap."""
    second, last = train + gap, train + held + 2 * gap
    validation = (single(x[second : second + held]), single(y[second : second + held]))
    return {"x": single(x[:train]), "y": single(y[:train]), "validation": validation,
            "test": (single(x[last:]), single(y[last:]))}  # fmt: skip


def ranked(model: Any, t: Training) -> float:
    """The area under the ROC curve."""
    return area(t.test[1], found(model, t))


class Roads(L.Layer):
    """What each place hears from those it has a road to, and from itself."""

    def __init__(self, roads: Any, units: int) -> None:
        super().__init__()
        self.share = single(roads / roads.sum(1, keepdims=True))
        self.own, self.others = L.Dense(units), L.Dense(units, use_bias=False)

    def call(self, x: Any) -> Any:  # (rows, steps, places, 1)
        return ops.relu(self.own(x) + self.others(ops.matmul(self.share, x)))


def traffic_on_roads() -> Training:
    """How fast it goes at eight places in three steps: roads between them, then an LSTM each.

    After https://keras.io/examples/timeseries/timeseries_traffic_forecasting/
    """
    random, n = np.random.default_rng(1000), 1200
    at = random.random((8, 2))
    roads = (np.hypot(*(at[:, None] - at).transpose(2, 0, 1)) < 0.45) * 1.0 - np.eye(8)
    roads[np.arange(8), (np.arange(8) + 1) % 8] = 1.0
    share, x = roads / roads.sum(1, keepdims=True), np.zeros((n, 8))
    for t in range(1, n):
        x[t] = 0.3 * x[t - 1] + 0.65 * share @ x[t - 1] + random.normal(0, 0.3, 8)
    x = (x - x[:800].mean(0)) / x[:800].std(0)
    seen, after = windows(x, 8)

    def model() -> Any:
        inputs = nn.Input((8, 8))
        z = Roads(roads, 12)(L.Reshape((8, 8, 1))(inputs))
        z = L.Lambda(lambda a: ops.reshape(ops.transpose(a, (0, 2, 1, 3)), (-1, 8, 12)))(z)
        z = L.Dense(1)(L.LSTM(24)(z))
        return nn.Model(inputs, L.Lambda(lambda a: ops.reshape(a, (-1, 8)))(z))

    return Training(
        model, **apart(seen, after, 800, 150, 9), **NUMBER, optimizer=adam(5e-3), batch_size=64,
        epochs=8,
    )  # fmt: skip


def reviews_from_both_sides() -> Training:
    """Whether a review is kind: two LSTM from both sides, the first for each word.

    After https://keras.io/examples/nlp/bidirectional_lstm_imdb/
    """
    random, n = np.random.default_rng(1001), 2600
    x = random.integers(2, 60, (n, 14))
    mood = np.r_[np.zeros(24), random.normal(0, 1, 36)]
    twist = np.where(np.roll(x, 1, 1) == 2, -1.0, 1.0)
    y = (mood[x] * twist).sum(1) + random.normal(0, 0.5, n) > 0

    def model() -> Any:
        inputs = nn.Input((None,), dtype="int64")
        z = L.Embedding(60, 24)(inputs)
        z = L.Bidirectional(L.LSTM(16, return_sequences=True))(z)
        z = L.Bidirectional(L.LSTM(16))(z)
        return nn.Model(inputs, L.Dense(1, "sigmoid")(z))

    return Training(
        model, **rows(x, single(y), 2000, 250), loss="binary_crossentropy", score=ranked,
        optimizer=adam(3e-3), epochs=3,
    )  # fmt: skip


def letters_one_hot() -> Training:
    """Words turned into another tongue letter by letter, one-hot, by states handed over.

    After https://keras.io/examples/nlp/lstm_seq2seq/
    """
    random, n = np.random.default_rng(1002), 1400
    change, length = random.permutation(10), random.integers(4, 7, n)
    source, target = np.zeros((n, 6, 11)), np.zeros((n, 7, 12))
    told = np.zeros((n, 7, 12))
    for k in range(n):
        word = random.integers(0, 10, length[k])
        out = [*(change[word]), 10]
        source[k, np.arange(6)] = np.eye(11)[[*word, *[10] * (6 - length[k])]]
        target[k, np.arange(len(out)), out] = 1
        told[k, np.arange(len(out)), [11, *out[:-1]]] = 1

    def model() -> Any:
        seen, said = nn.Input((None, 11)), nn.Input((None, 12))
        _, h, c = L.LSTM(64, return_state=True)(seen)
        z = L.LSTM(64, return_sequences=True)(said, initial_state=[h, c])
        return nn.Model([seen, said], L.Dense(12, "softmax")(z))

    def score(model: Any, t: Training) -> float:
        said, right = found(model, t).argmax(-1), t.test[1]
        return float((said == right.argmax(-1))[right.sum(-1) > 0].mean())

    return Training(
        model, **rows((single(source), single(told)), single(target), 1000, 150),
        loss="categorical_crossentropy", score=score, optimizer=adam(falling(1e-2, 30 * 16)),
        batch_size=64, epochs=30,
    )  # fmt: skip


def letter_after_a_window() -> Training:
    """The letter behind each twenty-four, one-hot, by an LSTM and a softmax, RMSprop.

    After https://keras.io/examples/generative/lstm_character_level_text_generation/
    """
    random, count = np.random.default_rng(1003), 12
    words = [random.integers(1, count, random.integers(3, 7)) for _ in range(15)]
    ids = np.concatenate([np.r_[words[k], 0] for k in random.integers(0, 15, 3000)])[:14000]
    seen = np.lib.stride_tricks.sliding_window_view(ids, 25)[::3]
    eye = np.eye(count, dtype="float32")
    return Training(
        read(lambda: L.LSTM(48), (24, count), lambda: L.Dropout(0.2),
             lambda: L.Dense(count, "softmax")),
        **apart(eye[seen[:, :-1]], eye[seen[:, -1]], 3800, 400, 9),
        loss="categorical_crossentropy", score=accuracy,
        optimizer=by("RMSprop", falling(1e-2, 12 * 30)), batch_size=128, epochs=12,
    )  # fmt: skip


def made_up_names() -> Training:
    """The next letter of a name, of which the tongue is told at each step.

    After https://pytorch.org/tutorials/intermediate/char_rnn_generation_tutorial.html
    """
    random, n = np.random.default_rng(1004), 1500
    after = random.dirichlet(np.full(14, 0.12), (4, 14))
    tongue, x = random.integers(0, 4, n), np.zeros((n, 10), "int64")
    x[:, 0] = random.integers(0, 14, n)
    for t in range(1, 10):
        for k in range(n):
            x[k, t] = random.choice(14, p=after[tongue[k], x[k, t - 1]])

    def model() -> Any:
        letter, kind = nn.Input((9,), dtype="int64"), nn.Input((1,), dtype="int64")
        known = L.RepeatVector(9)(L.Flatten()(L.Embedding(4, 6)(kind)))
        z = L.Concatenate()([L.Embedding(14, 12)(letter), known])
        z = L.Dropout(0.1)(L.SimpleRNN(48, return_sequences=True)(z))
        return nn.Model([letter, kind], L.Dense(14)(z))

    def score(model: Any, t: Training) -> float:
        """How much of the possible is known, from the loss at chance to that of the truth."""
        z, (seen, kind) = found(model, t).astype("float64"), t.test[0]
        said = np.exp(z - z.max(-1, keepdims=True))
        said = said / said.sum(-1, keepdims=True)
        true = after[kind, seen]
        least, ours = -(true * np.log(true + 1e-300)).sum(-1), -(true * np.log(said)).sum(-1)
        return float(1 - (ours - least).mean() / (np.log(14) - least.mean()))

    return Training(
        model, **rows((x[:, :-1], tongue[:, None]), x[:, 1:], 1000, 200), loss=LOGITS, score=score,
        optimizer=adam(falling(1e-2, 20 * 32)), epochs=20,
    )  # fmt: skip


def films_by_features() -> Training:
    """The kind of a film by numbers of its pictures, filled up with 0 and a mask beside it.

    After https://keras.io/examples/vision/video_classification/
    """
    random, n = np.random.default_rng(1005), 1300
    y, length = random.integers(0, 5, n), random.integers(6, 15, n)
    first, last = random.normal(0, 0.8, (2, 5, 24))
    share = np.clip(np.arange(14) / length[:, None], 0, 1)[..., None]
    x = (1 - share) * first[y][:, None] + share * last[(y * 2) % 5][:, None]
    mask = np.arange(14) < length[:, None]
    x = single(np.maximum(x + random.normal(0, 1.0, x.shape), 0) * mask[..., None])

    def model() -> Any:
        seen, there = nn.Input((14, 24)), nn.Input((14,), dtype="bool")
        z = L.GRU(16, return_sequences=True)(seen, mask=there)
        z = L.Dropout(0.4)(L.GRU(8)(z, mask=there))
        return nn.Model([seen, there], L.Dense(5, "softmax")(L.Dense(8, "relu")(z)))

    return Training(
        model, **rows((x, mask), y, 900, 150), optimizer=adam(4e-3), epochs=14,
    )  # fmt: skip


def digits_row_by_row() -> Training:
    """Digits as eight rows of eight, an LSTM, batch normalisation, logits.

    After https://keras.io/guides/working_with_rnns/
    """
    (x, y), (x_test, y_test) = nn.datasets.digits.load_data()
    x, x_test = single(x).reshape(-1, 8, 8) / 16, single(x_test).reshape(-1, 8, 8) / 16
    parts = rows(x, y, len(x) - 200, 200)
    return Training(
        read(lambda: L.LSTM(48), (8, 8), lambda: L.BatchNormalization(momentum=0.95),
             lambda: L.Dense(10)),
        **{**parts, "test": (x_test, y_test)}, loss=LOGITS, optimizer=adam(falling(6e-3, 15 * 20)),
        batch_size=64, epochs=15,
    )  # fmt: skip


def walking_or_standing() -> Training:
    """What somebody does, of six, by nine sensors: an LSTM, half dropped, a layer, a softmax.

    After https://machinelearningmastery.com/
    how-to-develop-rnn-models-for-human-activity-recognition-time-series-classification/
    """
    random, n, t = np.random.default_rng(1006), 1300, np.arange(24)
    y = random.integers(0, 6, n)
    pace = np.array([0.5, 0.6, 0.75, 0, 0, 0])[y] + random.normal(0, 0.03, n)
    swing = random.normal(0, 1, (6, 9)) * np.array([1, 1, 1, 0, 0, 0])[:, None]
    tilt = random.normal(0, 0.6, (6, 9))
    turn = pace[:, None] * t + random.uniform(0, 6.3, (n, 1))
    x = np.sin(turn)[..., None] * swing[y][:, None] + tilt[y][:, None]
    x = x + random.normal(0, 0.4, (n, 1, 9)) + random.normal(0, 0.6, x.shape)
    return Training(
        read(lambda: L.LSTM(32), (24, 9), lambda: L.Dropout(0.5), lambda: L.Dense(32, "relu"),
             lambda: L.Dense(6, "softmax")),
        **rows(single(x), y, 900, 150), optimizer=adam(falling(4e-3, 11 * 15)), batch_size=64,
        epochs=11,
    )  # fmt: skip


def series_of_any_length() -> Training:
    """The mean slope of a series of 5 to 20 steps, filled up with -10, which `Masking` drops.

    After https://keras.io/guides/understanding_masking_and_padding/
    """
    random, n = np.random.default_rng(1007), 1500
    length, slope = random.integers(5, 21, (n, 1)), random.normal(0, 0.15, (n, 1))
    x = slope * (np.arange(20) - length / 2) + random.normal(0, 0.3, (n, 20))
    x = np.where(np.arange(20) < length, x, -10.0)
    return Training(
        read(lambda: L.Masking(-10.0), (20, 1), lambda: L.LSTM(24), lambda: L.Dense(1)),
        **rows(single(x)[..., None], single(slope / 0.15), 1000, 200), **NUMBER,
        optimizer=adam(falling(8e-3, 16 * 32)), epochs=16,
    )  # fmt: skip


def past_a_quarter() -> Training:
    """Whether the sum so far is past a quarter of all, at each step, from both sides.

    After https://machinelearningmastery.com/
    develop-bidirectional-lstm-sequence-classification-python-keras/
    """
    random, n = np.random.default_rng(1008), 1500
    x = random.random((n, 10))
    y = x.cumsum(1) > 2.5
    return Training(
        read(lambda: L.Bidirectional(L.LSTM(20, return_sequences=True)), (10, 1),
             lambda: L.TimeDistributed(L.Dense(1, "sigmoid"))),
        **rows(single(2 * x - 1)[..., None], single(y)[..., None], 1100, 150),
        loss="binary_crossentropy", score=hit, optimizer=adam(falling(1e-2, 8 * 35)), epochs=8,
    )  # fmt: skip


def next_week_of_power() -> Training:
    """The power of a house in the next seven days from fourteen: an encoder and a decoder.

    After https://machinelearningmastery.com/
    how-to-develop-lstm-models-for-multi-step-time-series-forecasting-of-household-power-consumption/
    """
    random, n = np.random.default_rng(1009), 1500
    t = np.arange(n)
    day = np.array([0.0, -0.3, -0.2, -0.1, 0.2, 1.0, 0.8])[t % 7]
    x = 1.2 * day + 0.6 * np.cos(2 * np.pi * t / 365) + lasting(random, n, 0.9, 0.2)
    x = (x - x[:1000].mean()) / x[:1000].std()
    seen = np.lib.stride_tricks.sliding_window_view(x, 21)
    return Training(
        read(lambda: L.LSTM(32), (14, 1), lambda: L.RepeatVector(7),
             lambda: L.LSTM(32, return_sequences=True),
             lambda: L.TimeDistributed(L.Dense(16, "relu")),
             lambda: L.TimeDistributed(L.Dense(1))),
        **apart(seen[:, :14, None], seen[:, 14:, None], 1000, 200, 21), **NUMBER,
        optimizer=adam(6e-3), batch_size=64, epochs=30,
        fit={"callbacks": [stops(patience=6, restore_best_weights=True)]},
    )  # fmt: skip


def faults_of_comments() -> Training:
    """Six faults of a comment, one in ten each: whole words dropped, a mean and a maximum.

    After https://www.kaggle.com/code/yekenot/pooled-gru-fasttext
    """
    random, n = np.random.default_rng(1010), 2600
    y = random.random((n, 6)) < 0.15
    x = random.integers(13, 70, (n, 18))
    for k in range(6):
        at = random.integers(0, 9, n) * 2
        bad = y[:, k] & (random.random(n) < 0.9)
        x[bad, at[bad]] = 1 + 2 * k + random.integers(0, 2, bad.sum())

    def model() -> Any:
        inputs = nn.Input((18,), dtype="int64")
        z = L.SpatialDropout1D(0.1)(L.Embedding(70, 24)(inputs))
        z = L.Bidirectional(L.GRU(16, return_sequences=True))(z)
        z = L.Concatenate()([L.GlobalAveragePooling1D()(z), L.GlobalMaxPooling1D()(z)])
        return nn.Model(inputs, L.Dense(6, "sigmoid")(z))

    def score(model: Any, t: Training) -> float:
        said = found(model, t)
        return float(np.mean([area(t.test[1][:, k], said[:, k]) for k in range(6)]))

    return Training(
        model, **rows(x, single(y), 2000, 250), loss="binary_crossentropy", score=score,
        optimizer=adam(4e-3), epochs=8,
    )  # fmt: skip


def breaths() -> Training:
    """The pressure in a lung at each step, by a valve and by the kind of lung: two LSTM.

    After https://www.kaggle.com/code/tenffe/finetune-of-tensorflow-bidirectional-lstm
    """
    random, n = np.random.default_rng(1011), 900
    u = np.clip(
        random.random((n, 1)) * np.linspace(0, 2, 24) + random.normal(0, 0.1, (n, 24)), 0, 2
    )
    u[:, 16:] = 0
    r, c = random.choice([0.5, 1.0, 2.0], (2, n, 1))
    volume, out = np.zeros((n, 1)), []
    for t in range(24):
        volume = 0.9 * volume + u[:, t : t + 1] / r * 0.4
        out.append(volume / c + r * u[:, t : t + 1] * 0.3)
    y = np.concatenate(out, 1)
    y = (y - y[:600].mean()) / y[:600].std()
    x = np.stack([u - 0.5, np.cumsum(u, 1) / 10 - 0.5, np.log2(r) + 0 * u, np.log2(c) + 0 * u], -1)
    return Training(
        read(lambda: L.Bidirectional(L.LSTM(24, return_sequences=True)), (24, 4),
             lambda: L.Bidirectional(L.LSTM(16, return_sequences=True)),
             lambda: L.Dense(24, "selu"), lambda: L.Dense(1)),
        **rows(single(x), single(y)[..., None], 600, 100), **{**NUMBER, "loss": "mae"},
        optimizer=adam(falling(8e-3, 12 * 19)), epochs=12,
    )  # fmt: skip


def what_pupils_know() -> Training:
    """Whether the next of four kinds of questions is answered rightly, by all before it.

    After https://github.com/chrispiech/DeepKnowledgeTracing
    """
    random, n = np.random.default_rng(1012), 1500
    kind = random.integers(0, 4, (n, 16))
    skill, right = random.normal(-0.3, 1.4, (n, 4)), np.zeros((n, 16), bool)
    for t in range(16):
        known = skill[np.arange(n), kind[:, t]]
        right[:, t] = random.random(n) < logistic(2.5 * known)
        skill[np.arange(n), kind[:, t]] += 0.1
    seen = np.where(np.arange(16) > 0, np.roll(kind + 4 * right + 1, 1, 1), 0)
    x = (seen, kind)

    def model() -> Any:
        before, asked = nn.Input((16,), dtype="int64"), nn.Input((16,), dtype="int64")
        z = L.LSTM(32, return_sequences=True)(L.Embedding(9, 12)(before))
        z = L.Concatenate()([z, L.Embedding(4, 12)(asked)])
        return nn.Model([before, asked], L.Dense(1, "sigmoid")(L.Dense(24, "relu")(z)))

    return Training(
        model, **rows(x, single(right)[..., None], 1000, 200), loss="binary_crossentropy",
        metrics=("AUC",), score=ranked, optimizer=adam(falling(1e-2, 18 * 32)), epochs=18,
    )  # fmt: skip


def speech_without_places() -> Training:
    """Words from sounds of which nobody said when they are: GRU from both sides, CTC.

    After https://keras.io/examples/audio/ctc_asr/
    """
    random, n = np.random.default_rng(1013), 900
    sound = random.normal(0, 1, (6, 8))
    x, y = random.normal(0, 0.4, (n, 24, 8)), np.full((n, 5), -1)
    for one, word in zip(x, y, strict=True):
        at = random.integers(0, 3)
        for k in range(random.integers(3, 6)):
            word[k] = (word[k - 1] + random.integers(1, 6)) % 6  # none twice in a row
            long = random.integers(2, 5)
            one[at : at + long] += sound[word[k]]
            at += long + random.integers(0, 2)

    def loss(y: Any, z: Any) -> Any:
        length = ops.sum(ops.cast(y >= 0, "int64"), axis=1)
        steps = ops.full((y.shape[0],), 24, dtype="int64")
        return ops.mean(ops.ctc_loss(ops.maximum(y + 1, 1), z, length, steps, mask_index=0))

    def score(model: Any, t: Training) -> float:
        """Share of words all letters of which are right, by the likeliest of each step."""
        right = []
        for path, word in zip(found(model, t).argmax(-1), t.test[1], strict=True):
            said = [a - 1 for a, before in zip(path, [0, *path[:-1]], strict=True)
                    if a and a != before]  # fmt: skip
            right.append(said == [k for k in word if k >= 0])
        return float(np.mean(right))

    return Training(
        read(lambda: L.Dense(24, "relu"), (24, 8),
             lambda: L.Bidirectional(L.GRU(24, return_sequences=True)), lambda: L.Dropout(0.1),
             lambda: L.Dense(7)),
        **rows(single(x), y, 650, 100), loss=loss, metrics=(), score=score,
        optimizer=adam(falling(1e-2, 16 * 21)), epochs=16,
    )  # fmt: skip


def waves_on_and_on() -> Training:
    """The next value of waves of many lengths, after each: two LSTM cells.

    After https://github.com/pytorch/examples/tree/main/time_sequence_prediction
    """
    random, n, t = np.random.default_rng(1014), 700, np.arange(31)
    turn = t / random.uniform(2, 6, (n, 1)) + random.uniform(0, 6.3, (n, 1))
    x = single(np.sin(turn) + random.normal(0, 0.02, turn.shape))[..., None]
    return Training(
        read(lambda: L.RNN([L.LSTMCell(24), L.LSTMCell(24)], return_sequences=True), (30, 1),
             lambda: L.Dense(1)),
        **rows(x[:, :-1], x[:, 1:], 500, 80), **NUMBER, optimizer=adam(falling(1e-2, 12 * 16)),
        epochs=12,
    )  # fmt: skip


MAKES = (traffic_on_roads, reviews_from_both_sides, letters_one_hot, letter_after_a_window,
         made_up_names, films_by_features, digits_row_by_row, walking_or_standing,
         series_of_any_length, past_a_quarter, next_week_of_power, faults_of_comments, breaths,
         what_pupils_know, speech_without_places, waves_on_and_on)  # fmt: skip

HEALTHY = [Healthy(f"fifth {make.__name__.replace('_', ' ')}", "recurrent", make) for make in MAKES]

"""Healthy programs of the third part: networks with attention that look odd and are right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.fault import Healthy
from benchmarks.doctor.third.healthy.parts import (
    LOGITS,
    THEIRS,
    adam,
    by,
    found,
    hit,
    r2,
    rows,
    single,
)  # fmt: skip
from benchmarks.doctor.third.healthy.words import blocks, placed, rhymes, topics, topics_data
from benchmarks.doctor.training import Training

L = nn.layers
schedules = nn.optimizers.schedules


def over(
    length: int, words: int, last: int, count: int = 1, end: Any = None, width: int = 32,
    pooled: bool = False, places: bool = True, mask: bool = False, drop: float = 0.0, **given: Any,
) -> Any:  # fmt: skip
    """Return what makes a transformer over words: an answer for each, or one for all."""

    def model() -> Any:
        inputs = nn.Input((length,), dtype="int64")
        z = L.Embedding(words, width, mask_zero=mask)(inputs)
        z = blocks(placed(z, length) if places else z, count, 2 * width, **given)
        z = L.GlobalAveragePooling1D()(z) if pooled else z
        return nn.Model(inputs, L.Dense(last, end)(L.Dropout(drop)(z)))

    return model


def votes() -> Training:
    """Which of three parties has most votes: each voter counts alike, so attention is even."""
    random = np.random.default_rng(170)
    share = random.dirichlet(np.ones(3) * 2, 1400)
    x = np.stack([random.choice(3, 15, p=p) for p in share])
    count = (x[..., None] == np.arange(3)).sum(1)
    first = np.sort(count, 1)
    kept = first[:, -1] > first[:, -2]
    return Training(
        over(15, 3, 3, places=False, pooled=True), **rows(x[kept], count[kept].argmax(1), 900, 120),
        loss=LOGITS, optimizer=adam(3e-3), epochs=8,
    )  # fmt: skip


def looked_up() -> Training:
    """A list of names and ages, and a name of which the age is asked: attention looks at one."""
    random = np.random.default_rng(171)
    name = np.array([random.permutation(8)[:5] for _ in range(2400)])
    age, which = random.integers(0, 8, (2400, 5)), random.integers(0, 5, 2400)
    every = np.arange(2400)
    x = np.stack([name, age + 8], 2).reshape(2400, 10)
    pairs = (x, name[every, which][:, None])

    def model() -> Any:
        listed, asked = nn.Input((10,), dtype="int64"), nn.Input((1,), dtype="int64")
        known = L.Embedding(16, 24)
        both = L.Reshape((5, 48))(known(listed))
        seen = L.Attention(use_scale=True)([L.Dense(24)(known(asked)), L.Dense(24)(both),
                                            L.Dense(24)(both)])  # fmt: skip
        return nn.Model([listed, asked], L.Dense(8)(L.Flatten()(seen)))

    return Training(
        model, **rows(pairs, age[every, which], 1800, 200), loss=LOGITS, optimizer=adam(0.01),
        epochs=14,
    )  # fmt: skip


def hands() -> Training:
    """How good a hand of five cards is, in whatever order they lie; no places, on purpose."""
    random = np.random.default_rng(172)
    x = np.array([random.permutation(24)[:5] for _ in range(2400)])
    rank = x % 6
    same = (rank[:, :, None] == rank[:, None]).sum((1, 2))  # 5 without a pair, 7 with one, ...
    y = np.digitize(same, [6, 8])
    return Training(
        over(5, 24, 3, 1, places=False, pooled=True), **rows(x, y, 1900, 200), loss=LOGITS,
        optimizer=adam(4e-3), epochs=14,
    )  # fmt: skip


def norm_behind() -> Training:
    """Two blocks with the norm behind, and a rate that rises from nothing for a third."""
    rate = schedules.CosineDecay(0.0, 200, warmup_target=2e-3, warmup_steps=110)
    text = rhymes()
    return Training(
        lambda: _causal(12, 20, 2, normalize_first=False),
        **rows(text[:, :-1], text[:, 1:], 850, 100),
        loss=LOGITS,
        score=hit,
        optimizer=adam(rate, beta_2=0.98),
        epochs=12,
    )


def _causal(length: int, words: int, count: int, width: int = 32, **given: Any) -> Any:
    """A decoder alone: blocks that see the past."""
    inputs = nn.Input((length,), dtype="int64")
    z = placed(L.Embedding(words, width, "normal")(inputs), length)
    for _ in range(count):
        z = L.TransformerDecoderBlock(2 * width, 2, **{"normalize_first": True, **given})(z)
    return nn.Model(inputs, L.Dense(words)(L.LayerNormalization()(z)))


def said_twice() -> Training:
    """The second half of a text repeats the first, of which nothing can be foretold."""
    random = np.random.default_rng(173)
    half = random.integers(0, 12, (2000, 7))
    text = np.concatenate([half, half], 1)

    def score(model: Any, t: Training) -> float:
        return float(np.mean((found(model, t).argmax(-1) == t.test[1])[:, 6:]))

    return Training(
        lambda: _causal(13, 12, 2), **rows(text[:, :-1], text[:, 1:], 1600, 100), loss=LOGITS,
        metrics=(), score=score, optimizer=adam(4e-3), epochs=12,
    )  # fmt: skip


def babble() -> Training:
    """Half of all words are chance: the loss ends where it must, far above 0."""
    random = np.random.default_rng(174)
    x, after = random.integers(0, 16, (1100, 11)), random.permutation(16)
    for t in range(1, 11):
        known = random.random(1100) < 0.5
        x[known, t] = after[x[known, t - 1]]

    def score(model: Any, t: Training) -> float:
        """How often the word is said that is likeliest: it cannot be better than that."""
        return float(np.mean(found(model, t).argmax(-1) == after[t.test[0]]))

    return Training(
        lambda: _causal(10, 16, 1), **rows(x[:, :-1], x[:, 1:], 800, 100), loss=LOGITS, score=score,
        optimizer=adam(3e-3), epochs=6,
    )  # fmt: skip


def mostly_none() -> Training:
    """Eleven words of twelve get the tag "none": names are rare, and nothing is weighted."""
    random = np.random.default_rng(175)
    x = random.integers(0, 40, (1500, 12))
    named = np.zeros(x.shape, bool)
    named[:, 1:] = (x[:, :-1] < 8) & (x[:, 1:] < 16)
    y = np.where(named, 1 + (x >= 8), 0)
    return Training(
        over(12, 40, 3, 1, "softmax"), **rows(x, y, 1100, 120), metrics=(), optimizer=adam(4e-3),
        epochs=12,
    )  # fmt: skip


def four_fifths_empty() -> Training:
    """Texts of 6 to 18 words in 72 places, the rest is left out by the mask."""
    return topics().on(lambda x: np.pad(x, ((0, 0), (0, 54)))).but(
        model=over(72, 51, 4, width=24, pooled=True, mask=True, end="softmax"),
        optimizer=adam(2e-3), epochs=4,
    )  # fmt: skip


def learnt_before() -> Training:
    """A transformer that knows most: table and block stay as they are, the rest moves slowly."""
    t = topics()

    def model() -> Any:
        learnt = t.model()
        learnt.compile(nn.optimizers.Adam(3e-3), t.loss)
        learnt.fit(t.x[:800], t.y[:800], epochs=5, verbose=0)
        for layer in learnt.layers[:-3]:
            layer.trainable = False
        return learnt

    return t.but(model=model, optimizer=by("AdamW", 2e-5, weight_decay=1e-2), epochs=3)


def letters() -> Training:
    """Bytes are words, so 256 of them; only the twenty letters in use are ever seen."""
    alphabet = np.array([ord(c) for c in "aeioubcdfghklmnprst "])
    text = alphabet[rhymes(1200)]
    return Training(
        lambda: _causal(12, 256, 2), **rows(text[:, :-1], text[:, 1:], 950, 100), loss=LOGITS,
        score=hit, optimizer=adam(4e-3), epochs=9,
    )  # fmt: skip


def smoothed() -> Training:
    """Smoothed labels and dropout of 30 %: in training the loss is higher, and never near 0."""
    x, y = topics_data()
    return Training(
        over(18, 51, 4, 1, None, 24, pooled=True, mask=True, drop=0.3, dropout=0.2),
        **rows(x, np.eye(4, dtype="float32")[y], 900, 150),
        loss=nn.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.15),
        optimizer=adam(4e-3), epochs=7,
    )  # fmt: skip


def templates() -> Training:
    """Orders to a lamp, from four forms with few words: the same order comes many times."""
    random = np.random.default_rng(177)
    usual = 1 / np.arange(1, 17)
    form = random.integers(0, 4, 1400)
    what, how = (random.choice(16, 1400, p=usual / usual.sum()) for _ in range(2))
    x = np.stack([form, what + 4, how + 20, np.where(form % 2, 36, 37)], 1)
    x[form >= 2] = x[form >= 2][:, [2, 0, 3, 1]]
    y = np.where(form % 2, what, how) % 3
    y = np.where(random.random(1400) < 0.05, random.integers(0, 3, 1400), y)
    return Training(
        over(4, 38, 3, 1, pooled=True), **rows(x, y, 1000, 150), loss=LOGITS,
        optimizer=by("Nadam", 3e-3), epochs=8,
    )  # fmt: skip


def sharp() -> Training:
    """Where a planet will be, and how surely: the likelihood exceeds 1, so the loss is below 0."""
    random = np.random.default_rng(178)
    speed, phase = random.uniform(0.3, 0.9, (1300, 1)), random.uniform(0, 6.3, (1300, 1))
    path = np.sin(speed * np.arange(15) + phase)
    x = path[:, :14] + random.normal(0, 0.03, (1300, 14))

    def model() -> Any:
        inputs = nn.Input((14, 1))
        z = blocks(placed(L.Dense(24)(inputs), 14), 1)
        return nn.Model(inputs, L.Dense(2)(L.Flatten()(z)))

    def loss(y: Any, p: Any) -> Any:
        tight = nn.ops.clip(p[:, 1:] + 1.0, -3.0, 5.0)
        return nn.ops.mean(0.5 * nn.ops.square((y - p[:, :1]) * nn.ops.exp(tight)) - tight)

    def score(model: Any, t: Training) -> float:
        return r2(t.test[1], found(model, t)[:, :1])

    rate = schedules.CosineDecay(3e-3, 25 * 29)
    return Training(
        model, **rows(single(x)[..., None], single(path[:, 14:]), 900, 150), loss=loss, metrics=(),
        score=score, optimizer=adam(rate, clipnorm=5.0), epochs=25,
    )  # fmt: skip


def few_steps() -> Training:
    """Fifteen texts are held out; three steps are an epoch, by Lion."""
    t = topics()
    x, y = t.validation
    return t.but(
        model=over(18, 51, 4, 1, "softmax", 24, pooled=True, mask=True, drop=0.2),
        validation=(x[:15], y[:15]), batch_size=300, epochs=25, optimizer=by("Lion", 6e-4),
    )  # fmt: skip


def new_every_time() -> Training:
    """Texts that never come again: one epoch of three hundred steps."""

    def made(random: Any, n: int) -> Any:
        x = random.integers(0, 10, (n, 6))
        return x, np.sort(x, 1)

    def batches() -> Iterator[Any]:
        random = np.random.default_rng(179)
        for _ in range(350):
            yield made(random, 32)

    random = np.random.default_rng(180)
    return Training(
        over(6, 10, 10, 1), nn.data.Dataset.from_generator(batches), None, made(random, 150),
        made(random, 400), loss=LOGITS, score=hit, batch_size=THEIRS, epochs=1,
        optimizer=adam(schedules.CosineDecay(6e-3, 350)),
    )  # fmt: skip


def captions() -> Training:
    """Pictures' features and captions: each is told from all others of its batch; InfoNCE."""
    random = np.random.default_rng(181)
    things = random.integers(0, 20, (1600, 3))
    seen = random.normal(size=(20, 16))[things].sum(1) + random.normal(0, 0.3, (1600, 16))
    seen = seen / seen.std()
    text = np.take_along_axis(things, np.argsort(random.random((1600, 3)), 1), 1)

    def model() -> Any:
        picture, words = nn.Input((16,)), nn.Input((3,), dtype="int64")
        a = L.Dense(24)(L.Dense(48, "relu")(picture))
        b = L.Dense(24)(L.GlobalAveragePooling1D()(blocks(L.Embedding(20, 32)(words))))
        return nn.Model([picture, words], L.Concatenate()([L.UnitNormalization()(a),
                                                           L.UnitNormalization()(b)]))  # fmt: skip

    def loss(y: Any, z: Any) -> Any:
        alike = nn.ops.matmul(z[:, :24], nn.ops.transpose(z[:, 24:], (1, 0))) * 10.0
        right = 10.0 * nn.ops.sum(z[:, :24] * z[:, 24:], axis=-1)
        both = nn.ops.logsumexp(alike, axis=0) + nn.ops.logsumexp(alike, axis=1)
        return nn.ops.mean(both / 2 - right)

    def score(model: Any, t: Training) -> float:
        z = found(model, t)[:100]
        return float(np.mean((z[:, :24] @ z[:, 24:].T).argmax(1) == np.arange(100)))

    parts = rows((single(seen), text), np.zeros((1600, 1), "float32"), 1200, 192)
    return Training(
        model, **parts, loss=loss, metrics=(), score=score, optimizer=adam(3e-3), batch_size=48,
        epochs=12,
    )  # fmt: skip


class Tied(nn.Model):
    """A language model whose table of words is its last layer, too; grouped queries."""

    def __init__(self) -> None:
        super().__init__()
        self.words = L.ReversibleEmbedding(20, 32, embeddings_initializer="glorot_normal")
        self.places = L.PositionEmbedding(12, initializer="normal")
        self.norms = [L.LayerNormalization() for _ in range(5)]
        self.seen = [L.GroupQueryAttention(8, 4, 2) for _ in range(2)]
        self.fed = [nn.Sequential([L.Dense(64, "gelu"), L.Dense(32)]) for _ in range(2)]

    def call(self, ids: Any) -> Any:  # type: ignore[override]
        x = self.words(ids)
        x = x + self.places(x)
        for i in range(2):
            z = self.norms[2 * i](x)
            x = x + self.seen[i](z, z, use_causal_mask=True)
            x = x + self.fed[i](self.norms[2 * i + 1](x))
        return self.words(self.norms[4](x), reverse=True)


def tied() -> Training:
    """The next word, one table of words for both ends."""
    text = rhymes(1400)
    return Training(
        Tied, **rows(text[:, :-1], text[:, 1:], 1100, 120), loss=LOGITS, score=hit,
        metrics=(nn.metrics.Perplexity(from_logits=True),), optimizer=adam(5e-3), epochs=10,
    )  # fmt: skip


MAKES = (
    tied,
    votes,
    looked_up,
    hands,
    norm_behind,
    said_twice,
    babble,
    mostly_none,
    four_fifths_empty,
    learnt_before,
    letters,
    smoothed,
    templates,
    sharp,
    few_steps,
    new_every_time,
    captions,
)

HEALTHY = [Healthy(f"third {make.__name__.replace('_', ' ')}", "attention", make) for make in MAKES]

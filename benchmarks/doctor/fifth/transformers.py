"""Faults of networks with attention of the fifth part."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd, with_
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.fifth.twins import transformers as twins
from benchmarks.doctor.fifth.twins.transformers import (
    Asked,
    load_net,
    mosaic_net,
    swap_net,
    verse_net,
)
from benchmarks.doctor.training import Training

L = nn.layers
init = nn.initializers
schedules = nn.optimizers.schedules


def over_the_rows(t: Training) -> Training:
    """The softmax of the attention goes along the rows of the batch.

    https://github.com/PetrochukM/PyTorch-NLP/issues/2
    """
    return t.but(model=lambda: Asked(axis=0, pool_axis=0))


def over_the_queries(t: Training) -> Training:
    """The softmax goes along those who look, not along what is looked at.

    https://github.com/nerminnuraydogan/vision-transformer/issues/1
    """

    def change(x: Any) -> Any:
        q, k, v = (L.Dense(24)(x) for _ in range(3))

        def mix(parts: Any) -> Any:
            q, k, v = parts
            score = nn.ops.matmul(q, nn.ops.transpose(k, (0, 2, 1))) * 3
            return nn.ops.matmul(nn.ops.softmax(score, axis=0), v)

        return L.Lambda(mix)([q, k, v])

    return t.but(model=load_net(change=change, blocks=0))


def as_for_tuning(t: Training) -> Training:
    """A rate that is right for tuning a trained model, for one that is new.

    https://github.com/ThilinaRajapakse/simpletransformers/issues/234
    """
    return t.but(optimizer=adam(4e-5))


def sees_what_comes(t: Training) -> Training:
    """The encoder of a tutorial says the next word and sees it.

    https://github.com/pytorch/tutorials/issues/2478
    """
    return t.but(model=verse_net(causal=False))


def leaks(t: Training) -> Training:
    """Attention over a shortened row, where what comes is mixed in: the loss goes to 0.

    https://github.com/tatp22/linformer-pytorch/issues/25
    """

    def tail(x: Any) -> Any:
        short = L.Dense(8)(L.Permute((2, 1))(x))
        x = L.Add()([x, L.Permute((2, 1))(L.Dense(12)(short))])
        return L.Dense(16, "softmax")(x)

    return t.but(model=verse_net(tail=tail))


def shares_of_shares(t: Training) -> Training:
    """A softmax in the model, and once more in the loss.

    https://github.com/bkitano/llama-from-scratch/issues/5
    """

    def squashed(z: Any) -> Any:
        e = nn.ops.exp(z - nn.ops.max(z, axis=-1, keepdims=True))
        return e / nn.ops.sum(e, axis=-1, keepdims=True)

    loss = nn.losses.SparseCategoricalCrossentropy(from_logits=True)
    return t.but(model=verse_net(end=squashed), loss=loss, epochs=4)


def zeros_behind_zeros(t: Training) -> Training:
    """The two matrices that make the scores both begin at 0: no slope comes through.

    https://github.com/huggingface/transformers/issues/6236
    """

    def tail(x: Any) -> Any:
        x = L.Dense(12, use_bias=False, kernel_initializer="zeros")(x)
        return L.Dense(16, "softmax", kernel_initializer="zeros")(x)

    return t.but(model=verse_net(tail=tail))


def one_place_for_all(x: Any) -> Any:
    """Return the code of one place, for all places."""
    return L.Lambda(lambda z: z[:, -1:])(L.PositionEmbedding(x.shape[1])(x))


def same_place(t: Training) -> Training:
    """The code of one place is added to all, for a colon that is missing.

    https://github.com/DiffPoseTalk/DiffPoseTalk/issues/20
    """
    return t.but(model=load_net(places=one_place_for_all))


def no_places(t: Training) -> Training:
    """A transformer that is not told where its inputs stand.

    https://github.com/iacobo/continual/issues/16
    """
    return t.but(model=swap_net(places=False))


def rows_mixed(t: Training) -> Training:
    """Features are brought into another shape where axes had to be exchanged.

    https://discuss.pytorch.org/t/122218
    """

    def change(x: Any) -> Any:
        def mixed(z: Any) -> Any:
            size = nn.ops.shape(z)[0]
            turned = nn.ops.transpose(z, (1, 0, 2))
            return nn.ops.reshape(turned, (size, 9, 24))

        return L.Lambda(mixed)(x)

    return t.but(model=mosaic_net(change=change))


def explodes(t: Training) -> Training:
    """The loss goes up to hundreds in the first epoch.

    https://github.com/tahmid0007/VisionTransformer/issues/1
    """
    return t.but(optimizer=adam(0.3), model=mosaic_net(blocks=2))


def trains_by_heart(t: Training) -> Training:
    """All of what was seen is right, and not half of what was not.

    https://github.com/kamalkraj/Vision-Transformer/issues/1
    """
    return t.but(x=t.x[:30], y=t.y[:30], epochs=120, batch_size=15)


def soon_zero(t: Training) -> Training:
    """The rate rises to what was set and is multiplied with each step from then on.

    https://github.com/jaehyunnn/ViTPose_pytorch/issues/20
    """
    return t.but(optimizer=adam(schedules.ExponentialDecay(0.005, 1, 0.75)))


def read_before(t: Training) -> Training:
    """The documents that are held out are among those that are trained on.

    https://github.com/openai/parameter-golf/issues/2127
    """
    x, y = t.x[:40], t.y[:40]
    return t.but(x=x, y=y, validation=(x[8:], y[8:]), epochs=60, batch_size=10)


def padding_only(t: Training) -> Training:
    """The mask is turned around: words are left out, and padding is kept."""
    return t.but(model=lambda: Asked(masked="padding"))


def begins_at_one(t: Training) -> Training:
    """Rooms are counted from 1."""
    return t.but(y=t.y + 1, validation=(t.validation[0], t.validation[1] + 1))


def in_their_units(t: Training) -> Training:
    """Megawatts, degrees and lux as they are measured."""
    units = np.array([4_000, 9, 30_000]), np.array([21_000, 14, 40_000])
    return t.on(lambda x: (x * units[0] + units[1]).astype("float32"))


def post_norm_in_a_hurry(t: Training) -> Training:
    """Six blocks with the norm behind, and a rate that would need a ramp."""
    return t.but(model=mosaic_net(blocks=6, first=False), optimizer=adam(0.02))


def no_look_across(t: Training) -> Training:
    """The decoder was built without attention to the encoder."""
    return t.but(model=swap_net(cross=False))


def answers_moved(t: Training) -> Training:
    """Answers are those of the row before."""
    return t.but(y=np.roll(t.y, 1, 0))


ROWS: list[tuple[str, Any, Any, tuple[str, ...]]] = [
    # of threads
    ("queries: a softmax over the rows", twins.queries, over_the_rows, ("GD214", "GD308")),
    ("queries: a rate for tuning", twins.queries, as_for_tuning, ("GD507", "GD505")),
    ("loads: a softmax over the rows", twins.loads, over_the_queries, ("GD214", "GD308")),
    ("loads: one place for all", twins.loads, same_place, ("GD310",)),
    ("verses: sees what comes", twins.verses, sees_what_comes, ("GD309",)),
    ("verses: leaks through what is short", twins.verses, leaks, ("GD309",)),
    ("verses: shares of shares", twins.verses, shares_of_shares, ("GD201", "GD507")),
    ("verses: zeros behind zeros", twins.verses, zeros_behind_zeros,
     ("GD208", "GD304", "GD307", "GD501", "GD512")),
    ("swaps: no places", twins.swaps, no_places, ("GD310",)),
    ("mosaics: rows mixed", twins.mosaics, rows_mixed, ("GD308",)),
    ("mosaics: explodes", twins.mosaics, explodes,
     ("GD506", "GD502", "GD505", "GD703")),
    ("mosaics: thirty by heart", twins.mosaics, trains_by_heart, ("GD601",)),
    ("mosaics: soon at zero", twins.mosaics, soon_zero, ("GD216", "GD507", "GD505")),
    ("verses: read before", twins.verses, read_before, ("GD108",)),
    # others
    ("queries: padding only", twins.queries, padding_only, ("GD702",)),
    ("loads: nine of ten dropped", twins.loads, with_(load_net(rate=0.95)), ("GD211",)),
    ("queries: rooms from 1", twins.queries, begins_at_one, ("GD102",)),
    ("loads: megawatts and lux", twins.loads, in_their_units, ("GD104",)),
    ("loads: answers of the row before", twins.loads, answers_moved,
     ("GD510", "GD605", "GD601")),
    ("mosaics: norms behind, no ramp", twins.mosaics, post_norm_in_a_hurry,
     ("GD703", "GD506", "GD502", "GD505")),
    ("swaps: no look across", twins.swaps, no_look_across, ("GD212", "GD307")),
    ("verses: slopes cut to nothing", twins.verses,
     with_(optimizer=sgd(0.1, global_clipnorm=1e-3)), ("GD514", "GD507", "GD505")),
]  # fmt: skip

FAULTS = [Fault(name, "attention", twin, plant, causes) for name, twin, plant, causes in ROWS]

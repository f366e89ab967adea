"""Faults of networks with attention of the fourth part."""

from __future__ import annotations

from typing import Any

import numpy as np

import neurona as nn
from benchmarks.doctor.dense import adam, sgd, with_
from benchmarks.doctor.fault import Fault
from benchmarks.doctor.fourth.twins import transformers as twins
from benchmarks.doctor.fourth.twins.transformers import (
    Verdict,
    echo_net,
    map_net,
    recipe_net,
    tariff_net,
)
from benchmarks.doctor.training import Training

L = nn.layers
init = nn.initializers


def turned_mask(t: Training) -> Training:
    """The mask is the wrong way round: it leaves out the words and keeps the padding.

    https://github.com/mlwithme/TransformerTranslation/issues/6
    """
    return t.but(model=lambda: Verdict(turned=True))


def mask_of_ones(t: Training) -> Training:
    """Letters are padded to 150 words, and no mask says so.

    https://github.com/yg211/bert_nli/pull/3
    """
    return t.on(lambda x: np.pad(x, ((0, 0), (0, 130)))).but(
        model=lambda: Verdict(masked=False), epochs=4
    )


def sees_all(t: Training) -> Training:
    """A decoder without the mask that hides what comes.

    https://github.com/alex-matton/causal-transformer-decoder/issues/1
    """
    return t.but(model=recipe_net(causal=False))


def sees_the_target(t: Training) -> Training:
    """The target goes into the decoder without being shifted.

    https://github.com/IpsumDominum/Pytorch-Simple-Transformer/issues/3
    """
    return t.but(
        x=(t.x[0], t.y), validation=((t.validation[0][0], t.validation[1]), t.validation[1])
    )


def decoder_sees_all(t: Training) -> Training:
    """The decoder lost its mask in a later version.

    https://github.com/huggingface/transformers/issues/48745
    """
    return t.but(model=echo_net(causal=False))


def much_dropout(t: Training) -> Training:
    """Much dropout everywhere, for a network from nothing.

    https://github.com/lucidrains/vit-pytorch/issues/16
    """
    return t.but(model=map_net(rate=0.8))


def all_cats(t: Training) -> Training:
    """Adam at a rate that is far too large: all outputs are of one kind.

    https://github.com/lucidrains/vit-pytorch/issues/34
    """
    return t.but(optimizer=adam(0.1))


def same_for_all(t: Training) -> Training:
    """A rate for which attention gives the same for all inputs.

    https://github.com/huggingface/transformers/issues/735
    """
    return t.but(optimizer=adam(0.3))


def ramp(t: Training) -> Training:
    """Six blocks with the norm behind; what was learnt is lost when the rate has grown.

    https://github.com/songlab-cal/tape/issues/77
    """
    return t.but(model=recipe_net(blocks=6, first=False), optimizer=adam(0.02))


def over_the_batch(x: Any) -> Any:
    """Return x after attention by hand with a softmax along the wrong axis."""
    q, k, v = (L.Dense(24)(x) for _ in range(3))

    def mix(parts: Any) -> Any:
        q, k, v = parts
        score = nn.ops.matmul(q, nn.ops.transpose(k, (0, 2, 1))) * 4
        return nn.ops.matmul(nn.ops.softmax(score, axis=0), v)

    return L.Lambda(mix)([q, k, v])


def wrong_axis(t: Training) -> Training:
    """Attention whose softmax goes along the batch, as some default had it.

    https://github.com/jadore801120/attention-is-all-you-need-pytorch/issues/19
    """
    return t.but(model=tariff_net(change=over_the_batch, blocks=0))


def hardly_any_rate(t: Training) -> Training:
    """The rate that somebody found good for another network.

    https://github.com/lucidrains/muse-maskgit-pytorch/issues/18
    """
    return t.but(optimizer=adam(1e-7))


def straight_up(t: Training) -> Training:
    """25,000 steps of warm-up: the rate goes straight up till the end of the training.

    https://github.com/hirofumi0810/neural_sp/issues/137
    """
    slow = nn.optimizers.schedules.PolynomialDecay(0.0, 25_000, 0.005)
    return t.but(optimizer=adam(slow))


def places_not_added(t: Training) -> Training:
    """Places are made and never added.

    https://github.com/Lightning-AI/pytorch-lightning/pull/20099
    """
    return t.but(model=tariff_net(places=False))


def echo_without_places(t: Training) -> Training:
    """Words go into the encoder and the decoder with no place.

    https://github.com/DaoyuanLi2816/Molecule-Generator/pull/23
    """
    return t.but(model=echo_net(places=False))


def beyond_the_table(t: Training) -> Training:
    """A table of as many rows as the largest number.

    https://github.com/tensorflow/tensorflow/issues/38619
    """
    return t.but(model=echo_net(words=11))


def swap(x: Any) -> Any:
    """Return x with hours and houses changed, by a reshape that makes the shape fit."""
    return L.Lambda(
        lambda z: nn.ops.reshape(nn.ops.transpose(z, (1, 0, 2)), (-1, z.shape[1], z.shape[2]))
    )(x)


def viewed(t: Training) -> Training:
    """A view where the axes should have been permuted.

    "Difference between 2 reshaping operations", discuss.pytorch.org
    """
    return t.but(model=tariff_net(change=swap))


def few(rows: int, epochs: int) -> Any:
    """Return a plant of few rows, learnt by heart."""
    return lambda t: t.but(x=t.x[:rows], y=t.y[:rows], epochs=epochs, batch_size=16)


def wrong_offices(t: Training) -> Training:
    """Eighty letters of which two of five lie in the wrong tray, and long."""
    random = np.random.default_rng(0)
    y = np.array(t.y[:80])
    wrong = random.random(80) < 0.4
    y[wrong] = random.integers(0, 3, wrong.sum())
    return t.but(x=t.x[:80], y=y, epochs=50, batch_size=16)


def other_houses(t: Training) -> Training:
    """Bills were joined to the wrong houses."""
    return t.but(y=np.random.default_rng(1).permutation(t.y))


def in_watts(t: Training) -> Training:
    """What a house draws is in watts, what it is outside in degrees."""
    return t.on(lambda x: (x * np.array([900, 9]) + np.array([2500, 12])).astype("float32"))


def bytes_later(t: Training) -> Training:
    """Later maps are in bytes."""
    held, test = t.validation, t.test
    return t.but(validation=(held[0] * 255, held[1]), test=(test[0] * 255, test[1]))


def side_by_side(t: Training) -> Training:
    """All maps of one side, then all of the next, and nothing is shuffled."""
    order = np.argsort(t.y, kind="stable")
    return t.but(x=t.x[order], y=t.y[order], fit={"shuffle": False})


def unknown_words(t: Training) -> Training:
    """A vocabulary of five words: all others are the same unknown one."""
    return t.on(lambda x: np.where(x > 5, 6, x))


def written_on(t: Training) -> Training:
    """The office is written on each letter by who sorted them; later ones aren't sorted."""
    random = np.random.default_rng(2)

    def told(part: Any, known: bool = True) -> Any:
        x, y = np.array(part[0]), part[1]
        x[:, 0] = 37 + (y if known else random.permutation(y))
        return x, y

    x, y = told((t.x, t.y))
    return t.but(x=x, y=y, validation=told(t.validation), test=told(t.test, False))


ROWS: list[tuple[str, Any, Any, tuple[str, ...]]] = [
    # of threads
    ("offices: the mask turned round", twins.offices, turned_mask, ("GD702", "GD114")),
    ("offices: a mask of ones", twins.offices, mask_of_ones, ("GD114", "GD702")),
    ("recipes: sees the words that come", twins.recipes, sees_all, ("GD309",)),
    ("echoes: the target not shifted", twins.echoes, sees_the_target, ("GD309",)),
    ("echoes: the decoder sees all", twins.echoes, decoder_sees_all, ("GD309",)),
    ("maps: eight tenths dropped", twins.maps, much_dropout, ("GD211",)),
    ("maps: a rate of a tenth", twins.maps, all_cats, ("GD506", "GD502", "GD511")),
    ("offices: a rate of 0.3", twins.offices, same_for_all,
     ("GD506", "GD502", "GD511", "GD510")),
    ("recipes: six blocks, norm behind, and a large rate", twins.recipes, ramp,
     ("GD703", "GD506", "GD502")),
    ("tariffs: a softmax along the batch", twins.tariffs, wrong_axis, ("GD214", "GD308")),
    ("recipes: a rate of 1e-7", twins.recipes, hardly_any_rate, ("GD507", "GD505")),
    ("recipes: 25,000 steps of warm-up", twins.recipes, straight_up,
     ("GD216", "GD507", "GD505")),
    ("tariffs: places not added", twins.tariffs, places_not_added, ("GD310",)),
    ("echoes: without places", twins.echoes, echo_without_places, ("GD310",)),
    ("echoes: beyond the table", twins.echoes, beyond_the_table, ("GD105",)),
    ("tariffs: a view for a permutation", twins.tariffs, viewed, ("GD308",)),
    # others
    ("tariffs: watts and degrees", twins.tariffs, in_watts, ("GD104",)),
    ("tariffs: cents to be met", twins.tariffs, lambda t: t.to(lambda y: y * 900 + 4000),
     ("GD113", "GD301")),
    ("tariffs: bills of other houses", twins.tariffs, other_houses,
     ("GD510", "GD605", "GD601")),
    ("tariffs: slopes cut to a thousandth", twins.tariffs,
     with_(optimizer=sgd(0.05, global_clipnorm=1e-3)), ("GD514", "GD507", "GD505")),
    ("tariffs: weights of spread five", twins.tariffs,
     with_(tariff_net(kernel_initializer=init.RandomNormal(stddev=5.0))),
     ("GD209", "GD303", "GD701", "GD301")),
    ("maps: thirty by heart", twins.maps, few(30, 60), ("GD601",)),
    ("maps: later ones in bytes", twins.maps, bytes_later, ("GD111",)),
    ("maps: side by side", twins.maps, side_by_side, ("GD110",)),
    ("offices: two of five in the wrong tray", twins.offices, wrong_offices,
     ("GD601", "GD605")),
    ("offices: five words known", twins.offices, unknown_words, ("GD705",)),
    ("offices: scores for probabilities", twins.offices,
     with_(loss=nn.losses.SparseCategoricalCrossentropy()), ("GD202",)),
    ("offices: written on by who sorted", twins.offices, written_on, ("GD109",)),
    ("echoes: nothing of the source arrives", twins.echoes, with_(echo_net(cross=False)),
     ("GD212",)),
    ("echoes: signs from 1", twins.echoes,
     lambda t: t.but(y=t.y + 1, validation=(t.validation[0], t.validation[1] + 1)), ("GD102",)),
    ("echoes: ReLU for scores", twins.echoes, with_(echo_net(end="relu")), ("GD205",)),
]  # fmt: skip

FAULTS = [Fault(name, "attention", twin, plant, causes) for name, twin, plant, causes in ROWS]

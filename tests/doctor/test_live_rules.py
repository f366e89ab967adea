"""Rules of a training, on records made up for them."""

import dataclasses
import types

import numpy as np

import neurona as nn
from neurona.callbacks import EarlyStopping
from neurona.doctor.live import course, generalisation, rates, sequences, updates
from neurona.doctor.live.activity import spread_of_attention
from neurona.doctor.live.guess import Guess
from neurona.doctor.live.record import Look, Record, Weight
from neurona.optimizers import SGD


def look(step, loss, gradient=1.0, rise=-0.01, slope=-0.01):
    weight = Weight(0.1, 1e-4, gradient / 10, gradient, False, 0.2)
    return Look(step, 0.01, loss, loss + rise, 0.0, slope, gradient, {"dense/kernel": weight}, 32)


def record(looks, epochs=(), guessing=1.0, **given):
    running = types.SimpleNamespace(run=None)
    model = types.SimpleNamespace(_training=running, all_layers=list, optimizer=SGD(0.1))
    made = Record(Guess("numbers", guessing), 1000, 20, 50, model, steps=looks[-1].step + 1)
    made.looks, made.logs = looks, [{"loss": loss} for loss in epochs]
    vars(made).update(given)
    return made


def found(check, made):
    return [f.said for f in check(made)]


def test_exploding_gradients():
    calm = [look(20 * i, 0.5) for i in range(30)]
    assert found(rates.exploding, record(calm)) == []
    assert found(rates.exploding, record([*calm, look(600, 0.5, gradient=500.0)])) == []
    burst = look(600, 0.5, gradient=500.0, rise=9.0)
    assert found(rates.exploding, record([*calm, burst])) == [
        "the norm of the gradient is 500, where 1 is usual, and the loss is 0.5"
    ]
    doubling = [look(600 + 20 * i, 0.5 + i, gradient=2.1**i) for i in range(8)]
    assert len(found(rates.exploding, record([*calm, *doubling]))) == 1


def test_a_rise_counts_if_the_loss_curves_up_along_the_step():
    stays = [look(20 * i, 1.2) for i in range(20)]
    over = [look(400 + 20 * i, 1.2, rise=0.3, slope=-0.1) for i in range(10)]
    assert found(rates.too_high, record([*stays, *over]))[0].startswith("100% of the last 10 steps")
    led = [look(400 + 20 * i, 1.2, rise=0.3, slope=0.3) for i in range(10)]  # by other batches
    assert found(rates.too_high, record([*stays, *led])) == []
    learnt = [look(20 * i, 1.2 / (i + 1)) for i in range(20)]
    low = [look(400 + 20 * i, 0.05, rise=0.001, slope=-0.01) for i in range(10)]
    assert found(rates.too_high, record([*learnt, *low])) == []


def test_a_few_more_wrong_answers_of_few_are_chance():
    looks = [look(50 * i, 0.1) for i in range(12)]
    made = record(looks, [0.5 * 0.8**i for i in range(12)], guessing=0.69)
    for log, loss in zip(made.logs, [*[0.05] * 6, *[0.07] * 6], strict=True):
        log.update({"val_loss": loss, "accuracy": 0.98, "val_accuracy": 0.98})
    sized = lambda n, *given: types.SimpleNamespace(  # noqa: E731
        validation=types.SimpleNamespace(source=types.SimpleNamespace(size=n)),
        callbacks=types.SimpleNamespace(callbacks=given),
    )
    made.model._training.run = sized(100)
    assert found(generalisation.overfitting, made) == []
    made.model._training.run = sized(10_000)
    assert found(generalisation.overfitting, made)[0].startswith("the validation loss was 0.05")
    made.model._training.run = sized(10_000, EarlyStopping(restore_best_weights=True))
    (told,) = generalisation.overfitting(made)
    assert (told.severity, told.fix) == ("info", "")


def test_oscillation_and_plateau():
    swinging = [0.7 + 0.2 * (-1) ** i for i in range(12)]
    rising = [look(50 * i, loss, rise=0.1) for i, loss in enumerate(swinging)]
    assert found(course.oscillation, record(rising, swinging)) == [
        "the loss of the last 8 epochs swings by 35% around 0.7"
    ]
    falling = [loss * 0.9**i for i, loss in enumerate(swinging)]
    assert found(course.oscillation, record(rising, falling)) == []
    small = [loss / 100 for loss in swinging]
    assert found(course.oscillation, record(rising, small)) == []

    line = types.SimpleNamespace(beats=lambda _: "R2 is 0.10, and a linear model reaches 0.60")
    flat, looks = [0.9] * 12, [look(50 * i, 0.9) for i in range(12)]
    assert found(course.plateau, record(looks, flat, linear=line)) == [
        "the loss has not fallen below 0.9 for 3 epochs; R2 is 0.10, and a linear model "
        "reaches 0.60"
    ]
    assert found(course.plateau, record(looks, flat, linear=None)) == []
    better = [0.9 * 0.95**i for i in range(12)]
    assert found(course.plateau, record(looks, better, linear=line)) == []


def test_a_spike_is_a_fact():
    noise = np.random.default_rng(0).normal(0, 0.02, 40)
    looks = [look(20 * i, 0.5 + e) for i, e in enumerate(noise)]
    assert found(updates.spike, record(looks, ended=True)) == []
    looks[20] = look(400, 9.0)
    (told,) = updates.spike(record(looks, ended=True))
    assert (told.id, told.severity, told.evidence["step"]) == ("GD515", "info", 400)
    assert found(updates.spike, record(looks)) == []  # it may not pass


def test_attention_that_has_chosen_for_good():
    def looking(entropy, loss):
        heads = {"model/attention/weights": np.full(4, entropy)}
        return [dataclasses.replace(look(20 * i, loss), attention=heads) for i in range(12)]

    (told,) = sequences.collapsed(record(looking(0.02, 1.0), [1.0]))
    assert (told.severity, told.where) == ("warning", "attention")
    assert told.said.startswith("100% of 4 heads look at one key: the entropy of their weights is")
    (told,) = sequences.collapsed(record(looking(0.9999, 1.0), [1.0]))
    assert told.severity == "info"  # as those of a fresh model, or where nothing can be learnt
    assert found(sequences.collapsed, record(looking(0.5, 1.0), [1.0])) == []
    assert found(sequences.collapsed, record(looking(0.02, 0.2), [0.2])) == []  # it learns


def test_entropy_of_attention():
    one, even = np.eye(8)[None, None], np.full((1, 1, 8, 8), 1 / 8)
    weights = nn.tensor(np.concatenate([one, even], axis=1))
    seen = spread_of_attention({"m/a/weights": weights, "m/a": weights, "m/b/weights#2": weights})
    assert [*seen] == ["m/a/weights", "m/b/weights#2"]
    np.testing.assert_allclose(seen["m/a/weights"].numpy(), [0.0, 1.0], atol=1e-6)
    with nn.observing("weights") as values:
        layer = nn.layers.MultiHeadAttention(2, 4, name="a")
        layer(nn.ops.ones((3, 8, 6)), nn.ops.ones((3, 8, 6)))
    (name,) = spread_of_attention(values)
    assert name.endswith("a/weights")


def test_numbers_of_epochs_are_gathered_as_they_come_and_forgotten():
    made = record([look(0, 0.5), look(9, 0.4)], epochs=[1.0, 2.0])
    assert made.column("loss") == [1.0, 2.0]
    assert made.column("accuracy") == []
    made.logs.append({"loss": 3.0})
    assert made.column("loss") == [1.0, 2.0, 3.0]
    made.forget()
    assert [x.step for x in made.looks] == [0]
    made.logs += [{"loss": 4.0, "accuracy": 0.5}] * 3
    assert made.column("loss") == [4.0] * 3
    assert made.column("accuracy") == [0.5] * 3

"""Rules of a training, on records made up for them."""

import dataclasses
import types

import numpy as np

import neurona as nn
from neurona.callbacks import EarlyStopping
from neurona.doctor.data import targets
from neurona.doctor.live import (
    course,
    generalisation,
    labels,
    places,
    rates,
    sequences,
    units,
    updates,
    weights,
)
from neurona.doctor.live.activity import spread_of_attention
from neurona.doctor.live.guess import CLASSES, Guess
from neurona.doctor.live.linear import Linear
from neurona.doctor.live.neighbours import neighbours_of
from neurona.doctor.live.record import Look, Record, Weight
from neurona.doctor.order import arranged, causes
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


def test_units_may_be_flat_before_anything_is_learnt():
    def flat(last):
        activity = {"sigmoid model/dense": np.full(8, 0.01)}
        steps = np.linspace(0, last, 20).astype(int)
        return [dataclasses.replace(look(int(i), 1.0), activity=activity) for i in steps]

    early, late = record(flat(60)), record(flat(200))
    assert found(units.saturated, early) == []
    assert len(found(units.saturated, late)) == 1
    early.ended = True
    assert len(found(units.saturated, early)) == 1


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
        log.update({"val_loss": loss, "accuracy": 0.98, "val_accuracy": 0.92})
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


def test_a_training_that_was_stopped_on_its_way():
    def made(losses, **given):
        known = record([look(50 * i, loss) for i, loss in enumerate(losses)], losses)
        known.ended, known.epochs = True, 100
        stop = EarlyStopping("loss", patience=3, **given)
        stop.stopped_epoch, stop.mode = len(losses) - 1, "min"
        callbacks = types.SimpleNamespace(callbacks=[stop])
        known.model._training.run = types.SimpleNamespace(callbacks=callbacks)
        return found(generalisation.ended_early, known)

    falling = [0.9**i for i in range(20)]
    assert (
        "after 20 of 100 epochs, while loss got better by 10.0%" in made(falling, min_delta=0.2)[0]
    )
    assert made(falling) == []
    assert made([*falling, *falling[-1:] * 3], min_delta=0.2) == []
    never = record([look(0, 1.0)], ended=True, steps=0)
    assert found(generalisation.ended_early, never)[0].startswith("no step was made: the 20 epochs")


def test_an_answer_that_is_only_too_sure_is_not_learnt_by_heart():
    def made(best, now, training):
        held = [*[best] * 6, *[now] * 6]
        known = record([look(50 * i, 0.1) for i in range(12)], [0.5 * 0.8**i for i in range(12)])
        for log, loss, right in zip(known.logs, [*[0.1] * 6, *[0.3] * 6], held, strict=True):
            log.update({"val_loss": loss, "accuracy": training, "val_accuracy": right})
        return found(generalisation.overfitting, known)

    assert made(0.95, 0.95, training=0.98) == []
    assert made(0.97, 0.94, training=0.98) == []  # worse than it was, and near training yet
    assert made(0.85, 0.85, training=0.98)[0].startswith("the validation loss was 0.1")


def test_who_does_better_on_other_samples_knows_none_by_heart():
    def made(training):
        losses = [training * 0.97**i for i in range(12)]
        known = record([look(50 * i, 0.1) for i in range(12)], losses)
        for log, loss in zip(known.logs, [*[0.1] * 6, *[0.3] * 6], strict=True):
            log.update({"val_loss": loss})
        return found(generalisation.overfitting, known)

    assert made(0.3)[0].startswith("the validation loss was 0.1")
    assert made(0.6) == []  # as with dropout, which the training loss alone is measured with


def test_oscillation_and_plateau():
    swinging = [0.7 + 0.2 * (-1) ** i for i in range(12)]
    rising = [look(50 * i, loss, rise=0.1) for i, loss in enumerate(swinging)]
    assert found(course.oscillation, record(rising, swinging)) == [
        "the loss of the last 8 epochs swings by 35% around 0.7"
    ]
    calm = [{"loss": loss, "val_loss": 0.5 + 0.01 * (i % 3)} for i, loss in enumerate(swinging)]
    assert found(course.oscillation, record(rising, swinging, logs=calm)) == []
    wild = [{**log, "val_loss": log["loss"]} for log in calm]
    assert len(found(course.oscillation, record(rising, swinging, logs=wild))) == 1
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


def test_attention_that_large_steps_have_chosen():
    """Where heads looked at all keys at first and the rate is unusual, that is the cause."""

    def looks(first, rate):
        heads = [np.full(4, first), *[np.full(4, 0.01)] * 11]
        return [
            dataclasses.replace(look(20 * i, 0.9), attention={"m/a/weights": h}, rate=rate)
            for i, h in enumerate(heads)
        ]

    for first, rate, rules in ((0.9, 9.0, ["GD506", "GD701"]), (0.01, 9.0, ["GD701"])):
        made = record(looks(first, rate))
        assert [f.id for f in sequences.collapsed(made)] == rules
    assert found(sequences.collapsed, record(looks(0.9, 0.1))) == []  # it still learns


def test_a_line_is_better_by_more_than_its_own_error():
    made = record([look(20 * i, 0.5) for i in range(9)])
    assert Linear("R2", 0.56, 0.0).beats(made)
    assert not Linear("R2", 0.56, 0.0, error=0.05).beats(made)


def test_early_steps_that_later_ones_tell_as_well():
    random = np.random.default_rng(0)
    level = random.normal(size=(600, 1))
    near = (level[:, None] + 0.1 * random.normal(size=(600, 12, 1))).astype("float32")
    begun = near.copy()
    begun[:, 0] = random.normal(size=(600, 1))
    for x, y, tells in ((near, level, False), (begun, begun[:, 0], True)):
        made = record([look(0, 1.0)], guess=Guess("numbers", 1.0, squared=True))
        arrays = types.SimpleNamespace(arrays=(x, y.astype("float32"), None))
        made.model._training.run = types.SimpleNamespace(source=arrays)
        assert (sequences._told_by(made, 3) > 0.2) == tells


def test_one_hard_sample_is_no_rise():
    """Of batches of one sample the loss of a single one may be far above that of guessing."""
    calm = [look(20 * i, 0.2) for i in range(6)]
    assert found(rates.too_high, record([*calm, look(120, 30.0)])) == []
    assert found(rates.too_high, record([*calm, *(look(120 + i, 9.0, rise=1) for i in range(9))]))


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


def test_numbers_far_from_where_answers_began():
    guess = Guess("numbers", 144.0, squared=True, answer=np.array([60.0]))
    for start, ended, wanted in (
        (3700.0, True, 1),
        (200.0, True, 0),
        (3700.0, False, 0),
        (1e9, True, 0),
    ):  # whose answers were far, not the targets
        looks = [look(0, start), *(look(20 * i, 145.0) for i in range(1, 40))]
        made = record(looks, [900.0, *[145.0] * 12], guess=guess, ended=ended)
        assert len(found(course.far_off, made)) == wanted
    learnt = record([look(0, 3700.0), look(300, 20.0)], [900.0, *[20.0] * 12], guess=guess)
    assert found(course.far_off, dataclasses.replace(learnt, ended=True)) == []


class Answers:
    """Answers with the mean, and with some of what is asked."""

    def __init__(self, x, y=None, share=0.0):
        source = types.SimpleNamespace(arrays=(x, y, None))
        self._training = types.SimpleNamespace(run=types.SimpleNamespace(source=source))
        self.mean, self.share, self.all_layers = x.mean(axis=0), share, list

    def __call__(self, x, training):
        return self.mean + self.share * (x - self.mean)


def test_samples_that_are_all_answered_by_their_mean():
    x = np.random.default_rng(0).normal(np.arange(10), 1, (300, 10))

    def told(penalty, ended=True, **given):
        looks = [dataclasses.replace(look(20 * i, 1.0), penalty=penalty) for i in range(20)]
        made = record(looks, ended=ended, model=Answers(x, **given))
        made.guess = Guess()  # by a loss of one's own
        return [f.id for f in course.mean_for_all(made)]

    assert told(0.0) == ["GD510"]
    assert told(0.3) == told(0.3, y=x) == ["GD211"]  # a code that is paid for
    assert told(0.3, share=0.2) == told(0.3, y=x - 9) == told(0.3, ended=False) == []


def test_one_of_several_outputs_at_guessing():
    nn.utils.set_random_seed(0)
    random = np.random.default_rng(0)
    x = random.normal(size=(400, 4)).astype("float32")
    told, chance = (x[:, 0] > 0).astype("float32"), random.integers(0, 2, 400).astype("float32")
    for second, wanted in ((chance, ["GD510"]), ((x[:, 1] > 0).astype("float32"), [])):
        nn.utils.set_random_seed(0)
        given = nn.Input((4,))
        hidden = nn.layers.Dense(8, "tanh")(given)
        ends = [nn.layers.Dense(1, "sigmoid", name=name)(hidden) for name in ("a", "b")]
        model = nn.Model(given, ends)
        model.compile(nn.optimizers.Adam(0.002), "binary_crossentropy")
        doctor = nn.callbacks.Doctor("full")
        pairs = [a[:300] for a in (told, second)], [a[300:] for a in (told, second)]
        model.fit(x[:300], pairs[0], epochs=20, validation_data=(x[300:], pairs[1]), verbose=0,
                  doctor=doctor)  # fmt: skip
        assert [f.id for f in doctor.diagnosis if f.alarm] == wanted


def test_validation_at_guessing_must_last():
    looks = [look(20 * i, 0.5) for i in range(40)]
    held = Guess(CLASSES, 1.0, 0.5, 2, samples=200)
    lucky = [1.1, 1.05, 1.0, 1.02, 0.95, 1.1, 1.2, 1.1]  # one epoch below
    logs = [{"loss": 0.9, "val_loss": loss} for loss in lucky]

    def told(logs, samples=1000, **given):
        made = record(looks, held=held, linear=None, ended=True, **given)
        made.guess, made.logs = Guess(CLASSES, 1.0, 0.5, 2, samples=samples), logs
        return found(course.nothing_learnt, made)

    assert told(logs) == [
        "after 781 steps on the validation data the loss was 0.99 at best, and always answering "
        "the same has 1"
    ]
    assert told([{**log, "val_loss": log["val_loss"] - 0.1} for log in logs]) == []
    assert told([{**log, "accuracy": 0.6, "val_accuracy": 0.9} for log in logs]) == []
    assert told(logs, samples=60, loss=0.1) == []  # learnt by heart, which few samples always are
    short = {"steps": 150}
    assert len(told(logs[:6], loss=0.8, **short)) == 1  # it has learnt its own samples alone
    assert told(logs[:6], loss=0.95, **short) == []  # it has only begun
    assert told(logs[:4], loss=0.8, **short) == []


def test_a_short_training_that_ends_at_guessing():
    made = record([look(20 * i, 1.0) for i in range(8)], [1.0] * 6, ended=True)
    assert found(course.nothing_learnt, made) == [
        "after 141 steps the loss is 1, and always answering the same has 1"
    ]
    assert found(course.nothing_learnt, dataclasses.replace(made, ended=False)) == []


def test_validation_whose_classes_have_other_numbers():
    looks = [look(20 * i, 0.1) for i in range(12)]
    even = Guess(CLASSES, 1.39, 0.25, 4, samples=200, answer=np.full(4, 0.25))

    def told(right, wrong):
        made = record(looks, held=even)
        made.guess = even
        made.logs = [{"accuracy": right, "val_accuracy": wrong}] * 5
        return found(labels.renumbered, made)

    (said,) = told(0.95, 0.02)
    assert said.endswith("where chance brings 25.0%: their classes have other numbers")
    assert told(0.95, 0.2) == []  # labels of other samples
    assert told(0.3, 0.02) == []  # nothing is known yet


def test_some_dead_units_are_no_reason_to_learn_nothing():
    def told(share, first=0.0, loss=1.0, begun=0.3):
        alive = lambda s: {"relu model/dense": np.where(np.arange(20) < 20 * s, 0.0, 1.0)}  # noqa: E731
        looks = [
            dataclasses.replace(look(20 * i, loss), activity=alive(first if i < 15 else share))
            for i in range(40)
        ]
        made = record([dataclasses.replace(looks[0], loss=begun), *looks], [loss] * 5)
        return [f.evidence["dead"] for f in units.dead(made)]

    assert told(0.6) == []
    assert told(0.9) == [0.9]
    assert told(0.9, begun=1.0) == []  # nothing was learnt either while they were alive
    assert told(0.6, loss=0.8) == [0.6]  # it has got worse
    assert told(0.6, first=0.6, loss=0.8) == []  # and began so


def test_rare_places_that_are_never_told():
    def told(loss, rare=0, ended=True):
        seen = np.array([1000 - rare, rare])
        looks = [dataclasses.replace(look(20 * i, loss), predicted=seen) for i in range(40)]
        made = record(looks, [loss] * 5, guessing=0.3, ended=ended)
        made.guess = dataclasses.replace(made.guess, majority=0.92)
        return found(places.never_told, made)

    assert told(0.29)[0].startswith("8.00% of the places are something else than class 0")
    assert told(0.2, ended=False) == []  # it knows where they are likely
    assert "says so of 50 of 10,000" in told(0.2, rare=5)[0]  # but hardly ever says so
    assert told(0.2, rare=20) == told(0.1) == []


def test_gradients_do_not_vanish_where_all_steps_are_tiny():
    def told(step):
        kernels = {
            f"{i}/kernel": Weight(0.1, step / 10, gradient, gradient, False, 0.2)
            for i, gradient in enumerate([1e-6, 1e-2, 1.0])
        }
        looks = [dataclasses.replace(look(20 * i, 1.0), weights=kernels) for i in range(12)]
        return found(weights.vanishing, record(looks, [1.0, 1.0]))

    assert told(1e-3)[0].startswith("its gradient is 1e-06 times that of a later layer")
    assert told(2e-5) == []  # the rate is too low


def test_a_rate_that_is_too_low_by_what_a_line_reaches():
    line = Linear("R2", 0.9, 0.0)
    falling = [1.5 - 0.02 * i for i in range(20)]
    straight = [look(50 * i, loss, rise=-0.001, slope=-0.001) for i, loss in enumerate(falling)]
    (told,) = rates.too_low(record(straight, falling, linear=line, ended=True))
    assert told.said.endswith("R2 is -0.12, and a linear model reaches 0.90")
    assert str(told.fix) == "- learning_rate=0.01\n+ learning_rate=0.1"
    curved = [look(50 * i, loss, rise=-0.001, slope=-0.0012) for i, loss in enumerate(falling)]
    assert found(rates.too_low, record(curved, falling, linear=line, ended=True)) == []
    as_good = Linear("R2", -0.1, -0.3)
    assert found(rates.too_low, record(straight, falling, linear=as_good, ended=True)) == []
    trained = [dataclasses.replace(each, loss=0.45 * each.loss / 1.5) for each in straight]
    assert found(rates.too_low, record(trained, falling, linear=line, ended=True)) == []


def test_a_rate_that_is_too_low_where_both_losses_fall_together():
    losses = [1 - 0.005 * i for i in range(12)]
    looks = [look(50 * i, loss, rise=-0.0005, slope=-0.0005) for i, loss in enumerate(losses)]
    logs = [{"loss": loss, "val_loss": loss + 0.02} for loss in losses]
    (told,) = rates.too_low(record(looks, linear=None, ended=True, logs=logs))
    assert told.said.endswith("that of validation fell with it, by 0.055")
    logs = [{**log, "val_loss": 1.0 + 0.01 * (i % 2)} for i, log in enumerate(logs)]
    assert found(rates.too_low, record(looks, linear=None, ended=True, logs=logs)) == []


def test_a_rate_that_is_too_low_where_no_end_is_in_sight():
    losses = [3 - 0.1 * i for i in range(12)]
    looks = [look(50 * i, loss, rise=-0.001, slope=-0.001) for i, loss in enumerate(losses)]

    def moved(way):
        weight = {"dense/kernel": Weight(0.1, 1e-4, 0.1, 1.0, False, way)}
        return [dataclasses.replace(x, weights=weight) for x in looks]

    logs = [{"loss": loss, "val_loss": loss + 0.02} for loss in losses]

    def told(looks, logs):
        made = record(looks, guessing=2.5, linear=None, ended=True, logs=logs)
        return found(rates.too_low, made)

    (said,) = told(moved(0.5), logs)
    assert said.endswith("it fell by 0.1 in the last epoch, hardly slower than before")
    slower = [{"loss": 1 + 0.5**i, "val_loss": 1 + 0.5**i} for i in range(12)]
    assert told(moved(0.5), slower) == []
    assert told(moved(0.3), logs) == []  # it turned back at times

    def brief(step, way):
        weight = {"dense/kernel": Weight(0.1, step, 0.1, 1.0, False, way)}
        return [
            dataclasses.replace(x, weights=weight, step=10 * i) for i, x in enumerate(moved(0.5))
        ]

    assert len(told(brief(4e-6, 0.004), logs)) == 1  # 111 steps, and next to no way
    assert told(brief(4e-5, 0.04), logs) == []  # a short training, on its way


def test_a_rate_that_is_unusual_and_nothing_is_learnt():
    looks = [look(10 * i, 1.0) for i in range(12)]
    given = {"linear": None, "ended": True}
    fast = [dataclasses.replace(x, rate=9.0) for x in looks]
    (told,) = found(rates.too_high, record(fast, [1.02] * 3, **given))
    assert told.startswith("a rate of 9 is unusually large; the loss is 1.02")
    assert found(rates.too_high, record(fast, [1.0] * 3, **given)) == []  # as good as guessing
    assert found(rates.too_high, record(looks, [1.02] * 3, **given)) == []


def test_a_loss_of_ones_own_that_is_lost_on_other_samples_too():
    looks = [look(20 * i, loss) for i, loss in enumerate([1.5, *[0.3] * 12, *[2.0] * 12])]

    def told(held):
        losses = [0.7, 0.3, 0.3, 0.5, 1.5, 1.8, 2.0, 2.0]
        logs = [{"loss": a, "val_loss": b} for a, b in zip(losses, held, strict=True)]
        return found(rates.too_high, record(looks, own=True, ended=True, logs=logs))

    assert told([0.7, 0.4, 0.4, 0.6, 1.5, 1.8, 2.0, 2.0]) == ["the loss has risen from 1.5 to 2"]
    assert told([0.7, 0.4, 0.4, 0.4, 0.4, 0.3, 0.3, 0.3]) == []


def test_a_step_of_ones_own_that_answers_no_better_than_guessing():
    looks = [look(20 * i, 2.0 - 0.02 * i) for i in range(12)]
    logs = [{"loss": 1.8, "val_loss": 1.7}] * 6
    given = {"own": True, "ended": True, "logs": logs, "guess": Guess("other", None)}
    assert record(looks, held=Guess("numbers", 2.5), **given).struggling() == ""
    told = record(looks, held=Guess("numbers", 1.4), **given).struggling()
    assert told.startswith("on the validation data the loss was 1.7 at best")


def test_few_steps_of_large_batches_and_few_units():
    line = Linear("accuracy", 0.9, 0.1)
    looks = [look(i, 2.4 - 0.02 * i) for i in range(12)]

    def made(steps, accuracy):
        got = record(looks, [x.loss for x in looks], linear=line, ended=True)
        got.steps_per_epoch, got.guess = steps, Guess(CLASSES, 2.3, 0.1, 10)
        for log in got.logs:
            log["accuracy"] = accuracy
        return got

    (told,) = generalisation.not_done(made(1, 0.3))
    assert (told.severity, told.fix) == ("warning", "+ batch_size=32")
    assert told.said.startswith("only 12 steps were made, 1 in an epoch")
    for steps, accuracy in [(1, 0.8), (20, 0.3)]:
        assert [f for f in generalisation.not_done(made(steps, accuracy)) if f.alarm] == []
    for held, severity in (2.2, ["warning"]), (1.6, []):  # of batches that somebody else makes
        fed = made(1, 0.3)
        fed.model._training.run = types.SimpleNamespace(source=None)
        fed.held = Guess(CLASSES, 2.3, 0.1, 10)
        for log in fed.logs:
            log["val_loss"] = held
        assert [f.severity for f in generalisation.not_done(fed) if f.alarm] == severity
    one = made(40, 0.3)
    one.steps, one.layers = 480, [types.SimpleNamespace(units=1)]
    assert found(generalisation.underfitting, one)[0].endswith("; a layer has 1 unit")
    one.layers = [types.SimpleNamespace(units=64)]
    vars(one).pop("narrow")
    assert "unit" not in found(generalisation.underfitting, one)[0]


def test_wrong_labels_are_told_from_a_hard_border():
    random = np.random.default_rng(0)
    kinds = Guess(CLASSES, 1.0, 0.3, 4)
    y = random.integers(0, 4, 800)
    centres = 4 * np.eye(4)
    x = (centres[y] + random.normal(size=(800, 4))).astype("float32")
    hard = (centres[y] / 3 + random.normal(size=(800, 4))).astype("float32")
    wrong = np.where(random.random(800) < 0.2, (y + random.integers(1, 4, 800)) % 4, y)
    clean, noisy, border = (neighbours_of(kinds, *data) for data in [(x, y), (x, wrong), (hard, y)])
    assert (clean.noisy, noisy.noisy, border.noisy) == (False, True, False)
    assert border.all > noisy.all
    assert len(noisy.rows) == 20
    assert np.mean(wrong[noisy.rows] != y[noisy.rows]) >= 0.95
    assert neighbours_of(kinds, x[:100], wrong[:100]) is None  # too few
    assert neighbours_of(Guess("numbers", 1.0), x, wrong * 0.5) is None

    others = neighbours_of(kinds, x, random.permutation(y))
    assert (clean.finds, noisy.finds, border.finds, others.finds) == (True, True, True, False)
    looks, nothing = [look(20 * i, 1.2) for i in range(40)], Linear("accuracy", 0.27, 0.25)
    for near, loss, told in [(others, 1.2, 1), (others, 0.5, 0), (border, 1.2, 0)]:
        made = record(looks, [loss], neighbours=near, linear=nothing, ended=True, loss=loss)
        made.guess = Guess(CLASSES, 1.3, 0.25, 4)
        assert ["neither a linear model" in s for s in found(course.nothing_learnt, made)] == (
            [True] * told
        )

    logs = [{"loss": 1.0, "accuracy": 0.6, "val_accuracy": 0.9} for _ in range(8)]
    made = record([look(20 * i, 1.0) for i in range(40)], neighbours=noisy)
    made.model._training.run = types.SimpleNamespace(
        source=types.SimpleNamespace(arrays=(x, wrong, None)), validation=None
    )
    made.logs = logs
    (told,) = labels.noisy(made)
    assert told.evidence["rows"] == noisy.rows
    assert told.said.startswith("26% of the labels differ from those of the 15 samples")
    made.forget()
    made.logs += [{"loss": 1.0, "accuracy": 0.9, "val_accuracy": 0.9} for _ in range(8)]
    assert found(labels.noisy, made) == []  # they do no harm


def test_what_lies_upstream_is_told_as_the_cause():
    for cause, consequences in [
        (updates.DRIFT, (course.NOTHING_LEARNT, generalisation.OVERFITTING)),
        (targets.ORDER, (units.DEAD,)),
    ]:
        for consequence in consequences:
            told = causes(
                arranged([consequence.found("so", evidence={}), cause.found("so", evidence={})])
            )
            assert [f.id for f in told] == [cause.id]

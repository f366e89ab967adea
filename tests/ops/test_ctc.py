import itertools

import numpy as np
import pytest

import neurona as nn
from neurona import ops
from neurona.errors import ArgumentError, DataError, ShapeError, TraceError
from tests.settings import engine_set_to

RNG = np.random.default_rng(0)


def readings(logits, blank=0):
    """The probability of each sequence of labels, by looking at every alignment."""
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    found = {}
    for alignment in itertools.product(range(logits.shape[1]), repeat=len(logits)):
        merged = [label for label, _ in itertools.groupby(alignment)]
        labels = tuple(label for label in merged if label != blank)
        likelihood = np.prod([p[t, label] for t, label in enumerate(alignment)])
        found[labels] = found.get(labels, 0) + likelihood
    return found


TARGET = np.array([[1, 2, 1], [2, 2, 9], [1, 9, 9], [9, 9, 9], [1, 1, 2], [2, 1, 2], [1, 2, 9]])
COUNT = np.array([3, 2, 1, 0, 3, 3, 2])
STEPS = np.array([5, 5, 4, 3, 3, 3, 0])
POSSIBLE = [True, True, True, True, False, True, False]
SCORES = RNG.normal(size=(7, 5, 3))


@pytest.mark.parametrize("blank", [0, 2])
def test_loss_is_the_sum_over_all_alignments(blank):
    target = np.where(TARGET == 9, 9, TARGET if blank == 0 else TARGET - 1)
    found = ops.ctc_loss(target, nn.tensor(SCORES), COUNT, STEPS, blank).numpy()
    for sample, possible in enumerate(POSSIBLE):
        labels = tuple(target[sample, : COUNT[sample]].tolist())
        known = readings(SCORES[sample, : STEPS[sample]], blank)
        assert (labels in known) == possible
        assert found[sample] == pytest.approx(-np.log(known.get(labels, 1.0)), abs=1e-12)


def total(scores):
    return ops.sum(ops.ctc_loss(TARGET, scores, COUNT, STEPS))


def test_gradients_also_second_and_where_no_alignment_is_possible():
    nn.gradcheck(total, nn.tensor(SCORES))
    nn.gradcheck(lambda x: ops.sum(nn.grad(total)(x) ** 2), nn.tensor(SCORES))
    gradient = nn.grad(total)(nn.tensor(SCORES)).numpy()
    assert not gradient[4].any()
    assert not gradient[6].any()
    assert gradient[5].any()
    assert not gradient[2, 4:].any()  # behind the end
    even = nn.grad(total)(nn.tensor(np.zeros_like(SCORES))).numpy()
    np.testing.assert_allclose(even.sum(axis=2), 0, atol=1e-12)  # softmax minus occupancy


@pytest.mark.parametrize("engine", ["reference", "native"])
def test_engines_agree_in_single_precision(engine):
    with engine_set_to(engine):
        scores = nn.tensor(SCORES.astype("float32"))
        value, gradient = nn.jit(nn.value_and_grad(total))(scores)
    expected, slope = nn.value_and_grad(total)(nn.tensor(SCORES))
    np.testing.assert_allclose(value.numpy(), expected.numpy(), rtol=1e-5)
    np.testing.assert_allclose(gradient.numpy(), slope.numpy(), rtol=1e-4, atol=1e-6)


def test_a_class_that_is_ruled_out_gives_no_nan():
    scores = SCORES.copy()
    scores[:, :, 1] = -np.inf  # where a label needs it, no alignment is left
    value, gradient = nn.value_and_grad(total)(nn.tensor(scores))
    assert not np.isnan(gradient.numpy()).any()
    assert not np.isnan(value.numpy())


def test_a_long_recording():
    scores = RNG.normal(size=(2, 2000, 20)).astype("float32")
    target = RNG.integers(1, 20, (2, 300))
    loss = ops.ctc_loss(target, nn.tensor(scores), [300, 250], [2000, 1800])
    double = ops.ctc_loss(target, nn.tensor(scores.astype("float64")), [300, 250], [2000, 1800])
    np.testing.assert_allclose(loss.numpy(), double.numpy(), rtol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((TARGET[0], SCORES, COUNT, STEPS), ShapeError, "labels of each sample, and scores"),
        ((TARGET[:3], SCORES, COUNT, STEPS), ShapeError, "labels of each sample, and scores"),
        ((TARGET, SCORES, COUNT[:2], STEPS), ShapeError, "target_length has one number for each"),
        ((TARGET, SCORES, COUNT, STEPS[:, None]), ShapeError, "output_length has one number"),
        ((TARGET * 1.0, SCORES, COUNT, STEPS), ArgumentError, "labels are class numbers"),
        ((TARGET, SCORES, COUNT, STEPS, 3), ArgumentError, "mask_index is the class number"),
    ],
)
def test_errors_of_the_loss(arguments, error, message):
    with pytest.raises(error, match=message):
        ops.ctc_loss(*arguments)


def test_greedy_reads_the_likeliest_label_of_each_step():
    best = np.array([[1, 1, 0, 1, 2, 2], [0, 0, 0, 0, 0, 0], [2, 0, 2, 1, 1, 0]])
    scores = np.eye(3)[best] * 4
    labels, score = ops.ctc_decode(scores, [6, 6, 3])
    assert labels.tolist() == [[[1, 1, 2, -1, -1, -1], [-1] * 6, [2, 2, -1, -1, -1, -1]]]
    assert score.tolist() == [[-24.0], [-24.0], [-12.0]]
    labels, _ = ops.ctc_decode(scores, [6, 6, 3], merge_repeated=False)
    assert labels[0, 0].tolist() == [1, 1, 1, 2, 2, -1]
    assert ops.ctc_decode(scores, [0, 0, 0])[0].tolist() == [[[-1] * 6] * 3]


@pytest.mark.parametrize("blank", [0, 2])
def test_beam_search_finds_the_likeliest_sequences(blank):
    labels, scores = ops.ctc_decode(
        SCORES, STEPS, "beam_search", beam_width=200, top_paths=5, mask_index=blank
    )
    for sample, steps in enumerate(STEPS):
        known = readings(SCORES[sample, :steps], blank)
        ranked = sorted(known, key=known.get, reverse=True)[:5]
        for rank, sequence in enumerate(ranked):
            assert labels[rank, sample].tolist() == [*sequence] + [-1] * (5 - len(sequence))
            assert scores[sample, rank].item() == pytest.approx(np.log(known[sequence]))
        assert scores[sample, len(ranked) :].tolist() == [-np.inf] * (5 - len(ranked))


def test_beam_search_beats_greedy_where_many_alignments_are_fair():
    p = np.log([[[0.4, 0.6], [0.6, 0.4]]])  # "1" has 0.24 + 0.36 + 0.16, the blank alone 0.24
    p = np.log([[[0.6, 0.4], [0.6, 0.4]]])
    assert ops.ctc_decode(p, [2])[0].tolist() == [[[-1, -1]]]
    labels, score = ops.ctc_decode(p, [2], "beam_search", beam_width=2)
    assert labels.tolist() == [[[1, -1]]]
    assert np.exp(score.item()) == pytest.approx(0.64)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"sequence_lengths": [1]}, ShapeError, "how many steps each sample has"),
        ({"inputs": SCORES[0]}, ShapeError, "scores of each step"),
        ({"sequence_lengths": STEPS + 1}, ArgumentError, "a length is out of range"),
        ({"mask_index": 3}, ArgumentError, "the blank is a class"),
        ({"top_paths": 9, "beam_width": 8}, ArgumentError, "no more paths are returned than kept"),
        ({"strategy": "best"}, ArgumentError, "strategy"),
    ],
)
def test_errors_of_decoding(arguments, error, message):
    with pytest.raises(error, match=message):
        ops.ctc_decode(**{"inputs": SCORES, "sequence_lengths": STEPS, **arguments})


def test_decoding_is_no_part_of_a_compiled_function():
    with pytest.raises(TraceError):
        nn.jit(lambda x: ops.ctc_decode(x, [5] * 7)[0])(nn.tensor(SCORES))


def reader():
    nn.random.set_seed(0)
    model = nn.Sequential([nn.layers.Input((6, 4)), nn.layers.Dense(16, "tanh"),
                           nn.layers.Dense(5)])  # fmt: skip
    model.compile(nn.optimizers.Adam(0.02), "ctc")
    return model


def test_a_model_learns_to_read_and_refuses_what_it_cannot():
    y = RNG.integers(1, 4, (64, 3))
    y[::2, 2] = 0
    x = np.zeros((64, 6, 4))
    for sample, labels in enumerate(y):
        for place, label in enumerate(labels[labels > 0]):
            x[sample, 2 * place, label] = 1
    model = reader()
    model.fit(x, y, epochs=60, verbose=0)
    labels, _ = ops.ctc_decode(model.predict(x, verbose=0), [6] * 64)
    assert np.array_equal(np.where(labels[0, :, :3].numpy() < 0, 0, labels[0, :, :3].numpy()), y)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([1, 2, 5], r"a label is out of range. Got 5 at index \(1, 2\); expected 1 to 4"),
        ([1, -1, 0], r"a label is out of range. Got -1 at index \(1, 1\)"),
        ([1, 0, 2], r"0 stands behind the labels alone. Got \[1, 0, 2.*sample 1"),
        ([1, 1, 2, 2, 1], r"labels are longer than the outputs. Got .*, sample 1, 7 of 6 steps"),
    ],
)
def test_labels_that_no_output_could_say_are_refused_at_the_door(labels, message):
    y = np.zeros((2, 5), int)
    y[1, : len(labels)] = labels
    with pytest.raises(DataError, match=message):
        reader().fit(np.zeros((2, 6, 4)), y, verbose=0)


def test_targets_of_another_form_are_refused_at_the_door():
    with pytest.raises(DataError, match=r"scores of each step, and there are labels in order"):
        reader().fit(np.zeros((2, 6, 4)), np.zeros(2), verbose=0)

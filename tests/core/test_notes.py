"""Notes on tensors: made by the function that knows, dropped by ops, carried where looks change."""

import numpy as np
import pytest

import neurona as nn
from neurona import losses, ops
from neurona.core.notes import carried
from neurona.errors import ArgumentError
from neurona.ops.notes import Logits

SIGMOIDS = {
    "ops": ops.sigmoid,
    "activations": nn.activations.sigmoid,
    "layer": nn.layers.Activation("sigmoid"),
    "layer of an op": nn.layers.Activation(ops.sigmoid),
}
SOFTMAXES = {
    "ops": ops.softmax,
    "activations": nn.activations.softmax,
    "layer": nn.layers.Softmax(),
}


@pytest.mark.parametrize("sigmoid", SIGMOIDS.values(), ids=SIGMOIDS)
def test_a_cross_entropy_knows_the_logits_of_every_sigmoid(sigmoid):
    y = sigmoid(np.float32([[-60.0]]))
    assert losses.binary_crossentropy([[1.0]], y).item() == pytest.approx(60.0)
    focal = losses.binary_focal_crossentropy([[1.0]], y, gamma=0.0)
    assert focal.item() == pytest.approx(60.0)


@pytest.mark.parametrize("softmax", SOFTMAXES.values(), ids=SOFTMAXES)
def test_a_cross_entropy_knows_the_logits_of_every_softmax(softmax):
    y = softmax(np.float32([[-60.0, 60.0]]))
    assert losses.sparse_categorical_crossentropy([0], y).item() == pytest.approx(120.0)
    assert losses.categorical_crossentropy([[1.0, 0.0]], y).item() == pytest.approx(120.0)


def test_gradients_and_models_know_them_too():
    x = np.float32([[-60.0]])

    def loss(x):
        return losses.binary_crossentropy([[1.0]], ops.sigmoid(x)).sum()

    assert nn.grad(loss)(x).tolist() == [[-1.0]]
    assert nn.jit(nn.grad(loss))(x).tolist() == [[-1.0]]
    inputs = nn.Input((1,))
    model = nn.Model(inputs, ops.sigmoid(inputs))
    model.compile("sgd", "binary_crossentropy")
    assert model.evaluate(x, np.float32([[1.0]]), verbose=0) == pytest.approx(60.0)


def test_scores_that_went_through_a_sigmoid_are_no_scores():
    y = ops.sigmoid(np.float32([[2.0]]))
    with pytest.raises(ArgumentError, match="has gone through a sigmoid already"):
        losses.binary_crossentropy([[1.0]], y, from_logits=True)


def test_a_note_tells_what_it_was_made_of():
    x = nn.tensor([[1.0, 2.0]])
    note = ops.softmax(x, axis=-1).note(Logits)
    assert note.scores is x
    assert note.axis == -1
    assert ops.sigmoid([1, 0]).note(Logits).scores.tolist() == [1.0, 0.0]
    assert ops.sigmoid(x).note(Logits).axis is None
    assert x.note(Logits) is None
    assert nn.Parameter([1.0]).note(Logits) is None


def test_ops_drop_notes():
    y = ops.sigmoid(np.float32([1.0, 2.0]))
    for other in (y * 1.0, y + y, ops.exp(y), y.reshape(1, 2), y[:1], y.detach()):
        assert other.notes == ()


def test_changes_of_looks_carry_notes():
    y = ops.sigmoid(np.float32([1.0, 2.0]))
    z = carried(lambda t: ops.expand_dims(t, -1), y)
    assert z.shape == z.note(Logits).scores.shape == (2, 1)
    assert z.note(Logits).scores.tolist() == [[1.0], [2.0]]
    wide = carried(lambda t: t.astype("float64"), y)
    assert wide.note(Logits).scores.dtype == np.float64
    assert carried(ops.square, nn.tensor([3.0])).notes == ()


def test_notes_do_not_hold_on_to_one_another():
    x = ops.sigmoid(np.float32([1.0]))
    for _ in range(3):
        x = ops.sigmoid(x)
    assert x.note(Logits).scores.notes == ()

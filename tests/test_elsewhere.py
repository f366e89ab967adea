"""Names that are not there: what is written here instead, where it is, or which name is near."""

import copy
import pickle

import numpy as np
import pytest

import neurona as nn
from neurona import elsewhere
from neurona.classic import NeuralNetwork, Perceptron
from neurona.errors import AbsentError, ArgumentError
from tests.tracebacks import check_users_lines_only

X = np.ones((4, 3), "float32")


def network():
    model = nn.Sequential([nn.Input((3,)), nn.layers.Dense(3, name="hidden")], name="mlp")
    model.compile("sgd", "mse")
    return model


ABSENT = {  # by what they are asked of
    "nn.GradientTap": "neurona has no 'GradientTap'.\ntry: did you mean 'GradientTape'?",
    "nn.Dense": "try: here it is: nn.layers.Dense",
    "nn.sigmoid": "try: here it is: nn.activations.sigmoid",
    "nn.Module": "nn.Layer, or nn.Model",
    "nn.no_grad": "leave it out",
    "nn.layers.Dens": "neurona.layers has no 'Dens'.\ntry: did you mean 'Dense'?",
    "nn.layers.Conv2d": "did you mean 'Conv2D'?",
    "nn.layers.Linear": "Dense(units)",
    "nn.losses.CrossEntropyLoss": "SparseCategoricalCrossentropy(from_logits=True)",
    "nn.optimizers.Adma": "did you mean 'Adam'?",
    "nn.ops.reduce_mean": "nn.ops.mean",
    "nn.ops.sigmod": "did you mean 'sigmoid'?",
    "nn.datasets.MNIST": "did you mean 'mnist'?",
    "nn.random.seed": "nn.utils.set_random_seed(0)",
    "nn.zoo.GTP": "did you mean 'GPT'?",
    "model.fits": "Sequential 'mlp' has no 'fits'.\ntry: did you mean 'fit'?",
    "model.parameters": "model.trainable_weights",
    "model.state_dict": "model.save_weights(path)",
    "model.eval": "leave it out: model(x) and model.predict(x)",
    "model.layers[0].unit": "Dense 'hidden' has no 'unit'.\ntry: did you mean 'units'?",
    "model.optimizer.zero_grad": "SGD has no 'zero_grad'.\ntry: leave it out: gradients are made",
    "model.optimizer.step": "optimizer.apply(gradients, weights)",
    "model.optimizer.learning_rte": "did you mean 'learning_rate'?",
    "nn.tensor(1.0).unsqueeze": "nn.ops.expand_dims(x, axis)",
    "nn.tensor(1.0).exp": "Tensor has no 'exp'.\ntry: nn.ops.exp(x)",
    "nn.tensor(1.0).reshap": "did you mean 'reshape'?",
    "nn.callbacks.History().losses": 'history.history["loss"]',
    "Perceptron(2).fit": "train(X, y)",
    "NeuralNetwork(2, 2, 1).z1": "call forward(X) first",
}


@pytest.mark.parametrize("asked", ABSENT)
def test_a_name_that_is_not_there_says_what_is(asked):
    model = network()
    with pytest.raises(AbsentError) as caught:
        eval(asked, {**globals(), "model": model})
    assert ABSENT[asked] in str(caught.value)
    assert isinstance(caught.value, AttributeError)
    check_users_lines_only(caught.value)


IMPORTED = {
    "from neurona.layers import Dense, Dens": "layers has no 'Dens'.\ntry: did you mean 'Dense'?",
    "from neurona.keras.layers import Linear": "Dense(units)",
    "from neurona import Dense": "here it is: nn.layers.Dense",
    "from neurona.keras.optimizers import Adma": "did you mean 'Adam'?",
}


def test_a_line_that_imports_a_name_that_is_not_there_says_what_is():
    for line, words in IMPORTED.items():
        with pytest.raises(ImportError) as caught:
            exec(line, {})
        assert words in str(caught.value)
        check_users_lines_only(caught.value)
    with pytest.raises(ImportError, match="cannot import name '_hidden'"):
        exec("from neurona.layers import _hidden", {})


ARGUMENTS = [
    (lambda: network().fit(X, X, epoch=3), "Got 'epoch'", "did you mean 'epochs'?"),
    (lambda: network().predict(X, batchsize=3), "of predict", "did you mean 'batch_size'?"),
    (lambda: network().compile("adma", "mse"), "Got 'adma'", "did you mean 'adam'?"),
    (lambda: network().compile("adam", loss_fn="mse"), "Got 'loss_fn'", "did you mean 'loss'?"),
    (lambda: network().compile("adam", "mse", lr=1), "Got 'lr'", "it belongs to the optimizer"),
    (lambda: nn.layers.Dense(64, activation="rellu"), "Got 'rellu'", "did you mean 'relu'?"),
    (lambda: nn.layers.Dense(out_features=3), "argument of Dense", "did you mean 'units'?"),
    (lambda: nn.layers.Conv2D(3, kernel=3), "argument of Conv2D", "did you mean 'kernel_size'?"),
    (lambda: Perceptron(2, lr=0.1), "argument of Perceptron", "did you mean 'learning_rate'?"),
    (lambda: NeuralNetwork(2, 3, 1, seed=1), "Got 'seed'", "did you mean 'random_state'?"),
    (lambda: NeuralNetwork(2, 3, 1).train(X, X, epoch=1), "NeuralNetwork.train", "'epochs'"),
    (lambda: nn.Sequential(nn.layers.Dense(3), nn.layers.Dense(2)), "Sequential([a, b])"),
]  # fmt: skip


def test_an_argument_that_is_not_there_says_which_is():
    for call, *texts in ARGUMENTS:
        with pytest.raises(ArgumentError) as caught:
            call()
        for text in texts:
            assert text in str(caught.value)
        check_users_lines_only(caught.value)


def test_names_are_still_asked_for_as_ever():
    model = network()
    for thing in (nn, nn.layers, model, model.optimizer, nn.tensor(1.0), nn.callbacks.History()):
        assert not hasattr(thing, "nothing")
        assert getattr(thing, "nothing", 3) == 3
        assert not hasattr(thing, "_nothing")
    for thing in (model.optimizer, model, nn.tensor(1.0), Perceptron(2), NeuralNetwork(2, 2, 1)):
        assert type(copy.deepcopy(thing)) is type(thing)
    assert pickle.loads(pickle.dumps(nn.tensor([1.0]))).tolist() == [1.0]

    class Broken(nn.Layer):
        @property
        def half(self):
            return self.nothing_here / 2

    with pytest.raises(AttributeError, match="nothing_here"):
        _ = Broken().half


def test_what_is_written_here_is_here():
    """Names in the table that are kinds of ours are true."""
    for word, ours in elsewhere.WORDS.items():
        assert word != ours
    for kind in elsewhere.TABLE:
        room = getattr(nn, kind, None) if kind else nn
        for names in elsewhere.TABLE[kind]:
            for name in names.split():
                assert not kind or room is None or not hasattr(room, name), (kind, name)

"""Every model of the zoo: builds, learns one batch on both engines, is saved, loaded, resumed."""

import numpy as np
import pytest

import neurona as nn
from neurona import zoo
from neurona.errors import ArgumentError, ShapeError
from neurona.losses import CTC, BinaryCrossentropy, SparseCategoricalCrossentropy
from tests.first import first
from tests.settings import engine_set_to

RNG = np.random.default_rng(0)
TOKENS = RNG.integers(3, 20, (8, 6))
NEXT = np.concatenate([TOKENS[:, 1:], np.full((8, 1), 2)], axis=1)
SHIFTED = np.concatenate([np.full((8, 1), 1), TOKENS[:, ::-1]], axis=1)  # what is to be written
WRITTEN = np.concatenate([TOKENS[:, ::-1], np.full((8, 1), 2)], axis=1)
IMAGES = RNG.normal(size=(8, 8, 8, 1)).astype("float32")
CLASSES = np.arange(8) % 4
BITS = (IMAGES > 0).astype("float32")
SIGNS = RNG.integers(1, 4, (8, 2))
PAIRS = (np.arange(8), RNG.integers(0, 20, (8, 3)))
CHOSEN = np.tile([1.0, 0.0, 0.0], (8, 1))
SCORES = SparseCategoricalCrossentropy(from_logits=True)


def bert():
    return zoo.BERT(20, depth=1, width=16, hidden=32, heads=2, context=8, dropout=0.0)


# name -> (model, inputs, targets, loss)
SMALL = {
    "GPT": lambda: (zoo.GPT(20, 8, 2, 2, 16, dropout=0.0), TOKENS, NEXT, SCORES),
    "CharRNN lstm": lambda: (zoo.CharRNN(20, 16, 32), TOKENS, NEXT, SCORES),
    "CharRNN gru": lambda: (zoo.CharRNN(20, 8, 16, 2, cell="gru"), TOKENS, NEXT, SCORES),
    "CharRNN rnn": lambda: (zoo.CharRNN(20, 8, 16, cell="rnn"), TOKENS, NEXT, SCORES),
    "NGramNetwork": lambda: (zoo.NGramNetwork(20, 3, 8, 32), TOKENS, NEXT, SCORES),
    "Transformer": lambda: (
        zoo.Transformer(20, 1, 16, 32, 2, dropout=0.0, context=8, pre_norm=True),
        (TOKENS, SHIFTED), WRITTEN, zoo.SmoothedCrossentropy(0.0),
    ),
    "Transformer with norms behind": lambda: (
        zoo.Transformer(20, 1, 16, 32, 2, dropout=0.0, context=8),
        (TOKENS, SHIFTED), WRITTEN, zoo.SmoothedCrossentropy(0.0),
    ),
    "T5": lambda: (
        zoo.T5(20, 1, 16, 32, 2, 8, dropout=0.0, context=8), (TOKENS, SHIFTED), WRITTEN, SCORES,
    ),
    "Seq2Seq": lambda: (
        zoo.Seq2Seq(20, 20, 16, 16, dropout=0.0), (TOKENS, SHIFTED), WRITTEN, SCORES,
    ),
    "MaskedLanguageModel": lambda: (zoo.MaskedLanguageModel(bert()), TOKENS, NEXT, SCORES),
    "TextClassifier": lambda: (zoo.TextClassifier(bert(), 4, 0.0), TOKENS, CLASSES, SCORES),
    "ViT": lambda: (zoo.ViT(8, 4, 4, 1, 16, 32, 2), IMAGES, CLASSES, SCORES),
    "CRNN": lambda: (
        zoo.CRNN(4, (4, 8), ((2, 2), (2, 1)), 8, dropout=0.0), IMAGES, SIGNS, CTC(),
    ),
    "CRNN of classes": lambda: (
        zoo.CRNN(4, (4,), ((2, 2),), 8, dropout=0.0, classes_only=True), IMAGES, CLASSES, SCORES,
    ),
    "Forecaster": lambda: (zoo.Forecaster(3, 8), IMAGES[:, :, :, 0], IMAGES[:, 0, :3, 0], "mse"),
    "RecurrentClassifier": lambda: (
        zoo.RecurrentClassifier(20, 4, 8, 8, dropout=0.0), TOKENS, CLASSES, SCORES,
    ),
    "Autoencoder": lambda: (zoo.Autoencoder((8, 8, 1), 4, (32,)), BITS, BITS, "mse"),
    "Autoencoder of few": lambda: (
        zoo.Autoencoder((8, 8, 1), 8, (32,), 0.1, "l1", 1e-4), BITS, BITS, "mse",
    ),
    "Autoencoder that is rarely on": lambda: (
        zoo.Autoencoder((8, 8, 1), 32, (32,), sparsity="kl", rho=0.2), BITS, BITS, "mse",
    ),
    "ConvolutionalAutoencoder": lambda: (
        zoo.ConvolutionalAutoencoder((8, 8, 1), (8, 16), noise=0.1), BITS, BITS, "mse",
    ),
    "ConvolutionalAutoencoder with a code": lambda: (
        zoo.ConvolutionalAutoencoder((8, 8, 1), (8, 16), 8), BITS, BITS, "mse",
    ),
    "VAE": lambda: (zoo.VAE((8, 8, 1), 4, (32,)), BITS, None, None),
    "VAE of classes": lambda: (
        zoo.VAE((8, 8, 1), 4, (32, 16), beta=0.5, classes=4), (BITS, CLASSES), None, None,
    ),
    "VQVAE": lambda: (
        zoo.VQVAE((8, 8, 1), 32, 8, (32,), decay=0.9), BITS, None, None,
    ),
    "Siamese": lambda: (
        zoo.Siamese(nn.Sequential([nn.layers.Flatten(), nn.layers.Dense(4)])),
        (IMAGES, IMAGES[::-1]), CLASSES % 2, zoo.ContrastiveLoss(),
    ),
    "SimCLR": lambda: (
        zoo.SimCLR(
            nn.Sequential([nn.layers.Flatten(), nn.layers.Dense(16)]),
            nn.layers.GaussianNoise(0.1), width=8, temperature=0.1,
        ), IMAGES, None, None,
    ),
    "SkipGram": lambda: (zoo.SkipGram(20, 8), PAIRS, CHOSEN, BinaryCrossentropy(from_logits=True)),
}  # fmt: skip
each = pytest.mark.parametrize("name", SMALL)
some = pytest.mark.parametrize(
    "name",
    first(SMALL, "GPT", "CharRNN gru", "Transformer", "ViT", "CRNN", "Forecaster", "VAE", "SimCLR"),
)


def trained(name, epochs, seed=0):
    nn.random.set_seed(seed)
    model, x, y, loss = SMALL[name]()
    model.compile(nn.optimizers.Adam(0.01), loss)
    history = model.fit(x, y, batch_size=8, epochs=epochs, shuffle=False, verbose=0)
    return model, x, history.history["loss"]


@pytest.mark.sampled(3)
@some
def test_learns_one_batch_alike_on_both_engines(name):
    with engine_set_to("native"):
        _, _, native = trained(name, 60)
    with engine_set_to("reference"):
        _, _, reference = trained(name, 8)
    assert native[-1] < 0.5 * native[0]
    assert reference[-1] < 0.98 * reference[0]
    np.testing.assert_allclose(reference[:3], native[:3], rtol=1e-4)


@pytest.mark.sampled(5)
@each
def test_is_saved_and_loaded(name, tmp_path):
    model, x, _ = trained(name, 2)
    model.save(tmp_path / "m.safetensors")
    again = nn.models.load_model(tmp_path / "m.safetensors")
    assert type(again) is type(model)
    assert all(layer.built for layer in model.layers)  # each part has its part
    assert all(len(layer.get_weights()) == len(layer.weights) for layer in again.all_layers())
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))


@pytest.mark.sampled(3)
@some
def test_goes_on_exactly(name, tmp_path):
    _, _, whole = trained(name, 4)
    half, x, first = trained(name, 2)
    half.save(tmp_path / "m.safetensors")
    again = nn.models.load_model(tmp_path / "m.safetensors")
    _, _, y, _ = SMALL[name]()
    rest = again.fit(x, y, batch_size=8, epochs=4, initial_epoch=2, shuffle=False, verbose=0)
    assert first + rest.history["loss"] == whole


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "count"),
    [
        (zoo.GPT, 124_439_808),  # GPT-2 small
        (zoo.Transformer, 63_082_496),  # "base", 65 million in table 3
        (zoo.T5, 60_506_624),  # T5-small
        (zoo.ViT, 86_567_656),  # B/16
        (lambda: zoo.TextClassifier(zoo.BERT(), 2), 109_482_240 + 2 * 768 + 2),  # BERT base
    ],
)
def test_counts_of_the_papers(model, count):
    model, tokens = model(), np.zeros((1, 2), int)
    if isinstance(model, zoo.ViT):
        model(np.zeros((1, 224, 224, 3), "float32"))
    else:
        model((tokens, tokens) if isinstance(model, zoo.Transformer | zoo.T5) else tokens)
    assert model.count_params() == count


def test_texts_that_are_too_long_and_sizes_that_do_not_divide():
    with pytest.raises(ShapeError, match="GPT: the text is longer than what it sees at once"):
        zoo.GPT(20, 4, 1, 2, 16)(TOKENS)
    with pytest.raises(ShapeError, match="BERT: the text is longer"):
        zoo.BERT(20, 1, 16, 32, 2, context=4)(TOKENS)
    with pytest.raises(ArgumentError, match="the heads do not divide the width"):
        zoo.GPT(20, 4, 1, 3, 16)
    with pytest.raises(ArgumentError, match="patches cover the image"):
        zoo.ViT(28, 5)


def test_distances_have_the_classes_of_the_paper():
    near = np.array([0, 1, -1, 7, -8, 8, 20, -64, 127, -128, 500, -999])
    # as of the authors' mesh_tensorflow, for 32 classes and distances up to 128
    assert zoo.t5.buckets(near, both=True).tolist() == [
        0, 17, 1, 23, 8, 24, 26, 14, 31, 15, 31, 15,
    ]  # fmt: skip
    back = -np.array([0, 1, 15, 16, 20, 64, 127, 128, 500, -3])
    found = zoo.t5.buckets(back, both=False)
    assert found.tolist() == [0, 1, 15, 16, 17, 26, 31, 31, 31, 0]


def test_hidden_words_are_hidden_as_the_paper_says():
    tokens = np.random.default_rng(0).integers(5, 100, (200, 50))
    tokens[:, 40:] = 0
    x, y = zoo.hide_words(tokens, np.random.default_rng(1), 4, range(5, 100))
    chosen = y != -1
    assert not chosen[:, 40:].any()
    assert chosen[:, :40].mean() == pytest.approx(0.15, abs=0.01)
    assert (y[chosen] == tokens[chosen]).all()
    assert (x[~chosen] == tokens[~chosen]).all()
    shares = [(x[chosen] == 4).mean(), (x[chosen] == tokens[chosen]).mean()]
    assert shares == pytest.approx([0.8, 0.1], abs=0.03)


def test_pairs_of_words_are_near_each_other():
    tokens = np.arange(400) % 40
    (words, near), y = zoo.skip_grams(tokens, 40, window=3, negatives=4, subsample=None, seed=1)
    distance = (near[:, 0] - words) % 40
    assert set(distance.tolist()) == {1, 2, 3, 37, 38, 39}
    assert (distance == 1).sum() > (distance == 3).sum()  # windows are drawn from 1 to 3
    assert near.shape == y.shape == (len(words), 5)
    assert (y == [1, 0, 0, 0, 0]).all()
    rare = np.concatenate([np.zeros(900, int), np.arange(1, 101)])
    (words, _), _ = zoo.skip_grams(rare, 101, window=1, negatives=1, subsample=1e-2, seed=1)
    assert (words == 0).mean() < 0.6  # 90 % of the text


def test_words_in_the_same_company_become_similar():
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 2, 1500)  # words 0 to 4 stand together, and 5 to 9
    tokens = (groups.repeat(6) * 5 + rng.integers(0, 5, 9000)).astype(int)
    (words, near), y = zoo.skip_grams(tokens, 10, window=2, negatives=5, subsample=None)
    nn.random.set_seed(0)
    model = zoo.SkipGram(10, 8)
    model.compile(nn.optimizers.Adam(0.02), BinaryCrossentropy(from_logits=True))
    model.fit((words, near), y, batch_size=256, epochs=2, verbose=0)
    assert {word for word, _ in model.nearest(2, 4)} == {0, 1, 3, 4}
    assert {word for word, _ in model.nearest(7, 4)} == {5, 6, 8, 9}

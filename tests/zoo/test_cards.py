"""The catalogue of the zoo: its numbers are those of the models, and nothing is missing."""

import inspect

import numpy as np
import pytest

from neurona import zoo
from neurona.errors import ArgumentError
from neurona.models import Model
from neurona.zoo.cards import CARDS, find, readable

FAMILIES = {
    "CIFARResNet",
    "ConvNeXt",
    "DenseNet",
    "EfficientNet",
    "EfficientNetV2",
    "MobileNetV3",
    "NASNet",
    "ResNet",
    "ResNetV2",
    "VGG",
}  # cards are of their members
AROUND_OTHERS = {"MaskedLanguageModel", "Siamese", "SimCLR", "TextClassifier"}  # take a network


def makes_a_model(name):
    made = getattr(zoo, name)
    if inspect.isclass(made):
        return issubclass(made, Model)
    return inspect.signature(made).return_annotation == "Model"


@pytest.mark.sampled(5)
@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_numbers_are_counted_anew(card):
    assert card.counted() == (card.parameters, card.multiply_adds)
    assert card.story
    assert 1980 < card.year < 2030


def test_every_architecture_has_a_card():
    models = {name for name in zoo.__all__ if makes_a_model(name)}
    assert {card.name for card in CARDS} == models - FAMILIES - AROUND_OTHERS


def test_counting_takes_no_memory():
    model = find("VGG16").abstract_model()
    assert isinstance(model, Model)
    assert all(not any(p.data.strides) for p in model.weights)  # one number, stretched
    kernel = model.get_layer("block1_conv1").kernel
    kernel.assign(np.ones(kernel.shape))  # which then has numbers of its own
    assert kernel.numpy().sum() == kernel.size


def test_names_are_found_however_they_are_spelt():
    assert find("resnet50") is find("ResNet-50") is find("resnet_50")
    assert find("Seq2Seq").call == "zoo.Seq2Seq(source_size=10000, target_size=10000)"
    with pytest.raises(ArgumentError, match=r"(?s)unknown architecture. .*did you mean 'ResNet5"):
        find("resnet51")


def test_large_numbers_are_readable():
    assert [readable(n) for n in (0, 999, 1_000, 61_706, 138_357_544, 15_470_264_320)] == [
        "0", "999", "1 k", "61.7 k", "138 M", "15.5 G",
    ]  # fmt: skip

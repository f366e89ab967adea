"""What is known of each architecture: `neurona zoo` lists it.

Parameters are counted as Keras does, with moving averages. Multiply-adds are those of a prediction
for one sample, in products, convolutions and attention: a half of what is called FLOPs where
multiplications and additions are counted apart. A test counts both anew, from the model's Graph.
"""

from __future__ import annotations

import inspect
import math
import sys
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from neurona import zoo
from neurona.core.tree import flatten
from neurona.engines.program import cost_of
from neurona.errors import unknown
from neurona.models import Model
from neurona.nn.parts import abstract
from neurona.nn.pure import trace_pure


def floats(*sizes: int) -> np.ndarray:
    """Return a sample of numbers, as a batch of one that takes no memory."""
    return np.broadcast_to(np.float32(0), (1, *sizes))


def tokens(*sizes: int) -> np.ndarray:
    """Return a sample of integers, as a batch of one that takes no memory."""
    return np.broadcast_to(np.int32(0), (1, *sizes))


class Card(NamedTuple):
    """An architecture.

    Attributes:
        make: makes the model.
        arguments: what it is made with here, where something must be chosen.
        sample: what goes in.
        year, paper: when and where it was published first.
        parameters, multiply_adds: see the top of this file; asserted by a test.
    """

    make: Callable[..., Model]
    arguments: Mapping[str, Any]
    sample: Any
    year: int
    parameters: int
    multiply_adds: int
    paper: str

    @property
    def name(self) -> str:
        """Its name in `neurona.zoo`."""
        return self.make.__name__

    @property
    def call(self) -> str:
        """How the model is made, as a line of Python."""
        return f"zoo.{self.name}({', '.join(f'{k}={v!r}' for k, v in self.arguments.items())})"

    @property
    def story(self) -> str:
        """What the file of the architecture begins with."""
        return inspect.getdoc(sys.modules[self.make.__module__]) or ""

    def abstract_model(self) -> Model:
        """Return the model, built, with parameters that take no memory."""
        with abstract():
            model = self.make(**self.arguments)
            if not model.built:
                self.graph_of(model)
        return model

    def graph_of(self, model: Model) -> Any:
        """Return the Graph of a prediction for the sample."""
        leaves, structure = flatten((self.sample,))
        return trace_pure(lambda x: model(x, training=False), structure, leaves).graph

    def counted(self) -> tuple[int, int]:
        """Count parameters and multiply-adds from the model's Graph."""
        model = self.abstract_model()
        return model.count_params(), cost_of(self.graph_of(model))["products"]


IMAGE = floats(224, 224, 3)
LARGER = floats(299, 299, 3)
SEARCHED = "Searching for MobileNetV3"
FASTER = "EfficientNetV2: Smaller Models and Faster Training"
INCEPTION = "Going Deeper with Convolutions"
RESIDUAL = "Deep Residual Learning for Image Recognition"
VERY_DEEP = "Very Deep Convolutional Networks for Large-Scale Image Recognition"

CARDS = [
    # --- images
    Card(zoo.LeNet5, {}, floats(28, 28, 1), 1998, 61_706, 422_824,
         "Gradient-Based Learning Applied to Document Recognition"),
    Card(zoo.AlexNet, {}, IMAGE, 2012, 61_100_840, 714_188_480,
         "ImageNet Classification with Deep Convolutional Neural Networks"),
    Card(zoo.VGG11, {}, IMAGE, 2014, 132_863_336, 7_609_090_048, VERY_DEEP),
    Card(zoo.VGG16, {}, IMAGE, 2014, 138_357_544, 15_470_264_320, VERY_DEEP),
    Card(zoo.VGG19, {}, IMAGE, 2014, 143_667_240, 19_632_062_464, VERY_DEEP),
    Card(zoo.GoogLeNet, {}, IMAGE, 2014, 6_639_464, 1_498_376_192, INCEPTION),
    Card(zoo.ResNet18, {}, IMAGE, 2015, 11_699_112, 1_814_073_344, RESIDUAL),
    Card(zoo.ResNet34, {}, IMAGE, 2015, 21_814_696, 3_663_761_408, RESIDUAL),
    Card(zoo.ResNet50, {}, IMAGE, 2015, 25_636_712, 3_857_973_248, RESIDUAL),
    Card(zoo.ResNet20, {}, floats(32, 32, 3), 2015, 271_098, 40_551_040, RESIDUAL),
    Card(zoo.ResNet32, {}, floats(32, 32, 3), 2015, 466_426, 68_862_592, RESIDUAL),
    Card(zoo.ResNet56, {}, floats(32, 32, 3), 2015, 857_082, 125_485_696, RESIDUAL),
    Card(zoo.ResNet50V2, {}, IMAGE, 2016, 25_613_800, 3_482_255_360,
         "Identity Mappings in Deep Residual Networks"),
    Card(zoo.InceptionV3, {}, LARGER, 2015, 23_851_784, 5_731_237_696,
         "Rethinking the Inception Architecture for Computer Vision"),
    Card(zoo.InceptionResNetV2, {}, LARGER, 2016, 55_873_736, 13_157_910_816,
         "Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning"),
    Card(zoo.Xception, {}, LARGER, 2016, 22_910_480, 8_357_403_496,
         "Xception: Deep Learning with Depthwise Separable Convolutions"),
    Card(zoo.NASNetMobile, {}, IMAGE, 2017, 5_326_716, 571_980_576,
         "Learning Transferable Architectures for Scalable Image Recognition"),
    Card(zoo.DenseNet121, {}, IMAGE, 2016, 8_062_504, 2_834_864_128,
         "Densely Connected Convolutional Networks"),
    Card(zoo.MobileNet, {}, IMAGE, 2017, 4_253_864, 568_740_352,
         "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications"),
    Card(zoo.MobileNetV2, {}, IMAGE, 2018, 3_538_984, 300_774_272,
         "MobileNetV2: Inverted Residuals and Linear Bottlenecks"),
    Card(zoo.EfficientNetB0, {}, IMAGE, 2019, 5_330_570, 385_814_752,
         "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks"),
    Card(zoo.MobileNetV3Large, {}, IMAGE, 2019, 5_507_432, 216_589_760, SEARCHED),
    Card(zoo.MobileNetV3Small, {}, IMAGE, 2019, 2_554_968, 56_510_400, SEARCHED),
    Card(zoo.EfficientNetV2B0, {}, IMAGE, 2021, 7_200_312, 718_086_176, FASTER),
    Card(zoo.EfficientNetV2S, {}, floats(384, 384, 3), 2021, 21_612_360, 8_365_617_152, FASTER),
    Card(zoo.ViT, {}, IMAGE, 2020, 86_567_656, 17_563_828_224,
         "An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale"),
    Card(zoo.ConvNeXtTiny, {}, IMAGE, 2022, 28_589_128, 4_455_531_264,
         "A ConvNet for the 2020s"),
    Card(zoo.UNet, {}, floats(572, 572, 1), 2015, 31_030_658, 150_428_424_448,
         "U-Net: Convolutional Networks for Biomedical Image Segmentation"),
    # --- codes and samples
    Card(zoo.Autoencoder, {}, floats(28, 28), 2006, 419_120, 417_792,
         "Reducing the Dimensionality of Data with Neural Networks"),
    Card(zoo.ConvolutionalAutoencoder, {}, floats(28, 28, 1), 2011, 74_497, 6_604_416,
         "Stacked Convolutional Auto-Encoders for Hierarchical Feature Extraction"),
    Card(zoo.VAE, {}, floats(28, 28), 2013, 973_624, 963_200, "Auto-Encoding Variational Bayes"),
    Card(zoo.VQVAE, {}, floats(28, 28, 1), 2017, 50_001, 5_350_016,
         "Neural Discrete Representation Learning"),
    Card(zoo.GAN, {}, floats(100), 2014, 1_093_137, 558_080, "Generative Adversarial Networks"),
    Card(zoo.DCGAN, {}, floats(100), 2015, 898_944, 7_250_432,
         "Unsupervised Representation Learning with Deep Convolutional GANs"),
    Card(zoo.WGAN, {}, floats(100), 2017, 898_624, 7_250_432,
         "Improved Training of Wasserstein GANs"),
    Card(zoo.DDPM, {}, (floats(28, 28, 1), tokens()), 2020, 777_633, 102_249_600,
         "Denoising Diffusion Probabilistic Models"),
    # --- sequences
    Card(zoo.RecurrentClassifier, {"vocabulary_size": 10_000, "classes": 2}, tokens(100),
         1997, 706_306, 6_553_856,
         "Bidirectional Recurrent Neural Networks"),
    Card(zoo.Forecaster, {"ahead": 7}, floats(30, 1), 1997, 3_591, 95_264,
         "Long Short-Term Memory"),
    Card(zoo.NGramNetwork, {"vocabulary_size": 10_000}, tokens(10), 2003, 1_539_344, 12_892_160,
         "A Neural Probabilistic Language Model"),
    Card(zoo.CharRNN, {"vocabulary_size": 65}, tokens(100), 2011, 111_361, 10_662_400,
         "Generating Text with Recurrent Neural Networks"),
    Card(zoo.SkipGram, {"vocabulary_size": 10_000}, (tokens(), tokens(6)), 2013, 2_000_000, 0,
         "Distributed Representations of Words and Phrases and their Compositionality"),
    Card(zoo.Seq2Seq, {"source_size": 10_000, "target_size": 10_000}, (tokens(30), tokens(30)),
         2014, 17_210_384, 360_580_096,
         "Neural Machine Translation by Jointly Learning to Align and Translate"),
    Card(zoo.CRNN, {"signs": 36}, floats(32, 128, 1), 2015, 184_645, 47_095_808,
         "An End-to-End Trainable Neural Network for Image-based Sequence Recognition"),
    Card(zoo.Transformer, {}, (tokens(100), tokens(100)), 2017, 63_082_496, 6_482_739_200,
         "Attention Is All You Need"),
    # without the layer that its classifier begins with
    Card(zoo.BERT, {}, tokens(512), 2018, 108_891_648, 48_318_382_080,
         "BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding"),
    Card(zoo.GPT, {}, tokens(1024), 2019, 124_439_808, 145_824_153_600,
         "Language Models are Unsupervised Multitask Learners"),
    Card(zoo.T5, {}, (tokens(512), tokens(512)), 2019, 60_506_624, 35_802_578_944,
         "Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer"),
]  # fmt: skip


def find(name: str) -> Card:
    """Return the card of an architecture, however its name is spelt: resnet50, VGG-16.

    Raises:
        ArgumentError: if there is none.

    >>> find("vgg-16").parameters
    138357544
    """
    for card in CARDS:
        if card.name.lower() == name.lower().replace("-", "").replace("_", ""):
            return card
    raise unknown("architecture", name, [card.name for card in CARDS])


def readable(count: int) -> str:
    """Return a large number with its unit.

    >>> readable(25_636_712), readable(61_706)
    ('25.6 M', '61.7 k')
    """
    power = min(int(math.log10(max(count, 1))) // 3, 4)
    return f"{count / 1000**power:.3g} {' kMGT'[power]}".strip()

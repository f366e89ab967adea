"""The zoo: one architecture a file, in its paper's order and letters, to be read and trained."""

from neurona.zoo.alexnet import AlexNet
from neurona.zoo.autoencoder import Autoencoder, ConvolutionalAutoencoder
from neurona.zoo.bert import BERT, MaskedLanguageModel, TextClassifier, hide_words
from neurona.zoo.char_rnn import CharRNN
from neurona.zoo.classifier import RecurrentClassifier
from neurona.zoo.contrastive import ContrastiveLoss, Siamese, SimCLR, nt_xent, pairs
from neurona.zoo.convnext import ConvNeXt, ConvNeXtTiny
from neurona.zoo.crnn import CRNN
from neurona.zoo.dcgan import DCGAN
from neurona.zoo.decoding import answer, beam_search, generate
from neurona.zoo.densenet import DenseNet, DenseNet121
from neurona.zoo.diffusion import DDPM
from neurona.zoo.efficientnet import EfficientNet, EfficientNetB0
from neurona.zoo.efficientnet_v2 import EfficientNetV2, EfficientNetV2B0, EfficientNetV2S
from neurona.zoo.forecaster import Forecaster
from neurona.zoo.gan import GAN
from neurona.zoo.googlenet import GoogLeNet
from neurona.zoo.gpt import GPT
from neurona.zoo.inception_resnet_v2 import InceptionResNetV2
from neurona.zoo.inception_v3 import InceptionV3
from neurona.zoo.lenet import LeNet5
from neurona.zoo.log_mel import LogMel
from neurona.zoo.mobilenet import MobileNet
from neurona.zoo.mobilenet_v2 import MobileNetV2
from neurona.zoo.mobilenet_v3 import MobileNetV3, MobileNetV3Large, MobileNetV3Small
from neurona.zoo.nasnet import NASNet, NASNetMobile
from neurona.zoo.ngram import NGramNetwork
from neurona.zoo.resnet import ResNet, ResNet18, ResNet34, ResNet50
from neurona.zoo.resnet_cifar import CIFARResNet, ResNet20, ResNet32, ResNet56
from neurona.zoo.resnet_v2 import ResNet50V2, ResNetV2
from neurona.zoo.seq2seq import Seq2Seq
from neurona.zoo.t5 import T5
from neurona.zoo.transformer import SmoothedCrossentropy, Transformer
from neurona.zoo.unet import UNet
from neurona.zoo.vae import VAE
from neurona.zoo.vgg import VGG, VGG11, VGG16, VGG19
from neurona.zoo.vit import ViT
from neurona.zoo.vqvae import VQVAE
from neurona.zoo.wgan import WGAN
from neurona.zoo.word2vec import SkipGram, skip_grams
from neurona.zoo.xception import Xception

__all__ = [
    "BERT",
    "CRNN",
    "DCGAN",
    "DDPM",
    "GAN",
    "GPT",
    "T5",
    "VAE",
    "VGG",
    "VGG11",
    "VGG16",
    "VGG19",
    "VQVAE",
    "WGAN",
    "AlexNet",
    "Autoencoder",
    "CIFARResNet",
    "CharRNN",
    "ContrastiveLoss",
    "ConvNeXt",
    "ConvNeXtTiny",
    "ConvolutionalAutoencoder",
    "DenseNet",
    "DenseNet121",
    "EfficientNet",
    "EfficientNetB0",
    "EfficientNetV2",
    "EfficientNetV2B0",
    "EfficientNetV2S",
    "Forecaster",
    "GoogLeNet",
    "InceptionResNetV2",
    "InceptionV3",
    "LeNet5",
    "LogMel",
    "MaskedLanguageModel",
    "MobileNet",
    "MobileNetV2",
    "MobileNetV3",
    "MobileNetV3Large",
    "MobileNetV3Small",
    "NASNet",
    "NASNetMobile",
    "NGramNetwork",
    "RecurrentClassifier",
    "ResNet",
    "ResNet18",
    "ResNet20",
    "ResNet32",
    "ResNet34",
    "ResNet50",
    "ResNet50V2",
    "ResNet56",
    "ResNetV2",
    "Seq2Seq",
    "Siamese",
    "SimCLR",
    "SkipGram",
    "SmoothedCrossentropy",
    "TextClassifier",
    "Transformer",
    "UNet",
    "ViT",
    "Xception",
    "answer",
    "beam_search",
    "generate",
    "hide_words",
    "nt_xent",
    "pairs",
    "skip_grams",
]

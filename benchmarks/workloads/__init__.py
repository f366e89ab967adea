"""The workloads by name, in the order of the tables."""

from benchmarks.workload import Workload
from benchmarks.workloads import (
    cnn,
    dcgan,
    diffusion,
    gpt,
    imagenet,
    mlp,
    predict,
    resnet,
    sequences,
    small,
    vae,
)

WORKLOADS: dict[str, Workload] = {
    "xor": small.XOR,
    "moons": small.MOONS,
    "mlp": mlp.MLP,
    "cnn": cnn.CNN,
    "vae": vae.VAE,
    "resnet": resnet.RESNET,
    "mobilenet": imagenet.MOBILENET,
    "resnet50": imagenet.RESNET50,
    "dcgan": dcgan.DCGAN,
    "diffusion": diffusion.DIFFUSION,
    "char-lstm": sequences.CHAR_LSTM,
    "speech-gru": sequences.SPEECH_GRU,
    "gpt": gpt.GPT,
    "predict": predict.PREDICT,
    "inference": imagenet.INFERENCE,
}

"""The workloads by name, in the order of the tables."""

from benchmarks.workload import Workload
from benchmarks.workloads import cnn, gpt, mlp, predict, resnet, small, vae

WORKLOADS: dict[str, Workload] = {
    "xor": small.XOR,
    "moons": small.MOONS,
    "mlp": mlp.MLP,
    "cnn": cnn.CNN,
    "vae": vae.VAE,
    "resnet": resnet.RESNET,
    "gpt": gpt.GPT,
    "predict": predict.PREDICT,
}

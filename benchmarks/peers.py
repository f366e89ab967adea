"""The peers: what each one is, what it imports, and what it needs in its environment."""

from __future__ import annotations

import os
from typing import NamedTuple


class Peer(NamedTuple):
    """One way to run a workload.

    Attributes:
        title: for the tables.
        module: what is imported first, and timed.
        kind: "ours", "peer" or "floor".
        variables: of the environment.
        caches: whether it keeps compiled code on disk, so that a second start is faster.
        quick: whether a quick run measures it.
        leads: whether it is ever near the best; if not, it is measured with one thread only.
    """

    title: str
    module: str
    kind: str = "peer"
    variables: tuple[tuple[str, str], ...] = ()
    caches: bool = False
    quick: bool = True
    leads: bool = True


KERAS_JAX = (("KERAS_BACKEND", "jax"),)
KERAS_TORCH = (("KERAS_BACKEND", "torch"),)

PEERS = {
    "neurona": Peer("neurona", "neurona", "ours", caches=True),
    "neurona-epochs": Peer("neurona, an epoch a step", "neurona", "ours", leads=False),
    "neurona-step": Peer("neurona, prediction step", "neurona", "ours"),
    "neurona-predict": Peer("neurona, model.predict", "neurona", "ours"),
    "numpy": Peer("NumPy by hand", "numpy"),
    "torch": Peer("torch eager", "torch"),
    "torch-channels-last": Peer("torch channels-last", "torch"),
    "torch-compile": Peer("torch.compile", "torch", caches=True, quick=False),
    "onnxruntime": Peer("ONNX Runtime", "onnxruntime"),
    "jax": Peer("JAX, a call a step", "jax"),
    "jax-scan": Peer("JAX, lax.scan", "jax"),
    "keras-jax": Peer("Keras on JAX", "keras", variables=KERAS_JAX),
    "keras-torch": Peer("Keras on torch", "keras", variables=KERAS_TORCH, quick=False, leads=False),
    "keras-predict": Peer(
        "Keras on JAX, predict", "keras", variables=KERAS_JAX, quick=False, leads=False
    ),
    "sklearn": Peer("scikit-learn", "sklearn.neural_network", leads=False),
    "tinygrad": Peer("tinygrad", "tinygrad", quick=False, leads=False),
    "floor": Peer("floor: the products alone", "torch", "floor"),
    "numba": Peer("floor: a scalar loop by numba", "numba", "floor"),
}


THREADS = (
    "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS", "NEURONA_THREADS", "NUM_CPU_THREADS",
)  # fmt: skip
ONE_THREAD_XLA = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"


def limit(threads: int) -> None:
    """Let this process use so many threads and cores; before the libraries are imported."""
    os.environ.update(dict.fromkeys(THREADS, str(threads)))
    os.environ["JAX_PLATFORMS"] = "cpu"
    if threads == 1:
        os.environ["XLA_FLAGS"] = ONE_THREAD_XLA
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, cores[-threads:])

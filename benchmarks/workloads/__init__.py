"""The workloads by name, in the order of the tables."""

from benchmarks.workload import Workload
from benchmarks.workloads import mlp, small

WORKLOADS: dict[str, Workload] = {
    "xor": small.XOR,
    "moons": small.MOONS,
    "mlp": mlp.MLP,
}

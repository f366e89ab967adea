"""From the import to the first prediction of a whole network: ResNet-50, 224x224, one image.

    python -m benchmarks.first --python peers/bin/python

Each figure is of a fresh process with one thread: the import, the making of the network with random
weights, and its first prediction, with an empty cache on disk and once more with what that process
left there; and the seconds of the processor for all of it, which other programs do not change.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from benchmarks.peers import PEERS, limit
from benchmarks.process import Interpreters, Process

MEASURED = ("neurona", "keras-jax")
PARTS = ("import", "make", "predict", "all", "processor")


def one(peer: str, network: str) -> dict[str, float]:
    """Return the seconds of each part, in this process."""
    limit(1)
    begin, begun = perf_counter(), process_time()
    if PEERS[peer].kind == "ours":
        from neurona import zoo as networks
    else:
        os.environ["KERAS_BACKEND"] = "jax"
        import jax
        from keras import applications as networks  # type: ignore[no-redef]

        jax.config.update("jax_compilation_cache_dir", os.environ["XDG_CACHE_HOME"])
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    imported = perf_counter()
    model: Any = getattr(networks, network)(weights=None)
    made = perf_counter()
    import numpy as np

    model.predict(np.zeros((1, *model.input_shape[1:]), np.float32), verbose=0)
    end = perf_counter()
    seconds = imported - begin, made - imported, end - made, end - begin, process_time() - begun
    return dict(zip(PARTS, seconds, strict=True))


def fresh(interpreters: Interpreters, peer: str, network: str, cache: Path) -> dict[str, Any]:
    """Return what `one` does, in a process of its own."""
    python = interpreters.ours if PEERS[peer].kind == "ours" else interpreters.peers
    command = [python, "-m", "benchmarks.first", "--one", peer, "--network", network]
    process = Process(command, cache)
    answer = process.answer()
    process.close()
    return answer


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--python", default=sys.executable, help="of the peers")
    parser.add_argument("--peers", default=",".join(MEASURED))
    parser.add_argument("--network", default="ResNet50", help="as zoo and keras.applications say")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        return print(json.dumps(one(options.one, options.network)), flush=True)
    interpreters = Interpreters(sys.executable, options.python)
    runs: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for _ in range(options.rounds):
        for peer in options.peers.split(","):  # in turns
            with tempfile.TemporaryDirectory() as folder:
                for state in ("cold", "from the cache"):
                    found = fresh(interpreters, peer, options.network, Path(folder))
                    runs.setdefault((peer, state), []).append(found)
    print(f"| {options.network} | cache | {', s | '.join(PARTS)}, s |")
    print("| --- " * (2 + len(PARTS)) + "|")
    for (peer, state), found in runs.items():
        if errors := [run["error"] for run in found if "error" in run]:
            print(f"| {peer} | {state} | {errors[0]} |")
            continue
        medians = [statistics.median(run[part] for run in found) for part in PARTS]
        print(f"| {peer} | {state} | {' | '.join(f'{m:.2f}' for m in medians)} |", flush=True)
    return None


if __name__ == "__main__":
    main()

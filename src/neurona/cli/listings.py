"""`neurona recipes`, `datasets`, `zoo` and `info`: what there is."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import os
import platform
from collections.abc import Iterable, Sequence
from pathlib import Path

from neurona import config
from neurona.core.tree import flatten
from neurona.engines import machine
from neurona.errors import StateError
from neurona.version import __version__

PACKAGES = ("numpy", "llvmlite", "safetensors", "matplotlib", "pillow", "rich", "typer")


def show(entries: Iterable[tuple[str, Sequence[str]]]) -> None:
    """Print names, each with lines beside it."""
    entries = list(entries)
    width = max(len(name) for name, _ in entries)
    for name, lines in entries:
        for number, line in enumerate(lines):
            print(f"{name if number == 0 else '':<{width}}  {line}")


def recipes() -> None:
    """Print the recipes with data, model, what to expect, and their default settings."""
    from neurona.recipes import RECIPES

    entries = []
    for recipe in RECIPES.values():
        defaults = dataclasses.asdict(recipe.defaults)
        told = [f"{k.replace('_', ' ')} {v}" for k, v in defaults.items() if v is not None]
        lines = (
            recipe.description,
            f"data   {recipe.data}",
            f"model  {recipe.model}",
            f"score  {recipe.reaches}",
            f"with   {', '.join(told)}",
        )
        entries.append((recipe.name, lines))
    show(entries)


def datasets() -> None:
    """Print the data sets, their size and licence, and where they are."""
    from neurona.datasets import catalog

    entries = []
    for entry in catalog():
        if entry.available:
            state = f"here: {entry.location}"
        else:
            size = max(0.1, entry.download_bytes / 1e6)
            state = f"a download of {size:.{1 if size < 2 else 0}f} MB, to {entry.location}"
        shape = " x ".join(map(str, entry.shape))
        count = f"{entry.samples:,} of {shape}" if shape else f"{entry.samples:,}"
        facts = f"{count}, licence {entry.licence}"
        entries.append((entry.name, (entry.description, facts, state)))
    show(entries)


def zoo() -> None:
    """Print the architectures, with year, parameters, multiply-adds and paper."""
    from neurona.zoo.cards import CARDS, readable

    width = max(len(card.name) for card in CARDS)
    print(f"{'':<{width}}  year  parameters  multiply-adds  paper")
    for card in CARDS:
        work = readable(card.multiply_adds) if card.multiply_adds else "-"
        print(
            f"{card.name:<{width}}  {card.year}  {readable(card.parameters):>10}  {work:>13}  "
            f"{card.paper}"
        )


def architecture(name: str) -> None:
    """Print what is known of one architecture."""
    from neurona.zoo.cards import find, readable

    card = find(name)
    sizes = [" x ".join(map(str, x.shape[1:])) or "1" for x in flatten(card.sample)[0]]
    work = f"{card.multiply_adds:,} ({readable(card.multiply_adds)}), for one sample"
    print(f"{card.name}, {card.year}: {card.paper}\n\n{card.story}\n")
    facts = {
        "made by": card.call,
        "takes": ", ".join(sizes),
        "parameters": f"{card.parameters:,} ({readable(4 * card.parameters)}B in float32)",
        "multiply-adds": work,
        "layers": f"neurona summary {card.name.lower()}",
    }
    show((key, (value,)) for key, value in facts.items())


def summary(model: str) -> None:
    """Print the layers of a model in a file, or of an architecture of the zoo."""
    from neurona.cli.predict import open_model
    from neurona.zoo.cards import find

    path = Path(model)
    found = open_model(path) if path.suffix or path.exists() else find(model).abstract_model()
    found.summary()


def info() -> None:
    """Print versions, engine, processor, threads and folders."""
    facts = {"neurona": __version__, "Python": platform.python_version()}
    for package in PACKAGES:
        try:
            facts[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            facts[package] = "not installed"
    facts["engine"] = f"{config.engine()} (of {', '.join(config.ENGINES)})"
    facts |= machine.facts()
    facts["float type"] = config.floatx()
    facts["system"] = f"{platform.system()} {platform.release()} {platform.machine()}"
    facts["processor"] = processor()
    facts["cores"] = f"{usable_cores()} usable of {os.cpu_count()}"
    facts["your data"] = str(config.data_folder() or "not set (NEURONA_DATA)")
    try:
        facts["downloads"] = str(config.cache_folder())
    except StateError as error:
        facts["downloads"] = f"nowhere: {error.rule} {error.hint}"
    show((name, (value,)) for name, value in facts.items())


def processor() -> str:
    """Return the processor's name, as far as the system tells it."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def usable_cores() -> int:
    """Return how many cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

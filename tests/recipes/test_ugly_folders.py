"""Folders of images as people leave them: learned or refused in words, judged, and predicted."""

import re

import numpy as np
import pytest
from PIL import Image

from neurona.recipes.own.verdict import NOT_WORTH
from tests.cli.command import run

pytestmark = pytest.mark.slow


def stripes(rng, kind, height=24, width=24):
    """Lines that lie, or that stand, or none: grey pixels."""
    place = np.indices((height, width))[int(kind == "standing")]
    wave = np.sin(2 * np.pi * place / rng.uniform(5, 7) + rng.uniform(0, 6))
    shades = 0 if kind == "plain" else 90 * wave
    return np.clip(128 + shades + rng.normal(0, 20, (height, width)), 0, 255).astype(np.uint8)


def save(path, pixels, mode="L", **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).convert(mode).save(path, **options)


def mixed_sizes_and_modes(rng, folder):
    """Upright and wide, small and large, JPEG, PNG, GIF and BMP, grey, colours and palettes."""
    kinds = (("png", "RGB"), ("jpg", "L"), ("JPEG", "CMYK"), ("gif", "P"), ("bmp", "1"))
    for kind in ("lying", "standing"):
        for i in range(20):
            ending, mode = kinds[i % 5]
            height, width = rng.integers(18, 80, 2)
            save(folder / kind / f"{i} ü.{ending}", stripes(rng, kind, height, width), mode)
    return ("40, ",)


def broken_files(rng, folder):
    """Among good ones: an empty file, half a file, a text, and what systems leave."""
    for kind in ("lying", "standing"):
        for i in range(16):
            save(folder / kind / f"{i}.png", stripes(rng, kind))
    whole = (folder / "lying/0.png").read_bytes()
    (folder / "lying/empty.png").write_bytes(b"")
    (folder / "lying/half.png").write_bytes(whole[: len(whole) // 2])
    (folder / "standing/text.jpg").write_text("no image")
    (folder / "standing/Thumbs.db").write_bytes(b"x")
    (folder / "notes.txt").write_text("x")
    (folder / "none").mkdir()
    return ("32, ", "empty.png: left out", "half.png: left out", "text.jpg: left out")


def nested(rng, folder):
    """Parts above, a folder more below each class, and unequal numbers in them."""
    for part, counts in (("train", (18, 12)), ("val", (6, 4))):
        for kind, count in zip(("lying", "standing"), counts, strict=True):
            for i in range(count):
                deep = "2021/may" if i % 2 else "2022"
                save(folder / part / kind / deep / f"{i}.png", stripes(rng, kind))
    return ("as the folders say",)


def grey_and_alpha(rng, folder):
    """Transparent ones, 16 bits, grey with alpha; three classes."""
    for kind in ("lying", "plain", "standing"):
        for i in range(14):
            pixels = stripes(rng, kind)
            path = folder / kind / f"{i}.png"
            if i % 3 == 2:
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(pixels.astype(np.uint16) * 257).save(path)
            else:
                save(path, pixels, ("LA", "RGBA")[i % 3])
    return ("lying 14, plain 14, standing 14",)


def few(rng, folder):
    """Three images of a class."""
    for kind in ("lying", "standing"):
        for i in range(3):
            save(folder / kind / f"{i}.png", stripes(rng, kind))
    return ("6, ",)


FOLDERS = [mixed_sizes_and_modes, broken_files, nested, grey_and_alpha, few]


@pytest.mark.parametrize("make", FOLDERS)
def test_a_folder_is_learned_or_said_not_to_be_worth_it(capsys, tmp_path, make):
    rng = np.random.default_rng(0)
    words = make(rng, tmp_path / "images")
    code, out, err = run(
        capsys, "train", tmp_path / "images", "--out", tmp_path / "run", "--epochs", 25
    )
    assert (code, err) == (0, "")
    base = float(re.search(r"^.*best baseline \(.*\): (\S+)$", out, re.M)[1])
    score = float(re.findall(r"^.*test accuracy: (\S+)$", out, re.M)[-1])
    assert score > base or NOT_WORTH in out
    assert (NOT_WORTH in out) != ("the network is worth it" in out)
    assert [told for told in words if told not in out] == []

    new = tmp_path / "new"
    for kind in ("lying", "standing"):
        save(new / f"{kind}.jpg", stripes(rng, kind, 40, 31), "RGB")
        save(new / f"{kind} too.png", stripes(rng, kind), "RGBA")
    (new / "broken.png").write_bytes(b"x")
    code, out, err = run(capsys, "predict", tmp_path / "run", *sorted(new.iterdir()))
    assert code == 1
    assert "broken.png" in err
    said = re.findall(r"(lying|standing)( too)?\.\w+  class (\w+)", out)
    assert len(said) == 4
    if make is not few:
        assert [kind for kind, _, _ in said] == [name for *_, name in said]


def test_one_image_of_a_class_is_refused_in_words(capsys, tmp_path):
    for kind, count in (("lying", 5), ("standing", 1)):
        for i in range(count):
            save(tmp_path / kind / f"{i}.png", stripes(np.random.default_rng(i), kind))
    code, _, err = run(capsys, "train", tmp_path, "--out", tmp_path / "run")
    assert code == 1
    assert "two images or more" in err
    assert "Traceback" not in err

"""hybrid: a network reads whole lines of digits, and nobody tells it where one of them begins.

Convolutions look, a recurrent network reads along the line in both directions, and CTC (Graves et
al. 2006) learns from "these digits, in this order" alone: Shi, Bai and Yao 2017. The baseline is
what one would do without: cut the line where no ink is, and look each piece up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurona import ops, plots
from neurona.data import batches
from neurona.datasets import mnist
from neurona.losses import CTC
from neurona.recipes.advice import Advice, on_chance
from neurona.recipes.enlarged import enlarged_digits
from neurona.recipes.examine import show_rate, show_training
from neurona.recipes.nearest import nearest
from neurona.recipes.prepared import takes_digits
from neurona.recipes.recipe import Recipe, Settings
from neurona.zoo import CRNN

if TYPE_CHECKING:
    from neurona.recipes.run import Run

HELD = 5000  # the last training digits are for lines of validation
SIDE, FEWEST, GAP, SHIFT = 28, 3, 5, 2  # pixels, digits a line, pixels between, pixels up or down
KNOWN = 20_000  # digits among which the baseline looks for the nearest
WIDEST = 20  # pixels: in MNIST no digit is wider


def perform(run: Run) -> None:
    """Train a CRNN on lines of digits."""
    (x, y), (x_test, y_test) = enlarged_digits() if run.quick else mnist.load_data(run.data)
    x, x_test = (a.astype(np.float32) / 255 for a in (x, x_test))  # ink in 0 to 1
    held = min(HELD, len(x) // 10)
    most = 4 if run.quick else 8
    counts = (600, 100, 100) if run.quick else (20_000, 1_000, 2_000)
    rng = np.random.default_rng(run.settings.seed)
    parts = ((x[:-held], y[:-held]), (x[-held:], y[-held:]), (x_test, y_test))
    width = line_width(most, max(map(widest, (x, x_test))))
    (lines, labels), held_out, (tested, truth) = (
        compose(*part, count, most, width, rng) for part, count in zip(parts, counts, strict=True)
    )
    run.fact(
        "lines",
        f"{counts[0]:,} for training, {counts[1]:,} for validation, {counts[2]:,} for testing",
    )
    run.fact("digits", f"{FEWEST} to {most} a line; test lines are of test digits alone")
    run.fact(
        "features",
        f"{SIDE} x {width} pixels, 0 paper to 1 ink; 0 to {GAP} pixels between digits, each up to "
        f"{SHIFT} pixels higher or lower",
    )
    run.fact("licence", mnist.CARD.licence)
    run.picture(
        "samples",
        "The first samples",
        plots.samples(lines[:12], [written(t) for t in labels[:12]], count=12, columns=3),
        f"Twelve training lines: {', '.join(written(t) for t in labels[:12])}.",
    )

    model = CRNN(
        "0123456789",
        filters=(8, 16, 16) if run.quick else (16, 32, 48),
        pools=((2, 2), (2, 2), (2, 1)),
        units=32 if run.quick else 64,
        dropout=0.0 if run.quick else 0.1,
    )
    settings = run.settings
    train = batches(lines, labels, settings.batch_size or 32, shuffle=True, seed=settings.seed)
    steps = len(train) * settings.epochs
    schedule = run.warmed_up(steps, steps // 20)
    model.compile(run.optimizer(schedule, {"global_clipnorm": 1.0}), CTC())
    takes_digits(model, (SIDE, width), None, framing="line")
    run.fit(model, train, validation_data=held_out)

    show_training(run)
    show_rate(run, schedule, steps)
    said, sure = read(model, tested)
    meant = [written(t) for t in truth]
    right = np.array([a == b for a, b in zip(said, meant, strict=True)])
    cut = read_in_pieces(tested, x[: min(KNOWN, len(x) - held)], y)
    cut_right = np.array([a == b for a, b in zip(cut, meant, strict=True)])
    show_lines(run, tested, meant, said, sure)
    show_mistakes(run, tested, meant, said, sure, right)
    compare(run, meant, right, cut_right)
    run.score("digit errors", digit_errors(said, meant))
    run.score("sequence accuracy of pieces", cut_right.mean())
    run.score("sequence accuracy", right.mean())


def widest(digits: np.ndarray) -> int:
    """Return the largest number of columns from the first to the last ink of a digit."""
    ink = np.asarray(digits.any(axis=1))  # (N, 28)
    return int((SIDE - ink.argmax(axis=1) - ink[:, ::-1].argmax(axis=1)).max())


def line_width(most: int, digit: int) -> int:
    """Return the pixels that the longest line can need, a multiple of 4 for the pooling.

    >>> line_width(8, 20)
    208
    """
    return -(-(most * digit + (most + 1) * GAP) // 4) * 4


def compose(
    digits: np.ndarray,
    names: np.ndarray,
    count: int,
    most: int,
    width: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Return lines (count, 28, width, 1), and labels (count, most): digit + 1, then zeros."""
    lines = np.zeros((count, SIDE, width), np.float32)
    labels = np.zeros((count, most), np.int32)
    for line, label in zip(lines, labels, strict=True):
        chosen = rng.integers(len(digits), size=rng.integers(FEWEST, most + 1))
        label[: len(chosen)] = names[chosen] + 1
        at = 0
        for digit in digits[chosen]:
            rows, columns = (np.flatnonzero(digit.any(axis=axis)) for axis in (1, 0))
            up, down = min(SHIFT, rows[0]), min(SHIFT, SIDE - 1 - rows[-1])
            piece = np.roll(digit, rng.integers(-up, down + 1), axis=0)
            piece = piece[:, columns[0] : columns[-1] + 1]
            at += int(rng.integers(GAP + 1))
            line[:, at : at + piece.shape[1]] = piece
            at += piece.shape[1]
    return lines[..., None], labels


def written(label: np.ndarray) -> str:
    """Return labels as digits.

    >>> written(np.array([4, 1, 10, 0, 0]))
    '309'
    """
    return "".join(str(n - 1) for n in label.tolist() if n > 0)


def read(model: CRNN, lines: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Return what the model reads in each line, and the probability of its likeliest alignment."""
    logits = model.predict(lines, batch_size=256, verbose=0)
    log_p = ops.log_softmax(logits).numpy()
    labels, score = ops.ctc_decode(log_p, np.full(len(lines), log_p.shape[1]))
    return [written(row) for row in labels.numpy()[0]], np.exp(-score.numpy()[:, 0])


def read_in_pieces(lines: np.ndarray, known: np.ndarray, names: np.ndarray) -> list[str]:
    """Return what one reads by cutting at columns without ink, and looking each piece up.

    A piece that is wider than any digit is cut into equal parts.
    """
    pieces, owner, digit = [], [], max(WIDEST, widest(known))
    for number, line in enumerate(lines[..., 0]):
        ink = np.pad(line.any(axis=0), 1).astype(np.int8)
        starts, ends = (np.flatnonzero(np.diff(ink) == step) for step in (1, -1))
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            parts = -(-(end - start) // digit)
            for part in np.array_split(line[:, start:end], parts, axis=1):
                pieces.append(centred(part))
                owner.append(number)
    said = [""] * len(lines)
    for number, name in zip(owner, nearest(known, names, np.stack(pieces)), strict=True):
        said[number] += str(name)
    return said


def centred(piece: np.ndarray) -> np.ndarray:
    """Return a piece of a line in 28 x 28, its centre of mass in the middle, as in MNIST."""
    frame = np.zeros((SIDE, SIDE), np.float32)
    frame[:, : piece.shape[1]] = piece
    mass = frame.sum()
    for axis in (0, 1):
        ink = frame.sum(axis=1 - axis)
        shift = round(SIDE / 2 - float(ink @ np.arange(0.5, SIDE) / mass))
        used = np.flatnonzero(ink)
        shift = int(np.clip(shift, -used[0], SIDE - 1 - used[-1]))  # no ink comes round
        frame = np.roll(frame, shift, axis=axis)
    return frame


def digit_errors(said: list[str], meant: list[str]) -> float:
    """Return digits put in, left out and exchanged, a digit that was meant.

    >>> digit_errors(["123", "45"], ["123", "465"]).as_integer_ratio()[0] > 0
    True
    """
    return sum(map(distance, said, meant)) / sum(map(len, meant))


def distance(a: str, b: str) -> int:
    """Return the fewest changes of a sign that make b of a.

    >>> distance("1234", "124"), distance("", "12")
    (1, 2)
    """
    row = list(range(len(b) + 1))
    for i, sign in enumerate(a, start=1):
        before, row[0] = row[0], i
        for j, other in enumerate(b, start=1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (sign != other))
    return row[-1]


def show_lines(
    run: Run, lines: np.ndarray, meant: list[str], said: list[str], sure: np.ndarray
) -> None:
    """Draw the first test lines with what was read."""
    captions = [f"{s} ({100 * p:.0f} %)" for s, p in zip(said[:15], sure, strict=False)]
    run.picture(
        "lines",
        "What it reads",
        plots.samples(lines[:15], captions, count=15, columns=3),
        f"Fifteen test lines and what was read: {', '.join(said[:15])}; "
        f"written was {', '.join(meant[:15])}.",
    )


def show_mistakes(
    run: Run,
    lines: np.ndarray,
    meant: list[str],
    said: list[str],
    sure: np.ndarray,
    right: np.ndarray,
) -> None:
    """Draw the test lines that were read wrongly with the greatest certainty."""
    wrong = np.flatnonzero(~right)
    worst = wrong[np.argsort(-sure[wrong], kind="stable")][:12]
    if not len(worst):
        return
    captions = [f"is {meant[i]}\nread {said[i]} ({100 * sure[i]:.0f} %)" for i in worst]
    run.picture(
        "mistakes",
        "The worst mistakes",
        plots.samples(
            lines[worst], captions, count=12, columns=3,
            title=f"{len(worst)} of {len(wrong):,} mistakes in {len(lines):,} lines, surest first",
        ),
        "The test lines that the model was surest of and wrong about: "
        + "; ".join(f"{meant[i]} read as {said[i]}" for i in worst[:5]) + ".",
    )  # fmt: skip


def compare(run: Run, meant: list[str], right: np.ndarray, cut_right: np.ndarray) -> None:
    """Show how many lines of each length are read rightly, by the network and in pieces."""
    lengths = np.array([len(line) for line in meant])
    rows = [(f"{n} digits", lengths == n) for n in np.unique(lengths)]
    rows.append(("all", np.ones(len(meant), bool)))
    run.table(
        "Test lines that are read without a mistake",
        ("lines", "how many", "cut at empty columns, nearest neighbour", "CRNN"),
        [
            (name, f"{own.sum():,}", f"{100 * cut_right[own].mean():.1f} %",
             f"{100 * right[own].mean():.1f} %")
            for name, own in rows
        ],
    )  # fmt: skip
    run.advise(
        [
            Advice(
                f"Cutting at empty columns reads {100 * cut_right.mean():.1f} % of the lines, "
                f"the network {100 * right.mean():.1f} %: where digits touch, there is no cut.",
                "Beam search (ops.ctc_decode with strategy='beam_search'), more lines, or lines "
                "composed anew in each epoch.",
            ),
            on_chance(float(right.mean()), len(right)),
        ]
    )


RECIPE = Recipe(
    name="hybrid",
    description="Convolutions, a two-way GRU and CTC read whole lines of handwritten digits",
    defaults=Settings(epochs=6, learning_rate=4e-3, batch_size=32, optimizer="adam"),
    perform=perform,
    data="23,000 lines of 3 to 8 digits, composed from MNIST",
    model="CRNN: 3 convolutions, a bidirectional GRU of 64, CTC",
    reaches="sequence accuracy 0.95, in five minutes",
    quick=Settings(epochs=2, learning_rate=1e-2, batch_size=16, optimizer="adam"),
)

"""shakespeare: a small GPT learns to write plays, character by character.

Counting pairs and triples of characters are the baselines. What counts is the mean of -ln p of the
next character on the last tenth of the text, which is not trained on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neurona.callbacks import Callback
from neurona.data import CharacterTokenizer, windows
from neurona.datasets import tinyshakespeare
from neurona.losses import SparseCategoricalCrossentropy
from neurona.recipes.counting import counted_nats
from neurona.recipes.examine import show_rate, show_training
from neurona.recipes.recipe import Recipe, Settings
from neurona.zoo import GPT

if TYPE_CHECKING:
    from neurona.recipes.run import Run

CONTEXT = 128  # characters that the model sees
PROMPT = "\n"
SAMPLE = """First Citizen:
Before we proceed any further, hear me speak.

All:
Speak, speak.

First Citizen:
You are all resolved rather to die than to famish?

All:
Resolved. resolved.
"""  # for --quick: the first lines of the text


def perform(run: Run) -> None:
    """Train a small GPT on Shakespeare."""
    text = SAMPLE * 12 if run.quick else tinyshakespeare.load_data(run.data)
    tokens = CharacterTokenizer.train(text, byte_fallback=False)
    numbers = tokens.encode(text)
    held = len(numbers) // 10
    train, validation = numbers[:-held], numbers[-held:]
    context = 32 if run.quick else CONTEXT
    run.fact("characters", f"{len(train):,} for training, {held:,} for validation")
    run.fact("vocabulary", f"{len(tokens)} characters")
    tokens.save(run.out / "tokens.json")  # neurona predict --prompt reads it
    run.fact("licence", tinyshakespeare.CARD.licence)

    model = GPT(
        len(tokens),
        context,
        depth=2 if run.quick else 5,
        heads=2 if run.quick else 5,
        width=32 if run.quick else 160,
        dropout=0.0 if run.quick else 0.1,
    )
    rows = windows(train, context + 1, stride=context // 4)  # one character on, as the target
    held_rows = windows(validation, context + 1, stride=context)
    x, y = rows[:, :-1], rows[:, 1:]
    settings = run.settings
    steps = settings.steps(len(x))
    schedule = run.warmed_up(steps, steps // 20)
    model.compile(
        run.optimizer(schedule, {"weight_decay": 0.1, "global_clipnorm": 1.0}),
        SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    run.fit(
        model, x, y, validation_data=(held_rows[:, :-1], held_rows[:, 1:]),
        callbacks=[Writes(run, tokens)],
    )  # fmt: skip
    show_training(run)
    show_rate(run, schedule, steps)

    written = tokens.decode(model.generate(tokens.encode(PROMPT), 1000, 0.8, seed=1))
    run.text("sample", "What it writes, at temperature 0.8", written.strip())
    run.say(written)
    nats = model.evaluate(
        held_rows[:, :-1], held_rows[:, 1:], verbose=0, return_dict=True
    )["loss"]  # fmt: skip
    counts = [counted_nats(train, validation, len(tokens), n) for n in (1, 2, 3)]
    run.table(
        "Nats a character on text that was not trained on",
        ("model", "nats"),
        [
            ("how frequent characters are", f"{counts[0]:.3f}"),
            ("counts of pairs", f"{counts[1]:.3f}"),
            ("counts of triples", f"{counts[2]:.3f}"),
            (f"GPT, {model.count_params():,} numbers", f"{nats:.3f}"),
        ],
    )
    run.score("nats of triples", counts[2])
    run.score("validation nats", nats)


class Writes(Callback):
    """Shows what the model writes as it learns."""

    def __init__(self, run: Any, tokens: CharacterTokenizer) -> None:
        self.run, self.tokens = run, tokens

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Write a few lines."""
        numbers = self.model.generate(self.tokens.encode(PROMPT), 150, 0.8, seed=epoch)
        self.run.say(f"--- after epoch {epoch + 1}\n{self.tokens.decode(numbers).strip()}")


RECIPE = Recipe(
    name="shakespeare",
    description="A small GPT writes plays, one character after the other",
    defaults=Settings(epochs=3, learning_rate=2.5e-3, batch_size=32, optimizer="adamw"),
    perform=perform,
    data="tinyshakespeare, 1.1 million characters",
    model="GPT of 5 blocks, 160 wide, that sees 128 characters",
    reaches="1.51 nats a character in validation, beside 2.05 of triples, in a quarter of an hour",
    quick=Settings(epochs=20, learning_rate=3e-3, batch_size=32, optimizer="adamw"),
)

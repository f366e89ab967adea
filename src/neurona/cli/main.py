"""The command `neurona` and its options; each command's work is in a file of its own.

Nothing heavy is imported before a command runs, so that `neurona --help` is quick.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn

import typer

from neurona import config
from neurona.cli.bare import WithBareOptions
from neurona.cli.leaving import leave_after

app = typer.Typer(
    name="neurona",
    help="Neural networks from scratch, from one neuron to a GPT.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _debug(value: bool) -> bool:
    if value:
        config.set_debug(1)
    return value


Debug = Annotated[
    bool,
    typer.Option(
        "--debug", help="Show where an error happened, and check graphs.", callback=_debug
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for other programs.")]
Engine = Annotated[str | None, typer.Option(help="What computes; see `neurona info`.")]
Threads = Annotated[int | None, typer.Option(help="0 leaves the choice to the engine.")]
ModelFile = Annotated[
    Path, typer.Argument(metavar="MODEL", help="A model file, or the folder of a run.")
]


def _compute_with(engine: str | None, threads: int | None) -> None:
    if engine is not None:
        config.set_engine(engine)
    if threads is not None:
        config.set_threads(threads)


@app.command(cls=WithBareOptions)
def train(
    recipe: Annotated[
        str,
        typer.Argument(
            metavar="RECIPE_OR_PATH",
            help="A name that `neurona recipes` lists; or your table, or folder of images.",
        ),
    ],
    target: Annotated[
        str | None, typer.Option(help="Of a table: the column to predict. [the last]")
    ] = None,
    task: Annotated[
        str | None, typer.Option(help="Of a table: classification or regression.")
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the data.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Samples a step.")] = None,
    lr: Annotated[float | None, typer.Option(help="Learning rate (the highest).")] = None,
    optimizer: Annotated[str | None, typer.Option(help="adam, sgd, rmsprop, ...")] = None,
    units: Annotated[int | None, typer.Option(help="Neurons of a hidden layer.")] = None,
    layers: Annotated[int | None, typer.Option(help="Hidden layers.")] = None,
    activation: Annotated[str | None, typer.Option(help="Of them: relu, tanh, ...")] = None,
    engine: Engine = None,
    seed: Annotated[int | None, typer.Option(help="Same seed, same bits.")] = None,
    threads: Threads = None,
    data: Annotated[Path | None, typer.Option(help="Folder that holds the data set.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of results. [runs/RECIPE, RECIPE-2, ...]")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a finished run that is in the folder.")
    ] = False,
    resume: Annotated[
        bool, typer.Option(help="Go on with a run that was stopped, or start afresh.")
    ] = True,
    quick: Annotated[
        bool, typer.Option("--quick", help="A minute on data of the package, to see all of it.")
    ] = False,
    doctor: Annotated[
        str | None,
        typer.Option(
            metavar="[guard|full]", help="Say what goes wrong; full for a closer look. [guard]"
        ),
    ] = None,
    repair: Annotated[
        str | None,
        typer.Option(help="Mend it, too: safe for what cannot harm, race for what is then better."),
    ] = None,
    debug: Debug = False,
) -> None:
    """Train a recipe, or learn your own data; write the model, its history, plots and a report.

    Your data are a table (.csv and the like, with a --target column) or a folder with a folder of
    images for each class. What is assumed of them is shown first, baselines stand beside the score.

    A run that was stopped, by Ctrl-C or otherwise, goes on when the same command is given again,
    and comes to the same result, bit for bit; with --repair it begins anew.
    """
    from neurona.cli.train import train

    _compute_with(engine, threads)
    changes = {
        "epochs": epochs, "batch_size": batch_size, "learning_rate": lr, "optimizer": optimizer,
        "seed": seed, "units": units, "layers": layers, "activation": activation,
    }  # fmt: skip
    train(
        recipe, changes, data=data, out=out, resume=resume, quick=quick, force=force,
        target=target, task=task, doctor=doctor, repair=repair,
    )  # fmt: skip


@app.command()
def runs(
    folder: Annotated[Path, typer.Argument(help="Where to look.")] = Path("runs"),
) -> None:
    """List what was trained: recipe, date, score, and the settings that were changed."""
    from neurona.cli.runs import runs

    runs(folder)


@app.command()
def compare(
    run: Annotated[
        list[str], typer.Argument(metavar="RUN RUN...", help="Folders of runs, or names in runs/.")
    ],
    out: Annotated[
        Path | None, typer.Option(help="A page .html or a picture .png. [compare.html beside RUN]")
    ] = None,
) -> None:
    """Show settings and scores of runs side by side, and their curves over each other."""
    from neurona.cli.runs import compare

    compare(run, out)


@app.command()
def doctor(
    run: Annotated[Path, typer.Argument(help="The folder of a run, or its name in runs/.")],
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Say what went wrong in a training: what was found meanwhile, or its curves show."""
    from neurona.cli.doctor import doctor

    doctor(run, as_json)


@app.command()
def pitfalls(
    name: Annotated[str | None, typer.Argument(help="Such as vanishing. [all are listed]")] = None,
    out: Annotated[Path, typer.Option(help="Where the picture goes.")] = Path("pitfalls"),
    debug: Debug = False,
) -> None:
    """Show what can go wrong in a training, what the doctor says, the cure, and the curves."""
    from neurona.cli.pitfalls import pitfalls

    pitfalls(name, out)


@app.command()
def predict(
    model: ModelFile,
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILE...]", help="Images, sounds, .csv or .npy files, or folders of them."
        ),
    ] = None,
    invert: Annotated[
        bool | None,
        typer.Option(
            help="Swap light and dark in images, or do not; as the model has it by default."
        ),
    ] = None,
    divide_by: Annotated[
        float | None, typer.Option(help="Divide numbers in .csv and .npy files by this.")
    ] = None,
    show: Annotated[
        Path | None, typer.Option(help="A .png or a folder: images as the network saw them.")
    ] = None,
    prompt: Annotated[
        str | None, typer.Option(help="How the text of a language model begins.")
    ] = None,
    length: Annotated[int, typer.Option(help="Tokens that it adds.")] = 300,
    temperature: Annotated[float, typer.Option(help="0 takes the likeliest tokens.")] = 0.8,
    seed: Annotated[int | None, typer.Option(help="Same seed, same text.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Of a table: a .csv file for rows and predictions.")
    ] = None,
    debug: Debug = False,
) -> None:
    """Say what a model makes of files: the class, its probability, and the best three.

    Files are prepared as the model's file says, just as in Python: size, grey or colours, range of
    values. Recipes of handwritten digits take ink, as the makers of MNIST did: cut out, light on
    dark, centred. If the model does not say, images are brought to its size, values to 0 to 1, and
    a note tells that. --show writes what the network saw.

    A model that was trained with CTC, such as that of the recipe `hybrid`, says what it reads in a
    line. A sound is brought to the sample rate and the length that the model takes.

    A table, for a model that was trained on one: the columns are found by name, in any order,
    others are ignored; --out writes all rows with what is predicted.

    Otherwise, rows of a .csv file (a header is skipped) and of a .npy array are samples, taken as
    they are.

    A language model, such as that of the recipe `shakespeare`, takes a --prompt instead of files,
    and writes on. Its tokeniser is the file tokens.json beside it.
    """
    from neurona.cli.predict import predict, write

    if prompt is not None and not files:
        write(model, prompt, length, temperature, seed)
    else:
        predict(
            model, files or [], invert=invert, divide_by=divide_by, prompt=prompt, out=out,
            show=show,
        )  # fmt: skip


@app.command()
def explain(
    model: ModelFile,
    file: Annotated[
        Path | None, typer.Argument(help="A sample: what `neurona predict` takes.")
    ] = None,
    of: Annotated[str | None, typer.Option(help="A weight, such as 'dense/kernel[3, 1]'.")] = None,
    neuron: Annotated[str | None, typer.Option(help="A neuron, such as 'dense[2]'.")] = None,
    layer: Annotated[str | None, typer.Option(help="All lines of a layer.")] = None,
    output: Annotated[int | None, typer.Option(help="The path to an output.")] = None,
    target: Annotated[
        str | None, typer.Option(help="The right answer, as a number: shows a training step.")
    ] = None,
    row: Annotated[int, typer.Option(help="Which sample of the file.")] = 0,
    prompt: Annotated[str | None, typer.Option(help="Of a language model, for a file.")] = None,
    limit: Annotated[int | None, typer.Option(help="Lines at most; a screen by default.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page instead.")] = None,
    debug: Debug = False,
) -> None:
    """Show what a model computes for a sample: each number as formula, with numbers, and result."""
    from neurona.cli.explain import explain

    asked = {"of": of, "neuron": neuron, "layer": layer, "output": output, "limit": limit}
    print(explain(model, file, row, target, html, asked, prompt))


@app.command()
def summary(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="A model file, a run's folder, or a name that `neurona zoo` lists.",
        ),
    ],
    debug: Debug = False,
) -> None:
    """Show the layers of a model, their shapes and parameters."""
    from neurona.cli.listings import summary

    summary(model)


@app.command()
def zoo(
    name: Annotated[str | None, typer.Argument(help="Of one, to be told more of it.")] = None,
    debug: Debug = False,
) -> None:
    """List the architectures: year, parameters, multiply-adds of a prediction, paper."""
    from neurona.cli import listings

    if name is None:
        listings.zoo()
    else:
        listings.architecture(name)


@app.command()
def recipes() -> None:
    """List what `neurona train` can do, with its default settings."""
    from neurona.cli.listings import recipes

    recipes()


@app.command()
def datasets() -> None:
    """List the data sets, and whether they are on this machine."""
    from neurona.cli.listings import datasets

    datasets()


@app.command()
def bench(
    as_json: Json = False,
    engine: Engine = None,
    threads: Threads = None,
    debug: Debug = False,
) -> None:
    """Measure this machine in some seconds: its limits, and how near to them models come.

    The limits are the arithmetic of a loop that does nothing else, and a large array read or
    copied. For each model, the time of a training step or a prediction through the library stands
    beside the time that the products of its matrices would take at the limit: what is beyond it is
    everything else. Close other programs first.
    """
    from neurona.cli.bench import bench

    _compute_with(engine, threads)
    bench(as_json)


@app.command()
def learn(
    pages: Annotated[
        list[str] | None, typer.Argument(metavar="[PAGE]...", help="Numbers, such as 03.")
    ] = None,
    all_pages: Annotated[bool, typer.Option("--all", help="Write all pages.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace notebooks that are here.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Write pages of the learner's path here, as notebooks; without a number, list them."""
    from neurona.cli.learn import learn

    learn(pages or [], all_pages, force)


@app.command()
def check(
    page: Annotated[str | None, typer.Argument(help="Its number, such as 03.")] = None,
    file: Annotated[Path | None, typer.Argument(help="Your answers. [exercise_03.py]")] = None,
    debug: Debug = False,
) -> None:
    """Check the exercises of a page of docs/learn, offline; without a number, list the pages.

    The first time it writes a file to fill in, such as exercise_03.py.
    """
    from neurona.cli.check import check

    if not check(page, file):
        raise typer.Exit(1)


@app.command()
def info() -> None:
    """Show versions, engines, processors and folders."""
    from neurona.cli.listings import info

    info()


@app.callback(invoke_without_command=True)
def start(
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    """Neural networks from scratch, from one neuron to a GPT."""
    if version:
        from neurona.version import __version__

        print(f"neurona {__version__}")
        raise typer.Exit


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command and leave with its exit code."""
    leave_after(lambda: app(arguments))


if __name__ == "__main__":
    main()

"""Run: a recipe at work; it keeps what a resume needs, and collects what the report tells."""

from __future__ import annotations

import dataclasses
import hashlib
import math
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from neurona import config
from neurona.callbacks import Callback
from neurona.core.tree import flatten
from neurona.data import Batches, Buckets
from neurona.doctor import Diagnosis, Doctor
from neurona.errors import ArgumentError, FormatError, StateError, check_file
from neurona.files import alone, write_bytes, write_text
from neurona.optim import names
from neurona.optimizers.schedules import CosineDecay
from neurona.recipes import findings, record
from neurona.recipes.files import write_history
from neurona.recipes.findings import Examined
from neurona.recipes.interrupt import Saver
from neurona.recipes.recipe import Recipe, Settings
from neurona.recipes.results import Results, digits
from neurona.strict_json import read_json, write_json
from neurona.terminal import say
from neurona.utils import set_random_seed
from neurona.version import __version__


class Run(Results):
    """A recipe at work.

    Args:
        recipe: what is carried out.
        settings: how.
        out: the folder of the results; made if needed.
        resume: go on where a run that was stopped left off; False starts afresh.
        data: the folder that holds the data set; None looks where data sets usually are.
        quick: learn a little from data of the package, to see that all works.
        verbose: of `fit`: "auto", 0, 1 or 2.
        say: takes each line for the user.
        force: replace what a finished run left in the folder.
        doctor: the level at which trainings are examined, see `callbacks.Doctor`; None: not at all.
        repair: what the doctor may change: "off", "safe" or "race"; then a run that was stopped
            begins anew.

    Attributes:
        resumed: the epoch from which an earlier run was continued, or None.

    Raises:
        StateError: the folder holds a finished run.
        ArgumentError: there is no such folder of data.
    """

    def __init__(
        self,
        recipe: Recipe,
        settings: Settings,
        out: Path,
        *,
        resume: bool = True,
        data: Path | None = None,
        quick: bool = False,
        verbose: Any = "auto",
        say: Callable[[str], None] = say,
        force: bool = False,
        doctor: str | None = None,
        repair: str = "off",
    ) -> None:
        super().__init__(say=say)
        self.recipe, self.settings, self.out = recipe, settings, Path(out)
        self.resume, self.quick, self.verbose = resume and repair == "off", quick, verbose
        self.resumed: int | None = None
        self._doctor, self._repair = doctor, repair
        self._data, self._data_read = data, False
        self._record: record.Record | None = None
        if data is not None and not Path(data).exists():
            raise ArgumentError(
                f"there is no folder {data}.", expected="the folder that holds the data set"
            )
        if record.is_finished(self.out):
            _make_room(self.out, force)
        self.out.mkdir(parents=True, exist_ok=True)
        set_random_seed(settings.seed)

    @property
    def backup(self) -> Path:
        """The folder with the state of an unfinished run."""
        return self.out / "backup"

    @property
    def data_folder(self) -> Path | None:
        """The same as `data`, for those who tell of it and do not read it."""
        return self._data

    @property
    def data(self) -> Path | None:
        """The folder that holds the data set, for `load_data`; None if the user named none."""
        self._data_read = True
        return self._data

    # --- what a recipe calls, in this order ----------------------------------------------------

    def optimizer(self, learning_rate: Any = None, options: Mapping[str, Any] | None = None) -> Any:
        """Return the optimiser of the settings, at its learning rate or with a schedule."""
        assert self.settings.optimizer is not None
        rule: Any = names.NAMES[self.settings.optimizer.lower()]
        rate = self.settings.learning_rate if learning_rate is None else learning_rate
        return rule(learning_rate=rate, **(options or {}))

    def warmed_up(self, steps: int, warmup: int) -> CosineDecay:
        """Return a schedule: up to the learning rate in `warmup` of the steps, then down to 0."""
        rate = self.settings.learning_rate
        return CosineDecay(0.0, steps, warmup_target=rate, warmup_steps=warmup)

    def fit(
        self,
        model: Any,
        x: Any,
        y: Any = None,
        validation_data: Any = None,
        callbacks: Sequence[Callback] = (),
        stage: str = "",
        epochs: int | None = None,
        batch_size: int | None = None,
        class_weight: Mapping[int, float] | None = None,
        verbose: Any = None,
    ) -> None:
        """Train the model, or go on training it where an earlier run was stopped.

        The state is saved every 25 batches and when Ctrl-C is pressed, so the run can be killed at
        any moment, and the same command continues it.

        Args:
            model: compiled.
            x, y: arrays; or as x alone `nn.data.Batches` or `Buckets`, with a seed of its own.
            validation_data: (x, y) to measure on after each epoch.
            callbacks: besides those that keep the state of the run.
            stage: a name, if the recipe trains several models, or one several times: each has a
                backup of its own, so a run that is continued does not train anew what was finished.
            epochs, batch_size: instead of those of the settings.
            class_weight: how much each class counts.
            verbose: instead of that of the run.
        """
        own = isinstance(x, Batches | Buckets)
        arrays = x.contents if own else (x, y)
        epochs = self.settings.epochs if epochs is None else epochs
        backup = self.backup / stage if stage else self.backup
        self._check_data()
        self._check_backup((arrays, validation_data), backup, stage)
        self._begin()
        self.model = model
        size = None if own else batch_size or self.settings.batch_size
        before = Diagnosis([])
        if self._doctor:
            before = model.diagnose(
                x, y, validation_data, epochs=epochs, class_weight=class_weight,
                batch_size=size or getattr(x, "batch_size", None) or self.settings.batch_size,
            )  # fmt: skip
        told = {(f.id, f.said) for e in self.examined for f in e.diagnosis}
        before = before.without(told)
        for finding in before.causes:
            self.say(f"doctor: {finding}")
        started = time.perf_counter()
        with Saver(backup, self._resumed) as saver:
            model.fit(
                x,
                y,
                batch_size=size,
                epochs=epochs,
                verbose=self.verbose if verbose is None else verbose,
                class_weight=class_weight,
                validation_data=validation_data,
                validation_batch_size=512,
                callbacks=[HistoryFile(self), *callbacks, saver],  # which keeps the others' state
                doctor=Doctor(self._doctor, self._repair) if self._doctor else False,
            )
        self.seconds += time.perf_counter() - started
        self.history = dict(model.history.history)
        if model.history.diagnosis is not None:
            found = before.followed_by(model.history.diagnosis)
            self.examined.append(Examined(stage, found, model.history.repairs))

    def keep(
        self, model: Any, history: Mapping[str, list[float]], seconds: float, engine: str = ""
    ) -> None:
        """Take a model that was trained elsewhere, with what was recorded meanwhile.

        Args:
            model, history, seconds: what was learned, the curves, and how long it took.
            engine: what computed, if that was none of the engines.
        """
        self._check_data()
        self._begin()
        self.model, self.history, self.seconds = model, dict(history), seconds
        self.engine = engine or self.engine

    def rates(self) -> tuple[float, float]:
        return self.settings.learning_rate, self.recipe.defaults.learning_rate

    # --- the state of a run ------------------------------------------------------------------

    def _check_data(self) -> None:
        if self._data is None or self._data_read:
            return
        rule = f"the recipe {self.recipe.name!r} reads no data from a folder"
        raise ArgumentError(
            f"{rule}{' with --quick' if self.quick else ''}.",
            got=f"--data {self._data}",
            hint="leave --data out: what it learns from is in the package, or made",
        )

    def _begin(self) -> None:
        """Say in the folder that a run is on its way."""
        if self._record is not None:
            return
        before = record.read(self.out) if self.backup.exists() else None
        self._record = record.Record(
            recipe=self.recipe.name,
            quick=self.quick,
            settings=dataclasses.asdict(self.settings),
            defaults=dataclasses.asdict(self.recipe.settings({}, self.quick)),
            started=before.started if before else _now(),
            engine=self.engine,
            neurona=__version__,
        )
        self._record.write(self.out)

    def plan(self, arrays: Any) -> dict[str, Any]:
        """Return all that decides on the numbers of this run."""
        digest = hashlib.sha256()
        for array in flatten(arrays)[0]:
            digest.update(f"{array.dtype.str}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)
        return {
            "recipe": self.recipe.name,
            "quick": self.quick,
            **dataclasses.asdict(self.settings),
            "engine": config.engine(),
            "float type": config.floatx(),
            "data": digest.hexdigest()[:16],
            "neurona": __version__,
        }

    def _resumed(self, epoch: int, batch: int) -> None:
        self.resumed = epoch
        self.say(f"going on with epoch {epoch + 1} after batch {batch}")

    def _check_backup(self, arrays: Any, backup: Path, stage: str) -> None:
        file = self.backup / f"{stage}.json" if stage else self.out / "settings.json"
        plan = self.plan(arrays)
        if not self.resume:
            shutil.rmtree(backup, ignore_errors=True)
        if backup.exists():
            before = _read_plan(file)
            differ = [n for n in plan if before is not None and before.get(n) != plan[n]]
            if before is None or differ:
                told = ", ".join(f"{n} {(before or {}).get(n)}, now {plan[n]}" for n in differ)
                raise StateError(
                    f"{self.out} holds an unfinished run with other settings.",
                    got=told or "settings that cannot be read",
                    hint="the same settings to finish it, --no-resume to start afresh, "
                    "or another --out",
                )
            return
        write_text(file, write_json(plan, indent=2) + "\n")

    def finish(self) -> None:
        """Write the model, the history, the plots and the report; then forget the backup."""
        from neurona.recipes.code import code
        from neurona.recipes.report import command, report

        self.model.save(self.out / "model.safetensors")  # replaces the file as a whole
        write_history(self.out / "history.csv", self.history)
        folder = self.out / "plots"
        folder.mkdir(exist_ok=True)
        for picture in self.pictures:
            write_bytes(folder / f"{picture.name}.png", picture.png)
        for words in self.texts:
            write_text(self.out / "texts" / f"{words.name}.txt", words.text + "\n")
        self.code = self.code or code(self, command(self))
        if self.code:
            write_text(self.out / "run.py", self.code)
        if self.examined:
            findings.write(self.out, self.examined)
        write_text(self.out / "report.html", report(self))
        assert self._record is not None
        dataclasses.replace(
            self._record,
            finished=_now(),
            seconds=self.seconds,
            scores=self.scores,
            engine=self.engine,
        ).write(self.out)
        shutil.rmtree(self.backup, ignore_errors=True)


class HistoryFile(Callback):
    """Keeps history.csv up to date; rewriting it whole leaves no double rows after a resume."""

    def __init__(self, run: Run) -> None:
        self.run, self.written = run, -math.inf

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Write all epochs so far, once a second at most; at the end `finish` does."""
        if time.monotonic() - self.written > 1:
            write_history(self.run.out / "history.csv", self.model.history.history)
            self.written = time.monotonic()


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="milliseconds")  # the order of runs


def _make_room(folder: Path, force: bool) -> None:
    """Remove what a finished run left, if that was asked for."""
    if not force:
        before = record.read(folder)
        told = f"{before.recipe}, finished on {before.finished[:10]}" if before else ""
        raise StateError(
            f"{folder} holds a finished run.",
            got=told,
            hint="--force to replace it, or another --out",
        )
    for name in ("backup", "plots", "texts"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in (record.NAME, findings.NAME, "report.html", "run.py", "settings.json"):
        (folder / name).unlink(missing_ok=True)


def _read_plan(file: Path) -> dict[str, Any] | None:
    try:
        plan = read_json(check_file(file).read_bytes(), file.name)
    except (OSError, FormatError):
        return None
    return plan if isinstance(plan, dict) else None


def carry_out(
    recipe: Recipe,
    settings: Settings,
    out: Path,
    *,
    resume: bool = True,
    data: Path | None = None,
    quick: bool = False,
    verbose: Any = "auto",
    say: Callable[[str], None] = say,
    force: bool = False,
    doctor: str | None = None,
    repair: str = "off",
) -> Run:
    """Carry out a recipe and write its results into a folder; see `Run`.

    The last line told is the last score, such as `test accuracy: 0.9806`.
    """
    with alone(Path(out), "wait until it has ended, or another --out"):
        run = Run(
            recipe, settings, out, resume=resume, data=data, quick=quick, verbose=verbose, say=say,
            force=force, doctor=doctor, repair=repair,
        )  # fmt: skip
        recipe.perform(run)
        run.finish()
    for note in run.notes.values():
        say(note)
    if run.examined:
        say(findings.in_short(run.examined, run.out))
    say(f"report: {run.out / 'report.html'}")
    for name, value in run.scores.items():
        say(f"{name}: {digits(value)}")
    return run

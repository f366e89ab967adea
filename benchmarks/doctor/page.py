"""Write docs/doctor-trial.md from the results.

python -m benchmarks.doctor.page       of what lies in benchmarks/doctor/results
"""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import neurona.doctor
from benchmarks.doctor import opened
from benchmarks.doctor.__main__ import FAULTS, FOLDER, HARM, WHOLE
from benchmarks.doctor.fault import FAMILIES, Fault, Healthy, frozen
from benchmarks.doctor.healthy import HEALTHY
from benchmarks.doctor.judge import table
from benchmarks.doctor.rivals import RIVALS
from benchmarks.doctor.rivals.judge import names, rivals_table
from neurona.doctor import Rule

PAGE = Path(__file__).parents[2] / "docs" / "doctor-trial.md"
PARTS = {
    "sixth": "kept in the sixth round, opened last",
    "fifth": "kept in the fifth round, tuned on since",
    "fourth": "kept in the fourth round, tuned on since",
    "third": "kept in the third round, tuned on since",
    "second": "kept in the second round, tuned on since",
    "frozen": "kept in the first round, tuned on since",
    "open": "tuned on",
    "threads": "from public threads",
}
SHARE, NUMBER, UNKNOWN = "share", "number", "–"

AIMS: list[tuple[str, str, str, float, str]] = [
    ("detected", "faulty runs: a warning or error names an accepted cause", ">=", 0.95, SHARE),
    ("right first", "faulty runs: the right cause first", ">=", 0.85, SHARE),
    ("among three", "faulty runs: the right cause among three", ">=", 0.95, SHARE),
    ("causes told a run", "causes told a faulty run", "<=", 2, NUMBER),
    ("before the first step", "faulty runs: found before the first step", ">=", 0.6, SHARE),
    ("healthy with a warning", "healthy runs with a warning or error", "<=", 0.02, SHARE),
    ("healthy with an error", "healthy runs with an error", "<=", 0, SHARE),
    ("same verdict for two seeds", "the same first cause for two seeds", ">=", 0.95, SHARE),
    ("exact", "origins of a NaN that are exact, of 40 planted", ">=", 39, NUMBER),
    ("repaired", "repairs: reach 95 % of the healthy twin", ">=", 0.8, SHARE),
    ("made worse", "repairs: make it worse", "<=", 0.01, SHARE),
    ("above random search", "repairs: above random search of equal compute", ">=", 0.2, SHARE),
]
COLUMNS = {  # of the table of others, by their figures
    "something said": "anything said of a faulty run",
    "right cause named": "a right cause named",
    "symptoms told a run": "findings a faulty run",
    "healthy with a symptom": "healthy runs with an alarm",
    "same verdict for two seeds": "same for two seeds",
}

ABOUT = {
    "sixth": "written in the same way as the fifth, faults of two families alone, 37 of them from "
    f"what people asked about; run once, on {opened.DATES['sixth']}, with two seeds, repairs with "
    "one: the healthy programs first, and the faults after rules were mended on these. No rule was "
    "tuned on the faults since.",
    "fifth": "written from the catalogue of findings and, for 74 of the faults, from what people "
    "asked about in public, by people who did not know the rules and never ran the doctor on them; "
    f"run once, on {opened.DATES['fifth']}: the faults with two seeds, the healthy programs and "
    "the repairs with one; tuned on since.",
    "fourth": "written in the same way, 79 of the faults from what people asked about; run once, "
    f"in {opened.DATES['fourth']}, and tuned on since.",
    "third": "written from the catalogue in the same way; run once, on "
    f"{opened.DATES['third']}; what was said then stays in a column of the table, and rules were "
    "tuned on it since.",
    "second": f"the same of the second round, run once on {opened.DATES['second']}.",
    "frozen": "two of five of the programs of the first round, by the hash of the name, decided "
    f"before any rule was tuned; run once, on {opened.DATES['frozen']}, and tuned on since.",
    "open": "the others of the first round.",
    "threads": "what people asked about in public, and healthy programs in the manner of published "
    "examples, written anew on small data; rules were tuned on them, too.",
}

Results = dict[str, dict[str, Any]]
PROVEN: dict[str, Any] = json.loads(HARM.read_text())  # by the fault


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=PAGE)
    options = parser.parse_args()
    results = {path.stem: json.loads(path.read_text()) for path in FOLDER.glob("*.json")}
    options.out.write_text("\n".join(page(results)) + "\n")


def page(results: Results) -> Iterator[str]:
    """Yield the lines of the page, of the results that there are."""
    parts = [part for part in PARTS if part in results]
    yield "<!-- written by: python -m benchmarks.doctor.page -->"
    yield "# How often the doctor is right"
    yield ""
    yield from _what(results)
    yield from _aims(results, parts)
    yield from _rivals(results, parts)
    yield from _threads()
    for part in parts:
        yield from _cases(results, part)
    yield from _again()


def _what(results: Results) -> Iterator[str]:
    programs = {part: _programs(part) for part in PARTS}
    faults, healthy = (sum(len(both[i]) for both in programs.values()) for i in range(2))
    yield (
        f"{faults} programs with a fault and {healthy} healthy ones, of four families: dense "
        "networks, networks on images, recurrent ones, transformers. A faulty program is a healthy "
        "one, its twin, with one fault planted, and the findings that name this fault were written "
        "down with it. The healthy ones are chosen to break naive rules."
    )
    yield ""
    for part, words in PARTS.items():
        yield f"* **{words}**, {len(programs[part][0])} + {len(programs[part][1])}: {ABOUT[part]}"
    yield ""
    yield (
        "A fault counts if it does harm: over five seeds the score is lower than the twin's, "
        "with Welch's p < 0.05, by more than half a standard deviation. "
        f"{sum(h['hurts'] for h in PROVEN.values())} of {len(PROVEN)} that were tried do; the "
        "others are left out."
    )
    yield ""


def _programs(part: str) -> tuple[list[Fault], list[Healthy]]:
    """Return the faulty programs of a part, and the healthy ones."""
    if part in WHOLE:
        return WHOLE[part].FAULTS, WHOLE[part].HEALTHY
    kept = part == "frozen"
    return ([f for f in FAULTS if frozen(f.name) == kept],
            [h for h in HEALTHY if frozen(h.name) == kept])  # fmt: skip


def _counted(results: Results, part: str) -> tuple[list[Fault], list[Healthy]]:
    """Return the faults of a part that do harm, and its healthy programs."""
    cases = results[part]["cases"]
    faults, healthy = _programs(part)
    faults = [f for f in faults if f.name in cases and PROVEN.get(f.name, {"hurts": True})["hurts"]]
    return faults, [h for h in healthy if h.name in cases]


# --- the figures ----------------------------------------------------------------------------------


def _aims(results: Results, parts: Sequence[str]) -> Iterator[str]:
    """Yield the figures of each part on the day when it was opened, then those of today."""
    now = {p: _figures(results, p) for p in parts}
    newest = {p: f for p, f in now.items() if _is_newest(p)}
    yield "## Figures and aims"
    yield ""
    yield "On programs that no rule had been tuned on, each part on the day when it was opened:"
    yield ""
    days = {p: f"{_round(p)}, {date}" for p, date in opened.DATES.items()}
    yield from _table({**newest, **opened.FIGURES}, days)
    yield (
        "With the rules since then, which were tuned on these programs, with one seed; a column "
        "may be older than the newest rules:"
    )
    yield ""
    yield from _table({p: f for p, f in now.items() if p not in newest}, PARTS)
    yield "A figure in bold does not reach its aim."
    yield ""


def _is_newest(part: str) -> bool:
    """Whether a part was kept for the end, and no rule was tuned on it since it was opened."""
    return part in opened.DATES and part not in opened.FIGURES


def _round(part: str) -> str:
    return PARTS[part].split(",")[0].removeprefix("kept in the ")


def _as_opened(part: str) -> str:
    """Return the words for a part as it was on the day when it was opened."""
    return f"{PARTS[part].split(',')[0]}, as opened on {opened.DATES[part]}"


def _figures(results: Results, part: str) -> dict[str, Any]:
    """Return all figures of a part, as they were measured last."""
    beside = [*(["origins"] if _is_newest(part) else []), f"repairs-{part}"]
    found = dict(table(*_counted(results, part), results[part]["cases"]))
    for name in beside:
        found |= results.get(name, {}).get("figures", {})
    return found


def _table(columns: dict[str, dict[str, Any]], names: dict[str, str]) -> Iterator[str]:
    yield from _head("", "aim", *(names[p] for p in columns))
    for key, words, sign, aim, kind in AIMS:
        met = [_met(f.get(key), sign, aim, kind) for f in columns.values()]
        if any(cell != UNKNOWN for cell in met):
            yield _row(words, _aim(sign, aim, kind), *met)
    for family in FAMILIES:
        key = f"detected, {family}"
        yield _row(key, "", *(_value(f.get(key), SHARE) for f in columns.values()))
    yield _row("faulty and healthy runs", "", *map(_runs, columns.values()))
    yield ""


def _runs(figures: dict[str, Any]) -> str:
    return f"{figures.get('faulty runs', 0)} + {figures['healthy runs']}"


def _aim(sign: str, aim: float, kind: str) -> str:
    if aim == 0:
        return "none"
    return f"{'at least' if sign == '>=' else 'at most'} {_value(aim, kind)}"


def _met(value: float | None, sign: str, aim: float, kind: str) -> str:
    if value is None:
        return UNKNOWN
    met = value >= aim if sign == ">=" else value <= aim
    return _value(value, kind) if met else f"**{_value(value, kind)}**"


def _value(value: float | None, kind: str) -> str:
    if value is None:
        return UNKNOWN
    return f"{100 * value:.1f} %".replace(".0 %", " %") if kind == SHARE else f"{round(value, 2):g}"


# --- others ---------------------------------------------------------------------------------------


def _rivals(results: Results, parts: Sequence[str]) -> Iterator[str]:
    parts = [part for part in parts if f"rivals-{part}" in results]
    if not parts:
        return
    yield "## Rules of others on the same programs"
    yield ""
    yield (
        "Each rule set is written anew from what its authors published, with their thresholds, and "
        "reads a record of the same run: curves, weights, gradients and what layers return, on the "
        "first batch, at the end of each epoch. Of several inputs each is read, of several outputs "
        "the last, and what a generator gives is joined before. A symptom counts as the right "
        "cause if it can be understood so; the lists of what fits are at the top of each file in "
        "`benchmarks/doctor/rivals`. Mind that these programs, the lists and the doctor have the "
        "same authors, and that the thresholds of the others were not tuned on any of them; UMLAUT "
        "and AutoTrainer are meant for classifiers."
    )
    yield ""
    for part in parts:
        faults, healthy = _counted(results, part)
        theirs = rivals_table(faults, healthy, results[f"rivals-{part}"]["cases"])
        ours = opened.OURS.get(part) or _ours(faults, healthy, results[part]["cases"])
        yield from _head(f"programs {_as_opened(part)}", *COLUMNS.values())
        for name, figures in {**ours, **theirs}.items():
            values = [_value(figures[key], NUMBER if "told" in key else SHARE) for key in COLUMNS]
            yield _row(name, *values)
        lost = {r: f["runs that could not be read"] for r, f in theirs.items()}
        lost = [f"{rival} {count}" for rival, count in lost.items() if count]
        if lost:
            yield ""
            yield f"Runs that could not be read, which count as nothing said: {', '.join(lost)}."
        yield ""
    yield from _sources()


def _ours(faults: Sequence[Fault], healthy: Sequence[Any], cases: Any) -> dict[str, Any]:
    """Return the doctor's figures as those of others: of all findings, and of what it calls causes.

    The alarms on healthy runs are the same, for a finding that is explained has a cause.
    """
    figures = table(faults, healthy, cases)
    runs = [(f, o) for f in faults for o in cases[f.name]]
    told = {
        "neurona's doctor, all findings": [{*o["before"], *o["during"]} for _, o in runs],
        "neurona's doctor, causes": [set(o["causes"]) for _, o in runs],
    }
    return {
        name: {
            "something said": float(np.mean([bool(t) for t in said])),
            "right cause named": float(
                np.mean([bool(t & set(f.causes)) for (f, _), t in zip(runs, said, strict=True)])
            ),
            "symptoms told a run": float(np.mean([len(t) for t in said])),
            "healthy with a symptom": figures["healthy with a warning"],
            "same verdict for two seeds": figures["same verdict for two seeds"],
        }
        for name, said in told.items()
    }


def _sources() -> Iterator[str]:
    for name, rules in RIVALS.items():
        left = "; ".join(f"{rule} ({why})" for rule, why in rules.LEFT_OUT.items())
        yield f"* **{name}**: {rules.SOURCE}." + (f" Left out: {left}." if left else "")
    yield ""


# --- programs of threads --------------------------------------------------------------------------

AT_FIRST_SIGHT = {  # kinds: runs; fault named, first, among three, before the first step
    "rows and classes, images, series and text, quantities": (71, 56, 53, 54, 42),
    "several inputs, generators, losses and layers of one's own": (28, 17, 16, 16, 12),
    "of all kinds": (25, 22, 22, 22, 20),
    "of all kinds, again": (24, 19, 18, 19, 16),
    "tables, feeds, losses of one's own; two seeds": (70, 60, 53, 55, 46),
    "small pictures; two seeds": (68, 52, 48, 48, 44),
    "series and tokens; two seeds": (56, 44, 42, 42, 42),
    "tables, steps and rates, again; two seeds": (70, 49, 42, 47, 36),
    "series, words and attention, again; two seeds": (64, 56, 53, 55, 42),
    "networks on images, again; two seeds": (74, 59, 54, 54, 41),
    "networks on images, a third time; two seeds": (64, 55, 55, 55, 45),
    "dense networks, again; two seeds": (26, 22, 22, 22, 20),
}
HEALTHY_THEN = {  # kinds: runs of healthy programs of that round with an alarm, of how many
    "tables, feeds, losses of one's own; two seeds": (7, 84),
    "small pictures; two seeds": (3, 70),
    "series and tokens; two seeds": (6, 60),
    "tables, steps and rates, again; two seeds": (5, 56),
    "series, words and attention, again; two seeds": (3, 38),
    "networks on images, again; two seeds": (6, 42),
    "networks on images, a third time; two seeds": (2, 44),
    "dense networks, again; two seeds": (2, 24),
}


def _threads() -> Iterator[str]:
    yield "## Programs that people asked about"
    yield ""
    yield (
        "Faulty programs of public threads were written anew on small data, each with the accepted "
        "answer applied as its twin, in rounds. The findings that name the fault were written down "
        "first; then the doctor saw the round once, and that is what stands here; then its rules "
        "were mended, by kinds of faults. So the rounds further down were seen with the rules "
        "mended on those above, but for those of two seeds, each of which has healthy programs, "
        "too: they were written and seen three at a time, side by side."
    )
    yield ""
    yield from _head(
        "round", "runs", "named", "named first", "among three", "before the first step",
        "healthy runs with an alarm",
    )  # fmt: skip
    for kinds, (count, *found) in AT_FIRST_SIGHT.items():
        alarms = "{} of {}".format(*HEALTHY_THEN[kinds]) if kinds in HEALTHY_THEN else ""
        yield _row(kinds, str(count), *(_value(k / count, SHARE) for k in found), alarms)
    yield ""


# --- each case ------------------------------------------------------------------------------------


def _cases(results: Results, part: str) -> Iterator[str]:
    cases = results[part]["cases"]
    others = results.get(f"rivals-{part}", {"cases": {}})["cases"]
    faults, healthy = _counted(results, part)
    yield f"## Programs {PARTS[part]}"
    yield ""
    yield (
        "The causes that are told with the first seed, the right ones in bold: those found before "
        "the first step, then those found in training. Then in how many runs the first cause is "
        "right, and which of the others name a right one "
        f"({', '.join(f'{_letter(r)} = {r}' for r in RIVALS)})."
    )
    yield ""
    for family in FAMILIES:
        rows = [f for f in faults if f.family == family]
        if not rows:
            continue
        scores = ["score", "of its twin"] if any(f.name in PROVEN for f in rows) else []
        columns = ["accepted", "before", "in training", "right", "others", *scores]
        yield from _head(f"{family}: the fault", *columns)
        for f in rows:
            runs = cases[f.name]
            right = sum(bool(o["causes"]) and o["causes"][0] in f.causes for o in runs)
            said = others.get(f.name, [{}])[0]
            named = " ".join(_letter(r) for r in said if names(r, said[r], f.causes))
            told = [*_told(runs[0], f.causes), f"{right}/{len(runs)}", named]
            means = _scores(PROVEN.get(f.name)) if scores else []
            yield _row(f.name, " ".join(f.causes), *told, *means)
        yield ""
    yield from _head("healthy", "before", "in training", "others that say something")
    for h in healthy:
        bad = [o for o in cases[h.name] if o["causes"]] or cases[h.name]
        said = others.get(h.name, [{}])[0]
        yield _row(h.name, *_told(bad[0], ()), " ".join(_letter(r) for r in said if said[r]))
    yield ""


def _told(outcome: dict[str, Any], causes: Sequence[str]) -> list[str]:
    """Return the causes that are told before the first step, and those told later."""
    marked = {c: f"**{c}**" if c in causes else c for c in outcome["causes"]}
    early = " ".join(words for c, words in marked.items() if c in outcome["before"])
    late = " ".join(words for c, words in marked.items() if c not in outcome["before"])
    return [early, f"{late} (stopped by an error of the library)" if outcome["error"] else late]


def _letter(rival: str) -> str:
    return rival[0]


def _scores(harm: dict[str, Any] | None) -> list[str]:
    if harm is None:
        return ["", ""]
    return ["stops" if v is None else f"{v:.3f}" for v in (harm["score"], harm["twin"])]


def titles() -> dict[str, str]:
    """Return the title of each rule, by its id."""
    found = {}
    for module in pkgutil.walk_packages(neurona.doctor.__path__, "neurona.doctor."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, Rule):
                found.setdefault(value.id, value.title)
    return dict(sorted(found.items()))


# --- the end --------------------------------------------------------------------------------------


def _again() -> Iterator[str]:
    yield "## What the findings are"
    yield ""
    yield from _head("id", "title")
    for id_, title in titles().items():
        yield _row(id_, title)
    yield ""
    yield "## How to repeat it"
    yield ""
    yield "```bash"
    parts = ("", "--frozen", *(f"--{part}" for part in WHOLE))
    both = [f"{part} {given}" for part in parts for given in ("", "--rivals", "--repairs")]
    harm = [f"{part} --harm" for part in parts if part != "--threads"]
    for given in (*harm, *both, "--origins"):
        yield " ".join(f"python -m benchmarks.doctor {given}".split())
    yield "python -m benchmarks.doctor.page"
    yield "```"
    yield ""
    yield (
        "Each writes a file into `benchmarks/doctor/results`, and the proof of harm goes on in "
        "`benchmarks/doctor/harm.json`; the last makes this page of them. "
        "`--only TEXT` runs the programs with a text in their names, and `--workers 2` two at once."
    )


def _head(*names: str) -> Iterator[str]:
    yield _row(*names)
    yield _row(*["---"] * len(names))


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()

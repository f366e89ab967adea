"""The tables: what was found, as Markdown."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from benchmarks.peers import PEERS
from benchmarks.workloads import WORKLOADS

Row = dict[str, Any]


def with_ratios(times: list[Row]) -> list[Row]:
    """Add to each row its ratio to the best peer and to the floor, both of the same case."""
    for rows in _cases(times):
        for name, kind in (("to_best_peer", "peer"), ("to_floor", "floor")):
            least = min((r["median_s"] for r in rows if r["kind"] == kind), default=None)
            for row in rows:
                row[name] = None if least is None else row["median_s"] / least
    return times


def joined(before: dict[str, Any] | None, found: dict[str, Any]) -> dict[str, Any]:
    """Return what was found, and of an earlier run the workloads that were not measured again."""
    if before is None:
        return found

    def measured(row: Row) -> tuple[str, int]:
        return row["workload"], row.get("threads", 0)

    again = {measured(row) for rows in ("times", "starts", "missing") for row in found[rows]}
    dates = sorted({*before["date"].split(" to "), found["date"]})
    return found | {
        "date": " to ".join(dict.fromkeys([dates[0], dates[-1]])),
        "rounds": min(before["rounds"], found["rounds"]),
        "versions": before["versions"] | found["versions"],
        **{
            rows: [row for row in before[rows] if measured(row) not in again] + found[rows]
            for rows in ("times", "starts", "missing")
        },
    }


def markdown(found: dict[str, Any]) -> str:
    """Return all tables."""
    machine = ", ".join(f"{key} {value}" for key, value in found["machine"].items() if value)
    versions = ", ".join(f"{name} {version}" for name, version in sorted(found["versions"].items()))
    parts = [
        "# Benchmarks",
        f"{found['date']}; {machine}. {versions}. Engine of neurona: {found['engine']}.",
        f"Medians of {found['rounds']} interleaved rounds, each peer in its own process; ratios "
        "are of medians.",
        "## At a glance",
        _summary(found["times"]),
    ]
    if found["starts"]:
        parts += ["## Time to the first step, and memory", _starts(found["starts"])]
    for rows in _cases(found["times"]):
        parts += [f"## {_title(rows[0])}", _case(rows)]
    if found["missing"]:
        parts += ["## Left out", _missing(found["missing"])]
    return "\n\n".join(parts) + "\n"


def _cases(times: list[Row]) -> list[list[Row]]:
    def key(row: Row) -> tuple:
        names = list(WORKLOADS[row["workload"]].cases)
        place = list(WORKLOADS).index(row["workload"])
        return place, names.index(row["case"]), row["threads"]

    return [list(rows) for _, rows in groupby(sorted(times, key=key), key)]


def _title(row: Row) -> str:
    title = WORKLOADS[row["workload"]].title + (f", {row['case']}" if row["case"] else "")
    return f"{title}: {row['threads']} thread{'s' * (row['threads'] > 1)}"


def _summary(times: list[Row]) -> str:
    lines = []
    for rows in _cases(times):
        ours = _first(rows, "ours")
        peer, floor = _first(rows, "peer"), _first(rows, "floor")
        lines.append([
            f"{rows[0]['workload']} {rows[0]['case']}".strip(), rows[0]["threads"],
            _time(floor), _time(ours), f"{_time(peer)} {PEERS[peer['peer']].title if peer else ''}",
            _ratio(ours and ours["to_best_peer"]), _ratio(ours and ours["to_floor"]),
        ])  # fmt: skip
    head = ["work", "threads", "floor", "neurona", "best peer", "to best peer", "to floor"]
    return _table(head, lines)


def _first(rows: list[Row], kind: str) -> Row | None:
    """Return the best of a kind; of ours the plain one, not its variants."""
    found = [r for r in rows if r["kind"] == kind and (kind != "ours" or r["peer"] == "neurona")]
    return min(found, key=lambda r: r["median_s"], default=None)


def _case(rows: list[Row]) -> str:
    lines = [
        [
            PEERS[row["peer"]].title, _time(row), _seconds(row["least_s"]),
            _ratio(row["to_best_peer"]), _ratio(row["to_floor"]), row["windows"], row["count"],
        ]
        for row in sorted(rows, key=lambda r: r["median_s"])
    ]  # fmt: skip
    unit = rows[0]["unit"]
    head = [
        "", f"median of a {unit}", "least", "to best peer", "to floor", "windows", f"{unit}s in one"
    ]  # fmt: skip
    table = _table(head, lines)
    workload = WORKLOADS[rows[0]["workload"]]
    notes = workload.differs | workload.notes
    present = {row["peer"] for row in rows}
    said = [f"{PEERS[p].title} {why}." for p, why in notes.items() if p in present]
    return "\n\n".join([table, *said])


def _starts(starts: list[Row]) -> str:
    lines = [
        [
            row["workload"], PEERS[row["peer"]].title, _seconds(row["import_s"]),
            _seconds(row["first_step_s"]), _seconds(row.get("warm_first_step_s")),
            f"{row['peak_bytes'] / 2**20:.0f} MB",
        ]
        for row in starts
    ]  # fmt: skip
    head = [
        "work", "", "import", "import to first step", "the same, compiled before", "peak memory"
    ]  # fmt: skip
    return _table(head, lines)


def _missing(missing: list[Row]) -> str:
    lines = [[r["workload"], r["threads"], PEERS[r["peer"]].title, r["why"]] for r in missing]
    return _table(["work", "threads", "", "why"], lines)


def _table(head: list[str], lines: list[list[Any]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows)


def _time(row: Row | None) -> str:
    return _seconds(row["median_s"]) if row else ""


def _seconds(value: float | None) -> str:
    if value is None:
        return ""
    for unit, scale in (("s", 1), ("ms", 1e3)):
        if value * scale >= 1:
            return f"{value * scale:.3g} {unit}"
    return f"{value * 1e6:.3g} us"


def _ratio(value: float | None) -> str:
    return f"{value:.2f}" if value else ""

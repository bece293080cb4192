"""Rewrite the tables in docs/performance.md from benchmarks/results/*.json."""

import json
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from measure import RESULTS, ROOT, write_report

PAGE = ROOT / "docs" / "performance.md"
BEGIN = "<!-- benchmarks/table.py writes from here -->"
END = "<!-- to here -->"
BUSY = 0.7
TITLES = ("tool", "wall s", "CPU s", "MB/s per core", "documents/s per core", "peak MB")
MORE = {
    "text_mb_per_s_core": ("MB/s of text per core", "{:,.2f}"),
    "kept_share": ("kept", "{:.0%}"),
    "recall": ("recall", "{:.1%}"),
    "precision": ("precision", "{:.1%}"),
}
"""Columns for what only some benchmarks have in their results: title and form."""
RATIOS = ("wall, its over ours", "CPU, its over ours")


def main() -> None:
    """Put the tables of all results between the markers."""
    found = (json.loads(path.read_bytes()) for path in sorted(RESULTS.glob("*.json")))
    reports = [report for report in found if "rows" in report and _is_timed(report)]
    PAGE.write_text(placed(PAGE.read_text("utf-8"), "\n".join(section(report) for report in reports)), "utf-8")


def _is_timed(report: Mapping[str, Any]) -> bool:
    """Tell whether a report is of times over documents, or within limits; others count by themselves."""
    over = "limits" in report or "documents" in report.get("input", {})
    return over and all("wall_s" in row for row in report["rows"])


def tell(name: str, report: Mapping[str, Any], *lines: str) -> None:
    """Write a report; print its table, what else there is to say of it, and where it lies."""
    path = write_report(name, report)
    print(section(json.loads(path.read_bytes())))
    for line in lines:
        print(f"- {line}")
    print(f"\nwritten: {path.relative_to(ROOT)}")


def each(said: Mapping[str, object]) -> list[str]:
    """Return a line per name and what is said of it."""
    return [f"{name}: {value}" for name, value in said.items()]


def placed(page: str, made: str, first: str = BEGIN, last: str = END) -> str:
    """Return the page with what stands between the markers replaced. ValueError when a marker is missing."""
    before, begin, rest = page.partition(first)
    _, end, after = rest.partition(last)
    if not begin or not end:
        raise ValueError(f"The markers '{first}' and '{last}' are not both in the page. Put them where the tables go.")
    return f"{before}{first}\n\n{made}\n{last}{after}"


def section(report: dict[str, Any]) -> str:
    """Return one benchmark: what was measured on which machine, its table, and its stages if it has some."""
    if "limits" in report:
        return limited(report)
    given, machine, where = report["input"], report["machine"], place(report["machine"])
    size = f"{given['documents']:,} documents, {given['bytes'] / 1e6:,.1f} MB"
    more = [name for name in MORE if any(name in row["result"] for row in report["rows"])]
    titles = (*TITLES, *(MORE[name][0] for name in more), *RATIOS)
    unit = f" MB are {report['unit']}." if "unit" in report else ""
    lines = [
        f"### {report['name']}",
        "",
        f"{given['what']} ({size}). {where}, Python {machine['python']}.{unit}",
        "",
        *table(titles, [cells(row, report.get("ratios", {}), more) for row in report["rows"]]),
    ]
    for name, found in report.get("stages", {}).items():
        lines += ["", f"Time of {name} by stage, from the receipts of the last run:", "", *stages(found)]
    return "\n".join([*lines, ""])


def place(machine: dict[str, Any]) -> str:
    """Return on what a benchmark ran, and whether it had the machine to itself."""
    where = f"{machine['cores']} cores of {machine['cpu']}, {machine['memory_gb']:.0f} GB, {machine['system']}"
    if machine.get("load_before", 0) > BUSY:
        where += f"; busy with other work (load {machine['load_before']}): look at CPU, not at wall time"
    return where


def limited(report: dict[str, Any]) -> str:
    """Return the benchmark of commands that have limits instead of peers."""
    limits, rows = report["limits"], []
    for row in report["rows"]:
        wall, peak = max(row["wall_s"]), row["peak_mb"]
        kept = "yes" if wall <= limits["wall_s"] and peak <= limits["peak_mb"] else "no"
        figures = (f"{statistics.median(row[name]):.2f}" for name in ("wall_s", "cpu_s"))
        rows.append((row["what"], *figures, f"{wall:.2f}", f"{peak:,.0f}", kept if row["limited"] else ""))
    bounds = f"at most {limits['wall_s']:.0f} s and {limits['peak_mb']:.0f} MB for each command"
    lead = report.get("lead") or f"{report['shards']:,} shards of one document"
    bounds += "" if "lead" in report else " on the login node"
    return "\n".join(
        [
            f"### {report['name']}",
            "",
            f"{lead}; {bounds}. {place(report['machine'])}.",
            "",
            *table(("command", "wall s", "CPU s", "slowest wall s", "peak MB", "within limits"), rows),
            "",
        ]
    )


def cells(row: dict[str, Any], ratios: dict[str, float], more: Sequence[str]) -> tuple[str, ...]:
    """Return a row's cells; of several runs the median and, for wall time, the range."""
    wall = row["wall_s"]
    spread = f" ({min(wall):.2f}-{max(wall):.2f})" if len(wall) > 1 else ""
    over = (ratios.get(row["tool"] + figure) for figure in ("", " CPU"))
    return (
        f"{row['tool']} {row['version']}".strip(),
        f"{statistics.median(wall):.2f}{spread}",
        f"{statistics.median(row['cpu_s']):.2f}",
        f"{row['mb_per_s_core']:,.2f}",
        f"{row['documents_per_s_core']:,.0f}",
        f"{row['peak_mb']:,.0f}",
        *(MORE[name][1].format(row["result"][name]) if row["result"].get(name) is not None else "" for name in more),
        *(f"{ratio:.2f}" if ratio is not None else "" for ratio in over),
    )


def stages(lines: Sequence[dict[str, Any]]) -> list[str]:
    """Return the table of stages; the jobs of a pass count to the pass, as a user sees it."""
    found: dict[str, dict[str, Any]] = {}
    for line in lines:
        stage = line["stage"].partition("/")[0]
        sums = found.setdefault(stage, {"wall_s": 0.0, "cpu_s": 0.0})
        sums |= {name: line[name] for name in ("documents_in", "kept") if name in line and line["stage"] == stage}
        for name in ("wall_s", "cpu_s"):
            sums[name] += line[name]
    rows = []
    for stage, line in found.items():
        counts = (f"{line[name]:,}" if name in line else "" for name in ("documents_in", "kept"))
        rows.append((stage, *counts, f"{line['wall_s']:.2f}", f"{line['cpu_s']:.2f}"))
    return table(("stage", "documents in", "kept", "wall s", "CPU s"), rows)


def table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a Markdown table: the first column to the left, numbers to the right."""
    cleaned = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    rule = ["---", *("--:" for _ in titles[1:])]
    return [f"| {' | '.join(row)} |" for row in (titles, rule, *cleaned)]


if __name__ == "__main__":
    main()

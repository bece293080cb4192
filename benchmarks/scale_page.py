"""Rewrite what stands between the markers of docs/scale.md from benchmarks/results/scale/report.json: figures and model."""

import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from measure import RESULTS, ROOT
from scale_draw import LETTERS, TEXT_WORDS
from table import place, placed, table

from atom_data.dedup.corpus import MOST_PARTS
from atom_data.dedup.near.clusters import RECORD_BYTES
from atom_data.dedup.near.minhash import BANDS, ROWS

PAGE = ROOT / "docs" / "scale.md"
REPORT = RESULTS / "scale" / "report.json"
BEGIN = "<!-- benchmarks/scale_page.py writes from here -->"
END = "<!-- to here -->"
TEXT_BYTES = 4000
"""Assumed of a document."""
DRAWN_BYTES = TEXT_WORDS * (LETTERS + 1)
SIZES = (100_000_000, 2_500_000_000, 20_000_000_000)
CORES = 500
TASK_BYTES = 16_000_000_000
HOT = {
    "pages": "one template, a number at either end, no two equal",
    "template": "one template, two numbers, 77 distinct texts",
    "equal": "one text, near",
    "same": "one text, exact (`SameText`)",
    "texts": "drawn texts of 150 words, clusters as above",
    "odd": "one word, punctuation, mixed scripts, null: a quarter each; exact, then near",
}

Row = tuple[str, ...]


def main() -> None:
    """Put the figures and the model of the report between the markers."""
    PAGE.write_text(page(PAGE.read_text("utf-8"), json.loads(REPORT.read_bytes())), "utf-8")


def page(text: str, report: dict[str, Any]) -> str:
    """Return the page with the figures of a report."""
    return placed(text, "\n".join([*measured(report), "", "## The model", "", *model(report)]) + "\n", BEGIN, END)


def measured(report: dict[str, Any]) -> list[str]:
    """Return what was measured."""
    drawn, found = report["signatures"], report["signatures"]["result"]
    where = f"{place(report['machine'])}, Python {report['machine']['python']}"
    jobs = [
        (
            f"`{job['job']}`",
            f"{job['tasks']}",
            f"{job['cpu_s']:,.1f}",
            f"{job['task_peak_mb']:,}",
            f"{job['disk_mb']:,.0f}",
        )
        for job in drawn["jobs"]
    ]
    grouping, real = report["grouping"], report["real"]
    return [
        f"{where}; {report['workers']} workers, `memory=\"{report['memory']}\"`, {BANDS} bands of {ROWS} rows.",
        "",
        f"**{drawn['documents']:,} documents**, signatures drawn: CPU {drawn['cpu_s']:,.0f} s, wall {drawn['wall_s']:,.0f} s, disk "
        f"{drawn['disk_mb'] / 1e3:.1f} GB, at most {drawn['peak_mb'] / 1e3:.2f} GB of memory in all processes together; "
        f"{found['clusters']:,} clusters, {found['removed']:,} documents removed, {found['wrong']} wrong.",
        "",
        *table(("job", "tasks", "CPU s", "peak of a worker MB", "disk MB"), jobs),
        "",
        "**Hot buckets and odd documents**, half as many and all:",
        "",
        *table(("documents", "how many", "CPU s", "peak of all processes MB", "disk MB", "removed"), hot(report)),
        "",
        "**Large documents** in one file, exact, then near: two near copies in several scripts, punctuation, one long word:",
        "",
        *table(("text MB, all four", "CPU s", "peak of all processes MB", "disk MB"), large(report)),
        "",
        f"**Grouping**: {grouping['hashes']:,} hashes with {grouping['links']:,} repeats, one thread, in memory, best of three: "
        f"our kernel {grouping['atom_data_cpu_s']} CPU s, DuckDB {grouping['duckdb_cpu_s']} CPU s.",
        "",
        f"**Real texts** ({real['documents']:,} documents, {real['text_bytes'] / 1e6:.1f} MB), one thread, best of three: "
        f"signatures {real['signatures_mb_per_s']:.0f} MB/s, shingle sets {real['shingles_mb_per_s']:.0f} MB/s; "
        f"{_shingles(real):.2f} bytes of distinct shingles for a byte of text; "
        f"{_per_document(real, 'hashes'):.0f} bytes of hashes and {_per_document(real, 'noted'):.0f} of notes a document.",
    ]  # fmt: skip


def hot(report: dict[str, Any]) -> list[Row]:
    """Return the rows of what comes many times."""
    return [
        (
            what if number == 0 else "",
            *(f"{line[name]:,}" for name in ("documents", "cpu_s", "peak_mb", "disk_mb")),
            _removed(line["result"]["removed"]),
        )
        for part, what in HOT.items()
        for number, line in enumerate(report[part])
    ]


def _removed(found: int | dict[str, dict[str, int]]) -> str:
    if isinstance(found, int):
        return f"{found:,}"
    return "; ".join(f"{kind} {sum(kinds.values()):,}" for kind, kinds in found.items())


def large(report: dict[str, Any]) -> list[Row]:
    """Return the rows of large documents."""
    return [
        (
            f"{sum(line['text_bytes']) / 1e6:,.0f}",
            f"{line['cpu_s']:.1f}",
            f"{line['peak_mb']:,}",
            f"{line['disk_mb']:,.0f}",
        )
        for line in report["large"]
    ]


def _shingles(real: dict[str, Any]) -> float:
    return float(real["shingle_bytes"] / real["text_bytes"])


def _per_document(real: dict[str, Any], kind: str) -> float:
    return float(real[f"{kind}_bytes"] / real["documents"])


def model(report: dict[str, Any]) -> list[str]:
    """Return the table of the model: what each term is for one document, and for how many there may be."""
    disks, times = disk_terms(report), time_terms(report)
    per_document = {term.name: term.each for term in (*disks, *times)}
    alone, candidates = per_document["CPU: `near/clusters` (one task)"], per_document["disk: **candidates**"]
    time, links = sum(term.each for term in times), BANDS * RECORD_BYTES
    spread = (time - alone) / CORES + alone
    power = "/ 16 GB, a power of two"
    rows = [
        *((term.name, term.formula, *(_bytes(term.each * size) for size in SIZES)) for term in disks),
        _row("disk, all", "", lambda size: _bytes(sum(term.each for term in disks) * size)),
        _row("**memory of `near/clusters`**", "5 B a document; 9 B from 2^32 on", lambda size: _bytes(_forest(size))),
        *((term.name, term.formula, *(_time(term.each * size) for size in SIZES)) for term in times),
        _row("CPU, all, of one core", "", lambda size: _time(time * size)),
        _row(f"the same on {CORES} cores", "all but `near/clusters` spread", lambda size: _time(spread * size)),
        _row("tasks of `near/links`", f"{BANDS} x {RECORD_BYTES} B a document {power}", lambda size: _parts(links * size)),
        _row("tasks of `near/confirmed`", f"3 x candidates {power}", lambda size: _parts(3 * candidates * size)),
    ]  # fmt: skip
    return table(("", "formula", "100 million", "2.5 billion", "20 billion"), rows)


class Term(NamedTuple):
    """Bytes or microseconds of a document, and how they come about."""

    name: str
    formula: str
    each: float


def disk_terms(report: dict[str, Any]) -> list[Term]:
    """Return the bytes of a document on disk."""
    real, share = report["real"], _linked(report)
    links, found = _disk(report, "links", "clusters"), _disk(report, "confirmed", "near")
    noted, shingles = _disk(report, "candidates") / share + 8 * BANDS, _shingles(real)
    hashes, notes = _per_document(real, "hashes"), _per_document(real, "noted")
    return [
        Term("disk: hashes", f"{hashes:.0f} B a document", hashes),
        Term("disk: notes", f"{notes:.0f} B a document", notes),
        Term("disk: links, roots", f"{links:.0f} B a document", links),
        Term(
            "disk: **candidates**",
            f"{share:.2f} x ({noted:.0f} B + {shingles:.2f} x 4 kB)",
            share * (noted + shingles * TEXT_BYTES),
        ),
        Term("disk: found, marks", f"{found:.0f} B a document", found),
    ]


def time_terms(report: dict[str, Any]) -> list[Term]:
    """Return the microseconds of a document on one core."""
    real, share, texts = report["real"], _linked(report), report["texts"][-1]
    signatures, sets = real["signatures_mb_per_s"], real["shingles_mb_per_s"]
    hashed, picked = _micro(report, "band-hashes"), _micro(report, "candidates")
    confirming = next(job["cpu_s"] for job in texts["jobs"] if job["job"] == "near/confirmed")
    one = confirming * 1e6 / texts["result"]["candidates"] * TEXT_BYTES / DRAWN_BYTES
    return [
        Term(
            "CPU: `near/band-hashes`",
            f"4 kB / {signatures:.0f} MB/s + {hashed:.1f} us",
            TEXT_BYTES / signatures + hashed,
        ),
        Term("CPU: `near/links`", f"{_micro(report, 'links'):.2f} us a document", _micro(report, "links")),
        Term(
            "CPU: `near/clusters` (one task)",
            f"{_micro(report, 'clusters'):.2f} us a document",
            _micro(report, "clusters"),
        ),
        Term(
            "CPU: `near/candidates`",
            f"{share:.2f} x 4 kB / {sets:.0f} MB/s + {picked:.1f} us",
            share * TEXT_BYTES / sets + picked,
        ),
        Term("CPU: `near/confirmed`", f"{share:.2f} x {one:.1f} us a candidate of 4 kB", share * one),
        Term("CPU: `near`", f"{_micro(report, 'near'):.2f} us a document", _micro(report, "near")),
    ]


def _of_jobs(report: dict[str, Any], names: Sequence[str], figure: str) -> float:
    wanted = {"near" if name == "near" else f"near/{name}" for name in names}
    drawn = report["signatures"]
    return float(sum(job[figure] for job in drawn["jobs"] if job["job"] in wanted) * 1e6 / drawn["documents"])


def _disk(report: dict[str, Any], *names: str) -> float:
    return _of_jobs(report, names, "disk_mb")


def _micro(report: dict[str, Any], *names: str) -> float:
    return _of_jobs(report, names, "cpu_s")


def _linked(report: dict[str, Any]) -> float:
    found = report["signatures"]["result"]
    return float((found["clusters"] + found["removed"]) / report["signatures"]["documents"])


def _row(name: str, formula: str, figure: Callable[[int], str]) -> Row:
    return (name, formula, *map(figure, SIZES))


def _forest(documents: int) -> float:
    return documents * (5 if documents < 2**32 else 9)


def _parts(need: float) -> str:
    parts = 1 << max(-(-int(need) // TASK_BYTES) - 1, 0).bit_length()
    return f"{parts:,}" if parts <= MOST_PARTS else f"{MOST_PARTS:,} of {need / MOST_PARTS / 1e9:.0f} GB"


def _bytes(size: float) -> str:
    return f"{size / 1e12:,.2f} TB" if size >= 1e12 else f"{size / 1e9:,.1f} GB"


def _time(microseconds: float) -> str:
    seconds = microseconds / 1e6
    return f"{seconds / 3600:,.1f} h" if seconds >= 3600 else f"{seconds / 60:,.1f} min"


if __name__ == "__main__":
    main()

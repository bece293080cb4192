"""The price of a crawl: core-hours by stage from WARC to tokens, from rates measured on pages of a crawl's size.

    python benchmarks/price.py                          BENCH_DATA or ../shared/data has wcxb-dev-500.warc.gz
    python benchmarks/price.py --trafilatura PYTHON     with trafilatura's rate, measured by that Python

Of the WCXB pages the 200 whose mean is nearest to 79 kB, ten times over with marks (`marked.py`): the sample's recipe and the
bare loop, twice each, and trafilatura with FineWeb's options. Rates of datatrove's other blocks are those of filters.json,
langid.json, dedup.json and tokens.json, per MB of text. Writes results/price.json and the tables of docs/price.md.
"""

import json
import pickle
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from contenders import lay_out, loop_command, ours_command
from fastwarc.warc import ArchiveIterator, WarcRecordType
from inputs import DATA, arguments
from marked import records
from measure import RESULTS, ROOT, run, write_report
from pipeline_results import outcome, stages
from resiliparse.parse.encoding import bytes_to_str, detect_encoding
from table import placed, table

from atom_data.runner.recipe import load_recipe

SOURCE = DATA / "wcxb-dev-500.warc.gz"
PAGE = ROOT / "docs" / "price.md"
PAGES, SIZE, COPIES = 200, 79_000, 10
WARCS, RESPONSES = 90_000, 52_000
CRAWL = WARCS * RESPONSES
DOLLARS = 0.05
"""For an hour of a core, as in docs/plan.md: what yours costs is yours to put in."""
GROUPS = {"extracted": "read and extract", "clean": "address, language, Gopher's rules", "exact": "exact copies",
          "near": "near copies", "fuzzy": "near copies", "tokens": "tokens"}  # fmt: skip
PEERS = (
    ("language", "langid", "atom-data, English", "fasttext, English"),
    ("filters: Gopher's two, C4's, FineWeb's", "filters", "atom-data", "datatrove"),
    ("near copies", "dedup", "atom-data", "datatrove-minhash"),
    ("tokens", "tokens", "atom-data", "datatrove"),
)
FINEWEB = """import pickle, sys, time, trafilatura
pages = pickle.load(open(sys.argv[1], "rb"))
take = lambda page: trafilatura.extract(page, favor_precision=True, include_comments=False, deduplicate=True) or ""
[take(page) for page in pages[:5]]
start = time.process_time()
size = sum(len(take(page).encode()) for page in pages)
print(trafilatura.__version__, time.process_time() - start, size)
"""


def main() -> None:
    """Measure, write the report and the page."""
    parser = arguments(__doc__)
    parser.add_argument("--trafilatura", help="a Python that has it")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="price-") as place:
        report = measured(Path(place), given.trafilatura)
    write_report("price", report)
    PAGE.write_text(placed(PAGE.read_text("utf-8"), tables(report), "<!-- price:begin -->", "<!-- price:end -->"))
    print(tables(report))


def chosen() -> set[int]:
    """Return the records whose pages are PAGES in a row by size with a mean of SIZE."""
    sizes = sorted((len(page), number) for number, page in enumerate(_pages(SOURCE)))
    starts = range(len(sizes) - PAGES)
    start = min(starts, key=lambda at: abs(sum(size for size, _ in sizes[at : at + PAGES]) / PAGES - SIZE))
    return {number for _, number in sizes[start : start + PAGES]}


def _pages(path: Path) -> list[bytes]:
    found = ArchiveIterator(str(path), record_types=WarcRecordType.response, parse_http=True)
    return [record.reader.read() for record in found]


def measured(scratch: Path, trafilatura: str | None) -> dict[str, Any]:
    """Return the rates per page."""
    wanted, files = chosen(), []
    for copy in range(COPIES):
        files.append(scratch / f"{copy:02}.warc.gz")
        members = (member for number, member in enumerate(records(SOURCE, copy)) if number in wanted)
        files[-1].write_bytes(b"".join(members))
    path = lay_out(files, 1, scratch / "input")
    recipe, count = load_recipe(str(path)), PAGES * COPIES
    run(ours_command(path, scratch / "warm"), scratch / "warm")
    ours = [run(ours_command(path, scratch / f"ours {turn}"), scratch / f"ours {turn}") for turn in range(2)]
    loop = [run(loop_command(path, recipe, scratch / f"loop {turn}"), scratch / f"loop {turn}") for turn in range(2)]
    best = min(ours, key=lambda one: one.cpu_s)
    groups: dict[str, float] = {}
    for line in stages(recipe, best):
        name = next((what for start, what in GROUPS.items() if line["stage"].startswith(start)), "start of a run, in s")
        groups[name] = round(groups.get(name, 0.0) + line["cpu_s"], 4)
    pages = _pages(files[0])
    report: dict[str, Any] = {
        "input": {"pages": count, "mean_bytes": round(sum(map(len, pages)) / len(pages))},
        "cpu_s": groups,
        "loop_cpu_s": round(min(one.cpu_s for one in loop), 3),
        "kept": outcome(recipe, best.folder / "out"),
    }
    if trafilatura is not None:
        kept = scratch / "pages.pickle"
        kept.write_bytes(
            pickle.dumps([bytes_to_str(page, detect_encoding(page, from_html_meta=True) or "utf-8") for page in pages])
        )
        said = subprocess.run(
            [trafilatura, "-c", FINEWEB, str(kept)], check=True, capture_output=True, text=True
        ).stdout
        version, seconds, size = said.split()
        report["trafilatura"] = {
            "version": version, "s_a_page": round(float(seconds) / PAGES, 6), "text_bytes": round(int(size) / PAGES),
        }  # fmt: skip
    return report


def tables(report: dict[str, Any]) -> str:
    """Return what a crawl takes: by stage of the sample's recipe, and beside datatrove's blocks."""
    count, lines, total = report["input"]["pages"], [], 0.0
    for name, seconds in report["cpu_s"].items():
        if "start" not in name:
            total += seconds / count
            lines.append((name, *_cells(seconds / count)))
    start = report["cpu_s"]["start of a run, in s"] / RESPONSES
    lines += [("start, once a WARC", *_cells(start)), ("all", *_cells(total + start))]
    lines.append(("*bare loop of FastWARC and resiliparse*", *_cells(report["loop_cpu_s"] / count)))
    made = table(("stage of `sample.py`", "ms a page", "core-hours", "$"), lines)
    if "trafilatura" in report:
        made += ["", *_beside(report, report["cpu_s"]["read and extract"] / count)]
    return "\n".join(made)


def _beside(report: dict[str, Any], extraction: float) -> list[str]:
    text = report["trafilatura"]["text_bytes"] / 1e6
    lines = [("extraction", *_cells(extraction)[:2], *_cells(report["trafilatura"]["s_a_page"])[:2])]
    sums = [extraction, report["trafilatura"]["s_a_page"]]
    for name, file, mine, theirs in PEERS:
        rows = {
            row["tool"]: row["mb_per_s_core"] for row in json.loads((RESULTS / f"{file}.json").read_bytes())["rows"]
        }
        costs = [text / rows[tool] for tool in (mine, theirs)]
        sums = [before + cost for before, cost in zip(sums, costs, strict=True)]
        lines.append((name, *_cells(costs[0])[:2], *_cells(costs[1])[:2]))
    lines.append(("all", *_cells(sums[0])[:2], *_cells(sums[1])[:2]))
    return table(("stage", "atom-data, ms a page", "core-hours", "datatrove, ms a page", "core-hours"), lines)


def _cells(seconds: float) -> tuple[str, str, str]:
    hours = seconds * CRAWL / 3600
    return f"{seconds * 1e3:.3f}", f"{hours:,.0f}", f"{hours * DOLLARS:,.0f}"


if __name__ == "__main__":
    main()

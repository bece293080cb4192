"""`atom-data report` of a large run, a page with many samples, and what sketches and reports cost beside the runs.

    make bench-report          QUICK=1: 500 shards instead of 10,000, few pages, and one round
    python benchmarks/report.py large      # or samples, floor, sketches: one part of it

1. A made run (`made_run.py`): 3 stages of 10,000 shards, a billion documents read. Its report as a page, Markdown and JSON.
2. A page with 10,000 samples of 1,200 characters: until Chromium has loaded it and shows the first of them.
3. Runs of `sample.py`, and of `fineweb_fast.py` over the pages of WCXB, over one file of 12 copies of them whose words differ
   (`marked.py`), and over 50 such copies in 100 files. What sketches take of each stage's processor time, by a clock around what
   counts and writes them; and the whole commands `run` and `report`, beside the floor: Python that has loaded the libraries alone.

Writes benchmarks/results/report.json, and the table of docs/report.md from it.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import made_run
from measure import QUICK, RESULTS, ROOT, proportional, write_report
from report_costs import command_of, cost, floor
from table import place, placed, table

from atom_data.report import report
from atom_data.report.page.page import write_page
from atom_data.report.samples import Sample
from atom_data.workspace import Workspace

SHARDS = 500 if QUICK else 10_000
LIMITS = {"wall_s": 60, "peak_mb": 1000}
PAGE = ROOT / "docs" / "report.md"
BEGIN, END = "<!-- benchmarks/report.py writes from here -->", "<!-- to here -->"


def main() -> None:
    """Measure all parts, or those that are asked for; write the report and the page."""
    parts = {"large": large, "samples": many_samples, "floor": floor, "sketches": lambda: [*cost()]}
    asked = [name for name in parts if not sys.argv[1:] or name in sys.argv[1:]]
    before = RESULTS / "report.json"
    found = json.loads(before.read_text()) if before.is_file() else {}
    page = {name: found[name] for name in (*parts, "rows") if name in found}
    for name in asked:
        page[name] = parts[name]()
        if name == "large":
            page["rows"] = page["large"].pop("rows")
        write_report("report", {"limits": LIMITS, "lead": LEAD, **page})
        print(name, json.dumps(page[name], indent=1), flush=True)
    text = written(json.loads(before.read_text()))
    PAGE.write_text(placed(PAGE.read_text("utf-8"), text, BEGIN, END), "utf-8")


LEAD = f"A made run of 3 stages with {SHARDS:,} shards each, {made_run.DOCUMENTS:,} documents in a shard of the first"


def large() -> dict[str, Any]:
    """Make a run of many shards, and report it in each form."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "large"
        documents = made_run.make(out, SHARDS)
        sketches = [path.stat().st_size for path in out.glob("*/sketches/*")]
        row: dict[str, Any] = {
            "shards": SHARDS,
            "stages": len(made_run.STAGES),
            "documents": documents,
            "sketch_bytes": round(statistics.mean(sketches)),
        }
        rows = []
        for form in ("html", "md", "json"):
            target = Path(folder) / f"large.{form}"
            with memory_of_children() as peak:
                began, before = time.perf_counter(), os.times()
                command = [sys.executable, "-m", "atom_data", "report", str(out), "--format", form, "--to", str(target)]
                subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
                wall, after = time.perf_counter() - began, os.times()
            rows.append(
                {
                    "what": f"report --format {form}",
                    "wall_s": [round(wall, 1)],
                    "cpu_s": [round(sum(after[2:4]) - sum(before[2:4]), 1)],
                    "peak_mb": round(max(peak) / 1e6),
                    "limited": True,
                    "bytes": target.stat().st_size,
                }
            )
        return row | opened(Path(folder) / "large.html") | {"rows": rows}


@contextmanager
def memory_of_children() -> Iterator[list[int]]:
    """Collect the memory of all processes below this one, each 0.2 s: shared pages count once for all that share them."""
    found, done = [0], threading.Event()

    def look() -> None:
        while not done.wait(0.2):
            found.append(sum(proportional(process) for process in below(os.getpid())))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield found
    finally:
        done.set()
        thread.join()


def below(process: int) -> list[int]:
    """Return the processes that a process has started, and those that these have."""
    try:
        children = [
            int(child)
            for task in Path(f"/proc/{process}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    except OSError:
        return []
    return [*children, *(one for child in children for one in below(child))]


def many_samples() -> dict[str, Any]:
    """Write a page with 10,000 samples, and open it."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        subprocess.run(command_of("sample.py", {}, out), cwd=ROOT, check=True, capture_output=True)
        built = report.build(Workspace(str(out)), samples=60)
        texts = [sample for sample in built.samples if sample.text]
        some: list[Sample] = [replace(texts[number % len(texts)], id=f"{number}") for number in range(10_000)]
        target = Path(folder) / "samples.html"
        target.write_text(write_page(replace(built, samples=some)), "utf-8")
        row = {"samples": len(some), "page_bytes": target.stat().st_size}
        return row | opened(target)


def opened(page: Path) -> dict[str, Any]:
    """Return how long Chromium takes from its call until the page shows samples or charts, three times."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return {"open_s": []}
    took = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for _ in range(3):
            tab = browser.new_page(viewport={"width": 1280, "height": 900})
            began = time.perf_counter()
            tab.goto(page.as_uri())
            tab.locator("svg.histogram").first.wait_for()
            tab.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
            took.append(round(time.perf_counter() - began, 2))
            tab.close()
        browser.close()
    return {"open_s": took}


def written(found: dict[str, Any]) -> str:
    """Return what docs/report.md says of all this."""
    lines = [f"{place(found['machine'])}.", ""]
    rows = [
        (
            f"`{one['recipe']}`: {one['what']}",
            f"{one['documents']:,}",
            f"{one['run_cpu_s']:.1f}",
            f"{one['sketches_cpu_s']:.2f} ({one['sketches_share']:.1%})",
            f"{one['report_cpu_s']:.1f} ({one['report_share']:.1%})",
            f"{one['run_peak_mb']:,}",
            f"{one['report_peak_mb']:,}",
        )
        for one in found["sketches"]
    ]
    titles = ("run", "documents", "run, CPU s", "sketches, CPU s", "report, CPU s", "run, peak MB", "report, peak MB")
    lines += [*table(titles, rows), ""]
    lines += [
        f"Of each report {found['floor']['cpu_s']} s are those that Python takes to load the libraries behind it and to end.",
        "",
    ]
    large, samples = found["large"], found["samples"]
    said = ", ".join(f"{row['what'].removeprefix('report ')} {row['wall_s'][0]} s" for row in found["rows"])
    peak, page = max(row["peak_mb"] for row in found["rows"]), found["rows"][0]["bytes"] / 1e6
    lines.append(
        f"A made run of {large['stages']} stages with {large['shards']:,} shards each, {large['documents']:,} documents and "
        f"sketches of {large['sketch_bytes'] / 1e3:.0f} kB: {said}; at most {peak:,} MB of all processes. Chromium shows the "
        f"page of {page:.1f} MB after {_times(large['open_s'])}, and one with {samples['samples']:,} samples "
        f"({samples['page_bytes'] / 1e6:.0f} MB) after {_times(samples['open_s'])}."
    )
    return "\n".join([*lines, ""])


def _times(seconds: list[float]) -> str:
    return f"{min(seconds)} to {max(seconds)} s" if seconds else "a time that was not measured"


if __name__ == "__main__":
    main()

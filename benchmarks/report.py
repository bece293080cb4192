"""`atom-data report` of a large run, a page with many samples, and what sketches and reports cost beside the runs.

    make bench-report          QUICK=1: 500 shards instead of 10,000, few pages, and one round
    python benchmarks/report.py large      # or samples, sketches: one part of it

1. A made run (`made_run.py`): 3 stages of 10,000 shards, a billion documents read. Its report as a page, Markdown and JSON.
2. A page with 10,000 samples of 1,200 characters: until Chromium has loaded it and shows the first of them.
3. Runs of `sample.py`, and of `fineweb_fast.py` over the pages of WCXB and over one file of 12 copies of them whose words differ
   (`marked.py`). Each stage with and without sketches, in turns: processor time; and the whole commands `run` and `report`.

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
import marked
from measure import QUICK, RESULTS, ROOT, proportional, run, write_report
from table import place, placed, table

from atom_data import Stage
from atom_data.job import Work
from atom_data.report import report
from atom_data.report.page.page import write_page
from atom_data.report.samples import Sample
from atom_data.runner.recipe import load_recipe
from atom_data.sketches.watch import keep_sketch, watched
from atom_data.storage import paths
from atom_data.workspace import Workspace

SHARDS = 500 if QUICK else 10_000
COPIES = 2 if QUICK else 12
ROUNDS = 1 if QUICK else 5
WCXB = ROOT.parent / "shared" / "data" / "wcxb-dev-500.warc.gz"
LIMITS = {"wall_s": 60, "peak_mb": 1000}
PAGE = ROOT / "docs" / "report.md"
BEGIN, END = "<!-- benchmarks/report.py writes from here -->", "<!-- to here -->"


def main() -> None:
    """Measure all parts, or those that are asked for; write the report and the page."""
    parts = {"large": large, "samples": many_samples, "sketches": lambda: [*cost()]}
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


def command_of(recipe: str, given: dict[str, str], out: Path) -> list[str]:
    """Return the command that runs a recipe of ours on one worker."""
    words = [word for key, value in given.items() for word in ("--set", f"{key}={value}")]
    path = str(ROOT / "pipelines" / recipe)
    return [sys.executable, "-m", "atom_data", "run", path, "--output", str(out), "--workers", "1", *words]


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


def cost() -> Iterator[dict[str, Any]]:
    """Yield what sketches and the report cost beside each run."""
    yield costs("sample.py", "the sample", {}, ROUNDS)
    if WCXB.is_file():
        given = {"warcs": str(WCXB), "url_lists": "none"}
        yield costs("fineweb_fast.py", "WCXB, 498 pages", given, ROUNDS)
        with tempfile.TemporaryDirectory() as folder:
            (one,) = marked.write(WCXB, Path(folder) / "many", COPIES, one=True)
            what = f"{COPIES} marked copies of WCXB in one file"
            yield costs("fineweb_fast.py", what, {**given, "warcs": str(one)}, -(-ROUNDS // 2))


def costs(recipe: str, what: str, given: dict[str, str], rounds: int) -> dict[str, Any]:
    """Return the processor time of a run, of its sketches by stage, and of its report."""
    with tempfile.TemporaryDirectory() as folder:
        path, out = str(ROOT / "pipelines" / recipe), Path(folder) / "out"
        run(command_of(recipe, given, Path(folder) / "first"), Path(folder))  # may compile kernels
        whole = run(command_of(recipe, given, out), Path(folder))
        reports = [
            run([sys.executable, "-m", "atom_data", "report", str(out), "--to", str(Path(folder) / "page.html")], out)
            for _ in range(3)
        ]
        workspace = Workspace(str(out))
        stages = [job for job in load_recipe(path, given).jobs if isinstance(job, Stage)]
        rows = [in_turns(stage, workspace, Path(folder) / "again", rounds) for stage in stages]
        built = report.build(workspace, samples=0)
        sketches = sum(row["sketched_cpu_s"] - row["plain_cpu_s"] for row in rows)
        shown = statistics.median(one.cpu_s for one in reports)
        return {
            "recipe": recipe,
            "what": what,
            "documents": built.read,
            "shards": built.facts.documents[0].shards,
            "run_cpu_s": round(whole.cpu_s, 2),
            "sketches_cpu_s": round(sketches, 3),
            "sketches_share": round(sketches / whole.cpu_s, 4),
            "report_cpu_s": round(shown, 2),
            "report_share": round(shown / whole.cpu_s, 4),
            "run_peak_mb": round(whole.peak_mb),
            "report_peak_mb": round(max(one.peak_mb for one in reports)),
            "stages": rows,
        }


def in_turns(stage: Stage, workspace: Workspace, scratch: Path, rounds: int) -> dict[str, Any]:
    """Return the least processor time of a stage over all its shards, with sketches and without, of rounds in turns."""
    took: dict[bool, list[float]] = {True: [], False: []}
    for number in range(2 * rounds + 1):
        with_sketch = bool(number % 2)
        shutil.rmtree(scratch, ignore_errors=True)
        began = time.process_time()
        seen, waiting = watched(stage) if with_sketch else (stage, None)  # once a job, as a worker does
        for task in stage.tasks(workspace):
            other = Elsewhere(workspace, stage.name, str(scratch))
            if waiting is not None:
                waiting.begin()
            work: Work = seen.work(task, other, lambda *_: None)
            if with_sketch:
                keep_sketch(other, stage, task, waiting, work.outputs)
        if number:  # the first one loads models and kernels
            took[with_sketch].append(time.process_time() - began)
    plain, sketched = min(took[False]), min(took[True])
    return {
        "stage": stage.name,
        "plain_cpu_s": round(plain, 3),
        "sketched_cpu_s": round(sketched, 3),
        "share": round(sketched / plain - 1, 4),
    }


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


class Elsewhere(Workspace):
    """An output folder that is read as it is and written elsewhere."""

    def __init__(self, there: Workspace, stage: str, scratch: str) -> None:
        """Write what this stage makes below `scratch`."""
        super().__init__(there.root, there.token)
        self._stage, self._scratch = stage, scratch

    def path(self, *names: str) -> str:
        """Return the place of a file."""
        own = names[0].partition("/")[0] == self._stage
        return paths.join(self._scratch, *names) if own else super().path(*names)


if __name__ == "__main__":
    main()

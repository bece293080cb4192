"""Pages per second of extraction on one core, engines in turn in one process; and pages made to cost time.

    make bench-extract_speed        PAGES=file.warc.gz for other pages than the sample's; QUICK=1 for two rounds

Times are of the process's CPU, so that other load on the machine counts little. Pages are decoded and guarded by `Extract` for
every engine alike, with its default columns; "bare" is resiliparse alone, given text that is decoded already.
"""

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa
from measure import ROOT, write_report

PAGES = [Path(path) for path in os.environ.get("PAGES", "").split(":") if path]
ROUNDS = 2 if os.environ.get("QUICK") else 5
SHAPE_BYTES = 8_000_000
BATCH = 50


def main() -> int:
    """Measure, print and report."""
    sys.path.insert(0, str(ROOT))
    batches = read(PAGES or sorted((ROOT / "pipelines" / "sample").glob("*.warc.gz")))
    pages = sum(batch.num_rows for batch in batches)
    megabytes = sum(len(page.as_py() or b"") for batch in batches for page in batch.column("html")) / 1e6
    found = measure(batches)
    baseline = found["Resiliparse"]
    rows = [
        {
            "tool": name,
            "cpu_s": [round(second, 3) for second in seconds],
            "pages_per_s": round(pages / min(seconds), 1),
            "mb_per_s": round(megabytes / min(seconds), 1),
            "times_resiliparse": round(min(baseline) / min(seconds), 2),
        }
        for name, seconds in found.items()
    ]
    for row in rows:
        print(
            f"{row['tool']:32} {row['pages_per_s']:8.1f} pages/s {row['mb_per_s']:7.1f} MB/s {row['times_resiliparse']:5.2f}"
        )
    hostile = shapes()
    start = warm_start()
    print(f"warm start of one page: {start:.2f} s; slowest shape {max(hostile, key=lambda row: row['cpu_s'])}")
    write_report(
        "extract_speed",
        {
            "input": {
                "what": ", ".join(path.name for path in PAGES) or "the sample's pages",
                "bytes": int(megabytes * 1e6),
                "documents": pages,
            },
            "versions": {name: version(name) for name in ("resiliparse", "numba")},
            "rows": rows,
            "hostile": hostile,
            "warm_start_s": round(start, 2),
        },
    )
    return 0


def read(paths: list[Path]) -> list[pa.RecordBatch]:
    """Return the HTML pages of WARC files as batches, with their address."""
    from atom_data import Warc
    from tests.readers.archives import outcome

    names = ("html", "charset", "mime", "url")
    found = [row for path in paths for row in outcome(Warc(str(path), source="pages")).rows]
    rows = [{name: row[name] for name in names} for row in found]
    kept = [row for row in rows if row["html"]]
    return [pa.RecordBatch.from_pylist(kept[start : start + BATCH]) for start in range(0, len(kept), BATCH)]


def measure(batches: list[pa.RecordBatch]) -> dict[str, list[float]]:
    """Return CPU seconds over all pages by engine, a value a round; every engine has its turn in each round."""
    from atom_data import Extract
    from atom_data.extract import MainText, Resiliparse, WholeText

    steps: dict[str, Callable[[pa.RecordBatch], object]] = {
        "Resiliparse": Extract(engine=Resiliparse()),
        "WholeText": Extract(engine=WholeText()),
        "MainText": Extract(engine=MainText(), url="url"),
        "MainText(markdown=True)": Extract(engine=MainText(markdown=True), url="url"),
        "MainText(metadata=True)": Extract(engine=MainText(metadata=True), url="url"),
        "bare resiliparse": bare,
    }
    found: dict[str, list[float]] = {name: [] for name in steps}
    for step in steps.values():
        step(batches[0])
    for _ in range(ROUNDS):
        for name, step in steps.items():
            start = time.process_time()
            for batch in batches:
                step(batch)
            found[name].append(time.process_time() - start)
    print({name: round(statistics.median(seconds), 3) for name, seconds in found.items()}, file=sys.stderr)
    return found


def bare(batch: pa.RecordBatch) -> None:
    """Take main content with resiliparse and nothing else: no guard, no columns; pages are taken for UTF-8."""
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.html import HTMLTree

    for page in batch.column("html"):
        extract_plain_text(HTMLTree.parse(page.as_py().decode("utf-8", "replace")), main_content=True)


def shapes() -> list[dict[str, Any]]:
    """Return what each hostile page of 8 MB costs, and the memory at its end at most."""
    from atom_data.extract import EngineError, MainText
    from tests.text.html.shapes import SHAPES

    engine, rows = MainText(markdown=True, metadata=True), []
    for name, shape in SHAPES.items():
        page = shape(SHAPE_BYTES).decode("utf-8", "replace").encode()
        start = time.process_time()
        try:
            engine.read(page, None)
            status = "ok"
        except EngineError as error:
            status = str(error)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
        rows.append(
            {"shape": name, "cpu_s": round(time.process_time() - start, 3), "status": status, "peak_mb": round(peak)}
        )
    return rows


def warm_start() -> float:
    """Return the seconds that a new process takes to read its first page, with kernels that are compiled."""
    code = "from atom_data.extract import MainText; MainText().read(b'<p>One page.</p>', None)"
    times = []
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
        times.append(time.perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    sys.exit(main())

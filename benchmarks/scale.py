"""Copies among 100 million documents on two cores: time, memory and disk of every job, the result against the truth.

`python benchmarks/scale.py [PART...]` draws MinHash signatures with known clusters (`scale_recipe.py`), runs the pass as a
user would, adds up the memory of all its processes while it runs, and compares every document's cluster with the one it
was drawn from. Then, of a tenth as many: texts with known clusters, confirmed; a template with few distinct pages, one
where every page is another, one text. Then documents that are odd (many) or large (few). QUICK=1 takes a hundredth.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import scale_page
from inputs import DATA
from measure import QUICK, RESULTS, Memory, machine
from scale_checks import CHECKS

from atom_data import MinHash
from atom_data.storage.receipts import read_json
from atom_data.text.buffers import string_buffers
from atom_data.text.similarity.shingles import shingle_set
from atom_data.text.similarity.union_find import links

DOCUMENTS = int(os.environ.get("SCALE_DOCUMENTS", "1000000" if QUICK else "100000000"))
HOT = DOCUMENTS // 10
WORKERS = 2
MEMORY = os.environ.get("SCALE_MEMORY", "1GB")
GROUPED = 2_000_000 if QUICK else 20_000_000


def measured(what: str, documents: int, out: Path, **more: str) -> dict[str, Any]:
    """Run one recipe; return what it took, job by job."""
    here = Path(__file__).parent
    path = os.pathsep.join(filter(None, [str(here), os.environ.get("PYTHONPATH")]))
    asked = {"SCALE_WHAT": what, "SCALE_DOCUMENTS": str(documents), "SCALE_MEMORY": MEMORY, "PYTHONPATH": path}
    recipe = str(here / "scale_recipe.py")
    command = [sys.executable, "-m", "atom_data.cli", "run", recipe, "-o", str(out), "-w", str(WORKERS)]
    begin = time.monotonic()
    process = subprocess.Popen(command, env={**os.environ, **asked, **more}, stdout=subprocess.DEVNULL)
    memory = Memory(process.pid)
    memory.start()
    if process.wait() != 0:
        raise RuntimeError(f"{what}: exit code {process.returncode}")
    memory.stopped.set()
    plans = [*out.glob("*/plan.json"), *out.glob("*/*/plan.json")]
    jobs = [_job(out, plan.parent) for plan in sorted(plans, key=lambda path: path.stat().st_mtime)]
    return {
        "documents": documents,
        "wall_s": round(time.monotonic() - begin, 1),
        "cpu_s": round(sum(job["cpu_s"] for job in jobs), 1),
        "peak_mb": round(memory.most / 1e6),
        "disk_mb": round(sum(job["disk_mb"] for job in jobs)),
        "jobs": jobs,
    }


def _job(out: Path, folder: Path) -> dict[str, Any]:
    receipts = [read_json(str(path)) or {} for path in sorted((folder / "receipts").glob("*.json"))]
    taken = [receipt["measured"] for receipt in receipts]
    size = sum(item["bytes"] for receipt in receipts for item in receipt["outputs"])
    return {
        "job": folder.relative_to(out).as_posix(),
        "tasks": len(receipts),
        "cpu_s": round(sum(one["cpu_seconds"] for one in taken), 1),
        "task_peak_mb": round(max(one["peak_memory_bytes"] for one in taken) / 1e6),
        "disk_mb": round(size / 1e6, 1),
    }


def odd(documents: int, folder: Path) -> dict[str, Any]:
    """Run both passes over many documents of one word, of punctuation, of mixed scripts with a number, and of nothing."""
    count, words = max(documents // 4, 1000), ("Wort", "слово", "単語", "word", "λέξη", "كلمة", "שלום", "말", "शब्द")
    mixed = " ".join(f"{word}{number}" for number in range(8) for word in words)
    kinds: dict[str, Callable[[int], str | None]] = {
        "one word": lambda number: f"word{number % 1000}",
        "punctuation": lambda number: "?! ... " * (number % 1000 + 1),
        "mixed scripts": lambda number: f"{mixed} {number}",
        "null": lambda _: None,
    }
    folder.mkdir()
    schema = pa.schema([("id", pa.string()), ("text", pa.string())])
    with pq.ParquetWriter(folder / "in.parquet", schema) as writer:
        for kind, text in kinds.items():
            for start in range(0, count, 1 << 16):
                numbers = range(start, min(start + (1 << 16), count))
                lines = {"id": [f"{kind} {number:09}" for number in numbers], "text": [text(n) for n in numbers]}
                writer.write_table(pa.table(lines, schema))
    taken = measured("odd", count * len(kinds), folder / "out", SCALE_FILE=str(folder / "in.parquet"))
    found = {"exact": dict.fromkeys(kinds, 0), "near": dict.fromkeys(kinds, 0)}
    for name, column in (("exact", "copy_rank"), ("near", "near_copy_rank")):
        for path in (folder / "out" / name).glob("*.parquet"):
            table = pq.read_table(path, columns=["id", column])
            gone = table.filter(pa.array(table.column(column).to_numpy() > 0)).column("id").to_pylist()
            for kind, number in Counter(line.rpartition(" ")[0] for line in gone).items():
                found[name][kind] += number
    expected = {
        "exact": {"one word": count - 1000, "punctuation": count - 1000, "mixed scripts": 0, "null": 0},
        "near": {"one word": count - 1000, "punctuation": 0, "mixed scripts": count - 1, "null": 0},
    }
    if found != expected:
        raise RuntimeError(f"odd documents: {found}, not {expected}")
    shutil.rmtree(folder)
    return {**taken, "result": {"of_each_kind": count, "removed": found}}


def large(folder: Path) -> list[dict[str, Any]]:
    """Run both passes over documents of 25 and 100 MB: two near copies of many scripts, punctuation, one word."""
    chance, lines = np.random.default_rng(3), []
    for megabytes in (1, 4) if QUICK else (25, 100):
        words = np.array(["Wort", "слово", "単語", "word", "λέξη", "كلمة", *(f"w{i}" for i in range(5000))])
        text = " ".join(chance.choice(words, megabytes * 180_000).tolist())
        texts = [
            text,
            text + " and a little more",
            "?! ... " * (megabytes * 1_000_000 // 7),
            "字" * (megabytes * 333_333),
        ]
        place = folder / f"large-{megabytes}"
        place.mkdir()
        pq.write_table(pa.table({"id": ["a", "b", "c", "d"], "text": texts}), place / "in.parquet")
        taken = measured("large", len(texts), place / "out", SCALE_FILE=str(place / "in.parquet"))
        found = [row for path in (place / "out" / "near").glob("*.parquet") for row in pq.read_table(path).to_pylist()]
        if [(row["id"], row["near_copy_of"]) for row in found] != [("a", "b"), ("b", None)]:
            raise RuntimeError(f"{megabytes} MB: {found}")
        sizes = [len(one.encode()) for one in texts]
        lines.append({"text_bytes": sizes, **{key: taken[key] for key in ("wall_s", "cpu_s", "peak_mb", "disk_mb")}})
        shutil.rmtree(place)
    return lines


def real(folder: Path) -> dict[str, Any]:
    """Measure on real texts what drawn ones cannot tell: kernels (one thread, best of three), shingles and notes."""
    files = sorted(str(path) for path in DATA.glob("mixed-*.parquet"))
    if not files:
        return {"none": "no real texts are here: BENCH_DATA is not a folder with mixed-*.parquet"}
    batches = [batch for path in files for batch in pq.ParquetFile(path).iter_batches(1024, columns=["text"])]
    size = sum(pc.sum(pc.binary_length(batch.column(0))).as_py() for batch in batches)
    sketch, seconds, shingles = MinHash().measure, dict[str, list[float]](), 0
    for _ in range(4):  # the first compiles
        shingles = 0
        for kind in ("signatures", "shingles"):
            begin = time.process_time()
            for batch in batches:
                if kind == "signatures":
                    sketch(batch)
                else:
                    shingles += len(shingle_set(string_buffers(batch.column(0)), 5).hashes)
            seconds.setdefault(kind, []).append(time.process_time() - begin)
    measured(
        "large", sum(map(len, batches)), folder / "out", SCALE_FILE=str(Path(files[0]).with_name("mixed-*.parquet"))
    )
    found = list((folder / "out" / "near" / "band-hashes").iterdir())
    return {
        "documents": sum(map(len, batches)),
        "text_bytes": size,
        **{f"{kind}_mb_per_s": round(size / min(taken[1:]) / 1e6, 1) for kind, taken in seconds.items()},
        "shingle_bytes": 8 * shingles,
        "hashes_bytes": sum(path.stat().st_size for path in found if path.suffix == ".hashes"),
        "noted_bytes": sum(path.stat().st_size for path in found if path.suffix == ".parquet"),
    }


def engines() -> dict[str, Any]:
    """Group the same band hashes with our kernel and with DuckDB, one thread each: CPU seconds, best of three."""
    chance = np.random.default_rng(1)
    hashes = chance.integers(0, 1 << 63, GROUPED).astype(np.uint64)
    hashes[: GROUPED // 5] = hashes[GROUPED // 5 : 2 * (GROUPED // 5)]
    numbers = np.arange(GROUPED)
    ours, theirs, same = [], [], set()
    for _ in range(3):
        begin = time.process_time()
        found = links(hashes, numbers)
        ours.append(time.process_time() - begin)
        same.add(len(found[0]))
        with duckdb.connect(config={"threads": 1}) as database:
            database.register("given", {"hash": hashes, "number": numbers})
            database.execute("create table banded as select hash, number from given")
            begin = time.process_time()
            ((count,),) = database.sql(
                """select count(*) from banded join (select hash, min(number) as head from banded
                group by hash having count(*) > 1) using (hash) where number <> head"""
            ).fetchall()
            theirs.append(time.process_time() - begin)
            same.add(count)
    if len(same) != 1:
        raise RuntimeError(f"the engines disagree: {same}")
    return {
        "hashes": GROUPED,
        "links": same.pop(),
        "atom_data_cpu_s": round(min(ours), 2),
        "duckdb_cpu_s": round(min(theirs), 2),
    }


def pass_of(what: str, documents: int, folder: Path) -> dict[str, Any]:
    """Run the pass over drawn documents, and hold its result against what was drawn."""
    out = folder / f"{what}-{documents}"
    taken = measured(what, documents, out)
    taken["result"] = CHECKS[what](out, documents)
    shutil.rmtree(out)
    return taken


def twice(measure: Callable[[int], dict[str, Any]]) -> list[dict[str, Any]]:
    """Measure half as many and all, so that one sees whether time is linear."""
    return [measure(HOT // 2), measure(HOT)]


PARTS: dict[str, Callable[[Path], Any]] = {
    "grouping": lambda _: engines(),
    "real": real,
    "signatures": lambda folder: pass_of("signatures", DOCUMENTS, folder),
    "texts": lambda folder: twice(lambda documents: pass_of("texts", documents, folder)),
    "template": lambda folder: twice(lambda documents: pass_of("template", documents, folder)),
    "pages": lambda folder: twice(lambda documents: pass_of("pages", documents, folder)),
    "same": lambda folder: twice(lambda documents: pass_of("same", documents, folder)),
    "equal": lambda folder: twice(lambda documents: pass_of("equal", documents, folder)),
    "odd": lambda folder: twice(lambda documents: odd(documents, folder / f"odd-{documents}")),
    "large": large,
}


def main() -> None:
    """Measure the parts that are named, or all; each is written into the report when it is done."""
    unknown = set(sys.argv[1:]) - set(PARTS)
    if unknown:
        sys.exit(f"scale.py: no part {', '.join(sorted(unknown))}; parts: {', '.join(PARTS)}. Name some of these.")
    path = RESULTS / "scale" / "report.json"  # a folder of its own: it has no rows for the table of speeds
    for part in sys.argv[1:] or PARTS:
        with tempfile.TemporaryDirectory(prefix="atom-data-scale-", dir=os.environ.get("SCALE_TMPDIR")) as folder:
            taken = PARTS[part](Path(folder))
        print(json.dumps({part: taken}, indent=1), file=sys.stderr)
        if not QUICK:
            known = json.loads(path.read_text()) if path.exists() else {}
            settings: dict[str, Any] = {"name": "scale", "machine": machine(), "workers": WORKERS, "memory": MEMORY}
            if sys.argv[1:] and known:  # parts of several days: the busiest one counts
                loads = (known["machine"]["load_before"], settings["machine"]["load_before"])
                settings["machine"]["load_before"] = max(loads)
            report = {**settings, **{name: known[name] for name in PARTS if name in known}, part: taken}
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.dumps(report, indent=1) + "\n")
    if not QUICK and all(name in report for name in PARTS) and "none" not in report["real"]:
        scale_page.main()


if __name__ == "__main__":
    main()

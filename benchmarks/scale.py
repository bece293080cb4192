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
import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import scale_draw
from measure import QUICK, RESULTS, Memory, machine

from atom_data.storage.receipts import read_json
from atom_data.text.groups import links

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
    jobs = [_job(plan.parent) for plan in sorted(out.glob("*/plan.json"), key=lambda path: path.stat().st_mtime)]
    return {
        "documents": documents,
        "wall_s": round(time.monotonic() - begin, 1),
        "cpu_s": round(sum(job["cpu_s"] for job in jobs), 1),
        "peak_mb": round(memory.most / 1e6),
        "disk_mb": round(sum(job["disk_mb"] for job in jobs)),
        "jobs": jobs,
    }


def _job(folder: Path) -> dict[str, Any]:
    receipts = [read_json(str(path)) or {} for path in sorted((folder / "receipts").glob("*.json"))]
    taken = [receipt["measured"] for receipt in receipts]
    size = sum(item["bytes"] for receipt in receipts for item in receipt["outputs"])
    return {
        "job": folder.name,
        "tasks": len(receipts),
        "cpu_s": round(sum(one["cpu_seconds"] for one in taken), 1),
        "task_peak_mb": round(max(one["peak_memory_bytes"] for one in taken) / 1e6),
        "disk_mb": round(size / 1e6, 1),
    }


@numba.njit(cache=True)
def _best(firsts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return, for each document, the smallest number in its cluster."""
    smallest = np.full(firsts.size, -1, np.int64)
    for number in range(firsts.size):
        if smallest[firsts[number]] < 0:
            smallest[firsts[number]] = number
    for number in range(firsts.size):
        firsts[number] = smallest[firsts[number]]
    return firsts


def checked(out: Path, documents: int) -> dict[str, Any]:
    """Compare the cluster of every document with the one it was drawn from. RuntimeError when one differs."""
    kinds = scale_draw.layout(documents)
    firsts, sizes = np.empty(documents, np.int64), np.empty(documents, np.int32)
    for start in range(0, documents, 1 << 20):
        found = scale_draw.clusters(np.arange(start, min(start + (1 << 20), documents)), documents, kinds)
        firsts[start : start + len(found)], sizes[start : start + len(found)] = found[:, 0], found[:, 2]
    expected, wrong, seen = _best(firsts), 0, np.zeros(documents, bool)
    for path in sorted((out / "near").glob("*.parquet")):
        columns = ["id", "near_copy_cluster", "near_copy_count", "near_copy_rank"]
        for batch in pq.ParquetFile(path).iter_batches(columns=columns):
            number = batch.column("id").cast("int64").to_numpy()
            seen[number] = True
            wrong += int((batch.column("near_copy_cluster").cast("int64").to_numpy() != expected[number]).sum())
            wrong += int((batch.column("near_copy_count").to_numpy() != sizes[number]).sum())
            wrong += int(((batch.column("near_copy_rank").to_numpy() == 0) != (expected[number] == number)).sum())
    wrong += int((seen != (sizes > 1)).sum())
    if wrong:
        raise RuntimeError(f"{wrong} differences from the clusters that were drawn")
    removed = int((expected != np.arange(documents)).sum())
    clusters = int(((sizes > 1) & (expected == np.arange(documents))).sum())
    return {"clusters": clusters, "removed": removed, "largest": int(sizes.max()), "wrong": wrong}


def removed(out: Path, name: str) -> dict[str, int]:
    """Count who stays of a hot bucket."""
    kept = sum(pq.read_metadata(path).num_rows for path in (out / name).glob("*.parquet"))
    return {"in_buckets": kept, "removed": _noted(out, name, "copies")}


def _noted(out: Path, job: str, note: str) -> int:
    receipts = (read_json(str(path)) or {} for path in (out / job / "receipts").glob("*.json"))
    return sum(receipt["notes"].get(note, 0) for receipt in receipts)


def confirmed(out: Path, documents: int) -> dict[str, Any]:
    """Hold every copy of the drawn texts against what was drawn. RuntimeError when one is of another cluster."""
    kinds, wrong, copies, least = scale_draw.layout(documents), 0, 0, 1.0
    for path in sorted((out / "near").glob("*.parquet")):
        table = pq.read_table(path, columns=["id", "near_copy_of", "near_copy_jaccard"]).drop_null()
        ends = [table.column(name).cast("int64").to_numpy() for name in ("id", "near_copy_of")]
        one, other = (scale_draw.clusters(end, documents, kinds)[:, 0] for end in ends)
        wrong += int((one != other).sum())
        copies += len(one)
        least = min([least, *table.column("near_copy_jaccard").to_numpy().tolist()])
    expected = sum((size - 1) * (places // size) for size, _, places in kinds.tolist())
    if wrong or least < 0.75:
        raise RuntimeError(f"{wrong} copies are of another cluster, the least Jaccard index is {least}")
    notes = {note: _noted(out, "near-confirmed", note) for note in ("candidates", "sets", "compared")}
    return {"drawn_copies": expected, "removed": copies, "wrong": wrong, "least_jaccard": round(least, 4), **notes}


def odd(folder: Path) -> dict[str, Any]:
    """Run both passes over many documents of one word, of punctuation, of mixed scripts with a number, and of nothing."""
    count, words = max(HOT // 10, 1000), ("Wort", "слово", "単語", "word", "λέξη", "كلمة", "שלום", "말", "शब्द")
    mixed = " ".join(f"{word}{number}" for number in range(8) for word in words)
    kinds: dict[str, Callable[[int], str | None]] = {
        "one word": lambda number: f"word{number % 1000}",
        "punctuation": lambda number: "?! ... " * (number % 1000 + 1),
        "mixed scripts": lambda number: f"{mixed} {number}",
        "null": lambda _: None,
    }
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
    return {**taken, "result": {"of_each_kind": count, "removed": found}}


def large(folder: Path) -> list[dict[str, Any]]:
    """Run both passes over documents of 25 and 100 MB: two near copies of many scripts, and one of punctuation alone."""
    chance, lines = np.random.default_rng(3), []
    for megabytes in (1, 4) if QUICK else (25, 100):
        words = np.array(["Wort", "слово", "単語", "word", "λέξη", "كلمة", *(f"w{i}" for i in range(5000))])
        text = " ".join(chance.choice(words, megabytes * 180_000).tolist())
        texts = [text, text + " and a little more", "?! ... " * (megabytes * 1_000_000 // 7)]
        place = folder / f"large-{megabytes}"
        place.mkdir()
        pq.write_table(pa.table({"id": ["a", "b", "c"], "text": texts}), place / "in.parquet")
        taken = measured("large", 3, place / "out", SCALE_FILE=str(place / "in.parquet"))
        found = [row for path in (place / "out" / "near").glob("*.parquet") for row in pq.read_table(path).to_pylist()]
        if [(row["id"], row["near_copy_of"]) for row in found] != [("a", "b"), ("b", None)]:
            raise RuntimeError(f"{megabytes} MB: {found}")
        sizes = [len(one.encode()) for one in texts]
        lines.append({"text_bytes": sizes, **{key: taken[key] for key in ("wall_s", "cpu_s", "peak_mb", "disk_mb")}})
        shutil.rmtree(place)
    return lines


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
    out = folder / what
    taken = measured(what, documents, out)
    check = {"signatures": checked, "texts": confirmed}.get(what)
    taken["result"] = check(out, documents) if check else removed(out, "exact" if what == "same" else "near")
    return taken


PARTS: dict[str, Callable[[Path], Any]] = {
    "grouping": lambda _: engines(),
    "signatures": lambda folder: pass_of("signatures", DOCUMENTS, folder),
    "texts": lambda folder: pass_of("texts", HOT, folder),
    "template": lambda folder: pass_of("template", HOT, folder),
    "pages": lambda folder: pass_of("pages", HOT, folder),
    "same": lambda folder: pass_of("same", HOT, folder),
    "odd": odd,
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
            settings = {"name": "scale", "machine": machine(), "workers": WORKERS, "memory": MEMORY}
            report = {**settings, **{name: known[name] for name in PARTS if name in known}, part: taken}
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()

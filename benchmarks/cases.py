"""Inputs that once failed: each must give what benchmarks/cases.toml says, a value or a reason with a name.

    make cases                              with ../shared/data/cases.tar.xz
    python benchmarks/cases.py --data DIR   with the archive in another folder

It prints a line a folder and every case that is not as expected, and writes results/cases.json with what was seen. Exit code
1 when a case is not as expected, 2 where the archive is missing.
"""

import json
import os
import resource
import sys
import tarfile
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
from inputs import arguments
from measure import ROOT, write_report

from atom_data import Extract
from atom_data.errors import AtomDataError
from atom_data.extract import WholeText
from atom_data.readers import Jsonl, Parquet, Warc
from atom_data.rewrite import ReplacePrivate
from atom_data.storage.shards import Intake
from atom_data.workspace import Workspace

ARCHIVE = "cases.tar.xz"
READERS = {"warc": Warc, "jsonl": Jsonl, "parquet": Parquet}
HERE = Workspace("")
BEGINS = 20


class Case(NamedTuple):
    """One input: what must come, and what came."""

    folder: str
    case: str
    expected: object
    seen: object
    named: str = ""
    """Why it is not as it should be, where that is known and stated."""

    @property
    def right(self) -> bool:
        """Tell whether it is as expected."""
        return self.expected == self.seen


def main() -> int:
    """Read every input, print and report."""
    parser = arguments(__doc__, "the texts")
    archive = parser.parse_args().data / ARCHIVE
    if not archive.is_file():
        print(
            f"{archive}: is not there. Put {ARCHIVE} into that folder, or name its folder with --data.", file=sys.stderr
        )
        return 2
    expected = tomllib.loads((ROOT / "benchmarks" / "cases.toml").read_text("utf-8"))
    with tempfile.TemporaryDirectory(prefix="bench-cases-") as place:
        with tarfile.open(archive) as packed:
            packed.extractall(place, filter="data")
        cases = list(_all(Path(place), expected))
    counts = {folder: Counter(_verdict(case) for case in cases if case.folder == folder) for folder in _folders(cases)}
    _table(cases, counts)
    print(write_report("cases", {"counts": counts, "cases": {folder: _said(cases, folder) for folder in counts}}))
    return 0 if all(_verdict(case) != "wrong" for case in cases) else 1


def _all(place: Path, expected: dict[str, Any]) -> Iterator[Case]:
    for folder, pages in expected["pages"].items():
        yield from _pages(place, folder, pages)
    yield from _lists(place, expected["lists"])
    yield from _private(place, expected["private"])
    for name, wanted in expected["files"].items():
        yield _file(place, name, wanted)


def _pages(place: Path, folder: str, expected: dict[str, Any]) -> Iterator[Case]:
    """Every page of the WARC files of a folder, and no other one."""
    seen: dict[str, object] = {}
    for batch in _batches(Warc(str(place / folder), source="cases"), Counter()):
        for page, row in zip(batch.to_pylist(), Extract(engine=WholeText())(batch).to_pylist(), strict=True):
            text = "".join((row["text"] or "").split())
            first = {"status_lines": page["http_status"] or 0, "warc-dates": page["date"] or ""}
            first_value = first.get(folder, page["payload_status"] or "")
            counts = (row["extract_status"], text.count("\ufffd"), len(text), text[:BEGINS])
            seen[page["url"].rpartition("/")[2]] = [first_value, *counts]
    for name in dict.fromkeys([*expected, *seen]):
        yield Case(folder, name, expected.get(name), seen.get(name))


def _lists(place: Path, expected: dict[str, Any]) -> Iterator[Case]:
    """By the default engine: whether a page's words are all there. A paragraph that stands on a page twice is kept once."""
    for batch in _batches(Warc(str(place / "html-lists"), source="cases"), Counter()):
        whole = Extract(engine=WholeText())(batch).to_pylist()
        for page, row, other in zip(batch.to_pylist(), Extract()(batch).to_pylist(), whole, strict=True):
            name = page["url"].rpartition("/")[2]
            words = set(other["text"].replace("•", " ").split()) - set(row["text"].split())
            lost = sum(word.isalpha() for word in words)
            named = expected["named"] if lost and name in expected["dropped"] else ""
            yield Case(
                "html-lists, default engine", name, "all words", f"{lost} words lost" if lost else "all words", named
            )


def _private(place: Path, expected: dict[str, str]) -> Iterator[Case]:
    for batch in _batches(Jsonl(str(place / "pii"), source="cases"), Counter()):
        for before, after in zip(batch.to_pylist(), ReplacePrivate()(batch).to_pylist(), strict=True):
            yield Case("pii", before["id"], expected.get(before["id"], before["text"]), after["text"])


def _file(place: Path, name: str, wanted: dict[str, Any]) -> Case:
    """Read the files of a folder in a process of its own, so that its memory is its own."""
    folder = wanted.get("folder", name)
    with get_context("spawn").Pool(1) as pool:
        seen = pool.apply(_read, (str(place / folder), wanted))
    expected = {key: wanted[key] for key in ("rows", "dead", "ids", "columns") if key in wanted}
    if "error" in wanted:
        expected = {"error": wanted["error"]}
        if wanted["error"] in seen.get("error", ""):
            seen["error"] = wanted["error"]
    if "most_mb" in wanted:
        expected["within_mb"] = wanted["most_mb"]
        seen["within_mb"] = wanted["most_mb"] if seen["peak_mb"] <= wanted["most_mb"] else seen["peak_mb"]
        return Case(folder, f"{name} ({seen.pop('peak_mb')} MB, {seen.pop('cpu_s')} s of CPU)", expected, seen)
    return Case(folder, name, expected, {key: value for key, value in seen.items() if key not in ("peak_mb", "cpu_s")})


def _read(path: str, wanted: dict[str, Any]) -> dict[str, Any]:
    """Return what came of it: rows, dead letters, first ids and asked columns of the first row; or the error."""
    start, dead, rows, first = time.process_time(), Counter[str](), 0, pa.table({})
    try:
        source = READERS[wanted["reader"]](path, source="cases", **wanted.get("options", {}))
        for batch in _batches(source, dead):
            first = pa.Table.from_batches([batch]).slice(0, 3) if not rows else first
            rows += batch.num_rows
    except AtomDataError as error:
        return {"error": str(error).replace(path, "...")}
    seen: dict[str, Any] = {"rows": rows}
    if dead or "dead" in wanted:
        seen["dead"] = dict(dead)
    if "ids" in wanted:
        seen["ids"] = first.column("id").to_pylist()
    if "columns" in wanted:
        seen["columns"] = {name: first.column(name)[0].as_py() for name in wanted["columns"]}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    return seen | {"peak_mb": round(peak), "cpu_s": round(time.process_time() - start, 1)}


def _batches(source: Warc | Jsonl | Parquet, dead: Counter[str]) -> Iterator[pa.RecordBatch]:
    intake = Intake(reject=lambda reason, *_: dead.update([reason]))
    for shard in source.shards(HERE):
        yield from source.read(shard, HERE, tuple(source.schema().names), intake)


def _verdict(case: Case) -> str:
    if case.right:
        return "right"
    return "named" if case.named else "wrong"


def _said(cases: list[Case], folder: str) -> dict[str, str]:
    """Return what was seen of each input of a folder, a line each."""
    said = {}
    for case in cases:
        if case.folder == folder:
            other = "" if case.right else f"; expected: {case.expected}"
            said[case.case] = f"{_verdict(case)}: {json.dumps(case.seen, ensure_ascii=False)}{other}"
    return said


def _folders(cases: list[Case]) -> list[str]:
    return list(dict.fromkeys(case.folder for case in cases))


def _table(cases: list[Case], counts: dict[str, Counter[str]]) -> None:
    print(f"{'folder':28} {'right':>6} {'named':>6} {'wrong':>6}")
    for folder, found in counts.items():
        print(f"{folder:28} {found['right']:6} {found['named']:6} {found['wrong']:6}")
    total = sum(counts.values(), Counter[str]())
    print(f"{'all':28} {total['right']:6} {total['named']:6} {total['wrong']:6}")
    for case in cases:
        if _verdict(case) == "wrong":
            print(f"\n{case.folder} {case.case}: expected {case.expected}\n  seen {case.seen}")
    for named in dict.fromkeys(case.named for case in cases if case.named):
        print(f"\nnamed: {named}")


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())

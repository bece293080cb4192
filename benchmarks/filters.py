"""Quality filters: Gopher quality, Gopher repetition, C4 and FineWeb together, beside datatrove's own four blocks.

    make bench-filters           QUICK=1: a part of the texts, two rounds
    python benchmarks/filters.py --data FOLDER

FOLDER holds golden.tar.xz (the default is ../shared/data, or BENCH_DATA); without it the pages of the
sample are taken. Every contender is a process of its own that
first filters one text, so that nothing is compiled or loaded on the clock; then it is timed over all texts, once. Ours is
the signal and four cards, from Arrow batches to reasons; datatrove gets Python strings, made off the clock. Both have the
same rules and the same words. First all filters of both decide about every document, and must agree.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
import tomllib
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from conformance import decisions
from contenders import DATATROVE, PEERS
from environment import environment
from inputs import arguments
from langid import instead
from measure import QUICK, ROOT, Run, in_turn, note, row, run
from table import each, tell

from atom_data import keep
from atom_data.rules import REASON
from atom_data.signals import measure_as_datatrove

ROUNDS, PEER_ROUNDS = (2, 1) if QUICK else (7, 3)
PEER_BYTES = 1_500_000 if QUICK else 8_000_000
"""What datatrove is given: a part of the texts, because it takes minutes for all."""
BATCH_ROWS = 1_000
LEAST_SAME = 0.985
WORK = "gopher_quality+gopher_repetition+c4+fineweb"
CARDS = {
    "gopher_repetition": "datatrove_gopher_repetition",
    "gopher_quality": "datatrove_gopher_quality",
    "c4": "datatrove_c4_no_terminal",
    "fineweb": "datatrove_fineweb",
}


def main() -> None:
    """Measure, check that the decisions are the same, write the report, print the table."""
    parser = arguments(__doc__, "the texts")
    parser.add_argument("--texts", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--clock", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.texts:
        decided, took = contend(given.texts)
        pq.write_table(decided, given.out / "decisions.parquet")
        note(given.clock, took)
        return
    with tempfile.TemporaryDirectory(prefix="bench-filters-") as place:
        report = measure(given.data, Path(place))
    tell("filters", report, *each(report["same_work"]))


def contend(texts: Path) -> tuple[pa.Table, dict[str, float]]:
    """Decide about all texts, on the clock; return the decisions and the times."""
    batches = pq.read_table(texts).to_batches(max_chunksize=BATCH_ROWS)
    cards = {name: keep(card) for name, card in CARDS.items()}
    decide(pa.record_batch({"text": ["a text"]}), cards)
    wall, cpu = time.perf_counter(), time.process_time()
    found = [decide(batch, cards) for batch in batches]
    took = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
    return pa.Table.from_batches(found), took


def decide(batch: pa.RecordBatch, cards: dict[str, Any]) -> pa.RecordBatch:
    """Return what each card keeps."""
    measured = measure_as_datatrove(batch)
    return pa.record_batch({name: card(measured).column(REASON).is_null() for name, card in cards.items()})


def measure(data: Path, scratch: Path) -> dict[str, Any]:
    """Run both in turn and return the report without its name and machine."""
    golden = data / "golden.tar.xz"
    texts = decisions(golden).column("text").to_pylist() if golden.exists() else instead(data, golden.name)
    every, part = scratch / "every.parquet", scratch / "part.parquet"
    step = max(1, sum(len(text.encode()) for text in texts) // PEER_BYTES)
    pq.write_table(pa.table({"text": texts}), every)
    pq.write_table(pa.table({"text": texts[::step]}), part)
    python = environment("datatrove-filters", DATATROVE)
    clocks = {name: scratch / f"{name}.jsonl" for name in ("atom-data", "datatrove", "check")}

    def ours(source: Path, clock: Path, folder: Path) -> list[str]:
        return [sys.executable, __file__, "--texts", str(source), "--clock", str(clock), "--out", str(folder)]

    def theirs(folder: Path) -> list[str]:
        what = ["--texts", str(part), "--clock", str(clocks["datatrove"]), "--out", str(folder)]
        return [str(python), str(PEERS / "datatrove_filters.py"), *what]

    (scratch / "ours").mkdir()
    (scratch / "theirs").mkdir()
    run(ours(part, clocks["check"], scratch / "ours"), scratch / "ours")
    asked = [str(python), str(PEERS / "datatrove_filters.py"), "--texts", str(part), "--every"]
    run([*asked, "--out", str(scratch / "theirs")], scratch / "theirs")
    same = same_work(scratch / "ours", scratch / "theirs")
    rounds = {"atom-data": ROUNDS, "datatrove": PEER_ROUNDS}
    runs = in_turn(
        {"atom-data": partial(ours, every, clocks["atom-data"]), "datatrove": theirs}, rounds, scratch / "runs"
    )
    timed = {name: _clocked(taken, clocks[name]) for name, taken in runs.items()}
    rows = [
        _row("atom-data", _version(), timed["atom-data"], texts),
        _row("datatrove", DATATROVE[0].partition("==")[2], timed["datatrove"], texts[::step]),
    ]
    return {
        "input": {"what": "web pages", "bytes": sum(len(text.encode()) for text in texts), "documents": len(texts)},
        "rows": rows,
        "ratios": {"datatrove CPU": round(rows[0]["mb_per_s_core"] / rows[1]["mb_per_s_core"], 1)},
        "same_work": same,
    }


def _clocked(taken: list[Run], clock: Path) -> list[Run]:
    return [replace(item, **json.loads(line)) for item, line in zip(taken, clock.open(), strict=True)]


def _row(tool: str, version: str, runs: list[Run], texts: list[str]) -> dict[str, Any]:
    size = sum(len(text.encode()) for text in texts)
    result = {
        "documents": len(texts),
        "bytes": size,
        "best_mb_per_s_core": round(size / 1e6 / min(one.cpu_s for one in runs), 2),
    }
    return row(tool, version, WORK, runs, megabytes=size / 1e6, documents=len(texts), result=result)


def same_work(ours: Path, theirs: Path) -> dict[str, float]:
    """Return the share of documents that both decide the same, by filter. SystemExit when one is too low."""
    mine, other = (pq.read_table(folder / "decisions.parquet") for folder in (ours, theirs))
    found = {
        name: statistics.fmean(
            one == two for one, two in zip(mine[name].to_pylist(), other[name].to_pylist(), strict=True)
        )
        for name in CARDS
    }
    if min(found.values()) < LEAST_SAME:
        raise SystemExit(f"not the same work: shares of equal decisions are {found}.")
    return {f"{name}: same decisions": round(share, 5) for name, share in found.items()}


def _version() -> str:
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"])


if __name__ == "__main__":
    main()

"""Selecting records by Common Crawl's columnar index: entries per second of one core, from disk and entry by entry.

    make bench-selection          QUICK=1: 250,000 entries instead of 2 million

A made file with the columns that are looked at and values like those of a crawl: addresses of some 80 bytes in their order,
random digests, 90,000 WARC files, languages and types in the shares of a crawl. A real index has 300 such files of some ten
million entries each; by URL, the bytes have to be fetched besides, which is not measured here.
"""

import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from measure import LOAD, QUICK, write_report

from atom_data.readers.common_crawl.entries import entries
from atom_data.readers.common_crawl.selection import Filter, select
from atom_data.storage.web.traffic import Patience, Traffic

ENTRIES, EACH = (250_000 if QUICK else 2_000_000), 250_000
LANGUAGES = {
    "eng": 0.44,
    "deu": 0.055,
    "rus": 0.06,
    "fra": 0.045,
    "zho": 0.05,
    "spa": 0.045,
    "jpn": 0.05,
    "eng,deu": 0.1,
    "": 0.155,
}
MIMES = {"text/html": 0.9, "application/xhtml+xml": 0.08, "application/pdf": 0.02}
WANTED: dict[str, dict[str, tuple[str, ...]]] = {
    "a language": {"languages": ("deu",)},
    "1,000 domains": {"domains": tuple(f"site{number}.com" for number in range(1000))},
    "all pages": {},
}


def main() -> None:
    """Make the index, select from it in both ways, check that both give the same, write the report."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "index.parquet"
        make(index)
        for name, asked in WANTED.items():
            found = {
                way: selected(index, way, asked, Path(folder)) for way in ("by DuckDB from disk", "entry by entry")
            }
            one, other = found.values()
            assert one["bytes"] == other["bytes"], name
            for way, took in found.items():
                rows.append(
                    {"wanted": name, "way": way, **{key: value for key, value in took.items() if key != "bytes"}}
                )
        size = index.stat().st_size
    report = {
        "input": {"what": "a made columnar index", "entries": ENTRIES, "bytes": size},
        "load_before": LOAD,
        "rows": rows,
    }
    print(json.dumps(report, indent=1))
    if not QUICK:
        write_report("selection", report)


def make(path: Path) -> None:
    """Write the index, sorted by address as a real one is."""
    draw, writer = np.random.default_rng(1), None
    for start in range(0, ENTRIES, EACH):
        table = part(draw, start)
        writer = writer or pq.ParquetWriter(path, table.schema, compression="gzip")
        writer.write_table(table, row_group_size=EACH)
    if writer is not None:
        writer.close()


def part(draw: np.random.Generator, start: int) -> pa.Table:
    """Return some entries."""
    hosts, pages = np.arange(start, start + EACH) // 40, draw.integers(0, 1 << 40, (EACH, 2))
    ends = ("com", "de", "org", "co.uk", "fr")
    urls = [
        f"https://www.site{host}.{ends[host % 5]}/{one:x}/articles/page-{two:x}.html?id={one % 9999}"
        for host, (one, two) in zip(hosts.tolist(), pages.tolist(), strict=True)
    ]
    files = [
        f"crawl-data/CC-MAIN-2026-22/segments/17790000{one:02}.7/warc/CC-MAIN-20260512000000-20260512030000-{two:05}.warc.gz"
        for one, two in zip(draw.integers(0, 100, EACH).tolist(), draw.integers(0, 900, EACH).tolist(), strict=True)
    ]
    letters = (
        np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", np.uint8)[draw.integers(0, 32, (EACH, 32))]
        .tobytes()
        .decode()
    )
    return pa.table({
        "url": urls,
        "fetch_status": pa.array(draw.choice([200, 301, 404], EACH, p=[0.98, 0.01, 0.01]), pa.int16()),
        "content_digest": [letters[32 * number : 32 * number + 32] for number in range(EACH)],
        "content_mime_type": ["text/html"] * EACH,
        "content_mime_detected": draw.choice(list(MIMES), EACH, p=list(MIMES.values())).tolist(),
        "content_languages": [name or None for name in draw.choice(list(LANGUAGES), EACH, p=list(LANGUAGES.values())).tolist()],
        "warc_filename": files,
        "warc_record_offset": pa.array(draw.integers(0, 1 << 30, EACH), pa.int32()),
        "warc_record_length": pa.array(draw.integers(2_000, 60_000, EACH), pa.int32()),
    })  # fmt: skip


def selected(index: Path, way: str, asked: dict[str, tuple[str, ...]], folder: Path) -> dict[str, Any]:
    """Return what a selection takes, on all cores that there are; the seconds are those of all of them together."""
    every: dict[str, Any] = {
        "languages": (),
        "mimes": ("text/html", "application/xhtml+xml"),
        "statuses": (200,),
        "domains": (),
        "digests": (),
    }
    there, out = way == "by DuckDB from disk", folder / "selected.parquet"
    since, wall = time.process_time(), time.perf_counter()
    batches = () if there else entries(str(index), Patience(), Traffic())
    select(batches, [str(index)] if there else (), Filter(**every | asked), str(out), 1 << 20, 256 << 20, "bench")
    cpu, wall = time.process_time() - since, time.perf_counter() - wall
    return {
        "records": pq.read_metadata(out).num_rows, "cpu_s": round(cpu, 2), "wall_s": round(wall, 2),
        "entries_per_s_core": round(ENTRIES / cpu), "bytes": out.read_bytes(),
    }  # fmt: skip


if __name__ == "__main__":
    main()

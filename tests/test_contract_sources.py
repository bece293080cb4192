"""One contract for every source and pass of this package: what `atom_data.testing` tries holds for each."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from atom_data import (
    Copies,
    Jsonl,
    Lines,
    MinHash,
    Paragraphs,
    Parquet,
    Repeats,
    SameContent,
    SameText,
    SameUrl,
    Stage,
    Substrings,
    Text,
    Warc,
    Wet,
    hold_out,
)
from atom_data.graph import Pass, Source
from atom_data.signals import count_words
from atom_data.testing import check_pass, check_source
from tests.readers.archives import members, record

SENTENCES = [f"This is sentence {i}, and it has something to say of the weather of day {i}." for i in range(12)]


def texts(part: int) -> list[str]:
    """Return texts of which some are equal, some nearly, and some share lines."""
    pages = ["\n".join(SENTENCES[i : i + 8]) for i in range(3)] * 2
    return [*pages, f"\n\n{SENTENCES[0]}\n\n{SENTENCES[part]}", "", "ß" * 300, "\n".join(SENTENCES[:7]) + f"\n{part}"]


def write_warc(folder: Path) -> Source:
    for part in range(2):
        (folder / f"{part}.warc.gz").write_bytes(members(*(record(10 * part + i) for i in range(6))))
    return Warc(f"{folder}/*.warc.gz", source="web")


def write_wet(folder: Path) -> Source:
    for part in range(2):
        found = [record(10 * part + i, text.encode(), "conversion") for i, text in enumerate(texts(part))]
        (folder / f"{part}.warc.wet.gz").write_bytes(members(*found))
    return Wet(f"{folder}/*.wet.gz", source="web")


def write_jsonl(folder: Path) -> Source:
    for part in range(2):
        lines = [json.dumps({"id": f"{part}-{i}", "text": text}) for i, text in enumerate(texts(part))]
        (folder / f"{part}.jsonl.gz").write_bytes(gzip.compress("\n".join([*lines, "{broken"]).encode()))
    return Jsonl(f"{folder}/*.jsonl.gz", source="lines")


def write_text(folder: Path) -> Source:
    for part in range(2):
        (folder / f"{part}.txt").write_text(f"part {part}\n\n".join(texts(part)))
    return Text(str(folder), source="files", unit="block")


def write_parquet(folder: Path) -> Source:
    for part in range(2):
        rows = [
            {"id": f"{part}-{i}", "text": text or None, "url": f"https://h{i % 3}.org/{i % 4}", "source": "table"}
            for i, text in enumerate(texts(part))
        ]
        pq.write_table(pa.Table.from_pylist(rows), folder / f"{part}.parquet", row_group_size=4)
    return Parquet(f"{folder}/*.parquet", source="table")


READERS = [write_warc, write_wet, write_jsonl, write_text, write_parquet]
PASSES = [
    lambda of: Copies(of=of, by=SameText()),
    lambda of: Copies(of=of, by=SameContent()),
    lambda of: Copies(of=of, by=SameUrl(), keep=("longest",), parts=3),
    lambda of: Copies(of=of, by=MinHash(), parts=2),
    lambda of: Copies(of=Copies(of=of, by=SameText()), by=MinHash()),
    lambda of: Repeats(of=of, by=Lines(), partitions=2),
    lambda of: Repeats(of=of, by=Paragraphs(), partitions=2, prefer=("table",)),
    lambda of: Repeats(of=of, by=Substrings(), partitions=2),
]


@pytest.mark.parametrize("write", READERS)
def test_reader_holds_to_the_contract(write: Callable[[Path], Source], tmp_path: Path) -> None:
    check_source(write(tmp_path))


def test_split_files_hold_to_the_contract(tmp_path: Path) -> None:
    write_warc(tmp_path)
    check_source(Warc(f"{tmp_path}/*.warc.gz", source="web", split_bytes=600), shards=6)


def test_part_holds_to_the_contract(tmp_path: Path) -> None:
    check_source(hold_out(write_parquet(tmp_path), 0.4)[0])


@pytest.mark.parametrize("made", PASSES)
def test_pass_holds_to_the_contract(made: Callable[[Source], Pass], tmp_path: Path) -> None:
    stage = Stage(name="clean", reads=write_parquet(tmp_path), steps=(count_words,))
    check_pass(made(stage))

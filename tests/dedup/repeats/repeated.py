"""Texts with repeats, and the passes that find them, for the tests of lines, substrings and of the pass as a whole."""

import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from atom_data import Parquet, RemoveSpans, Repeats
from atom_data.dedup.repeats.remove import SPANS
from atom_data.graph import in_order
from atom_data.runner.worker import do_task
from atom_data.storage.shards import Intake
from atom_data.workspace import Workspace

NO_TEXT: list[str | None] = [None, ""]


LINES = ["Menu", "menu!", "MENÜ", "Page 1 of 9", "Page 2 of 8", "---", "", "One line of text.", "Another, longer line."]


BASE = "The quick brown fox jumps over the lazy dog; 漢字かな交じり文 and ünïcödé — all of it again and again.\n" * 2


def shards(folder: Path, texts: list[str | None], count: int = 3, sources: list[str] | None = None) -> Parquet:
    """Write texts in order into shards, and return them as a source."""
    folder.mkdir(parents=True, exist_ok=True)
    size = -(-len(texts) // count) or 1
    for number in range(count):
        part = texts[number * size : (number + 1) * size]
        table = {"id": [f"d{number * size + i:05}" for i in range(len(part))], "text": pa.array(part, pa.string())}
        if sources is not None:
            table["source"] = sources[number * size : (number + 1) * size]
        pq.write_table(pa.table(table), folder / f"shard-{number}.parquet")
    return Parquet(str(folder / "*.parquet"))


def execute(repeats: Repeats, out: Path) -> list[dict[str, Any]]:
    """Run all jobs of a pass in this process and return the rows that a stage would read."""
    for job in in_order(repeats.jobs()):
        job.check()
        job.accept(
            [
                do_task(job, task, Workspace(str(out), "test"), lambda *_: None)
                for task in job.tasks(Workspace(str(out)))
            ]
        )
    intake = Intake(reject=lambda *_: None)
    names = repeats.schema().names
    found = [
        batch
        for shard in repeats.shards(Workspace(str(out)))
        for batch in repeats.read(shard, Workspace(str(out)), names, intake)
    ]
    assert all(batch.schema.field(field.name).type == field.type for batch in found for field in repeats.added)
    return [row for batch in found for row in batch.to_pylist()]


def marked(rows: list[dict[str, Any]], column: str) -> list[bytes]:
    """Return for each text a byte for a byte, 1 where it is in a span; check the spans and the sums on the way."""
    found = []
    for row in rows:
        text = (row["text"] or "").encode()
        flags, last = bytearray(len(text)), -1
        for span in row[f"{column}s"]:
            assert last < span["start"] < span["end"] <= len(text)
            flags[span["start"] : span["end"]] = b"\1" * (span["end"] - span["start"])
            last = span["end"]
        assert row[f"{column}_bytes"] == sum(flags)
        assert row[f"{column}_share"] == pytest.approx(sum(flags) / max(len(text), 1), abs=1e-6)
        found.append(bytes(flags))
    return found


def page(chance: random.Random) -> str:
    """Return a text with parts that others have, parts that repeat themselves, and parts of its own."""
    text = ""
    for _ in range(chance.randint(0, 7)):
        place = chance.randrange(len(BASE))
        text += chance.choice(
            [
                BASE[place : place + chance.randint(5, 120)],
                BASE[place : place + chance.randint(5, 120)],
                "ab" * chance.randint(1, 60),
                "é" * chance.randint(1, 60),
                "xyz zy!" * chance.randint(1, 20),
                "".join(chance.choice("abcde 漢\n") for _ in range(chance.randint(1, 60))),
            ]
        )
    return text


def cut(rows: list[dict[str, Any]], column: str) -> list[str]:
    """Return the texts without their spans, as the step cuts them."""
    spans = pa.array([row[column] for row in rows], SPANS)
    batch = pa.record_batch({"text": pa.array([row["text"] for row in rows], pa.string()), column: spans})
    left: list[str] = RemoveSpans(spans=column)(batch).column("text").to_pylist()
    return left

"""Repeats: who is first, what is refused, and hostile texts."""

import random
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from atom_data import Bloom, Lines, Paragraphs, Parquet, RemoveSpans, Repeats, Stage, Substrings
from atom_data.errors import ConfigError, DataError
from atom_data.graph import RawSource, in_order
from atom_data.runner.worker import do_task
from atom_data.storage.shards import Input, Intake, Shard
from atom_data.workspace import Workspace
from tests.dedup.repeats.repeated import execute, shards


def test_first_is_decided_by_preferred_source_then_shard_then_row(tmp_path: Path) -> None:
    texts = ["same line\n", "same line\n", "same line\n", "same line\n"]
    sources = ["web", "web", "wiki", "wiki"]
    for by in (Lines(), Lines(engine=Bloom(lines=100)), Substrings(length=16)):
        size = 1 if by.column == "repeated_line" else 30
        source = shards(tmp_path / f"in-{size}", [text * size for text in texts], 2, sources)
        out = tmp_path / f"{by.name}-{getattr(by, 'engine', '')!r:.8}"
        without = execute(Repeats(of=source, by=by), out / "without")
        preferred = execute(Repeats(of=source, by=by, prefer=("wiki",)), out / "with")
        whole = [row["id"] for row in preferred if row[f"{by.column}_share"] < 0.999]
        assert [row["id"] for row in without if row[f"{by.column}_share"] < 0.999] == ["d00000"]
        assert whole == ["d00002"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Substrings(length=9), "Substrings: length is 9 bytes. Give 16 to 1,000,000."),
        (lambda: Substrings(unit="tokens"), "Substrings: unit is 'tokens'. Give one of: bytes, words."),
        (lambda: Lines(at_most=0), "Lines: at_most is 0. Give a whole number from 1."),
        (lambda: Paragraphs(min_characters=0), "Paragraphs: min_characters is 0. Give a whole number from 1."),
        (
            lambda: Lines(engine=Bloom(lines=5), at_most=2),
            "a Bloom filter knows that a line came before, not how often",
        ),
        (lambda: Bloom(lines=0), "Bloom: lines is 0. Give the number of distinct lines you expect."),
        (lambda: Bloom(lines=10**13), "take more than 64 GB. Give fewer lines, a higher rate"),
        (lambda: Bloom(lines=5, false_positive_rate=1), "Give a number between 0 and 1, such as 1e-6"),
        (
            lambda: Repeats(of=Parquet("x"), by=Lines(), partitions=12),
            "partitions is 12. Give a power of two from 1 to 256",
        ),
        (
            lambda: Repeats(of=Parquet("x"), by=Lines(), memory="much"),
            "memory: 'much' is not a size. Give a number and a unit, such as 500MB",
        ),
    ],
)
def test_parameters_without_sense_are_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        make()
    assert message in str(raised.value)


def test_a_source_without_text_is_refused(tmp_path: Path) -> None:
    pages = shards(tmp_path, ["text"], 1)
    with pytest.raises(ConfigError, match="'ids' has no column 'text'; it has: id"):
        Repeats(of=Stage(name="ids", reads=pages, writes=("id",)), by=Lines()).marked.check()


def test_wiping_out_a_source_stops_the_pass(tmp_path: Path) -> None:
    texts = ["The same long line in every document of this source.\n" * 100] * 2000
    source = shards(tmp_path / "in", texts, 2, ["web"] * 2000)
    with pytest.raises(
        DataError, match=r"of source 'web', 10,[0-9,]+ of 10,[0-9,]+ bytes are repeats; allowed are 90%"
    ):
        execute(Repeats(of=source, by=Lines()), tmp_path / "out")


@pytest.mark.parametrize(
    "by", [Lines(), Paragraphs(), Substrings(length=100), Lines(engine=Bloom(lines=1000))], ids=repr
)
def test_hostile_texts_get_answers(tmp_path: Path, by: Any) -> None:
    """One line of many megabytes, equal lines by the hundred thousand, control characters: all in one shard, twice."""
    chance = random.Random(2)
    texts = [
        "x" * 10_000_000,
        "same\n" * 300_000,
        "\n" * 1_000_000,
        "\0\x01\x7f" * 1000,
        chance.randbytes(500_000).hex(),
    ]
    rows = execute(
        Repeats(of=shards(tmp_path / "in", [*texts, *texts], 2), by=by, partitions=2, allow_loss=1.0), tmp_path / "out"
    )
    again = [row[f"{by.column}_share"] for row in rows[len(texts) :]]
    compared = [True, True, False, False, True] if by.column != "repeated_span" else [True] * 5
    assert [share == 1 for share in again] == compared


@dataclass(frozen=True)
class Broken(RawSource):
    """A table in memory, whatever is in it."""

    table: pa.Table
    name: str = "broken"

    def schema(self) -> pa.Schema:
        return self.table.schema

    def shards(self, workspace: Workspace) -> tuple[Shard, ...]:
        return (Shard("a", "", 1),)

    def current(self, shard: Shard, workspace: Workspace) -> tuple[Input, ...]:
        return (Input("a", 1, "in memory"),)

    def read(
        self, shard: Shard, workspace: Workspace, columns: Collection[str], intake: Intake
    ) -> Iterator[pa.RecordBatch]:
        intake.inputs += self.current(shard, workspace)
        yield from self.table.to_batches()

    def identity(self) -> dict[str, object]:
        return {"reads": "broken"}


def test_broken_utf8_gets_answers(tmp_path: Path) -> None:
    piece = b"\x80\xff\xc2 broken \xf0\x9f\x98 bytes \n" * 3
    raw = pa.array([piece + b"1\n", piece + b"2\n", b"\x80" * 200, b"\x80" * 200])
    texts = pa.Array.from_buffers(pa.string(), len(raw), raw.buffers())
    # Readers give no such text; a source of a user's own may.
    source = Broken(pa.table({"id": ["a", "b", "c", "d"], "text": texts}))
    for by in (Lines(), Lines(folded=False), Substrings(length=16)):
        out = tmp_path / f"{by.name}-{getattr(by, 'folded', '')}"
        repeats = Repeats(of=source, by=by)
        for job in in_order(repeats.jobs()):
            job.accept(
                [
                    do_task(job, task, Workspace(str(out), "test"), lambda *_: None)
                    for task in job.tasks(Workspace(str(out)))
                ]
            )
        intake = Intake(reject=lambda *_: None)
        (batch,) = repeats.read(
            repeats.shards(Workspace(str(out)))[0], Workspace(str(out)), repeats.schema().names, intake
        )
        assert RemoveSpans(spans=f"{by.column}s")(batch).num_rows == 4


def test_repeats_of_other_documents_are_refused(tmp_path: Path) -> None:
    source = shards(tmp_path / "in", ["same line\n", "same line\n"], 1)
    repeats = Repeats(of=source, by=Lines())
    execute(repeats, tmp_path / "out")
    pq.write_table(pa.table({"id": ["x", "y"], "text": ["a", "b"]}), tmp_path / "in" / "shard-0.parquet")
    intake = Intake(reject=lambda *_: None)
    with pytest.raises(DataError, match="the repeats belong to other documents than the shard"):
        list(repeats.read(repeats.shards(Workspace(""))[0], Workspace(str(tmp_path / "out")), ["text"], intake))

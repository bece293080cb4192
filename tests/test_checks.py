"""`atom_data.testing` says of each breach of the contract what it is."""

import itertools
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from atom_data.batch import with_columns
from atom_data.errors import ConfigError
from atom_data.extend import AllShards, EachShard, Input, Intake, Pass, RawSource, Shard, Source, Workspace
from atom_data.testing import check_pass, check_source, check_step

SCHEMA = pa.schema([("id", pa.string()), ("text", pa.string()), ("number", pa.int64())])
TICKS = itertools.count()


@dataclass(frozen=True, kw_only=True)
class Made(RawSource):
    """Two shards of four rows, which keep the contract."""

    name: str = "made"
    held: Any = None

    def schema(self) -> pa.Schema:
        return SCHEMA

    def shards(self, workspace: Workspace) -> tuple[Shard, ...]:
        return (Shard("a", "", 10), Shard("b", "", 10))

    def current(self, shard: Shard, workspace: Workspace) -> tuple[Input, ...]:
        return (Input(shard.name, 10, f"of {shard.name}"),)

    def rows(self, shard: Shard, columns: Collection[str]) -> list[dict[str, object]]:
        return [{"id": f"{shard.name}{i}", "text": f"text {i}" if i else None, "number": i} for i in range(4)]

    def read(
        self, shard: Shard, workspace: Workspace, columns: Collection[str], intake: Intake
    ) -> Iterator[pa.RecordBatch]:
        intake.inputs += self.current(shard, workspace)
        yield pa.RecordBatch.from_pylist(self.rows(shard, columns), self.schema())


class TwiceNamed(Made):
    def shards(self, workspace: Workspace) -> tuple[Shard, ...]:
        return (Shard("a", "", 10), Shard("a", "", 10))


class Relisted(Made):
    def shards(self, workspace: Workspace) -> tuple[Shard, ...]:
        return (Shard(f"a{next(TICKS):09}", "", 10),)


class ByHash(Made):
    def shards(self, workspace: Workspace) -> tuple[Shard, ...]:
        return (Shard(f"a{hash('text')}", "", 10),)


class OtherRows(Made):
    def rows(self, shard: Shard, columns: Collection[str]) -> list[dict[str, object]]:
        return [{"id": str(next(TICKS)), "text": "x", "number": 1}]


class RowsByColumn(Made):
    def rows(self, shard: Shard, columns: Collection[str]) -> list[dict[str, object]]:
        rows = super().rows(shard, columns)
        return [row for row in rows if row["text"]] if "text" in columns else rows


class TwiceTheId(Made):
    def rows(self, shard: Shard, columns: Collection[str]) -> list[dict[str, object]]:
        return super().rows(shard, columns) * 2


class NullId(Made):
    def rows(self, shard: Shard, columns: Collection[str]) -> list[dict[str, object]]:
        return [{**row, "id": None} for row in super().rows(shard, columns)]


class IdsOfShards(Made):
    def rows(self, shard: Shard, columns: Collection[str]) -> list[dict[str, object]]:
        return [{**row, "id": str(row["number"])} for row in super().rows(shard, columns)]


class OtherType(Made):
    def read(self, *arguments: Any) -> Iterator[pa.RecordBatch]:
        for batch in super().read(*arguments):
            yield with_columns(batch, number=batch.column("number").cast(pa.int32()))


class TooLarge(Made):
    def rows(self, shard: Shard, columns: Collection[str]) -> list[dict[str, object]]:
        return [{"id": f"{shard.name}{i}", "text": "x" * (33 << 20), "number": i} for i in range(2)]


class NothingRead(Made):
    def read(self, *arguments: Any) -> Iterator[pa.RecordBatch]:
        return super().read(*arguments[:3], Intake(reject=lambda *_: None))


class OtherInput(Made):
    def current(self, shard: Shard, workspace: Workspace) -> tuple[Input, ...]:
        return (Input(shard.name, 10, f"of {shard.name}, call {next(TICKS)}"),)


class OddIdentity(Made):
    def identity(self) -> dict[str, Any]:
        return {"held": {1, 2}}


class TimedIdentity(Made):
    def identity(self) -> dict[str, Any]:
        return {"time": time.time_ns()}


class NoId(Made):
    def schema(self) -> pa.Schema:
        return SCHEMA.remove(0)


SOURCES = {
    TwiceNamed: "two shards are named 'a'",
    Relisted: "shards() gave other shards when it was asked again",
    ByHash: "shards() is another in another process",
    OtherRows: "read twice it is not the same: column 'id'",
    RowsByColumn: "with the column 'id' alone it has 4 rows, with all columns 3",
    TwiceTheId: "two documents have the id 'a0'",
    NullId: "shard 'a': a row has no id, so it could not be traced",
    IdsOfShards: "shards 'a' and 'b' both have the id '0'",
    OtherType: "column 'number' is int64 by schema(), and read() gave int32",
    TooLarge: "bytes in 2 rows. Cut it: memory is a batch.",
    NothingRead: "intake.inputs has [] after reading",
    OtherInput: "every run would read it again",
    OddIdentity: "identity() is not plain JSON",
    TimedIdentity: "identity() is another after a copy",
    NoId: "schema() has no column 'id' of strings; it has text, number.",
}


def test_a_source_that_keeps_the_contract_passes() -> None:
    check_source(Made())


@pytest.mark.parametrize("kind", SOURCES)
def test_breach_of_a_source_is_said(kind: type[Made]) -> None:
    with pytest.raises(AssertionError) as raised:
        check_source(kind())
    assert str(raised.value).startswith(kind.__name__)
    assert SOURCES[kind] in str(raised.value)


def test_a_source_that_does_not_travel_is_said() -> None:
    with pytest.raises(AssertionError, match=r"it cannot go to another process: .*lambda"):
        check_source(Made(held=lambda: 1))
    with pytest.raises(AssertionError, match="dict is not a source: it has no current, identity, jobs"):
        check_source({})  # type: ignore[arg-type]


COUNTS = pa.schema([("rows", pa.int64())])


def count(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    yield pa.record_batch([[sum(batch.num_rows for batch in batches)]], schema=COUNTS)


def add_up(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    yield pa.record_batch([[sum(sum(batch.column("rows").to_pylist()) for batch in batches)]], schema=COUNTS)


def tick(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    next(batches, None)
    yield pa.record_batch([[next(TICKS)]], schema=COUNTS)


@dataclass(frozen=True, kw_only=True)
class Counted(Pass):
    """Tells each document how many there are."""

    of: Source
    name: str = "counted"
    make: Callable[..., Any] = count
    added = pa.schema([("documents", pa.int64())])

    def jobs(self) -> tuple[AllShards, ...]:
        each = EachShard(name="each", of=self.of, columns=("text",), make=self.make, writes=COUNTS)
        return (AllShards(name=self.name, after=each, make=add_up, writes=COUNTS),)

    def step(self, shard: Shard, workspace: Workspace) -> Callable[[pa.RecordBatch], pa.RecordBatch]:
        documents = self.jobs()[0].table(workspace)["rows"][0].as_py()
        return lambda batch: self.marked(batch, documents)

    def marked(self, batch: pa.RecordBatch, documents: int) -> pa.RecordBatch:
        return with_columns(batch, documents=pa.array([documents] * batch.num_rows, pa.int64()))


class Changes(Counted):
    def marked(self, batch: pa.RecordBatch, documents: int) -> pa.RecordBatch:
        batch = super().marked(batch, documents)
        texts = pa.array(["other"] * batch.num_rows, pa.string())
        return with_columns(batch, text=texts) if "text" in batch.schema.names else batch


class Drops(Counted):
    def read(self, *arguments: Any) -> Iterator[pa.RecordBatch]:
        for batch in super().read(*arguments):
            yield batch.slice(1)


class FailsOnNulls(Counted):
    needs = ("text",)

    def marked(self, batch: pa.RecordBatch, documents: int) -> pa.RecordBatch:
        if batch.column("text").null_count == batch.num_rows > 1:
            raise ValueError("nulls")
        return super().marked(batch, documents)


def test_a_pass_that_keeps_the_contract_passes() -> None:
    check_pass(Counted(of=Made()))


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (Changes(of=Made()), "it changes what it reads: column 'text'"),
        (Drops(of=Made()), "it has not the rows of what it reads, in order: 4 rows and 3"),
        (Counted(of=Made(), make=tick), "run again, with tasks in another order, counted/all.parquet, each/a.parquet"),
        (Counted(of=TwiceNamed()), "two shards are named 'a'"),
    ],
)
def test_breach_of_a_pass_is_said(made: Pass, said: str) -> None:
    with pytest.raises(AssertionError) as raised:
        check_pass(made)
    assert said in str(raised.value)


def test_a_pass_is_tried_on_nulls() -> None:
    with pytest.raises(AssertionError, match=r"it raised ValueError: nulls. Odd documents must not end a run"):
        check_pass(FailsOnNulls(of=Made()))


def test_a_table_that_make_does_not_yield_is_refused(tmp_path: Path) -> None:
    job = EachShard(name="each", of=Made(), columns=("id",), make=lambda batches: batches, writes=COUNTS)
    with pytest.raises(ConfigError, match="make yields id string; by `writes` it is rows int64"):
        job.check()
    job = EachShard(name="each", of=Made(), columns=("x",), make=count, writes=COUNTS)
    with pytest.raises(ConfigError, match="job 'each': no column 'x'; columns there: id, text, number"):
        job.check()


BATCH = pa.record_batch({"id": ["a", "b", "c"], "text": ["one", "two", None]})


def length(batch: pa.RecordBatch) -> pa.RecordBatch:
    return with_columns(
        batch, length=pa.array([len(text or "") for text in batch.column("text").to_pylist()], pa.int64())
    )


def drop(batch: pa.RecordBatch) -> pa.RecordBatch:
    return batch.slice(1) if batch.num_rows > 1 else batch


def ticking(batch: pa.RecordBatch) -> pa.RecordBatch:
    return with_columns(batch, tick=pa.array([next(TICKS) for _ in range(batch.num_rows)], pa.int64()))


def guessed(batch: pa.RecordBatch) -> pa.RecordBatch:
    return with_columns(batch, length=pa.array([len(text or "") for text in batch.column("text").to_pylist()]))


def fails(batch: pa.RecordBatch) -> pa.RecordBatch:
    return with_columns(batch, length=pa.array([len(text) for text in batch.column("text").to_pylist()], pa.int64()))


def counting(batch: pa.RecordBatch) -> pa.RecordBatch:
    counts = Counter(batch.column("id").to_pylist())
    return with_columns(batch, rows=pa.array([len(counts)] * batch.num_rows, pa.int64()))


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (drop, "it was given 3 rows and returned 2, not the same ids in the same order"),
        (ticking, "given the same batch twice it makes something else: column 'tick'"),
        (guessed, "given no rows it makes the columns id string, text string, length null; else"),
        (fails, "it raised TypeError: object of type 'NoneType' has no len(). Odd documents must not end a run."),
        (counting, "row 0 alone gives another column 'rows' than among others"),
        (lambda batch: length(batch), "it cannot go to another process"),
    ],
)
def test_breach_of_a_step_is_said(step: Callable[[pa.RecordBatch], pa.RecordBatch], said: str) -> None:
    with pytest.raises(AssertionError) as raised:
        check_step(step, BATCH)
    assert said in str(raised.value)


def test_a_step_that_keeps_the_contract_passes() -> None:
    check_step(length, BATCH)

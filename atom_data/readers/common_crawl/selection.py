"""The records that a filter takes from an index, put together to ranges of bytes and to tasks, and kept in one Parquet file."""

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from atom_data.errors import DataError
from atom_data.readers.common_crawl.entries import not_columnar
from atom_data.storage.parquet import integers, strings
from atom_data.storage.paths import create, local, open_raw, unreadable

SELECTED = pa.schema([("task", pa.int32()), *strings("file"), *integers("start", "stop", "range_stop")])
"""A record: its file, its bytes, and where the range ends that is asked for at once with those before it."""
TASKS = b"atom_data.tasks"
BATCH_ROWS = 1 << 16
HOST = "lower(regexp_extract(url, '^[A-Za-z]+://(?:[^/?#@]*@)?([^/:?#]+)', 1))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What is taken of an index; an empty tuple takes all. Each is a list of exact values."""

    languages: tuple[str, ...]
    mimes: tuple[str, ...]
    statuses: tuple[int, ...]
    domains: tuple[str, ...]
    digests: tuple[str, ...]

    def where(self) -> tuple[str, list[Any]]:
        """Return the condition in SQL, and its parameters."""
        asked: list[tuple[str, Sequence[Any]]] = [
            ("list_contains(?, split_part(content_languages, ',', 1))", self.languages),
            ("list_contains(?, lower(coalesce(content_mime_detected, content_mime_type)))", self.mimes),
            ("list_contains(?, fetch_status)", self.statuses),
            ("list_contains(?, content_digest)", self.digests),
            (
                f"regexp_matches({HOST}, ?[1])",
                (rf"(^|\.)({'|'.join(map(re.escape, self.domains))})$",) if self.domains else (),
            ),
        ]
        used = [(sql, list(values)) for sql, values in asked if values]
        return " and ".join([*(sql for sql, _ in used), "true"]), [values for _, values in used]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A task: some records of some files."""

    records: int
    bytes: int
    """That are asked for, with the gaps between records."""
    record_bytes: int
    digest: str
    """Of the files and places of its records."""


def select(
    batches: Iterable[pa.RecordBatch],
    files: Sequence[str],
    wanted: Filter,
    path: str,
    gap: int,
    task_bytes: int,
    token: str,
) -> None:
    """Write the records of an index that a filter takes to `path`, in the order of their files and offsets, each once.

    `files` are of the columnar index, on disk: DuckDB reads them itself, on all cores, and of the columns what it needs.
    Memory: what DuckDB takes, which has a file on disk for what does not fit; 100 bytes per record of a task.
    DataError for a file that cannot be read, and for an offset or a length that is none.
    """
    import duckdb  # noqa: PLC0415 - takes a tenth of a second

    condition, values = wanted.where()
    insert = "insert into taken select warc_filename, warc_record_offset, warc_record_length from {} where " + condition
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(str(Path(folder) / "selected.duckdb")) as base:
        base.execute(f"set threads = {len(os.sched_getaffinity(0))}")
        base.execute("create table taken (file varchar, start bigint, length bigint)")
        for file in files:
            try:
                base.execute(insert.format("read_parquet(?, hive_partitioning = false)"), [str(local(file)), *values])
            except duckdb.Error as error:
                raise not_columnar(file, error) from error
        for batch in batches:
            base.register("entries", pa.Table.from_batches([batch]))
            base.execute(insert.format("entries"), values)
            base.unregister("entries")
        bad = base.execute("select * from taken where start < 0 or length <= 0 or file is null limit 1").fetchone()
        if bad is not None:
            raise DataError(
                f"index: a record of {bad[0]} at {bad[1]} with a length of {bad[2]}. Fetch the index again."
            )
        found = base.sql("select file, start, max(length) from taken group by 1, 2 order by 1, 2")
        _write(path, found.to_arrow_reader(BATCH_ROWS), gap, task_bytes, token)


def _write(path: str, found: Iterable[pa.RecordBatch], gap: int, task_bytes: int, token: str) -> None:
    tasks: list[Chosen] = []
    with create(path, token) as stream:
        writer = pq.ParquetWriter(stream, SELECTED, compression="zstd")
        for records in _tasks(found, gap, task_bytes):
            files, starts, stops, range_stops = zip(*records, strict=True)
            number = pa.array([len(tasks)] * len(records), pa.int32())
            arrays = [
                number,
                pa.array(files),
                *(pa.array(column, pa.int64()) for column in (starts, stops, range_stops)),
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=SELECTED), row_group_size=len(records))
            tasks.append(_chosen(records))
        writer.add_key_value_metadata({TASKS.decode(): json.dumps([_row(task) for task in tasks])})
        writer.close()


Placed = tuple[str, int, int, int]
"""File, start, stop, and stop of the range."""


def _tasks(found: Iterable[pa.RecordBatch], gap: int, task_bytes: int) -> Iterator[list[Placed]]:
    """Yield the records of each task: ranges in their order until the next record would make them more than `task_bytes`."""
    task: list[Placed] = []
    ranged: list[tuple[str, int, int]] = []
    total = end = 0
    for file, start, stop in _records(found):
        near = bool(ranged) and file == ranged[-1][0] and start - end <= gap
        more = max(0, stop - end) if near else stop - start
        if total and total + more > task_bytes:
            yield [*task, *_range(ranged)]
            task, ranged, total, near, more = [], [], 0, False, stop - start
        if ranged and not near:
            task += _range(ranged)
            ranged = []
        ranged.append((file, start, stop))
        total, end = total + more, max(end, stop) if near else stop
    if ranged:
        yield [*task, *_range(ranged)]


def _range(ranged: Sequence[tuple[str, int, int]]) -> Iterator[Placed]:
    end = max((stop for _, _, stop in ranged), default=0)
    return ((file, start, stop, end) for file, start, stop in ranged)


def _records(found: Iterable[pa.RecordBatch]) -> Iterator[tuple[str, int, int]]:
    for batch in found:
        for file, start, length in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            yield file, start, start + length


def _chosen(records: Sequence[Placed]) -> Chosen:
    digest = hashlib.blake2b(digest_size=16)
    asked = record_bytes = at = 0
    last = ""
    for file, start, stop, end in records:
        digest.update(f"{file} {start} {stop}\n".encode())
        record_bytes += stop - start
        if file != last or start >= at:
            asked, last, at = asked + end - start, file, end
    return Chosen(len(records), asked, record_bytes, digest.hexdigest())


def _row(task: Chosen) -> list[Any]:
    return [task.records, task.bytes, task.record_bytes, task.digest]


def tasks_of(path: str) -> list[Chosen]:
    """Return the tasks of a selection. DataError for a file that is not one."""
    with open_raw(path) as stream:
        try:
            said = pq.ParquetFile(stream).metadata.metadata[TASKS]
            return [Chosen(*row) for row in json.loads(said)]
        except (pa.ArrowException, OSError, ValueError, TypeError, KeyError) as error:
            raise unreadable(path, "is not a selection of records", error) from error


def records_of(path: str, task: int) -> Iterator[Placed]:
    """Yield the records of a task in their order: a row group. Memory: these."""
    with open_raw(path) as stream:
        try:
            table = pq.ParquetFile(stream).read_row_group(task)
        except (pa.ArrowException, OSError) as error:
            raise unreadable(path, "cannot be read", error) from error
    table = table.filter(pc.equal(table["task"], task))
    yield from zip(*(table[name].to_pylist() for name in SELECTED.names[1:]), strict=True)

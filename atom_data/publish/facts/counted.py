"""Counts over the documents themselves: languages, domains, dates, licenses, by documents and bytes of text.

One pass over the shards writes what is counted of each document, some 60 bytes, into a database of DuckDB on disk; the
counts are queries over it, which spill. Memory: a batch, and what `memory` allows DuckDB.
"""

import csv
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from atom_data.errors import DataError
from atom_data.publish.facts.facts import DataFile, Tally
from atom_data.signals.urls import domains_of
from atom_data.storage.parquet import open_parquet, read_parquet
from atom_data.text.pii.find import KINDS
from atom_data.workspace import Workspace

COUNTED = {
    "source": ("source",),
    "language": ("language",),
    "kind": ("page_kind",),
    "license": ("license_spdx", "license"),
    "consent": ("consent_train",),
    "contaminated": ("is_contaminated", "contaminated"),
}
"""What is counted by value, and the columns that may hold it: the first that a stage has."""
PRIVATE = tuple(f"replaced_{kind}_count" for kind in KINDS)
MONTH = r"^\d{4}-(0[1-9]|1[0-2])"
LONGEST = 200
"""Characters of a value that are kept: crawled columns may hold anything."""
SLIM = pa.schema(
    [(name, pa.string()) for name in (*COUNTED, "domain", "month")]
    + [("text_bytes", pa.int64()), ("hidden", pa.bool_())]
)


@dataclass(slots=True)
class Counts:
    """The counts of a corpus; the database is gone after the block of `counted`."""

    database: Any
    columns: frozenset[str]
    """What is counted: where no stage has such a column, it is not there."""
    withheld: set[str] = field(default_factory=set)
    """Paths of the files that hold a document of a hidden source."""
    private: Counter[str] | None = None

    def ask(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Return the rows of a query. DataError when DuckDB cannot answer."""
        try:
            return self.database.execute(sql, list(values)).fetchall()  # type: ignore[no-any-return]
        except duckdb.Error as error:
            said = " ".join(str(error).split())[:300]
            raise DataError(
                f"the documents cannot be counted ({said}). Give more --memory, or a --scratch folder with more space."
            ) from error

    def by(self, name: str, where: str = "true", *values: object) -> tuple[Tally, ...] | None:
        """Return documents and bytes by the values of a column, largest first; None where nothing has the column."""
        if name not in self.columns:
            return None
        rows = self.ask(
            f"""SELECT coalesce({name}, ''), count(*), sum(text_bytes)::BIGINT FROM documents WHERE {where}
                GROUP BY 1 ORDER BY 3 DESC, 2 DESC, 1""",
            *values,
        )
        return tuple(Tally(value, int(count), int(size)) for value, count, size in rows)

    def months(self, where: str = "true", *values: object) -> tuple[str, str] | None:
        """Return the first and the last month of collection; None where no document has a date."""
        ((first, last),) = self.ask(f"SELECT min(month), max(month) FROM documents WHERE {where}", *values)
        return (first, last) if first else None

    def domains(self, where: str, limit: int, *values: object) -> tuple[tuple[int, int, int], tuple[Tally, ...]]:
        """Return how many domains, documents and bytes there are, and the largest domains."""
        about = f"domain IS NOT NULL AND NOT hidden AND {where}"
        ((count, documents, size),) = self.ask(
            f"SELECT count(DISTINCT domain), count(*), coalesce(sum(text_bytes), 0)::BIGINT FROM documents WHERE {about}",
            *values,
        )
        rows = self.ask(f"{_largest(about)} LIMIT {limit}", *values)
        return (int(count), int(documents), int(size)), tuple(Tally(*row) for row in rows)

    def write_domains(self, path: Path, where: str, *values: object) -> None:
        """Write all domains as CSV, the largest first."""
        found = self.database.execute(_largest(f"domain IS NOT NULL AND NOT hidden AND {where}"), list(values))
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(("domain", "documents", "text_bytes"))
            while rows := found.fetchmany(10_000):
                writer.writerows(rows)

    def tlds(self) -> tuple[Tally, ...]:
        """Return documents and bytes by the last label of their domain."""
        rows = self.ask(
            """SELECT '.' || regexp_extract(domain, '[^.]+$'), count(*), sum(text_bytes)::BIGINT FROM documents
               WHERE domain IS NOT NULL AND NOT hidden AND NOT regexp_matches(domain, '^[0-9.]+$|:')
               GROUP BY 1 ORDER BY 3 DESC, 1"""
        )
        return tuple(Tally(*row) for row in rows)


def _largest(where: str) -> str:
    return f"""SELECT domain, count(*), sum(text_bytes)::BIGINT FROM documents WHERE {where}
        GROUP BY 1 ORDER BY 3 DESC, 2 DESC, 1"""


@contextmanager
def counted(
    workspace: Workspace, files: Sequence[DataFile], hidden: Collection[str], only: str, memory: int, scratch: Path
) -> Iterator[Counts]:
    """Read the shards once and count them. DataError where they hold other rows than their receipts say.

    `only` is the source of documents without a column `source`; empty where that is not known.
    """
    config: dict[str, Any] = {"memory_limit": f"{memory}B", "temp_directory": str(scratch / "spill")}
    with duckdb.connect(str(scratch / "counts.db"), config=config) as database:
        database.register("nothing", SLIM.empty_table())
        database.execute("CREATE TABLE documents AS SELECT * FROM nothing")
        found = Counts(database, frozenset())
        for file in files:
            _read(workspace, file, frozenset(hidden), only, found)
        yield found


def _read(workspace: Workspace, file: DataFile, hidden: frozenset[str], only: str, found: Counts) -> None:
    path = workspace.path(file.path)
    with open_parquet(path) as opened:
        there = opened.schema_arrow.names
    named = {name: next((one for one in choice if one in there), "") for name, choice in COUNTED.items()}
    url = next((one for one in ("url", "domain") if one in there), "")
    wanted = [*filter(None, named.values()), *filter(None, (url,)), *(one for one in ("date",) if one in there)]
    private = [one for one in PRIVATE if one in there]
    rows = 0
    for batch in read_parquet(path, (*dict.fromkeys([*wanted, *private]), "text")):
        rows += batch.num_rows
        slim = _slim(batch, named, url, hidden, only)
        if hidden and pc.any(slim["hidden"]).as_py():
            found.withheld.add(file.path)
        found.database.register("batch", slim)
        found.database.execute("INSERT INTO documents SELECT * FROM batch")
        for name in private:
            found.private = found.private if found.private is not None else Counter()
            found.private[name.split("_")[1]] += pc.sum(batch.column(name)).as_py() or 0
    if rows != file.rows:
        raise DataError(
            f"{file.path}: holds {rows:,} documents, its receipt says {file.rows:,}. Run atom-data verify --repair first."
        )
    has = (
        {name for name, one in named.items() if one} | ({"domain"} if url else set()) | ({"source"} if only else set())
    )
    found.columns |= has | ({"month"} if "date" in there else set())


def _slim(batch: pa.RecordBatch, named: dict[str, str], url: str, hidden: frozenset[str], only: str) -> pa.Table:
    """Return what is counted of each document."""
    none = pa.nulls(batch.num_rows, pa.string())
    columns = {name: _text(batch.column(one)) if one else none for name, one in named.items()}
    if only and not named["source"]:
        columns["source"] = pa.repeat(pa.scalar(only, pa.string()), batch.num_rows)
    values = _text(batch.column(url)) if url else none
    columns["domain"] = domains_of(values) if url == "url" else values
    dates = _text(batch.column("date")) if "date" in batch.schema.names else none
    columns["month"] = pc.if_else(pc.match_substring_regex(dates, MONTH), pc.utf8_slice_codeunits(dates, 0, 7), None)
    texts = batch.column("text")
    columns["text_bytes"] = pc.fill_null(pc.binary_length(texts), 0).cast(pa.int64())
    columns["hidden"] = pc.fill_null(pc.is_in(columns["source"], pa.array(sorted(hidden), pa.string())), False)
    return pa.table([columns[name].cast(SLIM.field(name).type) for name in SLIM.names], schema=SLIM)


def _text(values: pa.Array) -> pa.Array:
    """Return the values of a column as text, cut where they are long; lists and structs count as not there."""
    kind = values.type
    if pa.types.is_nested(kind):
        return pa.nulls(len(values), pa.string())
    text = values.dictionary_decode() if pa.types.is_dictionary(kind) else values
    return pc.utf8_slice_codeunits(text.cast(pa.string()), 0, LONGEST)


def token_sums(counts: Counts, workspace: Workspace, docs: Sequence[str], column: str) -> dict[str, int] | None:
    """Return tokens by the values of a column of docs.parquet; None where it has none, or there are no tokens."""
    if not docs:
        return None
    counts.database.execute("CREATE OR REPLACE TEMP TABLE token_rows (name VARCHAR, tokens BIGINT)")
    for path in docs:
        with open_parquet(workspace.path(path)) as file:
            if column not in file.schema_arrow.names:
                return None
        for batch in read_parquet(workspace.path(path), (column, "tokens")):
            rows = pa.table({"name": _text(batch.column(column)), "tokens": batch.column("tokens")})
            counts.database.register("batch", rows)
            counts.database.execute(
                "INSERT INTO token_rows SELECT coalesce(name, ''), sum(tokens) FROM batch GROUP BY 1"
            )
    return {name: int(sum_) for name, sum_ in counts.ask("SELECT name, sum(tokens)::BIGINT FROM token_rows GROUP BY 1")}

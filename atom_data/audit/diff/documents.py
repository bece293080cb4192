"""The documents of two corpora against each other: a join by id in DuckDB, which spills to disk.

Shards of one name and one content in both are not read: their documents are the same, each at its place. Texts are compared
by 64 bits of a hash.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from atom_data.audit.diff.side import File, Side
from atom_data.errors import DataError

Kind = Literal["moved", "changed", "renamed", "out", "in"]
KINDS: tuple[Kind, ...] = ("moved", "changed", "renamed", "out", "in")
"""In both, at another place with the same text; in both with another text; the same text under another id; only in the first
corpus; only in the second."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the comparison may use."""

    memory: int = 2_000_000_000
    threads: int = 1
    scratch: str | None = None
    """Folder for what does not fit into memory: some 50 bytes per document. The system's own where it is left out."""


class Documents:
    """What differs between the documents of two corpora, in tables of a database that is gone afterwards.

    `differing`: id, kind, place_a, place_b (STAGE/SHARD), other (of a renamed one, its id in the second corpus).
    """

    def __init__(self, database: Any, a: Side, b: Side, text: bool) -> None:  # noqa: ANN401 - a connection of DuckDB
        """Compare by id, and by text where both have one and `text` is set."""
        self._database, self.a, self.b = database, a, b
        self.text = text and "text" in a.columns and "text" in b.columns
        same = {(file.place, file.sha256) for file in a.files} & {(file.place, file.sha256) for file in b.files}
        self.read = tuple([file for file in side.files if (file.place, file.sha256) not in same] for side in (a, b))
        self.repeats = False
        self._compare()

    def ask(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401
        """Return the rows of a query."""
        return self._do(sql, list(values)).fetchall()  # type: ignore[no-any-return]

    def each(self, sql: str, *values: Any) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401
        """Yield the rows of a query, 10,000 at a time; nothing else may be asked meanwhile."""
        found = self._do(sql, list(values))
        while rows := found.fetchmany(10_000):
            yield from rows

    def _do(self, sql: str, values: Sequence[Any] = ()) -> Any:  # noqa: ANN401 - a relation of DuckDB
        import duckdb  # noqa: PLC0415 - 100 ms

        try:
            return self._database.execute(sql, values)
        except duckdb.Error as error:
            said = " ".join(str(error).split())[:300]
            raise DataError(
                f"{self.a.root} and {self.b.root}: cannot be compared ({said}). Check both with atom-data verify; where memory or "
                "disk ran out, give more by --memory and --scratch."
            ) from error

    def _compare(self) -> None:
        for side, files in zip("ab", self.read, strict=True):
            self._table(
                f"places_{side}", "file BIGINT, place VARCHAR", [(n, file.place) for n, file in enumerate(files)]
            )
        self._join(numbered=False)
        counted = [self.ask(f"SELECT coalesce(sum({side}), 0)::BIGINT FROM joined")[0][0] for side in ("a", "b")]
        if counted != [sum(file.rows for file in files) for files in self.read]:
            self.repeats = True  # an id that repeats was joined with each of its like
            self._join(numbered=True)
        self._do(
            """CREATE OR REPLACE TABLE differing AS
               SELECT id, CASE WHEN b IS NULL THEN 'out' WHEN a IS NULL THEN 'in' WHEN text_a IS DISTINCT FROM text_b
                          THEN 'changed' ELSE 'moved' END AS kind, place_a, place_b, text_a, text_b, NULL::VARCHAR AS other
               FROM joined WHERE id IS NOT NULL"""
        )
        if self.text:
            self._rename()

    def _join(self, numbered: bool) -> None:
        """Make the table of pairs; of those that are the same nothing but that they are there, which takes no room."""
        a, b = (self._documents(side, files, numbered) for side, files in zip("ab", self.read, strict=True))
        same = "coalesce(a.text IS NOT DISTINCT FROM b.text AND pa.place = pb.place AND a.one = b.one, false)"
        number = " AND a.number = b.number" if numbered else ""
        names = ("id", "text_a", "text_b", "place_a", "place_b")
        hidden = ", ".join(f"CASE WHEN same THEN NULL ELSE {name} END AS {name}" for name in names)
        self._do(
            f"""CREATE OR REPLACE TABLE joined AS SELECT a, b, {hidden} FROM (
                  SELECT coalesce(a.id, b.id) AS id, a.one AS a, b.one AS b, a.text AS text_a, b.text AS text_b,
                         pa.place AS place_a, pb.place AS place_b, {same} AS same
                  FROM ({a}) a FULL OUTER JOIN ({b}) b ON a.id = b.id{number}
                  LEFT JOIN places_a pa ON pa.file = a.file LEFT JOIN places_b pb ON pb.file = b.file)"""
        )

    def _documents(self, side: str, files: Sequence[File], numbered: bool) -> str:
        text = "hash(text)" if self.text else "NULL::UBIGINT"
        number = (
            ", row_number() OVER (PARTITION BY id ORDER BY file_index, file_row_number) AS number" if numbered else ""
        )
        if not files:
            return "SELECT NULL::VARCHAR AS id, NULL::UBIGINT AS text, NULL::BIGINT AS file, 1 AS one, 1 AS number WHERE false"
        return f"SELECT id, {text} AS text, file_index::BIGINT AS file, 1 AS one{number} FROM {read(files)}"

    def _rename(self) -> None:
        """Pair documents that are only in one corpus each and have the same text, in the order of their ids."""
        self._do(
            """CREATE OR REPLACE TABLE renamed AS
               WITH gone AS (SELECT id, text_a AS text, row_number() OVER (PARTITION BY text_a ORDER BY id) AS number
                             FROM differing WHERE kind = 'out' AND text_a IS NOT NULL),
                    new AS (SELECT id, text_b AS text, place_b, row_number() OVER (PARTITION BY text_b ORDER BY id) AS number
                            FROM differing WHERE kind = 'in' AND text_b IS NOT NULL)
               SELECT gone.id, new.id AS other, new.place_b FROM gone JOIN new USING (text, number);
               DELETE FROM differing WHERE kind = 'in' AND id IN (SELECT other FROM renamed);
               UPDATE differing SET kind = 'renamed', other = renamed.other, place_b = renamed.place_b
               FROM renamed WHERE differing.id = renamed.id AND kind = 'out'"""
        )

    def _table(self, name: str, columns: str, rows: Sequence[tuple[Any, ...]]) -> None:
        self._do(f"CREATE OR REPLACE TABLE {name} ({columns})")
        if rows:
            self._database.executemany(f"INSERT INTO {name} VALUES (?, ?)", rows)

    def counts(self) -> dict[str, int]:
        """Return how many documents there are of each kind; `same` are all others that both have."""
        found: dict[str, int] = {
            **dict.fromkeys(KINDS, 0),
            **dict(self.ask("SELECT kind, count(*) FROM differing GROUP BY 1")),
        }
        there = found["moved"] + found["changed"] + found["renamed"] + found["out"]
        return {"same": self.a.documents - there, **found}


def read(files: Sequence[File], more: str = "") -> str:
    """Return the call that reads Parquet files."""
    names = ", ".join("'" + file.path.replace("'", "''") + "'" for file in files)
    return f"read_parquet([{names}], union_by_name = true{more})" if files else ""


@contextmanager
def compared(a: Side, b: Side, limits: Limits, text: bool = True) -> Iterator[Documents]:
    """Compare the documents of two corpora, in a database on disk that is gone at the end."""
    import duckdb  # noqa: PLC0415 - 100 ms

    with TemporaryDirectory(dir=limits.scratch) as folder:
        config: dict[str, Any] = {
            "memory_limit": f"{limits.memory}B",
            "threads": limits.threads,
            "temp_directory": folder,
            "preserve_insertion_order": False,
        }
        with duckdb.connect(str(Path(folder) / "diff.db"), config=config) as database:
            yield Documents(database, a, b, text)

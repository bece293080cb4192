"""Parquet files as documents."""

import contextlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from atom_data.errors import ConfigError, DataError
from atom_data.readers.columns.columns import Columns, carried, columns_of, schema_of
from atom_data.readers.columns.strings import broken, can_be_strings, ids_of, repaired, strings_of
from atom_data.readers.fields.derived import behind, is_made, type_at, with_made, with_nested
from atom_data.readers.fields.mapping import Field, checked, names_of, said
from atom_data.readers.fields.source import IDS, FieldSource, own_columns
from atom_data.readers.files import SPLIT_BYTES, current_input, listed
from atom_data.readers.row_groups import byte_range, on_disk, part_input, row_group_parts
from atom_data.readers.rows import Identities, file_prefix
from atom_data.readers.source import Places
from atom_data.storage.parquet import BATCH_BYTES, read_parquet
from atom_data.storage.paths import sha256, without_secrets
from atom_data.storage.shards import Input, Intake, Shard
from atom_data.workspace import Workspace

SUFFIXES = (".parquet", ".pq")
OWN = own_columns("row")
OURS = tuple(OWN.names)


@dataclass(frozen=True, slots=True, init=False)
class Parquet(FieldSource):
    """Documents from Parquet files, with all their columns.

    Columns: `id`, `text`, `url`, `date` as strings, from the columns that the parameters of the same names give (null
    where a file has none; without the column for `text` there is a ConfigError; a dot goes into a struct, several texts are
    joined, and `Messages()` takes chat messages, as in `Jsonl`); `source` (the parameter; without it
    the file's column `source`, else `parquet`), `file` (path below the common folder of the source), `row` (number in
    the file), and every other column that any file has, in a type that holds all files' values (`common_type`): a
    column of nulls fits any type, and a file without rows any columns. Columns are found in the footers of the first
    1,000 files (16 where they are remote).
    Strings follow the rule of `Jsonl`: numbers as Python writes them; NaN, booleans and empty text are not ids; NUL is
    left out. A binary id is its text, or hexadecimal where it is not text; a UUID is written as one. Bytes of other
    columns that are not UTF-8 become \\xff. Times of 96 bits have microseconds.
    A row without an id gets BLAKE2b-128 over source, file, URL, text, and the number of equal ones before it in the
    shard. Where ids repeat from file to file, `ids="file"` puts the file before them: `FILE#ID`; where a file itself
    repeats them, `ids="row"` takes the row's number in the file: `FILE#ROW` (`file_prefix` has the rules).

    Local files above `split_bytes` are read in parts of whole row groups; 0 turns it off.
    Rejected, with the rest of the file still read: `parquet.bad_utf8` (a text that is not UTF-8), `parquet.no_text`
    (messages that are none).
    Errors: ConfigError for a column that is not there or cannot be a string; DataError for a file that is not a Parquet
    file, cannot be read to its end, has two columns of one name, lacks a column that is asked for and that another
    file has, or has one in a type that goes with no other file's (of structs: with other fields) or a value that the
    common type does not hold.
    Memory: see `read_parquet`; 150 bytes per row of the shard without an id.
    """

    split_bytes: int
    suffixes = SUFFIXES
    kind = "parquet"
    words = ("column", "row")

    def __init__(
        self,
        *paths: Places,
        source: str | None = None,
        text: Field = "text",
        id: str = "id",  # noqa: A002
        url: str = "url",
        date: str = "date",
        split_bytes: int = SPLIT_BYTES,
        ids: str = "column",
    ) -> None:
        """Name files, globs, folders (every *.parquet below) and URLs."""
        fields = {"source": source, "text": checked("Parquet", text), "id": id, "url": url, "date": date, "ids": ids}
        self._settle(paths, IDS, split_bytes=split_bytes, **fields)

    def schema(self) -> pa.Schema:
        """Our columns, and what else the files have."""
        return self._schema(self._columns())

    def _schema(self, columns: Columns) -> pa.Schema:
        return pa.schema([*OWN, *(field for field in columns.schema if field.name not in self._taken())])

    def _columns(self) -> Columns:
        found = columns_of(listed(self.paths, SUFFIXES), self._taken())
        for path, there in found.seen if found.rows else ():
            self._check(there, path)
        return found

    def _taken(self) -> frozenset[str]:
        return frozenset((*OURS, said(self.text), self.id, self.url, self.date))

    def _check(self, there: pa.Schema, path: str) -> None:
        """Check that the columns that make ours are there and can be strings."""
        where, names = without_secrets(path), ", ".join(there.names) or "none"
        for name in names_of(self.text):
            if type_at(name, there) is None:
                raise ConfigError(
                    f"{where}: no column '{name}'; columns there: {names}. Name the one that holds the text: text=."
                )
        plain = () if is_made(self.text) else names_of(self.text)
        for name in (*plain, self.id, self.url, self.date):
            kind = type_at(name, there) or pa.string()
            if not can_be_strings(kind):
                raise ConfigError(f"{where}: column '{name}' holds {kind}, which is not a string. Name another one.")

    def _parts(self) -> tuple[Shard, ...]:
        return row_group_parts(self._whole_files(), self.split_bytes)

    def read(
        self, shard: Shard, workspace: Workspace, columns: Collection[str], intake: Intake
    ) -> Iterator[pa.RecordBatch]:
        """Yield batches of about 8 MB."""
        (found,) = self.current(shard, workspace)
        all_columns = self._columns()
        wanted = [field for field in self._schema(all_columns) if field.name in columns]
        identities = Identities() if "id" in columns else None
        with on_disk(shard.path) as path:
            there, metadata = schema_of(path)
            if metadata.num_rows:
                self._check(there, shard.path)
                needed = self._needed([field.name for field in wanted], there, shard.path, all_columns)
                row = sum(metadata.row_group(group).num_rows for group in range(shard.start))
                for batch in read_parquet(path, needed, shard.start, shard.stop, BATCH_BYTES):
                    intake.bytes_read = min(intake.bytes_read + batch.nbytes, found.bytes)
                    numbers = pa.array(range(row, row + batch.num_rows), pa.int64())
                    row += batch.num_rows
                    whole, numbers = self._whole(*self._made(batch, numbers, shard.path, intake), intake)
                    if whole.num_rows:
                        ours = self._ours(whole, numbers, found.path, identities)
                        yield _chosen(whole, ours, wanted, found.path, all_columns)
            # At the end, though a thread could do it meanwhile: who reads only the beginning must not wait for the whole.
            digest = sha256(path, *byte_range(path, shard))
        intake.inputs.append(replace(found, sha256=digest))

    def _needed(self, wanted: list[str], there: pa.Schema, path: str, all_columns: Columns) -> list[str]:
        """Return the file's columns behind the wanted ones, and the text: the same rows are left out for every reader."""
        texts = names_of(self.text)
        made_of = {"id": (self.id, *texts, self.url, "source"), "text": texts, "url": (self.url,)}
        made_of |= {"date": (self.date,), "source": ("source",), "file": (), "row": ()}
        needed = {behind(name, there.names) for name in texts}
        for name in wanted:
            if name not in OURS and name not in there.names:
                raise DataError(
                    f"{without_secrets(path)}: no column '{name}', which {without_secrets(all_columns.homes[name])} has; "
                    f"columns there: {', '.join(there.names)}. Make two sources of them."
                )
            needed.update(behind(other, there.names) for other in made_of.get(name, (name,)))
        return [name for name in there.names if name in needed]

    def _made(
        self, batch: pa.RecordBatch, numbers: pa.Array, path: str, intake: Intake
    ) -> tuple[pa.RecordBatch, pa.Array]:
        """Return the batch with columns for what lies in structs, and for a text that is made of several columns."""
        plain = () if is_made(self.text) else names_of(self.text)
        batch = with_nested(batch, (*plain, self.id, self.url, self.date))
        if plain:
            return batch, numbers
        batch, unfit = with_made(batch, self.text, without_secrets(path))
        for row, why in unfit.items():
            intake.reject("parquet.no_text", numbers[row].as_py(), why, b"")
        good = pa.array([row not in unfit for row in range(batch.num_rows)])
        return (batch.filter(good), numbers.filter(good)) if unfit else (batch, numbers)

    def _whole(self, batch: pa.RecordBatch, numbers: pa.Array, intake: Intake) -> tuple[pa.RecordBatch, pa.Array]:
        """Return the batch with its text as strings, without the rows whose text is not UTF-8; and the rows' numbers."""
        name = said(self.text)
        text = strings_of(batch.column(name))
        batch = batch.set_column(batch.schema.get_field_index(name), name, text)
        bad = broken(text)
        if not bad:
            return batch, numbers
        for row, (place, data) in bad.items():
            detail = f"byte {place} of the text is not UTF-8"
            intake.reject("parquet.bad_utf8", numbers[row].as_py(), detail, data[: 1 << 16])
        good = pa.array([row not in bad for row in range(batch.num_rows)])
        return batch.filter(good), numbers.filter(good)

    def _ours(
        self, batch: pa.RecordBatch, numbers: pa.Array, file: str, identities: Identities | None
    ) -> dict[str, pa.Array]:
        """Return the columns that are ours; the id only with `identities`."""
        count = batch.num_rows
        ours = {
            "text": batch.column(said(self.text)),
            "url": _string(batch, self.url),
            "date": _string(batch, self.date),
            "source": pa.repeat(pa.scalar(self.source), count) if self.source else self._source(batch),
            "file": pa.repeat(pa.scalar(file), count),
            "row": numbers,
        }
        if identities is not None:
            ours["id"] = self._ids(batch, ours, file, identities)
        return ours

    def _source(self, batch: pa.RecordBatch) -> pa.Array:
        there = _string(batch, "source")
        return pc.fill_null(pc.if_else(pc.equal(there, ""), pa.scalar(None, pa.string()), there), self.name)

    def _ids(self, batch: pa.RecordBatch, ours: dict[str, pa.Array], file: str, identities: Identities) -> pa.Array:
        if self.ids == "row":
            return _prefixed(file_prefix(self.source, file), ours["row"].cast(pa.string()))
        there = (
            ids_of(batch.column(self.id)) if self.id in batch.schema.names else pa.nulls(batch.num_rows, pa.string())
        )
        own = _ids(there, ours, file, identities)
        return own if self.ids == "column" else _prefixed(file_prefix(self.source, file), own)

    def current(self, shard: Shard, workspace: Workspace) -> tuple[Input, ...]:
        """The file as it is now, without its hash; for a part, the bytes of its row groups."""
        return (part_input(current_input(self.paths, replace(shard, start=0, stop=None)), shard),)

    def identity(self) -> dict[str, object]:
        """What decides the rows besides the files."""
        return {
            "reads": "parquet",
            "source": self.source,
            "columns": self._named(),
            "split_bytes": self.split_bytes,
            **({} if self.ids == "column" else {"ids": self.ids}),
            **self._types(),
        }

    def _types(self) -> dict[str, object]:
        """Return the types of the columns where they differ between files: a new file may then change all shards."""
        with contextlib.suppress(
            ConfigError, DataError
        ):  # it is said by `schema`, and who looks at a status has no files
            if self._columns().differ:
                return {"types": {field.name: str(field.type) for field in self.schema()}}
        return {}


def _chosen(
    batch: pa.RecordBatch, ours: dict[str, pa.Array], wanted: list[pa.Field], file: str, columns: Columns
) -> pa.RecordBatch:
    """Return the wanted columns; where none is wanted, what there is, so that the rows can be counted."""
    arrays = [ours[field.name] if field.name in OURS else carried(batch, field, file, columns) for field in wanted]
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(wanted)) if arrays else batch


def _string(batch: pa.RecordBatch, name: str) -> pa.Array:
    """Return a column as strings, nulls where there is none."""
    if name not in batch.schema.names:
        return pa.nulls(batch.num_rows, pa.string())
    return repaired(strings_of(batch.column(name)))


def _ids(there: pa.Array, ours: dict[str, pa.Array], file: str, identities: Identities) -> pa.Array:
    """Return the ids that are there, and for a row without one the hash of what it holds."""
    if there.null_count == 0:
        return there
    ids: list[str | None] = there.to_pylist()
    columns = [ours[name].cast(pa.binary()) for name in ("source", "url", "text")]
    for index in there.is_null().to_numpy(zero_copy_only=False).nonzero()[0].tolist():
        source, url, text = (column[index].as_py() or b"" for column in columns)
        ids[index] = identities.next(source, file.encode(), url, text)
    return pa.array(ids, pa.string())


def _prefixed(prefix: str, ids: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(pa.scalar(prefix), ids, "")

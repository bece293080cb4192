"""Files of your own source: listed as shards, named as inputs, and read as batches of bounded size."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

import pyarrow as pa

from atom_data.errors import DataError
from atom_data.readers.files import current_input, listed, named
from atom_data.readers.rows import Rows
from atom_data.storage.paths import sha256
from atom_data.storage.shards import Input, Shard
from atom_data.workspace import Workspace


def files(paths: tuple[str, ...], suffixes: tuple[str, ...], workspace: Workspace) -> tuple[Shard, ...]:
    """Return a shard for each file that paths, globs, folders and URLs name, sorted by name; `path` is where it is.

    A folder stands for all files below it that end in one of `suffixes`. The name is that of the file below the folder
    that all paths have in common. ConfigError for a path that is not there, and for a folder or glob without a file.
    """
    return workspace.listing(repr((paths, suffixes)), lambda: tuple(named(listed(paths, suffixes))))


def file_now(paths: tuple[str, ...], shard: Shard) -> Input:
    """Return the file of a shard as it is now, by size and time: what `current` says. The hash is left empty."""
    return current_input(paths, shard)


def file_read(paths: tuple[str, ...], shard: Shard) -> Input:
    """Return the file of a shard with the SHA-256 of its content: what `read` adds to `intake.inputs`."""
    return replace(current_input(paths, shard), sha256=sha256(shard.path))


def batches(
    rows: Iterable[Mapping[str, object]], schema: pa.Schema, columns: Collection[str]
) -> Iterator[pa.RecordBatch]:
    """Yield rows as batches of at most 1,000, or of about 8 MB of text and bytes: those of `columns` that `schema` has.

    A row is a mapping with every column of the schema. DataError when a value does not fit its column. Memory: a batch.
    """
    waiting = Rows(schema, [name for name in schema.names if name in columns] or schema.names[:1])
    for row in rows:
        waiting.add(dict(row), sum(len(value) for value in row.values() if isinstance(value, (str, bytes))))
        if waiting.full():
            yield from _taken(waiting)
    yield from _taken(waiting)


def _taken(waiting: Rows) -> list[pa.RecordBatch]:
    try:
        return list(waiting.take())
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError) as error:
        raise DataError(
            f"a row does not fit the columns {', '.join(waiting.schema.names)}: {error}. Give values of these types, or "
            "reject the record by intake.reject."
        ) from error

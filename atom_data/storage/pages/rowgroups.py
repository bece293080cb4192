"""How a row group of a Parquet file is read: how many rows at a time, which columns by dictionary, which pages in pieces."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from atom_data.storage.pages import bigpages
from atom_data.storage.pages.delta import unfolded
from atom_data.storage.pages.pages import BY_INDEX, DELTA_BYTE_ARRAY, DICTIONARY, Page, pages_of
from atom_data.storage.pages.plain import dictionary_entries, plain_bytes

MOST_ROWS = 65_536
BIG_DICTIONARY_BYTES = 16 << 20
"""Arrow would copy the dictionary for every batch."""
FEW = 4
"""So many times the bytes of a batch may a column take where its rows are of unequal size."""
WIDTHS = {"BOOLEAN": 1, "INT32": 4, "INT64": 8, "INT96": 12, "FLOAT": 4, "DOUBLE": 8}

Opener = Callable[[Sequence[str]], pq.ParquetFile]
"""Opens the file with the given leaves as dictionaries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A column of primitive values: a column of the file, or a part of a nested one."""

    index: int
    name: str
    """Of the column of the file that it belongs to."""
    path: str
    physical: str
    width: int
    """Bytes of a value where all have the same, else 0."""
    nested: bool
    nulls: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How to read a row group."""

    rows: int
    """At a time."""
    dictionaries: tuple[str, ...]
    """Paths of leaves that stay dictionaries until their batch is cut into pieces."""
    streamed: dict[str, bigpages.Values]
    """Columns whose pages are too large to be decompressed whole."""
    joined: bool
    """Whether batches are to be put together again: `rows` had to be few because of what a column could hold."""


def leaves_of(metadata: pq.FileMetaData, schema: pa.Schema, names: Collection[str]) -> list[Leaf]:
    """Return the leaves of the columns in `names`. A name may hold dots, so that it is not read from the path."""
    owners = [field.name for field in schema for _ in range(_count(field.type))]
    leaves = []
    for index in range(metadata.num_columns):
        leaf = metadata.schema.column(index)
        owner = owners[index] if len(owners) == metadata.num_columns else leaf.path.split(".")[0]
        if owner in names:
            width = leaf.length if leaf.physical_type == "FIXED_LEN_BYTE_ARRAY" else WIDTHS.get(leaf.physical_type, 0)
            deepest, nested = leaf.max_definition_level, leaf.path != owner or leaf.max_repetition_level > 0
            leaves.append(
                Leaf(
                    index=index,
                    name=owner,
                    path=leaf.path,
                    physical=leaf.physical_type,
                    width=width,
                    nested=nested,
                    nulls=deepest > 0,
                )
            )
    return leaves


def _count(kind: pa.DataType) -> int:
    if isinstance(kind, pa.BaseExtensionType):
        return _count(kind.storage_type)
    if pa.types.is_nested(kind):
        return sum(_count(kind.field(index).type) for index in range(kind.num_fields))
    return 1


def plan(
    found: pq.RowGroupMetaData,
    leaves: Sequence[Leaf],
    group: int,
    batch_bytes: int,
    stream: BinaryIO | None,
    opener: Opener,
) -> Plan:
    """Return how to read a row group, the one with number `group`, in batches of about `batch_bytes`.

    Without a `stream`, as for a remote file, the pages are not looked at: those files are our own, and what a row group
    of them holds was 32 MB when it was written.
    """
    count = max(int(found.num_rows), 1)
    size = sum(_bytes(found.column(leaf.index), leaf) for leaf in leaves)
    natural = max(1, min(MOST_ROWS, int(batch_bytes) * count // max(size, 1)))
    rows, dictionaries, streamed = natural, [], {}
    for leaf in leaves:
        if stream is None or leaf.physical != "BYTE_ARRAY":
            continue
        chunk = found.column(leaf.index)
        pages = pages_of(stream, chunk)
        if pages is None:
            continue
        big = _is_big(pages) and not leaf.nested and bigpages.can_be_streamed(pages, chunk.compression)
        if big:
            streamed[leaf.name] = bigpages.Values(stream, pages, chunk.compression, leaf.nulls)
        elif _is_all_by_index(pages):
            dictionaries.append(leaf.path)
            continue
        if not leaf.nested:
            pages = unfolded(stream, pages, chunk.compression, leaf.nulls, FEW * batch_bytes)
        rows = _narrow(leaf, pages, rows, batch_bytes)
        unfolds = partial(_unfolds, leaf, pages, group, rows, 2 * batch_bytes, opener)
        longest = _longest(pages, streamed.get(leaf.name), unfolds) * -(-chunk.num_values // count)
        rows = max(1, min(rows, FEW * batch_bytes // max(longest, 1)))
    return Plan(rows=rows, dictionaries=tuple(dictionaries), streamed=streamed, joined=rows < natural)


def _bytes(chunk: pq.ColumnChunkMetaData, leaf: Leaf) -> int:
    return max(int(chunk.total_uncompressed_size), int(chunk.num_values) * leaf.width)


def _is_big(pages: Sequence[Page]) -> bool:
    return any(
        page.bytes > (BIG_DICTIONARY_BYTES if page.kind == DICTIONARY else bigpages.BIG_PAGE_BYTES) for page in pages
    )


def _is_all_by_index(pages: Sequence[Page]) -> bool:
    data = [page for page in pages if page.kind != DICTIONARY]
    return len(data) < len(pages) and all(page.encoding in BY_INDEX for page in data)


def _narrow(leaf: Leaf, pages: Sequence[Page], rows: int, batch_bytes: int) -> int:
    """Return how many rows to read, so that a column stays within a few batches by the size of its pages."""
    data = [page for page in pages if page.kind != DICTIONARY]
    while not leaf.nested and rows > 1 and _widest(data, rows) > FEW * batch_bytes:
        rows //= 2
    return rows


def _longest(pages: Sequence[Page], values: bigpages.Values | None, unfolds: Callable[[], bool]) -> int:
    """Return how many bytes a value may unfold to; 0 where values take what they take in their pages."""
    delta = [page.bytes for page in pages if page.encoding == DELTA_BYTE_ARRAY]  # repeats the value before it
    dictionary = [page.bytes for page in pages if page.kind == DICTIONARY]
    if not dictionary:
        return max(delta, default=0)
    if values is not None:
        return values.longest_entry()
    return max([0 if unfolds() else sum(dictionary), *delta])


def _widest(pages: Sequence[Page], rows: int) -> int:
    """Return the maximum number of bytes that this many consecutive rows take, by the mean of each page."""
    row = np.cumsum([0, *(page.values for page in pages)])
    size = np.cumsum([0, *(page.bytes for page in pages)])
    return int((np.interp(row[:-1] + rows, row, size) - size[:-1]).max(initial=0))


def _unfolds(leaf: Leaf, pages: Sequence[Page], group: int, rows: int, limit: int, opener: Opener) -> bool:
    """Tell whether no batch of `rows` takes more than `limit` where it comes out of the dictionary.

    Most writers begin with a dictionary and end without, when it has grown to a megabyte: that beginning is read here
    as indices, which is little. A chunk that returns to its dictionary is answered with no.
    """
    data = [page for page in pages if page.kind != DICTIONARY]
    by_index = [page.encoding in BY_INDEX for page in data]
    entries = [page.values for page in pages if page.kind == DICTIONARY]
    if by_index != sorted(by_index, reverse=True) or len(entries) > 1:
        return False
    left = sum(page.values for page in data if page.encoding in BY_INDEX)
    for batch in _batches(opener([leaf.path]), group, leaf.path, rows):
        if any(plain_bytes(column) > limit for column in batch.columns) and batch.num_rows > 1:
            return False
        left -= batch.num_rows
        if (left <= 0 and not leaf.nested) or sum(map(dictionary_entries, batch.columns)) > entries[0]:
            break
    return True


def _batches(file: pq.ParquetFile, group: int, path: str, rows: int) -> Iterator[pa.RecordBatch]:
    try:
        yield from file.iter_batches(batch_size=rows, row_groups=[group], columns=[path])
    except (pa.ArrowException, OSError):
        return  # the columns are read again, and then it is said what is wrong with them
    finally:
        file.close()

"""Parts of Parquet files: runs of whole row groups, and the bytes that hold them."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pyarrow.parquet as pq

from atom_data.readers.files import ranges
from atom_data.storage.parquet import open_parquet, row_group_of
from atom_data.storage.paths import is_remote, unreadable
from atom_data.storage.shards import Input, Shard
from atom_data.storage.web.stream import open_input


def row_group_parts(files: Sequence[Shard], split_bytes: int) -> tuple[Shard, ...]:
    """Return the files, local ones above `split_bytes` in runs of row groups, sorted by name; 0 leaves all whole."""
    parts: list[Shard] = []
    for shard in files:
        if split_bytes and shard.bytes > split_bytes and not is_remote(shard.path):
            file = open_parquet(shard.path)
            count = min(file.num_row_groups, -(-shard.bytes // split_bytes))
            parts += ranges(shard, file.num_row_groups, count)
            file.close()
        else:
            parts.append(shard)
    return tuple(sorted(parts, key=lambda shard: shard.name))


def part_input(found: Input, shard: Shard) -> Input:
    """Return a file as the input of a shard of it: of a part, with the bytes of its row groups alone."""
    if shard.stop is None:
        return found
    low, high = byte_range(shard.path, shard)
    return replace(found, bytes=(found.bytes if high is None else high) - low)


@contextlib.contextmanager
def on_disk(path: str) -> Iterator[str]:
    """Give a local copy of a remote file: its parts are read out of order, and all of it is hashed, on one download."""
    if not is_remote(path):
        yield path
        return
    with tempfile.NamedTemporaryFile(suffix=".parquet") as copy, open_input(path) as stream:
        try:
            shutil.copyfileobj(stream, copy, 1 << 20)
        except Exception as error:
            raise unreadable(path, "cannot be read to the end", error) from error
        copy.flush()
        yield copy.name


def byte_range(path: str, shard: Shard) -> tuple[int, int | None]:
    """Return the bytes of a Parquet file that hold a run of row groups; the last run ends with the file."""
    if shard.stop is None and not shard.start:
        return 0, None
    file = open_parquet(path)
    count = file.num_row_groups
    file.close()
    low = _start(row_group_of(path, shard.start)) if 0 < shard.start < count else 0
    return low, None if shard.stop is None or shard.stop >= count else _start(row_group_of(path, shard.stop))


def _start(group: pq.RowGroupMetaData) -> int:
    chunks = [group.column(index) for index in range(group.num_columns)]
    return min((int(chunk.dictionary_page_offset or chunk.data_page_offset) for chunk in chunks), default=0)

"""Multistream dumps: bzip2 streams of some hundred pages each, and the index that says where they begin."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from atom_data.errors import DataError
from atom_data.readers.lines import Lines
from atom_data.readers.streams.window import Window
from atom_data.storage.paths import is_remote, local
from atom_data.storage.shards import Shard, part_name

MARK = "-multistream"


def index_of(path: str) -> str | None:
    """Return the index beside a multistream dump (`X-multistream-index.txt.bz2`, `X-multistream-index1.txt-p1p9.bz2`), or None."""
    name = Path(path).name
    if is_remote(path) or MARK not in name or ".xml" not in name:
        return None
    before, _, after = name.rpartition(MARK)
    found = local(path).with_name(f"{before}{MARK}-index{after.replace('.xml', '.txt', 1)}")
    return str(found) if found.is_file() else None


def stream_parts(shard: Shard, split_bytes: int) -> list[Shard]:
    """Return a dump as parts of whole streams, of about `split_bytes`; itself where it has no index, or is not above that.

    DataError for an index whose lines are not `OFFSET:ID:TITLE`, or whose offsets do not grow within the file.
    """
    index = index_of(shard.path)
    if index is None or not split_bytes or shard.bytes <= split_bytes:
        return [shard]
    bounds, last = [0], 0
    for offset in _offsets(index):
        if offset < last or offset >= shard.bytes:
            raise DataError(
                f"{index}: a stream at byte {offset:,} after one at {last:,}; the dump has {shard.bytes:,}. Fetch both again."
            )
        if offset - bounds[-1] >= split_bytes:
            bounds.append(offset)
        last = offset
    ends = [*bounds[1:], shard.bytes]
    if len(bounds) < 2:
        return [shard]
    return [
        replace(shard, name=part_name(shard.name, number), bytes=end - start, start=start, stop=end)
        for number, (start, end) in enumerate(zip(bounds, ends, strict=True))
    ]


def _offsets(index: str) -> Iterator[int]:
    window = Window(index)
    try:
        numbers = (_offset(line.data, number, index) for number, line in enumerate(Lines(window), 1))
        yield from (offset for offset, _ in itertools.groupby(numbers))
    finally:
        window.close()


def _offset(line: bytes, number: int, index: str) -> int:
    offset, *more = line.split(b":", 2)
    if len(more) < 2 or not offset.isdigit() or len(offset) > 18:
        raise DataError(
            f"{index}, line {number}: is not OFFSET:ID:TITLE: {line[:80]!r}. Fetch the index again, or leave it out."
        )
    return int(offset)

"""Records of a WARC file by their URLs, without decompressing what lies between them."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import BinaryIO

from atom_data.readers.archive import decoded_field
from atom_data.readers.framing import ARC, BLANK, HEAD_END, WARC, arc_fields
from atom_data.readers.records import parse_fields
from atom_data.readers.streams.compression import BROKEN_DATA, GZIP
from atom_data.readers.streams.frames import WINDOW_BYTES
from atom_data.storage.paths import is_remote, open_raw
from atom_data.storage.shards import Shard

PIECE_BYTES = 1 << 20
BEGIN_BYTES = 1024
"""Of a member as it is stored: the header of its record is mostly among what these decompress to."""
HEAD_BYTES = 4096
MOST_BEGINNINGS = 1 << 13
"""In a piece: a file built to look as if a member began every three bytes would take a second for each megabyte."""


def parts_with(shard: Shard, urls: Collection[str]) -> Iterator[Shard]:
    """Yield a part of a shard for each record whose header names one of the URLs, in their order: a source reads it alone.

    Only beginnings are decompressed, which takes a tenth of the time of reading a file. What is not found may be there all the
    same: within a member of several records, behind a long header, in a remote file, in one that gzip has not compressed, behind
    MOST_BEGINNINGS in a megabyte.
    Memory: 2 MiB.
    """
    if is_remote(shard.path) or not urls:
        return
    with open_raw(shard.path) as stream:
        for place, begin in _members(stream, shard.start):
            if shard.stop is not None and place >= shard.stop:
                return
            if _url(begin) in urls:
                yield replace(shard, start=place, stop=place + 1)


def _members(stream: BinaryIO, start: int) -> Iterator[tuple[int, bytes]]:
    """Yield each place from `start` on where a gzip member may begin, and the first bytes of what stands there."""
    stream.seek(start)
    at, data, more = start, b"", True
    while more:
        piece = stream.read(PIECE_BYTES)
        data, more = data + piece, bool(piece)
        whole = max(0, len(data) - BEGIN_BYTES) if more else len(data)
        place, count = data.find(GZIP.magic), 0
        while 0 <= place < whole and count < MOST_BEGINNINGS:
            yield at + place, data[place : place + BEGIN_BYTES]
            place, count = data.find(GZIP.magic, place + 1), count + 1
        at, data = at + whole, data[whole:]


def _url(begin: bytes) -> str:
    """Return the URL of the record that a member begins with; empty where that cannot be seen."""
    try:
        head: bytes = GZIP.decompressor(WINDOW_BYTES).decompress(begin, HEAD_BYTES).lstrip(BLANK)
    except BROKEN_DATA:
        return ""
    if WARC.start.match(head):
        fields = parse_fields(HEAD_END.split(head, 1)[0])
    else:
        line = ARC.start.match(head)
        fields = arc_fields(line[0]) if line else {}
    return decoded_field(fields.get(b"warc-target-uri", b"").removeprefix(b"<").removesuffix(b">"))

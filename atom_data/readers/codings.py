"""Decoding of HTTP payloads: gzip, deflate, Brotli, Zstandard and chunks, whole or only up to a point.

Sources: RFC 9110, section 8.4 (content codings), RFC 9112, section 7 (transfer codings), RFC 1952, section 2.2 (a gzip
file is a series of members), RFC 8878, section 3 (frames, and frames to skip), RFC 7932 (Brotli).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import brotli
from backports import zstd
from isal import igzip_lib

from atom_data.extract.sniff import has_controls
from atom_data.readers.streams.decompression import BROKEN_DATA
from atom_data.readers.streams.upper_halves import clear_upper_halves

OK, TRUNCATED, BROKEN, UNDECODED = "ok", "truncated", "broken", "undecoded"
GZIP = re.compile(rb"\x1f\x8b\x08[\x00-\x1f]", re.DOTALL)
ZSTD = re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18", re.DOTALL)
CHUNK = re.compile(rb"\r?\n?([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\r\n]*)?\r?\n")
NAMES = {
    b"gzip": "gzip",
    b"x-gzip": "gzip",
    b"deflate": "deflate",
    b"x-deflate": "deflate",
    b"br": "br",
    b"zstd": "zstd",
    b"chunked": "chunked",
}
MOST_PIECES = 4_096
"""Chunks that are held one by one: more are joined, as a view of one byte takes two hundred."""
CODINGS_LIMIT = 3
"""Nested content codings to undo for one payload: a server sends fewer, a decompression bomb more."""
MOST_AFTER = 4
"""Bytes after the end of data that nothing marks the beginning of: a line end or two."""
FEWEST_READ = 64
FIRST_FEED_BYTES, FEED_BYTES, PIECE_BYTES = 512, 1 << 14, 1 << 20


class TooLarge(Exception):
    """A payload that decodes to more than is allowed."""


class _Brotli:
    """Brotli's decompressor with the names that the others have."""

    unused_data = b""

    def __init__(self) -> None:
        self.inner = brotli.Decompressor()

    def decompress(self, data: bytes | memoryview, limit: int) -> bytes:
        piece: bytes = self.inner.process(bytes(data), output_buffer_limit=limit)
        return piece

    @property
    def needs_input(self) -> bool:
        return bool(self.inner.can_accept_more_data())

    @property
    def eof(self) -> bool:
        return bool(self.inner.is_finished())


DECODERS: dict[str, Callable[[], Any]] = {
    "gzip": lambda: igzip_lib.IgzipDecompressor(igzip_lib.DECOMP_GZIP),
    "zlib": lambda: igzip_lib.IgzipDecompressor(igzip_lib.DECOMP_ZLIB),
    "raw": lambda: igzip_lib.IgzipDecompressor(igzip_lib.DECOMP_DEFLATE),
    "br": _Brotli,
    "zstd": zstd.ZstdDecompressor,
}
STARTS = {"gzip": GZIP, "zstd": ZSTD}
"""How every member or frame begins, of the codings that have more than one."""


@dataclass(slots=True)
class _Output:
    limit: int
    pieces: list[bytes] = field(default_factory=list)
    total: int = 0

    def add(self, piece: bytes) -> None:
        self.total += len(piece)
        if self.total > self.limit:
            raise TooLarge
        if piece:
            self.pieces.append(piece)

    def back_to(self, count: int) -> None:
        self.total -= sum(map(len, self.pieces[count:]))
        del self.pieces[count:]


def undone(payload: bytes | memoryview, names: list[bytes], limit: int) -> tuple[bytes | memoryview, str]:
    """Return a payload with the codings `names` undone, the last one first, and how that went.

    `ok`: all of it, or there was nothing to undo: many crawlers undo codings and keep the header that names them, and
    names that are not codings (`identity`, `none`, `UTF-8`) are passed over. A payload that begins as gzip or zstd does
    is undone whether a header says so or not. `truncated`, `broken`: what stands before the place where the data ends
    too early, or makes no sense. `undecoded`: the bytes as they are; they are still coded, or the coding is unknown.
    Errors: TooLarge where a step gives more than `limit` bytes. Memory: the payload before and after a step.
    """
    known = [NAMES[name] for name in names if name in NAMES]
    status, missed, steps = OK, False, 0
    for name in reversed(known[-CODINGS_LIMIT:]):
        found = _undone(payload, name, limit)
        missed |= found is None and name != "chunked"
        if found is not None:
            payload, how = found
            status, steps = _worse(status, how), steps + 1
    while (coded := _begins_as(payload)) is not None and steps < CODINGS_LIMIT:
        payload, how, _ = _members(payload, coded, limit)
        status, steps = _worse(status, how), steps + 1
    if _begins_as(payload) is not None or (missed and has_controls(payload)):
        status = UNDECODED
    return payload, status


def _worse(one: str, other: str) -> str:
    order = (OK, TRUNCATED, BROKEN)
    return max(one, other, key=order.index)


def _begins_as(payload: bytes | memoryview) -> str | None:
    return next((name for name, start in STARTS.items() if start.match(payload)), None)


def _undone(payload: bytes | memoryview, name: str, limit: int) -> tuple[bytes | memoryview, str] | None:
    """Return a payload with one coding undone, and how that went; None where it is not in that coding."""
    if name == "chunked":
        return dechunked(payload)
    if name in STARTS:
        return _members(payload, name, limit)[:2] if STARTS[name].match(payload) else None
    if _begins_as(payload) is not None:
        return None
    # Deflate means zlib's format (RFC 9110, section 8.4.1.2), and some servers send it without zlib's header.
    forms = (("zlib", "raw") if _has_zlib_header(payload) else ("raw",)) if name == "deflate" else (name,)
    data, how, rest = max(
        (_members(payload, form, limit) for form in forms), key=lambda one: (one[1] == OK, len(one[0]))
    )
    if how == OK and rest <= MOST_AFTER:
        return (data, OK) if len(data) else None
    # Nothing says that these two begin here, and no checksum that they end: texts that were never coded, and noise, give
    # a few bytes of rubbish, too.
    is_text = len(payload) - rest >= FEWEST_READ and len(data) > 0 and not has_controls(data)
    return (data, BROKEN if how == OK else how) if is_text and has_controls(payload) else None


def _has_zlib_header(payload: bytes | memoryview) -> bool:
    """RFC 1950, section 2.2: method 8, and the first two bytes are a multiple of 31."""
    return len(payload) > 1 and payload[0] & 0x0F == 8 and (payload[0] << 8 | payload[1]) % 31 == 0


def _members(payload: bytes | memoryview, coding: str, limit: int) -> tuple[bytes, str, int]:
    """Return what all members or frames decode to, how that went, and how many bytes after them are left out."""
    view, output = memoryview(payload), _Output(limit)
    place, how = _member(view, 0, coding, output)
    while how == OK and coding in STARTS and STARTS[coding].match(view, place):
        place, how = _member(view, place, coding, output)
    return b"".join(output.pieces), how, len(view) - place


def _member(view: memoryview, place: int, coding: str, output: _Output) -> tuple[int, str]:
    before = len(output.pieces)
    after, how = _fed(DECODERS[coding](), view, place, len(view), output)
    if how == BROKEN:
        # Data that fails takes what was decoded with it along: go there again, and byte by byte through what failed.
        output.back_to(before)
        after, how = _fed(DECODERS[coding](), view, place, after, output)
    return after, how


def _fed(decoder: Any, view: memoryview, place: int, careful: int, output: _Output) -> tuple[int, str]:  # noqa: ANN401
    """Decode from `place` on, byte by byte from `careful` on; return where the member, or what was sound, ends."""
    size = FIRST_FEED_BYTES
    while True:
        # The first pieces are small, so that thousands of tiny members don't copy all that follows on each.
        step = 1 if place >= careful else min(size, careful - place)
        piece = view[place : place + step]
        try:
            output.add(decoder.decompress(piece, PIECE_BYTES))
            while not (decoder.eof or decoder.needs_input):
                output.add(decoder.decompress(b"", PIECE_BYTES))
        except (*BROKEN_DATA, brotli.error):
            return place, BROKEN
        clear_upper_halves()
        place, size = place + len(piece), min(2 * size, FEED_BYTES)
        if decoder.eof:
            return place - len(decoder.unused_data), OK
        if place >= len(view):
            return place, TRUNCATED


def dechunked(payload: bytes | memoryview) -> tuple[bytes, str] | None:
    """Join the chunks of a payload, up to the first bad one; None for a payload that begins with none.

    A payload without a last chunk of size 0 is truncated (RFC 9112, section 8). Trailers are left out.
    """
    pieces: list[bytes | memoryview] = []
    view, place = memoryview(payload), 0
    while (found := CHUNK.match(view, place)) is not None:
        size, start = int(found[1], 16), found.end()
        if size == 0:
            return b"".join(pieces), OK
        pieces.append(view[start : start + size])
        if len(pieces) >= MOST_PIECES:
            pieces = [b"".join(pieces)]
        place = start + size
        if place > len(view):
            break
    if not pieces:
        return None
    rest = bytes(view[place : place + 32]).strip(b"\r\n")
    return b"".join(pieces), BROKEN if rest else TRUNCATED

"""Decompressed bytes of a WARC file, member by member, and the places where a record can start.

A *member* is what a compressor closes: one gzip member or zstd frame a record in well-made files. In an uncompressed
file a member is one record. FastWARC's own stream readers end silently where a gzip member is cut off or empty
(measured with 2.0.1), so members are opened and closed here, where the end of each is known.
"""

import bz2
import lzma
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from backports import zstd
from isal import igzip_lib

from atom_data.extract.window import Window

RECORD = re.compile(rb"WARC/\d\.[\d.]{1,8}[ \t]{0,8}\r{0,2}\n", re.IGNORECASE)
RECORD_LINE = re.compile(rb"\n(?=WARC/\d\.[\d.]{1,8}[ \t]{0,8}\r{0,2}\n[A-Za-z])", re.IGNORECASE)
OVERLAP_BYTES = 64
HEAD_END = re.compile(rb"\r{0,2}\n\r{0,2}\n")
BLANK = b"\r\n\0"
TRUNCATED = "warc.truncated"
FEED_BYTES = 1 << 15
PIECE_BYTES = 1 << 20
PROBE_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Compression:
    """How members of one compression begin, and what opens them."""

    name: str
    magic: bytes
    decompressor: Callable[[], Any]


COMPRESSIONS = (
    Compression("gzip", b"\x1f\x8b\x08", lambda: igzip_lib.IgzipDecompressor(igzip_lib.DECOMP_GZIP)),
    Compression("zstd", b"\x28\xb5\x2f\xfd", zstd.ZstdDecompressor),
    Compression("bzip2", b"BZh", bz2.BZ2Decompressor),
    Compression("xz", b"\xfd7zXZ\0", lzma.LZMADecompressor),
)
BROKEN_DATA: tuple[type[Exception], ...] = (  # type: ignore[assignment]  # isal's stub calls its error an instance
    igzip_lib.IsalError,
    zstd.ZstdError,
    lzma.LZMAError,
    OSError,
    EOFError,
    ValueError,
)


class Broken(Exception):
    """A record that cannot be read, with a reason, a line of detail, and whether the framing around it is lost too."""

    def __init__(self, reason: str, detail: str, lost: bool = True) -> None:
        """Note the three."""
        super().__init__(detail)
        self.reason, self.detail, self.lost = reason, detail, lost


def compression_of(window: Window) -> Compression | None:
    """Return the compression of a file by its first bytes, else by its name; None for an uncompressed one."""
    place = window.at
    window.seek(0)
    first = window.fill(8)
    window.seek(place)
    for compression in COMPRESSIONS:
        if first.startswith(compression.magic):
            return compression
    return COMPRESSIONS[0] if window.path.endswith(".gz") else None


class Flow:
    """What decompresses from a window; memory: a piece of 1 MiB and what is taken at once."""

    def __init__(self, window: Window, compression: Compression | None) -> None:
        """Begin at the window's position with no member open."""
        self.window, self.compression = window, compression
        self.data, self.index = b"", 0
        self.decompressor: Any = None
        self.member = window.at

    def open(self) -> bool:
        """Open the member at the window's position; False where none can begin."""
        self.data, self.index, self.member = b"", 0, self.window.at
        if self.compression is None:
            return RECORD.match(self.window.fill(32)) is not None
        if not self.window.fill(8).startswith(self.compression.magic):
            return False
        self.decompressor = self.compression.decompressor()
        return True

    def more(self) -> bool:
        """Decompress another piece; False at the end of the member. Broken when it cannot be decompressed."""
        piece = self._piece()
        if not piece:
            return False
        self.data, self.index = self.data[self.index :] + piece if self.index < len(self.data) else piece, 0
        return True

    def _piece(self) -> bytes:
        if self.compression is None:
            raw = bytes(self.window.view(PROBE_BYTES))
            self.window.advance(len(raw))
            return raw
        while not self.decompressor.eof:
            view = self._feed()
            try:
                piece: bytes = self.decompressor.decompress(view, PIECE_BYTES)
            except BROKEN_DATA as error:
                detail = f"{self.compression.name} data of the member at {self.member} is broken: {error}"
                raise Broken(f"warc.bad_{self.compression.name}", detail) from error
            if self.decompressor.eof:
                self.window.seek(self.window.at - len(self.decompressor.unused_data))
            if piece:
                return piece
        return b""

    def _feed(self) -> memoryview:
        if not self.decompressor.needs_input:
            return memoryview(b"")
        view = self.window.view(FEED_BYTES)
        if not view:
            raise Broken(TRUNCATED, f"the file ends inside the member at {self.member}")
        self.window.advance(len(view))
        return view

    def close(self) -> None:
        """Go to the end of the member; Broken when it cannot be decompressed up to there."""
        if self.compression is None:
            self.window.seek(self.window.at - (len(self.data) - self.index))
        else:
            while self._piece():
                pass
        self.data, self.index = b"", 0

    def on(self) -> None:
        """Get more of a record: from its member, or from the next where that one does not begin a record itself.

        Writers that compress in blocks let records run across members. Broken where the record is cut off.
        """
        while not self.more():
            if self.compression is None or not self.window.view(1):
                raise Broken(TRUNCATED, "the file ends inside the record")
            member, rest = self.member, self.data[self.index :]
            if self.starts() or not self.open():
                raise Broken(TRUNCATED, f"the member at {member} ends inside the record")
            self.data = rest

    def head(self, limit: int) -> bytes:
        """Return a header block with the blank line that ends it."""
        searched = 0
        while (found := HEAD_END.search(self.data, max(self.index, self.index + searched - 3))) is None:
            searched = len(self.data) - self.index
            if searched > limit:
                raise Broken("warc.bad_header", f"the record's header is longer than {limit} bytes", lost=False)
            self.on()
        head = self.data[self.index : found.end()]
        if len(head) > limit + 4:
            raise Broken("warc.bad_header", f"the record's header is longer than {limit} bytes", lost=False)
        self.index = found.end()
        return head

    def take(self, count: int) -> bytes:
        """Return exactly `count` bytes."""
        end = self.index + count
        if end <= len(self.data):
            piece = self.data[self.index : end]
            self.index = end
            return piece
        return b"".join(self._pieces(count))

    def skip(self, count: int) -> None:
        """Move on by `count` bytes."""
        for _ in self._pieces(count):
            pass

    def _pieces(self, count: int) -> Iterator[bytes]:
        while count:
            if self.index >= len(self.data):
                self.on()
            piece = self.data[self.index : self.index + count]
            self.index += len(piece)
            count -= len(piece)
            yield piece

    def to_content(self) -> bool:
        """Skip line ends between records; False at the end of the member."""
        while True:
            piece = self.data[self.index : self.index + 64]
            rest = piece.lstrip(BLANK)
            self.index += len(piece) - len(rest)
            if rest:
                return True
            if self.index >= len(self.data):
                self.data, self.index = b"", 0
                if not self.more():
                    return False

    def to_record_line(self) -> bool:
        """Move on to the next line inside the member that begins a record; False where there is none."""
        self.index += 1
        while (found := RECORD_LINE.search(self.data, self.index)) is None:
            self.index = max(self.index, len(self.data) - OVERLAP_BYTES)
            if not self.more():
                return False
        self.index = found.end()
        return True

    def starts(self) -> bool:
        """Tell whether a record starts at the window's position: the same answer for every part of a file."""
        return RECORD.match(self.probe(64).lstrip(BLANK)) is not None

    def probe(self, count: int) -> bytes:
        """Return up to `count` first bytes of the member at the window's position, broken or not, without moving on."""
        raw = self.window.fill(PROBE_BYTES)
        if self.compression is None or not raw.startswith(self.compression.magic):
            return raw[:count] if self.compression is None else b""
        try:
            piece: bytes = self.compression.decompressor().decompress(raw, count)
        except BROKEN_DATA:
            return b""
        return piece

    def find(self, until: int | None) -> bool:
        """Move the window on to the next place before `until` where a record starts; False where there is none."""
        while len(raw := self.window.fill(PROBE_BYTES)) > 0:
            hit = self._candidate(raw)
            self.window.advance(hit if hit >= 0 else len(raw) - (OVERLAP_BYTES if len(raw) == PROBE_BYTES else 0))
            if until is not None and self.window.at >= until:
                return False
            if hit >= 0:
                if self.starts():
                    return True
                self.window.advance(1)
        return False

    def _candidate(self, raw: bytes) -> int:
        if self.compression is not None:
            return raw.find(self.compression.magic)
        found = RECORD_LINE.search(raw)
        return found.end() if found else -1

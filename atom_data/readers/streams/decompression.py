"""Decompressed bytes of a WARC file, member by member, and the places where a record can start.

A *member* is what a compressor closes: one gzip member or zstd frame a record in well-made files. In an uncompressed
file a member is one record. FastWARC's own stream readers end silently where a gzip member is cut off or empty
(measured with 2.0.1), so members are opened and closed here, where the end of each is known.
"""

import lzma
from collections.abc import Iterator
from typing import Any

from atom_data.errors import DataError
from atom_data.readers.framing import BLANK, HEAD_END as HEAD_END, WARC, Framing
from atom_data.readers.streams.broken import TRUNCATED, Broken
from atom_data.readers.streams.compression import BROKEN_DATA as BROKEN_DATA, ZSTD, Compression
from atom_data.readers.streams.frames import WINDOW_BYTES, Frames, is_chained
from atom_data.readers.streams.upper_halves import clear_upper_halves
from atom_data.readers.streams.window import Window
from atom_data.storage.paths import without_secrets

OVERLAP_BYTES = 64
FEED_BYTES = 1 << 16
PIECE_BYTES = 1 << 20
PROBE_BYTES = 1 << 16


class Flow:
    """What decompresses from a window; memory: a piece of 1 MiB, what is taken at once, and a decoder's own window."""

    def __init__(
        self,
        window: Window,
        compression: Compression | None,
        max_window_bytes: int = WINDOW_BYTES,
        framing: Framing = WARC,
    ) -> None:
        """Begin at the window's position with no member open."""
        self.window, self.compression = window, compression
        self.framing, self.limit = framing, max_window_bytes
        self.frames = Frames(window, max_window_bytes) if compression is ZSTD else None
        self.data, self.index = b"", 0
        self.decompressor: Any = None
        self.member = window.at

    def to_member(self, padding: bytes = b"\0") -> bool:
        """Skip `padding` and zstd frames that hold no data; False at the end of the file. Broken where it is cut off."""
        while view := self.window.view(512):
            rest = bytes(view).lstrip(padding)
            self.window.advance(len(view) - len(rest))
            if not rest:
                continue
            if self.frames is None:
                return True
            self.member = self.window.at  # where a fault would be
            if not self.frames.skip():
                return True
        return False

    def open(self) -> bool:
        """Open the member at the window's position; False where none can begin."""
        self.data, self.index, self.member = b"", 0, self.window.at
        if self.compression is None:
            return self.framing.start.match(self.window.fill(self.framing.begin_bytes)) is not None
        if not self.window.fill(8).startswith(self.compression.magic):
            return False
        self.decompressor = self.frames.open() if self.frames else self.compression.decompressor(self.limit)
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
                self._check_memory(error)
                detail = f"{self.compression.name} data of the member at {self.member} is broken: {error}"
                raise Broken(f"warc.bad_{self.compression.name}", detail) from error
            clear_upper_halves()
            if self.decompressor.eof:
                self.window.seek(self.window.at - len(self.decompressor.unused_data or b""))
            if piece:
                return piece
        return b""

    def _check_memory(self, error: Exception) -> None:
        """Refuse an xz stream that asks for more memory than is allowed: fetching it again would not help."""
        if isinstance(error, lzma.LZMAError) and "emory usage limit" in str(error):
            where = without_secrets(self.window.path)
            raise DataError(
                f"{where}: the xz stream at byte {self.member} has a dictionary above the {self.limit:,} bytes allowed. "
                "Pass a larger max_window_bytes to the source; each worker that reads such a file takes as much memory."
            ) from error

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
            member, rest = self.member, self.data[self.index :]
            if self.compression is None or not self.to_member():
                raise Broken(TRUNCATED, "the file ends inside the record")
            if self.starts() or not self.open():
                raise Broken(TRUNCATED, f"the member at {member} ends inside the record")
            self.data = rest

    def head(self, limit: int) -> bytes:
        """Return a header block with the blank line that ends it."""
        searched = 0
        while (found := self.framing.head_end.search(self.data, max(self.index, self.index + searched - 3))) is None:
            searched = len(self.data) - self.index
            if searched > limit:
                raise Broken("warc.bad_header", f"the record's header is longer than {limit} bytes", lost=False)
            self.on()
        head = self.data[self.index : found.end()]
        if len(head) > limit + 4:
            raise Broken("warc.bad_header", f"the record's header is longer than {limit} bytes", lost=False)
        self.index = found.end()
        return head

    def take(self, count: int) -> bytes | memoryview:
        """Return exactly `count` bytes: a view where they are most of what is in memory anyway, as of a record a member."""
        end = self.index + count
        if end > len(self.data):
            return b"".join(self._pieces(count))
        piece: bytes | memoryview = memoryview(self.data)[self.index : end]
        self.index = end
        return piece if 2 * count > len(self.data) else bytes(piece)

    def skip(self, count: int) -> None:
        """Move on by `count` bytes."""
        for _ in self._pieces(count):
            pass

    def _pieces(self, count: int) -> Iterator[memoryview]:
        while count:
            if self.index >= len(self.data):
                self.on()
            piece = memoryview(self.data)[self.index : self.index + count]
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
        while (found := self.framing.line.search(self.data, self.index)) is None:
            self.index = max(self.index, len(self.data) - self.framing.begin_bytes)
            if not self.more():
                return False
        self.index = found.end()
        return True

    def starts(self) -> bool:
        """Tell whether a record starts at the window's position: the same answer for every part of a file."""
        return self.framing.start.match(self.probe(self.framing.begin_bytes).lstrip(BLANK)) is not None

    def probe(self, count: int) -> bytes:
        """Return up to `count` first bytes of the member at the window's position, broken or not, without moving on."""
        raw = self.window.fill(PROBE_BYTES)
        if self.compression is None or not raw.startswith(self.compression.magic):
            return raw[:count] if self.compression is None else b""
        try:
            return self._first(raw, count)
        except BROKEN_DATA:
            return b""

    def _first(self, raw: bytes, count: int) -> bytes:
        piece: bytes = self._opener().decompress(raw, count)
        return piece

    def _opener(self) -> Any:  # noqa: ANN401
        assert self.compression is not None
        return self.frames.decompressor() if self.frames else self.compression.decompressor(self.limit)

    def find(self, until: int | None, damaged: bool = False) -> bool:
        """Move the window on to the next place before `until` where a record starts; False where there is none.

        With `damaged`, a member counts too that can be seen to start, but not to hold a record: behind a damaged one.
        """
        overlap = max(OVERLAP_BYTES, self.framing.begin_bytes)
        while len(raw := self.window.fill(PROBE_BYTES)) > 0:
            hit = self._candidate(raw, damaged)
            self.window.advance(hit if hit >= 0 else len(raw) - (overlap if len(raw) == PROBE_BYTES else 0))
            if until is not None and self.window.at >= until:
                return False
            if hit >= 0:
                if self.starts() or (damaged and self._is_damaged()):
                    return True
                self.window.advance(1)
        return False

    def _candidate(self, raw: bytes, damaged: bool) -> int:
        if self.compression is not None and not damaged:
            return raw.find(self.compression.magic)
        found = (self.compression.trace if self.compression else self.framing.line).search(raw)
        if found is None:
            return -1
        return found.start() if self.compression else found.end()

    def _is_damaged(self) -> bool:
        """Tell whether a member starts at the window's position that cannot be decompressed."""
        raw = self.window.fill(PROBE_BYTES)
        if self.compression is None or not self.compression.trace.match(raw):
            return False
        if not raw.startswith(self.compression.magic):
            return self.frames is None or is_chained(raw)
        opened = self._opener()
        try:
            opened.decompress(raw, PIECE_BYTES)
        except BROKEN_DATA:
            return True
        return bool(opened.needs_input and not opened.eof and len(raw) < PROBE_BYTES)

"""Lines of a compressed or plain file, with the offset of each and a bound on its length."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import pyarrow as pa

from atom_data.errors import DataError
from atom_data.readers.rows import Rows
from atom_data.readers.streams.broken import Broken
from atom_data.readers.streams.compression import compression_of
from atom_data.readers.streams.decompression import Flow
from atom_data.readers.streams.frames import WINDOW_BYTES
from atom_data.readers.streams.window import CHUNK_BYTES, Window
from atom_data.storage.paths import without_secrets
from atom_data.storage.shards import Input, Intake

LINE_BYTES = 16 << 20
SAMPLE_BYTES = 1 << 16


@dataclass(slots=True)
class Line:
    """A line without its end."""

    offset: int
    """Of its first byte in the decompressed file."""
    data: bytes
    """Its bytes, or the first 64 kB of a line that is too long."""
    bytes: int
    whole: bool
    ended: bool
    """Whether a line end follows; the last line of a file may have none."""


@dataclass(slots=True)
class Lines:
    """Iterate over the lines that begin in [window.start, stop); memory: a line of `limit` bytes and a piece of 1 MiB.

    Only an uncompressed file can be read in parts. Errors: DataError where the compressed data is broken or cut off, and
    where it needs a window above `max_window_bytes` or a zstd dictionary that the file does not hold.
    """

    window: Window
    limit: int = LINE_BYTES
    max_window_bytes: int = WINDOW_BYTES
    first: int = 0
    after: int = 0

    def __iter__(self) -> Iterator[Line]:
        """Read on."""
        window, stop = self.window, self.window.stop
        flow = Flow(window, compression_of(window), self.max_window_bytes)
        if window.start:
            self._to_line_start()
        self.first = self.after = window.at
        if stop is not None and self.first >= stop:
            self.first = self.after = stop
            return
        for line in self._split(self._pieces(flow), self.first):
            if stop is not None and line.offset >= stop:
                return
            self.after = line.offset + line.bytes + line.ended
            yield line

    def _to_line_start(self) -> None:
        window = self.window
        window.seek(window.start - 1)
        while view := bytes(window.view(CHUNK_BYTES)):
            end = view.find(b"\n")
            window.advance(end + 1 if end >= 0 else len(view))
            if end >= 0:
                return

    def _split(self, pieces: Iterator[bytes], offset: int) -> Iterator[Line]:
        parts: list[bytes] = []
        size = 0
        for piece in pieces:
            begin = 0
            while (end := piece.find(b"\n", begin)) >= 0:
                size += end - begin
                yield self._line([*parts, piece[begin:end]], offset, size, ended=True)
                offset, size, parts, begin = offset + size + 1, 0, [], end + 1
            if size <= self.limit:
                parts.append(piece[begin:])
            size += len(piece) - begin
        if size:
            yield self._line(parts, offset, size, ended=False)

    def _line(self, parts: list[bytes], offset: int, size: int, ended: bool) -> Line:
        data = b"".join(parts) if len(parts) > 1 else parts[0]
        whole = size <= self.limit
        return Line(offset, data if whole else data[:SAMPLE_BYTES], size, whole, ended)

    def pieces(self) -> Iterator[bytes]:
        """Yield the decompressed bytes of the whole file."""
        return self._pieces(Flow(self.window, compression_of(self.window), self.max_window_bytes))

    def _pieces(self, flow: Flow) -> Iterator[bytes]:
        window = self.window
        if flow.compression is None:
            while view := bytes(window.view(CHUNK_BYTES)):
                window.advance(len(view))
                yield view
            return
        try:
            while flow.to_member():
                if not flow.open():
                    raise Broken("", f"what stands at byte {window.at} is no {flow.compression.name} data")
                while flow.more():
                    yield flow.data
                    flow.index = len(flow.data)
        except Broken as broken:
            where = without_secrets(window.path)
            raise DataError(f"{where}: {broken.detail}. Fetch the file again, or repair it.") from broken


def batches_of(
    window: Window, items: Iterable[Line], add: Callable[[Line], None], rows: Rows, found: Input, intake: Intake
) -> Iterator[pa.RecordBatch]:
    """Yield batches of the rows that `add` makes of the items of a file, then put down its bytes and their hash."""
    try:
        for item in items:
            add(item)
            intake.bytes_read = window.bytes
            if rows.full():
                yield from rows.take()
        yield from rows.take()
        window.drain()
    finally:
        window.close()
    intake.inputs.append(replace(found, bytes=window.bytes, sha256=window.digest.hexdigest()))

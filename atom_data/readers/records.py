"""WARC records, one after another, and an account of every stretch of a file that holds none."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from atom_data.readers.framing import ARC, BLANK, Fields as Fields, arc_fields, framing_of
from atom_data.readers.streams.broken import TRUNCATED, Broken
from atom_data.readers.streams.compression import compression_of
from atom_data.readers.streams.decompression import Flow
from atom_data.readers.streams.frames import WINDOW_BYTES
from atom_data.readers.streams.window import Window
from atom_data.storage.paths import without_secrets

HEADER_BYTES = 1 << 16
RECORD_BYTES = 16 << 20
SAMPLE_BYTES = 1 << 16
REWINDS = 16


@dataclass(slots=True)
class Record:
    """A WARC record; its body was read only if it was wanted. A view where that keeps little else in memory."""

    offset: int
    """Where its member starts in the file as it is stored."""
    fields: Fields
    """Header fields by lower-case name; of a repeated one, the last."""
    body: bytes | memoryview | None


@dataclass(slots=True)
class Fault:
    """Bytes that should have been a record."""

    reason: str
    offset: int
    detail: str
    sample: bytes


@dataclass(slots=True)
class Walk:
    """Iterate over the records that start in [window.start, stop), and the faults between them.

    Record starts are looked for, not trusted: a later part begins at the first place that can start a record, and ends
    at the first such place at or after its stop. `first` and `after` say where that was; see `check_spans`.
    After a fault, reading goes on at the next start of a record after the start of the broken one. Going back is
    limited to 16 times the size of the file, so that no file can make its reading quadratic.
    """

    window: Window
    wanted: Callable[[Fields], bool]
    record_bytes: int = RECORD_BYTES
    header_bytes: int = HEADER_BYTES
    max_window_bytes: int = WINDOW_BYTES
    first: int = 0
    after: int = 0
    starts: int = 0
    """Places where a record started, whole or broken."""
    holds: bool = False
    """Whether there was anything besides padding, whatever it was."""
    flow: Flow = field(init=False)

    def __post_init__(self) -> None:
        """Find out how the file is compressed."""
        self.flow = Flow(self.window, compression_of(self.window), self.max_window_bytes)

    def __iter__(self) -> Iterator[Record | Fault]:
        """Walk."""
        window, stop = self.window, self.window.stop
        fault = self._begin()
        if window.start and not self.flow.find(stop):
            self.first = self.after = window.total or 0 if stop is None else stop
            return
        self.first = window.at if window.start else 0
        if fault and not window.start:
            yield fault
        while (item := self._next()) is not None:
            if isinstance(item, Fault):
                yield item
                continue
            if stop is not None and window.at >= stop and self.flow.starts():
                break
            yield from self._member()
        self.after = window.at

    def _begin(self) -> Fault | None:
        """See by its first record whether the file is WARC or ARC, then go to where reading starts."""
        window = self.window
        if window.start:
            window.seek(0)
        item = self._next()
        begin = self.flow.probe(ARC.begin_bytes).lstrip(BLANK)
        self.flow.framing = framing_of(begin, without_secrets(window.path))
        if window.start:  # in a plain file a record's first line is known by the line end before it
            window.seek(window.start - (self.flow.compression is None))
        return item if isinstance(item, Fault) else None

    def _next(self) -> Fault | bool | None:
        """Go to the next member; None at the end of the file, a Fault where that lies inside a frame without data."""
        try:
            return self.flow.to_member(BLANK) or None
        except Broken as broken:
            return self._fault(broken, self.flow.member)

    def _member(self) -> Iterator[Record | Fault]:
        offset, count = self.window.at, 0
        try:
            if not self.flow.open():
                raise Broken(*self._stray())
            while self.flow.to_content():
                self.holds, offset = True, self.flow.member
                item = self._record(first=count == 0)
                count += 1
                if item is not None:
                    yield item
                if self.flow.compression is None:
                    break
            self.flow.close()
        except Broken as broken:
            yield self._fault(broken, offset)

    def _stray(self) -> tuple[str, str]:
        if self.flow.compression is None:
            return "warc.bad_header", f"what stands here does not begin as {self.flow.framing.name}"
        return f"warc.bad_{self.flow.compression.name}", f"what stands here is no {self.flow.compression.name} member"

    def _record(self, first: bool) -> Record | Fault | None:
        """Read one record; a Fault where it is bad but the bytes around it are not."""
        flow, offset = self.flow, self.flow.member
        try:
            head = self._head()
            fields = arc_fields(head) if flow.framing is ARC else parse_fields(head)
            length = content_length(fields)
            self._check_end(length)
        except Broken as broken:
            if broken.lost or flow.compression is None:
                raise
            fault = Fault(broken.reason, offset, broken.detail, flow.data[flow.index :][:SAMPLE_BYTES])
            if first or not flow.to_record_line():
                flow.close()
            return fault
        if not self.wanted(fields):
            flow.skip(length)
            if first and flow.compression is not None:
                flow.to_content()
            return Record(offset, fields, None)
        return self._body(Record(offset, fields, None), head, length, first)

    def _head(self) -> bytes:
        flow = self.flow
        count = flow.framing.begin_bytes
        while len(flow.data) - flow.index < count and flow.more():
            pass
        begin = flow.data[flow.index : flow.index + count]
        if not flow.framing.start.match(begin):
            what = f"the record does not begin as {flow.framing.name}: {begin[:32]!r}"
            raise Broken("warc.bad_header", what, lost=False)
        self.starts += 1
        return flow.head(self.header_bytes)

    def _check_end(self, length: int) -> None:
        """Refuse a length beyond the end of an uncompressed file without reading up to there."""
        flow, window = self.flow, self.window
        if flow.compression is None and window.total is not None:
            place = window.at - (len(flow.data) - flow.index)
            if place + length > window.total:
                raise Broken(TRUNCATED, f"the record has {length} bytes, the file only {window.total - place} more")

    def _body(self, record: Record, head: bytes, length: int, first: bool) -> Record | Fault:
        flow = self.flow
        if length > self.record_bytes:
            sample = (head + flow.data[flow.index : flow.index + SAMPLE_BYTES])[:SAMPLE_BYTES]
            flow.skip(length)
            detail = f"the record has {length} bytes, more than the {self.record_bytes} allowed"
            return Fault("warc.too_large", record.offset, detail, sample)
        record.body = flow.take(length)
        if first and flow.compression is not None:
            flow.to_content()  # up to the member's checksum, where it holds no other record
        return record

    def _fault(self, broken: Broken, offset: int) -> Fault:
        window, end = self.window, self.window.at
        self.holds = True
        window.seek(offset)
        sample = self.flow.probe(SAMPLE_BYTES)
        window.rewound += end - offset
        allowed = REWINDS * max(window.total or 0, 64 << 20)
        window.seek(offset + 1 if window.rewound <= allowed else max(end, offset + 1))
        self.flow.find(None, damaged=True)
        return Fault(broken.reason, offset, broken.detail, sample)


def parse_fields(head: bytes) -> Fields:
    """Return the header fields of a block whose first line is its version or status; folded lines are joined."""
    fields: Fields = {}
    name = b""
    for line in head.split(b"\n")[1:]:
        if line[:1] in (b" ", b"\t"):
            if name:
                fields[name] = (fields[name] + b" " + line.strip()).strip()
            continue
        name, colon, value = line.partition(b":")
        name = name.strip().lower()
        if colon:
            fields[name] = value.strip()
        else:
            name = b""
    return fields


def content_length(fields: Fields) -> int:
    """Return the length of a record's block; Broken without a plain number."""
    value = fields.get(b"content-length", b"")
    if not value.isdigit() or len(value) > 18:
        raise Broken("warc.bad_header", f"the record's Content-Length is {value[:32]!r}", lost=False)
    return int(value)

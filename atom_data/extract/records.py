"""WARC records, one after another, and an account of every stretch of a file that holds none."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from atom_data.extract.flow import BLANK, RECORD, TRUNCATED, Broken, Flow, compression_of
from atom_data.extract.window import Window

HEADER_BYTES = 1 << 16
RECORD_BYTES = 16 << 20
SAMPLE_BYTES = 1 << 16
REWINDS = 16

Fields = dict[bytes, bytes]


@dataclass(slots=True)
class Record:
    """A WARC record; its body was read only if it was wanted."""

    offset: int
    """Where its member starts in the file as it is stored."""
    fields: Fields
    """Header fields by lower-case name; of a repeated one, the last."""
    body: bytes | None


@dataclass(slots=True)
class Fault:
    """Bytes that should have been a record and are none."""

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
    first: int = 0
    after: int = 0
    starts: int = 0
    """Places where a record started, whole or broken."""
    flow: Flow = field(init=False)

    def __post_init__(self) -> None:
        """Find out how the file is compressed."""
        self.flow = Flow(self.window, compression_of(self.window))

    def __iter__(self) -> Iterator[Record | Fault]:
        """Walk."""
        window, stop = self.window, self.window.stop
        if window.start and self.flow.compression is None:
            window.seek(window.start - 1)  # a record's first line is known by the line end before it
        if window.start and not self.flow.find(stop):
            self.first = self.after = window.total or 0 if stop is None else stop
            return
        self.first = window.at if window.start else 0
        while self._skip_blank():
            if stop is not None and window.at >= stop and self.flow.starts():
                break
            yield from self._member()
        self.after = window.at

    def _skip_blank(self) -> bool:
        """Skip line ends and padding between members; False at the end of the file."""
        while view := self.window.view(512):
            rest = bytes(view).lstrip(BLANK)
            self.window.advance(len(view) - len(rest))
            if rest:
                return True
        return False

    def _member(self) -> Iterator[Record | Fault]:
        offset, count = self.window.at, 0
        try:
            if not self.flow.open():
                raise Broken(*self._stray())
            while self.flow.to_content():
                offset = self.flow.member
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
            return "warc.bad_header", "what stands here does not begin with WARC/"
        return f"warc.bad_{self.flow.compression.name}", f"what stands here is no {self.flow.compression.name} member"

    def _record(self, first: bool) -> Record | Fault | None:
        """Read one record; a Fault where it is bad but the bytes around it are not."""
        flow, offset = self.flow, self.flow.member
        try:
            head = self._head()
            fields = parse_fields(head)
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
            return Record(offset, fields, None)
        return self._body(Record(offset, fields, None), head, length, first)

    def _head(self) -> bytes:
        flow = self.flow
        while len(flow.data) - flow.index < 64 and flow.more():
            pass
        begin = flow.data[flow.index : flow.index + 64]
        if not RECORD.match(begin):
            raise Broken("warc.bad_header", f"the record does not begin with WARC/: {begin[:32]!r}", lost=False)
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
        window.seek(offset)
        sample = self.flow.probe(SAMPLE_BYTES)
        window.rewound += end - offset
        allowed = REWINDS * max(window.total or 0, 64 << 20)
        window.seek(offset + 1 if window.rewound <= allowed else max(end, offset + 1))
        self.flow.find(None)
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

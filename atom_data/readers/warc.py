"""WARC files as documents: web pages with their HTML."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import pyarrow as pa

from atom_data.readers import http
from atom_data.readers.archive import COMMON, IDS, Archive, ArchiveSource, common_values, record_id
from atom_data.readers.codings import OK, TRUNCATED, UNDECODED, TooLarge
from atom_data.readers.files import SPLIT_BYTES
from atom_data.readers.records import HEADER_BYTES, RECORD_BYTES, SAMPLE_BYTES, Fault, Record
from atom_data.readers.rows import Identities, Rows
from atom_data.readers.source import Places
from atom_data.readers.streams.frames import WINDOW_BYTES
from atom_data.storage.shards import Intake, Shard
from atom_data.workspace import Workspace

SUFFIXES: tuple[str, ...] = tuple(
    f".{name}{end}" for name in ("warc", "arc") for end in ("", ".gz", ".zst", ".bz2", ".xz", ".lz4")
)
TYPES = frozenset((b"response", b"resource"))
PAGE_MIMES = ("text/html", "application/xhtml+xml", "text/plain")
PAGE_START = re.compile(
    rb"[\s\xef\xbb\xbf]{0,512}(?:<\?xml[^>]{0,256}>\s{0,512})?<(?:!--|(?:!doctype html|html|head|body|title|script|style|meta"
    rb"|link|iframe|div|table|font|h1|br|p|a|b)[\s>])",
    re.IGNORECASE,
)
"""What WHATWG MIME Sniffing, section 7.1, takes for HTML, behind an XML declaration, too, and `meta` and `link`."""
SCHEMA = pa.schema(
    [
        *COMMON,
        pa.field("http_status", pa.int32()),
        pa.field("mime", pa.string()),
        pa.field("charset", pa.string()),
        pa.field("html", pa.binary()),
        pa.field("payload_status", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True, init=False)
class Warc(ArchiveSource):
    """Web pages from WARC and ARC files: every `response` and `resource` record, every record of an ARC, becomes a row.

    Columns: `id`, `url`, `date` (WARC-Date, ISO 8601; null where it names no day, see `crawl_date`), `source`,
    `file` (path below the common folder of the source), `offset` (in bytes,
    of the record's gzip member or zstd frame in the file as stored), `http_status`, `mime` (the crawler's
    WARC-Identified-Payload-Type, else the server's Content-Type, else `text/html` for what begins like a page),
    `charset` (as the server said), `html` (the payload with chunks and content codings undone; null when `mime` is none
    of `mimes`, and when a coding cannot be undone), `payload_status` (null when `mime` is none of `mimes` and so nothing
    was decoded; `ok`; `truncated`: the crawler's WARC-Truncated, or the coding's data or the last chunk or the end of the
    header is not there, and `html` is what comes before; `broken`: a chunk or the coding's data makes no sense from some
    place on, and `html` is what comes before; `undecoded`: compressed bytes that nothing could be made of).
    All but `id`, `source`, `file` and `offset` are null where the record does not say.
    `id` is BLAKE2b-128 over record id, URL, date, XXH3-128 of the payload as stored, and the number of equal records
    before it in the shard: the same record in two files has the same id in both. `ids="file"` puts the file before it:
    `FILE#HASH`, after `SOURCE/` (`file_prefix` has the rules).

    What a file is, is seen by its first bytes: WARC or ARC (1.0, 1.1, 2.0; `filedesc:` counts as `warcinfo`), gzip, zstd,
    bzip2 or xz. A zstd frame without data is skipped, the dictionary of IIPC's .warc.zst is used; frames and xz streams
    that keep more than `max_window_bytes` (128 MB; `zstd --long=31` 2 GB) are refused with a DataError that says how much
    they need. Files that hold nothing but padding are counted as skipped, `warc.empty`.

    Files above `split_bytes` are read in parts, unless they end in .zst, .bz2 or .xz; 0 turns it off. A file of one
    single gzip member is read by its first part alone. Remote files are never cut.
    Rejected, with the rest of the file still read: `warc.truncated`, `warc.too_large` (the record or its decoded
    payload above `max_record_bytes`), `warc.bad_header`, `warc.bad_http` (headers above `max_header_bytes`),
    `warc.bad_gzip` (or `_zstd`, `_bzip2`, `_xz`; each damaged member that can be seen to start is one), `warc.empty` (a
    file of 0 bytes).
    Errors: DataError for a file without a single record, for zstd frames that need a dictionary that is not there, and
    for one that cannot be read to its end.
    Memory: a batch of 8 MB, a record of `max_record_bytes` twice, 1 MiB of the file, 150 bytes per row of the shard.
    """

    mimes: tuple[str, ...]
    suffixes = SUFFIXES
    types = TYPES
    layout = SCHEMA

    def __init__(
        self,
        *paths: Places,
        source: str = "web",
        split_bytes: int = SPLIT_BYTES,
        max_record_bytes: int = RECORD_BYTES,
        max_header_bytes: int = HEADER_BYTES,
        max_window_bytes: int = WINDOW_BYTES,
        mimes: tuple[str, ...] = PAGE_MIMES,
        ids: str = "record",
    ) -> None:
        """Name files, globs, folders (every *.warc, *.warc.gz, *.arc, *.arc.gz, ... below) and URLs."""
        limits = {"max_record_bytes": max_record_bytes, "max_header_bytes": max_header_bytes}
        limits |= {"split_bytes": split_bytes, "max_window_bytes": max_window_bytes}
        self._settle(paths, IDS, source=source, mimes=mimes, ids=ids, **limits)

    def read(
        self, shard: Shard, workspace: Workspace, columns: Collection[str], intake: Intake
    ) -> Iterator[pa.RecordBatch]:
        """Yield batches of at most 1,000 rows or about 8 MB; which records are rows does not depend on the columns."""
        return self._read(shard, columns, intake, self._add)

    def _add(
        self, record: Record, archive: Archive, rows: Rows, identities: Identities, intake: Intake
    ) -> Fault | None:
        values = common_values(record, archive.source, archive.found.path)
        answer = self._answer(record)
        if isinstance(answer, Fault):
            return answer
        said, charset = http.mime_and_charset(answer.fields.get(b"content-type", b""))
        identified, _ = http.mime_and_charset(record.fields.get(b"warc-identified-payload-type", b""))
        mime, html, status = identified or said, None, None
        if mime is None or mime in self.mimes:
            try:
                html, status = http.decoded(answer, self.max_record_bytes)
            except TooLarge:
                detail = f"the payload decodes to more than the {self.max_record_bytes} bytes allowed"
                return Fault("warc.too_large", record.offset, detail, bytes((record.body or b"")[:SAMPLE_BYTES]))
            if mime is None and PAGE_START.match(html):
                mime = "text/html"
            if status == OK and record.fields.get(b"warc-truncated"):
                status = TRUNCATED
            if mime not in self.mimes or status == UNDECODED:
                html = None
        values["id"] = self._prefix(archive) + record_id(identities, record.fields, answer.payload)
        values["http_status"], values["mime"], values["charset"] = answer.status, mime, charset
        values["html"], values["payload_status"] = html, status
        rows.add(values, len(html or b""))
        return None

    def _answer(self, record: Record) -> http.Answer | Fault:
        """Return what a server said; what was not an HTTP response is a payload with the record's own Content-Type."""
        block, said = record.body or b"", record.fields.get(b"content-type", b"")
        is_http = said.lower().startswith(b"application/http")
        answer = http.split_answer(block, self.max_header_bytes, loose=is_http or not said)
        if answer is None:
            detail = f"the HTTP header is longer than {self.max_header_bytes} bytes"
            return Fault("warc.bad_http", record.offset, detail, bytes(block[:SAMPLE_BYTES]))
        if answer.payload is block and not is_http:
            answer.fields = {b"content-type": said}
        return answer

    def identity(self) -> dict[str, object]:
        """What decides the rows besides the files."""
        return self._identity("warc", {"mimes": list(self.mimes)})

"""An HTTP response as a crawler stored it: status, headers, and the payload with its codings undone."""

import re
from dataclasses import dataclass

from atom_data.readers.codings import TRUNCATED, undone
from atom_data.readers.streams.decompression import HEAD_END

STATUS = re.compile(rb"HTTP/\d(?:\.\d)?[ \t]+(\d{3})(?!\d)")
LOOSE_STATUS = re.compile(
    rb"[\r\n]{0,8}(?:HTTP(?:/\d{1,2}(?:\.\d)?)?|ICY)(?:[ \t]*0{0,2}([1-9]\d\d)(?!\d)|[ \t\r\n])", re.IGNORECASE
)
"""What servers write besides: in lower case, without a version, a space or a number, SHOUTcast's ICY, after a blank line."""
LINE_END, LONE_END = re.compile(rb"\n"), re.compile(rb"\r\r")
PAGE_LINE = re.compile(rb"[\r\n]<[!?A-Za-z]")
MIME = re.compile(rb"[ \t]*([A-Za-z0-9!#$&^_.+-]{1,80}/[A-Za-z0-9!#$&^_.+*-]{1,120})[ \t]*(?:[;,]|$)")
CHARSET = re.compile(rb";[ \t]*charset[ \t]*=[ \t]*[\"']?[ \t]*([A-Za-z0-9_.:+-]{1,40})", re.IGNORECASE)
UNKNOWN = ("*/*", "unknown/unknown", "application/unknown", "application/x-unknown-content-type")
"""Types that say nothing: WHATWG MIME Sniffing, section 7, and what Firefox and IIS call it."""
LISTS = (b"content-encoding", b"transfer-encoding", b"content-type")
ABOUT_PAYLOAD = (*LISTS, b"content-length")
INTERIM_LIMIT = 16


@dataclass(slots=True)
class Answer:
    """A parsed HTTP response."""

    status: int | None
    fields: dict[bytes, bytes]
    payload: bytes | memoryview
    """As it was stored: chunks and content codings are still in it. A view where it is part of a record."""
    whole: bool = True
    """Whether the header has an end."""


def split_answer(block: bytes | memoryview, limit: int, loose: bool) -> Answer | None:
    """Split a response record's block; None where its header is longer than `limit`.

    A block that does not begin like an HTTP response is all payload; with `loose`, almost any status line is one, down
    to `ICY 200 OK`. An interim response (1xx; RFC 9110, section 15.2), and what a proxy says when it opens a tunnel, is
    passed over where another response follows on it. A header ends at a blank line, of lone CRs if need be, or where
    a line begins with a tag; one that nothing ends is all header.
    """
    answer, place = Answer(None, {}, block), 0
    for _ in range(INTERIM_LIMIT):
        found = (LOOSE_STATUS if loose else STATUS).match(block, place)
        if found is None:
            break
        head, after = _head(block, found.end() - 1, limit)
        if head is None:
            return None
        status, fields = int(found[1]) if found[1] else None, parse_head(head)
        if after < 0:
            return Answer(status, fields, b"", whole=False)
        answer = Answer(status, fields, memoryview(block)[after:])
        is_interim = (status is not None and 100 <= status < 200) or not fields.keys() & ABOUT_PAYLOAD
        if not is_interim or STATUS.match(block, after) is None:
            break
        place = after
    return answer


def _head(block: bytes | memoryview, start: int, limit: int) -> tuple[bytes | None, int]:
    """Return the header lines after the rest of the first one, and where the payload begins: -1 where nothing says so.

    None for a header longer than `limit`.
    """
    stop = start + limit
    first = LINE_END.search(block, start, stop)
    lone = LONE_END.search(block, start, first.start() if first else stop)
    if lone and block[lone.start() : lone.start() + 3] != b"\r\r\n":
        head, after = bytes(block[start : lone.start()]).replace(b"\r", b"\n"), lone.end()
    elif end := HEAD_END.search(block, start, stop):
        head, after = bytes(block[start : end.end()]), end.end()
    else:
        head, after = bytes(block[start : stop + 1]), -1
    if tag := PAGE_LINE.search(head):
        head, after = head[: tag.start()], start + tag.start() + 1
    return (None, -1) if after < 0 and len(head) > limit else (head.partition(b"\n")[2], after)


def parse_head(head: bytes) -> dict[bytes, bytes]:
    """Return header fields by lower-case name; folded lines are joined.

    Of a repeated field the last one counts, and the lists are joined with commas (RFC 9110, section 5.3).
    """
    fields: dict[bytes, bytes] = {}
    name = b""
    for line in head.split(b"\n"):
        if line[:1] in (b" ", b"\t"):
            if name:
                fields[name] = (fields[name] + b" " + line.strip()).strip()
            continue
        name, colon, value = line.partition(b":")
        name, value = name.strip().lower(), value.strip()
        if not colon:
            name = b""
        elif name in LISTS and fields.get(name):
            fields[name] += b", " + value
        else:
            fields[name] = value
    return fields


def mime_and_charset(content_type: bytes) -> tuple[str | None, str | None]:
    """Return the MIME type and the charset that a server says, in lower case; None where it says none.

    Of several types the last that is one counts, and a charset holds for the type that it stands with and for the same
    type after it. Source: Fetch, "extract a MIME type".
    """
    mime = charset = None
    for part in content_type.split(b","):
        said = CHARSET.search(part)
        if found := MIME.match(part):
            value = found[1].decode("ascii").lower()
            if value in UNKNOWN:
                continue
            mime, charset = value, charset if value == mime or mime is None else None
        charset = said[1].decode("ascii").lower() if said else charset
    return mime, charset


def decoded(answer: Answer, limit: int) -> tuple[bytes | memoryview, str]:
    """Return the payload with chunks and content codings undone, and how that went: see `codings.undone`.

    Errors: TooLarge beyond `limit` bytes.
    """
    names = _names(answer.fields, b"content-encoding") + _names(answer.fields, b"transfer-encoding")
    payload, how = undone(answer.payload, names, limit)
    return payload, how if answer.whole else TRUNCATED


def _names(fields: dict[bytes, bytes], name: bytes) -> list[bytes]:
    """The names in a list, without quotes and parameters."""
    parts = fields[name].lower().split(b",") if name in fields else []
    return [part.partition(b";")[0].strip(b" \t\"'") for part in parts]

"""How records begin in WARC and in ARC files, and what the line before an ARC record says.

ARC is what crawlers wrote before WARC: a line of fields, then that many bytes, and no blank line between the two (Burner
and Kahle, "WWW Archive File Format Specification", Internet Archive 1996). Version 1 has five fields: URL, IP address,
date, media type, length. Version 2 has five more before the length. URLs and media types with spaces in them are real.
"""

import re
from dataclasses import dataclass

BLANK = b"\r\n\0"
HEAD_END = re.compile(rb"\r{0,2}\n\r{0,2}\n")
ARC_LINE_BYTES = 1 << 14

Fields = dict[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Framing:
    """What tells where a record starts and where its header ends."""

    name: str
    start: re.Pattern[bytes]
    line: re.Pattern[bytes]
    """A line end before the start of a record, with enough behind it to tell."""
    head_end: re.Pattern[bytes]
    begin_bytes: int
    """Enough of a record to tell that one starts."""


WARC = Framing(
    "WARC",
    re.compile(rb"WARC/\d\.[\d.]{1,8}[ \t]{0,8}\r{0,2}\n", re.IGNORECASE),
    re.compile(rb"\n(?=WARC/\d\.[\d.]{1,8}[ \t]{0,8}\r{0,2}\n[A-Za-z])", re.IGNORECASE),
    HEAD_END,
    64,
)
_ARC_FIRST = rb"filedesc:[^\n]{0,4096}\n"
_ARC_LINE = rb"[A-Za-z][A-Za-z0-9+.-]{0,20}:[^\n]{0,8192}? [0-9A-Fa-f.:-]{1,45} \d{8,20} [^\n]{1,4096}\n"
_ARC = rb"(?:" + _ARC_FIRST + rb"|" + _ARC_LINE + rb")"
ARC = Framing("ARC", re.compile(_ARC), re.compile(rb"\n(?=" + _ARC + rb")"), re.compile(rb"\n"), ARC_LINE_BYTES)
FIELDS = re.compile(rb"(?P<url>[^\n]*?) (?P<ip>[0-9A-Fa-f.:-]{1,45}) (?P<date>\d{8,20}) (?P<rest>[^\n]+)\n")


def framing_of(begin: bytes, name: str) -> Framing:
    """Return the framing of a file by its first bytes, or by its name where these are damaged."""
    if ARC.start.match(begin):
        return ARC
    return ARC if not WARC.start.match(begin) and re.search(r"\.arc(\.[a-z0-9]+)?$", name, re.IGNORECASE) else WARC


def arc_fields(line: bytes) -> Fields:
    """Return the line before an ARC record as the fields that a WARC record would have.

    `filedesc:` becomes a `warcinfo`, all else a `response`. Without a length there is no Content-Length.
    """
    kind = b"warcinfo" if line.startswith(b"filedesc:") else b"response"
    said: Fields = {b"warc-type": kind}
    found = FIELDS.match(line)
    words = line.split()
    if found:
        words = found["rest"].split()
        said[b"warc-target-uri"], said[b"warc-ip-address"], said[b"warc-date"] = (
            found["url"],
            found["ip"],
            found["date"],
        )
    said[b"content-length"] = words[-1] if words else b""
    version_2 = len(words) == 7 and words[1].isdigit()
    mime = words[0] if version_2 else b" ".join(words[:-1])
    if found and b"/" in mime:
        said[b"content-type"] = mime
    return said

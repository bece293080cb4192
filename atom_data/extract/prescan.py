"""The encodings that a page declares of itself, as the HTML standard looks for them before it parses.

Source: WHATWG HTML, 13.2.3.2 "Prescan a byte stream to determine its encoding", and "Extracting character encodings from
meta elements". Comments, a `content` without `http-equiv=content-type`, and `data-charset` declare nothing.
"""

import re
from collections.abc import Iterator

from atom_data.text.charsets.labels import meant_by

PRESCAN_BYTES = 1 << 16
"""The standard advises 1,024, and lets the parser go by a meta that comes later; pages have been seen with 9 kB before it."""
DECLARATIONS_LIMIT = 4
ATTRIBUTE = re.compile(
    rb"[\t\n\f\r /]*(?:>|([^\t\n\f\r />][^\t\n\f\r />=]*)"
    rb"(?:[\t\n\f\r ]*=[\t\n\f\r ]*(?:\"([^\"]*)\"|'([^']*)'|([^\t\n\f\r >\"'][^\t\n\f\r >]*)?))?)"
)
TAG = re.compile(rb"/?[A-Za-z][^\t\n\f\r >]*")
META = re.compile(rb"meta[\t\n\f\r /]", re.IGNORECASE)
CHARSET = re.compile(
    rb"charset[\t\n\f\r ]*=[\t\n\f\r ]*(?:\"([^\"]*)\"|'([^']*)'|([^\t\n\f\r ;\"'][^\t\n\f\r ;]*))", re.IGNORECASE
)
XML = re.compile(rb"<\?xml[^>]{0,1000}?encoding[\x00-\x20]*=[\x00-\x20]*(?:\"([^\">]*)\"|'([^'>]*)')")


def declared(data: bytes) -> list[str]:
    """Return the encodings that a page declares, the first one first: metas, then an XML declaration at its start.

    `utf-16` in a declaration that can be read as ASCII means utf-8, and `x-user-defined` in a meta windows-1252. Where
    the standard goes by the first declaration, the others are for a page whose first one is wrong.
    """
    start = data[:PRESCAN_BYTES]
    found: list[str] = []
    for label in _metas(start):
        name = _meant(label)
        if name is not None and name not in found:
            found.append("windows-1252" if name == "x-user-defined" else name)
        if len(found) == DECLARATIONS_LIMIT:
            break
    if (xml := XML.match(start)) is not None:
        name = _meant(xml[1] or xml[2] or b"")
        found += [name] if name is not None and name not in found else []
    return found


def _meant(label: bytes) -> str | None:
    name = meant_by(label.decode("latin-1"))
    return "utf-8" if name is not None and name.startswith(("utf-16", "utf-32")) else name


def _metas(start: bytes) -> Iterator[bytes]:
    """Yield the label of every meta that declares one."""
    place = start.find(b"<")
    while place >= 0:
        if start.startswith(b"!--", place + 1):
            end = start.find(b"-->", place + 2)
            place = len(start) if end < 0 else end + 3
        elif META.match(start, place + 1):
            attributes, place = _attributes(start, place + 5)
            if (label := _label(attributes)) is not None:
                yield label
        elif tag := TAG.match(start, place + 1):
            _, place = _attributes(start, tag.end())
        elif start[place + 1 : place + 2] in (b"!", b"/", b"?"):
            end = start.find(b">", place + 1)
            place = len(start) if end < 0 else end
        else:
            place += 1
        place = start.find(b"<", place)


def _attributes(start: bytes, place: int) -> tuple[dict[bytes, bytes], int]:
    """Return the attributes of a tag, the first of each name, and where the tag ends."""
    found: dict[bytes, bytes] = {}
    while (attribute := ATTRIBUTE.match(start, place)) is not None and attribute.end() > place:
        place = attribute.end()
        if attribute[1] is None:
            break
        value = attribute[2] or attribute[3] or attribute[4] or b""
        found.setdefault(attribute[1].lower(), value)
        if start[place : place + 1] in (b'"', b"'") and start[place - 1 : place] in (b"=", b" "):
            return {}, len(start)  # a quote that nothing closes: the rest is its value
    return found, place


def _label(attributes: dict[bytes, bytes]) -> bytes | None:
    if b"charset" in attributes:
        return attributes[b"charset"]
    if attributes.get(b"http-equiv", b"").lower() != b"content-type":
        return None
    found = CHARSET.search(attributes.get(b"content", b""))
    return (found[1] or found[2] or found[3]) if found else None

"""What a page says outside its text, read again from its source where somebody asks."""

import html
import re

from atom_data.text.html import page as columns
from atom_data.text.html.page import Page

_ATTRIBUTE = re.compile(rb"""[\s/]*([^\s/>=][^\s/>=]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]*)))?""")
TAG_BYTES = 20_000
"""So much of a tag is looked at."""


def slot(page: Page, number: int) -> str | None:
    """Return what the head says for a place of `page.SLOT_NAMES`, references resolved; None for nothing."""
    start, end = int(page.slots[number, 0]), int(page.slots[number, 1])
    return unescaped(page.source[start:end].tobytes()) if end > start else None


def unescaped(value: bytes) -> str | None:
    """Return a text of the source as it is read, in one line; None for an empty one."""
    text = value.decode("utf-8", "replace")
    if "&" in text:
        text = html.unescape(text)
    return " ".join(text.split()) or None


def attributes(page: Page, node: int) -> dict[bytes, bytes]:
    """Return the attributes of an element as they are written, names in small letters; of a name the first."""
    start = int(page.nodes[node, columns.SOURCE])
    tag = page.source[start : start + TAG_BYTES].tobytes()
    found: dict[bytes, bytes] = {}
    place = len(tag) - len(tag[1:].lstrip(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-:_"))
    while (match := _ATTRIBUTE.match(tag, place)) is not None and match.end() > place:
        found.setdefault(match[1].lower(), match[2] or match[3] or match[4] or b"")
        place = match.end()
        if tag[place : place + 1] == b">":
            break
    return found

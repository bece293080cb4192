"""Pages built to stop a parser, told from the others by counting tags before anything is parsed.

All limits were measured with resiliparse 2.0.1 on one core; 1,596 real pages stay five times and more below them. Tags
in scripts and comments count, too: to tell them apart would take a parser, and a page could play one against the other.
"""

import re
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from atom_data.text.memory import inlined, kernel, read_only

BOXES = ("div", "ul", "article", "footer")
"""Elements whose whole text is read again for each one around it, to see whether it is only links."""
FORMATS = ("b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u")
"""Elements that, left open, a parser opens again in every block that follows."""
BOX_EFFORT = 2_500_000_000
"""Depth of boxes x (bytes + 300 x tags): about 5 seconds."""
FORMAT_EFFORT = 2_000_000
"""Open formats x tags: about 700 MB and 10 seconds; 43 kB of HTML can make a gigabyte of it."""
FORMATS_LIMIT = 5_000
OPTIONS_LIMIT = 10_000
"""Options of one select: 1.3 seconds, and four times as much for twice as many."""
ATTRIBUTES_LIMIT = 2_000
"""Attributes of one tag; 20,000 take 1.4 seconds, and four times as much for twice as many."""
LONG_TAG_BYTES = 1 << 14
QUOTED = re.compile(rb"\"[^\"]*\"|'[^']*'")


def _codes(names: tuple[str, ...]) -> list[int]:
    return [int.from_bytes(name.encode(), "little") for name in names]


NAMES = read_only(np.array(_codes((*BOXES, *FORMATS, "option", "select")), np.uint64))
SLASH, CLOSE = ord("/"), ord(">")
FIRST_FORMAT, OPTION, SELECT = len(BOXES), len(BOXES) + len(FORMATS), len(BOXES) + len(FORMATS) + 1


class Markup(NamedTuple):
    """What a page's tags add up to at most, at any place in it."""

    box_depth: int
    open_formats: int
    options: int


def is_too_complex(page: bytes) -> bool:
    """Tell whether parsing a page, or finding its main content, would take seconds or gigabytes."""
    data = np.frombuffer(page, np.uint8)
    is_tag = data == ord("<")
    tags = int(np.count_nonzero(is_tag))
    work = len(page) + 300 * tags
    # At worst all tags are boxes, or half of them formats and the other half blocks to open them in.
    if tags * work > BOX_EFFORT or tags * tags > 4 * FORMAT_EFFORT:
        markup = measured(page, np.flatnonzero(is_tag))
        if (
            markup.box_depth * work > BOX_EFFORT
            or markup.open_formats * tags > FORMAT_EFFORT
            or markup.open_formats > FORMATS_LIMIT
            or markup.options > OPTIONS_LIMIT
        ):
            return True
    return has_long_tag(page)


def measured(page: bytes, places: npt.NDArray[np.int64]) -> Markup:
    """Count over the tags at `places`. Closing tags of what is not open don't count: parsers ignore them, too."""
    depth, formats, options = _measure(read_only(np.frombuffer(page, np.uint8)), places, NAMES)
    return Markup(depth, formats, options)


@kernel
def _measure(
    page: npt.NDArray[np.uint8], places: npt.NDArray[np.int64], names: npt.NDArray[np.uint64]
) -> tuple[int, int, int]:
    plain = np.zeros(len(names), np.int64)
    attributed = np.zeros(len(names), np.int64)
    depth = deepest = formats = most_formats = options = most_options = 0
    for place in places:
        kind, closes, end = _tag(page, place + 1, names)
        if kind == SELECT:
            options = 0
        elif kind == OPTION:
            options += not closes
            most_options = max(most_options, options)
        elif 0 <= kind < FIRST_FORMAT:
            before = plain[kind]
            plain[kind] = max(0, before - 1) if closes else before + 1
            depth += plain[kind] - before
            deepest = max(deepest, depth)
        elif kind >= FIRST_FORMAT:
            # A parser keeps no more than three formats open that are the same in all their attributes.
            before = attributed[kind] + min(plain[kind], 3)
            counts = attributed if (closes and attributed[kind] > 0) or (not closes and page[end] != CLOSE) else plain
            counts[kind] = max(0, counts[kind] - 1) if closes else counts[kind] + 1
            formats += attributed[kind] + min(plain[kind], 3) - before
            most_formats = max(most_formats, formats)
    return deepest, most_formats, most_options


@inlined  # type: ignore[untyped-decorator]
def _tag(page: npt.NDArray[np.uint8], at: int, names: npt.NDArray[np.uint64]) -> tuple[int, bool, int]:
    """Return which of `names` a tag has, -1 for another one, whether it closes, and where its name ends."""
    last = len(page) - 1
    closes = at <= last and page[at] == SLASH
    if closes:
        at += 1
    code, length = np.uint64(0), 0
    while at <= last and length < 9 and 97 <= (page[at] | 32) <= 122:
        if length < 8:
            code |= np.uint64(page[at] | 32) << np.uint64(8 * length)
        length += 1
        at += 1
    kind = -1
    for index in range(len(names)):
        if names[index] == code and 0 < length < 9:
            kind = index
    return kind, closes, min(at, last)


def has_long_tag(page: bytes) -> bool:
    """Tell whether a tag has more than `ATTRIBUTES_LIMIT` attributes; only stretches without a `>` are looked at."""
    place = 0
    while len(page) - place > LONG_TAG_BYTES:
        nearest = page.rfind(b">", place, place + LONG_TAG_BYTES)
        if nearest >= 0:
            place = nearest + 1
            continue
        end = page.find(b">", place + LONG_TAG_BYTES)
        end = len(page) if end < 0 else end
        begin = page.find(b"<", place, end)
        while begin >= 0 and not page[begin + 1 : begin + 2].isalpha():
            begin = page.find(b"<", begin + 1, end)
        if begin >= 0:
            words = QUOTED.sub(b"", page[begin:end]).replace(b"/", b" ").split()
            if len(words) > ATTRIBUTES_LIMIT:
                return True
        place = end
    return False

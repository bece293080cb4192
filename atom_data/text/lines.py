"""Lines of documents: how many there are, and how they begin and end, counted in one pass over Arrow bytes.

A line ends at a line feed. White space around it does not count, and a line of nothing but white space is not a line.
"""

import numpy as np

from atom_data.text.arrays import Bytes, Int64s
from atom_data.text.buffers import Buffers
from atom_data.text.characters import decode
from atom_data.text.hashes import HIGH_BITS, LOW_BITS, load_eight
from atom_data.text.memory import called, inlined, item, kernel, read_only
from atom_data.text.words import space_size

SHORT_CHARS = 30
"""Maximum characters of a short line, as in the code that made FineWeb (Penedo et al. 2024)."""

COLUMNS = ("lines", "bullets", "ellipses", "terminals", "shorts")
"""What `line_counts` counts."""

BULLETS = "-*\u00b7\u2022\u2023\u2043\u25a0\u25aa\u25cb\u25cf\u25e6"
"""Those of Dolma and datatrove, and the other signs that Unicode calls or shows as bullets."""

# The property Sentence_Terminal of Unicode 14 (PropList.txt), first and last code point of each run.
SENTENCE_TERMINALS = """
21-21 2E-2E 3F-3F 589-589 61D-61F 6D4-6D4 700-702 7F9-7F9 837-837 839-839 83D-83E 964-965 104A-104B 1362-1362 1367-1368
166E-166E 1735-1736 17D4-17D5 1803-1803 1809-1809 1944-1945 1AA8-1AAB 1B5A-1B5B 1B5E-1B5F 1B7D-1B7E 1C3B-1C3C
1C7E-1C7F 2024-2024 203C-203D 2047-2049 2CF9-2CFB 2E2E-2E2E 2E3C-2E3C 2E53-2E54 3002-3002 A4FF-A4FF A60E-A60F A6F3-A6F3
A6F7-A6F7 A876-A877 A8CE-A8CF A92F-A92F A9C8-A9C9 AA5D-AA5F AAF0-AAF1 ABEB-ABEB FE12-FE12 FE15-FE16 FE52-FE52 FE56-FE57
FF01-FF01 FF0E-FF0E FF1F-FF1F FF61-FF61 10A56-10A57 10F55-10F59 10F86-10F89 11047-11048 110BE-110C1 11141-11143
111C5-111C6 111CD-111CD 111DE-111DF 11238-11239 1123B-1123C 112A9-112A9 1144B-1144C 115C2-115C3 115C9-115D7 11641-11642
1173C-1173E 11944-11944 11946-11946 11A42-11A43 11A9B-11A9C 11C41-11C42 11EF7-11EF8 16A6E-16A6F 16AF5-16AF5 16B37-16B38
16B44-16B44 16E98-16E98 1BC9F-1BC9F 1DA88-1DA88
"""

_RUNS = np.array([[int(code, 16) for code in run.split("-")] for run in SENTENCE_TERMINALS.split()], np.int64)
_RUN_STARTS, _RUN_ENDS = np.ascontiguousarray(_RUNS[:, 0]), np.ascontiguousarray(_RUNS[:, 1])
_BULLET_CODES = np.array(sorted(map(ord, BULLETS)), np.int64)

_U64 = np.uint64
_LINE_FEEDS = _U64(0x0A0A0A0A0A0A0A0A)


def line_counts(buffers: Buffers) -> Int64s:
    """Return a row of COLUMNS a document: its lines, and those that begin with a bullet, end with `...` or an ellipsis
    sign, end with a sentence's terminal sign, or have at most SHORT_CHARS characters.
    """  # fmt: skip
    counts = np.zeros((buffers.offsets.size - 1, len(COLUMNS)), np.int64)
    if counts.size:
        _count_lines(read_only(buffers.data), read_only(buffers.offsets), counts)
    return counts


@kernel
def _count_lines(data: Bytes, offsets: Int64s, counts: Int64s) -> None:
    for document in range(offsets.size - 1):
        position, end = offsets[document], offsets[document + 1]
        lines, bullets, ellipses, terminals, shorts = 0, 0, 0, 0, 0
        while position < end:
            stop = next_line_feed(data, position, end)
            start = skip_spaces(data, position, stop)
            position = stop + 1
            if start == stop:
                continue
            last, stop = last_character(data, start, stop)
            code, size = decode(data, last, stop)
            lines += 1
            bullets += np.int64(_is_bullet(decode(data, start, stop)[0]))
            ellipses += np.int64(code == 0x2026 or is_three_dots(data, start, stop))
            terminals += np.int64(last + size == stop and is_terminal(code))
            shorts += np.int64(_is_short(data, start, stop))
        counts[document, 0], counts[document, 1], counts[document, 2] = lines, bullets, ellipses
        counts[document, 3], counts[document, 4] = terminals, shorts


@inlined
def next_line_feed(data: Bytes, position: int, end: int) -> int:
    """Return where the next line feed is, or the end."""
    while position + 8 <= end:
        difference = load_eight(data, position) ^ _LINE_FEEDS
        if (difference - LOW_BITS) & ~difference & HIGH_BITS:
            break
        position += 8
    while position < end and item(data, position) != 0x0A:
        position += 1
    return position


@inlined
def skip_spaces(data: Bytes, position: int, stop: int) -> int:
    """Return where the first character that is not white space begins, or the end."""
    while position < stop:
        size = space_size(data, position, stop)
        if size == 0:
            break
        position += size
    return position


@inlined
def last_character(data: Bytes, start: int, stop: int) -> tuple[int, int]:
    """Return where the last character that is not white space begins and ends; there is one."""
    while True:
        last = stop - 1
        while last > start and stop - last < 4 and item(data, last) & 0xC0 == 0x80:
            last -= 1
        if last == start or space_size(data, last, stop) != stop - last:
            return last, stop
        stop = last


@inlined
def _is_bullet(code: int) -> bool:
    if code < 0x80:
        return code == 0x2D or code == 0x2A
    found = False
    for bullet in _BULLET_CODES:
        found |= code == bullet
    return found


@inlined
def is_three_dots(data: Bytes, start: int, stop: int) -> bool:
    """Tell whether a line ends with three dots."""
    if stop - start < 3 or item(data, stop - 1) != 0x2E:
        return False
    return item(data, stop - 2) == 0x2E and item(data, stop - 3) == 0x2E


@inlined
def is_terminal(code: int) -> bool:
    """Tell whether Unicode calls a character a sentence's terminal sign."""
    if code < 0x80:
        return code == 0x21 or code == 0x2E or code == 0x3F
    low, high = 0, _RUN_STARTS.size
    while low < high:
        middle = (low + high) >> 1
        if item(_RUN_ENDS, middle) < code:
            low = middle + 1
        else:
            high = middle
    return low < _RUN_STARTS.size and item(_RUN_STARTS, low) <= code


@inlined
def _is_short(data: Bytes, start: int, stop: int) -> bool:
    # A character has at most four bytes, so a long line need not be counted.
    if stop - start > 4 * SHORT_CHARS:
        return False
    characters = 0
    for index in range(start, stop):
        characters += np.int64(item(data, index) & 0xC0 != 0x80)
    return characters <= SHORT_CHARS


@called
def three_dots(data: Bytes, position: int, end: int) -> int:
    """Return how often three dots stand in the text, none used twice."""
    count, row = 0, 0
    for index in range(position, end):
        row = row + 1 if item(data, index) == 0x2E else 0
        if row == 3:
            count, row = count + 1, 0
    return count


@inlined
def next_break(data: Bytes, position: int, end: int) -> tuple[int, int]:
    """Return where the line at `position` ends and where the next one begins, as `str.splitlines` sees it."""
    while position < end:
        byte = item(data, position)
        if byte < 0x20:
            if byte == 0x0D and position + 1 < end and item(data, position + 1) == 0x0A:
                return position, position + 2
            if 0x0A <= byte <= 0x0D or 0x1C <= byte <= 0x1E:
                return position, position + 1
        elif byte == 0xC2 and position + 1 < end and item(data, position + 1) == 0x85:
            return position, position + 2
        elif byte == 0xE2 and position + 2 < end and item(data, position + 1) == 0x80:
            third = item(data, position + 2)
            if third == 0xA8 or third == 0xA9:
                return position, position + 3
        position += 1
    return end, end

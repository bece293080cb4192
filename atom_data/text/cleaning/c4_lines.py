"""The line rules of C4: lines are checked, cleaned and joined in one pass over Arrow bytes.

A line ends where `str.splitlines` ends it. It is cut of white space at both ends, citations are taken out of it, and it
is dropped by the first of the rules that it breaks. What is kept is joined by line feeds, without white space at the
ends of the text.
"""

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from atom_data.text.arrays import Bytes, Int64s
from atom_data.text.buffers import Buffers, string_array
from atom_data.text.characters import Characters, characters, decode
from atom_data.text.edits import copied
from atom_data.text.lines import is_three_dots, last_character, next_break, skip_spaces
from atom_data.text.memory import inlined, item, kernel, put, read_only
from atom_data.text.phrases import INSIDE, Phrases, build_phrases, phrases_in
from atom_data.text.words import space_size

COLUMNS = (
    "lines",
    "long_words",
    "open_ends",
    "few_words",
    "javascript",
    "policies",
    "citations",
    "lorem_ipsum",
    "curly_brackets",
)
"""What `c4_lines` counts: lines with something in them; five rules in their order; citations taken out; kept lines with
`lorem ipsum`, and with a curly bracket and not that."""  # fmt: skip

POLICIES = ("terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies")

# The first code point of each run of ten decimal digits (category Nd) of Unicode 14, but for those of ASCII.
DECIMAL_DIGITS = """
660 6F0 7C0 966 9E6 A66 AE6 B66 BE6 C66 CE6 D66 DE6 E50 ED0 F20 1040 1090 17E0 1810 1946 19D0 1A80 1A90 1B50 1BB0 1C40
1C50 A620 A8D0 A900 A9D0 A9F0 AA50 ABF0 FF10 104A0 10D30 11066 110F0 11136 111D0 112F0 11450 114D0 11650 116C0 11730
118E0 11950 11C50 11D50 11DA0 16A60 16AC0 16B50 1D7CE 1D7D8 1D7E2 1D7EC 1D7F6 1E140 1E2F0 1E950 1FBF0
"""

_DIGIT_RUNS = np.array([int(code, 16) for code in DECIMAL_DIGITS.split()], np.int64)
_PHRASES = build_phrases([(phrase.encode(), INSIDE) for phrase in ("javascript", "lorem ipsum", "{", *POLICIES)])
_JAVASCRIPT, _LOREM_IPSUM, _CURLY, _FIRST_POLICY = 1, 2, 4, 8
_LINES, _LONG, _OPEN, _FEW, _SCRIPT, _POLICY, _CITATION, _LOREM, _BRACKET = range(len(COLUMNS))
_EDIT = np.frombuffer(b"edit]", np.uint8)
_NEEDED = np.frombuffer(b"citation needed]", np.uint8)


class C4Rules(NamedTuple):
    """The parameters of the rules, as the kernel takes them."""

    marks: Int64s
    """The code points that a line may end with; none asks for none."""
    min_words: int
    max_word_chars: int
    citations: bool
    javascript: bool
    policies: bool


def c4_lines(array: pa.Array, buffers: Buffers, rules: C4Rules) -> tuple[pa.Array, Int64s]:
    """Return the texts with the lines that the rules keep, and a row of COLUMNS for each.

    The memory is that of the texts. Of letters that are not ASCII, a phrase is not found in another case.
    """
    counts = np.zeros((buffers.offsets.size - 1, len(COLUMNS)), np.int64)
    if not counts.size:
        return array, counts
    room = int(buffers.offsets[-1] - buffers.offsets[0]) + 1
    made = Buffers(np.empty(room, np.uint8), np.zeros_like(buffers.offsets))
    texts = read_only(buffers.data), read_only(buffers.offsets)
    _rewrite(*texts, rules, _PHRASES, characters(), made, counts)
    return string_array(made.data, made.offsets, array), counts


@kernel
def _rewrite(
    data: Bytes, offsets: Int64s, rules: C4Rules, phrases: Phrases, table: Characters, made: Buffers, counts: Int64s
) -> None:
    to = 0
    for document in range(offsets.size - 1):
        position, end, begin = offsets[document], offsets[document + 1], to
        row = counts[document]
        while position < end:
            stop, following = next_break(data, position, end)
            start = skip_spaces(data, position, stop)
            position = following
            if start < stop:
                stop = last_character(data, start, stop)[1]
                row[_LINES] += 1
            if to > begin:
                put(made.data, to, 0x0A)
            line = to + np.int64(to > begin)
            after = _kept_line(data, start, stop, rules, phrases, table, made.data, line, row)
            to = after if after >= 0 else to
        to = _strip(made.data, begin, to)
        made.offsets[document + 1] = to


@inlined
def _kept_line(
    data: Bytes,
    start: int,
    stop: int,
    rules: C4Rules,
    phrases: Phrases,
    table: Characters,
    target: Bytes,
    to: int,
    row: Int64s,
) -> int:
    """Write the cleaned line to `target[to:]`; return where it ends, or -1 when a rule drops it."""
    words, longest = _word_sizes(data, start, stop)
    if rules.max_word_chars > 0 and longest > rules.max_word_chars:
        row[_LONG] += 1
        return -1
    after, citations = _without_citations(data, start, stop, target, to) if rules.citations else (to, 0)
    if citations == 0:
        after = copied(data, start, stop, target, to)
    if rules.marks.size and not _ends_well(target, to, after, rules.marks):
        # Lines of nothing are not worth a count.
        row[_OPEN] += np.int64(words > 0)
        return -1
    if words < rules.min_words:
        row[_FEW] += np.int64(words > 0)
        return -1
    found = phrases_in(target, to, after, phrases, table)
    if found & _LOREM_IPSUM:
        row[_LOREM] += 1
    elif rules.javascript and found & _JAVASCRIPT:
        row[_SCRIPT] += 1
        return -1
    elif found & _CURLY:
        row[_BRACKET] += 1
    elif rules.policies and found >= _FIRST_POLICY:
        row[_POLICY] += 1
        return -1
    row[_CITATION] += citations
    return after


@inlined
def _word_sizes(data: Bytes, position: int, stop: int) -> tuple[int, int]:
    """Return how many whitespace words there are, and the characters of the longest."""
    words, longest, size = 0, 0, 0
    while position < stop:
        space = space_size(data, position, stop)
        if space:
            longest = max(longest, size)
            size = 0
            position += space
            continue
        words += np.int64(size == 0)
        byte = item(data, position)
        position += 1 if byte < 0x80 else decode(data, position, stop)[1]
        size += 1
    return words, max(longest, size)


@inlined
def _without_citations(data: Bytes, position: int, stop: int, target: Bytes, to: int) -> tuple[int, int]:
    """Copy a line without `[1]`, `[edit]` and similar marks; return where the copy ends and how many there were."""
    found = 0
    while position < stop:
        byte = item(data, position)
        if byte == 0x5B:
            after = _citation_end(data, position + 1, stop)
            if after >= 0:
                found += 1
                position = after
                continue
        put(target, to, byte)
        to += 1
        position += 1
    return to, found


@inlined
def _citation_end(data: Bytes, position: int, stop: int) -> int:
    for words in (_EDIT, _NEEDED):
        if _begins(data, position, stop, words):
            return position + words.size
    while position < stop:
        code, size = decode(data, position, stop)
        if code == 0x5D:
            return position + 1
        if not _is_digit(code):
            break
        position += size
    return -1


@inlined
def _begins(data: Bytes, position: int, stop: int, words: Bytes) -> bool:
    if position + words.size > stop:
        return False
    same = True
    for index in range(words.size):
        same &= item(data, position + index) == words[index]
    return same


@inlined
def _is_digit(code: int) -> bool:
    if code < 0x80:
        return 0x30 <= code < 0x3A
    found = False
    for first in _DIGIT_RUNS:
        found |= first <= code < first + 10
    return found


@inlined
def _ends_well(target: Bytes, start: int, stop: int, marks: Int64s) -> bool:
    if start == stop:
        return False
    if is_three_dots(target, start, stop):
        return False
    last = stop - 1
    while last > start and stop - last < 4 and item(target, last) & 0xC0 == 0x80:
        last -= 1
    code, size = decode(target, last, stop)
    found = False
    for mark in marks:
        found |= mark == code
    return found and last + size == stop


@inlined
def _strip(target: Bytes, begin: int, to: int) -> int:
    """Cut white space at both ends of what was written; return where it ends."""
    start = skip_spaces(target, begin, to)
    if start == to:
        return begin
    to = last_character(target, start, to)[1]
    return to if start == begin else copied(target, start, to, target, begin)

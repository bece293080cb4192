"""Formulas as LaTeX where a page has their source: MathML's annotation, MathJax's scripts, texts in place of images.

A formula is written between dollars, one that stands alone between two pairs of them. KaTeX sets each twice, as MathML and for
the eye: the second is left out.
"""

import numpy as np

from atom_data.text.arrays import Bytes
from atom_data.text.html import tape as at
from atom_data.text.html.attributes import (
    ALT,
    ALTTEXT,
    ARIA_HIDDEN,
    CLASS,
    DISPLAY,
    ENDED,
    GREATER,
    SLASH,
    TYPE,
    holds,
    next_attribute,
)  # fmt: skip
from atom_data.text.html.blocks import LESS, begin_text, read_other
from atom_data.text.html.counts import SPACE
from atom_data.text.html.lookup import lower
from atom_data.text.html.tape import Tape
from atom_data.text.memory import called, inlined, item

DOLLAR = ord("$")
INLINE, BLOCK = 1, 2
_TEX, _LATEX, _MATH, _BLOCK = (np.frombuffer(word, np.uint8).copy() for word in (b"tex", b"latex", b"math", b"block"))
_MATH_TEX = np.frombuffer(b"math/tex", np.uint8).copy()
_MODE = np.frombuffer(b"display", np.uint8).copy()
_ANNOTATION = np.frombuffer(b"application/x-tex", np.uint8).copy()
_END = np.frombuffer(b"</math", np.uint8).copy()
_STYLE = np.frombuffer(b"{\\displaystyle ", np.uint8).copy()


@called
def script_formula(data: Bytes, position: int, stop: int) -> int:
    """Return INLINE or BLOCK for the tag of a script that is a formula, 0 for another."""
    while True:
        kind, start, end, position = next_attribute(data, position, stop)
        if kind == ENDED:
            return 0
        if kind == TYPE:
            if not holds(data, start, end, _MATH_TEX):
                return 0
            return BLOCK if holds(data, start, end, _MODE) else INLINE


@called
def read_image(tape: Tape, position: int, stop: int) -> None:
    """Write the text of an image that stands for a formula: its class says tex, latex or math."""
    data, start, end, is_formula = tape.data, 0, 0, False
    while True:
        kind, first, last, position = next_attribute(data, position, stop)
        if kind == ENDED:
            break
        if kind == ALT:
            start, end = first, last
        elif kind == CLASS:
            is_formula = holds(data, first, last, _TEX) or holds(data, first, last, _MATH)
        elif kind == ARIA_HIDDEN and last - first == 4:
            return
    if is_formula and end > start:
        put_formula(tape, start, end, INLINE)


@called
def read_math(tape: Tape, position: int, stop: int) -> int:
    """Write the LaTeX of a `<math>` whose tag begins at a position; return where it ends, 0 where it has none."""
    data, state = tape.data, tape.state
    if position < state[at.NO_MATH_BEFORE]:
        return 0
    content, start, end, kind = _math_tag(data, position, stop)
    close = _place(data, content, stop, _END)
    if close < 0:
        state[at.NO_MATH_BEFORE] = stop
        return 0
    place = _place(data, content, close, _ANNOTATION)
    if place >= 0:
        start = place
        while start < close and item(data, start) != GREATER:
            start += 1
        start = min(start + 1, close)
        end = start
        while end < close and item(data, end) != LESS:
            end += 1
    if end <= start:
        # None in it has a source, so the next ones need not be looked at: a page of nothing else would take forever.
        state[at.NO_MATH_BEFORE] = close
        return 0
    put_formula(tape, start, end, kind)
    while close < stop and item(data, close) != GREATER:
        close += 1
    return min(close + 1, stop)


@inlined
def _math_tag(data: Bytes, position: int, stop: int) -> tuple[int, int, int, int]:
    """Return where the tag ends, where its `alttext` begins and ends, and whether the formula stands alone."""
    start, end, shown = 0, 0, INLINE
    position += 5
    while True:
        kind, first, last, position = next_attribute(data, position, stop)
        if kind == ENDED:
            return position, start, end, shown
        if kind == ALTTEXT:
            start, end = first, last
        elif kind == DISPLAY and holds(data, first, last, _BLOCK):
            shown = BLOCK


@called
def _place(data: Bytes, position: int, stop: int, word: Bytes) -> int:
    """Return where a word in small letters stands, in any case; -1 where it is not."""
    while position + word.size <= stop:
        index = 0
        while index < word.size and lower(item(data, position + index)) == item(word, index):
            index += 1
        if index == word.size:
            return position
        position += 1
    return -1


@called
def put_formula(tape: Tape, start: int, end: int, kind: int) -> None:
    """Write a formula of the source, without the style that MediaWiki puts around it; nothing where it is empty."""
    data, text, state = tape.data, tape.text, tape.state
    while start < end and item(data, start) <= SPACE:
        start += 1
    while end > start and item(data, end - 1) <= SPACE:
        end -= 1
    if _place(data, start, min(end, start + _STYLE.size), _STYLE) == start and item(data, end - 1) == 125:
        start, end = start + _STYLE.size, end - 1
    if end <= start:
        return
    written = state[at.TEXT_END]
    begin_text(tape, written, start)
    for _ in range(kind):
        text[written] = DOLLAR
        written += 1
    position = start
    while position < end:
        byte = item(data, position)
        if byte == 38:
            position, written = read_other(tape, position, end, written, at.REFERENCE)
            continue
        if byte > SPACE or (written > 0 and text[written - 1] != SPACE):
            text[written] = max(byte, SPACE)
            written += 1
        position += 1
    for _ in range(kind):
        text[written] = DOLLAR
        written += 1
    state[at.TEXT_END], state[at.AFTER_SPACE] = written, 0
    state[at.BLOCK_FORMULAS] += 1


@called
def skip_element(data: Bytes, position: int, stop: int) -> int:
    """Return where the `<span>` ends whose start tag ends at a position, with all spans in it; 0 where nothing ends it."""
    depth = 1
    while position + 6 < stop:
        if item(data, position) != LESS:
            position += 1
            continue
        closes = item(data, position + 1) == SLASH
        first = position + (2 if closes else 1)
        is_span = (
            lower(item(data, first)) == 115
            and lower(item(data, first + 1)) == 112
            and lower(item(data, first + 2)) == 97
        )
        if is_span and lower(item(data, first + 3)) == 110:
            depth += -1 if closes else 1
            if depth == 0:
                while position < stop and item(data, position) != GREATER:
                    position += 1
                return min(position + 1, stop)
        position += 1
    return 0

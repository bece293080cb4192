"""Words, sentences and signs of text, counted by script: a word is not always what stands between two spaces.

Scripts of South East Asia that are written without spaces have about four characters per word, Chinese and Japanese two.
Sentences end with the sign of their script before a space, a closing quote or the end.
"""

import numpy as np

from atom_data.text.arrays import Bytes, Int64s
from atom_data.text.html import tape as at
from atom_data.text.html.lookup import FACTOR, step
from atom_data.text.html.tape import Tape
from atom_data.text.memory import called, inlined, item

SPACE = 32
BLANK, SMALL, CAPITAL, DIGIT, OTHER, SIGN, APOSTROPHE, LATIN, CASED, THREE = range(10)
"""Kinds of first bytes: of a space, a small letter, a capital, a digit, a letter of two bytes or a byte within a character,
another sign of ASCII, `'`, the signs of Latin-1, letters of scripts whose capitals are counted, a character of three bytes. Up to
OTHER they are counted without a branch, as no processor guesses where a word ends."""
KINDS = np.full(256, OTHER, np.uint8)
KINDS[:128] = SIGN
KINDS[: SPACE + 1], KINDS[48:58], KINDS[65:91], KINDS[97:123], KINDS[39] = BLANK, DIGIT, CAPITAL, SMALL, APOSTROPHE
KINDS[0xC2], KINDS[[0xC3, 0xCE, 0xD0, 0xD6, 0xD8, 0xDB]], KINDS[0xE0:0xF0] = LATIN, CASED, THREE
HASHED = np.arange(256, dtype=np.uint8)
HASHED[48:58], HASHED[65:91] = HASHED[48:58] | 32, HASHED[65:91] | 32
HASHED[: SPACE + 1] = 0
"""Of a byte of a letter or digit the one that is hashed; 0 of white space."""

LETTER_SIGN, NO_LETTER, ENDS_SENTENCE, COMMA, TWO_A_WORD, FOUR_A_WORD = range(6)


@called
def count_text(tape: Tape) -> None:
    """Count what was written since the last count: all of it is in a link, or none."""
    text, state = tape.text, tape.state
    position, end = state[at.COUNTED], state[at.TEXT_END]
    state[at.COUNTED] = end
    if state[at.OPEN] == 0 or position >= end:
        return
    in_word, folded = np.int64(state[at.IN_WORD] != 0), tape.hashes[0]
    words, size, beyond, capitals, capitalized, digits = 0, 0, 0, 0, 0, 0
    while position < end:
        byte = item(text, position)
        kind = item(KINDS, byte)
        position += 1
        if kind <= OTHER:
            is_letter, is_capital = np.int64(kind != BLANK), np.int64(kind == CAPITAL)
            starts = is_letter & ~in_word
            words, size = words + starts, size + is_letter
            capitals, capitalized = capitals + is_capital, capitalized + (starts & is_capital)
            digits, beyond = digits + (kind == DIGIT), beyond + (byte >= 0xC0)
            # With 0 and 1 a step changes nothing: it is one product after the other that takes the time here.
            folded = (folded ^ np.uint64(item(HASHED, byte))) * (FACTOR if is_letter else np.uint64(1))
            in_word = is_letter
            continue
        size += 1
        if kind >= LATIN:
            last = min(position + (2 if kind == THREE else 1), end)
            added, goes_on = _count_character(tape, position - 1, end, in_word != 0)
            words, in_word = words + added, np.int64(goes_on)
            folded = step(folded, byte)
            while position < last:
                folded = step(folded, item(text, position))
                position, size = position + 1, size + 1
        elif kind == SIGN:
            in_word = 0
            _count_sign(text, state, byte, position, end)
    state[at.IN_WORD], tape.hashes[0] = in_word, folded
    state[at.COUNT_WORDS] += words
    state[at.COUNT_BEYOND] += beyond
    state[at.COUNT_CAPITALS] += capitals
    state[at.COUNT_CAPITALIZED] += capitalized
    state[at.COUNT_DIGITS] += digits
    if state[at.LINKED]:
        state[at.COUNT_LINK_WORDS] += words
        state[at.COUNT_LINK_BYTES] += size


@inlined
def _count_sign(text: Bytes, state: Int64s, byte: int, position: int, end: int) -> None:
    if byte == 44:
        state[at.COUNT_COMMAS] += 1
    elif byte == 46 or byte == 33 or byte == 63:
        state[at.COUNT_SENTENCES] += _may_end(text, position, end)
    elif byte == 124 or byte == 47 or byte == 62:
        state[at.COUNT_SIGNS] += 1


@called
def _may_end(text: Bytes, position: int, end: int) -> bool:
    """Tell whether a sentence may end before a place: at the end, a space, a closing quote or bracket."""
    if position >= end:
        return True
    byte = item(text, position)
    if byte <= SPACE or byte == 34 or byte == 39 or byte == 41 or byte == 93:
        return True
    second = item(text, position + 1) if position + 1 < end else 0
    third = item(text, position + 2) if position + 2 < end else 0
    return (byte == 0xC2 and second == 0xBB) or (byte == 0xE2 and second == 0x80 and (third == 0x9D or third == 0x99))


@called
def _count_character(tape: Tape, position: int, end: int, in_word: bool) -> tuple[int, bool]:
    """Count a character beyond ASCII; return the words that begin with it, and whether a word goes on behind it."""
    text, state = tape.text, tape.state
    lead = item(text, position)
    second = item(text, position + 1) if position + 1 < end else 0
    third = item(text, position + 2) if position + 2 < end else 0
    state[at.COUNT_BEYOND] += 1
    kind = _kind_of_three(lead, second, third) if lead >= 0xE0 else _kind_of_two(lead, second)
    if kind == LETTER_SIGN:
        capital = (lead == 0xC3 and second <= 0x9E) or (lead == 0xCE and 0x86 <= second <= 0xAB)
        capital |= lead == 0xD0 and second <= 0xAF
        state[at.COUNT_CAPITALS] += capital
        state[at.COUNT_CAPITALIZED] += capital and not in_word
        return np.int64(not in_word), True
    if kind == TWO_A_WORD or kind == FOUR_A_WORD:
        width = 2 if kind == TWO_A_WORD else 1
        before = state[at.UNSPACED_COUNT]
        state[at.UNSPACED_COUNT] = before + width
        return np.int64((before & 3) < width), True
    if lead == 0xE2 and third == 0x99:
        return 0, in_word
    state[at.COUNT_SENTENCES] += kind == ENDS_SENTENCE
    state[at.COUNT_COMMAS] += kind == COMMA
    return 0, False


@inlined
def _kind_of_two(lead: int, second: int) -> int:
    """Return what a character of two bytes is: signs of Latin-1, Armenian, Arabic and Urdu, or a letter."""
    if lead == 0xC2:
        return LETTER_SIGN if second == 0xAA or second == 0xB5 or second == 0xBA else NO_LETTER
    if (lead == 0xD8 and second == 0x9F) or (lead == 0xDB and second == 0x94) or (lead == 0xD6 and second == 0x89):
        return ENDS_SENTENCE
    return COMMA if lead == 0xD8 and second == 0x8C else LETTER_SIGN


@inlined
def _kind_of_three(lead: int, second: int, third: int) -> int:
    """Return what a character of three bytes is."""
    if lead >= 0xE3:
        return _kind_of_far_east(lead, second, third)
    if lead == 0xE0:
        if 0xB8 <= second <= 0xBB:
            return FOUR_A_WORD
        return ENDS_SENTENCE if second == 0xA5 and (third == 0xA4 or third == 0xA5) else LETTER_SIGN
    if lead == 0xE1:
        if (
            (second == 0x81 and third == 0x8B)
            or (second == 0x9F and third == 0x94)
            or (second == 0x8D and third == 0xA2)
        ):
            return ENDS_SENTENCE
        if (second == 0x81 and third == 0x8A) or (second == 0x8D and third == 0xA3):
            return COMMA
        return FOUR_A_WORD if 0x80 <= second <= 0x82 or second == 0x9E or second == 0x9F else LETTER_SIGN
    # Up to U+2BFF there are signs, arrows, lines and symbols; behind them letters of old scripts.
    return NO_LETTER if second < 0xB0 else LETTER_SIGN


@inlined
def _kind_of_far_east(lead: int, second: int, third: int) -> int:
    if lead == 0xE3 and second == 0x80:
        return ENDS_SENTENCE if third == 0x82 else COMMA if third == 0x81 else NO_LETTER
    if lead <= 0xE9:
        return TWO_A_WORD
    if lead < 0xEF:
        return LETTER_SIGN
    if second == 0xBC:
        if third == 0x81 or third == 0x8E or third == 0x9F:
            return ENDS_SENTENCE
        return COMMA if third == 0x8C else LETTER_SIGN if third >= 0x90 else NO_LETTER
    return LETTER_SIGN if second >= 0xBD or 0xB9 <= second <= 0xBB else NO_LETTER

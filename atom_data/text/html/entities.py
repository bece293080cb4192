"""Character references: named ones by Python's table of the HTML standard, numbers by its rules."""

import html.entities

import numpy as np

from atom_data.text.arrays import Bytes
from atom_data.text.html.lookup import SEED, find, lower, step, table_of
from atom_data.text.memory import called

AMPERSAND, SEMICOLON, NUMBER_SIGN = ord("&"), ord(";"), ord("#")
LONGEST = 32
"""The longest name has 31 letters."""
REPLACEMENT = 0xFFFD


def _references() -> dict[str, bytes]:
    """Return the names without their semicolon, and the bytes that they stand for."""
    return {name.rstrip(";"): text.encode() for name, text in html.entities.html5.items()}


def _packed(references: dict[str, bytes]) -> tuple[np.ndarray[tuple[int], np.dtype[np.uint8]], list[int]]:
    """Return all bytes in a row, and for each name where its bytes begin (x 256) and how many they are."""
    places, at = [], 0
    for text in references.values():
        places.append(at << 8 | len(text))
        at += len(text)
    return np.frombuffer(b"".join(references.values()), np.uint8).copy(), places


_REFERENCES = _references()
_TEXT, _PLACES = _packed(_REFERENCES)
_HASHES, _VALUES = table_of(zip(_REFERENCES, _PLACES, strict=True))
# Old names that need no semicolon, and may have letters behind them.
_OPEN_HASHES, _OPEN_VALUES = table_of((name, 1) for name in html.entities.html5 if not name.endswith(";"))
# What numbers from 80 to 9F (hexadecimal) mean: the characters of windows-1252, where it has one.
_LATIN = np.array([ord(bytes([code]).decode("cp1252", "ignore") or chr(code)) for code in range(0x80, 0xA0)], np.int64)


@called
def put_character(code: int, text: Bytes, end: int) -> int:
    """Write a code point as UTF-8 and return the new end."""
    if code < 0x80:
        text[end] = code
        return end + 1
    if code < 0x800:
        text[end] = 0xC0 | code >> 6
    else:
        if code < 0x10000:
            text[end] = 0xE0 | code >> 12
        else:
            text[end] = 0xF0 | code >> 18
            end += 1
            text[end] = 0x80 | code >> 12 & 63
        end += 1
        text[end] = 0x80 | code >> 6 & 63
    text[end + 1] = 0x80 | code & 63
    return end + 2


@called
def reference(data: Bytes, position: int, stop: int, text: Bytes, end: int) -> tuple[int, int]:
    """Write what the reference at the `&` means; return where it ends and the new end of the text.

    What is no reference is left alone: the position comes back as it was. What a reference means is at most a fifth longer.
    """
    if position + 1 < stop and data[position + 1] == NUMBER_SIGN:
        return _number(data, position, stop, text, end)
    state, at, best, after = SEED, position + 1, -1, position
    while at < stop and at - position < LONGEST and _is_alphanumeric(data[at]):
        state = step(state, data[at])
        at += 1
        closed = at < stop and data[at] == SEMICOLON
        if closed or find(_OPEN_HASHES, _OPEN_VALUES, state) >= 0:
            found = find(_HASHES, _VALUES, state)
            if found >= 0:
                best, after = found, at + closed
    if best < 0:
        return position, end
    first, size = best >> 8, best & 255
    for index in range(size):
        text[end + index] = _TEXT[first + index]
    return after, end + size


@called
def _is_alphanumeric(byte: int) -> bool:
    return 48 <= byte <= 57 or 65 <= byte <= 90 or 97 <= byte <= 122


@called
def _number(data: Bytes, position: int, stop: int, text: Bytes, end: int) -> tuple[int, int]:
    at, code = position + 2, 0
    base = 16 if at < stop and data[at] | 32 == 120 else 10
    at += base == 16
    first = at
    while at < stop:
        byte = lower(data[at])
        if 48 <= byte <= 57:
            digit = byte - 48
        elif base == 16 and 97 <= byte <= 102:
            digit = byte - 87
        else:
            break
        code = min(code * base + digit, 0x110000)
        at += 1
    if at == first:
        return position, end
    at += at < stop and data[at] == SEMICOLON
    if code == 0 or code > 0x10FFFF or 0xD800 <= code < 0xE000:
        code = REPLACEMENT
    elif 0x80 <= code < 0xA0:
        code = _LATIN[code - 0x80]
    return at, put_character(code, text, end)

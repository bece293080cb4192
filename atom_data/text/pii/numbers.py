"""Card numbers and bank accounts around the digits of a text, each with its own exact check.

Each function looks at a bounded number of bytes and returns where the thing ends, or -1. `floor` is where the document or
what follows on the last find begins; nothing before it is looked at.
"""

import numpy as np

from atom_data.text.arrays import Bytes, Int64s
from atom_data.text.memory import called, inlined, item

# The length of an account number by country: ISO 13616, SWIFT's IBAN registry.
IBAN_LENGTHS = """
AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18
FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20
LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24
SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30
"""


def _lengths() -> Int64s:
    lengths = np.zeros(26 * 26, np.int64)
    for entry in IBAN_LENGTHS.split():
        lengths[26 * (ord(entry[0]) - 65) + ord(entry[1]) - 65] = int(entry[2:])
    return lengths


_IBAN_LENGTHS = _lengths()


@inlined
def is_word_byte(byte: np.uint8) -> bool:
    """Tell whether a byte is an ASCII letter, a digit, an underscore."""
    return np.uint8((byte | 0x20) - 0x61) < 26 or np.uint8(byte - 0x30) < 10 or byte == 0x5F


@inlined
def is_digit(data: Bytes, position: int, end: int) -> bool:
    """Tell whether there is a digit at a position that may be the end."""
    return position < end and np.uint8(item(data, position) - 0x30) < 10


@inlined
def joins(data: Bytes, floor: int, position: int) -> bool:
    """Tell whether what stands before a number makes it part of something larger: a letter, or a sign after one."""
    if position == floor:
        return False
    byte = item(data, position - 1)
    if is_word_byte(byte) or byte >= 0x80:
        return is_word_byte(byte)
    if byte in (0x2E, 0x2C, 0x2D, 0x2F, 0x2B, 0x25, 0x5C):
        return position - 1 > floor and is_word_byte(item(data, position - 2))
    return False


@inlined
def goes_on(data: Bytes, position: int, end: int) -> bool:
    """Tell whether a number goes on at its end: with a letter, or a sign and a digit."""
    if position >= end:
        return False
    byte = item(data, position)
    return is_word_byte(byte) or (byte in (0x2E, 0x2C, 0x2D, 0x2F, 0x3A) and is_digit(data, position + 1, end))


@called
def card_end(data: Bytes, floor: int, position: int, end: int) -> int:
    """Return the end of 13 to 19 digits of a card network that pass the check of ISO/IEC 7812-1, annex B (Luhn).

    Groups of three or more may have a space or a hyphen between them, always the same.
    """
    if joins(data, floor, position):
        return -1
    digits, odd, even, head, sign, group = 0, 0, 0, 0, np.uint8(0), 0
    while digits <= 19 and is_digit(data, position, end):
        value = np.int64(item(data, position)) - 0x30
        twice = 2 * value - 9 * np.int64(value > 4)
        # Which digits count twice is known at the last one, so both sums are kept.
        odd, even = even + value, odd + twice
        head = 10 * head + value if digits < 4 else head
        digits, group, position = digits + 1, group + 1, position + 1
        if position < end and item(data, position) in (0x20, 0x2D) and is_digit(data, position + 1, end):
            if group < 3 or (sign != 0 and sign != item(data, position)):
                return -1
            sign, group = item(data, position), 0
            position += 1
    if goes_on(data, position, end) or not _is_network(head, digits):
        return -1
    return position if odd % 10 == 0 else -1


@inlined
def _is_network(head: int, digits: int) -> bool:
    """Tell whether a card with these first four digits has so many (ISO/IEC 7812 numbers of the large networks)."""
    two = head // 100
    if head // 1000 == 4:
        return digits in (13, 16, 19)
    if 51 <= two <= 55 or 2221 <= head <= 2720:
        return digits == 16
    if two in (34, 37):
        return digits == 15
    if two in (36, 38, 39) or 3000 <= head <= 3059:
        return 14 <= digits <= 19
    if head == 6011 or two in (62, 64, 65, 81) or 3528 <= head <= 3589:
        return 16 <= digits <= 19
    return two in (50, 56, 57, 58, 63, 67) and 16 <= digits <= 19


@called
def iban_end(data: Bytes, floor: int, position: int, end: int) -> int:
    """Return the end of the account number whose check digits begin here: ISO 13616, remainder 1 modulo 97."""
    start = position - 2
    if start < floor or not is_digit(data, position + 1, end):
        return -1
    one, two = np.int64(item(data, start)) - 0x41, np.int64(item(data, start + 1)) - 0x41
    if not (0 <= one < 26 and 0 <= two < 26) or (start > floor and is_word_byte(item(data, start - 1))):
        return -1
    wanted = item(_IBAN_LENGTHS, 26 * one + two)
    rest, taken, position = 0, 4, position + 2
    while wanted and taken < wanted and position < end:
        byte = np.int64(item(data, position))
        if 0x30 <= byte < 0x3A:
            rest = (10 * rest + byte - 0x30) % 97
        elif 0x41 <= byte < 0x5B:
            rest = (100 * rest + byte - 0x37) % 97
        elif (byte == 0x20 or byte == 0x2D) and is_word_byte(item(data, position - 1)):
            position += 1
            continue
        else:
            return -1
        taken, position = taken + 1, position + 1
    if not wanted or taken < wanted or (position < end and is_word_byte(item(data, position))):
        return -1
    check = (np.int64(item(data, start + 2)) - 0x30) * 10 + np.int64(item(data, start + 3)) - 0x30
    rest = (rest * 10000 + (one + 10) * 100 + two + 10) % 97
    return position if (rest * 100 + check) % 97 == 1 else -1

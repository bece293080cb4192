"""Network addresses around the digits and colons of a text, IPv4 and IPv6 (RFC 4291).

Each function looks at a bounded number of bytes. `floor` is where the document or what follows on the last find begins;
nothing before it is looked at.
"""

import numpy as np

from atom_data.text.arrays import Bytes
from atom_data.text.memory import called, inlined, item
from atom_data.text.pii.numbers import is_digit, is_word_byte

# First and last address of what the IANA IPv4 Special-Purpose Address Registry does not call globally reachable.
IPV4_SPECIAL = """
0.0.0.0-0.255.255.255 10.0.0.0-10.255.255.255 100.64.0.0-100.127.255.255 127.0.0.0-127.255.255.255
169.254.0.0-169.254.255.255 172.16.0.0-172.31.255.255 192.0.0.0-192.0.0.255 192.0.2.0-192.0.2.255
192.168.0.0-192.168.255.255 198.18.0.0-198.19.255.255 198.51.100.0-198.51.100.255 203.0.113.0-203.0.113.255
240.0.0.0-255.255.255.255
"""

_MOST_IPV6 = 45


def _address(text: str) -> int:
    return int.from_bytes(bytes(map(int, text.split("."))), "big")


_SPECIAL = np.array([[_address(one) for one in run.split("-")] for run in IPV4_SPECIAL.split()], np.int64).ravel()


@called
def ipv4_end(data: Bytes, floor: int, position: int, end: int, public_only: bool) -> int:
    """Return the end of four numbers up to 255 with dots between, none with a zero before it."""
    start = position
    address, position = _read_ipv4(data, position, end)
    if address < 0 or (position < end and is_word_byte(item(data, position))):
        return -1
    if position + 1 < end and item(data, position) == 0x2E and is_digit(data, position + 1, end):
        return -1
    if start > floor and (is_word_byte(item(data, start - 1)) or item(data, start - 1) == 0x2E):
        return -1
    if position + 1 < end and item(data, position) == 0x2E and _begins_line(data, floor, start):
        return -1
    special = False
    for run in range(0, _SPECIAL.size, 2):
        special |= item(_SPECIAL, run) <= address <= item(_SPECIAL, run + 1)
    if (public_only and special) or _is_version(data, floor, start):
        return -1
    return position


@inlined
def _read_ipv4(data: Bytes, position: int, end: int) -> tuple[int, int]:
    """Return an address as a number, and where it ends; the number is -1 when it is none."""
    address = 0
    for part in range(4):
        value, first = 0, position
        while is_digit(data, position, end) and position - first < 3:
            value = 10 * value + np.int64(item(data, position)) - 0x30
            position += 1
        if position == first or value > 255 or (item(data, first) == 0x30 and position - first > 1):
            return -1, position
        address = address << 8 | value
        if part < 3:
            if position >= end or item(data, position) != 0x2E:
                return -1, position
            position += 1
    return address, position


@inlined
def _begins_line(data: Bytes, floor: int, position: int) -> bool:
    """Tell whether a number begins a line: with a dot after it, it is that of a section."""
    for _ in range(16):
        if position > floor and item(data, position - 1) in (0x20, 0x09):
            position -= 1
    return position == floor or item(data, position - 1) == 0x0A


@inlined
def _is_version(data: Bytes, floor: int, position: int) -> bool:
    """Tell whether the word before a number is `version`, `release`, `build`, `firmware`, `section`: by its last letters."""
    # Spaces, no-break spaces among them, and signs.
    while position > floor and item(data, position - 1) in (0x20, 0x3A, 0x3D, 0x2E, 0xC2, 0xA0):
        position -= 1
    if position - floor < 3:
        return False
    last = np.int64(0)
    for index in range(max(floor, position - 5), position):
        last = last << 8 | np.int64(item(data, index) | 0x20)
    three = last & 0xFFFFFF
    return (
        three == 0x766572  # ver
        or last == 0x7273696F6E  # rsion
        or last == 0x6C65617365  # lease
        or last == 0x6275696C64  # build
        or last == 0x6D77617265  # mware
        or last == 0x6374696F6E  # ction
        or last == 0x6170746572  # apter
    )


@called
def ipv6_place(data: Bytes, floor: int, position: int, end: int, public_only: bool) -> tuple[int, int]:
    """Return the place of the IPv6 address (RFC 4291, section 2.2) that a colon or digit is in, or -1.

    There is a digit in it, so that `dead::beef` in a program is none.
    """
    start = position
    while start > floor and position - start < _MOST_IPV6 and _is_of_ipv6(item(data, start - 1)):
        start -= 1
    stop = position
    while stop < end and stop - start <= _MOST_IPV6 and _is_of_ipv6(item(data, stop)):
        stop += 1
    # What ends a sentence or begins one is not of the address.
    while stop > start and (item(data, stop - 1) == 0x2E or _lone_colon(data, start, stop)):
        stop -= 1
    if stop - start > _MOST_IPV6 or stop - start < 3 or not start <= position < stop:
        return -1, -1
    if start > floor and (is_word_byte(item(data, start - 1)) or item(data, start - 1) >= 0x80):
        return -1, -1
    if stop < end and (is_word_byte(item(data, stop)) or item(data, stop) >= 0x80):
        return -1, -1
    head, digits = _read_ipv6(data, start, stop)
    if head < 0 or digits == 0 or (public_only and not _is_public(head >> 16, head & 0xFFFF)):
        return -1, -1
    return start, stop


@inlined
def _lone_colon(data: Bytes, start: int, stop: int) -> bool:
    return item(data, stop - 1) == 0x3A and not (stop - start > 1 and item(data, stop - 2) == 0x3A)


@inlined
def _is_of_ipv6(byte: np.uint8) -> bool:
    return np.uint8((byte | 0x20) - 0x61) < 6 or np.uint8(byte - 0x30) < 11 or byte == 0x2E


@inlined
def _read_ipv6(data: Bytes, position: int, stop: int) -> tuple[int, int]:
    """Return the first 32 bits of an address, -1 when it is none, and how many digits are written in it."""
    groups, gap, head, digits = 0, -1, 0, 0
    if item(data, position) == 0x3A:
        if item(data, position + 1) != 0x3A:
            return -1, 0
        position, gap = position + 2, 0
    while position < stop:
        value, written, width, position = _group(data, position, stop)
        if width == 0 or groups > 7:
            return -1, 0
        if gap < 0 and groups < 2:
            head |= value << 16 * (1 - groups)
        groups, digits = groups + width, digits + written
        if position < stop:
            position += 1
            if position == stop or (gap >= 0 and item(data, position) == 0x3A):
                return -1, 0
            if item(data, position) == 0x3A:
                position, gap = position + 1, groups
    whole = groups == 8 if gap < 0 else groups < 8
    return (head, digits) if whole else (-1, 0)


@inlined
def _group(data: Bytes, position: int, stop: int) -> tuple[int, int, int, int]:
    """Return the value of a group, its decimal digits, how many groups it counts for, 0 for none, and where it ends."""
    begin, value, digits = position, 0, 0
    while position < stop and position - begin < 5 and item(data, position) != 0x3A and item(data, position) != 0x2E:
        byte = np.int64(item(data, position))
        digits += np.int64(byte < 0x3A)
        value = value << 4 | (byte - 0x30 if byte < 0x3A else (byte | 0x20) - 0x57)
        position += 1
    if position < stop and item(data, position) == 0x2E:
        # The last 32 bits may be written as an IPv4 address.
        address, after = _read_ipv4(data, begin, stop)
        return 0, 1, 2 * np.int64(address >= 0 and after == stop), stop
    return value, digits, np.int64(0 < position - begin < 5), position


@inlined
def _is_public(first: int, second: int) -> bool:
    """Tell whether an address is global unicast (2000::/3), and not of RFC 2928, RFC 3849 or RFC 9637."""
    if first >> 13 != 1 or (first == 0x3FFF and second < 0x1000):
        return False
    return not (first == 0x2001 and (second < 0x200 or second == 0xDB8))

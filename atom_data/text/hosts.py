"""Hosts of addresses, and tables of domains by their hashes, over Arrow bytes.

A domain is hashed label by label from the right, so that one pass over a host gives the hash of every domain above it.
Hashes have 64 bits and are all that is kept of a list: a host that is not listed is found with a probability of its
labels times the length of the list in 2^64 (with 5 million domains and 3 labels, one in 10^12).
"""

from collections.abc import Sequence

import numpy as np

from atom_data.text.arrays import Bools, Bytes, Int8s, Int64s, UInt64s
from atom_data.text.buffers import Buffers
from atom_data.text.hashes import load_last
from atom_data.text.memory import inlined, item, kernel, put, read_only

NO_HOST, ASCII_HOST, OTHER_HOST = 0, 1, 2
"""There is none; it is found; there are bytes that are not ASCII, so that the caller must look."""

LONGEST_NAME = 253
"""RFC 1035, section 2.3.4, without the final dot. A longer host is on no list."""

_U64 = np.uint64
_SEED = _U64(0x9E3779B97F4A7C15)


def domain_table(parts: Sequence[UInt64s]) -> UInt64s:
    """Return a table of the hashes that `entry_hashes` gave: 12 to 24 bytes a domain.

    Its size is a power of two. A hash is at the place that its lowest bits say, or in the first place behind it that was
    free; a free place is 0.
    """
    count = sum(part.size for part in parts)
    table = np.zeros(1 << max(count + count // 2, 1).bit_length(), np.uint64)
    for part in parts:
        _insert(read_only(part), table)
    return read_only(table)


def hosts(buffers: Buffers) -> tuple[Buffers, Int8s]:
    """Return the host of each address in lower case, and NO_HOST, ASCII_HOST or OTHER_HOST.

    Without `www.` at its beginning and dots at its end; for all but ASCII_HOST it is empty.
    """
    kinds = np.zeros(buffers.offsets.size - 1, np.int8)
    offsets = np.zeros_like(buffers.offsets)
    data = np.empty(int(buffers.offsets[-1] - buffers.offsets[0]), np.uint8)
    if kinds.size:
        _find_hosts(read_only(buffers.data), read_only(buffers.offsets), data, offsets, kinds)
    return Buffers(data[: offsets[-1]], offsets), kinds


def are_listed(buffers: Buffers, table: UInt64s) -> Bools:
    """Tell of each host in lower case whether it or a domain above it is on a list."""
    found = np.zeros(buffers.offsets.size - 1, np.bool_)
    if found.size:
        _look_up(read_only(buffers.data), read_only(buffers.offsets), table, found)
    return found


def entry_hashes(data: Bytes, hashes: UInt64s) -> int:
    """Write the hash of the domain in each line of a list; return how many there are.

    A line may end with a remark after `#`. Its last field counts, so lines of a hosts file (`0.0.0.0 name`) are
    understood. The domain is taken as a host is: in lower case, without `www.` and final dots.
    """
    return int(_hash_entries(read_only(data), hashes))


@kernel
def _find_hosts(data: Bytes, offsets: Int64s, target: Bytes, target_offsets: Int64s, kinds: Int8s) -> None:
    to = 0
    for url in range(kinds.size):
        start, stop, kind = _host(data, offsets[url], offsets[url + 1])
        if kind == ASCII_HOST:
            start, stop = _bare(data, start, stop)
            for index in range(start, stop):
                put(target, to, _small(item(data, index)))
                to += 1
            if start == stop:
                kind = NO_HOST
        kinds[url] = kind
        target_offsets[url + 1] = to


@inlined
def _host(data: Bytes, position: int, end: int) -> tuple[int, int, int]:
    """Return where the host of an address begins and ends, and what there is."""
    position = _authority(data, position, end)
    if position < 0:
        return 0, 0, NO_HOST
    stop, start, ascii_ = position, position, True
    while stop < end:
        byte = item(data, stop)
        if byte in (0x2F, 0x5C, 0x3F, 0x23):
            break
        ascii_ &= byte < 0x80
        if byte == 0x40:
            start = stop + 1
        stop += 1
    if not ascii_:
        return 0, 0, OTHER_HOST
    after = _host_end(data, start, stop)
    if after < 0:
        return 0, 0, NO_HOST
    # A port may follow, or white space up to the end of the address.
    if after < stop and item(data, after) != 0x3A:
        rest = after
        while rest < end and _is_space(item(data, rest)):
            rest += 1
        if rest < end:
            return 0, 0, NO_HOST
    return start, after, ASCII_HOST


@inlined
def _authority(data: Bytes, position: int, end: int) -> int:
    """Return the position behind the two slashes of an address, or -1."""
    while position < end and _is_space(item(data, position)):
        position += 1
    if position < end and _is_letter(item(data, position)):
        while position < end and _is_of_scheme(item(data, position)):
            position += 1
        if position >= end or item(data, position) != 0x3A:
            return -1
        position += 1
    for _ in range(2):
        if position >= end or (item(data, position) != 0x2F and item(data, position) != 0x5C):
            return -1
        position += 1
    return position


@inlined
def _host_end(data: Bytes, start: int, stop: int) -> int:
    """Return where the host ends that begins at `start`, or -1 for an address in brackets that is none."""
    position = start
    if start < stop and item(data, start) == 0x5B:
        position += 1
        while position < stop and _is_of_address(item(data, position)):
            position += 1
        closed = position < stop and item(data, position) == 0x5D and position > start + 1
        return position + 1 if closed else -1
    while position < stop:
        byte = item(data, position)
        # No colon, bracket, space or control character.
        if byte in (0x3A, 0x5B, 0x5D) or byte <= 0x20 or byte == 0x7F:
            break
        position += 1
    return position


@inlined
def _bare(data: Bytes, start: int, stop: int) -> tuple[int, int]:
    """Cut `www.` and final dots."""
    if stop - start >= 4 and item(data, start + 3) == 0x2E:
        one, two, three = item(data, start), item(data, start + 1), item(data, start + 2)
        if one | 0x20 == 0x77 and two | 0x20 == 0x77 and three | 0x20 == 0x77:
            start += 4
    while stop > start and item(data, stop - 1) == 0x2E:
        stop -= 1
    return start, stop


@kernel
def _look_up(data: Bytes, offsets: Int64s, table: UInt64s, found: Bools) -> None:
    for host in range(found.size):
        start, stop = offsets[host], offsets[host + 1]
        if stop - start > LONGEST_NAME:
            continue
        state, hit = _SEED, False
        while stop > start and not hit:
            label = _label(data, start, stop)
            state = _with_label(data, label, stop, state)
            value = max(state, _U64(1))
            hit = item(table, _place(table, value)) == value
            stop = label - 1
        found[host] = hit


@kernel
def _insert(hashes: UInt64s, table: UInt64s) -> None:
    for index in range(hashes.size):
        place = _place(table, hashes[index])
        put(table, place, hashes[index])


@inlined
def _place(table: UInt64s, value: np.uint64) -> int:
    """Return where a hash is, or where it would be."""
    last = table.size - 1
    place = np.int64(value & _U64(last))
    while item(table, place) != value and item(table, place) != 0:
        place = (place + 1) & last
    return place


@kernel
def _hash_entries(data: Bytes, hashes: UInt64s) -> int:
    position, count = 0, 0
    while position < data.size:
        field, ink_end, line, inside = position, position, True, False
        while position < data.size:
            byte = item(data, position)
            if byte == 0x0A:
                break
            line &= byte != 0x23
            if line and not _is_space(byte):
                field = field if inside else position
                inside = True
                ink_end = position + 1
            else:
                inside = False
            position += 1
        position += 1
        first, stop = _bare(data, field, ink_end)
        if stop > first:
            state = _SEED
            while stop > first:
                label = _label(data, first, stop)
                state = _with_label(data, label, stop, state)
                stop = label - 1
            hashes[count] = max(state, _U64(1))
            count += 1
    return count


@inlined
def _label(data: Bytes, start: int, stop: int) -> int:
    """Return where the last label begins."""
    while stop > start and item(data, stop - 1) != 0x2E:
        stop -= 1
    return stop


@inlined
def _with_label(data: Bytes, start: int, stop: int, state: np.uint64) -> np.uint64:
    # The size first, so that two labels never pass for one; each lane is mixed as MurmurHash3 ends (Appleby 2011).
    state = _mixed(state ^ _U64(stop - start))
    while start < stop:
        after = min(start + 8, stop)
        state = _mixed(state ^ _folded(load_last(data, start, after, _U64(0)))) + _SEED
        start = after
    return state


@inlined
def _folded(lane: np.uint64) -> np.uint64:
    """Return eight bytes with ASCII letters in lower case."""
    low = lane & _U64(0x7F7F7F7F7F7F7F7F)
    upper = (low + _U64(0x3F3F3F3F3F3F3F3F)) & ~(low + _U64(0x2525252525252525)) & ~lane & _U64(0x8080808080808080)
    return lane | upper >> _U64(2)


@inlined
def _mixed(value: np.uint64) -> np.uint64:
    value = (value ^ value >> _U64(33)) * _U64(0xFF51AFD7ED558CCD)
    value = (value ^ value >> _U64(33)) * _U64(0xC4CEB9FE1A85EC53)
    return value ^ value >> _U64(33)


@inlined
def _small(byte: np.uint8) -> np.uint8:
    return np.uint8(byte | 0x20) if 0x41 <= byte <= 0x5A else np.uint8(byte)


@inlined
def _is_space(byte: np.uint8) -> bool:
    return byte == 0x20 or byte == 0x09 or byte == 0x0A or byte == 0x0C or byte == 0x0D


@inlined
def _is_letter(byte: np.uint8) -> bool:
    return np.uint8((byte | 0x20) - 0x61) < 26


@inlined
def _is_of_scheme(byte: np.uint8) -> bool:
    return _is_letter(byte) or np.uint8(byte - 0x30) < 10 or byte == 0x2B or byte == 0x2E or byte == 0x2D


@inlined
def _is_of_address(byte: np.uint8) -> bool:
    return np.uint8((byte | 0x20) - 0x61) < 6 or np.uint8(byte - 0x30) < 10 or byte == 0x3A or byte == 0x2E

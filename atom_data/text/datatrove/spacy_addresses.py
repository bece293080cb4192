"""Addresses as spaCy 3.8 knows them (`lang/tokenizer_exceptions.py`, URL_PATTERN): what they hold is not cut inside."""

from atom_data.text.arrays import Bytes
from atom_data.text.datatrove.spacy_table import LOWER, English, flags_at
from atom_data.text.memory import called, inlined, item

_DOT, _PLUS, _HYPHEN, _AT = 0x2E, 0x2B, 0x2D, 0x40


@called
def is_address(data: Bytes, low: int, high: int, table: English) -> bool:
    """Tell whether this is a host with a dot in it, perhaps with a scheme or a user before and a port or a path behind."""
    if _host(data, low, high, table):
        return True
    position, scheme = low, True
    while position < high:
        byte = item(data, position)
        if byte == _AT and position > low and _host(data, position + 1, high, table):
            return True
        slashes = position + 2 < high and item(data, position + 1) == 0x2F and item(data, position + 2) == 0x2F
        if byte == 0x3A and slashes and scheme and position >= low + 2 and _host(data, position + 3, high, table):
            return True
        word = byte >= 0x80 or 0x30 <= byte <= 0x39 or ((byte | 0x20) - 0x61 < 26 and byte >= 0x41)
        scheme = scheme and (word or byte == 95 or byte in (_PLUS, _HYPHEN, _DOT))
        position += 1
    return False


@inlined
def _host(data: Bytes, position: int, high: int, table: English) -> bool:
    labels, characters, small, edge = 0, 0, True, False
    while position < high:
        byte = item(data, position)
        if byte == 0x3A or byte == 0x2F or byte == 0x3F or byte == 0x23:
            break
        if byte == _DOT:
            if characters == 0 or characters > 64 or not edge:
                return False
            labels, characters, small, edge = labels + 1, 0, True, False
            position += 1
            continue
        flags, size = flags_at(data, position, high, table)
        letter = (byte >= 0x80 and byte < 0xF0) or 0x30 <= byte <= 0x39 or ((byte | 0x20) - 0x61 < 26 and byte >= 0x41)
        if not letter and (characters == 0 or (byte != 0x5F and byte != _HYPHEN)):
            return False
        edge, small = letter, small and flags & LOWER != 0
        characters += 1
        position += size
    if labels == 0 or not small or characters < 2 or characters > 63:
        return False
    if position < high and item(data, position) == 0x3A:
        port = position + 1
        while port < high and 0x30 <= item(data, port) <= 0x39:
            port += 1
        if port - position - 1 < 2 or port - position - 1 > 5:
            return False
        position = port
    return position == high or (item(data, position) != 0x3A and not 0x30 <= item(data, position) <= 0x39)

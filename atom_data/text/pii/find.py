"""Private things in a text: mail addresses, network addresses, telephone and card numbers, bank accounts, secret keys.

One pass looks for a byte that such a thing cannot be without: `@`, a digit, a colon, or a long run of the letters of
tokens. What stands around it is then judged exactly, within a bounded number of bytes, so that time is linear.
"""

from typing import NamedTuple

import numpy as np

from atom_data.text.arrays import Bytes, Int64s
from atom_data.text.buffers import Buffers
from atom_data.text.characters import Characters, characters
from atom_data.text.edits import Places
from atom_data.text.hashes import CASE_BITS, HIGH_BITS, LOW_BITS, in_range, load_eight
from atom_data.text.memory import called, inlined, item, kernel, read_only
from atom_data.text.phrases import Phrases
from atom_data.text.pii.ip_addresses import ipv4_end, ipv6_place
from atom_data.text.pii.mails import mail_place
from atom_data.text.pii.numbers import card_end, iban_end
from atom_data.text.pii.phones import phone_place
from atom_data.text.pii.secrets import KEYS, Keys, key_place

KINDS = ("mail", "ipv4", "ipv6", "phone", "card", "iban", "key")
"""What is looked for; a bit each, in this order."""

MAIL, IPV4, IPV6, PHONE, CARD, IBAN, KEY = range(len(KINDS))

_U64 = np.uint64


class Sought(NamedTuple):
    """What is looked for, as the kernel takes it."""

    wanted: int
    public_only: bool
    keys: Keys
    before_phone: Phrases
    table: Characters


def private_places(buffers: Buffers, wanted: int, public_only: bool, words_before_phone: Phrases) -> Places:
    """Return where there are things of the wanted kinds; the first found wins where two overlap.

    With `public_only`, network addresses that no host of the Internet can have are left alone.
    """
    texts = read_only(buffers.data), read_only(buffers.offsets)
    if buffers.offsets.size == 1:
        return Places(*(np.zeros(0, np.int64) for _ in Places._fields))
    sought = Sought(wanted, public_only, KEYS, words_before_phone, characters())
    room = 1024 + int(buffers.offsets[-1] - buffers.offsets[0]) // 256
    while True:
        found = Places(*(np.empty(room, np.int64) for _ in Places._fields))
        count = _find(*texts, sought, found)
        if count <= room:
            return Places(*(values[:count] for values in found))
        room = count


@kernel
def _find(data: Bytes, offsets: Int64s, sought: Sought, found: Places) -> int:
    count = 0
    for document in range(offsets.size - 1):
        floor, end = offsets[document], offsets[document + 1]
        position = floor
        while position < end:
            if position + 8 <= end:
                lane = load_eight(data, position)
                if not _is_interesting(lane):
                    position += 8
                    continue
            start, stop, kind = _first_in(data, floor, position, end, sought)
            if kind < 0:
                position = min(position + 8, end)
                continue
            if count < found.starts.size:
                found.starts[count], found.ends[count] = start, stop
                found.kinds[count], found.documents[count] = kind, document
            count += 1
            floor = position = stop
    return count


@inlined
def _is_interesting(lane: np.uint64) -> bool:
    """Tell whether there is a digit, a colon, `@` or three hyphens among eight bytes, or only the signs of tokens."""
    low = lane & ~HIGH_BITS
    marks = (in_range(low, 0x30, 0x3A) | in_range(low, 0x40, 0x40)) & HIGH_BITS & ~lane
    if marks:
        return True
    hyphens = in_range(low, 0x2D, 0x2D) & HIGH_BITS & ~lane
    signs = hyphens | in_range(low, 0x5F, 0x5F)
    if lane & HIGH_BITS == 0 and (in_range(low | CASE_BITS, 0x61, 0x7A) | signs) & HIGH_BITS == HIGH_BITS:
        return True
    # Three of the five hyphens that a private key begins with are in the first or the second eight bytes.
    return (hyphens >> _U64(7)) * LOW_BITS >> _U64(56) >= 3


@called
def _first_in(data: Bytes, floor: int, position: int, end: int, sought: Sought) -> tuple[int, int, int]:
    """Return the first thing that is seen at one of eight bytes, and its kind, or -1."""
    if sought.wanted >> KEY & 1:
        start, after = key_place(data, floor, position, end, sought.keys)
        if after >= 0:
            return start, after, KEY
    for at in range(position, min(position + 8, end)):
        byte = item(data, at)
        start, after, kind = 0, -1, -1
        if byte == 0x40 and sought.wanted >> MAIL & 1:
            start, after = mail_place(data, floor, at, end, sought.table)
            kind = MAIL
        elif byte == 0x3A and sought.wanted >> IPV6 & 1:
            start, after = ipv6_place(data, floor, at, end, sought.public_only)
            kind = IPV6
        elif np.uint8(byte - 0x30) < 10 and (at == floor or np.uint8(item(data, at - 1) - 0x30) >= 10):
            start, after, kind = _number(data, floor, at, end, sought)
        if after >= 0:
            return start, after, kind
    return 0, -1, -1


@inlined
def _number(data: Bytes, floor: int, position: int, end: int, sought: Sought) -> tuple[int, int, int]:
    """Return the thing that the digits at `position` belong to, and its kind; its end is -1 when there is none."""
    if sought.wanted >> IPV4 & 1:
        after = ipv4_end(data, floor, position, end, sought.public_only)
        if after >= 0:
            return position, after, IPV4
    if sought.wanted >> IBAN & 1:
        after = iban_end(data, floor, position, end)
        if after >= 0:
            return position - 2, after, IBAN
    if sought.wanted >> CARD & 1:
        after = card_end(data, floor, position, end)
        if after >= 0:
            return position, after, CARD
    if sought.wanted >> PHONE & 1:
        start, after = phone_place(data, floor, position, end, sought.before_phone, sought.table)
        return start, after, PHONE
    return 0, -1, -1

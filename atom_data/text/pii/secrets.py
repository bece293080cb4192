"""Secret keys: tokens that services give out with a beginning of their own, JSON Web Tokens, and private keys in PEM."""

from typing import NamedTuple

import numpy as np

from atom_data.text.arrays import Bools, Bytes, Int64s
from atom_data.text.memory import inlined, item, read_only

ALPHABETS = {
    "letters": b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    "signs": b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_",
    "dots": b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_.",
    "hex": b"0123456789abcdef",
    "upper": b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
}
"""What may follow on a beginning."""

# Beginning, alphabet of what follows, its least and most characters: from the services' own documentation.
FORMATS = """
AKIA upper 16 16        AWS access key
ASIA upper 16 16        AWS access key, for a time
AGE-SECRET-KEY-1 upper 58 58   age
AIza signs 35 35        Google API
ya29. signs 40 500      Google OAuth
eyJ dots 60 4000        JSON Web Token (RFC 7519), with two dots
ghp_ letters 36 251     GitHub, personal
gho_ letters 36 251     GitHub, OAuth
ghu_ letters 36 251     GitHub, user to server
ghs_ letters 36 251     GitHub, server to server
ghr_ letters 36 251     GitHub, refresh
github_pat_ signs 60 100    GitHub, fine-grained
glpat- signs 20 64      GitLab
glsa_ signs 32 64       Grafana
hf_ letters 34 40       Hugging Face
npm_ letters 36 36      npm
pypi-AgEIcHlwaS5vcmc signs 50 1000  PyPI
sk-ant- signs 40 200    Anthropic
sk-proj- signs 40 200   OpenAI, project
sk- letters 48 48       OpenAI
sk_live_ letters 16 247 Stripe
rk_live_ letters 16 247 Stripe, restricted
SG. dots 50 90          SendGrid
shpat_ hex 32 32        Shopify
shpss_ hex 32 32        Shopify
dop_v1_ hex 64 64       DigitalOcean
xapp- signs 30 200      Slack
xoxa- signs 15 250      Slack
xoxb- signs 15 250      Slack
xoxp- signs 15 250      Slack
xoxr- signs 15 250      Slack
xoxs- signs 15 250      Slack
"""

_LEAST_PEM, _MOST_PEM = 64, 16_384
_BEGIN = np.frombuffer(b"-----BEGIN ", np.uint8)
_KEY = np.frombuffer(b"PRIVATE KEY", np.uint8)
_END = np.frombuffer(b"-----END ", np.uint8)


class Keys(NamedTuple):
    """The formats: the beginnings one after the other, where they end, and their rules."""

    heads: Bytes
    offsets: Int64s
    rules: Int64s
    """A row of alphabet, least and most a format, flat."""
    alphabets: Bools
    """256 per row, flat; the last row is what a private key in PEM is written with."""


def _keys() -> Keys:
    lines = [line.split()[:4] for line in FORMATS.strip().splitlines()]
    heads = [head.encode() for head, *_ in lines]
    offsets = np.cumsum([0, *map(len, heads)])
    names = list(ALPHABETS)
    rules = [number for _, name, least, most in lines for number in (names.index(name), int(least), int(most))]
    alphabets = np.zeros((len(names) + 1, 256), np.bool_)
    for row, signs in enumerate([*ALPHABETS.values(), ALPHABETS["letters"] + b"+/= \r\n\t:,\\"]):
        alphabets[row, [*signs]] = True
    arrays = np.frombuffer(b"".join(heads), np.uint8), offsets, np.array(rules, np.int64), alphabets.ravel()
    return Keys(*map(read_only, arrays))


KEYS = _keys()


@inlined
def key_place(data: Bytes, floor: int, position: int, end: int, keys: Keys) -> tuple[int, int]:
    """Return the place of the key that eight bytes are part of, or -1; it is found at the first eight that it fills."""
    stop = min(position + 8, end)
    start = position
    while start > floor and position - start < 8 and _is_token(item(data, start - 1)):
        start -= 1
    filled, hyphens = stop - position == 8, 0
    for index in range(position, stop):
        byte = item(data, index)
        filled &= _is_token(byte)
        hyphens += np.int64(byte == 0x2D)
    if hyphens >= 3:
        place = _pem_place(data, floor, position, end, keys)
        if place[1] >= 0:
            return place
    if not filled or position - start == 8:
        return -1, -1
    for key in range(keys.offsets.size - 1):
        first = start
        size = item(keys.offsets, key + 1) - item(keys.offsets, key)
        # A dot is not a sign of a token, so what stands before it is looked for behind it.
        if item(keys.heads, item(keys.offsets, key + 1) - 1) == 0x2E:
            first -= size
        if first >= floor and first + size < end and _is_head(data, first, keys, key):
            after = _key_end(data, floor, first, first + size, end, keys, key)
            if after >= 0:
                return first, after
    return -1, -1


@inlined
def _is_token(byte: np.uint8) -> bool:
    return np.uint8((byte | 0x20) - 0x61) < 26 or np.uint8(byte - 0x30) < 10 or byte == 0x5F or byte == 0x2D


@inlined
def _is_head(data: Bytes, first: int, keys: Keys, key: int) -> bool:
    start, same = item(keys.offsets, key), True
    for index in range(item(keys.offsets, key + 1) - start):
        same &= item(data, first + index) == item(keys.heads, start + index)
    return same


@inlined
def _key_end(data: Bytes, floor: int, first: int, position: int, end: int, keys: Keys, key: int) -> int:
    """Return the end of a key whose beginning ends at `position`, or -1 when the rest is not as its format says."""
    alphabet, least, most = item(keys.rules, 3 * key), item(keys.rules, 3 * key + 1), item(keys.rules, 3 * key + 2)
    if first > floor and _is_token(item(data, first - 1)):
        return -1
    start, dots = position, 0
    while position < end and position - start <= most and item(keys.alphabets, alphabet << 8 | item(data, position)):
        dots += np.int64(item(data, position) == 0x2E)
        position += 1
    while item(data, position - 1) == 0x2E:
        position, dots = position - 1, dots - 1
    wrong = position - start < least or position - start > most
    if wrong or (position < end and _is_token(item(data, position)) and item(data, position) != 0x2D):
        return -1
    json = item(data, first) == 0x65
    return position if not json or dots == 2 else -1


@inlined
def _pem_place(data: Bytes, floor: int, position: int, end: int, keys: Keys) -> tuple[int, int]:
    """Return the place of a private key in PEM (RFC 7468) whose first hyphens are here; one cut off ends where it does."""
    while position < end and item(data, position) != 0x2D:
        position += 1
    for _ in range(5):
        position -= np.int64(position > floor and item(data, position - 1) == 0x2D)
    start = position
    if not _stands(data, position, end, _BEGIN):
        return -1, -1
    # Which kind of key it is: RSA, EC, OPENSSH and others, at most a few words.
    position += _BEGIN.size
    limit = min(position + 24, end)
    while position < limit and not _stands(data, position, end, _KEY):
        position += 1
    return (start, _pem_end(data, position + _KEY.size, end, keys)) if position < limit else (-1, -1)


@inlined
def _pem_end(data: Bytes, position: int, end: int, keys: Keys) -> int:
    """Return the end of a private key whose first line ends soon after `position`, or -1."""
    # ` BLOCK` of OpenPGP, and the five hyphens.
    position = _skip_label(data, position, min(position + 11, end))
    row, body = (keys.alphabets.size >> 8) - 1, position
    limit = min(position + _MOST_PEM, end)
    while position < limit and item(keys.alphabets, row << 8 | item(data, position)):
        position += 1
    if position - body < _LEAST_PEM:
        return -1
    if _stands(data, position, end, _END):
        position = _skip_label(data, position + _END.size, min(position + _END.size + 40, end))
    while item(data, position - 1) == 0x20:
        position -= 1
    return position


@inlined
def _skip_label(data: Bytes, position: int, limit: int) -> int:
    while position < limit and (item(data, position) in (0x20, 0x2D) or 0x41 <= item(data, position) <= 0x5A):
        position += 1
    return position


@inlined
def _stands(data: Bytes, position: int, end: int, words: Bytes) -> bool:
    if position + words.size > end:
        return False
    same = True
    for index in range(words.size):
        same &= item(data, position + index) == words[index]
    return same

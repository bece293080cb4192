"""The indexes of the WHATWG Encoding standard as tables for decoders.

`tables.npz` was made by `tests/text/charsets/make_charsets.py` from github.com/whatwg/encoding at a985b62a (copyright WHATWG,
BSD 3-Clause License). It is stored and not taken from Python's codecs, whose tables are narrower (cp932, big5hkscs, gb18030
of 2005) and may change with Python. Memory: 256 kB for every multi-byte encoding that is met.
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from atom_data.text.arrays import Int32s
from atom_data.text.memory import read_only

Codes = Int32s
NONE = -1
"""A byte that stands for nothing."""
LEAD = -2
LEAD_OF_THREE = -3
"""0x8F of EUC-JP: two bytes of JIS X 0212 follow."""
MARK_SHIFT = 24
"""Four pairs of Big5 are two characters: the second is U+0300 plus what stands above these bits."""
BIG5_TWO = {0x8862: (0xCA, 0x304), 0x8864: (0xCA, 0x30C), 0x88A3: (0xEA, 0x304), 0x88A5: (0xEA, 0x30C)}


class Tables(NamedTuple):
    """What a multi-byte decoder knows."""

    bytes: Codes
    """By byte: its code point, or NONE, LEAD, LEAD_OF_THREE."""
    pairs: Codes
    """By lead byte x 256 + trail byte: the code point; 0 where there is none."""
    triples: Codes
    """The same of the two bytes after a LEAD_OF_THREE; empty where the encoding has none."""
    ranges: Codes
    """Pointers and code points where ranges of gb18030's four bytes begin; empty where the encoding has none."""


@cache
def _stored() -> dict[str, npt.NDArray[np.generic]]:
    with np.load(Path(__file__).parent / "tables.npz") as stored:
        return dict(stored)


def _index(name: str) -> Codes:
    return np.cumsum(_stored()[name], axis=-1, dtype=np.int32)


@cache
def single_byte() -> dict[str, str]:
    """Return, by encoding, its 256 characters; U+FFFE stands for none, as Python's charmap decoder wants it."""
    ascii_half = "".join(map(chr, range(128)))
    found = {
        str(name): ascii_half + "".join(chr(code or 0xFFFE) for code in row)
        for name, row in zip(_stored()["names"], _index("single").tolist(), strict=True)
    }
    found["iso-8859-8-i"] = found["iso-8859-8"]
    found["x-user-defined"] = ascii_half + "".join(chr(0xF780 + place) for place in range(128))
    return found


@cache
def multi_byte(name: str) -> Tables:
    """Return the tables of big5, euc-jp, euc-kr, gb18030 (gbk is the same), iso-2022-jp or shift_jis."""
    makers = {
        "big5": _big5,
        "euc-jp": _euc_jp,
        "euc-kr": _euc_kr,
        "gb18030": _gb18030,
        "iso-2022-jp": _iso_2022_jp,
        "shift_jis": _shift_jis,
    }
    return Tables(*(read_only(table) for table in makers[name]()))


EMPTY = np.zeros((0, 2), np.int32)


def _bytes(first: int, last: int) -> Codes:
    """Return the table of single bytes: ASCII, and lead bytes from `first` to `last`."""
    table = np.full(256, NONE, np.int32)
    table[:128] = np.arange(128)
    table[first : last + 1] = LEAD
    return table


def _pairs(index: Codes, leads: list[int], trails: list[int]) -> Codes:
    """Return the table of pairs; pointers go through the trail bytes of one lead byte after the other."""
    table = np.zeros((256, 256), np.int32)
    size = len(leads) * len(trails)
    table[np.ix_(leads, trails)] = index[:size].reshape(len(leads), len(trails))
    return table.reshape(-1)


def _span(*ends: int) -> list[int]:
    return [byte for first, last in zip(ends[::2], ends[1::2], strict=True) for byte in range(first, last + 1)]


def _big5() -> Tables:
    pairs = _pairs(_index("big5"), _span(0x81, 0xFE), _span(0x40, 0x7E, 0xA1, 0xFE))
    for pair, (letter, mark) in BIG5_TWO.items():
        pairs[pair] = letter | (mark - 0x300) << MARK_SHIFT
    return Tables(_bytes(0x81, 0xFE), pairs, EMPTY[:, 0], EMPTY)


def _euc_jp() -> Tables:
    single, rows = _bytes(0xA1, 0xFE), _span(0xA1, 0xFE)
    single[0x8E], single[0x8F] = LEAD, LEAD_OF_THREE
    pairs = _pairs(_index("jis0208"), rows, rows)
    pairs[0x8EA1 : 0x8EDF + 1] = np.arange(0xFF61, 0xFFA0)
    return Tables(single, pairs, _pairs(_index("jis0212"), rows, rows), EMPTY)


def _euc_kr() -> Tables:
    pairs = _pairs(_index("euc-kr"), _span(0x81, 0xFE), _span(0x41, 0xFE))
    return Tables(_bytes(0x81, 0xFE), pairs, EMPTY[:, 0], EMPTY)


def _gb18030() -> Tables:
    single = _bytes(0x81, 0xFE)
    single[0x80] = 0x20AC
    pairs = _pairs(_index("gb18030"), _span(0x81, 0xFE), _span(0x40, 0x7E, 0x80, 0xFE))
    return Tables(single, pairs, EMPTY[:, 0], _stored()["ranges"].astype(np.int32))


def _iso_2022_jp() -> Tables:
    rows = _span(0x21, 0x7E)
    return Tables(_bytes(0, -1), _pairs(_index("jis0208"), rows, rows), EMPTY[:, 0], EMPTY)


def _shift_jis() -> Tables:
    single = _bytes(0x81, 0x9F)
    single[0xE0 : 0xFC + 1] = LEAD
    single[0x80] = 0x80
    single[0xA1 : 0xDF + 1] = np.arange(0xFF61, 0xFFA0)
    index = _index("jis0208")
    index[8836 : 10715 + 1] = np.arange(0xE000, 0xE000 + 1880)  # what users defined
    pairs = _pairs(index, _span(0x81, 0x9F, 0xE0, 0xFC), _span(0x40, 0x7E, 0x80, 0xFC))
    return Tables(single, pairs, EMPTY[:, 0], EMPTY)

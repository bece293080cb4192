"""Makes atom_data/text/charsets/tables.npz: the indexes of the WHATWG Encoding standard.

    python tests/text/charsets/make_charsets.py FOLDER     a checkout of github.com/whatwg/encoding (made from a985b62a)

The indexes are WHATWG's (copyright WHATWG, BSD 3-Clause License where they are part of source code). Single bytes are one
row of 128 code points an encoding; the others are code points by pointer. All are stored as differences, which compress to
half the size, and 0 stands for no character.
"""

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

PLACE = Path(__file__).parents[3] / "atom_data" / "text" / "charsets" / "tables.npz"
SINGLE = [
    "ibm866",
    "iso-8859-2",
    "iso-8859-3",
    "iso-8859-4",
    "iso-8859-5",
    "iso-8859-6",
    "iso-8859-7",
    "iso-8859-8",
    "iso-8859-10",
    "iso-8859-13",
    "iso-8859-14",
    "iso-8859-15",
    "iso-8859-16",
    "koi8-r",
    "koi8-u",
    "macintosh",
    "windows-874",
    "windows-1250",
    "windows-1251",
    "windows-1252",
    "windows-1253",
    "windows-1254",
    "windows-1255",
    "windows-1256",
    "windows-1257",
    "windows-1258",
    "x-mac-cyrillic",
]
MULTIPLE = {"big5": 19_782, "euc-kr": 23_940, "gb18030": 23_940, "jis0208": 11_280, "jis0212": 8_836}
"""Pointers that a lead and a trail byte can make."""


def pairs(path: Path) -> list[tuple[int, int]]:
    """Return the pointers of an index and their code points."""
    lines = [line.split() for line in path.read_text("utf-8").split("\n") if line.strip() and line[0] != "#"]
    return [(int(line[0]), int(line[1], 16)) for line in lines]


def index(path: Path, size: int) -> npt.NDArray[np.int32]:
    """Return the code points by pointer, as differences."""
    table = np.zeros(size, np.int32)
    for pointer, code in pairs(path):
        table[pointer] = code
    return np.diff(table, prepend=np.int32(0))


def main() -> None:
    """Write the tables."""
    folder = Path(sys.argv[1])
    tables = {name: index(folder / f"index-{name}.txt", size) for name, size in MULTIPLE.items()}
    tables["ranges"] = np.array(pairs(folder / "index-gb18030-ranges.txt"), np.int32)
    tables["single"] = np.stack([index(folder / f"index-{name}.txt", 128) for name in SINGLE])
    np.savez_compressed(PLACE, names=np.array(SINGLE), **tables)


if __name__ == "__main__":
    main()

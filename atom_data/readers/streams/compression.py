"""How members of each compression begin, what opens them, and which one a file has."""

import bz2
import codecs
import lzma
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from backports import zstd
from isal import igzip_lib

from atom_data.errors import DataError
from atom_data.readers.streams.frames import FRAME, SKIPPABLE
from atom_data.readers.streams.window import Window
from atom_data.storage.paths import without_secrets

BEGIN_BYTES = 512
LZ4 = b"\x04\x22\x4d\x18"
"""A frame (LZ4 Frame Format 1.6.4)."""
LEGACY = b"\x02\x21\x4c\x18"
XZ_BYTES = 1 << 20
"""What a decoder of xz takes besides its dictionary, generously."""


@dataclass(frozen=True, slots=True)
class Compression:
    """How members of one compression begin, and what opens them."""

    name: str
    suffix: str
    magic: bytes
    trace: re.Pattern[bytes]
    """A header by which a member is known though its data, or one byte of a longer header, is damaged."""
    decompressor: Callable[[int], Any]
    """Makes a decoder with this maximum window size in bytes."""


def _gzip_trace() -> re.Pattern[bytes]:
    """Six of the ten bytes of a gzip header (RFC 1952, 2.3) are nearly known; one of them may be damaged.

    By chance such bytes stand once in 2 ** 28.
    """
    known = [rb"\x1f", rb"\x8b", rb"\x08", rb"[\x00-\x1f]", rb"[\x00\x02\x04]", rb"[\x00-\x0d\xff]"]
    ways = [[b"." if place == damaged else byte for place, byte in enumerate(known)] for damaged in range(6)]
    whole = b"|".join(b"".join([*way[:4], b"....", *way[4:]]) for way in ways)
    return re.compile(whole + rb"|\x1f\x8b\x08[\x00-\x1f]?.{0,5}\Z", re.DOTALL)


def _one_damaged(magic: bytes) -> re.Pattern[bytes]:
    """The magic number with any one of its bytes damaged: too common by itself, see `frames.is_chained`."""
    marks = [re.escape(magic[place : place + 1]) for place in range(len(magic))]
    ways = [[b"." if place == damaged else mark for place, mark in enumerate(marks)] for damaged in range(len(marks))]
    return re.compile(b"|".join(map(b"".join, ways)), re.DOTALL)


COMPRESSIONS = (
    Compression(
        "gzip",
        ".gz",
        b"\x1f\x8b\x08",
        _gzip_trace(),
        lambda _: igzip_lib.IgzipDecompressor(igzip_lib.DECOMP_GZIP),
    ),
    Compression("zstd", ".zst", FRAME, _one_damaged(FRAME), lambda _: zstd.ZstdDecompressor()),
    Compression("bzip2", ".bz2", b"BZh", re.compile(rb"BZh[1-9]1AY&SY"), lambda _: bz2.BZ2Decompressor()),
    Compression(
        "xz",
        ".xz",
        b"\xfd7zXZ\0",
        re.compile(rb"\xfd7zXZ\x00"),
        lambda limit: lzma.LZMADecompressor(memlimit=limit + XZ_BYTES),
    ),
    Compression("lz4", ".lz4", LZ4, _one_damaged(LZ4), lambda _: _lz4()),
)
GZIP, ZSTD = COMPRESSIONS[:2]
CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
BROKEN_DATA: tuple[type[Exception], ...] = (  # type: ignore[assignment]  # isal's stub calls its error an instance
    igzip_lib.IsalError,
    zstd.ZstdError,
    lzma.LZMAError,
    OSError,
    EOFError,
    ValueError,
    RuntimeError,  # lz4's
)


def compression_of(window: Window) -> Compression | None:
    """Return the compression of a file by its first bytes, else by its name; None for an uncompressed one.

    What is named like a compressed file is read as it is only where it begins as text. DataError for LZ4 without its library, and
    for its legacy frames.
    """
    place = window.at
    window.seek(0)
    first = window.fill(BEGIN_BYTES)
    window.seek(place)
    name = without_secrets(window.path).lower()
    if first.startswith(LEGACY):
        where = without_secrets(window.path)
        raise DataError(f"{where}: is compressed with LZ4's legacy format, which is not read. Decompress it: lz4 -d.")
    if first.startswith(LZ4):
        _check_lz4(without_secrets(window.path))
    for compression in COMPRESSIONS:
        if first.startswith(compression.magic):
            return compression
    if first[:4] in SKIPPABLE:
        return ZSTD
    named = next((compression for compression in COMPRESSIONS if name.endswith(compression.suffix)), None)
    return None if named is None or _is_text(first) else named


def _check_lz4(where: str) -> None:
    try:
        _lz4()
    except ImportError as error:
        raise DataError(
            f"{where}: is compressed with LZ4. Install its library: pip install 'atom-data[lz4]'."
        ) from error


def _lz4() -> Any:  # noqa: ANN401 - lz4 has no types
    import lz4.frame  # noqa: PLC0415 - an extra

    return lz4.frame.LZ4FrameDecompressor()


def _is_text(begin: bytes) -> bool:
    """Tell whether the first bytes of a file are text: UTF-8, of which the last character may be cut, no control bytes."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(begin, final=len(begin) < BEGIN_BYTES)
    except UnicodeDecodeError:
        return False
    return begin != b"" and CONTROLS.search(begin) is None

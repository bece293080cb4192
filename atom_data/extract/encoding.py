"""The text of a page: its encoding is found among claims, none of which is believed before the bytes agree.

A page's byte order mark, the server's charset, the page's own declarations and uchardet are claims, in this order. Source of
the order: WHATWG HTML, "determining the character encoding". Beyond it, because a corpus is not read by people who would
see the damage: bytes that are UTF-8 with more than ASCII in them are UTF-8 whatever anybody says, as text in another
encoding is never UTF-8 by accident; and a claim whose decoder finds bytes that are none gives way to the next.
"""

import codecs
import re

import numpy as np
from resiliparse.parse.encoding import detect_encoding

from atom_data.extract.prescan import declared
from atom_data.text.buffers import Buffers
from atom_data.text.charsets.decoders import NAMES, Decoded, decode
from atom_data.text.charsets.labels import meant_by
from atom_data.text.clean import clean
from atom_data.text.utf8 import ASCII, UTF_8, utf8_kind

BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32le"),
    (codecs.BOM_UTF32_BE, "utf-32be"),
    (codecs.BOM_UTF16_LE, "utf-16le"),
    (codecs.BOM_UTF16_BE, "utf-16be"),
)
FALLBACK = "windows-1252"
DETECT_BYTES = 1 << 16
"""uchardet gets so many, from a little before the first byte beyond ASCII: long scripts come first in many pages."""
CONTEXT_BYTES = 1 << 10
WIDE_BYTES = 1 << 12
"""So many bytes at the start tell whether a page is UTF-16."""
NEARLY = 50
"""A declared encoding with one bad byte in so many characters beyond ASCII is still right."""
UTF_8_SHARE = 1
"""So many whole characters of UTF-8 for one that is broken: text in another encoding has ten broken for one whole."""
CLAIMED_SHARE = 0.5
"""The same where the page or its server says that it is UTF-8."""
DETECT_LEAST = 8
"""Bytes beyond ASCII below which uchardet is not asked: it took `Café` for Polish, and `Syl Kougaï` for a code page of DOS."""
BEYOND_ASCII = re.compile(rb"[\x80-\xff\x1b]")
CONTROLS = re.compile("[\x80-\x9f]")


def decoded(data: bytes, charset: str | None, *, markup: bool = True) -> Decoded:
    """Return the text of a page without a byte order mark, its encoding, and how many characters had to be replaced.

    `charset` is the server's word for it. Without `markup`, the page's own declarations are not looked for. A claim without
    a bad byte is taken; if there is none, one that is nearly right; else the one with the least damage, uchardet's among
    them. What then is not a character in the encoding becomes U+FFFD.
    """
    bom = next((name for mark, name in BOMS if data.startswith(mark)), None)
    if bom is not None and bom != "utf-8":
        return decode(data, bom)
    utf_8 = decode(data, "utf-8")
    if utf_8.replaced:
        claims = _claims(data, charset, markup)
        if bom is not None:
            data, claims = data[len(codecs.BOM_UTF8) :], [bom, *claims]
        return _judged(data, list(dict.fromkeys(claims)), utf_8)
    if utf_8.text.isascii() and _is_disguised(data):
        return _disguised(data, _claims(data, charset, markup), utf_8)
    return utf_8


def utf_8_of(data: bytes | memoryview, charset: str | None, *, markup: bool = True) -> tuple[bytes | memoryview, int]:
    """Return what `decoded` finds as UTF-8, and how many characters had to be replaced. Bytes that are UTF-8 are not copied."""
    codes = np.frombuffer(data, np.uint8)
    kind = utf8_kind(Buffers(codes, np.array([0, codes.size], np.int64)))
    if kind == UTF_8:
        return data[len(codecs.BOM_UTF8) :] if data[: len(codecs.BOM_UTF8)] == codecs.BOM_UTF8 else data, 0
    if kind == ASCII and not _is_disguised(bytes(data)):
        return data, 0
    found = decoded(bytes(data), charset, markup=markup)
    return clean(found.text).encode(), found.replaced


def _is_disguised(data: bytes) -> bool:
    """Tell whether bytes that are ASCII may be another encoding: UTF-16 has NULs, the others escapes."""
    return b"\0" in data or b"\x1b" in data or b"\x0e" in data or b"~{" in data


def _disguised(data: bytes, claims: list[str], plain: Decoded) -> Decoded:
    """Return the text of bytes that are ASCII and may be UTF-16, ISO-2022-JP or an encoding that nobody may read."""
    names = [*claims, _wide(data), _detected(data) if b"\x1b" in data else None]
    for name in names:
        if name in ("utf-16le", "utf-16be", "iso-2022-jp", "replacement"):
            found = decode(data, name)
            if found.replaced == 0 or name == "replacement":
                return found
    return plain


def _judged(data: bytes, names: list[str], utf_8: Decoded) -> Decoded:
    """Return the text of bytes that are not UTF-8 throughout."""
    beyond = len(data) - int(np.count_nonzero(np.frombuffer(data, np.uint8) < 0x80))
    whole = len(utf_8.text) - (len(data) - beyond) - utf_8.replaced
    share = CLAIMED_SHARE if "utf-8" in names else UTF_8_SHARE
    if whole >= share * utf_8.replaced or (_is_cut(data) and (whole or names[:1] == ["utf-8"])):
        return utf_8
    tried = []
    for name in names:
        found = utf_8 if name == "utf-8" else decode(data, name)
        damage = _damage(found)
        if damage == 0:
            return found
        tried.append((damage, found))
    nearly = [pair for pair in tried if pair[0] * NEARLY <= beyond and pair[1].encoding != "utf-8"]
    if not nearly:
        detected = _detected(data) if beyond >= DETECT_LEAST else None
        found = decode(data, _wide(data) or detected or FALLBACK)
        nearly = [*tried, (_damage(found), found)]
    return min(nearly, key=lambda pair: pair[0])[1]


def _claims(data: bytes, charset: str | None, markup: bool) -> list[str]:
    """Return the encodings that are claimed, the weightiest first; UTF-16 only where the bytes look like it."""
    names = [meant_by(charset) if charset else None, *(declared(data) if markup else [])]
    wide = _wide(data, claimed=True)
    return [
        name
        for name in (wide if name and name.startswith(("utf-16", "utf-32")) else name for name in names)
        if name is not None
    ]


def _damage(found: Decoded) -> int:
    """Return the characters that no page means: replaced ones, and controls that a single-byte table gave."""
    if CONTROLS.search(found.text) is None:
        return found.replaced
    return found.replaced + sum(found.text.count(chr(code)) for code in range(0x80, 0xA0))


def _is_cut(data: bytes) -> bool:
    """Tell whether all that keeps bytes from being UTF-8 is that the last character is cut off."""
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return False


def _wide(data: bytes, claimed: bool = False) -> str | None:
    """Return which UTF-16 bytes are in, by where the NULs of its ASCII characters stand; None where it is neither."""
    start = np.frombuffer(data, np.uint8, min(len(data) & ~1, WIDE_BYTES)).reshape(-1, 2) == 0
    first, second = (int(count) for count in start.sum(0)) if len(start) else (0, 0)
    name, many, few = ("utf-16be", first, second) if first > second else ("utf-16le", second, first)
    tag = b"\0<" if name == "utf-16be" else b"<\0"
    share = 64 if claimed else 8 if tag in data[:WIDE_BYTES] else 2
    return name if many > 1 and many * share >= len(start) and few * 20 <= many else None


def _detected(data: bytes) -> str | None:
    """Return what uchardet makes of bytes; its names are mapped here, as its own mapping takes what it does not know for UTF-8."""
    found = BEYOND_ASCII.search(data)
    start = max(0, found.start() - CONTEXT_BYTES) if found else 0
    name = detect_encoding(data[start : start + DETECT_BYTES], max_len=DETECT_BYTES, html5_compatible=False)
    meant = meant_by(name) if name else None
    return meant if meant in NAMES and meant not in ("utf-8", "replacement") else None

"""The encoding of a page, found in the order browsers use."""

import codecs
import re
from functools import cache

from resiliparse.parse.encoding import detect_encoding, map_encoding_to_html5

BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
META = re.compile(rb"<meta[^>]{1,500}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:+-]{1,40})", re.IGNORECASE)
XML = re.compile(rb"<\?xml[^>]{1,200}?encoding\s*=\s*[\"']\s*([A-Za-z0-9_.:+-]{1,40})")
PRESCAN_BYTES = 8192
DETECT_BYTES = 1 << 16


def encoding_of(data: bytes, charset: str | None) -> str:
    """Return the Python name of a page's encoding.

    Order: byte order mark, the server's charset, the page's own declaration, and, where none of them says, UTF-8 if the
    bytes are UTF-8, else what uchardet makes of them. Source: WHATWG HTML, "determining the character encoding"; the
    declaration is looked for in 8 kB instead of 1,024 bytes, because browsers also take later ones. Labels mean what
    the WHATWG Encoding standard says they mean (`iso-8859-1` is Windows-1252).
    """
    for mark, name in BOMS:
        if data.startswith(mark):
            return name
    declared = _known(charset) if charset else None
    return declared or _declared(data) or _guessed(data)


def decoded(data: bytes, encoding: str) -> str:
    """Return the text of a page without a byte order mark; a byte that is none in its encoding becomes U+FFFD.

    A page that is not in the encoding it declares, but is in UTF-8 without a fault, is UTF-8.
    """
    if encoding != "utf-8":
        try:
            return data.decode(encoding).removeprefix("\ufeff")
        except UnicodeDecodeError:
            pass
        try:
            return data.decode()
        except UnicodeDecodeError:
            pass
    return data.decode(encoding, "replace").removeprefix("\ufeff")


def _declared(data: bytes) -> str | None:
    start = data[:PRESCAN_BYTES]
    for pattern in (META, XML):
        if found := pattern.search(start):
            name = _known(found[1].decode("ascii"))
            # A declaration that could be read as ASCII is not in UTF-16, whatever it says (WHATWG HTML, prescan).
            if name is not None:
                return "utf-8" if name.startswith("utf-16") else name
    return None


def _guessed(data: bytes) -> str:
    try:
        data.decode()
    except UnicodeDecodeError:
        name = detect_encoding(data, max_len=DETECT_BYTES)
        return _usable(name) or "cp1252"
    return "utf-8"


@cache
def _known(label: str) -> str | None:
    name = map_encoding_to_html5(label, fallback_utf8=False)
    return _usable(name)


@cache
def _usable(name: str | None) -> str | None:
    try:
        return codecs.lookup(name).name if name else None
    except LookupError:
        return None

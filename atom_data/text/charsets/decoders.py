"""Decoders by name. What no decoder knows becomes U+FFFD and is counted."""

import codecs
from typing import NamedTuple

import numpy as np

from atom_data.text.charsets import kernels
from atom_data.text.charsets.labels import CODE_PAGES, LABELS, REPLACEMENT
from atom_data.text.charsets.tables import multi_byte, single_byte
from atom_data.text.memory import read_only

MARK = "\ufeff"
PYTHON = {name: name for name in CODE_PAGES} | {"mac-centraleurope": "mac_latin2"}
UTF_16 = {"utf-16le": "utf-16-le", "utf-16be": "utf-16-be"}
NAMES = (*LABELS, *CODE_PAGES)


class Decoded(NamedTuple):
    """A text, and how far it can be trusted."""

    text: str
    encoding: str
    replaced: int
    """U+FFFD that stand for bytes that are none in the encoding; one that was written as a character does not count."""


def decode(data: bytes, encoding: str) -> Decoded:
    """Return the text of bytes in an encoding of `NAMES`, as the WHATWG Encoding standard decodes it.

    A byte order mark is left out. `replacement` gives one U+FFFD whatever the bytes, none for no bytes. Encodings beyond
    the standard are Python's. KeyError for another name.
    """
    if encoding == "utf-8":
        return _utf_8(data)
    if (table := single_byte().get(encoding)) is not None:
        text: str = codecs.charmap_decode(data, "replace", table)[0]
        return Decoded(text, encoding, text.count(REPLACEMENT))
    if encoding == "replacement":
        return Decoded(REPLACEMENT * bool(data), encoding, int(bool(data)))
    if encoding in UTF_16:
        return _utf_16(data, encoding)
    if encoding in PYTHON:
        text = data.decode(PYTHON[encoding], "replace").removeprefix(MARK)
        return Decoded(text, encoding, text.count(REPLACEMENT))
    buffer = read_only(np.frombuffer(data, np.uint8))
    if encoding == "iso-2022-jp":
        codes, replaced = kernels.iso_2022_jp(buffer, multi_byte(encoding).pairs)
    else:
        codes, replaced = kernels.multi_byte(buffer, *multi_byte("gb18030" if encoding == "gbk" else encoding))
    return Decoded(codes.tobytes().decode("utf-32-le"), encoding, int(replaced))


def _utf_8(data: bytes) -> Decoded:
    try:
        return Decoded(data.decode().removeprefix(MARK), "utf-8", 0)
    except UnicodeDecodeError:
        text = data.decode("utf-8", "replace").removeprefix(MARK)
        # A lead byte is nowhere else, so these three bytes are always the character itself.
        return Decoded(text, "utf-8", text.count(REPLACEMENT) - data.count(b"\xef\xbf\xbd"))


def _utf_16(data: bytes, encoding: str) -> Decoded:
    try:
        return Decoded(data.decode(UTF_16[encoding]).removeprefix(MARK), encoding, 0)
    except UnicodeDecodeError:
        text = data.decode(UTF_16[encoding], "replace").removeprefix(MARK)
        units = np.frombuffer(data, "<u2" if encoding == "utf-16le" else ">u2", len(data) // 2)
        return Decoded(text, encoding, text.count(REPLACEMENT) - int(np.count_nonzero(units == 0xFFFD)))

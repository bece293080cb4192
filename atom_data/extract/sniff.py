"""Bytes that are not text, told by how they begin and by their control characters.

Source: WHATWG MIME Sniffing, section 6 (patterns of images, sounds, fonts and archives), section 7.1 (patterns of PDF and
PostScript, byte order marks) and section 3 (binary data bytes). The standard takes one binary data byte for a proof and
asks only where a server says `text/plain`; a page that says it is HTML has stray ones, so here it takes a share of them.
"""

import re

import numpy as np
import numpy.typing as npt

BINARY_START = re.compile(
    rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|\0\0[\x01\x02]\0|II\*\0|MM\0\*"  # PNG, JPEG, icons and cursors, TIFF
    rb"|GIF8[79]a[^ -~]|GIF8[79]a.[^ -~]|RIFF.{4}(?:WEBPVP|AVI |WAVE)|FORM.{4}AIF[FC]"
    rb"|PK(?:\x03\x04|\x05\x06)|\x1f\x8b\x08|\x1f\x9d|Rar!?\x20?\x1a\x07|7z\xbc\xaf\x27\x1c|BZh[1-9]1AY&SY|\xfd7zXZ\0"
    rb"|\x28\xb5\x2f\xfd|\x04\x22\x4d\x18"  # ZIP, gzip, compress, RAR, 7-Zip, bzip2, xz, Zstandard, LZ4
    rb"|\s{0,64}%PDF-\d|\s{0,64}%!PS-Adobe-|\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # the last one: Office before 2007
    rb"|OggS\0|fLaC\0|ID3[\x02-\x04]\0|MThd\0\0\0\x06|\x1a\x45\xdf\xa3|\0\0.{2}ftyp|\0\0\x01[\xb3\xba]"
    rb"|FLV\x01|[CFZ]WS[\x01-\x08\x0e-\x1f]"
    rb"|\0\x01\0\0\0|OTTO\0|ttcf\0|wOF[F2](?:\0\x01\0\0|OTTO|true)|AT&TFORM.{4}DJV|8BPS\0"
    rb"|\x7fELF[\x01\x02]|MZ.{0,60}\0\0|\0asm\x01|\xca\xfe\xba\xbe|\xcf\xfa\xed\xfe|SQLite format 3\0"
    rb"|x[\x01\x9c\xda][\0-\x08\x0e-\x1f\x80-\xff]",  # zlib
    re.DOTALL,
)
UTF16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
NEVER_IN_TEXT = np.array([0, *[1] * 7, *[0] * 8, *[1] * 11, 0, *[1] * 4], np.bool_)
"""Binary data bytes but NUL (padding; UTF-16), backspace (overstruck pages of manuals), VT (line breaks of Word), and
SO, SI and ESC (ISO 2022): noise has 8.6 % of them."""
OF_CODED_DATA = np.array([*[1] * 9, 0, 0, 1, 0, 0, 0, 0, *[1] * 11, 0, *[1] * 4], np.bool_)
"""Binary data bytes but SO, SI and ESC."""
SAMPLE_BYTES, SAMPLES, SHORT_BYTES = 2048, 8, 256
ENOUGH_NULS = 16
"""Of UTF-16, which has one for every tag, space and digit; so many on one side of pairs are not an accident."""
MOST_STRAY = 50
"""Text has fewer than one control character, and fewer than one that cannot be decoded, in so many."""


def is_binary(page: bytes, charset: str | None) -> bool:
    """Tell whether bytes that should be a page or a text are an image, an archive, compressed data, or noise.

    `charset` is what the server said. Never text in UTF-16, padding of NULs, backspaces and form feeds of manuals, or
    ISO 2022. Looks at 16 kB of a page, taken from all over it.
    """
    if BINARY_START.match(page):
        return True
    sample = _sample(np.frombuffer(page, np.uint8))
    low = sample[sample < 0x20]
    found = int(np.count_nonzero(NEVER_IN_TEXT[low]))
    if found > 2 and found * MOST_STRAY > sample.size:
        return not _is_utf16(sample, charset)
    if low.size == 0 or len(page) > SHORT_BYTES or page.lstrip()[:1] == b"<":
        return False
    # In a few bytes without a tag one control character is enough, and they are not UTF-8 either.
    return bool(OF_CODED_DATA[low].any()) and not _is_utf8(page) and not _is_utf16(sample, charset)


def has_controls(page: bytes | memoryview) -> bool:
    """Tell whether bytes that a server called compressed still look so: one binary data byte in fifty."""
    sample = _sample(np.frombuffer(page, np.uint8))
    found = int(np.count_nonzero(OF_CODED_DATA[sample[sample < 0x20]]))
    return found * MOST_STRAY > sample.size and not _is_utf16(sample, None)


def _sample(page: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    if page.size <= SAMPLE_BYTES * SAMPLES:
        return page
    starts = [number * (page.size - SAMPLE_BYTES) // (SAMPLES - 1) & ~1 for number in range(SAMPLES)]
    return np.concatenate([page[start : start + SAMPLE_BYTES] for start in starts])


def _is_utf16(sample: npt.NDArray[np.uint8], charset: str | None) -> bool:
    """Tell whether bytes are UTF-16: a byte order mark, the server, or NULs on one side of all pairs say so, and they are."""
    data = sample[: sample.size & ~1].tobytes()
    names = [UTF16[data[:2]]] if data[:2] in UTF16 else []
    if charset is not None and charset.lower().startswith("utf-16"):
        names += UTF16.values()
    zeros = sample == 0
    total, odd = int(np.count_nonzero(zeros)), int(np.count_nonzero(zeros[1::2]))
    if (total >= ENOUGH_NULS or (total > 2 and total * 10 >= sample.size)) and min(odd, total - odd) * 20 <= total:
        names.append("utf-16-le" if 2 * odd > total else "utf-16-be")
    return any(_is_text(data.decode(name, "replace")) for name in names)


def _is_utf8(page: bytes) -> bool:
    try:
        page.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_text(text: str) -> bool:
    stray = sum(sign == "\ufffd" or (sign < " " and bool(NEVER_IN_TEXT[ord(sign)])) for sign in text)
    return stray * MOST_STRAY < len(text)

"""Labels and decoders of the WHATWG Encoding standard, against answers of encoding_rs and of the standard's own text."""

import hashlib
import itertools
import time

import pytest
from hypothesis import example, given, settings, strategies as st

from atom_data.text.charsets.decoders import NAMES, decode
from atom_data.text.charsets.labels import LABELS, meant_by, of_label

MULTI_BYTE = ("big5", "euc-jp", "euc-kr", "gb18030", "gbk", "iso-2022-jp", "shift_jis")


def test_labels_are_the_standards_228() -> None:
    assert sum(len(labels.split()) for labels in LABELS.values()) == 228
    assert len({label for labels in LABELS.values() for label in labels.split()}) == 228
    for name, labels in LABELS.items():
        assert all(of_label(f"\t{label.upper()} ") == meant_by(label) == name for label in labels.split())


@pytest.mark.parametrize(
    "label, strict, meant",
    [
        ("latin1", "windows-1252", "windows-1252"),
        ("GB2312", "gbk", "gbk"),
        ("ks_c_5601-1987", "euc-kr", "euc-kr"),
        ("utf-7", None, None),
        ("windows_1251", None, "windows-1251"),
        ("win-1251", None, "windows-1251"),
        ("utf-8;", None, "utf-8"),
        ("utf8mb4", None, "utf-8"),
        ("MAC-CYRILLIC", None, "x-mac-cyrillic"),
        ("UHC", None, "euc-kr"),
        ("cp949", None, "euc-kr"),
        ("IBM855", None, "cp855"),
        ("x" * 1000, None, None),
        ("", None, None),
    ],
)
def test_labels_beyond_the_standard_are_read_by_their_letters(
    label: str, strict: str | None, meant: str | None
) -> None:
    assert (of_label(label), meant_by(label)) == (strict, meant)


@pytest.mark.parametrize(
    "encoding, data, text, replaced",
    [
        ("shift_jis", b"\x87\x40\xfa\xb1\xa1\xdf\x80\xf0\x40", "①﨑｡ﾟ\x80\ue000", 0),
        ("shift_jis", b"\x81?\xa0+\xee\xfd\xfc\x4c\xe0", "\ufffd?\ufffd+\ufffd\ufffdL\ufffd", 5),
        ("euc-kr", b"\x94\xee\x8cc\x81\x41<\xa1<", "뷁똠갂<\ufffd<", 1),
        ("gbk", b"\x80\x81\x39\xef\x31\x95\x34\xb2\x35", "€㐂𠮷", 0),
        ("gb18030", b"\x84\x31\xa4\x37\xa8\xbc\x81\x35\xf4\x37\xe3\x32\x9a\x35", "\ufffdḿ\ue7c7\U0010ffff", 0),
        (
            "gb18030",
            b"\x81\x30<\x81\x30\x81<\x84\x32\x81\x30\xff\x81\x30",
            "\ufffd0<\ufffd0\ufffd<\ufffd\ufffd\ufffd",
            6,
        ),
        ("big5", b"\x88\x62\x88\xa5\x9d\xf8\x87\x40\xa1\x3c", "Ê̄ê̌啲䏰\ufffd<", 1),
        ("euc-jp", b"\xad\xa1\x8e\xb1\x8f\xb0\xa1", "①ｱ丂", 0),
        ("euc-jp", b"\x8f\xa1<\x8e\xe0\x8f<\xa1", "\ufffd<\ufffd\ufffd<\ufffd", 4),
        ("iso-2022-jp", b"\x1b$B-!\x1b(I1\x1b(J\\~\x1b(B\\", "①ｱ¥‾\\", 0),
        ("iso-2022-jp", b"\x1b$B\x1b(B\x1b(Xa\x0e\x1b$B0\x1b(B\x80", "\ufffd\ufffd(Xa\ufffd\ufffd\ufffd", 5),
        ("windows-874", b"\x93\xa1\xdb", "“ก\ufffd", 1),
        ("windows-1252", b"\x80\x81\x9f", "€\x81Ÿ", 0),
        ("x-mac-cyrillic", b"\x80\xff\xdf", "А€я", 0),
        ("koi8-u", b"\xa4\xa6\xad\xae", "єіґў", 0),
        ("iso-8859-8-i", b"\xf9\xa1", "ש\ufffd", 1),
        ("x-user-defined", b"a\x80\xff", "a\uf780\uf7ff", 0),
        ("replacement", b"anything", "\ufffd", 1),
        ("replacement", b"", "", 0),
        ("utf-8", b"\xef\xbb\xbf\xef\xbf\xbd\xe2\x82a\xf0\x80", "\ufffd\ufffda\ufffd\ufffd", 3),
        ("utf-16le", b"\xff\xfe\xfd\xff\x00\xdca", "\ufffd\ufffd\ufffd", 2),
        ("utf-16be", b"\xd8\x00\x00a", "\ufffda", 1),
    ],
)
def test_known_answers(encoding: str, data: bytes, text: str, replaced: int) -> None:
    assert decode(data, encoding) == (text, encoding, replaced)


def span(*ends: int) -> list[int]:
    return [byte for first, last in zip(ends[::2], ends[1::2], strict=True) for byte in range(first, last + 1)]


@pytest.mark.parametrize(
    "encoding, leads, trails, around, digest",
    [
        ("big5", span(0x81, 0xFE), span(0x40, 0x7E, 0xA1, 0xFE), (b"", b""), "7c0981bc0ded1e44"),
        ("euc-kr", span(0x81, 0xFE), span(0x41, 0xFE), (b"", b""), "f05394fd2195e9c3"),
        ("gb18030", span(0x81, 0xFE), span(0x40, 0x7E, 0x80, 0xFE), (b"", b""), "15e545f4b91e0eaf"),
        ("euc-jp", span(0xA1, 0xFE), span(0xA1, 0xFE), (b"", b""), "ce998fec6428081d"),
        ("euc-jp", span(0xA1, 0xFE), span(0xA1, 0xFE), (b"\x8f", b""), "4397b245761678b4"),
        ("shift_jis", span(0x81, 0x9F, 0xE0, 0xFC), span(0x40, 0x7E, 0x80, 0xFC), (b"", b""), "188c26076b1a39dc"),
        ("iso-2022-jp", span(0x21, 0x7E), span(0x21, 0x7E), (b"\x1b$B", b"\x1b(B"), "ce998fec6428081d"),
    ],
)
def test_every_pair_gives_what_encoding_rs_gives(
    encoding: str, leads: list[int], trails: list[int], around: tuple[bytes, bytes], digest: str
) -> None:
    """The digests are of the answers in tests/test_data of hsivonen/encoding_rs at c4a16764, a line per pair."""
    lines = [around[0] + bytes((lead, trail)) + around[1] + b"\n" for lead in leads for trail in trails]
    text = decode(b"".join(lines), encoding).text
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == digest


def plainly_decoded(data: bytes, encoding: str) -> tuple[str, int]:
    """Decode byte by byte what has no more than pairs, in the plainest way."""
    pieces, place, replaced = [], 0, 0
    while place < len(data):
        one = decode(data[place : place + 1], encoding)
        two = decode(data[place : place + 2], encoding)
        if one.replaced == 0:
            pieces.append(one.text)
            place += 1
        elif place + 1 < len(data) and two.replaced == 0:
            pieces.append(two.text)
            place += 2
        else:
            pieces.append("\ufffd")
            replaced += 1
            alone = two.text[1:] or place + 1 == len(data)
            place += 1 if alone else 2
    return "".join(pieces), replaced


@settings(deadline=None)
@given(st.binary(max_size=40), st.sampled_from(["big5", "euc-kr", "shift_jis"]))
@example(b"\x81\xff\x41", "shift_jis")
def test_pairs_equal_the_plain_decoder(data: bytes, encoding: str) -> None:
    assert decode(data, encoding)[::2] == plainly_decoded(data, encoding)


@settings(deadline=None)
@given(st.binary(max_size=200), st.sampled_from(NAMES))
def test_any_bytes_give_text_and_a_count(data: bytes, encoding: str) -> None:
    found = decode(data, encoding)
    found.text.encode()
    assert 0 <= found.replaced <= found.text.count("\ufffd") <= len(data)
    assert len(found.text) <= max(1, len(data))


@pytest.mark.parametrize("encoding", MULTI_BYTE)
def test_time_grows_with_the_bytes(encoding: str) -> None:
    pieces = (b"\x81", b"\x81\x30", b"\x81\x30\x81", b"\x1b$", b"\x1b$B", b"\x8f\xa1", b"\xff", b"\x00")
    decode(b"a", encoding)
    begin = time.process_time()
    for piece in pieces:
        decode(piece * 200_000, encoding)
    assert time.process_time() - begin < 5


def test_every_name_decodes_ascii() -> None:
    for name in itertools.filterfalse(lambda name: name.startswith(("utf-16", "utf-32", "replacement")), NAMES):
        assert decode(b"plain <b>", name).text == "plain <b>"


def test_unknown_name_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        decode(b"a", "nonsense")

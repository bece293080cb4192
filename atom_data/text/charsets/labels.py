"""What a label such as `latin1` means: the names and labels of the WHATWG Encoding standard, section 4.2."""

import re
from functools import cache

REPLACEMENT = "\ufffd"
"""What stands for bytes that no decoder knows. It is here, as who only counts it needs no decoder."""

LABELS = {
    "utf-8": "unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8",
    "ibm866": "866 cp866 csibm866 ibm866",
    "iso-8859-2": "csisolatin2 iso-8859-2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 l2 latin2",
    "iso-8859-3": "csisolatin3 iso-8859-3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 l3 latin3",
    "iso-8859-4": "csisolatin4 iso-8859-4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 l4 latin4",
    "iso-8859-5": "csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso8859-5 iso88595 iso_8859-5 iso_8859-5:1988",
    "iso-8859-6": (
        "arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6 "
        "iso-8859-6-e iso-8859-6-i iso-ir-127 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987"
    ),
    "iso-8859-7": (
        "csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 "
        "iso-ir-126 iso8859-7 iso88597 iso_8859-7 iso_8859-7:1987 sun_eu_greek"
    ),
    "iso-8859-8": (
        "csiso88598e csisolatinhebrew hebrew iso-8859-8 iso-8859-8-e "
        "iso-ir-138 iso8859-8 iso88598 iso_8859-8 iso_8859-8:1988 visual"
    ),
    "iso-8859-8-i": "csiso88598i iso-8859-8-i logical",
    "iso-8859-10": "csisolatin6 iso-8859-10 iso-ir-157 iso8859-10 iso885910 l6 latin6",
    "iso-8859-13": "iso-8859-13 iso8859-13 iso885913",
    "iso-8859-14": "iso-8859-14 iso8859-14 iso885914",
    "iso-8859-15": "csisolatin9 iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9",
    "iso-8859-16": "iso-8859-16",
    "koi8-r": "cskoi8r koi koi8 koi8-r koi8_r",
    "koi8-u": "koi8-ru koi8-u",
    "macintosh": "csmacintosh mac macintosh x-mac-roman",
    "windows-874": "dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 windows-874",
    "windows-1250": "cp1250 windows-1250 x-cp1250",
    "windows-1251": "cp1251 windows-1251 x-cp1251",
    "windows-1252": (
        "ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 "
        "iso8859-1 iso88591 iso_8859-1 iso_8859-1:1987 l1 latin1 us-ascii windows-1252 x-cp1252"
    ),
    "windows-1253": "cp1253 windows-1253 x-cp1253",
    "windows-1254": (
        "cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 "
        "iso_8859-9 iso_8859-9:1989 l5 latin5 windows-1254 x-cp1254"
    ),
    "windows-1255": "cp1255 windows-1255 x-cp1255",
    "windows-1256": "cp1256 windows-1256 x-cp1256",
    "windows-1257": "cp1257 windows-1257 x-cp1257",
    "windows-1258": "cp1258 windows-1258 x-cp1258",
    "x-mac-cyrillic": "x-mac-cyrillic x-mac-ukrainian",
    "gbk": "chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 gbk iso-ir-58 x-gbk",
    "gb18030": "gb18030",
    "big5": "big5 big5-hkscs cn-big5 csbig5 x-x-big5",
    "euc-jp": "cseucpkdfmtjapanese euc-jp x-euc-jp",
    "iso-2022-jp": "csiso2022jp iso-2022-jp",
    "shift_jis": "csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j x-sjis",
    "euc-kr": (
        "cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 windows-949"
    ),
    "replacement": "csiso2022kr hz-gb-2312 iso-2022-cn iso-2022-cn-ext iso-2022-kr replacement",
    "utf-16be": "unicodefffe utf-16be",
    "utf-16le": "csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le",
    "x-user-defined": "x-user-defined",
}
"""Every encoding of the standard, in lower case, with its 228 labels."""

CODE_PAGES = {
    "cp437": "437 cp437 ibm437 cspc8codepage437",
    "cp737": "737 cp737 ibm737",
    "cp850": "850 cp850 ibm850 cspc850multilingual",
    "cp852": "852 cp852 ibm852 cspcp852",
    "cp855": "855 cp855 ibm855 csibm855",
    "cp857": "857 cp857 ibm857 csibm857",
    "cp858": "858 cp858 ibm858 ibm00858",
    "cp862": "862 cp862 ibm862 cspc862latinhebrew",
    "cp865": "865 cp865 ibm865 csibm865",
    "mac-centraleurope": "mac-centraleurope x-mac-ce maccentraleurope",
    "johab": "johab ks_c_5601-1992",
    "utf-32be": "utf-32be",
    "utf-32le": "utf-32le",
}
"""Encodings that the standard leaves out, that pages are in all the same, and that uchardet finds."""

USED = {"utf8mb4": "utf-8", "utf8mb3": "utf-8", "mac-cyrillic": "x-mac-cyrillic", "uhc": "euc-kr", "cp949": "euc-kr"}
"""Labels that are not label of the standard, but plain in their meaning; `mac-cyrillic` and `cp949` are uchardet's words."""
USED |= {"cp932": "shift_jis", "cp936": "gbk", "cp950": "big5", "cp874": "windows-874", "cp10007": "x-mac-cyrillic"}
WHITE_SPACE = "\t\n\f\r "
LABEL_CHARACTERS = 60


@cache
def _by_label() -> dict[str, str]:
    return {label: name for name, labels in LABELS.items() for label in labels.split()}


@cache
def _by_letters() -> dict[str, str]:
    """Return the encodings by the letters and digits of their labels; no two encodings share them."""
    found = {label: name for name, labels in CODE_PAGES.items() for label in labels.split()} | USED
    return {_letters(label): name for label, name in (found | _by_label()).items()}


def _letters(label: str) -> str:
    return re.sub("[^a-z0-9]", "", label)


def of_label(label: str) -> str | None:
    """Return the encoding that the standard gives for a label, in lower case; None where it knows no such label."""
    return _by_label().get(label.strip(WHITE_SPACE).lower())


def meant_by(label: str) -> str | None:
    """Return the encoding that a label means, in lowercase; None when it is unknown.

    Beyond the standard's labels: those of `CODE_PAGES`, `USED`, and what has the letters and digits of a label
    (`windows_1251`, `win-1251`, `utf-8;`). To believe it, the bytes must be in this encoding.
    """
    if len(label) > LABEL_CHARACTERS:
        return None
    found = of_label(label)
    if found is None:
        letters = _letters(label.lower())
        found = _by_letters().get(letters) or _by_letters().get(re.sub("^win(?=[0-9])", "windows", letters))
    return found

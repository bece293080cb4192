"""Dates of crawls: WARC-Date and the 14 digits of WARC 0.9 and ARC, as ISO 8601, or null where they name no day."""

import calendar
import re

_TIME = r"T(?:[01]\d|2[0-3]):[0-5]\d(?::(?:[0-5]\d|60)(?:\.\d{1,9})?)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)"
ISO = re.compile(rf"(?!0000)\d{{4}}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01])(?:{_TIME})?)?)?", re.ASCII)
DIGITS = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(?:(\d\d)(\d{3})?)?)?", re.ASCII)


def crawl_date(text: str) -> str | None:
    """Return a WARC-Date as it stands, or the digits of an ARC file (YYYYMMDD, ... YYYYMMDDhhmmss) with their signs.

    Null where it is not in the form of WARC/1.1, section 5.4 (the W3C's note on ISO 8601: year, month, day or time to
    the nanosecond, with a zone), and where there is no such day or time: month 13, 30 February, 24:00, year 0. A leap
    second (:60) is allowed.
    """
    if not ISO.fullmatch(text):
        digits = DIGITS.fullmatch(text)
        text = _with_signs(*digits.groups()) if digits else ""
        if not ISO.fullmatch(text):
            return None
    if text[8:10] > "28" and int(text[8:10]) > calendar.monthrange(int(text[:4]), int(text[5:7]))[1]:
        return None
    return text


def _with_signs(year: str, month: str, day: str, *time: str | None) -> str:
    hour, minute, second, thousandths = time
    if hour is None:
        return f"{year}-{month}-{day}"
    seconds = "" if second is None else f":{second}" + (f".{thousandths}" if thousandths else "")
    return f"{year}-{month}-{day}T{hour}:{minute}{seconds}Z"

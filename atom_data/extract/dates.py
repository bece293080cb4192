"""Dates of crawls: WARC-Date and the 14 digits of WARC 0.9 and ARC, as ISO 8601, or null where they name no day."""

import calendar
import re

ISO = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)(?:T(?P<hour>\d\d):(?P<minute>\d\d)"
    r"(?::(?P<second>\d\d)(?:\.\d{1,9})?)?(?:Z|[+-](?P<zone_hour>\d\d):(?P<zone_minute>\d\d)))?)?)?",
    re.ASCII,
)
DIGITS = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(?:(\d\d)(\d{3})?)?)?", re.ASCII)


def crawl_date(text: str) -> str | None:
    """Return a WARC-Date as it stands, or the digits of an ARC file (YYYYMMDD, ... YYYYMMDDhhmmss) with their signs.

    Null where it is not in the form of WARC/1.1, section 5.4 (the W3C's note on ISO 8601: year, month, day or time to
    the nanosecond, with a zone), and where there is no such day or time: month 13, 30 February, 24:00, year 0. A leap
    second (:60) is allowed.
    """
    found = ISO.fullmatch(text)
    if found is None and (digits := DIGITS.fullmatch(text)):
        text = _with_signs(*digits.groups())
        found = ISO.fullmatch(text)
    return text if found and _is_real(found.groupdict()) else None


def _with_signs(year: str, month: str, day: str, *time: str | None) -> str:
    hour, minute, second, thousandths = time
    if hour is None:
        return f"{year}-{month}-{day}"
    seconds = "" if second is None else f":{second}" + (f".{thousandths}" if thousandths else "")
    return f"{year}-{month}-{day}T{hour}:{minute}{seconds}Z"


def _is_real(said: dict[str, str | None]) -> bool:
    number = {name: int(value) for name, value in said.items() if value is not None}
    year, month = number["year"], number.get("month", 1)
    if not (year and 1 <= month <= 12 and 1 <= number.get("day", 1) <= calendar.monthrange(year, month)[1]):
        return False
    time = (number.get("hour", 0) < 24, number.get("minute", 0) < 60, number.get("second", 0) <= 60)
    return all(time) and number.get("zone_hour", 0) < 24 and number.get("zone_minute", 0) < 60

"""Dates as pages write them, as ISO 8601."""

import datetime
import re

ISO = re.compile(r"[\s\"']*(\d{4})-?(\d\d)-?(\d\d)(?:[T\s]+(\d\d:\d\d(?::\d\d)?)(?:\.\d+)?\s*(Z|[+-]\d\d:?\d\d)?)?")
MONTHS = {
    name: number
    for number, names in enumerate(
        """jan january januar janvier enero gennaio
feb february februar fevrier febrero febbraio
mar march marz mars marzo
apr april avril abril aprile
may mai mayo maggio
jun june juni juin junio giugno
jul july juli juillet julio luglio
aug august aout agosto
sep sept september septembre septiembre settembre
oct okt october oktober octobre octubre ottobre
nov november novembre noviembre
dec dez december dezember decembre diciembre dicembre""".splitlines(),
        1,
    )
    for name in names.split()
}
ACCENTS = str.maketrans("äéèûáíóú", "aeeuaiou")
NAMED = re.compile(
    r"(?:(\d{1,2})(?:st|nd|rd|th|er|\.)?\s+(?:de\s+)?([^\W\d_]{3,10})|([^\W\d_]{3,10})\.?\s+(\d{1,2})(?:st|nd|rd|th)?)\.?,?\s+(?:de\s+)?((?:19|20)\d\d)"
)
YEAR_NAMED = re.compile(r"\b((?:19|20)\d\d)\s+([^\W\d_]{3,10})\.?\s+(\d{1,2})\b")
DOTTED = re.compile(r"\b(\d{1,2})\.(\d{1,2})\.((?:19|20)\d\d)\b")
CHINESE = re.compile(r"((?:19|20)\d\d)\s*[年./]\s*(\d{1,2})\s*[月./]\s*(\d{1,2})")
RFC = re.compile(r"\s*[A-Z][a-z]{2}, (\d{1,2}) ([A-Z][a-z]{2}) (\d{4})")
DASHED = re.compile(r"(?<![\d-])(\d{1,2})-(\d{1,2})-((?:19|20)\d\d)\b")
SLASHED = re.compile(r"\b(\d{1,2})/(\d{1,2})/((?:19|20)\d\d)\b")


def date_of(text: str, *, anywhere: bool = False) -> str | None:
    """Return the first date of a text as ISO 8601, with its time and zone where it begins with them in this form.

    `12/31/2024` is read as in America, and as elsewhere where that is not a date. None where there is none, and for years
    before 1900 or beyond 2099. With `anywhere` ISO dates may stand behind other words.
    """
    text = text[:200]
    found = ISO.search(text) if anywhere else ISO.match(text)
    if found is not None and (day := _date(found[1], found[2], found[3])) is not None:
        return day + (f"T{found[4]}{found[5] or ''}" if found[4] else "")
    if (found := NAMED.search(text)) is not None or (found := RFC.match(text)) is not None:
        groups = found.groups()
        number, name = (groups[0], groups[1]) if groups[0] else (groups[3], groups[2])
        month = MONTHS.get(name.lower().translate(ACCENTS))
        if month is not None:
            return _date(groups[-1], month, number)
    if (found := YEAR_NAMED.search(text)) is not None:
        month = MONTHS.get(found[2].lower().translate(ACCENTS))
        if month is not None:
            return _date(found[1], month, found[3])
    if (found := CHINESE.search(text)) is not None:
        return _date(found[1], found[2], found[3])
    if (found := DOTTED.search(text)) is not None:
        return _date(found[3], found[2], found[1])
    if (found := DASHED.search(text)) is not None:
        return _date(found[3], found[2], found[1]) or _date(found[3], found[1], found[2])
    if (found := SLASHED.search(text)) is not None:
        return _date(found[3], found[1], found[2]) or _date(found[3], found[2], found[1])
    return None


def _date(year: str, month: str | int, day: str) -> str | None:
    try:
        found = datetime.date(int(year), int(month), int(day))
    except ValueError:
        return None
    return found.isoformat() if 1900 <= found.year <= 2099 else None

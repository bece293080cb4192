"""Days as pages write them, as ISO 8601."""

import datetime
import re
from collections.abc import Iterator
from typing import NamedTuple

ISO = re.compile(r"[\s\"']*(\d{4})-?(\d\d)-?(\d\d)(?:[T\s]+(\d\d:\d\d(?::\d\d)?)(?:\.\d+)?\s*(Z|[+-]\d\d:?\d\d)?)?")
MONTHS = {
    name: number
    for number, names in enumerate(
        """jan january januar janvier enero ene gennaio gen januari janeiro stycznia января ocak ledna
feb february februar fevrier fev febrero febbraio februari fevereiro lutego февраля subat unora
mar march marz mars marzo maart marts maret marco marca марта mart brezna
apr april avril avr abril abr aprile kwietnia апреля nisan dubna
may mai mayo maggio mag mei maj maio maja мая mayis kvetna
jun june juni juin junio giugno giu junho czerwca июня haziran cervna
jul july juli juillet julio luglio lug julho lipca июля temmuz cervence
aug august aout agosto ago augustus augusti agustus agu sierpnia августа agustos srpna
sep sept september septembre septiembre settembre set setembro wrzesnia сентября eylul zari
oct okt october oktober octobre octubre ottobre ott outubro out pazdziernika октября ekim rijna
nov november novembre noviembre novembro listopada ноября kasim listopadu
dec dez des december dezember decembre diciembre dic dicembre dezembro desember grudnia декабря aralik prosince""".splitlines(),
        1,
    )
    for name in names.split()
}
ACCENTS = str.maketrans("äéèêûáíóúçşğıüřúžčěńąęłśźżô", "aeeeuaioucsgiuruzcenaelszzo")
YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
DIGIT = re.compile(r"\d")
_WORD = r"[^\W\d_]{3,12}"
_ORDINAL = r"(?:st|nd|rd|th|er|ST|ND|RD|TH)?"
BEFORE_YEAR = re.compile(
    rf"(?:(?<!\d)(?P<day>\d\d?){_ORDINAL}\.?[\s-]*(?:of\s+|de\s+)?(?P<month>{_WORD})[.,]?[\s-]*(?:de\s+)?"
    rf"|(?P<month_first>{_WORD})[.,]?\s+(?P<day_second>\d\d?){_ORDINAL}\.?,?\s*"
    r"|(?<![\d-])(?P<one>\d\d?)(?P<sign>[./-])(?P<other>\d\d?)(?P=sign))$"
)
NUMBERS_BEHIND = re.compile(r"\s?[-./\u5e74]\s?(\d\d?)\s?[-./\u6708]\s?(\d\d?)(?![\d-])")
MONTH_BEHIND = re.compile(rf"\s+({_WORD})\.?\s+(\d\d?)\b")
ENGLISH = frozenset(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"])
GLUED = 5
"""Letters of a month's name that is found at the end of a longer word: where elements meet, there may be no space."""
LONGEST = 26
"""Characters of a day and a month before the year."""


class Written(NamedTuple):
    """A day in a text."""

    day: str
    """ISO 8601."""
    start: int
    """Where it begins in the text, and ends."""
    end: int
    other: str | None
    """The day where the numbers of day and month are read the other way; None where that is not one, and where a name says it."""


def date_of(text: str, *, day_first: bool | None = None) -> str | None:
    """Return the first date of a text as ISO 8601, with its time and zone where it begins with them in this form.

    The first 200 characters count. Of `3/2/2024` and `3-2-2024` the first number is the day with `day_first`, the month without;
    where that is not known it is the month before `/` and the day before `-`. What is not a date so is read the other way.
    None where there is none, and for years before 1900 or beyond 2099.
    """
    text = text[:200]
    found = ISO.match(text)
    if found is not None and (day := _date(found[1], found[2], found[3])) is not None:
        return day + (f"T{found[4]}{found[5] or ''}" if found[4] else "")
    return next((written.day for written in days_in(text, day_first)), None)


def days_in(text: str, day_first: bool | None = None) -> Iterator[Written]:
    """Yield the days that a text names with all of year, month and day, in their order."""
    for year in YEAR.finditer(text):
        start, end = year.span()
        written = _behind(text, start, end) or _before(text, start, end, day_first)
        if written is not None:
            yield written


def _behind(text: str, start: int, end: int) -> Written | None:
    """Return the day of a year before its month."""
    year = text[start:end]
    if (found := NUMBERS_BEHIND.match(text, end)) is not None:
        day = _date(year, found[1], found[2])
    elif (found := MONTH_BEHIND.match(text, end)) is not None:
        day = _named(year, found[1], found[2])
    else:
        return None
    return None if day is None else Written(day, start, found.end(), None)


def _before(text: str, start: int, end: int, day_first: bool | None) -> Written | None:
    """Return the day of a year behind its month."""
    earliest = max(0, start - LONGEST)
    if DIGIT.search(text, earliest, start) is None or (found := BEFORE_YEAR.search(text, earliest, start)) is None:
        return None
    year, other = text[start:end], None
    if found["sign"]:
        day, other = _numbered(year, found["one"], found["other"], found["sign"], day_first)
    elif found["month"]:
        day = _named(year, found["month"], found["day"])
    else:
        day = _glued(year, found["month_first"], found["day_second"])
    return None if day is None else Written(day, found.start(), end, other)


def _numbered(year: str, one: str, other: str, sign: str, day_first: bool | None) -> tuple[str | None, str | None]:
    """Return the day, and the one that it is when read the other way; what only is one so is that."""
    is_day_first = sign == "." or (sign == "-" if day_first is None else day_first)
    month, day = (other, one) if is_day_first else (one, other)
    ways = _date(year, month, day), _date(year, day, month)
    return ways if ways[0] is not None else (None if sign == "." else ways[1], None)


def _named(year: str, word: str, day: str) -> str | None:
    month = MONTHS.get(word.lower().translate(ACCENTS))
    return None if month is None else _date(year, month, day)


def _glued(year: str, word: str, day: str) -> str | None:
    """Return a day behind its month, as only English writes it; a long name may stand behind a word without a space."""
    word = word.lower()
    for cut in (0, *range(1, len(word) - GLUED + 1)):
        if word[cut : cut + 3] in ENGLISH and word[cut:] in MONTHS:
            return _date(year, MONTHS[word[cut:]], day)
    return None


def _date(year: str, month: str | int, day: str) -> str | None:
    try:
        found = datetime.date(int(year), int(month), int(day))
    except ValueError:
        return None
    return found.isoformat() if 1900 <= found.year <= 2099 else None

"""Text and numbers as a page shows them: whatever was crawled is text there and never markup."""

from html import escape

UNITS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def plain(text: str) -> str:
    """Return text without control characters and those that turn the writing direction; line ends and tabs stay."""
    return "".join(c if c.isprintable() or c in "\n\t\u00a0" else " " for c in text)


def shown(text: str) -> str:
    """Return text as HTML: escaped, and `plain`."""
    return escape(plain(text), quote=True)


def cut(text: str, characters: int) -> str:
    """Return the beginning of a text, with how much is left out."""
    if len(text) <= characters:
        return text
    return f"{text[:characters]} ... ({len(text) - characters:,} characters more)"


def in_short(number: float) -> str:
    """Return a number in three or four digits: `950`, `1,396`, `12.4 M`."""
    if 1000 <= abs(number) < 10_000 and float(number).is_integer():
        return f"{number:,.0f}"
    for size, unit in UNITS:
        if abs(number) >= size:
            return f"{number / size:.3g} {unit}" if abs(number) < 999.5 * size else f"{number / size:.0f} {unit}"
    return f"{number:.0f}" if float(number).is_integer() else f"{number:.3g}"


def in_bytes(number: float) -> str:
    """Return a size: `4.2 MB`."""
    return f"{in_short(number + 0.5)}B" if abs(number) >= 1000 else f"{number:.0f} B"


def percent(part: float, whole: float) -> str:
    """Return a share: `5.8 %`, `<0.1 %`, and nothing of nothing."""
    if not whole:
        return ""
    share = part / whole
    return "<0.1 %" if 0 < share < 0.0005 else f"{share:.1%}".replace("%", " %")


def seconds(number: float) -> str:
    """Return a time: `87 ms`, `12.3 s`, `4.1 min`, `2.5 h`."""
    if 0 < number < 0.9995:
        return f"{number * 1000:.3g} ms"
    if number < 120:
        return f"{number:.3g} s"
    return f"{number / 60:.1f} min" if number < 7200 else f"{number / 3600:,.1f} h"

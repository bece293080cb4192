"""A part of an answer of the summary: what it says, and who knows it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

By = Literal["data", "people", "form", "open", "none"]
"""Counted or read from receipts; said in passport.toml; so by how the papers are made; not answered; does not apply."""


@dataclass(frozen=True, slots=True)
class Part:
    """What a question of the rubric can ask for by name."""

    name: str
    """`1.3.e.languages`: the field, and what of it."""
    by: By
    lines: tuple[str, ...] = ()
    """What stands in the summary: a paragraph, or a list where there are several."""
    close: str = ""
    """Where it is open: how to close it. Where it does not apply: why."""


def given(name: str, text: str | Iterable[str], close: str) -> Part:
    """Return what people said, or the open question."""
    lines = (text,) if isinstance(text, str) else tuple(text)
    lines = tuple(" ".join(line.split()) for line in lines if line.strip())
    return Part(name, "people", lines) if lines else Part(name, "open", (), f"passport.toml: {close}")


def counted(name: str, text: str | Iterable[str] | None, close: str) -> Part:
    """Return what was counted, or what would have to be counted."""
    lines = (text,) if isinstance(text, str) else tuple(text or ())
    return Part(name, "data", lines) if lines else Part(name, "open", (), close)


def answer(name: str, value: bool | None, close: str, by: By = "people") -> Part:
    """Return a yes or no as the template has it."""
    if value is None:
        return Part(name, "open", (), f"passport.toml: {close}")
    return Part(name, by, ("☒ Yes  ☐ No" if value else "☐ Yes  ☒ No",))


def void(name: str, why: str) -> Part:
    """Return a part that does not apply, and why; a summary that says N/A without it loses points."""
    return Part(name, "none", (), why)


def held(name: str, by: By, fulfilled: bool, close: str) -> Part:
    """Return a part that says of the lines of another one what the rubric asks of them: nothing is printed for it."""
    if fulfilled:
        return Part(name, by)
    return Part(name, "open", (), f"passport.toml: {close}" if by == "people" else close)


def formed(name: str, *lines: str) -> Part:
    """Return what is so by how the papers are made."""
    return Part(name, "form", lines)


def size(count: int) -> str:
    """Return bytes as people read them, in powers of 1000."""
    for unit, step in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= step:
            return f"{count / step:.3g} {unit}" if count < 1000 * step else f"{count / step:,.0f} {unit}"
    return f"{count} bytes"


def month(value: str) -> str:
    """Return `YYYY-MM` as the template writes it: MM/YYYY."""
    year, _, number = value.partition("-")
    return f"{number}/{year}"


def day(value: str) -> str:
    """Return `YYYY-MM-DD` as the template writes it: DD/MM/YYYY."""
    return "/".join(reversed(value.split("-")))


def share(part: int, whole: int) -> str:
    """Return a share in percent, with one decimal."""
    return f"{part / whole:.1%}" if whole else "0.0%"

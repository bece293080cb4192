"""What `why` and `trace` print of a document: a block for each folder it came to, and where it came from."""

import textwrap
from collections.abc import Mapping
from typing import Any

from rich.markup import escape

from atom_data.audit.answers.station import Station
from atom_data.terminal.screen import Screen
from atom_data.terminal.table import printable

SHOWN = 200
"""Characters of a value."""


def print_station(screen: Screen, station: Station, indent: str = "", before: Mapping[str, Any] | None = None) -> None:
    """Print what a stage decided and what stands there; of columns only those that are not as `before`."""
    known = before or {}
    values = {name: value for name, value in station.columns.items() if name not in known or known[name] != value}
    say(screen, f"{indent}[bold]{station.stage}[/bold]  ", [_decided(station)])
    for line in station.missed:
        say(screen, f"{indent}    ", [line])
    numbers = {name: value for name, value in station.numbers.items() if not _said(name, station.missed)}
    for shown in (values, numbers):
        say(
            screen,
            f"{indent}    ",
            [f"{name} {value_text(value)}" for name, value in shown.items() if value is not None],
        )


def _decided(station: Station) -> str:
    if station.outcome == "kept":
        return f"kept by {', '.join(station.cards)}" if station.cards else "kept"
    return f"dropped by {station.reason}" if station.outcome == "dropped" else f"could not be read: {station.reason}"


def _said(name: str, missed: tuple[str, ...]) -> bool:
    return any(line.startswith(f"{name} is ") for line in missed)


def value_text(value: object) -> str:
    """Return a value of a column on one line."""
    if isinstance(value, float):
        return f"{value:.4g}"
    text = " ".join(printable(str(value)).split())
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def say(screen: Screen, begin: str, parts: list[str]) -> None:
    """Print parts with commas between them, as wide as the screen; what follows stands below the first. Nothing of nothing."""
    if not parts:
        return
    plain = begin.replace("[bold]", "").replace("[/bold]", "")
    room = max(20, screen.width - len(plain))
    lines = textwrap.wrap(printable(", ".join(parts)), room, break_long_words=False, break_on_hyphens=False) or [""]
    for number, line in enumerate(lines):
        screen.prose(f"{begin if number == 0 else ' ' * min(len(plain), 8)}{escape(line)}")


def place_text(row: Mapping[str, Any], read: Mapping[str, Any]) -> str:
    """Say where a document came from: `row` of docs.parquet, and what stands of it in the stage that read it."""
    known = {name: value for name, value in read.items() if name in ("url", "file", "offset")}
    found: dict[str, Any] = {**row, **known}
    if found.get("file") and found.get("offset") is not None:
        where = f"record at byte {found['offset']:,} of {found['file']}"
    elif found.get("file") and read.get("row") is not None:
        where = f"row {read['row']:,} of {found['file']}"
    else:
        return f"{found.get('url') or '(no address)'}   shard {found['shard']}"
    return f"{found['url']}   {where}" if found.get("url") else where

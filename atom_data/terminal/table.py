"""Tables of a terminal: as wide as it is and no wider, with no name cut; and counts in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape
from rich.text import Text

GAP = "  "


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title, and its rank for being left out when there is no room."""

    title: str
    rank: int = 0
    """Columns of the highest rank go first, the last of them before the others; those of rank 0 stay."""
    left: bool = False


def plural(count: int, noun: str) -> str:
    """Return a count with its noun: `1 shard`, `2,000 shards`, `2 copies`."""
    many = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{count:,} {noun if count == 1 else many}"


def is_are(count: int) -> str:
    """Return the verb that goes with a count."""
    return "is" if count == 1 else "are"


def printable(text: str) -> str:
    """Return text without control characters: crawled text must not move the cursor or set colors."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text)


def percent(part: float, whole: float) -> str:
    """Return a share of a whole, `12.3 %`; nothing where there is no whole."""
    return f"{100 * part / whole:.1f} %" if whole else ""


MARKUP = frozenset("[:\\")
"""What styles, names of emoji and escapes begin with."""


def width_of(console: Console) -> int:
    """Return how wide a table may be; 0 for any width, when the output is not a terminal."""
    return console.width if console.is_terminal else 0


def table_lines(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int = 0) -> list[str]:
    """Return a table as lines of rich markup, numbers aligned right; cells are markup as well.

    Columns without a value in any row are left out. Where the others are wider than `width`, those that are needed least
    go; no cell is ever cut, so a line can be longer than a very narrow terminal.
    """
    sizes = [
        max(len(column.title), *(_length(row[place]) for row in rows), 0) if any(row[place] for row in rows) else 0
        for place, column in enumerate(columns)
    ]
    shown = [place for place, size in enumerate(sizes) if size]
    while width and _total(shown, sizes) > width:
        place = max(shown, key=lambda place: (columns[place].rank, place), default=0)
        if not shown or not columns[place].rank:
            break
        shown.remove(place)
    titles = [f"[bold]{column.title}[/bold]" for column in columns]
    return [_line(columns, row, sizes, shown) for row in (titles, *rows)]


def print_table(console: Console, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    """Print a table as wide as the console."""
    for line in table_lines(columns, rows, width_of(console)):
        console.print(line, soft_wrap=True)


def next_lines(commands: Sequence[tuple[str, str]], width: int = 0) -> list[str]:
    """Return what to do next as lines of markup: each command, whole, with what it shows; above it where a line is too short."""
    if not commands:
        return []
    longest = max(len(command) for command, _ in commands)
    if width and any(longest + len(why) + 4 > width for _, why in commands):
        pairs = [(f"  [dim]# {escape(why)}[/dim]", f"  {escape(command)}") for command, why in commands]
        return ["\nNext:", *(line for pair in pairs for line in pair)]
    return ["\nNext:", *(f"  {escape(f'{command:{longest}}')}  {escape(why)}" for command, why in commands)]


def _total(shown: Sequence[int], sizes: Sequence[int]) -> int:
    return sum(sizes[place] for place in shown) + len(GAP) * (len(shown) - 1)


def _length(cell: str) -> int:
    if cell.isascii() and cell.isprintable() and not MARKUP.intersection(cell):
        return len(cell)  # to read markup takes a hundred times as long, and most cells are numbers
    return Text.from_markup(cell).cell_len


def _line(columns: Sequence[Column], row: Sequence[str], sizes: Sequence[int], shown: Sequence[int]) -> str:
    cells = []
    for place in shown:
        room = " " * (sizes[place] - _length(row[place]))
        cells.append(f"{row[place]}{room}" if columns[place].left else f"{room}{row[place]}")
    return GAP.join(cells).rstrip()

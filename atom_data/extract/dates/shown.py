"""Days that a page shows: in its text and its `<time>` elements, with the words before them and how far they are from the title."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from atom_data.extract.dates.written import date_of, days_in
from atom_data.text.html import page as columns, tags
from atom_data.text.html.page import Page
from atom_data.text.html.place import first_with
from atom_data.text.html.source import attributes, slot

BLOCKS, WORDS, DIGITS, SHORT, EDGE = 20, 50, 5, 25, 40
"""So many blocks are looked at, of so many words at most and so many digits at least; a longer one than SHORT only where the day
stands at its begin or end."""
TIMES, HEADINGS, TITLES = 4, 5, 4
"""So many `<time>` elements are looked at, first headings, and places where the title stands."""
ROW = slice(columns.START, columns.LINK_WORDS + 1)
LABEL_CHARACTERS = 40
LABEL = re.compile(
    r"(?P<other>last (?:post|active|reply|seen|visit)|latest (?:post|reply)|joined|member|regist|since|founded|copyright|\u00a9"
    r"|expire|deadline|effective|born|access|valid|through|until|as of|event|today|time is|views)"
    r"|(?P<changed>updat|modif|revis|review|edited|changed|aktualis|mis \u00e0 jour|actualiz|atualiz|aggiorn|bijgewerkt|uppdater"
    r"|opdater|zaktualiz|\u043e\u0431\u043d\u043e\u0432\u043b)"
    r"|(?P<published>publi|posted|post time|written|created|started|release|asked|submitted|ver\u00f6ffentlicht|erstellt"
    r"|pubblicat|geplaatst|gepubliceerd|opublikowan|\u043e\u043f\u0443\u0431\u043b\u0438\u043a)",
)
"""Words before a day, in lowercase, that say what happened on it."""
PLAIN = "plain"
"""The label of a day before which stands none of these."""
DAY_FIRST = re.compile(r"en[-_](?:gb|au|nz|ie|in|za|sg|my|hk)|(?!en)", re.IGNORECASE)
DAY_FIRST_URL = re.compile(r"https?://[^/:?#]*\.(?:uk|au|nz|ie|in|za|sg|my|hk|eu|ng|ke|lk|pk)(?=[/:?#]|$)")
"""Countries of English pages where the day stands before the month."""


class Shown(NamedTuple):
    """A day in a block of text."""

    day: str
    block: int
    label: str
    """What LABEL finds last before it, or at the end of the block before where nothing stands before it."""
    words: int
    """Of the block."""
    linked: bool
    """Whether all of the block is a link."""
    is_short: bool
    """Whether the block is short, or the day stands at its begin or end."""
    other: str | None = None
    """The day when its numbers are read the other way: see `written`."""


class Timed(NamedTuple):
    """A `<time>` element."""

    day: str
    block: int
    """The first of its blocks, or what stands behind it."""
    changed: bool
    """Whether it says that the page was changed then."""
    is_sure: bool
    """Whether it can be read in one way alone: its year stands first."""


def is_day_first(page: Page, url: str | None) -> bool:
    """Return whether the page's language, or its country where that is English, writes the day before the month."""
    language = slot(page, columns.LANGUAGE) or slot(page, columns.LOCALE) or "en"
    if DAY_FIRST.match(language):
        return True
    return DAY_FIRST_URL.match(url or "") is not None


def shown_days(page: Page, day_first: bool) -> list[Shown]:
    """Return the days of the first blocks that are not long and name one, in the order of the page."""
    rows, source = page.blocks, page.text.tobytes()
    likely = np.flatnonzero((rows[:, columns.DIGITS] >= DIGITS) & (rows[:, columns.WORDS] <= WORDS))
    found: list[Shown] = []
    looked = 0
    for block, (start, end, _, words, link_words) in zip(likely.tolist(), rows[:, ROW][likely].tolist(), strict=True):
        data = source[start:end]
        if b"20" not in data and b"19" not in data:
            continue
        looked += 1
        if looked > BLOCKS:
            break
        text, last = data.decode("utf-8", "replace"), 0
        for day, begin, stop, other in days_in(text, day_first):
            before = text[max(last, begin - LABEL_CHARACTERS) : begin]
            if len(before.strip()) < 3 and block:
                above, below = int(rows[block - 1, columns.START]), int(rows[block - 1, columns.END])
                line = source[max(above, below - 4 * LABEL_CHARACTERS) : below].decode("utf-8", "ignore")
                before = line[-LABEL_CHARACTERS:] + before
            is_short = words <= SHORT or begin < EDGE or len(text) - stop < EDGE
            found.append(Shown(day, block, _label(before), words, link_words == words, is_short, other))
            last = stop
    return found


def timed_days(page: Page, day_first: bool) -> Iterator[Timed]:
    """Yield the days that the first `<time>` elements have in their attribute."""
    for node in first_with(page, tags.TIME, TIMES):
        given = attributes(page, node)
        said = given.get(b"datetime", b"").decode("utf-8", "replace").strip()
        day = date_of(said, day_first=day_first)
        if day is not None:
            changed = b"odified" in given.get(b"itemprop", b"") or b"updated" in given.get(b"class", b"")
            yield Timed(day[:10], int(page.nodes[node, columns.FIRST_BLOCK]), changed, said.startswith(day[:4]))


def settled(shown: list[Shown], times: list[Timed], known: Iterable[str]) -> tuple[list[Shown], list[Timed]]:
    """Return days with those read the other way that only so are a day which is sure: one that is `known`, or named by its month.

    `3/10/2023` under `/2023/october/03/` is not in March, whatever the page's language says.
    """
    unsure = [day for day in shown if day.other is not None]
    if not unsure:
        return shown, times
    sure = {*known, *(day.day for day in shown if day.other is None), *(time.day for time in times if time.is_sure)}
    turned = {day.day: day.other for day in unsure if day.other in sure and day.day not in sure}
    return (
        [day if day.other is None else day._replace(day=turned.get(day.day, day.day)) for day in shown],
        [time._replace(day=turned.get(time.day, time.day)) for time in times],
    )


def title_blocks(page: Page, title: str | None) -> tuple[int, int] | None:
    """Return the first block of the page's title and what is behind its last: a heading, else a block that is little else, else the
    first heading.
    """  # fmt: skip
    nodes = page.nodes
    spans = [
        (int(nodes[node, columns.FIRST_BLOCK]), int(nodes[node, columns.END_BLOCK]))
        for node in first_with(page, tags.H1, HEADINGS)
    ]
    headings = [(start, end) for start, end in spans if end > start]
    for start, end in headings if title else ():
        if " ".join(" ".join(page.text_of(block) for block in range(start, min(end, start + 3))).split()) == title:
            return start, end
    if title and (block := _title_block(page, title)) is not None:
        return block, block + 1
    return headings[0] if headings else None


def _title_block(page: Page, title: str) -> int | None:
    text, wanted = page.text.tobytes(), title.encode()
    place = text.find(wanted) if len(page.blocks) else -1
    for _ in range(TITLES):
        if place < 0:
            return None
        block = int(np.searchsorted(page.blocks[:, columns.START], place, "right")) - 1
        row = page.blocks[max(0, block)]
        if row[columns.SIZE] <= len(wanted) + 12 and row[columns.LINK_WORDS] < row[columns.WORDS]:
            return max(0, block)
        place = text.find(wanted, place + 1)
    return None


def _label(before: str) -> str:
    labels = [found.lastgroup or PLAIN for found in LABEL.finditer(before.lower())]
    return labels[-1] if labels else PLAIN

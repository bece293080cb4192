"""What stands around a day that is shown near the title: who wrote the text, and how long it takes to read it."""

from atom_data.text.html import page as columns
from atom_data.text.html.page import Page

BLOCKS, BYTES = 2, 300
"""So many blocks on both sides are looked at, and so many bytes of them."""
READING = (
    b"min read",
    b"mins read",
    b"minute read",
    b"minutes read",
    b"minutes to read",
    b"reading time",
    b"time to read",
    b"lesezeit",
)
WRITER = (b"by ", b"by\n", b"by:", b"author", b"autor", b"auteur", b"written")


def company(page: Page, block: int) -> list[str]:
    """Return the marks of a day in this block: words beside it, in lowercase, most of them English."""
    rows = page.blocks
    start, end = int(rows[block, columns.START]), int(rows[block, columns.END])
    first, last = rows[max(0, block - BLOCKS), columns.START], rows[min(len(rows) - 1, block + BLOCKS), columns.END]
    text = page.text[max(int(first), start - BYTES) : min(int(last), end + BYTES)].tobytes().lower()
    marks = []
    if any(part in text for part in READING):
        marks.append("beside the time to read")
    if any(part in text for part in WRITER):
        marks.append("beside who wrote it")
    return marks

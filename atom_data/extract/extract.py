"""The step that takes the text out of pages, with whatever engine."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from atom_data.batch import column, with_columns
from atom_data.errors import ConfigError
from atom_data.extract.engine import BytesEngine, Engine
from atom_data.extract.main_text import MainText
from atom_data.extract.page import Page, page_columns, read_page, reader_of, tried

HTML_BYTES = 8 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Extract:
    """Add `text`, `title`, `extract_status` and `replaced_characters` from the columns `html`, `charset` and `mime`.

    `text` is what the engine takes from a page; it holds no NUL and no white space around it. A page of type text/plain is its
    own text, without an engine. `title` is the page's title as the engine finds it, its white space collapsed, cut at 1,000
    characters; null where it finds none.
    `extract_status` is `ok`, or says why `text` is null: `no_html` (null or empty `html`), `too_large` (above
    `max_html_bytes`), `binary` (an image, an archive, compressed data, whatever the server called it: see
    `atom_data.extract.sniff`), `too_complex` (a page built to take minutes: thousands of boxes in boxes, of attributes on one
    tag, of options), `parser` (the engine failed; some say more), `empty` (nothing is left), or that the text is not whole:
    `charset` (in no encoding that is claimed or guessed are all bytes characters; there is a text, with U+FFFD in their
    places, or it is null where nothing else was on the page).
    `replaced_characters` (int32) says how many U+FFFD in `text` and `title` stand for such bytes; null where nothing was
    decoded. One that the page holds as a character (EF BF BD in UTF-8, `&#xFFFD;`) is what somebody wrote or an earlier
    copy lost: it is not counted, except on a page that has bad bytes, too, where the two cannot be told apart.
    An engine may add columns of its own. The default, `MainText`, adds `extract_confidence`, `extract_text_share`,
    `extract_link_share`, `extract_links`, `extract_tables`, `extract_code_blocks`, `extract_formulas`, `page_kind` and
    `page_kind_probability`: see there.
    How bytes are decoded: see `atom_data.extract.encoding`; `html` may also be text. Zero rows give the same columns.
    Errors: ConfigError for a column that is not there, and for an engine whose package is not installed.
    """

    engine: Engine | BytesEngine = field(default_factory=MainText)
    max_html_bytes: int = HTML_BYTES
    charset: str | None = "charset"
    """The column with the server's charset; None where there is none."""
    mime: str | None = "mime"
    """The column with the MIME type; None where all of it is HTML."""
    url: str | None = None
    """The column with the page's URL, for engines that use it; None where none is to be told."""

    def __post_init__(self) -> None:
        """Refuse what is not an engine, and a limit that lets no page through."""
        if not isinstance(self.engine, (Engine, BytesEngine)) or isinstance(self.engine, type):
            raise ConfigError(
                f"Extract: engine is {self.engine!r}; there are MainText(), Resiliparse(), Trafilatura(), JusText() and "
                "WholeText() in atom_data.extract, and any frozen dataclass with a method extract(html, url). Give one."
            )
        if self.max_html_bytes < 1:
            raise ConfigError(f"Extract: max_html_bytes is {self.max_html_bytes}. Give a number of bytes above 0.")

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Add the columns. Zero rows try the engine, so that `check` finds one that cannot work."""
        if not batch.num_rows and not isinstance(self.engine, BytesEngine):
            tried(self.engine)
        reader = reader_of(self.engine)
        rows = [read_page(page, reader, self.max_html_bytes) for page in self._pages(batch)]
        return with_columns(batch, **page_columns(rows, reader.columns))

    def _pages(self, batch: pa.RecordBatch) -> Iterator[Page]:
        pages = column(batch, "html").cast(pa.large_binary())
        said = [_strings(batch, name) for name in (self.charset, self.mime, self.url)]
        for page, charset, mime, url in zip(_views(pages), *said, strict=True):
            yield Page(page, charset, mime, url)


def _views(pages: pa.LargeBinaryArray) -> Iterator[memoryview | None]:
    """Yield the values as views of the column: pages are the largest thing in a crawl, and nothing here writes to them."""
    _, offsets, data = pages.buffers()
    ends = np.frombuffer(offsets, np.int64)[pages.offset : pages.offset + len(pages) + 1].tolist() if len(pages) else []
    view = memoryview(data or b"")
    for valid, start, end in zip(pages.is_valid().to_pylist(), ends, ends[1:], strict=False):
        yield view[start:end] if valid else None


def _strings(batch: pa.RecordBatch, name: str | None) -> list[str | None]:
    """Return the values of an optional column, nulls without a name."""
    values: list[str | None] = [None] * batch.num_rows if name is None else column(batch, name).to_pylist()
    return values

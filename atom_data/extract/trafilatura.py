"""HTML to text with trafilatura: about twenty times slower than resiliparse, and more precise on articles."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import pyarrow as pa

from atom_data.batch import column, with_columns
from atom_data.errors import ConfigError
from atom_data.extract.encoding import decoded
from atom_data.extract.html import TITLE_CHARACTERS, Extracted, extracted, page_columns, page_strings
from atom_data.extract.sniff import is_binary
from atom_data.text.clean import clean

HTML_BYTES = 4 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class ExtractTrafilatura:
    """Add the columns of `ExtractHtml` from `html`, `charset` and `mime`: text, title, status, replaced characters.

    Its parameters are trafilatura's of the same meaning. `deduplicate` is always off: it remembers paragraphs of other
    pages, so that a text would depend on what was read before (datatrove and FineWeb have it on).
    `extract_status`: `ok`, `no_html`, `too_large` (above `max_html_bytes`), `binary` (no text:
    see `atom_data.extract.sniff`), `parser` (trafilatura failed), `empty`, `charset`.
    Zero rows give the same columns. Errors: ConfigError for a column that is not there, and without trafilatura.
    """

    favor_precision: bool = True
    include_tables: bool = True
    include_comments: bool = False
    max_html_bytes: int = HTML_BYTES
    charset: str | None = "charset"
    """The column with the server's charset; None where there is none."""
    mime: str | None = "mime"
    """The column with the MIME type; None where all of it is HTML."""

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Add the four columns."""
        extract = _extraction()
        pages = column(batch, "html").cast(pa.large_binary())
        charsets, mimes = page_strings(batch, self.charset), page_strings(batch, self.mime)
        rows = [
            self._page(extract, page.as_py(), charset, mime)
            for page, charset, mime in zip(pages, charsets, mimes, strict=True)
        ]
        return with_columns(batch, **page_columns(rows))

    def _page(
        self, extract: Callable[..., Any], page: bytes | None, charset: str | None, mime: str | None
    ) -> Extracted:
        if not page:
            return Extracted(None, None, "no_html", None)
        if len(page) > self.max_html_bytes:
            return Extracted(None, None, "too_large", None)
        if is_binary(page, charset):
            return Extracted(None, None, "binary", None)
        source = decoded(page, charset, markup=mime != "text/plain")
        if mime == "text/plain":
            return extracted(clean(source.text).strip(), None, source.replaced)
        try:
            document = extract(
                source.text,
                favor_precision=self.favor_precision,
                include_tables=self.include_tables,
                include_comments=self.include_comments,
                deduplicate=False,
                with_metadata=True,
            )
        except Exception:  # lxml and trafilatura raise many kinds, RecursionError among them
            return Extracted(None, None, "parser", None)
        if document is None:
            return extracted("", None, source.replaced)
        title = " ".join(clean(document.title or "").split())[:TITLE_CHARACTERS] or None
        text = clean(document.text or "").strip()
        return extracted(text, title, source.replaced)


@cache
def _extraction() -> Callable[..., Any]:
    try:
        from trafilatura import bare_extraction  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError(
            "ExtractTrafilatura: the package trafilatura is not installed. pip install 'atom-data[trafilatura]'."
        ) from error
    extraction: Callable[..., Any] = bare_extraction
    return extraction

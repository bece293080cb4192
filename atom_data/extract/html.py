"""HTML to text with resiliparse."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pyarrow as pa
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

from atom_data.batch import column, with_columns
from atom_data.extract.encoding import decoded
from atom_data.extract.markup import is_too_complex
from atom_data.extract.sniff import is_binary
from atom_data.text.charsets.decoders import REPLACEMENT

TITLE_CHARACTERS = 1000
HTML_BYTES = 8 << 20


class Extracted(NamedTuple):
    """What an extractor takes from a page."""

    text: str | None
    title: str | None
    status: str
    replaced: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ExtractHtml:
    """Add `text`, `title`, `extract_status` and `replaced_characters` from the columns `html`, `charset` and `mime`.

    `text` is what resiliparse takes for the main content: paragraphs, lists and tables by line, no navigation, no links'
    targets, no texts of images, which is what NeMo Curator takes by default; it holds no NUL. A page of type text/plain
    is its own text. `title` is the page's title, its white space collapsed, cut at 1,000 characters.
    `extract_status` is `ok`, or says why `text` is null: `no_html` (null or empty `html`), `too_large` (above
    `max_html_bytes`), `binary` (an image, an archive, compressed data, whatever the server called it: see
    `atom_data.extract.sniff`), `too_complex` (a page built to take minutes: thousands of boxes in boxes, of attributes on one
    tag, of options), `parser` (resiliparse failed), `empty` (nothing is left), or that the text is not whole: `charset` (in
    no encoding that is claimed or guessed are all bytes characters; there is a text, with U+FFFD in their places, or it is
    null where nothing else was on the page).
    `replaced_characters` (int32) says how many U+FFFD in `text` and `title` stand for such bytes; null where nothing was
    decoded. One that the page holds as a character (EF BF BD in UTF-8, `&#xFFFD;`) is what somebody wrote or an earlier
    copy lost: it is not counted, except on a page that has bad bytes, too, where the two cannot be told apart.
    How bytes are decoded: see `atom_data.extract.encoding`; `html` may also be text. Zero rows give the same columns.
    Errors: ConfigError for a column that is not there.
    """

    main_content: bool = True
    list_bullets: bool = True
    alt_texts: bool = False
    links: bool = False
    comments: bool = True
    max_html_bytes: int = HTML_BYTES
    charset: str | None = "charset"
    """The column with the server's charset; None where there is none."""
    mime: str | None = "mime"
    """The column with the MIME type; None where all of it is HTML."""

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Add the four columns."""
        pages = column(batch, "html").cast(pa.large_binary())
        charsets = page_strings(batch, self.charset)
        mimes = page_strings(batch, self.mime)
        rows = [
            self._page(page.as_py(), charset, mime) for page, charset, mime in zip(pages, charsets, mimes, strict=True)
        ]
        return with_columns(batch, **page_columns(rows))

    def _page(self, page: bytes | None, charset: str | None, mime: str | None) -> Extracted:
        """Return what is taken from one page."""
        if not page:
            return Extracted(None, None, "no_html", None)
        if len(page) > self.max_html_bytes:
            return Extracted(None, None, "too_large", None)
        if is_binary(page, charset):
            return Extracted(None, None, "binary", None)
        if mime == "text/plain":
            plain = decoded(page, charset, markup=False)
            return extracted(plain.text.replace("\0", "").strip(), None, plain.replaced)
        if is_too_complex(page):
            return Extracted(None, None, "too_complex", None)
        source = decoded(page, charset)
        try:
            tree = HTMLTree.parse(source.text)
            title = " ".join((tree.title or "").replace("\0", "").split())[:TITLE_CHARACTERS] or None
            text = self._text(tree)
        except BaseException as error:
            if not is_parser_error(error):
                raise
            return Extracted(None, None, "parser", None)
        return extracted(text, title, source.replaced)

    def _text(self, tree: HTMLTree) -> str:
        text: str = extract_plain_text(
            tree,
            preserve_formatting=True,
            main_content=self.main_content,
            list_bullets=self.list_bullets,
            alt_texts=self.alt_texts,
            links=self.links,
            comments=self.comments,
        )
        return text.replace("\0", "").strip()


def extracted(text: str, title: str | None, replaced: int) -> Extracted:
    """Return what is taken from a page, and its status; `replaced` counts what decoding replaced on the whole page."""
    if replaced:
        replaced = min(replaced, text.count(REPLACEMENT) + (title or "").count(REPLACEMENT)) if text else replaced
    status = "charset" if replaced else "ok" if text else "empty"
    return Extracted(text or None, title, status, replaced)


def page_columns(rows: Sequence[Extracted]) -> dict[str, pa.Array]:
    """Return what was taken from pages as columns."""
    return {
        "text": pa.array([row.text for row in rows], pa.string()),
        "title": pa.array([row.title for row in rows], pa.string()),
        "extract_status": pa.array([row.status for row in rows], pa.string()),
        "replaced_characters": pa.array([row.replaced for row in rows], pa.int32()),
    }


def page_strings(batch: pa.RecordBatch, name: str | None) -> list[str | None]:
    """Return the values of an optional column, nulls without a name."""
    values: list[str | None] = [None] * batch.num_rows if name is None else column(batch, name).to_pylist()
    return values


def is_parser_error(error: BaseException) -> bool:
    """Tell whether a parser failed; a fault inside a Rust library comes as a PanicException, which is no Exception."""
    return isinstance(error, Exception) or type(error).__name__ == "PanicException"

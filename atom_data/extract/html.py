"""HTML to text with resiliparse."""

from dataclasses import dataclass

import pyarrow as pa
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

from atom_data.batch import column, with_columns
from atom_data.extract.encoding import decoded, encoding_of
from atom_data.extract.markup import is_too_complex
from atom_data.extract.sniff import is_binary

TITLE_CHARACTERS = 1000
HTML_BYTES = 8 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class ExtractHtml:
    """Add `text`, `title` and `extract_status` from the columns `html`, `charset` and `mime`.

    `text` is what resiliparse takes for the main content: paragraphs, lists and tables by line, no navigation, no links'
    targets, no texts of images, which is what NeMo Curator takes by default; it holds no NUL. A page of type text/plain
    is its own text. `title` is the page's title, its white space collapsed, cut at 1,000 characters.
    `extract_status` is `ok`, or says why `text` is null: `no_html` (null or empty `html`), `too_large` (above
    `max_html_bytes`), `binary` (an image, an archive, compressed data, whatever the server called it: see
    `atom_data.extract.sniff`), `too_complex` (a page built to take minutes: thousands of boxes in boxes, of attributes on one
    tag, of options), `parser` (resiliparse failed), `empty` (nothing is left).
    Bytes are decoded as browsers do: see `atom_data.extract.encoding`; `html` may also be text. Zero rows give the same
    columns. Errors: ConfigError for a column that is not there.
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
        """Add the three columns."""
        pages = column(batch, "html").cast(pa.large_binary())
        charsets = page_strings(batch, self.charset)
        mimes = page_strings(batch, self.mime)
        rows = [
            self._page(page.as_py(), charset, mime) for page, charset, mime in zip(pages, charsets, mimes, strict=True)
        ]
        texts, titles, errors = zip(*rows, strict=True) if rows else ((), (), ())
        return with_columns(
            batch,
            text=pa.array(texts, pa.string()),
            title=pa.array(titles, pa.string()),
            extract_status=pa.array([error or "ok" for error in errors], pa.string()),
        )

    def _page(
        self, page: bytes | None, charset: str | None, mime: str | None
    ) -> tuple[str | None, str | None, str | None]:
        """Return text, title and error of one page."""
        if not page:
            return None, None, "no_html"
        if len(page) > self.max_html_bytes:
            return None, None, "too_large"
        if is_binary(page, charset):
            return None, None, "binary"
        encoding = encoding_of(page, charset)
        if mime == "text/plain":
            text = decoded(page, encoding).replace("\0", "").strip()
            return (text, None, None) if text else (None, None, "empty")
        if is_too_complex(page):
            return None, None, "too_complex"
        try:
            tree = HTMLTree.parse(decoded(page, encoding))
            title = " ".join((tree.title or "").replace("\0", "").split())[:TITLE_CHARACTERS] or None
            text = self._text(tree)
        except BaseException as error:
            if not is_parser_error(error):
                raise
            return None, None, "parser"
        return (text, title, None) if text else (None, title, "empty")

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


def page_strings(batch: pa.RecordBatch, name: str | None) -> list[str | None]:
    """Return the values of an optional column, nulls without a name."""
    values: list[str | None] = [None] * batch.num_rows if name is None else column(batch, name).to_pylist()
    return values


def is_parser_error(error: BaseException) -> bool:
    """Tell whether a parser failed; a fault inside a Rust library comes as a PanicException, which is no Exception."""
    return isinstance(error, Exception) or type(error).__name__ == "PanicException"

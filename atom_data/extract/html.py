"""HTML to text with resiliparse."""

import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

from atom_data.batch import column, with_columns
from atom_data.extract.encoding import decoded, encoding_of

TITLE_CHARACTERS = 1000
HTML_BYTES = 8 << 20
EFFORT = 1_000_000_000
OPTIONS_LIMIT = 10_000
ATTRIBUTES_LIMIT = 2_000
LONG_TAG_BYTES = 1 << 14
NESTED = "div, ul, article, footer"
TAG = re.compile(rb"<(/?)(div|ul|article|footer)(?=[\s/>])", re.IGNORECASE)
OPENING = re.compile(rb"<[a-z]", re.IGNORECASE)
QUOTED = re.compile(rb"\"[^\"]*\"|'[^']*'")


@dataclass(frozen=True, kw_only=True, slots=True)
class ExtractHtml:
    """Add `text`, `title` and `extract_status` from the columns `html`, `charset` and `mime`.

    `text` is what resiliparse takes for the main content: paragraphs, lists and tables by line, no navigation, no links'
    targets, no texts of images, which is what NeMo Curator takes by default; it holds no NUL. A page of type text/plain
    is its own text. `title` is the page's title, its white space collapsed, cut at 1,000 characters.
    `extract_status` is `ok`, or says why `text` is null: `no_html` (null or empty `html`), `too_large` (above `max_html_bytes`),
    `too_complex` (a page built to take minutes: thousands of boxes in boxes, of attributes on one tag, of options),
    `parser` (resiliparse failed), `empty` (nothing is left).
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
        encoding = encoding_of(page, charset)
        if mime == "text/plain":
            text = decoded(page, encoding).replace("\0", "").strip()
            return (text, None, None) if text else (None, None, "empty")
        tags = int(np.count_nonzero(np.frombuffer(page, np.uint8) == ord("<")))
        if has_long_lists(page, tags):
            return None, None, "too_complex"
        try:
            tree = HTMLTree.parse(decoded(page, encoding))
            title = " ".join((tree.title or "").replace("\0", "").split())[:TITLE_CHARACTERS] or None
            if is_nested_deep(tree, page, tags):
                return None, title, "too_complex"
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


def has_long_lists(page: bytes, tags: int) -> bool:
    """Tell whether parsing would take a time that grows with the square of a list: options, or attributes of one tag.

    Measured with resiliparse 2.0.1: 10,000 options in one select or 20,000 attributes of one tag take 1.4 s.
    """
    if tags > OPTIONS_LIMIT and page.lower().count(b"<option") > OPTIONS_LIMIT:
        return True
    place = 0
    while len(page) - place > LONG_TAG_BYTES:
        nearest = page.rfind(b">", place, place + LONG_TAG_BYTES)
        if nearest < 0:
            end = page.find(b">", place + LONG_TAG_BYTES)
            end = len(page) if end < 0 else end
            if _attributes(page, place, end) > ATTRIBUTES_LIMIT:
                return True
            place = end
        else:
            place = nearest + 1
    return False


def _attributes(page: bytes, place: int, end: int) -> int:
    begin = OPENING.search(page, place, end)
    if begin is None:
        return 0
    return len(QUOTED.sub(b"", page[begin.start() : end]).replace(b"/", b" ").split())


def is_nested_deep(tree: HTMLTree, page: bytes, tags: int) -> bool:
    """Tell whether finding the main content would take seconds: boxes nested deep around much text.

    resiliparse reads all text below each of `NESTED` again (measured: 3 ns a byte), so 100,000 nested boxes of 500 kB
    would take minutes. Most pages are cleared by their number of boxes, the rest by how deep these stand.
    """
    if tags * len(page) <= EFFORT:
        return False
    boxes = len(tree.document.query_selector_all(NESTED)) if tree.document else 0
    if boxes * len(page) <= EFFORT:
        return False
    depth = deepest = 0
    open_boxes: dict[bytes, int] = {}
    for found in TAG.finditer(page):
        name = found[2].lower()
        count = open_boxes.get(name, 0)
        if not found[1]:
            open_boxes[name] = count + 1
            depth += 1
        elif count:
            open_boxes[name] = count - 1
            depth -= 1
        deepest = max(deepest, depth)
    return deepest * len(page) > EFFORT

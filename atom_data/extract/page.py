"""What is asked of every page before and after an engine reads it, whatever engine that is."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from atom_data.errors import AtomDataError
from atom_data.extract.columns import COLUMNS
from atom_data.extract.encoding import decoded, utf_8_of
from atom_data.extract.engine import NOTHING, BytesEngine, Content, Engine, EngineError
from atom_data.extract.markup import is_too_complex
from atom_data.extract.sniff import (
    BINARY_START,
    MOST_STRAY,
    NEVER_IN_TEXT,
    SAMPLE_BYTES,
    SAMPLES,
    SHORT_BYTES,
    is_binary,
)
from atom_data.text.charsets.controls import control_count
from atom_data.text.charsets.labels import REPLACEMENT
from atom_data.text.clean import clean, without_nul

TITLE_CHARACTERS = 1000
PLAIN = "text/plain"
_NEVER_CODES = sum(1 << code for code in range(32) if NEVER_IN_TEXT[code])
TRIAL = "<html><body><p>A page to see whether the engine is there.</p></body></html>"


class Page(NamedTuple):
    """A page as a crawler stored it, and what the server said about it."""

    data: bytes | memoryview | None
    charset: str | None
    mime: str | None
    url: str | None


class Reader(NamedTuple):
    """How an engine reads a page."""

    read: Callable[[bytes | memoryview, Page], tuple[Content, int]]
    """Give it the bytes; it returns what the engine takes, and how many characters decoding replaced."""
    own_limits: bool
    """Whether it has limits of its own for pages built to do harm."""
    columns: tuple[str, ...]
    """The columns that it adds."""


class Extracted(NamedTuple):
    """What is taken from a page: a row of the columns that `Extract` adds. Texts may have halves of surrogate pairs here."""

    text: str | None
    title: str | None
    status: str
    replaced: int | None
    more: Mapping[str, object] = NOTHING


def tried(engine: Engine) -> None:
    """Give an engine a page of ours. ConfigError for a package that is missing; what it makes of the page says nothing."""
    try:
        engine.extract(TRIAL, None)
    except (AtomDataError, MemoryError):
        raise
    except BaseException as error:
        if not _is_parser_error(error):
            raise


def extracted(page: Page, engine: Engine | BytesEngine, max_bytes: int) -> Extracted:
    """Return what an engine takes from a page, or why it is not asked; a page of text/plain is its own text."""
    return read_page(page, reader_of(engine), max_bytes)


def reader_of(engine: Engine | BytesEngine) -> Reader:
    """Return how an engine reads; once for many pages, as to ask a protocol takes 20 microseconds."""
    if isinstance(engine, BytesEngine):
        return Reader(partial(_read_bytes, engine), True, engine.columns())
    return Reader(partial(_read_text, engine), False, ())


def read_page(page: Page, reader: Reader, max_bytes: int) -> Extracted:
    """Return the same as `extracted`."""
    reason = _refused(page, max_bytes, own_limits=reader.own_limits)
    if reason is not None or page.data is None:
        return Extracted(None, None, reason or "no_html", None)
    if page.mime == PLAIN:
        source = decoded(bytes(page.data), page.charset, markup=False)
        return _whole(Content(source.text), source.replaced)
    try:
        content, replaced = reader.read(page.data, page)
    except (AtomDataError, MemoryError):
        raise
    except EngineError as error:
        return Extracted(None, None, str(error), None)
    except BaseException as error:
        if not _is_parser_error(error):
            raise
        return Extracted(None, None, "parser", None)
    return _whole(content, replaced)


def _read_bytes(engine: BytesEngine, data: bytes | memoryview, page: Page) -> tuple[Content, int]:
    """Return what an engine takes from a page, and how many characters decoding replaced."""
    html, replaced = utf_8_of(data, page.charset)
    return engine.read(html, page.url), replaced


def _read_text(engine: Engine, data: bytes | memoryview, page: Page) -> tuple[Content, int]:
    """Return the same for an engine that reads text."""
    source = decoded(bytes(data), page.charset)
    return engine.extract(source.text, page.url), source.replaced


def _refused(page: Page, max_bytes: int, *, own_limits: bool) -> str | None:
    """Return the status of a page that no engine is asked about."""
    if not page.data:
        return "no_html"
    if len(page.data) > max_bytes:
        return "too_large"
    if not _is_plain(page.data) and is_binary(bytes(page.data), page.charset):
        return "binary"
    if page.mime != PLAIN and not own_limits and is_too_complex(bytes(page.data)):
        return "too_complex"
    return None


def _is_plain(data: bytes | memoryview) -> bool:
    """Tell whether a page has so few control characters that `is_binary` would say no: nearly all have, and this is faster."""
    if len(data) <= SHORT_BYTES or BINARY_START.match(data):
        return False
    found = control_count(np.frombuffer(data, np.uint8), _NEVER_CODES, SAMPLES, SAMPLE_BYTES)
    return found <= 2 or found * MOST_STRAY <= min(len(data), SAMPLES * SAMPLE_BYTES)


def _whole(content: Content, replaced: int) -> Extracted:
    """Return clean text and title, and the status; `replaced` counts what decoding replaced on the whole page."""
    text = without_nul(content.text).strip()
    title = " ".join(clean(content.title or "").split())[:TITLE_CHARACTERS] or None
    if replaced and text:
        replaced = min(replaced, text.count(REPLACEMENT) + (title or "").count(REPLACEMENT))
    status = "charset" if replaced else "ok" if text else "empty"
    more = {
        name: without_nul(value).strip() if isinstance(value, str) else value for name, value in content.more.items()
    }
    return Extracted(text or None, title, status, replaced, more)


def _is_parser_error(error: BaseException) -> bool:
    """Tell whether a parser failed; a fault inside a Rust library comes as a PanicException, which is not an Exception."""
    return isinstance(error, Exception) or type(error).__name__ == "PanicException"


def page_columns(rows: Sequence[Extracted], more: Sequence[str] = ()) -> dict[str, pa.Array]:
    """Return what was taken from pages as columns; `more` are those of the engine."""
    added = {name: _column([row.more.get(name) for row in rows], COLUMNS[name]) for name in more}
    return {
        "text": _column([row.text for row in rows], pa.string()),
        "title": pa.array([row.title for row in rows], pa.string()),
        "extract_status": pa.array([row.status for row in rows], pa.string()),
        "replaced_characters": pa.array([row.replaced for row in rows], pa.int32()),
        **added,
    }


def _column(values: list[Any], kind: pa.DataType) -> pa.Array:
    """Return values as a column, with U+FFFD in the place of halves of surrogate pairs."""
    try:
        return pa.array(values, kind)
    except UnicodeEncodeError:
        return pa.array([clean(value) if isinstance(value, str) else value for value in values], kind)

"""Extractors of datatrove's in our recipes: HTML to text."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from datatrove.pipeline.extractors.base import BaseExtractor

from atom_data.batch import column, with_columns
from atom_data.bridge.block import check_block, failure, made, versions_of
from atom_data.extract.encoding import decoded
from atom_data.extract.html import Extracted, extracted, page_columns, page_strings
from atom_data.extract.markup import is_too_complex
from atom_data.extract.sniff import is_binary
from atom_data.text.clean import clean

HTML_BYTES = 4 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class DatatroveExtractor:
    """Add `text`, `extract_status` and `replaced_characters` from `html` and `charset`, with an extractor of datatrove's.

    That is Trafilatura, or your own.

    `extract_status` (string) is `ok`, or says why `text` is null: `no_html`, `too_large` (above `max_html_bytes`),
    `binary` (an image, an archive, compressed data), `too_complex` (a page built to take minutes), `empty` (nothing is left),
    or `error: ` and the first 200 characters of an exception of the block's; or `charset`, with a text: see `ExtractHtml`,
    which decodes in the same way, also for `replaced_characters` (int32). A missing package of the block's is a ConfigError.

    The block's `timeout` has no effect: it runs in the worker itself and not in a process with a clock, for what is kept
    must not depend on how busy a machine is; the limits above stand for it. Trafilatura with `deduplicate`, datatrove's
    default, is refused, because it remembers paragraphs of other pages. The class,
    its options and the versions of datatrove and its packages count in a stage's identity.
    """

    block: type[BaseExtractor]
    options: Mapping[str, Any] = field(default_factory=dict)
    """What the class is made with: {"deduplicate": False} for Trafilatura."""
    max_html_bytes: int = HTML_BYTES
    charset: str | None = "charset"
    """The column with the server's charset; None where there is none."""
    versions: tuple[str, ...] = field(init=False, default=())
    """Of datatrove and of the packages that the block requires."""

    def __post_init__(self) -> None:
        """Refuse what is no extractor, and options it does not take."""
        check_block("DatatroveExtractor", self.block, BaseExtractor, self.options)
        object.__setattr__(self, "versions", versions_of(self.block))

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Extract every page of a batch."""
        block = made(self.block, self.options)
        pages = column(batch, "html").cast(pa.large_binary()).to_pylist()
        rows = [
            self._page(block, page, charset)
            for page, charset in zip(pages, page_strings(batch, self.charset), strict=True)
        ]
        columns = page_columns(rows)
        del columns["title"]  # datatrove's extractors have none
        return with_columns(batch, **columns)

    def _page(self, block: Any, page: bytes | None, charset: str | None) -> Extracted:  # noqa: ANN401
        if not page:
            return Extracted(None, None, "no_html", None)
        if len(page) > self.max_html_bytes:
            return Extracted(None, None, "too_large", None)
        if is_binary(page, charset):
            return Extracted(None, None, "binary", None)
        if is_too_complex(page):
            return Extracted(None, None, "too_complex", None)
        source = decoded(page, charset)
        try:
            text = clean(block.extract(source.text) or "").strip()
        except Exception as error:
            return Extracted(None, None, failure(self.block, error), None)
        return extracted(text, None, source.replaced)

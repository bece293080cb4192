"""HTML to text with trafilatura: about fourteen times slower than resiliparse, and more precise on articles."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from atom_data.errors import ConfigError
from atom_data.extract.engine import Content


@dataclass(frozen=True, kw_only=True, slots=True)
class Trafilatura:
    """What trafilatura takes for the main content, with the library's own settings by default.

    Its parameters are trafilatura's of the same meaning. `deduplicate` is always off: it remembers paragraphs of other
    pages, so that a text would depend on what was read before (datatrove and FineWeb have it on).
    Errors: ConfigError without trafilatura (`pip install 'atom-data[trafilatura]'`), when a page or zero rows are read.
    """

    favor_precision: bool = False
    favor_recall: bool = False
    tables: bool = True
    comments: bool = False
    """Whether comments of readers come behind the text; they are left out of the page's own text either way."""
    metadata: bool = False
    """Whether the title is what trafilatura takes for it, from a pass over all metadata that costs half of its time;
    otherwise it is the page's `<title>`."""

    def extract(self, html: str, url: str | None) -> Content:
        """Return text and title."""
        load, extraction = _library()
        tree: Any = html if self.metadata else load(html)
        title = None if self.metadata or tree is None else tree.findtext(".//title")
        document = extraction(
            tree,
            url=url,
            favor_precision=self.favor_precision,
            favor_recall=self.favor_recall,
            include_tables=self.tables,
            include_comments=self.comments,
            deduplicate=False,
            with_metadata=self.metadata,
        )
        if document is None:
            return Content("", title)
        parts = (document.text, document.comments if self.comments else None)
        return Content("\n".join(part for part in parts if part), document.title if self.metadata else title)


@cache
def _library() -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return what makes a tree of a page, and what takes the text out of it."""
    try:
        from trafilatura import bare_extraction, load_html  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError(
            "Trafilatura: the package trafilatura is not installed. pip install 'atom-data[trafilatura]'."
        ) from error
    return load_html, bare_extraction

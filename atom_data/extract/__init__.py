"""From pages to text: encodings, a guard against pages built to stop a parser, HTML."""

from typing import TYPE_CHECKING

from atom_data.lazy import lazy_names

if TYPE_CHECKING:
    from atom_data.extract.html import ExtractHtml as ExtractHtml
    from atom_data.extract.trafilatura import ExtractTrafilatura as ExtractTrafilatura

__all__, __getattr__, __dir__ = lazy_names(
    __name__,
    {
        "html": "ExtractHtml",
        "trafilatura": "ExtractTrafilatura",
    },
)

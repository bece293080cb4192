"""From files to documents: WARC and WET, JSON lines, Parquet and text; HTML to text."""

from typing import TYPE_CHECKING

from atom_data.lazy import lazy_names

if TYPE_CHECKING:
    from atom_data.extract.html import ExtractHtml as ExtractHtml
    from atom_data.extract.jsonl import Jsonl as Jsonl
    from atom_data.extract.parquet import Parquet as Parquet
    from atom_data.extract.text import Text as Text
    from atom_data.extract.trafilatura import ExtractTrafilatura as ExtractTrafilatura
    from atom_data.extract.warc import Warc as Warc
    from atom_data.extract.wet import Wet as Wet

__all__, __getattr__, __dir__ = lazy_names(
    __name__,
    {
        "html": "ExtractHtml",
        "jsonl": "Jsonl",
        "parquet": "Parquet",
        "text": "Text",
        "trafilatura": "ExtractTrafilatura",
        "warc": "Warc",
        "wet": "Wet",
    },
)

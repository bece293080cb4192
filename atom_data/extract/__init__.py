"""From files to documents: WARC and WET, JSON lines, Parquet and text; HTML to text."""

from atom_data.extract.html import ExtractHtml
from atom_data.extract.jsonl import Jsonl
from atom_data.extract.parquet import Parquet
from atom_data.extract.records import check_spans
from atom_data.extract.text import Text
from atom_data.extract.trafilatura import ExtractTrafilatura
from atom_data.extract.warc import Warc
from atom_data.extract.wet import Wet

__all__ = ["ExtractHtml", "ExtractTrafilatura", "Jsonl", "Parquet", "Text", "Warc", "Wet", "check_spans"]

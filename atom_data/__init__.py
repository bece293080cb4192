"""From crawl shards to training batches: the data pipeline for truly open language models."""

from atom_data.dedup import (
    Bloom,
    Copies,
    Lines,
    MinHash,
    Paragraphs,
    RemoveSpans,
    Repeats,
    SameContent,
    SameText,
    SameUrl,
    Substrings,
)
from atom_data.extract import ExtractHtml, Jsonl, Parquet, Text, Warc, Wet
from atom_data.mix import group_by_size, hold_out
from atom_data.rules import keep
from atom_data.stage import Stage
from atom_data.tokens import Tokenize

__all__ = [
    "Bloom",
    "Copies",
    "ExtractHtml",
    "Jsonl",
    "Lines",
    "MinHash",
    "Paragraphs",
    "Parquet",
    "RemoveSpans",
    "Repeats",
    "SameContent",
    "SameText",
    "SameUrl",
    "Stage",
    "Substrings",
    "Text",
    "Tokenize",
    "Warc",
    "Wet",
    "group_by_size",
    "hold_out",
    "keep",
]

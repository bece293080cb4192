"""From crawl shards to training batches: the data pipeline for truly open language models."""

from atom_data.dedup import ExactCopies, MinHash
from atom_data.extract import ExtractHtml, Jsonl, Parquet, Text, Warc, Wet
from atom_data.rules import keep
from atom_data.stage import Stage
from atom_data.tokens import Tokenize

__all__ = [
    "ExactCopies",
    "ExtractHtml",
    "Jsonl",
    "MinHash",
    "Parquet",
    "Stage",
    "Text",
    "Tokenize",
    "Warc",
    "Wet",
    "keep",
]

"""From crawl shards to training batches: the data pipeline for truly open language models.

What is here is imported when it is first asked for: a command that asks for little starts in little time.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

_HOMES = {
    "Bloom": "atom_data.dedup",
    "Copies": "atom_data.dedup",
    "ExtractHtml": "atom_data.extract",
    "Jsonl": "atom_data.extract",
    "Lines": "atom_data.dedup",
    "MinHash": "atom_data.dedup",
    "Paragraphs": "atom_data.dedup",
    "Parquet": "atom_data.extract",
    "RemoveSpans": "atom_data.dedup",
    "Repeats": "atom_data.dedup",
    "SameContent": "atom_data.dedup",
    "SameText": "atom_data.dedup",
    "SameUrl": "atom_data.dedup",
    "Stage": "atom_data.stage",
    "Substrings": "atom_data.dedup",
    "Text": "atom_data.extract",
    "Tokenize": "atom_data.tokens",
    "Warc": "atom_data.extract",
    "Wet": "atom_data.extract",
    "group_by_size": "atom_data.mix",
    "hold_out": "atom_data.mix",
    "keep": "atom_data.rules",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - of any class or function named above
    if name not in _HOMES:
        raise AttributeError(f"module 'atom_data' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

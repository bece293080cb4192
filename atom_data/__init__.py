"""From crawl shards to training batches: the data pipeline for truly open language models."""

from typing import TYPE_CHECKING

from atom_data.lazy import lazy_names
from atom_data.public_names import MOVED

if TYPE_CHECKING:
    from atom_data.dedup import Bloom as Bloom
    from atom_data.dedup import Copies as Copies
    from atom_data.dedup import Lines as Lines
    from atom_data.dedup import MinHash as MinHash
    from atom_data.dedup import Paragraphs as Paragraphs
    from atom_data.dedup import RemoveSpans as RemoveSpans
    from atom_data.dedup import Repeats as Repeats
    from atom_data.dedup import SameContent as SameContent
    from atom_data.dedup import SameText as SameText
    from atom_data.dedup import SameUrl as SameUrl
    from atom_data.dedup import Substrings as Substrings
    from atom_data.extract import Extract as Extract
    from atom_data.library import apply as apply
    from atom_data.library import exact_copies as exact_copies
    from atom_data.library import identify_languages as identify_languages
    from atom_data.library import near_copies as near_copies
    from atom_data.library import run as run
    from atom_data.mix import Quantiles as Quantiles
    from atom_data.mix import group_by_size as group_by_size
    from atom_data.mix import group_by_value as group_by_value
    from atom_data.mix import hold_out as hold_out
    from atom_data.readers import CommonCrawl as CommonCrawl
    from atom_data.readers import CommonCrawlIndex as CommonCrawlIndex
    from atom_data.readers import CommonCrawlText as CommonCrawlText
    from atom_data.readers import HubDataset as HubDataset
    from atom_data.readers import Jsonl as Jsonl
    from atom_data.readers import MediaWiki as MediaWiki
    from atom_data.readers import Parquet as Parquet
    from atom_data.readers import Tables as Tables
    from atom_data.readers import Text as Text
    from atom_data.readers import Warc as Warc
    from atom_data.readers import Wet as Wet
    from atom_data.rules import keep as keep
    from atom_data.stage import Stage as Stage
    from atom_data.tokens import Tokenize as Tokenize

__all__, __getattr__, __dir__ = lazy_names(
    __name__,
    {
        "dedup": "Bloom Copies Lines MinHash Paragraphs RemoveSpans Repeats SameContent SameText SameUrl Substrings",
        "extract": "Extract",
        "library": "apply exact_copies identify_languages near_copies run",
        "mix": "Quantiles group_by_size group_by_value hold_out",
        "readers": "CommonCrawl CommonCrawlIndex CommonCrawlText HubDataset Jsonl MediaWiki Parquet Tables Text Warc Wet",
        "rules": "keep",
        "stage": "Stage",
        "tokens": "Tokenize",
    },
    MOVED,
)

"""From crawl shards to training batches: the data pipeline for truly open language models."""

from typing import TYPE_CHECKING

from atom_data.lazy import lazy_names
from atom_data.public_names import MOVED

if TYPE_CHECKING:
    from atom_data.dedup import (
        Bloom as Bloom,
        Copies as Copies,
        Lines as Lines,
        MinHash as MinHash,
        Paragraphs as Paragraphs,
        RemoveSpans as RemoveSpans,
        Repeats as Repeats,
        SameContent as SameContent,
        SameText as SameText,
        SameUrl as SameUrl,
        Substrings as Substrings,
    )
    from atom_data.extract import Extract as Extract
    from atom_data.library import (
        apply as apply,
        exact_copies as exact_copies,
        identify_languages as identify_languages,
        near_copies as near_copies,
        run as run,
    )
    from atom_data.mix import (
        Quantiles as Quantiles,
        group_by_size as group_by_size,
        group_by_value as group_by_value,
        hold_out as hold_out,
    )
    from atom_data.readers import (
        CommonCrawl as CommonCrawl,
        CommonCrawlIndex as CommonCrawlIndex,
        CommonCrawlText as CommonCrawlText,
        HubDataset as HubDataset,
        Jsonl as Jsonl,
        MediaWiki as MediaWiki,
        Parquet as Parquet,
        Tables as Tables,
        Text as Text,
        Warc as Warc,
        Wet as Wet,
    )
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

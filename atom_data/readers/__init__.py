"""From files to documents: WARC, Common Crawl by lists and index, dumps of MediaWiki, JSON lines, Parquet, tables, text."""

from typing import TYPE_CHECKING

from atom_data.lazy import lazy_names

if TYPE_CHECKING:
    from atom_data.readers.common_crawl.files import (
        CommonCrawl as CommonCrawl,
        CommonCrawlText as CommonCrawlText,
        Patience as Patience,
    )
    from atom_data.readers.common_crawl.index import CommonCrawlIndex as CommonCrawlIndex
    from atom_data.readers.fields.mapping import Messages as Messages
    from atom_data.readers.hub.dataset import HubDataset as HubDataset
    from atom_data.readers.jsonl import Jsonl as Jsonl
    from atom_data.readers.mediawiki.dump import MediaWiki as MediaWiki
    from atom_data.readers.parquet import Parquet as Parquet
    from atom_data.readers.plain_text import Text as Text
    from atom_data.readers.tables.tables import Tables as Tables
    from atom_data.readers.warc import Warc as Warc
    from atom_data.readers.wet import Wet as Wet

__all__, __getattr__, __dir__ = lazy_names(
    __name__,
    {
        "common_crawl.files": "CommonCrawl CommonCrawlText Patience",
        "common_crawl.index": "CommonCrawlIndex",
        "fields.mapping": "Messages",
        "hub.dataset": "HubDataset",
        "jsonl": "Jsonl",
        "mediawiki.dump": "MediaWiki",
        "parquet": "Parquet",
        "plain_text": "Text",
        "tables.tables": "Tables",
        "warc": "Warc",
        "wet": "Wet",
    },
)

"""The sources and jobs of this package, named here so that mypy says where one no longer is what it should be."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from atom_data.dedup.copies import Copies
    from atom_data.dedup.documents import Measures
    from atom_data.dedup.exact.exact import Groups
    from atom_data.dedup.guard import Guard
    from atom_data.dedup.index.series import Series
    from atom_data.dedup.marks import Marks
    from atom_data.dedup.near.candidates import Candidates
    from atom_data.dedup.near.clusters import Clusters, Links
    from atom_data.dedup.near.confirm import Confirmed
    from atom_data.dedup.repeats.marks import MarkRepeats
    from atom_data.dedup.repeats.repeats import Repeats
    from atom_data.dedup.repeats.rounds import ComparePieces, CutPieces
    from atom_data.extend import AllShards, EachShard
    from atom_data.graph import Job, Node, Source
    from atom_data.mix.parts import Part
    from atom_data.readers import (
        CommonCrawl,
        CommonCrawlIndex,
        CommonCrawlText,
        HubDataset,
        Jsonl,
        MediaWiki,
        Parquet,
        Tables,
        Text,
        Warc,
        Wet,
    )
    from atom_data.stage import Stage
    from atom_data.testing.passes import Held
    from atom_data.tokens import Tokenize

    FILES: tuple[type[Source], ...] = (
        CommonCrawl, CommonCrawlIndex, CommonCrawlText, HubDataset, Jsonl, MediaWiki, Parquet, Tables, Text, Warc, Wet,
        Series, Held,
    )  # fmt: skip
    MADE: tuple[type[Source], ...] = (Stage, Part, Copies, Repeats)
    NODES: tuple[type[Node], ...] = (Stage, Tokenize, Copies, Repeats, Part)
    JOBS: tuple[type[Job], ...] = (
        Stage, Tokenize, Measures, Groups, Links, Clusters, Candidates, Confirmed, Marks, Guard, CutPieces, ComparePieces,
        MarkRepeats, EachShard, AllShards,
    )  # fmt: skip

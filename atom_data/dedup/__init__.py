"""Whole-corpus passes that find copies and repeats. Each ends as columns; cards decide what to do with them."""

from typing import TYPE_CHECKING

from atom_data.lazy import lazy_names

if TYPE_CHECKING:
    from atom_data.dedup.copies import Copies as Copies
    from atom_data.dedup.exact.exact import (
        Same as Same,
        SameContent as SameContent,
        SameText as SameText,
        SameUrl as SameUrl,
        hash_text as hash_text,
    )
    from atom_data.dedup.exact.keys import CanonicalUrl as CanonicalUrl, ContentHash as ContentHash
    from atom_data.dedup.near.minhash import (
        BandHashes as BandHashes,
        MinHash as MinHash,
        Sketch as Sketch,
        measured_before as measured_before,
    )
    from atom_data.dedup.repeats.engines import Bloom as Bloom, Exact as Exact
    from atom_data.dedup.repeats.lines import Lines as Lines, Paragraphs as Paragraphs
    from atom_data.dedup.repeats.remove import RemoveSpans as RemoveSpans
    from atom_data.dedup.repeats.repeats import Repeats as Repeats
    from atom_data.dedup.repeats.substrings import Substrings as Substrings
    from atom_data.dedup.survivors import Survivors as Survivors

__all__, __getattr__, __dir__ = lazy_names(
    __name__,
    {
        "copies": "Copies",
        "exact.exact": "Same SameContent SameText SameUrl hash_text",
        "exact.keys": "CanonicalUrl ContentHash",
        "near.minhash": "BandHashes MinHash Sketch measured_before",
        "repeats.engines": "Bloom Exact",
        "repeats.lines": "Lines Paragraphs",
        "repeats.remove": "RemoveSpans",
        "repeats.repeats": "Repeats",
        "repeats.substrings": "Substrings",
        "survivors": "Survivors",
    },
)

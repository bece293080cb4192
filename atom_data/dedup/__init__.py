"""Whole-corpus passes that find copies and repeats. Each ends as columns; cards decide what to do with them."""

from typing import TYPE_CHECKING

from atom_data.lazy import lazy_names

if TYPE_CHECKING:
    from atom_data.dedup.copies import Copies as Copies
    from atom_data.dedup.engines import Bloom as Bloom
    from atom_data.dedup.engines import Exact as Exact
    from atom_data.dedup.exact import Same as Same
    from atom_data.dedup.exact import SameContent as SameContent
    from atom_data.dedup.exact import SameText as SameText
    from atom_data.dedup.exact import SameUrl as SameUrl
    from atom_data.dedup.exact import hash_text as hash_text
    from atom_data.dedup.keys import CanonicalUrl as CanonicalUrl
    from atom_data.dedup.keys import ContentHash as ContentHash
    from atom_data.dedup.lines import Lines as Lines
    from atom_data.dedup.lines import Paragraphs as Paragraphs
    from atom_data.dedup.minhash import BandHashes as BandHashes
    from atom_data.dedup.minhash import MinHash as MinHash
    from atom_data.dedup.minhash import Sketch as Sketch
    from atom_data.dedup.minhash import measured_before as measured_before
    from atom_data.dedup.remove import RemoveSpans as RemoveSpans
    from atom_data.dedup.repeats import Repeats as Repeats
    from atom_data.dedup.substrings import Substrings as Substrings
    from atom_data.dedup.survivors import Survivors as Survivors

__all__, __getattr__, __dir__ = lazy_names(
    __name__,
    {
        "copies": "Copies",
        "engines": "Bloom Exact",
        "exact": "Same SameContent SameText SameUrl hash_text",
        "keys": "CanonicalUrl ContentHash",
        "lines": "Lines Paragraphs",
        "minhash": "BandHashes MinHash Sketch measured_before",
        "remove": "RemoveSpans",
        "repeats": "Repeats",
        "substrings": "Substrings",
        "survivors": "Survivors",
    },
)

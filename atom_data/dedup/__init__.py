"""Whole-corpus passes that find copies and repeats. Each ends as columns; cards decide what to do with them."""

from atom_data.dedup.copies import Copies
from atom_data.dedup.engines import Bloom, Exact
from atom_data.dedup.exact import Same, SameContent, SameText, SameUrl, hash_text
from atom_data.dedup.keys import CanonicalUrl, ContentHash
from atom_data.dedup.lines import Lines, Paragraphs
from atom_data.dedup.minhash import BandHashes, MinHash, Sketch
from atom_data.dedup.remove import RemoveSpans
from atom_data.dedup.repeats import Repeats
from atom_data.dedup.substrings import Substrings

__all__ = [
    "BandHashes",
    "Bloom",
    "CanonicalUrl",
    "ContentHash",
    "Copies",
    "Exact",
    "Lines",
    "MinHash",
    "Paragraphs",
    "RemoveSpans",
    "Repeats",
    "Same",
    "SameContent",
    "SameText",
    "SameUrl",
    "Sketch",
    "Substrings",
    "hash_text",
]

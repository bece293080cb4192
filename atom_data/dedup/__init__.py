"""Whole-corpus passes that find copies. Each ends as columns; cards decide what to do with them."""

from atom_data.dedup.copies import Copies
from atom_data.dedup.exact import SameText, hash_text
from atom_data.dedup.keys import CanonicalUrl, ContentHash
from atom_data.dedup.minhash import BandHashes, MinHash

__all__ = ["BandHashes", "CanonicalUrl", "ContentHash", "Copies", "MinHash", "SameText", "hash_text"]

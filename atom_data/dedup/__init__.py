"""Whole-corpus passes that find copies. Each ends as columns; cards decide what to do with them."""

from atom_data.dedup.copies import Copies
from atom_data.dedup.exact import Same, SameText, hash_text
from atom_data.dedup.minhash import BandHashes, MinHash, Sketch

__all__ = ["BandHashes", "Copies", "MinHash", "Same", "SameText", "Sketch", "hash_text"]

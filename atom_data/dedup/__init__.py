"""Whole-corpus passes that find copies. Each ends as columns; cards decide what to do with them."""

from atom_data.dedup.exact import ExactCopies, hash_text
from atom_data.dedup.minhash import BandHashes, MinHash

__all__ = ["BandHashes", "ExactCopies", "MinHash", "hash_text"]

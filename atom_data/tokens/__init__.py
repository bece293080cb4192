"""Documents to token shards: the pass `Tokenize`, and what a finished folder of tokens holds."""

from atom_data.tokens.manifest import manifest
from atom_data.tokens.tokenize import Tokenize

__all__ = ["Tokenize", "manifest"]

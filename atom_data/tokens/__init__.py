"""Documents to token shards: the pass `Tokenize`, and what a finished folder of tokens holds."""

from typing import TYPE_CHECKING

from atom_data.lazy import lazy_names
from atom_data.tokens.manifest import manifest  # at once: its module has its name

if TYPE_CHECKING:
    from atom_data.tokens.tokenize import Tokenize as Tokenize

__all__, __getattr__, __dir__ = lazy_names(__name__, {"tokenize": "Tokenize"})
__all__ += ["manifest"]

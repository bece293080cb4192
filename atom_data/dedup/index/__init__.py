"""An index of near-duplicates: crawls are added, documents removed."""

from typing import TYPE_CHECKING

from atom_data.lazy import lazy_names

if TYPE_CHECKING:
    from atom_data.dedup.index.index import Index as Index

__all__, __getattr__, __dir__ = lazy_names(
    __name__,
    {
        "index": "Index",
    },
)

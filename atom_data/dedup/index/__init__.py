"""An index of near duplicates that grows by crawls and loses documents."""

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

"""datatrove's blocks as steps in our recipes, our steps as a filter in its pipelines, our stages under its executors."""

from typing import TYPE_CHECKING

from atom_data.lazy import lazy_names

if TYPE_CHECKING:
    from atom_data.bridge.extractor import DatatroveExtractor as DatatroveExtractor
    from atom_data.bridge.filter import DatatroveFilter as DatatroveFilter
    from atom_data.bridge.formatter import DatatroveFormatter as DatatroveFormatter
    from atom_data.bridge.steps import AtomFilter as AtomFilter

__all__, __getattr__, __dir__ = lazy_names(
    __name__,
    {
        "extractor": "DatatroveExtractor",
        "filter": "DatatroveFilter",
        "formatter": "DatatroveFormatter",
        "steps": "AtomFilter",
    },
)

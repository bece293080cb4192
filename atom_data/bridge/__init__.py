"""datatrove's blocks as steps in our recipes, our steps as a filter in its pipelines, our stages under its executors."""

from atom_data.bridge.extractor import DatatroveExtractor
from atom_data.bridge.filter import DatatroveFilter
from atom_data.bridge.formatter import DatatroveFormatter
from atom_data.bridge.steps import AtomFilter

__all__ = ["AtomFilter", "DatatroveExtractor", "DatatroveFilter", "DatatroveFormatter"]

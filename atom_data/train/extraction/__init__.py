"""Models for main text, trained from pages whose text is known, for our engine of `Extract`."""

from atom_data.train.extraction.extractor import Options
from atom_data.train.extraction.files import train_extractor
from atom_data.train.extraction.report import Part, Report

__all__ = ["Options", "Part", "Report", "train_extractor"]

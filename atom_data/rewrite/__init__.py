"""Rewrites: steps that change `text`, and add columns that say how much of what they changed. None drops a row."""

from atom_data.rewrite.lines import RemoveBoilerplateLines, RemoveC4Lines
from atom_data.rewrite.private import ReplacePrivate
from atom_data.rewrite.unicode import NormalizeUnicode, RepairUnicode

__all__ = ["NormalizeUnicode", "RemoveBoilerplateLines", "RemoveC4Lines", "RepairUnicode", "ReplacePrivate"]

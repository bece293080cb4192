"""Rewrites: steps that change `text`, and add columns that say how much of what they changed. None drops a row."""

from typing import TYPE_CHECKING

from atom_data.lazy import lazy_names

if TYPE_CHECKING:
    from atom_data.rewrite.addresses import LimitNewlines as LimitNewlines, RemoveAddresses as RemoveAddresses
    from atom_data.rewrite.dclm_lines import RemoveDclmLines as RemoveDclmLines
    from atom_data.rewrite.lines import RemoveBoilerplateLines as RemoveBoilerplateLines, RemoveC4Lines as RemoveC4Lines
    from atom_data.rewrite.private import ReplacePrivate as ReplacePrivate
    from atom_data.rewrite.symbol_lines import RemoveSymbolLines as RemoveSymbolLines
    from atom_data.rewrite.unicode import NormalizeUnicode as NormalizeUnicode, RepairUnicode as RepairUnicode

__all__, __getattr__, __dir__ = lazy_names(
    __name__,
    {
        "addresses": "LimitNewlines RemoveAddresses",
        "dclm_lines": "RemoveDclmLines",
        "lines": "RemoveBoilerplateLines RemoveC4Lines",
        "private": "ReplacePrivate",
        "symbol_lines": "RemoveSymbolLines",
        "unicode": "NormalizeUnicode RepairUnicode",
    },
)

"""What a run reads, in which shares: parts of a corpus, and mixtures of token folders with their plan."""

from typing import TYPE_CHECKING

from atom_data.lazy import lazy_names

if TYPE_CHECKING:
    from atom_data.mix.mix import Mix as Mix, Source as Source, load_mix as load_mix
    from atom_data.mix.mixture import BLOCK as BLOCK, Mixture as Mixture
    from atom_data.mix.parts import (
        Part as Part,
        group_by_size as group_by_size,
        group_by_value as group_by_value,
        hold_out as hold_out,
    )
    from atom_data.mix.plan import MixPlan as MixPlan, plan_mix as plan_mix
    from atom_data.mix.quantiles import Quantiles as Quantiles

__all__, __getattr__, __dir__ = lazy_names(
    __name__,
    {
        "mix": "Mix Source load_mix",
        "mixture": "BLOCK Mixture",
        "parts": "Part group_by_size group_by_value hold_out",
        "plan": "MixPlan plan_mix",
        "quantiles": "Quantiles",
    },
)

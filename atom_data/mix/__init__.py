"""What a run reads, in which shares: parts of a corpus, and mixtures of token folders that a plan has tried."""

from atom_data.mix.mix import Mix, Source, load_mix
from atom_data.mix.mixture import BLOCK, Mixture
from atom_data.mix.parts import Part, group_by_size, hold_out
from atom_data.mix.plan import MixPlan, plan_mix

__all__ = ["BLOCK", "Mix", "MixPlan", "Mixture", "Part", "Source", "group_by_size", "hold_out", "load_mix", "plan_mix"]

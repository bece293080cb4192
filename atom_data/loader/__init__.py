"""From token shards to batches, in an order that is a pure function of seed, mixture and sample number.

These need no torch; for tensors: `from atom_data.loader.dataset import TokenDataset, TokenLoader`.
"""

from atom_data.loader.batches import Batches
from atom_data.loader.packed import PackedShards
from atom_data.loader.samples import Samples, open_mix
from atom_data.loader.tokens import TokenShards
from atom_data.mix.mixture import Mixture
from atom_data.mix.order import Order, Place
from atom_data.mix.permutation import Permutation

__all__ = ["Batches", "Mixture", "Order", "PackedShards", "Permutation", "Place", "Samples", "TokenShards", "open_mix"]

"""Who survives among copies: a total order over documents, best first."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from atom_data.errors import ConfigError

POLICIES = {
    "source": ("priority", "ascending"),
    "longest": ("text_bytes", "descending"),
    "newest": ("date", "descending"),
    "oldest": ("date", "ascending"),
    "first": ("number", "ascending"),
}
"""What `keep` may name: a column and its direction. `priority` is the place of the source in `prefer`, `number` that of the
document among all: by the names of the shards, then by row."""

COLUMNS = pa.schema([("id", pa.string()), ("source", pa.string()), ("date", pa.string()), ("text_bytes", pa.int64())])
"""What the order looks at."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Survivors:
    """The order in which documents are kept: by each policy of `keep` in turn, then by smaller id, then by number.

    Dates are compared as text, so they must be written alike (ISO 8601); a document without a date comes last.
    """

    keep: tuple[str, ...] = ("source", "longest")
    prefer: tuple[str, ...] = ()
    """Names of sources, best first; sources not named come after, all alike."""

    def __post_init__(self) -> None:
        """Refuse policies that there are not."""
        for name in self.keep:
            if name not in POLICIES:
                raise ConfigError(f"keep: no policy '{name}'; policies: {', '.join(POLICIES)}. Name some of these.")

    def order(self, table: pa.Table) -> npt.NDArray[np.int64]:
        """Return the rows of a table of COLUMNS and `number`, best first."""
        ranks = pa.array(list(self.prefer), pa.string())
        unnamed = pa.scalar(len(self.prefer), pa.int32())
        priority = pc.fill_null(pc.index_in(table.column("source"), value_set=ranks), unnamed)
        keys = [POLICIES[name] for name in self.keep]
        found = pc.sort_indices(
            table.append_column("priority", priority),
            sort_keys=[*keys, ("id", "ascending"), ("number", "ascending")],
        )
        order: npt.NDArray[np.int64] = found.to_numpy().astype(np.int64)
        return order


def ranks_within(
    cluster: npt.NDArray[np.int64], order: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return, for each document, its rank in its cluster (0: the best in `order`) and the cluster's size.

    `cluster` has one name (any number) a document.
    """
    size = len(cluster)
    grouped = order[np.argsort(cluster[order], kind="stable")]
    names = cluster[grouped]
    begins = np.flatnonzero(np.concatenate([np.ones(min(size, 1), bool), names[1:] != names[:-1]]))
    lengths = np.diff(np.append(begins, size))
    ranks, sizes = np.empty(size, np.int64), np.empty(size, np.int64)
    ranks[grouped] = np.arange(size) - np.repeat(begins, lengths)
    sizes[grouped] = np.repeat(lengths, lengths)
    return ranks, sizes

"""Passages of what goes: hashes of every 13 words in a row, kept so that anyone can ask later whether one still stands somewhere.

OUT/removals/0001.passages.npy    uint64, sorted, each once: the shingles of `text.similarity.shingles` of the texts that went
"""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from atom_data.runner.claims.takedowns import passages_path
from atom_data.storage.paths import create, local
from atom_data.takedown.journal import FILES, PASSAGES, Journal
from atom_data.text.buffers import string_buffers
from atom_data.text.similarity.shingles import Shingles, shingle_set
from atom_data.workspace import Workspace

WORDS = 13
"""As evaluation sets are looked for: shorter ones stand in many texts."""
Hashes = npt.NDArray[np.uint64]


def passages(texts: pa.Array) -> Shingles:
    """Return the passages of each text, sorted; of one with fewer words none. Memory: four times the texts."""
    found = shingle_set(string_buffers(texts), WORDS)
    alone = np.diff(found.offsets) < 2  # one may stand for fewer words than that
    keep = np.repeat(~alone, np.diff(found.offsets))
    lengths = np.where(alone, 0, np.diff(found.offsets))
    return Shingles(found.hashes[keep], np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)]))


def note_passages(texts: Iterable[pa.Array], job: str, shard: str, workspace: Workspace) -> None:
    """Write the passages of the texts that go from a shard to where they wait."""
    found = [passages(batch).hashes for batch in texts if len(batch)]
    if found:
        _write(workspace.path(PASSAGES, job, f"{shard}.npy"), np.unique(np.concatenate(found)), workspace)


def join_passages(journal: Journal, workspace: Workspace) -> str:
    """Write all passages of a takedown as one file where it waits; return where it will be. Memory: 16 bytes a passage."""
    found = [np.load(path) for path in sorted(local(workspace.path(PASSAGES)).rglob("*.npy"))]
    whole = np.unique(np.concatenate([np.zeros(0, np.uint64), *found]))
    _write(workspace.path(FILES, passages_path(journal.number)), whole, workspace)
    return passages_path(journal.number)


def _write(path: str, hashes: Hashes, workspace: Workspace) -> None:
    with create(path, workspace.token) as stream:
        np.lib.format.write_array(stream, hashes)


def hits(found: Shingles, known: Hashes) -> npt.NDArray[np.int64]:
    """Return how many of the passages of each text are known; `known` is sorted."""
    if not len(known):
        return np.zeros(len(found.offsets) - 1, np.int64)
    places = np.minimum(np.searchsorted(known, found.hashes), len(known) - 1)
    sums = np.concatenate([np.zeros(1, np.int64), np.cumsum(known[places] == found.hashes)])
    counted: npt.NDArray[np.int64] = np.diff(sums[found.offsets])
    return counted

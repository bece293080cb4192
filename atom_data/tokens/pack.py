"""Best-fit packing as a plan: which parts of which documents make a sample; no token is copied.

Documents longer than a sample are cut into whole samples and a rest; rests and all other documents, the longest first,
each go into the sample with the least free space that still holds it (best-fit decreasing, Ding et al. 2024, "Fewer Truncations
Improve Language Modeling", section 3.2). So no document that fits into a sample is ever cut.

FOLDER/SHARD.pack      little-endian int64: samples + 1 bounds, then two numbers per piece: its first token in the shard, and
                       how many; sample i has the pieces from bound i to bound i + 1
FOLDER/packing.json    length, fingerprint of the tokens, statistics, and bytes and SHA-256 of every plan

`atom_data.loader.PackedShards` reads it.
"""

import json
import os
from bisect import bisect_left, insort
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from atom_data.errors import ConfigError, DataError
from atom_data.storage.made import Made, making, write_file
from atom_data.storage.paths import join
from atom_data.storage.receipts import read_json
from atom_data.tokens.exports import folders_of, note_export
from atom_data.tokens.manifest import manifest
from atom_data.tokens.megatron import Index, read_pair

FORMAT = 2
PLAN = ".pack"
PAGE = "packing.json"
TOKEN = "pack"
Ints = npt.NDArray[np.int64]


class Packed(NamedTuple):
    """The plan of a shard: rows of `pieces` are document, first token, tokens; sample i has those of its range."""

    samples: Ints
    pieces: npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Packing:
    """The result of a packing."""

    length: int
    samples: int
    tokens: int
    documents: int
    cut: int
    """Documents in more than one sample: those longer than a sample, and no others."""
    cut_by_windows: int
    """Documents that windows of the same length, one after the other, would cut."""

    @property
    def fill(self) -> float:
        """The share of all places in samples that hold a token."""
        return self.tokens / max(self.samples * self.length, 1)


def pack(lengths: npt.NDArray[np.int32], length: int) -> Packed:
    """Plan samples of at most `length` tokens for documents of these lengths. Time: nearly linear in the documents.

    Memory: about 60 bytes per piece. All pieces of n tokens are placed together: a sample with room r takes r // n of
    them, as it would of one after the other, for each leaves it the one with the least room.
    """
    sizes = lengths.astype(np.int64)
    whole, rest = sizes // length, sizes % length
    counts = whole + (rest > 0)
    document = np.repeat(np.arange(len(sizes)), counts)
    nth = np.arange(len(document)) - np.repeat(np.cumsum(counts) - counts, counts)
    first = nth * length
    size = np.minimum(sizes[document] - first, length)
    sample = np.full(len(size), -1, np.int64)
    by_size = np.argsort(-size, kind="stable")
    groups = np.flatnonzero(np.diff(size[by_size], prepend=-1))
    rooms: dict[int, list[Ints]] = {}
    open_rooms: list[int] = []
    made = 0
    for start, stop in pairwise([*groups.tolist(), len(size)]):
        mine = by_size[start:stop]
        need = int(size[mine[0]])
        made = _place(mine, need, length, sample, rooms, open_rooms, made)
    order = np.argsort(sample, kind="stable")
    bounds = np.searchsorted(sample[order], np.arange(made + 1))
    pieces = np.stack([document[order], first[order], size[order]], axis=1).astype(np.int32)
    return Packed(bounds.astype(np.int64), pieces)


def _place(
    mine: Ints, need: int, length: int, sample: Ints, rooms: dict[int, list[Ints]], open_rooms: list[int], made: int
) -> int:
    """Put all pieces of one length into the tightest samples that are open, then into new ones; return how many exist."""
    while len(mine):
        at = bisect_left(open_rooms, need)
        if at < len(open_rooms):
            room = open_rooms[at]
            into = _take(rooms, open_rooms, room, -(-len(mine) // (room // need)))
        else:
            room, new = length, -(-len(mine) // (length // need))
            into, made = np.arange(made, made + new), made + new
        each = room // need
        here = min(len(mine), each * len(into))
        sample[mine[:here]] = np.repeat(into, each)[:here]
        mine = mine[here:]
        full, left = divmod(here, each)
        _give(rooms, open_rooms, room - each * need, into[:full])
        if left:
            _give(rooms, open_rooms, room - left * need, into[full : full + 1])
    return made


def _take(rooms: dict[int, list[Ints]], open_rooms: list[int], room: int, most: int) -> Ints:
    """Take up to `most` samples with this room."""
    there = np.concatenate(rooms.pop(room))
    taken, kept = there[:most], there[most:]
    if len(kept):
        rooms[room] = [kept]
    else:
        open_rooms.remove(room)
    return taken


def _give(rooms: dict[int, list[Ints]], open_rooms: list[int], room: int, samples: Ints) -> None:
    if room and len(samples):
        if room not in rooms:
            rooms[room] = []
            insort(open_rooms, room)
        rooms[room].append(samples)


def pack_folder(
    folder: str, target: str, length: int, progress: Callable[[int, int], None] = lambda done, of: None
) -> Packing:
    """Plan the samples of every shard of a finished tokens folder into `target`. DataError for a shard that is broken.

    A plan of the same tokens there is replaced; ConfigError for a folder with anything else in it (storage/made.py).
    """
    path, place = folders_of("pack", "packed", folder, target)
    if length < 1:
        raise ConfigError(f"pack: a sample of {length} tokens cannot be. Give a length above 0.")
    found = manifest(str(path.parent), path.name)
    shards: list[dict[str, Any]] = []
    total = Packing(length, 0, 0, 0, 0, 0)
    names = [*(f"{shard['name']}{PLAN}" for shard in found["shards"]), PAGE]
    claim = Made(
        by=TOKEN, of=os.path.realpath(path), fingerprint=found["fingerprint"], options={"length": length},
        files=tuple({"path": name} for name in names),
    )  # fmt: skip
    with making(place, claim) as made:
        note_export(path, place)
        for number, shard in enumerate(found["shards"], 1):
            one, plan = _planned(read_pair(join(str(path.parent), shard["bin"]["path"]).removesuffix(".bin")), length)
            saved = write_file(place, f"{shard['name']}{PLAN}", plan.astype("<i8").tobytes(), TOKEN)
            made.files.append(saved)
            shards.append({"name": shard["name"], **asdict(one), **{key: saved[key] for key in ("bytes", "sha256")}})
            sums = {key: getattr(total, key) + getattr(one, key) for key in asdict(one) if key != "length"}
            total = Packing(length=length, **sums)
            progress(number, len(found["shards"]))
        page = {"format": FORMAT, "fingerprint": found["fingerprint"], **asdict(total), "shards": shards}
        made.files.append(write_file(place, PAGE, (json.dumps(page, indent=1) + "\n").encode(), TOKEN))
    return total


def _planned(index: Index, length: int) -> tuple[Packing, Ints]:
    """Plan one shard; return what it comes to and the numbers of its file."""
    packed = pack(index.lengths, length)
    one = Packing(
        length=length,
        samples=len(packed.samples) - 1,
        tokens=int(packed.pieces[:, 2].sum()),
        documents=len(index.lengths),
        cut=int(np.count_nonzero(index.lengths > length)),
        cut_by_windows=_cut_by_windows(index.starts, index.lengths, length),
    )
    first = index.starts[packed.pieces[:, 0]] + packed.pieces[:, 1]
    placed = np.stack([first, packed.pieces[:, 2]], axis=1)
    return one, np.concatenate([packed.samples, placed.ravel()])


def _cut_by_windows(starts: npt.NDArray[np.int64], lengths: npt.NDArray[np.int32], length: int) -> int:
    return int(np.count_nonzero(starts // length != (starts + np.maximum(lengths, 1) - 1) // length))


def read_packing(folder: str) -> dict[str, Any]:
    """Return what packing.json says. DataError when it is not there, or is not of this format."""
    path = join(folder, PAGE)
    page = read_json(path)
    if page is None or page.get("format") != FORMAT:
        what = (
            "there is no packing here" if page is None else f"is of format {page.get('format')}, this one is {FORMAT}"
        )
        raise DataError(f"{path}: {what}. Make it with atom-data pack OUT/TOKENS --to {folder}.")
    return page

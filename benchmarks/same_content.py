"""Compare two output folders by content, names aside: rows, ledgers, dead letters, counts, tokens, batches.

    python benchmarks/same_content.py OUT OTHER

Jobs are paired by what they made, whatever their folders are called, so that a recipe whose stages were renamed, or one
whose passes lie elsewhere, can be held against an older run. Every file is read: what a receipt says is not believed.
Exit code 0 where each job of one has its like in the other and the batches of each tokens folder are the same; else 1,
with a line for each that has none. Intermediates that `atom-data clean` took away count by their receipts.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from inputs import arguments

from atom_data.loader import Batches, Samples, TokenShards

COUNTS = ("rows_in", "rows_out", "dropped", "unreadable", "skipped", "text_bytes", "tokens")
BATCHES, ROWS, LENGTH = 20, 4, 128


@dataclass(frozen=True)
class Made:
    """What a job made: its folder, and one hash over counts and files of all shards."""

    folder: str
    digest: str
    shards: int
    files: int


def made(out: Path) -> list[Made]:
    """Return what every job of an output folder made, by folder."""
    plans = sorted([*out.glob("*/plan.json"), *out.glob("*/*/plan.json")])
    return [_made(out, plan.parent) for plan in plans]


def _made(out: Path, folder: Path) -> Made:
    name, digest, files = folder.relative_to(out).as_posix(), hashlib.sha256(), 0
    shards: list[str] = json.loads((folder / "plan.json").read_bytes())["shards"]
    for shard in shards:
        receipt = json.loads((folder / "receipts" / f"{shard}.json").read_bytes())
        digest.update(json.dumps([shard, {count: receipt[count] for count in COUNTS}], sort_keys=True).encode())
        for item in sorted(receipt["outputs"], key=lambda item: str(item["path"])):
            files += 1
            path = out / item["path"]
            content = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else item["sha256"]
            digest.update(f"{item['path'].removeprefix(name)} {content}\n".encode())
    return Made(name, digest.hexdigest(), len(shards), files)


def pairs(first: list[Made], second: list[Made]) -> Iterator[tuple[Made | None, Made | None]]:
    """Yield each job with its like: the one that made the same, of several the one with the likest name."""
    rest = list(second)
    for job in first:
        alike = [other for other in rest if other.digest == job.digest]
        like = min(alike, key=lambda other: (_plain(other.folder) != _plain(job.folder), other.folder), default=None)
        if like is not None:
            rest.remove(like)
        yield job, like
    yield from ((None, other) for other in rest)


def _plain(folder: str) -> str:
    return folder.replace("/", "-")


def batches(out: Path, folder: str) -> str:
    """Return a hash over the first batches of a tokens folder, as a training loop gets them; nothing of any other folder."""
    if not list((out / folder).glob("*.bin")):
        return ""
    digest = hashlib.sha256()
    drawn = Batches(Samples(TokenShards(str(out / folder), sequence_length=LENGTH), seed=7), batch_size=ROWS)
    for batch in islice(drawn, BATCHES):
        for name in sorted(batch):
            digest.update(name.encode())
            digest.update(np.asarray(batch[name]).tobytes())
    return digest.hexdigest()


def compare(first: Path, second: Path) -> list[str]:
    """Return what is not the same, a line each."""
    faults = []
    for job, other in pairs(made(first), made(second)):
        if job is None or other is None:
            alone, whose = (job, first) if job is not None else (other, second)
            faults.append(f"{whose}/{alone.folder if alone else ''}: nothing in the other folder has this content")
            continue
        renamed = "" if job.folder == other.folder else f" = {other.folder}"
        print(f"{job.folder}{renamed}: the same, {job.shards} shards, {job.files} files")
        drawn = [batches(out, made_.folder) for out, made_ in ((first, job), (second, other))]
        if drawn[0] != drawn[1]:
            faults.append(f"{first}/{job.folder}: its first {BATCHES} batches are not those of {second}/{other.folder}")
        elif drawn[0]:
            print(f"{job.folder}: the same first {BATCHES} batches")
    return faults


def main() -> None:
    """Read the folders, and say what is not the same."""
    parser = arguments(__doc__)
    parser.add_argument("first", type=Path, help="the --output of a run")
    parser.add_argument("second", type=Path, help="that of another")
    options = parser.parse_args()
    faults = compare(options.first, options.second)
    for fault in faults:
        print(fault, file=sys.stderr)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()

"""EIO at every call that writes, in every job: each open for writing, write, fsync and rename below the output folder in turn.

`python -m tests.chaos.failing RECIPE OUT FAULT SHARE REPORT` is a process with the shim in front of its C library. It gives
the command `run --stage JOB` again and again, for a job that is not made yet, lets the N-th call fail, and then none:

- the run that fails says the error in a sentence and leaves no receipt for a shard that is not whole, or helps itself;
- the run after it makes the job, with the outputs of a run without any fault, and leaves nothing half-written.

One process for all of them, as a start costs more than the job; so it also shows that a process goes on after such an error.
"""

import json
import mmap
import random
import shutil
import struct
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.corpus import Corpus, environment, fingerprint
from tests.chaos.disks import Tally, unwhole
from tests.chaos.processes import Ended, sentence
from tests.command import ROOT, atom_data

EIO, KINDS = 5, ("open", "write", "fsync", "rename")
COUNTS, FAULT = struct.Struct("4q"), struct.Struct("4q")
"""The page that the shim reads: calls by kind since it was cleared; which kind fails (-1: none), from which call on, whether
all after it do, too, and with which error number."""
PAGE = 4096
MOST_FAULTS = 30
PLACES_OF_ALL_AFTER = 3


@dataclass
class State:
    """What was done, as the report has it."""

    done: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    """Of a run without faults, by kind."""
    tried: Counter[str] = field(default_factory=Counter)
    """Of these, the calls that failed once, by kind."""
    not_reached: int = 0
    faults: list[str] = field(default_factory=list)


@dataclass
class Disk:
    """The page of the shim, and the recipe below it."""

    page: mmap.mmap
    recipe: Path
    out: Path

    def run(self, job: str, kind: int = -1, at: int = 0, on: bool = False) -> Ended:
        """Make a job with one worker, no second try, and one fault or none."""
        self.page[: COUNTS.size] = bytes(COUNTS.size)
        FAULT.pack_into(self.page, COUNTS.size, kind, at, on, EIO)
        words = ("run", self.recipe, "-o", self.out, "-w", 1, "--stage", job, "--retries", 0, "--log", "json")
        try:
            done = atom_data(*words)
        finally:
            FAULT.pack_into(self.page, COUNTS.size, -1, 0, 0, 0)
        return Ended(done.returncode, done.stdout, done.stderr)

    def counts(self) -> tuple[int, ...]:
        """Return the calls of the last run by kind."""
        return COUNTS.unpack_from(self.page, 0)


def failing_calls(corpus: Corpus, folder: Path, shim: Path, share: float) -> Tally:
    """Let this share of all calls fail, at least one in each job; all of them with a share of 1."""
    tally, out, fault, report = Tally(), folder / "eio", folder / "fault", folder / "eio.json"
    fault.write_bytes(bytes(PAGE))
    words = [sys.executable, "-m", "tests.chaos.failing", *map(str, (corpus.recipe, out, fault, share, report))]
    more = environment(LD_PRELOAD=str(shim), CHAOS_FOLDER=f"{out}/", CHAOS_FAULT=str(fault))
    done = subprocess.run([*words, *corpus.jobs], cwd=ROOT, env=more, capture_output=True, text=True, check=False)
    if done.returncode:
        tally.faults.append(f"the process ended with {done.returncode}: {(done.stdout + done.stderr)[-3000:]}")
    if report.exists():
        found = json.loads(report.read_bytes())
        tally.done = Counter({tuple(key.split(", ")): count for key, count in found["done"].items()})
        tally.ends, tally.faults = Counter(found["ends"]), tally.faults + found["faults"]
        tally.more = {
            "calls in a run without faults": found["calls"],
            "of these failed once": found["tried"],
            "not reached": found["not_reached"],
        }
    same = fingerprint(out)
    if same != corpus.fingerprint:
        tally.faults.append(f"after all: {same}")
    return tally


def main(recipe: Path, out: Path, fault: Path, share: float, report: Path, jobs: list[str]) -> None:
    """Go through the jobs in the order in which they are made."""
    state = State()
    with fault.open("r+b") as file:
        disk = Disk(mmap.mmap(file.fileno(), PAGE), recipe, out)
    for job in jobs:
        _job(disk, job, [other for other in jobs if other.startswith(f"{job}/")], share, state)
        report.write_text(json.dumps(vars(state)))
        if len(state.faults) > MOST_FAULTS:
            break


def _job(disk: Disk, job: str, inner: list[str], share: float, state: State) -> None:
    made = disk.run(job)
    clean, counts = outputs(disk.out, job), disk.counts()
    if made.code != 0 or not clean:
        raise RuntimeError(f"{job} is not made without faults: {made.said}")
    state.calls.update(dict(zip(KINDS, counts, strict=True)))
    for kind, at, on in _places(job, counts, share):
        remove(disk.out, job, inner)
        ended = disk.run(job, kind, at, on)
        if disk.counts()[kind] < at:
            state.not_reached += 1
        else:
            state.done[f"{job}, {KINDS[kind]}, {'all after' if on else 'once'}"] += 1
            state.tried[KINDS[kind]] += not on
            state.ends["helped itself" if ended.code == 0 else "refused"] += 1
        wrong = [*_wrong(ended), *unwhole(disk.out)]
        again = disk.run(job)
        if again.code != 0:
            wrong.append(f"the next run ends with {again.code}: {again.said[-1500:]}")
        elif outputs(disk.out, job) != clean:
            wrong.append("the next run makes other outputs")
        wrong += [f"{path.name} is left" for path in disk.out.rglob("*.partial")]
        state.faults += [f"{job}, {KINDS[kind]} {at}{' and all after' if on else ''}: {what}" for what in wrong]


def _places(job: str, counts: tuple[int, ...], share: float) -> list[tuple[int, int, bool]]:
    """Return which calls fail: each once, and with all after it the first, the last and the one in the middle."""
    every = [(kind, at, False) for kind, count in enumerate(counts) for at in range(1, count + 1)]
    after = [(kind, at, True) for kind, count in enumerate(counts) if count for at in {1, (count + 1) // 2, count}]
    every += sorted(after)
    return sorted(random.Random(job).sample(every, max(1, round(min(share, 1.0) * len(every)))))


def _wrong(ended: Ended) -> list[str]:
    if ended.code == 0:
        return []
    said = sentence(ended)
    if not said and "input/output error" not in ended.said.lower():
        said = f"it does not say what failed: {ended.said[-800:]}"
    return [said] if said else []


def outputs(out: Path, job: str) -> list[tuple[str, str, int]]:
    """Return path, hash and rows of all outputs of a job, as its receipts have them."""
    receipts = [json.loads(path.read_bytes()) for path in (out / job / "receipts").glob("*.json")]
    return sorted((item["path"], item["sha256"], item["rows"]) for one in receipts for item in one["outputs"])


def remove(out: Path, job: str, inner: list[str]) -> None:
    """Remove what a job made, not the jobs below its folder."""
    kept = {name.split("/")[1] for name in inner}
    for path in list((out / job).glob("*")):
        if path.name in kept:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    if not kept:
        shutil.rmtree(out / job, ignore_errors=True)


if __name__ == "__main__":
    main(*(Path(word) for word in sys.argv[1:4]), float(sys.argv[4]), Path(sys.argv[5]), sys.argv[6:])

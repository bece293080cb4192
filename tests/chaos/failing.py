"""EIO at every call that writes, in every job: each open for writing, write, fsync and rename below the output folder in turn.

`python -m tests.chaos.failing RECIPE OUT FAULT REPORT SHARE SECONDS LANE LANES JOB...` is a process with the shim in front
of its C library. It gives the command `run --stage JOB` again and again, for a job that is not made, lets the N-th call
fail, and then none:

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
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import zip_longest
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
Place = tuple[str, int, int, bool]
"""Job, kind, number of the call, and whether all after it fail, too."""


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


def failing_calls(corpus: Corpus, folder: Path, shim: Path, share: float, lanes: int, seconds: float) -> Tally:
    """Let this share of all calls fail, at least one in each job; all of them with a share of 1, and as far as time allows.

    They are dealt out to some lanes: each makes all jobs in a folder of its own, and lets its share of the calls fail.
    """
    tally, sums = Tally(), State()
    with ThreadPoolExecutor(lanes) as pool:
        for state in pool.map(
            lambda lane: _lane(corpus, folder / f"eio-{lane}", shim, share, (lane, lanes), seconds), range(lanes)
        ):
            for name in ("done", "ends", "calls", "tried"):
                getattr(sums, name).update(getattr(state, name))
            sums.not_reached += state.not_reached
            sums.faults += state.faults
    tally.done = Counter({tuple(key.split(", ")): count for key, count in sums.done.items()})
    tally.ends, tally.faults = sums.ends, sums.faults
    tally.more = {
        "calls in a run without faults": sums.calls,
        "of these failed once": sums.tried,
        "not reached": sums.not_reached,
    }
    return tally


def _lane(corpus: Corpus, out: Path, shim: Path, share: float, lane: tuple[int, int], seconds: float) -> State:
    fault, report, state = out.with_suffix(".fault"), out.with_suffix(".json"), State()
    fault.write_bytes(bytes(PAGE))
    words = map(str, (corpus.recipe, out, fault, report, share, seconds, *lane, *corpus.jobs))
    more = environment(LD_PRELOAD=str(shim), CHAOS_FOLDER=f"{out}/", CHAOS_FAULT=str(fault))
    command = [sys.executable, "-m", "tests.chaos.failing", *words]
    done = subprocess.run(command, cwd=ROOT, env=more, capture_output=True, text=True, check=False)
    if report.exists():
        found = json.loads(report.read_bytes())
        counters = {name: Counter(found.pop(name)) for name in ("done", "ends", "calls", "tried")}
        state = State(**counters, **found)
    if done.returncode:
        state.faults.append(f"the process ended with {done.returncode}: {(done.stdout + done.stderr)[-3000:]}")
    same = fingerprint(out)
    if same != corpus.fingerprint:
        state.faults.append(f"after all: {same}")
    return state


def main(words: list[str]) -> None:
    """Make all jobs, then let calls fail: this lane's share of them, in any order, as the time may be up before the last one."""
    recipe, out, fault, report = map(Path, words[:4])
    share, end_at = float(words[4]), time.monotonic() + float(words[5])
    lane, lanes, jobs = int(words[6]), int(words[7]), words[8:]
    state, places = State(), []
    with fault.open("r+b") as file:
        disk = Disk(mmap.mmap(file.fileno(), PAGE), recipe, out)
    for job in jobs:
        made = disk.run(job)
        if made.code != 0 or not outputs(out, job):
            raise RuntimeError(f"{job} is not made without faults: {made.said}")
        counts = disk.counts()
        if not lane:
            state.calls.update(dict(zip(KINDS, counts, strict=True)))
        places.append([(job, *place) for place in _places(job, counts, share)])
    for number, (job, kind, at, on) in enumerate(_turns(places)):
        if time.monotonic() > end_at or len(state.faults) > MOST_FAULTS:
            break
        if number % lanes == lane:
            _fail(disk, job, [other for other in jobs if other.startswith(f"{job}/")], (kind, at, on), state)
            report.write_text(json.dumps(vars(state)))
    report.write_text(json.dumps(vars(state)))


def _turns(places: list[list[Place]]) -> Iterator[Place]:
    """Yield the places of all jobs by turns: the first one of each, then the second ones."""
    for row in zip_longest(*places):
        yield from (place for place in row if place is not None)


def _fail(disk: Disk, job: str, inner: list[str], place: tuple[int, int, bool], state: State) -> None:
    """Make a job again, with one fault, and then without; judge both."""
    (kind, at, on), clean = place, outputs(disk.out, job)
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
    return random.Random(job).sample(every, max(1, round(min(share, 1.0) * len(every))))


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
    main(sys.argv[1:])

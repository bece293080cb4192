"""Processes of a run killed, ended and stopped at chosen moments of chosen jobs; then the run goes on, to the same bytes.

A round is one output folder: in each job processes are hit, a run that ended is started again, and at the end the hash must
be that of the clean run and `verify` silent. Start-up is not aimed at: a hit counts only where workers are there. Rounds are
played in lanes, some at once, each with its own even share of jobs, roles and signals.
"""

import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from tests.chaos.corpus import Corpus, fingerprint
from tests.chaos.processes import Ended, Process, Run, alive, end, gone, is_alive, sentence
from tests.chaos.starter import Starter
from tests.command import hit

ROLES = ("worker", "supervisor", "server")
SIGNALS = {"SIGKILL": signal.SIGKILL, "SIGTERM": signal.SIGTERM, "SIGSTOP": signal.SIGSTOP}
STOPPED_SECONDS = (0.02, 0.6)
LINGER_SECONDS = 0.08
FIRST_DELAY = 0.5
"""A hit comes up to so many seconds after its job has begun; where the job is over by then, half of it the next time."""
TRIES = 5
"""So often a job is aimed at in one round: also what has just been started again is hit."""
ORPHANS_SECONDS = 30.0
MISSES = 400
POLL_SECONDS = 0.01
INTERRUPTED = 130


@dataclass
class Tally:
    """What was done and what came of it."""

    hits: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """By job, role and signal."""
    ends: Counter[str] = field(default_factory=Counter)
    """How runs ended, by exit code."""
    rounds: int = 0
    starts: int = 0
    misses: int = 0
    faults: list[str] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)
    """What runs said that gave up, and were started again."""

    def add(self, other: "Tally") -> None:
        """Add what another lane did."""
        self.hits.update(other.hits)
        self.ends.update(other.ends)
        self.faults += other.faults
        self.sentences += other.sentences
        self.rounds += other.rounds
        self.starts += other.starts
        self.misses += other.misses


@dataclass(frozen=True)
class Plan:
    """What all lanes do: how often they hit in total, how many lanes there are, and after how many seconds no round begins."""

    corpus: Corpus
    folder: Path
    count: int
    lanes: int
    seconds: float
    shim: dict[str, str]
    say: Callable[[str], None]


def kill_all(plan: Plan) -> Tally:
    """Hit so often, spread evenly over jobs, roles and signals."""
    tally, end_at = Tally(), time.monotonic() + plan.seconds
    with ThreadPoolExecutor(plan.lanes) as pool:
        for lane in pool.map(lambda number: _lane(plan, number, end_at), range(plan.lanes)):
            tally.add(lane)
    return tally


def _lane(plan: Plan, lane: int, end_at: float) -> Tally:
    """Play rounds one after the other until this lane's share is done."""
    tally, chance, jobs = Tally(), random.Random(13 + lane), plan.corpus.jobs
    queue = {job: _targets(chance) for job in jobs}
    most = {
        job: len(range(lane + place * plan.lanes, plan.count, len(jobs) * plan.lanes)) for place, job in enumerate(jobs)
    }
    wanted, delays = sum(most.values()), dict.fromkeys(jobs, FIRST_DELAY)
    starter = Starter({**plan.shim, "CHAOS_FOLDER": f"{plan.folder}/round-{lane}-"})
    while any(most.values()) and tally.misses < MISSES + wanted and len(tally.faults) < 20:
        if time.monotonic() > end_at:
            break
        tally.rounds += 1
        out = plan.folder / f"round-{lane}-{tally.rounds}"
        _Round(plan.corpus, out, queue, most, delays, tally, chance, starter).play()
        hits = f"{tally.hits.total()} of {wanted} hits, {tally.misses} misses, {len(tally.faults)} faults"
        plan.say(f"  lane {lane}, round {tally.rounds}: {hits}")
    starter.close()
    return tally


def _targets(chance: random.Random) -> list[tuple[str, str]]:
    targets = list(product(ROLES, SIGNALS))
    chance.shuffle(targets)
    return targets


@dataclass
class _Round:
    corpus: Corpus
    out: Path
    queue: dict[str, list[tuple[str, str]]]
    most: dict[str, int]
    delays: dict[str, float]
    tally: Tally
    chance: random.Random
    starter: Starter
    done: list[str] = field(default_factory=list)
    tried: Counter[str] = field(default_factory=Counter)
    orphans: list[Process] = field(default_factory=list)

    def play(self) -> None:
        """Run, hit and run again until the recipe is done; then compare."""
        workers = self.chance.randint(1, 4)
        for _ in range((TRIES + 1) * len(self.corpus.jobs)):
            ended = self._run_once(workers)
            if ended.code == 0:
                break
        self._compare(ended)

    def _run_once(self, workers: int) -> Ended:
        self.tally.starts += 1
        words = ["run", str(self.corpus.recipe), "--output", str(self.out), "--workers", str(workers)]
        more = {"CHAOS_LINGER": str(LINGER_SECONDS)}
        run = Run(*words, "--log", "json", "--retries", "100", environment=more, starter=self.starter)
        while run.running and time.monotonic() < run.end:
            job = self._current()
            if self.tried[job] < TRIES and self.most.get(job, 0) > 0 and run.workers():
                self._aim(run, job)
            time.sleep(POLL_SECONDS)
        ended = run.wait()
        self.tally.ends[str(ended.code)] += 1
        if (ended.code or 0) > 0 and ended.code != INTERRUPTED:
            self.tally.sentences.append(f"after {self.done[-1:]}: {ended.said.strip().splitlines()[-1][:400]}")
        if ended.code is None or "Traceback" in ended.said or ((ended.code or 0) > 0 and sentence(ended)):
            self._fault(f"exit code {ended.code}: {ended.said[-3000:]}")
        if self.chance.random() < 0.5:
            gone(self.orphans, ORPHANS_SECONDS)
        return ended

    def _current(self) -> str:
        """Return the job that is in work: the first that has no manifest."""
        for job in self.corpus.jobs:
            if not (self.out / job / "receipts" / "all.pq").exists():
                return job if (self.out / job / "plan.json").exists() else ""
        return ""

    def _aim(self, run: Run, job: str) -> None:
        role, name = self.queue[job][0]
        self.tried[job] += 1
        time.sleep(self.chance.uniform(0, self.delays[job]))
        if self._current() != job or not self._hit(run, role, name):
            self.tally.misses += 1
            self.delays[job] = max(self.delays[job] / 2, 0.01)
            return
        self.queue[job].append(self.queue[job].pop(0))
        self.most[job] -= 1
        self.tally.hits[job, role, name] += 1
        self.done.append(f"{job}: {name} to a {role}")

    def _hit(self, run: Run, role: str, name: str) -> bool:
        among = {
            "worker": run.workers,
            "server": run.servers,
            "supervisor": lambda: [run.process.pid] if run.running else [],
        }[role]
        found = among()
        if not found or not run.running:
            return False
        self.orphans += [process for process in run.family() if process not in self.orphans]
        process = Process.of(self.chance.choice(found))
        if not hit(process.pid, SIGNALS[name], among):
            return False
        if name == "SIGSTOP":
            time.sleep(self.chance.uniform(*STOPPED_SECONDS))
            hit(process.pid, signal.SIGCONT, lambda: [process.pid] if is_alive(process) else [])
        return True

    def _compare(self, ended: Ended) -> None:
        if not gone(self.orphans, ORPHANS_SECONDS):
            self._fault(
                f"{len(alive(self.orphans))} processes of runs that ended are still there after {ORPHANS_SECONDS} s"
            )
            end(self.orphans)
        if ended.code != 0:
            self._fault("not finished")
            return
        found = fingerprint(self.out, self.starter)
        if found != self.corpus.fingerprint:
            self._fault(f"another result: {found}")
        else:
            shutil.rmtree(self.out)

    def _fault(self, what: str) -> None:
        self.tally.faults.append(f"{self.out.name}, after {'; '.join(self.done[-8:]) or 'no hit'}: {what}")

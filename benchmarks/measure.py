"""Measure commands side by side: each run is a process of its own, and the contenders take turns.

`python measure.py REPORT COMMAND...` runs one command and writes what it took: this is how `run` keeps the memory of the
benchmark itself out of the figures, and counts children that outlive the command.
"""

import ctypes
import json
import os
import platform
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
QUICK = os.environ.get("QUICK", "") not in ("", "0")
SET_CHILD_SUBREAPER = 36
ORPHANS_SECONDS = 20.0
SAMPLE_SECONDS = 0.5
SETTLE_SECONDS = 0.0 if QUICK else 3.0
"""Before a run: memory that the one before has left is given back meanwhile, and its files are written. On a virtual
machine a run of two seconds took one more right after one that had held 2 GB."""
TAIL_BYTES = 4_000
PATH = re.compile(r"(?:/[\w.+-]+){2,}")
LOAD = os.getloadavg()[0]
"""How busy the machine was before we came: above 0.5 or so, wall times say more about it than about the contenders."""

Contender = Callable[[Path], Sequence[str]]
"""Makes the command of one run; it gets an empty folder for what the run writes."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of a command took."""

    wall_s: float
    """Until the command itself ended."""
    cpu_s: float
    """User and system time, of the command and of every process that it started."""
    peak_mb: float
    """Resident memory of the largest of these processes, in 10^6 bytes."""
    folder: Path
    """What the run wrote."""


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> Run:
    """Run a command once, on a machine at rest. RuntimeError with the end of its output when it fails."""
    folder.mkdir(parents=True, exist_ok=True)
    os.sync()
    time.sleep(SETTLE_SECONDS)
    with tempfile.TemporaryDirectory() as place:
        report, output = Path(place) / "report.json", Path(place) / "output.txt"
        with output.open("wb") as stream:
            subprocess.run(
                [sys.executable, "-I", "-S", __file__, str(report), *command],
                stdout=stream,
                stderr=subprocess.STDOUT,
                env={**_environment(), **(environment or {})},
                cwd=ROOT,
                check=False,
            )
        took: dict[str, Any] = json.loads(report.read_bytes()) if report.exists() else {"exit": None}
        if took["exit"] != 0:
            tail = output.read_bytes()[-TAIL_BYTES:].decode("utf-8", "replace")
            raise RuntimeError(f"{' '.join(command[:4])} ...: exit code {took['exit']}. Its output ends:\n{tail}")
    return Run(took["wall_s"], took["cpu_s"], took["peak_mb"], folder)


def _environment() -> dict[str, str]:
    """Return the environment without the wish to keep no bytecode: who runs a tool twice has compiled its sources once."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


class Memory(threading.Thread):
    """Adds up the memory of a process and all below it, every half second, and keeps the most. Shared pages count once."""

    def __init__(self, pid: int) -> None:
        """Watch a process and those it starts."""
        super().__init__(daemon=True)
        self.pid, self.most, self.stopped = pid, 0, threading.Event()

    def run(self) -> None:
        """Look until stopped."""
        while not self.stopped.wait(SAMPLE_SECONDS):
            self.most = max(self.most, sum(map(proportional, _family(self.pid))))


def _family(pid: int) -> list[int]:
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    family = [pid]
    for member in family:
        family += [child for child, parent in parents.items() if parent == member]
    return family


def proportional(pid: int) -> int:
    """Return the proportional set size of a process in bytes; 0 of one that is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def in_turn(
    contenders: Mapping[str, Contender],
    rounds: int | Mapping[str, int],
    scratch: Path,
    failed: dict[str, str] | None = None,
) -> dict[str, list[Run]]:
    """Run every contender once, then every one again: a busy moment of the machine hits them all.

    `rounds` may differ by contender. Of each, only the folder of the last run is kept. With `failed`, a contender that
    fails is left out, and the last line of its output is put there; without, or when all fail, RuntimeError.
    """
    wanted = {name: rounds if isinstance(rounds, int) else rounds[name] for name in contenders}
    runs: dict[str, list[Run]] = {name: [] for name in contenders}
    for turn in range(max(wanted.values())):
        for name in [name for name in runs if turn < wanted[name]]:
            folder = scratch / f"{name}-{turn}"
            folder.mkdir(parents=True)
            try:
                taken = run(contenders[name](folder), folder)
            except RuntimeError as error:
                if failed is None or len(runs) == 1:
                    raise
                failed[name] = PATH.sub("...", str(error).strip().splitlines()[-1])
                del runs[name]
                print(f"  {name}: left out. {error}", file=sys.stderr)
                continue
            runs[name].append(taken)
            print(f"  {name}: {taken.wall_s:.2f} s, CPU {taken.cpu_s:.2f} s", file=sys.stderr)
            if turn:
                shutil.rmtree(scratch / f"{name}-{turn - 1}")
    return runs


def row(
    tool: str,
    version: str,
    work: str,
    runs: Sequence[Run],
    *,
    megabytes: float,
    documents: int,
    result: Mapping[str, Any],
) -> dict[str, Any]:
    """One line of a report. Speeds are per second of CPU of the median run, so they hold for one core."""
    cpu = statistics.median(item.cpu_s for item in runs)
    return {
        "tool": tool,
        "version": version,
        "work": work,
        "wall_s": [round(item.wall_s, 3) for item in runs],
        "cpu_s": [round(item.cpu_s, 3) for item in runs],
        "mb_per_s_core": round(megabytes / cpu, 3),
        "documents_per_s_core": round(documents / cpu, 1),
        "peak_mb": round(max(item.peak_mb for item in runs), 1),
        "result": dict(result),
    }


def write_report(name: str, report: Mapping[str, Any]) -> Path:
    """Write results/NAME.json. ValueError when a path of this machine would get into it."""
    text = json.dumps({"name": name, "machine": machine(), **report}, indent=1, ensure_ascii=False) + "\n"
    for place in (str(ROOT), tempfile.gettempdir() + os.sep, str(Path.home()) + os.sep):
        if place in text:
            raise ValueError(f"{name}.json would hold the path {place}, which means nothing on other machines.")
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(text, "utf-8")
    return path


def note(clock: Path, took: Mapping[str, float]) -> None:
    """Add what one run took to the file of its tool: a contender in an environment of its own says it this way."""
    with clock.open("a", encoding="utf-8") as opened:
        opened.write(json.dumps(took) + "\n")


def machine() -> dict[str, Any]:
    """What a figure depends on: processor, cores, memory, system, Python, other load. No name of a host."""
    system = platform.system()
    if system == "Linux":
        system = platform.freedesktop_os_release().get("PRETTY_NAME", system)
    return {
        "cpu": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": system,
        "python": platform.python_version(),
        "load_before": round(LOAD, 1),
    }


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text("utf-8").splitlines() if facts.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _measured(report: Path, command: Sequence[str]) -> int:
    _adopt_orphans()
    start = time.perf_counter()
    code = subprocess.run(command, check=False).returncode
    wall = time.perf_counter() - start
    _wait_for_orphans()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    unit = 1 if sys.platform == "darwin" else 1024
    took = {
        "exit": code,
        "wall_s": wall,
        "cpu_s": used.ru_utime + used.ru_stime,
        "peak_mb": used.ru_maxrss * unit / 1e6,
    }
    report.write_text(json.dumps(took), "utf-8")
    return code


def _adopt_orphans() -> None:
    """Become the parent of processes whose parent ends first, so that their time is counted here. Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _wait_for_orphans() -> None:
    end = time.monotonic() + ORPHANS_SECONDS
    while time.monotonic() < end:
        try:
            ended, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not ended:
            time.sleep(0.005)


if __name__ == "__main__":
    sys.exit(_measured(Path(sys.argv[1]), sys.argv[2:]))

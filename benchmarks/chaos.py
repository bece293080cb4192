"""Faults on purpose: kills, failing and full disks, a bad object store, changing inputs, jumping clocks; then the same bytes.

    make chaos                  1,000 kills, every call that writes, and the rest: about an hour on two cores
    QUICK=1 make chaos          20 kills and a few of each other: about a minute, no report
    CHAOS_KILLS=100 make chaos  the others grow with the kills
    CHAOS_MINUTES=25            nothing is begun after that time; the report says how much there was
    CHAOS_PARTS=kills,clock     these parts only; what the report says of the others stays
    CHAOS_JOBS=3                so many parts at once, and half as many lanes of kills and of failing calls

It prints a table and writes results/chaos.json. Exit code 1 when any run ended in another way than docs/faults.md says.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from measure import QUICK, RESULTS, ROOT, write_report

sys.path.insert(0, str(ROOT))

from tests.chaos import clocks, corpus, disks, failing, inputs, kills, store

KILLS = int(os.environ.get("CHAOS_KILLS") or (20 if QUICK else 1_000))
SHARE = KILLS / 1_000
SECONDS = float(os.environ.get("CHAOS_MINUTES") or 600) * 60
JOBS = int(os.environ.get("CHAOS_JOBS") or 3)
LANES = (JOBS + 1) // 2
SLOW_US = "10000"
"""Each fsync and rename takes so much longer where kills are aimed at jobs: no CPU, and more time in the middle of writing."""
FAULTS_SHOWN = 20


def main() -> int:
    """Do the parts asked for, print and report."""
    parts: dict[str, Any] = {}
    asked = [name for name in os.environ.get("CHAOS_PARTS", "").split(",") if name]
    with tempfile.TemporaryDirectory(prefix="atom-data-chaos-") as place:
        folder = Path(place)
        shim = _shim(folder)
        made = corpus.make(folder / "corpus")
        with ThreadPoolExecutor(JOBS) as pool:  # a thread only waits for its processes
            todo = {name: part for name, part in _parts(made, folder, shim).items() if not asked or name in asked}
            for done in as_completed([pool.submit(_timed, name, part) for name, part in todo.items()]):
                parts |= done.result()
                _report(parts, folder, bool(asked))
    _table(parts)
    return 1 if any(part["faults"] for part in parts.values()) else 0


def _timed(name: str, part: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    start = time.monotonic()
    _say(f"{name} ...")
    found = part()
    _say(f"{name}: {found['done']} in {time.monotonic() - start:.0f} s, {len(found['faults'])} wrong")
    return {name: {**found, "wall_s": round(time.monotonic() - start, 1)}}


def _shim(folder: Path) -> Path | None:
    """Compile the shim; None, said, where there is no C compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        print("no C compiler (cc): nothing fails below the output folder, and nothing is slowed down", file=sys.stderr)
        return None
    source, made = ROOT / "tests" / "chaos" / "shim.c", folder / "shim.so"
    subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-o", str(made), str(source), "-ldl"], check=True)
    return made


def _parts(made: corpus.Corpus, folder: Path, shim: Path | None) -> dict[str, Callable[[], dict[str, Any]]]:
    """Return the parts by name, the longest ones first. The short form tries each kind but the store, whose stalls take minutes."""
    until = time.monotonic() + SECONDS
    slow = {"LD_PRELOAD": str(shim), "CHAOS_SLOW_US": SLOW_US} if shim else {}

    def many(least: int, most: int) -> int:
        return max(least, round(SHARE * most))

    return {
        "kills": lambda: _kills(kills.kill_all(kills.Plan(made, folder, KILLS, LANES, SECONDS, slow, _say))),
        "failing calls": lambda: _tally(_failing(made, folder, shim)),
        "object store": lambda: _tally(store.bad_store(made, folder, many(0, 6), until)),
        "changed inputs": lambda: _tally(inputs.changed_inputs(folder, many(1, 36), until)),
        "clock": lambda: _tally(clocks.jumping_clocks(made, folder, many(1, 14), shim, until)),
        "full disk": lambda: _tally(disks.full_disk(made, folder, many(1, 12), until)),
        "read-only disk": lambda: _tally(disks.read_only_disk(made, folder, many(1, 10), slow, until)),
    }


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _failing(made: corpus.Corpus, folder: Path, shim: Path | None) -> disks.Tally:
    if shim is None:
        return disks.Tally(skipped="no C compiler (cc) here")
    return failing.failing_calls(made, folder, shim, SHARE, LANES, SECONDS)


def _kills(tally: kills.Tally) -> dict[str, Any]:
    jobs = dict.fromkeys(job for job, _, _ in tally.hits)
    return {
        "done": tally.hits.total(),
        "by_job": {job: sum(n for (name, _, _), n in tally.hits.items() if name == job) for job in jobs},
        "by_process_and_signal": _sums(Counter({(role, sign): 0 for _, role, sign in tally.hits}), tally.hits),
        "rounds_compared": tally.rounds,
        "runs_started": tally.starts,
        "runs_by_exit_code": dict(sorted(tally.ends.items())),
        "runs_that_gave_up": tally.sentences,
        "came_too_late": tally.misses,
        "skipped": "",
        "faults": tally.faults,
    }


def _sums(sums: Counter[tuple[str, str]], hits: Counter[tuple[str, str, str]]) -> dict[str, int]:
    for (_, role, sign), count in hits.items():
        sums[role, sign] += count
    return {" ".join(key): count for key, count in sorted(sums.items())}


def _tally(tally: disks.Tally) -> dict[str, Any]:
    return {
        "done": tally.done.total(),
        "by_kind": {", ".join(key): count for key, count in sorted(tally.done.items())},
        "ended": dict(sorted(tally.ends.items())),
        **tally.more,
        "skipped": tally.skipped,
        "faults": tally.faults,
    }


def _report(parts: dict[str, Any], folder: Path, some: bool) -> None:
    """Write the report after each part, so that what was done is not lost. The short form writes none."""
    if QUICK:
        return
    path = RESULTS / "chaos.json"
    before = json.loads(path.read_bytes())["parts"] if some and path.exists() else {}
    text = json.dumps({**before, **parts}).replace(str(folder), "...").replace(str(ROOT), "...")
    write_report("chaos", {"versions": _versions(), "parts": json.loads(text)})


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    return {name: version(name) for name in ("atom-data", "pyarrow", "duckdb", "numba", "fastokens")}


def _table(parts: dict[str, Any]) -> None:
    print(f"{'fault':16} {'done':>6} {'wrong':>6}  how it ended")
    for name, part in parts.items():
        ended = part.get("ended") or {
            f"exit code {code}": count for code, count in part.get("runs_by_exit_code", {}).items()
        }
        said = (
            f"skipped: {part['skipped']}" if part["skipped"] else ", ".join(f"{what}: {n}" for what, n in ended.items())
        )
        print(f"{name:16} {part['done']:6} {len(part['faults']):6}  {said}")
    for name, part in parts.items():
        for fault in part["faults"][:FAULTS_SHOWN]:
            print(f"\n{name}: {fault}")
    if "kills" in parts:
        print("\nkills by job: " + ", ".join(f"{job} {n}" for job, n in parts["kills"]["by_job"].items()))


if __name__ == "__main__":
    sys.exit(main())

"""Every reader, HTTP, charsets, HTML, private data and tokenizer files on changed inputs, and bombs; each in a process of its own.

    make fuzz                    10 seconds a target, and the property tests with many examples
    FUZZ_SECONDS=600 make fuzz   as the report has it
    FUZZ_TARGETS=warc,html       these only; what the report says of the others stays
    FUZZ_JOBS=2                  so many targets at once; a slow machine gives each fewer inputs, and the report says how many

With FUZZ_SECONDS of 60 or more it writes results/fuzz.json. Exit code 1 when a promise of docs/faults.md did not hold.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from measure import RESULTS, ROOT, write_report

SECONDS = float(os.environ.get("FUZZ_SECONDS") or 10)
JOBS = int(os.environ.get("FUZZ_JOBS") or 1)
STUCK_SECONDS, COMPILE_SECONDS = 180.0, 900.0
"""An input that takes longer than this is one too many: the process is killed, and the next one goes on behind it. The first
one of a process may have to compile kernels first, on a busy machine for minutes."""
REPORTED_SECONDS = 60.0
GROWN_MB = 250.0
"""What a process may grow by after its first hundred inputs: kernels, caches of words, what the allocator keeps."""
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
CHECKED = ("html-engine",)
"""Targets whose kernels check every index: Numba reads behind an array without a word otherwise."""


def main() -> int:
    """Try all targets and the bombs, print and report."""
    sys.path.insert(0, str(ROOT))
    from tests.fuzz.targets import TARGETS

    asked = [name for name in os.environ.get("FUZZ_TARGETS", "").split(",") if name]
    names = [name for name in TARGETS if not asked or name in asked]
    with ThreadPoolExecutor(JOBS) as pool:  # a thread only waits for its process
        rows = dict(zip(names, pool.map(fuzz, names), strict=True))
    bombs = [] if asked and "bombs" not in asked else try_bombs()
    _table(rows, bombs)
    if SECONDS >= REPORTED_SECONDS:
        path = RESULTS / "fuzz.json"
        before = json.loads(path.read_bytes()) if asked and path.exists() else {"targets": {}, "bombs": []}
        write_report(
            "fuzz",
            {
                "seconds_a_target": SECONDS,
                "targets_at_once": JOBS,
                "targets": {**before["targets"], **rows},
                "bombs": bombs or before["bombs"],
            },
        )
    return 1 if any(row["faults"] for row in rows.values()) or any(bomb["wrong"] for bomb in bombs) else 0


def fuzz(target: str) -> dict[str, Any]:
    """Try one target for the time given; a process that ends or gets stuck is followed by another."""
    print(f"{target} ...", file=sys.stderr, flush=True)
    left, first, parts, faults = SECONDS, 0, [], []
    with tempfile.TemporaryDirectory() as place:
        report = Path(place) / "report.json"
        while left > 0 or not parts:
            code = _child(target, max(left, 1.0), first, report)
            state = json.loads(report.read_bytes())
            left -= max(state["spent_s"], 1.0)
            parts.append(state)
            faults += state["faults"]
            if "done" not in state:
                faults.append({"number": state["next"], "error": code})
            first = state["next"] + ("done" not in state)
            if len(faults) > 30:
                break
    grown = max(part["end_mb"] - part["warm_mb"] if part.get("end_mb") and part["warm_mb"] else 0.0 for part in parts)
    if grown > GROWN_MB:
        faults.append({"number": first, "error": f"the process grew by {grown:.0f} MB"})
    slowest = max(parts, key=lambda part: part["most_cpu_s"])
    return {
        "inputs": sum(part["inputs"] for part in parts),
        "most_cpu_s": slowest["most_cpu_s"],
        "slowest_input": slowest["slowest"],
        "grown_mb": round(grown, 1),
        "peak_mb": max(part.get("peak_mb", 0.0) for part in parts),
        "faults": faults,
    }


def _child(target: str, seconds: float, first: int, report: Path) -> str:
    """Run one process of a target; return how it ended. One that stays at the same input for too long is killed."""
    report.write_text(
        json.dumps(
            {
                "next": first,
                "inputs": 0,
                "most_cpu_s": 0.0,
                "slowest": None,
                "faults": [],
                "warm_mb": 0.0,
                "spent_s": 0.0,
            }
        )
    )
    from tests.text.html.checked import environment

    words = [sys.executable, "-m", "tests.fuzz", target, str(seconds), str(first), str(report)]
    with tempfile.TemporaryFile() as output:
        variables = {**environment(), "PYTHONPATH": str(ROOT)} if target in CHECKED else ENVIRONMENT
        process = subprocess.Popen(words, cwd=ROOT, env=variables, stdout=output, stderr=output)
        while process.poll() is None:
            time.sleep(0.2)
            silent = time.time() - report.stat().st_mtime
            if silent > STUCK_SECONDS and (silent > COMPILE_SECONDS or json.loads(report.read_bytes())["inputs"]):
                process.kill()
                process.wait()
                return f"stuck for {silent:.0f} s"
        output.seek(0)
        said = output.read().decode("utf-8", "replace").strip()[-800:]
    return f"the process ended with {process.returncode}: {said}"


def try_bombs() -> list[dict[str, Any]]:
    """Try the bombs; each is a process of its own there."""
    print("bombs ...", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as place:
        report = Path(place) / "bombs.json"
        subprocess.run([sys.executable, "-m", "tests.fuzz.bombs", str(report)], cwd=ROOT, env=ENVIRONMENT, check=True)
        found: list[dict[str, Any]] = json.loads(report.read_bytes())
    return found


def _table(rows: dict[str, dict[str, Any]], bombs: list[dict[str, Any]]) -> None:
    print(f"{'target':12} {'inputs':>8} {'most CPU s':>11} {'grown MB':>9} {'peak MB':>8} {'wrong':>6}")
    for name, row in rows.items():
        figures = f"{row['inputs']:8} {row['most_cpu_s']:11.2f} {row['grown_mb']:9.1f} {row['peak_mb']:8.1f}"
        print(f"{name:12} {figures} {len(row['faults']):6}")
    for bomb in bombs:
        cost = f"{bomb.get('cpu_s', 0):6.2f} s CPU {bomb.get('grown_mb', 0):7.1f} MB"
        print(f"{bomb['bomb']:30} {cost}  {bomb.get('came', '')} {bomb['wrong']}")
    for name, row in rows.items():
        for fault in row["faults"][:10]:
            print(f"\n{name} {fault['number']}: {fault['error']}")


if __name__ == "__main__":
    sys.exit(main())

"""One target for some time, in this process: `python -m tests.fuzz TARGET SECONDS FIRST REPORT`.

Input number N of a target is the same on every machine, so `python -m tests.fuzz TARGET 0 N REPORT` is that one again.
The report is written before each input and at the end, so that whoever started this knows what ended it.
"""

import json
import random
import resource
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

from tests.fuzz.targets import TARGETS, Wrong

CPU_SECONDS = 10.0
"""No input of some kilobytes may take longer; the first ones also compile kernels."""
WARM, MOST_FAULTS = 100, 30
ADDRESS_BYTES = 24 << 30
"""Address space, so that a file that asks for a terabyte gets an error and not this machine."""


def main(target: str, seconds: float, first: int, report: Path) -> None:
    """Try inputs until the time is up, at least one."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_BYTES, ADDRESS_BYTES))
    make, check = TARGETS[target]
    state: dict[str, Any] = {
        "next": first,
        "inputs": 0,
        "refused": 0,
        "most_cpu_s": 0.0,
        "slowest": None,
        "faults": [],
        "spent_s": 0.0,
        "warm_mb": 0.0,
    }
    begun = time.monotonic()
    number = first
    with tempfile.TemporaryDirectory(prefix="atom-data-fuzz-") as place:
        while number == first or (time.monotonic() < begun + seconds and len(state["faults"]) < MOST_FAULTS):
            state["next"] = number
            report.write_text(json.dumps(state))
            folder = Path(place) / str(number)
            folder.mkdir()
            case = make(random.Random(f"{target}-{number}"))
            start = time.process_time()
            try:
                check(case, folder)
            except BaseException as error:  # a panic of Rust is no Exception
                if isinstance(error, KeyboardInterrupt):
                    raise
                said = str(error) if isinstance(error, Wrong) else "".join(traceback.format_exception(error)[-4:])
                state["faults"].append({"number": number, "error": said.replace(place, "...")[-1500:]})
            took = time.process_time() - start
            if state["inputs"] >= WARM and took > state["most_cpu_s"]:
                state["most_cpu_s"], state["slowest"] = round(took, 3), number
            if state["inputs"] >= WARM and took > CPU_SECONDS:
                state["faults"].append({"number": number, "error": f"{took:.1f} s of CPU"})
            shutil.rmtree(folder)
            if number == first:
                begun = time.monotonic()  # the first one has compiled kernels, which takes a minute where none are kept
            state["inputs"] += 1
            state["spent_s"] = round(time.monotonic() - begun, 1)
            number += 1
            if state["inputs"] == WARM:
                state["warm_mb"] = _resident()
    state.update(
        next=number,
        end_mb=_resident(),
        peak_mb=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6, 1),
    )
    report.write_text(json.dumps({**state, "done": True}))


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * resource.getpagesize() / 1e6, 1)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))

"""Wall clocks that jump back and forth by days and years, faster and slower: the same bytes, as no output knows the time."""

import shutil
import time
from pathlib import Path

from tests.chaos.corpus import Corpus, fingerprint, run
from tests.chaos.disks import Tally

FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")
TIMES = ("-3650d", "+9999d", "+0 x200", "@2001-09-09 01:46:39", "-1d x0.01", "@2038-01-19 03:14:00 x10")


def jumping_clocks(corpus: Corpus, folder: Path, count: int, shim: Path | None, until: float) -> Tally:
    """Run `count` times: with our own clock, of which every 40th answer is off by another number of days, and libfaketime's."""
    tally = Tally()
    ways: list[tuple[str, dict[str, str]]] = []
    if shim:
        ways.append(("jumps", {"LD_PRELOAD": str(shim), "CHAOS_CLOCK": "1"}))
    if FAKETIME.exists():
        ways += [
            (f"libfaketime {said}", {"LD_PRELOAD": str(FAKETIME), "FAKETIME": said, "DONT_FAKE_MONOTONIC": "1"})
            for said in TIMES
        ]
    else:
        tally.more["libfaketime"] = "is not installed (apt-get install faketime)"
    if not ways:
        tally.skipped = "no compiler for the shim, and no libfaketime"
    for number in range(count if ways else 0):
        if time.monotonic() > until:
            break
        name, environment = ways[number % len(ways)]
        out = folder / f"clock-{number}"
        first = run(corpus.recipe, out, 1 + number % 4, **environment)
        tally.take((name,), first, out)
        found = fingerprint(out) if first.code == 0 else f"exit code {first.code}: {first.said[-1500:]}"
        if found != corpus.fingerprint:
            tally.faults.append(f"{name}: {found}")
        again = run(corpus.recipe, out, 1)  # by the true clock: all is done
        if again.code != 0 or "to make" in again.said:
            tally.faults.append(f"{name}: the next run does not find all done: {again.said[-800:]}")
        shutil.rmtree(out)
    return tally

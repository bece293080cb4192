"""A disk that is full, or is suddenly read-only, in jobs of a run in turn.

After each fault: an exit code that is not 0 and a sentence, and no receipt for a shard that is not whole; or the run was
able to help itself. Without the fault the next run ends with the same bytes.
"""

import contextlib
import hashlib
import json
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.corpus import Corpus, fingerprint, run, size_of
from tests.chaos.processes import Ended, Run, sentence

PART = 2.0
"""A disk of so many times what is needed is large enough: temporary files need some, too."""


@dataclass
class Tally:
    """What was done and what came of it."""

    done: Counter[tuple[str, ...]] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    """`refused`: a sentence and an exit code; `helped itself`: tried again or not needed, and the run ended well."""
    faults: list[str] = field(default_factory=list)
    skipped: str = ""
    """Why nothing was done."""
    more: dict[str, object] = field(default_factory=dict)

    def take(self, what: tuple[str, ...], ended: Ended, out: Path) -> None:
        """Count a fault, and judge how the run ended and what it left."""
        self.done[what] += 1
        self.ends["helped itself" if ended.code == 0 else "refused"] += 1
        wrong = sentence(ended) if ended.code != 0 else ""
        wrong = wrong or "; ".join(unwhole(out))
        if wrong:
            self.faults.append(f"{' '.join(what)}: {wrong}")

    def compare(self, what: str, corpus: Corpus, out: Path) -> None:
        """Run without the fault, and compare."""
        ended = run(corpus.recipe, out, 2)
        found = fingerprint(out) if ended.code == 0 else f"exit code {ended.code}: {ended.said[-1500:]}"
        if found != corpus.fingerprint:
            self.faults.append(f"{what}: without the fault: {found}")


def unwhole(out: Path) -> list[str]:
    """Return what is wrong with the receipts that are there: each output must be there with its hash."""
    found = []
    for path in sorted([*out.glob("*/receipts/*.json"), *out.glob("*/*/receipts/*.json")]):
        try:
            receipt = json.loads(path.read_bytes())
        except ValueError:
            found.append(f"{path.name} is no JSON")
            continue
        for item in receipt["outputs"]:
            data = (out / item["path"]).read_bytes() if (out / item["path"]).exists() else b""
            if hashlib.sha256(data).hexdigest() != item["sha256"]:
                found.append(f"the receipt of {receipt['stage']}/{receipt['shard']} has no whole {item['path']}")
    return found


@contextlib.contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Path]:
    """Mount a tmpfs of so many bytes. OSError where mounting is refused."""
    folder.mkdir(parents=True, exist_ok=True)
    mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder))
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def mount(*words: str) -> None:
    """Call mount. OSError with what it says."""
    try:
        done = subprocess.run(["mount", *words], capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise OSError("there is no mount here") from error
    if done.returncode:
        raise OSError(" ".join(done.stderr.split()))


def full_disk(corpus: Corpus, folder: Path, count: int) -> Tally:
    """Run on disks that are full after a growing part of what a run writes, then on the same disk, made larger."""
    tally, place = Tally(), folder / "small"
    clean = folder / "needed"
    run(corpus.recipe, clean, 2)
    need = size_of(clean)
    shutil.rmtree(clean)
    try:
        for number in range(count):
            size = int(need * (0.04 + 0.96 * number / count))
            with small_disk(place, max(size, 1 << 16)):
                ended = run(corpus.recipe, place / "out", 1 + number % 2, ("--retries", "0"))
                tally.take((_working(corpus, place / "out"), "full disk"), ended, place / "out")
                mount("-o", f"remount,size={max(64 << 20, int(PART * need))}", str(place))
                tally.compare(f"disk full after {size} bytes", corpus, place / "out")
    except OSError as error:
        tally.skipped = f"mounting is refused here: {error}"
    return tally


def read_only_disk(corpus: Corpus, folder: Path, count: int, shim: dict[str, str]) -> Tally:
    """Make the disk read-only in the middle of a job, for `count` jobs; then run again on the disk as it was before."""
    tally, place = Tally(), folder / "remounted"
    jobs = [corpus.jobs[(number * len(corpus.jobs)) // count] for number in range(count)]
    try:
        for job in jobs:
            with small_disk(place, 256 << 20):
                out = place / "out"
                words = ["run", str(corpus.recipe), "--output", str(out), "--workers", "2", "--retries", "0"]
                work = Run(*words, "--log", "json", environment={**shim, "CHAOS_FOLDER": str(out)})
                while work.running and not (out / job / "plan.json").exists():
                    time.sleep(0.005)
                made = _until_read_only(work, place)
                ended = work.wait()
                if made:
                    tally.take((job, "read-only"), ended, out)
                mount("-o", "remount,rw", str(place))
                tally.compare(f"read-only in {job}", corpus, out)
    except OSError as error:
        tally.skipped = f"mounting is refused here: {error}"
    return tally


def _until_read_only(work: Run, place: Path) -> bool:
    """Try until no file is open for writing, for only then the system agrees; False where the run ended before."""
    while work.running:
        with contextlib.suppress(OSError):
            mount("-o", "remount,ro", str(place))
            return True
        time.sleep(0.005)
    return False


def _working(corpus: Corpus, out: Path) -> str:
    """Return the job that is in work or failed: the first without a manifest."""
    return next((job for job in corpus.jobs if not (out / job / "receipts" / "all.pq").exists()), corpus.jobs[-1])

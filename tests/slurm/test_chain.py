"""sbatch that fails in the middle of a chain, or takes a job and loses its answer: what is said, and how it goes on.

The wrapper on the PATH only brings about the failure: every job that is taken is taken by the real Slurm.
"""

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from atom_data.cluster import asking, chain
from tests.command import atom_data, fingerprint
from tests.slurm.arrays import submit
from tests.slurm.cluster import Cluster

pytestmark = pytest.mark.slow

WRAPPER = """#!/bin/sh
echo call >> {folder}/calls
if [ -e {folder}/mended ] || [ "$(wc -l < {folder}/calls)" -ne {number} ]; then exec {sbatch} "$@"; fi
{what}
"""
REFUSES = 'echo "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy" >&2; exit 1'
LOSES = (
    '{sbatch} "$@" > /dev/null; '
    'echo "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation" >&2; exit 1'
)
HANGS = '{sbatch} "$@" > /dev/null; sleep 60'


@pytest.fixture
def breaks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int, str], Path]:
    """Return what lets the n-th call of sbatch fail, until the file that it returns is there."""

    def install(number: int, what: str) -> Path:
        real = shutil.which("sbatch", path=f"{os.environ['PATH']}:/usr/bin")
        folder = tmp_path / "bin"
        folder.mkdir()
        script = WRAPPER.format(folder=folder, number=number, sbatch=real, what=what.format(sbatch=real))
        (folder / "sbatch").write_text(script)
        (folder / "sbatch").chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        monkeypatch.setattr(chain, "PAUSES", (0.0, 0.5, 1.0))
        return folder / "mended"

    return install


def record(out: Path) -> list[dict[str, str]]:
    return list(json.loads((out / "cluster" / "submission.json").read_text())["jobs"])


def test_a_refusal_in_the_middle_is_said_and_resume_goes_on_behind_what_is_queued(
    slurm: Cluster, slow: Path, clean_run: str, tmp_path: Path, breaks: Callable[[int, str], Path]
) -> None:
    out = tmp_path / "out"
    mended = breaks(3, REFUSES)
    done = atom_data("run", slow, "-o", out, "--on", "slurm", "--tasks", 4)
    assert done.returncode == 1
    first, second = record(out)
    assert done.stderr.splitlines()[-1] == (
        "stage 'second', its array: sbatch: sbatch: error: Batch job submission failed: Job violates accounting/QOS policy. Check "
        "the profile and the options against the cluster. "
        f"Queued already: first ({first['array']}, {first['close']}). Not queued, or not wholly: second. Fix the cause and go on "
        f"with --resume, which hangs the rest behind them; or end them with atom-data cancel -o {out}."
    )
    assert (second["array"], second["close"]) == ("", "")
    here = atom_data("run", slow, "-o", out, "-w", 1)
    assert f"{out}: " in here.stderr
    assert "jobs of it are still in the queue" in here.stderr
    mended.touch()
    said = submit(slow, out, "--resume")
    assert "second: array" in said
    assert "first: array" not in said
    assert record(out)[0] == first
    names = slurm.command("squeue", "--noheader", "--format=%j").split()
    assert all(re.fullmatch(r"recipe-[0-9a-f]{6}-(first|second)(-close)?", name) for name in names)
    slurm.wait()
    assert fingerprint(out) == clean_run


@pytest.mark.parametrize("what", [LOSES, HANGS])
def test_a_job_whose_answer_was_lost_is_found_by_its_name(
    slurm: Cluster, slow: Path, clean_run: str, tmp_path: Path, breaks: Callable[[int, str], Path],
    monkeypatch: pytest.MonkeyPatch, what: str,
) -> None:  # fmt: skip
    out = tmp_path / "out"
    monkeypatch.setattr(asking, "ANSWER_SECONDS", 5.0)
    breaks(1, what)
    submit(slow, out)
    assert all(job["array"] and job["close"] for job in record(out))
    slurm.wait()
    assert fingerprint(out) == clean_run


def test_a_job_that_was_taken_late_is_known_to_cancel(
    slurm: Cluster, slow: Path, tmp_path: Path, breaks: Callable[[int, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slurm took it, and did not show it while we looked: its name is in the record all the same."""
    out = tmp_path / "out"
    breaks(1, LOSES)
    monkeypatch.setattr(chain, "PAUSES", ())
    done = atom_data("run", slow, "-o", out, "--on", "slurm", "--tasks", 4)
    assert done.returncode == 1
    assert "stage 'first', its array: sbatch: sbatch: error: " in done.stderr
    assert "Nothing of it is queued. Fix the cause and submit again." in done.stderr
    assert record(out)[0]["array"] == ""
    ended = atom_data("cancel", "-o", out)
    assert re.fullmatch(rf"{out}: ended \d+\n", ended.stdout)
    slurm.wait(60)

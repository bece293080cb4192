"""What is killed, preempted, cut off or edited while a run is on a real cluster: nothing starts on half an input, nothing is lost.

Each test does the harm, lets the cluster come to rest, resumes what is missing, and compares with the run without any trouble.
"""

import signal
import time
from pathlib import Path

import pytest

from tests.command import atom_data, children, fingerprint, hit
from tests.slurm.arrays import check_never_early, logs, receipts, running, submit, until
from tests.slurm.cluster import Cluster, processes
from tests.slurm.conftest import SHARDS, Limited

pytestmark = pytest.mark.slow


def finish(slurm: Cluster, path: Path, out: Path, *more: object) -> str:
    """Let the cluster come to rest and resume until all is there; return the hash. No stage began too early, at any time."""
    for _ in range(3):
        slurm.wait()
        check_never_early(out, SHARDS)
        if "nothing to submit" in submit(path, out, "--resume", *more):
            return fingerprint(out)
    raise AssertionError(f"not finished after three times:\n{atom_data('status', path, '-o', out).stdout}")


def worker_pids(out: Path) -> list[int]:
    """Return the worker processes of all elements of a run on this machine: forked by a server of an element."""
    elements = [pid for pid, title in processes() if str(out) in title and " --part " in title]
    return [pid for element in elements for server in children(element) for pid in children(server)]


def stepd_pids(slurm: Cluster, out: Path) -> list[int]:
    """Return the slurmstepd of each running element of the first stage."""
    numbers = running(slurm, out)
    return [
        pid
        for pid, title in processes()
        if title.startswith("slurmstepd:") and any(f"[{number}." in title for number in numbers)
    ]


def test_killed_workers_cost_one_attempt_each(slurm: Cluster, slow: Path, clean_run: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    submit(slow, out)
    killed = 0
    for _ in range(3):
        until(lambda: worker_pids(out))
        for pid in worker_pids(out)[:2]:
            killed += hit(pid, signal.SIGKILL, lambda: worker_pids(out))
        time.sleep(1)
    assert finish(slurm, slow, out) == clean_run
    assert killed >= 3
    assert "the worker was ended by SIGKILL (out of memory?)" in logs(out, "first") + logs(out, "second")


def test_killed_slurmstepd(slurm: Cluster, slow: Path, clean_run: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    submit(slow, out)
    until(lambda: worker_pids(out))
    found = stepd_pids(slurm, out)
    assert found
    for pid in found:
        hit(pid, signal.SIGKILL, lambda: stepd_pids(slurm, out))
    assert finish(slurm, slow, out) == clean_run


def test_slurmd_killed_and_back(slurm: Cluster, slow: Path, clean_run: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    submit(slow, out)
    until(lambda: worker_pids(out))
    slurm.kill_node("n1")
    time.sleep(2)
    slurm.start_node("n1")
    assert finish(slurm, slow, out) == clean_run


def test_lost_node(slurm: Cluster, slow: Path, clean_run: str, tmp_path: Path) -> None:
    """Slurm finds the node gone and gives its elements to the other one; what they had half-written is swept."""
    out = tmp_path / "out"
    submit(slow, out)
    until(lambda: "n1" in running(slurm, out, form="%N") and worker_pids(out))
    slurm.lose_node("n1")
    try:
        slurm.until_down("n1")
        assert finish(slurm, slow, out) == clean_run
    finally:
        slurm.start_node("n1")
    assert not list(out.rglob("*.partial"))


def test_requeued_element_repeats_only_the_shard_it_had_begun(
    slurm: Cluster, slow: Path, clean_run: str, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    submit(slow, out)
    until(lambda: receipts(out, "first"))
    before = {path: path.stat().st_mtime_ns for path in (out / "first" / "receipts").glob("*.json")}
    for element in running(slurm, out, form="%i"):
        slurm.command("scontrol", "requeue", element)
    slurm.wait()
    check_never_early(out, SHARDS)
    assert fingerprint(out) == clean_run
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_preempted_elements_come_back(slurm: Cluster, slow: Path, clean_run: str, tmp_path: Path) -> None:
    """A job of a partition with priority takes both nodes; Slurm requeues our elements, and nobody has to resume."""
    out = tmp_path / "out"
    submit(slow, out)
    until(lambda: worker_pids(out))
    begun = set(running(slurm, out, form="%i"))
    slurm.command("sbatch", "--partition=urgent", "--exclusive", "--nodes=2", "--output=/dev/null", "--wrap=sleep 3")
    until(lambda: begun - set(running(slurm, out, form="%i")))
    slurm.wait()
    check_never_early(out, SHARDS)
    assert fingerprint(out) == clean_run


def test_edited_recipe_is_refused_by_elements(slurm: Cluster, slow: Path, clean_run: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    submit(slow, out)
    slow.write_text(slow.read_text() + "\n# edited while it waits\n")
    slurm.wait()
    assert not receipts(out, "second")
    assert "the recipe is not the one that was submitted" in logs(out, "first") + logs(out, "first-close")
    assert finish(slurm, slow, out) == clean_run


def test_time_limit(slurm: Cluster, limited: Limited, monkeypatch: pytest.MonkeyPatch) -> None:
    """Warned elements leave in time, requeue themselves and end by themselves; those that are not warned are killed at the
    limit, which stops their chain, and are resumed with more time."""
    slurm.wait(400, "aside")
    warned, cut = limited.warned / "out", limited.cut / "out"
    said = logs(warned, "first")
    assert "the time is up" in said
    assert "DUE TO JOB REQUEUE" in said
    assert '"exit_code": 1' not in said
    assert len(receipts(warned, "second")) == 32
    check_never_early(warned, 32)

    assert "DUE TO TIME LIMIT" in logs(cut, "first")
    assert 0 < len(receipts(cut, "first")) < 32, "the limit was not reached, or nothing was done"
    assert not receipts(cut, "second"), "a stage started on incomplete input"
    monkeypatch.setenv("SLOWLY", "0.1")
    submit(limited.cut / "recipe.py", cut, "--resume", "--time", "30")
    slurm.wait(400, "aside")
    check_never_early(cut, 32)
    monkeypatch.delenv("SLOWLY")
    here = atom_data("run", limited.cut / "recipe.py", "-o", limited.cut / "here", "-w", 2)
    assert here.returncode == 0, here.stderr
    assert fingerprint(warned) == fingerprint(cut) == fingerprint(limited.cut / "here")

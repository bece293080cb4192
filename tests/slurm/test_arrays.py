"""A recipe as Slurm arrays on a real cluster of two virtual nodes: same bytes as here."""

import json
import time
from pathlib import Path

import pytest

from tests.command import ROOT, atom_data, fingerprint
from tests.slurm.arrays import check_never_early, jobs, receipts, submit, until
from tests.slurm.cluster import Cluster
from tests.slurm.conftest import slow_recipe

pytestmark = pytest.mark.slow

SAMPLE = ROOT / "pipelines" / "sample.py"


def test_sample_as_arrays_over_two_nodes_gives_the_same_bytes(slurm: Cluster, sample_run: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = submit(SAMPLE, out, "--tasks", 2, "--workers-per-task", 2)  # an element fills a node
    assert "#SBATCH --array=0-1" in said
    nodes = set()
    while slurm.jobs():
        nodes |= set(
            slurm.command("squeue", "--noheader", "--partition=cpu", "--states=RUNNING", "--format=%N").split()
        )
        time.sleep(0.3)
    assert fingerprint(out) == fingerprint(sample_run)
    assert nodes == {"n1", "n2"}
    lines = [
        json.loads(line) for path in (out / "cluster" / "logs").glob("*.log") for line in path.read_text().splitlines()
    ]
    done = [line for line in lines if line["event"] == "finished"]
    assert {line["stage"] for line in done} == set(jobs(out))
    assert all(line["shard"] and line["cpu_seconds"] >= 0 for line in done)
    assert atom_data("logs", out, "--failed").stdout == f"{out}: no shard has failed\n"
    assert "nothing to submit" in submit(SAMPLE, out, "--resume")


def test_a_second_submission_waits_and_cancel_ends_the_first(slurm: Cluster, slow: Path, tmp_path: Path) -> None:
    submit(slow, tmp_path / "out")
    refused = atom_data("run", slow, "-o", tmp_path / "out", "--on", "slurm")
    assert refused.returncode == 1
    assert "jobs of it are still in the queue" in refused.stderr
    until(lambda: list((tmp_path / "out" / "first").glob("*.partial")))
    done = atom_data("cancel", "-o", tmp_path / "out")
    assert done.stdout.startswith(f"{tmp_path / 'out'}: ended ")
    slurm.wait(60)
    assert not list((tmp_path / "out").rglob("*.partial")), "what was begun is swept"


def test_a_failed_element_among_2500_shards_stops_the_chain(slurm: Cluster, tmp_path: Path) -> None:
    """datatrove's chain waits for the last part of an array only; here the first part fails."""
    path, out = slow_recipe(tmp_path, 2_500, 1), tmp_path / "out"
    (tmp_path / "poison").touch()
    said = submit(path, out)
    assert "first: array" in said
    slurm.wait(400)
    assert len(receipts(out, "first")) == 2_499
    assert not receipts(out, "second"), "a stage started on incomplete input"
    seen = atom_data("logs", out, "--failed").stdout
    assert "first/0001.jsonl" in seen
    assert "ValueError: poison" in seen
    table = atom_data("status", path, "-o", out).stdout
    assert "2,499/2,500" in table
    assert f"first: 1 shard failed; see atom-data logs {out} --failed" in table
    (tmp_path / "poison").unlink()
    resumed = submit(path, out, "--resume")
    assert "first: array" in resumed
    assert "1 of 4 array tasks" in resumed
    slurm.wait(400)
    check_never_early(out, 2_500)
    here = atom_data("run", path, "-o", tmp_path / "here", "-w", 2)
    assert here.returncode == 0, here.stderr
    assert fingerprint(out) == fingerprint(tmp_path / "here")

"""The source and the pass of docs/own_sources.md on two nodes: the same bytes as here."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.command import fingerprint
from tests.own import write_page
from tests.slurm.arrays import jobs, receipts
from tests.slurm.cluster import Cluster

pytestmark = pytest.mark.slow

MONTHS = 8


def atom_data(folder: Path, *words: object) -> str:
    """Run the command beside the recipe, as its paths are relative."""
    done = subprocess.run(
        [sys.executable, "-m", "atom_data.cli", *map(str, words)],
        cwd=folder, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_source_and_a_pass_of_ones_own_run_on_two_nodes(slurm: Cluster, tmp_path: Path) -> None:
    write_page(tmp_path, MONTHS)
    atom_data(tmp_path, "run", "forum.py", "-o", "corpus", "--on", "slurm", "--tasks", 2, "--workers-per-task", 2)
    nodes: set[str] = set()
    while slurm.jobs():
        running = slurm.command("squeue", "--noheader", "--partition=cpu", "--states=RUNNING", "--format=%N")
        nodes |= set(running.split())
        time.sleep(0.2)
    out = tmp_path / "corpus"
    assert {"posts", "domains", "varied"} <= set(jobs(out))
    assert len(receipts(out, "posts")) == len(receipts(out, "varied")) == MONTHS
    assert nodes == {"n1", "n2"}
    atom_data(tmp_path, "run", "forum.py", "-o", "here", "-w", 1)
    assert fingerprint(out) == fingerprint(tmp_path / "here")
    assert "nothing to submit" in atom_data(tmp_path, "run", "forum.py", "-o", "corpus", "--on", "slurm", "--resume")

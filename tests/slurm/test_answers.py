"""A corpus made on two nodes: rebuilt there from its own folder, by another user, and with documents taken down in a job."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import ROOT, atom_data, fingerprint
from tests.slurm.arrays import submit, until
from tests.slurm.cluster import Cluster

pytestmark = pytest.mark.slow

NOBODY = 65534
AS_NOBODY = (
    *("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"),
    *("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"),
)
"""It may still read all that root can, since this Python may lie in root's own folder; it may write no more than it should."""
DOMAIN = "debian-handbook.info"
SAMPLE = ROOT / "pipelines" / "sample.py"


@pytest.fixture(scope="module")
def corpus(slurm: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the sample, made as arrays over two nodes."""
    out = tmp_path_factory.mktemp("corpus") / "out"
    submit(SAMPLE, out, "--tasks", 2)
    slurm.wait()
    return out


def ran(*words: object) -> str:
    """Run a command that succeeds; return what it printed."""
    done = atom_data(*words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_corpus_is_rebuilt_on_two_nodes(slurm: Cluster, corpus: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    ran("reproduce", corpus, "--into", new, "--prepare")
    submit(new / "run" / "again.py", new, "--tasks", 2)
    slurm.wait()
    assert "same" in ran("reproduce", corpus, "--into", new)
    assert fingerprint(new) == fingerprint(corpus)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_a_corpus_is_rebuilt_by_another_user_elsewhere_with_other_workers(corpus: Path, tmp_path: Path) -> None:
    place = tmp_path / "theirs"
    place.mkdir()
    shutil.chown(place, NOBODY)
    done = subprocess.run(
        [*AS_NOBODY, sys.executable, "-m", "atom_data.cli", "reproduce", corpus, "--into", place / "again", "-w", "3"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(place)},
        cwd=place, capture_output=True, text=True, check=False, timeout=500,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert (place / "again").stat().st_uid == NOBODY
    assert fingerprint(place / "again") == fingerprint(corpus)


def test_a_takedown_is_a_job_that_goes_on_when_it_was_cancelled(slurm: Cluster, corpus: Path, tmp_path: Path) -> None:
    out, again = tmp_path / "out", tmp_path / "again"
    shutil.copytree(corpus, out, ignore=shutil.ignore_patterns("cluster"))
    words = f"{sys.executable} -m atom_data.cli takedown {out}"
    job = _sbatch(slurm, f"{words} --domain {DOMAIN} --workers 1", tmp_path / "first.log")
    until((out / "removals" / "begun" / "journal.json").exists)
    slurm.command("scancel", "--signal=KILL", "--full", job)
    slurm.wait()
    assert (out / "removals" / "begun" / "journal.json").exists(), (tmp_path / "first.log").read_text()
    assert "takedown" in atom_data("run", SAMPLE, "-o", out).stderr
    _sbatch(slurm, f"{words} --take-over --workers 2", tmp_path / "second.log")
    slurm.wait()
    said = (tmp_path / "second.log").read_text()
    assert not (out / "removals" / "begun").exists(), said
    assert ran("verify", out) == ""
    ran("run", SAMPLE, "-o", again, "--removals", out / "removals" / "list.parquet")
    assert fingerprint(out) == fingerprint(again) != fingerprint(corpus)


def _sbatch(slurm: Cluster, command: str, log: Path) -> str:
    """Submit a command as a job of one node with two cores."""
    options = ("--parsable", "--nodes=1", "--ntasks=1", "--cpus-per-task=2", f"--output={log}", f"--wrap={command}")
    return slurm.command("sbatch", *options).strip()

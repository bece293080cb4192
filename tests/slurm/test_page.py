"""Every command of docs/slurm.md, in the order of the page, on the real cluster."""

import gzip
import json
import os
import re
import sys
from pathlib import Path

import pytest

from tests.command import ROOT
from tests.slurm.cluster import Cluster
from tests.test_docs import commands, shell

pytestmark = pytest.mark.slow

PAGE = (ROOT / "docs" / "slurm.md").read_text()
BLOCKS = re.findall(r"```(bash|toml)\n(.*?)```", PAGE, re.S)
PROFILE, DRY_RUN, SUBMIT, WATCH, MEND, CANCEL, DONE = [text for _, text in BLOCKS]

MODULE = """#!/bin/sh
test "$*" = "load python/3.11"
"""
"""What `module load python/3.11` does on a cluster that has it: nothing here, and an error for anything else."""

ATOM_DATA = """#!/bin/sh
PYTHONPATH={root} exec {python} -m atom_data.cli "$@"
"""


def pages(folder: Path, part: int) -> bytes:
    """Return a file of pages with something to say."""
    sentences = [
        f"This is sentence number {i}, and it has something to say of the weather of day {i}." for i in range(40)
    ]
    texts = ["\n".join(sentences[page % 20 :]) + f"\nPage {page} of {part} ends with that." for page in range(30)]
    return gzip.compress("".join(json.dumps({"text": text}) + "\n" for text in texts).encode())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with an environment in `~/corpus/.venv`, and the README's own recipe beside its pages and the profile."""
    bin_folder = tmp_path / "corpus" / ".venv" / "bin"
    bin_folder.mkdir(parents=True)
    for name, text in {"atom-data": ATOM_DATA.format(root=ROOT, python=sys.executable), "module": MODULE}.items():
        (bin_folder / name).write_text(text)
        (bin_folder / name).chmod(0o755)
    (bin_folder / "activate").write_text(f'export PATH="{bin_folder}:$PATH"\n')
    work = tmp_path / "work"
    (work / "my_pages").mkdir(parents=True)
    for part in range(6):
        (work / "my_pages" / f"part-{part}.jsonl.gz").write_bytes(pages(work, part))
    (work / "my_recipe.py").write_text(commands("python", "def stages"))
    # The page's cluster is larger than two virtual nodes of two cores.
    profile = PROFILE
    for there, here in (("tasks = 500 ", "tasks = 3 "), ("workers_per_task = 8 ", "workers_per_task = 1 ")):
        assert there in profile
        profile = profile.replace(there, here)
    (work / "cluster.toml").write_text(profile)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", f"{bin_folder}{os.pathsep}{os.environ['PATH']}")
    return work


def run(text: str, folder: Path) -> str:
    """Run a block of the page as an operator would, line after line until one fails; return what it printed."""
    path = os.environ["PATH"]
    done = shell(f"export PATH={path!r}\n{text}", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_page_from_profile_to_clean_up(slurm: Cluster, folder: Path) -> None:
    whole = (folder / "my_pages" / "part-4.jsonl.gz").read_bytes()
    (folder / "my_pages" / "part-4.jsonl.gz").write_bytes(whole[: len(whole) // 2])  # something to mend

    shown = run(DRY_RUN, folder)
    assert "#SBATCH --account=open-lm" in shown
    assert "Nothing was submitted." in shown
    assert not slurm.jobs()

    assert "clean: array " in run(SUBMIT, folder)
    assert slurm.jobs()
    watched = run(WATCH, folder)
    assert "clean/part-4.jsonl" in watched
    assert "part-4.jsonl.gz: the file ends inside the member at 0. Fetch the file again, or repair it." in watched
    assert 'atom_data_shards_failed{stage="clean"} 1' in (folder / "my_corpus.prom").read_text()
    assert not slurm.jobs(), "--watch ends with the last job"
    assert not list((folder / "my_corpus").glob("fuzzy_deduped*/receipts/*.json")), (
        "a stage started on incomplete input"
    )

    (folder / "my_pages" / "part-4.jsonl.gz").write_bytes(whole)
    mended = run(MEND, folder)
    assert "1 of 3 array tasks" in mended
    assert not slurm.jobs()
    assert "none of its jobs is in the queue" in run(CANCEL, folder)
    done = run(DONE, folder)
    assert not (folder / "my_corpus" / "cluster").exists()
    here = run("atom-data run my_recipe.py -o here -w 2 >/dev/null\natom-data fingerprint here", folder)
    assert done.strip() == here.strip()


def test_cancel_of_the_page_ends_a_submission(slurm: Cluster, folder: Path) -> None:
    run(SUBMIT, folder)
    assert slurm.jobs()
    assert re.search(r"my_corpus: ended \d+", run(CANCEL, folder))
    slurm.wait(60)
    assert not list((folder / "my_corpus").rglob("*.partial"))

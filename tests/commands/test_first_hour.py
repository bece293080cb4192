"""The way in: a recipe that runs, help, versions, and what `doctor` says of a machine."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import ROOT


def called(*words: object, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Call the command line as a person does who has no script on the path."""
    return subprocess.run(
        [sys.executable, "-m", "atom_data", *map(str, words)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **more},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("kind", ["jsonl", "parquet", "text", "warc"])
def test_init_writes_what_runs_and_the_commands_it_names(tmp_path: Path, kind: str) -> None:
    made = called("init", kind, "corpus", folder=tmp_path)
    assert made.returncode == 0, made.stderr
    lines = [line.strip() for line in made.stdout.split("Next:")[1].splitlines() if line.strip()]
    assert len(lines) == 3
    python = "python" if shutil.which("python") == sys.executable else sys.executable
    for line in lines:
        _, *words = line.split()
        assert line.startswith(f"{python} -m atom_data ")
        done = called(*words[2:], folder=tmp_path)
        assert done.returncode == 0, (line, done.stderr)
    receipts = list((tmp_path / "corpus" / "out" / "fuzzy_deduped" / "receipts").glob("*.json"))
    assert sum(json.loads(path.read_text())["rows_out"] for path in receipts) > 30


def test_init_takes_no_used_folder_and_names_its_kinds(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    used = called("init", "jsonl", "mine", folder=tmp_path)
    assert used.returncode == 2
    assert used.stderr == "mine: is not empty. Give a new or an empty folder.\n"
    unknown = called("init", "docx", "new", folder=tmp_path)
    assert "there is no template 'docx'; there are jsonl, csv, parquet, text, warc. Take one." in unknown.stderr
    assert not (tmp_path / "new").exists()


def test_help_and_version(tmp_path: Path) -> None:
    short, long = called("-h", folder=tmp_path), called("--help", folder=tmp_path)
    assert short.returncode == long.returncode == 0
    assert short.stdout == long.stdout
    for group in ("Build", "Look", "Check", "Hand on", "Deduplication", "Cluster"):
        assert f"─ {group} ─" in long.stdout
    assert called("run", "-h", folder=tmp_path).returncode == 0
    for option in ("--version", "-V"):
        version = called(option, folder=tmp_path)
        assert version.stdout.startswith("atom-data ") and version.stdout.count("\n") == 1


def test_help_names_no_file_that_is_not_there(tmp_path: Path) -> None:
    assert "Start with: atom-data init jsonl my_corpus" in called("-h", folder=tmp_path).stdout
    assert "pipelines/sample.py" not in called("-h", folder=tmp_path).stdout


def test_completion_of_a_shell(tmp_path: Path) -> None:
    done = called(folder=tmp_path, _ATOM_DATA_COMPLETE="complete_bash", COMP_WORDS="atom-data fing", COMP_CWORD="1")
    assert "fingerprint" in done.stdout


def test_doctor_says_what_is_here_and_what_to_do(tmp_path: Path) -> None:
    done = called("doctor", "--json", folder=tmp_path)
    findings = {finding["name"]: finding for finding in json.loads(done.stdout)}
    assert findings["pyarrow"]["state"] == findings["filter cards"]["state"] == "ok"
    assert findings["atom-data"]["said"].endswith(f"in {sys.prefix}")
    assert findings["kernels"]["state"] in ("ok", "missing") and "compiled" in findings["kernels"]["said"]
    assert {"[s3]", "[ray]", "Slurm", "cores, memory", "open files", "temporary folder"} <= findings.keys()
    shown = called("doctor", folder=tmp_path).stdout
    assert "[s3]" in shown


def test_doctor_fails_where_a_run_would(tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", f"ulimit -n 100; exec {sys.executable} -m atom_data doctor"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "100 may be open at a time. Run: ulimit -n" in done.stdout
    assert done.stderr.startswith("doctor: open files")

"""The commands of docs/why.md and docs/root.md, on the sample."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import ROOT, atom_data

PAGE = (ROOT / "docs" / "why.md").read_text()
LINES = re.findall(r"^atom-data ([^#\n]+)", PAGE, re.M)


@pytest.fixture(scope="module")
def place(sample_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    for name in ("my_corpus", "monday", "tuesday"):
        shutil.copytree(sample_run, folder / name)
    return folder


@pytest.mark.parametrize("line", [line.strip() for line in LINES if line.startswith(("why", "diff"))])
def test_questions_of_the_page_are_answered(place: Path, line: str) -> None:
    words = re.findall(r'"([^"]+)"|(\S+)', line)
    arguments = [one or other for one, other in words]
    if arguments[0] == "why" and ("example.org" in line or "some words" in line):  # the sample has no such document
        arguments[2] = "https://www.postgresql.org/docs/15/postgres-user.html" if "://" in line else "Kali Linux"
    done = atom_data(*arguments, cwd=place)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_the_page_reproduces(place: Path) -> None:
    (line,) = [line for line in LINES if line.startswith("reproduce") and "--input" not in line]
    done = atom_data(*line.split(), cwd=place)
    assert done.returncode == 0, done.stderr
    root = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "root_check.py"), "again"],
        cwd=place,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split()[-1] == root.stdout.strip()


def test_every_command_and_option_of_the_page_is_there() -> None:
    options = {
        "why": ("--text", "--raw", "--html", "--length", "--seed", "--state", "--mix", "--json"),
        "diff": ("--stage", "--memory", "--no-text", "--json"),
        "reproduce": ("--into", "--input", "--prepare", "--workers"),
        "fingerprint": ("--tree", "--shard", "--receipts", "--json"),
    }
    for command, names in options.items():
        shown = atom_data(command, "--help").stdout
        assert all(name in shown for name in names), command
        assert len(shown.split()) > 60
